//! Versions that are younger than they have to be.

use cofferdam_lockfiles::{Package, Source};

use super::{Asked, Check, Judged, finding, title};

pub(super) fn check(package: &Package, asked: &Asked<'_>, judged: &mut Judged<'_>) {
    let Some(days) = asked.policy.cooldown else {
        return;
    };
    // What the project has already is not awaited again, and only a registry has a
    // date that its user cannot choose.
    let is_known = !judged.change.known.is_empty();
    let is_published = matches!(package.source, Source::Registry { .. } | Source::Unknown);
    if is_known || !is_published {
        return;
    }
    let since = asked.published.and_then(|published| published(package));
    let Some(since) = since else {
        let message = format!("when {} was published is not known", title(package));
        let settle = "the registry knows the date; this build asks none, so look it up there";
        judged.gap("no-date", package, message, settle);
        return;
    };
    let age = since.days_until(asked.now);
    if age >= i64::from(days) {
        return;
    }
    let message = format!(
        "{} was published on {}, less than {days} days ago",
        title(package),
        since.date()
    );
    let finding = finding(Check::Cooldown, package, message)
        .why("Most stolen releases are found and taken back within days")
        .fix("Wait, or take the version before");
    judged.found(Check::Cooldown, finding);
}
