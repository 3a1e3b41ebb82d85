//! Contexts that are read as a whole: `toJSON(steps)`, `join(steps.*.outputs.x)`.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/contexts>
//! and, for `*`, the object filters of
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#object-filters>.

use std::collections::BTreeSet;

use cofferdam_workflows::expressions::ContextPath;

use crate::scope::{Scope, Unit};
use crate::trace::Tracer;
use crate::trail::{Trail, Trails};
use crate::writes::EnvFile;

/// Whether a path below `steps` or `needs` that does not spell out one output
/// holds outputs: `steps`, `steps.a`, `steps.*.outputs.x`, and not
/// `steps.*.outcome`.
pub(crate) fn is_of_outputs(path: &ContextPath) -> bool {
    path.parts.len() < 3 || path.name(2).is_none_or(|part| part == "outputs")
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// The outputs of the steps before, or of the one of an id, or with a name
    /// those of that name.
    pub(crate) fn all_outputs(
        &self,
        scope: Scope<'r>,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let end = scope.step.map_or(usize::MAX, |step| step.index);
        let mut found = Trails::default();
        for step in scope.steps().iter().filter(|step| step.index < end) {
            let Some(own) = step.id.as_ref().map(|own| own.value.as_str()) else {
                continue;
            };
            if id.is_none_or(|id| id.eq_ignore_ascii_case(own)) {
                found.extend(self.output(scope, own, name));
            }
        }
        self.take(found)
    }

    /// The outputs of the jobs that a job needs, or of the one of an id, or with
    /// a name those of that name.
    pub(crate) fn all_needs(
        &self,
        scope: Scope<'r>,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let (Unit::Workflow(workflow), Some(job)) = (scope.unit, scope.job) else {
            return Vec::new();
        };
        let mut found = Trails::default();
        for need in &job.needs {
            if id.is_none_or(|id| id.eq_ignore_ascii_case(&need.value)) {
                found.extend(self.job_output(workflow, &need.value, name));
            }
        }
        self.take(found)
    }

    /// Every variable that the files name at the step, and what earlier steps
    /// write.
    pub(crate) fn all_variables(&self, scope: Scope<'r>) -> Vec<Trail<'r>> {
        let own = scope.step.filter(|_| !scope.before_env);
        let mut lists = vec![own.map(|step| &step.env), scope.job.map(|job| &job.env)];
        if let Unit::Workflow(workflow) = scope.unit {
            lists.push(Some(&workflow.env));
        }
        let pairs = lists.into_iter().flatten().flatten();
        let names: BTreeSet<&str> = pairs.map(|pair| pair.key.value.as_str()).collect();
        let mut found = Trails::default();
        for name in names {
            found.extend(self.variable(scope, name));
        }
        for step in scope.earlier_of(&self.leavings(scope).variables) {
            found.extend(self.written_by(scope, step, EnvFile::Environment, None));
        }
        self.take(found)
    }
}
