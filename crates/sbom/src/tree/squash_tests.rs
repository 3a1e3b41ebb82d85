#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use super::super::layer::{self, Whiteouts};
use super::super::{Files, Options};
use super::*;
use crate::limits::Limits;

fn options() -> Options {
    Options {
        limits: Limits::default(),
        scratch: PathBuf::from("/nonexistent"),
        files: Files::All,
        platform: None,
        image: None,
        exclude: Vec::new(),
    }
}

enum Part<'a> {
    File(&'a str),
    Folder(&'a str),
    Link(&'a str, &'a str),
    Hard(&'a str, &'a str),
}
use Part::{File, Folder, Hard, Link};

fn layer(parts: &[Part<'_>], hasher: &RandomState) -> Layer {
    let mut builder = tar::Builder::new(Vec::new());
    for part in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_mode(0o755);
        let (kind, path, target) = match part {
            File(path) => (tar::EntryType::Regular, path, None),
            Folder(path) => (tar::EntryType::Directory, path, None),
            Link(path, target) => (tar::EntryType::Symlink, path, Some(target)),
            Hard(path, target) => (tar::EntryType::Link, path, Some(target)),
        };
        header.set_entry_type(kind);
        match target {
            Some(target) => builder.append_link(&mut header, path, target).unwrap(),
            None => builder
                .append_data(&mut header, path, std::io::empty())
                .unwrap(),
        }
    }
    let bytes = builder.into_inner().unwrap();
    layer::read(bytes.as_slice(), Whiteouts::Delete, &options(), hasher).unwrap()
}

fn seen(layers: &[&[Part<'_>]]) -> Vec<String> {
    let hasher = RandomState::new();
    let layers = layers.iter().map(|parts| layer(parts, &hasher)).collect();
    let mut paths: Vec<String> = squash(layers, &hasher)
        .listed
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    paths.sort();
    paths
}

#[test]
fn whiteouts_delete_what_lies_below_and_not_beside() {
    let base: &[Part<'_>] = &[File("a/one"), File("a/two"), File("b/one"), File("ab")];
    assert_eq!(
        seen(&[base, &[File("a/.wh.one")]]),
        ["a/two", "ab", "b/one"]
    );
    assert_eq!(seen(&[base, &[File(".wh.a")]]), ["ab", "b/one"]);
    assert_eq!(
        seen(&[base, &[File("a/.wh..wh..opq"), File("a/new")]]),
        ["a/new", "ab", "b/one"]
    );
    // What a layer deletes and what it has itself are two things.
    assert_eq!(
        seen(&[base, &[File("a/one"), File(".wh.a")]]),
        ["a/one", "ab", "b/one"]
    );
    assert_eq!(
        seen(&[base, &[File(".wh.a")], &[File("a/one")]]),
        ["a/one", "ab", "b/one"]
    );
    assert_eq!(seen(&[base, &[File(".wh..wh..opq")]]), Vec::<String>::new());
}

#[test]
fn what_takes_another_place_hides_it() {
    let base: &[Part<'_>] = &[File("a/one"), File("b")];
    // A file or a link in the place of a folder.
    assert_eq!(seen(&[base, &[File("a")]]), ["a", "b"]);
    assert_eq!(seen(&[base, &[Link("a", "elsewhere")]]), ["b"]);
    // A folder in the place of a file, and one that was there.
    assert_eq!(
        seen(&[base, &[Folder("b"), File("b/one")]]),
        ["a/one", "b/one"]
    );
    assert_eq!(seen(&[base, &[Folder("a")]]), ["a/one", "b"]);
}

#[test]
fn a_file_that_has_another_name_is_there_as_long_as_one_name_is() {
    let base: &[Part<'_>] = &[File("bin/one"), Hard("bin/two", "bin/one")];
    let hasher = RandomState::new();
    let mut low = layer(base, &hasher);
    low.found.insert(
        "bin/one".to_owned(),
        crate::catalogue::FileFound {
            path: "bin/one".to_owned(),
            by: Vec::new(),
            digests: None,
        },
    );
    let high = layer(&[File("bin/.wh.one")], &hasher);
    let found = squash(vec![low, high], &hasher).found;
    assert_eq!(found.first().unwrap().path, "bin/two");
}

#[test]
fn a_layer_may_go_through_a_link_at_the_root() {
    let base: &[Part<'_>] = &[Link("lib", "usr/lib"), File("usr/lib/x"), File("usr/lib/y")];
    let seen = seen(&[base, &[File("lib/x"), File("lib/.wh.y")]]);
    assert_eq!(seen, ["usr/lib/x"]);
}
