//! Actions whose refs once led to an attacker's code.

use cofferdam_facts::Timestamp;
use cofferdam_facts::uses::{RepositoryUses, is_commit_id};
use serde::{Deserialize, Serialize};

use crate::{pack::names_action, version::Version};

/// One action in one incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compromised {
    /// `owner/repo`, or `owner/repo/path` if one action of several was hit.
    pub action: String,
    /// Identifiers of the incident: GHSA, CVE.
    pub ids: Vec<String>,
    /// What the attacker's code did, one sentence.
    pub summary: String,
    /// Tags that led to the attacker's code, as they are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Every tag (but those of `spared_tags`) led to the attacker's code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_tags: bool,
    /// Tags known to have been spared, where `all_tags` is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spared_tags: Vec<String>,
    /// Branches that led to the attacker's code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// Full ids of the attacker's commits, in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<String>,
    /// Whether `commits` is known to hold every one of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commits_complete: bool,
    /// The first second at which a ref may have led to the attacker's code. Where
    /// a source gives a day or an approximate time, the earliest it allows.
    pub from: Timestamp,
    /// The last second at which one may have, likewise the latest; absent while
    /// one still does, or where no source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// What has become of the refs.
    pub refs: Aftermath,
    /// The first version that did not exist in the incident, or that its authors
    /// call safe. A full version from this one on is not reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_since: Option<String>,
    /// Where this is stated.
    pub sources: Vec<String>,
}

/// What has become of the refs that led to an attacker's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aftermath {
    /// They lead to the authors' code again, or were deleted.
    Mended,
    /// GitHub blocks the repository; the refs were never mended. What is blocked
    /// may return: two actions of May 2026 were served again, malicious as they
    /// were, from 16 to 25 September 2026.
    Blocked,
    /// They still lead to the attacker's code, for all that is known.
    Malicious,
}

/// How much a use is exposed to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// The action was hit, the ref is a commit, and not every malicious commit
    /// is known: whether this is one of them cannot be told.
    Undecided,
    /// The ref led to malicious code between `from` and `to`: runs of that time
    /// ran it. It has been mended or deleted since ([`Aftermath::Mended`]), but a
    /// ref that moved once may move again.
    InThePast,
    /// The commit is the attacker's, or the ref was never mended.
    Now,
}

/// Where a ref led between the two times of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Led {
    /// To the attacker's code.
    Bad,
    /// Sources do not decide.
    Undecided,
    /// To the authors' code.
    Good,
}

/// A use of an action that an incident touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompromisedHit<'p> {
    /// The incident.
    pub entry: &'p Compromised,
    /// How much the use is exposed to it.
    pub exposure: Exposure,
}

impl Compromised {
    /// How `uses` is exposed to this incident; `None` if it is not.
    ///
    /// `version` is what a trusted source gives for a commit. A commit that is
    /// not among the known ones is undecided where the list has gaps, unless it
    /// is known to be a release from the first safe one on.
    #[must_use]
    pub fn exposure(&self, uses: &RepositoryUses, version: Option<&str>) -> Option<Exposure> {
        if !names_action(&self.action, uses) {
            return None;
        }
        let git_ref = uses.git_ref.as_deref()?;
        if is_commit_id(git_ref) {
            return if self
                .commits
                .iter()
                .any(|commit| commit.eq_ignore_ascii_case(git_ref))
            {
                Some(Exposure::Now)
            } else if self.commits_complete
                || version
                    .and_then(Version::parse)
                    .is_some_and(|version| self.is_safe(&version))
            {
                None
            } else {
                Some(Exposure::Undecided)
            };
        }
        let affected = if let Some(branch) = git_ref.strip_prefix("refs/heads/") {
            self.hits_branch(branch)
        } else if let Some(tag) = git_ref.strip_prefix("refs/tags/") {
            self.hits_tag(tag)
        } else {
            self.hits_branch(git_ref) || self.hits_tag(git_ref)
        };
        affected.then_some(match self.refs {
            Aftermath::Mended => Exposure::InThePast,
            Aftermath::Blocked | Aftermath::Malicious => Exposure::Now,
        })
    }

    /// Where what `uses` names led in the time of the incident; `None` if it is
    /// about another action. A commit leads to the same at all times.
    #[must_use]
    pub fn led(&self, uses: &RepositoryUses) -> Option<Led> {
        if !names_action(&self.action, uses) {
            return None;
        }
        let Some(git_ref) = uses.git_ref.as_deref() else {
            return Some(Led::Undecided);
        };
        match self.exposure(uses, None) {
            Some(Exposure::Undecided) => return Some(Led::Undecided),
            Some(Exposure::InThePast | Exposure::Now) => return Some(Led::Bad),
            None => {}
        }
        let name = git_ref.strip_prefix("refs/tags/").unwrap_or(git_ref);
        let safe = Version::parse(name).is_some_and(|version| self.is_safe(&version));
        // Where every tag is bad, the spared ones and branches are known to be good.
        let known = is_commit_id(git_ref) || self.all_tags || safe || self.commits_complete;
        Some(if known { Led::Good } else { Led::Undecided })
    }

    fn hits_branch(&self, branch: &str) -> bool {
        self.branches.iter().any(|hit| hit == branch)
    }

    fn hits_tag(&self, tag: &str) -> bool {
        if self.tags.iter().any(|hit| hit == tag) {
            return true;
        }
        if !self.all_tags || self.spared_tags.iter().any(|spared| spared == tag) {
            return false;
        }
        // "All tags" are those of the time: a full version from the first safe
        // release on did not exist yet. A short tag such as `v4` did.
        let Some(version) = Version::parse(tag) else {
            return looks_like_tag(tag);
        };
        !self.is_safe(&version)
    }

    /// Whether `version` is one release, made after the incident.
    fn is_safe(&self, version: &Version) -> bool {
        let safe = self.safe_since.as_deref().and_then(Version::parse);
        !version.is_partial() && safe.is_some_and(|safe| *version >= safe)
    }
}

/// A name that is no version may be a branch; those that are branches by
/// custom are not taken for tags.
fn looks_like_tag(name: &str) -> bool {
    !matches!(
        name,
        "main" | "master" | "develop" | "dev" | "trunk" | "HEAD"
    ) && !name.contains('/')
}
