//! Releases that start from a branch or a pull request.

use std::collections::BTreeSet;

use cofferdam_facts::Control;
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Job, Step, Workflow};
use cofferdam_workflows::semantics::checkouts;
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::starts::{Origin, Start};

use crate::context::{Context, JobView};
use crate::guards::{self, Guard};
use crate::releases::{self, Publisher, Weight};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// Something other than a tag makes a job publish for users: a push to a
    /// branch, a pull request, the clock, a button that works on any branch,
    /// or an event that anybody can cause; and nobody has to agree.
    ///
    /// # Why
    /// A tag is a decision to release, it can be protected by rules, and it
    /// says afterwards what was released. A build that publishes from a branch
    /// publishes whatever is on that branch. From a pull request, or from any
    /// branch, that is code which nobody has reviewed.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: [push, pull_request]
    /// jobs:
    ///   image:
    ///     steps:
    ///       - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0
    ///         with: {push: true, tags: org/app:latest}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   push: {tags: ['v*']}
    /// jobs:
    ///   image:
    ///     environment: release
    ///     steps:
    ///       - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0
    ///         with: {push: true, tags: org/app:latest}
    /// ```
    ///
    /// # How it is decided
    /// Every trigger is taken with its filters (naming only tags leaves
    /// branches out), followed through the calls of reusable workflows with
    /// their inputs, and the conditions of jobs, steps and `push:` inputs are
    /// evaluated for it; a start that they certainly rule out does not count.
    /// Where an event that anybody can cause publishes, and the job checks out
    /// or downloads what a stranger wrote, it is critical, and high where a
    /// condition that the files do not decide stands before it. Medium from
    /// pull requests of the repository's own branches and from any branch; low
    /// from named branches, the clock, a button, or a stranger's event that
    /// decides only when the project's own code is published. One level lower
    /// where the job's own token publishes. What by its name is for development
    /// is not reported. An environment with reviewers satisfies the control;
    /// one whose settings were not seen leaves it unknown. No peer has this
    /// rule.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows>
    /// - <https://slsa.dev/spec/v1.1/threats>
    pub struct ReleaseReachable {
        id: "release-reachable",
        title: "A branch or pull request makes a release",
        severity: Critical,
        controls: [C3, S6],
    }
}

impl Rule for ReleaseReachable {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for publisher in releases::publishers(cx) {
            if publisher.weight().is_some() {
                judge(cx, &publisher, out);
            }
        }
    }
}

fn judge(cx: &Context<'_>, publisher: &Publisher<'_>, out: &mut Sink) {
    let job = publisher.job;
    let place = job.at(job.job.id.span);
    let others: Vec<_> = publisher
        .starts
        .iter()
        .filter(|(start, _)| start.origin != Origin::Tag)
        .collect();
    if publisher.starts.is_empty() {
        if publisher.callable {
            out.unknown(
                Control::C3,
                Some(place),
                "what starts the callers in other repositories",
                "audit the repositories that call this workflow",
            );
        }
        return;
    }
    let Some((worst, runs)) = others
        .iter()
        .max_by_key(|(start, runs)| rank(job, start, *runs))
    else {
        for control in [Control::C3, Control::S6] {
            let note = format!(
                "only tags and releases make job `{}` publish",
                job.job.name()
            );
            out.satisfied(control, place.clone(), note);
        }
        return;
    };
    match publisher.guard(cx) {
        Some(Guard::Approved { note, .. }) => out.satisfied(Control::C3, place, note),
        Some(Guard::Limited {
            note,
            branches: false,
            ..
        }) => {
            out.satisfied(Control::C3, place.clone(), note.clone());
            out.satisfied(Control::S6, place, note);
        }
        Some(Guard::Limited { .. }) if !matches!(worst.origin, Origin::Outsider) => {
            // Only the branches that the environment names: as low as it gets.
            report(publisher, &others, worst, Severity::Low, out);
        }
        Some(Guard::Unknown { missing, .. }) => {
            out.unknown(Control::C3, Some(place), missing, guards::settle(cx));
        }
        _ => {
            let severity = severity(publisher, worst, *runs);
            report(publisher, &others, worst, severity, out);
        }
    }
}

fn rank(job: &JobView<'_>, start: &Start<'_>, runs: Runs) -> (u8, bool) {
    let rank = match &start.origin {
        Origin::Outsider if brings_foreign_content(job) => 9,
        Origin::PullRequest => 8,
        Origin::AnyBranch => 7,
        Origin::MergeQueue => 6,
        Origin::Outsider => 5,
        Origin::Dispatch => 4,
        Origin::Branches(_) => 3,
        Origin::Merged | Origin::Role => 2,
        Origin::Schedule => 1,
        Origin::Tag => 0,
    };
    (rank, runs == Runs::Yes)
}

fn severity(publisher: &Publisher<'_>, worst: &Start<'_>, runs: Runs) -> Severity {
    let severity = match (&worst.origin, runs) {
        (Origin::Outsider, runs) if brings_foreign_content(publisher.job) => {
            return if runs == Runs::Yes {
                Severity::Critical
            } else {
                Severity::High
            };
        }
        (Origin::PullRequest | Origin::AnyBranch, Runs::Yes) => Severity::Medium,
        _ => Severity::Low,
    };
    match publisher.weight() {
        Some(Weight::Credential) => severity,
        // Whoever can push a branch can have such a token anyway.
        _ => severity.lowered(),
    }
}

fn report(
    publisher: &Publisher<'_>,
    others: &[&(Start<'_>, Runs)],
    worst: &Start<'_>,
    severity: Severity,
    out: &mut Sink,
) {
    let job = publisher.job;
    let what = publisher.what();
    let release = publisher.for_users().max_by_key(|r| r.weight);
    let (why, group) = match &worst.origin {
        Origin::Outsider if brings_foreign_content(job) => (
            "Anybody with an account gets code of their own published to all users",
            "releases that a stranger can fill",
        ),
        Origin::Outsider => (
            "Anybody with an account decides when it is published, though not what",
            "releases that a stranger can start",
        ),
        Origin::PullRequest => (
            "One account with write access publishes code that nobody has reviewed",
            "releases from pull requests",
        ),
        Origin::AnyBranch => (
            "One account with write access publishes code that nobody has reviewed, from any branch",
            "releases from any branch",
        ),
        Origin::MergeQueue => (
            "What is published is not merged yet, and may never be",
            "releases from the merge queue",
        ),
        Origin::Dispatch => (
            "Whoever presses the button picks the branch, so that unreviewed code can be published",
            "releases by a button that works on any branch",
        ),
        _ => (
            "What is merged is published at once: no tag, no second look, and whatever the rules of \
             the branch let through",
            "releases from a branch",
        ),
    };
    let name = job.job.name();
    let mut finding = Finding::new(
        ReleaseReachable::INFO.id,
        severity,
        job.at(release.map_or(job.job.id.span, |r| r.publication.span)),
        format!("{worst} makes job `{name}` publish {what}"),
    )
    .why(why)
    .fix("Publish from tags, in a job whose environment has reviewers and is limited to those tags")
    .group(group)
    .subject(job.subject());
    let sure = others
        .iter()
        .any(|(start, runs)| start.origin == worst.origin && *runs == Runs::Yes);
    if !sure {
        finding = finding.confidence(Confidence::Medium);
    }
    let place = worst.workflow.file().locate(worst.trigger.span);
    finding = finding.related(place, format!("{worst} starts it"));
    for call in &worst.calls {
        let place = call.workflow.file().locate(call.job.id.span);
        finding = finding.related(place, format!("job `{}` calls on", call.job.name()));
    }
    let mut told = BTreeSet::from([worst.to_string()]);
    for (start, _) in others {
        let words = start.to_string();
        if told.insert(words.clone()) && told.len() <= 6 {
            let place = start.workflow.file().locate(start.trigger.span);
            finding = finding.related(place, format!("{words} does too"));
        }
    }
    out.report(finding);
}

/// Whether the job, or one that it needs, fetches what a stranger may have
/// written.
fn brings_foreign_content(job: &JobView<'_>) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![job.job];
    while let Some(next) = waiting.pop() {
        if !seen.insert(next.name()) {
            continue;
        }
        if next.steps().iter().any(fetches_foreign_content) {
            return true;
        }
        waiting.extend(needed(job.workflow, next));
    }
    false
}

fn needed<'w>(workflow: &'w Workflow, job: &'w Job) -> impl Iterator<Item = &'w Job> {
    job.needs
        .iter()
        .filter_map(|need| workflow.job(&need.value))
}

fn fetches_foreign_content(step: &Step) -> bool {
    let foreign = |text: &str| {
        let text = text.to_ascii_lowercase();
        [
            "pull_request.head",
            "head_ref",
            "workflow_run.head",
            "refs/pull/",
        ]
        .iter()
        .any(|part| text.contains(part))
    };
    if checkouts::is_checkout(step) {
        let texts = [checkouts::reference(step), step.input("repository")];
        return texts.into_iter().flatten().any(|text| foreign(&text.value));
    }
    match step.action().as_deref() {
        // An artifact of another run.
        Some("actions/download-artifact") => step
            .input("run-id")
            .is_some_and(|id| id.value.contains("workflow_run")),
        Some("dawidd6/action-download-artifact") => true,
        _ => step
            .script()
            .is_some_and(|s| s.value.contains("gh pr checkout")),
    }
}
