//! What `actions.lock` covers, entry by entry.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{Control, Location, Span};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Problem;
use cofferdam_workflows::documents::actions_lock::{ActionsLock, Pin};

use crate::context::Context;
use crate::lock_gaps::{Gap, Locked, RELOCK};
use crate::locking::{self, Lock};
use crate::own_references::OwnName;
use crate::rule::{Rule, Sink};
use crate::sites::{self, UseSite};
use crate::takeover::Takeovers;
use crate::unread;

crate::rule! {
    /// # What
    /// GitHub's lockfile `.github/workflows/actions.lock` is not readable, or
    /// leaves out a workflow, an action that a locked workflow
    /// uses, or what such an action uses itself.
    ///
    /// # Why
    /// A commit in `uses:` fixes one action; what that action uses is named in
    /// its own repository, often by a tag. Only a lock fixes the whole tree. A
    /// gap in it is a place where unlocked code runs, or, where GitHub enforces
    /// the lock, a workflow that does not start: a workflow is enforced as soon
    /// as the lock lists it. A lockfile that GitHub cannot read is ignored, and
    /// every tag moves freely again while the file looks like protection.
    ///
    /// # Vulnerable
    /// ```yaml
    /// version: 'v0.0.2'
    /// workflows:
    ///   '.github/workflows/ci.yml':
    ///     - 'actions/checkout@v6.0.2'   # ci.yml also uses third/party@v1
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// version: 'v0.0.2'
    /// workflows:
    ///   '.github/workflows/ci.yml':
    ///     - 'actions/checkout@v6.0.2'
    ///     - 'third/party@v1'
    /// ```
    /// with an entry of the same name and its commit under `dependencies:`;
    /// `cofferdam lock write` writes both, and so does `gh actions-lock`.
    ///
    /// # How it is decided
    /// Every `uses:` of a locked workflow, and of the actions that it reaches by
    /// `$/…`, must be in its list and have an entry with a full commit; every
    /// pin that an entry itself uses must have an entry. A gap with a tag or
    /// branch is graded by what the job holds, as in `unpinned-action`; with a
    /// commit it is low, since only what the action uses is open.
    ///
    /// Actions that are reached by `./…` are not followed by the lock: what they
    /// use from elsewhere is a gap. A called workflow of another repository
    /// brings the lock of that repository; GitHub's documents and its tool
    /// differ on whether the call itself is locked, so that a call by a tag that
    /// is not in the list is one level lower and reported with low confidence.
    ///
    /// Entries of workflows that do not exist, and entries that nothing reaches,
    /// are informational. Workflows that use actions and are not in a lock that
    /// lists others are low. Without any lock the control is absent, and nothing
    /// is to be mended at one place. A version that is newer than this program
    /// knows is not checked. Of more than 200 places with one cause the gravest
    /// are told one by one and the rest as one finding.
    ///
    /// Container images are no part of this lock. zizmor takes a workflow for
    /// locked if its path is a key of the file, whatever stands below it.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/concepts/security/workflow-dependency-lockfiles>
    /// - <https://github.com/github/actions-lockfile>
    /// - <https://github.com/github/gh-actions-lock/issues/125>
    pub struct LockCoverage {
        id: "lock-coverage",
        title: "actions.lock does not cover every action",
        severity: High,
        controls: [D2],
        standards: [Cwe::Cwe494],
    }
}

impl Rule for LockCoverage {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let takeovers = Takeovers::new(cx);
        let own = OwnName::of(cx);
        let sites: Vec<_> = sites::of(cx)
            .into_iter()
            .filter(|site| foreign(&own, site).is_some())
            .collect();
        match locking::lock(cx) {
            Lock::None => missing(cx, sites.first(), out),
            Lock::Broken(lock, problem) => broken(lock, problem, &own, &takeovers, &sites, out),
            Lock::Newer(lock) => newer(lock, out),
            Lock::Read(lock) => {
                let mut reported = BTreeSet::new();
                let mut found = Vec::new();
                for workflow in &cx.repository.workflows {
                    let mine = || sites.iter().filter(|s| s.file().path() == workflow.path());
                    match lock.workflow(workflow.path()) {
                        Some(entry) => {
                            let locked = Locked {
                                cx,
                                lock,
                                takeovers: &takeovers,
                                own: &own,
                                workflow,
                                entry,
                            };
                            let gaps = locked.gaps(&sites);
                            if gaps.is_empty() {
                                out.satisfied(
                                    Control::D2,
                                    lock.file().locate(entry.path.span),
                                    "every action of the workflow is locked to a commit",
                                );
                            }
                            for gap in gaps {
                                reported.extend(gap.pin.clone());
                                found.push(report(gap, lock.file().locate(entry.path.span)));
                            }
                        }
                        None => unlisted(mine().next(), lock, out),
                    }
                }
                found.extend(holes(lock, &reported));
                tell(found, &mut |finding| out.report(finding));
                leftovers(cx, lock, out);
            }
        }
    }
}

/// The action or workflow of another repository that a site names.
fn foreign<'c>(own: &OwnName, site: &UseSite<'c>) -> Option<&'c RepositoryUses> {
    let uses = site.uses.repository()?;
    (!own.is(uses)).then_some(uses)
}

fn finding(severity: Severity, location: Location, message: impl Into<String>) -> Finding {
    Finding::new(LockCoverage::INFO.id, severity, location, message).fix(RELOCK)
}

fn missing(cx: &Context<'_>, first: Option<&UseSite<'_>>, out: &mut Sink) {
    let Some(first) = first else {
        return out.not_applicable(Control::D2, "no action of another repository is used");
    };
    let what = "whether an actions.lock fixes what the actions use themselves";
    if unread::elsewhere(cx, Control::D2, what, out) {
        return;
    }
    // The lock is in public preview and not offered to every owner, so its
    // absence is a fact about the control and nothing to mend at this place.
    out.violated(
        Control::D2,
        first.location(),
        "no actions.lock fixes what the used actions use themselves; `cofferdam lock write` or \
         `gh actions-lock` writes one",
    );
}

fn broken(
    lock: &ActionsLock,
    problem: &Problem,
    own: &OwnName,
    takeovers: &Takeovers<'_>,
    sites: &[UseSite<'_>],
    out: &mut Sink,
) {
    let open = sites
        .iter()
        .filter_map(|site| Some((site, site.uses.repository()?)))
        .filter(|(_, uses)| uses.commit().is_none());
    let worst = open
        .map(|(site, uses)| match takeovers.at(site).severity {
            severity if own.is_familiar(uses) => severity.lowered(),
            severity => severity,
        })
        .max();
    let mut finding = finding(
        worst.unwrap_or(Severity::Low),
        lock.file().locate(problem.span),
        format!("GitHub cannot read actions.lock: {}", problem.message),
    )
    .why("A lockfile that cannot be read is ignored: every tag runs what it leads to now")
    .confidence(Confidence::Medium)
    .subject("actions.lock");
    for other in lock.problems().iter().skip(1).take(9) {
        finding = finding.related(lock.file().locate(other.span), other.message.clone());
    }
    out.report(finding);
}

fn newer(lock: &ActionsLock, out: &mut Sink) {
    let version = lock.version.as_ref();
    let location = lock
        .file()
        .locate(version.map_or_else(Span::default, |v| v.span));
    let written = version.map_or("", |v| v.value.as_str());
    out.unknown(
        Control::D2,
        Some(location),
        format!("what version {written} of actions.lock means"),
        "`gh actions-lock --verify`, or a newer version of this program",
    );
}

fn unlisted(first: Option<&UseSite<'_>>, lock: &ActionsLock, out: &mut Sink) {
    let Some(site) = first else { return };
    let path = site.file().path();
    let mut finding = finding(
        Severity::Low,
        site.location(),
        format!("`{path}` uses actions and is not in actions.lock"),
    )
    .why("Its actions, and what they use themselves, run as their refs lead at the time")
    .group("workflows that actions.lock leaves out")
    .subject(path);
    if let Some(other) = lock.workflows.first() {
        let place = lock.file().locate(other.path.span);
        finding = finding.related(place, "the lock lists other workflows");
    }
    out.report(finding);
}

fn report(gap: Gap, list: Location) -> Finding {
    finding(gap.severity, gap.location, gap.message)
        .why(gap.why)
        .fix(gap.fix)
        .confidence(gap.confidence)
        .group(gap.group)
        .subject(gap.subject)
        .related(list, "the lock lists this workflow")
}

/// Pins that the lock names and holds no commit for, each once, unless their use
/// in a workflow was reported already.
fn holes(lock: &ActionsLock, reported: &BTreeSet<Pin>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let gaps = lock.gaps().into_iter();
    gaps.filter(|gap| !reported.contains(&gap.pin) && seen.insert(gap.pin.clone()))
        .map(|gap| {
            finding(
                Severity::Medium,
                lock.file().locate(gap.span),
                format!("`{}` is named in the lock and has no entry there", gap.pin),
            )
            .why("It runs unlocked wherever a locked workflow or action uses it, or the run is refused")
            .group("pins in actions.lock without an entry")
            .subject(gap.pin.to_string())
        })
        .collect()
}

/// So many places with one cause are findings of their own; the rest of them is
/// one finding together.
const MAX_TOLD: usize = 200;

// The gravest first; what stands behind the limit is counted.
fn tell(mut found: Vec<Finding>, report: &mut dyn FnMut(Finding)) {
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut causes: BTreeMap<String, (usize, Vec<Finding>)> = BTreeMap::new();
    for finding in found {
        let (told, rest) = causes.entry(finding.group.clone()).or_default();
        if *told < MAX_TOLD {
            *told += 1;
            report(finding);
        } else {
            rest.push(finding);
        }
    }
    for (cause, (_, rest)) in causes {
        let Some(first) = rest.first() else { continue };
        let mut summary = finding(
            first.severity,
            first.location.clone(),
            format!("{} more {cause}", rest.len()),
        )
        .why(first.why.clone())
        .confidence(first.confidence)
        .subject(format!("more {cause}"))
        .group(cause);
        for other in rest.iter().skip(1).take(9) {
            summary = summary.related(other.location.clone(), other.message.clone());
        }
        report(summary);
    }
}

/// What the lock holds for nothing.
fn leftovers(cx: &Context<'_>, lock: &ActionsLock, out: &mut Sink) {
    let missing = lock.workflows.iter();
    let missing = missing.filter(|w| cx.repository.workflow(&w.path.value).is_none());
    let found = missing.map(|workflow| {
        finding(
            Severity::Info,
            lock.file().locate(workflow.path.span),
            format!("`{}` is locked and does not exist", workflow.path.value),
        )
        .why("A workflow that is added under this path starts with pins that nobody looked at")
        .group("workflows in actions.lock that do not exist")
        .subject(workflow.path.value.clone())
    });
    tell(found.collect(), &mut |finding| {
        out.report_against(&[], finding);
    });
    let unused = lock.unused();
    if let Some(first) = unused.first() {
        let mut finding = finding(
            Severity::Info,
            lock.file().locate(first.pin.span),
            format!(
                "entries of actions.lock that no workflow reaches: {}",
                unused.len()
            ),
        )
        .why("They hide what is really used from who reviews the file")
        .subject("unused entries");
        for entry in unused.iter().skip(1).take(9) {
            let place = lock.file().locate(entry.pin.span);
            finding = finding.related(place, entry.pin.value.to_string());
        }
        out.report_against(&[], finding);
    }
}
