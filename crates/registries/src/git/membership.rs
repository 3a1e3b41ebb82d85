//! Whether a commit belongs to a repository.
//!
//! A host keeps the objects of all forks in one store and serves each of them
//! under the name of any. A commit belongs to a repository if one of its
//! branches or tags leads there; everything else is somebody's fork, a deleted
//! branch, or a pull request that nobody took.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::cache::Key;
use super::client::{GitClient, Mode, held};
use super::error::GitError;
use super::objects::{ObjectId, Objects};
use super::pack;
use super::refs::RefListing;
use super::repository::Repository;
use super::wire::Wanted;

/// Whether a commit belongs to a repository.
#[derive(Clone, Debug)]
pub enum Membership {
    /// It does.
    Member {
        /// Why.
        by: Proof,
    },
    /// It does not: no branch and no tag leads to it.
    Impostor,
    /// Nobody can tell. That is never the same as a member.
    Unknown {
        /// What stands in the way.
        reason: Unknown,
    },
}

impl Membership {
    /// Whether it is proven to belong there.
    #[must_use]
    pub fn is_member(&self) -> bool {
        matches!(self, Self::Member { .. })
    }
}

/// Why a commit belongs to a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A tag of that name leads to it.
    Tag(String),
    /// It is the tip of the branch of that name.
    Branch(String),
    /// It is in the history of the branch of that name; every commit between
    /// was hashed.
    InBranch(String),
    /// It is in the history of the tag of that name.
    InTag(String),
}

/// Why nobody can tell.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unknown {
    /// The question had no answer.
    #[error("{0}")]
    Git(#[from] Box<GitError>),
    /// The server itself has only a part of the history.
    #[error("the server has only a part of the history of {repository}")]
    Shallow {
        /// The repository.
        repository: Repository,
    },
    /// The repository has neither branches nor tags that lead to commits.
    #[error("{repository} has no branches and no tags")]
    Empty {
        /// The repository.
        repository: Repository,
    },
}

impl GitClient {
    /// Whether `commit` belongs to a repository whose refs were listed.
    ///
    /// The default branch is tried first, then all other refs. The server is
    /// told that the commit and everything before it is here already, so that
    /// it sends no more than the commits since.
    #[must_use]
    pub fn membership(&self, commit: ObjectId, refs: &RefListing) -> Membership {
        if let Some(by) = tip(commit, refs) {
            return Membership::Member { by };
        }
        if refs.tips().is_empty() {
            let repository = refs.repository.clone();
            return unknown(Unknown::Empty { repository });
        }
        self.history(commit, refs, None)
            .unwrap_or_else(|error| unknown(Unknown::Git(Box::new(error))))
    }

    /// Whether one branch of a repository leads to `commit`: an impostor is what
    /// this branch does not lead to, whatever the others do.
    #[must_use]
    pub fn in_branch(&self, commit: ObjectId, refs: &RefListing, branch: &str) -> Membership {
        let alone = RefListing {
            repository: refs.repository.clone(),
            default_branch: Some(branch.to_owned()),
            branches: (refs.branches.get_key_value(branch).into_iter())
                .map(|(name, target)| (name.clone(), *target))
                .collect(),
            tags: BTreeMap::new(),
            listed_at: refs.listed_at,
        };
        if let Some(by) = tip(commit, &alone) {
            return Membership::Member { by };
        }
        if alone.branches.is_empty() {
            return Membership::Impostor;
        }
        self.history(commit, &alone, Some(branch))
            .unwrap_or_else(|error| unknown(Unknown::Git(Box::new(error))))
    }

    fn history(
        &self,
        commit: ObjectId,
        refs: &RefListing,
        branch: Option<&str>,
    ) -> Result<Membership, GitError> {
        let repository = &refs.repository;
        let key = Key::History(repository, commit, branch);
        if let Some(kept) = self.cached(key) {
            match pack::unpack(&kept, &self.limits().history) {
                Ok(objects) => {
                    // Refs move: what was a proof once may be none any more, and
                    // what was none is not kept.
                    if let Ok(Some(by)) = proof(commit, refs, &objects) {
                        return Ok(Membership::Member { by });
                    }
                }
                Err(_) => self.drop_damaged(key),
            }
        }
        if self.mode() == Mode::Offline {
            return Err(GitError::NotCached {
                repository: repository.clone(),
                what: "the history between the commit and the refs",
            });
        }
        if self.proofs.is_no_part(commit, refs) {
            return Ok(Membership::Impostor);
        }
        // A document may name any number of commits, each of which costs as much
        // as the repository is large.
        if !self.proofs.may_fetch(repository, self.limits().histories) {
            return Err(GitError::TooMany {
                repository: repository.clone(),
                limit: self.limits().histories,
            });
        }
        let main = refs.default_tip();
        let others: Vec<ObjectId> = (refs.tips().into_iter())
            .filter(|tip| Some(*tip) != main)
            .collect();
        let mut whole = true;
        let mut seen: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
        for wants in [main.as_slice(), others.as_slice()] {
            if wants.is_empty() {
                continue;
            }
            let wanted = Wanted {
                wants,
                haves: &[commit],
                commits_only: true,
                ..Wanted::default()
            };
            let limits = &self.limits().history;
            let (packed, objects) = self.objects(repository, &wanted, limits, self.histories())?;
            let found = proof(commit, refs, &objects).map_err(|what| GitError::Protocol {
                repository: repository.clone(),
                what: what.into(),
            })?;
            if let Some(by) = found {
                self.keep(key, &packed.pack);
                return Ok(Membership::Member { by });
            }
            whole &= packed.shallow.is_empty();
            seen.extend(objects.parents().unwrap_or_default());
        }
        Ok(if whole {
            if branch.is_none() {
                self.proofs.learn(repository, &seen, &refs.tips());
            }
            Membership::Impostor
        } else {
            unknown(Unknown::Shallow {
                repository: repository.clone(),
            })
        })
    }
}

/// What was learnt about histories on the way.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    fetches: Mutex<HashMap<Repository, u32>>,
    /// Every commit of the repositories whose history came whole.
    commits: Mutex<HashMap<Repository, Arc<HashSet<ObjectId>>>>,
}

impl Proofs {
    fn may_fetch(&self, repository: &Repository, most: u32) -> bool {
        let mut fetches = held(&self.fetches);
        let count = fetches.entry(repository.clone()).or_default();
        *count += 1;
        *count <= most
    }

    /// Whether the whole history is known, without this commit.
    fn is_no_part(&self, commit: ObjectId, refs: &RefListing) -> bool {
        let known = held(&self.commits).get(&refs.repository).cloned();
        known.is_some_and(|known| {
            !known.contains(&commit) && refs.tips().iter().all(|tip| known.contains(tip))
        })
    }

    /// A server that does not know the commit of the question sends everything.
    /// Where each parent has come too, that is the whole history, and no other
    /// stranger has to be asked for.
    fn learn(
        &self,
        repository: &Repository,
        seen: &HashMap<ObjectId, Vec<ObjectId>>,
        tips: &[ObjectId],
    ) {
        let all = seen.values().flatten();
        if !seen.is_empty() && all.chain(tips).all(|one| seen.contains_key(one)) {
            let known = Arc::new(seen.keys().copied().collect());
            held(&self.commits).insert(repository.clone(), known);
        }
    }
}

fn unknown(reason: Unknown) -> Membership {
    Membership::Unknown { reason }
}

/// A ref that leads to the commit itself.
fn tip(commit: ObjectId, refs: &RefListing) -> Option<Proof> {
    let tag = refs.tags_at(commit).first().map(|tag| (*tag).to_owned());
    let branch = || {
        let all = refs.branches_at(commit);
        all.first().map(|branch| (*branch).to_owned())
    };
    tag.map(Proof::Tag).or_else(|| branch().map(Proof::Branch))
}

/// A ref in whose history the commit is, as far as commits that were hashed
/// show it.
fn proof(
    commit: ObjectId,
    refs: &RefListing,
    objects: &Objects,
) -> Result<Option<Proof>, super::objects::ObjectError> {
    let parents = objects.parents()?;
    // From the commit up: whatever names it as a parent, and so on.
    let mut children: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    for (child, all) in &parents {
        for parent in all {
            children.entry(*parent).or_default().push(*child);
        }
    }
    let mut above: HashSet<ObjectId> = HashSet::from([commit]);
    let mut open = vec![commit];
    while let Some(next) = open.pop() {
        for child in children.get(&next).into_iter().flatten() {
            if above.insert(*child) {
                open.push(*child);
            }
        }
    }
    let main = refs.default_branch.as_ref();
    let leads = |name: &&String| {
        let target = refs.branches.get(*name);
        target.is_some_and(|target| above.contains(&target.commit()))
    };
    if let Some(name) = main.filter(|name| leads(name)) {
        return Ok(Some(Proof::InBranch(name.clone())));
    }
    let branch = refs.branches.keys().find(|name| leads(name));
    let tag = || {
        let mut tags = refs.tags.iter();
        tags.find(|(_, target)| above.contains(&target.commit()))
    };
    Ok(branch
        .map(|name| Proof::InBranch(name.clone()))
        .or_else(|| tag().map(|(name, _)| Proof::InTag(name.clone()))))
}
