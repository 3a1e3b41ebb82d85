//! Which shell runs a script.
//!
//! Source: GitHub, "Workflow syntax", `jobs.<id>.steps[*].shell` and
//! `defaults.run`: the step decides, then the job, then the workflow, then the
//! runner's operating system.

use crate::documents::job::{Defaults, Job};
use crate::documents::step::{Step, StepKind};
use crate::documents::text::Text;
use crate::documents::workflow::Workflow;
use crate::shell::Shell;

/// The shell of a step of a job.
#[must_use]
pub fn of_step(workflow: &Workflow, job: &Job, step: &Step) -> Shell {
    let own = match &step.kind {
        StepKind::Run { shell, .. } => shell.as_ref(),
        _ => None,
    };
    let default = |d: &Defaults| d.shell.clone();
    let written = own
        .cloned()
        .or_else(|| default(&job.defaults))
        .or_else(|| default(&workflow.defaults));
    written.as_ref().map_or_else(|| of_runner(job), of_text)
}

/// The shell of a step of a composite action, which must name one.
#[must_use]
pub fn of_composite_step(step: &Step) -> Shell {
    match &step.kind {
        StepKind::Run {
            shell: Some(shell), ..
        } => of_text(shell),
        _ => Shell::Bash,
    }
}

fn of_text(text: &Text) -> Shell {
    text.literal()
        .map_or_else(|| Shell::Other(text.value.clone()), Shell::named)
}

fn of_runner(job: &Job) -> Shell {
    let windows = |text: &Text| text.value.to_ascii_lowercase().contains("windows");
    if job.container.is_none() && job.runs_on.labels.iter().any(windows) {
        Shell::PowerShell
    } else {
        Shell::Bash
    }
}
