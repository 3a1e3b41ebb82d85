//! Known incidents that came through CI, as far as sources tell.
//!
//! An incident is one file of `data/incidents`. What it says of refs and times
//! is what sources say; what no source says is left out and listed under
//! [`Incident::unknown`], so that nobody takes a gap for an all-clear.

use cofferdam_facts::Timestamp;
use serde::{Deserialize, Serialize};

/// One incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its id, which is the name of its file: words and numbers with hyphens.
    pub id: String,
    /// What it is called, in a few words.
    pub name: String,
    /// Identifiers: CVE, GHSA.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// The first second at which it may have acted. Where a source gives a day or
    /// an approximate time, the earliest it allows.
    pub from: Timestamp,
    /// The last second at which it may have, likewise the latest; absent where
    /// no source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What happened, one or two sentences.
    pub what: String,
    /// How it acted, as sentences.
    pub acted: String,
    /// What it took, and how it came out, as sentences.
    pub stole: String,
    /// Actions of the list of compromised ones that belong to it, as they are
    /// named there. Their refs, commits and times stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Of these, the actions that were not changed themselves: each of their
    /// versions of that time ran one that was, so that a commit of theirs does
    /// not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carriers: Vec<String>,
    /// Packages that were bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<BadPackage>,
    /// Images that were bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<BadImage>,
    /// Downloads that were bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub downloads: Vec<BadDownload>,
    /// The ways by which the attackers came to what they took, each of which a
    /// checkout may have or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// What would have stopped it, each as an instruction.
    pub controls: Vec<String>,
    /// What no source says, or sources say differently.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Where this is stated.
    pub sources: Vec<String>,
}

/// Versions of a package that were bad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadPackage {
    /// `ecosystem/name`, as in `npm/nx`; a star at the end stands for the rest
    /// of a name.
    pub name: String,
    /// The versions that were bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Whether `versions` is known to hold every one of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub versions_complete: bool,
    /// The first second at which one was to be had.
    pub from: Timestamp,
    /// The last one; absent where no source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Tags of an image that led to something bad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadImage {
    /// The image without tag and digest, as in `aquasec/trivy`.
    pub name: String,
    /// Its tags that led to something bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether `tags` is known to hold every one of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tags_complete: bool,
    /// The digests that were bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
    /// Whether `digests` is known to hold every one of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub digests_complete: bool,
    /// The first second at which one was to be had.
    pub from: Timestamp,
    /// The last one; absent where no source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// An address that served something bad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadDownload {
    /// `host/path`, without scheme and query.
    pub address: String,
    /// The first second at which it did.
    pub from: Timestamp,
    /// The last one; absent where no source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A way that the attackers took, in the words of `cofferdam exposure`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// The positions from which it starts, as in `newcomer`.
    pub from: Vec<String>,
    /// The events of the run in which the attackers' code first runs; any where
    /// it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The ids of the rules that the way takes, in order; others may lie between.
    pub through: Vec<String>,
    /// What it leads to: assets, or classes of assets.
    pub to: Vec<String>,
}

impl BadPackage {
    /// Whether it is the package with this name, as `ecosystem/name`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => self.name == name,
        }
    }
}
