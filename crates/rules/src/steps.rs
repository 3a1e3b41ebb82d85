//! Every step that a job runs, those of the checkout's own composite actions
//! included.

use std::collections::HashMap;

use cofferdam_facts::{Location, Span};
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::{Action, Condition, Step};
use cofferdam_workflows::expressions::Expr;
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::proving;
use cofferdam_workflows::semantics::starts::{self, Start};
use cofferdam_workflows::semantics::tolerance::{self, Swallowed, Tolerance};
use cofferdam_workflows::shell::{Command, Script};
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};

/// One step as one job runs it.
#[derive(Clone, Copy, Debug)]
pub struct StepSite<'c> {
    /// The job.
    pub job: &'c JobView<'c>,
    /// What runs.
    pub step: &'c Step,
    /// The document it stands in.
    pub document: &'c Document,
    /// Its script, if it has one.
    pub script: Option<&'c Script>,
    /// The composite action that it belongs to, and the step of the job that
    /// uses it.
    pub via: Option<(&'c Action, &'c Step)>,
}

/// Every step of every job. A composite action of the checkout counts where a
/// job uses it; one that is used by another one only is left out.
#[must_use]
pub fn of<'c>(cx: &'c Context<'c>) -> Vec<StepSite<'c>> {
    let mut sites = Vec::new();
    for job in cx.all_jobs() {
        let scripts = cx.scripts_at(job.workflow.path());
        for step in job.job.steps() {
            sites.push(StepSite {
                job,
                step,
                document: &job.workflow.document,
                script: scripts.and_then(|scripts| scripts.of(step)),
                via: None,
            });
            let action = step
                .uses()
                .and_then(|uses| cx.repository.own_action(&uses.value));
            let Some(action) = action else { continue };
            let scripts = cx.scripts_at(action.path());
            sites.extend(action.steps().iter().map(|inner| StepSite {
                job,
                step: inner,
                document: &action.document,
                script: scripts.and_then(|scripts| scripts.of(inner)),
                via: Some((action, step)),
            }));
        }
    }
    sites
}

/// Those among them that run in some start of their job, for controls: a check
/// behind `if: false` checks nothing.
#[must_use]
pub fn live<'c>(cx: &'c Context<'c>) -> Vec<StepSite<'c>> {
    let mut sites = of(cx);
    let mut live = cx.live_steps.get_or_init(|| are_live(cx, &sites)).iter();
    sites.retain(|_| live.next().copied().unwrap_or(true));
    sites
}

fn are_live(cx: &Context<'_>, sites: &[StepSite<'_>]) -> Vec<bool> {
    let mut starts: HashMap<&str, Vec<Start<'_>>> = HashMap::new();
    let is_live = sites.iter().map(|site| {
        let workflow = site.job.workflow;
        let job = site.job.job;
        let outer = site.via.map_or(site.step, |(_, step)| step);
        let conditions = [&job.condition, &outer.condition, &site.step.condition];
        let mut conditions = conditions.into_iter().flatten().peekable();
        if conditions.peek().is_none() && job.needs.is_empty() {
            return true;
        }
        if conditions.any(is_never) {
            return false;
        }
        let starts = starts
            .entry(workflow.path())
            .or_insert_with(|| starts::of(cx.repository, workflow));
        let runs = |start: &Start<'_>| {
            start.runs_job(workflow, job) != Runs::No
                && start.runs_step(workflow, job, outer) != Runs::No
        };
        starts.is_empty() || starts.iter().any(runs)
    });
    is_live.collect()
}

fn is_never(condition: &Condition) -> bool {
    condition.expr().is_some_and(|expr| {
        let parts = expr.conjuncts().into_iter();
        let mut constants = parts.filter_map(Expr::fold);
        constants.any(|value| !value.is_truthy())
    })
}

impl<'c> StepSite<'c> {
    /// A place in the file of the step.
    #[must_use]
    pub fn at(&self, span: Span) -> Location {
        self.document.file().locate(span)
    }

    /// The place to point at when the step as a whole is meant.
    #[must_use]
    pub fn head(&self) -> Location {
        self.at(self.step.head())
    }

    /// The place of a command of its script.
    #[must_use]
    pub fn at_command(&self, command: &Command) -> Location {
        let span = self.step.script().map_or(self.step.span, |text| {
            text.raw_span(self.document, command.range.clone())
        });
        self.at(span)
    }

    /// The commands of its script; none for an action.
    pub fn commands(&self) -> impl Iterator<Item = &'c Command> + use<'c> {
        self.script.into_iter().flat_map(|script| &script.commands)
    }

    /// Those of them that the script and its shell let run.
    pub fn live_commands(&self) -> impl Iterator<Item = &'c Command> + use<'c> {
        let own = match &self.step.kind {
            StepKind::Run { shell, .. } => shell.as_ref(),
            _ => None,
        };
        let around = [
            &self.job.job.defaults.shell,
            &self.job.workflow.defaults.shell,
        ];
        let default = around.into_iter().find_map(Option::as_ref);
        let shell = own.or(default.filter(|_| self.via.is_none()));
        let script = self.script.filter(|_| !proving::only_reads(shell));
        script.into_iter().flat_map(|script| {
            let commands = script.commands.iter();
            commands.filter(move |command| !proving::never_runs(script, command))
        })
    }

    /// Whether one of the events starts the job.
    #[must_use]
    pub fn starts_on(&self, events: &[&str]) -> bool {
        events
            .iter()
            .any(|event| self.job.entry.events.contains(*event))
    }

    /// What `continue-on-error` makes of a failure, where the step stands and
    /// where its action is used.
    #[must_use]
    pub fn tolerance(&self) -> (Tolerance, &'c Document) {
        let own = tolerance::of_step(self.job.job, self.step);
        match (own, self.via) {
            (Tolerance::Stops, Some((_, outer))) => {
                let outer = tolerance::of_step(self.job.job, outer);
                (outer, &self.job.workflow.document)
            }
            (own, _) => (own, self.document),
        }
    }

    /// How the script throws the failure of a command away, if it surely does.
    #[must_use]
    pub fn swallowed(&self, command: &Command) -> Option<Swallowed> {
        let script = self.script?;
        let pipefail = match self.via {
            Some(_) => tolerance::pipefail(None, None, self.step),
            None => tolerance::pipefail(Some(self.job.workflow), Some(self.job.job), self.step),
        };
        tolerance::swallowed(script, command, pipefail)
    }

    /// What it is about, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.via {
            None => self.job.step_subject(self.step),
            Some((_, outer)) => {
                format!("{}/{}", self.job.step_subject(outer), self.step.label())
            }
        }
    }
}
