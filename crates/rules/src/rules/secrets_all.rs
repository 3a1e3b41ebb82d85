//! Jobs that are handed every secret.

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::job::CallSecrets;
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::secrets::{Reach, SecretName, SecretUse};

use crate::context::{Context, JobView};
use crate::own_references::is_familiar;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A workflow takes the `secrets` context as a whole, as in
    /// `toJSON(secrets)`, or takes a secret whose name is computed at run time.
    ///
    /// # Why
    /// GitHub sends a job only the secrets that its text names. Where the text
    /// does not name them, the job gets all of them: every secret of the
    /// repository and of the organisation that the repository may use, also
    /// those that are added later. Whatever goes wrong in that job then loses
    /// all of them at once. In March 2025 the code that was planted into
    /// `tj-actions/changed-files` read the runner's memory for this.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: some/action@0123456789abcdef0123456789abcdef01234567
    ///   with:
    ///     secrets: ${{ toJSON(secrets) }}
    /// - run: deploy
    ///   env:
    ///     TOKEN: ${{ secrets[matrix.token] }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: some/action@0123456789abcdef0123456789abcdef01234567
    ///   with:
    ///     token: ${{ secrets.SOME_TOKEN }}
    /// - run: deploy
    ///   env:
    ///     TOKEN: ${{ matrix.to == 'eu' && secrets.TOKEN_EU || secrets.TOKEN_US }}
    /// ```
    ///
    /// # How it is decided
    /// From the parsed expressions: the bare context, a `*`, or an index that
    /// is not constant; `secrets['NAME']` is a name like any other. Whole
    /// context: high where an action of a third party gets it that is named by
    /// a tag or branch, medium otherwise. Computed name: medium where such an
    /// action runs in the job, low otherwise. In a workflow that is only
    /// called, the context holds what the callers in the checkout hand over;
    /// where each of them names its secrets, the finding is informational.
    /// zizmor's `overprovisioned-secrets` and poutine's `job_all_secrets` find
    /// the same places, with one severity and without looking at who gets it.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information>
    /// - <https://github.com/advisories/GHSA-mrrh-fwg8-r2c3>
    pub struct SecretsAll {
        id: "secrets-all",
        title: "A job is handed every secret",
        severity: High,
        controls: [C4],
        peers: [
            "zizmor/overprovisioned-secrets",
            "poutine/job_all_secrets",
            "codeql/ExcessiveSecretsExposure",
            "sisakulint/secret-exposure",
        ],
        standards: [Cwe::Cwe200, StepSecurity::EnvironmentSecrets],
    }
}

impl Rule for SecretsAll {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let mut seen = Vec::new();
        let mut by_name: Option<Location> = None;
        for job in cx.jobs(workflow) {
            for used in &job.secrets {
                match used.name {
                    SecretName::All | SecretName::Computed => {
                        // What stands in the workflow's `env:` is there once.
                        if !seen.contains(&used.span) {
                            seen.push(used.span);
                            report(cx, job, used, out);
                        }
                    }
                    SecretName::Named(_) => {
                        by_name.get_or_insert_with(|| job.at(used.span));
                    }
                    SecretName::Token => {}
                }
            }
        }
        if let (Some(place), true) = (by_name, seen.is_empty()) {
            out.satisfied(Control::C4, place, "secrets are taken by their names");
        }
    }
}

fn report(cx: &Context<'_>, job: &JobView<'_>, used: &SecretUse, out: &mut Sink) {
    let whole = used.name == SecretName::All;
    let steps = job.job.steps();
    let receiver = match used.reach {
        Reach::Step(index) => steps.get(index),
        _ => None,
    };
    let mutable = match receiver.filter(|_| whole) {
        Some(step) => is_mutable(cx, step),
        // It reaches every step of the job.
        None => steps.iter().any(|step| is_mutable(cx, step)),
    };
    let limited = only_what_callers_name(cx, job);
    let severity = match (limited, whole, mutable) {
        (true, _, _) => Severity::Info,
        (_, true, true) => Severity::High,
        (_, true, false) | (_, false, true) => Severity::Medium,
        (_, false, false) => Severity::Low,
    };
    let name = job.job.name();
    let (what, group) = if whole {
        (
            "takes every secret at once",
            "jobs that take every secret at once",
        )
    } else {
        (
            "takes a secret whose name is computed",
            "jobs that take a secret by a computed name",
        )
    };
    let to = match (receiver.and_then(Step::action), used.reach) {
        (Some(action), _) if whole => format!(" and hands them to `{action}`"),
        (_, Reach::Call) if whole => " and hands them to the workflow it calls".to_owned(),
        _ => String::new(),
    };
    let why = match (limited, mutable) {
        (true, _) => "The callers in this repository name what they hand over; a caller that \
                      inherits would open everything"
            .to_owned(),
        (_, true) => "Whoever can move the tag of an action in this job gets every secret of the \
                      repository, and those of the organisation that it may use"
            .to_owned(),
        _ => "The runner holds every secret of the repository, and those of the organisation \
              that it may use, while the job runs"
            .to_owned(),
    };
    let fix = if whole {
        "Name the secrets that are needed, one by one"
    } else {
        "Write the names out, and choose between them with `&&` and `||`"
    };
    let subject = receiver.map_or_else(|| job.subject(), |step| job.step_subject(step));
    let mut finding = Finding::new(
        SecretsAll::INFO.id,
        severity,
        job.at(used.span),
        format!("job `{name}` {what}{to}"),
    )
    .why(why)
    .fix(fix)
    .group(group)
    .subject(format!("{subject} {}", used.name.label()));
    // A workflow that is called elsewhere holds what those callers hand over.
    if job.entry.callable && !limited {
        finding = finding.confidence(Confidence::Medium);
    }
    out.report(finding);
}

/// Whether an action of a third party runs here that its owner can change.
fn is_mutable(cx: &Context<'_>, step: &Step) -> bool {
    step.uses()
        .and_then(|uses| uses.value.repository())
        .is_some_and(|uses| uses.commit().is_none() && !is_familiar(cx.repository, uses))
}

/// Whether the workflow only ever sees secrets that a caller in the checkout
/// has named.
fn only_what_callers_name(cx: &Context<'_>, job: &JobView<'_>) -> bool {
    let workflow = job.workflow;
    if workflow
        .triggers
        .iter()
        .any(|t| t.name() != "workflow_call")
    {
        return false;
    }
    let callers = cx.repository.callers(workflow.path());
    !callers.is_empty()
        && callers.iter().all(|caller| {
            caller
                .job
                .call()
                .is_some_and(|call| !matches!(call.secrets, CallSecrets::Inherit(_)))
        })
}
