//! Caches that reach a release.

use std::collections::{HashMap, HashSet};

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::job::{CacheMode, Job};
use cofferdam_workflows::documents::workflow::Workflow;
use cofferdam_workflows::semantics::caching::{Restore, Spared};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::publishing::Artifact;
use cofferdam_workflows::semantics::starts::{self, Origin, Start};
use cofferdam_workflows::semantics::wrappers;

use crate::context::{Context, JobView};
use crate::foreign::{self, Run};
use crate::rule::{Rule, Sink};
use crate::shipments::{self, Shipment};
use crate::starts as strangers;

crate::rule! {
    /// # What
    /// A job that publishes, or one whose files it publishes, restores the
    /// Actions cache.
    ///
    /// # Why
    /// A cache is written by other runs, and nothing signs it. Whoever gets code
    /// to run once in a workflow of the default branch, by a bad dependency or
    /// a stolen token, can leave a poisoned toolchain or library there, and the
    /// next release compiles it in with all the rights of the release job.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   release:
    ///     types: [published]
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-24.04
    ///     permissions:
    ///       contents: write
    ///     steps:
    ///       - uses: actions/setup-go@44694675825211faa026b3c33043df3e48a5fa00 # v6.0.0
    ///       - run: goreleaser release
    ///         env:
    ///           GITHUB_TOKEN: ${{ github.token }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   release:
    ///     types: [published]
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-24.04
    ///     cache-mode: none
    ///     permissions:
    ///       contents: write
    ///     steps:
    ///       - uses: actions/setup-go@44694675825211faa026b3c33043df3e48a5fa00 # v6.0.0
    ///         with:
    ///           cache: false
    ///       - run: goreleaser release
    ///         env:
    ///           GITHUB_TOKEN: ${{ github.token }}
    /// ```
    ///
    /// # How it is decided
    /// For every start in which the job publishes for users: whether a step
    /// restores, by a table of actions with the default of each version, unless
    /// its `if:` or an input switches it off in that start. `cache-mode: none`
    /// and `write-only`, also of a caller, rule it out, as do `lookup-only` and
    /// `actions/cache/save`.
    ///
    /// Jobs that the publishing job needs, in called workflows too, count where
    /// they upload artifacts that it takes. What a step hands to an action that
    /// retries it counts as the step's own, and targets of make and scripts of
    /// the checkout count by their names as in `release-environment`. Low where
    /// a tag is all that is pushed, since users then get the source.
    ///
    /// Otherwise medium, since somebody must get into the cache first; high
    /// where a workflow of this checkout lets outsiders in: it runs the head of
    /// a pull request on a privileged event and gives it a cache that can be
    /// written (since 2026-06 such events get a read-only cache unless
    /// `cache-mode` says otherwise); unknown where that cannot be followed.
    ///
    /// Where `package.json` decides, the control is unknown. zizmor's
    /// `cache-poisoning` gives every place high or medium without asking who can
    /// write the cache, and does not follow artifacts.
    ///
    /// # References
    /// - <https://github.blog/changelog/2026-09-10-control-github-actions-cache-access-with-cache-mode>
    /// - <https://adnanthekhan.com/2024/05/06/the-monsters-in-your-build-cache-github-actions-cache-poisoning/>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching>
    pub struct ReleaseCache {
        id: "release-cache",
        title: "A release restores a cache",
        severity: High,
        controls: [X3],
        peers: ["zizmor/cache-poisoning"],
        standards: [Cwe::Cwe349, Slsa::Isolated, Osps::Br0103],
    }
}

impl Rule for ReleaseCache {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let mut seen = Seen::default();
        let open = Open::of(cx);
        let mut shipments = shipments::all(cx);
        if let (Open::Perhaps(place, what), false) = (&open, shipments.is_empty()) {
            out.unknown(
                Control::X3,
                Some(place.clone()),
                what.clone(),
                foreign::SETTLE,
            );
        }
        // A job is told of once, with the shipment that is known best.
        shipments.sort_by_key(|s| match s.artifact {
            Artifact::Unread => 2,
            Artifact::Tag => 1,
            _ => 0,
        });
        for shipment in shipments.iter().filter(|s| !s.development) {
            // Once for each job, whose places stand together.
            let mut places = shipment.places.clone();
            places.dedup_by(|next, one| std::ptr::eq(next.job, one.job));
            for place in &places {
                let publisher = place.job;
                check(
                    cx,
                    shipment,
                    (publisher, publisher),
                    open.surely(),
                    &mut seen,
                    out,
                );
                for other in shipment
                    .company
                    .iter()
                    .filter(|job| feeds(cx, job, publisher))
                {
                    check(
                        cx,
                        shipment,
                        (other, publisher),
                        open.surely(),
                        &mut seen,
                        out,
                    );
                }
            }
        }
    }
}

/// What was looked at already.
#[derive(Default)]
struct Seen<'c> {
    jobs: HashSet<(&'c str, usize)>,
    // By the path of the workflow.
    starts: HashMap<&'c str, Vec<Start<'c>>>,
}

// A job whose artifacts the publishing job takes.
fn feeds(cx: &Context<'_>, job: &JobView<'_>, publisher: &JobView<'_>) -> bool {
    let uses = |job: &JobView<'_>, action: &str, inputs: &[&str]| -> Vec<String> {
        job.job
            .steps()
            .iter()
            .filter_map(|step| {
                let inner = wrappers::action(step);
                let step = inner.as_ref().unwrap_or(step);
                (step.action() == Some(action)).then(|| name_of(step, inputs))
            })
            .collect()
    };
    let given = uses(job, "actions/upload-artifact", &["name"]);
    if given.is_empty() || !shipments::follows(cx, publisher, job) {
        return false;
    }
    let taken = uses(publisher, "actions/download-artifact", &["name", "pattern"]);
    given.iter().any(|given| {
        taken.iter().any(|taken| {
            // Whoever takes everything gets reports too, and ships none.
            (given.starts_with(taken.as_str()) && !(taken.is_empty() && is_report(given)))
                || taken.starts_with(given.as_str())
        })
    })
}

fn is_report(artifact: &str) -> bool {
    const WORDS: &[&str] = &[
        "coverage", "junit", "logs", "report", "reports", "results", "sarif",
    ];
    artifact
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| WORDS.contains(&word))
}

fn name_of(step: &Step, inputs: &[&str]) -> String {
    let name = inputs.iter().find_map(|input| step.input(input));
    name.map_or_else(String::new, |t| fixed(&t.value))
}

// What stands before the first part that is put in at run time or may vary.
fn fixed(name: &str) -> String {
    let end = name.find(['*', '?', '[', '{']).unwrap_or(name.len());
    let end = name.find("${{").map_or(end, |at| at.min(end));
    name.get(..end).unwrap_or("").to_owned()
}

fn check<'c>(
    cx: &'c Context<'c>,
    shipment: &Shipment<'c>,
    (job, publisher): (&'c JobView<'c>, &'c JobView<'c>),
    open: Option<&Location>,
    seen: &mut Seen<'c>,
    out: &mut Sink,
) {
    let key = (job.workflow.path(), job.job.id.span.start);
    if job.job.call().is_some() || !seen.jobs.insert(key) {
        return;
    }
    let starts = seen.starts.entry(job.workflow.path());
    let starts = starts.or_insert_with(|| starts::of(cx.repository, job.workflow));
    let releasing: Vec<&Start<'_>> = starts
        .iter()
        .filter(|start| releases(cx, start, job, shipment))
        .collect();
    let mut found: Vec<(&Restore, Runs)> = Vec::new();
    for restore in &job.restores {
        let runs = releasing
            .iter()
            .filter(|start| cache_is_open(start, job))
            .map(|start| restores(start, job, restore))
            .max_by_key(|runs| match runs {
                Runs::Yes => 2,
                Runs::Maybe => 1,
                Runs::No => 0,
            });
        if let Some(runs @ (Runs::Yes | Runs::Maybe)) = runs {
            found.push((restore, runs));
        }
    }
    let (unknown, certain): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|(restore, _)| restore.unknown.is_some());
    match (certain.as_slice(), unknown.first()) {
        ([], Some((restore, _))) => out.unknown(
            Control::X3,
            Some(job.at(restore.span)),
            restore.unknown.unwrap_or("what decides"),
            "set `cache-mode: none` at the job, and switch the cache off at the action",
        ),
        ([], None) if shipments::is_same(job, publisher) => out.satisfied(
            Control::X3,
            job.at(job.job.id.span),
            format!("job `{}` publishes without a cache", job.job.name()),
        ),
        ([], None) => {}
        (certain, _) => report(shipment, job, certain, open, out),
    }
}

// Whether the job runs for users in this start.
fn releases(
    cx: &Context<'_>,
    start: &Start<'_>,
    job: &JobView<'_>,
    shipment: &Shipment<'_>,
) -> bool {
    if shipments::is_unmerged(&start.origin, shipment.artifact)
        || start.runs_job(job.workflow, job.job) == Runs::No
    {
        return false;
    }
    // Where the job itself publishes, it must do so in this start.
    let own: Vec<_> = shipment
        .places
        .iter()
        .filter(|place| place.job.job.id.span == job.job.id.span)
        .collect();
    own.is_empty()
        || own
            .iter()
            .any(|place| shipments::happens(cx, start, job, place.publication))
}

fn cache_is_open(start: &Start<'_>, job: &JobView<'_>) -> bool {
    let own = mode(job.workflow, job.job);
    let callers = start.calls.iter().map(|call| mode(call.workflow, call.job));
    std::iter::once(own)
        .chain(callers)
        .all(|mode| !matches!(mode, Some(CacheMode::None | CacheMode::WriteOnly)))
}

fn mode(workflow: &Workflow, job: &Job) -> Option<CacheMode> {
    let own = job.cache_mode.as_ref().or(workflow.cache_mode.as_ref());
    own.map(|mode| mode.value)
}

fn restores(start: &Start<'_>, job: &JobView<'_>, restore: &Restore) -> Runs {
    let Some(step) = job.job.steps().get(restore.step) else {
        return Runs::Maybe;
    };
    let release = start.origin == Origin::Tag;
    if restore.spared == Spared::Releases && release {
        return Runs::No;
    }
    let runs = start.runs_step(job.workflow, job.job, step);
    let decided = match &restore.decided_by {
        None => Runs::Yes,
        Some((expr, on_when)) => {
            let switched = start.switches_on(job.workflow, job.job, step, expr);
            match (switched, on_when) {
                (Runs::Maybe, _) => Runs::Maybe,
                (Runs::Yes, true) | (Runs::No, false) => Runs::Yes,
                _ => Runs::No,
            }
        }
    };
    match (runs, decided) {
        (Runs::No, _) | (_, Runs::No) => Runs::No,
        (Runs::Yes, Runs::Yes) => Runs::Yes,
        _ => Runs::Maybe,
    }
}

fn report(
    shipment: &Shipment<'_>,
    job: &JobView<'_>,
    restores: &[(&Restore, Runs)],
    open: Option<&Location>,
    out: &mut Sink,
) {
    let Some((first, runs)) = restores.first() else {
        return;
    };
    let publishes = job
        .publications
        .iter()
        .any(|p| !matches!(p.artifact, Artifact::Site | Artifact::Files));
    let by_default = if first.by_default {
        ", as it does by default"
    } else {
        ""
    };
    // What users fetch by a tag is the source, so that a cache gets no further
    // than the job's rights.
    let severity = match (open.is_some(), shipment.artifact) {
        (true, _) => Severity::High,
        (false, Artifact::Tag) => Severity::Low,
        (false, _) => Severity::Medium,
    };
    let mut finding = Finding::new(
        ReleaseCache::INFO.id,
        severity,
        job.at(first.span),
        format!(
            "job `{}` {} and restores a cache with `{}`{by_default}",
            job.job.name(),
            deed(shipment, publishes),
            first.means
        ),
    )
    .why(why(shipment, job, publishes, open.is_some()))
    .fix("Set `cache-mode: none` at the job, and switch the cache off where the action has an input for it")
    .group("jobs of releases that restore a cache")
    .subject(format!("{} cache", job.subject()));
    if *runs == Runs::Maybe || shipment.artifact == Artifact::Unread {
        finding = finding.confidence(Confidence::Medium);
    }
    if let Some(open) = open {
        finding = finding.related(open.clone(), "an outsider's code can write the cache here");
    }
    for (restore, _) in restores.iter().skip(1).take(5) {
        let note = format!("`{}` restores one too", restore.means);
        finding = finding.related(job.at(restore.span), note);
    }
    out.report(finding);
}

// What a job does for a shipment, for messages.
fn deed(shipment: &Shipment<'_>, publishes: bool) -> String {
    match (shipment.artifact, shipment.first(), publishes) {
        (Artifact::Unread, Some(first), true) => {
            format!(
                "publishes by `{}`, which is not read,",
                first.publication.means
            )
        }
        (Artifact::Unread, Some(first), false) => {
            format!(
                "builds for `{}`, which is not read,",
                first.publication.means
            )
        }
        (_, _, true) => format!("publishes the {}", shipment.what()),
        (_, _, false) => format!("builds the {}", shipment.what()),
    }
}

fn into(shipment: &Shipment<'_>) -> String {
    match shipment.artifact {
        Artifact::Unread => "what is published".to_owned(),
        artifact => format!("the {artifact}"),
    }
}

fn why(shipment: &Shipment<'_>, job: &JobView<'_>, publishes: bool, open: bool) -> String {
    let who = if open {
        "An outsider can write the cache of the default branch, and what lies there"
    } else {
        "Whoever gets to run code once on the default branch can leave something there that"
    };
    if publishes {
        format!("{who} runs beside {}", job.stakes().describe())
    } else {
        format!("{who} gets into {}", into(shipment))
    }
}

/// Where a stranger's code runs that may write the cache of the default branch,
/// because somebody wrote so: by themselves such runs get one that is read-only.
enum Open {
    /// Nowhere.
    No,
    /// What is missing to say so.
    Perhaps(Location, String),
    /// Here.
    Surely(Location),
}

impl Open {
    fn of(cx: &Context<'_>) -> Self {
        let writes = |job: &&JobView<'_>| {
            matches!(
                mode(job.workflow, job.job),
                Some(CacheMode::Write | CacheMode::WriteOnly)
            )
        };
        let mut found = Self::No;
        for job in cx.all_jobs().filter(writes) {
            let (starts, cut) = strangers::all_of_job(cx, job);
            for start in &starts {
                let foreign = foreign::of_start(cx, start);
                let of = |run: &Run| run.place.clone();
                match (foreign.runs.first(), foreign.doubts.first()) {
                    (Some(run), _) if foreign.runs(start) => return Self::Surely(of(run)),
                    (_, Some(doubt)) if foreign.may_run(start) => {
                        let what = format!("whether `{}` runs a stranger's code", doubt.means);
                        found = Self::Perhaps(of(doubt), what);
                    }
                    _ => {}
                }
            }
            if let (Self::No, Some((place, what))) =
                (&found, foreign::unseen(cx, job, &starts, cut))
            {
                found = Self::Perhaps(place, what);
            }
        }
        found
    }

    fn surely(&self) -> Option<&Location> {
        match self {
            Self::Surely(place) => Some(place),
            Self::No | Self::Perhaps(..) => None,
        }
    }
}
