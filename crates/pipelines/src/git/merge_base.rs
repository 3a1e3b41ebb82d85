//! Where two histories part.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::Path;

use cofferdam_facts::Timestamp;
use gix_hash::ObjectId;
use gix_object::{CommitRefIter, Kind};

use crate::collect::plain;
use crate::git::objects::Objects;
use crate::git::resolve::resolve;
use crate::git::{GitError, GitFolder};
use crate::limits::Limits;

/// The most commits that are walked.
const MOST: usize = 2_000_000;
/// The largest list of commits at which a clone is cut.
const SHALLOW_BYTES: u64 = 16 * 1024 * 1024;

/// Where a change begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The commit of the base, in hexadecimal.
    pub base: String,
    /// The commit of the head.
    pub head: String,
    /// The commit from which both come.
    pub merge_base: String,
    /// How many commits could have been taken for it. Where there are several,
    /// as after merges in both directions, the newest is.
    pub candidates: usize,
}

/// Finds the commit from which `head` has left `base`.
///
/// Source: git-merge-base(1). Commits are walked from both ends, newest first;
/// a common ancestor that is no ancestor of another common one is a merge base.
///
/// # Errors
/// [`GitError`] if a revision is not there, if the two have nothing in common,
/// and [`GitError::Shallow`] if the clone is cut before that can be told.
pub fn fork(root: &Path, base: &str, head: &str, limits: &Limits) -> Result<Fork, GitError> {
    let no_repository = || GitError::NoRepository {
        path: root.to_owned(),
    };
    let canonical = std::fs::canonicalize(root).map_err(|_| no_repository())?;
    let git = GitFolder::open(&canonical)?.ok_or_else(no_repository)?;
    let objects = git.objects(limits)?;
    let from = resolve(&git, &objects, base)?;
    let to = resolve(&git, &objects, head)?;
    let history = History {
        objects: &objects,
        cut: cut(&git, &objects)?,
    };
    let found = history.merge_bases(from, to)?;
    let first = found.first().ok_or_else(|| GitError::Unrelated {
        base: base.to_owned(),
        head: head.to_owned(),
    })?;
    Ok(Fork {
        base: from.to_string(),
        head: to.to_string(),
        merge_base: first.to_string(),
        candidates: found.len(),
    })
}

/// The commits at which a shallow clone ends.
fn cut(git: &GitFolder, objects: &Objects) -> Result<HashSet<ObjectId>, GitError> {
    let path = git.common.join("shallow");
    let damaged = |reason: &str| GitError::damaged("list of shallow commits", &reason);
    let bytes = match crate::git::regular(&path, SHALLOW_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(damaged(&plain(&error))),
    };
    let mut found = HashSet::new();
    for line in bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let id = ObjectId::from_hex(line).map_err(|_| damaged("a line of it is no commit"))?;
        if id.kind() != objects.hash {
            return Err(damaged("a line of it is of another hash"));
        }
        found.insert(id);
    }
    Ok(found)
}

/// From which ends a commit is reached.
const OF_BASE: u8 = 1;
const OF_HEAD: u8 = 2;
const BOTH: u8 = OF_BASE | OF_HEAD;
/// It is an ancestor of a common ancestor.
const STALE: u8 = 4;

struct History<'o> {
    objects: &'o Objects,
    cut: HashSet<ObjectId>,
}

/// What was painted.
#[derive(Default)]
struct Walk {
    /// By which ends each commit is reached.
    marks: HashMap<ObjectId, u8>,
    /// The commits to look at, the newest first.
    open: BinaryHeap<(Timestamp, ObjectId)>,
    /// The same ones.
    waiting: HashSet<ObjectId>,
    /// How many of those are not known to be stale.
    fresh: usize,
    common: Vec<(Timestamp, ObjectId)>,
    /// The first commit behind which the clone has no more.
    ended: Option<ObjectId>,
}

impl History<'_> {
    fn merge_bases(&self, base: ObjectId, head: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        if base == head {
            return Ok(vec![base]);
        }
        let walk = self.painted(base, head)?;
        let stale = |id: &ObjectId| walk.marks.get(id).is_some_and(|mark| mark & STALE != 0);
        let mut found: Vec<_> = (walk.common.iter().copied())
            .filter(|(_, id)| !stale(id))
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        let found: Vec<ObjectId> = found.into_iter().map(|(_, id)| id).collect();
        // Behind the cut there may be a nearer one, unless it is an end itself.
        let is_certain = found.contains(&base) || found.contains(&head);
        match walk.ended {
            Some(commit) if !is_certain => Err(GitError::Shallow {
                commit: commit.to_string(),
            }),
            _ => Ok(found),
        }
    }

    fn painted(&self, base: ObjectId, head: ObjectId) -> Result<Walk, GitError> {
        let mut walk = Walk::default();
        for (id, mark) in [(base, OF_BASE), (head, OF_HEAD)] {
            let (time, _) = self.read(id)?;
            walk.reach(id, mark, time);
        }
        // With only stale commits left, nothing nearer can be found. Of several
        // that were found, a clock that went wrong may hide that one is an
        // ancestor of another; the marks travel on until that is told.
        while (walk.fresh > 0 || walk.common.len() > 1)
            && let Some((time, id)) = walk.open.pop()
        {
            walk.waiting.remove(&id);
            if walk.marks.len() > MOST {
                return Err(GitError::damaged("objects", &"there are too many commits"));
            }
            let mark = walk.marks.get(&id).copied().unwrap_or_default();
            if mark & STALE == 0 {
                walk.fresh -= 1;
            }
            let mut pass = mark;
            if mark & BOTH == BOTH && mark & STALE == 0 {
                walk.common.push((time, id));
                pass |= STALE;
            }
            let (_, parents) = self.read(id)?;
            if self.cut.contains(&id) {
                if !parents.is_empty() && mark & STALE == 0 {
                    walk.ended.get_or_insert(id);
                }
                continue;
            }
            for parent in parents {
                let (time, _) = self.read(parent)?;
                walk.reach(parent, pass, time);
            }
        }
        walk.common.sort_unstable();
        walk.common.dedup();
        Ok(walk)
    }

    /// The time of a commit, by its committer's clock, and its parents.
    fn read(&self, id: ObjectId) -> Result<(Timestamp, Vec<ObjectId>), GitError> {
        let (kind, bytes) = self.objects.read(&id)?;
        if kind != Kind::Commit {
            return Err(GitError::damaged("objects", &format!("{id} is no commit")));
        }
        let iter = || CommitRefIter::from_bytes(&bytes, self.objects.hash);
        let committer = iter()
            .committer()
            .map_err(|error| GitError::damaged("objects", &error))?;
        let time = Timestamp::from_unix(committer.seconds());
        Ok((time, iter().parent_ids().collect()))
    }
}

impl Walk {
    /// Notes that a commit is reached; one that gains a mark is looked at again.
    fn reach(&mut self, id: ObjectId, mark: u8, time: Timestamp) {
        let known = self.marks.entry(id).or_default();
        let before = *known;
        if before | mark == before {
            return;
        }
        *known |= mark;
        let now = *known;
        let is_stale = now & STALE != 0;
        if self.waiting.insert(id) {
            self.open.push((time, id));
            self.fresh += usize::from(!is_stale);
        } else if is_stale && before & STALE == 0 {
            // It waits already, and was counted.
            self.fresh -= 1;
        }
    }
}
