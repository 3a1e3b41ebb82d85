//! What a condition is in a given start: the ref, the inputs of the calls that
//! lead there, `env:` and the outputs of other jobs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Origin, Start};
use crate::documents::action::Action;
use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::{Condition, Pair, Text, lookup};
use crate::documents::workflow::Workflow;
use crate::expressions::{ContextPath, Expr, ExprKind, Operator, Value};
use crate::semantics::conditions::{Runs, Situation, all};
use crate::semantics::publishing::Publication;

/// Whether the jobs of a workflow run, by the number of calls that lead to it
/// and its path.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownRuns(Arc<Mutex<RunsByLevel>>);

type RunsByLevel = HashMap<(usize, String), Arc<[Runs]>>;

/// How often one value is looked up inside of another.
const MAX_DEPTH: usize = 8;

/// Where an expression stands.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    /// The workflow.
    pub workflow: &'s Workflow,
    /// The number of calls that lead to the workflow.
    level: usize,
    job: Option<&'s Job>,
    step: Option<&'s Step>,
    /// The composite action that the expression stands in; then `step` is the
    /// step that uses it.
    action: Option<&'s Action>,
    depth: usize,
}

impl<'s> Scope<'s> {
    fn deeper(self) -> Option<Self> {
        let depth = self.depth + 1;
        (depth <= MAX_DEPTH).then_some(Self { depth, ..self })
    }
}

impl<'r> Start<'r> {
    fn situation(&self) -> Situation<'_> {
        Situation {
            event: self.trigger.name(),
            outsider: self.origin == Origin::Outsider,
            fork_exists: false,
        }
    }

    fn scope<'s>(&self, workflow: &'s Workflow, job: &'s Job, level: usize) -> Scope<'s> {
        Scope {
            workflow,
            level,
            job: Some(job),
            step: None,
            action: None,
            depth: 0,
        }
    }

    /// Whether a job of the workflow at the end of the calls runs.
    #[must_use]
    pub fn runs_job(&self, workflow: &Workflow, job: &Job) -> Runs {
        let mut runs = self.runs_at(workflow, job, self.calls.len());
        for (level, call) in self.calls.iter().enumerate() {
            runs = weaker(runs, self.runs_at(call.workflow, call.job, level));
        }
        runs
    }

    fn runs_at(&self, workflow: &Workflow, job: &Job, level: usize) -> Runs {
        let Some(at) = workflow.jobs.iter().position(|j| std::ptr::eq(j, job)) else {
            return Runs::Maybe;
        };
        let lock = || self.runs.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (level, workflow.path().to_owned());
        let kept = lock().get(&key).cloned();
        let all = kept.unwrap_or_else(|| {
            let found: Arc<[Runs]> = self.jobs_run(workflow, level).into();
            lock().insert(key, Arc::clone(&found));
            found
        });
        all.get(at).copied().unwrap_or(Runs::Maybe)
    }

    // Each job is skipped with those that it needs, unless it runs after a
    // failure.
    fn jobs_run(&self, workflow: &Workflow, level: usize) -> Vec<Runs> {
        let own = |job: &Job| self.allows(self.scope(workflow, job, level), job.condition.as_ref());
        let mut found: Vec<Runs> = workflow.jobs.iter().map(own).collect();
        for at in workflow.in_order_of_needs() {
            let Some(job) = workflow.jobs.get(at).filter(|job| !runs_after_failure(job)) else {
                continue;
            };
            let needs = job.needs.iter();
            let needed = needs.filter_map(|need| found.get(workflow.position(&need.value)?));
            let all = needed.fold(Runs::Yes, |runs, need| weaker(runs, *need));
            if let Some(own) = found.get_mut(at) {
                *own = weaker(*own, all);
            }
        }
        found
    }

    /// Whether a step of such a job runs, given that the job does.
    #[must_use]
    pub fn runs_step(&self, workflow: &Workflow, job: &Job, step: &Step) -> Runs {
        let scope = Scope {
            step: Some(step),
            ..self.scope(workflow, job, self.calls.len())
        };
        self.allows(scope, step.condition.as_ref())
    }

    /// Whether something is published, given that the job runs. `action` is
    /// the composite action of the checkout that publishes, if it is one.
    #[must_use]
    pub fn publishes(
        &self,
        workflow: &Workflow,
        job: &Job,
        publication: &Publication,
        action: Option<&Action>,
    ) -> Runs {
        let Some(step) = job.steps().get(publication.step) else {
            return Runs::Maybe;
        };
        let scope = Scope {
            step: Some(step),
            action,
            ..self.scope(workflow, job, self.calls.len())
        };
        let decided = match &publication.decided_by {
            None if publication.conditional => Runs::Maybe,
            None => Runs::Yes,
            Some(expr) => self.switched_on(scope, expr),
        };
        weaker(self.runs_step(workflow, job, step), decided)
    }

    /// Whether an expression in the input of a step is on in this start.
    #[must_use]
    pub fn switches_on(&self, workflow: &Workflow, job: &Job, step: &Step, expr: &Expr) -> Runs {
        let scope = Scope {
            step: Some(step),
            ..self.scope(workflow, job, self.calls.len())
        };
        self.switched_on(scope, expr)
    }

    /// Whether an expression in the condition of a job or step is true in this
    /// start; `None` where the start does not decide.
    #[must_use]
    pub fn decides(
        &self,
        workflow: &Workflow,
        job: &Job,
        step: Option<&Step>,
        expr: &Expr,
    ) -> Option<bool> {
        let scope = Scope {
            step,
            ..self.scope(workflow, job, self.calls.len())
        };
        self.truth(scope, expr)
    }

    // The input of an action is text: `false` as a word is off.
    fn switched_on(&self, scope: Scope<'_>, expr: &Expr) -> Runs {
        match self.value_of(scope, expr) {
            Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("false") => Runs::No,
            Some(Value::Null) => Runs::No,
            Some(value) if value.is_truthy() => Runs::Yes,
            Some(_) => Runs::No,
            None => match self.truth(scope, expr) {
                Some(false) => Runs::No,
                Some(true) => Runs::Yes,
                None => Runs::Maybe,
            },
        }
    }

    /// What a scalar of a job is in this start; `None` where it is not fixed.
    #[must_use]
    pub fn text_of(&self, workflow: &Workflow, job: &Job, text: &Text) -> Option<String> {
        let scope = self.scope(workflow, job, self.calls.len());
        self.text_value(scope, text)?.to_text()
    }

    fn allows(&self, scope: Scope<'_>, condition: Option<&Condition>) -> Runs {
        let Some(condition) = condition else {
            return Runs::Yes;
        };
        match condition.expr().map(|expr| self.truth(scope, expr)) {
            Some(Some(true)) => Runs::Yes,
            Some(Some(false)) => Runs::No,
            _ => Runs::Maybe,
        }
    }

    /// Whether an expression is true.
    fn truth(&self, scope: Scope<'_>, expr: &Expr) -> Option<bool> {
        if let ExprKind::Not(inner) = &expr.kind {
            return self.truth(scope, inner).map(|b| !b);
        }
        let conjuncts = expr.conjuncts();
        if conjuncts.len() > 1 {
            return all(conjuncts.into_iter().map(|e| self.truth(scope, e)));
        }
        let disjuncts = expr.disjuncts();
        if disjuncts.len() > 1 {
            let none = all(disjuncts
                .into_iter()
                .map(|e| self.truth(scope, e).map(|b| !b)));
            return none.map(|b| !b);
        }
        self.atom(expr)
            .or_else(|| self.situation().evaluate(expr))
            .or_else(|| expr.truth_with(&|path| self.value(scope, path)))
    }

    fn value_of(&self, scope: Scope<'_>, expr: &Expr) -> Option<Value> {
        let boolean = match &expr.kind {
            ExprKind::Not(_) => true,
            ExprKind::Binary { op, .. } => op.is_comparison(),
            ExprKind::Call { function, .. } => {
                matches!(function.as_str(), "startswith" | "contains" | "endswith")
            }
            _ => false,
        };
        if boolean {
            return self.truth(scope, expr).map(Value::Bool);
        }
        for (operands, decisive) in [(expr.conjuncts(), false), (expr.disjuncts(), true)] {
            if operands.len() < 2 {
                continue;
            }
            let last = operands.len() - 1;
            for (at, operand) in operands.into_iter().enumerate() {
                match self.truth(scope, operand) {
                    Some(truth) if truth == decisive || at == last => {
                        return self.value_of(scope, operand).or(Some(Value::Bool(truth)));
                    }
                    Some(_) => {}
                    None if at == last => return self.value_of(scope, operand),
                    None => return None,
                }
            }
        }
        expr.evaluate_with(&|path| self.value(scope, path))
    }

    fn text_value(&self, scope: Scope<'_>, text: &Text) -> Option<Value> {
        match text.literal() {
            Some(literal) => Some(Value::String(literal.to_owned())),
            None => self.value_of(scope.deeper()?, text.sole_expression()?),
        }
    }

    /// What a context is, where the start fixes it.
    fn value(&self, scope: Scope<'_>, path: &ContextPath) -> Option<Value> {
        let text = path.text();
        let string = |s: &str| Some(Value::String(s.to_owned()));
        let event = self.trigger.name();
        let pull_request = event.starts_with("pull_request");
        match text.as_str() {
            "github.event_name" => string(event),
            "github.ref_type" => match self.origin {
                Origin::Tag => string("tag"),
                Origin::Dispatch => None,
                _ => string("branch"),
            },
            "github.ref" => self
                .branch()
                .map(|b| Value::String(format!("refs/heads/{b}"))),
            "github.ref_name" => string(self.branch()?),
            "github.event.action" => match self.trigger.types.as_deref() {
                Some([only]) => string(&only.value),
                _ if self.origin == Origin::Merged => string("closed"),
                _ => None,
            },
            "github.event.pull_request.merged" => match self.origin {
                Origin::Merged => Some(Value::Bool(true)),
                _ => Some(Value::Bool(false)),
            },
            "github.event.workflow_run.event" => string(self.upstream?),
            "github.head_ref" | "github.base_ref" | "github.event.pull_request"
                if !pull_request =>
            {
                Some(Value::Null)
            }
            _ if text.starts_with("github.event.pull_request.") && !pull_request => {
                Some(Value::Null)
            }
            _ if is_part(&text, "github.event.release") && event != "release" => Some(Value::Null),
            _ if is_part(&text, "github.event.workflow_run") && event != "workflow_run" => {
                Some(Value::Null)
            }
            _ => self.named(scope, path),
        }
    }

    fn named(&self, scope: Scope<'_>, path: &ContextPath) -> Option<Value> {
        match (path.head(), path.name(1), path.name(2), path.name(3)) {
            ("inputs", Some(name), None, None) => self.input(scope, name),
            ("github", Some("event"), Some("inputs"), Some(name)) => {
                (self.trigger.name() != "workflow_dispatch" || self.lacks(name))
                    .then_some(Value::Null)
            }
            ("env", Some(name), None, None) => {
                let value = env(scope, name)?;
                self.text_value(scope.deeper()?, value)
            }
            ("needs", Some(job), Some("outputs"), Some(output)) => {
                let job = scope
                    .workflow
                    .jobs
                    .iter()
                    .find(|j| j.name().eq_ignore_ascii_case(job))?;
                let value = lookup(&job.outputs, output)?;
                let inner = self.scope(scope.workflow, job, scope.level);
                self.text_value(
                    Scope {
                        depth: scope.depth,
                        ..inner
                    }
                    .deeper()?,
                    value,
                )
            }
            _ => None,
        }
    }

    fn lacks(&self, name: &str) -> bool {
        !self
            .trigger
            .inputs
            .iter()
            .any(|i| i.name.value.eq_ignore_ascii_case(name))
    }

    fn input(&self, scope: Scope<'_>, name: &str) -> Option<Value> {
        if let (Some(action), Some(step)) = (scope.action, scope.step) {
            let outer = Scope {
                action: None,
                ..scope
            };
            if let Some(given) = step.input(name) {
                return self.text_value(outer.deeper()?, given);
            }
            let declared = action
                .inputs
                .iter()
                .find(|i| i.name.value.eq_ignore_ascii_case(name))?;
            return match &declared.default {
                Some(default) => self.text_value(outer.deeper()?, default),
                None => Some(Value::String(String::new())),
            };
        }
        let Some(level) = scope.level.checked_sub(1) else {
            let dispatched = self.trigger.name() == "workflow_dispatch" && !self.lacks(name);
            return (!dispatched).then_some(Value::Null);
        };
        let caller = self.calls.get(level)?;
        let declared = scope
            .workflow
            .trigger("workflow_call")?
            .inputs
            .iter()
            .find(|i| i.name.value.eq_ignore_ascii_case(name));
        let kind = declared.and_then(|i| i.kind.as_deref()).unwrap_or("string");
        let given = caller.job.call().and_then(|call| lookup(&call.with, name));
        let value = match given.or_else(|| declared.and_then(|i| i.default.as_ref())) {
            Some(text) => {
                let outer = self.scope(caller.workflow, caller.job, level);
                self.text_value(
                    Scope {
                        depth: scope.depth,
                        ..outer
                    }
                    .deeper()?,
                    text,
                )?
            }
            None => Value::Null,
        };
        Some(typed(value, kind))
    }

    /// The branch, where there is only one that it can be.
    fn branch(&self) -> Option<&str> {
        match &self.origin {
            Origin::Branches(names) if self.trigger.name() == "push" => match names.as_slice() {
                [only] if !is_pattern(only) => Some(only),
                _ => None,
            },
            _ => None,
        }
    }

    /// Tests of the ref, which the start narrows without fixing it.
    fn atom(&self, expr: &Expr) -> Option<bool> {
        if let Some((operator, left, right)) = expr.is_comparison() {
            let equal = match operator {
                Operator::Equal => true,
                Operator::NotEqual => false,
                _ => return None,
            };
            let (path, other) = match (left.as_context(), right.as_context()) {
                (Some(path), _) if is_ref(path) => (path, right),
                (_, Some(path)) if is_ref(path) => (path, left),
                (Some(path), None) => (path, right),
                (None, Some(path)) => (path, left),
                _ => return None,
            };
            return self.same(path, other).map(|same| same == equal);
        }
        let ExprKind::Call { function, args } = &expr.kind else {
            return None;
        };
        let [first, second] = args.as_slice() else {
            return None;
        };
        let (path, literal) = (first.as_context()?, second.as_str()?);
        if !path.is("github.ref") {
            return None;
        }
        let (tag, branch) = match function.as_str() {
            "startswith" => (
                "refs/tags/".starts_with(literal),
                "refs/heads/".starts_with(literal),
            ),
            "contains" => (
                "refs/tags/".contains(literal),
                "refs/heads/".contains(literal),
            ),
            _ => return None,
        };
        let about_tags = tag || literal.starts_with("refs/tags/");
        let about_branches = branch || literal.starts_with("refs/heads/");
        match &self.origin {
            Origin::Dispatch => None,
            Origin::Tag if tag => Some(true),
            Origin::Tag if about_branches && !about_tags => Some(false),
            Origin::Tag => None,
            _ if about_tags && !about_branches => Some(false),
            Origin::PullRequest if branch => Some(false),
            _ if branch => Some(true),
            Origin::Branches(names)
                if self.trigger.name() == "push" && function == "startswith" =>
            {
                let wanted = literal.strip_prefix("refs/heads/")?;
                let fits = |p: &String| !is_pattern(p) && p.starts_with(wanted);
                let may = |p: &String| is_pattern(p) || p.starts_with(wanted);
                match (names.iter().all(fits), names.iter().any(may)) {
                    (true, _) => Some(true),
                    (_, false) => Some(false),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn same(&self, path: &ContextPath, other: &Expr) -> Option<bool> {
        let name = path.text();
        let about_default = other
            .contexts()
            .iter()
            .any(|p| p.is("github.event.repository.default_branch"));
        let literal = other.as_str();
        match name.as_str() {
            "github.ref" | "github.ref_name" if about_default => match self.origin {
                Origin::Tag | Origin::PullRequest | Origin::MergeQueue => Some(false),
                Origin::Schedule | Origin::Role | Origin::Outsider => Some(true),
                _ => None,
            },
            "github.ref" => {
                let literal = literal?;
                let branch = literal.strip_prefix("refs/heads/");
                match &self.origin {
                    Origin::Tag => branch.map(|_| false),
                    Origin::Dispatch => None,
                    _ if literal.starts_with("refs/tags/") => Some(false),
                    Origin::PullRequest if self.trigger.name() != "pull_request_target" => {
                        Some(false)
                    }
                    Origin::Branches(names) => self.one_of(names, branch?),
                    _ => None,
                }
            }
            "github.ref_name" => match &self.origin {
                Origin::Branches(names) => self.one_of(names, literal?),
                // `main` is no name for a tag, nor is `12/merge` a branch's.
                Origin::Tag if matches!(literal?, "main" | "master" | "trunk" | "develop") => {
                    Some(false)
                }
                Origin::PullRequest if self.trigger.name() == "pull_request" => Some(false),
                _ => None,
            },
            "github.event.action" => {
                let types = self.trigger.types.as_ref()?;
                let listed = types.iter().any(|t| Some(t.value.as_str()) == literal);
                (!listed).then_some(false)
            }
            _ => None,
        }
    }

    fn one_of(&self, names: &[String], branch: &str) -> Option<bool> {
        // After a run of another workflow the ref is the default branch.
        if self.trigger.name() != "push" {
            return None;
        }
        match names {
            [only] if only == branch => Some(true),
            _ if names.iter().any(|n| n == branch || is_pattern(n)) => None,
            _ => Some(false),
        }
    }
}

fn is_ref(path: &ContextPath) -> bool {
    path.is("github.ref") || path.is("github.ref_name")
}

fn is_part(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '+', '!'])
}

fn env<'s>(scope: Scope<'s>, name: &str) -> Option<&'s Text> {
    let step = scope.step.map_or(&[] as &[Pair], |s| s.env.as_slice());
    let job = scope.job.map_or(&[] as &[Pair], |j| j.env.as_slice());
    [step, job, scope.workflow.env.as_slice()]
        .into_iter()
        .find_map(|pairs| lookup(pairs, name))
}

// The caller's text becomes what the called workflow declares.
fn typed(value: Value, kind: &str) -> Value {
    match (kind, &value) {
        ("boolean", Value::String(text)) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" | "" => Value::Bool(false),
            _ => value,
        },
        ("boolean", Value::Null) => Value::Bool(false),
        ("string", Value::Null) => Value::String(String::new()),
        _ => value,
    }
}

fn runs_after_failure(job: &Job) -> bool {
    job.condition
        .as_ref()
        .and_then(Condition::expr)
        .is_some_and(|expr| {
            ["always", "failure", "cancelled"]
                .iter()
                .any(|f| expr.calls(f))
        })
}

fn weaker(left: Runs, right: Runs) -> Runs {
    match (left, right) {
        (Runs::No, _) | (_, Runs::No) => Runs::No,
        (Runs::Yes, Runs::Yes) => Runs::Yes,
        _ => Runs::Maybe,
    }
}
