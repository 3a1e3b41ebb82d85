//! Whatever somebody changes in a vendor directory is found.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may stop at what it did not expect, read what it wrote, and start programs"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cofferdam_pipelines::Limits;
use cofferdam_pipelines::vendoring::{MANIFESTS, State, VendorOptions, VendorReport, check};
use cofferdam_trees::archives::Unpacked;
use cofferdam_trees::bundle::{Kept, Subject};
use cofferdam_trees::sumdb::{PUBLIC_KEY, VerifierKey};
use cofferdam_trees::{Bundle, Digest, Manifest};
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

const LIST: &str = "\
# example.org/a v1.0.0
## explicit; go 1.20
example.org/a
example.org/a/check
# example.org/b v1.2.0 => example.org/fork v1.2.1
## explicit
example.org/b/sub
# example.org/c v0.1.0 => ./local/c
## explicit; go 1.20
example.org/c
";
const GO_MOD: &str = "\
module example.org/main

go 1.24

require (
\texample.org/a v1.0.0
\texample.org/b v1.2.0
\texample.org/c v0.1.0
)

replace example.org/b => example.org/fork v1.2.1

replace example.org/c => ./local/c
";
const EMBEDS: &str = "package a\n\nimport \"embed\"\n\n//go:embed data\nvar files embed.FS\n";
const GENERATOR: &str = "//go:build ignore\n\npackage main\n";

/// Two modules as they are published.
fn published() -> BTreeMap<(&'static str, &'static str), Vec<(&'static str, &'static str)>> {
    [
        (
            ("example.org/a", "v1.0.0"),
            vec![
                ("LICENSE", "free\n"),
                ("README.md", "# a\n"),
                ("a.go", EMBEDS),
                ("a_test.go", "package a\n"),
                (
                    "check/check.go",
                    "package check\n\nfunc Valid() bool { return false }\n",
                ),
                ("check/check_linux.s", "TEXT\n"),
                ("check/gen.go", GENERATOR),
                ("data/deep/x.txt", "x\n"),
                ("go.mod", "module example.org/a\n\ngo 1.20\n"),
                ("other/other.go", "package other\n"),
            ],
        ),
        (
            ("example.org/fork", "v1.2.1"),
            vec![
                ("COPYING", "free\n"),
                ("b.go", "package b\n"),
                ("sub/sub.go", "package sub\n"),
            ],
        ),
    ]
    .into()
}

/// The files of the vendor directory, as `go mod vendor` of Go 1.26 writes
/// them for these modules.
const VENDORED: &[(&str, &str)] = &[
    ("example.org/a/LICENSE", "free\n"),
    ("example.org/a/README.md", "# a\n"),
    ("example.org/a/a.go", EMBEDS),
    (
        "example.org/a/check/check.go",
        "package check\n\nfunc Valid() bool { return false }\n",
    ),
    ("example.org/a/check/check_linux.s", "TEXT\n"),
    ("example.org/a/data/deep/x.txt", "x\n"),
    ("example.org/b/COPYING", "free\n"),
    ("example.org/b/sub/sub.go", "package sub\n"),
    ("example.org/c/c.go", "package c\n"),
];

struct Checkout {
    temp: TempDir,
}

fn manifest(files: &[(&str, &str)]) -> Manifest {
    let line = |(path, text): &(&str, &str)| (Box::from(*path), Digest::of(text.as_bytes()));
    Manifest::new(files.iter().map(line)).unwrap()
}

fn subject(module: &str, version: &str) -> Subject {
    Subject::Go {
        module: module.to_owned(),
        version: version.to_owned(),
    }
}

fn bundle() -> Bundle {
    let mut bundle = Bundle::default();
    for ((module, version), files) in published() {
        let witness = |path: &str, text: &str| (Box::from(path), text.as_bytes().to_vec());
        let tells = |(path, _): &&(&str, &str)| matches!(*path, "check/gen.go" | "go.mod");
        let unpacked = Unpacked {
            manifest: manifest(&files),
            witnesses: (files.iter().filter(tells))
                .map(|(path, text)| witness(path, text))
                .collect(),
        };
        let kept = Kept {
            unpacked,
            record: None,
        };
        bundle.kept.insert(subject(module, version), kept);
    }
    bundle
}

fn sums(bundle: &Bundle) -> String {
    let line = |(subject, kept): (&Subject, &Kept)| {
        let Subject::Go { module, version } = subject else {
            return String::new();
        };
        let sum = kept.unpacked.manifest.h1(&subject.prefix());
        format!("{module} {version} {sum}\n")
    };
    bundle.kept.iter().map(line).collect()
}

impl Checkout {
    fn new() -> Self {
        let checkout = Self {
            temp: TempDir::new().unwrap(),
        };
        checkout.write("go.mod", GO_MOD);
        checkout.write("local/c/c.go", "package c\n");
        checkout.write("local/c/go.mod", "module example.org/c\n\ngo 1.20\n");
        checkout.write("vendor/modules.txt", LIST);
        for (path, text) in VENDORED {
            checkout.write(&format!("vendor/{path}"), text);
        }
        checkout.keep(&bundle());
        checkout.git(&["init", "--quiet", "--initial-branch=main"]);
        checkout.git(&["add", "--all", "--force"]);
        checkout.git(&["commit", "--quiet", "--message=x"]);
        checkout
    }

    fn root(&self) -> PathBuf {
        fs::canonicalize(self.temp.path()).unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.path(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    /// Writes a bundle with the sums that fit it.
    fn keep(&self, bundle: &Bundle) {
        self.write(MANIFESTS, bundle.to_gzip().unwrap());
        self.write("go.sum", sums(bundle));
    }

    fn git(&self, args: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(args)
            .current_dir(self.root())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .status();
        assert!(done.unwrap().success());
    }

    fn check(&self, base: bool) -> VendorReport {
        check(&VendorOptions {
            root: self.root(),
            base: base.then(|| "HEAD".to_owned()),
            cache: None,
            module_cache: None,
            cargo_home: None,
            proxies: None,
            repositories: None,
            database: None,
            crates: None,
            database_key: VerifierKey::parse(PUBLIC_KEY).unwrap(),
            no_proxy: String::new(),
            no_database: String::new(),
            limits: Limits::default(),
        })
        .unwrap()
    }

    /// The codes of everything that is wrong.
    fn codes(&self, base: bool) -> Vec<&'static str> {
        let report = self.check(base);
        let trees = report.trees.iter().flat_map(|tree| &tree.problems);
        let all = report.problems.iter().chain(trees);
        all.map(|problem| problem.code.word()).collect()
    }
}

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
