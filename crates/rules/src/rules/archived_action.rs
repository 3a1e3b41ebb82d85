//! Actions whose repository is archived or has another name by now.

use cofferdam_datapack::DataPack;
use cofferdam_findings::{Confidence, Finding, Severity};

use crate::context::Context;
use crate::known::{self, KnownUse};
use crate::rule::{Rule, Sink};
use crate::takeover::Takeovers;

crate::rule! {
    /// # What
    /// An action comes from a repository that takes no more changes, or is used
    /// under a name that the repository no longer has.
    ///
    /// # Why
    /// An archived action gets no fix, whatever is found in it, and stops
    /// working when the platform drops its runtime. An old name works only by
    /// GitHub's redirect: as soon as somebody takes the name, it leads to
    /// theirs.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: actions/create-release@0cb9c9b65d5d1901c1f53e5e66eaf4afd303e70e # v1.1.4
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: gh release create "$GITHUB_REF_NAME" --verify-tag
    /// ```
    ///
    /// # How it is decided
    /// The data pack lists archived and renamed repositories. An archived one is
    /// low, informational in a job that holds nothing. An old name is low where
    /// the ref is a tag or branch, which the next owner of the name decides, and
    /// informational where it is a commit or locked. An image of the form
    /// `docker://ghcr.io/OWNER/REPO` counts as its repository. zizmor's `archived-uses`
    /// has one severity and no renamed ones.
    ///
    /// # References
    /// - <https://docs.github.com/en/repositories/archiving-a-github-repository/archiving-repositories>
    /// - <https://docs.github.com/en/repositories/creating-and-managing-repositories/renaming-a-repository>
    pub struct ArchivedAction {
        id: "archived-action",
        title: "An action is archived, or used under an old name",
        severity: Low,
        controls: [],
        peers: ["zizmor/archived-uses", "sisakulint/archived-uses"],
        standards: [Cwe::Cwe1104],
    }
}

impl Rule for ArchivedAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(pack) = known::pack(cx, out) else {
            return;
        };
        let takeovers = Takeovers::new(cx);
        for used in known::uses(cx) {
            let severity = || used.takeover(cx, &takeovers).severity;
            if let Some(finding) = archived(pack, &used, severity) {
                out.report(finding);
            } else if let Some(finding) = renamed(pack, &used) {
                out.report(finding);
            }
        }
    }
}

fn archived(pack: &DataPack, used: &KnownUse<'_>, worth: impl Fn() -> Severity) -> Option<Finding> {
    let archived = pack.archived(&used.uses.slug())?;
    let severity = if worth() > Severity::Low {
        Severity::Low
    } else {
        Severity::Info
    };
    let since = archived
        .since
        .map_or_else(String::new, |since| format!(" since {}", since.date()));
    let fix = match archived.replacement.as_deref() {
        Some(other) => format!("Use `{other}` in its place"),
        None => "Put a maintained action or a command in its place".to_owned(),
    };
    Some(
        Finding::new(
            ArchivedAction::INFO.id,
            severity,
            used.location(),
            format!("{}, which is archived{since}", used.phrase()),
        )
        .why("Nobody mends it any more, and it stops working with its runtime")
        .fix(fix)
        .confidence(used.confidence().max(Confidence::Medium))
        .group("actions of archived repositories")
        .subject(used.subject()),
    )
}

fn renamed(pack: &DataPack, used: &KnownUse<'_>) -> Option<Finding> {
    let renamed = pack.renamed(&used.uses.slug())?;
    let (severity, what) = if used.uses.commit().is_some() {
        (Severity::Info, "the run then fails")
    } else {
        (Severity::Low, "the run then executes theirs")
    };
    Some(
        Finding::new(
            ArchivedAction::INFO.id,
            severity,
            used.location(),
            format!("{}, which is called `{}` now", used.phrase(), renamed.to),
        )
        .why(format!(
            "The old name leads there only until somebody takes it; {what}"
        ))
        .fix(format!("Write `{}`", renamed.to))
        .group("actions under old names")
        .subject(used.subject()),
    )
}
