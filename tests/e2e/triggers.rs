//! `cofferdam triggers`.

use serde_json::Value;

use crate::sandbox::Sandbox;

const WORKFLOW: &str = "on: {issue_comment: {types: [created]}, push: {branches: [main]}}\n\
    jobs:\n  deploy:\n    if: \"startsWith(github.event.comment.body, '/x\\x1b[2J|')\"\n    \
    environment: \"prod\\e[31m\"\n    runs-on: ubuntu-latest\n    permissions: {contents: write}\n    \
    steps:\n      - run: ./deploy\n        env: {KEY: '${{ secrets.KEY }}'}\n";

#[test]
fn the_page_names_starters_approvals_and_what_is_held() {
    let sandbox = Sandbox::with(WORKFLOW);
    let root = sandbox.root();
    let root = root.to_str().unwrap();
    let ran = sandbox.run(&["triggers", root]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for part in [
        "Anybody with an account",
        "on issue_comment  (types: created)",
        "protection not known",
        "holds secrets KEY; write: contents",
        "Somebody with write access",
        "nothing that holds anything: push (1)",
        "settings snapshot",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);

    let markdown = sandbox.run(&["triggers", root, "--format", "markdown"]).out;
    assert!(markdown.contains("| `issue_comment` |"), "{markdown}");
    // A `|` of the repository opens no cell of its own.
    let rows = markdown.lines().filter(|l| l.starts_with("| `"));
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
    }

    let json = sandbox.run(&["triggers", root, "--format", "json"]).out;
    let page: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(page["schema_version"], 1);
    let row = &page["rows"][0];
    assert_eq!(row["starter"], "anyone");
    assert_eq!(row["jobs"][0]["secrets"][0], "KEY");
    assert_eq!(row["jobs"][0]["approvals"][0]["protection"], "not known");
}

#[test]
fn a_workflow_that_is_not_understood_makes_the_page_incomplete() {
    let sandbox = Sandbox::with("on: push\njobs: {a: [\n");
    let root = sandbox.root();
    let ran = sandbox.run(&["triggers", root.to_str().unwrap()]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("Not checked"), "{}", ran.out);
    let ran = sandbox.run(&["triggers", "/nowhere/at/all"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[test]
fn names_give_no_command_to_the_log_that_shows_the_page() {
    let sandbox = Sandbox::with(
        "name: \"##[add-mask]a\"\non: pull_request_target\npermissions: write-all\njobs:\n  t:\n    \
         if: \"github.actor == '::stop-commands::x'\"\n    runs-on: ubuntu-latest\n    \
         environment: \"##[stop-commands]x\\u202e\\u200b\"\n    steps:\n      - run: echo\n",
    );
    let root = sandbox.root();
    let root = root.to_str().unwrap();
    for format in ["human", "markdown", "json"] {
        let ran = sandbox.run(&["triggers", root, "--all", "--format", format]);
        assert!(ran.out.contains("stop-commands"), "{format}: {}", ran.out);
        assert!(!ran.out.contains("##["), "{format}: {}", ran.out);
        let command = |line: &str| line.trim_start().starts_with("::");
        assert!(!ran.out.lines().any(command), "{format}: {}", ran.out);
        let hidden = ['\u{202e}', '\u{200b}'];
        assert!(!ran.out.contains(hidden), "{format}: {:?}", ran.out);
    }
    let json = sandbox.run(&["triggers", root, "--format", "json"]).out;
    let page: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(page["rows"][0]["name"], "##[add-mask]a");
}
