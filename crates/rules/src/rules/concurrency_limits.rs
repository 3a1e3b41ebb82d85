//! Runs that pile up beside each other.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::documents::job::JobKind;
use cofferdam_workflows::semantics::publishing::Artifact;

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// Nothing says how many runs of a workflow may go on at once, although
    /// each push to a pull request starts one more, or although it publishes.
    ///
    /// # Why
    /// Runs for commits that nobody waits for any more take runners from those
    /// that matter, a stranger who pushes often can take all of them. Of two
    /// runs that publish at the same time, the older one may end last and put
    /// the older build over the newer.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request
    /// concurrency:
    ///   group: ${{ github.workflow }}-${{ github.head_ref || github.run_id }}
    ///   cancel-in-progress: true
    /// ```
    ///
    /// # How it is decided
    /// One informational finding for a workflow that a pull request starts, or
    /// in which a job publishes, if neither it nor each of its jobs (for a
    /// release, each that publishes) sets `concurrency`. What is only called by
    /// other workflows is theirs to limit, and runs by hand or by the clock do
    /// not pile up. zizmor's `concurrency-limits` (pedantic persona) reports
    /// every workflow and also asks for `cancel-in-progress`, which a release
    /// is better without.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#concurrency>
    /// - <https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency>
    pub struct ConcurrencyLimits {
        id: "concurrency-limits",
        title: "Runs of a workflow are not limited",
        severity: Info,
        controls: [],
        peers: ["zizmor/concurrency-limits"],
        standards: [Cwe::Cwe400],
    }
}

impl Rule for ConcurrencyLimits {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        if workflow.concurrency {
            return;
        }
        let jobs = cx.jobs(workflow);
        let unlimited = |job: &&JobView<'_>| !job.job.concurrency;
        let publisher = jobs.iter().filter(unlimited).find(|job| publishes(job));
        let trigger = ["pull_request", "pull_request_target"]
            .iter()
            .find_map(|event| workflow.trigger(event));
        let piles = trigger.filter(|_| jobs.iter().any(|job| unlimited(&job) && !is_call(job)));
        let (place, message, why) = match (publisher, piles) {
            (Some(job), _) => (
                job.at(job.job.id.span),
                format!(
                    "job `{}` publishes, and two runs may do so at once",
                    job.job.name()
                ),
                "The run of the older commit may end last and put its build over the newer one",
            ),
            (None, Some(trigger)) => (
                workflow.file().locate(trigger.event.span),
                format!(
                    "every push to a pull request starts one more run on `{}`",
                    trigger.name()
                ),
                "Runs that nobody waits for take runners from those that matter",
            ),
            (None, None) => return,
        };
        out.report(
            Finding::new(ConcurrencyLimits::INFO.id, Severity::Info, place, message)
                .why(why)
                .fix(if publisher.is_some() {
                    "Set `concurrency:` with a group of its own, without `cancel-in-progress`"
                } else {
                    "Set `concurrency:` with a group for each pull request and `cancel-in-progress: true`"
                })
                .group("workflows whose runs are not limited")
                .subject("concurrency"),
        );
    }
}

fn is_call(job: &JobView<'_>) -> bool {
    matches!(job.job.kind, JobKind::Call(_))
}

fn publishes(job: &JobView<'_>) -> bool {
    job.publications
        .iter()
        .any(|p| p.artifact != Artifact::Site)
}
