//! Whether a job runs on a machine that GitHub throws away afterwards, or on one
//! of the project's own.
//!
//! Source: GitHub, "Choosing the runner for a job"; "Larger runners".

use cofferdam_facts::Span;
use cofferdam_facts::settings::{Fact, Runner};
use cofferdam_workflows::semantics::constants::Surroundings;

use crate::context::{Context, JobView};

/// Where a job runs.
#[derive(Clone, Debug)]
pub enum Machine<'s> {
    /// On a machine of GitHub's, thrown away after one job.
    Hosted,
    /// On a machine of one's own: one of these, as far as they were seen.
    Own(Span, Vec<&'s Runner>),
    /// Larger hosted runners have any label, and groups hold either.
    Unknown(Span),
}

/// Where a job runs, by its labels and the settings.
#[must_use]
pub fn of_job<'s>(cx: &'s Context<'_>, view: &JobView<'_>) -> Machine<'s> {
    let runs_on = &view.job.runs_on;
    let (labels, complete) = labels(view);
    let known = runners(cx);
    let asked: Vec<&Runner> = known
        .into_iter()
        .flatten()
        .filter(|runner| matches(runner, &labels, runs_on.labels.len()))
        .collect();
    if labels.iter().any(|l| l == "self-hosted") || !asked.is_empty() {
        return Machine::Own(runs_on.span, asked);
    }
    let hosted = |label: &String| is_hosted(label);
    if complete && runs_on.group.is_none() && labels.iter().all(hosted) {
        return Machine::Hosted;
    }
    // Only a list of the repository's runners that is complete says more.
    if known.is_some() && runs_on.group.is_none() && complete && owner_is_user(cx) {
        return Machine::Hosted;
    }
    Machine::Unknown(runs_on.span)
}

/// The labels that a job asks for, in lower case, and whether it can ask for no
/// others.
#[must_use]
pub fn labels(view: &JobView<'_>) -> (Vec<String>, bool) {
    let around = Surroundings::of_job(view.workflow, view.job);
    let mut labels = Vec::new();
    let mut complete = true;
    for label in &view.job.runs_on.labels {
        let values = around.values(label);
        complete &= values.complete;
        let known = values.known.into_iter();
        labels.extend(known.map(|c| c.text.to_ascii_lowercase()));
    }
    (labels, complete)
}

// A matrix gives one label for each of its jobs: there any one is enough.
fn matches(runner: &Runner, labels: &[String], written: usize) -> bool {
    let has = |label: &String| runner.labels.iter().any(|l| l.eq_ignore_ascii_case(label));
    if labels.is_empty() {
        return false;
    }
    if labels.len() > written {
        labels.iter().any(has)
    } else {
        labels.iter().all(has)
    }
}

/// The repository's own runners, where the settings list them.
#[must_use]
pub fn runners<'s>(cx: &'s Context<'_>) -> Option<&'s [Runner]> {
    match &cx.facts.settings?.runners.repository {
        Fact::Known(runners) => Some(runners),
        Fact::NotChecked(_) => None,
    }
}

// A user's repository has no groups.
fn owner_is_user(cx: &Context<'_>) -> bool {
    cx.facts
        .settings
        .is_some_and(|s| matches!(&s.runners.groups, Fact::Known(groups) if groups.is_empty()))
}

// `ubuntu-24.04-arm`, `macos-15-xlarge`, `windows-latest`; larger runners may
// have any name.
fn is_hosted(label: &str) -> bool {
    ["ubuntu-", "macos-", "windows-"]
        .iter()
        .any(|os| label.starts_with(os))
}
