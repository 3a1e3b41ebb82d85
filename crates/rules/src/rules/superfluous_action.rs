//! Actions of third parties for what the runner can do by itself.

use cofferdam_findings::{Finding, Severity};

use crate::context::Context;
use crate::own_references::OwnName;
use crate::rule::{Rule, Sink};
use crate::sites;
use crate::takeover::Takeovers;

mod replaceable;

crate::rule! {
    /// # What
    /// A step uses an action of a third party for something that a program
    /// does which every hosted runner carries.
    ///
    /// # Why
    /// Each action is one more party whose compromise is a compromise of the
    /// job, one more pin to raise and one more set of packages behind it. For a
    /// comment on a pull request or a release, a line of `gh` is enough.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: softprops/action-gh-release@da05d552573ad5aba039eaac05058a918a7bf631 # v2.2.2
    ///   with:
    ///     files: dist/*
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: gh release create "$GITHUB_REF_NAME" dist/*
    ///   env:
    ///     GH_TOKEN: ${{ github.token }}
    /// ```
    ///
    /// # How it is decided
    /// A table of actions with the command that does the same. Always
    /// informational, since the action may do more than the command, and a
    /// runner of one's own may lack the program. Actions of this repository's
    /// owner are left out. zizmor's `superfluous-actions` has a shorter table;
    /// where this differs is the name of what the job holds, so that the ones
    /// worth the work come first.
    ///
    /// # References
    /// - <https://github.com/actions/runner-images#available-images>
    /// - <https://cli.github.com/manual/>
    pub struct SuperfluousAction {
        id: "superfluous-action",
        title: "An action does what the runner can do by itself",
        severity: Info,
        controls: [],
        peers: ["zizmor/superfluous-actions"],
        standards: [Cwe::Cwe1357],
    }
}

impl Rule for SuperfluousAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let own = OwnName::of(cx);
        let takeovers = Takeovers::new(cx);
        for site in sites::of(cx) {
            let Some(uses) = site.uses.repository() else {
                continue;
            };
            let name = uses.name();
            let Some(instead) = replaceable::instead_of(&name) else {
                continue;
            };
            if own.owner() == Some(&uses.owner.to_ascii_lowercase()) {
                continue;
            }
            let takeover = takeovers.at(&site);
            out.report(
                Finding::new(
                    Self::INFO.id,
                    Severity::Info,
                    site.location(),
                    format!("{} uses `{name}` where `{instead}` is enough", site.whom()),
                )
                .why(format!("Its compromise would cost {}", takeover.held))
                .fix(format!("Run `{instead}` in a script"))
                .group("actions for what the runner can do by itself")
                .weight(takeover.weight)
                .subject(format!("{} {name}", site.subject())),
            );
        }
    }
}
