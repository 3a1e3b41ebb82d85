//! Versions that go back.

use cofferdam_lockfiles::Package;

use super::{Asked, Check, Judged, finding, title};

pub(super) fn check(package: &Package, _: &Asked<'_>, judged: &mut Judged<'_>) {
    if judged.change.is_downgrade() != Some(true) {
        return;
    }
    let before = judged.change.before;
    let old = before.and_then(|before| before.version.as_deref());
    let message = format!(
        "{} takes the place of the later version {}",
        title(package),
        old.unwrap_or("that was there")
    );
    let mut finding = finding(Check::Downgrade, package, message)
        .why("What the later version has mended is open again")
        .fix("Confirm that the earlier version is meant");
    if let Some(before) = before {
        finding = finding.related(before.location.clone(), "as it was");
    }
    judged.found(Check::Downgrade, finding);
}
