//! Licences.

use cofferdam_lockfiles::{Ecosystem, Package};

use super::{Asked, Check, Judged, finding, title};
use crate::change::Kind;
use crate::licence::{Licence, LicenceVerdict};
use crate::policy::Unknown;

pub(super) fn check(package: &Package, asked: &Asked<'_>, judged: &mut Judged<'_>) {
    let policy = asked.policy;
    // Actions and images have no field for a licence in the files that name them.
    let has_none = matches!(
        package.ecosystem,
        Ecosystem::Docker | Ecosystem::GitHubActions | Ecosystem::GitSubmodule
    );
    if !policy.licences || has_none {
        return;
    }
    let written = package.licence.clone();
    let written = written.or_else(|| (asked.licence_of)(package));
    judged.licence = Licence::read(written.as_deref());
    let before = judged
        .change
        .before
        .and_then(|before| before.licence.as_deref());
    let is_same = judged.change.kind == Kind::Altered && before == package.licence.as_deref();
    if is_same || policy.any_licence.iter().any(|one| one.is(package)) {
        judged.licence_verdict = Some(LicenceVerdict::Allowed);
        return;
    }
    let verdict = policy.licence_rules.verdict(&judged.licence);
    judged.licence_verdict = Some(verdict);
    let (name, text) = (title(package), judged.licence.text().to_owned());
    match verdict {
        LicenceVerdict::Allowed => {}
        LicenceVerdict::Denied => {
            let message = format!("{name} has the licence {text}, which may not come in");
            let finding = finding(Check::Licence, package, message)
                .why("The project has decided which licences it takes over")
                .fix("Use another package, or decide for this one with `allow-dependencies-licenses`");
            judged.found(Check::Licence, finding);
        }
        LicenceVerdict::NotUnderstood => {
            let check = if policy.licence_rules.is_empty() {
                Check::UnknownLicence
            } else {
                Check::Licence
            };
            let message = format!("{name} states `{text}`, which is no expression of SPDX");
            let finding = finding(check, package, message)
                .why("Whether it may come in cannot be told")
                .fix("Read the licence, and decide for this package with `allow-dependencies-licenses`");
            judged.found(check, finding);
        }
        LicenceVerdict::Unknown => unknown(package, policy.unknown_licence, judged),
    }
}

fn unknown(package: &Package, unknown: Unknown, judged: &mut Judged<'_>) {
    let check = match unknown {
        Unknown::Warn => Check::UnknownLicence,
        Unknown::Fail => Check::Licence,
    };
    let message = format!(
        "nothing in the checkout says what licence {} has",
        title(package)
    );
    let finding = finding(check, package, message)
        .why("A licence that nobody has read may ask for anything")
        .fix("Read the licence, and decide for this package with `allow-dependencies-licenses`");
    judged.found(check, finding);
}
