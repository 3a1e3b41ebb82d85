//! Whether a job or step can run at all in a given situation.
//!
//! An `if:` is evaluated in three values: what the situation fixes is known,
//! everything else is unknown, and only a certain `false` rules a run out.

use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::Condition;
use crate::documents::workflow::Workflow;
use crate::expressions::{Expr, ExprKind};
use crate::semantics::domains::Run;
use crate::semantics::gates::{Gate, Way};

/// Who caused a run, by which event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation<'s> {
    /// The event, as in `pull_request_target`.
    pub event: &'s str,
    /// Whether a stranger caused it: a fork's pull request, a comment by
    /// somebody without a role.
    pub outsider: bool,
    /// Whether the stranger's fork still exists. Of one that was deleted
    /// `head.repo` is null in the payload, and `null == false` holds.
    pub fork_exists: bool,
}

/// The answer to "does it run?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Nothing keeps it from running.
    Yes,
    /// It depends on something that the files do not fix.
    Maybe,
    /// A condition that the stranger cannot change keeps it from running.
    No,
}

impl Runs {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }
}

impl Situation<'_> {
    fn run(&self) -> Run<'_> {
        Run {
            event: self.event,
            trigger: None,
            slug: None,
            before: &[],
            fork_exists: self.fork_exists,
            outsider: self.outsider,
        }
    }

    /// Evaluates an expression; `None` where it depends on something unknown.
    #[must_use]
    pub fn evaluate(&self, expr: &Expr) -> Option<bool> {
        match &expr.kind {
            ExprKind::Not(inner) => self.evaluate(inner).map(|b| !b),
            _ => {
                let conjuncts = expr.conjuncts();
                if conjuncts.len() > 1 {
                    return all(conjuncts.into_iter().map(|e| self.evaluate(e)));
                }
                let disjuncts = expr.disjuncts();
                if disjuncts.len() > 1 {
                    return all(disjuncts.into_iter().map(|e| self.evaluate(e).map(|b| !b)))
                        .map(|b| !b);
                }
                self.atom(expr)
            }
        }
    }

    // True or false where it is so with every value that the stranger, who is no
    // member, may bring about.
    fn atom(&self, expr: &Expr) -> Option<bool> {
        let own = |way: &Way| !way.gates().contains(&Gate::Comment);
        let trial = self.run().try_out(expr, &own);
        if !trial.open.is_empty() {
            return None;
        }
        let mut known = trial.known.into_iter().map(|(truth, _)| truth);
        let first = known.next()?;
        known.all(|truth| truth == first).then_some(first)
    }
}

/// False as soon as one is false, true only if all are, else unknown.
pub(super) fn all(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for value in values {
        match value {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

/// Whether a condition lets something run.
#[must_use]
pub fn allows(condition: Option<&Condition>, situation: Situation<'_>) -> Runs {
    let Some(condition) = condition else {
        return Runs::Yes;
    };
    let Some(expr) = condition.expr() else {
        return Runs::Maybe;
    };
    match situation.evaluate(expr) {
        Some(true) => Runs::Yes,
        Some(false) => Runs::No,
        None => Runs::Maybe,
    }
}

/// Whether a condition never holds, whatever the run: `if: false`.
#[must_use]
pub fn is_off(condition: Option<&Condition>) -> bool {
    let expr = condition.and_then(Condition::expr);
    expr.is_some_and(|expr| expr.truth_with(&|_| None) == Some(false))
}

/// Whether the jobs of a workflow run, in their order: by their own `if:`, and
/// those of the jobs they need, which skip them when they are skipped unless
/// they ask for `always()` or the like.
#[must_use]
pub fn jobs_run(workflow: &Workflow, situation: Situation<'_>) -> Vec<Runs> {
    let of_job = |job: &Job| allows(job.condition.as_ref(), situation);
    let mut found: Vec<Runs> = workflow.jobs.iter().map(of_job).collect();
    for at in workflow.in_order_of_needs() {
        let Some(job) = workflow.jobs.get(at).filter(|job| !ignores_failure(job)) else {
            continue;
        };
        let needed = job.needs.iter();
        let needed = needed.filter_map(|need| found.get(workflow.position(&need.value)?));
        let all = needed.fold(Runs::Yes, |runs, need| runs.and(*need));
        if let Some(own) = found.get_mut(at) {
            *own = own.and(all);
        }
    }
    found
}

fn ignores_failure(job: &Job) -> bool {
    job.condition
        .as_ref()
        .and_then(Condition::expr)
        .is_some_and(|expr| {
            ["always", "failure", "cancelled"]
                .iter()
                .any(|f| expr.calls(f))
        })
}

/// Whether a step runs, given that its job does.
#[must_use]
pub fn step_runs(step: &Step, situation: Situation<'_>) -> Runs {
    allows(step.condition.as_ref(), situation)
}
