//! Which commit stood at the head on a day.

use std::path::Path;

use cofferdam_facts::Timestamp;
use gix_hash::ObjectId;
use gix_object::CommitRefIter;

use crate::git::GitError;
use crate::git::objects::Objects;
use crate::git::revision::Commit;
use crate::limits::Limits;

/// The most commits that are walked back.
const MOST: usize = 2_000_000;

/// A commit with the time at which it was made, by its committer's clock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dated {
    /// The commit id, in hexadecimal.
    pub id: String,
    /// When.
    pub time: Timestamp,
}

/// The heads of a time, by the chain of first parents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// The commit that stood there when the time began; none where the history
    /// begins later.
    pub first: Option<Dated>,
    /// Those that came in it, the latest first.
    pub during: Vec<Dated>,
}

/// Walks from a revision along first parents, which is how a branch moves when
/// changes are merged into it. The times are those that the commits carry.
///
/// # Errors
/// [`GitError`] if there is no such revision, or if the clone does not hold the
/// history that far back.
pub fn heads(
    root: &Path,
    revision: &str,
    from: Timestamp,
    until: Timestamp,
    limits: &Limits,
) -> Result<Heads, GitError> {
    let commit = Commit::open(root, revision, limits)?;
    let objects = commit.objects();
    let mut found = Heads {
        first: None,
        during: Vec::new(),
    };
    let mut next = Some(commit.object_id());
    for _ in 0..MOST {
        let Some(id) = next else { return Ok(found) };
        let (dated, parent) = read(objects, id)?;
        next = parent;
        if dated.time > until {
            continue;
        }
        if dated.time <= from {
            found.first = Some(dated);
            return Ok(found);
        }
        found.during.push(dated);
    }
    Err(GitError::damaged("objects", &"there are too many commits"))
}

/// The time of the commit that a revision names.
///
/// # Errors
/// [`GitError`] if there is no such revision.
pub fn dated(root: &Path, revision: &str, limits: &Limits) -> Result<Dated, GitError> {
    let commit = Commit::open(root, revision, limits)?;
    Ok(read(commit.objects(), commit.object_id())?.0)
}

fn read(objects: &Objects, id: ObjectId) -> Result<(Dated, Option<ObjectId>), GitError> {
    let (_, bytes) = objects.read(&id)?;
    let iter = || CommitRefIter::from_bytes(&bytes, objects.hash);
    let committer = iter()
        .committer()
        .map_err(|error| GitError::damaged("objects", &error))?;
    let dated = Dated {
        id: id.to_string(),
        time: Timestamp::from_unix(committer.seconds()),
    };
    Ok((dated, iter().parent_ids().next()))
}
