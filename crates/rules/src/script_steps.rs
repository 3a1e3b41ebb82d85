//! Every step with a script, each once: those of jobs and those of the
//! checkout's composite actions, whoever runs them.

use std::ops::Range;

use cofferdam_facts::Location;
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::{Script, Shell};
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};
use crate::takeover::{Takeover, Takeovers};

/// One step with a script.
#[derive(Clone, Copy, Debug)]
pub struct ScriptStep<'c> {
    /// The step.
    pub step: &'c Step,
    /// The text of its script.
    pub text: &'c Text,
    /// What the text was parsed as.
    pub script: &'c Script,
    /// The document it stands in.
    pub document: &'c Document,
    /// Where it belongs.
    pub home: Home<'c>,
}

/// Where a step belongs.
#[derive(Clone, Copy, Debug)]
pub enum Home<'c> {
    /// A job.
    Job(&'c JobView<'c>),
    /// A composite action of the checkout.
    Action(&'c Action),
}

/// Every step with a script, in order of path and place.
#[must_use]
pub fn of<'c>(cx: &'c Context<'c>) -> Vec<ScriptStep<'c>> {
    let mut found = Vec::new();
    let mut add = |path: &str, document: &'c Document, step: &'c Step, home: Home<'c>| {
        if let (Some(text), Some(script)) = (step.script(), cx.script(path, step)) {
            found.push(ScriptStep {
                step,
                text,
                script,
                document,
                home,
            });
        }
    };
    for job in cx.all_jobs() {
        for step in job.job.steps() {
            let document = &job.workflow.document;
            add(job.workflow.path(), document, step, Home::Job(job));
        }
    }
    for action in &cx.repository.actions {
        for step in action.steps() {
            add(action.path(), &action.document, step, Home::Action(action));
        }
    }
    found
}

impl<'c> ScriptStep<'c> {
    /// The place of a part of the script.
    #[must_use]
    pub fn at(&self, range: Range<usize>) -> Location {
        let span = self.text.raw_span(self.document, range);
        self.document.file().locate(span)
    }

    /// The shell that runs it.
    #[must_use]
    pub fn shell(&self) -> Shell {
        match self.home {
            Home::Job(job) => shells::of_step(job.workflow, job.job, self.step),
            Home::Action(_) => shells::of_composite_step(self.step),
        }
    }

    /// What its expressions and variables can refer to.
    #[must_use]
    pub fn surroundings(&self) -> Surroundings<'c> {
        let around = match self.home {
            Home::Job(job) => Surroundings::of_job(job.workflow, job.job),
            Home::Action(action) => Surroundings::of_action(action),
        };
        Surroundings {
            step: Some(self.step),
            ..around
        }
    }

    /// What foreign code in it could take.
    #[must_use]
    pub fn takeover(&self, takeovers: &Takeovers<'c>) -> Takeover {
        match self.home {
            Home::Job(job) => takeovers.of_job(job),
            Home::Action(action) => takeovers.of_action(action),
        }
    }

    /// Whether it stands in an action of a folder of tests that nothing runs.
    #[must_use]
    pub fn is_aside(&self) -> bool {
        matches!(self.home, Home::Action(action) if is_aside(action.path()))
    }

    /// "job `x`" or "action `y`", for messages.
    #[must_use]
    pub fn whom(&self) -> String {
        match self.home {
            Home::Job(job) => format!("job `{}`", job.job.name()),
            Home::Action(action) if action.folder().is_empty() => {
                "the action of this repository".to_owned()
            }
            Home::Action(action) => format!("action `{}`", action.folder()),
        }
    }

    /// What it is about, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.home {
            Home::Job(job) => job.step_subject(self.step),
            Home::Action(_) => format!("runs/{}", self.step.label()),
        }
    }
}
