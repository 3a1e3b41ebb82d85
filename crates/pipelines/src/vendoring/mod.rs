//! Proves what lies in vendor directories: files against manifests, manifests
//! against sums, sums against the base or the checksum database.

mod base;
mod cargo;
mod discovery;
mod folder;
mod go;
mod go_files;
mod list;
mod originals;
mod planted;
mod records;
mod report;
mod selected;
mod settings;
mod sources;
mod sums;
mod tags;
mod writing;

use std::io;
use std::path::{Path, PathBuf};

use cofferdam_registries::crates_io::CrateDownloads;
use cofferdam_registries::git::GitClient;
use cofferdam_registries::go_modules::{ChecksumDatabase, ModuleProxies};
use cofferdam_trees::sumdb::VerifierKey;

pub use report::{
    Code, Ecosystem, ManifestSource, ModuleReport, NotChecked, Problem, State, TreeReport,
    VendorReport,
};
pub use writing::{Written, written};

use crate::collect::plain;
use crate::git::GitError;
use crate::limits::Limits;
use base::Base;
use sources::{Committed, Sources};
use sums::Sums;

/// Where the manifests of a checkout are kept, relative to its root.
pub const MANIFESTS: &str = ".github/cofferdam.vendor.gz";
/// The most bytes of that file, and of one that is part of a vendor directory
/// and says what lies there.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// What a check may use.
#[derive(Debug)]
pub struct VendorOptions {
    /// The root of the checkout.
    pub root: PathBuf,
    /// The branch, tag or commit whose locks count, and whose unchanged files
    /// need no proof.
    pub base: Option<String>,
    /// Where the user's manifests are kept.
    pub cache: Option<PathBuf>,
    /// Go's module cache.
    pub module_cache: Option<PathBuf>,
    /// Cargo's home.
    pub cargo_home: Option<PathBuf>,
    /// Whom to ask for modules; nobody without.
    pub proxies: Option<ModuleProxies>,
    /// Whom to ask for modules where the proxies lead to their own repositories;
    /// nobody without.
    pub repositories: Option<GitClient>,
    /// Whom to ask for records of sums; nobody without.
    pub database: Option<ChecksumDatabase>,
    /// Whom to ask for crates; nobody without.
    pub crates: Option<CrateDownloads>,
    /// The key of the checksum database.
    pub database_key: VerifierKey,
    /// Modules that no proxy may hear of, as patterns: `GONOPROXY`.
    pub no_proxy: String,
    /// Modules that the checksum database may not hear of: `GONOSUMDB`.
    pub no_database: String,
    /// How much is read.
    pub limits: Limits,
}

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
pub enum VendorError {
    /// The folder cannot be read.
    #[error("{}: {}", path.display(), plain(source))]
    Root {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// There is nothing to check.
    #[error("there is no vendor directory below {}", path.display())]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// The base cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl VendorError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Nothing { .. } => Some(
                "`go mod vendor` makes one with `vendor/modules.txt`, `cargo vendor` one beside \
                 `Cargo.lock`",
            ),
            Self::Git(error) => error.hint(),
            Self::Root { .. } => None,
        }
    }

    /// Whether the command was used wrongly.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Nothing { .. } | Self::Root { .. } => true,
            Self::Git(error) => error.is_usage(),
        }
    }
}

/// Checks every vendor directory of a checkout.
///
/// # Errors
/// [`VendorError`] if there is none, or the base cannot be read.
pub fn check(options: &VendorOptions) -> Result<VendorReport, VendorError> {
    let root = canonical(&options.root)?;
    let base = match &options.base {
        Some(revision) => Some(Base::open(&root, revision, &options.limits)?),
        None => None,
    };
    let found = discovery::discover(&root, &options.limits);
    let mut problems = match &base {
        Some(base) => base.gone(&root, &found)?,
        None => Vec::new(),
    };
    if found.places.is_empty() && found.not_checked.is_empty() && problems.is_empty() {
        let path = options.root.clone();
        return Err(VendorError::Nothing { path });
    }
    let committed = committed(&root, base.as_ref(), &mut problems)?;
    let sources = Sources::new(options, committed);
    // The committed file is read beside the directories; whoever needs it waits.
    let (sums, trees) = std::thread::scope(|scope| {
        scope.spawn(|| sources.read_committed());
        let sums = Sums::read(&root, &found.sums, base.as_ref())?;
        let one = |(ecosystem, place): &(Ecosystem, discovery::Place)| match ecosystem {
            Ecosystem::Go => go::check(&root, place, &sources, &sums, base.as_ref()),
            Ecosystem::Cargo => cargo::check(&root, place, &sources, base.as_ref()),
        };
        let trees: Result<Vec<_>, _> = found.places.iter().map(one).collect();
        Ok::<_, VendorError>((sums, trees?))
    })?;
    if let Some(error) = sources.read_committed() {
        problems.push(unreadable(error.to_string()));
    }
    let mut report = VendorReport {
        base: base.as_ref().map(Base::id),
        trees,
        problems,
        not_checked: found.not_checked,
    };
    report.take(sums);
    if let Some(base) = &base {
        planted::check(&root, &found.places, &sources, base, &mut report)?;
    }
    Ok(report)
}

impl VendorReport {
    /// Takes what is said of checksums and no directory has said.
    fn take(&mut self, sums: Sums) {
        let problems = sums.problems.into_iter();
        let is_said = |one: &Problem| self.trees.iter().any(|tree| tree.problems.contains(one));
        let problems: Vec<Problem> = problems.filter(|one| !is_said(one)).collect();
        let gaps = sums.not_checked.into_iter();
        let is_said = |one: &NotChecked| self.trees.iter().any(|t| t.not_checked.contains(one));
        let gaps: Vec<NotChecked> = gaps.filter(|one| !is_said(one)).collect();
        self.problems.extend(problems);
        self.not_checked.extend(gaps);
    }
}

fn canonical(root: &Path) -> Result<PathBuf, VendorError> {
    std::fs::canonicalize(root).map_err(|source| VendorError::Root {
        path: root.to_owned(),
        source,
    })
}

/// The manifests that the checkout holds.
fn committed(
    root: &Path,
    base: Option<&Base>,
    problems: &mut Vec<Problem>,
) -> Result<Option<Committed>, GitError> {
    let bytes = match folder::bytes_of(&root.join(MANIFESTS), MOST_BYTES) {
        Ok(None) => return Ok(None),
        Ok(Some(bytes)) => bytes,
        Err(error) => {
            problems.push(unreadable(plain(&error)));
            return Ok(None);
        }
    };
    let is_as_before = match base {
        Some(base) => base.bytes(MANIFESTS)?.as_ref() == Some(&bytes),
        None => false,
    };
    Ok(Some(Committed::unread(bytes, is_as_before)))
}

fn unreadable(text: String) -> Problem {
    Problem {
        code: Code::ManifestsUnreadable,
        path: MANIFESTS.to_owned(),
        line: None,
        module: None,
        text,
        first: None,
    }
}
