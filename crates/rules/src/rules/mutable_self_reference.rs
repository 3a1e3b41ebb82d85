//! A repository's own actions and workflows, named by a branch or tag.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{Control, UsesRef};
use cofferdam_findings::{Confidence, Finding};

use crate::context::Context;
use crate::own_references::{self, OwnName};
use crate::rule::{Rule, Sink};
use crate::sites::{self, UseSite};
use crate::takeover::Takeovers;

crate::rule! {
    /// # What
    /// A workflow or action names an action or reusable workflow of its own
    /// repository by a branch or tag, as in `OWNER/REPO/path@main`.
    ///
    /// # Why
    /// The run then mixes two commits: the workflow comes from the commit that
    /// was reviewed for this run, the action from wherever the branch is by
    /// then. Whoever can push to that branch, or move that tag, decides what
    /// runs in the release jobs of every other branch, and no review of those
    /// branches sees it. Nothing can be pinned from the outside either: who
    /// uses the repository at a commit still gets its actions from the branch.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: org/app/.github/actions/set-commit-status@main
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: $/.github/actions/set-commit-status
    /// ```
    ///
    /// # How it is decided
    /// Every `uses:` of a step, of a composite action and of a calling job that
    /// names this repository must end in a full commit id. The name of the
    /// repository comes from the command line, the settings or the remote. Where
    /// none of them tells it, one name is taken for it if three files use two or
    /// more of its paths and every path exists here; the confidence is then low.
    ///
    /// The severity follows what the job holds and is one level below that of a
    /// stranger's action, since it takes write access to this repository. The
    /// fix names the `$/…` form where the path exists in the checkout: it runs
    /// the code of the running commit and needs no checkout. `./…` does the same
    /// once the job has checked out the right commit.
    ///
    /// What other repositories use as well may move to a repository of its own
    /// and be pinned there. zizmor's `self-repository` speaks about `./…` and
    /// `unpinned-uses` does not tell own actions from others.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsuses>
    /// - <https://github.com/github/gh-actions-lock#self-repository-actions->
    pub struct MutableSelfReference {
        id: "mutable-self-reference",
        title: "The repository names its own actions by a branch or tag",
        severity: Medium,
        controls: [D3],
        peers: ["zizmor/unpinned-uses"],
        standards: [Cwe::Cwe494],
    }
}

impl Rule for MutableSelfReference {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let own = OwnName::of(cx);
        let takeovers = Takeovers::new(cx);
        let mutable = own_references::mutable(cx, &own);
        for (site, uses) in &mutable {
            report(cx, &own, &takeovers, site, uses, out);
        }
        if !mutable.is_empty() {
            return;
        }
        let sites = sites::of(cx);
        let fixed = sites.iter().find(|site| match site.uses {
            UsesRef::Local(_) | UsesRef::SelfRepository(_) => true,
            UsesRef::Repository(uses) => own.is(uses),
            _ => false,
        });
        let strangers = sites.iter().any(|site| site.uses.repository().is_some());
        match (fixed, &own) {
            (Some(site), OwnName::Known(_)) => out.satisfied(
                Control::D3,
                site.location(),
                "own actions and workflows are used as they are in the running commit",
            ),
            // Any of the names could be this repository's.
            (_, OwnName::Unknown | OwnName::Likely(_)) if strangers => out.unknown(
                Control::D3,
                None,
                "the name of the repository",
                "`cofferdam audit --repository OWNER/NAME`",
            ),
            _ => out.not_applicable(Control::D3, "no own action or workflow is named"),
        }
    }
}

fn report(
    cx: &Context<'_>,
    own: &OwnName,
    takeovers: &Takeovers<'_>,
    site: &UseSite<'_>,
    uses: &RepositoryUses,
    out: &mut Sink,
) {
    let takeover = takeovers.at(site);
    let git_ref = uses.git_ref.as_deref().unwrap_or("no ref at all");
    let (confidence, own_name) = match own {
        OwnName::Known(_) => (takeover.confidence, "this repository"),
        _ => (Confidence::Low, "what its paths show to be this repository"),
    };
    let what = if uses.path.is_empty() {
        "the action".to_owned()
    } else {
        format!("`{}`", uses.path)
    };
    let fix = match own_references::replacement(cx.repository, uses) {
        Some(proposed) => format!(
            "Write `{proposed}`, the code of the running commit; if other repositories use it \
             too, move it to a repository of its own and pin a commit of that"
        ),
        None if uses.path.is_empty() => {
            "Use `./` after a checkout, or pin a commit of the published action".to_owned()
        }
        None => format!(
            "`{}` is not in this checkout: pin the commit that holds it, or bring it here and \
             write `$/{}`",
            uses.path, uses.path
        ),
    };
    out.report(
        Finding::new(
            MutableSelfReference::INFO.id,
            takeover.severity.lowered(),
            site.location(),
            format!("{} uses {what} of {own_name} at `{git_ref}`", site.whom()),
        )
        .why(format!(
            "Whoever can move `{git_ref}` decides what runs here, past the review of this file; \
             at stake: {}",
            takeover.held
        ))
        .fix(fix)
        .confidence(confidence)
        .group("references to this repository's own actions by branch or tag")
        .subject(format!("{} {}", site.subject(), uses.name())),
    );
}
