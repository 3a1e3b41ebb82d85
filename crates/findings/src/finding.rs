//! One weakness at one place.

use std::fmt;

use cofferdam_facts::{Control, Location};

use crate::exposure::FindingExposure;
use crate::standards::Requirement;

/// How bad it is when the weakness is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is lost by itself.
    Info,
    /// One layer less; another still holds.
    Low,
    /// A real step for an attacker who already has something.
    Medium,
    /// An attacker gets a secret, a write or a published artifact.
    High,
    /// Anybody with an account gets it, now, without anyone's help.
    Critical,
}

/// How sure the rule is of what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A fact that the checkout does not hold could make it untrue.
    Low,
    /// Likely; depends on a documented default.
    Medium,
    /// Follows from what stands in the files.
    High,
}

macro_rules! words {
    ($type:ident: $($variant:ident = $word:literal),*) => {
        impl $type {
            /// Every value, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that options and formats use.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The value that a word means.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words!(Severity: Info = "info", Low = "low", Medium = "medium", High = "high", Critical = "critical");
words!(Confidence: Low = "low", Medium = "medium", High = "high");

impl Severity {
    /// The rank of a finding of this severity with some points besides, less
    /// than [`RANK_STEP`].
    #[must_use]
    pub fn rank(self, points: u32) -> u32 {
        let place = match self {
            Self::Info => 1,
            Self::Low => 2,
            Self::Medium => 3,
            Self::High => 4,
            Self::Critical => 5,
        };
        place * RANK_STEP + points
    }

    /// One level less; the lowest stays.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Critical => Self::High,
            Self::High => Self::Medium,
            Self::Medium => Self::Low,
            Self::Low | Self::Info => Self::Info,
        }
    }
}

/// What a format needs to know of a rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    /// Stable id in kebab case; public API.
    pub id: &'static str,
    /// One line without a full stop.
    pub title: &'static str,
    /// The highest severity the rule gives.
    pub severity: Severity,
    /// The controls that the rule speaks for.
    pub controls: &'static [Control],
    /// Rules of other scanners that find the same, as in
    /// `zizmor/unpinned-uses`.
    pub peers: &'static [&'static str],
    /// What the rule speaks about in the standards that others keep.
    pub standards: &'static [Requirement],
    /// The rule's page, Markdown with the fixed headings.
    pub docs: &'static str,
}

/// One weakness at one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The id of the rule that decided.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One line about this place, without a full stop.
    pub message: String,
    /// Why it matters here: what is lost, to whom.
    pub why: String,
    /// What to do, in one sentence.
    pub fix: String,
    /// Where.
    pub location: Location,
    /// Other places that belong to it, in the order of the path that leads to
    /// `location`, where it ends.
    pub related: Vec<Related>,
    /// Places with the same cause share this text and are shown as one line;
    /// empty where the title of the rule says it for all.
    pub group: String,
    /// How much is at stake, to order places with the same cause: the gravest
    /// speaks for all of them.
    pub weight: usize,
    /// Where it stands among all findings of a report, whatever their severity,
    /// the higher the earlier; none where it was not worked out, see
    /// [`Finding::priority`]. No fingerprint depends on it.
    pub rank: Option<u32>,
    /// What its place exposes, where that was worked out. None says nothing;
    /// no pairs, that nothing is gained there.
    pub exposure: Option<Box<FindingExposure>>,
    /// What the finding is about, free of line numbers: `jobs.build/steps.2`.
    /// Rule, path and subject make the fingerprint; where it is empty, the
    /// message stands in, which then must not name a line either.
    pub subject: String,
    /// The text that is weak, without comments; set by whoever has the
    /// document. Where it is empty, the line of the location stands in.
    pub content: String,
    /// Set by the report: the stable fingerprint, 32 hexadecimal digits.
    pub fingerprint: String,
    /// Set by the report: the fingerprint that copies of one weakness share,
    /// 32 hexadecimal digits, see [`crate::content`].
    pub content_fingerprint: String,
}

/// A place that belongs to a finding, with what it contributes.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What this place contributes.
    pub note: String,
}

/// The distance between two severities in a rank; see [`Finding::priority`].
pub const RANK_STEP: u32 = 10_000;

/// What is added to the rank of a severity where nothing is known of what a
/// place exposes: less than where something is known to be exposed.
pub const RANK_UNKNOWN: u32 = 2_000;

impl Finding {
    /// Where it stands: its rank, or else that of its severity.
    #[must_use]
    pub fn priority(&self) -> u32 {
        self.rank
            .unwrap_or_else(|| self.severity.rank(RANK_UNKNOWN))
    }

    /// A finding with no related places, high confidence, and grouped by its rule.
    pub fn new(
        rule: &'static str,
        severity: Severity,
        location: Location,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            confidence: Confidence::High,
            message: message.into(),
            why: String::new(),
            fix: String::new(),
            location,
            related: Vec::new(),
            group: String::new(),
            weight: 0,
            rank: None,
            exposure: None,
            subject: String::new(),
            content: String::new(),
            fingerprint: String::new(),
            content_fingerprint: String::new(),
        }
    }

    /// Says why it matters here.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Lowers the confidence.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Adds a place that belongs to it.
    #[must_use]
    pub fn related(mut self, location: Location, note: impl Into<String>) -> Self {
        self.related.push(Related {
            location,
            note: note.into(),
        });
        self
    }

    /// Groups it with the others of the same cause.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }

    /// Says how much is at stake, beside places with the same cause.
    #[must_use]
    pub fn weight(mut self, weight: usize) -> Self {
        self.weight = weight;
        self
    }

    /// Names what it is about, free of line numbers.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }
}
