//! `cofferdam exposure`.

use serde_json::Value;

use crate::sandbox::Sandbox;

const WORKFLOW: &str = "on: pull_request_target\npermissions: {contents: write}\njobs:\n  build:\n    \
    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4.1.0\n        with: {ref: '${{ github.event.pull_request.head.sha }}'}\n      \
    - run: make\n        env: {KEY: '${{ secrets.NPM_TOKEN }}'}\n      - uses: \"acme/build@v1\\e[31m\"\n";

fn run(sandbox: &Sandbox, args: &[&str]) -> (i32, String, String) {
    let root = sandbox.root();
    let mut all = vec!["exposure", root.to_str().unwrap()];
    all.extend(args);
    let ran = sandbox.run(&all);
    (ran.code, ran.out, ran.err)
}

#[test]
fn the_matrix_stands_on_one_screen_and_names_what_decides() {
    let sandbox = Sandbox::with(WORKFLOW);
    let (code, out, err) = run(&sandbox, &[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for part in [
        "newcomer",
        "writer",
        "secret",
        "token",
        "settings:actions-policy",
        "settings snapshot",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(out.lines().count() <= 40, "{out}");
    assert!(!out.contains('\u{1b}'), "{out:?}");
}

#[test]
fn a_way_is_explained_with_places_and_cuts() {
    let sandbox = Sandbox::with(WORKFLOW);
    let args = [
        "--from",
        "newcomer",
        "--to",
        "secret:NPM_TOKEN",
        "--explain",
    ];
    let (code, out, _) = run(&sandbox, &args);
    assert_eq!(code, 0, "{out}");
    for part in [
        "newcomer -> secret:NPM_TOKEN",
        ":1  pull_request_target",
        ":9  make",
        "cut: ",
        "one line",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (_, json, _) = run(
        &sandbox,
        &["--to", "secret", "--explain", "--format", "json"],
    );
    let page: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(page["schema_version"], 1);
    let rows = page["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["class"] == "secret"), "{json}");
    let row = rows.iter().find(|row| row["from"] == "newcomer").unwrap();
    assert_eq!(row["verdict"]["level"], "reachable-if");
    assert_eq!(row["path"][0]["rule"], "outsider-start");
    assert!(!row["cuts"].as_array().unwrap().is_empty(), "{json}");
    let (_, diagram, _) = run(&sandbox, &["--from", "newcomer", "--format", "mermaid"]);
    assert!(diagram.starts_with("flowchart LR\n"), "{diagram}");
    assert!(diagram.contains("newcomer"), "{diagram}");
}

#[test]
fn names_that_nothing_has_are_wrong_usage_with_the_nearest_name() {
    let sandbox = Sandbox::with(WORKFLOW);
    let (code, _, err) = run(&sandbox, &["--from", "newcommer"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("did you mean `newcomer`?"), "{err}");
    let (code, _, err) = run(&sandbox, &["--to", "secret:NPM_TOKN"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("did you mean `secret:NPM_TOKEN`?"), "{err}");
}

#[test]
fn a_workflow_that_is_not_understood_proves_nothing() {
    let sandbox = Sandbox::with("on: push\njobs: {a: [\n");
    let (code, out, _) = run(&sandbox, &[]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("nothing is proven"), "{out}");
    let ran = sandbox.run(&["exposure", "/nowhere/at/all"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}
