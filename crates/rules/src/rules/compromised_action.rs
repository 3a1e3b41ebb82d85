//! Actions whose refs lead, or led, to an attacker's code.

use cofferdam_datapack::{Aftermath, CompromisedHit, Exposure};
use cofferdam_findings::{Confidence, Finding, Severity};

use crate::context::Context;
use crate::known::{self, KnownUse};
use crate::rule::{Rule, Sink};
use crate::takeover::{Takeover, Takeovers};

crate::rule! {
    /// # What
    /// A workflow or action runs an action at a commit that an attacker made,
    /// or at a tag or branch that leads to one, or that led to one for a time.
    ///
    /// # Why
    /// This is not a risk but an event. The code of the known incidents reads
    /// the memory of the runner and sends away every secret that the job holds,
    /// or publishes under the project's name. A pin to the attacker's commit
    /// keeps it running after everybody else was helped by a mended tag.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: tj-actions/changed-files@0e58ed8671d6b60d0890c21b07f8835ace038e67
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: tj-actions/changed-files@9426d40962ed5378910ee2e21d5f8c6fcbf2dd96 # v47.0.6
    /// ```
    ///
    /// # How it is decided
    /// The data pack lists the refs and commits of each incident with its times.
    /// A commit of the attacker is critical, and high where the job holds
    /// nothing. So is a ref that still leads there; in a repository that GitHub
    /// blocks it is high at most, since the run fails until the block is lifted.
    ///
    /// A ref that led there for a time and was mended is low: whether this
    /// project ran at that time is not in the files. A commit that is not among
    /// the known ones is informational where the list has gaps, unless
    /// `actions.lock` or the comment beside it gives a version from after the
    /// incident.
    ///
    /// What `actions.lock` fixes is judged by its commit, and its entries for
    /// actions of actions are judged as well. Images are not judged: the tags of
    /// a registry are not those of the repository. poutine and zizmor report
    /// advisories for such actions; neither knows the commits.
    ///
    /// # References
    /// - <https://github.com/advisories/GHSA-mrrh-fwg8-r2c3>
    /// - <https://github.com/advisories/GHSA-qmg3-hpqr-gqvc>
    pub struct CompromisedAction {
        id: "compromised-action",
        title: "An action's ref leads or led to an attacker's code",
        severity: Critical,
        controls: [D1],
        standards: [
            Cwe::Cwe506,
            Scorecard::PinnedDependencies,
            StepSecurity::PinnedActions,
            StepSecurity::KnownIncidents,
        ],
    }
}

impl Rule for CompromisedAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(pack) = known::pack(cx, out) else {
            return;
        };
        let takeovers = Takeovers::new(cx);
        // An image of the registry is no ref of the repository: it did not move.
        for used in known::uses(cx).into_iter().filter(|used| !used.is_image) {
            let hits = pack.compromised(&used.uses, used.version());
            if let Some(hit) = hits.first() {
                report(&used, hit, &used.takeover(cx, &takeovers), out);
            }
        }
    }
}

fn report(used: &KnownUse<'_>, hit: &CompromisedHit<'_>, takeover: &Takeover, out: &mut Sink) {
    let by_commit = used.uses.commit().is_some();
    let entry = hit.entry;
    let from = entry.from.date();
    let until = entry.to.map(|to| to.date());
    let period = match &until {
        Some(until) if *until == from => format!("on {from}"),
        Some(until) => format!("from {from} to {until}"),
        None => format!("from {from} on"),
    };
    let at = used.uses.git_ref.as_deref().unwrap_or_default();
    let finding = |severity, message: String| {
        Finding::new(
            CompromisedAction::INFO.id,
            severity,
            used.location(),
            message,
        )
        .subject(used.subject())
    };
    let ids = match entry.ids.as_slice() {
        [] => String::new(),
        ids => format!(" ({})", ids.join(", ")),
    };
    let summary = entry.summary.trim_end_matches('.');
    let finding = match hit.exposure {
        Exposure::Now => finding(
            severity(takeover, by_commit || entry.refs == Aftermath::Malicious),
            if by_commit {
                format!("{} at a commit that an attacker made", used.phrase())
            } else {
                format!(
                    "{} at `{at}`, which leads to an attacker's code",
                    used.phrase()
                )
            },
        )
        .why(format!(
            "{summary}{ids}. At stake in every run: {}",
            takeover.held
        ))
        .fix(now(entry.safe_since.as_deref()))
        .confidence(if by_commit {
            Confidence::High
        } else {
            used.confidence()
        })
        .group("actions at an attacker's code"),
        Exposure::InThePast => finding(
            Severity::Low.min(takeover.severity),
            format!(
                "{} at `{at}`, which led to an attacker's code {period}",
                used.phrase()
            ),
        )
        .why(format!(
            "{summary}{ids}. At stake in a run of that time: {}. What was moved once may move again",
            takeover.held
        ))
        .fix("Look for runs of that time and revoke what they could read; then pin a commit")
        .confidence(Confidence::Low)
        .group("refs that led to an attacker's code for a time"),
        Exposure::Undecided => finding(
            Severity::Info,
            format!(
                "{} at a commit that cannot be compared with an incident",
                used.phrase()
            ),
        )
        .why(format!(
            "{summary}{ids}, {period}; not every commit of the attacker is known"
        ))
        .fix(
            "Check that the commit is of a release that its authors call safe, and say its version",
        )
        .confidence(Confidence::Low)
        .group("commits that cannot be compared with an incident"),
    };
    if hit.exposure == Exposure::Now {
        out.report(finding);
    } else {
        out.report_against(&[], finding);
    }
}

fn severity(takeover: &Takeover, runs: bool) -> Severity {
    match (runs, takeover.severity) {
        (true, Severity::High | Severity::Critical | Severity::Medium) => Severity::Critical,
        (true, _) | (false, Severity::High | Severity::Critical) => Severity::High,
        (false, _) => Severity::Medium,
    }
}

fn now(safe_since: Option<&str>) -> String {
    let out = match safe_since {
        Some(version) => format!("Pin a commit of {version} or later, or take the action out"),
        None => "Take the action out".to_owned(),
    };
    format!("{out}; revoke everything that its runs could read")
}
