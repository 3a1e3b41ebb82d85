//! Checkouts with vendor directories, as `go mod vendor` writes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use cofferdam_pipelines::Limits;
use cofferdam_pipelines::vendoring::{MANIFESTS, VendorOptions, VendorReport, check};
use cofferdam_trees::archives::Unpacked;
use cofferdam_trees::bundle::{Kept, Subject};
use cofferdam_trees::sumdb::{PUBLIC_KEY, VerifierKey};
use cofferdam_trees::{Bundle, Digest, Manifest};
use tempfile::TempDir;

pub(crate) const LIST: &str = "\
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
pub(crate) const GO_MOD: &str = "\
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
pub(crate) const EMBEDS: &str =
    "package a\n\nimport \"embed\"\n\n//go:embed data\nvar files embed.FS\n";
pub(crate) const GENERATOR: &str = "//go:build ignore\n\npackage main\n";

/// Two modules as they are published.
pub(crate) fn published()
-> BTreeMap<(&'static str, &'static str), Vec<(&'static str, &'static str)>> {
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
pub(crate) const VENDORED: &[(&str, &str)] = &[
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

pub(crate) struct Checkout {
    temp: TempDir,
    home: TempDir,
}

pub(crate) fn manifest(files: &[(&str, &str)]) -> Manifest {
    let line = |(path, text): &(&str, &str)| (Box::from(*path), Digest::of(text.as_bytes()));
    Manifest::new(files.iter().map(line)).unwrap()
}

pub(crate) fn subject(module: &str, version: &str) -> Subject {
    Subject::Go {
        module: module.to_owned(),
        version: version.to_owned(),
    }
}

pub(crate) fn bundle() -> Bundle {
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

/// Publishes one more module.
pub(crate) fn publish(bundle: &mut Bundle, module: &str, version: &str, files: &[(&str, &str)]) {
    let go_mod = files.iter().filter(|(path, _)| *path == "go.mod");
    let unpacked = Unpacked {
        manifest: manifest(files),
        witnesses: go_mod
            .map(|(path, text)| (Box::from(*path), text.as_bytes().to_vec()))
            .collect(),
    };
    let kept = Kept {
        unpacked,
        record: None,
    };
    bundle.kept.insert(subject(module, version), kept);
}

pub(crate) fn sums(bundle: &Bundle) -> String {
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
    /// A checkout with a Go module, committed.
    pub(crate) fn new() -> Self {
        let checkout = Self::empty();
        checkout.write("go.mod", GO_MOD);
        checkout.write("local/c/c.go", "package c\n");
        checkout.write("local/c/go.mod", "module example.org/c\n\ngo 1.20\n");
        checkout.write("vendor/modules.txt", LIST);
        for (path, text) in VENDORED {
            checkout.write(&format!("vendor/{path}"), text);
        }
        checkout.keep(&bundle());
        checkout.commit();
        checkout
    }

    /// A repository without anything.
    pub(crate) fn empty() -> Self {
        let checkout = Self {
            temp: TempDir::new().unwrap(),
            home: TempDir::new().unwrap(),
        };
        checkout.git(&["init", "--quiet", "--initial-branch=main"]);
        checkout
    }

    /// What stands there now is the base from here on.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--message=x"]);
    }

    /// Takes away a file or a folder.
    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    /// Moves a file or a folder, and leaves a link behind.
    pub(crate) fn behind_link(&self, path: &str, to: &str) {
        fs::rename(self.path(path), self.path(to)).unwrap();
        std::os::unix::fs::symlink(self.path(to), self.path(path)).unwrap();
    }

    /// Cargo's home, of the user and not of the checkout.
    pub(crate) fn home(&self) -> PathBuf {
        fs::canonicalize(self.home.path()).unwrap()
    }

    pub(crate) fn root(&self) -> PathBuf {
        fs::canonicalize(self.temp.path()).unwrap()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.path(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    /// Writes a bundle with the sums that fit it.
    pub(crate) fn keep(&self, bundle: &Bundle) {
        self.write(MANIFESTS, bundle.to_gzip().unwrap());
        self.write("go.sum", sums(bundle));
    }

    pub(crate) fn git(&self, args: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(args)
            .current_dir(self.root())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .status();
        assert!(done.unwrap().success());
    }

    pub(crate) fn check(&self, base: bool) -> VendorReport {
        check(&self.options(base)).unwrap()
    }

    /// What a check that asks nobody may use.
    pub(crate) fn options(&self, base: bool) -> VendorOptions {
        VendorOptions {
            root: self.root(),
            base: base.then(|| "HEAD".to_owned()),
            cache: None,
            module_cache: None,
            cargo_home: Some(self.home()),
            proxies: None,
            repositories: None,
            database: None,
            crates: None,
            database_key: VerifierKey::parse(PUBLIC_KEY).unwrap(),
            no_proxy: String::new(),
            no_database: String::new(),
            limits: Limits::default(),
        }
    }

    /// The codes of everything that is wrong.
    pub(crate) fn codes(&self, base: bool) -> Vec<&'static str> {
        codes(&self.check(base))
    }
}

/// The codes of everything that is wrong.
pub(crate) fn codes(report: &VendorReport) -> Vec<&'static str> {
    let trees = report.trees.iter().flat_map(|tree| &tree.problems);
    let all = report.problems.iter().chain(trees);
    all.map(|problem| problem.code.word()).collect()
}

/// What could not be checked.
pub(crate) fn gaps(report: &VendorReport) -> Vec<String> {
    let trees = report.trees.iter().flat_map(|tree| &tree.not_checked);
    let all = report.not_checked.iter().chain(trees);
    all.map(|gap| format!("{}: {}", gap.what, gap.why))
        .collect()
}
