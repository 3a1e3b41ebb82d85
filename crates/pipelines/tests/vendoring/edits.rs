//! Random edits of a vendor directory of Go: each is found.

use std::fs;
use std::path::Path;

use cofferdam_pipelines::vendoring::{MANIFESTS, State};
use cofferdam_trees::bundle::Subject;
use cofferdam_trees::{Bundle, Digest, Manifest};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::checkout::{Checkout, LIST, VENDORED, bundle, sums};

#[test]
fn what_go_has_vendored_is_found_whole() {
    let checkout = Checkout::new();
    let report = checkout.check(false);
    assert!(!report.is_wrong() && !report.has_gaps(), "{report:#?}");
    assert_eq!(report.count(State::Agrees), 2);
    assert_eq!(report.count(State::LocalFolder), 1);
    let report = checkout.check(true);
    assert!(!report.is_wrong() && !report.has_gaps(), "{report:#?}");
    assert_eq!(report.count(State::Unchanged), 2);
    // Something of a module is touched and put back: it is proven by the
    // base's sum.
    checkout.write(
        "vendor/modules.txt",
        LIST.replace("; go 1.20\nexample.org/a\n", "\nexample.org/a\n"),
    );
    assert_eq!(checkout.codes(true), ["list-inconsistent"]);
}

/// One thing that somebody does to a checkout.
#[derive(Clone, Debug)]
enum Edit {
    Byte(Index, Index, u8),
    Delete(Index),
    Add(Index, String),
    Rename(Index, String),
    Swap(Index, Index),
    Link(Index),
    List(Index),
    ForgedManifest(Index, Index),
    ForgedSum(Index, Index),
    ForgedLine(Index),
}

fn edits() -> impl Strategy<Value = Edit> {
    let name = "[a-z]{1,8}\\.(go|s|c|txt)";
    let index = any::<Index>;
    prop_oneof![
        (index(), index(), 1_u8..=255).prop_map(|(f, b, x)| Edit::Byte(f, b, x)),
        index().prop_map(Edit::Delete),
        (index(), name).prop_map(|(f, n)| Edit::Add(f, n)),
        (index(), name).prop_map(|(f, n)| Edit::Rename(f, n)),
        (index(), index()).prop_map(|(a, b)| Edit::Swap(a, b)),
        index().prop_map(Edit::Link),
        index().prop_map(Edit::List),
        (index(), index()).prop_map(|(f, b)| Edit::ForgedManifest(f, b)),
        (index(), index()).prop_map(|(f, b)| Edit::ForgedSum(f, b)),
        index().prop_map(Edit::ForgedLine),
    ]
}

/// A vendored file of a published module.
fn of_module(at: Index) -> (&'static str, String, &'static str) {
    let all: Vec<_> = VENDORED
        .iter()
        .filter(|(path, _)| !path.starts_with("example.org/c"))
        .collect();
    let (path, text) = all[at.index(all.len())];
    let module = if path.starts_with("example.org/a") {
        "example.org/a"
    } else {
        "example.org/fork"
    };
    let inner = path.splitn(3, '/').nth(2).unwrap().to_owned();
    (
        module,
        format!("vendor/{path}"),
        Box::leak(format!("{inner}\0{text}").into_boxed_str()),
    )
}

/// Changes a file, and its line of the committed manifest with it.
fn forge(checkout: &Checkout, at: Index, byte: Index) -> Bundle {
    let (module, path, rest) = of_module(at);
    let (inner, text) = rest.split_once('\0').unwrap();
    let mut bytes = text.as_bytes().to_vec();
    let byte = byte.index(bytes.len());
    bytes[byte] ^= 1;
    checkout.write(&path, &bytes);
    let mut bundle = bundle();
    for (subject, kept) in &mut bundle.kept {
        if matches!(subject, Subject::Go { module: one, .. } if one == module) {
            let lines = kept.unpacked.manifest.files().map(|(path, digest)| {
                let digest = if path == inner {
                    Digest::of(&bytes)
                } else {
                    digest
                };
                (Box::from(path), digest)
            });
            kept.unpacked.manifest = Manifest::new(lines.collect::<Vec<_>>()).unwrap();
        }
    }
    bundle
}

/// Does it; false where nothing would be changed.
fn apply(checkout: &Checkout, edit: &Edit) -> bool {
    let path = |at: &Index| format!("vendor/{}", VENDORED[at.index(VENDORED.len())].0);
    match edit {
        Edit::Byte(file, byte, by) => {
            let path = path(file);
            let mut bytes = fs::read(checkout.path(&path)).unwrap();
            let at = byte.index(bytes.len());
            bytes[at] ^= by;
            checkout.write(&path, bytes);
        }
        Edit::Delete(file) => fs::remove_file(checkout.path(&path(file))).unwrap(),
        Edit::Add(beside, name) => {
            let beside = path(beside);
            let folder = Path::new(&beside).parent().unwrap();
            let new = folder.join(name);
            checkout.write(new.to_str().unwrap(), "package x\n");
        }
        Edit::Rename(file, name) => {
            let old = checkout.path(&path(file));
            fs::rename(&old, old.parent().unwrap().join(name)).unwrap();
        }
        Edit::Swap(a, b) => {
            let (a, b) = (checkout.path(&path(a)), checkout.path(&path(b)));
            let (of_a, of_b) = (fs::read(&a).unwrap(), fs::read(&b).unwrap());
            if of_a == of_b {
                return false;
            }
            fs::write(a, of_b).unwrap();
            fs::write(b, of_a).unwrap();
        }
        Edit::Link(file) => {
            let file = checkout.path(&path(file));
            let elsewhere = checkout.path("elsewhere");
            fs::rename(&file, &elsewhere).unwrap();
            std::os::unix::fs::symlink(elsewhere, file).unwrap();
        }
        Edit::List(line) => {
            let mut lines: Vec<&str> = LIST.lines().collect();
            lines.remove(line.index(lines.len()));
            checkout.write("vendor/modules.txt", lines.join("\n") + "\n");
        }
        Edit::ForgedManifest(file, byte) => {
            let bundle = forge(checkout, *file, *byte);
            checkout.write(MANIFESTS, bundle.to_gzip().unwrap());
        }
        Edit::ForgedSum(file, byte) => checkout.keep(&forge(checkout, *file, *byte)),
        Edit::ForgedLine(of) => {
            let text = sums(&bundle());
            let at = text.find("h1:").unwrap() + 3 + of.index(40);
            let mut bytes = text.into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            checkout.write("go.sum", bytes);
        }
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_edit_is_found(edit in edits()) {
        let checkout = Checkout::new();
        prop_assume!(apply(&checkout, &edit));
        let with_base = checkout.check(true);
        // A list that cannot be read is not checked, which fails as well.
        prop_assert!(with_base.is_wrong() || with_base.has_gaps(), "{edit:?}");
        // A forged sum or list alone leaves files that are what the base's sum says.
        let files_are_whole = matches!(edit, Edit::ForgedLine(_) | Edit::List(_));
        prop_assert!(files_are_whole || with_base.count(State::Proven) == 0);
        // Without a base, files and sums that were forged together agree.
        if !matches!(edit, Edit::ForgedSum(..)) {
            let alone = checkout.check(false);
            prop_assert!(alone.is_wrong() || alone.has_gaps(), "{edit:?}");
        } else {
            let codes = checkout.codes(true);
            prop_assert!(codes.contains(&"sum-changed"), "{codes:?}");
            prop_assert_eq!(checkout.check(false).count(State::Proven), 0);
        }
    }
}
