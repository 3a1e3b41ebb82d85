//! What git tracks.

use std::fs;
use std::io;

use gix_index::entry::{Flags, Mode};

use crate::collect::plain;
use crate::git::{GitError, GitFolder};
use crate::limits::Limits;

/// One tracked path.
#[derive(Debug)]
pub(crate) struct IndexEntry {
    /// The path; with the broken bytes replaced where it is not UTF-8.
    pub(crate) path: Result<String, String>,
    pub(crate) mode: IndexMode,
    /// Kept out of the work tree by a sparse checkout.
    pub(crate) skipped: bool,
}

/// What a tracked path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexMode {
    File,
    Link,
    Submodule,
    /// A folder that a sparse checkout leaves out as a whole.
    SparseFolder,
}

impl GitFolder {
    /// Everything that git tracks, in order of path; `None` if nothing was
    /// ever added.
    pub(crate) fn index(&self, limits: &Limits) -> Result<Option<Vec<IndexEntry>>, GitError> {
        let path = self.own.join("index");
        let damaged = |reason: &str| GitError::damaged("index", &reason);
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() => return Err(damaged("it is no regular file")),
            Ok(found) if found.len() > limits.git_bytes => {
                return Err(damaged(&format!("it has {} bytes", found.len())));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(&plain(&error))),
        }
        let options = gix_index::decode::Options {
            thread_limit: Some(1),
            alloc_limit_bytes: usize::try_from(limits.git_bytes).ok(),
            ..gix_index::decode::Options::default()
        };
        let index = gix_index::File::at(path, self.hash, false, options)
            .map_err(|error| damaged(&error.to_string()))?;
        let entry = |entry: &gix_index::Entry| IndexEntry {
            path: String::from_utf8(entry.path(&index).to_vec())
                .map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            mode: mode(entry.mode),
            skipped: entry.flags.contains(Flags::SKIP_WORKTREE),
        };
        Ok(Some(index.entries().iter().map(entry).collect()))
    }
}

fn mode(mode: Mode) -> IndexMode {
    match mode {
        Mode::SYMLINK => IndexMode::Link,
        Mode::COMMIT => IndexMode::Submodule,
        Mode::DIR => IndexMode::SparseFolder,
        _ => IndexMode::File,
    }
}
