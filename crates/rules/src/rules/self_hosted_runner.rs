//! Machines of one's own that pull requests can reach.

use cofferdam_facts::settings::{ForkApproval, Runner, Snapshot};
use cofferdam_facts::{Control, Location, Span};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::conditions::Runs;

use crate::context::{Context, JobView};
use crate::foreign;
use crate::guards;
use crate::machines::{self, Machine, runners};
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
    /// `pull_request` for a fork, or run its head on a privileged event; where
    /// that cannot be followed, or only `head.repo.fork` keeps forks out, which is
    /// null once a fork is deleted, the control is unknown.
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
            match machines::of_job(cx, view) {
                Machine::Hosted => {}
                Machine::Own(span, runners) => own(cx, view, span, &runners, out),
                Machine::Unknown(span) if !matches!(reached(cx, view), Reached::No) => out.unknown(
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

/// Whether a fork's code gets to the job.
enum Reached {
    No,
    /// What is missing to say so, where, and what settles it.
    Perhaps(Location, String, &'static str),
    /// By this event.
    Yes(&'static str),
}

fn reached(cx: &Context<'_>, view: &JobView<'_>) -> Reached {
    let on_pull_request = view.entry.events.contains("pull_request");
    if on_pull_request && view.runs_for_fork("pull_request") != Runs::No {
        return Reached::Yes("`pull_request`");
    }
    let (starts, cut) = starts::all_of_job(cx, view);
    let privileged = starts
        .iter()
        .any(|start| foreign::of_start(cx, start).may_run(start));
    if privileged {
        return Reached::Yes("a privileged event");
    }
    if let Some((place, what)) = foreign::unseen(cx, view, &starts, cut) {
        return Reached::Perhaps(place, what, foreign::SETTLE);
    }
    // `fork` keeps out who has a fork, and nobody whose fork was deleted.
    if on_pull_request && view.runs_for_outsider("pull_request") != Runs::No {
        let condition = view.job.condition.as_ref();
        return Reached::Perhaps(
            view.at(condition.map_or(view.job.id.span, |c| c.text.span)),
            "whether `fork`, which is null once a fork is deleted, keeps its author out".to_owned(),
            "compare the `full_name` of the head's repository with `github.repository`",
        );
    }
    Reached::No
}

fn own(cx: &Context<'_>, view: &JobView<'_>, span: Span, runners: &[&Runner], out: &mut Sink) {
    let event = match reached(cx, view) {
        Reached::Yes(event) => event,
        Reached::No => return,
        Reached::Perhaps(place, what, settle) => {
            return out.unknown(Control::X3, Some(place), what, settle);
        }
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
