//! `cofferdam deps list`, `tree`, `why` and `licenses`.

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

const PACKAGE_LOCK: &str = r#"{
  "name": "app", "version": "1.0.0", "lockfileVersion": 3,
  "packages": {
    "": {"name": "app", "version": "1.0.0", "dependencies": {"a": "^1", "c": "^1"}},
    "node_modules/a": {"version": "1.0.0", "license": "MIT",
      "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": "sha512-AAAA",
      "dependencies": {"b": "^2"}},
    "node_modules/b": {"version": "2.0.0", "license": "(MIT OR GPL-3.0-only)",
      "resolved": "https://registry.npmjs.org/b/-/b-2.0.0.tgz", "integrity": "sha512-BBBB",
      "dependencies": {"a": "^1"}},
    "node_modules/c": {"version": "1.0.0", "license": "AGPL-3.0-only",
      "resolved": "https://registry.npmjs.org/c/-/c-1.0.0.tgz", "integrity": "sha512-CCCC",
      "dependencies": {"b": "^2"}}
  }
}
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("web/package-lock.json", PACKAGE_LOCK);
    sandbox
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

#[test]
fn every_lockfile_workflow_and_dockerfile_is_listed() {
    let sandbox = sandbox();
    sandbox.write(
        ".github/workflows/ci.yml",
        "on: push\njobs:\n  a:\n    runs-on: x\n    container: alpine:3.20\n    steps:\n      \
         - uses: actions/checkout@v4\n",
    );
    sandbox.write("Dockerfile", "FROM debian:12 AS base\nFROM base\n");
    sandbox.write("node_modules/x/package-lock.json", PACKAGE_LOCK);
    let ran = sandbox.run(&["deps", "list"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for wanted in [
        "web/package-lock.json (package-lock.json): 3 packages",
        "  a 1.0.0  (direct)\n",
        "  b 2.0.0\n",
        "  actions/checkout v4  (direct, development, git https://github.com/actions/checkout)",
        "  alpine 3.20  (direct)",
        "  debian 12  (direct)",
        "6 packages in 3 files",
    ] {
        assert!(ran.out.contains(wanted), "{wanted}: {}", ran.out);
    }
    let ran = sandbox.run(&[
        "deps",
        "list",
        "--format",
        "json",
        "--direct",
        "--lockfiles-only",
    ]);
    let page = json(&ran);
    let packages = page["files"][0]["packages"].as_array().unwrap();
    let names: Vec<&str> = packages
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(packages[0]["purl"], "pkg:npm/a@1.0.0");
    assert_eq!(packages[0]["line"], 5);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line_and_ends_in_3() {
    let cases = [
        (
            "package-lock.json",
            "{\n\"lockfileVersion\": 9}\n",
            "lockfile-version",
            2,
        ),
        (
            "Cargo.lock",
            "version = 3\n<<<<<<< ours\n",
            "lockfile-conflict",
            2,
        ),
        ("poetry.lock", "[[package]\n", "lockfile-syntax", 1),
        ("Package.resolved", "{}", "lockfile-format", 1),
    ];
    for (path, text, code, line) in cases {
        let sandbox = sandbox();
        sandbox.write(path, text);
        let ran = sandbox.run(&["deps", "list", "--format", "json"]);
        assert_eq!(ran.code, 3, "{path}: {}{}", ran.out, ran.err);
        let page = json(&ran);
        let gap = &page["not_checked"][0];
        assert_eq!(
            (&gap["code"], &gap["path"], &gap["line"]),
            (&code.into(), &path.into(), &line.into())
        );
        // The others are listed nevertheless.
        assert_eq!(page["files"].as_array().unwrap().len(), 1);
        let ran = sandbox.run(&["deps", "list", "--exclude", path]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(
            ran.out.contains(&format!("left out: {path}")),
            "{}",
            ran.out
        );
    }
}

#[test]
fn a_tree_marks_circles_and_ends_at_a_depth() {
    let sandbox = sandbox();
    let ran = sandbox.run(&["deps", "tree"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let wanted = "a 1.0.0\n└── b 2.0.0\n    └── a 1.0.0  (circle: it stands above itself)\nc 1.0.0\n\
                  └── b 2.0.0  (shown above)\n";
    assert!(ran.out.contains(wanted), "{}", ran.out);
    let ran = sandbox.run(&["deps", "tree", "--depth", "1"]);
    assert!(ran.out.contains("└── b 2.0.0  …\n"), "{}", ran.out);
    let ran = sandbox.run(&["deps", "tree", "--invert", "b"]);
    let wanted =
        "b 2.0.0\n├── a 1.0.0\n│   └── b 2.0.0  (circle: it stands above itself)\n└── c 1.0.0\n";
    assert!(ran.out.contains(wanted), "{}", ran.out);
}

#[test]
fn the_shortest_ways_to_a_package_are_shown() {
    let sandbox = sandbox();
    let ran = sandbox.run(&["deps", "why", "b"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let wanted = "b 2.0.0 in web/package-lock.json:8\n  the project → a 1.0.0 → b 2.0.0\n  \
                  the project → c 1.0.0 → b 2.0.0\n";
    assert!(ran.out.contains(wanted), "{}", ran.out);
    let ran = sandbox.run(&["deps", "why", "b@2.0.0", "--most", "1", "--format", "json"]);
    let page = json(&ran);
    assert_eq!(page["packages"][0]["ways"].as_array().unwrap().len(), 1);
    assert_eq!(page["packages"][0]["more_ways"], 1);
    for nobody in ["b@3.0.0", "nobody"] {
        let ran = sandbox.run(&["deps", "why", nobody]);
        assert_eq!(ran.code, 2, "{}", ran.out);
        assert!(ran.err.contains("no file names a package"), "{}", ran.err);
    }
}

#[test]
fn licences_are_grouped_and_judged() {
    let sandbox = sandbox();
    sandbox.write(
        "yarn.lock",
        "# yarn lockfile v1\n\n\nleft@^1:\n  version \"1.0.0\"\n  resolved \
         \"https://registry.yarnpkg.com/left/-/left-1.0.0.tgz#0123456789012345678901234567890123456789\"\n",
    );
    let ran = sandbox.run(&["deps", "licenses"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for wanted in [
        "MIT: 1 package\n  a 1.0.0",
        "unknown: 1 package\n  left 1.0.0",
    ] {
        assert!(ran.out.contains(wanted), "{}", ran.out);
    }
    let ran = sandbox.run(&["deps", "licenses", "--allow", "MIT"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out.contains("AGPL-3.0-only: 1 package  NOT ALLOWED"),
        "{}",
        ran.out
    );
    assert!(
        !ran.out.contains("GPL-3.0-only): 1 package  NOT"),
        "{}",
        ran.out
    );
    assert_eq!(
        sandbox.run(&["deps", "licenses", "--fail-on-unknown"]).code,
        1
    );
    // What lies in node_modules speaks for its own version alone.
    let manifest = |version: &str| {
        format!("{{\"name\": \"left\", \"version\": \"{version}\", \"license\": \"ISC\"}}")
    };
    sandbox.write("node_modules/left/package.json", manifest("1.0.1"));
    assert_eq!(
        sandbox.run(&["deps", "licenses", "--fail-on-unknown"]).code,
        1
    );
    sandbox.write("node_modules/left/package.json", manifest("1.0.0"));
    let ran = sandbox.run(&["deps", "licenses", "--fail-on-unknown"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let ran = sandbox.run(&["deps", "licenses", "--allow", "Mine"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("`Mine` is no licence of SPDX"),
        "{}",
        ran.err
    );
}

#[test]
fn names_of_others_do_nothing_to_a_log() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "package-lock.json",
        r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/x\n::error::a\u001b[31m##[group]": {"version": "1\r\n::set-output name=a::b"}}}"#,
    );
    for command in [["deps", "list"], ["deps", "tree"], ["deps", "licenses"]] {
        for format in ["human", "json"] {
            let ran = sandbox.run(&[command[0], command[1], "--format", format]);
            assert!(
                !ran.out.contains('\u{1b}') && !ran.out.contains("##["),
                "{}",
                ran.out
            );
            let obeyed = ran
                .out
                .lines()
                .any(|line| line.trim_start().starts_with("::"));
            assert!(!obeyed, "{}", ran.out);
        }
    }
}

#[test]
fn a_commit_is_read_like_a_work_tree() {
    let sandbox = sandbox();
    sandbox.commit();
    sandbox.write("web/package-lock.json", "{");
    let ran = sandbox.run(&["deps", "list", "--rev", "HEAD"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("3 packages in 1 file"), "{}", ran.out);
    assert_eq!(sandbox.run(&["deps", "list"]).code, 3);
    assert_eq!(sandbox.run(&["deps", "list", "--rev", "nothing"]).code, 2);
    let outside = sandbox.outside().join("nowhere");
    assert_eq!(
        sandbox
            .run(&["deps", "list", outside.to_str().unwrap()])
            .code,
        2
    );
}
