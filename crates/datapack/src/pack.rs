//! The pack, and the questions that a rule may ask it.

use cofferdam_facts::time::{DAY, Timestamp};
use cofferdam_facts::uses::RepositoryUses;
use serde::{Deserialize, Serialize};

use crate::{
    compromised::{Compromised, CompromisedHit},
    incident::Incident,
    lookalike::{Lookalike, Lookalikes},
    platform::{ActionRuntime, RunnerImage},
    vulnerable::{Vulnerable, VulnerableHit},
};

/// The format of packs that this code reads. A pack of another format is
/// refused: a field that is not understood might narrow what another says.
pub const FORMAT: u32 = 2;

/// The longest time, in days, for which any pack is consulted, whatever it says
/// of itself: a signed pack must not declare itself valid for ever.
pub const MAX_VALID_DAYS: u32 = 180;

/// How far, in seconds, a pack may be dated ahead of the present time before
/// the clock is disbelieved.
const CLOCK_TOLERANCE: i64 = DAY;

/// What is publicly known about actions, at one second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPack {
    /// The format, [`FORMAT`].
    pub format: u32,
    /// A serial number that grows by each pack.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// For how many days it is consulted, at most [`MAX_VALID_DAYS`].
    pub valid_days: u32,
    /// Where its facts come from.
    pub sources: Vec<Source>,
    /// Actions whose refs once led to an attacker's code.
    pub compromised: Vec<Compromised>,
    /// Published advisories.
    pub vulnerable: Vec<Vulnerable>,
    /// Repositories of actions that take no more changes.
    pub archived: Vec<Archived>,
    /// Repositories of actions that have a new name.
    pub renamed: Vec<Renamed>,
    /// Widely used actions, which others may imitate.
    pub popular: PopularList,
    /// Retired labels of GitHub-hosted runners.
    pub runner_images: Vec<RunnerImage>,
    /// Retired runtimes of JavaScript actions.
    pub action_runtimes: Vec<ActionRuntime>,
    /// Incidents that came through CI, in order of id.
    pub incidents: Vec<Incident>,
}

/// Where facts come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The commit or date of what was read.
    pub revision: String,
    /// The licence under which it is published, as an SPDX expression.
    pub license: String,
    /// Which lists of the pack draw on it.
    pub used_for: Vec<String>,
}

/// A repository that takes no more changes, hence no more fixes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    /// `owner/repo`, in lower case.
    pub repository: String,
    /// Since when, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What its authors or GitHub name in its place, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Where this is stated.
    pub sources: Vec<String>,
}

/// A repository that has a new name; the old name may be taken by anyone once
/// its redirect ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// The old `owner/repo`, in lower case.
    pub from: String,
    /// The new `owner/repo`.
    pub to: String,
    /// Where this is stated.
    pub sources: Vec<String>,
}

/// Widely used actions, by rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopularList {
    /// How the rank was found, one sentence.
    pub basis: String,
    /// The actions, the most used first.
    pub actions: Vec<Popular>,
}

/// A widely used action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Popular {
    /// `owner/repo`, in lower case.
    pub repository: String,
    /// In how many of the counted repositories it is used; absent where it
    /// stands in the list by another source than the count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<u32>,
}

/// Whether a pack may be consulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It may, for so many more days.
    Fresh {
        /// Whole days until it is too old.
        days_left: u32,
    },
    /// It is older than its limit: what it would say is not checked.
    TooOld {
        /// When the limit was reached.
        expired: Timestamp,
    },
    /// It is dated after the present time: the clock or the pack is wrong, and
    /// what it would say is not checked.
    FromTheFuture {
        /// When it says it was made.
        created_at: Timestamp,
    },
}

impl Freshness {
    /// Whether the pack may be consulted.
    #[must_use]
    pub fn is_fresh(self) -> bool {
        matches!(self, Self::Fresh { .. })
    }
}

impl DataPack {
    /// Whether the pack may be consulted at `now`.
    #[must_use]
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        if self.created_at.unix().saturating_sub(now.unix()) > CLOCK_TOLERANCE {
            return Freshness::FromTheFuture {
                created_at: self.created_at,
            };
        }
        let expired = self.expires();
        let left = expired.unix().saturating_sub(now.unix());
        if left <= 0 {
            return Freshness::TooOld { expired };
        }
        Freshness::Fresh {
            days_left: u32::try_from(left / DAY).unwrap_or(u32::MAX),
        }
    }

    /// The first second at which the pack is too old.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.created_at
            .plus_days(self.valid_days.min(MAX_VALID_DAYS))
    }

    /// How much each list holds, as in `3 compromised actions, 41 advisories`.
    #[must_use]
    pub fn contents(&self) -> String {
        [
            (self.compromised.len(), "compromised actions"),
            (self.vulnerable.len(), "advisories"),
            (self.archived.len(), "archived"),
            (self.renamed.len(), "renamed"),
            (self.popular.actions.len(), "popular"),
            (self.runner_images.len(), "runner images"),
            (self.action_runtimes.len(), "action runtimes"),
            (self.incidents.len(), "incidents"),
        ]
        .map(|(count, what)| format!("{count} {what}"))
        .join(", ")
    }

    /// The incidents that touched what `uses` names, the gravest exposure first.
    ///
    /// `version` is what a trusted source gives for a commit, see
    /// [`Compromised::exposure`].
    #[must_use]
    pub fn compromised(
        &self,
        uses: &RepositoryUses,
        version: Option<&str>,
    ) -> Vec<CompromisedHit<'_>> {
        let mut hits: Vec<_> = self
            .compromised
            .iter()
            .filter_map(|entry| {
                entry
                    .exposure(uses, version)
                    .map(|exposure| CompromisedHit { entry, exposure })
            })
            .collect();
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.exposure));
        hits
    }

    /// The advisories about what `uses` names, the surest first.
    ///
    /// `version` is what a trusted source gives for a commit; a comment beside
    /// a pin is such a source only once it was checked. Without it the version
    /// is read from the ref; see [`Vulnerable::certainty`].
    #[must_use]
    pub fn vulnerable(
        &self,
        uses: &RepositoryUses,
        version: Option<&str>,
    ) -> Vec<VulnerableHit<'_>> {
        let mut hits: Vec<_> = self
            .vulnerable
            .iter()
            .filter_map(|advisory| {
                let certainty = advisory.certainty(uses, version)?;
                Some(VulnerableHit {
                    advisory,
                    certainty,
                })
            })
            .collect();
        hits.sort_by_key(|hit| std::cmp::Reverse((hit.certainty, hit.advisory.severity)));
        hits
    }

    /// The archived repository that `slug` (`owner/repo`) names.
    #[must_use]
    pub fn archived(&self, slug: &str) -> Option<&Archived> {
        self.archived
            .iter()
            .find(|archived| archived.repository.eq_ignore_ascii_case(slug))
    }

    /// The repository that `slug` (`owner/repo`) is an old name of.
    #[must_use]
    pub fn renamed(&self, slug: &str) -> Option<&Renamed> {
        self.renamed
            .iter()
            .find(|renamed| renamed.from.eq_ignore_ascii_case(slug))
    }

    /// The popular actions, for many questions to [`Self::lookalike_among`].
    #[must_use]
    pub fn lookalikes(&self) -> Lookalikes<'_> {
        Lookalikes::new(&self.popular.actions)
    }

    /// The popular action that `slug` (`owner/repo`) looks like but is not.
    #[must_use]
    pub fn lookalike(&self, slug: &str) -> Option<Lookalike<'_>> {
        self.lookalike_among(&self.lookalikes(), slug)
    }

    /// The same with [`Self::lookalikes`] at hand, which take longer to make
    /// ready than a name to compare.
    #[must_use]
    pub fn lookalike_among<'p>(
        &'p self,
        lookalikes: &Lookalikes<'p>,
        slug: &str,
    ) -> Option<Lookalike<'p>> {
        // A name that this pack knows for itself is nobody's imitation.
        let known = self.archived(slug).is_some()
            || self.renamed(slug).is_some()
            || self
                .renamed
                .iter()
                .any(|renamed| renamed.to.eq_ignore_ascii_case(slug))
            || self
                .vulnerable
                .iter()
                .any(|advisory| in_repository(&advisory.action, slug));
        if known { None } else { lookalikes.find(slug) }
    }

    /// The retired label of a GitHub-hosted runner that `label` is.
    #[must_use]
    pub fn runner_image(&self, label: &str) -> Option<&RunnerImage> {
        self.runner_images
            .iter()
            .find(|image| image.label.eq_ignore_ascii_case(label))
    }

    /// The retired action runtime that `using` is.
    #[must_use]
    pub fn action_runtime(&self, using: &str) -> Option<&ActionRuntime> {
        self.action_runtimes
            .iter()
            .find(|runtime| runtime.using.eq_ignore_ascii_case(using))
    }
}

/// Whether `action` (`owner/repo[/path]`) is what `uses` names. One without a
/// path stands for everything in its repository. GitHub compares owner and
/// repository without regard to case, and paths with it.
pub(crate) fn names_action(action: &str, uses: &RepositoryUses) -> bool {
    // Asked for every entry of a list: one comparison settles nearly all.
    let Some(rest) = behind(action, &uses.owner).and_then(|rest| rest.strip_prefix('/')) else {
        return false;
    };
    let Some(path) = behind(rest, &uses.repo) else {
        return false;
    };
    path.is_empty() || path.strip_prefix('/').is_some_and(|path| path == uses.path)
}

/// What follows a name, whatever its case.
fn behind<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

fn in_repository(action: &str, slug: &str) -> bool {
    let (mut parts, mut wanted) = (action.split('/'), slug.split('/'));
    let same = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    };
    same(parts.next(), wanted.next()) && same(parts.next(), wanted.next())
}
