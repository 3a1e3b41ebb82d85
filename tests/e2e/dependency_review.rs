//! `cofferdam deps review`, on real git repositories.

use std::io::Write;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

/// Without this, every review says that nobody was asked for advisories.
const NO_ADVISORIES: &str = "vulnerability-check: false\n";
const CONFIG: &str = ".github/dependency-review-config.yml";

/// A package of a lockfile of npm.
fn npm(name: &str, version: &str, more: &str) -> String {
    format!(
        "    \"node_modules/{name}\": {{\"version\": \"{version}\", \"license\": \"MIT\", \
         \"resolved\": \"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz\", \
         \"integrity\": \"sha512-{digest}==\"{more}}}",
        digest = digest(name, version)
    )
}

/// 64 bytes in base64, other ones for each version.
fn digest(name: &str, version: &str) -> String {
    let letters: String = format!("{name}{version}")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    format!("{letters:A<86}")
}

fn lock(packages: &[String]) -> String {
    let project = "    \"\": {\"name\": \"app\"}".to_owned();
    let all: Vec<String> = std::iter::once(project)
        .chain(packages.iter().cloned())
        .collect();
    format!(
        "{{\n  \"name\": \"app\", \"lockfileVersion\": 3,\n  \"packages\": {{\n{}\n  }}\n}}\n",
        all.join(",\n")
    )
}

/// A repository whose branch `main` has a lockfile with `base` and the branch
/// `topic` one with `head`.
fn repository(base: &[String], head: &[String]) -> Sandbox {
    repository_with(&[(CONFIG, NO_ADVISORIES)], base, head)
}

fn repository_with(files: &[(&str, &str)], base: &[String], head: &[String]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, text) in files {
        sandbox.write(path, text);
    }
    sandbox.write("package-lock.json", lock(base));
    sandbox.commit();
    sandbox.git(&["checkout", "--quiet", "-b", "topic"]);
    sandbox.write("package-lock.json", lock(head));
    sandbox.commit();
    sandbox
}

fn review(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let mut args = vec!["deps", "review", "--base", "main"];
    if !more.contains(&"--date") {
        args.extend(["--date", "2026-06-01"]);
    }
    args.extend(more);
    sandbox.run(&args)
}

fn json(sandbox: &Sandbox, more: &[&str]) -> (i32, Value) {
    let mut args = vec!["--format", "json"];
    args.extend(more);
    let ran = review(sandbox, &args);
    let page = serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
    (ran.code, page)
}

/// The rules that found something, with what fails marked.
fn rules(page: &Value) -> Vec<String> {
    let all = page["findings"].as_array().unwrap().iter();
    let mut rules: Vec<String> = all
        .map(|one| {
            let mark = if one["fails"] == true { "!" } else { "" };
            format!("{}{mark} {}", one["rule"].as_str().unwrap(), one["line"])
        })
        .collect();
    rules.sort();
    rules
}

fn changes(page: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let all = page["changes"].as_array().unwrap().iter();
    all.map(|one| {
        let name = [&one["after"]["name"], &one["before"]["name"]];
        let name = name.into_iter().find(|name| name.is_string()).unwrap();
        format!(
            "{} {} {} {} {}",
            text(&one["path"]),
            text(&one["change"]),
            text(name),
            text(&one["before"]["version"]),
            text(&one["after"]["version"])
        )
    })
    .collect()
}

#[test]
fn what_a_change_adds_updates_and_removes_is_told_since_the_merge_base() {
    let base = [
        npm("a", "1.0.0", ""),
        npm("b", "1.0.0", ""),
        npm("c", "1.0.0", ""),
    ];
    let head = [
        npm("a", "1.1.0", ""),
        npm("b", "1.0.0", ""),
        npm("d", "1.0.0", ""),
    ];
    let sandbox = repository(&base, &head);
    // What has come to the base since then is none of the change's.
    sandbox.git(&["checkout", "--quiet", "main"]);
    let later = [base.to_vec(), vec![npm("zz", "9.0.0", "")]].concat();
    sandbox.write("package-lock.json", lock(&later));
    sandbox.commit();
    sandbox.git(&["checkout", "--quiet", "topic"]);
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(
        changes(&page),
        [
            "package-lock.json updated a 1.0.0 1.1.0",
            "package-lock.json removed c 1.0.0 -",
            "package-lock.json added d - 1.0.0"
        ]
    );
    assert_eq!((code, rules(&page)), (0, Vec::new()));
    assert_eq!(
        page["merge_base"],
        sandbox.git(&["merge-base", "main", "topic"])
    );
    let ran = review(&sandbox, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("~ a 1.0.0 → 1.1.0"), "{}", ran.out);
    assert!(
        ran.out.contains("Passes (1 added, 1 updated, 1 removed)"),
        "{}",
        ran.out
    );
}

#[test]
fn the_work_tree_and_its_configuration_are_not_read() {
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[npm("a", "1.0.0", "")]);
    sandbox.write("package-lock.json", lock(&[npm("x", "1.0.0", "")]));
    sandbox.write(
        ".git/config",
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch owned\n",
    );
    let (code, page) = json(&sandbox, &[]);
    assert_eq!((code, changes(&page).len()), (0, 0));
    assert!(!sandbox.path("owned").exists());
}

#[test]
fn other_bytes_for_the_same_version_fail() {
    let evil = npm("a", "1.0.0", "").replace(&digest("a", "1.0.0"), &digest("evil", "1"));
    let sandbox = repository(&[npm("a", "1.0.0", "")], std::slice::from_ref(&evil));
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(
        (code, rules(&page)),
        (1, vec!["deps-integrity! 5".to_owned()])
    );
    // Also where the lockfile moves, and the copies seem to have nothing in common.
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[]);
    sandbox.write("web/package-lock.json", lock(&[evil]));
    sandbox.commit();
    assert_eq!(rules(&json(&sandbox, &[]).1), ["deps-integrity! 5"]);
}

#[test]
fn a_hash_that_is_gone_and_another_place_fail() {
    let bare = npm("a", "1.0.0", "").replace(
        &format!(", \"integrity\": \"sha512-{}==\"", digest("a", "1.0.0")),
        "",
    );
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[bare]);
    assert_eq!(rules(&json(&sandbox, &[]).1), ["deps-integrity! 5"]);

    let elsewhere = npm("a", "1.0.1", "").replace("registry.npmjs.org", "npm.evil.example");
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[elsewhere]);
    let (code, page) = json(&sandbox, &[]);
    assert_eq!((code, rules(&page)), (1, vec!["deps-source! 5".to_owned()]));
    let git = npm("a", "1.0.0", "").replace(
        "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
        "git+ssh://git@github.com/o/a.git#0123456789012345678901234567890123456789",
    );
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[git]);
    let found = rules(&json(&sandbox, &[]).1);
    assert!(found.contains(&"deps-source! 5".to_owned()), "{found:?}");
    // The two names of the public registry are one place.
    let yarn = npm("a", "1.0.1", "").replace("registry.npmjs.org", "registry.yarnpkg.com");
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[yarn]);
    assert_eq!(json(&sandbox, &[]).0, 0);
}

#[test]
fn scripts_downgrades_and_look_alikes_warn_unless_told_to_fail() {
    let base = [npm("lodash", "4.17.21", ""), npm("b", "2.0.0", "")];
    let head = [
        npm("lodash", "4.17.21", ""),
        npm("b", "1.9.0", ", \"hasInstallScript\": true"),
        npm("lodahs", "1.0.0", ""),
    ];
    let sandbox = repository(&base, &head);
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(code, 0);
    assert_eq!(
        rules(&page),
        [
            "deps-downgrade 6",
            "deps-install-script 6",
            "deps-look-alike 7"
        ]
    );
    let (code, page) = json(&sandbox, &["--fail-on", "look-alike,install-script"]);
    assert_eq!(code, 1);
    assert_eq!(
        rules(&page),
        [
            "deps-downgrade 6",
            "deps-install-script! 6",
            "deps-look-alike! 7"
        ]
    );
    assert_eq!(review(&sandbox, &["--fail-on", "nonsense"]).code, 2);
}

#[test]
fn known_names_may_come_from_a_list_of_the_base() {
    let files = [
        (CONFIG, NO_ADVISORIES),
        (".github/popular.txt", "express\n"),
    ];
    let sandbox = repository_with(&files, &[], &[npm("expres", "1.0.0", "")]);
    let list = ["--known-names", "npm=.github/popular.txt"];
    assert_eq!(rules(&json(&sandbox, &list).1), ["deps-look-alike 5"]);
    let ran = review(&sandbox, &["--known-names", "npm=.github/none.txt"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains(".github/none.txt is not in the base main"),
        "{}",
        ran.err
    );
    assert_eq!(review(&sandbox, &["--known-names", "npn=x"]).code, 2);
}

#[test]
fn the_actions_configuration_of_the_base_judges_and_that_of_the_change_does_not() {
    let strict = "vulnerability-check: false\ndeny-licenses: MIT\ndeny-packages: [pkg:npm/bad]\n";
    let head = [npm("a", "1.0.0", ""), npm("bad", "1.0.0", "")];
    let sandbox = repository_with(&[(CONFIG, strict)], &[], &head);
    sandbox.write(CONFIG, "vulnerability-check: false\nlicense-check: true\n");
    sandbox.commit();
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(code, 1);
    assert_eq!(
        rules(&page),
        ["deps-denied! 6", "deps-licence! 5", "deps-licence! 6"]
    );
    let gaps = page["not_checked"].as_array().unwrap();
    assert_eq!(
        (&gaps[0]["code"], &gaps[0]["required"]),
        (&"settings-edited".into(), &false.into())
    );

    let sandbox = repository_with(
        &[(CONFIG, &format!("{strict}warn-only: true\n"))],
        &[],
        &head,
    );
    assert_eq!(json(&sandbox, &[]).0, 0);
    let sandbox = repository_with(&[(CONFIG, "deny-licences: MIT\n")], &[], &head);
    let ran = review(&sandbox, &[]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(
        ran.err
            .contains("dependency-review-config.yml:1:1: `deny-licences` is no input"),
        "{}",
        ran.err
    );
}

#[test]
fn an_exemption_of_the_base_holds_until_its_day_and_one_of_the_change_never() {
    let exempt = "[[exempt]]\nrules = [\"deps-denied\"]\nsubject = \"bad 1.0.0\"\nowner = \"@o/team\"\n\
                  reason = \"replaced soon\"\nexpires = 2026-06-30\n";
    let config = "vulnerability-check: false\ndeny-packages: [pkg:npm/bad]\n";
    let head = [npm("bad", "1.0.0", "")];
    let sandbox = repository_with(&[(CONFIG, config), ("cofferdam.toml", exempt)], &[], &head);
    let (code, page) = json(&sandbox, &[]);
    assert_eq!((code, rules(&page)), (0, Vec::new()), "{page:#}");
    assert_eq!(page["suppressed"][0]["suppressed_by"]["owner"], "@o/team");
    let (code, page) = json(&sandbox, &["--date", "2026-07-01"]);
    assert_eq!(code, 1);
    assert_eq!(rules(&page), ["deps-denied! 5", "silencer-expired 1"]);
    // The audit knows the rule, and does not call an exemption from it unused.
    sandbox.write("cofferdam.toml", exempt.replace("2026-06-30", "2099-12-31"));
    let audit = sandbox.report(&[]);
    let findings = audit.findings();
    assert!(
        findings
            .iter()
            .all(|(rule, _)| !rule.starts_with("silencer")),
        "{findings:?}"
    );

    let sandbox = repository_with(&[(CONFIG, config)], &[], &head);
    sandbox.write("cofferdam.toml", exempt);
    sandbox.commit();
    assert_eq!(json(&sandbox, &[]).0, 1);
}

#[test]
fn a_licence_that_nobody_states_warns_or_fails() {
    let unknown = npm("a", "1.0.0", "").replace("\"license\": \"MIT\", ", "");
    let sandbox = repository(&[], &[unknown]);
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(
        (code, rules(&page)),
        (0, vec!["deps-unknown-licence 5".to_owned()])
    );
    let (code, page) = json(&sandbox, &["--unknown-licence", "fail"]);
    assert_eq!(
        (code, rules(&page)),
        (1, vec!["deps-licence! 5".to_owned()])
    );
}

#[test]
fn actions_and_images_are_dependencies_too() {
    let workflow = |action: &str, image: &str| {
        format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    container: {image}\n    steps:\n      - uses: {action}\n"
        )
    };
    let sandbox = Sandbox::new();
    let config = "vulnerability-check: false\ndeny-groups: ['pkg:github/evil/']\n";
    sandbox.write(CONFIG, config);
    sandbox.write(
        ".github/workflows/ci.yml",
        workflow("actions/checkout@v4", "alpine:3.19"),
    );
    sandbox.commit();
    sandbox.git(&["checkout", "--quiet", "-b", "topic"]);
    sandbox.write(
        ".github/workflows/ci.yml",
        workflow("actions/checkout@v5", "alpine:3.20"),
    );
    sandbox.write(
        ".github/workflows/new.yml",
        workflow("evil/action@v1", "alpine:3.20"),
    );
    sandbox.commit();
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(
        changes(&page),
        [
            ".github/workflows/ci.yml updated alpine 3.19 3.20",
            ".github/workflows/ci.yml updated actions/checkout v4 v5",
            ".github/workflows/new.yml added alpine - 3.20",
            ".github/workflows/new.yml added evil/action - v1"
        ]
    );
    assert_eq!((code, rules(&page)), (1, vec!["deps-denied! 7".to_owned()]));
}

#[test]
fn a_shallow_clone_says_how_to_deepen() {
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[npm("a", "1.1.0", "")]);
    for branch in ["main", "topic"] {
        sandbox.git(&["checkout", "--quiet", branch]);
        sandbox.write(branch, "x");
        sandbox.commit();
        sandbox.write(branch, "y");
        sandbox.commit();
    }
    let root = sandbox.root();
    let clone = sandbox.outside().join("clone");
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let url = format!("file://{}", root.display());
    let at = clone.to_str().unwrap();
    git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--no-single-branch",
        &url,
        at,
    ]);
    let args = [
        "deps",
        "review",
        at,
        "--base",
        "origin/main",
        "--head",
        "origin/topic",
    ];
    let ran = sandbox.run(&args);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.err
            .contains("before it is known where the change begins"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("git fetch --deepen=100"), "{}", ran.err);
    git(&["-C", at, "fetch", "--quiet", "--deepen=10"]);
    let ran = sandbox.run(&args);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    // A base that is an end of the change itself needs no more.
    git(&[
        "clone",
        "--quiet",
        "--depth=2",
        "--branch=topic",
        &url,
        &format!("{at}2"),
    ]);
    let second = format!("{at}2");
    let ran = sandbox.run(&["deps", "review", &second, "--base", "HEAD^"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn wrong_revisions_and_histories_are_told() {
    let sandbox = repository(&[], &[]);
    for (args, code, expected) in [
        (
            ["--base", "nothing"],
            2,
            "there is no branch, tag or commit `nothing`",
        ),
        (["--base", "main..topic"], 2, "is not understood"),
    ] {
        let mut all = vec!["deps", "review"];
        all.extend(args);
        let ran = sandbox.run(&all);
        assert_eq!(ran.code, code);
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    sandbox.git(&["checkout", "--quiet", "--orphan", "alone"]);
    sandbox.write("alone", "x");
    sandbox.commit();
    let ran = review(&sandbox, &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("`main` and `HEAD` have no commit in common"),
        "{}",
        ran.err
    );
    let empty = Sandbox::new();
    assert_eq!(review(&empty, &[]).code, 2);
}

#[test]
fn merges_in_both_directions_have_a_merge_base() {
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[npm("a", "1.1.0", "")]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.write("main", "x");
    sandbox.commit();
    sandbox.git(&["branch", "main-before"]);
    sandbox.git(&["merge", "--quiet", "--no-edit", "--no-ff", "topic"]);
    sandbox.git(&["checkout", "--quiet", "topic"]);
    sandbox.git(&["merge", "--quiet", "--no-edit", "--no-ff", "main-before"]);
    sandbox.write("package-lock.json", lock(&[npm("a", "1.2.0", "")]));
    sandbox.commit();
    let (code, page) = json(&sandbox, &[]);
    assert_eq!((code, &page["merge_bases"]), (0, &2.into()));
    let all = sandbox.git(&["merge-base", "--all", "main", "topic"]);
    let all: Vec<&str> = all.lines().collect();
    assert_eq!(all.len(), 2);
    assert!(all.contains(&page["merge_base"].as_str().unwrap()));
}

/// Histories in which clocks go wrong and branches cross, judged as git judges them.
#[test]
fn merge_bases_are_those_of_git() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    const COMMITS: u64 = 60;
    let mut stream = String::new();
    for number in 1..=COMMITS {
        // Some clocks stand, and some are days behind.
        let date = 1_700_000_000 + number * 100 - random(3) * random(2_000);
        stream += &format!(
            "commit refs/heads/b{number}\nmark :{number}\ncommitter A <a@example.org> {date} +0000\ndata 1\nx\n"
        );
        if number > 1 {
            let parent =
                |random: &mut dyn FnMut(u64) -> u64| number - 1 - random(4.min(number - 1));
            let (first, second) = (parent(&mut random), parent(&mut random));
            stream += &format!("from :{first}\n");
            if second != first && random(2) == 0 {
                stream += &format!("merge :{second}\n");
            }
        }
        stream += "\n";
    }
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(sandbox.root())
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stream.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    let mut several = 0;
    for _ in 0..60 {
        let (base, head) = (1 + random(COMMITS), 1 + random(COMMITS));
        let (base, head) = (format!("b{base}"), format!("b{head}"));
        let all = sandbox.git(&["merge-base", "--all", &base, &head]);
        let all: Vec<&str> = all.lines().collect();
        let ran = sandbox.run(&[
            "deps", "review", "--base", &base, "--head", &head, "--format", "json",
        ]);
        let page: Value = serde_json::from_str(&ran.out).unwrap();
        let found = page["merge_base"].as_str().unwrap();
        assert_eq!(page["merge_bases"], all.len(), "{base} {head}");
        assert!(all.contains(&found), "{base} {head}");
        several += usize::from(all.len() > 1);
    }
    assert!(several > 1, "{several}");
}

#[test]
fn what_cannot_be_read_of_the_change_is_not_checked() {
    let whole = lock(&[npm("a", "1.0.0", "")]);
    for (text, code) in [
        (
            whole.replace("\"lockfileVersion\": 3", "\"lockfileVersion\": 9"),
            "lockfile-version",
        ),
        (format!("<<<<<<< ours\n{whole}"), "lockfile-conflict"),
        (whole[..whole.len() / 2].to_owned(), "lockfile-syntax"),
        (" ".repeat(70 * 1024 * 1024), "too-large"),
    ] {
        let sandbox = repository(&[npm("a", "1.0.0", "")], &[]);
        sandbox.write("package-lock.json", &text);
        sandbox.commit();
        let (exit, page) = json(&sandbox, &[]);
        assert_eq!(exit, 3, "{code}");
        assert_eq!(page["not_checked"][0]["code"], code, "{page:#}");
        // Once it is in the base, a change that leaves it alone is not held up.
        sandbox.git(&["branch", "--force", "main", "topic"]);
        sandbox.write("README.md", "x");
        sandbox.commit();
        assert_eq!(json(&sandbox, &[]).0, 0, "{code}");
    }
}

#[test]
fn submodules_and_lost_links_are_not_checked() {
    let sandbox = repository(&[], &[]);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{head},lib"),
    ]);
    sandbox.git(&["commit", "--quiet", "--message=x"]);
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(
        (code, &page["not_checked"][0]["code"]),
        (3, &"submodule".into())
    );

    #[cfg(unix)]
    {
        let sandbox = repository(&[], &[]);
        sandbox.link("web/package-lock.json", "../../outside.json");
        sandbox.commit();
        let (code, page) = json(&sandbox, &[]);
        assert_eq!(
            (code, &page["not_checked"][0]["code"]),
            (3, &"link-outside".into())
        );
    }
}

#[test]
fn without_advisories_nothing_passes() {
    let head = [npm("a", "1.0.0", "")];
    let sandbox = repository_with(&[], &[], &head);
    let (code, page) = json(&sandbox, &[]);
    assert_eq!(
        (code, &page["not_checked"][0]["code"]),
        (3, &"no-advisories".into())
    );
}

#[cfg(feature = "advisories")]
#[test]
fn what_advisories_say_of_a_change_fails_it() {
    let base = [npm("old", "1.0.0", "")];
    let head = [
        npm("old", "1.0.0", ""),
        npm("weak", "1.0.0", ""),
        npm("evil", "1.0.0", ""),
        npm("fine", "1.0.0", ""),
    ];
    let sandbox = repository_with(&[], &base, &head);
    let malicious = crate::osv::advisory("MAL-2026-1", "npm", "evil");
    let mut weak = crate::osv::advisory("GHSA-1", "npm", "weak");
    weak["severity"] = serde_json::json!([
        { "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }
    ]);
    // What was there before the change is none of its doing.
    let old = crate::osv::advisory("GHSA-2", "npm", "old");
    let archive = crate::osv::archive(&[malicious, weak, old]);
    crate::osv::put(&sandbox, "npm", &archive);
    let cache = crate::osv::cache(&sandbox);
    let asked = ["--db", cache.to_str().unwrap(), "--max-age", "any"];
    let (code, page) = json(&sandbox, &asked);
    assert_eq!(code, 1, "{page}");
    assert_eq!(page["not_checked"], serde_json::json!([]), "{page}");
    let said: Vec<(&str, bool)> = (page["findings"].as_array().unwrap().iter())
        .map(|one| {
            (
                one["rule"].as_str().unwrap(),
                one["fails"].as_bool().unwrap(),
            )
        })
        .collect();
    assert!(said.contains(&("deps-malicious", true)), "{said:?}");
    assert!(said.contains(&("deps-vulnerable", true)), "{said:?}");
    assert_eq!(said.len(), 2, "{said:?}");
    // One that is too old says nothing, and what is not known does not pass.
    let aged = ["--db", cache.to_str().unwrap(), "--date", "2036-06-01"];
    let (code, page) = json(&sandbox, &aged);
    assert_eq!(
        (code, &page["not_checked"][0]["code"]),
        (3, &"no-advisories".into()),
        "{page}"
    );
}

#[test]
fn warnings_that_say_the_same_do_not_hide_the_others() {
    let bare = |number: u8| {
        let package = npm(&format!("package{number}"), "1.0.0", "");
        package.replace("\"license\": \"MIT\", ", "")
    };
    let head: Vec<String> = (1..=5).map(bare).collect();
    let sandbox = repository(&[], &head);
    let ran = review(&sandbox, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.matches("  deps-unknown-licence  ").count(), 3);
    assert!(
        ran.out.contains("and 2 more of deps-unknown-licence,"),
        "{}",
        ran.out
    );
}

#[test]
fn a_version_without_a_date_is_not_old_enough() {
    let sandbox = repository(&[npm("a", "1.0.0", "")], &[npm("a", "1.0.1", "")]);
    let (code, page) = json(&sandbox, &["--cooldown", "7"]);
    assert_eq!(
        (code, &page["not_checked"][0]["code"]),
        (3, &"no-date".into())
    );
}

#[test]
fn every_format_is_inert_and_outputs_cannot_be_forged() {
    let name = "x\\n::error::a\\u001b[31m##[group]|<b>@me";
    let evil = npm(
        name,
        "1\\r\\n::set-output name=a::b",
        ", \"hasInstallScript\": true",
    );
    let sandbox = repository(&[], &[evil]);
    let file = sandbox.outside().join("outputs");
    let path = file.to_str().unwrap().to_owned();
    for format in ["human", "json", "sarif", "markdown"] {
        let args = [
            "deps",
            "review",
            "--base",
            "main",
            "--format",
            format,
            "--github-output",
        ];
        let ran = sandbox.run_with(&args, &[("GITHUB_OUTPUT", &path)], b"");
        assert_eq!(ran.code, 0, "{format}: {}{}", ran.out, ran.err);
        assert!(
            !ran.out.contains('\u{1b}') && !ran.out.contains("##["),
            "{}",
            ran.out
        );
        assert!(
            !ran.out
                .lines()
                .any(|line| line.trim_start().starts_with("::")),
            "{}",
            ran.out
        );
    }
    let outputs = std::fs::read_to_string(&file).unwrap();
    let mut lines = outputs.lines();
    let mut names = Vec::new();
    while let Some(line) = lines.next() {
        let (name, mark) = line.split_once("<<").unwrap();
        names.push(name.to_owned());
        assert!(lines.by_ref().any(|line| line == mark), "{name}");
    }
    assert_eq!(names.len(), 4 * 5);
    assert_eq!(
        names[..5],
        [
            "comment-content",
            "dependency-changes",
            "vulnerable-changes",
            "invalid-license-changes",
            "denied-changes"
        ]
    );
    let ran = review(&sandbox, &["--github-output"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("GITHUB_OUTPUT is not set"), "{}", ran.err);
}

#[test]
fn sarif_points_at_the_line_of_the_lockfile() {
    let sandbox = repository(
        &[],
        &[
            npm("a", "1.0.0", ""),
            npm("b", "1.0.0", ", \"hasInstallScript\": true"),
        ],
    );
    let ran = review(&sandbox, &["--format", "sarif"]);
    let page: Value = serde_json::from_str(&ran.out).unwrap();
    let result = &page["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "deps-install-script");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "package-lock.json");
    assert_eq!(place["region"]["startLine"], 6);
    let rule = &page["runs"][0]["tool"]["driver"]["rules"];
    assert!(
        rule.to_string().contains("docs/dependency-review.md"),
        "{rule}"
    );
}

#[test]
fn a_result_goes_into_a_file_as_a_whole() {
    let sandbox = repository(&[], &[npm("a", "1.0.0", "")]);
    let path = sandbox.outside().join("review.md");
    let ran = review(
        &sandbox,
        &["--format", "markdown", "--output", path.to_str().unwrap()],
    );
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let text = std::fs::read_to_string(path).unwrap();
    assert!(
        text.starts_with("<!-- cofferdam deps review -->\n## Dependencies\n"),
        "{text}"
    );
}
