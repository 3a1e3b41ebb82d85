//! What the database of advisories says, in the words of a review.

use cofferdam_advisories::{Mirrors, Rating};
use cofferdam_dependencies::{Advisories, Advisory, Matches};
use cofferdam_findings::Severity;
use cofferdam_lockfiles::Package;

use super::{Known, Match, about};

/// A database that a review may ask.
pub struct Advised<'a> {
    /// Who knows.
    pub known: &'a dyn Known,
    /// Hosts that hand on the public registry.
    pub mirrors: &'a Mirrors,
}

impl Advisories for Advised<'_> {
    fn about(&self, package: &Package) -> Matches {
        // Nobody publishes advisories about the ecosystem.
        if package.osv_ecosystem().is_none() {
            return Matches::Known {
                found: Vec::new(),
                open: Vec::new(),
            };
        }
        let Some(version) = package.version.as_deref() else {
            return Matches::NotChecked("the file fixes no version".to_owned());
        };
        match about(self.known, package, version, self.mirrors) {
            Err(error) => Matches::NotChecked(error.to_string()),
            Ok(matches) => Matches::Known {
                found: matches.affected.into_iter().map(advisory).collect(),
                open: (matches.unknown.into_iter())
                    .map(|(id, why)| (id, why.reason()))
                    .collect(),
            },
        }
    }
}

fn advisory(found: Match) -> Advisory {
    let advisory = found.advisory;
    Advisory {
        is_malicious: advisory.is_malicious(),
        url: advisory.page(),
        summary: advisory.summary.clone().unwrap_or_default(),
        severity: match found.severity.rating {
            Rating::Info => Some(Severity::Info),
            Rating::Low => Some(Severity::Low),
            Rating::Medium => Some(Severity::Medium),
            Rating::High => Some(Severity::High),
            Rating::Critical => Some(Severity::Critical),
            Rating::Unknown => None,
        },
        fixed: found.fixed,
        id: advisory.id,
        aliases: advisory.aliases,
    }
}
