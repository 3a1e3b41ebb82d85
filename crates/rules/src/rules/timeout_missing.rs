//! Jobs that may hang for hours.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::documents::job::{Job, JobKind};

use crate::context::Context;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// Jobs of a workflow set no `timeout-minutes`.
    ///
    /// # Why
    /// A job that hangs, or that is made to, goes on for six hours, on a
    /// self-hosted runner for five days. Whoever gets code to run in it has that
    /// long, and the minutes and the runner are gone.
    ///
    /// # Vulnerable
    /// ```yaml
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-24.04
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-24.04
    ///     timeout-minutes: 20
    /// ```
    ///
    /// # How it is decided
    /// One informational finding for a workflow, which counts its jobs with
    /// steps that have no limit, neither of their own nor at each of their
    /// steps. Calls of reusable workflows cannot have one. sisakulint's
    /// `timeout-minutes` reports every job, if it is asked to; zizmor has no
    /// such rule.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idtimeout-minutes>
    /// - <https://docs.github.com/en/actions/reference/limits>
    pub struct TimeoutMissing {
        id: "timeout-missing",
        title: "Jobs may run for hours",
        severity: Info,
        controls: [],
        peers: ["sisakulint/timeout-minutes"],
        standards: [Cwe::Cwe400],
    }
}

impl Rule for TimeoutMissing {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, _cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let with_steps = || {
            let steps = |job: &&Job| matches!(job.kind, JobKind::Steps(_));
            workflow.jobs.iter().filter(steps)
        };
        let without: Vec<&Job> = with_steps()
            .filter(|job| job.timeout_minutes.is_none() && !steps_have_limits(workflow, job))
            .collect();
        let Some(first) = without.first() else { return };
        let message = match (without.len(), with_steps().count()) {
            (1, _) => format!("job `{}` has no time limit", first.name()),
            (n, all) if n == all => format!("none of the {all} jobs has a time limit"),
            (n, all) => format!("{n} of the {all} jobs have no time limit"),
        };
        out.report(
            Finding::new(
                TimeoutMissing::INFO.id,
                Severity::Info,
                workflow.file().locate(first.id.span),
                message,
            )
            .why("A job that hangs goes on for six hours")
            .fix("Set `timeout-minutes` to about twice what the job takes")
            .group("workflows with jobs that have no time limit")
            .subject("timeout-minutes"),
        );
    }
}

fn steps_have_limits(workflow: &Workflow, job: &Job) -> bool {
    let steps = workflow
        .document
        .root()
        .and_then(|root| root.get("jobs")?.get(job.name())?.get("steps"));
    steps.is_some_and(|steps| {
        let mut items = steps.items().peekable();
        items.peek().is_some() && items.all(|step| step.get("timeout-minutes").is_some())
    })
}
