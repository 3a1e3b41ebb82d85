//! What `actions.lock` must cover, and whether both locks say the same.
//!
//! Source: github/gh-actions-lock v0.1.7: a workflow's list holds what its
//! steps use, `$/…` is followed into the checkout's actions, `./…` is not, and
//! a called workflow of another repository is no part of it: it brings the
//! lock of its own repository.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::pin::Pin;
use cofferdam_facts::{Location, UsesRef};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::actions_lock::{self, ActionsLock};
use cofferdam_workflows::documents::cofferdam_lock::{CofferdamLock, Key};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::yaml::Document;
use rayon::prelude::*;

use crate::problem::{Code, Problem};

/// That GitHub holds no workflow to any commit, at the first place that uses one.
pub(super) fn no_file(repository: &Repository) -> Option<Problem> {
    let workflows = repository.workflows.iter();
    let first = workflows
        .flat_map(|workflow| needed(repository, workflow).into_values())
        .min_by_key(|place| (place.path.clone(), place.line))?;
    let message = format!(
        "workflows use actions, and there is no {}: GitHub holds them to nothing",
        actions_lock::PLACE
    );
    Some(Code::NoActionsLock.at(first, message))
}

/// Coverage of the workflows, and nothing beyond them.
pub(super) fn check(repository: &Repository, lock: &ActionsLock) -> Vec<Problem> {
    let mut found: Vec<Problem> = (repository.workflows.par_iter())
        .flat_map_iter(|workflow| listed(repository, workflow, lock))
        .collect();
    for workflow in &lock.workflows {
        if repository.workflow(&workflow.path.value).is_none() {
            let message = format!("`{}` is locked and does not exist", workflow.path.value);
            found.push(Code::StaleWorkflow.at(lock.file().locate(workflow.path.span), message));
        }
    }
    for gap in lock.gaps() {
        let message = format!("{} is named and has no entry under `dependencies`", gap.pin);
        found.push(Code::Incomplete.at(lock.file().locate(gap.span), message));
    }
    for entry in lock.unused() {
        let message = format!("no workflow reaches {}", entry.pin.value);
        found.push(Code::Stale.at(lock.file().locate(entry.pin.span), message));
    }
    found
}

/// What the list of a workflow lacks, and what it has too much.
fn listed(repository: &Repository, workflow: &Workflow, lock: &ActionsLock) -> Vec<Problem> {
    let mut found = Vec::new();
    let needed = needed(repository, workflow);
    let Some(entry) = lock.workflow(workflow.path()) else {
        let first = needed
            .values()
            .min_by_key(|place| (&place.path, place.line));
        if let Some(location) = first {
            let message = format!(
                "`{}` uses actions and is not in actions.lock",
                workflow.path()
            );
            found.push(Code::Onboarding.at(location.clone(), message));
        }
        return found;
    };
    let listed: BTreeSet<&Pin> = entry.pins.iter().map(|pin| &pin.value).collect();
    for (pin, location) in &needed {
        if !listed.contains(pin) {
            let message = format!(
                "{pin} is not in the list of `{}` in actions.lock, so that GitHub does not run it",
                workflow.path()
            );
            found.push(Code::Incomplete.at(location.clone(), message));
        }
    }
    // Older files list what actions use as well; that much is no orphan.
    let inner: BTreeSet<&Pin> = (entry.pins.iter())
        .filter_map(|pin| lock.dependency(&pin.value))
        .flat_map(|entry| entry.uses.iter().map(|pin| &pin.value))
        .collect();
    for pin in &entry.pins {
        if !needed.contains_key(&pin.value) && !inner.contains(&pin.value) {
            let message = format!("`{}` does not use {}", workflow.path(), pin.value);
            found.push(Code::Stale.at(lock.file().locate(pin.span), message));
        }
    }
    found
}

/// The pins that the list of a workflow must hold, with the first place each.
#[must_use]
pub fn needed(repository: &Repository, workflow: &Workflow) -> BTreeMap<Pin, Location> {
    let mut pins = BTreeMap::new();
    let mut followed = BTreeSet::new();
    let mut waiting: Vec<(&Document, &[Step])> = (workflow.jobs.iter())
        .map(|job| (&workflow.document, job.steps()))
        .collect();
    waiting.reverse();
    while let Some((document, steps)) = waiting.pop() {
        for uses in steps.iter().filter_map(Step::uses) {
            match &uses.value {
                UsesRef::Repository(repository) => {
                    if let Some(pin) = Pin::of(repository) {
                        let place = || document.file().locate(uses.span);
                        pins.entry(pin).or_insert_with(place);
                    }
                }
                UsesRef::SelfRepository(_) => {
                    if let Some(action) = repository.own_action(&uses.value)
                        && followed.insert(action.path())
                    {
                        waiting.push((&action.document, action.steps()));
                    }
                }
                _ => {}
            }
        }
    }
    pins
}

/// Both locks hold the same commit, and what an action uses, for one pin.
pub(super) fn agree(ours: &CofferdamLock, theirs: &ActionsLock, found: &mut Vec<Problem>) {
    for entry in &theirs.dependencies {
        let pin = &entry.pin.value;
        let place = || ours.place(&Key::Action(pin.clone()));
        let Some(own) = ours.contents().actions.get(pin) else {
            let message = format!("{pin} is in actions.lock and not in this file");
            found.push(Code::Disagree.at(ours.place(&Key::Action(pin.clone())), message));
            continue;
        };
        if let Some(commit) = &entry.commit
            && commit.value != own.commit
        {
            let message = format!(
                "{pin} is {} in actions.lock, and {} here",
                commit.value, own.commit
            );
            found.push(Code::Disagree.at(place(), message));
        }
        let theirs: BTreeSet<&Pin> = entry.uses.iter().map(|pin| &pin.value).collect();
        let calls = own
            .paths
            .iter()
            .any(|path| path.starts_with(".github/workflows/"));
        for used in theirs.iter().filter(|used| !own.uses.contains(**used)) {
            let message = format!("{pin} uses {used} in actions.lock, and not here");
            found.push(Code::Disagree.at(place(), message));
        }
        // What a called workflow uses stands in the lock of its own repository.
        for used in own
            .uses
            .iter()
            .filter(|used| !calls && !theirs.contains(used))
        {
            let message = format!("{pin} uses {used} here, and not in actions.lock");
            found.push(Code::Disagree.at(place(), message));
        }
    }
}
