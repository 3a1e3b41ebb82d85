//! `cofferdam replay`.

use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

/// A commit with everything, made at a time.
fn commit_at(sandbox: &Sandbox, time: &str) -> String {
    if !sandbox.path(".git").exists() {
        sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
    }
    sandbox.git(&["add", "--all", "--force"]);
    let done = Command::new("git")
        .args(["commit", "--quiet", "--allow-empty", "--message=x"])
        .current_dir(sandbox.root())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", sandbox.outside())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
            ("GIT_AUTHOR_DATE", time),
            ("GIT_COMMITTER_DATE", time),
        ])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    sandbox.git(&["rev-parse", "HEAD"])
}

fn workflow(on: &str, uses: &str) -> String {
    format!(
        "on: {on}\npermissions: {{}}\njobs:\n  scan:\n    runs-on: ubuntu-24.04\n    permissions: {{contents: write}}\n    \
         steps:\n      - uses: {uses}\n      - run: ./publish\n        env: {{KEY: '${{{{ secrets.NPM_TOKEN }}}}'}}\n"
    )
}

fn replay(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let mut all = vec!["replay"];
    all.extend(args);
    sandbox.run(&all)
}

/// The exit code and the answers of one incident.
fn answers(sandbox: &Sandbox, args: &[&str]) -> (i32, Vec<Value>) {
    let mut all = args.to_vec();
    all.extend(["--format", "json"]);
    let ran = replay(sandbox, &all);
    let page: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
    assert_fits(&page);
    (ran.code, page["answers"].as_array().unwrap().clone())
}

/// Closes every object of a schema: a field that it does not name is wrong.
fn close(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.contains_key("properties") {
            object.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        object.values_mut().for_each(close);
    }
    if let Some(items) = schema.as_array_mut() {
        items.iter_mut().for_each(close);
    }
}

fn assert_fits(page: &Value) {
    assert_closed(include_str!("../../docs/schema/replay-v1.json"), page);
}

/// Holds a document against a schema in which no field is wrong that it names, and
/// every other one is.
pub(crate) fn assert_closed(schema: &str, page: &Value) {
    let mut schema = serde_json::from_str(schema).unwrap();
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(page)
        .map(|e| format!("{e}: {}", e.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn word(answer: &Value) -> &str {
    answer["answer"].as_str().unwrap()
}

const TJ: &str = "tj-actions-changed-files";
const BAD: &str = "0e58ed8671d6b60d0890c21b07f8835ace038e67";
const GOOD: &str = "0123456789012345678901234567890123456789";

#[test]
fn a_moving_ref_is_hit_and_a_good_commit_is_not() {
    for (uses, expected, code) in [
        ("tj-actions/changed-files@v45".to_owned(), "hit", 1),
        (format!("tj-actions/changed-files@{BAD}"), "hit", 1),
        (format!("tj-actions/changed-files@{GOOD}"), "not hit", 0),
        // A release made after the incident, and a name that looks alike.
        ("tj-actions/changed-files@v46.0.2".to_owned(), "not hit", 0),
        ("tj-actions/changed-file@v45".to_owned(), "not hit", 0),
    ] {
        let sandbox = Sandbox::with(workflow("push", &uses));
        let (exit, answers) = answers(&sandbox, &[TJ, "."]);
        assert_eq!((exit, word(&answers[0])), (code, expected), "{uses}");
        if expected != "hit" {
            continue;
        }
        let used = &answers[0]["uses"][0];
        assert_eq!(used["path"], ".github/workflows/ci.yml");
        assert_eq!(used["line"], 8);
        let job = &used["jobs"][0];
        assert_eq!(job["job"], "scan");
        let leaks: Vec<&str> = job["leaks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["asset"].as_str().unwrap())
            .collect();
        assert!(
            leaks.contains(&"secret:NPM_TOKEN") && leaks.contains(&"token:contents"),
            "{leaks:?}"
        );
        assert!(!job["stopped_by"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_the_data_does_not_decide_is_unknown() {
    for uses in [
        // Not every commit of that incident is known.
        format!("checkmarx/kics-github-action@{GOOD}"),
        // Its own commits were not changed, but what they ran was.
        format!("reviewdog/action-shellcheck@{GOOD}"),
        "checkmarx/ast-github-action@v9".to_owned(),
    ] {
        let sandbox = Sandbox::with(workflow("push", &uses));
        let incident = if uses.starts_with("reviewdog") {
            "reviewdog-action-setup"
        } else {
            "checkmarx-actions"
        };
        let (exit, found) = answers(&sandbox, &[incident]);
        assert_eq!((exit, word(&found[0])), (3, "unknown"), "{uses}");
    }
    // What was named before the incident was not the attackers'.
    let sandbox = Sandbox::with(workflow(
        "push",
        &format!("checkmarx/kics-github-action@{GOOD}"),
    ));
    commit_at(&sandbox, "2026-03-01T00:00:00Z");
    let (exit, found) = answers(&sandbox, &["checkmarx-actions", ".", "--rev", "HEAD"]);
    assert_eq!((exit, word(&found[0])), (0, "not hit"));
    // An action that nobody uses hides nothing, and one that a job uses does.
    let sandbox = Sandbox::with(workflow("push", "actions/checkout@v4"));
    sandbox.write("testdata/broken/action.yml", "runs: [\n");
    assert_eq!(answers(&sandbox, &[TJ]).0, 0);
    let sandbox = Sandbox::with(workflow("push", "./testdata/broken"));
    sandbox.write(
        "testdata/broken/action.yml",
        "name: x\nruns: {using: composite, steps: [\n",
    );
    assert_eq!(answers(&sandbox, &[TJ]).0, 3);
    // A workflow that cannot be read hides whatever it uses.
    let sandbox = Sandbox::with("on: push\njobs: [\n");
    let (exit, found) = answers(&sandbox, &[TJ]);
    assert_eq!((exit, word(&found[0])), (3, "unknown"));
}

#[test]
fn a_job_must_have_been_able_to_start() {
    for (on, expected) in [
        ("{schedule: [{cron: '0 3 * * 1'}]}", "not hit"),
        ("{schedule: [{cron: '0 18 * * *'}]}", "hit"),
        ("{schedule: [{cron: '0 3 * * 1'}], push: }", "hit"),
    ] {
        let sandbox = Sandbox::with(workflow(on, "aquasecurity/trivy-action@0.28.0"));
        let (_, found) = answers(&sandbox, &["trivy-action"]);
        assert_eq!(word(&found[0]), expected, "{on}");
    }
}

#[test]
fn history_says_which_commit_stood_there_on_the_day() {
    let sandbox = Sandbox::with(workflow(
        "push",
        &format!("tj-actions/changed-files@{GOOD}"),
    ));
    let before = commit_at(&sandbox, "2025-02-01T12:00:00Z");
    sandbox.write(
        ".github/workflows/ci.yml",
        workflow("push", "tj-actions/changed-files@v45"),
    );
    let during = commit_at(&sandbox, "2025-03-14T10:00:00Z");
    // A branch that was merged afterwards was not the head on that day.
    sandbox.git(&["checkout", "--quiet", "-b", "side", &before]);
    sandbox.write("note", "x");
    commit_at(&sandbox, "2025-03-14T11:00:00Z");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.write(
        ".github/workflows/ci.yml",
        workflow("push", &format!("tj-actions/changed-files@{GOOD}")),
    );
    commit_at(&sandbox, "2025-03-20T10:00:00Z");
    for (args, commit, expected) in [
        (vec!["--at", "2025-03-01"], &before, "not hit"),
        (vec!["--at", "2025-03-14"], &during, "hit"),
        (vec!["--rev", &during], &during, "hit"),
    ] {
        let mut all = vec![TJ, "."];
        all.extend(&args);
        let (_, found) = answers(&sandbox, &all);
        assert_eq!(found[0]["commit"]["id"], commit.as_str(), "{args:?}");
        assert_eq!(word(&found[0]), expected, "{args:?}");
    }
    // `then` looks at the beginning and at the end of the incident.
    let (exit, found) = answers(&sandbox, &[TJ, ".", "--at", "then"]);
    let told: Vec<(&str, &str)> = found
        .iter()
        .map(|a| (a["commit"]["id"].as_str().unwrap(), word(a)))
        .collect();
    assert_eq!(
        told,
        [(before.as_str(), "not hit"), (during.as_str(), "hit")]
    );
    assert_eq!(exit, 1);
    // What is now is not what was.
    assert_eq!(answers(&sandbox, &[TJ]).0, 0);
    // Before the first commit there was nothing to hit.
    let (exit, found) = answers(&sandbox, &[TJ, ".", "--at", "2024-01-01"]);
    assert_eq!((exit, word(&found[0])), (0, "not hit"));
}

#[test]
fn a_history_that_does_not_reach_back_is_no_answer() {
    let origin = Sandbox::with(workflow("push", "tj-actions/changed-files@v45"));
    commit_at(&origin, "2025-03-01T12:00:00Z");
    commit_at(&origin, "2025-05-01T12:00:00Z");
    let sandbox = Sandbox::new();
    let from = format!("file://{}", origin.root().display());
    std::fs::remove_dir(sandbox.root()).unwrap();
    let to = sandbox.root();
    let cloned = Command::new("git")
        .args(["clone", "--quiet", "--depth=1", &from])
        .arg(&to)
        .output()
        .unwrap();
    assert!(cloned.status.success());
    let ran = replay(&sandbox, &[TJ, ".", "--at", "2025-03-14"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("shallow"), "{}", ran.err);
}

const SIZE: &str = "on: pull_request_target\npermissions: {}\njobs:\n  size:\n    runs-on: ubuntu-24.04\n    steps:\n      \
    - uses: actions/checkout@v4\n        with: {ref: '${{ github.event.pull_request.head.sha }}'}\n      - run: npm ci\n";
const RELEASE: &str = "on: {push: {branches: [main]}}\npermissions: {id-token: write}\njobs:\n  release:\n    runs-on: ubuntu-24.04\n    \
    steps:\n      - uses: actions/checkout@v4\n      - uses: actions/cache@v4\n        with: {path: node_modules, key: x}\n      \
    - run: npm publish\n        env: {NODE_AUTH_TOKEN: '${{ secrets.NPM_TOKEN }}'}\n";

#[test]
fn the_way_of_the_attackers_is_found_and_each_cut_closes_it() {
    let sandbox = Sandbox::with(SIZE);
    sandbox.write(".github/workflows/release.yml", RELEASE);
    let (exit, found) = answers(&sandbox, &["tanstack-cache"]);
    assert_eq!((exit, word(&found[0])), (1, "hit"), "{found:?}");
    let way = &found[0]["ways"][0];
    assert_eq!(way["from"], "newcomer");
    let places: Vec<String> = way["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| format!("{}:{}", p["path"].as_str().unwrap_or_default(), p["line"]))
        .collect();
    for place in [
        ".github/workflows/ci.yml:1",
        ".github/workflows/ci.yml:9",
        ".github/workflows/release.yml:8",
    ] {
        assert!(places.iter().any(|p| p == place), "{place}: {places:?}");
    }
    let cuts = [
        (
            ".github/workflows/ci.yml",
            SIZE.replace("pull_request_target", "pull_request"),
        ),
        (
            ".github/workflows/ci.yml",
            SIZE.replace("jobs:", "cache-mode: read\njobs:"),
        ),
        (
            ".github/workflows/release.yml",
            RELEASE.replace("jobs:", "cache-mode: none\njobs:"),
        ),
    ];
    for (path, mended) in cuts {
        let sandbox = Sandbox::with(SIZE);
        sandbox.write(".github/workflows/release.yml", RELEASE);
        sandbox.write(path, &mended);
        let (exit, found) = answers(&sandbox, &["tanstack-cache"]);
        assert_eq!((exit, word(&found[0])), (0, "not hit"), "{mended}");
    }
    // The same files, years of the platform later.
    let later = sandbox.run(&[
        "exposure",
        ".",
        "--date",
        "2026-11-20",
        "--from",
        "newcomer",
        "--format",
        "json",
    ]);
    let then = sandbox.run(&[
        "exposure",
        ".",
        "--date",
        "2026-05-11",
        "--from",
        "newcomer",
        "--format",
        "json",
    ]);
    let reaches = |ran: &Ran| ran.out.contains("\"rule\": \"cache-restore\"");
    assert!(reaches(&then) && !reaches(&later), "{}", then.out);
}

#[test]
fn packages_images_and_downloads_are_looked_for() {
    let step = |run: &str| {
        format!(
            "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: {run}\n        env: {{K: '${{{{ secrets.K }}}}'}}\n"
        )
    };
    for (text, incident, expected) in [
        (step("pip install litellm"), "litellm", "hit"),
        (step("pip install litellm==1.82.7"), "litellm", "hit"),
        (step("pip install litellm==1.82.6"), "litellm", "not hit"),
        (step("pip install 'litellm>=1'"), "litellm", "unknown"),
        (step("npm install -g @nx/js"), "nx-s1ngularity", "unknown"),
        (
            step("bash <(curl -s https://codecov.io/bash)"),
            "codecov-bash-uploader",
            "hit",
        ),
        (
            step("docker run kong/kubernetes-ingress-controller:3.4.0"),
            "kong-ingress-image",
            "hit",
        ),
        (
            step("docker run kong/kubernetes-ingress-controller:3.3.0"),
            "kong-ingress-image",
            "unknown",
        ),
    ] {
        let sandbox = Sandbox::with(&text);
        let (_, found) = answers(&sandbox, &[incident]);
        assert_eq!(word(&found[0]), expected, "{text}");
    }
    // A lockfile that names the package leaves it open, and its own name does not.
    let sandbox = Sandbox::with(step("npm ci"));
    sandbox.write(
        "package-lock.json",
        "{\"packages\": {\"node_modules/nx\": {\"version\": \"21.7.0\"}}}",
    );
    let (exit, found) = answers(&sandbox, &["nx-s1ngularity"]);
    assert_eq!((exit, word(&found[0])), (3, "unknown"));
    assert!(
        found[0]["not_decided"][0]
            .as_str()
            .unwrap()
            .contains("21.7.0")
    );
    sandbox.write("package-lock.json", "{\"name\": \"nx\", \"packages\": {}}");
    assert_eq!(answers(&sandbox, &["nx-s1ngularity"]).0, 0);
}

#[test]
fn every_incident_is_told_in_one_line_and_in_every_format() {
    let sandbox = Sandbox::with(workflow(
        "push",
        "tj-actions/changed-files@v45\n        name: \"\\e[31m::error::x|y\"",
    ));
    let ran = replay(&sandbox, &["."]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let list = replay(&sandbox, &["--list", "--format", "json"]);
    let list: Value = serde_json::from_str(&list.out).unwrap();
    let ids: Vec<&str> = list["incidents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["id"].as_str().unwrap())
        .collect();
    assert!(ids.len() >= 20, "{ids:?}");
    for id in &ids {
        assert_eq!(
            ran.out
                .lines()
                .filter(|line| line.split_whitespace().any(|w| w == *id))
                .count(),
            1,
            "{id}"
        );
        let one = replay(&sandbox, &[id, ".", "--format", "markdown"]);
        assert!(
            one.out.starts_with("# ") && one.out.contains("## Sources"),
            "{}",
            one.out
        );
    }
    let page = replay(&sandbox, &[TJ, ".", "--format", "markdown"]);
    assert!(
        page.out.contains("**hit**") && page.out.contains("`secret:NPM_TOKEN`"),
        "{}",
        page.out
    );
    let human = replay(&sandbox, &["CVE-2025-30066"]);
    for part in [
        "hit",
        "ci.yml:8",
        "would have leaked: ",
        "secret:NPM_TOKEN",
        "stopped by: ",
        "Sources:",
    ] {
        assert!(human.out.contains(part), "{part}: {}", human.out);
    }
    for ran in [&ran, &page, &human] {
        assert!(
            !ran.out.contains('\u{1b}')
                && !ran.out.lines().any(|l| l.trim_start().starts_with("::")),
            "{}",
            ran.out
        );
    }
    assert_eq!(answers(&sandbox, &[]).1.len(), ids.len());
}

#[test]
fn wrong_words_are_wrong_usage_with_the_nearest_name() {
    let sandbox = Sandbox::with(workflow("push", "actions/checkout@v4"));
    let ran = replay(&sandbox, &["tj-actions-changed-file"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("did you mean `tj-actions-changed-files`?"),
        "{}",
        ran.err
    );
    assert_eq!(replay(&sandbox, &[TJ, ".", "--at", "yesterday"]).code, 2);
    assert_eq!(replay(&sandbox, &[TJ, ".", "--at", "2025-03-14"]).code, 2);
    assert_eq!(replay(&sandbox, &[TJ, "nowhere"]).code, 2);
}

#[test]
fn a_way_that_takes_over_somebody_first_is_possible_and_no_hit() {
    let text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n        env: {K: '${{ secrets.KEY }}'}\n";
    let sandbox = Sandbox::with(text);
    let (exit, found) = answers(&sandbox, &["ghostaction"]);
    assert_eq!((exit, word(&found[0])), (0, "possible"), "{found:?}");
    assert_eq!(found[0]["ways"][0]["from"], "writer");
    let ran = sandbox.run(&["replay", "."]);
    assert!(ran.out.contains(", 1 possible, "), "{}", ran.out);
    let ran = sandbox.run(&["replay", "/nowhere/at/all"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(
        ran.err
            .contains("there is no file or folder at /nowhere/at/all"),
        "{}",
        ran.err
    );
}
