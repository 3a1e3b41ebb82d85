//! What it would mean that somebody else decides the code behind a `uses:`.
//!
//! Shared by every rule about foreign code, so that the same place is graded
//! the same whether its tag may move, was moved, or names an imitation.

use cofferdam_facts::Scope;
use cofferdam_findings::{Confidence, Severity};
use cofferdam_workflows::documents::Action;
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::semantics::permissions::{Decider, Effective};

use crate::context::{Context, JobView};
use crate::sites::{Holder, UseSite};
use crate::stakes::Stakes;

/// Secrets whose only known use is to upload a report to the service that
/// gave them out; by how their documented names begin.
const REPORT_TOKENS: &[&str] = &[
    "CC_TEST_REPORTER_ID",
    "CODACY_PROJECT_TOKEN",
    "CODECOV_",
    "COVERALLS_",
];

/// What foreign code at one place could take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takeover {
    /// High where a secret, a write or something published is lost, low where
    /// nothing is but the result of the run.
    pub severity: Severity,
    /// Less than high where settings or other repositories decide.
    pub confidence: Confidence,
    /// One phrase for messages: what is lost.
    pub held: String,
    /// How much that is, see [`Stakes::weight`].
    pub weight: usize,
}

/// A job that runs an action of the checkout.
#[derive(Clone, Copy, Debug)]
pub struct User<'c> {
    /// The job.
    pub job: &'c JobView<'c>,
    /// Whether every `uses:` on the way is of the form `$/…`, which runs what
    /// the running commit holds.
    pub by_commit: bool,
}

/// Which job runs which action of the checkout.
#[derive(Clone, Copy, Debug)]
pub struct Takeovers<'c> {
    cx: &'c Context<'c>,
}

impl<'c> Takeovers<'c> {
    /// For the jobs and actions of a checkout.
    #[must_use]
    pub fn new(cx: &'c Context<'c>) -> Self {
        Self { cx }
    }

    /// The jobs of this checkout that run an action of it.
    pub fn users(&self, action: &Action) -> impl Iterator<Item = User<'c>> + use<'c> {
        let cx = self.cx;
        let found = cx.usage().running(action.path());
        found.iter().filter_map(move |running| {
            Some(User {
                job: cx.job(running.job)?,
                by_commit: running.by_commit,
            })
        })
    }

    /// What foreign code at a place could take.
    #[must_use]
    pub fn at(&self, site: &UseSite<'_>) -> Takeover {
        match site.holder {
            Holder::Step(job, _) | Holder::Call(job) => self.of_job(job),
            Holder::Action(action, _) => self.of_action(action),
        }
    }

    /// What foreign code in a job could take.
    #[must_use]
    pub fn of_job(&self, job: &JobView<'_>) -> Takeover {
        let stakes = self.stakes(job);
        let (severity, confidence) = grade(&stakes);
        Takeover {
            severity,
            confidence,
            held: stakes.describe(),
            weight: stakes.weight(),
        }
    }

    /// What foreign code in the gravest of some jobs could take.
    #[must_use]
    pub fn of_jobs<'j>(&self, jobs: impl IntoIterator<Item = &'j JobView<'j>>) -> Option<Takeover> {
        jobs.into_iter()
            .map(|job| {
                let mut takeover = self.of_job(job);
                takeover.held = format!("{}, in job `{}`", takeover.held, job.job.name());
                takeover
            })
            .max_by_key(|takeover| (takeover.severity, takeover.confidence, takeover.weight))
    }

    /// What foreign code in an action of the checkout could take.
    #[must_use]
    pub fn of_action(&self, action: &Action) -> Takeover {
        let jobs = self.users(action).map(|user| user.job);
        if let Some(takeover) = self.of_jobs(jobs) {
            return takeover;
        }
        Takeover {
            severity: if is_aside(action.path()) {
                Severity::Info
            } else {
                Severity::Medium
            },
            confidence: Confidence::Medium,
            held: "whatever the jobs hold that use this action".to_owned(),
            weight: 0,
        }
    }

    fn stakes(&self, job: &JobView<'_>) -> Stakes {
        let mut stakes = self.under_callers(job);
        // Without a secret and a right to write, nothing can be published,
        // whatever a step looks like.
        if stakes.secrets.is_empty() && stakes.writes.is_empty() && !stakes.perhaps_writes {
            stakes.publishes.clear();
        }
        stakes
    }

    // A workflow that others only call has its callers' token, or less.
    fn under_callers(&self, job: &JobView<'_>) -> Stakes {
        let mut stakes = job.stakes();
        let only_called = job
            .workflow
            .triggers
            .iter()
            .all(|t| t.name() == "workflow_call");
        if !only_called {
            return stakes;
        }
        let callers = self.cx.repository.callers(job.workflow.path());
        let tokens: Vec<Effective> = callers
            .iter()
            .filter_map(|caller| {
                let jobs = self.cx.jobs(caller.workflow).iter();
                let view = jobs
                    .into_iter()
                    .find(|view| view.job.name() == caller.job.name())?;
                Some(if job.token.decider == Decider::Settings {
                    view.token.clone()
                } else {
                    job.token.capped_by(&view.token)
                })
            })
            .collect();
        if tokens.is_empty() {
            return stakes;
        }
        let (unseen, seen): (Vec<_>, Vec<_>) = tokens.iter().partition(|token| token.assumed);
        stakes.perhaps_writes = unseen.iter().any(|token| token.can_write());
        stakes.writes = seen.iter().flat_map(|token| token.writes()).collect();
        stakes
    }
}

/// High for what an attacker can use at once; medium where it takes another
/// party's trust in the job's identity, or settings that were not seen.
fn grade(stakes: &Stakes) -> (Severity, Confidence) {
    let mut worth = stakes.clone();
    worth
        .secrets
        .retain(|name| !REPORT_TOKENS.iter().any(|token| name.starts_with(token)));
    worth.writes.remove(&Scope::IdToken);
    if worth.is_grave() {
        (Severity::High, Confidence::High)
    } else if stakes.any() {
        (Severity::Medium, Confidence::High)
    } else if stakes.perhaps_writes {
        (Severity::Medium, Confidence::Medium)
    } else {
        (Severity::Low, Confidence::High)
    }
}
