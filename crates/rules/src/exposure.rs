//! How bad it is that strangers reach a job, for rules about its gates.

use cofferdam_findings::{Confidence, Severity};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::gates::{Stranger, Way};

use crate::stakes::Stakes;
use crate::starts::Start;

/// What losing the job would mean: high for a secret, a write to the
/// repository or something published, medium for any other write, low for
/// nothing but the result of the run.
#[must_use]
pub fn severity(stakes: &Stakes) -> Severity {
    if stakes.is_grave() {
        Severity::High
    } else if !stakes.writes.is_empty() || stakes.perhaps_writes {
        Severity::Medium
    } else {
        Severity::Low
    }
}

/// Less than high where something that was not seen decides.
#[must_use]
pub fn confidence(start: &Start<'_>, way: &Way) -> Confidence {
    let settled = start.missing.is_empty()
        && start.fork_check.is_none()
        && *way != Way::Unknown
        && !start.stakes.perhaps_writes;
    if settled {
        Confidence::High
    } else {
        Confidence::Medium
    }
}

/// What it takes a stranger to get to a step of the job of a start.
#[must_use]
pub fn way_to_step(start: &Start<'_>, step: &Step) -> Way {
    let stranger = Stranger {
        trigger: start.trigger,
        lookup: &|_| None,
    };
    let own = stranger.passes(step.condition.as_ref());
    start.way.clone().and(own)
}

/// The way to the job itself, or to a step of it.
#[must_use]
pub fn way_to(start: &Start<'_>, step: Option<&Step>) -> Way {
    step.map_or_else(|| start.way.clone(), |step| way_to_step(start, step))
}

/// The start that costs most among those that `open` lets through.
#[must_use]
pub fn gravest<'s, 'c>(
    starts: &'s [Start<'c>],
    open: impl Fn(&Start<'c>) -> bool,
) -> Option<&'s Start<'c>> {
    starts
        .iter()
        .filter(|start| open(start))
        .max_by_key(|start| severity(&start.stakes))
}
