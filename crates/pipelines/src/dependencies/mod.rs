//! What a project takes from others, and what a change does to it.

mod files;
mod licences;
mod references;
mod review;
mod settings;

use std::path::{Path, PathBuf};

use cofferdam_config::Glob;
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::Document;

use crate::collect::{CollectError, checkout};
use crate::git::{self, GitError};
use crate::judging::JudgeError;
use crate::limits::Limits;

pub use licences::Licences;
pub use review::{Review, ReviewOptions, Side, Touched, review};
pub use settings::{ACTION_CONFIGS, Settings};

/// What is read of a checkout.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The root of the checkout.
    pub root: PathBuf,
    /// The commit to read instead of the work tree.
    pub revision: Option<String>,
    /// Files that are left out, by the word of whoever runs the command.
    pub exclude: Vec<Glob>,
    /// Whether actions and images are packages too.
    pub references: bool,
    /// How much is read.
    pub limits: Limits,
}

/// What the files of one state say.
#[derive(Debug, Default)]
pub struct Inventory {
    /// What each file says, in order of path.
    pub documents: Vec<Document>,
    /// What could not be read, and what is odd.
    pub not_checked: Vec<NotChecked>,
    /// Files that were left out, each with the reason.
    pub left_out: Vec<(String, &'static str)>,
    /// The commit that was read, where it was one.
    pub revision: Option<String>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum DependenciesError {
    /// The checkout cannot be read.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What judges cannot be understood.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A file with settings is wrong.
    #[error(transparent)]
    Settings(#[from] cofferdam_dependencies::config::Mistake),
    /// A file with settings is not there.
    #[error("{path} is not in the base {base}")]
    NoSettings {
        /// Its path.
        path: String,
        /// The base as it was named.
        base: String,
    },
    /// A file with settings cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
    /// No package of this name is used.
    #[error("no file names a package `{name}`")]
    NoPackage {
        /// The name.
        name: String,
    },
}

impl DependenciesError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Git(error) | Self::Judge(JudgeError::Base { source: error, .. }) => error.hint(),
            Self::NoSettings { .. } => {
                Some("settings count from the base: merge them first, or name one that is there")
            }
            Self::NoPackage { .. } => Some("`cofferdam deps list` shows every package"),
            Self::Collect(_) | Self::Judge(_) | Self::Settings(_) | Self::Unreadable { .. } => None,
        }
    }

    /// Whether the command was used wrongly, as opposed to a repository that
    /// cannot be read.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Collect(error) => !matches!(error, CollectError::Io { .. }),
            Self::Git(error) => error.is_usage(),
            Self::Judge(JudgeError::Base { source, .. }) => source.is_usage(),
            Self::Judge(_) | Self::Settings(_) | Self::NoSettings { .. } => true,
            Self::Unreadable { .. } => false,
            Self::NoPackage { .. } => true,
        }
    }
}

/// Reads every file that names packages, in a checkout or a commit of it.
///
/// # Errors
/// [`DependenciesError`] if the folder or the commit cannot be read. A file that
/// cannot is among [`Inventory::not_checked`].
pub fn inventory(options: &Options) -> Result<Inventory, DependenciesError> {
    let collected = match &options.revision {
        Some(revision) => git::revision(&options.root, revision, &options.limits)?,
        None => checkout(&options.root, &options.limits)?,
    };
    Ok(files::read(collected, options, &|_| true))
}

/// The canonical root, for what lies in the checkout besides.
fn canonical(root: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(root).ok()
}
