//! A tree against its manifest.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::manifest::Manifest;

/// What stands at a path of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file with these contents.
    File(Digest),
    /// A link, with what it names.
    Link(String),
    /// Something that is neither, or a file that cannot be read.
    Other,
}

/// Entries by path, relative to the root of the tree. Folders have none.
pub type Tree = BTreeMap<String, Entry>;

/// Whether a file of the manifest belongs into the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It has to be there.
    Must,
    /// It may be there.
    May,
    /// It has no business there.
    Never,
}

/// What is wrong at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// The contents differ from the manifest.
    Changed,
    /// The manifest has no such file.
    Added,
    /// The manifest has it, and it has to be there.
    Missing,
    /// It equals the manifest, and has no business there.
    Stray,
    /// A link stands in the place of a file.
    Link,
    /// Something that is no file, or cannot be read, stands there.
    Special,
}

impl Difference {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Changed,
        Self::Added,
        Self::Missing,
        Self::Stray,
        Self::Link,
        Self::Special,
    ];

    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Missing => "missing",
            Self::Stray => "stray",
            Self::Link => "link",
            Self::Special => "special",
        }
    }
}

/// What came out of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The number of files that equal their lines.
    pub equal: usize,
    /// What is wrong, in order of paths.
    pub differences: Vec<(String, Difference)>,
}

/// Compares what lies in a tree with its manifest. `wanted` says of each path
/// of the manifest whether it belongs into the tree.
pub fn compare<'t>(
    tree: impl IntoIterator<Item = (&'t str, &'t Entry)>,
    manifest: &Manifest,
    wanted: impl Fn(&str) -> Wanted,
) -> Comparison {
    let mut result = Comparison::default();
    let mut there = std::collections::HashSet::new();
    for (path, entry) in tree {
        there.insert(path);
        let difference = match (entry, manifest.get(path)) {
            (Entry::Link(_), _) => Difference::Link,
            (Entry::Other, _) => Difference::Special,
            (Entry::File(_), None) => Difference::Added,
            (Entry::File(found), Some(line)) if *found != line => Difference::Changed,
            (Entry::File(_), Some(_)) if wanted(path) == Wanted::Never => Difference::Stray,
            (Entry::File(_), Some(_)) => {
                result.equal += 1;
                continue;
            }
        };
        result.differences.push((path.to_owned(), difference));
    }
    for (path, _) in manifest.files() {
        if !there.contains(path) && wanted(path) == Wanted::Must {
            let path = path.to_owned();
            result.differences.push((path, Difference::Missing));
        }
    }
    result.differences.sort_unstable();
    result
}
