//! Tokens of GitHub Apps that may do more, or live longer, than they need.

use cofferdam_facts::{Control, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::text::Text;

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::sites::{self, Holder, UseSite};

crate::rule! {
    /// # What
    /// A step makes a token of a GitHub App that may do everything that the App
    /// may do, reaches every repository that the App is installed in, or is
    /// left alive when the job ends.
    ///
    /// # Why
    /// An App is often installed in a whole organisation and for several
    /// purposes. A token that is not narrowed carries all of that into one job,
    /// and whatever goes wrong there reaches every other repository, for up to
    /// one hour.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: actions/create-github-app-token@67018539274d69449ef7c02e8e71183d1719ab42 # v2.1.4
    ///   with:
    ///     app-id: ${{ vars.APP_ID }}
    ///     private-key: ${{ secrets.APP_KEY }}
    ///     owner: ${{ github.repository_owner }}
    ///     skip-token-revoke: true
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: actions/create-github-app-token@67018539274d69449ef7c02e8e71183d1719ab42 # v2.1.4
    ///   with:
    ///     app-id: ${{ vars.APP_ID }}
    ///     private-key: ${{ secrets.APP_KEY }}
    ///     repositories: website
    ///     permission-contents: write
    /// ```
    ///
    /// # How it is decided
    /// From the inputs of `actions/create-github-app-token`,
    /// `tibdex/github-app-token`, `getsentry/action-github-app-token` and
    /// `peter-murray/workflow-application-token-action`. All repositories:
    /// medium, since the loss leaves this repository. All permissions, or no
    /// revocation: low, one layer less. Without `owner` and `repositories`,
    /// GitHub's own action asks for this repository alone. What the App itself
    /// may do is not in the files: an App with a single permission in a single
    /// repository loses nothing by the finding. zizmor's `github-app` has one
    /// high severity for each of the three.
    ///
    /// # References
    /// - <https://github.com/actions/create-github-app-token#inputs>
    /// - <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app>
    pub struct AppToken {
        id: "app-token",
        title: "A GitHub App's token is not narrowed",
        severity: Medium,
        controls: [C4],
        peers: ["zizmor/github-app"],
        standards: [Cwe::Cwe250],
    }
}

/// The inputs of one action, by their meaning.
struct Maker {
    action: &'static str,
    /// Inputs that name the repositories.
    repositories: &'static [&'static str],
    /// Inputs without which the token is for this repository alone; empty if it
    /// is for all of them anyhow.
    widened_by: &'static [&'static str],
    /// Inputs that narrow what it may do, or how they begin.
    permissions: Option<&'static str>,
    /// The input that keeps it alive, and its value.
    kept: Option<(&'static str, &'static str)>,
    /// Whether it is kept alive where the input is absent.
    kept_by_default: bool,
}

const MAKERS: &[Maker] = &[
    Maker {
        action: "actions/create-github-app-token",
        repositories: &["repositories"],
        widened_by: &["owner"],
        permissions: Some("permission-"),
        kept: Some(("skip-token-revoke", "true")),
        kept_by_default: false,
    },
    Maker {
        action: "tibdex/github-app-token",
        repositories: &["repositories", "repository"],
        widened_by: &[],
        permissions: Some("permissions"),
        kept: Some(("revoke", "false")),
        kept_by_default: false,
    },
    Maker {
        action: "getsentry/action-github-app-token",
        repositories: &[],
        widened_by: &[],
        permissions: None,
        kept: None,
        kept_by_default: true,
    },
    Maker {
        action: "peter-murray/workflow-application-token-action",
        repositories: &[],
        widened_by: &["organization"],
        permissions: Some("permissions"),
        kept: Some(("revoke_token", "false")),
        kept_by_default: true,
    },
];

impl Rule for AppToken {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for site in sites::of(cx) {
            let (Holder::Step(_, step) | Holder::Action(_, step)) = site.holder else {
                continue;
            };
            let action = step.action().unwrap_or_default();
            if let Some(maker) = MAKERS.iter().find(|maker| maker.action == action) {
                judge(maker, step, &site, out);
            }
        }
    }
}

/// An input that says something: not absent, not empty.
fn given<'s>(step: &'s Step, name: &str) -> Option<&'s Text> {
    step.input(name)
        .filter(|text| !text.value.trim().is_empty())
}

fn judge(maker: &Maker, step: &Step, site: &UseSite<'_>, out: &mut Sink) {
    let named = maker
        .repositories
        .iter()
        .any(|name| given(step, name).is_some());
    let widened = maker.widened_by.iter().find_map(|name| given(step, name));
    let everywhere = !named && (maker.widened_by.is_empty() || widened.is_some());
    let narrowed = maker.permissions.is_some_and(|prefix| {
        step.with()
            .iter()
            .any(|pair| pair.key.value.to_ascii_lowercase().starts_with(prefix))
    });
    let keeps = maker.kept.and_then(|(name, value)| {
        let text = given(step, name)?;
        text.literal()
            .is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
            .then_some(text)
    });
    let decides = maker
        .kept
        .is_some_and(|(name, _)| given(step, name).is_some());
    let kept = keeps.is_some() || !decides && maker.kept_by_default;
    let mut what = Vec::new();
    let mut fix = Vec::new();
    if everywhere {
        what.push("reaches every repository that the App is installed in");
        fix.push(match maker.repositories.first() {
            Some(_) => "name the repositories",
            None => "make it by `actions/create-github-app-token`, with `repositories`",
        });
    }
    if !narrowed {
        what.push("may do everything that the App may do");
        fix.push(match maker.permissions {
            Some("permission-") => "name what it needs by `permission-…` inputs",
            Some(_) => "name what it needs by `permissions`",
            None => "name what it needs by its `permission-…` inputs",
        });
    }
    if kept {
        what.push("is not revoked when the job ends");
        fix.push("let it be revoked");
    }
    if what.is_empty() {
        out.satisfied(
            Control::C4,
            site.location(),
            "a token of a GitHub App is narrowed to what it is for",
        );
        return;
    }
    let (severity, group) = if everywhere {
        (
            Severity::Medium,
            "tokens of GitHub Apps for all repositories",
        )
    } else {
        (Severity::Low, "tokens of GitHub Apps that are not narrowed")
    };
    let span: Span = widened
        .filter(|_| everywhere)
        .or(keeps)
        .map_or(site.span, |t| t.span);
    let finding = Finding::new(
        AppToken::INFO.id,
        severity,
        site.file().locate(span),
        format!(
            "{} makes a token of a GitHub App that {}",
            site.whom(),
            what.join(" and ")
        ),
    )
    .why(if everywhere {
        "What takes the token from this job can act in the other repositories too"
    } else {
        "What takes the token from this job can do what the job itself has no need of"
    })
    .fix(sentence(&fix.join(", and ")))
    .group(group)
    .subject(site.subject());
    // Three layers that are there in part are no lack of secrets' scopes.
    if everywhere {
        out.report(finding);
    } else {
        out.report_against(&[], finding);
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
