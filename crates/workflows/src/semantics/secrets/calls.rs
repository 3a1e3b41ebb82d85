//! Secrets across calls of reusable workflows: which ones a called workflow
//! takes, and under which name they are stored.
//!
//! Source: GitHub, "Reusing workflow configurations", "Passing inputs and
//! secrets": a called workflow sees what its caller names, or with `inherit`
//! everything that the caller sees. `environment:` of a called job replaces
//! values of names that were handed over, and adds none.

use std::collections::BTreeSet;

use super::{SecretName, collect, names, of_job};
use crate::documents::job::{CallSecrets, Job};
use crate::documents::workflow::Workflow;
use crate::repository::Repository;

/// Most calls that are followed in a row.
const MAX_CALLS: usize = 10;

/// What a called workflow takes from the secrets that it is handed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Secrets by name, in upper case.
    pub names: BTreeSet<String>,
    /// Those among them that jobs without an environment take.
    pub outside: BTreeSet<String>,
    /// Whether a name is computed, the whole context is handed on, or a
    /// workflow outside the checkout inherits everything, so that the names
    /// are not all.
    pub open: bool,
}

/// What a workflow, and those that it calls in turn, take.
#[must_use]
pub fn taken(repository: &Repository, workflow: &Workflow) -> Taken {
    let mut taken = Taken::default();
    follow(repository, workflow, &mut BTreeSet::new(), &mut taken);
    taken
}

fn follow<'r>(
    repository: &'r Repository,
    workflow: &'r Workflow,
    seen: &mut BTreeSet<&'r str>,
    taken: &mut Taken,
) {
    if !seen.insert(workflow.path()) || seen.len() > MAX_CALLS * MAX_CALLS {
        return;
    }
    for job in &workflow.jobs {
        for used in of_job(workflow, job) {
            match used.name {
                SecretName::Token => {}
                SecretName::Named(name) => {
                    if job.environment.is_none() {
                        taken.outside.insert(name.clone());
                    }
                    taken.names.insert(name);
                }
                SecretName::Computed | SecretName::All => taken.open = true,
            }
        }
        let inherits = job
            .call()
            .filter(|c| matches!(c.secrets, CallSecrets::Inherit(_)));
        if let Some(call) = inherits {
            match repository.own_workflow(&call.uses.value) {
                Some(called) => follow(repository, called, seen, taken),
                None => taken.open = true,
            }
        }
    }
    // Outputs of the workflow itself may name secrets too, however useless.
    for (_, value) in workflow.triggers.iter().flat_map(|t| &t.outputs) {
        let mut uses = Vec::new();
        if let Some(value) = value {
            collect(workflow, value, super::Reach::Other, &mut uses);
        }
        taken.open |= uses.iter().any(|u| u.name == SecretName::All);
    }
}

/// Under which names a secret of a workflow is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Names in the repository, its organisation or an environment.
    pub names: BTreeSet<String>,
    /// Whether callers in other repositories hand it over as well.
    pub elsewhere: bool,
}

/// Follows the name of a secret back through the callers in the checkout.
#[must_use]
pub fn stored(repository: &Repository, workflow: &Workflow, name: &str) -> Stored {
    let mut stored = Stored::default();
    back(
        repository,
        workflow,
        name,
        &mut BTreeSet::new(),
        &mut stored,
    );
    stored
}

fn back<'r>(
    repository: &'r Repository,
    workflow: &'r Workflow,
    name: &str,
    seen: &mut BTreeSet<(&'r str, String)>,
    stored: &mut Stored,
) {
    if !seen.insert((workflow.path(), name.to_owned())) || seen.len() > MAX_CALLS * MAX_CALLS {
        return;
    }
    if workflow
        .triggers
        .iter()
        .any(|t| t.name() != "workflow_call")
    {
        stored.names.insert(name.to_owned());
    }
    if !workflow.is_reusable() {
        return;
    }
    let callers = repository.callers(workflow.path());
    stored.elsewhere |= callers.is_empty();
    for caller in callers {
        for outer in handed_over(caller.job, name) {
            back(repository, caller.workflow, &outer, seen, stored);
        }
    }
}

/// The caller's names for what a called workflow sees as `name`.
#[must_use]
pub fn handed_over(caller: &Job, name: &str) -> Vec<String> {
    match caller.call().map(|call| &call.secrets) {
        Some(CallSecrets::Inherit(_)) => vec![name.to_owned()],
        Some(CallSecrets::Named(pairs)) => pairs
            .iter()
            .filter(|pair| pair.key.value.eq_ignore_ascii_case(name))
            .flat_map(|pair| pair.value.parsed().flat_map(|(_, expr)| names(expr)))
            .filter_map(|outer| match outer {
                SecretName::Named(outer) => Some(outer),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::repository::Tree;
    use cofferdam_facts::SourceFile;

    fn repository(files: &[(&str, &str)]) -> Repository {
        let files = files
            .iter()
            .map(|(name, text)| {
                SourceFile::new(format!(".github/workflows/{name}"), (*text).to_owned())
            })
            .collect();
        Repository::read(files, Tree::default())
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    const INNER: &str = "on: workflow_call\njobs:\n  a:\n    environment: release\n    steps: [{run: 'x ${{ secrets.inner }}'}]\n  b:\n    steps: [{run: 'x ${{ secrets.OTHER }} ${{ secrets.GITHUB_TOKEN }}'}]\n";

    #[test]
    fn what_a_called_workflow_takes_is_followed_through_inherit() {
        let outer = "on: workflow_call\njobs:\n  c:\n    uses: ./.github/workflows/inner.yml\n    secrets: inherit\n";
        let repository = repository(&[("inner.yml", INNER), ("outer.yml", outer)]);
        let workflow = repository.workflow(".github/workflows/outer.yml").unwrap();
        let taken = taken(&repository, workflow);
        assert_eq!(taken.names, set(&["INNER", "OTHER"]));
        assert_eq!(taken.outside, set(&["OTHER"]));
        assert!(!taken.open);
    }

    #[test]
    fn a_called_workflow_elsewhere_may_take_anything() {
        let outer = "on: workflow_call\njobs:\n  c:\n    uses: org/x/.github/workflows/y.yml@v1\n    secrets: inherit\n";
        let repository = repository(&[("outer.yml", outer)]);
        assert!(taken(&repository, repository.workflows.first().unwrap()).open);
    }

    #[test]
    fn names_are_followed_back_to_where_they_are_stored() {
        let caller = "on: push\njobs:\n  c:\n    uses: ./.github/workflows/inner.yml\n    secrets:\n      inner: ${{ secrets.FIRST || secrets.SECOND }}\n      OTHER: ${{ github.token }}\n";
        let repository = repository(&[("inner.yml", INNER), ("caller.yml", caller)]);
        let inner = repository.workflow(".github/workflows/inner.yml").unwrap();
        let of = |name| stored(&repository, inner, name);
        assert_eq!(of("INNER").names, set(&["FIRST", "SECOND"]));
        assert_eq!(of("OTHER").names, set(&[]));
        assert!(!of("INNER").elsewhere);
        let caller = repository.workflow(".github/workflows/caller.yml").unwrap();
        assert_eq!(stored(&repository, caller, "FIRST").names, set(&["FIRST"]));
    }

    #[test]
    fn callers_in_other_repositories_are_told() {
        let repository = repository(&[("inner.yml", INNER)]);
        let stored = stored(&repository, repository.workflows.first().unwrap(), "INNER");
        assert!(stored.elsewhere && stored.names.is_empty());
    }
}
