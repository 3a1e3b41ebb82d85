//! What is known of weaknesses, as the caller hands it over.

use cofferdam_findings::Severity;
use cofferdam_lockfiles::Package;

/// One advisory that speaks about a package in its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// Its id: `GHSA-…`, `RUSTSEC-…`, `MAL-…`.
    pub id: String,
    /// Other ids of the same weakness.
    pub aliases: Vec<String>,
    /// One line of what it is.
    pub summary: String,
    /// How bad; `None` where the advisory does not say, which is no reason to
    /// pass.
    pub severity: Option<Severity>,
    /// The lowest version that is higher than the one used and not affected.
    pub fixed: Option<String>,
    /// Whether the package was made to do harm.
    pub is_malicious: bool,
    /// The page of the advisory.
    pub url: String,
}

impl Advisory {
    /// Whether one of some ids is its own, in any case.
    #[must_use]
    pub fn is_one_of(&self, ids: &[String]) -> bool {
        let mine = std::iter::once(&self.id).chain(&self.aliases);
        mine.into_iter()
            .any(|id| ids.iter().any(|other| other.eq_ignore_ascii_case(id)))
    }
}

/// The answer for one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matches {
    /// It was asked.
    Known {
        /// Everything that is known to speak about it; nothing may.
        found: Vec<Advisory>,
        /// What may speak about it: the id, and why that cannot be told.
        open: Vec<(String, String)>,
    },
    /// It could not be told, and why.
    NotChecked(String),
}

/// Whoever knows advisories.
pub trait Advisories {
    /// What speaks about a package as a file names it, with its version and its
    /// source. What was withdrawn does not.
    fn about(&self, package: &Package) -> Matches;
}
