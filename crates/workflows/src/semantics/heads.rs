//! Which values lead to the head of a fork's pull request.
//!
//! A value is followed from where it is used back to where it comes from:
//! `env:`, `inputs` of composite actions and reusable workflows, outputs of
//! steps and jobs, lookups of a pull request by API. Following is bounded; a
//! value that gets lost on the way is unknown.
//!
//! Source: GitHub, "Webhook events and payloads", `pull_request` and
//! `workflow_run`.

use crate::documents::job::{Job, JobKind};
use crate::documents::step::{Step, StepKind};
use crate::documents::text::{Pair, Text, lookup};
use crate::documents::{Action, Workflow};
use crate::expressions::{ContextPath, Expr, ExprKind, PathPart, embedded};
use crate::repository::Repository;
use crate::semantics::lookups;

/// How a value leads to a fork's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// It is a commit of the fork, or the merge of it.
    pub commit: bool,
    /// It is `refs/pull/N/head` or `refs/pull/N/merge`, which move with every push.
    pub pull: bool,
    /// It names the fork as a repository.
    pub fork: bool,
    /// It is the name of the head's branch; only in the fork does that name
    /// foreign code.
    pub branch: bool,
    /// It is the number of the pull request.
    pub number: bool,
    /// It is a text that the starter writes freely: a comment, a title. As a ref
    /// or a repository it names whatever the starter wants.
    pub text: bool,
    /// It is the login of somebody who has no role: as the owner of a repository,
    /// a package or a page it says whose code it is.
    pub login: bool,
    /// Where it comes from is not understood, so that it may be any of these.
    pub unknown: bool,
}

impl Head {
    /// Whether any of it holds.
    #[must_use]
    pub fn any(self) -> bool {
        self.is_code() || self.branch || self.number || self.text
    }

    /// Whether nothing is known of it but that it may be a head.
    #[must_use]
    pub fn is_lost(self) -> bool {
        self.unknown && !self.is_code() && !self.branch && !self.text
    }

    /// Whether it names foreign code by itself.
    #[must_use]
    pub fn is_code(self) -> bool {
        self.commit || self.pull || self.fork
    }

    /// Both together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            commit: self.commit || other.commit,
            pull: self.pull || other.pull,
            fork: self.fork || other.fork,
            branch: self.branch || other.branch,
            number: self.number || other.number,
            text: self.text || other.text,
            login: self.login || other.login,
            unknown: self.unknown || other.unknown,
        }
    }

    /// Something that is not understood.
    pub const UNKNOWN: Self = Self {
        unknown: true,
        ..Self::new(false, false, false, false, false)
    };
    /// A commit.
    pub const COMMIT: Self = Self::new(true, false, false, false, false);
    /// A pull request's ref.
    pub const PULL: Self = Self::new(false, true, false, false, false);
    /// The fork.
    pub const FORK: Self = Self::new(false, false, true, false, false);
    /// A branch's name.
    pub const BRANCH: Self = Self::new(false, false, false, true, false);
    /// A pull request's number.
    pub const NUMBER: Self = Self::new(false, false, false, false, true);
    /// A text of the starter's.
    pub const TEXT: Self = Self {
        text: true,
        ..Self::new(false, false, false, false, false)
    };

    /// A login.
    pub const LOGIN: Self = Self {
        login: true,
        ..Self::new(false, false, false, false, false)
    };

    const fn new(commit: bool, pull: bool, fork: bool, branch: bool, number: bool) -> Self {
        Self {
            commit,
            pull,
            fork,
            branch,
            number,
            text: false,
            login: false,
            unknown: false,
        }
    }
}

/// How many hops a value is followed.
const MAX_HOPS: usize = 8;

/// Where an expression is evaluated: a job, or a composite action inside of it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'f> {
    /// The checkout.
    pub repository: &'f Repository,
    /// What holds the steps.
    pub place: Place<'f>,
    /// Who handed over `inputs`: the calling job or step.
    pub caller: Option<&'f Frame<'f>>,
    /// What was handed over.
    pub with: &'f [Pair],
    /// Whether inputs of a dispatch hold what a comment on a pull request said.
    pub dispatched: bool,
}

/// What holds the steps.
#[derive(Clone, Copy, Debug)]
pub enum Place<'f> {
    /// A job of a workflow.
    Job(&'f Workflow, &'f Job),
    /// A composite action, and the step that uses it.
    Action(&'f Action, &'f Step),
}

impl<'f> Frame<'f> {
    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &'f [Step] {
        match self.place {
            Place::Job(_, job) => job.steps(),
            Place::Action(action, _) => action.steps(),
        }
    }

    /// What a scalar of a step, or of the job itself, leads to.
    #[must_use]
    pub fn of_text(&self, text: &Text, step: Option<&Step>) -> Head {
        self.text(text, step, MAX_HOPS)
    }

    /// What a piece of a script leads to: its expressions and literal parts.
    #[must_use]
    pub fn of_script_text(&self, text: &str, step: Option<&Step>) -> Head {
        self.raw(text, step, MAX_HOPS)
    }

    /// What an environment variable of a step leads to.
    #[must_use]
    pub fn of_variable(&self, name: &str, step: Option<&Step>) -> Head {
        self.variable(name, step, MAX_HOPS)
    }

    fn text(&self, text: &Text, step: Option<&Step>, hops: usize) -> Head {
        let mut head = of_literal(&text.value);
        for (part, expr) in text.parsed() {
            let written = text.value.get(part.range.clone()).unwrap_or("");
            head = head.or(self.expr(expr, written, step, hops));
        }
        head
    }

    fn raw(&self, text: &str, step: Option<&Step>, hops: usize) -> Head {
        let mut head = of_literal(text);
        for part in embedded(text) {
            if let Ok(expr) = &part.parsed {
                let written = text.get(part.range.clone()).unwrap_or("");
                head = head.or(self.expr(expr, written, step, hops));
            }
        }
        head
    }

    fn expr(&self, expr: &Expr, written: &str, step: Option<&Step>, hops: usize) -> Head {
        let mut head = Head::default();
        if matches!(expr.kind, ExprKind::Index { .. }) {
            head = lookups::of_words(written);
        }
        for path in expr.value_contexts() {
            head = head.or(self.path(path, step, hops));
        }
        if !head.any() && loses(written) {
            head.unknown = true;
        }
        head
    }

    fn path(&self, path: &ContextPath, step: Option<&Step>, hops: usize) -> Head {
        let found = of_event(path);
        if found.any() || found.login {
            return found;
        }
        if is_computed(path) && (!path.starts_with("github") || may_be_head(path)) {
            return Head::UNKNOWN;
        }
        let Some(hops) = hops.checked_sub(1) else {
            return Head::UNKNOWN;
        };
        let name = |at: usize| path.written_name(at).unwrap_or("");
        match path.head() {
            "env" => self.variable(name(1), step, hops),
            "inputs" => self.input(name(1), hops),
            "github" if path.starts_with("github.event.inputs") => self.input(name(3), hops),
            "steps" => self.output(name(1), name(3), hops),
            "needs" => self.need(name(1), name(3), hops),
            "matrix" => self.matrix(name(1), hops),
            _ => Head::default(),
        }
    }

    fn variable(&self, name: &str, step: Option<&Step>, hops: usize) -> Head {
        match name {
            "GITHUB_HEAD_REF" => return Head::BRANCH,
            "GITHUB_ACTOR" | "GITHUB_TRIGGERING_ACTOR" => return Head::LOGIN,
            _ => {}
        }
        let Some(hops) = hops.checked_sub(1) else {
            return Head::UNKNOWN;
        };
        if let Some(text) = step.and_then(|s| exact(&s.env, name)) {
            return self.text(text, None, hops);
        }
        match self.place {
            Place::Job(workflow, job) => {
                let own = exact(&job.env, name).or_else(|| exact(&workflow.env, name));
                if let Some(text) = own {
                    return self.text(text, None, hops);
                }
                self.written_variable(name, step, hops)
            }
            // An action sees the variables of the step that uses it.
            Place::Action(_, user) => {
                let own = self.written_variable(name, step, hops);
                match (own.any(), self.caller) {
                    (false, Some(caller)) => caller.variable(name, Some(user), hops),
                    _ => own,
                }
            }
        }
    }

    // A variable that an earlier step wrote into GITHUB_ENV.
    fn written_variable(&self, name: &str, step: Option<&Step>, hops: usize) -> Head {
        let end = step.map_or(usize::MAX, |s| s.index);
        let mut head = Head::default();
        for earlier in self.steps().iter().take_while(|s| s.index < end) {
            let Some(script) = script_of(earlier) else {
                continue;
            };
            if script.contains("GITHUB_ENV") || script.contains("exportVariable") {
                head = head.or(self.set_in(script, name, earlier, hops));
                head.unknown |= !head.any() && sets_at_run_time(script, name);
            }
        }
        head
    }

    /// What a script makes of one of its own names.
    #[must_use]
    pub fn of_script_name(&self, script: &str, name: &str, step: &Step) -> Head {
        self.set_in(script, name, step, MAX_HOPS)
    }

    fn set_in(&self, script: &str, name: &str, step: &Step, hops: usize) -> Head {
        let found = lookups::of_name(
            script,
            name,
            &|text| self.raw(text, Some(step), hops),
            &|variable| {
                exact(&step.env, variable).map_or_else(Head::default, |t| self.text(t, None, hops))
            },
        );
        // What a script makes of a text may be anything, or nothing of it.
        Head {
            text: false,
            unknown: found.unknown || found.text,
            ..found
        }
    }

    fn input(&self, name: &str, hops: usize) -> Head {
        if let Some(text) = lookup(self.with, name) {
            return match (self.place, self.caller) {
                (Place::Action(_, user), Some(caller)) => caller.text(text, Some(user), hops),
                (Place::Job(..), Some(caller)) => caller.text(text, None, hops),
                (_, None) => Head::default(),
            };
        }
        match self.place {
            Place::Action(action, _) => action
                .inputs
                .iter()
                .find(|i| i.name.value.eq_ignore_ascii_case(name))
                .and_then(|i| i.default.as_ref())
                .map_or_else(Head::default, |text| self.text(text, None, hops)),
            Place::Job(..) if self.dispatched => lookups::of_dispatch_input(name),
            // A default sees the event of whoever calls.
            Place::Job(workflow, _) if self.caller.is_some() => {
                let default = default_of(workflow, name);
                default.map_or_else(Head::default, |text| self.text(text, None, hops))
            }
            Place::Job(..) => Head::default(),
        }
    }

    fn output(&self, id: &str, name: &str, hops: usize) -> Head {
        let is = |s: &&Step| {
            s.id.as_ref()
                .is_some_and(|i| i.value.eq_ignore_ascii_case(id))
        };
        let Some(step) = self.steps().iter().find(is) else {
            return Head::default();
        };
        if let Some(script) = script_of(step) {
            let name = lookups::as_set(script, name);
            return self.set_in(script, name, step, hops);
        }
        let Some(uses) = step.uses() else {
            return Head::default();
        };
        if let Some(action) = self.repository.own_action(&uses.value) {
            let inner = Frame {
                repository: self.repository,
                place: Place::Action(action, step),
                caller: Some(self),
                with: step.with(),
                dispatched: false,
            };
            let value = action
                .outputs
                .iter()
                .find(|(key, _)| key.value.eq_ignore_ascii_case(name))
                .and_then(|(_, value)| value.as_ref());
            return value.map_or_else(Head::default, |text| inner.text(text, None, hops));
        }
        if step.action() == Some("actions/checkout") {
            let reference = step.input("ref");
            return reference.map_or_else(Head::default, |t| self.text(t, Some(step), hops));
        }
        let known = of_unread_output(name);
        if known.unknown {
            known.or(self.handed(step, hops))
        } else {
            known
        }
    }

    // An action that is not read may hand on what it was handed.
    fn handed(&self, step: &Step, hops: usize) -> Head {
        let Some(hops) = hops.checked_sub(1) else {
            return Head::UNKNOWN;
        };
        let given = step.with().iter();
        given.fold(Head::default(), |head, pair| {
            head.or(self.text(&pair.value, Some(step), hops))
        })
    }

    fn need(&self, id: &str, name: &str, hops: usize) -> Head {
        let Place::Job(workflow, _) = self.place else {
            return Head::default();
        };
        let (Some(job), Some(hops)) = (workflow.job(id), hops.checked_sub(1)) else {
            return Head::default();
        };
        let there = Frame {
            place: Place::Job(workflow, job),
            ..*self
        };
        match &job.kind {
            JobKind::Steps(_) => lookup(&job.outputs, name)
                .map_or_else(Head::default, |text| there.text(text, None, hops)),
            JobKind::Call(call) => {
                let Some(callee) = self.repository.own_workflow(&call.uses.value) else {
                    return of_unread_output(name);
                };
                let value = callee.trigger("workflow_call").and_then(|t| {
                    let (_, value) = t
                        .outputs
                        .iter()
                        .find(|(key, _)| key.value.eq_ignore_ascii_case(name))?;
                    value.as_ref()
                });
                let mut head = Head::default();
                for (_, expr) in value.iter().flat_map(|text| text.parsed()) {
                    for path in expr.value_contexts() {
                        // `jobs.ID.outputs.NAME`
                        let inner = callee.job(path.written_name(1).unwrap_or(""));
                        if let (true, Some(inner)) = (path.starts_with("jobs"), inner) {
                            let frame = Frame {
                                repository: self.repository,
                                place: Place::Job(callee, inner),
                                caller: Some(&there),
                                with: &call.with,
                                dispatched: false,
                            };
                            let name = path.written_name(3).unwrap_or("");
                            if let Some(text) = lookup(&inner.outputs, name) {
                                head = head.or(frame.text(text, None, hops));
                            }
                        }
                    }
                }
                head
            }
        }
    }

    // A part of an axis that is a mapping counts as the whole of it.
    fn matrix(&self, axis: &str, hops: usize) -> Head {
        let Place::Job(_, job) = self.place else {
            return Head::default();
        };
        let Some(matrix) = &job.matrix else {
            return Head::default();
        };
        let named = |(name, _): &&(String, Text)| {
            let first = name.split('.').next().unwrap_or("");
            first.eq_ignore_ascii_case(axis)
        };
        let values = matrix.values.iter().filter(named);
        let head = values.fold(Head::default(), |head, (_, text)| {
            head.or(self.text(text, None, hops))
        });
        if matrix.dynamic && !head.any() {
            return head.or(Head::UNKNOWN);
        }
        head
    }
}

/// What an input of a called workflow is where its caller passes nothing.
///
/// Source: GitHub, "Workflow syntax", `on.workflow_call.inputs.<input_id>.default`;
/// "Contexts", availability: `github`, `inputs`, `vars`.
#[must_use]
pub fn default_of<'w>(workflow: &'w Workflow, input: &str) -> Option<&'w Text> {
    let trigger = workflow.trigger("workflow_call")?;
    let mut inputs = trigger.inputs.iter();
    let own = inputs.find(|own| own.name.value.eq_ignore_ascii_case(input))?;
    own.default.as_ref()
}

/// The script of a step: `run:`, or the one handed to `actions/github-script`.
#[must_use]
pub fn script_of(step: &Step) -> Option<&str> {
    match &step.kind {
        StepKind::Run { script, .. } => Some(&script.value),
        _ if step.action() == Some("actions/github-script") => {
            step.input("script").map(|t| t.value.as_str())
        }
        _ => None,
    }
}

fn exact<'p>(pairs: &'p [Pair], name: &str) -> Option<&'p Text> {
    // Only on Windows two spellings are one variable; elsewhere the other one is
    // empty, so that taking it for this one hides nothing.
    let own = pairs.iter().find(|p| p.key.value == name);
    own.map(|p| &p.value).or_else(|| lookup(pairs, name))
}

// An action or workflow that is not read here may hand on anything.
fn of_unread_output(name: &str) -> Head {
    let known = lookups::of_output_name(name);
    let base = ["base", "target"]
        .iter()
        .any(|word| name.to_ascii_lowercase().contains(word));
    if known.any() || base {
        return known;
    }
    Head {
        unknown: true,
        ..known
    }
}

fn is_computed(path: &ContextPath) -> bool {
    let mut parts = path.parts.iter();
    parts.any(|part| matches!(part, PathPart::Computed(_)))
}

// Whether a path with a step that only the run knows may lead to a head.
fn may_be_head(path: &ContextPath) -> bool {
    const HEADS: &[&str] = &[
        "github.head_ref",
        "github.event.after",
        "github.event.client_payload.pull_request.head",
        "github.event.inputs",
        "github.event.pull_request.head",
        "github.event.pull_request.merge_commit_sha",
        "github.event.workflow_run.head_branch",
        "github.event.workflow_run.head_commit",
        "github.event.workflow_run.head_repository",
        "github.event.workflow_run.head_sha",
        "github.event.workflow_run.pull_requests",
    ];
    HEADS.iter().any(|head| path.could_start_with(head))
}

// Filters and JSON in an expression hide which part of the event is meant.
fn loses(written: &str) -> bool {
    let lower = written.to_ascii_lowercase();
    let from_run = ["github.event", "env.", "steps.", "needs.", "inputs."];
    lower.contains("github.event.*")
        || lower.contains("fromjson(") && from_run.iter().any(|word| lower.contains(word))
}

// Whether a script sets a name to what only the run knows.
fn sets_at_run_time(script: &str, name: &str) -> bool {
    let opener = format!("{name}=");
    script.lines().any(|line| {
        let value = line.split(opener.as_str()).nth(1).unwrap_or("");
        let value = value.split(">>").next().unwrap_or("");
        let own = ["GITHUB_SHA", "GITHUB_REF", "rev-parse", "base", "default"];
        value.contains(['$', '`']) && !own.iter().any(|word| value.contains(word))
    })
}

fn of_literal(text: &str) -> Head {
    let pull = text.contains("refs/pull/")
        || text
            .split("pull/")
            .skip(1)
            .any(|rest| rest.contains("/head") || rest.contains("/merge"));
    Head {
        pull,
        ..Head::default()
    }
}

fn of_event(path: &ContextPath) -> Head {
    // What a bot that answers to comments hands on is the same object.
    let text = path.text().replacen(
        "github.event.client_payload.pull_request.",
        "github.event.pull_request.",
        1,
    );
    match text.as_str() {
        "github.event.pull_request.head.sha"
        | "github.event.pull_request.merge_commit_sha"
        | "github.event.after"
        | "github.event.workflow_run.head_sha"
        | "github.event.workflow_run.head_commit.id"
        | "github.event.workflow_run.head_commit"
        | "github.event.check_run.head_sha"
        | "github.event.check_suite.head_sha" => Head::COMMIT,
        "github.event.pull_request.diff_url"
        | "github.event.pull_request.patch_url"
        | "github.event.issue.pull_request.diff_url"
        | "github.event.issue.pull_request.patch_url" => Head::PULL,
        "github.head_ref"
        | "github.event.pull_request.head.ref"
        | "github.event.pull_request.head.label"
        | "github.event.workflow_run.head_branch" => Head::BRANCH,
        "github.event.number"
        | "github.event.pull_request.number"
        | "github.event.issue.number" => Head::NUMBER,
        _ if is_written(&text) => Head::TEXT,
        _ if is_login(&text) => Head::LOGIN,
        _ if text.starts_with("github.event.forkee.") => Head::FORK.or(Head::TEXT),
        _ if text.starts_with("github.event.pull_request.head.repo.")
            || text.starts_with("github.event.workflow_run.head_repository.")
            || text == "github.event.pull_request.head.user.login" =>
        {
            Head::FORK
        }
        _ if text.starts_with("github.event.workflow_run.pull_requests.") => {
            match text.rsplit('.').next() {
                Some("sha") if text.contains(".head.") => Head::COMMIT,
                Some("ref") if text.contains(".head.") => Head::BRANCH,
                Some("number") => Head::NUMBER,
                _ => Head::default(),
            }
        }
        _ => Head::default(),
    }
}

/// Whether a field is the login of whoever causes the event.
fn is_login(path: &str) -> bool {
    matches!(
        path,
        "github.actor"
            | "github.event.comment.user.login"
            | "github.event.discussion.user.login"
            | "github.event.issue.user.login"
            | "github.event.pull_request.user.login"
            | "github.event.review.user.login"
            | "github.event.sender.login"
            | "github.event.workflow_run.actor.login"
            | "github.event.workflow_run.triggering_actor.login"
            | "github.triggering_actor"
    )
}

/// Whether the starter of an event writes a field as they like.
///
/// Source: GitHub, "Webhook events and payloads"; "Script injections".
fn is_written(path: &str) -> bool {
    matches!(
        path,
        "github.event.answer.body"
            | "github.event.comment.body"
            | "github.event.discussion.body"
            | "github.event.discussion.title"
            | "github.event.issue.body"
            | "github.event.issue.title"
            | "github.event.pull_request.body"
            | "github.event.pull_request.title"
            | "github.event.review.body"
    ) || path.starts_with("github.event.pages.")
}
