//! Known weaknesses, and packages that were made to do harm.

use cofferdam_findings::{Finding, Severity};
use cofferdam_lockfiles::Package;

use super::{Asked, Check, Judged, title};
use crate::advisory::{Advisory, Matches};

pub(super) fn check(package: &Package, asked: &Asked<'_>, judged: &mut Judged<'_>) {
    let policy = asked.policy;
    if !policy.vulnerabilities {
        return;
    }
    let found = match asked.advisories.map(|known| known.about(package)) {
        Some(Matches::Known { found, open }) => {
            for (id, why) in open {
                let message = format!("whether {id} is about {}: {why}", title(package));
                let settle = "read the advisory, and leave it out if it is not";
                judged.gap("advisory-open", package, message, settle);
            }
            found
        }
        Some(Matches::NotChecked(why)) => {
            judged.unasked = Some(why);
            return;
        }
        None => {
            judged.unasked = Some("this build asks no database of advisories".to_owned());
            return;
        }
    };
    for advisory in found {
        let ignored = (policy.ignored.iter())
            .find(|one| one.holds(asked.now) && advisory.is_one_of(std::slice::from_ref(&one.id)));
        if ignored.is_some() && !advisory.is_malicious {
            judged.ignored.push(advisory.id);
            continue;
        }
        let check = if advisory.is_malicious {
            Check::Malicious
        } else {
            Check::Vulnerable
        };
        judged.found(check, finding(check, package, &advisory));
        judged.advisories.push(advisory);
    }
}

fn finding(check: Check, package: &Package, advisory: &Advisory) -> Finding {
    let message = format!("{}: {}", advisory.id, advisory.summary);
    let mut finding = super::finding(check, package, message);
    finding.severity = match advisory.severity {
        _ if advisory.is_malicious => Severity::Critical,
        Some(severity) => severity,
        // Who does not say how bad it is does not say that it is harmless.
        None => Severity::High,
    };
    finding.subject = format!("{} {}", title(package), advisory.id);
    finding = finding.why(if advisory.is_malicious {
        format!(
            "{} was made to do harm to whoever installs it; {}",
            title(package),
            advisory.url
        )
    } else {
        advisory.url.clone()
    });
    finding.fix(match (&advisory.fixed, advisory.is_malicious) {
        (_, true) => {
            "Take the package out, and treat what has installed it as taken over".to_owned()
        }
        (Some(fixed), _) => format!("Use {fixed} or a later version"),
        (None, _) => "No version without it is known; use another package".to_owned(),
    })
}
