//! What a job was built with: its workflow, its locks and its actions, read
//! from the commits that its token names.
//!
//! A work tree holds what the steps before have left in it, so that nothing of
//! it is read: an object of git has the hash by which the token names it.

mod list;
mod locks;

use std::collections::BTreeSet;
use std::path::Path;

use cofferdam_attest::job::{JobClaims, WorkflowRef};
use cofferdam_attest::{Dependency, Kind};
use cofferdam_facts::UsesRef;
use cofferdam_locking::closure::{self, Closure};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Job, Workflow};
use cofferdam_workflows::repository::plain;

use self::list::List;
use self::locks::Locks;
use crate::git::{self, GitError};
use crate::limits::Limits;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The root of a clone of the repository that is built.
    pub root: &'a Path,
    /// What the token of the job says.
    pub claims: &'a JobClaims,
    /// Where repositories lie, without a slash at its end.
    pub server: &'a str,
    /// The id of the job.
    pub job: &'a str,
    /// The name and the version of the image of its machine.
    pub machine: Option<(&'a str, &'a str)>,
    /// How much is read.
    pub limits: &'a Limits,
}

/// What a job was built with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The jobs that were looked at: `ID`, or `PATH#ID` in a called workflow.
    pub jobs: Vec<String>,
    /// What they take, in order of kind and address.
    pub dependencies: Vec<Dependency>,
}

/// Why nobody can say what a job was built with.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// A commit of the token cannot be read here.
    #[error("the commit {commit}, which the token names, cannot be read: {source}")]
    Git {
        /// The commit.
        commit: String,
        /// Why not.
        source: GitError,
    },
    /// The workflow that was started lies elsewhere.
    #[error("the workflow {workflow} lies in another repository than the one that is built")]
    Foreign {
        /// The workflow.
        workflow: String,
    },
    /// The commit has no such workflow.
    #[error("the commit {commit} has no workflow {path}")]
    NoWorkflow {
        /// The commit.
        commit: String,
        /// The path.
        path: String,
    },
    /// The workflow has no such job.
    #[error("the workflow {path} has no job `{job}`; it has {}", jobs.join(", "))]
    NoJob {
        /// The path.
        path: String,
        /// The job.
        job: String,
        /// Those that it has.
        jobs: Vec<String>,
    },
    /// No job calls the workflow that the token says the job stands in.
    #[error(
        "no job of {path} calls a workflow, and the token says that the job stands in {called}"
    )]
    NoCall {
        /// The started workflow.
        path: String,
        /// The workflow of the job.
        called: String,
    },
}

impl ProvenanceError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Git { .. } => Some(
                "name a clone of the repository that holds this commit, as `actions/checkout` \
                 makes it, by --repository PATH",
            ),
            Self::NoJob { .. } => Some("name the job by its id, --job ID"),
            _ => None,
        }
    }
}

/// Where the job stands.
enum Standing<'c> {
    /// In the workflow that was started.
    Started,
    /// In a workflow of the same commit that the started one calls.
    Called(WorkflowRef<'c>),
    /// In a workflow of another commit, mostly of another repository.
    Foreign(WorkflowRef<'c>),
}

/// Finds out what a job was built with.
///
/// # Errors
/// [`ProvenanceError`] if the token, the job and the commits do not go
/// together. What is merely not known is part of the result.
pub fn gather(request: &Request<'_>) -> Result<Gathered, ProvenanceError> {
    let claims = request.claims;
    let (Some(started), Some(own)) = (claims.workflow(), claims.job_workflow()) else {
        return Err(ProvenanceError::Foreign {
            workflow: claims.workflow_ref.clone(),
        });
    };
    if !started.repository.eq_ignore_ascii_case(&claims.repository) {
        return Err(ProvenanceError::Foreign {
            workflow: claims.workflow_ref.clone(),
        });
    }
    let workflows = read(request, &claims.workflow_sha)?;
    let same = claims.sha.eq_ignore_ascii_case(&claims.workflow_sha);
    let other = match same {
        true => None,
        false => Some(read(request, &claims.sha)?),
    };
    let source = other.as_ref().unwrap_or(&workflows);
    let workflow =
        (workflows.workflow(started.path)).ok_or_else(|| ProvenanceError::NoWorkflow {
            commit: claims.workflow_sha.clone(),
            path: started.path.to_owned(),
        })?;
    let at_same = claims
        .job_workflow_sha
        .eq_ignore_ascii_case(&claims.workflow_sha);
    let here = own.repository.eq_ignore_ascii_case(&claims.repository) && at_same;
    let standing = match (here, own.path == started.path) {
        (true, true) => Standing::Started,
        (true, false) => Standing::Called(own),
        (false, _) => Standing::Foreign(own),
    };
    let wanted = wanted(request, workflow, &standing)?;
    let mut walk = Walk {
        request,
        workflows: &workflows,
        locks: Locks::of(&workflows),
        list: List::new(request, source),
        own: (here, own.path),
        jobs: Vec::new(),
    };
    walk.closure(
        workflow,
        &closure::of_jobs(&workflows, workflow, &wanted),
        true,
    );
    walk.called(started.path)?;
    if let Standing::Foreign(own) = standing {
        walk.list.job_workflow(own);
    }
    Ok(Gathered {
        jobs: walk.jobs,
        dependencies: walk.list.finish(),
    })
}

fn read(request: &Request<'_>, commit: &str) -> Result<Repository, ProvenanceError> {
    let found = git::revision(request.root, commit, request.limits);
    let mut collected = found.map_err(|source| ProvenanceError::Git {
        commit: commit.to_owned(),
        source,
    })?;
    // A tag would lead to another object than the token names.
    if !(collected.revision.as_deref()).is_some_and(|found| found.eq_ignore_ascii_case(commit)) {
        return Err(ProvenanceError::Git {
            commit: commit.to_owned(),
            source: GitError::NotACommit {
                revision: commit.to_owned(),
            },
        });
    }
    Ok(collected.repository(None, request.limits))
}

/// The jobs of the started workflow from which everything follows: the job
/// itself, or those that call what it stands in.
fn wanted<'w>(
    request: &Request<'_>,
    workflow: &'w Workflow,
    standing: &Standing<'_>,
) -> Result<Vec<&'w str>, ProvenanceError> {
    let calls = |job: &&Job, uses: &dyn Fn(&UsesRef) -> bool| {
        job.call().is_some_and(|call| uses(&call.uses.value))
    };
    let those = |uses: &dyn Fn(&UsesRef) -> bool| -> Vec<&'w str> {
        let found = workflow.jobs.iter().filter(|job| calls(job, uses));
        found.map(Job::name).collect()
    };
    let own = match standing {
        Standing::Started => {
            let job = workflow.job(request.job);
            return job
                .map(|job| vec![job.name()])
                .ok_or_else(|| no_job(request, workflow));
        }
        Standing::Called(own) | Standing::Foreign(own) => own,
    };
    let direct = those(&|uses| match uses {
        UsesRef::Local(path) | UsesRef::SelfRepository(path) => {
            matches!(standing, Standing::Called(_)) && plain(&path.replace('\\', "/")) == own.path
        }
        UsesRef::Repository(uses) => {
            own.repository
                .eq_ignore_ascii_case(&format!("{}/{}", uses.owner, uses.repo))
                && plain(&uses.path) == own.path
        }
        _ => false,
    });
    if !direct.is_empty() {
        return Ok(direct);
    }
    // A called workflow may call another one: any call may be the one.
    let all = those(&|_| true);
    if all.is_empty() {
        return Err(ProvenanceError::NoCall {
            path: workflow.path().to_owned(),
            called: request.claims.job_workflow_ref.clone(),
        });
    }
    Ok(all)
}

fn no_job(request: &Request<'_>, workflow: &Workflow) -> ProvenanceError {
    ProvenanceError::NoJob {
        path: workflow.path().to_owned(),
        job: request.job.to_owned(),
        jobs: workflow
            .jobs
            .iter()
            .map(|job| job.name().to_owned())
            .collect(),
    }
}

/// Goes from the started workflow to those of the same commit that it calls.
struct Walk<'r> {
    request: &'r Request<'r>,
    workflows: &'r Repository,
    locks: Locks<'r>,
    list: List<'r>,
    /// Whether the job stands in a workflow of this commit, and its path.
    own: (bool, &'r str),
    jobs: Vec<String>,
}

impl Walk<'_> {
    /// Takes the jobs of one workflow.
    fn closure(&mut self, workflow: &Workflow, found: &Closure, started: bool) {
        let path = workflow.path();
        let shown = |id: &str| match started {
            true => id.to_owned(),
            false => format!("{path}#{id}"),
        };
        self.jobs.extend(found.jobs.iter().map(|id| shown(id)));
        let (here, own) = self.own;
        for (id, labels) in &found.machines {
            let is_own = here && own == path && *id == self.request.job;
            let machine = self.request.machine.filter(|_| is_own);
            self.list.machine(&shown(id), labels, is_own, machine);
        }
        for reference in &found.references {
            self.list.reference(reference, &self.locks);
        }
        if let Some(problem) = &found.unread {
            let unread = format!("not everything of it was read: {problem}");
            self.list.own_workflow(path, path, Some(unread));
        }
        for called in &found.called {
            let there = self.workflows.workflow(called).is_some();
            let why = (!there).then(|| "the commit has no such workflow".to_owned());
            self.list.own_workflow(called, path, why);
        }
    }

    /// Takes the workflows that are called, whole, but for the one that the job
    /// stands in: of that, what the job needs.
    fn called(&mut self, started: &str) -> Result<(), ProvenanceError> {
        let mut seen = BTreeSet::from([started.to_owned()]);
        loop {
            let next = self.list.called_workflows();
            let Some(path) = next.into_iter().find(|path| !seen.contains(path)) else {
                return Ok(());
            };
            seen.insert(path.clone());
            let Some(workflow) = self.workflows.workflow(&path) else {
                continue;
            };
            let (here, own) = self.own;
            let found = if here && own == path {
                if workflow.job(self.request.job).is_none() {
                    return Err(no_job(self.request, workflow));
                }
                closure::of_jobs(self.workflows, workflow, &[self.request.job])
            } else {
                closure::of_all_jobs(self.workflows, workflow)
            };
            self.closure(workflow, &found, false);
        }
    }
}

/// Whether something of what was gathered is open that could be fixed.
#[must_use]
pub fn open(dependencies: &[Dependency]) -> Vec<&Dependency> {
    dependencies.iter().filter(|one| one.is_open()).collect()
}

/// How many of each kind there are, in words.
#[must_use]
pub fn counted(dependencies: &[Dependency]) -> String {
    let count = |kinds: &[Kind], one: &str, more: &str| {
        let count = dependencies
            .iter()
            .filter(|d| kinds.contains(&d.kind))
            .count();
        format!("{count} {}", if count == 1 { one } else { more })
    };
    [
        count(&[Kind::Action, Kind::Local], "action", "actions"),
        count(&[Kind::Workflow], "called workflow", "called workflows"),
        count(&[Kind::Image], "image", "images"),
        count(&[Kind::Runner], "machine", "machines"),
    ]
    .join(", ")
}
