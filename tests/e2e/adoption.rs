//! What a project says about its own findings: configuration, comments,
//! baseline, organisation.

use std::collections::BTreeMap;

use crate::sandbox::{BAD, CLEAN, Report, Sandbox};

/// A step whose action is not pinned.
const UNPINNED: &str = "      - uses: somebody/unknown-action@main\n";

fn silenced(report: &Report) -> BTreeMap<String, u64> {
    let counts = report.value["suppressed_counts"].as_object().unwrap();
    counts
        .iter()
        .map(|(kind, count)| (kind.clone(), count.as_u64().unwrap()))
        .collect()
}

fn count(report: &Report, rule: &str) -> usize {
    report.findings().iter().filter(|(r, _)| r == rule).count()
}

fn exemption(rule: &str, expires: &str) -> String {
    format!(
        "[[exempt]]\nrules = [\"{rule}\"]\npaths = [\".github/workflows/*.yml\"]\n\
         owner = \"@acme/ci\"\nreason = \"for now\"\nexpires = {expires}\n"
    )
}

#[test]
fn a_wrong_configuration_is_an_error_with_its_line_and_the_nearest_key() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write("cofferdam.toml", "\nfail_on = \"low\"\n");
    let ran = sandbox.audit(&["."]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    for part in ["cofferdam.toml:2:1", "`fail_on`", "`fail-on`"] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    let ran = sandbox.run(&["config", "check"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("cofferdam.toml:2:1"), "{}", ran.out);

    sandbox.write("cofferdam.toml", "fail-on = \"low\"\n");
    assert_eq!(sandbox.run(&["config", "check"]).code, 0);
    sandbox.write(".github/cofferdam.toml", "");
    let ran = sandbox.audit(&["."]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("both"), "{}", ran.err);
}

#[test]
fn the_first_file_changes_nothing_and_is_never_overwritten() {
    let sandbox = Sandbox::with(BAD);
    let before = sandbox.report(&["."]);
    assert_eq!(sandbox.run(&["config", "init"]).code, 0);
    assert_eq!(sandbox.run(&["config", "check"]).code, 0);
    let after = sandbox.report(&["."]);
    assert_eq!(before.findings(), after.findings());
    assert_eq!(sandbox.run(&["config", "init"]).code, 2);
    assert_eq!(
        sandbox
            .run(&["config", "init", "--organisation", "organisation.toml"])
            .code,
        0
    );
    let ran = sandbox.run(&["config", "check", "--organisation", "organisation.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("sha256 = \""), "{}", ran.out);
}

#[test]
#[cfg(unix)]
fn a_configuration_behind_a_link_is_refused() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write("elsewhere.toml", "");
    sandbox.link("cofferdam.toml", "elsewhere.toml");
    let ran = sandbox.audit(&["."]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.err.contains("symbolic link"), "{}", ran.err);
}

#[test]
fn comments_silence_with_a_reason_and_are_counted() {
    let workflow = format!(
        "{CLEAN}{}{}{}",
        UNPINNED.replace(
            "main\n",
            "main # cofferdam: ignore[unpinned-action] it is ours\n"
        ),
        UNPINNED.replace("main\n", "v1 # zizmor: ignore[unpinned-uses]\n"),
        UNPINNED.replace("main\n", "v2 # cofferdam: ignore[unpinned-action]\n"),
    );
    let sandbox = Sandbox::with(workflow);
    let report = sandbox.report(&["."]);
    assert_eq!(count(&report, "unpinned-action"), 1);
    assert_eq!(count(&report, "silencer-invalid"), 1);
    let expected = [("ignore comment", 1), ("zizmor comment", 1)];
    let expected = expected.map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!(silenced(&report), BTreeMap::from(expected));
    for format in ["human", "github", "markdown"] {
        let ran = sandbox.audit(&["--format", format, "."]);
        assert!(ran.out.contains("2 findings are silenced"), "{}", ran.out);
    }
    let sarif = sandbox.audit(&["--format", "sarif", "."]).out;
    assert_eq!(sarif.matches("\"kind\":\"inSource\"").count(), 2);

    // A stranger's word about himself counts for nothing.
    let strict = sandbox.report(&["--no-config", "."]);
    assert_eq!(count(&strict, "unpinned-action"), 3);
    assert!(silenced(&strict).is_empty());
}

#[test]
fn comments_and_exemptions_hold_in_files_of_any_name() {
    const NAMES: &[&str] = &[
        "{{cookiecutter}}.yml",
        "{{ cookiecutter.name }}.yml",
        "{% if ci %}ci{% endif %}.yml",
        "a b.yml",
        "a[1].yml",
        "a*.yml",
        "a#b.yml",
        "a:b.yml",
        "a'b\".yml",
        "a%0Ab.yml",
        "$(a).yml",
        "-a.yml",
        "é.yml",
    ];
    let sandbox = Sandbox::new();
    let workflow = format!(
        "{CLEAN}{}{}{UNPINNED}",
        UNPINNED.replace(
            "main\n",
            "main # cofferdam: ignore[unpinned-action] it is ours\n"
        ),
        UNPINNED.replace("main\n", "v1 # zizmor: ignore[unpinned-uses]\n"),
    );
    for name in NAMES {
        sandbox.write(&format!(".github/workflows/{name}"), &workflow);
    }
    // A workflow below a template is one of the repository that comes of it.
    sandbox.write("{{cookiecutter}}/.github/workflows/ci.yml", &workflow);
    let action = format!("runs:\n  using: composite\n  steps:\n{UNPINNED}");
    let action = action.replace("main\n", "main # cofferdam: ignore[unpinned-action] ours\n");
    sandbox.write(".github/actions/{{ name }}/action.yml", action);
    sandbox.commit();
    let each = NAMES.len() as u64;
    for args in [&["."][..], &["--rev=HEAD", "."]] {
        let report = sandbox.report(args);
        assert_eq!(report.files(), each + 1);
        assert_eq!(count(&report, "unpinned-action"), NAMES.len());
        let expected = [("ignore comment", each + 1), ("zizmor comment", each)];
        let expected = expected.map(|(kind, count)| (kind.to_owned(), count));
        assert_eq!(silenced(&report), BTreeMap::from(expected));
    }
    let part = sandbox.report(&[".github/workflows/{{cookiecutter}}.yml"]);
    assert_eq!(silenced(&part).values().sum::<u64>(), 2);

    // In a pattern, `?` stands for what has a meaning elsewhere.
    let exemption = exemption("unpinned-action", "2999-12-31");
    sandbox.write(
        "cofferdam.toml",
        exemption.replace("*.yml", "??cookiecutter??.yml"),
    );
    let report = sandbox.report(&["."]);
    assert_eq!(count(&report, "unpinned-action"), NAMES.len() - 1);
    sandbox.write(
        "cofferdam.toml",
        exemption.replace("*.yml", "{{cookiecutter}}.yml"),
    );
    let ran = sandbox.audit(&["."]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("only `*`, `**` and `?` do"), "{}", ran.err);
}

#[test]
fn a_comment_that_silences_nothing_is_a_finding() {
    let workflow = CLEAN.replace(
        "make test",
        "make test # cofferdam: ignore[unpinned-action] gone since",
    );
    let report = Sandbox::with(workflow).report(&["."]);
    assert_eq!(count(&report, "silencer-unused"), 1);
    let all = report.value["findings"].as_array().unwrap();
    let unused = all.iter().find(|f| f["rule"] == "silencer-unused").unwrap();
    assert_eq!(unused["location"]["line"], 8, "{unused}");
}

#[test]
fn exemptions_hold_until_their_day_and_are_findings_after_it() {
    let sandbox = Sandbox::with(BAD);
    let all = sandbox.report(&["."]);
    assert_eq!(all.code, 1);
    sandbox.write("cofferdam.toml", exemption("token-write-all", "2999-12-31"));
    let report = sandbox.report(&["."]);
    assert_eq!(count(&report, "token-write-all"), 0);
    let by = &report.value["suppressed"][0]["by"];
    assert_eq!(by["owner"], "@acme/ci");
    assert_eq!(by["expires"], "2999-12-31");
    assert_eq!(by["location"]["path"], "cofferdam.toml");

    sandbox.write("cofferdam.toml", exemption("token-write-all", "2020-12-31"));
    let report = sandbox.report(&["."]);
    assert_eq!(count(&report, "token-write-all"), 1);
    assert_eq!(count(&report, "silencer-expired"), 1);
    assert_eq!(report.code, 1);

    sandbox.write(
        "cofferdam.toml",
        exemption("hardcoded-credential", "2999-12-31"),
    );
    // The control of that rule must be decided for "unused" to be said.
    let unused = exemption("token-write-all", "2999-12-31").replace("*.yml", "other.yml");
    sandbox.write("cofferdam.toml", unused);
    let report = sandbox.report(&["."]);
    assert_eq!(
        count(&report, "silencer-unused"),
        1,
        "{:?}",
        report.findings()
    );
}

#[test]
fn the_configuration_says_what_fails_and_the_command_line_more() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write("cofferdam.toml", "fail-on = \"none\"\n");
    let report = sandbox.report(&["."]);
    assert_eq!(report.code, 0);
    assert_eq!(report.value["fail_on"], serde_json::Value::Null);
    assert_eq!(sandbox.audit(&["--fail-on", "high", "."]).code, 1);
    sandbox.write(
        "cofferdam.toml",
        "fail-on = \"none\"\nrequire = [\"settings\"]\n",
    );
    assert_eq!(sandbox.audit(&["."]).code, 3);
}

#[test]
fn a_baseline_knows_what_there_is_and_shrinks_by_itself_only() {
    let sandbox = Sandbox::with(BAD);
    let file = ["--baseline", "known.json"];
    let audit = |more: &[&str]| sandbox.audit(&[&file[..], more, &["."]].concat());
    assert_eq!(audit(&[]).code, 2);
    assert_eq!(audit(&["--update-baseline"]).code, 2);
    assert!(!sandbox.path("known.json").exists());
    let ran = audit(&["--update-baseline", "--allow-growth"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let text = || std::fs::read_to_string(sandbox.path("known.json")).unwrap();
    let first = text();
    assert!(first.lines().count() > 4);
    assert_eq!(audit(&[]).code, 0);

    // Lines move, comments come, steps are put before: known. One more: new.
    let moved = BAD.replace(
        "    steps:\n",
        "    # moved\n    steps:\n      - run: echo hello\n",
    );
    sandbox.write(".github/workflows/ci.yml", &moved);
    assert_eq!(audit(&[]).code, 0, "{}", audit(&[]).out);
    let second = BAD.replace(
        "      - uses: somebody/unknown-action@main\n",
        "      - uses: somebody/unknown-action@main\n        with:\n          token: ${{ secrets.DEPLOY_TOKEN }}\n      - uses: somebody/unknown-action@main\n",
    );
    sandbox.write(".github/workflows/ci.yml", &second);
    let ran = audit(&["--fail-on", "info", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let ran = audit(&["--fail-on", "info", "--update-baseline"]);
    assert_eq!(ran.code, 1, "it does not grow by itself: {}", ran.out);
    assert!(text().lines().count() <= first.lines().count());

    sandbox.write(".github/workflows/ci.yml", CLEAN);
    assert_eq!(audit(&["--update-baseline"]).code, 0);
    assert!(text().lines().count() < first.lines().count());
    sandbox.write(".github/workflows/ci.yml", BAD);
    assert_eq!(audit(&[]).code, 1);

    // What was not looked at is not gone.
    let before = text();
    sandbox.write(".github/workflows/ci.yml", "on: [\n");
    assert_eq!(audit(&["--update-baseline"]).code, 3);
    assert_eq!(text(), before);
    sandbox.write("known.json", "{\"version\":1,\"entries\":[{}]}");
    assert_eq!(audit(&[]).code, 2);
}

#[test]
fn the_configuration_may_name_the_baseline() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write("cofferdam.toml", "baseline = \".github/known.json\"\n");
    assert_eq!(sandbox.audit(&["."]).code, 2);
    let ran = sandbox.audit(&["--update-baseline", "--allow-growth", "."]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let report = sandbox.report(&["."]);
    assert_eq!(report.code, 0);
    assert!(silenced(&report)["baseline"] > 3);
}

fn sha256(text: &str) -> String {
    cofferdam_config::organisation::digest(text.as_bytes())
}

const ORGANISATION: &str =
    "[floor]\nfail-on = \"high\"\nrules = [\"token-write-all\"]\nlongest-exemption = 30\n";

#[test]
fn the_organisation_s_file_is_the_named_one_or_the_run_ends() {
    let sandbox = Sandbox::with(BAD);
    let file = sandbox.outside().join("organisation.toml");
    std::fs::write(&file, ORGANISATION).unwrap();
    let handed = ["--organisation", file.to_str().unwrap(), "."];
    let extends = |sha256: &str| {
        let text = format!(
            "fail-on = \"none\"\n[extends]\nurl = \"https://example.org/o.toml\"\nsha256 = \"{sha256}\"\n{}",
            exemption("token-write-all", "2999-12-31")
        );
        sandbox.write("cofferdam.toml", text);
    };
    extends(&sha256(ORGANISATION));
    let ran = sandbox.audit(&["."]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "not handed over");
    assert!(ran.err.contains("--organisation FILE"), "{}", ran.err);
    let report = sandbox.report(&handed);
    assert_eq!(report.code, 1, "the floor holds");
    assert_eq!(count(&report, "token-write-all"), 1);
    assert_eq!(
        count(&report, "silencer-loosened"),
        3,
        "{:?}",
        report.findings()
    );
    assert!(silenced(&report).is_empty());

    extends(&sha256("another"));
    let ran = sandbox.audit(&handed);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains(&sha256(ORGANISATION)), "{}", ran.err);

    // In the repository, by path, the digest is checked as well.
    sandbox.write("policy/organisation.toml", ORGANISATION);
    let by_path = |sha256: &str| {
        let text =
            format!("[extends]\npath = \"policy/organisation.toml\"\nsha256 = \"{sha256}\"\n");
        sandbox.write("cofferdam.toml", text);
    };
    by_path(&sha256(ORGANISATION));
    assert_eq!(sandbox.audit(&["."]).code, 1);
    by_path(&sha256("another"));
    assert_eq!(sandbox.audit(&["."]).code, 3);
}

#[test]
fn many_repositories_are_each_judged_under_the_organisation_s_file() {
    let sandbox = Sandbox::new();
    let file = sandbox.outside().join("organisation.toml");
    std::fs::write(&file, ORGANISATION).unwrap();
    let pinned = format!(
        "[extends]\nurl = \"https://example.org/o.toml\"\nsha256 = \"{}\"\n",
        sha256(ORGANISATION)
    );
    for (name, workflow, config) in [
        ("clean", CLEAN, pinned.as_str()),
        (
            "loose",
            BAD,
            "[rules.token-write-all]\noff = true\nreason = \"no\"\n",
        ),
        (
            "other",
            CLEAN,
            &pinned.replace(&sha256(ORGANISATION), &sha256("x")),
        ),
        ("wrong", CLEAN, "fail_on = 1\n"),
    ] {
        sandbox.write(&format!("{name}/.github/workflows/ci.yml"), workflow);
        sandbox.write(&format!("{name}/cofferdam.toml"), config);
    }
    let ran = sandbox.audit(&[
        "--recursive",
        "--format",
        "json",
        "--organisation",
        file.to_str().unwrap(),
        ".",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let results: Vec<_> = (value["reports"].as_array().unwrap().iter())
        .map(|report| report["result"].as_str().unwrap())
        .collect();
    assert_eq!(
        results,
        ["passes", "findings", "not checked", "not checked"]
    );
    let loose = &value["reports"][1]["findings"];
    let told = |rule: &str| loose.as_array().unwrap().iter().any(|f| f["rule"] == rule);
    assert!(told("token-write-all") && told("silencer-loosened"));
    assert_eq!(
        value["reports"][2]["not_checked"][0]["code"],
        "configuration"
    );
}
