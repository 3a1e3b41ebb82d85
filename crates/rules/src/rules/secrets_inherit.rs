//! Calls that hand every secret to a reusable workflow.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{Control, Span};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::documents::job::{Call, CallSecrets};
use cofferdam_workflows::semantics::secrets::calls::{self, Taken};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job calls a reusable workflow with `secrets: inherit`.
    ///
    /// # Why
    /// The called workflow then sees every secret that the caller sees, those
    /// of the organisation included, and also those that are added later. What
    /// it needs is written nowhere, so that nobody can tell which secrets a
    /// change of it puts at risk.
    ///
    /// # Vulnerable
    /// ```yaml
    /// jobs:
    ///   publish:
    ///     uses: ./.github/workflows/publish.yml
    ///     secrets: inherit
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// jobs:
    ///   publish:
    ///     uses: ./.github/workflows/publish.yml
    ///     secrets:
    ///       REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// Where the called workflow is in the checkout, it is read, with those that
    /// it calls in turn, and the finding names the secrets that it takes: low,
    /// and informational where all of them are taken by jobs with an
    /// environment, whose values replace those that are handed over (GitHub
    /// fills a name from the environment only if the caller handed the name
    /// over, by `inherit` or by name).
    ///
    /// For a workflow of another repository the pin and the owner decide: medium
    /// where a tag or branch is named, low where a commit is.
    ///
    /// GitHub documents that `inherit` reaches workflows of the same
    /// organisation or enterprise; for another owner the confidence is low for
    /// this reason, and where it does not reach, the line only misleads.
    /// zizmor's `secrets-inherit` gives all calls medium and cannot say what to
    /// write instead.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows#passing-inputs-and-secrets-to-a-reusable-workflow>
    /// - <https://github.com/actions/runner/issues/1490>
    pub struct SecretsInherit {
        id: "secrets-inherit",
        title: "A reusable workflow inherits every secret",
        severity: Medium,
        controls: [C4],
        peers: [
            "zizmor/secrets-inherit",
            "codeql/SecretsInherit",
            "sisakulint/secrets-inherit",
        ],
        standards: [Cwe::Cwe200, StepSecurity::EnvironmentSecrets],
    }
}

impl Rule for SecretsInherit {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let mut named = None;
        for job in cx.jobs(workflow) {
            let Some(call) = job.job.call() else { continue };
            match &call.secrets {
                CallSecrets::Inherit(span) => report(cx, job, call, *span, out),
                CallSecrets::Named(_) => named = Some(job.at(call.uses.span)),
                CallSecrets::None => {}
            }
        }
        if let Some(place) = named {
            out.satisfied(
                Control::C4,
                place,
                "a called workflow is handed secrets by name",
            );
        }
    }
}

fn report(cx: &Context<'_>, job: &JobView<'_>, call: &Call, span: Span, out: &mut Sink) {
    let called = cx.repository.own_workflow(&call.uses.value);
    let uses = call.uses.value.repository();
    let (severity, confidence, why, fix, group) = match (called, uses) {
        (Some(called), _) => of_own(&calls::taken(cx.repository, called)),
        (None, Some(uses)) => of_other(cx, uses),
        (None, None) => (
            Severity::Low,
            Confidence::Medium,
            "The called workflow is not in the checkout, so that what it takes is not known"
                .to_owned(),
            "Name the secrets that the called workflow needs".to_owned(),
            "workflows that are not in the checkout inherit every secret",
        ),
    };
    let mut finding = Finding::new(
        SecretsInherit::INFO.id,
        severity,
        job.at(span),
        format!(
            "job `{}` hands every secret to `{}`",
            job.job.name(),
            call.uses.value
        ),
    )
    .confidence(confidence)
    .why(why)
    .fix(fix)
    .group(group)
    .subject(job.subject());
    if let Some(called) = called {
        let place = called.file().locate(called.on_span);
        finding = finding.related(place, "this workflow is called");
    }
    out.report(finding);
}

type Judged = (Severity, Confidence, String, String, &'static str);

fn of_own(taken: &Taken) -> Judged {
    const GROUP: &str = "calls of own workflows that inherit every secret";
    let names: Vec<_> = taken.names.iter().map(String::as_str).collect();
    let lines: Vec<_> = names
        .iter()
        .map(|name| format!("{name}: ${{{{ secrets.{name} }}}}"))
        .collect();
    let (severity, why, fix) = if taken.open {
        (
            Severity::Low,
            "The called workflow takes secrets without naming them, so that it may take any"
                .to_owned(),
            "Let the called workflow name its secrets, then hand over those".to_owned(),
        )
    } else if names.is_empty() {
        (
            Severity::Low,
            "The called workflow takes no secret at all; one that is added to it later gets \
             every secret"
                .to_owned(),
            "Remove `secrets: inherit`".to_owned(),
        )
    } else {
        let in_environment = taken.outside.is_empty();
        let why = format!(
            "The called workflow takes {} and no other secret{}",
            names.join(", "),
            if in_environment {
                ", each in a job with an environment"
            } else {
                ""
            }
        );
        let severity = if in_environment {
            Severity::Info
        } else {
            Severity::Low
        };
        let fix = format!(
            "Replace `inherit` by `{}`, and declare the names under `on.workflow_call.secrets`",
            lines.join("`, `")
        );
        (severity, why, fix)
    };
    (severity, Confidence::High, why, fix, GROUP)
}

fn of_other(cx: &Context<'_>, uses: &RepositoryUses) -> Judged {
    let owner = cx
        .repository
        .slug
        .as_deref()
        .and_then(|s| s.split_once('/'))
        .map(|(o, _)| o);
    let same = owner.is_some_and(|own| own.eq_ignore_ascii_case(&uses.owner));
    let fix = "Name the secrets that the called workflow documents".to_owned();
    let git_ref = uses.git_ref.as_deref().unwrap_or("no ref at all");
    let pinned = uses.commit().is_some();
    let severity = if pinned {
        Severity::Low
    } else {
        Severity::Medium
    };
    let confidence = if same || owner.is_none() {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    let reach = if same || owner.is_none() {
        String::new()
    } else {
        format!(
            ", if `{}` belongs to the same enterprise; otherwise GitHub hands over nothing and \
             the line misleads",
            uses.owner
        )
    };
    let (why, group) = if pinned {
        (
            format!(
                "What runs at this commit of {} gets every secret{reach}",
                uses.slug()
            ),
            "pinned workflows of other repositories that inherit every secret",
        )
    } else {
        (
            format!(
                "Whoever can move `{git_ref}` of {} gets every secret{reach}",
                uses.slug()
            ),
            "workflows of other repositories, named by a tag or branch, that inherit every secret",
        )
    };
    (severity, confidence, why, fix, group)
}
