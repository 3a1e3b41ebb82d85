//! What a runner unpacks of a commit.
//!
//! A runner fetches the archive that the host makes of the commit, in which the
//! tree's attributes have their say. The tree here holds what that archive
//! holds: files with their bytes, symbolic links with their text, submodules,
//! which are empty folders on the runner, with the commit that they name.

use std::collections::HashMap;
use std::sync::Arc;

use super::archive::{self, Dependence};
use super::attributes::Attributes;
use super::objects::{Commit, Kind, ObjectError, ObjectId, Objects};

/// The bounds of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeLimits {
    /// The most files and folders.
    pub entries: u64,
    /// The most bytes that all files have together on a disk.
    pub bytes: u64,
    /// The most bytes of a path.
    pub path_bytes: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self {
            entries: 300_000,
            bytes: 1024 * 1024 * 1024,
            path_bytes: 4_096,
        }
    }
}

/// Why a tree is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A name that would lead elsewhere, or that a system cannot have.
    #[error("the path {path:?} is refused: {reason}")]
    Path {
        /// The path.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// Two names that some systems take for one.
    #[error("{first:?} and {second:?} are one file where case is not told apart")]
    Collision {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// A mode that no entry has.
    #[error("{path:?} is of the unknown kind {mode}")]
    Mode {
        /// The path.
        path: String,
        /// The mode.
        mode: String,
    },
    /// More than the limit.
    #[error("the tree has more {what} than the limit of {limit}")]
    TooMuch {
        /// What.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Attributes that would take too long.
    #[error("{path:?} is refused: {reason}")]
    Attributes {
        /// The file.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// An object is missing or malformed.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl TreeError {
    /// Whether the tree may be in order and only came in part.
    pub(super) fn is_incomplete(&self) -> bool {
        matches!(self, Self::Object(ObjectError::Missing { .. }))
    }
}

/// One thing that lies in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path from the root of the repository, with slashes.
    pub path: String,
    /// What it is.
    pub content: Content,
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File {
        /// Its bytes, as the archive has them.
        bytes: Arc<[u8]>,
        /// Whether it may be executed.
        executable: bool,
        /// The object whose bytes it was made of.
        blob: ObjectId,
        /// Why the bytes may be others on a runner; they are those of the object
        /// then.
        depends: Option<Dependence>,
    },
    /// A symbolic link.
    Symlink {
        /// Where it leads, as it stands.
        target: String,
    },
    /// A repository of its own, of which the archive has an empty folder.
    Submodule {
        /// The commit that is named.
        commit: ObjectId,
    },
}

/// Which files a commit is said to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Those that a runner unpacks: with `export-ignore`, `export-subst` and
    /// line ends as `git archive` applies them.
    Archive,
    /// Those that were committed, as Go makes a module of them.
    ///
    /// Source: Go modules reference, "Communicating with version control
    /// systems"; observed with Go 1.26, which turns both attributes off.
    Committed,
}

/// A commit as a runner unpacks it, or as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionTree {
    /// The commit.
    pub commit: Commit,
    /// Everything in it, sorted by path.
    pub entries: Vec<Entry>,
    /// Paths that `export-ignore` keeps out; of a folder, the folder alone.
    pub left_out: Vec<String>,
}

impl ActionTree {
    /// What lies at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Content> {
        let at = (self.entries)
            .binary_search_by(|entry| entry.path.as_str().cmp(path))
            .ok()?;
        self.entries.get(at).map(|entry| &entry.content)
    }

    /// The bytes of a file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.get(path)? {
            Content::File { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The files whose bytes may be others on a runner, with the reason.
    pub fn dependent(&self) -> impl Iterator<Item = (&str, Dependence)> {
        self.entries.iter().filter_map(|entry| match entry.content {
            Content::File {
                depends: Some(depends),
                ..
            } => Some((entry.path.as_str(), depends)),
            _ => None,
        })
    }

    /// Puts the tree of a commit together.
    pub(super) fn new(
        objects: &Objects,
        commit: ObjectId,
        form: Form,
        limits: &TreeLimits,
    ) -> Result<Self, TreeError> {
        let commit = objects.commit(commit)?;
        let mut walk = Walk {
            objects,
            commit: &commit,
            form,
            limits,
            attributes: Attributes::new(),
            entries: Vec::new(),
            left_out: Vec::new(),
            seen: 0,
            bytes: 0,
        };
        walk.folder(commit.tree, "")?;
        let (mut entries, mut left_out) = (walk.entries, walk.left_out);
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        left_out.sort();
        Ok(Self {
            commit,
            entries,
            left_out,
        })
    }
}

struct Walk<'w> {
    objects: &'w Objects,
    commit: &'w Commit,
    form: Form,
    limits: &'w TreeLimits,
    attributes: Attributes,
    entries: Vec<Entry>,
    left_out: Vec<String>,
    seen: u64,
    bytes: u64,
}

/// One line of a tree object.
struct Line<'t> {
    mode: &'t str,
    name: &'t str,
    id: ObjectId,
}

impl Walk<'_> {
    /// Walks a folder; `prefix` is its path with a slash at its end, or empty.
    /// The bound of a path bounds how deep this can go.
    fn folder(&mut self, tree: ObjectId, prefix: &str) -> Result<(), TreeError> {
        let bytes = Arc::clone(self.objects.get(tree, Kind::Tree)?);
        let lines = lines(tree, &bytes, prefix)?;
        let own = lines
            .iter()
            .find(|line| line.name == ".gitattributes" && line.mode.starts_with("100"));
        let own = own.filter(|_| self.form == Form::Archive);
        if let Some(own) = own {
            let own = Arc::clone(self.objects.get(own.id, Kind::Blob)?);
            self.attributes.enter(prefix, &own)?;
        }
        let mut names: HashMap<String, &str> = HashMap::new();
        for line in &lines {
            let path = format!("{prefix}{}", line.name);
            self.seen += 1;
            if self.seen > self.limits.entries {
                return Err(TreeError::TooMuch {
                    what: "files and folders",
                    limit: self.limits.entries,
                });
            }
            check(line.name, &path, self.limits)?;
            let is_folder = line.mode == "40000";
            // A submodule is a folder on disk, and patterns for folders fit it.
            let as_folder = is_folder || line.mode == "160000";
            let treatment = self.attributes.of(&path, as_folder)?;
            if treatment.ignored {
                self.left_out.push(path);
                continue;
            }
            if let Some(first) = names.insert(line.name.to_lowercase(), line.name) {
                return Err(TreeError::Collision {
                    first: format!("{prefix}{first}"),
                    second: path,
                });
            }
            if is_folder {
                self.folder(line.id, &format!("{path}/"))?;
            } else {
                let content = self.content(line, &path, &treatment)?;
                self.entries.push(Entry { path, content });
            }
        }
        if own.is_some() {
            self.attributes.leave();
        }
        Ok(())
    }

    fn content(
        &mut self,
        line: &Line<'_>,
        path: &str,
        treatment: &super::attributes::Treatment,
    ) -> Result<Content, TreeError> {
        let executable = match line.mode {
            "100755" => true,
            // The second is what git wrote in its first years.
            "100644" | "100664" => false,
            "120000" => {
                let target = self.objects.get(line.id, Kind::Blob)?;
                let target = std::str::from_utf8(target)
                    .ok()
                    .filter(|target| target.len() <= self.limits.path_bytes)
                    .ok_or_else(|| TreeError::Path {
                        path: path.to_owned(),
                        reason: "the link leads to no path",
                    })?;
                return Ok(Content::Symlink {
                    target: target.to_owned(),
                });
            }
            "160000" => return Ok(Content::Submodule { commit: line.id }),
            mode => {
                return Err(TreeError::Mode {
                    path: path.to_owned(),
                    mode: mode.to_owned(),
                });
            }
        };
        let blob = self.objects.get(line.id, Kind::Blob)?;
        let left = self.limits.bytes.saturating_sub(self.bytes);
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let made = archive::bytes(blob, line.id, treatment, self.commit, most);
        let (bytes, depends) = match made {
            Ok(bytes) => (bytes, None),
            Err(depends) => (Arc::clone(blob), Some(depends)),
        };
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > self.limits.bytes {
            return Err(TreeError::TooMuch {
                what: "bytes",
                limit: self.limits.bytes,
            });
        }
        Ok(Content::File {
            bytes,
            executable,
            blob: line.id,
            depends,
        })
    }
}

fn lines<'t>(id: ObjectId, mut bytes: &'t [u8], prefix: &str) -> Result<Vec<Line<'t>>, TreeError> {
    let malformed = || ObjectError::Malformed {
        id,
        kind: "tree",
        reason: "a line of it is cut",
    };
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.iter().position(|byte| *byte == 0);
        let (head, rest) = end
            .and_then(|end| Some((bytes.get(..end)?, bytes.get(end + 1..)?)))
            .ok_or_else(malformed)?;
        let (raw, rest) = rest.split_at_checked(20).ok_or_else(malformed)?;
        let split = head.iter().position(|byte| *byte == b' ');
        let (mode, name) = split
            .and_then(|at| Some((head.get(..at)?, head.get(at + 1..)?)))
            .ok_or_else(malformed)?;
        let name = std::str::from_utf8(name).map_err(|_| TreeError::Path {
            path: format!("{prefix}{}", String::from_utf8_lossy(name)),
            reason: "its name is not UTF-8",
        })?;
        lines.push(Line {
            mode: std::str::from_utf8(mode).map_err(|_| malformed())?,
            name,
            id: ObjectId::from_bytes(raw.try_into().map_err(|_| malformed())?),
        });
        bytes = rest;
    }
    Ok(lines)
}

/// Refuses names that lead out of the folder into which they are unpacked, or
/// into the inner life of git.
fn check(name: &str, path: &str, limits: &TreeLimits) -> Result<(), TreeError> {
    let refused = |reason| {
        Err(TreeError::Path {
            path: path.chars().take(300).collect(),
            reason,
        })
    };
    // What some file systems leave out of a name when they compare it.
    let plain: String = name
        .chars()
        .filter(|letter| !matches!(letter, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'))
        .collect::<String>()
        .to_lowercase();
    let plain = plain.trim_end_matches([' ', '.']);
    if name.is_empty() || name == "." || name == ".." || name.contains('/') {
        return refused("it leads out of its folder");
    }
    if name.contains('\\') {
        return refused("a backslash parts folders on Windows");
    }
    if plain == ".git" || plain == "git~1" {
        return refused("it is the folder of git itself");
    }
    if path.len() > limits.path_bytes {
        return refused("it is too long");
    }
    if path.matches('/').count() > 128 {
        return refused("it lies too deep");
    }
    Ok(())
}
