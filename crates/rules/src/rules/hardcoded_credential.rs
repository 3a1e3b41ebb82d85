//! Passwords that stand in a workflow.

use cofferdam_facts::{Control, Location, Span};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::text::{Pair, Text, lookup};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::stages::{self, Stage};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// The password of a registry stands in the workflow as text: in the
    /// `credentials:` of a job's container or of a service, or in the input of
    /// an action that signs in.
    ///
    /// # Why
    /// Everybody who can read the repository can read it, in every clone and
    /// in the whole history. It cannot be taken back by deleting the line.
    ///
    /// # Vulnerable
    /// ```yaml
    /// container:
    ///   image: registry.example.com/build
    ///   credentials:
    ///     username: robot
    ///     password: hunter2
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// container:
    ///   image: registry.example.com/build
    ///   credentials:
    ///     username: robot
    ///     password: ${{ secrets.REGISTRY_PASSWORD }}
    /// ```
    ///
    /// # How it is decided
    /// The value holds no expression and is not empty. High, since whoever
    /// reads it can sign in; the confidence is medium, because the account may
    /// be one that is meant to be public and may only read. Registries that
    /// live on the runner alone are left out. zizmor's
    /// `hardcoded-container-credentials` and actionlint's `credentials` look
    /// at containers and services only.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idcontainercredentials>
    pub struct HardcodedCredential {
        id: "hardcoded-credential",
        title: "A password stands in the workflow",
        severity: High,
        controls: [C4],
        peers: [
            "zizmor/hardcoded-container-credentials",
            "octoscan/credentials",
            "actionlint/credentials",
            "sisakulint/credentials",
        ],
        standards: [Cwe::Cwe798, Osps::Br0701, StepSecurity::EnvironmentSecrets],
    }
}

/// Actions that sign in, with the input of the password and of the registry.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("azure/docker-login", "password", "login-server"),
    ("docker/login-action", "password", "registry"),
    ("js-devtools/npm-publish", "token", "registry"),
    ("pypa/gh-action-pypi-publish", "password", "repository-url"),
    ("redhat-actions/podman-login", "password", "registry"),
    ("redhat-actions/push-to-registry", "password", "registry"),
];

impl Rule for HardcodedCredential {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let mut kept = None;
        for job in cx.jobs(workflow) {
            let own = job.job.container.iter().map(|c| (c, "its container"));
            let services = job.job.services.iter().map(|(_, c)| (c, "a service"));
            for (container, whose) in own.chain(services) {
                let image = container.image.as_ref().map(|i| i.value.as_str());
                let password = lookup(&container.credentials, "password");
                let subject = format!("{} {whose}", job.subject());
                judge(job, password, image, whose, subject, &mut kept, out);
            }
            for step in job.job.steps() {
                if let Some((password, registry)) = signs_in(step) {
                    let registry = registry.map(|r| r.value.as_str());
                    let subject = job.step_subject(step);
                    judge(
                        job,
                        Some(password),
                        registry,
                        "a registry",
                        subject,
                        &mut kept,
                        out,
                    );
                }
            }
        }
        if let Some(place) = kept {
            out.satisfied(Control::C4, place, "the password of a registry is a secret");
        }
    }
}

fn signs_in(step: &Step) -> Option<(&Text, Option<&Text>)> {
    let name = step.action()?;
    let (_, password, registry) = ACTIONS.iter().find(|(action, ..)| *action == name)?;
    let with: &[Pair] = step.with();
    Some((lookup(with, password)?, lookup(with, registry)))
}

fn judge(
    job: &JobView<'_>,
    password: Option<&Text>,
    registry: Option<&str>,
    whose: &str,
    subject: String,
    kept: &mut Option<Location>,
    out: &mut Sink,
) {
    let Some(password) = password else { return };
    let place = |span: Span| job.at(span);
    match password.literal() {
        None => *kept = Some(place(password.span)),
        Some(text) if text.trim().is_empty() => {}
        Some(_) if registry.is_some_and(|r| stages::of_name(r) == Stage::Local) => {}
        Some(_) => out.report(
            Finding::new(
                HardcodedCredential::INFO.id,
                Severity::High,
                place(password.span),
                format!("job `{}` writes out the password of {whose}", job.job.name()),
            )
            .confidence(Confidence::Medium)
            .why("Everybody who can read the repository can sign in with it, now and from its history")
            .fix("Revoke the password, store a new one as a secret of an environment, and name that secret here")
            .group("passwords that stand in workflows")
            .subject(subject),
        ),
    }
}
