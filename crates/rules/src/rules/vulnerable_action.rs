//! Actions with published advisories.

use cofferdam_datapack::{Certainty, Severity as Stated, VulnerableHit};
use cofferdam_findings::{Confidence, Finding, NotChecked, Severity};
use cofferdam_workflows::semantics::events::{self, Starter};

use crate::context::{Context, JobView};
use crate::known::{self, KnownUse, Told};
use crate::rule::{Rule, Sink};
use crate::takeover::{Takeover, Takeovers};

crate::rule! {
    /// # What
    /// An action or reusable workflow is used at a version for which an
    /// advisory is published.
    ///
    /// # Why
    /// Most advisories of actions are about input: the name of a branch, the
    /// title of an issue or the content of a pull request becomes a command,
    /// and its author gets what the job holds.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: tj-actions/changed-files@v40.2.3
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: tj-actions/changed-files@9426d40962ed5378910ee2e21d5f8c6fcbf2dd96 # v47.0.6
    /// ```
    ///
    /// # How it is decided
    /// The version is the tag, or, for a commit, the one from which
    /// `actions.lock` resolved it; a comment beside the commit is only claimed
    /// and lowers the confidence. It is compared with the ranges of the data
    /// pack. A short tag such as `v4` stands for the newest release of its line.
    ///
    /// The severity is that of the advisory, but no more than what the job holds
    /// is worth, and one level less if nobody without write access can start the
    /// job. Where only some releases of a line are affected the finding is
    /// informational. Commits without a known version are counted as not
    /// checked, once.
    ///
    /// An image of the form `docker://ghcr.io/OWNER/REPO:TAG` is taken for the
    /// release of that repository. zizmor's `known-vulnerable-actions` asks
    /// GitHub's API for every commit; this works without a network.
    ///
    /// # References
    /// - <https://github.com/advisories?query=ecosystem%3Aactions>
    pub struct VulnerableAction {
        id: "vulnerable-action",
        title: "An action has a published advisory",
        severity: High,
        controls: [],
        peers: [
            "zizmor/known-vulnerable-actions",
            "poutine/known_vulnerability_in_build_component",
            "octoscan/known-vulnerability",
            "codeql/UseOfKnownVulnerableAction",
        ],
        standards: [Cwe::Cwe1395],
    }
}

impl Rule for VulnerableAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(pack) = known::pack(cx, out) else {
            return;
        };
        let takeovers = Takeovers::new(cx);
        let mut undecided: Vec<String> = Vec::new();
        for used in known::uses(cx) {
            let mut hits = pack.vulnerable(&used.uses, used.version());
            if hits.iter().any(|hit| hit.certainty == Certainty::Undecided) {
                undecided.push(used.uses.name());
            }
            hits.retain(|hit| hit.certainty != Certainty::Undecided);
            // Certain ones first; what is only possible says nothing beside them.
            let surest = hits.first().map(|hit| hit.certainty);
            hits.retain(|hit| Some(hit.certainty) == surest);
            if let Some(first) = hits.first() {
                let started = used
                    .jobs(cx, &takeovers)
                    .into_iter()
                    .any(starts_from_outside);
                let takeover = used.takeover(cx, &takeovers);
                report(&used, first, &hits, &takeover, started, out);
            }
        }
        undecided.sort();
        undecided.dedup();
        if !undecided.is_empty() {
            out.not_checked(NotChecked {
                code: "action-version",
                message: format!(
                    "actions with advisories are used at commits or names whose version is not \
                     known: {}{}",
                    undecided
                        .iter()
                        .take(5)
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", "),
                    match undecided.len().saturating_sub(5) {
                        0 => String::new(),
                        more => format!(" and {more} more"),
                    }
                ),
                location: None,
                settle: "write the version as a comment behind the commit".to_owned(),
                required: false,
            });
        }
    }
}

/// Whether somebody without write access can start a job.
fn starts_from_outside(job: &JobView<'_>) -> bool {
    job.entry.callable
        || job.entry.events.iter().any(|event| {
            let starter = events::info(event).map(|info| info.starter);
            !matches!(starter, Some(Starter::Writer | Starter::Schedule))
        })
}

fn report(
    used: &KnownUse<'_>,
    first: &VulnerableHit<'_>,
    hits: &[VulnerableHit<'_>],
    takeover: &Takeover,
    started: bool,
    out: &mut Sink,
) {
    let worst = hits.iter().map(|hit| hit.advisory.severity).max();
    let stated = match worst {
        Some(Stated::Critical | Stated::High) => Severity::High,
        Some(Stated::Moderate) => Severity::Medium,
        _ => Severity::Low,
    };
    let severity = stated.min(takeover.severity);
    let severity = match first.certainty {
        Certainty::Certain if started => severity,
        Certainty::Certain => severity.lowered(),
        _ => Severity::Info,
    };
    let ids: Vec<&str> = hits.iter().map(|hit| hit.advisory.id.as_str()).collect();
    let claimed = match used.told {
        Told::ByComment(_) => " by its comment",
        _ => "",
    };
    let verb = if first.certainty == Certainty::Certain {
        "has"
    } else {
        "may have"
    };
    let fix = match first.advisory.fixed_after(Some(used.at())) {
        Some(fixed) => format!("Move to {fixed} or later"),
        None => "No fixed release is known: put something else in its place".to_owned(),
    };
    let confidence = match first.certainty {
        Certainty::Certain => used.confidence().min(takeover.confidence),
        _ => Confidence::Low,
    };
    out.report(
        Finding::new(
            VulnerableAction::INFO.id,
            severity,
            used.location(),
            format!(
                "{} at `{}`{claimed}, which {verb} {}",
                used.phrase(),
                used.at(),
                ids.join(", ")
            ),
        )
        .why(format!(
            "{} At stake: {}",
            first.advisory.summary, takeover.held
        ))
        .fix(fix)
        .confidence(confidence)
        .group("actions at versions with published advisories")
        .subject(used.subject()),
    );
}
