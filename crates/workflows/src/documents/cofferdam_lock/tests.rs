#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;

use super::*;

const SHA: &str = "34e114876b0b11c390a56381ad16ebd13914f8d5";
const H1: &str = "h1:tFm0DHYQ3pUCWGRIbLNZ+b1yUN0wbSU6x4r6AwFW6jo=";

fn parse(text: &str) -> CofferdamLock {
    CofferdamLock::parse(SourceFile::new(PLACE, text))
}

fn sample() -> String {
    let digest = "0".repeat(64);
    format!(
        "\
# Written by `cofferdam lock write`. Review it like code, and do not edit it by hand.
# What it means: https://github.com/cofferdam/cofferdam/blob/main/docs/locking.md
version: 1
actions:
    'a/b@v1':
        commit: 'sha1-{SHA}'
        tree: '{H1}'
        excluded:
            - 'docs/link'
        accepted:
            - 'docs/link'
        paths:
            - '.'
            - 'save'
        uses:
            - 'c/d@{SHA}'
        images:
            - 'alpine:3'
        tools:
            - 'a/b@v1 go >=1.2 <2'
        downloads:
            - 'https://example.com/it''s'
        permissions:
            - 'contents: write'
        calls:
            - 'network fetch'
        undecided:
            - 'action.yml:7: python is not looked into'
    'c/d@{SHA}':
        commit: 'sha1-{SHA}'
        tree: 'no hash known'
        paths:
            - '.github/workflows/x.yml'
images:
    '${{{{ matrix.image }}}}': 'no hash known'
    'alpine:3': 'sha256:{digest}'
bases:
    'golang:1.25': 'sha256:{digest}'
tools:
    'a/b@v1 go >=1.2 <2': 'go.dev'
downloads:
    'https://example.com/it''s': 'sha256:{digest}'
local:
    '.github/actions/x': '{H1}'
"
    )
}

/// The first problem: its line, its column and what it says.
fn first(text: &str) -> (usize, usize, String) {
    let lock = parse(text);
    let problem = lock.problems().first().unwrap().clone();
    let at = lock.file().locate(problem.span);
    (at.line, at.column, problem.message)
}

#[test]
fn what_is_written_is_read_and_written_again() {
    let text = sample();
    let lock = parse(&text);
    assert_eq!(lock.problems(), []);
    assert_eq!(lock.contents().text().unwrap(), text);
    assert_eq!(lock.first_difference(), None);
    assert_eq!(parse(&text.replace('\n', "\r\n")).first_difference(), None);
    assert_eq!(lock.contents().keys().len(), 8);
    for key in lock.contents().keys() {
        let place = lock.place(&key);
        let written = key.parts().1.replace('\'', "''");
        assert!(place.snippet.contains(&written), "{key:?} {place:?}");
    }
}

#[test]
fn every_problem_has_a_place_and_says_what_was_expected() {
    let text = sample();
    let cases = [
        (
            "accepted:\n            - 'docs/link'",
            "accepted:\n            - 'dist'",
            (11, 13),
            "`dist` is accepted and not under `excluded` of a/b@v1",
        ),
        (
            "            - 'a/b@v1 go",
            "            - 'a/b go",
            (20, 15),
            "an item of `tools` must be OWNER/REPO@REF NAME VERSION",
        ),
        (
            "version: 1",
            "version: 2",
            (3, 10),
            "version 2 of the lock is not known; this program reads version 1",
        ),
        ("version: 1\n", "", (3, 1), "`version: 1` is missing"),
        (
            "local:",
            "lokal:",
            (43, 1),
            "the document has no key `lokal`",
        ),
        (
            "'a/b@v1':",
            "'a/b/c@v1':",
            (5, 5),
            "an action must be OWNER/REPO@REF",
        ),
        (
            "        tree: 'h1",
            "        trees: 'h1",
            (7, 9),
            "an entry of `actions` has no key `trees`",
        ),
        (
            "h1:t",
            "h1:",
            (7, 15),
            "a hash here must be h1: and 44 characters of base64, or `no hash known`",
        ),
        (
            "sha1-34e",
            "sha1-34",
            (6, 17),
            "a commit must be sha1- or sha256- and all its digits",
        ),
        (
            "- '.'\n",
            "- '../x'\n",
            (13, 15),
            "an item of `paths` must be a path of the action, or `.`",
        ),
        (
            "'.github/actions/x'",
            "'/x'",
            (44, 5),
            "a local action must be a folder of the repository",
        ),
        (
            "    'alpine:3': 'sha256:0",
            "    'alpine:3': 'sha256:",
            (36, 17),
            "a hash here must be sha256: and 64 digits, or `no hash known`",
        ),
    ];
    for (from, to, place, message) in cases {
        assert!(text.contains(from), "{from}");
        let (line, column, found) = first(&text.replacen(from, to, 1));
        assert_eq!(((line, column), found.as_str()), (place, message), "{to}");
    }
    let named = text.replace(
        &format!("'c/d@{SHA}':\n        commit: 'sha1-34"),
        &format!("'c/d@{SHA}':\n        commit: 'sha1-35"),
    );
    assert!(first(&named).2.contains("is not the one that"), "{named}");
    let twice = text.replace(
        "images:\n    '$",
        "images:\n    'alpine:3': 'no hash known'\n    '$",
    );
    assert_eq!(
        parse(&twice).problems().first().unwrap().kind,
        ProblemKind::Syntax
    );
    let (line, column, message) =
        first(&text.replace("\ntools:", "\n<<<<<<< HEAD\ntools:\n=======\n>>>>>>> x"));
    assert_eq!((line, column), (39, 1), "{message}");
    assert!(message.contains("merge conflict"), "{message}");
}

#[test]
fn another_form_is_noticed() {
    let text = sample();
    let swapped = text.replace(
        "            - '.'\n            - 'save'",
        "            - 'save'\n            - '.'",
    );
    assert_eq!(parse(&swapped).first_difference(), Some(13));
    assert_eq!(
        parse(&text.replace("actions:", "actions: # x")).first_difference(),
        Some(4)
    );
    assert_eq!(parse(&format!("{text}\n")).first_difference(), Some(46));
}

#[test]
fn two_branches_that_add_different_lines_join() {
    // Each entry stands on lines of its own, the last one too.
    let lines = sample();
    assert!(lines.lines().skip(2).all(|line| !line.ends_with(',')));
    assert!(lines.ends_with('\n'));
}

#[test]
fn the_schema_takes_what_is_written_and_nothing_else() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let text = sample();
    let value = |text: &str| {
        json(
            Document::parse(SourceFile::new(PLACE, text))
                .root()
                .unwrap(),
        )
    };
    assert!(validator.is_valid(&value(&text)));
    for (from, to) in [
        ("version: 1", "version: 2"),
        ("local:", "lokal:"),
        ("'a/b@v1':", "'a/b/c@v1':"),
        ("h1:t", "h1:"),
        ("        commit: ", "        kommit: "),
        ("            - 'save'", "            - '.'"),
    ] {
        assert!(
            !validator.is_valid(&value(&text.replacen(from, to, 1))),
            "{to}"
        );
    }
}

fn json(node: Node<'_>) -> serde_json::Value {
    use crate::yaml::Kind;
    match node.kind() {
        Kind::Mapping => node
            .entries()
            .map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Kind::Sequence => node.items().map(json).collect(),
        _ => match node.as_str() {
            Some("1") => 1.into(),
            text => text.unwrap_or_default().into(),
        },
    }
}

fn contents() -> impl Strategy<Value = Contents> {
    let text = "[!-~][ -~é😀]{0,12}[!-~]";
    let hash = prop_oneof![
        Just(Hash::NotKnown),
        "[0-9a-f]{64}".prop_map(|d| Hash::Known(format!("sha256:{d}")))
    ];
    let tree = prop_oneof![Just(Hash::NotKnown), Just(Hash::Known(H1.to_owned()))];
    let pin = || {
        "[a-z0-9][a-z0-9.-]{0,4}x/[a-z0-9]{1,4}@[a-zA-Z0-9/_'-]{1,6}"
            .prop_map(|t| Pin::parse(&t).unwrap())
    };
    let path = "[a-z]{1,4}(/[a-z'é ]{1,4}x){0,2}";
    let entry = (
        "[0-9a-f]{40}",
        tree.clone(),
        btree_set(path, 0..3),
        btree_set(path, 0..3),
        btree_set(pin(), 0..3),
        btree_set(text, 0..3),
        btree_set(text, 0..2),
        any::<bool>(),
    );
    let entry = entry.prop_map(
        |(id, tree, excluded, paths, uses, images, permissions, agreed)| Entry {
            commit: Commit {
                algorithm: "sha1",
                id,
            },
            tree,
            accepted: if agreed {
                excluded.clone()
            } else {
                std::collections::BTreeSet::new()
            },
            excluded,
            tools: (uses.iter())
                .map(|by| Tool {
                    by: by.clone(),
                    name: "x".to_owned(),
                    version: "1 2".to_owned(),
                })
                .collect(),
            downloads: images.clone(),
            undecided: permissions.clone(),
            paths: if paths.is_empty() {
                [".".to_owned()].into()
            } else {
                paths
            },
            uses,
            calls: images.clone(),
            images,
            permissions,
        },
    );
    let tool =
        (pin(), "[a-z]{1,5}", text).prop_map(|(by, name, version)| Tool { by, name, version });
    let long = prop_oneof![text.prop_map(|t| t), "[a-z]{1100,1200}"];
    (
        btree_map(pin(), entry, 0..4),
        btree_map(text, hash.clone(), 0..4),
        btree_map(text, hash.clone(), 0..3),
        btree_map(tool, text, 0..3),
        btree_map(long, hash, 0..3),
        btree_map(path, tree, 0..3),
    )
        .prop_map(
            |(actions, images, bases, tools, downloads, local)| Contents {
                actions,
                images,
                bases,
                tools,
                downloads,
                local,
            },
        )
}

proptest! {
    #[test]
    fn contents_survive_the_file(contents in contents()) {
        let text = contents.text().unwrap();
        let lock = parse(&text);
        prop_assert_eq!(lock.problems(), [], "{}", text);
        prop_assert_eq!(lock.contents(), &contents);
        prop_assert_eq!(lock.first_difference(), None);
    }

    /// One edit of one byte is a problem, another form, or another content.
    #[test]
    fn an_edit_is_never_without_effect(at in 0..2_000_usize, byte in 32..127_u8) {
        let text = sample();
        let at = at % text.len();
        let mut bytes = text.clone().into_bytes();
        prop_assume!(bytes[at] != byte && bytes[at].is_ascii());
        bytes[at] = byte;
        let lock = parse(&String::from_utf8(bytes).unwrap());
        let same = lock.problems().is_empty()
            && lock.first_difference().is_none()
            && lock.contents() == parse(&text).contents();
        prop_assert!(!same);
    }

    #[test]
    fn cut_and_random_files_are_read(end in 0..2_000_usize, text in "\\PC{0,120}") {
        let sample = sample();
        for text in [sample.get(..end.min(sample.len())).unwrap_or_default(), &text] {
            let lock = parse(text);
            let _ = (lock.problems(), lock.first_difference());
        }
    }
}
