//! A vendor directory of Cargo: random edits, manifests that nobody vouches
//! for, and directories that somebody hides.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cofferdam_pipelines::vendoring::{MANIFESTS, State, VendorReport};
use cofferdam_trees::bundle::{Kept, Subject};
use cofferdam_trees::{Bundle, Digest};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::checkout::{Checkout, codes, gaps, manifest};

type Files = &'static [(&'static str, &'static str)];

/// Two crates as they are published, and as `cargo vendor` lays them out.
const CRATES: &[(&str, Files)] = &[
    (
        "alpha",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"alpha\"\nversion = \"1.0.0\"\n",
            ),
            ("LICENSE", "free\n"),
            ("src/check.rs", "pub fn valid() -> bool { false }\n"),
            ("src/lib.rs", "mod check;\n"),
        ],
    ),
    (
        "beta",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"beta\"\nversion = \"1.0.0\"\n",
            ),
            ("build.rs", "fn main() {}\n"),
            ("src/lib.rs", "pub fn beta() {}\n"),
        ],
    ),
];

fn archive(name: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let path = format!("{name}-1.0.0/{path}");
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn own_list(archive: Digest, files: &[(&str, Digest)]) -> String {
    let files: Vec<String> = files
        .iter()
        .map(|(path, digest)| format!("\"{path}\":\"{digest}\""))
        .collect();
    let files = files.join(",");
    format!("{{\"files\":{{{files}}},\"package\":\"{archive}\"}}")
}

fn lock() -> String {
    let mut text = "version = 4\n".to_owned();
    for (name, files) in CRATES {
        let sum = Digest::of(&archive(name, files));
        write!(
            text,
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \
             \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{sum}\"\n"
        )
        .unwrap();
    }
    text
}

fn subject(name: &str, files: &[(&str, &str)]) -> Subject {
    Subject::Crate {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        archive: Digest::of(&archive(name, files)),
    }
}

fn bundle() -> Bundle {
    let mut bundle = Bundle::default();
    for (name, files) in CRATES {
        let mut kept = Kept::default();
        kept.unpacked.manifest = manifest(files);
        bundle.kept.insert(subject(name, files), kept);
    }
    bundle
}

/// A checkout that vendors both into a folder; nothing of it is committed.
fn plain(folder: &str) -> Checkout {
    let checkout = Checkout::empty();
    checkout.write("Cargo.lock", lock());
    for (name, files) in CRATES {
        for (path, text) in *files {
            checkout.write(&format!("{folder}/{name}/{path}"), text);
        }
        let digests: Vec<_> = files
            .iter()
            .map(|(path, text)| (*path, Digest::of(text.as_bytes())))
            .collect();
        let list = own_list(Digest::of(&archive(name, files)), &digests);
        checkout.write(&format!("{folder}/{name}/.cargo-checksum.json"), list);
    }
    checkout
}

/// The same with manifests, committed.
fn vendored() -> Checkout {
    let checkout = plain("vendor");
    checkout.write(MANIFESTS, bundle().to_gzip().unwrap());
    checkout.commit();
    checkout
}

/// Puts the archives where Cargo has downloaded them to.
fn download(checkout: &Checkout) {
    let folder = checkout.home().join("registry/cache/index");
    fs::create_dir_all(&folder).unwrap();
    for (name, files) in CRATES {
        let path = folder.join(format!("{name}-1.0.0.crate"));
        fs::write(path, archive(name, files)).unwrap();
    }
}

/// Changes a file, the crate's own list and the committed manifest.
fn forge(checkout: &Checkout) {
    const FORGED: &str = "pub fn valid() -> bool { true }\n";
    let (name, files) = CRATES[0];
    let mut files = files.to_vec();
    files[2].1 = FORGED;
    checkout.write("vendor/alpha/src/check.rs", FORGED);
    let digests: Vec<_> = files
        .iter()
        .map(|(path, text)| (*path, Digest::of(text.as_bytes())))
        .collect();
    let sum = Digest::of(&archive(name, CRATES[0].1));
    checkout.write("vendor/alpha/.cargo-checksum.json", own_list(sum, &digests));
    checkout.write(MANIFESTS, forged().to_gzip().unwrap());
}

fn forged() -> Bundle {
    let (name, files) = CRATES[0];
    let mut files = files.to_vec();
    files[2].1 = "pub fn valid() -> bool { true }\n";
    let mut bundle = bundle();
    let kept = bundle.kept.get_mut(&subject(name, CRATES[0].1)).unwrap();
    kept.unpacked.manifest = manifest(&files);
    bundle
}

fn is_clean(report: &VendorReport) -> bool {
    !report.is_wrong() && !report.has_gaps()
}

#[test]
fn what_cargo_has_vendored_is_found_whole() {
    let checkout = vendored();
    let report = checkout.check(true);
    assert!(is_clean(&report), "{report:#?}");
    assert_eq!(report.count(State::Unchanged), 2);
    // The archives stand for the files where there is no base.
    download(&checkout);
    let report = checkout.check(false);
    assert!(is_clean(&report), "{report:#?}");
    assert_eq!(report.count(State::Agrees), 2);
}

#[test]
fn a_committed_manifest_vouches_for_nothing_by_itself() {
    let checkout = vendored();
    let report = checkout.check(false);
    assert!(!report.is_wrong(), "{report:#?}");
    assert_eq!(report.count(State::NotChecked), 2);
    assert_eq!(gaps(&report).len(), 2);
    // Neither does it where the base has none.
    let checkout = plain("vendor");
    checkout.commit();
    forge(&checkout);
    let report = checkout.check(true);
    assert!(report.has_gaps(), "{report:#?}");
    let proven = report.count(State::Proven) + report.count(State::Agrees);
    assert_eq!(proven, 0, "{report:#?}");
}

#[test]
fn a_manifest_that_was_forged_with_its_files() {
    let checkout = vendored();
    forge(&checkout);
    let report = checkout.check(true);
    let codes = codes(&report);
    assert!(codes.contains(&"manifest-forged"), "{codes:?}");
    assert!(codes.contains(&"vendor-changed"), "{codes:?}");
    assert_eq!(report.count(State::Proven), 0);
    // The archive knows it too.
    download(&checkout);
    let codes = checkout.codes(false);
    assert!(codes.contains(&"manifest-forged"), "{codes:?}");
    assert!(codes.contains(&"vendor-changed"), "{codes:?}");
}

#[test]
fn a_manifest_that_is_forged_before_its_files() {
    // By the next change it would be the base's.
    let checkout = vendored();
    checkout.write(MANIFESTS, forged().to_gzip().unwrap());
    assert_eq!(checkout.codes(true), ["manifest-forged"]);
    let checkout = plain("vendor");
    checkout.commit();
    checkout.write(MANIFESTS, forged().to_gzip().unwrap());
    let report = checkout.check(true);
    assert_eq!(gaps(&report).len(), 2, "{report:#?}");
    download(&checkout);
    assert_eq!(checkout.codes(true), ["manifest-forged"]);
    checkout.write(MANIFESTS, bundle().to_gzip().unwrap());
    assert!(is_clean(&checkout.check(true)));
    // One for a crate that no lock names yet.
    let mut more = bundle();
    let kept = more.kept.values().next().unwrap().clone();
    more.kept.insert(subject("gamma", &[]), kept);
    checkout.write(MANIFESTS, more.to_gzip().unwrap());
    let found = gaps(&checkout.check(true));
    assert!(
        found
            .iter()
            .any(|gap| gap.starts_with("gamma@1.0.0: no lock")),
        "{found:?}"
    );
}

#[test]
fn lists_that_are_taken_away_do_not_hide_the_crates() {
    let checkout = vendored();
    for name in ["alpha", "beta"] {
        checkout.remove(&format!("vendor/{name}/.cargo-checksum.json"));
    }
    for base in [true, false] {
        let codes = checkout.codes(base);
        assert!(codes.contains(&"crate-list"), "{codes:?}");
    }
    // A list of Go makes it no directory of Go.
    let checkout = vendored();
    checkout.write("vendor/modules.txt", "");
    let codes = checkout.codes(true);
    assert!(codes.contains(&"vendor-gone"), "{codes:?}");
}

#[test]
fn a_directory_of_another_name() {
    let checkout = plain("third_party/crates");
    checkout.write("third_party/crates/alpha/src/lib.rs", "mod evil;\n");
    assert!(checkout.codes(false).contains(&"vendor-changed"));
    for name in ["alpha", "beta"] {
        checkout.remove(&format!("third_party/crates/{name}/.cargo-checksum.json"));
    }
    let settings = "[source.x]\ndirectory = \"third_party/crates\"\n";
    checkout.write(".cargo/config.toml", settings);
    assert!(checkout.codes(false).contains(&"crate-list"));
    checkout.commit();
    checkout.behind_link("third_party/crates", "elsewhere");
    let report = checkout.check(true);
    assert!(codes(&report).contains(&"vendor-gone"), "{report:#?}");
    let found = gaps(&report);
    assert!(
        found
            .iter()
            .any(|gap| gap.starts_with("third_party/crates: ")),
        "{found:?}"
    );
    for settings in ["[source.x]\ndirectory = \"../crates\"\n", "[source\n"] {
        checkout.write(".cargo/config.toml", settings);
        let found = gaps(&checkout.check(true));
        assert!(
            found
                .iter()
                .any(|gap| gap.starts_with(".cargo/config.toml: ")),
            "{found:?}"
        );
    }
}

#[test]
fn a_directory_behind_many_decoys() {
    let checkout = plain("crates");
    for number in 0..1100 {
        fs::create_dir_all(checkout.path(&format!("crates/0{number:04}"))).unwrap();
    }
    checkout.write("crates/alpha/src/lib.rs", "mod evil;\n");
    assert!(checkout.codes(false).contains(&"vendor-changed"));
}

#[test]
fn a_directory_that_is_gone_with_its_lock() {
    let checkout = vendored();
    checkout.remove("Cargo.lock");
    let report = checkout.check(true);
    assert!(report.has_gaps(), "{report:#?}");
    checkout.remove("vendor");
    assert_eq!(checkout.codes(true), ["vendor-gone"]);
}

/// One thing that somebody does to a checkout.
#[derive(Clone, Debug)]
enum Edit {
    Byte(Index, Index, u8),
    ByteAndList(Index, Index),
    Delete(Index),
    Add(Index, String),
    Rename(Index, String),
    Link(Index),
    ForgedManifest(Index, Index),
    ForgedLock(Index, Index),
    ForgedAll(Index, Index),
}

fn edits() -> impl Strategy<Value = Edit> {
    let name = "[a-z]{1,8}\\.(rs|toml|md)";
    let index = any::<Index>;
    prop_oneof![
        (index(), index(), 1_u8..=255).prop_map(|(f, b, x)| Edit::Byte(f, b, x)),
        (index(), index()).prop_map(|(f, b)| Edit::ByteAndList(f, b)),
        index().prop_map(Edit::Delete),
        (index(), name).prop_map(|(f, n)| Edit::Add(f, n)),
        (index(), name).prop_map(|(f, n)| Edit::Rename(f, n)),
        index().prop_map(Edit::Link),
        (index(), index()).prop_map(|(f, b)| Edit::ForgedManifest(f, b)),
        (index(), index()).prop_map(|(c, b)| Edit::ForgedLock(c, b)),
        (index(), index()).prop_map(|(f, b)| Edit::ForgedAll(f, b)),
    ]
}

/// A vendored file: its crate, and its place in it.
fn file(at: &Index) -> (usize, usize) {
    let all: Vec<_> = (CRATES.iter().enumerate())
        .flat_map(|(at, (_, files))| (0..files.len()).map(move |file| (at, file)))
        .collect();
    all[at.index(all.len())]
}

/// Changes a byte of a file, and the crate's own list with it.
fn byte_and_list(checkout: &Checkout, at: &Index, byte: &Index) -> (usize, &'static str, Digest) {
    let (at, file) = file(at);
    let (name, files) = CRATES[at];
    let (path, text) = files[file];
    let mut bytes = text.as_bytes().to_vec();
    let byte = byte.index(bytes.len());
    bytes[byte] ^= 1;
    checkout.write(&format!("vendor/{name}/{path}"), &bytes);
    let digests: Vec<_> = files
        .iter()
        .map(|(one, text)| {
            let own = if *one == path {
                &bytes[..]
            } else {
                text.as_bytes()
            };
            (*one, Digest::of(own))
        })
        .collect();
    let sum = Digest::of(&archive(name, files));
    checkout.write(
        &format!("vendor/{name}/.cargo-checksum.json"),
        own_list(sum, &digests),
    );
    (at, path, Digest::of(&bytes))
}

/// The committed manifests with another line for one file.
fn with_line(at: usize, path: &str, digest: Digest) -> Bundle {
    let (name, files) = CRATES[at];
    let mut bundle = bundle();
    let kept = bundle.kept.get_mut(&subject(name, files)).unwrap();
    let lines = kept.unpacked.manifest.files().map(|(one, own)| {
        let digest = if one == path { digest } else { own };
        (Box::from(one), digest)
    });
    let lines: Vec<_> = lines.collect();
    kept.unpacked.manifest = cofferdam_trees::Manifest::new(lines).unwrap();
    bundle
}

/// The lock with another hash for one crate.
fn forged_lock(at: usize, digit: &Index) -> String {
    let (name, files) = CRATES[at];
    let sum = Digest::of(&archive(name, files)).to_string();
    let mut other = sum.clone().into_bytes();
    let digit = digit.index(other.len());
    other[digit] = if other[digit] == b'0' { b'1' } else { b'0' };
    lock().replace(&sum, &String::from_utf8(other).unwrap())
}

fn apply(checkout: &Checkout, edit: &Edit) {
    let path = |at: &Index| {
        let (at, file) = file(at);
        format!("vendor/{}/{}", CRATES[at].0, CRATES[at].1[file].0)
    };
    match edit {
        Edit::Byte(at, byte, by) => {
            let path = path(at);
            let mut bytes = fs::read(checkout.path(&path)).unwrap();
            let byte = byte.index(bytes.len());
            bytes[byte] ^= by;
            checkout.write(&path, bytes);
        }
        Edit::ByteAndList(at, byte) => {
            byte_and_list(checkout, at, byte);
        }
        Edit::Delete(at) => checkout.remove(&path(at)),
        Edit::Add(beside, name) => {
            let beside = path(beside);
            let new = Path::new(&beside)
                .parent()
                .unwrap()
                .join(format!("x{name}"));
            checkout.write(new.to_str().unwrap(), "fn x() {}\n");
        }
        Edit::Rename(at, name) => {
            let old = checkout.path(&path(at));
            fs::rename(&old, old.parent().unwrap().join(format!("x{name}"))).unwrap();
        }
        Edit::Link(at) => checkout.behind_link(&path(at), "elsewhere"),
        Edit::ForgedManifest(at, byte) => {
            let (at, path, digest) = byte_and_list(checkout, at, byte);
            let bundle = with_line(at, path, digest);
            checkout.write(MANIFESTS, bundle.to_gzip().unwrap());
        }
        Edit::ForgedLock(at, digit) => {
            let text = forged_lock(at.index(CRATES.len()), digit);
            checkout.write("Cargo.lock", text);
        }
        Edit::ForgedAll(at, byte) => {
            let (at, path, digest) = byte_and_list(checkout, at, byte);
            let bundle = with_line(at, path, digest);
            checkout.write(MANIFESTS, bundle.to_gzip().unwrap());
            checkout.write("Cargo.lock", forged_lock(at, byte));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_edit_is_found(edit in edits(), downloaded in any::<bool>()) {
        let checkout = vendored();
        if downloaded {
            download(&checkout);
        }
        apply(&checkout, &edit);
        let with_base = checkout.check(true);
        // A crate without a name is not checked, which fails as well.
        let nameless = gaps(&with_base).iter().any(|gap| gap.contains("does not name a crate"));
        prop_assert!(with_base.is_wrong() || nameless, "{edit:?} {with_base:#?}");
        prop_assert!(with_base.count(State::Proven) == 0, "{edit:?}");
        let codes = codes(&with_base);
        if matches!(edit, Edit::ForgedManifest(..)) {
            prop_assert!(codes.contains(&"manifest-forged"), "{codes:?}");
        }
        if !nameless && matches!(edit, Edit::Byte(..) | Edit::ByteAndList(..)) {
            prop_assert!(codes.iter().any(|code| code.starts_with("vendor-")), "{codes:?}");
        }
        if matches!(edit, Edit::ForgedLock(..) | Edit::ForgedAll(..)) {
            prop_assert!(codes.contains(&"sum-changed"), "{codes:?}");
        }
        // Without a base, the archive decides, and nothing is fine without it.
        let alone = checkout.check(false);
        prop_assert!(alone.is_wrong() || alone.has_gaps(), "{edit:?}");
    }
}
