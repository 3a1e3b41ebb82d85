//! `cofferdam exposure --base`: what a change opens and closes.

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

const PIN: &str = "5b1f3c2d4e6a7988b0c1d2e3f4a5968778695a4b";
const CI: &str = ".github/workflows/ci.yml";

fn workflow(job: &str, steps: &str) -> String {
    format!(
        "on: push\npermissions: {{}}\njobs:\n  {job}:\n    runs-on: ubuntu-24.04\n    steps:\n{steps}      \
         - run: make\n        env: {{KEY: '${{{{ secrets.DEPLOY_KEY }}}}'}}\n"
    )
}

fn uses(reference: &str) -> String {
    format!("      - uses: acme/build@{reference}\n")
}

/// A committed base, and a change in the work tree.
fn changed(base: &[(&str, String)], head: &[(&str, String)]) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    for (path, text) in base {
        sandbox.write(path, text);
    }
    let commit = sandbox.commit();
    for (path, _) in base {
        std::fs::remove_file(sandbox.path(path)).unwrap();
    }
    for (path, text) in head {
        sandbox.write(path, text);
    }
    (sandbox, commit)
}

fn compare(sandbox: &Sandbox, base: &str, args: &[&str]) -> Ran {
    let mut all = vec!["exposure", "--base", base];
    all.extend(args);
    sandbox.run(&all)
}

fn json(sandbox: &Sandbox, base: &str) -> (i32, Value) {
    let ran = compare(sandbox, base, &["--format", "json"]);
    let page = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let schema = include_str!("../../docs/schema/exposure-change-v1.json");
    crate::replay::assert_closed(schema, &page);
    (ran.code, page)
}

fn turns(page: &Value) -> Vec<String> {
    let all = page["differences"].as_array().unwrap();
    all.iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} -> {}", text("turn"), text("from"), text("to"))
        })
        .collect()
}

#[test]
fn a_change_that_opens_something_fails_and_says_by_which_line() {
    let base = [(CI, workflow("build", ""))];
    let head = [(CI, workflow("build", &uses("v1")))];
    let (sandbox, commit) = changed(&base, &head);
    let ran = compare(&sandbox, &commit, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "opened  action:acme/build -> secret:DEPLOY_KEY  reachable",
        "rests on .github/workflows/ci.yml:7  acme/build@v1",
        "cut: ",
        "and the change fails",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let (_, page) = json(&sandbox, &commit);
    assert_eq!(page["fails"], true);
    assert_eq!(page["base"]["commit"], commit);
    assert!(turns(&page).contains(&"opened action:acme/build -> secret:DEPLOY_KEY".to_owned()));
    let comment = compare(&sandbox, &commit, &["--format", "markdown"]).out;
    assert!(
        comment.contains("| opened | action\\:acme\\/build |"),
        "{comment}"
    );
    let sarif = compare(&sandbox, &commit, &["--format", "sarif"]);
    assert_eq!(sarif.code, 1);
    let sarif: Value = serde_json::from_str(&sarif.out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{sarif}");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 7);
    // The same the other way round mends.
    let (sandbox, commit) = changed(&head, &base);
    let ran = compare(&sandbox, &commit, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, page) = json(&sandbox, &commit);
    assert!(turns(&page).contains(&"closed action:acme/build -> secret:DEPLOY_KEY".to_owned()));
}

#[test]
fn a_pin_that_is_loosened_is_worse_and_one_that_is_set_better() {
    let pinned = [(CI, workflow("build", &uses(PIN)))];
    let loose = [(CI, workflow("build", &uses("main")))];
    let (sandbox, commit) = changed(&pinned, &loose);
    let ran = compare(&sandbox, &commit, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let line = "worse   action:acme/build -> secret:DEPLOY_KEY  after approval:update -> reachable";
    assert!(ran.out.contains(line), "{}", ran.out);
    let (sandbox, commit) = changed(&loose, &pinned);
    let ran = compare(&sandbox, &commit, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("better  action:acme/build"), "{}", ran.out);
}

#[test]
fn an_unrelated_edit_moves_nothing() {
    let fetch = |version: &str| {
        format!(
            "      - run: curl https://get.example.org/v{version}/install.sh | sh\n{}",
            uses("v1")
        )
    };
    let base = workflow("build", &fetch("1.2.3"));
    let start = base.replace("on: push", "on: [push, workflow_dispatch]");
    for (name, path, text) in [
        (
            "a job is renamed",
            CI,
            start.replace("  build:", "  compile:"),
        ),
        ("lines move", CI, format!("# x\n\n\n{start}")),
        ("a name is given", CI, format!("name: CI\n{start}")),
        (
            "the file is renamed",
            ".github/workflows/build.yml",
            start.clone(),
        ),
        ("a version is set", CI, start.replace("1.2.3", "1.10.0")),
        ("a tag moves", CI, start.replace("@v1", "@v2")),
        ("another file", CI, start.clone()),
    ] {
        let (sandbox, commit) = changed(
            &[(CI, start.clone())],
            &[(path, text), ("README.md", name.to_owned())],
        );
        let (code, page) = json(&sandbox, &commit);
        assert_eq!(code, 0, "{name}: {:?}", turns(&page));
        assert!(turns(&page).is_empty(), "{name}: {:?}", turns(&page));
    }
}

#[test]
fn a_scope_that_every_branch_may_ask_for_is_nothing_new() {
    let label = "on: push\njobs:\n  label:\n    runs-on: ubuntu-24.04\n    permissions: {issues: write, id-token: write}\n    \
        steps:\n      - run: gh issue list\n";
    let base = [(CI, workflow("build", ""))];
    let head = [
        (CI, workflow("build", "")),
        (".github/workflows/label.yml", label.to_owned()),
    ];
    let (sandbox, commit) = changed(&base, &head);
    let (code, page) = json(&sandbox, &commit);
    assert_eq!(code, 0, "{:?}", turns(&page));
    assert!(turns(&page).is_empty(), "{:?}", turns(&page));
}

#[test]
fn what_the_base_allows_does_not_fail_and_the_change_allows_nothing() {
    let allow = |extra: &str, expires: &str| {
        format!(
            "[[exposure.allow]]\nfrom = \"action:acme/*\"\nto = [\"secret\", \"cache\"]\n{extra}owner = \"@acme/ci\"\nreason = \"the new build\"\nexpires = {expires}\n"
        )
    };
    let toml = |text: String| ("cofferdam.toml", text);
    let before = || (CI, workflow("build", ""));
    let after = |reference: &str| (CI, workflow("build", &uses(reference)));
    let none = || toml(String::new());
    let forever = allow("", "2999-12-31");
    let updates = allow("after = \"approval:update\"\n", "2999-12-31");
    for (name, base, head, code) in [
        ("allowed", toml(forever.clone()), after("v1"), 0),
        (
            "another owner",
            toml(forever.replace("acme/*", "other/*")),
            after("v1"),
            1,
        ),
        ("expired", toml(allow("", "2020-01-31")), after("v1"), 1),
        ("updates of a pin", toml(updates.clone()), after(PIN), 0),
        ("no pin", toml(updates), after("v1"), 1),
    ] {
        let (sandbox, commit) = changed(&[before(), base], &[head, none()]);
        let ran = compare(&sandbox, &commit, &[]);
        assert_eq!(ran.code, code, "{name}: {ran:?}");
        assert!(
            ran.out.contains("`exposure.allow` is removed"),
            "{name}: {}",
            ran.out
        );
        if name == "allowed" {
            assert!(
                ran.out.contains("allowed until 2999-12-31 by @acme/ci"),
                "{}",
                ran.out
            );
        }
        if name == "expired" {
            assert!(ran.out.contains("ended on 2020-01-31"), "{}", ran.out);
        }
    }
    let (sandbox, commit) = changed(&[before(), none()], &[after("v1"), toml(forever)]);
    let ran = compare(&sandbox, &commit, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("`exposure.allow` is added"), "{}", ran.out);
}

#[test]
fn what_was_not_read_of_a_change_is_not_clean() {
    let base = [(CI, workflow("build", ""))];
    let head = [
        (CI, workflow("build", "")),
        (
            ".github/workflows/broken.yml",
            "on: push\npermissions: {}\njobs: {a: [\n".to_owned(),
        ),
    ];
    let (sandbox, commit) = changed(&base, &head);
    let ran = compare(&sandbox, &commit, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("nothing is proven"), "{}", ran.out);
    let ran = compare(&sandbox, "no-such-revision", &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = sandbox.run(&["exposure", "--format", "markdown"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn sarif_without_a_base_has_each_position_at_its_place() {
    let sandbox = Sandbox::with(workflow("build", &format!("{}{}", uses("v1"), uses(PIN))));
    let ran = sandbox.run(&["exposure", "--format", "sarif"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sarif: Value = serde_json::from_str(&ran.out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of_action: Vec<&Value> = (results.iter())
        .filter(|one| {
            one["message"]["text"]
                .as_str()
                .unwrap()
                .contains("action:acme/build")
        })
        .collect();
    assert_eq!(of_action.len(), 1, "{sarif}");
    let place = &of_action[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 7, "{place}");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    assert!(
        rules
            .iter()
            .all(|r| r["helpUri"].as_str().unwrap().ends_with("docs/exposure.md"))
    );
}

#[test]
fn widenings_that_read_the_same_stand_there_once() {
    let steps = "      - uses: actions/checkout@v4.1.0\n        with: {ref: '${{ github.event.pull_request.head.sha }}'}\n";
    let base = [(CI, workflow("build", ""))];
    let head = [(
        CI,
        workflow("build", steps).replace("on: push", "on: pull_request_target"),
    )];
    let (sandbox, commit) = changed(&base, &head);
    let public = ["--visibility", "public"];
    let ran = compare(&sandbox, &commit, &public);
    assert_eq!(ran.code, 1, "{ran:?}");
    let line = "opened  newcomer, contributor, triager -> secret:DEPLOY_KEY  reachable";
    assert!(ran.out.contains(line), "{}", ran.out);
    assert!(!ran.out.contains("contributor ->"), "{}", ran.out);
    let comment = [&public[..], &["--format", "markdown"]].concat();
    let comment = compare(&sandbox, &commit, &comment).out;
    let summary = "<summary>newcomer, contributor, triager -&gt; secret:DEPLOY_KEY";
    assert!(comment.contains(summary), "{comment}");
    // Each pair is a line of the table all the same.
    for who in ["newcomer", "contributor", "triager"] {
        let row = format!("| opened | {who} | secret\\:DEPLOY\\_KEY |");
        assert!(comment.contains(&row), "{row}: {comment}");
    }
}

#[test]
fn who_sees_the_repository_is_told_by_the_base() {
    let text = "on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - run: make\n        env: {K: '${{ secrets.KEY }}'}\n";
    let said = "[exposure]\nvisibility = \"public\"\n".to_owned();
    let base = [("README.md", String::new())];
    let head = [(CI, text.to_owned()), ("cofferdam.toml", said.clone())];
    let (sandbox, commit) = changed(&base, &head);
    let ran = compare(&sandbox, &commit, &[]);
    // The change does not say that nobody gets anything.
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("newcomer"), "{}", ran.out);
    assert!(
        ran.out.contains("`exposure.visibility` is added"),
        "{}",
        ran.out
    );
    let base = [("cofferdam.toml", said)];
    let (sandbox, commit) = changed(&base, &head);
    let ran = compare(&sandbox, &commit, &[]);
    assert!(!ran.out.contains("newcomer"), "{}", ran.out);
}
