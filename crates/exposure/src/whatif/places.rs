//! What stands where in a job: the step around a line, and what that step is
//! given itself.

use std::collections::BTreeSet;

use cofferdam_facts::{Location, Scope};
use cofferdam_workflows::documents::Step;

use crate::asset::Asset;
use crate::graph::{Edge, Place};
use crate::scene::Run;

/// The place in the files where something comes into a job: the last of those
/// that an edge rests on.
#[must_use]
pub fn entry(edge: &Edge) -> Option<&Place> {
    edge.places.iter().rev().find(|p| p.location.is_some())
}

/// The step of a job that a place stands in; none for one in another file, such
/// as a local action's, and for the job itself.
#[must_use]
pub fn step_at<'r>(run: &'r Run<'_>, at: &Location) -> Option<&'r Step> {
    if *at.path != *run.view.workflow.path() {
        return None;
    }
    let mut steps = run.view.job.steps().iter();
    steps.find(|step| {
        let whole = run.view.at(step.span);
        (whole.line..=whole.end_line).contains(&at.line)
    })
}

/// Whether a place stands in the job's own call of a workflow.
#[must_use]
pub fn is_call(run: &Run<'_>, at: &Location) -> bool {
    let call = run.view.job.call();
    call.is_some_and(|call| run.view.at(call.uses.span).line == at.line)
}

/// What is given to the code at a place: the secrets that its step names, all of
/// the job's where a workflow is called, and the token where it is an action's.
///
/// Source: docs.github.com, "GITHUB_TOKEN": an action gets the token also where
/// it is not handed over.
#[must_use]
pub fn given(run: &Run<'_>, at: &Location) -> BTreeSet<Asset> {
    let mut given = BTreeSet::new();
    let step = step_at(run, at);
    let call = is_call(run, at);
    if call {
        given.extend(run.held.named.keys().cloned());
    }
    if let Some(step) = step {
        let own = run.held.by_step.get(&step.index);
        given.extend(own.into_iter().flat_map(|own| own.keys().cloned()));
    }
    if call || step.is_some_and(|step| step.action().is_some()) {
        given.extend(tokens(run));
    }
    given
}

/// Everything that the job holds: what its secrets, token and identity are.
#[must_use]
pub fn held(run: &Run<'_>) -> BTreeSet<Asset> {
    let mut held: BTreeSet<Asset> = run.held.named.keys().cloned().collect();
    if run.held.all.is_some() {
        held.insert(Asset::Secret {
            name: None,
            environment: None,
        });
    }
    held.extend(tokens(run));
    held
}

fn tokens<'r>(run: &'r Run<'_>) -> impl Iterator<Item = Asset> + 'r {
    let writes = run.start.token.writes();
    writes
        .filter(|scope| *scope != Scope::IdToken)
        .map(Asset::Token)
}
