//! `cofferdam threat-model`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Ran, Sandbox};

const WORKFLOW: &str = "on: pull_request_target\npermissions: {contents: write}\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    \
    steps:\n      - uses: actions/checkout@v4.1.0\n        with: {ref: '${{ github.event.pull_request.head.sha }}'}\n      \
    - run: make\n        env: {KEY: '${{ secrets.NPM_TOKEN }}'}\n      - uses: acme/build@v1\n";

fn model(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let mut all = vec!["threat-model"];
    all.extend(args);
    sandbox.run(&all)
}

/// Holds a diagram against the part of Mermaid's grammar that is used: every line
/// is one of these forms, with labels in which nothing is markup.
fn assert_diagram(text: &str) {
    let id = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let label = |text: &str| {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('#') {
            let (number, after) = after.split_once(';').unwrap_or_else(|| panic!("{text}"));
            assert!(number.bytes().all(|b| b.is_ascii_digit()), "{text}");
            assert!(!before.contains(';'), "{text}");
            rest = after;
        }
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || " ./_-@:,#;".contains(c))
    };
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("flowchart LR"));
    for line in lines.map(str::trim) {
        let node = || {
            let (name, rest) = line.split_once('"')?;
            let (text, close) = rest.rsplit_once('"')?;
            let (name, open) = name.split_at(name.find(['(', '['])?);
            let pairs = [("([", "])"), ("[(", ")]"), ("[", "]")];
            Some(id(name) && label(text) && pairs.contains(&(open, close)))
        };
        let arrow = || {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                [a, "-->", b] | [a, "-.", "\"if\"" | "\"after\"", ".->", b] => Some(id(a) && id(b)),
                _ => None,
            }
        };
        let known = line == "end" || line.starts_with("subgraph ") || line.starts_with("%% ");
        assert!(
            known || arrow() == Some(true) || node() == Some(true),
            "{line}"
        );
    }
}

fn assert_diagrams(page: &str) {
    let parts: Vec<&str> = page.split("```mermaid\n").skip(1).collect();
    assert!(!parts.is_empty(), "{page}");
    for part in parts {
        assert_diagram(part.split("```").next().unwrap());
    }
}

#[test]
fn every_part_is_there_and_the_diagrams_are_valid() {
    let sandbox = Sandbox::with(WORKFLOW);
    let ran = model(&sandbox, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    for part in [
        "## Assets",
        "## Positions",
        "## Trust boundaries",
        "## Worst paths",
        "## Existing controls",
        "## Residual risk",
        "## What is not known",
        "`secret:NPM_TOKEN`",
        "`action:acme/build`",
        "`newcomer`",
        "ci.yml",
        "settings:actions-policy",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_diagrams(&ran.out);
    assert!(!ran.out.contains("ci.yml:"), "{}", ran.out);
    assert!(
        !ran.out.contains("@v1") && !ran.out.contains("@v4"),
        "{}",
        ran.out
    );
}

#[test]
fn hostile_names_break_no_table_and_no_diagram() {
    let workflow = "on: push\njobs:\n  \"x\\\"]; click a|b `c` <b>\":\n    runs-on: ubuntu-24.04\n    environment: \"pro\\\"d|uction`]-->x;%%\"\n    \
        steps:\n      - run: make\n        env: {A: '${{ secrets.A }}'}\n      - uses: acme/build@v1\n";
    let sandbox = Sandbox::with(workflow);
    sandbox.write(".github/workflows/a b\"|.yml", WORKFLOW);
    let ran = model(&sandbox, &[]);
    assert_diagrams(&ran.out);
    for line in ran.out.lines().filter(|line| line.starts_with('|')) {
        let bars = line.replace("\\|", "").matches('|').count();
        assert!(bars == 4 || bars == 5, "{line}");
    }
}

#[test]
fn unrelated_edits_leave_every_byte_and_related_ones_do_not() {
    let sandbox = Sandbox::with(WORKFLOW);
    let file = sandbox.path("model.md");
    let file = file.to_str().unwrap();
    assert_eq!(model(&sandbox, &[".", "--write", file]).code, 0);
    let same = |what: &str| {
        let ran = model(&sandbox, &[".", "--check", file]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{what}");
    };
    same("nothing");
    sandbox.write(
        ".github/workflows/ci.yml",
        format!("# a comment\n\n{WORKFLOW}"),
    );
    same("a comment");
    sandbox.write(
        ".github/workflows/ci.yml",
        WORKFLOW.replace("acme/build@v1", "acme/build@v2"),
    );
    same("a newer version");
    sandbox.write(
        ".github/workflows/ci.yml",
        WORKFLOW.replace("- run: make", "- name: Build it\n        run: make"),
    );
    same("a name");
    sandbox.write(".github/workflows/ci.yml", WORKFLOW);
    sandbox.write("src/main.rs", "fn main() {}");
    sandbox.write("README.md", "x");
    sandbox.commit();
    same("a commit");
    fs::write(
        file,
        fs::read_to_string(file).unwrap().replace('\n', "\r\n"),
    )
    .unwrap();
    same("other ends of lines");
    assert_eq!(model(&sandbox, &[".", "--write", file]).code, 0);
    // A secret more is drift, and is shown.
    sandbox.write(
        ".github/workflows/ci.yml",
        WORKFLOW.replace("secrets.NPM_TOKEN", "secrets.OTHER_TOKEN"),
    );
    let ran = model(&sandbox, &[".", "--check", file]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out.contains("+| `secret:OTHER_TOKEN`") && ran.out.contains("-| `secret:NPM_TOKEN`"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("is stale"), "{}", ran.out);
    assert_eq!(model(&sandbox, &[".", "--check", "nowhere.md"]).code, 2);
    assert_eq!(
        model(&sandbox, &[".", "--check", file, "--write", file]).code,
        2
    );
    // What was not read is no model.
    sandbox.write(".github/workflows/broken.yml", "on: push\njobs: [\n");
    let ran = model(&sandbox, &["."]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("broken.yml"), "{}", ran.out);
}

/// The project's own model, which is committed.
#[test]
fn the_committed_model_is_what_the_checkout_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ran = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .args(["threat-model", ".", "--check", "docs/threat-model-ci.md"])
        .args(["--repository", "cofferdam/cofferdam"])
        .current_dir(root)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{out}");
    assert_diagrams(&fs::read_to_string(root.join("docs/threat-model-ci.md")).unwrap());
}
