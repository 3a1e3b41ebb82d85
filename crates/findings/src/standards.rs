//! The standards that a project is held against, requirement by requirement:
//! what each asks for, and what an audit can say about it.
//!
//! A requirement is a value of an enum, so that no rule can name one that does
//! not exist. Titles are short words of our own; what a requirement says in
//! full stands in the standard.

use cofferdam_facts::Control;

mod assessment;
mod cwe;
mod osps;
mod scorecard;
mod slsa;
mod stepsecurity;

pub use assessment::{Assessment, Met, assess, tally};
pub use cwe::Cwe;
pub use osps::Osps;
pub use scorecard::Scorecard;
pub use slsa::Slsa;
pub use stepsecurity::StepSecurity;

/// A list of requirements, or of weaknesses, that others keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standard {
    /// The Common Weakness Enumeration: kinds of weakness, which nothing meets.
    Cwe,
    /// Supply-chain Levels for Software Artifacts.
    Slsa,
    /// The checks of OpenSSF Scorecard.
    Scorecard,
    /// The Open Source Project Security Baseline.
    Osps,
    /// What StepSecurity's guidance asks of workflows.
    StepSecurity,
}

impl Standard {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::Cwe,
        Self::Slsa,
        Self::Scorecard,
        Self::Osps,
        Self::StepSecurity,
    ];

    /// Those that a project can meet.
    pub const OF_PROJECTS: &'static [Self] =
        &[Self::Slsa, Self::Scorecard, Self::Osps, Self::StepSecurity];

    /// The word that options and formats use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cwe => "cwe",
            Self::Slsa => "slsa",
            Self::Scorecard => "scorecard",
            Self::Osps => "osps",
            Self::StepSecurity => "stepsecurity",
        }
    }

    /// The standard that a word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.word() == word)
    }

    /// Its name without a version, for the head of a column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cwe => "CWE",
            Self::Slsa => "SLSA",
            Self::Scorecard => "Scorecard",
            Self::Osps => "OSPS Baseline",
            Self::StepSecurity => "StepSecurity",
        }
    }

    /// Its name with the version that the requirements are taken from.
    #[must_use]
    pub const fn edition(self) -> &'static str {
        match self {
            Self::Cwe => "CWE 4",
            Self::Slsa => "SLSA v1.2, Build and Source tracks",
            Self::Scorecard => "OpenSSF Scorecard, checks of August 2026",
            Self::Osps => "OSPS Baseline v2026.02.19",
            Self::StepSecurity => "StepSecurity's list of controls, 2026",
        }
    }

    /// Where it is published.
    #[must_use]
    pub const fn home(self) -> &'static str {
        match self {
            Self::Cwe => "https://cwe.mitre.org/",
            Self::Slsa => "https://slsa.dev/spec/v1.2/",
            Self::Scorecard => "https://github.com/ossf/scorecard/blob/main/docs/checks.md",
            Self::Osps => "https://baseline.openssf.org/versions/2026-02-19",
            Self::StepSecurity => "https://docs.stepsecurity.io/workspace/overview",
        }
    }

    /// What a reader of a result has to know of the standard.
    #[must_use]
    pub const fn remark(self) -> &'static str {
        match self {
            Self::Cwe => "",
            Self::Slsa => {
                "This is what workflows and settings show, no certificate: an artifact has a level \
                 when its own provenance is verified against what is expected of it."
            }
            Self::Scorecard => {
                "This is no score and none follows from it. Each check says where Scorecard's own \
                 would decide otherwise."
            }
            Self::Osps => {
                "Most of the Baseline is documentation and settings of the forge; what an audit of \
                 a checkout cannot see is said to be so."
            }
            Self::StepSecurity => {
                "The list has no ids of its own; those shown here are ours. StepSecurity's product \
                 looks at runs as well, which no audit of files does."
            }
        }
    }

    /// Its requirements in its own order.
    #[must_use]
    pub fn requirements(self) -> Vec<Requirement> {
        match self {
            Self::Cwe => Cwe::ALL.iter().map(|&r| Requirement::Cwe(r)).collect(),
            Self::Slsa => Slsa::ALL.iter().map(|&r| Requirement::Slsa(r)).collect(),
            Self::Scorecard => (Scorecard::ALL.iter())
                .map(|&r| Requirement::Scorecard(r))
                .collect(),
            Self::Osps => Osps::ALL.iter().map(|&r| Requirement::Osps(r)).collect(),
            Self::StepSecurity => (StepSecurity::ALL.iter())
                .map(|&r| Requirement::StepSecurity(r))
                .collect(),
        }
    }
}

/// One requirement of one standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// A kind of weakness.
    Cwe(Cwe),
    /// A requirement of SLSA.
    Slsa(Slsa),
    /// A check of Scorecard.
    Scorecard(Scorecard),
    /// A requirement of the Baseline.
    Osps(Osps),
    /// An item of StepSecurity's list.
    StepSecurity(StepSecurity),
}

impl Requirement {
    /// The standard that it belongs to.
    #[must_use]
    pub const fn standard(self) -> Standard {
        match self {
            Self::Cwe(_) => Standard::Cwe,
            Self::Slsa(_) => Standard::Slsa,
            Self::Scorecard(_) => Standard::Scorecard,
            Self::Osps(_) => Standard::Osps,
            Self::StepSecurity(_) => Standard::StepSecurity,
        }
    }

    /// What is known of it.
    #[must_use]
    pub const fn entry(self) -> &'static Entry {
        match self {
            Self::Cwe(one) => one.entry(),
            Self::Slsa(one) => one.entry(),
            Self::Scorecard(one) => one.entry(),
            Self::Osps(one) => one.entry(),
            Self::StepSecurity(one) => one.entry(),
        }
    }

    /// Its id in the standard.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.entry().id
    }
}

/// What is known of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id in the standard, or ours where the standard gives none.
    pub id: &'static str,
    /// The level, track or risk that the standard puts it under.
    pub level: &'static str,
    /// What it asks for, in a few words.
    pub title: &'static str,
    /// What an audit can say about it.
    pub decided: Decided,
    /// What to know beside the status: for Scorecard, where its own check
    /// differs. Often empty.
    pub note: &'static str,
}

/// What an audit can say about a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// These controls show all of it.
    Whole(&'static [Control]),
    /// These controls show a part of it, so that it is never more than partly
    /// met; the text names the rest. Without controls only findings speak, and
    /// only against it.
    Part(&'static [Control], &'static str),
    /// A checkout or settings would tell, but no rule looks; the text says at
    /// what.
    NotYet(&'static str),
    /// No audit of a checkout and settings can tell; the text says why.
    Outside(&'static str),
    /// A kind of weakness, which nothing meets.
    Weakness,
}

impl Decided {
    /// The controls that speak about it.
    #[must_use]
    pub const fn controls(&self) -> &'static [Control] {
        match self {
            Self::Whole(controls) | Self::Part(controls, _) => controls,
            Self::NotYet(_) | Self::Outside(_) | Self::Weakness => &[],
        }
    }

    /// Whether rules can speak about it at all.
    #[must_use]
    pub const fn is_judged(&self) -> bool {
        matches!(self, Self::Whole(_) | Self::Part(..) | Self::Weakness)
    }
}

/// Declares the requirements of a standard, one a line: the variant, the id,
/// the level, the title, who decides it, and after `note` what else to know.
macro_rules! requirements {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($variant:ident = $id:literal, $level:literal, $title:literal, $decided:expr $(, note $note:literal)?;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = $title] $variant,)*
        }

        impl $name {
            /// Every one, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What is known of it.
            #[must_use]
            pub const fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$variant => &Entry {
                        id: $id,
                        level: $level,
                        title: $title,
                        decided: $decided,
                        note: concat!("" $(, $note)?),
                    },)*
                }
            }
        }
    };
}
use requirements;

#[cfg(test)]
mod tests;
