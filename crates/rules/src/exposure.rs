//! How bad it is that strangers reach a job, for rules about its gates.

use std::cell::OnceCell;

use cofferdam_findings::{Confidence, Severity};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::gates::{Stranger, Way};

use crate::context::{Context, JobView};
use crate::stakes::Stakes;
use crate::starts::{self, Start};

/// How strangers start a job and what it holds, each worked out once, when it
/// is first asked for: most jobs have nothing for which it matters.
#[derive(Debug)]
pub struct Exposure<'c> {
    cx: &'c Context<'c>,
    /// The job.
    pub view: &'c JobView<'c>,
    starts: OnceCell<Vec<Start<'c>>>,
    stakes: OnceCell<Stakes>,
}

impl<'c> Exposure<'c> {
    /// Nothing is worked out yet.
    #[must_use]
    pub fn new(cx: &'c Context<'c>, view: &'c JobView<'c>) -> Self {
        Self {
            cx,
            view,
            starts: OnceCell::new(),
            stakes: OnceCell::new(),
        }
    }

    /// Every way by which somebody without a role starts it with privileges.
    pub fn starts(&self) -> &[Start<'c>] {
        self.starts
            .get_or_init(|| starts::of_job(self.cx, self.view))
    }

    /// What it holds.
    pub fn stakes(&self) -> &Stakes {
        self.stakes.get_or_init(|| self.view.stakes())
    }
}

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
    let stranger = Stranger::new(start.trigger, &|_, _| None);
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
