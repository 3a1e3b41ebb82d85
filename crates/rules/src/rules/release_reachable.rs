//! Releases that start from a branch or a pull request.

use std::collections::BTreeSet;

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::gates::Way;
use cofferdam_workflows::semantics::starts::{Origin, Start};

use crate::context::{Context, JobView};
use crate::foreign::{self, Means};
use crate::guards::{self, Guard};
use crate::releases::{self, Publisher, Weight};
use crate::rule::{Rule, Sink};
use crate::starts;

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
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///         with:
    ///           username: ${{ vars.HUB_USER }}
    ///           password: ${{ secrets.HUB_TOKEN }}
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
    ///     runs-on: ubuntu-24.04
    ///     environment: release
    ///     steps:
    ///       - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///         with:
    ///           username: ${{ vars.HUB_USER }}
    ///           password: ${{ secrets.HUB_TOKEN }}
    ///       - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0
    ///         with: {push: true, tags: org/app:latest}
    /// ```
    ///
    /// # How it is decided
    /// Every trigger is taken with its filters (naming only tags leaves branches
    /// out), followed through the calls of reusable workflows with their inputs,
    /// and the conditions of jobs, steps and `push:` inputs are evaluated for
    /// it; a start that they certainly rule out does not count.
    ///
    /// Where an event that anybody can cause publishes, and the job checks out
    /// or downloads what a stranger wrote, it is critical, and medium where a
    /// condition that the files do not decide stands before it; such a condition
    /// before a pull request or any branch leaves the control unknown.
    ///
    /// Medium from pull requests of the repository's own branches and from any
    /// branch; low from named branches, the clock, a button, or a stranger's
    /// event that decides only when the project's own code is published; where a
    /// head or a way gets lost on the way, that is unknown as well. One level
    /// lower where the job's own token publishes.
    ///
    /// What by its name is for development is not reported; tags that are pushed
    /// and what a target of make or a script publishes count as in
    /// `release-environment`, except that what is merged is the place to make a
    /// tag. An environment with reviewers satisfies the control; one whose
    /// settings were not seen leaves it unknown. No peer has this rule.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows>
    /// - <https://slsa.dev/spec/v1.1/threats>
    pub struct ReleaseReachable {
        id: "release-reachable",
        title: "A branch or pull request makes a release",
        severity: Critical,
        controls: [C3, S6],
        standards: [Cwe::Cwe863],
    }
}

/// Most starts that one finding names.
const MAX_TOLD: usize = 6;

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

/// One start that is no tag, with what a stranger can do with it.
struct Path<'p, 'c> {
    start: &'p Start<'c>,
    runs: Runs,
    stranger: Stranger,
}

/// What somebody without a role can do with a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stranger {
    /// Nothing.
    Out,
    /// Decide when, not what.
    Starts,
    /// Decide what, once somebody with a role has acted, or perhaps.
    MayFill,
    /// Decide what.
    Fills,
}

// What it is, and what is missing where it may be more.
fn stranger(
    cx: &Context<'_>,
    job: &JobView<'_>,
    start: &Start<'_>,
) -> (Stranger, Option<(Location, String)>) {
    if start.origin != Origin::Outsider {
        return (Stranger::Out, None);
    }
    let (ways, cut) = starts::all_of_job(cx, job);
    let mut most = Stranger::Out;
    let mut lost = cut.then(|| {
        let what = format!("one of the many ways to job `{}`", job.job.name());
        (job.at(job.job.id.span), what)
    });
    let of_event =
        |way: &&starts::Start<'_>| way.event() == start.trigger.name() && !way.way.is_closed();
    for way in ways.iter().filter(of_event) {
        let foreign = foreign::of_start(cx, way);
        let fills = foreign
            .files()
            .any(|f| f.head.is_code() || f.means == Means::Artifact);
        most = most.max(match (fills, &way.way) {
            (true, Way::Open) => Stranger::Fills,
            (true, _) => Stranger::MayFill,
            (false, _) => Stranger::Starts,
        });
        // What is fetched may be a stranger's, though no step is seen to run it.
        let fetched = || {
            let fetch = foreign.fetches.iter().find(|f| f.head.is_lost())?;
            let what = format!(
                "whether what job `{}` fetches is a stranger's",
                job.job.name()
            );
            Some((fetch.place.clone(), what))
        };
        lost = lost.or_else(|| foreign.unseen(way).or_else(fetched));
    }
    (most, lost.filter(|_| most < Stranger::MayFill))
}

fn judge(cx: &Context<'_>, publisher: &Publisher<'_>, out: &mut Sink) {
    let job = publisher.job;
    let place = job.at(job.job.id.span);
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
    let mut lost = None;
    let paths: Vec<Path<'_, '_>> = publisher
        .starts
        .iter()
        .filter(|(start, _)| start.origin != Origin::Tag)
        .filter(|(start, _)| !publisher.only_tags() || !is_where_tags_are_made(&start.origin))
        .map(|(start, runs)| {
            let (stranger, missing) = stranger(cx, job, start);
            lost = lost.take().or(missing);
            Path {
                start,
                runs: *runs,
                stranger,
            }
        })
        .filter(|p| p.start.origin != Origin::Outsider || p.stranger != Stranger::Out)
        .collect();
    if let Some((place, what)) = lost {
        out.unknown(Control::C3, Some(place), what, foreign::SETTLE);
    }
    if paths.is_empty() && publisher.only_tags() {
        return;
    }
    // A condition that the files do not decide may well keep a pull request
    // out. After a push to a branch it is how releases are timed.
    let (sure, unsure): (Vec<_>, Vec<_>) = paths.iter().partition(|path| {
        path.runs == Runs::Yes
            || path.stranger >= Stranger::MayFill
            || !matches!(
                path.start.origin,
                Origin::PullRequest | Origin::AnyBranch | Origin::MergeQueue | Origin::Outsider
            )
    });
    match (sure.iter().max_by_key(|path| rank(path)), unsure.first()) {
        (Some(worst), _) => weigh(cx, publisher, &sure, worst, out),
        (None, Some(path)) => {
            if !matches!(publisher.guard(cx), Some(Guard::Approved { .. })) {
                out.unknown(
                    Control::C3,
                    Some(place),
                    format!(
                        "whether job `{}` publishes on {}",
                        job.job.name(),
                        path.start
                    ),
                    "decide it by `github.event_name` and `github.ref_type`, where it can be read",
                );
            }
        }
        (None, None) => {
            for control in [Control::C3, Control::S6] {
                let note = format!(
                    "only tags and releases make job `{}` publish",
                    job.job.name()
                );
                out.satisfied(control, place.clone(), note);
            }
        }
    }
}

fn weigh(
    cx: &Context<'_>,
    publisher: &Publisher<'_>,
    paths: &[&Path<'_, '_>],
    worst: &Path<'_, '_>,
    out: &mut Sink,
) {
    let place = publisher.job.at(publisher.job.job.id.span);
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
        // The environment turns away what runs on another branch than those it
        // names: any branch, and the merge ref of a pull request.
        Some(Guard::Limited { note, .. }) => {
            let kept: Vec<_> = paths
                .iter()
                .copied()
                .filter(|path| {
                    !matches!(
                        path.start.origin,
                        Origin::PullRequest | Origin::AnyBranch | Origin::MergeQueue
                    )
                })
                .collect();
            match kept.iter().max_by_key(|path| rank(path)) {
                Some(worst) => {
                    // A stranger's event runs on the default branch and passes.
                    let severity = severity(publisher, worst);
                    report(publisher, &kept, worst, severity, out);
                }
                None => out.satisfied(Control::C3, place, note),
            }
        }
        Some(unknown @ Guard::Unknown { .. }) => {
            guards::tell_unknown(cx, &unknown, &[Control::C3], &place, out);
        }
        _ => report(publisher, paths, worst, severity(publisher, worst), out),
    }
}

// A tag has to be made somewhere, and what is merged is the place for it.
fn is_where_tags_are_made(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::Branches(_) | Origin::Merged | Origin::Role | Origin::Schedule
    )
}

fn rank(path: &Path<'_, '_>) -> (u8, bool) {
    let rank = match &path.start.origin {
        Origin::Outsider if path.stranger >= Stranger::MayFill => 9,
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
    (rank, path.runs == Runs::Yes)
}

fn severity(publisher: &Publisher<'_>, worst: &Path<'_, '_>) -> Severity {
    let severity = match (worst.stranger, &worst.start.origin) {
        (Stranger::Fills, _) if worst.runs == Runs::Yes => return Severity::Critical,
        (Stranger::Fills | Stranger::MayFill, _) => return Severity::Medium,
        (_, Origin::PullRequest | Origin::AnyBranch) => Severity::Medium,
        _ => Severity::Low,
    };
    match publisher.weight() {
        Some(Weight::Credential) => severity,
        // Whoever can push a branch can have such a token anyway.
        _ => severity.lowered(),
    }
}

fn reason(worst: &Path<'_, '_>) -> (&'static str, &'static str) {
    match (worst.stranger, &worst.start.origin) {
        (Stranger::Fills, _) => (
            "Anybody with an account gets code of their own published to all users",
            "releases that a stranger can fill",
        ),
        (Stranger::MayFill, _) => (
            "Code of a stranger is published to all users once something else lets it through",
            "releases that a stranger may fill",
        ),
        (Stranger::Starts, _) => (
            "Somebody without a role decides when it is published, though not what",
            "releases that a stranger can start",
        ),
        (_, Origin::PullRequest) => (
            "One account with write access publishes code that nobody has reviewed",
            "releases from pull requests",
        ),
        (_, Origin::AnyBranch) => (
            "One account with write access publishes code that nobody has reviewed, from any branch",
            "releases from any branch",
        ),
        (_, Origin::MergeQueue) => (
            "What is published is not merged yet, and may never be",
            "releases from the merge queue",
        ),
        (_, Origin::Dispatch) => (
            "Whoever presses the button picks the branch, so that unreviewed code can be published",
            "releases by a button that works on any branch",
        ),
        _ => (
            "What is merged is published at once: no tag, no second look, and whatever the rules \
             of the branch let through",
            "releases from a branch",
        ),
    }
}

fn report(
    publisher: &Publisher<'_>,
    paths: &[&Path<'_, '_>],
    worst: &Path<'_, '_>,
    severity: Severity,
    out: &mut Sink,
) {
    let job = publisher.job;
    let start = worst.start;
    let release = publisher.for_users().max_by_key(|r| r.weight);
    let (why, group) = reason(worst);
    let message = format!(
        "job `{}` publishes {} on {start}",
        job.job.name(),
        publisher.what()
    );
    let place = job.at(release.map_or(job.job.id.span, |r| r.publication.span));
    let mut finding = Finding::new(ReleaseReachable::INFO.id, severity, place, message)
        .why(why)
        .fix(if publisher.only_tags() {
            "Push the tag in a job whose environment has reviewers and is limited to protected branches"
        } else {
            "Publish from tags, in a job whose environment has reviewers and is limited to those tags"
        })
        .group(group)
        .subject(job.subject());
    // Since 2026-11 public repositories block `pull_request_target` unless a
    // setting allows it.
    if worst.runs != Runs::Yes
        || publisher.is_guess()
        || start.trigger.name() == "pull_request_target"
    {
        finding = finding.confidence(Confidence::Medium);
    }
    let place = start.workflow.file().locate(start.trigger.span);
    finding = finding.related(place, format!("{start} starts it"));
    for call in &start.calls {
        let place = call.workflow.file().locate(call.job.id.span);
        finding = finding.related(place, format!("job `{}` calls on", call.job.name()));
    }
    let mut told = BTreeSet::from([start.to_string()]);
    for path in paths {
        let words = path.start.to_string();
        if told.insert(words.clone()) && told.len() <= MAX_TOLD {
            let place = path.start.workflow.file().locate(path.start.trigger.span);
            finding = finding.related(place, format!("{words} does too"));
        }
    }
    out.report(finding);
}
