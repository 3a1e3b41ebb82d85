//! What lies in the runner's folder of actions, against what was locked.
//!
//! Source: actions/runner, `ActionManager.DownloadRepositoryActionAsync`: an
//! action lies in `_actions/OWNER/REPO/REF`, where a ref may have slashes;
//! beside the folder stands `REF.completed` once it is unpacked; where the
//! runner has a folder of unpacked actions, `REF` is a link into it and there is
//! no such file. Files are copied out of the unpacked archive, so that a
//! symbolic link has become what it led to.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_facts::pin::Pin;
use cofferdam_locking::content::h1;
use cofferdam_trees::Digest;
use cofferdam_workflows::documents::cofferdam_lock::{Contents, Entry};
use rayon::prelude::*;

use crate::collect::{Links, bounded, regular};

/// What a runner's folder may hold at most.
#[derive(Clone, Copy, Debug)]
pub struct VerifyLimits {
    /// Actions.
    pub actions: usize,
    /// Files and folders of one action.
    pub entries: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// How deep folders may lie in each other.
    pub depth: usize,
}

impl Default for VerifyLimits {
    fn default() -> Self {
        Self {
            actions: 2_000,
            entries: 200_000,
            file_bytes: 512 << 20,
            depth: 64,
        }
    }
}

/// What is known of one downloaded action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The folder, relative to the runner's folder of actions.
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
    /// Its content is another.
    Differs {
        /// What the lock holds.
        locked: String,
        /// What lies there.
        found: String,
    },
    /// It is not in the lock.
    NotLocked,
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

/// Compares every action in the runner's folder with the lock. Nothing of the
/// lock has to be there: a job downloads what it needs.
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
        .map(|one| judge(actions, lock, one, limits))
        .collect())
}

/// A folder that holds an action.
#[derive(Debug)]
struct Downloaded {
    /// `OWNER/REPO/REF`.
    folder: String,
    finished: bool,
}

fn find(actions: &Path, limits: &VerifyLimits) -> Result<Vec<Downloaded>, VerifyError> {
    let failed = |source| VerifyError::Folder {
        path: actions.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for (owner, _) in names(actions).map_err(failed)? {
        // The runner unpacks into such a folder and takes it away afterwards.
        if owner.starts_with("_temp_") {
            continue;
        }
        for (repo, kind) in names(&actions.join(&owner)).map_err(failed)? {
            if kind == Kind::Folder {
                of_repository(actions, &format!("{owner}/{repo}"), limits, &mut found)
                    .map_err(failed)?;
            }
            if found.len() > limits.actions {
                return Err(VerifyError::TooMany {
                    path: actions.to_owned(),
                    limit: limits.actions,
                });
            }
        }
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(found)
}

/// The refs of one repository. What no mark tells to be an action is taken as
/// one at its first folder, so that it is not passed over.
fn of_repository(
    actions: &Path,
    slug: &str,
    limits: &VerifyLimits,
    found: &mut Vec<Downloaded>,
) -> io::Result<()> {
    let mut open = vec![(slug.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = open.pop() {
        let entries = names(&actions.join(&folder))?;
        let marks: BTreeSet<&str> = (entries.iter())
            .filter(|(_, kind)| *kind == Kind::File)
            .filter_map(|(name, _)| name.strip_suffix(".completed"))
            .collect();
        for (name, kind) in &entries {
            let path = format!("{folder}/{name}");
            let marked = marks.contains(name.as_str());
            match kind {
                Kind::Link => found.push(Downloaded {
                    folder: path,
                    finished: true,
                }),
                Kind::Folder if marked => found.push(Downloaded {
                    folder: path,
                    finished: true,
                }),
                Kind::Folder if depth < limits.depth && has_mark(&actions.join(&path), limits) => {
                    open.push((path, depth + 1));
                }
                Kind::Folder => found.push(Downloaded {
                    folder: path,
                    finished: false,
                }),
                Kind::File => {}
            }
        }
        seen += entries.len();
        if seen > limits.entries {
            return Err(io::Error::other("it holds too many entries"));
        }
    }
    Ok(())
}

/// Whether a mark of a finished action, or a link in its place, stands in a
/// folder or, as the ref has more slashes, below.
fn has_mark(folder: &Path, limits: &VerifyLimits) -> bool {
    let mut open = vec![(folder.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = names(&folder) else {
            return false;
        };
        let folders: BTreeSet<&str> = (entries.iter())
            .filter(|(_, kind)| *kind == Kind::Folder)
            .map(|(name, _)| name.as_str())
            .collect();
        let marked = entries.iter().any(|(name, kind)| {
            *kind == Kind::File
                && name
                    .strip_suffix(".completed")
                    .is_some_and(|name| folders.contains(name))
        });
        // An action has files at its root; a part of a ref has none but marks.
        let has_files = entries
            .iter()
            .any(|(name, kind)| *kind == Kind::File && !name.ends_with(".completed"));
        if marked {
            return true;
        }
        seen += entries.len();
        if has_files || depth > 8 || seen > limits.entries {
            continue;
        }
        open.extend(folders.iter().map(|name| (folder.join(name), depth + 1)));
    }
    false
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
        Verdict::Same if !one.finished => Verdict::NotChecked(Reason::Unfinished),
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
    let found = match of_folder(folder, &entry.excluded, limits) {
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
    } else {
        Verdict::NotChecked(Reason::Excluded(entry.excluded.clone()))
    }
}

/// The content hash of an unpacked action. Links lead where they lead inside of
/// it; one that leads out makes it unreadable, unless it is excluded.
fn of_folder(
    folder: &Path,
    excluded: &BTreeSet<String>,
    limits: &VerifyLimits,
) -> io::Result<String> {
    let root = fs::canonicalize(folder)?;
    let mut files = Vec::new();
    let mut open = vec![(root.clone(), String::new(), 0)];
    let mut seen = 0;
    while let Some((folder, prefix, depth)) = open.pop() {
        if depth > limits.depth {
            return Err(io::Error::other(format!("{prefix} lies too deep")));
        }
        for (name, kind) in names(&folder)? {
            seen += 1;
            if seen > limits.entries {
                return Err(io::Error::other("it holds too many files"));
            }
            let path = format!("{prefix}{name}");
            if excluded.contains(&path) {
                continue;
            }
            let mut real = folder.join(&name);
            let mut is_folder = kind == Kind::Folder;
            if kind == Kind::Link {
                real = fs::canonicalize(&real)?;
                if !real.starts_with(&root) {
                    return Err(io::Error::other(format!("{path} leads out of the action")));
                }
                is_folder = real.is_dir();
            }
            if is_folder {
                open.push((real, format!("{path}/"), depth + 1));
            } else {
                files.push((path, real));
            }
        }
    }
    let hashed: io::Result<Vec<(String, Digest)>> = (files.into_par_iter())
        .map(|(path, real)| {
            let mut file = regular(&real, Links::NotTheLast)?;
            let bytes = bounded(&mut file, limits.file_bytes)?
                .map_err(|_| io::Error::other(format!("{path} is too large")))?;
            Ok((path, Digest::of(&bytes)))
        })
        .collect();
    h1(hashed?).map_err(io::Error::other)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
}

/// What lies directly in a folder, in order. A name that is no text belongs to
/// no archive that git makes of a text tree, and fails.
fn names(folder: &Path) -> io::Result<Vec<(String, Kind)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let kind = match () {
            () if kind.is_symlink() => Kind::Link,
            () if kind.is_dir() => Kind::Folder,
            () => Kind::File,
        };
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| io::Error::other(format!("{} is no text", name.to_string_lossy())))?;
        all.push((name, kind));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}
