//! Actions and reusable workflows that are not pinned to a commit.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{Control, UsesRef};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::checkouts;

use crate::context::Context;
use crate::locking;
use crate::own_references::OwnName;
use crate::rule::{Rule, Sink};
use crate::sites::{self, Holder, UseSite};
use crate::takeover::Takeovers;

crate::rule! {
    /// # What
    /// An action or a reusable workflow of another repository is named by a tag
    /// or a branch instead of a full commit id.
    ///
    /// # Why
    /// A tag is a name that its owner, or whoever takes over the owner's
    /// account, can point at other code at any time. The next run then executes
    /// that code with everything that the job holds. In March 2025 every tag of
    /// `tj-actions/changed-files` was moved to one malicious commit within
    /// hours (CVE-2025-30066); in March 2026 the same happened to
    /// `aquasecurity/trivy-action` (CVE-2026-33634). Projects that had pinned
    /// commits were not touched.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@v4
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    /// ```
    /// A checkout of a foreign head must not be pinned to a version that has no
    /// guard: an old commit is then worse than a tag. Better is a workflow that
    /// fetches no head, with [two workflows](../fork-comments.md) where a result
    /// is written back.
    ///
    /// # How it is decided
    /// Every `uses:` of a step, of a composite action and of a calling job that
    /// names another repository must end in 40 or 64 hexadecimal digits, or
    /// stand in `actions.lock` with a commit, under the workflow that uses it; a
    /// composite action counts as locked where every job reaches it by `$/…` and
    /// its workflow locks the action. A lock that GitHub cannot read fixes
    /// nothing.
    ///
    /// The severity follows what the job holds, for a composite action the job
    /// with the most at stake of this checkout that uses it, for a workflow that
    /// is only called the token of its callers.
    ///
    /// It is high where a secret, a right to write code, packages or
    /// attestations, or something published is lost; medium where only the job's
    /// identity, lesser rights, a token for reports or a token of unknown rights
    /// are; low where nothing is but the result of the run.
    ///
    /// An owner who is GitHub itself or the owner of this repository lowers it
    /// by one, since their compromise is another matter altogether. The
    /// generators of slsa-framework refuse to run from a commit: there it is at
    /// most medium, and the fix is another means. Actions in folders of tests
    /// that no job uses are informational.
    ///
    /// A `uses:` with an expression or of an unknown form cannot be judged and
    /// makes the control unknown there. Peers give one severity to every place
    /// (zizmor `unpinned-uses`, Scorecard `Pinned-Dependencies`), and zizmor
    /// takes every action of a workflow for locked that `actions.lock` names at
    /// all.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions>
    /// - <https://docs.github.com/en/actions/concepts/security/workflow-dependency-lockfiles>
    /// - <https://github.com/advisories/GHSA-mrrh-fwg8-r2c3>
    /// - <https://github.com/slsa-framework/slsa-github-generator#referencing-slsa-builders-and-generators>
    pub struct UnpinnedAction {
        id: "unpinned-action",
        title: "An action or reusable workflow is not pinned to a commit",
        severity: High,
        controls: [D1],
        peers: [
            "zizmor/unpinned-uses",
            "scorecard/Pinned-Dependencies",
            "codeql/UnpinnedActionsTag",
            "sisakulint/commit-sha",
        ],
        standards: [Cwe::Cwe494, Scorecard::PinnedDependencies, StepSecurity::PinnedActions],
    }
}

impl Rule for UnpinnedAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let own = OwnName::of(cx);
        let takeovers = Takeovers::new(cx);
        let lock = locking::lock(cx);
        let mut pinned_in = None;
        for site in sites::of(cx) {
            if is_unknown(site.uses) {
                out.unknown(
                    Control::D1,
                    Some(site.location()),
                    format!("what `{}` names", site.uses),
                    "write the owner, the name and the commit; GitHub takes no expression here",
                );
                continue;
            }
            let Some(uses) = site.uses.repository() else {
                continue;
            };
            // The project's own actions have a rule of their own.
            if own.is(uses) {
                continue;
            }
            let locked = lock.fixes(&takeovers, &site, uses);
            if uses.commit().is_none() && !locked {
                report(&own, &takeovers, &site, uses, out);
            } else if pinned_in != Some(site.file().path()) {
                pinned_in = Some(site.file().path());
                let note = if uses.commit().is_some() {
                    "actions are pinned to commits"
                } else {
                    "actions.lock fixes the commits of actions"
                };
                out.satisfied(Control::D1, site.location(), note);
            }
        }
    }
}

fn is_unknown(uses: &UsesRef) -> bool {
    match uses {
        UsesRef::Unknown(text) => !text.is_empty(),
        UsesRef::Local(_) | UsesRef::SelfRepository(_) => uses.to_string().contains("${{"),
        UsesRef::Repository(repository) => {
            let git_ref = repository.git_ref.as_deref().unwrap_or_default();
            git_ref.contains("${{") || repository.path.contains("${{")
        }
        UsesRef::Docker(_) => false,
    }
}

fn report(
    own: &OwnName,
    takeovers: &Takeovers<'_>,
    site: &UseSite<'_>,
    uses: &RepositoryUses,
    out: &mut Sink,
) {
    let takeover = takeovers.at(site);
    let familiar = own.is_familiar(uses);
    let by_tag_only = takes_tags_only(uses);
    let severity = if familiar {
        takeover.severity.lowered()
    } else if by_tag_only {
        takeover.severity.min(Severity::Medium)
    } else {
        takeover.severity
    };
    let what = if matches!(site.holder, Holder::Call(_)) {
        "reusable workflow"
    } else {
        "action"
    };
    let git_ref = uses.git_ref.as_deref().unwrap_or("no ref at all");
    let group = match (what, familiar) {
        _ if by_tag_only => "provenance generators that run from a tag only",
        ("action", false) => "third-party actions named by a tag or branch",
        ("action", true) => "actions of GitHub or of this owner named by a tag or branch",
        (_, false) => "third-party reusable workflows named by a tag or branch",
        (_, true) => "reusable workflows of GitHub or of this owner named by a tag or branch",
    };
    let fix = if by_tag_only {
        "This generator refuses a commit; `actions/attest` gives provenance of the same kind and \
         can be pinned"
    } else if fetches_head(site) {
        "Name the full commit id of a version that refuses heads of forks (v4.4, v5.1, v6.1, v7 \
         or newer), and keep the version as a comment behind it; an older one has no such guard"
    } else {
        "Name the full commit id and keep the version as a comment behind it"
    };
    let finding = Finding::new(
        UnpinnedAction::INFO.id,
        severity,
        site.location(),
        format!(
            "{} uses {what} `{}` at `{git_ref}`",
            site.whom(),
            uses.as_written()
        ),
    )
    .why(format!(
        "Whoever can move `{git_ref}` of {}/{} gets {}",
        uses.owner, uses.repo, takeover.held
    ))
    .fix(fix)
    .confidence(takeover.confidence)
    .group(group)
    .weight(takeover.weight)
    .subject(format!("{} {}", site.subject(), uses.name()));
    // What nobody ships and no job runs does not speak against the project.
    if takeover.severity == Severity::Info {
        out.report_against(&[], finding);
    } else {
        out.report(finding);
    }
}

// A checkout of what an expression names, where whoever starts the run may be a
// stranger: there the version decides whether a fork's head is refused.
fn fetches_head(site: &UseSite<'_>) -> bool {
    let Holder::Step(job, step) = site.holder else {
        return false;
    };
    let chosen = |name| {
        step.input(name)
            .is_some_and(|text| text.literal().is_none())
    };
    let privileged = ["pull_request_target", "workflow_run"];
    checkouts::is_checkout(step)
        && (chosen("ref") || chosen("repository"))
        && privileged
            .iter()
            .any(|event| job.entry.events.contains(*event))
}

// Its verifier takes the builder's identity from the tag, so that a run from a
// commit or a short tag fails.
fn takes_tags_only(uses: &RepositoryUses) -> bool {
    uses.slug() == "slsa-framework/slsa-github-generator" && uses.is_reusable_workflow()
}
