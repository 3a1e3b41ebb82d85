//! What stands in for commits in a build without the feature `revisions`:
//! every question is refused, and none is answered with nothing.

use std::path::Path;

use crate::collect::{Collected, Text};
use crate::git::{Blob, GitError};
use crate::limits::Limits;

/// Refuses: this build reads no commits.
///
/// # Errors
/// [`GitError::LeftOut`], always.
pub fn revision(_: &Path, _: &str, _: &Limits) -> Result<Collected, GitError> {
    Err(GitError::LeftOut)
}

/// A commit that this build never has.
pub(crate) enum Commit {}

impl Commit {
    pub(crate) fn open(_: &Path, _: &str, _: &Limits) -> Result<Self, GitError> {
        Err(GitError::LeftOut)
    }

    pub(crate) fn id(&self) -> String {
        match *self {}
    }

    pub(crate) fn parents(&self) -> Vec<String> {
        match *self {}
    }

    pub(crate) fn file(&self, _: &str, _: u64) -> Result<Option<Blob>, GitError> {
        match *self {}
    }
}

/// The files of a commit that this build never has.
#[derive(Debug)]
pub(crate) enum CommitFiles {}

impl CommitFiles {
    pub(crate) fn text(&self, _: &str, _: &Limits) -> Option<Text> {
        match *self {}
    }
}
