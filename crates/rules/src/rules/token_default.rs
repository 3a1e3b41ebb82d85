//! Jobs whose token is whatever the repository's settings give.

use cofferdam_facts::Control;
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::semantics::permissions::{Decider, TokenDefault};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// Neither the job nor its workflow says what its token may do, so the
    /// repository's settings decide.
    ///
    /// # Why
    /// The default of repositories made before February 2023, and of any whose
    /// settings were never changed since, may write nearly everything. A fork,
    /// a move to another organisation, or one click in the settings changes
    /// what the job can do, and nothing in the code shows it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: push
    /// permissions:
    ///   contents: read
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    /// ```
    ///
    /// # How it is decided
    /// Every job without `permissions:` of its own in a workflow without them.
    /// With a settings snapshot the default is known: restricted satisfies the
    /// control, permissive is medium, and high where a stranger can start the
    /// job. Without it the finding is low and the control is not checked there.
    /// Reusable workflows that are only called get their caller's token and are
    /// judged there. `permissions: {}` counts as said; poutine takes it for
    /// missing.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions>
    /// - <https://github.blog/changelog/2023-02-02-github-actions-updating-the-default-github_token-permissions-to-read-only/>
    pub struct TokenDefaulted {
        id: "token-default",
        title: "The settings decide what a token may do",
        severity: High,
        controls: [C1],
        peers: [
            "zizmor/excessive-permissions",
            "scorecard/Token-Permissions",
            "codeql/MissingActionsPermissions",
            "sisakulint/permissions",
        ],
        standards: [
            Cwe::Cwe276,
            Scorecard::TokenPermissions,
            Osps::Ac0401,
            Osps::Ac0402,
            StepSecurity::LeastPrivilege,
        ],
    }
}

impl Rule for TokenDefaulted {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        // The caller's token is the limit; the caller is judged.
        if workflow
            .triggers
            .iter()
            .all(|t| t.name() == "workflow_call")
        {
            return;
        }
        let jobs = cx.jobs(workflow);
        let undeclared: Vec<&JobView<'_>> = jobs
            .iter()
            .filter(|j| j.token.decider == Decider::Settings)
            .collect();
        let Some(first) = undeclared.first() else {
            if let Some(job) = jobs.first() {
                let span = job.token.span.unwrap_or(workflow.on_span);
                if jobs.iter().all(|j| !j.token.write_all) {
                    out.satisfied(
                        Control::C1,
                        job.at(span),
                        "every job says what its token may do",
                    );
                }
            }
            return;
        };
        let place = first.at(workflow.on_span);
        match cx.token_default() {
            TokenDefault::Restricted => {
                out.satisfied(
                    Control::C1,
                    place,
                    "the repository's default token may only read",
                );
            }
            default => {
                report(workflow, &undeclared, default, out);
                if default == TokenDefault::Unknown {
                    out.unknown(
                        Control::C1,
                        Some(place),
                        "the default permissions of tokens",
                        "`cofferdam settings snapshot OWNER/REPO`, then `audit --settings FILE`",
                    );
                }
            }
        }
    }
}

fn report(workflow: &Workflow, jobs: &[&JobView<'_>], default: TokenDefault, out: &mut Sink) {
    let [first, ..] = jobs else { return };
    let outside = first
        .entry
        .events
        .iter()
        .find(|e| events::is_privileged_from_outside(e));
    let (severity, confidence) = match (default, outside) {
        (TokenDefault::Permissive, Some(_)) => (Severity::High, Confidence::High),
        (TokenDefault::Permissive, None) => (Severity::Medium, Confidence::High),
        (_, Some(_)) => (Severity::Medium, Confidence::Low),
        (_, None) => (Severity::Low, Confidence::Medium),
    };
    let names: Vec<_> = jobs
        .iter()
        .take(3)
        .map(|j| format!("`{}`", j.job.name()))
        .collect();
    let more = match jobs.len().saturating_sub(3) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let what = if default == TokenDefault::Permissive {
        "can write nearly everything, as the settings say"
    } else {
        "can do whatever the settings say, up to writing nearly everything"
    };
    let who = outside.map_or_else(String::new, |e| {
        format!("; a stranger can start it through `{e}`")
    });
    // Reported without evidence: an unknown default is not a proven absence.
    let controls: &[Control] = if default == TokenDefault::Permissive {
        &[Control::C1]
    } else {
        &[]
    };
    out.report_against(
        controls,
        Finding::new(
            TokenDefaulted::INFO.id,
            severity,
            first.at(workflow.on_span),
            format!("the token of {}{more} is not limited", names.join(", ")),
        )
        .confidence(confidence)
        .why(format!("The token {what}{who}"))
        .fix("Add `permissions: {}` to the workflow and name at each job the scopes that it needs")
        .subject("permissions")
        .group("workflows that leave the token to the settings"),
    );
}
