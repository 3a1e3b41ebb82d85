//! The scripts of a checkout, parsed as the pipelines do.

use std::collections::HashMap;

use cofferdam_workflows::repository::Repository;
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::{self, Script};

/// Every script by the file and the place of its step.
pub(crate) fn scripts(repository: &Repository) -> HashMap<(String, usize), Script> {
    let mut found = HashMap::new();
    for workflow in &repository.workflows {
        for job in &workflow.jobs {
            for step in job.steps() {
                if let Some(text) = step.script() {
                    let shell = shells::of_step(workflow, job, step);
                    let key = (workflow.path().to_owned(), step.span.start);
                    found.insert(key, shell::parse(&text.value, &shell));
                }
            }
        }
    }
    for action in &repository.actions {
        for step in action.steps() {
            if let Some(text) = step.script() {
                let shell = shells::of_composite_step(step);
                let key = (action.path().to_owned(), step.span.start);
                found.insert(key, shell::parse(&text.value, &shell));
            }
        }
    }
    found
}
