//! Actions and reusable workflows that are not pinned to a commit.

use cofferdam_facts::Control;
use cofferdam_facts::uses::RepositoryUses;
use cofferdam_findings::{Finding, Severity};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};
use crate::sites::{self, Holder, UseSite};

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
    /// - uses: actions/checkout@v4
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
    /// ```
    ///
    /// # How it is decided
    /// Every `uses:` of a step, of a composite action and of a calling job that
    /// names another repository must end in 40 or 64 hexadecimal digits. A
    /// workflow whose action stands in `actions.lock` with a commit counts as
    /// pinned. The severity follows what the job holds: a secret, a token that
    /// may write the repository or sign, or something that it publishes makes
    /// it high; an owner who is GitHub itself or the owner of this repository
    /// lowers it by one, since their compromise is another matter altogether.
    /// Peers give one severity to every place (zizmor `unpinned-uses`,
    /// Scorecard `Pinned-Dependencies`).
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions>
    /// - <https://github.com/advisories/GHSA-mrrh-fwg8-r2c3>
    pub struct UnpinnedAction {
        id: "unpinned-action",
        title: "An action or reusable workflow is not pinned to a commit",
        severity: High,
        controls: [D1],
    }
}

impl Rule for UnpinnedAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let mut pinned_in = None;
        for site in sites::of(cx) {
            let Some(uses) = site.uses.repository() else {
                continue;
            };
            // The project's own actions have a rule of their own.
            if cx.repository.is_self(uses) {
                continue;
            }
            if uses.commit().is_none() {
                report(cx, &site, uses, out);
            } else if pinned_in != Some(site.file().path()) {
                pinned_in = Some(site.file().path());
                out.satisfied(
                    Control::D1,
                    site.location(),
                    "actions are pinned to commits",
                );
            }
        }
    }
}

fn report(cx: &Context<'_>, site: &UseSite<'_>, uses: &RepositoryUses, out: &mut Sink) {
    let familiar = is_familiar(cx, uses);
    let stakes = site.job().map(JobView::stakes);
    let severity = match &stakes {
        Some(stakes) if stakes.is_grave() => Severity::High,
        Some(stakes) if !stakes.any() && !stakes.perhaps_writes => Severity::Low,
        _ => Severity::Medium,
    };
    let severity = if familiar {
        severity.lowered()
    } else {
        severity
    };
    let what = if matches!(site.holder, Holder::Call(_)) {
        "reusable workflow"
    } else {
        "action"
    };
    let git_ref = uses.git_ref.as_deref().unwrap_or("no ref at all");
    let held = stakes.map_or_else(
        || "whatever the jobs hold that use this action".to_owned(),
        |stakes| stakes.describe(),
    );
    let group = match (what, familiar) {
        ("action", false) => "third-party actions named by a tag or branch",
        ("action", true) => "actions of GitHub or of this owner named by a tag or branch",
        (_, false) => "third-party reusable workflows named by a tag or branch",
        (_, true) => "reusable workflows of GitHub or of this owner named by a tag or branch",
    };
    out.report(
        Finding::new(
            UnpinnedAction::INFO.id,
            severity,
            site.location(),
            format!(
                "{} uses {what} `{}` at `{git_ref}`",
                site.whom(),
                uses.name()
            ),
        )
        .why(format!(
            "Whoever can move `{git_ref}` of {} gets {held}",
            uses.slug()
        ))
        .fix("Name the full commit id and keep the version as a comment behind it")
        .group(group)
        .subject(format!("{} {}", site.subject(), uses.name())),
    );
}

/// Whether the action comes from GitHub itself or from this repository's owner.
pub(crate) fn is_familiar(cx: &Context<'_>, uses: &RepositoryUses) -> bool {
    let owner = uses.owner.to_ascii_lowercase();
    let own = cx
        .repository
        .slug
        .as_deref()
        .and_then(|s| s.split_once('/'))
        .map(|(o, _)| o);
    matches!(owner.as_str(), "actions" | "github")
        || own.is_some_and(|own| own.eq_ignore_ascii_case(&owner))
}
