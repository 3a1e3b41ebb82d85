//! `cofferdam what-if`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

const RELEASE: &str = "\
on:
  push:
    tags: ['v*']
permissions: {}
jobs:
  publish:
    runs-on: ubuntu-24.04
    environment: release
    permissions:
      contents: write
      id-token: write
    steps:
      - uses: acme/build@v1
        with:
          key: ${{ secrets.SIGNING_KEY }}
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
";

const CI: &str = "\
name: Checks
on: [push, pull_request]
permissions:
  contents: read
jobs:
  lint:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
      - uses: acme/lint@v2
      - uses: acme/build@11bd71901bbe5b1630ceea73d27597364c9af684
      - run: npm install -g left-pad && curl -sSf https://get.example.org/x.sh | sh
";

fn checkout() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(".github/workflows/release.yml", RELEASE);
    sandbox.write(".github/workflows/ci.yml", CI);
    sandbox.write(
        "package.json",
        "{\"name\": \"@acme/app\", \"version\": \"1.0.0\"}\n",
    );
    sandbox
}

fn ask(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let mut all = vec!["what-if"];
    all.extend(args);
    sandbox.run(&all)
}

fn json(sandbox: &Sandbox, args: &[&str]) -> Value {
    let mut all = args.to_vec();
    all.extend(["--format", "json"]);
    let ran = ask(sandbox, &all);
    assert!(ran.code == 0 || ran.code == 3, "{}{}", ran.out, ran.err);
    let page: Value = serde_json::from_str(&ran.out).unwrap();
    valid(&page);
    page
}

/// Holds a document against the published schema.
fn valid(page: &Value) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/what-if-v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(page).map(|e| e.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{page:#}");
}

fn words(list: &Value, key: &str) -> BTreeSet<String> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one[key].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_action_is_answered_on_one_screen() {
    let sandbox = checkout();
    let ran = ask(&sandbox, &["acme/build"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    for part in [
        "action:acme/build: the owner of acme/build turns hostile",
        "Runs in 2 jobs",
        ".github/workflows/release.yml:13  job publish in release (push)  if settings:environment:release",
        ".github/workflows/ci.yml:11  job lint (pull_request, push)  after approval:update",
        "given       SIGNING_KEY, a token that writes contents",
        "beside it   NPM_TOKEN",
        "publish     npm:*, npm:@acme/app",
        "sign as     environment:release",
        "gh secret set NPM_TOKEN",
        "Pin acme/build@v1 to a commit (one line)",
    ] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
    assert!(ran.out.lines().count() <= 48, "{}", ran.out);
    let page = json(&sandbox, &["acme/build"]);
    assert_eq!(page["thing"], "action:acme/build");
    let gains = page["gains"].as_array().unwrap();
    let near = |asset: &str| {
        let found = gains.iter().find(|gain| gain["asset"] == asset);
        found.map(|gain| gain["nearness"].as_str().unwrap().to_owned())
    };
    assert_eq!(near("secret:SIGNING_KEY").as_deref(), Some("direct"));
    assert_eq!(near("secret:NPM_TOKEN").as_deref(), Some("co-resident"));
    assert_eq!(near("tag:*").as_deref(), Some("further"));
    let rotated = words(&page["rotate"], "asset");
    let expected = ["secret:NPM_TOKEN", "secret:SIGNING_KEY"].map(str::to_owned);
    assert_eq!(rotated, expected.into());
    let npm = page["rotate"].as_array().unwrap().iter();
    let npm = npm
        .into_iter()
        .find(|r| r["asset"] == "secret:NPM_TOKEN")
        .unwrap();
    assert_eq!(
        (&npm["opens"], &npm["guessed"]),
        (&"registry".into(), &false.into())
    );
    // The first change saves everything that a mutable ref gives away.
    let first = &page["cuts"][0];
    assert_eq!(first["changes"][0]["what"], "Pin acme/build@v1 to a commit");
    assert_eq!(
        first["saves"].as_array().unwrap().len() as u64,
        page["to_save"].as_u64().unwrap()
    );
}

#[test]
fn a_ref_counts_its_own_uses_alone() {
    let sandbox = checkout();
    let tag = json(&sandbox, &["action:acme/build@v1"]);
    assert_eq!(words(&tag["enters"], "job"), ["publish".to_owned()].into());
    assert!(
        tag["notes"][0]
            .as_str()
            .unwrap()
            .contains("11bd71901bbe5b1630ceea73d27597364c9af684")
    );
    // A commit that is bad itself runs now, pinned or not.
    let commit = json(&sandbox, &["acme/build@11bd719"]);
    assert_eq!(words(&commit["enters"], "job"), ["lint".to_owned()].into());
    assert_eq!(commit["enters"][0]["verdict"]["level"], "reachable");
    // A tag that a comment names is not what runs there.
    let pinned = "on: push\njobs: {a: {runs-on: x, steps: [\n  {uses: acme/pinned@5b1f3c2d4e6a7988b0c1d2e3f4a5968778695a4b}, # v6.4.0\n  ]}}\n";
    sandbox.write(".github/workflows/pinned.yml", pinned);
    let ran = ask(&sandbox, &["acme/pinned@v6.4.0"]);
    let note = "pinned to a commit that a comment calls v6.4.0: .github/workflows/pinned.yml:3";
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(note), "{}", ran.out);
    let none = ask(&sandbox, &["acme/build@v9"]);
    assert_eq!(none.code, 0, "{}", none.err);
    assert!(none.out.contains("Gets nothing"), "{}", none.out);
}

#[test]
fn names_are_taken_as_people_write_them() {
    let sandbox = checkout();
    for (name, thing) in [
        ("acme/lint", "action:acme/lint"),
        ("ACME/Lint@v2", "action:acme/lint@v2"),
        ("https://github.com/acme/lint", "action:acme/lint"),
        ("lint", "action:acme/lint"),
        ("left-pad", "tool:npm/left-pad"),
        ("npm:left-pad", "tool:npm/left-pad"),
        ("npm/left-pad@1.2", "tool:npm/left-pad"),
        ("get.example.org", "url:get.example.org/x.sh"),
        ("npm_token", "secret:NPM_TOKEN"),
        ("secret:NPM_TOKEN", "secret:NPM_TOKEN"),
        ("release.yml", "workflow:.github/workflows/release.yml"),
        ("Checks", "workflow:.github/workflows/ci.yml"),
        ("writer", "writer"),
        ("app:bot", "app:bot"),
        ("branch:main", "branch:default"),
        ("environment:release", "environment:release"),
        ("acme/*", "acme/*"),
    ] {
        let page = json(&sandbox, &[name]);
        assert_eq!(page["thing"], thing, "{name}");
    }
}

#[test]
fn a_name_that_means_nothing_or_too_much_is_wrong_usage() {
    let sandbox = checkout();
    let ran = ask(&sandbox, &["acme/biuld"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(
        ran.err.contains("did you mean `action:acme/build`"),
        "{}",
        ran.err
    );
    sandbox.write(
        ".github/workflows/two.yml",
        "on: push\njobs: {a: {runs-on: x, steps: [{uses: other/lint@v1}]}}\n",
    );
    let ran = ask(&sandbox, &["lint"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    for part in ["`action:acme/lint`", "`action:other/lint`"] {
        assert!(ran.err.contains(part), "{}", ran.err);
    }
    let ran = ask(&sandbox, &["nobody/none"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(
        ran.err
            .contains("`nobody/none` is not used in this checkout"),
        "{}",
        ran.err
    );
    // What was not read may use it.
    sandbox.write(".github/workflows/broken.yml", "on: push\njobs: [\n");
    let ran = ask(&sandbox, &["acme/none"]);
    assert!(ran.err.contains("not understood as a whole"), "{}", ran.err);
    for wrong in [
        &["--all", "--without", "all"] as &[&str],
        &["--without", "approval:merge", "--recursive"],
        &[],
    ] {
        assert_eq!(ask(&sandbox, wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_stolen_secret_names_who_holds_it_and_who_reaches_it() {
    let sandbox = checkout();
    let page = json(&sandbox, &["NPM_TOKEN"]);
    assert_eq!(words(&page["enters"], "job"), ["publish".to_owned()].into());
    assert_eq!(page["uses"][0]["opens"], "registry");
    assert!(words(&page["gains"], "asset").contains("publish:npm:@acme/app"));
    let reached = words(&page["reached_by"], "position");
    for position in ["writer", "action:acme/build"] {
        assert!(reached.contains(position), "{reached:?}");
    }
    assert!(!reached.contains("action:acme/lint"), "{reached:?}");
    assert!(words(&page["rotate"], "asset").contains("secret:NPM_TOKEN"));
}

#[test]
fn dependencies_are_ranked_by_what_they_would_get() {
    let sandbox = checkout();
    let page = json(&sandbox, &["--all"]);
    let all = page["dependencies"].as_array().unwrap();
    let points = |name: &str| {
        let found = all.iter().find(|one| one["position"] == name);
        found.unwrap()["points"].as_u64().unwrap()
    };
    assert_eq!(all[0]["position"], "action:acme/build");
    assert!(points("action:acme/build") > points("action:acme/lint"));
    assert!(points("action:acme/lint") > points("action:actions/checkout"));
    assert_eq!(points("tool:npm/left-pad"), points("action:acme/lint"));
    let ran = ask(&sandbox, &["--all", "."]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let first = ran.out.lines().nth(2).unwrap();
    assert!(first.starts_with("action:acme/build "), "{}", ran.out);
}

#[test]
fn a_layer_that_falls_takes_with_it_what_it_held() {
    let sandbox = checkout();
    let page = json(&sandbox, &["--without", "approval:environment:release"]);
    let falls = page["falls"].as_array().unwrap();
    let npm = falls.iter().find(|fall| {
        fall["asset"] == "secret:NPM_TOKEN" && fall["position"] == "action:acme/build"
    });
    let npm = npm.unwrap();
    assert_eq!(npm["was"]["level"], "reachable-if");
    assert_eq!(npm["is"]["level"], "reachable");
    // The pin of one action frees no other.
    let page = json(&sandbox, &["--without", "pin:actions/checkout"]);
    let who = words(&page["falls"], "position");
    assert!(
        who.iter().all(|one| one == "action:actions/checkout"),
        "{who:?}"
    );
    // Whoever proposes a change writes the default branch where nobody looks.
    let page = json(&sandbox, &["--without", "codeowners"]);
    let falls = page["falls"].as_array().unwrap();
    let merged = falls
        .iter()
        .any(|f| f["position"] == "newcomer" && f["asset"] == "branch:default");
    assert!(merged, "{page:#}");
    let page = json(&sandbox, &["--without", "app:bot"]);
    let who = words(&page["falls"], "position");
    assert_eq!(who, ["app:bot".to_owned()].into());
    let ran = ask(&sandbox, &["--without", "approval:environment:relase"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(
        ran.err.contains("approval:environment:release"),
        "{}",
        ran.err
    );
}

#[test]
fn every_layer_is_listed_with_what_it_holds() {
    let sandbox = checkout();
    for args in [
        &["--without", "all"] as &[&str],
        &["--without", "."],
        &["--without"],
    ] {
        let ran = ask(&sandbox, args);
        assert_eq!(ran.code, 0, "{args:?} {}", ran.err);
        assert!(ran.out.contains("pin:acme/build"), "{args:?} {}", ran.out);
    }
    let page = json(&sandbox, &["--without", "all"]);
    let layers = page["layers"].as_array().unwrap();
    let layer = |name: &str| layers.iter().find(|one| one["layer"] == name).unwrap();
    assert_eq!(layer("settings:environment:release")["seen"], false);
    assert!(
        layer("settings:environment:release")["pairs"]
            .as_u64()
            .unwrap()
            > 0
    );
    assert_eq!(layer("pin:acme/build")["positions"][0], "action:acme/build");
    assert!(
        layer("approval:merge")["assets"]
            .as_array()
            .unwrap()
            .contains(&"branch:default".into())
    );
}

#[test]
fn a_folder_of_repositories_is_asked_as_one() {
    let sandbox = Sandbox::new();
    sandbox.write("one/.github/workflows/release.yml", RELEASE);
    sandbox.write("two/.github/workflows/ci.yml", CI);
    sandbox.write(
        "three/.github/workflows/ci.yml",
        "on: push\njobs: {a: {runs-on: x, steps: [{run: make}]}}\n",
    );
    let ran = ask(&sandbox, &["acme/build", "--recursive", "."]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for part in [
        "./one",
        "./two",
        "comes into 2 of 3 repositories, 2 jobs",
        "Replace 2 secrets of 1 repository",
    ] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
    assert!(!ran.out.contains("./three"), "{}", ran.out);
    let page = json(&sandbox, &["acme/build", "--recursive", "."]);
    assert_eq!(page["summary"]["hit"], 2);
    assert_eq!(
        words(&page["repositories"], "name"),
        ["./one", "./two"].map(str::to_owned).into()
    );
    let page = json(&sandbox, &["--all", "--recursive", "."]);
    let build = page["dependencies"].as_array().unwrap();
    let build = build
        .iter()
        .find(|one| one["position"] == "action:acme/build")
        .unwrap();
    assert_eq!(
        (&build["repositories"], &build["jobs"]),
        (&2.into(), &2.into())
    );
    // A layer that none has is told before anything else.
    for format in ["human", "json"] {
        let ran = ask(
            &sandbox,
            &[
                "acme/build",
                "--recursive",
                "--without",
                "approval:environment:relaese",
                "--format",
                format,
                ".",
            ],
        );
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
        assert!(
            ran.err
                .contains("did you mean `approval:environment:release`?"),
            "{}",
            ran.err
        );
    }
    let page = json(
        &sandbox,
        &[
            "acme/build",
            "--recursive",
            "--without",
            "approval:environment:release",
            ".",
        ],
    );
    assert_eq!(page["summary"]["hit"], 2);
    // None is an answer, and what was not read is named.
    let ran = ask(&sandbox, &["other/thing", "--recursive", "."]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("comes into none of 3 repositories"),
        "{}",
        ran.out
    );
    sandbox.write("four/.github/workflows/ci.yml", "on: push\njobs: [\n");
    let ran = ask(&sandbox, &["other/thing", "--recursive", "."]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("four"), "{}", ran.out);
    let page = json(&sandbox, &["other/thing", "--recursive", "."]);
    assert_eq!(page["summary"]["doubtful"].as_array().unwrap().len(), 1);
}

#[test]
fn text_of_the_checkout_does_nothing_to_a_terminal() {
    let sandbox = Sandbox::with(
        "on: push\njobs:\n  \"a\\e[31m\":\n    runs-on: x\n    steps:\n      - uses: \"acme/x@v1\\e[31m\"\n      - run: npm install -g '\u{202e}y'\n        env: {K: '${{ secrets.K }}'}\n",
    );
    for args in [
        &["acme/x"] as &[&str],
        &["--all"],
        &["--without", "all"],
        &["k"],
    ] {
        let ran = ask(&sandbox, args);
        assert!(!ran.out.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.out);
        assert!(!ran.err.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.err);
    }
}
