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
        "--visibility",
        "public",
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
        &[
            "--to",
            "secret",
            "--explain",
            "--visibility",
            "public",
            "--format",
            "json",
        ],
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

/// A fork's pull request builds its head, and a release holds a secret.
const FORK: &str = "on: pull_request\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      \
    - uses: actions/checkout@v4\n      - run: make\n        env: {KEY: '${{ secrets.NPM_TOKEN }}'}\n";

#[test]
fn who_sees_the_repository_is_told_by_an_option_or_the_configuration() {
    let sandbox = Sandbox::with(FORK);
    let facts = |args: &[&str]| {
        let (code, out, err) = run(&sandbox, args);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        out
    };
    let open = facts(&[]);
    assert!(
        open.contains("settings:secrets-to-forks  decides"),
        "{open}"
    );
    assert!(open.contains("--visibility public"), "{open}");
    let option = facts(&["--visibility", "public"]);
    assert!(!option.contains("secrets-to-forks"), "{option}");
    sandbox.write("cofferdam.toml", "[exposure]\nvisibility = \"public\"\n");
    assert_eq!(facts(&[]), option);
    let (_, json, _) = run(&sandbox, &["--format", "json"]);
    let page: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(page["visibility"], "public");
    // Whoever runs the command knows better than the file.
    let private = facts(&["--visibility", "private"]);
    assert!(private.contains("secrets-to-forks"), "{private}");
    // The claims rest on the same.
    sandbox.write(
        "cofferdam.toml",
        "[exposure]\nvisibility = \"public\"\n[[claim]]\nname = \"n\"\nnever.from = \"fork\"\nnever.to = \"secret\"\n",
    );
    let ran = sandbox.run(&["claims", "check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = sandbox.run(&["claims", "check", "--visibility", "private"]);
    assert_eq!(ran.code, 3, "{ran:?}");

    sandbox.write("cofferdam.toml", "\n[exposure]\nvisibility = \"publik\"\n");
    let (code, _, err) = run(&sandbox, &[]);
    assert_eq!(code, 2, "{err}");
    for part in ["cofferdam.toml:3:14", "did you mean `public`?"] {
        assert!(err.contains(part), "{part}: {err}");
    }
    let (code, _, err) = run(&sandbox, &["--visibility", "publik"]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn settings_that_say_otherwise_are_an_error_at_its_line() {
    use cofferdam_facts::settings::{Fact, OwnerKind, Repository, Snapshot, Visibility};
    let sandbox = Sandbox::with(FORK);
    let mut snapshot = Snapshot::unasked("acme", "app");
    snapshot.repository = Fact::Known(Repository {
        id: 1,
        owner: "acme".to_owned(),
        owner_id: 1,
        owner_kind: OwnerKind::Organization,
        name: "app".to_owned(),
        visibility: Visibility::Private,
        default_branch: "main".to_owned(),
        fork: false,
        archived: false,
        created_at: Fact::Known(cofferdam_facts::Timestamp::from_unix(0)),
    });
    let settings = sandbox.outside().join("settings.json");
    std::fs::write(&settings, snapshot.to_json().unwrap()).unwrap();
    let settings = settings.to_str().unwrap();
    // Nothing says which repository this is, and that is told.
    let (code, out, _) = run(&sandbox, &["--settings", settings]);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("note: no remote says which repository this is; the settings of acme/app"),
        "{out}"
    );
    let (_, out, _) = run(
        &sandbox,
        &["--settings", settings, "--repository", "acme/app"],
    );
    assert!(!out.contains("no remote says"), "{out}");
    sandbox.write("cofferdam.toml", "[exposure]\nvisibility = \"public\"\n");
    let (code, _, err) = run(&sandbox, &["--settings", settings]);
    assert_eq!(code, 2, "{err}");
    let said =
        "cofferdam.toml:2:14 says that the repository is public, but the settings say private";
    assert!(err.contains(said), "{err}");
    let (code, _, err) = run(
        &sandbox,
        &["--settings", settings, "--visibility", "internal"],
    );
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("`--visibility` says"), "{err}");
}

#[test]
fn a_large_repository_stands_on_one_screen_with_strangers_first() {
    let sandbox = Sandbox::with(WORKFLOW);
    for number in 0..60 {
        let secrets: Vec<String> = (0..=number % 30)
            .map(|one| format!("K{one}: '${{{{ secrets.S{number}_{one} }}}}'"))
            .collect();
        let text = format!(
            "on: [push, issue_comment]\njobs:\n  j{number}:\n    runs-on: ubuntu-24.04\n    environment: e{number}\n    steps:\n      \
             - uses: owner{number}/tool@v1\n      - uses: acme/tool{number}@v1\n      - run: npm install -g pkg{number} && echo ${{{{ github.event.comment.body }}}}\n        \
             env: {{{}}}\n",
            secrets.join(", ")
        );
        sandbox.write(&format!(".github/workflows/w{number}.yml"), text);
    }
    let (code, out, _) = run(&sandbox, &[]);
    assert_eq!(code, 0, "{out}");
    assert!(out.lines().count() <= 40, "{}\n{out}", out.lines().count());
    let at = |word: &str| out.lines().position(|line| line.starts_with(word));
    assert_eq!(at("newcomer, contributor"), Some(3), "{out}");
    assert!(at("admin").is_some() && at("writer").is_some(), "{out}");
    assert!(at("… and ").unwrap() < at("admin").unwrap(), "{out}");
    assert!(out.contains("What strangers get"), "{out}");
    // All of it has every position and every asset by name, as hints promise.
    let (_, all, _) = run(&sandbox, &["--all"]);
    for name in [
        "action:owner17/tool",
        "tool:npm/pkg41",
        "secret:S59_3",
        "environment:e3",
    ] {
        assert!(all.contains(name), "{name}: {all}");
    }
}

#[test]
fn ways_that_read_the_same_stand_there_once() {
    let sandbox = Sandbox::with(WORKFLOW);
    let (_, out, _) = run(
        &sandbox,
        &["--from", "newcomer", "--from", "contributor", "--explain"],
    );
    let head = "newcomer, contributor -> secret:NPM_TOKEN";
    assert_eq!(out.matches("secret:NPM_TOKEN  ").count(), 1, "{out}");
    assert!(out.contains(head), "{out}");
}

#[test]
fn what_is_not_known_is_said_of_what_was_asked_for() {
    let sandbox = Sandbox::with(WORKFLOW);
    let (_, all, _) = run(&sandbox, &[]);
    assert!(all.contains("settings:tag-rules  decides"), "{all}");
    let args = [
        "--from",
        "newcomer",
        "--to",
        "secret:NPM_TOKEN",
        "--visibility",
        "public",
    ];
    let (_, out, _) = run(&sandbox, &args);
    assert!(
        out.contains("settings:actions-policy  decides 1 pair\n"),
        "{out}"
    );
    assert!(!out.contains("settings:tag-rules"), "{out}");
    let (_, json, _) = run(&sandbox, &[&args[..], &["--format", "json"]].concat());
    let page: Value = serde_json::from_str(&json).unwrap();
    let facts = page["facts"].as_array().unwrap();
    assert!(facts.iter().all(|fact| fact["pairs"] == 1), "{json}");
    let (_, _, err) = run(&sandbox, &["--to", "secrets"]);
    assert!(err.contains("did you mean `secret`?"), "{err}");
}

#[test]
fn the_json_of_a_checkout_fits_its_schema() {
    let sandbox = Sandbox::with(WORKFLOW);
    sandbox.write(".github/workflows/broken.yml", "on: push\njobs: [\n");
    let schema = include_str!("../../docs/schema/exposure-v1.json");
    for args in [
        &["--format", "json"][..],
        &["--explain", "--visibility", "public", "--format", "json"],
    ] {
        let (code, json, _) = run(&sandbox, args);
        assert_eq!(code, 3, "{json}");
        let page: Value = serde_json::from_str(&json).unwrap();
        assert!(!page["rows"].as_array().unwrap().is_empty());
        assert!(!page["unread"].as_array().unwrap().is_empty());
        crate::replay::assert_closed(schema, &page);
    }
}

#[test]
fn what_closes_the_way_to_an_agent_is_no_variable() {
    let agent = |allow: &str| {
        format!(
            "on: issues\npermissions: {{}}\njobs:\n  triage:\n    runs-on: ubuntu-24.04\n    steps:\n      \
             - run: printf '%s' \"$TITLE\" > \"$RUNNER_TEMP/prompt.md\"\n        env: {{TITLE: '${{{{ github.event.issue.title }}}}'}}\n      \
             - uses: openai/codex-action@52fe01ec70a42f454c9d2ebd47598f9fd6893d56\n        with:\n          \
             openai-api-key: ${{{{ secrets.OPENAI_API_KEY }}}}\n          prompt-file: ${{{{ runner.temp }}}}/prompt.md\n{allow}"
        )
    };
    let args = [
        "--from",
        "newcomer",
        "--to",
        "secret:OPENAI_API_KEY",
        "--visibility",
        "public",
    ];
    let explained = [&args[..], &["--explain"]].concat();
    let sandbox = Sandbox::with(agent("          allow-users: \"*\"\n"));
    let (_, out, _) = run(&sandbox, &explained);
    for part in [
        "newcomer -> secret:OPENAI_API_KEY  reachable",
        "cut: Take allow-users: * away at .github/workflows/ci.yml:13, so that the agent refuses whoever may not write (one line)",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("over by `env:`"), "{out}");
    // It does close it.
    let sandbox = Sandbox::with(agent(""));
    let (_, out, _) = run(&sandbox, &explained);
    assert!(out.contains("No way was found."), "{out}");
}
