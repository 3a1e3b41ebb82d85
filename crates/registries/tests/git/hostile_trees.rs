//! Trees that nobody should unpack.

use cofferdam_registries::git::{GitError, Kind, ObjectId, TreeError};

use crate::git_backend::{Answer, response};
use crate::packs::{self, Object};
use crate::setting::{Setting, quick, repository};

fn unpacked(objects: &[Object], commit: ObjectId) -> Result<(), TreeError> {
    let setting = Setting::new();
    let body = packs::in_bands(&packs::pack(objects));
    setting.server.decide(move |asked| {
        if asked.method == "GET" {
            return Answer::Raw(packs::greeting());
        }
        let kind = ("content-type", "application/x-git-upload-pack-result");
        Answer::Raw(response("200 OK", &[kind], &body))
    });
    let client = setting.client_with(None, Default::default(), quick());
    match client.fetch_commit(&repository("octo/hello"), commit) {
        Ok(_) => Ok(()),
        Err(GitError::Tree { source, .. }) => Err(source),
        Err(other) => panic!("{other}"),
    }
}

fn with(lines: &[(&str, &str)]) -> Result<(), TreeError> {
    let blob = Object::whole(Kind::Blob, b"x");
    let inner = packs::tree(&[("100644", "file", blob.id)]);
    let lines: Vec<(&str, &str, ObjectId)> = lines
        .iter()
        .map(|(mode, name)| {
            let id = if *mode == "40000" { inner.id } else { blob.id };
            (*mode, *name, id)
        })
        .collect();
    let tree = packs::tree(&lines);
    let commit = packs::commit(tree.id);
    unpacked(&[commit.clone(), tree, inner, blob], commit.id)
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "..",
        ".",
        "",
        "a/b",
        "../x",
        ".git",
        ".GIT",
        ".git ",
        ".git.",
        "git~1",
        "a\\b",
        ".g\u{200c}it",
    ] {
        for mode in ["100644", "40000", "120000"] {
            let error = with(&[(mode, name)]).unwrap_err();
            assert!(matches!(error, TreeError::Path { .. }), "{name:?}: {error}");
        }
    }
    for name in [".gitignore", "...", "a b", "ä", ".github"] {
        assert_eq!(with(&[("100644", name)]), Ok(()), "{name}");
    }
}

#[test]
fn names_that_some_systems_take_for_one_are_refused() {
    for (mode, first, second) in [
        ("100644", "README", "readme"),
        ("40000", "Docs", "docs"),
        ("100644", "same", "same"),
        ("120000", "\u{c4}", "\u{e4}"),
    ] {
        let error = with(&[("100644", "other"), (mode, first), ("100644", second)]).unwrap_err();
        assert!(matches!(error, TreeError::Collision { .. }), "{error}");
    }
}

#[test]
fn unknown_modes_and_cut_lines_are_named() {
    let error = with(&[("100600", "x")]).unwrap_err();
    assert!(matches!(error, TreeError::Mode { .. }), "{error}");
    let tree = Object::whole(Kind::Tree, b"100644 x\0short");
    let commit = packs::commit(tree.id);
    let error = unpacked(&[commit.clone(), tree], commit.id).unwrap_err();
    assert!(matches!(error, TreeError::Object(_)), "{error}");
}

#[test]
fn a_tree_that_repeats_itself_is_no_bomb() {
    // Ten folders, each with ten times the folder before: ten to the tenth.
    let blob = Object::whole(Kind::Blob, b"x");
    let mut objects = vec![blob.clone()];
    let mut inner = packs::tree(&[("100644", "f", blob.id)]);
    for _ in 0..10 {
        let names: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        let lines: Vec<_> = names
            .iter()
            .map(|name| ("40000", name.as_str(), inner.id))
            .collect();
        let outer = packs::tree(&lines);
        objects.push(std::mem::replace(&mut inner, outer));
    }
    let commit = packs::commit(inner.id);
    objects.extend([inner, commit.clone()]);
    let error = unpacked(&objects, commit.id).unwrap_err();
    assert!(matches!(error, TreeError::TooMuch { .. }), "{error}");
}

#[test]
fn attributes_that_would_take_long_are_refused() {
    let blob = Object::whole(Kind::Blob, b"x");
    for pattern in [
        "*a*a*a*a*a*a*a*a*a*b export-ignore\n".to_owned(),
        "x".repeat(2 << 20),
    ] {
        let attributes = Object::whole(Kind::Blob, pattern.as_bytes());
        let tree = packs::tree(&[
            ("100644", ".gitattributes", attributes.id),
            ("100644", "aaaa", blob.id),
        ]);
        let commit = packs::commit(tree.id);
        let objects = [commit.clone(), tree, attributes, blob.clone()];
        let error = unpacked(&objects, commit.id).unwrap_err();
        assert!(matches!(error, TreeError::Attributes { .. }), "{error}");
    }
}
