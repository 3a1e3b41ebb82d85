//! Names that are like others.

use cofferdam_findings::Confidence;
use cofferdam_lockfiles::Package;

use super::{Asked, Check, Judged, finding};
use crate::change::Kind;

pub(super) fn check(package: &Package, asked: &Asked<'_>, judged: &mut Judged<'_>) {
    let is_new = judged.change.kind == Kind::Added && judged.change.known.is_empty();
    if !is_new {
        return;
    }
    let Some(like) = asked.known.like(package.ecosystem, &package.lookup_name()) else {
        return;
    };
    let message = format!(
        "{} is like {}, and is another package",
        package.name, like.name
    );
    let finding = finding(Check::LookAlike, package, message)
        .why(format!(
            "The name {} {}, {}: strangers publish under such names what others install by mistake",
            like.name,
            like.origin.words(),
            like.how.words()
        ))
        .fix("Make sure that this package is meant, and not the other")
        .confidence(Confidence::Low);
    judged.found(Check::LookAlike, finding);
}
