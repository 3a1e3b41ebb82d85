//! What lies in the runner's folder of actions, against what was locked.
//!
//! Source: actions/runner, `ActionManager.DownloadRepositoryActionAsync`: an
//! action lies in `_actions/OWNER/REPO/REF`, where a ref may have slashes;
//! beside the folder stands `REF.completed` once it is unpacked; where the
//! runner has a folder of unpacked actions, `REF` is a link into it and there is
//! no such file. Files are copied out of the unpacked archive, so that a
//! symbolic link has become what it led to.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_facts::pin::Pin;
use cofferdam_workflows::documents::cofferdam_lock::{Contents, Entry};
use rayon::prelude::*;

mod content;
mod layout;

pub use layout::Stray;
use layout::{Downloaded, Found, find};

/// What a runner's folder may hold at most.
#[derive(Clone, Copy, Debug)]
pub struct VerifyLimits {
    /// Actions.
    pub actions: usize,
    /// Files and folders of one action.
    pub entries: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of the files of one action, each file counted once however many
    /// links lead to it.
    pub total_bytes: u64,
    /// How deep folders may lie in each other.
    pub depth: usize,
}

impl Default for VerifyLimits {
    fn default() -> Self {
        Self {
            actions: 2_000,
            entries: 200_000,
            file_bytes: 512 << 20,
            total_bytes: 4 << 30,
            depth: 64,
        }
    }
}

/// What is known of one downloaded action, or of something else that lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The path, relative to the runner's folder of actions.
    pub folder: String,
    /// The action, if the folder is named like one.
    pub pin: Option<Pin>,
    /// What came out.
    pub verdict: Verdict,
}

/// Whether an action is the one that was locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its content is the locked one.
    Same,
    /// Its content is the locked one, less paths that are no part of the hash;
    /// the lock says that somebody has agreed to that.
    Accepted(BTreeSet<String>),
    /// Its content is another.
    Differs {
        /// What the lock holds.
        locked: String,
        /// What lies there.
        found: String,
    },
    /// It is not in the lock.
    NotLocked,
    /// It is no action, and nothing that a runner puts there.
    Stray(Stray),
    /// Nothing can be said.
    NotChecked(Reason),
}

/// Why nothing can be said of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The lock holds no hash for it.
    NoHash,
    /// Some of its paths are no part of the hash; the rest is as it was locked.
    Excluded(BTreeSet<String>),
    /// It could not be read.
    Unreadable(String),
    /// The runner has not finished unpacking it.
    Unfinished,
    /// The runner unpacks into such a folder and takes it away afterwards.
    Leftover,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoHash => f.write_str("the lock holds no hash for it"),
            Self::Excluded(paths) => {
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                write!(
                    f,
                    "these paths are no part of the hash, and the rest is as it was locked: {}",
                    paths.join(", ")
                )
            }
            Self::Unreadable(reason) => write!(f, "it could not be read: {reason}"),
            Self::Unfinished => f.write_str("the runner has not finished unpacking it"),
            Self::Leftover => f.write_str(
                "a runner unpacks into such a folder and takes it away afterwards; what is left \
                 was not looked at",
            ),
        }
    }
}

/// Why nothing was verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no such folder.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// There are more actions than are looked at.
    #[error("{} holds more than {limit} actions", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
}

/// Compares everything in the runner's folder of actions with the lock. Nothing
/// of the lock has to be there: a job downloads what it needs. What is there and
/// is no action is told as well.
///
/// # Errors
/// [`VerifyError`] if the folder cannot be listed.
pub fn verify(
    actions: &Path,
    lock: &Contents,
    limits: &VerifyLimits,
) -> Result<Vec<Verified>, VerifyError> {
    let found = find(actions, limits)?;
    Ok(found
        .into_par_iter()
        .map(|found| match found {
            Found::Action(one) => judge(actions, lock, one, limits),
            Found::Stray(folder, stray) => Verified {
                folder,
                pin: None,
                verdict: match stray {
                    Stray::Leftover => Verdict::NotChecked(Reason::Leftover),
                    other => Verdict::Stray(other),
                },
            },
        })
        .collect())
}

fn judge(actions: &Path, lock: &Contents, one: Downloaded, limits: &VerifyLimits) -> Verified {
    let mut parts = one.folder.splitn(3, '/');
    let pin = match (parts.next(), parts.next(), parts.next()) {
        (Some(owner), Some(repo), Some(git_ref)) => {
            Pin::parse(&format!("{owner}/{repo}@{git_ref}"))
        }
        _ => None,
    };
    let entry = pin.as_ref().and_then(|pin| lock.actions.get(pin));
    let verdict = match entry {
        None => Verdict::NotLocked,
        Some(entry) => compare(&actions.join(&one.folder), entry, limits),
    };
    let verdict = match verdict {
        Verdict::Same | Verdict::Accepted(_) if !one.finished => {
            Verdict::NotChecked(Reason::Unfinished)
        }
        other => other,
    };
    Verified {
        folder: one.folder,
        pin,
        verdict,
    }
}

fn compare(folder: &Path, entry: &Entry, limits: &VerifyLimits) -> Verdict {
    let Some(locked) = entry.tree.known() else {
        return Verdict::NotChecked(Reason::NoHash);
    };
    let found = match content::of_folder(folder, &entry.excluded, limits) {
        Ok(found) => found,
        Err(error) => return Verdict::NotChecked(Reason::Unreadable(error.to_string())),
    };
    if found != locked {
        return Verdict::Differs {
            locked: locked.to_owned(),
            found,
        };
    }
    if entry.excluded.is_empty() {
        Verdict::Same
    } else if entry.excluded.is_subset(&entry.accepted) {
        Verdict::Accepted(entry.excluded.clone())
    } else {
        Verdict::NotChecked(Reason::Excluded(entry.excluded.clone()))
    }
}
