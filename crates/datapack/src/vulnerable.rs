//! Published advisories of the GitHub Actions ecosystem.

use cofferdam_facts::uses::RepositoryUses;
use serde::{Deserialize, Serialize};

use crate::{pack::names_action, version::Version};

/// One advisory about one action or reusable workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vulnerable {
    /// The advisory's id, `GHSA-…`.
    pub id: String,
    /// Other ids of the same weakness, `CVE-…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// `owner/repo`, or `owner/repo/path` if one action of several is meant.
    pub action: String,
    /// The versions that have the weakness: any of these ranges.
    pub ranges: Vec<VersionRange>,
    /// How grave it is by the advisory.
    pub severity: Severity,
    /// What is wrong, one sentence.
    pub summary: String,
    /// Where the advisory is published.
    pub url: String,
}

/// The severity that an advisory states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The advisory states none.
    Unknown,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Moderate,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.
    Critical,
}

/// A range of versions, in the words of OSV: from `introduced` on, up to but
/// without `fixed`, or up to and with `last_affected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRange {
    /// The first version that has the weakness; absent where all early ones do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    /// The first version that no longer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// The last version that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_affected: Option<String>,
}

/// How sure it is that a use has the weakness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Which version runs is unknown: a commit without a version beside it, or
    /// a tag that is no version. This is *not checked*.
    Undecided,
    /// A line of releases (`v4`) of which some have the weakness, and whether
    /// the newest does is unknown; or a branch, where no release is fixed.
    Possible,
    /// The version has the weakness.
    Certain,
}

/// A use of an action that an advisory speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VulnerableHit<'p> {
    /// The advisory.
    pub advisory: &'p Vulnerable,
    /// How sure it is.
    pub certainty: Certainty,
}

impl Vulnerable {
    /// Whether `uses` has the weakness; `None` if it does not.
    ///
    /// `version` is the version that a trusted source gives for a commit (a
    /// comment that was checked, a lock file); without it the version is read
    /// from the ref. A short tag is taken for a moving tag that leads to the
    /// newest release of its line: `v4` is hit only if the newest v4 is. With a
    /// fix inside the line it is not; with a range that spans the line's end it
    /// is; where the advisory ends with a last affected version inside the
    /// line, the newest is unknown and the hit is [`Certainty::Possible`].
    #[must_use]
    pub fn certainty(&self, uses: &RepositoryUses, version: Option<&str>) -> Option<Certainty> {
        if !names_action(&self.action, uses) {
            return None;
        }
        let git_ref = uses.git_ref.as_deref();
        let stated = version.or_else(|| git_ref.filter(|_| uses.commit().is_none()));
        if let Some(version) = stated.and_then(Version::parse) {
            // A moving tag that a comment names was resolved when the commit
            // was written down; where in its line that was is unknown.
            let moved_on = uses.commit().is_none();
            return self
                .ranges
                .iter()
                .filter_map(|range| range.certainty(&version, moved_on))
                .max();
        }
        let branch = git_ref.filter(|_| uses.commit().is_none() && version.is_none());
        match branch {
            Some("main" | "master" | "refs/heads/main" | "refs/heads/master") => self
                .ranges
                .iter()
                .any(|range| range.fixed.is_none())
                .then_some(Certainty::Possible),
            _ => Some(Certainty::Undecided),
        }
    }

    /// The lowest version above `version` that no range of this advisory holds.
    #[must_use]
    pub fn fixed_after(&self, version: Option<&str>) -> Option<&str> {
        let version = version.and_then(Version::parse);
        let mut fixes: Vec<(Version, &str)> = self
            .ranges
            .iter()
            .filter_map(|range| range.fixed.as_deref())
            .filter_map(|fixed| Some((Version::parse(fixed)?, fixed)))
            .filter(|(fixed, _)| version.as_ref().is_none_or(|version| fixed > version))
            .collect();
        fixes.sort_by(|a, b| a.0.cmp(&b.0));
        let first = if version.is_some() {
            fixes.first()
        } else {
            fixes.last()
        };
        first.map(|(_, text)| *text)
    }
}

impl VersionRange {
    /// Whether the range holds `version`; for a line of releases whether it
    /// holds the newest (`moved_on`) or any of the line.
    fn certainty(&self, version: &Version, moved_on: bool) -> Option<Certainty> {
        let bound = |text: &Option<String>| text.as_deref().map(Version::parse);
        let (introduced, fixed, last) = (
            bound(&self.introduced),
            bound(&self.fixed),
            bound(&self.last_affected),
        );
        // A bound that is no version: nothing can be said about this range.
        if [&introduced, &fixed, &last]
            .into_iter()
            .any(|bound| matches!(bound, Some(None)))
        {
            return Some(Certainty::Undecided);
        }
        let (introduced, fixed, last) = (introduced.flatten(), fixed.flatten(), last.flatten());
        let starts_by = |point: &Version| introduced.as_ref().is_none_or(|first| first <= point);
        let open_at = |point: &Version| {
            fixed.as_ref().is_none_or(|fixed| point < fixed)
                && last.as_ref().is_none_or(|last| point <= last)
        };
        let Some(end) = version.end_of_line() else {
            return (starts_by(version) && open_at(version)).then_some(Certainty::Certain);
        };
        let starts_in_line = introduced.as_ref().is_none_or(|first| *first < end);
        if !starts_in_line || !open_at(version) {
            return None;
        }
        let whole_line = starts_by(version);
        if let Some(last) = &last
            && *last < end
        {
            return Some(Certainty::Possible);
        }
        match &fixed {
            Some(fixed) if *fixed < end => (!moved_on).then_some(Certainty::Possible),
            _ if whole_line => Some(Certainty::Certain),
            _ if moved_on => Some(Certainty::Certain),
            _ => Some(Certainty::Possible),
        }
    }
}
