//! From a path, a revision or a stream to the texts that are audited.

mod checkout;
mod open;
mod place;
mod read;
mod referred;
mod single;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cofferdam_facts::SourceFile;
use cofferdam_workflows::repository::Tree;

use crate::gap::Gap;
use crate::slug::Remote;

pub use checkout::checkout;
pub use read::bounded;
pub use single::{is_document, single_file, text};

pub(crate) use checkout::github_folder;
pub(crate) use read::text_at;

#[cfg(feature = "vendoring")]
pub(crate) use open::regular_with_size;
pub(crate) use open::{Links, regular};
pub(crate) use place::{behind_link, is_read, is_sound, is_workflow_folder, plain};
pub(crate) use read::{Text, decode, too_large};
pub(crate) use referred::Source;
#[cfg(feature = "advisories")]
pub(crate) use walk::walk as files_below;

/// What was read of one repository.
#[derive(Debug, Default)]
pub struct Collected {
    /// Every path that holds a regular file.
    pub tree: Tree,
    /// The documents, in order of kind and path.
    pub files: Vec<SourceFile>,
    /// What was not read.
    pub gaps: Vec<Gap>,
    /// Where the checkout comes from.
    pub remote: Option<Remote>,
    /// The commit that was read, where a revision was named.
    pub revision: Option<String>,
    /// Whether only a part of the repository was named.
    pub part: bool,
    /// Where more comes from, once it is known what the documents refer to.
    pub(crate) source: Source,
    /// Texts that stand in place of those at their paths.
    pub(crate) laid_over: BTreeMap<String, SourceFile>,
    /// The paths of all documents that were read, those included.
    pub(crate) read: BTreeSet<String>,
}

/// Why nothing at all could be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There is nothing at the path.
    #[error("there is no file or folder at {}", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The path is neither a folder nor a regular file.
    #[error("{} is neither a folder nor a regular file", path.display())]
    NotAFile {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The file is of no kind that is audited.
    #[error("{} is no workflow, action or other file that is audited", path.display())]
    NotADocument {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The path cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Io {
        /// The path as it was given.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The folder is a repository without a work tree.
    #[error("{} is a repository without a work tree", path.display())]
    Bare {
        /// The path as it was given.
        path: PathBuf,
    },
}
