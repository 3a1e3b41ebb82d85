//! Every run that a checkout can have: a trigger, the calls from there, and the
//! job that executes, once for each environment that the job may name.

use std::collections::HashMap;

use cofferdam_facts::Location;
use cofferdam_rules::policies::{self, Allowed};
use cofferdam_rules::starts::{self, Start};
use cofferdam_rules::takeover::Takeovers;
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::documents::job::CallSecrets;
use cofferdam_workflows::documents::{Action, Condition, Trigger, Workflow};
use cofferdam_workflows::expressions::{ContextPath, Value};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::starts::Origin;
use cofferdam_workflows::semantics::{environments, events, starts as origins};

use crate::graph::{Place, RunId};
use crate::held::{self, Held};
use crate::settings::{Ref, Settings};
use crate::verdict::{Control, Fact, Verdict};

/// How deep calls are followed: GitHub allows ten levels.
const MAX_DEPTH: usize = 10;
/// How many jobs lead on from one workflow, and how many runs there may be all
/// together.
const MAX_OF_WORKFLOW: usize = 2_000;
const MAX_RUNS: usize = 20_000;
/// How many environments one job is followed into: a matrix has no more jobs.
///
/// Source: docs.github.com, "Running variations of jobs in a workflow".
const MAX_ENVIRONMENTS: usize = 256;
/// How many passed secrets of one call are shown.
const MAX_PASSED: usize = 8;

/// What all edges are drawn from.
#[derive(Debug)]
pub struct Scene<'c> {
    /// The documents and what follows from them.
    pub cx: &'c Context<'c>,
    /// The settings.
    pub settings: Settings<'c>,
    /// The runs, by number.
    pub runs: Vec<Run<'c>>,
    /// The name of the default branch; where the settings do not say it, what
    /// triggers name, else `main`.
    pub default_branch: String,
    /// Workflows of which ways were left out, because there are too many.
    pub cut: Vec<&'c Workflow>,
    by_job: HashMap<usize, Vec<RunId>>,
}

/// A job that runs for an event.
#[derive(Debug)]
pub struct Run<'c> {
    /// Its number.
    pub id: RunId,
    /// The trigger and the jobs from its workflow to the one that runs.
    pub start: Start<'c>,
    /// The job that runs.
    pub view: &'c JobView<'c>,
    /// The environment, if it names one.
    pub environment: Option<Named>,
    /// The refs that it may be about.
    pub refs: Vec<Ref>,
    /// What it takes for the job to run at all: the approvals of its
    /// environment, and of those of the jobs that it waits for.
    pub gate: Verdict,
    /// Whether it runs for somebody with the role write.
    pub for_insiders: bool,
    /// The secrets that are sent to it.
    pub held: Held,
}

/// An environment that a job names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name, or what is written where that is not known.
    pub name: String,
    /// Where.
    pub location: Location,
}

impl<'c> Run<'c> {
    /// The event.
    #[must_use]
    pub fn event(&self) -> &'c str {
        self.start.event()
    }

    /// The workflow whose trigger it is.
    #[must_use]
    pub fn workflow(&self) -> &'c Workflow {
        self.start.workflow
    }

    /// How it comes to run: the trigger, and what each caller passes on.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let mut places = vec![Place::new(self.start.place(), self.event())];
        let callers = self.start.chain.iter().rev().skip(1).rev();
        for caller in callers {
            let Some(call) = caller.job.call() else {
                continue;
            };
            let uses = &call.uses;
            places.push(Place::new(caller.at(uses.span), uses.value.to_string()));
            match &call.secrets {
                CallSecrets::Inherit(span) => {
                    places.push(Place::new(caller.at(*span), "secrets: inherit"));
                }
                CallSecrets::Named(pairs) => {
                    let named = pairs.iter().take(MAX_PASSED);
                    places.extend(named.map(|pair| {
                        let what = format!("passes {}", pair.key.value);
                        Place::new(caller.at(pair.key.span), what)
                    }));
                }
                CallSecrets::None => {}
            }
        }
        places
    }

    /// Whether its job runs only after the run before has succeeded.
    #[must_use]
    pub fn needs_success(&self) -> bool {
        let needed = self.start.chain.iter();
        let conditions = needed.filter_map(|view| view.job.condition.as_ref());
        conditions.into_iter().any(needs_success)
    }

    /// Whether the run is about the head of somebody's change: what they wrote
    /// is fetched there though they cannot cause it by themselves.
    #[must_use]
    pub fn takes_heads(&self) -> bool {
        self.is_open() || matches!(self.event(), "repository_dispatch" | "workflow_dispatch")
    }

    /// Whether somebody without a role causes it and it holds the repository's
    /// privileges all the same.
    #[must_use]
    pub fn is_open(&self) -> bool {
        events::is_privileged_from_outside(self.event()) || self.start.command.is_some()
    }
}

impl<'c> Scene<'c> {
    /// Finds every run.
    #[must_use]
    pub fn of(cx: &'c Context<'c>) -> Self {
        let mut scene = Self {
            cx,
            settings: Settings::new(&cx.facts),
            runs: Vec::new(),
            default_branch: default_branch(cx),
            cut: Vec::new(),
            by_job: HashMap::new(),
        };
        for workflow in &cx.repository.workflows {
            let mut chains = Vec::new();
            for view in cx.jobs(workflow) {
                follow(cx, &[view], &mut chains);
            }
            let triggers = workflow.triggers.iter();
            let own = triggers.filter(|t| t.name() != "workflow_call").count();
            let most = MAX_RUNS.saturating_sub(scene.runs.len()) / own.max(1);
            if chains.len() > most || chains.len() >= MAX_OF_WORKFLOW {
                scene.leave_out(workflow);
            }
            chains.truncate(most);
            for trigger in workflow.triggers.iter() {
                for chain in &chains {
                    scene.along(workflow, trigger, chain);
                }
            }
        }
        scene
    }

    // Ways of a workflow are left out.
    fn leave_out(&mut self, workflow: &'c Workflow) {
        if self.cut.iter().all(|known| !std::ptr::eq(*known, workflow)) {
            self.cut.push(workflow);
        }
    }

    fn along(&mut self, workflow: &'c Workflow, trigger: &'c Trigger, chain: &[&'c JobView<'c>]) {
        let Some(view) = chain.last().copied() else {
            return;
        };
        if trigger.name() == "workflow_call" {
            return;
        }
        let event = trigger.name();
        let for_insiders = chain.iter().all(|v| v.runs_for_insider(event) != Runs::No);
        let mut starts = vec![starts::along(self.cx, workflow, trigger, chain)];
        if event == "workflow_dispatch" {
            starts.extend(starts::by_command(self.cx, workflow, trigger, chain));
        }
        for start in starts {
            let outside = events::is_privileged_from_outside(event) || start.command.is_some();
            let for_outsiders = outside && !start.files.is_closed();
            if !for_insiders && !for_outsiders {
                continue;
            }
            for environment in self.environments(workflow, view) {
                if self.runs.len() >= MAX_RUNS {
                    self.leave_out(workflow);
                    return;
                }
                self.add(&start, view, environment, for_insiders);
            }
        }
    }

    fn add(
        &mut self,
        start: &Start<'c>,
        view: &'c JobView<'c>,
        environment: Option<Named>,
        for_insiders: bool,
    ) {
        let id = self.runs.len();
        let refs = refs(start.trigger, start.command.is_some(), self.settings);
        let name = environment.as_ref().map(|e| e.name.as_str());
        let mut gate = match name {
            Some(name) => self.settings.environment(name, &refs),
            None => Verdict::reachable(),
        };
        for caller in &start.chain {
            gate = self.needed(caller, &refs, gate);
        }
        gate = gate.and(&by_policy(self.cx, start));
        let held = held::of_chain(&start.chain, name, self.settings);
        self.by_job
            .entry(std::ptr::from_ref(view).addr())
            .or_default()
            .push(id);
        self.runs.push(Run {
            id,
            start: start.clone(),
            view,
            environment,
            refs,
            gate,
            for_insiders,
            held,
        });
    }

    // The approvals of the jobs that this one waits for.
    fn needed(&self, view: &JobView<'_>, refs: &[Ref], gate: Verdict) -> Verdict {
        let mut gate = gate;
        let mut seen = vec![false; view.workflow.jobs.len()];
        let mut waiting = vec![view.job];
        while let Some(job) = waiting.pop() {
            if ignores_failure(job.condition.as_ref()) {
                continue;
            }
            for need in &job.needs {
                let Some(at) = view.workflow.position(&need.value) else {
                    continue;
                };
                let (Some(job), Some(seen)) = (view.workflow.jobs.get(at), seen.get_mut(at)) else {
                    continue;
                };
                if std::mem::replace(seen, true) {
                    continue;
                }
                if let Some(name) = job.environment.as_ref().and_then(|e| e.name.literal())
                    && !name.trim().is_empty()
                {
                    gate = gate.and(&self.settings.environment(name.trim(), refs));
                }
                waiting.push(job);
            }
        }
        gate
    }

    // Each environment that the job may name; `None` for a run without one.
    fn environments(
        &mut self,
        workflow: &'c Workflow,
        view: &'c JobView<'c>,
    ) -> Vec<Option<Named>> {
        let Some(environment) = &view.job.environment else {
            return vec![None];
        };
        let location = view.at(environment.name.span);
        let starts = origins::of(self.cx.repository, workflow);
        let starts: Vec<&origins::Start<'_>> = starts.iter().collect();
        let found = environments::names(view.workflow, view.job, &starts);
        let named = |name: String| Named {
            name,
            location: location.clone(),
        };
        if found.names.len() > MAX_ENVIRONMENTS {
            self.leave_out(workflow);
        }
        let names = found.names.iter().take(MAX_ENVIRONMENTS).cloned();
        let mut all: Vec<Option<Named>> = names.map(named).map(Some).collect();
        if found.open {
            all.push(Some(named(environment.name.value.trim().to_owned())));
        }
        if found.none || found.perhaps_none || all.is_empty() {
            all.push(None);
        }
        all
    }

    /// The runs of a job.
    pub fn runs_of(&self, view: &JobView<'_>) -> impl Iterator<Item = &Run<'c>> {
        let ids = self.by_job.get(&std::ptr::from_ref(view).addr());
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.runs.get(*id))
    }

    /// The jobs that run an action of the checkout.
    pub fn users(&self, action: &Action) -> Vec<&'c JobView<'c>> {
        let mut jobs: Vec<&JobView<'_>> = Takeovers::new(self.cx)
            .users(action)
            .map(|u| u.job)
            .collect();
        jobs.dedup_by(|a, b| std::ptr::eq(*a, *b));
        jobs
    }
}

/// What an Actions policy says about the event. A run that it refuses fails
/// before anything in it starts, whoever the code in it would be from.
///
/// Source: docs.github.com, "Controlling who can execute GitHub Actions
/// workflows".
#[must_use]
pub fn by_policy(cx: &Context<'_>, start: &Start<'_>) -> Verdict {
    match policies::allow(cx, start.event(), start.workflow.path()) {
        Allowed::Yes => Verdict::reachable(),
        Allowed::No(_) => Verdict::blocked(Control::ActionsPolicy),
        // GitHub's own policy is for public repositories; that there is another
        // one is no more assumed than for other events.
        Allowed::Unknown if Settings::new(&cx.facts).is_private() => Verdict::reachable(),
        Allowed::Unknown => Verdict::when(Fact::ActionsPolicy),
    }
}

/// Whether a condition keeps a run out that follows one which nobody has let
/// start. Such a run is reported as completed, with the conclusion
/// `action_required`.
///
/// Source: docs.github.com, "Workflow run statuses", conclusion values.
#[must_use]
pub fn needs_success(condition: &Condition) -> bool {
    let conclusion = |path: &ContextPath| {
        path.is("github.event.workflow_run.conclusion")
            .then(|| Value::String("action_required".to_owned()))
    };
    condition
        .expr()
        .and_then(|expr| expr.truth_with(&conclusion))
        == Some(false)
}

fn ignores_failure(condition: Option<&Condition>) -> bool {
    condition.and_then(Condition::expr).is_some_and(|expr| {
        ["always", "failure", "cancelled"]
            .iter()
            .any(|f| expr.calls(f))
    })
}

// A job that calls a workflow of the checkout runs nothing itself.
fn follow<'c>(cx: &'c Context<'c>, chain: &[&'c JobView<'c>], out: &mut Vec<Vec<&'c JobView<'c>>>) {
    if out.len() >= MAX_OF_WORKFLOW {
        return;
    }
    let Some(last) = chain.last() else { return };
    let called = last
        .job
        .call()
        .and_then(|call| cx.repository.own_workflow(&call.uses.value));
    let Some(called) = called else {
        out.push(chain.to_vec());
        return;
    };
    let again = chain.iter().any(|v| std::ptr::eq(v.workflow, called));
    if again || chain.len() > MAX_DEPTH {
        return;
    }
    for view in cx.jobs(called) {
        let mut longer = chain.to_vec();
        longer.push(view);
        follow(cx, &longer, out);
    }
}

fn default_branch(cx: &Context<'_>) -> String {
    if let Some(known) = Settings::new(&cx.facts).default_branch() {
        return known.to_owned();
    }
    let workflows = cx.repository.workflows.iter();
    let triggers = workflows.flat_map(|w| &w.triggers);
    let written = triggers.flat_map(|trigger| trigger.branches.iter().flatten());
    let usual = written
        .map(|name| name.value.as_str())
        .filter(|name| matches!(*name, "main" | "master" | "trunk"));
    usual.min().unwrap_or("main").to_owned()
}

/// The refs that the runs of a trigger are about.
fn refs(trigger: &Trigger, command: bool, settings: Settings<'_>) -> Vec<Ref> {
    if command {
        // Ariane dispatches the workflow of the branch that the change is for.
        return vec![Ref::Default];
    }
    if trigger.name() == "workflow_run" || events::is_privileged_from_outside(trigger.name()) {
        // `pull_request_target` too, since 2025-12-08 (GitHub changelog of 2025-11-07).
        return vec![Ref::Default];
    }
    let mut refs: Vec<Ref> = Vec::new();
    for origin in origins::origins(trigger) {
        match origin {
            Origin::Tag => refs.push(Ref::Tag),
            Origin::Branches(names) => {
                let default = settings.default_branch();
                refs.extend(names.into_iter().map(|name| {
                    let is_default = match default {
                        Some(default) => name == default,
                        None => matches!(name.as_str(), "main" | "master" | "trunk"),
                    };
                    if is_default {
                        Ref::Default
                    } else {
                        Ref::Branch(Some(name))
                    }
                }));
            }
            Origin::AnyBranch | Origin::Dispatch => {
                refs.extend([Ref::Default, Ref::Branch(None)]);
                if origin == Origin::Dispatch {
                    refs.push(Ref::Tag);
                }
            }
            Origin::PullRequest => refs.push(Ref::Pull),
            Origin::Merged | Origin::Schedule | Origin::Role | Origin::Outsider => {
                refs.push(Ref::Default);
            }
            Origin::MergeQueue => refs.push(Ref::Branch(None)),
        }
    }
    refs.sort();
    refs.dedup();
    refs
}
