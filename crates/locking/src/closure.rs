//! What one job of a workflow refers to, with every job that it needs.
//!
//! A job that signs a release vouches for what the jobs before it have handed
//! on, so that whatever those took is part of how the release was built.

use std::collections::BTreeSet;

use cofferdam_facts::UsesRef;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Job, Workflow};
use cofferdam_workflows::repository::{inside, plain};
use cofferdam_workflows::semantics::built::BuiltBases;

use crate::references::{Reference, of_action, of_dockerfile, of_workflow, scripts};

/// Jobs of one workflow, and what they refer to.
#[derive(Debug)]
pub struct Closure {
    /// The jobs, in the order of the file.
    pub jobs: Vec<String>,
    /// What they refer to.
    pub references: Vec<Reference>,
    /// The workflows of the same repository that they call, by path.
    pub called: BTreeSet<String>,
    /// The labels of the machines that they ask for, one text for each job.
    pub machines: Vec<(String, String)>,
    /// What is wrong with the file, if not all of it was read.
    pub unread: Option<String>,
}

/// The jobs of a workflow that one of `wanted` needs, those included.
#[must_use]
pub fn of_jobs(repository: &Repository, workflow: &Workflow, wanted: &[&str]) -> Closure {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<&str> = wanted.to_vec();
    while let Some(id) = waiting.pop() {
        let Some(job) = workflow.job(id) else {
            continue;
        };
        if reached.insert(job.id.value.as_str()) {
            waiting.extend(job.needs.iter().map(|need| need.value.as_str()));
        }
    }
    let mut part = workflow.clone();
    part.jobs
        .retain(|job| reached.contains(job.id.value.as_str()));
    let called = part.jobs.iter().filter_map(|job| {
        let path = match &job.call()?.uses.value {
            UsesRef::Local(path) | UsesRef::SelfRepository(path) => path,
            _ => return None,
        };
        Some(plain(&path.replace('\\', "/")))
    });
    let machines = part.jobs.iter().filter_map(|job| {
        let labels: Vec<&str> = (job.runs_on.labels.iter())
            .map(|label| label.value.as_str())
            .collect();
        (job.call().is_none()).then(|| (job.id.value.clone(), labels.join(", ")))
    });
    let problem = workflow
        .document
        .problems()
        .first()
        .map(|p| p.message.clone());
    Closure {
        jobs: part.jobs.iter().map(|job| job.id.value.clone()).collect(),
        called: called.collect(),
        machines: machines.collect(),
        references: of_workflow(&part, Some(repository)),
        unread: problem,
    }
}

/// Every job of a workflow.
#[must_use]
pub fn of_all_jobs(repository: &Repository, workflow: &Workflow) -> Closure {
    let all: Vec<&str> = workflow.jobs.iter().map(Job::name).collect();
    of_jobs(repository, workflow, &all)
}

/// What the action in a folder of the repository refers to, with the images
/// that its Dockerfile builds on, and what could not be read of it.
#[must_use]
pub fn of_local(repository: &Repository, action: &Action) -> (Vec<Reference>, Option<String>) {
    let mut found = of_action(action, Some(repository));
    let problem = action.document.problems().first();
    let unread = problem.map(|problem| problem.message.clone());
    let Some(image) = action.dockerfile() else {
        return (found, unread);
    };
    let path = plain(&inside(action.folder(), &image.value));
    let file = (repository.dockerfiles.iter()).find(|file| file.file().path() == path);
    let Some(file) = file else {
        return (found, Some(format!("its Dockerfile {path} was not read")));
    };
    let built = BuiltBases::of(repository, &scripts);
    found.extend(of_dockerfile(file, &built));
    (found, unread)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;
    use cofferdam_workflows::repository::Tree;

    use super::*;
    use crate::references::What;

    const PATH: &str = ".github/workflows/release.yml";

    fn repository(text: &str) -> Repository {
        Repository::read(vec![SourceFile::new(PATH, text)], Tree::default())
    }

    #[test]
    fn a_job_takes_what_the_jobs_that_it_needs_take() {
        let read = repository(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: o/a@v1\n  b:\n    \
             needs: a\n    runs-on: y\n    container: alpine:3\n    steps:\n      - run: make\n  \
             c:\n    needs: [b, d]\n    runs-on: z\n    steps:\n      - uses: ./own\n  d:\n    \
             uses: ./.github/workflows/d.yml\n  e:\n    runs-on: x\n    steps:\n      - uses: \
             o/e@v1\n",
        );
        let workflow = read.workflow(PATH).unwrap();
        let found = of_jobs(&read, workflow, &["c"]);
        assert_eq!(found.jobs, ["a", "b", "c", "d"]);
        assert_eq!(found.called.len(), 1);
        assert_eq!(found.machines.len(), 3);
        let names: Vec<String> = (found.references.iter())
            .map(|reference| match &reference.what {
                What::Action { pin, .. } => pin.to_string(),
                What::Image(name, _) => name.clone(),
                What::Local(folder) => folder.clone(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(names, ["o/a@v1", "alpine:3", "own"]);
        assert_eq!(of_all_jobs(&read, workflow).jobs.len(), 5);
    }
}
