//! The state before a change, from git's objects.

use std::collections::HashMap;
use std::path::Path;

use crate::git::{Below, Blob, Commit, GitError};
use crate::limits::Limits;

/// The commit that counts as the base.
pub(super) struct Base {
    commit: Commit,
    limits: Limits,
}

impl Base {
    pub(super) fn open(root: &Path, revision: &str, limits: &Limits) -> Result<Self, GitError> {
        Ok(Self {
            commit: Commit::open(root, revision, limits)?,
            limits: *limits,
        })
    }

    /// The commit id, in hexadecimal.
    pub(super) fn id(&self) -> String {
        self.commit.id()
    }

    /// The hash that names git's objects.
    pub(super) fn hash(&self) -> gix_hash::Kind {
        self.commit.hash()
    }

    /// The text of a file; `None` if the base has none there, or no text.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>, GitError> {
        Ok(self.bytes(path)?.and_then(|b| String::from_utf8(b).ok()))
    }

    /// The bytes of a file; `None` if the base has none there.
    pub(super) fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        Ok(match self.commit.file(path, super::MOST_BYTES)? {
            Some(Blob::Bytes(bytes)) => Some(bytes),
            _ => None,
        })
    }

    /// The ids of the files below a folder.
    pub(super) fn below(&self, folder: &str) -> Result<Below, GitError> {
        self.commit.below(folder, &self.limits)
    }

    /// The files of some objects that are there.
    pub(super) fn blobs(&self, ids: &Below, paths: &[&str]) -> HashMap<String, Vec<u8>> {
        let read = |path: &&str| {
            let bytes = self.commit.blob(ids.get(*path)?).ok()?;
            Some(((*path).to_owned(), bytes))
        };
        paths.iter().filter_map(read).collect()
    }
}
