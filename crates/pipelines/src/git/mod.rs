//! What git has stored, read as data.
//!
//! No git process is started, and of the configuration only three facts are
//! taken: the kind of hash, how references are stored, and the URL of the
//! remote. Nothing that git would execute (hooks, filters, `core.fsmonitor`,
//! `core.sshCommand`, …) is ever looked at, and nothing outside the
//! repository's own `.git` folder is read.

mod config;
mod folder;
#[cfg(all(feature = "exposure", feature = "revisions"))]
mod history;
mod index;
#[cfg(not(feature = "revisions"))]
mod left_out;
#[cfg(feature = "dependencies")]
mod merge_base;
#[cfg(feature = "revisions")]
mod objects;
#[cfg(feature = "revisions")]
mod resolve;
#[cfg(feature = "revisions")]
mod revision;

use std::path::PathBuf;

pub use folder::GitFolder;
pub(crate) use folder::regular;
#[cfg(all(feature = "exposure", feature = "revisions"))]
pub use history::{Dated, Heads, dated, heads};
#[cfg(not(feature = "revisions"))]
pub use left_out::revision;
#[cfg(feature = "dependencies")]
pub use merge_base::{Fork, fork};
#[cfg(feature = "revisions")]
pub use revision::revision;

#[cfg(not(feature = "revisions"))]
pub(crate) use left_out::{Commit, CommitFiles};
#[cfg(feature = "vendoring")]
pub(crate) use revision::Below;
#[cfg(feature = "revisions")]
pub(crate) use revision::{Commit, CommitFiles};

pub(crate) use index::{IndexEntry, IndexMode};

/// What stands at a path of a commit.
pub(crate) enum Blob {
    /// A file.
    Bytes(Vec<u8>),
    /// A file with more bytes than are read.
    TooLarge,
    /// A link, a folder or a submodule.
    NotAFile,
}

/// Why something of git's own files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder is no repository.
    #[error("{} is not the root of a git repository", path.display())]
    NoRepository {
        /// The folder.
        path: PathBuf,
    },
    /// `.git` leads to a place that does not know this checkout.
    #[error("`.git` leads to {}, which does not belong to this checkout", path.display())]
    Foreign {
        /// Where it leads.
        path: PathBuf,
    },
    /// Something in the `.git` folder leads out of it.
    #[error("`{what}` leads out of the repository")]
    Borrowed {
        /// What does, relative to the `.git` folder.
        what: String,
    },
    /// A file of git is damaged, of an unknown form, or too large.
    #[error("git's {what} cannot be read: {reason}")]
    Damaged {
        /// The file, as in "index".
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A form of repository that is not understood.
    #[error("{what} is not understood")]
    Unsupported {
        /// The form, as in "the reference storage `reftable`".
        what: String,
    },
    /// The revision is not written in a form that is understood.
    #[error("the revision `{revision}` is not understood")]
    Grammar {
        /// The revision.
        revision: String,
    },
    /// No reference and no commit has this name.
    #[error("there is no branch, tag or commit `{revision}`")]
    UnknownRevision {
        /// The revision.
        revision: String,
    },
    /// Several references or commits have this name.
    #[error("`{revision}` may mean {}", meanings.join(" or "))]
    Ambiguous {
        /// The revision.
        revision: String,
        /// Everything that it may mean.
        meanings: Vec<String>,
    },
    /// The revision is no commit.
    #[error("`{revision}` is no commit")]
    NotACommit {
        /// The revision.
        revision: String,
    },
    /// The build reads no commits.
    #[error("this build of cofferdam leaves out reading commits")]
    LeftOut,
    /// An object is not in the repository.
    #[error("the object {id} is not in this clone")]
    MissingObject {
        /// The object, in hexadecimal.
        id: String,
    },
    /// The clone ends before it is known where two histories part.
    #[error("this clone ends at {commit}, before it is known where the change begins")]
    Shallow {
        /// The first commit whose parents are not there, in hexadecimal.
        commit: String,
    },
    /// Two histories have no commit in common.
    #[error("`{base}` and `{head}` have no commit in common")]
    Unrelated {
        /// The base as it was named.
        base: String,
        /// The head as it was named.
        head: String,
    },
}

impl GitError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoRepository { .. } => "`--rev` reads commits; name the root of a git checkout",
            Self::Foreign { .. } => {
                "a linked worktree must be listed in the repository it belongs to"
            }
            Self::Borrowed { .. } => "clone again without `--shared` and `--reference`",
            Self::Grammar { .. } => {
                "write a branch, a tag, a commit id, or one of these with `~N` or `^N` behind it"
            }
            Self::UnknownRevision { .. } => "fetch it first, or write the full commit id",
            Self::Ambiguous { .. } => "write it in full, as in `refs/heads/NAME`",
            Self::MissingObject { .. } => {
                "this is a shallow or partial clone; fetch the missing objects first"
            }
            Self::Shallow { .. } => {
                "fetch more of the history: `git fetch --deepen=100`, or all of it with \
                 `git fetch --unshallow`; in a job, `fetch-depth: 0` of actions/checkout"
            }
            Self::Unrelated { .. } => "name the branch that the change is to be merged into",
            Self::LeftOut => {
                "`--rev`, `--base` and the audit of a pull request need a build with its default \
                 features: `cargo build --release`"
            }
            Self::Damaged { .. } | Self::Unsupported { .. } | Self::NotACommit { .. } => {
                return None;
            }
        })
    }

    /// Whether the command was used wrongly, as opposed to a repository that
    /// cannot be read.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoRepository { .. }
                | Self::Grammar { .. }
                | Self::UnknownRevision { .. }
                | Self::Ambiguous { .. }
                | Self::NotACommit { .. }
                | Self::Unrelated { .. }
                | Self::LeftOut
        )
    }

    pub(crate) fn damaged(what: &'static str, reason: &dyn std::fmt::Display) -> Self {
        Self::Damaged {
            what,
            reason: reason.to_string(),
        }
    }
}
