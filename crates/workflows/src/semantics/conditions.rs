//! Whether a job or step can run at all in a given situation.
//!
//! An `if:` is evaluated in three values: what the situation fixes is known,
//! everything else is unknown, and only a certain `false` rules a run out.

use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::Condition;
use crate::documents::workflow::Workflow;
use crate::expressions::{ContextPath, Expr, ExprKind, Operator, Value};

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

/// Whether a context says that the head lies in a fork, which it does only as
/// long as the fork exists.
#[must_use]
pub fn is_fork_flag(path: &ContextPath) -> bool {
    path.is("github.event.pull_request.head.repo.fork")
        || path.is("github.event.workflow_run.head_repository.fork")
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
    /// What a context is in this situation, where it is fixed.
    #[must_use]
    pub fn value(&self, path: &ContextPath) -> Option<Value> {
        let text = path.text();
        let string = |s: &str| Some(Value::String(s.to_owned()));
        // A stranger's fork never has the name of the repository; the two
        // placeholders only have to differ.
        match text.as_str() {
            "github.event_name" => string(self.event),
            "github.event.pull_request.head.repo.full_name"
            | "github.event.workflow_run.head_repository.full_name"
                if self.outsider =>
            {
                string("outsider/fork")
            }
            _ if self.outsider && is_fork_flag(path) => {
                self.fork_exists.then_some(Value::Bool(true))
            }
            "github.event.pull_request" | "github.event.pull_request.number"
                if !self.event.starts_with("pull_request") =>
            {
                Some(Value::Null)
            }
            "github.ref_type" if self.event.starts_with("pull_request") => string("branch"),
            _ => None,
        }
    }

    /// Evaluates an expression; `None` where it depends on something unknown.
    #[must_use]
    pub fn evaluate(&self, expr: &Expr) -> Option<bool> {
        if let Some(known) = self.compare(expr) {
            return Some(known);
        }
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
                expr.truth_with(&|path| self.value(path))
            }
        }
    }

    // Comparisons between two contexts that are both unknown, yet known to
    // differ for a stranger.
    fn compare(&self, expr: &Expr) -> Option<bool> {
        if let ExprKind::Call { function, args } = &expr.kind {
            return self.call(function, args);
        }
        let (operator, left, right) = expr.is_comparison()?;
        let equal = match operator {
            Operator::Equal => true,
            Operator::NotEqual => false,
            _ => return None,
        };
        let (ExprKind::Context(left), other) = (&left.kind, &right.kind) else {
            let (_, ExprKind::Context(right)) = (&left.kind, &right.kind) else {
                return None;
            };
            return self
                .against_literal(right, &left.kind)
                .map(|same| same == equal);
        };
        if let ExprKind::Context(right) = other {
            let pair = [left.text(), right.text()];
            let differs = self.outsider
                && pair.iter().any(|p| is_head_repository(p))
                && pair.iter().any(|p| is_own_repository(p));
            return differs.then_some(!equal);
        }
        self.against_literal(left, other).map(|same| same == equal)
    }

    fn against_literal(&self, path: &ContextPath, literal: &ExprKind) -> Option<bool> {
        let ExprKind::Literal(Value::String(literal)) = literal else {
            return None;
        };
        let text = path.text();
        match text.as_str() {
            // Written by GitHub from the account that acts, not from text.
            "github.event.comment.author_association"
            | "github.event.issue.author_association"
            | "github.event.review.author_association"
            | "github.event.pull_request.author_association"
            | "github.event.discussion.author_association"
                if self.outsider =>
            {
                let trusted = ["owner", "member", "collaborator"];
                trusted
                    .contains(&literal.to_ascii_lowercase().as_str())
                    .then_some(false)
            }
            "github.ref" if self.event.starts_with("pull_request") => {
                // A pull request runs on its merge ref, `pull_request_target`
                // on the base branch; neither is a tag.
                let tag = literal.starts_with("refs/tags/");
                let branch =
                    literal.starts_with("refs/heads/") && self.event != "pull_request_target";
                (tag || branch).then_some(false)
            }
            _ if self.outsider && is_head_repository(&text) && literal.contains('/') => Some(false),
            _ => None,
        }
    }

    fn call(&self, function: &str, args: &[Expr]) -> Option<bool> {
        let [first, second] = args else { return None };
        match function {
            "startswith" => {
                let (ExprKind::Context(path), ExprKind::Literal(Value::String(prefix))) =
                    (&first.kind, &second.kind)
                else {
                    return None;
                };
                let tag =
                    prefix.starts_with("refs/tags") || prefix.starts_with("refs/heads/release");
                (path.is("github.ref") && self.event.starts_with("pull_request") && tag)
                    .then_some(false)
                    .filter(|_| {
                        self.event != "pull_request_target" || prefix.starts_with("refs/tags")
                    })
            }
            // contains(fromJSON('["OWNER","MEMBER"]'), github.event.comment.author_association)
            "contains" => {
                let ExprKind::Context(path) = &second.kind else {
                    return None;
                };
                let trusted = self.outsider
                    && path.text().ends_with(".author_association")
                    && lists_only_trusted(first);
                trusted.then_some(false)
            }
            _ => None,
        }
    }
}

fn lists_only_trusted(expr: &Expr) -> bool {
    let text = match &expr.kind {
        ExprKind::Literal(Value::String(text)) => text.clone(),
        ExprKind::Call { function, args } if function == "fromjson" => {
            match args.first().map(|a| &a.kind) {
                Some(ExprKind::Literal(Value::String(text))) => text.clone(),
                _ => return false,
            }
        }
        _ => return false,
    };
    let words: Vec<_> = text
        .split(|c: char| !c.is_ascii_alphabetic() && c != '_')
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    !words.is_empty()
        && words
            .iter()
            .all(|w| matches!(w.as_str(), "OWNER" | "MEMBER" | "COLLABORATOR"))
}

fn is_head_repository(text: &str) -> bool {
    matches!(
        text,
        "github.event.pull_request.head.repo.full_name"
            | "github.event.pull_request.head.repo.owner.login"
            | "github.event.pull_request.head.user.login"
            | "github.event.pull_request.head.repo.id"
            | "github.event.workflow_run.head_repository.full_name"
            | "github.event.workflow_run.head_repository.id"
            | "github.event.workflow_run.head_repository.owner.login"
    )
}

fn is_own_repository(text: &str) -> bool {
    matches!(
        text,
        "github.repository"
            | "github.repository_id"
            | "github.repository_owner"
            | "github.event.repository.full_name"
            | "github.event.repository.id"
            | "github.event.repository.owner.login"
            | "github.event.pull_request.base.repo.full_name"
            | "github.event.pull_request.base.repo.id"
    )
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
