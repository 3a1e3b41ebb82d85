//! Where actions lie in the runner's folder, and what else lies there.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use super::{VerifyError, VerifyLimits};

/// What lies in the folder.
#[derive(Debug)]
pub(super) enum Found {
    /// A folder that holds an action.
    Action(Downloaded),
    /// Something else, by its path.
    Stray(String, Stray),
}

impl Found {
    fn path(&self) -> &str {
        match self {
            Self::Action(one) => &one.folder,
            Self::Stray(path, _) => path,
        }
    }
}

/// A folder that holds an action.
#[derive(Debug)]
pub(super) struct Downloaded {
    /// `OWNER/REPO/REF`.
    pub(super) folder: String,
    pub(super) finished: bool,
}

/// Something that no runner puts into its folder of actions, or not for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// A link in the place of an account or a repository, so that what lies
    /// behind it is found as an action, and may be another one a moment later.
    Link,
    /// A file in the place of a folder, or beside actions.
    File,
    /// A folder of an account or a repository without an action in it.
    Empty,
    /// A folder into which the runner unpacks.
    Leftover,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "it is a link where a runner makes a folder",
            Self::File => "it is a file that belongs to no action",
            Self::Empty => "it is a folder without an action in it",
            Self::Leftover => "it is a folder into which a runner unpacks",
        })
    }
}

/// Everything in the folder, by path.
pub(super) fn find(actions: &Path, limits: &VerifyLimits) -> Result<Vec<Found>, VerifyError> {
    let mut walk = Walk {
        actions,
        limits,
        found: Vec::new(),
        seen: 0,
    };
    let walked = walk.accounts();
    if walk.found.len() > limits.actions {
        return Err(VerifyError::TooMany {
            path: actions.to_owned(),
            limit: limits.actions,
        });
    }
    walked.map_err(|source| VerifyError::Folder {
        path: actions.to_owned(),
        source,
    })?;
    walk.found.sort_by(|a, b| a.path().cmp(b.path()));
    Ok(walk.found)
}

struct Walk<'w> {
    actions: &'w Path,
    limits: &'w VerifyLimits,
    found: Vec<Found>,
    seen: usize,
}

impl Walk<'_> {
    fn accounts(&mut self) -> io::Result<()> {
        for (owner, kind) in self.names("")? {
            if owner.starts_with("_temp_") && kind == Kind::Folder {
                self.stray(owner, Stray::Leftover);
            } else if self.is_folder(&owner, kind) {
                let repositories = self.names(&owner)?;
                if repositories.is_empty() {
                    self.stray(owner.clone(), Stray::Empty);
                }
                for (repository, kind) in repositories {
                    let slug = format!("{owner}/{repository}");
                    if self.is_folder(&slug, kind) {
                        self.repository(slug)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn stray(&mut self, path: String, stray: Stray) {
        self.found.push(Found::Stray(path, stray));
    }

    /// Whether the place of an account or a repository is a folder; tells of it
    /// if it is not.
    fn is_folder(&mut self, path: &str, kind: Kind) -> bool {
        match kind {
            Kind::Folder => return true,
            Kind::Link => self.stray(path.to_owned(), Stray::Link),
            Kind::File => self.stray(path.to_owned(), Stray::File),
        }
        false
    }

    /// The refs of one repository. What no mark tells to be an action is taken as
    /// one at its first folder, so that it is not passed over.
    fn repository(&mut self, slug: String) -> io::Result<()> {
        let mut open = vec![(slug, 0)];
        while let Some((folder, depth)) = open.pop() {
            let entries = self.names(&folder)?;
            if entries.is_empty() {
                self.stray(folder.clone(), Stray::Empty);
            }
            let marks = marks(&entries);
            let has = |mark: &str| {
                let name = mark.strip_suffix(MARK);
                name.is_some_and(|name| entries.iter().any(|(n, k)| n == name && *k != Kind::File))
            };
            for (name, kind) in &entries {
                let path = format!("{folder}/{name}");
                let marked = marks.contains(name.as_str());
                let finished = match kind {
                    Kind::File if has(name) => continue,
                    Kind::File => {
                        self.stray(path, Stray::File);
                        continue;
                    }
                    Kind::Link => true,
                    Kind::Folder => marked,
                };
                if !finished && depth < self.limits.depth && self.has_mark(&path)? {
                    open.push((path, depth + 1));
                    continue;
                }
                let folder = path;
                self.found
                    .push(Found::Action(Downloaded { folder, finished }));
            }
        }
        Ok(())
    }

    /// Whether a mark of a finished action stands in a folder or, as the ref has
    /// more slashes, below.
    fn has_mark(&mut self, folder: &str) -> io::Result<bool> {
        let mut open = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            let entries = self.names(&folder)?;
            let marks = marks(&entries);
            let mut folders = Vec::new();
            // An action has files at its root; a part of a ref has none but marks.
            let mut is_action = false;
            for (name, kind) in &entries {
                match kind {
                    Kind::Folder if marks.contains(name.as_str()) => return Ok(true),
                    Kind::Folder => folders.push(format!("{folder}/{name}")),
                    Kind::File => is_action |= !name.ends_with(MARK),
                    Kind::Link => {}
                }
            }
            if !is_action && depth < MOST_PARTS {
                open.extend(folders.into_iter().map(|folder| (folder, depth + 1)));
            }
        }
        Ok(false)
    }

    /// What lies directly in a folder, in order. A name that is no text belongs
    /// to no archive that git makes of a text tree, and fails.
    fn names(&mut self, folder: &str) -> io::Result<Vec<(String, Kind)>> {
        let all = names(&self.actions.join(folder))?;
        self.seen += all.len();
        if self.seen > self.limits.entries || self.found.len() > self.limits.actions {
            return Err(io::Error::other("it holds too many entries"));
        }
        Ok(all)
    }
}

/// What stands behind the name of an action that is unpacked to its end.
const MARK: &str = ".completed";
/// The most slashes of a ref that are looked behind for a mark.
const MOST_PARTS: usize = 8;

fn marks(entries: &[(String, Kind)]) -> BTreeSet<&str> {
    (entries.iter())
        .filter(|(_, kind)| *kind == Kind::File)
        .filter_map(|(name, _)| name.strip_suffix(MARK))
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
}

/// What lies directly in a folder, in order.
///
/// # Errors
/// What the operating system says, and a name that is no text.
pub(super) fn names(folder: &Path) -> io::Result<Vec<(String, Kind)>> {
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
