//! Which job uses which action of the checkout, looked up once: by place, so
//! that the answer can be kept beside what it is about.

use std::collections::{BTreeSet, HashMap};

use cofferdam_facts::UsesRef;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Step};

/// A job, by the places of its workflow and of itself among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JobPlace {
    pub(crate) workflow: usize,
    pub(crate) job: usize,
}

/// A job that runs an action, by a step of its own or through other actions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) job: JobPlace,
    /// Whether every `uses:` on the way is of the form `$/…`.
    pub(crate) by_commit: bool,
}

/// Uses of actions of the checkout, each list in order of path and place.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    // By the path of the action's file.
    running: HashMap<String, Vec<Running>>,
    steps: HashMap<String, Vec<(JobPlace, usize)>>,
}

impl Usage {
    /// Follows every job into the actions of the checkout.
    pub(crate) fn of(repository: &Repository) -> Self {
        let mut usage = Self::default();
        for (workflow, document) in repository.workflows.iter().enumerate() {
            for (job, steps) in document.jobs.iter().map(|job| job.steps()).enumerate() {
                usage.follow(repository, JobPlace { workflow, job }, steps);
            }
        }
        usage
    }

    fn follow(&mut self, repository: &Repository, job: JobPlace, steps: &[Step]) {
        for (at, step) in steps.iter().enumerate() {
            if let Some((action, _)) = own_action(repository, step) {
                add(&mut self.steps, action, (job, at));
            }
        }
        let mut seen = BTreeSet::new();
        let mut waiting = vec![(steps, true)];
        while let Some((steps, by_commit)) = waiting.pop() {
            for step in steps {
                let Some((action, self_repository)) = own_action(repository, step) else {
                    continue;
                };
                let by_commit = by_commit && self_repository;
                if seen.insert((action.path(), by_commit)) {
                    add(&mut self.running, action, Running { job, by_commit });
                    waiting.push((action.steps(), by_commit));
                }
            }
        }
    }

    /// The jobs that run the action in the file at `path`.
    pub(crate) fn running(&self, path: &str) -> &[Running] {
        self.running.get(path).map_or(&[], Vec::as_slice)
    }

    /// The steps of jobs that use the action in the file at `path` themselves.
    pub(crate) fn steps(&self, path: &str) -> &[(JobPlace, usize)] {
        self.steps.get(path).map_or(&[], Vec::as_slice)
    }
}

fn own_action<'r>(repository: &'r Repository, step: &Step) -> Option<(&'r Action, bool)> {
    let uses = &step.uses()?.value;
    let action = repository.own_action(uses)?;
    Some((action, matches!(uses, UsesRef::SelfRepository(_))))
}

fn add<T>(map: &mut HashMap<String, Vec<T>>, action: &Action, value: T) {
    match map.get_mut(action.path()) {
        Some(list) => list.push(value),
        None => {
            map.insert(action.path().to_owned(), vec![value]);
        }
    }
}
