//! Registry credentials that CI and releases share.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::settings::SecretHome;
use cofferdam_facts::{Control, Location, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::secrets::{Reach, SecretName, calls, is_identifier};
use cofferdam_workflows::semantics::stages::Stage;
use cofferdam_workflows::semantics::starts::{Calls, Origin, Start};

use crate::context::{Context, JobView};
use crate::guards::{self, Guard};
use crate::own_references::is_familiar;
use crate::releases::{self, Publisher};
use crate::rule::{Rule, Sink};
use crate::starts as strangers;

crate::rule! {
    /// # What
    /// The secret with which a release job signs in to its registry is also
    /// used by a job that pull requests or pushes to any branch start.
    ///
    /// # Why
    /// CI jobs run code that nobody has reviewed, with tools and actions that
    /// change every day. If one of them is breached, the attacker should find
    /// a credential for a development registry at most. With a shared one, a
    /// breach of CI is a breach of what users install.
    ///
    /// # Vulnerable
    /// ```yaml
    /// # ci.yml, on: pull_request
    /// - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///   with: {username: robot, password: "${{ secrets.QUAY_PASSWORD }}"}
    /// # release.yml, on: push: {tags: ['v*']}
    /// - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///   with: {username: robot, password: "${{ secrets.QUAY_PASSWORD }}"}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// # ci.yml: an account that may push to org/app-ci only, or only pull
    /// - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///   with: {username: robot-ci, password: "${{ secrets.QUAY_CI_PASSWORD }}"}
    /// # release.yml: `environment: release`, which alone holds the password
    /// - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///   with: {username: robot, password: "${{ secrets.QUAY_PASSWORD }}"}
    /// ```
    ///
    /// # How it is decided
    /// A secret is a credential of releases where it signs in or publishes, by
    /// action, command or variable, in a job that publishes for users. It is
    /// shared where another job has it in reach that runs on pull requests of
    /// the repository's own branches, in the merge queue, on pushes to any
    /// branch, or on an event that anybody can cause.
    ///
    /// Names are followed through calls of reusable workflows. High where that
    /// job runs an action of a third party by tag or branch, medium otherwise.
    /// Two environments can hold two values under one name: then it is unknown
    /// without settings, and with them decided by where the secret is stored.
    /// What an account may push to is for the registry to say: two names can
    /// still be one account. User names are not looked at, nor are credentials
    /// of build caches and scans. No peer has this rule.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information>
    pub struct SharedCredential {
        id: "shared-credential",
        title: "CI and releases share a credential",
        severity: High,
        controls: [C3],
        standards: [Cwe::Cwe668],
    }
}

/// One job that has a secret in reach.
struct Holder<'c> {
    job: &'c JobView<'c>,
    place: Span,
    start: Option<Start<'c>>,
}

/// The holders of one stored secret.
#[derive(Default)]
struct Holders<'c> {
    releases: Vec<Holder<'c>>,
    ci: Vec<Holder<'c>>,
    /// Whether a release runs where CI does too: on a pull request, any branch
    /// or the event of a stranger. Another rule reports that.
    released_in_ci: bool,
}

impl Rule for SharedCredential {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let publishers = releases::publishers(cx);
        let mut secrets: BTreeMap<String, Holders<'_>> = BTreeMap::new();
        for publisher in &publishers {
            collect_release(cx, publisher, &mut secrets);
        }
        if secrets.is_empty() {
            return;
        }
        let calls = Calls::new(cx.repository);
        for job in cx.all_jobs() {
            collect_ci(cx, job, &calls, &publishers, &mut secrets);
        }
        let others = of_ci_alone(cx, &secrets);
        for (name, holders) in &secrets {
            judge(cx, name, holders, &others, out);
        }
    }
}

fn stored(cx: &Context<'_>, job: &JobView<'_>, name: &str) -> Vec<String> {
    if job.workflow.is_reusable() {
        let stored = calls::stored(cx.repository, job.workflow, name);
        stored.names.into_iter().collect()
    } else {
        vec![name.to_owned()]
    }
}

fn collect_release<'c>(
    cx: &'c Context<'c>,
    publisher: &Publisher<'c>,
    secrets: &mut BTreeMap<String, Holders<'c>>,
) {
    if publisher.weight().is_none() {
        return;
    }
    let job = publisher.job;
    for login in releases::logins(cx, job) {
        // Names of accounts are no credentials, whatever they are stored as.
        let names = login.secrets.iter().filter(|n| !is_identifier(n));
        if login.stage() != Stage::Production {
            continue;
        }
        for name in names.flat_map(|name| stored(cx, job, name)) {
            let holders = secrets.entry(name).or_default();
            holders.released_in_ci |= publisher.starts.iter().any(|(s, _)| is_ci(&s.origin));
            let known = |h: &Holder<'_>| std::ptr::eq(h.job, job);
            if !holders.releases.iter().any(known) {
                holders.releases.push(Holder {
                    job,
                    place: login.span,
                    start: None,
                });
            }
        }
    }
}

fn collect_ci<'c>(
    cx: &'c Context<'c>,
    job: &'c JobView<'c>,
    calls: &Calls<'c>,
    publishers: &[Publisher<'c>],
    secrets: &mut BTreeMap<String, Holders<'c>>,
) {
    let mut start = None;
    for used in &job.secrets {
        let SecretName::Named(name) = &used.name else {
            continue;
        };
        // A call is judged where the called job uses it.
        if used.reach == Reach::Call {
            continue;
        }
        for name in stored(cx, job, name) {
            let Some(holders) = secrets.get_mut(&name) else {
                continue;
            };
            let start = start.get_or_insert_with(|| ci_start(calls, job, publishers));
            let Some(start) = start else { return };
            if !reaches(start, job, used.reach) {
                continue;
            }
            let known = |h: &Holder<'_>| std::ptr::eq(h.job, job);
            if !holders.ci.iter().any(known) {
                holders.ci.push(Holder {
                    job,
                    place: used.span,
                    start: Some(start.clone()),
                });
            }
        }
    }
}

fn is_ci(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::PullRequest | Origin::MergeQueue | Origin::AnyBranch | Origin::Outsider
    )
}

fn reaches(start: &Start<'_>, job: &JobView<'_>, reach: Reach) -> bool {
    match reach {
        Reach::Step(index) => job
            .job
            .steps()
            .get(index)
            .is_none_or(|step| start.runs_step(job.workflow, job.job, step) != Runs::No),
        _ => true,
    }
}

/// The worst start of a job that makes it a CI job: one in which it does not
/// publish for users itself, which is another rule's finding.
fn ci_start<'c>(
    calls: &Calls<'c>,
    job: &'c JobView<'c>,
    publishers: &[Publisher<'c>],
) -> Option<Start<'c>> {
    let publisher = publishers
        .iter()
        .find(|p| std::ptr::eq(p.job, job) && p.weight().is_some());
    calls
        .starts(job.workflow)
        .into_iter()
        .filter(|start| is_ci(&start.origin))
        .filter(|start| start.runs_job(job.workflow, job.job) != Runs::No)
        .filter(|start| {
            publisher.is_none_or(|p| p.starts.iter().all(|(s, _)| s.origin != start.origin))
        })
        .max_by(|a, b| a.origin.cmp(&b.origin))
}

/// The secrets with which jobs sign in that no release needs.
fn of_ci_alone(cx: &Context<'_>, secrets: &BTreeMap<String, Holders<'_>>) -> BTreeSet<String> {
    cx.all_jobs()
        .flat_map(|job| releases::logins(cx, job))
        .flat_map(|login| &login.secrets)
        .filter(|name| !is_identifier(name) && !secrets.contains_key(*name))
        .cloned()
        .collect()
}

fn judge(
    cx: &Context<'_>,
    name: &str,
    holders: &Holders<'_>,
    others: &BTreeSet<String>,
    out: &mut Sink,
) {
    let Some(release) = holders.releases.first() else {
        return;
    };
    let place = release.job.at(release.place);
    let ci: Vec<_> = holders.ci.iter().collect();
    // That no other job has it is no comfort where the release is a CI job.
    if ci.is_empty() && (holders.released_in_ci || cx.repository.part) {
        return;
    }
    if ci.is_empty() {
        let others: Vec<_> = others.iter().take(3).map(String::as_str).collect();
        let instead = if others.is_empty() {
            String::new()
        } else {
            format!("; other jobs sign in with {}", others.join(", "))
        };
        let note = format!("{name} publishes releases, and no job of CI has it{instead}");
        out.satisfied(Control::C3, place, note);
        return;
    }
    match one_value(cx, name, release.job, &ci) {
        Some(true) => report(cx, name, release, &ci, out),
        Some(false) => out.satisfied(
            Control::C3,
            place,
            format!("{name} of releases is kept in an environment of its own"),
        ),
        None => out.unknown(
            Control::C3,
            Some(place),
            format!("whether {name} has the same value in CI and in releases"),
            guards::settle(cx),
        ),
    }
}

/// Whether the jobs of CI get the value that the release gets; `None` where it
/// depends on settings that were not seen.
fn one_value(
    cx: &Context<'_>,
    name: &str,
    release: &JobView<'_>,
    ci: &[&Holder<'_>],
) -> Option<bool> {
    let environment = |job: &JobView<'_>| {
        let text = job.job.environment.as_ref()?;
        Some(text.name.value.to_lowercase())
    };
    let of_release = environment(release);
    if let Some(same) = ci.iter().find(|ci| environment(ci.job) == of_release) {
        let Some(environment) = &same.job.job.environment else {
            return Some(true);
        };
        return match guards::of(cx, &environment.name.value) {
            Guard::Approved { .. } => Some(false),
            Guard::Unknown { .. } => None,
            Guard::Limited { .. } | Guard::Open { .. } => Some(true),
        };
    }
    let lookup = cx.facts.settings?.secret(name);
    let of_release_alone = of_release.is_some_and(|wanted| {
        lookup.found.iter().any(|secret| {
            matches!(&secret.home, SecretHome::Environment { environment }
                if environment.to_lowercase() == wanted)
        })
    });
    if of_release_alone {
        return Some(false);
    }
    lookup.not_checked.is_empty().then_some(true)
}

// How the job of CI is started. What anybody can cause may still take somebody
// with a role before the job does anything.
fn caused(cx: &Context<'_>, job: &JobView<'_>, start: &Start<'_>) -> String {
    let event = start.trigger.name();
    let ways = strangers::of_job(cx, job);
    let mut ways = ways.iter().filter(|way| way.event() == event).peekable();
    if start.origin == Origin::Outsider
        && ways.peek().is_some()
        && ways.all(|way| !way.way.is_open())
    {
        return format!("`{event}` once somebody with a role takes part");
    }
    start.to_string()
}

fn report(cx: &Context<'_>, name: &str, release: &Holder<'_>, ci: &[&Holder<'_>], out: &mut Sink) {
    let mutable = |holder: &&&Holder<'_>| {
        holder.job.job.steps().iter().any(|step| {
            step.uses()
                .and_then(|u| u.value.repository())
                .is_some_and(|uses| uses.commit().is_none() && !is_familiar(cx.repository, uses))
        })
    };
    let worst = ci.iter().find(mutable).or(ci.first());
    let Some(worst) = worst else { return };
    let high = mutable(&worst);
    let start = worst
        .start
        .as_ref()
        .map_or_else(String::new, |start| caused(cx, worst.job, start));
    let (from, to) = (worst.job.job.name(), release.job.job.name());
    let whose = if from == to {
        "it also".to_owned()
    } else {
        format!("job `{to}`")
    };
    let why = if high {
        format!(
            "`{from}` runs third-party code that its owners can change at any time; with {name} \
             it publishes what users get from job `{to}`"
        )
    } else if from == to {
        format!("Whatever breaches the job on {start} can publish what users get from it")
    } else {
        format!("A breach of job `{from}` is enough to publish what users get from job `{to}`")
    };
    let mut finding = Finding::new(
        SharedCredential::INFO.id,
        if high {
            Severity::High
        } else {
            Severity::Medium
        },
        worst.job.at(worst.place),
        format!("job `{from}`, run on {start}, uses {name}, with which {whose} publishes"),
    )
    .why(why)
    .fix(format!(
        "Give CI an account of its own that cannot push to the release registry, and keep {name} \
         in the environment of the release job"
    ))
    .group("credentials that CI and releases share")
    .subject(format!("secrets.{name}"))
    .related(
        release.job.at(release.place),
        format!("job `{to}` signs in for a release"),
    );
    let mut told: Vec<Location> = vec![worst.job.at(worst.place)];
    for other in ci.iter().take(8) {
        let place = other.job.at(other.place);
        if !told.contains(&place) {
            told.push(place.clone());
            let note = format!("job `{}` uses it too", other.job.job.name());
            finding = finding.related(place, note);
        }
    }
    out.report(finding);
}
