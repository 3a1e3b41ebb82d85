//! The branches and tags of a repository, as one listing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::objects::ObjectId;
use super::repository::Repository;

/// What a ref leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The object that the ref names: of an annotated tag, the tag itself.
    pub object: ObjectId,
    /// What stands behind the annotated tag.
    pub peeled: Option<ObjectId>,
}

impl Target {
    /// The commit that is checked out; rarely, the tag of a file or tree.
    #[must_use]
    pub fn commit(&self) -> ObjectId {
        self.peeled.unwrap_or(self.object)
    }
}

/// What a name after `@` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// A tag.
    Tag(ObjectId),
    /// A branch.
    Branch(ObjectId),
    /// A tag and a branch of one name: whoever may push the branch chooses.
    Both {
        /// What the tag leads to.
        tag: ObjectId,
        /// What the branch leads to.
        branch: ObjectId,
    },
    /// Neither.
    Nothing,
}

/// All branches and tags of a repository, and what it checks out by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefListing {
    /// The repository.
    pub repository: Repository,
    /// What the default branch is, without `refs/heads/`.
    pub default_branch: Option<String>,
    /// The branches, without `refs/heads/`.
    pub branches: BTreeMap<String, Target>,
    /// The tags, without `refs/tags/`.
    pub tags: BTreeMap<String, Target>,
    /// When it was listed, in seconds since 1970-01-01 in UTC.
    pub listed_at: u64,
}

impl RefListing {
    /// What a name after `@` stands for. A full name, as in `refs/tags/v1`,
    /// says itself which of the two is meant.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Resolved {
        let tag = |name: &str| self.tags.get(name).map(Target::commit);
        let branch = |name: &str| self.branches.get(name).map(Target::commit);
        if let Some(name) = name.strip_prefix("refs/tags/") {
            return tag(name).map_or(Resolved::Nothing, Resolved::Tag);
        }
        if let Some(name) = name.strip_prefix("refs/heads/") {
            return branch(name).map_or(Resolved::Nothing, Resolved::Branch);
        }
        match (tag(name), branch(name)) {
            (Some(tag), Some(branch)) => Resolved::Both { tag, branch },
            (Some(tag), None) => Resolved::Tag(tag),
            (None, Some(branch)) => Resolved::Branch(branch),
            (None, None) => Resolved::Nothing,
        }
    }

    /// The tags that lead to a commit, in order of their names.
    #[must_use]
    pub fn tags_at(&self, commit: ObjectId) -> Vec<&str> {
        at(&self.tags, commit)
    }

    /// The branches whose tip is a commit, in order of their names.
    #[must_use]
    pub fn branches_at(&self, commit: ObjectId) -> Vec<&str> {
        at(&self.branches, commit)
    }

    /// What the default branch leads to.
    #[must_use]
    pub fn default_tip(&self) -> Option<ObjectId> {
        let name = self.default_branch.as_ref()?;
        self.branches.get(name).map(Target::commit)
    }

    /// Every commit that a branch or tag leads to, each once, sorted.
    #[must_use]
    pub fn tips(&self) -> Vec<ObjectId> {
        let all = self.branches.values().chain(self.tags.values());
        let mut tips: Vec<ObjectId> = all.map(Target::commit).collect();
        tips.sort_unstable();
        tips.dedup();
        tips
    }
}

fn at(refs: &BTreeMap<String, Target>, commit: ObjectId) -> Vec<&str> {
    refs.iter()
        .filter(|(_, target)| target.commit() == commit)
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The form in which a listing is kept: one line a ref, those of branches after
/// `b`, those of tags after `t`.
impl RefListing {
    pub(super) fn to_text(&self) -> String {
        let mut out = format!("at {}\n", self.listed_at);
        if let Some(branch) = &self.default_branch {
            let _ = writeln!(out, "default {branch}");
        }
        for (mark, refs) in [("b", &self.branches), ("t", &self.tags)] {
            for (name, target) in refs {
                let _ = write!(out, "{mark} {}", target.object);
                if let Some(peeled) = target.peeled {
                    let _ = write!(out, "^{peeled}");
                }
                let _ = writeln!(out, " {name}");
            }
        }
        out
    }

    pub(super) fn from_text(repository: &Repository, bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut listing = Self {
            repository: repository.clone(),
            default_branch: None,
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
            listed_at: 0,
        };
        for line in text.lines() {
            let (mark, rest) = line.split_once(' ')?;
            match mark {
                "at" => listing.listed_at = rest.parse().ok()?,
                "default" => listing.default_branch = Some(rest.to_owned()),
                _ => {
                    let (ids, name) = rest.split_once(' ')?;
                    let (object, peeled) = match ids.split_once('^') {
                        Some((object, peeled)) => (object, Some(peeled.parse().ok()?)),
                        None => (ids, None),
                    };
                    let target = Target {
                        object: object.parse().ok()?,
                        peeled,
                    };
                    let refs = match mark {
                        "b" => &mut listing.branches,
                        "t" => &mut listing.tags,
                        _ => return None,
                    };
                    refs.insert(name.to_owned(), target);
                }
            }
        }
        Some(listing)
    }
}
