//! What `go mod vendor` copies of a module.
//!
//! Source: Go modules reference, sections "Vendoring" and "go mod vendor";
//! observed with Go 1.26: of each package its own folder without tests, tests'
//! data and files with the constraint `ignore`; files that are embedded; and
//! files about the licence from each folder above, up to the root of the
//! module.

pub mod committed;
pub mod constraints;
pub mod embeds;
pub mod patterns;

use std::collections::{BTreeMap, HashSet};

use crate::comparison::Wanted;
use crate::digest::Digest;
use crate::manifest::Manifest;

/// Beginnings of names of files about the licence.
const ABOUT_LICENCE: [&str; 9] = [
    "AUTHORS",
    "CONTRIBUTORS",
    "COPYLEFT",
    "COPYING",
    "COPYRIGHT",
    "LEGAL",
    "LICENSE",
    "NOTICE",
    "PATENTS",
];

/// The rules that differ with the version of Go that the main module names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `go.mod` and `go.sum` are copied; up to 1.16.
    pub copies_go_mod: bool,
    /// Files that only tests embed are copied; up to 1.21.
    pub copies_test_embeds: bool,
}

/// Files whose contents decide something: Go files that are left out because of
/// the constraint `ignore`, and `go.mod`, which names a version of Go. A
/// manifest has no contents, so these files come along with it, and prove
/// themselves by their hash.
pub type Witnesses = BTreeMap<Box<str>, Vec<u8>>;

/// Which files of one module are copied.
#[derive(Debug)]
pub struct Copied<'a> {
    manifest: &'a Manifest,
    witnesses: &'a Witnesses,
    rules: Rules,
    /// Folders of packages, relative to the root of the module.
    packages: HashSet<String>,
    /// Folders above packages.
    above: HashSet<String>,
    embedded: HashSet<String>,
}

impl<'a> Copied<'a> {
    /// Applies the rules to a module. `packages` are folders relative to its
    /// root, the empty one for the root itself; `patterns` are those of
    /// `//go:embed` in the files that were copied, with the folder each.
    pub fn new(
        manifest: &'a Manifest,
        witnesses: &'a Witnesses,
        rules: Rules,
        packages: impl IntoIterator<Item = String>,
        patterns: &[(String, String)],
    ) -> Self {
        let packages: HashSet<String> = packages.into_iter().collect();
        let mut above = HashSet::new();
        for package in &packages {
            let mut folder = package.as_str();
            while !folder.is_empty() {
                folder = parent(folder);
                if !above.insert(folder.to_owned()) {
                    break;
                }
            }
        }
        let mut embedded = HashSet::new();
        for (folder, pattern) in patterns {
            if packages.contains(folder) {
                embedded.extend(embeds::resolve(manifest, folder, pattern));
            }
        }
        Self {
            manifest,
            witnesses,
            rules,
            packages,
            above,
            embedded,
        }
    }

    /// Whether the file of the manifest at a path is copied.
    #[must_use]
    pub fn wanted(&self, path: &str) -> Wanted {
        if self.embedded.contains(path) {
            return Wanted::Must;
        }
        let folder = parent(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        if self.packages.contains(folder) {
            return self.in_package(path, name);
        }
        if self.above.contains(folder) && ABOUT_LICENCE.iter().any(|one| name.starts_with(one)) {
            return Wanted::Must;
        }
        let mut over = folder;
        while self.rules.copies_test_embeds && !over.is_empty() {
            over = parent(over);
            if self.packages.contains(over) {
                // Patterns of tests may embed it, and no test was copied.
                return Wanted::May;
            }
        }
        Wanted::Never
    }

    fn in_package(&self, path: &str, name: &str) -> Wanted {
        // From a folder below, the licence was copied without another look.
        let about_licence = self.above.contains(parent(path))
            && ABOUT_LICENCE.iter().any(|one| name.starts_with(one));
        if about_licence {
            return Wanted::Must;
        }
        if name.ends_with("_test.go") {
            return Wanted::Never;
        }
        if name == "go.mod" || name == "go.sum" {
            return if self.rules.copies_go_mod {
                Wanted::Must
            } else {
                Wanted::Never
            };
        }
        if name.starts_with('.') {
            // No build reads it, and a checkout's own `.gitignore` often leaves
            // it out.
            return Wanted::May;
        }
        if name.ends_with(".go") && self.is_ignored(path) {
            return Wanted::Never;
        }
        Wanted::Must
    }

    /// Whether the witness of a Go file says that it is left out.
    fn is_ignored(&self, path: &str) -> bool {
        self.witnesses.get(path).is_some_and(|bytes| {
            self.manifest.get(path) == Some(Digest::of(bytes)) && constraints::is_left_out(bytes)
        })
    }
}

/// The folder of a path, empty for one at the root.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const TODAY: Rules = Rules {
        copies_go_mod: false,
        copies_test_embeds: false,
    };

    #[test]
    fn the_rules_of_each_age_hold() {
        const GENERATOR: &[u8] = b"//go:build ignore\n\npackage main\n";
        let text = |path: &str| (Box::from(path), Digest::of(path.as_bytes()));
        let manifest = Manifest::new(
            [
                "LICENSE",
                "NOTICE.md",
                "README.md",
                "go.mod",
                "a/a.go",
                "a/a_test.go",
                "a/asm.s",
                "a/.editorconfig",
                "a/go.mod",
                "a/testdata/x",
                "a/static/index.html",
                "a/static/.hidden",
                "b/COPYING",
                "b/b.go",
                "b/c/c.go",
                "d/LICENSE",
                "d/d.go",
            ]
            .map(text)
            .into_iter()
            .chain([(Box::from("a/gen.go"), Digest::of(GENERATOR))]),
        )
        .unwrap();
        let mut witnesses = Witnesses::new();
        witnesses.insert("a/gen.go".into(), GENERATOR.to_vec());
        let packages = || ["a", "b/c"].map(str::to_owned);
        let patterns = [("a".to_owned(), "static".to_owned())];
        let must = |rules| {
            let copied = Copied::new(&manifest, &witnesses, rules, packages(), &patterns);
            manifest
                .files()
                .filter(|(path, _)| copied.wanted(path) == Wanted::Must)
                .map(|(path, _)| path.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            must(TODAY),
            [
                "LICENSE",
                "NOTICE.md",
                "a/a.go",
                "a/asm.s",
                "a/static/index.html",
                "b/COPYING",
                "b/c/c.go"
            ]
        );
        let old = Rules {
            copies_go_mod: true,
            copies_test_embeds: true,
        };
        assert!(must(old).contains(&"a/go.mod".to_owned()));
        let copied = Copied::new(&manifest, &witnesses, old, packages(), &patterns);
        assert_eq!(copied.wanted("a/testdata/x"), Wanted::May);
        assert_eq!(copied.wanted("d/d.go"), Wanted::Never);
        // A witness that does not hash to its line says nothing.
        witnesses.insert("a/a.go".into(), GENERATOR.to_vec());
        let copied = Copied::new(&manifest, &witnesses, TODAY, packages(), &[]);
        assert_eq!(copied.wanted("a/a.go"), Wanted::Must);
    }
}
