//! The guard of `actions/checkout` against heads of forks, off or missing.

use cofferdam_facts::Control;
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Action, Step, Workflow};
use cofferdam_workflows::semantics::checkouts::{self, Guard};

use crate::context::{Context, JobView};
use crate::foreign::{self, Means};
use crate::rule::{Rule, Sink};
use crate::starts::{self, Start};

crate::rule! {
    /// # What
    /// `actions/checkout` is told `allow-unsafe-pr-checkout: true`, or is of a
    /// version without the guard that this input turns off, in a job that
    /// fetches the head of a fork with the repository's privileges.
    ///
    /// # Why
    /// Since version 7, and since 2026-07 in the newest releases of versions 2
    /// to 6, the action refuses a fork's head in runs of `pull_request_target`
    /// and `workflow_run`. That refusal is the last layer before a stranger's
    /// files lie beside secrets; the input takes it away for every later edit
    /// of the job too.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: actions/checkout@3df4ab11eba7bda6032a0b82a6bb43b11571feac # v7.0.0
    ///   with:
    ///     ref: ${{ github.event.pull_request.head.sha }}
    ///     allow-unsafe-pr-checkout: true
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    ///   with:
    ///     persist-credentials: false
    /// ```
    ///
    /// # How it is decided
    /// With the input: medium where a stranger starts the job, it holds something
    /// and may run the head that it fetches; low elsewhere, where the head is
    /// merged or only read, or none is fetched.
    /// Without the guard: low, and only where such a head is fetched; whether
    /// something runs it is `untrusted-checkout`'s to say. The version is that
    /// of the tag, or of the comment behind a commit; moving tags have the
    /// guard. No other tool looks at it.
    ///
    /// # References
    /// - <https://github.com/actions/checkout/releases/tag/v7.0.0>
    /// - <https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target>
    pub struct CheckoutGuardDisabled {
        id: "checkout-guard-disabled",
        title: "The guard of actions/checkout is off or missing",
        severity: Medium,
        controls: [X1],
        standards: [
            Cwe::Cwe693,
            Osps::Br0103,
            Scorecard::DangerousWorkflow,
            StepSecurity::UnsafeTriggers,
        ],
    }
}

impl Rule for CheckoutGuardDisabled {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let opted: Vec<&Step> = view
                .job
                .steps()
                .iter()
                .filter(|s| opts_out(&workflow.document, s))
                .collect();
            let starts: Vec<Start<'_>> = starts::of_job(cx, view)
                .into_iter()
                .filter(|s| !s.way.keeps_files_out())
                .filter(|s| matches!(s.event(), "pull_request_target" | "workflow_run"))
                .collect();
            for step in &opted {
                opted_out(cx, view, step, &starts, out);
            }
            missing(cx, view, &starts, out);
        }
    }

    fn action(&self, _cx: &Context<'_>, action: &Action, out: &mut Sink) {
        for step in action.steps() {
            if !opts_out(&action.document, step) {
                continue;
            }
            let span = input(step);
            out.report(
                Finding::new(
                    Self::INFO.id,
                    Severity::Low,
                    action.file().locate(span),
                    "the action lets its checkout fetch heads of forks in every job that uses it",
                )
                .why("A job with secrets that uses the action loses the last layer before a fork's files")
                .fix("Take the input away, or make it an input of the action that is off by default")
                .subject(format!("runs/{}", step.label()))
                .group(GROUP),
            );
        }
    }
}

const GROUP: &str = "checkouts that may fetch heads of forks in privileged runs";

fn opts_out(document: &cofferdam_workflows::yaml::Document, step: &Step) -> bool {
    checkouts::is_checkout(step) && checkouts::guard(document, step) == Guard::OptedOut
}

fn input(step: &Step) -> cofferdam_facts::Span {
    step.input("allow-unsafe-pr-checkout")
        .map_or_else(|| step.head(), |t| t.span)
}

fn opted_out(
    cx: &Context<'_>,
    view: &JobView<'_>,
    step: &Step,
    starts: &[Start<'_>],
    out: &mut Sink,
) {
    let place = view.at(input(step));
    let using = starts.iter().find(|start| {
        let foreign = foreign::of_start(cx, start);
        if !foreign.may_run(start) {
            return false;
        }
        let fetched = foreign.files().any(|f| {
            f.label == step.label()
                && f.head.is_code()
                && f.means == Means::Checkout(Guard::OptedOut)
        });
        fetched && (start.stakes.any() || start.stakes.perhaps_writes)
    });
    let name = view.job.name();
    let finding = match using {
        Some(start) => Finding::new(
            CheckoutGuardDisabled::INFO.id,
            Severity::Medium,
            place,
            format!("job `{name}` turns off the guard against heads of forks"),
        )
        .why(format!(
            "A fork's files lie in a job that holds {}; nothing but the care of every later \
             step keeps them from running",
            start.stakes.describe()
        ))
        .fix("Fetch the head in a job without secrets, on `pull_request`, and take the input away")
        .related(start.place(), start.starter()),
        None => Finding::new(
            CheckoutGuardDisabled::INFO.id,
            Severity::Low,
            place,
            format!("job `{name}` turns off the guard against heads of forks, and runs none"),
        )
        .why("Nothing here runs a stranger's head with privileges; a later edit that does would meet no guard")
        .fix("Remove `allow-unsafe-pr-checkout`, or keep the head in a folder that nothing runs"),
    };
    out.report(finding.subject(view.step_subject(step)).group(GROUP));
}

fn missing(cx: &Context<'_>, view: &JobView<'_>, starts: &[Start<'_>], out: &mut Sink) {
    let mut seen = Vec::new();
    for start in starts {
        for fetch in foreign::of_start(cx, start).files() {
            if fetch.head.is_lost() {
                continue;
            }
            let old = match fetch.means {
                Means::Checkout(Guard::Missing) => true,
                Means::Checkout(Guard::Unknown) => false,
                _ => continue,
            };
            if !fetch.head.is_code() || seen.contains(&fetch.place) {
                continue;
            }
            seen.push(fetch.place.clone());
            if !old {
                out.unknown(
                    Control::X1,
                    Some(fetch.place.clone()),
                    "whether this version of actions/checkout refuses heads of forks",
                    "name the full version in a comment behind the commit",
                );
                continue;
            }
            out.report(
                Finding::new(
                    CheckoutGuardDisabled::INFO.id,
                    Severity::Low,
                    fetch.place.clone(),
                    format!(
                        "job `{}` fetches a fork's head with a version that has no guard",
                        view.job.name()
                    ),
                )
                .confidence(Confidence::High)
                .why("Newer releases of the same action refuse it in this event; this one fetches it")
                .fix("Update actions/checkout to version 7, or to 4.4, 5.1 or 6.1 at least")
                .subject(format!("{}/{} version", view.subject(), fetch.label))
                .group("checkouts of forks by versions without the guard"),
            );
        }
    }
}
