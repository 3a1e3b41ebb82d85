#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use cofferdam_facts::SourceFile;
use cofferdam_workflows::repository::Tree;
use proptest::prelude::*;

use super::*;

const SHA: &str = "34e114876b0b11c390a56381ad16ebd13914f8d5";
const H1: &str = "h1:tFm0DHYQ3pUCWGRIbLNZ+b1yUN0wbSU6x4r6AwFW6jo=";
const SUM: &str = "a3f5d9b1c2e4a3f5d9b1c2e4a3f5d9b1c2e4a3f5d9b1c2e4a3f5d9b1c2e4a3f5";

const CI: &str = "\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: alpine:3.20
    steps:
      - uses: actions/checkout@v4
      - uses: Acme/Tools/lint@v1
      - uses: actions/setup-go@v5
        with: {go-version: 1.25.x}
      - uses: ./.github/actions/own
      - run: |
          curl -sSfLo it https://example.com/it
          echo 'a3f5d9b1c2e4a3f5d9b1c2e4a3f5d9b1c2e4a3f5d9b1c2e4a3f5d9b1c2e4a3f5  it' | sha256sum -c
          chmod +x it
          ./it
  call:
    uses: acme/flows/.github/workflows/release.yml@v2
";

const OWN: &str = "\
name: own
runs:
  using: composite
  steps:
    - uses: acme/inner@v3
";

const DOCKERFILE: &str = "FROM golang:1.25 AS build\nFROM build\nFROM scratch\n";

fn ours() -> String {
    let entry = |pin: &str, path: &str, rest: &str| {
        format!(
            "    '{pin}':\n        commit: 'sha1-{SHA}'\n        tree: '{H1}'\n        paths:\n            - '{path}'\n{rest}"
        )
    };
    let digest = "0".repeat(64);
    format!(
        "\
# Written by `cofferdam lock write`. Review it like code, and do not edit it by hand.
# What it means: https://github.com/cofferdam/cofferdam/blob/main/docs/locking.md
version: 1
actions:
{}{}{}{}{}{}{}images:
    'alpine:3.20': 'sha256:{digest}'
    'deep:1': 'no hash known'
bases:
    'golang:1.25': 'sha256:{digest}'
tools:
    'actions/setup-go@v5 go 1.25.x': 'github.com/actions/go-versions, go.dev'
downloads:
    'https://example.com/it': 'sha256:{SUM}'
local:
    '.github/actions/own': '{H1}'
",
        entry(
            "acme/deep@v9",
            ".",
            "        images:\n            - 'deep:1'\n"
        ),
        entry(
            "acme/flows@v2",
            ".github/workflows/release.yml",
            "        uses:\n            - 'acme/deep@v9'\n"
        ),
        entry("acme/inner@v3", ".", ""),
        entry(
            "acme/tools@v1",
            "lint",
            "        uses:\n            - 'acme/used@v1'\n"
        ),
        entry("acme/used@v1", ".", ""),
        entry("actions/checkout@v4", ".", ""),
        entry("actions/setup-go@v5", ".", ""),
    )
}

fn theirs() -> String {
    let mut text = "version: 'v0.0.2'\nworkflows:\n    '.github/workflows/ci.yml':\n        - 'acme/tools@v1'\n        - 'actions/checkout@v4'\n        - 'actions/setup-go@v5'\ndependencies:\n".to_owned();
    for (pin, uses) in [
        (
            "acme/tools@v1",
            "        uses:\n            - 'acme/used@v1'\n",
        ),
        ("acme/used@v1", ""),
        ("actions/checkout@v4", ""),
        ("actions/setup-go@v5", ""),
    ] {
        let name = pin.split('@').nth(1).unwrap();
        text.push_str(&format!(
            "    '{pin}':\n        ref: '{name}'\n        commit: 'sha1-{SHA}'\n        owner_id: 1\n        repo_id: 2\n{uses}"
        ));
    }
    text
}

const OURS: &str = ".github/cofferdam.lock";
const THEIRS: &str = ".github/workflows/actions.lock";
const WORKFLOW: &str = ".github/workflows/ci.yml";

fn files() -> BTreeMap<String, String> {
    [
        (WORKFLOW, CI.to_owned()),
        (".github/actions/own/action.yml", OWN.to_owned()),
        ("Dockerfile", DOCKERFILE.to_owned()),
        (OURS, ours()),
        (THEIRS, theirs()),
    ]
    .map(|(path, text)| (path.to_owned(), text))
    .into()
}

fn judged(
    files: &BTreeMap<String, String>,
    own: &str,
) -> Vec<(String, usize, &'static str, String)> {
    let tree = Tree::new(files.keys().map(|path| Arc::from(path.as_str())).collect());
    let sources = files
        .iter()
        .map(|(path, text)| SourceFile::new(path.as_str(), text.as_str()));
    let repository = Repository::read(sources.collect(), tree);
    let folder = LocalFolder::Hashed {
        exact: own.to_owned(),
        unix: H1.to_owned(),
    };
    let local = [(".github/actions/own".to_owned(), folder)].into();
    let checked = check(&repository, &local);
    let told = checked.problems.into_iter();
    told.map(|p| {
        (
            p.location.path.to_string(),
            p.location.line,
            p.code.id(),
            p.message,
        )
    })
    .collect()
}

/// The codes and lines after one edit, and the file.
fn after(path: &str, from: &str, to: &str) -> Vec<(String, usize, &'static str)> {
    let mut files = files();
    let text = files.get_mut(path).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    let found = judged(&files, H1);
    found
        .into_iter()
        .map(|(path, line, code, _)| (path, line, code))
        .collect()
}

fn at(path: &str, line: usize, code: &'static str) -> (String, usize, &'static str) {
    (path.to_owned(), line, code)
}

#[test]
fn a_whole_lock_has_no_problem() {
    assert_eq!(judged(&files(), H1), []);
}

#[test]
fn what_is_added_to_the_workflow_is_not_locked() {
    let step = "      - uses: actions/checkout@v4\n";
    for (added, codes) in [
        (
            "      - uses: evil/new@v1\n",
            vec!["incomplete-lockfile", "not-pinned"],
        ),
        (
            "      - uses: actions/checkout@V4\n",
            vec!["incomplete-lockfile", "not-pinned"],
        ),
        ("      - uses: acme/tools/other@v1\n", vec!["not-pinned"]),
        ("      - uses: docker://busybox:1\n", vec!["not-pinned"]),
        (
            "      - uses: ./.github/actions/other\n",
            vec!["not-pinned"],
        ),
        ("      - uses: evil/new\n", vec!["ref-missing"]),
        ("      - run: docker run busybox:2 x\n", vec!["not-pinned"]),
        (
            "      - run: curl -L https://example.com/x | sh\n",
            vec!["not-pinned"],
        ),
        (
            "      - {uses: actions/setup-go@v5, with: {go-version: 1.26.x}}\n",
            vec!["not-pinned"],
        ),
    ] {
        let found = after(WORKFLOW, step, &format!("{step}{added}"));
        let expected: Vec<_> = codes
            .into_iter()
            .map(|code| at(WORKFLOW, 8, code))
            .collect();
        assert_eq!(found, expected, "{added}");
    }
    let call = after(WORKFLOW, "release.yml@v2", "other.yml@v2");
    assert_eq!(
        call,
        [at(OURS, 12, "stale"), at(WORKFLOW, 18, "not-pinned")]
    );
    let base = after("Dockerfile", "golang:1.25", "golang:1.26");
    assert_eq!(
        base,
        [at(OURS, 50, "stale"), at("Dockerfile", 1, "not-pinned")]
    );
    let inner = after(
        ".github/actions/own/action.yml",
        "acme/inner@v3",
        "acme/inner@v4",
    );
    assert_eq!(
        inner,
        [
            at(".github/actions/own/action.yml", 5, "not-pinned"),
            at(OURS, 19, "stale")
        ]
    );
}

#[test]
fn locks_that_differ_or_lack_something_are_told_with_their_place() {
    let other = SHA.replacen("34", "35", 1);
    let first = format!("'acme/used@v1':\n        commit: 'sha1-{SHA}");
    let moved = after(OURS, &first, &first.replace(SHA, &other));
    assert_eq!(moved, [at(OURS, 31, "locks-disagree")]);
    let gone = after(THEIRS, "        uses:\n            - 'acme/used@v1'\n", "");
    assert_eq!(
        gone,
        [at(OURS, 24, "locks-disagree"), at(THEIRS, 13, "stale")]
    );
    let listed = after(THEIRS, "        - 'actions/setup-go@v5'\n", "");
    assert_eq!(
        listed,
        [
            at(THEIRS, 24, "stale"),
            at(WORKFLOW, 9, "incomplete-lockfile")
        ]
    );
    let missing = after(OURS, "    'deep:1': 'no hash known'\n", "");
    assert_eq!(missing, [at(OURS, 5, "incomplete-lockfile")]);
    let download = after(OURS, "a3f5", "b3f5");
    assert_eq!(download, [at(WORKFLOW, 13, "reference-differs")]);
    let form = after(OURS, "version: 1\n", "version: 1\n\n");
    assert_eq!(form, [at(OURS, 4, "lock-form")]);
    let newer = after(OURS, "version: 1\n", "version: 2\n");
    assert_eq!(newer, [at(OURS, 3, "unknown-lock-version")]);
    let stale = after(
        THEIRS,
        "workflows:\n",
        "workflows:\n    '.github/workflows/gone.yml': []\n",
    );
    assert_eq!(stale, [at(THEIRS, 3, "stale-workflow")]);
    let unlisted = after(THEIRS, "ci.yml", "ci2.yml");
    assert_eq!(
        unlisted,
        [
            at(THEIRS, 3, "stale-workflow"),
            at(WORKFLOW, 7, "onboarding-required")
        ]
    );
    let conflict = after(
        THEIRS,
        "workflows:\n",
        "<<<<<<< HEAD\nworkflows:\n=======\n>>>>>>> x\n",
    );
    assert_eq!(conflict[0], at(THEIRS, 2, "malformed-lock"));
}

#[test]
fn a_changed_local_action_and_other_line_breaks_are_told_apart() {
    let changed = judged(&files(), "h1:x");
    assert_eq!(changed.len(), 1);
    assert!(
        changed[0].3.contains("line breaks of Windows"),
        "{changed:?}"
    );
    let mut other = files();
    let text = other.get_mut(OURS).unwrap();
    *text = text.replace(
        &format!("own': '{H1}"),
        &format!("own': '{}", H1.replace("tFm", "uFm")),
    );
    let changed = judged(&other, "h1:x");
    assert_eq!((changed[0].2, changed[0].1), ("local-action-changed", 56));
}

#[test]
fn what_comes_by_a_merge_key_is_not_taken_for_checked() {
    let mut files = files();
    let text = files.get_mut(WORKFLOW).unwrap();
    text.push_str(
        "  merged:\n    runs-on: ubuntu-latest\n    steps:\n      - <<: {uses: evil/action@v1}\n",
    );
    let line = text.lines().count();
    let found = judged(&files, H1);
    let told: Vec<_> = found
        .iter()
        .map(|(_, line, code, _)| (*line, *code))
        .collect();
    assert_eq!(told, [(line, "not-read")], "{found:?}");
}

#[test]
fn what_an_action_brings_with_it_needs_its_entries() {
    let tool = "        tools:\n            - 'acme/inner@v3 go 1.25'\n";
    let download = "        downloads:\n            - 'https://example.com/x'\n";
    for (line, name) in [
        (tool, "tool acme/inner@v3 go 1.25"),
        (download, "download https://example.com/x"),
    ] {
        let mut files = files();
        let text = files.get_mut(OURS).unwrap();
        *text = text.replacen(
            "        images:\n            - 'deep:1'\n",
            &format!("        images:\n            - 'deep:1'\n{line}"),
            1,
        );
        let found = judged(&files, H1);
        let told = &found[0];
        assert_eq!(
            (found.len(), told.2),
            (1, "incomplete-lockfile"),
            "{found:?}"
        );
        assert!(told.3.contains(name), "{found:?}");
    }
}

#[test]
fn a_local_action_behind_a_link_is_not_taken_for_checked() {
    let tree = Tree::new(
        files()
            .keys()
            .map(|path| Arc::from(path.as_str()))
            .collect(),
    );
    let sources = files()
        .into_iter()
        .map(|(path, text)| SourceFile::new(path, text));
    let repository = Repository::read(sources.collect(), tree);
    let linked = LocalFolder::Linked {
        link: ".github/actions".to_owned(),
        real: Some("elsewhere".to_owned()),
    };
    let checked = check(
        &repository,
        &[(".github/actions/own".to_owned(), linked)].into(),
    );
    let problem = &checked.problems[0];
    assert_eq!((checked.problems.len(), problem.code), (1, Code::Linked));
    assert!(problem.code.is_not_checked() && problem.message.contains("`elsewhere`"));
}

#[test]
fn without_any_lock_there_is_one_problem() {
    let mut files = files();
    files.remove(OURS);
    files.remove(THEIRS);
    let found = judged(&files, H1);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].2, "no-lock");
    files.retain(|path, _| path == "README.md");
    assert_eq!(judged(&files, H1), []);
}

proptest! {
    /// Any line taken out of a lock, and any letter of it changed, is found,
    /// unless it is in what nothing in the checkout knows: a content hash.
    #[test]
    fn random_edits_of_the_locks_are_found(ours in any::<bool>(), line in 0..200_usize, letter in 0..200_usize, cut in any::<bool>(), byte in b'a'..=b'z') {
        let mut files = files();
        let path = if ours { OURS } else { THEIRS };
        let text = files.get_mut(path).unwrap();
        let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
        let line = line % lines.len();
        let old = lines[line].clone();
        prop_assume!(!old.starts_with('#') || ours);
        if cut {
            lines.remove(line);
        } else {
            let letter = letter % old.len().max(1);
            let mut bytes = old.clone().into_bytes();
            prop_assume!(!bytes.is_empty() && bytes[letter].is_ascii_alphanumeric() && bytes[letter] != byte);
            bytes[letter] = byte;
            lines[line] = String::from_utf8(bytes).unwrap();
            // Nothing offline knows these; `lock verify` and the host do.
            let unknown = ["tree: ", "sha256:0", "_id: ", "no hash known", "1.25.x': "];
            prop_assume!(!unknown.iter().any(|part| old.contains(part) && lines[line].contains(part.trim_end_matches('0'))));
            let alone = ["acme/flows@v2", "acme/deep@v9", "acme/inner@v3"];
            let above = lines.get(line.wrapping_sub(1)).map_or("", String::as_str);
            prop_assume!(!(old.contains("commit:") && alone.iter().any(|pin| above.contains(pin))));
            prop_assume!(!lines[line].eq_ignore_ascii_case(&old));
        }
        *text = lines.join("\n") + "\n";
        let found = judged(&files, H1);
        prop_assert!(!found.is_empty(), "{old:?} -> {:?}", lines.get(line));
    }

    #[test]
    fn random_edits_of_the_workflow_do_no_harm(at in 0..CI.len(), text in "\\PC{0,6}") {
        let mut files = files();
        let workflow = files.get_mut(WORKFLOW).unwrap();
        prop_assume!(workflow.is_char_boundary(at));
        workflow.insert_str(at, &text);
        let _ = judged(&files, H1);
    }
}
