//! What was seen of a control, and what follows for its status.

use cofferdam_facts::{Control, Location};

/// One thing that was seen for or against a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The control it speaks about.
    pub control: Control,
    /// What it says.
    pub verdict: Verdict,
    /// Where it was seen.
    pub location: Option<Location>,
    /// What was seen, one line.
    pub note: String,
}

/// What one piece of evidence says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The control holds here.
    Satisfied,
    /// The control does not hold here.
    Violated,
    /// A fact is missing.
    Unknown {
        /// The fact, as in "the protection of environment `release`".
        missing: String,
        /// The command that settles it.
        settle: String,
    },
    /// There is nothing here that the control speaks about.
    NotApplicable,
}

/// What the project has of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It holds at every place that was seen.
    Present,
    /// It holds at some places.
    Partial,
    /// It holds nowhere.
    Absent,
    /// Something that is needed to tell could not be seen.
    NotChecked,
    /// The project has nothing that the control speaks about.
    NotApplicable,
}

impl Verdict {
    /// The words of all verdicts.
    pub const WORDS: &'static [&'static str] =
        &["satisfied", "violated", "unknown", "not applicable"];

    /// The word that formats use.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Violated => "violated",
            Self::Unknown { .. } => "unknown",
            Self::NotApplicable => "not applicable",
        }
    }
}

impl Status {
    /// Every status, best first.
    pub const ALL: &'static [Self] = &[
        Self::Present,
        Self::Partial,
        Self::Absent,
        Self::NotChecked,
        Self::NotApplicable,
    ];

    /// The words that are shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Partial => "partial",
            Self::Absent => "absent",
            Self::NotChecked => "not checked",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// A control with its status and everything that was seen.
#[derive(Clone, Debug)]
pub struct ControlState {
    /// The control.
    pub control: Control,
    /// What follows from the evidence.
    pub status: Status,
    /// One line: counts, or the missing fact and the command that settles it.
    pub summary: String,
    /// Everything that was seen, in order of place.
    pub evidence: Vec<Evidence>,
    /// Whether the control is no question of this run at all: another command
    /// decides it, or a later version.
    pub elsewhere: bool,
}
