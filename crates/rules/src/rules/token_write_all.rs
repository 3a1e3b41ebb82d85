//! Tokens that may write everything.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::semantics::permissions::Decider;

use crate::context::{Context, JobView};
use crate::own_references::is_familiar;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A workflow or job asks for `permissions: write-all`.
    ///
    /// # Why
    /// Every step, every action and every dependency that a step runs can then
    /// push code, publish releases and packages, approve pull requests and
    /// change security findings with the job's token.
    ///
    /// # Vulnerable
    /// ```yaml
    /// permissions: write-all
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// permissions:
    ///   contents: read
    /// ```
    ///
    /// # How it is decided
    /// The value `write-all`, at the workflow or at a job. It is high where a
    /// stranger can start the job, or where the job runs an action that a third
    /// party can change, named by a tag or branch; medium elsewhere, since what
    /// is pinned, or comes from GitHub or this owner, has to be breached first.
    /// Compare zizmor `excessive-permissions` and
    /// Scorecard `Token-Permissions`, which do not look at who starts the job.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions>
    pub struct TokenWriteAll {
        id: "token-write-all",
        title: "A token may write everything",
        severity: High,
        controls: [C1],
        peers: [
            "zizmor/excessive-permissions",
            "scorecard/Token-Permissions",
            "sisakulint/permissions",
        ],
        standards: [
            Cwe::Cwe250,
            Scorecard::TokenPermissions,
            Osps::Ac0401,
            Osps::Ac0402,
            StepSecurity::LeastPrivilege,
        ],
    }
}

impl Rule for TokenWriteAll {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let mut workflow_level = None;
        for job in cx.jobs(workflow) {
            let Some(span) = job.token.span.filter(|_| job.token.write_all) else {
                continue;
            };
            if job.token.decider == Decider::Workflow && workflow_level.replace(span).is_some() {
                // One place, however many jobs inherit it.
                continue;
            }
            let whom = match job.token.decider {
                Decider::Workflow => "every job".to_owned(),
                _ => format!("job `{}`", job.job.name()),
            };
            let (severity, why) = grade(cx, workflow, job);
            out.report(
                Finding::new(
                    TokenWriteAll::INFO.id,
                    severity,
                    job.at(span),
                    format!("{whom} gets a token that may write everything"),
                )
                .why(why)
                .fix("Name the scopes that the job needs, job by job, and nothing else")
                .subject(job.subject())
                .group("tokens that may write everything"),
            );
        }
    }
}

fn grade(cx: &Context<'_>, workflow: &Workflow, job: &JobView<'_>) -> (Severity, String) {
    if let Some(event) = job
        .entry
        .events
        .iter()
        .find(|e| events::is_privileged_from_outside(e))
    {
        return (
            Severity::High,
            format!(
                "Anybody can start this job through `{event}`, and what it runs can write everything"
            ),
        );
    }
    let uses = || {
        let jobs = cx.jobs(workflow).iter().filter(|j| j.token.write_all);
        jobs.flat_map(|j| j.job.steps())
            .filter_map(|step| step.uses()?.value.repository())
            .filter(|uses| !is_familiar(cx.repository, uses))
    };
    if let Some(mutable) = uses().find(|uses| uses.commit().is_none()) {
        return (
            Severity::High,
            format!(
                "Whoever can move `{}` of `{}` could push code, publish and approve",
                mutable.git_ref.as_deref().unwrap_or("the ref"),
                mutable.as_written()
            ),
        );
    }
    let who = uses().next().map_or_else(
        || "Any code that a step runs".to_owned(),
        |uses| format!("`{}`, or whatever it pulls in,", uses.as_written()),
    );
    (
        Severity::Medium,
        format!("{who} could push code, publish and approve"),
    )
}
