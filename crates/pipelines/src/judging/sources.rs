//! Where files that judge are read: a work tree, or a commit.

use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_config::{MAX_BYTES, PLACES};
use cofferdam_facts::SourceFile;
use cofferdam_findings::baseline;

use super::{Base, Candidate, Change, JudgeError, OrganisationFile, text};
use crate::collect::plain;
use crate::git::regular;
use crate::git::{Blob, Commit, GitError};
use crate::limits::Limits;

/// The files of one side.
pub(crate) enum Files {
    /// Those of a work tree, by its canonical root.
    WorkTree(PathBuf),
    /// Those of a commit, with the canonical root of its repository.
    Commit { root: PathBuf, commit: Box<Commit> },
}

impl Files {
    pub(crate) fn work_tree(root: &Path, _limits: &Limits) -> Result<Self, JudgeError> {
        canonical(root).map(Self::WorkTree)
    }

    pub(crate) fn commit(root: &Path, revision: &str, limits: &Limits) -> Result<Self, JudgeError> {
        let commit = Commit::open(root, revision, limits).map_err(|source| JudgeError::Base {
            name: revision.to_owned(),
            source,
        })?;
        Ok(Self::Commit {
            root: canonical(root)?,
            commit: Box::new(commit),
        })
    }

    /// The base of a change, in the repository at `root`.
    pub(crate) fn base(root: &Path, base: &Base, limits: &Limits) -> Result<Self, JudgeError> {
        let change = match base {
            Base::Named(name) => return Self::commit(root, name, limits),
            Base::Change(change) => change,
        };
        for candidate in &change.candidates {
            if let Some(commit) =
                find(root, candidate, limits).map_err(|source| JudgeError::Base {
                    name: change.name.clone(),
                    source,
                })?
            {
                return Ok(Self::Commit {
                    root: canonical(root)?,
                    commit: Box::new(commit),
                });
            }
        }
        Err(not_found(change))
    }

    pub(crate) fn is_commit(&self) -> bool {
        matches!(self, Self::Commit { .. })
    }

    /// The commit id, if it is one.
    pub(crate) fn id(&self) -> Option<String> {
        match self {
            Self::WorkTree(_) => None,
            Self::Commit { commit, .. } => Some(commit.id()),
        }
    }

    /// The configuration, if there is one.
    pub(crate) fn config(&self) -> Result<Option<SourceFile>, JudgeError> {
        let mut found = None;
        for place in PLACES {
            let Some(bytes) = self.bytes(place, MAX_BYTES)? else {
                continue;
            };
            if found.is_some() {
                return Err(JudgeError::TwoFiles);
            }
            found = Some(text(place, bytes)?);
        }
        Ok(found)
    }

    /// The bytes of the regular file at a path from the root. A link judges
    /// nothing: it may lead to what the change brings.
    pub(crate) fn bytes(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, JudgeError> {
        let unreadable = |reason: &str| JudgeError::Unreadable {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        match self {
            Self::WorkTree(root) => {
                let full = root.join(path);
                match fs::symlink_metadata(&full) {
                    Err(error) if is_absence(&error) => return Ok(None),
                    _ => {}
                }
                let inside = fs::canonicalize(&full).is_ok_and(|real| real == full);
                if !inside {
                    return Err(unreadable("is reached by a symbolic link"));
                }
                let read = regular(&full, limit);
                read.map(Some)
                    .map_err(|error| unreadable(&format!("cannot be read: {}", plain(&error))))
            }
            Self::Commit { commit, .. } => {
                let blob = commit
                    .file(path, limit)
                    .map_err(|source| JudgeError::Base {
                        name: commit.id(),
                        source,
                    })?;
                match blob {
                    None => Ok(None),
                    Some(Blob::Bytes(bytes)) => Ok(Some(bytes)),
                    Some(Blob::TooLarge) => {
                        Err(unreadable(&format!("has more than {limit} bytes")))
                    }
                    Some(Blob::NotAFile) => Err(unreadable("is no regular file")),
                }
            }
        }
    }

    /// The organisation's file that was handed over, or what the base has at its
    /// place, if it lies in the repository of a base.
    pub(crate) fn of_base(
        &self,
        file: &OrganisationFile,
    ) -> Result<Option<OrganisationFile>, JudgeError> {
        let Self::Commit { root, .. } = self else {
            return Ok(Some(file.clone()));
        };
        let Some(path) = inside(root, &file.path) else {
            return Ok(Some(file.clone()));
        };
        let bytes = self.bytes(&path, MAX_BYTES)?;
        Ok(bytes.map(|bytes| OrganisationFile {
            bytes,
            ..file.clone()
        }))
    }

    /// Whether a file lies in the repository and this commit has one there.
    pub(crate) fn holds(&self, file: &Path) -> Result<bool, JudgeError> {
        let Self::Commit { root, commit } = self else {
            return Ok(false);
        };
        let Some(path) = inside(root, file) else {
            return Ok(false);
        };
        let found = commit.file(&path, 0).map_err(|source| JudgeError::Base {
            name: commit.id(),
            source,
        })?;
        Ok(found.is_some())
    }

    /// The bytes of a baseline that the user named. Where it lies in the
    /// repository of a commit, it is that of the commit.
    pub(crate) fn outside(&self, path: &Path) -> Result<Option<Vec<u8>>, JudgeError> {
        let limit = baseline::MAX_BYTES;
        if let Self::Commit { root, .. } = self
            && let Some(inner) = inside(root, path)
        {
            return self.bytes(&inner, limit);
        }
        match regular(path, limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(JudgeError::Unreadable {
                path: path.display().to_string(),
                reason: format!("cannot be read: {}", plain(&error)),
            }),
        }
    }
}

fn is_absence(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}

fn canonical(root: &Path) -> Result<PathBuf, JudgeError> {
    fs::canonicalize(root).map_err(|error| JudgeError::Unreadable {
        path: root.display().to_string(),
        reason: format!("cannot be read: {}", plain(&error)),
    })
}

/// The path of a file from the root, if it lies inside; the file itself need
/// not be there.
fn inside(root: &Path, path: &Path) -> Option<String> {
    let absolute = std::path::absolute(path).ok()?;
    let full = match (
        absolute.parent().map(fs::canonicalize),
        absolute.file_name(),
    ) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        // A folder that is not there: the name alone tells.
        _ => absolute,
    };
    let parts: Option<Vec<&str>> = (full.strip_prefix(root).ok()?.components())
        .map(|part| part.as_os_str().to_str())
        .collect();
    Some(parts?.join("/"))
}

/// The commit that a candidate names; `None` if the clone does not have it.
fn find(root: &Path, candidate: &Candidate, limits: &Limits) -> Result<Option<Commit>, GitError> {
    match candidate {
        Candidate::Revision(revision) => present(Commit::open(root, revision, limits)),
        Candidate::MergeOf { merge, head } => {
            let Some(checked_out) = present(Commit::open(root, "HEAD", limits))? else {
                return Ok(None);
            };
            let parents = checked_out.parents();
            let [first, second] = parents.as_slice() else {
                return Ok(None);
            };
            if checked_out.id() != *merge || second != head {
                return Ok(None);
            }
            present(Commit::open(root, first, limits))
        }
    }
}

/// A commit that is not there is none; anything else that is wrong stays wrong.
fn present(found: Result<Commit, GitError>) -> Result<Option<Commit>, GitError> {
    match found {
        Ok(commit) => Ok(Some(commit)),
        Err(
            GitError::MissingObject { .. }
            | GitError::UnknownRevision { .. }
            | GitError::Grammar { .. },
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

fn not_found(change: &Change) -> JudgeError {
    let tried = change.candidates.iter().map(|candidate| match candidate {
        Candidate::MergeOf { merge, .. } => format!("the first parent of {merge}"),
        Candidate::Revision(revision) => revision.clone(),
    });
    JudgeError::NoBase {
        name: change.name.clone(),
        tried: tried.collect(),
    }
}
