//! Merges and approvals that a bot's name opens to everybody.

use cofferdam_facts::settings::Fact;
use cofferdam_facts::{Control, Scope};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::bots::{self, Whose};
use cofferdam_workflows::semantics::gates::Way;
use cofferdam_workflows::semantics::merging::{self, Deed, Merging};

use crate::context::{Context, JobView};
use crate::exposure::{self, Exposure};
use crate::expression_sites;
use crate::rule::{Rule, Sink};
use crate::starts::Start;

crate::rule! {
    /// # What
    /// A job that outsiders can start merges or approves the pull request that
    /// started it, and nothing but the name of the account that caused the event
    /// (or nothing at all) says whose pull request that is.
    ///
    /// # Why
    /// The job is a deputy with the rights of a maintainer. Who makes it take
    /// the wrong pull request for the bot's gets the change merged, or approved,
    /// without anybody having read it: code on the default branch, and in the
    /// next release.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request_target
    /// permissions:
    ///   contents: write
    ///   pull-requests: write
    /// jobs:
    ///   merge:
    ///     if: github.actor == 'dependabot[bot]'
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: gh pr merge --auto --squash "$PR"
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request_target
    /// permissions:
    ///   contents: write
    ///   pull-requests: write
    /// jobs:
    ///   merge:
    ///     if: >-
    ///       github.event.pull_request.user.login == 'dependabot[bot]' &&
    ///       github.event.pull_request.head.repo.full_name == github.repository
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: gh pr merge --auto --squash "$PR"
    /// ```
    ///
    /// # How it is decided
    /// Steps that run `gh pr merge`, `gh pr review --approve`, the same by `gh
    /// api` or `github-script`, or one of the actions made for it. A stranger's
    /// whole way to the step is worked out on the events that give outsiders
    /// privileges; `dependabot/fetch-metadata` before it stops what the bot has
    /// not opened, unless its verification is switched off.
    ///
    /// High where the token may write contents or pull requests, or a secret is
    /// held (for an approval, unless the settings keep the token of Actions from
    /// approving); medium where the token is not known, where the way depends on
    /// something not known, or where the default branch asks for a review that
    /// the job does not give; low where the token surely cannot. zizmor has no
    /// such rule; poutine's `confused_deputy_auto_merge` looks for the two texts
    /// in one job and does not see a comparison of the author.
    ///
    /// # References
    /// - <https://docs.github.com/en/code-security/tutorials/secure-your-dependencies/automate-dependabot-with-actions>
    /// - <https://boostsecurity.io/blog/weaponizing-dependabot-pwn-request-at-its-finest>
    /// - <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository#preventing-github-actions-from-creating-or-approving-pull-requests>
    pub struct ConfusedDeputyMerge {
        id: "confused-deputy-merge",
        title: "A stranger's pull request can be merged or approved as a bot's",
        severity: High,
        controls: [T1],
        peers: ["poutine/confused_deputy_auto_merge"],
        standards: [Cwe::Cwe441],
    }
}

impl Rule for ConfusedDeputyMerge {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let exposure = Exposure::new(cx, view);
            let mut checked = false;
            for step in view.job.steps() {
                let checks = merging::checks_author(step);
                let script = cx.script(workflow.path(), step);
                if let Some(merging) = merging::of_step(step, script) {
                    // The check may be the same action's.
                    judge(cx, &exposure, step, &merging, checked || checks, out);
                }
                checked |= checks && step.condition.is_none();
            }
        }
    }
}

fn judge(
    cx: &Context<'_>,
    exposure: &Exposure<'_>,
    step: &Step,
    merging: &Merging,
    checked: bool,
    out: &mut Sink,
) {
    let view = exposure.view;
    let place = match (&merging.range, step.script()) {
        (Some(range), Some(text)) => text.raw_span(&view.workflow.document, range.clone()),
        _ => step.head(),
    };
    let counts = |start: &Start<'_>| start.event() != "workflow_dispatch";
    if !exposure.starts().iter().any(counts) {
        return;
    }
    let open = exposure::gravest(exposure.starts(), |start| {
        counts(start) && !checked && exposure::way_to_step(start, step).is_open()
    });
    let Some(start) = open else {
        let note = if checked {
            "a step before it looks at the author of the pull request"
        } else {
            "no stranger's pull request gets to the merge"
        };
        out.satisfied(Control::T1, view.at(place), note);
        return;
    };
    let way = exposure::way_to_step(start, step);
    let reviewed = merging.deed == Deed::Merges && review_is_required(cx);
    let severity = match capable(cx, start, merging) {
        Some(true) if reviewed || way == Way::Unknown => Severity::Medium,
        Some(true) => Severity::High,
        None => Severity::Medium,
        Some(false) => Severity::Low,
    };
    out.report(
        Finding::new(
            ConfusedDeputyMerge::INFO.id,
            severity,
            view.at(place),
            format!(
                "job `{}` {} with `{}` whatever pull request starts it on `{}`",
                view.job.name(),
                verb(merging.deed),
                merging.means,
                start.event()
            ),
        )
        .why(why(cx, view, start, merging, reviewed))
        .fix(
            "Let it run only where `github.event.pull_request.user.login` is the bot and \
             `github.event.pull_request.head.repo.full_name == github.repository`",
        )
        .confidence(confidence(cx, start, &way))
        .group("jobs that merge or approve a stranger's pull request")
        .subject(view.step_subject(step))
        .related(start.place(), start.starter()),
    );
}

fn verb(deed: Deed) -> &'static str {
    match deed {
        Deed::Approves => "approves",
        Deed::Merges => "merges",
        Deed::Both => "approves and merges",
    }
}

fn why(
    cx: &Context<'_>,
    view: &JobView<'_>,
    start: &Start<'_>,
    merging: &Merging,
    reviewed: bool,
) -> String {
    let check = spoofable_check(view);
    let by = match &check {
        Some(bot) => format!(
            "The condition asks only whether `{bot}` caused the event, which a stranger can bring about"
        ),
        None => "No condition asks who opened the pull request".to_owned(),
    };
    let then = match merging.deed {
        Deed::Approves => "the approval counts as a review",
        _ if reviewed => {
            "only the review that the branch asks for stands between it and the default branch"
        }
        _ if cx.facts.settings.is_some() => "the change lands on the branch it is opened against",
        _ => {
            "the change lands on the branch it is opened against, unless that branch's rules ask for more"
        }
    };
    format!("{by}: {then}; the job holds {}", start.stakes.describe())
}

// The bot of a check that a stranger gets past.
fn spoofable_check(view: &JobView<'_>) -> Option<String> {
    expression_sites::conditions_of_job(view)
        .iter()
        .filter_map(|site| site.condition.expr())
        .flat_map(bots::checks)
        .find(|check| check.whose == Whose::Causer)
        .map(|check| check.bot)
}

// Whether the job's token, or a secret that it holds, can merge or approve.
fn capable(cx: &Context<'_>, start: &Start<'_>, merging: &Merging) -> Option<bool> {
    if !start.stakes.secrets.is_empty() {
        return Some(true);
    }
    // A switch of the repository keeps the token of Actions from approving.
    let token = cx
        .facts
        .settings
        .and_then(|s| s.actions.workflow_token.known());
    let barred = token.is_some_and(|token| !token.can_approve_pull_requests);
    if barred && merging.deed == Deed::Approves {
        return Some(false);
    }
    if start.stakes.perhaps_writes {
        return None;
    }
    let writes = &start.stakes.writes;
    Some(writes.contains(&Scope::Contents) || writes.contains(&Scope::PullRequests))
}

fn confidence(cx: &Context<'_>, start: &Start<'_>, way: &Way) -> Confidence {
    // Without the settings nobody knows what the branch asks for.
    if cx.facts.settings.is_none() {
        return Confidence::Medium;
    }
    exposure::confidence(start, way)
}

fn review_is_required(cx: &Context<'_>) -> bool {
    let Some(settings) = cx.facts.settings else {
        return false;
    };
    let classic = match &settings.default_branch_protection {
        Fact::Known(Some(protection)) => protection.pull_request.as_ref(),
        _ => None,
    };
    classic.is_some_and(|rule| rule.approvals > 0) || ruleset_asks_for_review(settings)
}

fn ruleset_asks_for_review(settings: &cofferdam_facts::settings::Snapshot) -> bool {
    use cofferdam_facts::settings::Rule as BranchRule;
    let Fact::Known(rules) = &settings.default_branch_rules else {
        return false;
    };
    rules
        .iter()
        .any(|active| matches!(&active.rule, BranchRule::PullRequest(rule) if rule.approvals > 0))
}
