//! What a fix is, and what a fixer says in place of one.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::yaml::edit::{Change, EditError};

/// Mends the findings of one rule.
#[derive(Clone, Copy, Debug)]
pub struct Fixer {
    /// The id of the rule.
    pub rule: &'static str,
    /// How its fixes are offered.
    pub offer: Offer,
    /// What it does, as a sentence for the rule's page.
    pub summary: &'static str,
    /// Works out the fix of one finding.
    pub fix: fn(&Context<'_>, &Finding) -> Result<Fix, NoFix>,
}

/// How the fixes of a rule are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Always safe where there is one.
    Safe,
    /// Safe where that can be proven, else to be checked.
    Either,
    /// Always to be checked.
    Unsafe,
}

impl Offer {
    /// The word that lists and pages use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Either => "safe or unsafe",
            Self::Unsafe => "unsafe",
        }
    }

    /// Whether a fix of such safety may be offered.
    #[must_use]
    pub fn allows(self, safety: &Safety) -> bool {
        match safety {
            Safety::Safe => self != Self::Unsafe,
            Safety::Unsafe { .. } => self != Self::Safe,
        }
    }
}

/// Whether a fix may change something that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It provably does not.
    Safe,
    /// It may: somebody has to look at it.
    Unsafe {
        /// What has to be so for the fix to be right, as the rest of a sentence
        /// that begins with "Check that".
        check: String,
    },
}

impl Safety {
    /// Whether it is safe.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self, Self::Safe)
    }

    /// A fix that somebody has to look at.
    pub fn check(check: impl Into<String>) -> Self {
        Self::Unsafe {
            check: check.into(),
        }
    }
}

/// One change of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The document.
    pub path: String,
    /// What changes in it; the numbers of nodes are those of the document as
    /// the fixer saw it.
    pub change: Change,
}

/// How one finding is mended.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// Whether it may change something that is wanted.
    pub safety: Safety,
    /// What it does here and why it is right, one sentence without full stop.
    pub explanation: String,
    /// The changes, of which none is right without the others.
    pub changes: Vec<Planned>,
    /// Whether the finding stays and is only graded lower.
    pub lessens: bool,
    /// Names that change with it, the old one first: findings are told apart by
    /// the names of what they are about.
    pub renames: Vec<(String, String)>,
}

impl Fix {
    /// A fix without changes yet.
    pub fn new(safety: Safety, explanation: impl Into<String>) -> Self {
        Self {
            safety,
            explanation: explanation.into(),
            changes: Vec::new(),
            lessens: false,
            renames: Vec::new(),
        }
    }

    /// Says that a name changes.
    #[must_use]
    pub fn renaming(mut self, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.renames.push((old.into(), new.into()));
        self
    }

    /// Adds a change.
    #[must_use]
    pub fn with(mut self, path: &str, change: Change) -> Self {
        self.changes.push(Planned {
            path: path.to_owned(),
            change,
        });
        self
    }
}

/// Why a finding has no fix that could be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoFix {
    /// What stands there cannot be mended by an edit that is worked out.
    #[error("{0}")]
    NotHere(String),
    /// The finding points at nothing that an edit could begin with.
    #[error("the place is not one that can be edited")]
    NoPlace,
    /// The document is somebody else's, copied into the checkout.
    #[error("the file is a copy of another project's")]
    Foreign,
    /// The document was not read as YAML, or not in full.
    #[error("the file was not understood as a whole")]
    NotUnderstood,
    /// What would change is used by an alias elsewhere as well.
    #[error("what would change stands behind an anchor that is used elsewhere too")]
    Aliased,
    /// The editor refuses.
    #[error("it cannot be edited so that all else stays: {0}")]
    Edit(#[from] EditError),
    /// The finding would still be there.
    #[error("the finding would still be there after the edit")]
    StillThere,
    /// Another finding would come, or one would be graded worse.
    #[error("the edit would bring another finding, of `{0}`")]
    Another(String),
    /// The bound of the work is reached.
    #[error("too many edits had to be tried; run it again on the result")]
    Bound,
}

impl NoFix {
    /// A reason that lies in what stands there.
    pub fn not_here(reason: impl Into<String>) -> Self {
        Self::NotHere(reason.into())
    }
}
