//! What judges a change never comes from that change.

use std::collections::BTreeMap;

use cofferdam_facts::settings::Snapshot;
use serde_json::{Value, json};

use crate::sandbox::{BAD, CLEAN, Ran, Report, Sandbox, day};

/// A weakness with a comment of each kind behind it.
const EXCUSED: &str = "\
on: [push, pull_request_target]
# cofferdam: ignore[token-write-all] trust me
permissions: write-all # zizmor: ignore[excessive-permissions]
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: make test
";

/// Every silencer that a configuration may hold.
const CONFIG: &str = "\
fail-on = \"none\"
baseline = \".github/known.json\"

[extends]
path = \"organisation.toml\"
sha256 = \"SHA\"

[rules.token-write-all]
off = true
severity = \"info\"
exclude = [\"**\"]
reason = \"trust me\"

[[exclude]]
paths = [\"**\"]
reason = \"trust me\"

[[exempt]]
rules = [\"token-write-all\"]
paths = [\"**\"]
owner = \"@stranger\"
reason = \"trust me\"
expires = 2999-12-31
";

const ORGANISATION: &str = "\
fail-on = \"none\"

[rules.token-write-all]
off = true
reason = \"trust me\"

[[exempt]]
rules = [\"token-write-all\"]
paths = [\"**\"]
owner = \"@stranger\"
reason = \"trust me\"
expires = 2999-12-31
";

fn sha256(text: &str) -> String {
    cofferdam_config::organisation::digest(text.as_bytes())
}

/// A clean base on `main`, and on `change` a weakness with every silencer of it.
fn hostile_change() -> (Sandbox, String) {
    let sandbox = Sandbox::with(CLEAN);
    let base = sandbox.commit();
    sandbox.git(&["checkout", "--quiet", "-b", "change"]);
    sandbox.write(".github/workflows/new.yml", EXCUSED);
    sandbox.write("organisation.toml", ORGANISATION);
    // The baseline of the change knows the bare weakness.
    let bare = EXCUSED.replace("# ", "#");
    let knowing = Sandbox::with(bare);
    knowing.write(".github/workflows/new.yml", EXCUSED.replace('#', "#x"));
    let grown = [
        "--baseline",
        "known.json",
        "--update-baseline",
        "--allow-growth",
        ".",
    ];
    assert_eq!(knowing.audit(&grown).code, 0);
    let known = std::fs::read(knowing.path("known.json")).unwrap();
    sandbox.write(".github/known.json", known);
    sandbox.write(
        "cofferdam.toml",
        CONFIG.replace("SHA", &sha256(ORGANISATION)),
    );
    sandbox.commit();
    (sandbox, base)
}

fn names(report: &Report) -> Vec<String> {
    report
        .findings()
        .into_iter()
        .map(|(rule, _)| rule)
        .collect()
}

fn count(report: &Report, rule: &str) -> usize {
    names(report).iter().filter(|name| *name == rule).count()
}

/// An audit in a job of GitHub Actions.
fn in_job(sandbox: &Sandbox, env: &[(&str, &str)], args: &[&str]) -> Ran {
    let day = day();
    let all = [&["audit", "--date", &day, "--format", "json"], args].concat();
    let workspace = sandbox.root().display().to_string();
    let mut job = vec![("GITHUB_WORKSPACE", workspace.as_str())];
    job.extend(env);
    sandbox.run_with(&all, &job, b"")
}

fn findings(ran: &Ran) -> Vec<String> {
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let all = value["reports"][0]["findings"].as_array().unwrap();
    all.iter()
        .map(|f| f["rule"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_change_with_a_weakness_and_every_silencer_of_it_fails() {
    let (sandbox, base) = hostile_change();
    // They do silence: after the merge nothing would be left.
    let own = sandbox.report(&["."]);
    assert_eq!((own.code, count(&own, "token-write-all")), (0, 0));
    assert!(own.value["suppressed"].as_array().unwrap().len() > 1);

    for args in [
        vec!["--base", "main", "."],
        vec!["--base", &base, "."],
        vec!["--base", "main", "--rev", "change", "."],
        vec!["--base", "main", "--baseline", ".github/known.json", "."],
        vec!["--base", "main", ".github"],
    ] {
        let report = sandbox.report(&args);
        assert_eq!(report.code, 1, "{args:?}");
        assert_eq!(count(&report, "token-write-all"), 1, "{args:?}");
        assert!(report.value["suppressed"].as_array().unwrap().is_empty());
        let edits = count(&report, "silencer-changed");
        assert!(edits > 8, "{args:?}: {:?}", names(&report));
        assert_eq!(report.value["judged_by"]["edits"], edits);
        assert_eq!(report.value["judged_by"]["commit"], base.as_str());
    }
    // Merged, they count.
    let merged = sandbox.report(&["--base", "change", "."]);
    assert_eq!(
        (merged.code, names(&merged).len()),
        (0, 0),
        "{:?}",
        names(&merged)
    );
}

#[test]
fn each_silencer_alone_is_of_no_use_to_a_change() {
    let whole = CONFIG.replace("SHA", &sha256(ORGANISATION));
    let parts: Vec<&str> = whole.split("\n\n").collect();
    let plain = EXCUSED.lines().filter(|line| !line.starts_with('#'));
    let plain: String = plain
        .map(|line| line.split(" #").next().unwrap().to_owned() + "\n")
        .collect();
    let mut cases = vec![
        (
            "comment",
            EXCUSED.replace(" # zizmor: ignore[excessive-permissions]", ""),
            String::new(),
        ),
        (
            "zizmor",
            plain.replace(
                "write-all",
                "write-all # zizmor: ignore[excessive-permissions]",
            ),
            String::new(),
        ),
    ];
    for part in parts.iter().filter(|part| !part.starts_with("fail-on")) {
        cases.push(("setting", plain.clone(), format!("{part}\n")));
    }
    cases.push(("threshold", plain, "fail-on = \"none\"\n".to_owned()));
    for (name, workflow, config) in cases {
        let sandbox = Sandbox::with(CLEAN);
        sandbox.commit();
        sandbox.git(&["checkout", "--quiet", "-b", "change"]);
        sandbox.write(".github/workflows/new.yml", workflow);
        sandbox.write("organisation.toml", ORGANISATION);
        sandbox.write("cofferdam.toml", &config);
        sandbox.commit();
        assert_eq!(sandbox.audit(&["."]).code, 0, "{name} silences: {config}");
        assert_eq!(
            sandbox.audit(&["--base", "main", "."]).code,
            1,
            "{name}: {config}"
        );
    }
}

#[test]
fn in_a_job_of_a_pull_request_the_base_judges_by_itself() {
    let (sandbox, base) = hostile_change();
    sandbox.git(&["update-ref", "refs/remotes/origin/main", &base]);
    for event in ["pull_request", "pull_request_target", "pull_request_review"] {
        let env = [("GITHUB_EVENT_NAME", event), ("GITHUB_BASE_REF", "main")];
        let ran = in_job(&sandbox, &env, &["."]);
        assert_eq!(ran.code, 1, "{event}: {}", ran.err);
        assert!(findings(&ran).iter().any(|rule| rule == "token-write-all"));
    }
    let ran = in_job(&sandbox, &[("GITHUB_EVENT_NAME", "push")], &["."]);
    assert_eq!(ran.code, 0, "{}", ran.out);

    // A part of the change, or a stream of it, has no silencer at all.
    let env = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let ran = in_job(&sandbox, &env, &[".github/workflows/new.yml"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let day = day();
    let ran = sandbox.run_with(&["audit", "--date", &day, "-"], &env, EXCUSED.as_bytes());
    assert_eq!(ran.code, 1, "{}", ran.out);
    let ran = in_job(
        &sandbox,
        &env,
        &["--update-baseline", "--baseline", "x.json", "."],
    );
    assert_eq!(ran.code, 2, "{}", ran.out);
}

#[test]
fn a_base_that_is_not_in_the_clone_ends_the_run() {
    let (sandbox, base) = hostile_change();
    let clone = sandbox.path("clone");
    let url = format!("file://{}", sandbox.root().display());
    let target = clone.to_str().unwrap();
    sandbox.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--branch=change",
        &url,
        target,
    ]);
    for args in [
        ["--base", base.as_str(), "clone"],
        ["--base", "origin/nothing", "clone"],
    ] {
        let ran = sandbox.audit(&args);
        assert!([2, 3].contains(&ran.code), "{args:?}: {}", ran.out);
        assert!(
            ran.out.is_empty() && ran.err.contains("hint: "),
            "{}",
            ran.err
        );
    }
    let env = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let ran = in_job(&sandbox, &env, &["clone"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("fetch-depth"), "{}", ran.err);
    // No base is known at all.
    let ran = in_job(
        &sandbox,
        &[("GITHUB_EVENT_NAME", "pull_request")],
        &["clone"],
    );
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    // Where nothing is silenced at all, nobody needs to be asked.
    let ran = in_job(&sandbox, &env, &["--no-config", "clone"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    // A folder outside of the workspace is not the change.
    let other = Sandbox::with(CLEAN);
    let outside = other.root().display().to_string();
    assert_eq!(in_job(&sandbox, &env, &[&outside]).code, 0);
}

#[test]
fn the_merge_commit_of_a_pull_request_names_its_base_and_no_other_commit_does() {
    let (sandbox, base) = hostile_change();
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "--message=m", "change"]);
    let merge = sandbox.git(&["rev-parse", "HEAD"]);
    let url = format!("file://{}", sandbox.root().display());
    let clone = |name: &str, depth: &str, branch: &str| {
        let target = sandbox.path(name).display().to_string();
        let (depth, branch) = (format!("--depth={depth}"), format!("--branch={branch}"));
        sandbox.git(&["clone", "--quiet", &depth, &branch, &url, &target]);
        // What the runner's checkout does not fetch either.
        for name in ["refs/remotes/origin/main", "refs/remotes/origin/change"] {
            let own = format!("--git-dir={target}/.git");
            sandbox.git(&[&own, "update-ref", "-d", name]);
        }
    };
    clone("merged", "2", "main");
    clone("head", "2", "change");
    let event = json!({ "pull_request": {
        "number": 7,
        "base": { "sha": "0".repeat(40), "ref": "main" },
        "head": { "sha": head },
    }});
    let file = sandbox.write("event.json", event.to_string());
    let env = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", file.to_str().unwrap()),
        ("GITHUB_BASE_REF", "main"),
        ("GITHUB_SHA", &merge),
    ];
    let ran = in_job(&sandbox, &env, &["merged"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["reports"][0]["judged_by"]["commit"], base.as_str());
    // The parent of the newest commit of the change is the stranger's.
    let ran = in_job(&sandbox, &env, &["head"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{}", ran.err);
}

#[test]
fn comments_of_the_base_hold_for_what_they_were_written_for() {
    let excused = EXCUSED.replace(" # zizmor: ignore[excessive-permissions]", "");
    let sandbox = Sandbox::with(&excused);
    sandbox.commit();
    sandbox.write(".github/workflows/ci.yml", format!("# moved\n\n{excused}"));
    let report = sandbox.report(&["--base", "HEAD", "."]);
    assert_eq!(
        (report.code, names(&report).len()),
        (0, 0),
        "{:?}",
        names(&report)
    );
    assert_eq!(report.value["suppressed_counts"]["ignore comment"], 1);
    // Copied into another file, the comment is new, and so is the weakness.
    sandbox.write(".github/workflows/second.yml", &excused);
    let report = sandbox.report(&["--base", "HEAD", "."]);
    assert_eq!(report.code, 1);
    assert_eq!(count(&report, "token-write-all"), 1);
    assert_eq!(count(&report, "silencer-changed"), 1);
}

#[test]
fn a_change_shows_what_is_new_what_is_gone_and_what_stays() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write(".github/workflows/gone.yml", EXCUSED.replace('#', "#x"));
    sandbox.commit();
    std::fs::remove_file(sandbox.path(".github/workflows/gone.yml")).unwrap();
    let report = sandbox.report(&["--base", "HEAD", "."]);
    assert_eq!(report.code, 0, "known weaknesses do not fail a change");
    let comparison = &report.value["comparison"];
    assert!(comparison["unchanged"].as_array().unwrap().len() > 5);
    let gone: Vec<_> = comparison["gone"].as_array().unwrap().iter().collect();
    assert!(gone.iter().any(|f| f["rule"] == "token-write-all"));
    assert!(
        gone.iter()
            .all(|f| f["location"]["path"] == ".github/workflows/gone.yml")
    );

    sandbox.write(".github/workflows/new.yml", EXCUSED.replace('#', "#x"));
    let report = sandbox.report(&["--base", "HEAD", "."]);
    assert_eq!(report.code, 1);
    assert!(
        report.paths().iter().all(|path| path.ends_with("new.yml")),
        "{:?}",
        report.paths()
    );
    let human = sandbox.audit(&["--base", "HEAD", "."]).out;
    assert!(human.contains("Against HEAD ("), "{human}");
    assert!(human.contains("- gone: high token-write-all"), "{human}");
    let markdown = sandbox
        .audit(&["--base", "HEAD", "--format", "markdown", "."])
        .out;
    assert!(markdown.contains("<summary>Gone: "), "{markdown}");

    let sarif = sandbox
        .audit(&["--base", "HEAD", "--format", "sarif", "."])
        .out;
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        *states
            .entry(result["baselineState"].as_str().unwrap())
            .or_default() += 1;
    }
    assert_eq!(
        states.keys().copied().collect::<Vec<_>>(),
        ["absent", "new", "unchanged"]
    );
}

#[test]
fn what_breaks_the_configuration_is_seen_before_the_merge() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    sandbox.write("cofferdam.toml", "fail_on = \"low\"\n");
    let report = sandbox.report(&["--base", "HEAD", "--fail-on", "medium", "."]);
    assert_eq!(report.code, 1);
    assert!(
        count(&report, "silencer-changed") >= 2,
        "{:?}",
        names(&report)
    );
}

#[test]
fn files_that_are_handed_over_are_not_taken_from_the_change_either() {
    let (sandbox, _) = hostile_change();
    let handed = ["--base", "main", "--organisation", "organisation.toml", "."];
    let report = sandbox.report(&handed);
    assert_eq!(report.code, 1);
    assert_eq!(count(&report, "token-write-all"), 1);

    let snapshot = Snapshot::unasked("some", "project").to_json().unwrap();
    sandbox.write("settings.json", snapshot);
    let args = ["--settings", "settings.json", "--base", "main", "."];
    // Written by the job, it is believed; part of the change, it is not.
    assert_eq!(sandbox.audit(&args).code, 1);
    sandbox.commit();
    let ran = sandbox.audit(&args);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("part of the change"), "{}", ran.err);
}

#[test]
fn a_change_cannot_lift_the_list_of_what_may_be_used() {
    let uses = |action: &str| CLEAN.replace("- run: make test", &format!("- uses: {action}"));
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let sandbox = Sandbox::with(uses(&format!("actions/setup-node@{commit}")));
    sandbox.write("cofferdam.toml", "[uses]\nallow = [\"actions/*@commit\"]\n");
    let base = sandbox.commit();
    assert_eq!(count(&sandbox.report(&["."]), "forbidden-action"), 0);

    sandbox.git(&["checkout", "--quiet", "-b", "change"]);
    sandbox.write(
        ".github/workflows/new.yml",
        uses(&format!("other/tool@{commit}")),
    );
    sandbox.write("cofferdam.toml", "[uses]\nallow = [\"*\"]\n");
    sandbox.commit();
    let report = sandbox.report(&["--base", &base, "."]);
    assert_eq!(report.code, 1);
    assert_eq!(count(&report, "forbidden-action"), 1);
    assert_eq!(count(&report, "silencer-changed"), 1);
    // By its own word alone it would pass.
    assert_eq!(count(&sandbox.report(&["."]), "forbidden-action"), 0);

    sandbox.write("cofferdam.toml", "[uses]\nallow = [\"tool\"]\n");
    assert_eq!(sandbox.audit(&["."]).code, 2);
}
