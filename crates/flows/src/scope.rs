//! Where an expression is evaluated, and who uses what in a checkout.

use std::collections::HashMap;

use cofferdam_facts::SourceFile;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Condition, Job, Step, Workflow};
use cofferdam_workflows::expressions::Expr;
use cofferdam_workflows::yaml::Document;

use crate::caches::{Entries, Entry};
use crate::flow::Stage;

/// A file with steps.
#[derive(Clone, Copy)]
pub(crate) enum Unit<'r> {
    Workflow(&'r Workflow),
    Action(&'r Action),
}

/// A place in a unit: a job, or one step of it.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'r> {
    pub(crate) unit: Unit<'r>,
    /// `None` in an action.
    pub(crate) job: Option<&'r Job>,
    /// `None` for what belongs to the job or the unit as a whole.
    pub(crate) step: Option<&'r Step>,
    /// Inside of the step's own `env:`, which is not there yet.
    pub(crate) before_env: bool,
}

impl<'r> Scope<'r> {
    pub(crate) fn of_job(workflow: &'r Workflow, job: &'r Job) -> Self {
        Self {
            unit: Unit::Workflow(workflow),
            job: Some(job),
            step: None,
            before_env: false,
        }
    }

    pub(crate) fn of_action(action: &'r Action) -> Self {
        Self {
            unit: Unit::Action(action),
            job: None,
            step: None,
            before_env: false,
        }
    }

    pub(crate) fn in_step(self, step: &'r Step) -> Self {
        Self {
            step: Some(step),
            before_env: false,
            ..self
        }
    }

    /// The same without its step: what is around all steps.
    pub(crate) fn around(self) -> Self {
        Self { step: None, ..self }
    }

    pub(crate) fn document(&self) -> &'r Document {
        match self.unit {
            Unit::Workflow(workflow) => &workflow.document,
            Unit::Action(action) => &action.document,
        }
    }

    pub(crate) fn file(&self) -> &'r SourceFile {
        self.document().file()
    }

    pub(crate) fn steps(&self) -> &'r [Step] {
        match self.unit {
            Unit::Workflow(_) => self.job.map_or(&[], |job| job.steps()),
            Unit::Action(action) => action.steps(),
        }
    }

    /// Those of some steps that have run when this one starts.
    pub(crate) fn earlier_of<'l>(
        &self,
        steps: &'l [&'r Step],
    ) -> impl Iterator<Item = &'r Step> + use<'l, 'r> {
        let end = self.step.map_or(usize::MAX, |step| step.index);
        let before = steps.partition_point(|step| step.index < end);
        steps.get(..before).unwrap_or_default().iter().copied()
    }

    /// The conditions that hold here.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &'r Expr> + use<'r> {
        let step = self.step.and_then(|step| step.condition.as_ref());
        let job = self.job.and_then(|job| job.condition.as_ref());
        step.into_iter().chain(job).filter_map(Condition::expr)
    }

    pub(crate) fn stage(&self) -> Option<Stage<'r>> {
        match (self.unit, self.job) {
            (Unit::Workflow(workflow), Some(job)) => Some(Stage { workflow, job }),
            _ => None,
        }
    }
}

/// Who calls which workflow, and who uses which action.
#[derive(Default)]
pub(crate) struct Index<'r> {
    callers: HashMap<&'r str, Vec<Stage<'r>>>,
    users: HashMap<&'r str, Vec<Scope<'r>>>,
    actions: HashMap<usize, &'r Action>,
    saves: Vec<Entry<'r>>,
    cut: bool,
}

impl<'r> Index<'r> {
    pub(crate) fn of(repository: &'r Repository) -> Self {
        let mut index = Self::default();
        for workflow in &repository.workflows {
            for job in &workflow.jobs {
                let callee = job
                    .call()
                    .and_then(|call| repository.own_workflow(&call.uses.value));
                if let Some(callee) = callee {
                    let callers = index.callers.entry(callee.path()).or_default();
                    callers.push(Stage { workflow, job });
                }
                index.uses(repository, Scope::of_job(workflow, job));
            }
        }
        for action in &repository.actions {
            index.uses(repository, Scope::of_action(action));
        }
        for workflow in &repository.workflows {
            for job in &workflow.jobs {
                let caches = Entries::of(Scope::of_job(workflow, job), &index.actions);
                index.cut |= caches.cut;
                let saves = caches.list.into_iter().filter(|entry| entry.saves);
                index.saves.extend(saves);
            }
        }
        index
    }

    fn uses(&mut self, repository: &'r Repository, scope: Scope<'r>) {
        for step in scope.steps() {
            let Some(uses) = step.uses() else { continue };
            if let Some(action) = repository.own_action(&uses.value) {
                let users = self.users.entry(action.path()).or_default();
                users.push(scope.in_step(step));
                self.actions.insert(std::ptr::from_ref(step).addr(), action);
            }
        }
    }

    /// The jobs that call a workflow, in order of path.
    pub(crate) fn callers(&self, workflow: &Workflow) -> &[Stage<'r>] {
        self.callers.get(workflow.path()).map_or(&[], Vec::as_slice)
    }

    /// The steps that use an action, in order of path.
    pub(crate) fn users(&self, action: &Action) -> &[Scope<'r>] {
        self.users.get(action.path()).map_or(&[], Vec::as_slice)
    }

    /// The steps of jobs that save a cache, in order of path.
    pub(crate) fn saves(&self) -> &[Entry<'r>] {
        &self.saves
    }

    /// The caches that the steps around a scope restore.
    pub(crate) fn restores(&self, scope: Scope<'r>) -> Entries<'r> {
        let mut caches = Entries::of(scope, &self.actions);
        caches.cut |= self.cut;
        caches.list.retain(|entry| entry.restores);
        caches
    }

    /// The action of the checkout that a step uses.
    pub(crate) fn action(&self, step: &Step) -> Option<&'r Action> {
        self.actions.get(&std::ptr::from_ref(step).addr()).copied()
    }
}
