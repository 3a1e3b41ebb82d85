//! Runs of outsiders that may write the default branch's cache.

use cofferdam_facts::{Control, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::documents::job::{CacheMode, JobKind};
use cofferdam_workflows::semantics::publishing::Artifact;

use crate::context::{Context, JobView};
use crate::foreign;
use crate::releases;
use crate::rule::{Rule, Sink};
use crate::starts::{self, Start};

crate::rule! {
    /// # What
    /// A job that outsiders can start says `cache-mode: write` or `write-only`,
    /// or a job that publishes keeps an access to the Actions cache that it does
    /// not use.
    ///
    /// # Why
    /// What lies in the default branch's cache is unpacked by every other job
    /// of that branch, those that release included. Since 2026-06 runs that
    /// anybody can cause get a cache that they may only read, and this line
    /// takes that protection away again. A publishing job needs no cache at
    /// all: with `cache-mode: none` none of its actions can be fed by one, nor
    /// leave anything there.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request_target
    /// cache-mode: write
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request_target
    /// cache-mode: read
    /// ```
    ///
    /// # How it is decided
    /// `cache-mode` of the job counts, else that of its workflow; what a caller
    /// allows is the most. For every way by which outsiders start the job:
    /// high where something of the pull request's head, or of a fork's artifact,
    /// runs there, and a job that publishes restores a cache; medium where it
    /// runs and none does, or where it does not run but nothing keeps
    /// outsiders from starting the job; low where somebody with a role acts
    /// first. Where a head or a way to the job gets lost on the way, whether
    /// something of it runs is unknown too. What is read from such a cache as
    /// text is followed to where it becomes code by `template-injection` and
    /// `env-file-injection`. Publishing jobs that restore no cache and do not say `none` are
    /// one informational finding for a workflow; one that does restore is `release-cache`'s. zizmor
    /// heeds `cache-mode` in `cache-poisoning` alone, for jobs that publish.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#cache-mode>
    /// - <https://github.blog/changelog/2026-06-26-read-only-actions-cache-for-untrusted-triggers/>
    /// - <https://github.blog/changelog/2026-09-10-control-github-actions-cache-access-with-cache-mode/>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#cache-access-for-low-trust-workflow-triggers>
    pub struct CacheWrite {
        id: "cache-write",
        title: "A job may use the cache in a way that it should not",
        severity: High,
        controls: [X3],
        peers: [
            "codeql/CachePoisoningViaDirectCache",
            "codeql/CachePoisoningViaPoisonableStep",
            "codeql/CachePoisoningViaCodeInjection",
            "sisakulint/cache-poisoning",
            "sisakulint/cache-poisoning-poisonable-step",
        ],
        standards: [Cwe::Cwe349, Slsa::Isolated, Osps::Br0103],
    }
}

impl Rule for CacheWrite {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            match mode(view) {
                Some((CacheMode::Write | CacheMode::WriteOnly, span)) => {
                    written(cx, view, span, out);
                }
                Some((CacheMode::Read | CacheMode::None, span)) => {
                    let note = "`cache-mode` lets nothing be written to the cache";
                    out.satisfied(Control::X3, view.at(span), note);
                }
                _ => {}
            }
        }
        unused(cx, workflow, out);
    }
}

fn mode(view: &JobView<'_>) -> Option<(CacheMode, Span)> {
    let own = view.job.cache_mode.as_ref();
    let mode = own.or(view.workflow.cache_mode.as_ref())?;
    Some((mode.value, mode.span))
}

fn written(cx: &Context<'_>, view: &JobView<'_>, span: Span, out: &mut Sink) {
    // Jobs of a called workflow of the checkout are looked at there.
    if matches!(view.job.kind, JobKind::Call(_)) {
        return;
    }
    let (starts, cut) = starts::all_of_job(cx, view);
    let cases = starts.iter().filter_map(|start| {
        if start.way.is_closed() {
            return None;
        }
        let runs = foreign::of_start(cx, start).may_run(start);
        Some((severity(cx, start, runs), start, runs))
    });
    let Some((severity, start, runs)) = cases.max_by_key(|(severity, ..)| *severity) else {
        return;
    };
    if let Some((place, what)) = foreign::unseen(cx, view, &starts, cut).filter(|_| !runs) {
        out.unknown(Control::X3, Some(place), what, foreign::SETTLE);
    }
    let who = start.who();
    let why = if runs {
        format!(
            "What {who} has written runs here, and may leave files in the cache that the jobs of \
             the default branch unpack"
        )
    } else {
        format!(
            "One injection into this job, which {who} can start, is enough to leave files in the \
             cache that the jobs of the default branch unpack"
        )
    };
    out.report(
        Finding::new(
            CacheWrite::INFO.id,
            severity,
            view.at(span),
            format!(
                "job `{}` may write the default branch's cache on `{}`",
                view.job.name(),
                start.event()
            ),
        )
        .why(why)
        .fix("Write `cache-mode: read`, and save the cache in a workflow that runs on `push`")
        .group("jobs that outsiders start and that may write the default branch's cache")
        .subject(view.subject())
        .related(start.place(), start.starter()),
    );
}

fn severity(cx: &Context<'_>, start: &Start<'_>, runs: bool) -> Severity {
    let gated = !start.way.is_open();
    match (runs, gated) {
        (true, false) if release_restores(cx) => Severity::High,
        (true, false) | (false, false) => Severity::Medium,
        (true, true) => Severity::Medium,
        (false, true) => Severity::Low,
    }
}

// Whether a job that publishes for users restores a cache.
fn release_restores(cx: &Context<'_>) -> bool {
    cx.all_jobs()
        .any(|job| ships(job) && !job.restores.is_empty())
}

fn ships(view: &JobView<'_>) -> bool {
    view.publications
        .iter()
        .any(|p| p.artifact != Artifact::Site)
        && !releases::is_for_development(view)
}

// One finding for a workflow: the jobs have nothing to lose but the habit.
fn unused(cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
    let silent = |view: &&JobView<'_>| {
        let none = matches!(mode(view), Some((CacheMode::None, _)));
        ships(view) && view.restores.is_empty() && !none && view.job.call().is_none()
    };
    let jobs: Vec<&JobView<'_>> = cx.jobs(workflow).iter().filter(silent).collect();
    let Some(first) = jobs.first() else { return };
    let whom = match jobs.len() {
        1 => format!("job `{}` publishes, uses no cache, and", first.job.name()),
        n => format!(
            "{n} jobs, the first of them `{}`, publish, use no cache, and",
            first.job.name()
        ),
    };
    out.report_against(
        &[],
        Finding::new(
            CacheWrite::INFO.id,
            Severity::Info,
            first.at(first.job.id.span),
            format!("{whom} could say so"),
        )
        .why("Every action of such a job holds a token with which it could restore or save a cache")
        .fix("Write `cache-mode: none` at the job")
        .group("publishing jobs that could say `cache-mode: none`")
        .subject("none"),
    );
}
