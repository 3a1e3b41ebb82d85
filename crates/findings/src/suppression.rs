//! Findings that do not count, and who said so. They are shown and counted in
//! every format: silenced is not gone.

use std::collections::BTreeMap;

use cofferdam_facts::Location;

use crate::finding::Finding;
use crate::report::Report;

/// What kind of silencer keeps a finding from counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuppressionKind {
    /// The rule is off for this repository, with a reason.
    RuleOff,
    /// The file is left out, with a reason.
    ExcludedPath,
    /// An exemption with an owner, a reason and an expiry.
    Exemption,
    /// A comment of ours beside the place.
    Ignore,
    /// A comment for another scanner beside the place.
    PeerIgnore,
    /// The weakness was known when the baseline was written.
    Baseline,
}

impl SuppressionKind {
    /// Every kind, in the order in which they are asked.
    pub const ALL: &'static [Self] = &[
        Self::RuleOff,
        Self::ExcludedPath,
        Self::Exemption,
        Self::Ignore,
        Self::PeerIgnore,
        Self::Baseline,
    ];

    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RuleOff => "rule off",
            Self::ExcludedPath => "excluded path",
            Self::Exemption => "exemption",
            Self::Ignore => "ignore comment",
            Self::PeerIgnore => "zizmor comment",
            Self::Baseline => "baseline",
        }
    }

    /// A number of findings with what silences them, as in
    /// `3 by exemptions`.
    #[must_use]
    pub fn phrase(self, count: usize) -> String {
        let by = match self {
            Self::RuleOff => "by rules that are off",
            Self::ExcludedPath => "in excluded paths",
            Self::Exemption => "by exemptions",
            Self::Ignore => "by ignore comments",
            Self::PeerIgnore => "by zizmor's ignore comments",
            Self::Baseline => "in the baseline",
        };
        format!("{count} {by}")
    }
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The kind of silencer.
    pub kind: SuppressionKind,
    /// The reason that is written there.
    pub reason: String,
    /// Who answers for it, where that is written.
    pub owner: Option<String>,
    /// The last day on which it holds, as `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Where it stands, in the files that it was taken from.
    pub location: Option<Location>,
}

/// A finding that does not count.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// What would count otherwise.
    pub finding: Finding,
    /// What silences it.
    pub by: Suppression,
}

impl Report {
    /// The number of silenced findings by kind, those without any left out.
    #[must_use]
    pub fn suppressed_counts(&self) -> BTreeMap<SuppressionKind, usize> {
        let mut counts = BTreeMap::new();
        for one in &self.suppressed {
            *counts.entry(one.by.kind).or_default() += 1;
        }
        counts
    }

    /// One sentence about what is silenced; `None` if nothing is.
    #[must_use]
    pub fn suppressed_sentence(&self) -> Option<String> {
        let counts = self.suppressed_counts();
        let parts: Vec<String> = counts.iter().map(|(kind, n)| kind.phrase(*n)).collect();
        if parts.is_empty() {
            return None;
        }
        let total = self.suppressed.len();
        let findings = if total == 1 {
            "1 finding is".to_owned()
        } else {
            format!("{total} findings are")
        };
        Some(format!("{findings} silenced: {}.", parts.join(", ")))
    }
}
