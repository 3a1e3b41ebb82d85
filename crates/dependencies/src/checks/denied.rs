//! Packages and groups that may not come in.

use cofferdam_lockfiles::Package;

use super::{Asked, Check, Judged, finding, title};

pub(super) fn check(package: &Package, asked: &Asked<'_>, judged: &mut Judged<'_>) {
    let policy = asked.policy;
    let by_name = policy.denied.iter().find(|one| one.is(package));
    let by_group = || (policy.denied_groups.iter()).find(|one| one.is_group_of(package));
    let Some(by) = by_name.or_else(by_group) else {
        return;
    };
    let message = format!("{} may not come in: {}", title(package), by.written);
    let finding = finding(Check::Denied, package, message)
        .why("The project has decided not to use it")
        .fix("Use another package");
    judged.found(Check::Denied, finding);
}
