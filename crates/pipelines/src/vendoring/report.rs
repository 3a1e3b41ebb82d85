//! What a check of vendor directories has found.

use cofferdam_trees::lines::FirstDifference;
use cofferdam_trees::{Anchor, Difference};

/// Everything that was checked.
#[derive(Clone, Debug, Default)]
pub struct VendorReport {
    /// The commit whose state counts as the base, in hexadecimal.
    pub base: Option<String>,
    /// The vendor directories, in order of their paths.
    pub trees: Vec<TreeReport>,
    /// What is wrong outside of them: with the file of manifests itself, with
    /// checksums, and with directories that are no more.
    pub problems: Vec<Problem>,
    /// What could not be looked into.
    pub not_checked: Vec<NotChecked>,
}

/// Who vendored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ecosystem {
    /// `go mod vendor` or `go work vendor`.
    Go,
    /// `cargo vendor`.
    Cargo,
}

impl Ecosystem {
    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Cargo => "cargo",
        }
    }
}

/// One vendor directory.
#[derive(Clone, Debug)]
pub struct TreeReport {
    /// Who vendored.
    pub ecosystem: Ecosystem,
    /// The folder, relative to the root of the checkout.
    pub folder: String,
    /// The files that were read and hashed.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The modules, in order.
    pub modules: Vec<ModuleReport>,
    /// What is wrong, in order of paths.
    pub problems: Vec<Problem>,
    /// What could not be checked.
    pub not_checked: Vec<NotChecked>,
}

/// One module or crate.
#[derive(Clone, Debug)]
pub struct ModuleReport {
    /// Its path or name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What stands in its place.
    pub replacement: Option<String>,
    /// What came out.
    pub state: State,
    /// What the sum is worth.
    pub anchor: Anchor,
    /// Where the manifest comes from.
    pub source: Option<ManifestSource>,
    /// The files that equal their lines.
    pub files: usize,
}

/// What came out for one module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Every file equals the manifest, which hashes to a sum that the author
    /// of a change could not put there.
    Proven,
    /// Every file equals the manifest, which hashes to the lock's sum; lock
    /// and files may have been changed together.
    Agrees,
    /// Every file equals the folder of the checkout that stands for it.
    LocalFolder,
    /// Nothing of it differs from the base.
    Unchanged,
    /// None of its packages is vendored.
    NothingVendored,
    /// Something is wrong.
    Differs,
    /// It could not be checked.
    NotChecked,
}

impl State {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Proven,
        Self::Agrees,
        Self::LocalFolder,
        Self::Unchanged,
        Self::NothingVendored,
        Self::Differs,
        Self::NotChecked,
    ];

    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Agrees => "lock-only",
            Self::LocalFolder => "local-folder",
            Self::Unchanged => "unchanged",
            Self::NothingVendored => "nothing-vendored",
            Self::Differs => "differs",
            Self::NotChecked => "not-checked",
        }
    }
}

/// Where a manifest comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ManifestSource {
    /// The file that `write-manifests` has written.
    Committed,
    /// The user's cache of manifests.
    Cache,
    /// The archive in Go's or Cargo's own cache.
    LocalArchive,
    /// A module proxy, or the registry of crates.
    Registry,
    /// The tag in the module's own repository.
    Repository,
    /// The folder that a replacement names.
    Folder,
}

impl ManifestSource {
    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Cache => "cache",
            Self::LocalArchive => "local-archive",
            Self::Registry => "registry",
            Self::Repository => "repository",
            Self::Folder => "folder",
        }
    }
}

/// What kind of thing is wrong. The words are part of what is versioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A file differs from its manifest.
    File(Difference),
    /// The lock names another sum for a version that the base has already.
    SumChanged,
    /// The lock names two sums for one version.
    SumConflict,
    /// No lock names a sum.
    SumMissing,
    /// What a cache or a registry gives does not hash to the lock's sum.
    SumWrong,
    /// The committed manifest does not hash to the lock's sum.
    ManifestForged,
    /// The committed manifests cannot be read.
    ManifestsUnreadable,
    /// The record of the checksum database proves nothing, or another sum.
    RecordWrong,
    /// The list of vendored modules does not say what the module file does.
    ListInconsistent,
    /// A crate names another hash of its archive than the lock, or none.
    CrateSum,
    /// A crate's own list of hashes does not say what the archive does.
    CrateList,
    /// A vendor directory of the base is none any more.
    TreeGone,
}

impl Code {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let files = Difference::ALL.iter().map(|&one| Self::File(one));
        files
            .chain([
                Self::SumChanged,
                Self::SumConflict,
                Self::SumMissing,
                Self::SumWrong,
                Self::ManifestForged,
                Self::ManifestsUnreadable,
                Self::RecordWrong,
                Self::ListInconsistent,
                Self::CrateSum,
                Self::CrateList,
                Self::TreeGone,
            ])
            .collect()
    }

    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::File(Difference::Changed) => "vendor-changed",
            Self::File(Difference::Added) => "vendor-added",
            Self::File(Difference::Missing) => "vendor-missing",
            Self::File(Difference::Stray) => "vendor-stray",
            Self::File(Difference::Link) => "vendor-link",
            Self::File(Difference::Special) => "vendor-special",
            Self::SumChanged => "sum-changed",
            Self::SumConflict => "sum-conflict",
            Self::SumMissing => "sum-missing",
            Self::SumWrong => "sum-wrong",
            Self::ManifestForged => "manifest-forged",
            Self::ManifestsUnreadable => "manifests-unreadable",
            Self::RecordWrong => "record-wrong",
            Self::ListInconsistent => "list-inconsistent",
            Self::CrateSum => "crate-sum",
            Self::CrateList => "crate-list",
            Self::TreeGone => "vendor-gone",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::File(_) => {
                "find out who changed it and why; `go mod vendor`, or `cargo vendor`, restores it, \
                 and a patch belongs into a fork that a replacement names"
            }
            Self::SumChanged => {
                "a version never changes: restore the line of the base, and find out who changed it"
            }
            Self::SumConflict => "keep the line that the base or the checksum database has",
            Self::SumMissing => "`go mod tidy` adds the line and asks the checksum database",
            Self::SumWrong => {
                "compare with the checksum database; either the lock or the source was tampered with"
            }
            Self::ManifestForged | Self::ManifestsUnreadable => {
                "find out who wrote it; `cofferdam deps vendor write-manifests` writes it anew"
            }
            Self::RecordWrong => {
                "compare the lock with the base; `cofferdam deps vendor write-manifests` fetches \
                 the record anew"
            }
            Self::ListInconsistent => "run `go mod vendor`, or `go work vendor`, again",
            Self::CrateSum | Self::CrateList => {
                "find out who changed it; `cargo vendor` restores it"
            }
            Self::TreeGone => {
                "see that nothing is built from what is not checked any more; without `--base` \
                 only what is there counts"
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub code: Code,
    /// The file, relative to the root of the checkout.
    pub path: String,
    /// The one-based line, where one is meant.
    pub line: Option<usize>,
    /// The module that it is about, as in `MODULE@VERSION`.
    pub module: Option<String>,
    /// What is wrong, in words.
    pub text: String,
    /// The first line that differs from the original, where that is at hand.
    pub first: Option<FirstDifference>,
}

/// Something that could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChecked {
    /// What, as in `MODULE@VERSION` or a path.
    pub what: String,
    /// Why not.
    pub why: String,
}

impl VendorReport {
    /// Whether anything is wrong.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !self.problems.is_empty() || self.trees.iter().any(|tree| !tree.problems.is_empty())
    }

    /// Whether something could not be checked.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        let mut trees = self.trees.iter();
        !self.not_checked.is_empty() || trees.any(|tree| !tree.not_checked.is_empty())
    }

    /// How many modules have a state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        let modules = self.trees.iter().flat_map(|tree| &tree.modules);
        modules.filter(|module| module.state == state).count()
    }
}
