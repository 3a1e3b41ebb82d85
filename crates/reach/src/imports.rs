//! Everything that the packages of a Go module import, directly or not.
//!
//! Source: Go command documentation, "Import path syntax" and "Build constraints". The
//! walk is over the union of all platforms and tags: of a package every file counts
//! that some build may take, so that what is not found is part of no build.

use std::collections::HashMap;

use cofferdam_trees::go::constraints::is_left_out;
use rayon::prelude::*;

use crate::header::Header;
use crate::verdict::{Analysis, Verdict, Weakness};

/// One Go file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoFile {
    /// Its path, as messages name it.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// What is known of an import path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its files.
    Package {
        /// The module that it is of.
        module: String,
        /// The Go files of its folder, tests included.
        files: Vec<GoFile>,
    },
    /// It is of Go's own library, whose files are not at hand. Such packages import none
    /// but each other.
    Standard,
    /// Its files are not at hand, though they should be.
    Missing(String),
}

/// Gives the files of packages.
pub trait Sources: Sync {
    /// The package that an import path means for the main module.
    fn package(&self, path: &str) -> Found;
}

/// Go's own library, as advisories name it.
pub const STANDARD: &str = "stdlib";
/// The most packages that are looked into.
const MOST_PACKAGES: usize = 200_000;

/// Everything that the packages of a module import.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    nodes: Vec<Node>,
    by_path: HashMap<String, usize>,
    /// What could not be looked into: where something may be imported that is not known.
    gaps: Vec<Gap>,
    /// Whether the files of Go's own library were not at hand.
    is_standard_closed: bool,
}

#[derive(Clone, Debug)]
struct Node {
    path: String,
    module: String,
    importer: Option<usize>,
    tests_only: bool,
}

#[derive(Clone, Debug)]
struct Gap {
    why: String,
    tests_only: bool,
}

/// What one package says.
#[derive(Default)]
struct Read {
    module: String,
    imports: Vec<String>,
    of_tests: Vec<String>,
    gaps: Vec<String>,
    is_standard: bool,
}

impl Imports {
    /// Walks from the packages of the main module, named by their import paths. Of them
    /// alone tests count, and what tests alone lead to is told apart.
    #[must_use]
    pub fn collect(roots: &[String], sources: &dyn Sources) -> Self {
        let mut all = Self::default();
        let mut frontier = Vec::new();
        for root in roots {
            frontier.extend(all.add(root, None, false));
        }
        let first = all.nodes.len();
        let mut tests = Vec::new();
        let mut is_first = true;
        loop {
            let read: Vec<Read> = frontier
                .par_iter()
                .map(|at: &usize| match all.nodes.get(*at) {
                    Some(node) => read(&node.path, *at < first, sources),
                    None => Read::default(),
                })
                .collect();
            let mut next = Vec::new();
            for (at, read) in frontier.iter().zip(read) {
                tests.extend(read.of_tests.iter().map(|path| (*at, path.clone())));
                next.extend(all.take(*at, read));
            }
            frontier = next;
            // What the code itself leads to is complete before its tests are followed.
            if frontier.is_empty() && is_first {
                is_first = false;
                for (at, path) in std::mem::take(&mut tests) {
                    frontier.extend(all.add(&path, Some(at), true));
                }
            }
            if frontier.is_empty() {
                return all;
            }
            if all.nodes.len() > MOST_PACKAGES {
                all.gap(format!("more than {MOST_PACKAGES} packages"), false);
                return all;
            }
        }
    }

    /// Takes what could not be looked into besides: packages of the main module that may
    /// be missing among the roots.
    pub fn add_gaps(&mut self, gaps: impl IntoIterator<Item = String>) {
        for why in gaps {
            self.gap(why, false);
        }
    }

    /// How many packages were found.
    #[must_use]
    pub fn packages(&self) -> usize {
        self.nodes.len()
    }

    /// What could not be looked into.
    pub fn gaps(&self) -> impl Iterator<Item = &str> {
        self.gaps.iter().map(|gap| gap.why.as_str())
    }

    /// Takes a package that is new.
    fn add(&mut self, path: &str, importer: Option<usize>, tests_only: bool) -> Option<usize> {
        // `C` stands for what cgo makes.
        if path == "C" || self.by_path.contains_key(path) {
            return None;
        }
        let at = self.nodes.len();
        self.by_path.insert(path.to_owned(), at);
        self.nodes.push(Node {
            path: path.to_owned(),
            module: String::new(),
            importer,
            tests_only,
        });
        Some(at)
    }

    fn gap(&mut self, why: String, tests_only: bool) {
        self.gaps.push(Gap { why, tests_only });
    }

    fn take(&mut self, at: usize, read: Read) -> Vec<usize> {
        let Some(node) = self.nodes.get_mut(at) else {
            return Vec::new();
        };
        let tests_only = node.tests_only;
        node.module = read.module;
        self.is_standard_closed |= read.is_standard;
        for why in read.gaps {
            self.gap(why, tests_only);
        }
        let add = |path: &String| self.add(path, Some(at), tests_only);
        read.imports.iter().filter_map(add).collect()
    }

    /// The packages that lead to one, the code's own first.
    fn trace(&self, at: usize) -> Vec<String> {
        let importer = |at: &usize| self.nodes.get(*at)?.importer;
        let mut trace: Vec<String> = std::iter::successors(Some(at), importer)
            .filter_map(|at| Some(self.nodes.get(at)?.path.clone()))
            .collect();
        trace.reverse();
        trace
    }

    /// The packages of a weakness that are part of the program, those of the code
    /// itself before those of tests.
    fn found(&self, weakness: &Weakness<'_>) -> Option<usize> {
        let mut places: Vec<usize> = if weakness.packages.is_empty() {
            let is_of = |(at, node): (usize, &Node)| (node.module == weakness.module).then_some(at);
            self.nodes.iter().enumerate().filter_map(is_of).collect()
        } else {
            let at = |(path, _): &(&str, &[String])| self.by_path.get(*path).copied();
            weakness.packages.iter().filter_map(at).collect()
        };
        places.sort_by_key(|at| (self.nodes.get(*at).is_some_and(|node| node.tests_only), *at));
        places.first().copied()
    }
}

impl Analysis for Imports {
    fn verdict(&self, weakness: &Weakness<'_>) -> Verdict {
        let found = self.found(weakness);
        if let Some(node) = found.and_then(|at| self.nodes.get(at))
            && !node.tests_only
        {
            return Verdict::Imported {
                trace: self.trace(found.unwrap_or_default()),
                tests_only: false,
            };
        }
        if weakness.module == STANDARD && self.is_standard_closed {
            return Verdict::Unknown {
                why: "it is not imported by itself, and what Go's own packages import of each \
                      other is not looked into"
                    .to_owned(),
            };
        }
        let gap = self
            .gaps
            .iter()
            .find(|gap| !gap.tests_only || found.is_none());
        match (gap, found) {
            (Some(gap), _) => Verdict::Unknown {
                why: gap.why.clone(),
            },
            (None, Some(at)) => Verdict::Imported {
                trace: self.trace(at),
                tests_only: true,
            },
            (None, None) => Verdict::NotImported {
                packages: self.nodes.len(),
            },
        }
    }
}

fn read(path: &str, is_own: bool, sources: &dyn Sources) -> Read {
    let mut read = Read::default();
    let (module, files) = match sources.package(path) {
        Found::Package { module, files } => (module, files),
        Found::Standard => {
            read.module = STANDARD.to_owned();
            read.is_standard = path != "unsafe";
            return read;
        }
        Found::Missing(why) => {
            read.gaps.push(format!("{path}: {why}"));
            return read;
        }
    };
    read.module = module;
    for file in &files {
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let is_test = name.ends_with("_test.go");
        // Source: `go help packages`: files that begin so are passed over.
        let is_skipped = name.starts_with(['_', '.']) || (is_test && !is_own);
        if is_skipped || is_left_out(&file.bytes) {
            continue;
        }
        match Header::parse(&file.bytes) {
            Ok(header) if is_test => read.of_tests.extend(header.imports),
            // A file that documents a package is of no build.
            Ok(header) if header.package != "documentation" => read.imports.extend(header.imports),
            Ok(_) => {}
            Err(error) => read.gaps.push(format!("{}: {error}", file.path)),
        }
    }
    read
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    struct Given(Vec<(&'static str, &'static str, &'static str, &'static str)>);

    impl Sources for Given {
        fn package(&self, path: &str) -> Found {
            let of = |one: &&(&str, &str, &str, &str)| one.1 == path;
            let files: Vec<GoFile> = (self.0.iter().filter(of))
                .map(|(_, package, name, text)| GoFile {
                    path: format!("{package}/{name}"),
                    bytes: text.as_bytes().to_vec(),
                })
                .collect();
            match self.0.iter().find(of) {
                Some((module, ..)) => Found::Package {
                    module: (*module).to_owned(),
                    files,
                },
                None if path.contains('.') => Found::Missing("it is not vendored".to_owned()),
                None => Found::Standard,
            }
        }
    }

    fn project() -> Given {
        Given(vec![
            (
                "e.org/app",
                "e.org/app",
                "a.go",
                "package main\nimport (\n\"fmt\"\n\"d.org/d/x\"\n)",
            ),
            (
                "e.org/app",
                "e.org/app",
                "a_test.go",
                "package main\nimport \"t.org/t\"",
            ),
            (
                "e.org/app",
                "e.org/app",
                "gen.go",
                "//go:build ignore\n\npackage main\nimport \"g.org/g\"",
            ),
            (
                "d.org/d",
                "d.org/d/x",
                "x_windows.go",
                "package x\nimport \"d.org/d/deep\"",
            ),
            (
                "d.org/d",
                "d.org/d/x",
                "x_test.go",
                "package x\nimport \"n.org/n\"",
            ),
            (
                "d.org/d",
                "d.org/d/x",
                "_x.go",
                "package x\nimport \"n.org/n\"",
            ),
            ("d.org/d", "d.org/d/deep", "d.go", "package deep\n"),
            (
                "t.org/t",
                "t.org/t",
                "t.go",
                "package t\nimport \"d.org/d/deep\"",
            ),
        ])
    }

    fn verdict(imports: &Imports, module: &str, packages: &[&str]) -> Verdict {
        imports.verdict(&Weakness {
            module,
            packages: packages.iter().map(|path| (*path, &[][..])).collect(),
        })
    }

    #[test]
    fn what_is_imported_is_found_with_its_way() {
        let imports = Imports::collect(&["e.org/app".to_owned()], &project());
        assert_eq!(imports.gaps().count(), 0);
        let trace = vec![
            "e.org/app".into(),
            "d.org/d/x".into(),
            "d.org/d/deep".into(),
        ];
        let tests_only = false;
        let expected = Verdict::Imported { trace, tests_only };
        assert_eq!(
            verdict(&imports, "d.org/d", &["d.org/d/no", "d.org/d/deep"]),
            expected
        );
        let of_module = verdict(&imports, "d.org/d", &[]);
        assert!(matches!(&of_module, Verdict::Imported { trace, .. } if trace.len() == 2));
        let trace = vec!["e.org/app".into(), "t.org/t".into()];
        let tests_only = true;
        assert_eq!(
            verdict(&imports, "t.org/t", &[]),
            Verdict::Imported { trace, tests_only }
        );
        let not = Verdict::NotImported { packages: 5 };
        assert_eq!(verdict(&imports, "d.org/d", &["d.org/d/y"]), not);
        assert_eq!(verdict(&imports, "n.org/n", &[]), not);
        assert_eq!(verdict(&imports, "g.org/g", &["g.org/g"]), not);
        let of_go = verdict(&imports, STANDARD, &["fmt"]);
        assert!(matches!(of_go, Verdict::Imported { .. }));
        let behind = verdict(&imports, STANDARD, &["crypto/tls"]);
        assert!(matches!(behind, Verdict::Unknown { .. }));
    }

    #[test]
    fn where_something_is_missing_nothing_is_unused() {
        for (text, why) in [
            (
                "package deep\nimport \"gone.org/x\"",
                "gone.org/x: it is not vendored",
            ),
            (
                "pakage deep\n",
                "d.org/d/deep/d.go: line 1: expected `package`",
            ),
        ] {
            let mut given = project();
            given.0.get_mut(6).unwrap().3 = text;
            let imports = Imports::collect(&["e.org/app".to_owned()], &given);
            let unknown = Verdict::Unknown {
                why: why.to_owned(),
            };
            assert_eq!(verdict(&imports, "n.org/n", &[]), unknown);
            assert!(matches!(
                verdict(&imports, "d.org/d", &[]),
                Verdict::Imported { .. }
            ));
            // Tests lead there; whether the code does too is not known.
            assert_eq!(verdict(&imports, "t.org/t", &[]), unknown);
        }
        let mut given = project();
        given.0.get_mut(7).unwrap().3 = "package t\nimport \"gone.org/x\"";
        let imports = Imports::collect(&["e.org/app".to_owned()], &given);
        let tests = verdict(&imports, "t.org/t", &[]);
        assert!(
            matches!(
                tests,
                Verdict::Imported {
                    tests_only: true,
                    ..
                }
            ),
            "{tests:?}"
        );
        assert!(matches!(
            verdict(&imports, "n.org/n", &[]),
            Verdict::Unknown { .. }
        ));
    }
}
