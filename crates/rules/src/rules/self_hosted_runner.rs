//! Machines of one's own that pull requests can reach.

use cofferdam_facts::settings::{Fact, ForkApproval, Runner, Snapshot};
use cofferdam_facts::{Control, Span};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::constants::Surroundings;

use crate::context::{Context, JobView};
use crate::foreign;
use crate::guards;
use crate::rule::{Rule, Sink};
use crate::starts;

crate::rule! {
    /// # What
    /// A job on a self-hosted runner runs the code of pull requests from forks.
    ///
    /// # Why
    /// A hosted runner is thrown away after one job. A machine of one's own is
    /// not, unless somebody took care of that: what a pull request leaves there
    /// (a process, a changed tool, a hook) meets the next job, which may be a
    /// release, and it stands in the network that the machine stands in.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request
    /// jobs:
    ///   test:
    ///     runs-on: [self-hosted, linux]
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-24.04
    /// ```
    ///
    /// # How it is decided
    /// A runner is one's own where a label of `runs-on`, followed into a static
    /// matrix, is `self-hosted`, or where the settings list a runner with the
    /// job's labels. Other labels and groups may as well be larger hosted
    /// runners: what they are is unknown, not a finding. The job has to run on
    /// `pull_request` for a fork, or run its head on a privileged event.
    ///
    /// With settings it is high where accounts that are merely not new to GitHub
    /// start it without approval and a runner with the labels takes several
    /// jobs; medium where somebody approves or the settings are missing; low
    /// where every runner takes one job only. A private repository counts by its
    /// settings for forks.
    ///
    /// Where settings show such runners in a public repository, a pull request
    /// can also bring a workflow of its own that asks for them, so that a job
    /// elsewhere is no safer: that is reported once. zizmor's
    /// `self-hosted-runner` (auditor persona) reports every label and group on
    /// every event; poutine's `pr_runs_on_self_hosted` and Scorecard do not ask
    /// for settings.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#hardening-for-self-hosted-runners>
    /// - <https://docs.github.com/en/actions/how-tos/manage-runners/self-hosted-runners/manage-access>
    /// - <https://johnstawinski.com/2024/01/11/playing-with-fire-how-we-executed-a-critical-supply-chain-attack-on-pytorch/>
    pub struct SelfHostedRunner {
        id: "self-hosted-runner",
        title: "Pull requests run on a machine of one's own",
        severity: High,
        controls: [X3],
        peers: [
            "zizmor/self-hosted-runner",
            "poutine/pr_runs_on_self_hosted",
            "octoscan/runner-label",
            "codeql/CodeExecutionOnSelfHostedRunner",
            "sisakulint/self-hosted-runners",
        ],
        standards: [Cwe::Cwe829, Slsa::Hosted, Slsa::Isolated, Osps::Br0103],
    }
}

impl Rule for SelfHostedRunner {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            match machine(cx, view) {
                Machine::Hosted => {}
                Machine::Own(span, runners) => own(cx, view, span, &runners, out),
                Machine::Unknown(span) if reached(cx, view).is_some() => out.unknown(
                    Control::X3,
                    Some(view.at(span)),
                    format!("whether the runner of job `{}` is hosted", view.job.name()),
                    guards::settle(cx),
                ),
                Machine::Unknown(_) => {}
            }
        }
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        if out.findings.is_empty() {
            registered(cx, out);
        }
    }
}

/// Where a job runs.
enum Machine<'s> {
    Hosted,
    /// On one of these, as far as they were seen.
    Own(Span, Vec<&'s Runner>),
    Unknown(Span),
}

fn machine<'s>(cx: &'s Context<'_>, view: &JobView<'_>) -> Machine<'s> {
    let runs_on = &view.job.runs_on;
    let around = Surroundings::of_job(view.workflow, view.job);
    let mut labels = Vec::new();
    let mut complete = true;
    for label in &runs_on.labels {
        let values = around.values(label);
        complete &= values.complete;
        labels.extend(
            values
                .known
                .into_iter()
                .map(|c| c.text.to_ascii_lowercase()),
        );
    }
    let known = runners(cx);
    let asked: Vec<&Runner> = known
        .into_iter()
        .flatten()
        .filter(|runner| matches(runner, &labels, runs_on.labels.len()))
        .collect();
    if labels.iter().any(|l| l == "self-hosted") || !asked.is_empty() {
        return Machine::Own(runs_on.span, asked);
    }
    let hosted = |label: &String| is_hosted(label);
    if complete && runs_on.group.is_none() && labels.iter().all(hosted) {
        return Machine::Hosted;
    }
    // Only a list of the repository's runners that is complete says more.
    if known.is_some() && runs_on.group.is_none() && complete && owner_is_user(cx) {
        return Machine::Hosted;
    }
    Machine::Unknown(runs_on.span)
}

// A matrix gives one label for each of its jobs: there any one is enough.
fn matches(runner: &Runner, labels: &[String], written: usize) -> bool {
    let has = |label: &String| runner.labels.iter().any(|l| l.eq_ignore_ascii_case(label));
    if labels.is_empty() {
        return false;
    }
    if labels.len() > written {
        labels.iter().any(has)
    } else {
        labels.iter().all(has)
    }
}

fn runners<'s>(cx: &'s Context<'_>) -> Option<&'s [Runner]> {
    match &cx.facts.settings?.runners.repository {
        Fact::Known(runners) => Some(runners),
        Fact::NotChecked(_) => None,
    }
}

// A user's repository has no groups.
fn owner_is_user(cx: &Context<'_>) -> bool {
    cx.facts
        .settings
        .is_some_and(|s| matches!(&s.runners.groups, Fact::Known(groups) if groups.is_empty()))
}

// `ubuntu-24.04-arm`, `macos-15-xlarge`, `windows-latest`; larger runners may
// have any name.
fn is_hosted(label: &str) -> bool {
    ["ubuntu-", "macos-", "windows-"]
        .iter()
        .any(|os| label.starts_with(os))
}

/// How a fork's code gets to the job: the event.
fn reached(cx: &Context<'_>, view: &JobView<'_>) -> Option<&'static str> {
    let events = &view.entry.events;
    if events.contains("pull_request") && view.runs_for_outsider("pull_request") != Runs::No {
        return Some("`pull_request`");
    }
    let privileged = starts::of_job(cx, view)
        .iter()
        .any(|start| foreign::of_start(cx, start).may_run(start));
    privileged.then_some("a privileged event")
}

fn own(cx: &Context<'_>, view: &JobView<'_>, span: Span, runners: &[&Runner], out: &mut Sink) {
    let Some(event) = reached(cx, view) else {
        return;
    };
    let settings = cx.facts.settings;
    if let Some(false) = settings.and_then(private_forks_run) {
        let note = "the repository is private and runs nothing for forks";
        out.satisfied(Control::X3, view.at(span), note);
        return;
    }
    let once = ephemeral(runners);
    let approval = settings.and_then(|s| s.actions.fork_approval.known());
    let (severity, confidence) = grade(once, approval);
    let waits = match approval {
        Some(ForkApproval::AllExternalContributors) => "once somebody approves the run",
        Some(ForkApproval::FirstTimeContributors) => "without approval after one merged change",
        Some(_) => "without any approval, unless the account is new",
        None => "with whatever approval the settings ask for",
    };
    let stays = match once {
        Some(true) => "the machine takes one job only, and still stands in your network",
        Some(false) => "the machine takes other jobs afterwards",
        None => "what it leaves there may meet the next job",
    };
    if approval.is_none() || once.is_none() {
        let missing = "whether the runner takes one job only, and whose runs wait for approval";
        out.unknown(
            Control::X3,
            Some(view.at(span)),
            missing,
            guards::settle(cx),
        );
    }
    out.report(
        Finding::new(
            SelfHostedRunner::INFO.id,
            severity,
            view.at(span),
            format!(
                "job `{}` runs a fork's code on a self-hosted runner on {event}",
                view.job.name()
            ),
        )
        .why(format!("A stranger's code gets there {waits}: {stays}"))
        .fix(
            "Use a hosted runner for pull requests; else register runners that take one job \
             (`--ephemeral`), in a group of their own, and have every outside run approved",
        )
        .confidence(confidence)
        .group("jobs that run forks' code on self-hosted runners")
        .subject(view.subject()),
    );
}

fn grade(once: Option<bool>, approval: Option<&ForkApproval>) -> (Severity, Confidence) {
    let open = approval.map(|a| *a != ForkApproval::AllExternalContributors);
    match (once, open) {
        (Some(true), _) => (Severity::Low, Confidence::High),
        (Some(false), Some(true)) => (Severity::High, Confidence::High),
        (_, Some(false)) => (Severity::Medium, Confidence::High),
        _ => (Severity::Medium, Confidence::Medium),
    }
}

// Whether all the runners that may take it take one job only.
fn ephemeral(runners: &[&Runner]) -> Option<bool> {
    if runners.is_empty() {
        return None;
    }
    let each: Option<Vec<bool>> = runners
        .iter()
        .map(|r| r.ephemeral.known().copied())
        .collect();
    each.map(|all| all.into_iter().all(|once| once))
}

// Whether forks of a private repository run anything; `None` for a public one,
// and where it was not seen.
fn private_forks_run(settings: &Snapshot) -> Option<bool> {
    if settings.is_public().known().copied()? {
        return None;
    }
    match settings.actions.private_forks.known()? {
        Some(forks) => Some(forks.run_workflows),
        None => Some(false),
    }
}

// Runners of a public repository that no job of the checkout gives to forks: a
// pull request may bring a workflow that does.
fn registered(cx: &Context<'_>, out: &mut Sink) {
    let Some(settings) = cx.facts.settings else {
        return;
    };
    let public = settings.is_public().known() == Some(&true);
    let lasting: Vec<&Runner> = runners(cx)
        .into_iter()
        .flatten()
        .filter(|runner| runner.ephemeral.known() != Some(&true))
        .collect();
    let (true, Some(runner), Some(workflow)) =
        (public, lasting.first(), cx.repository.workflows.first())
    else {
        return;
    };
    let approval = settings.actions.fork_approval.known();
    let (severity, confidence) = grade(runner.ephemeral.known().copied(), approval);
    out.report(
        Finding::new(
            SelfHostedRunner::INFO.id,
            // No job of the checkout does it: it takes one that a stranger brings.
            severity.min(Severity::Medium),
            workflow.file().locate(workflow.on_span),
            format!(
                "the public repository has {} of its own for more than one job, such as `{}`",
                counted(lasting.len()),
                runner.name
            ),
        )
        .why("A pull request may bring a workflow that asks for them by their labels")
        .fix("Move them to a group that only named workflows may use, or make them take one job only")
        .confidence(confidence)
        .group("self-hosted runners registered with a public repository")
        .subject("runners"),
    );
}

fn counted(runners: usize) -> String {
    match runners {
        1 => "a runner".to_owned(),
        n => format!("{n} runners"),
    }
}
