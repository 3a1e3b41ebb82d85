//! Conditions that take the causer of an event for the author of the change.

use cofferdam_facts::Control;
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Trigger, Workflow};
use cofferdam_workflows::semantics::bots::{self, BotCheck, Whose};
use cofferdam_workflows::semantics::gates::Stranger;
use cofferdam_workflows::semantics::merging;

use crate::context::{Context, JobView};
use crate::exposure::{self, Exposure};
use crate::expression_sites::{self, ConditionSite, Holder};
use crate::rule::{Rule, Sink};
use crate::starts::Start;

crate::rule! {
    /// # What
    /// An `if:` lets a job or step run where `github.actor` (or
    /// `github.triggering_actor`, or the event's sender) is a bot, on an event
    /// that a pull request causes.
    ///
    /// # Why
    /// The actor is the account that caused the event, and not the one that
    /// wrote the change. Anybody can fork the repository, let Dependabot or
    /// Renovate work in the fork, open a pull request from the bot's branch
    /// with a commit of their own on it, and have the bot push there once more.
    /// That event carries the bot's name, and the pull request a stranger's
    /// code.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request_target
    /// jobs:
    ///   update:
    ///     if: github.actor == 'dependabot[bot]'
    ///     runs-on: ubuntu-latest
    ///     permissions:
    ///       contents: write
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request_target
    /// jobs:
    ///   update:
    ///     if: github.event.pull_request.user.login == 'dependabot[bot]'
    ///     runs-on: ubuntu-latest
    ///     permissions:
    ///       contents: write
    /// ```
    ///
    /// # How it is decided
    /// Every comparison in the parsed condition that speaks for running when the
    /// actor is a bot: `==`, `!(… != …)`, `contains` over a list, `startsWith`,
    /// logins with `[bot]` and the numbers of well-known bots.
    ///
    /// The whole way of a stranger to the job or step is then worked out for
    /// `pull_request_target` and `workflow_run`: where the author of the pull
    /// request or the head's repository is compared as well, where the
    /// activities are only `opened`, or where `dependabot/fetch-metadata` has
    /// looked at the author before, the check stops nobody wrongly and counts
    /// for the control.
    ///
    /// Otherwise the severity is what the job holds. On `pull_request` alone a
    /// fork gets no secret and no token that writes: it is low. Other events are
    /// caused by whoever wrote what they carry. zizmor's `bot-conditions`
    /// reports high on `pull_request` too, and where the author is compared
    /// beside the actor; CodeQL's `SpoofableActorCheck` asks for a checkout
    /// behind the check.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context>
    /// - <https://docs.github.com/en/code-security/tutorials/secure-your-dependencies/automate-dependabot-with-actions>
    /// - <https://www.synacktiv.com/publications/github-actions-exploitation-dependabot>
    pub struct BotConditions {
        id: "bot-conditions",
        title: "A bot check asks who caused the event, not who wrote the change",
        severity: High,
        controls: [T1],
        peers: [
            "zizmor/bot-conditions",
            "octoscan/bot-check",
            "codeql/SpoofableActorCheck",
            "sisakulint/bot-conditions",
        ],
        standards: [Cwe::Cwe290],
    }
}

impl Rule for BotConditions {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let exposure = Exposure::new(cx, view);
            let checked_at = author_is_checked_at(view);
            for site in expression_sites::conditions_of_job(view) {
                let Some(expr) = site.condition.expr() else {
                    continue;
                };
                for check in bots::checks(expr) {
                    judge(&exposure, checked_at, &site, &check, out);
                }
            }
        }
    }
}

fn judge(
    exposure: &Exposure<'_>,
    checked_at: Option<usize>,
    site: &ConditionSite<'_>,
    check: &BotCheck<'_>,
    out: &mut Sink,
) {
    if check.whose == Whose::Author {
        let note = "the author of the pull request is compared";
        out.satisfied(Control::T1, site.at(check.range.clone()), note);
        return;
    }
    let (view, starts) = (exposure.view, exposure.starts());
    let step = match site.holder {
        Holder::Step(_, step) => Some(step),
        _ => None,
    };
    let about_change =
        |start: &Start<'_>| matches!(start.event(), "pull_request_target" | "workflow_run");
    let open = exposure::gravest(starts, |start| {
        about_change(start)
            && !only_opened(start.trigger)
            && exposure::way_to(start, step).is_open()
    });
    if let Some(start) = open {
        let severity = exposure::severity(&start.stakes);
        // For a job it is its first step that has to look.
        let checked = checked_at.is_some_and(|at| at < step.map_or(1, |step| step.index));
        let finding = finding(view, site, check)
            .why(format!(
                "{} can have `{}` cause the event on a branch of their own; at stake: {}",
                upper(&start.who()),
                check.bot,
                start.stakes.describe()
            ))
            .related(start.place(), start.starter());
        let confidence = exposure::confidence(start, &exposure::way_to(start, step));
        let finding = match (checked, start.event()) {
            (true, _) => finding.why(
                "A step before it looks at the author of the pull request: this comparison adds \
                 nothing, and would be all that is left without that step",
            ),
            // What `github.actor` is after a run depends on how that run began.
            (_, "workflow_run") => Finding {
                severity,
                confidence: Confidence::Medium,
                ..finding
            },
            _ => Finding {
                severity,
                confidence,
                ..finding
            },
        };
        out.report(finding);
        return;
    }
    let unprivileged = view
        .workflow
        .trigger("pull_request")
        .filter(|trigger| !only_opened(trigger));
    match unprivileged {
        Some(trigger) if passes_by_fork(view, site, trigger) => out.report_against(
            &[],
            finding(view, site, check).why(
                "On `pull_request` a fork's run holds no secret and no token that writes; the \
                 same condition under a privileged event would let strangers in",
            ),
        ),
        _ if starts.iter().any(about_change) => out.satisfied(
            Control::T1,
            site.at(check.range.clone()),
            "more than the actor is compared",
        ),
        _ => {}
    }
}

fn finding(view: &JobView<'_>, site: &ConditionSite<'_>, check: &BotCheck<'_>) -> Finding {
    let path = check.path.text();
    Finding::new(
        BotConditions::INFO.id,
        Severity::Low,
        site.at(check.range.clone()),
        format!(
            "{} takes `{path}` for who wrote the change",
            site.holder.whom()
        ),
    )
    .fix(fix(view, check))
    .group("bot checks that ask who caused the event")
    .subject(format!("{} {path} {}", site.holder.subject(), check.bot))
}

fn fix(view: &JobView<'_>, check: &BotCheck<'_>) -> String {
    if view.entry.events.iter().all(|e| e == "workflow_run") {
        return format!(
            "Look the pull request up by its head commit and compare its author with `{}`",
            check.bot
        );
    }
    let number = check.bot.bytes().all(|b| b.is_ascii_digit());
    let field = if number { "id" } else { "login" };
    format!(
        "Compare `github.event.pull_request.user.{field}` instead, the author, who never changes"
    )
}

// Nothing but the opening of a pull request starts it: then the causer is the
// author.
fn only_opened(trigger: &Trigger) -> bool {
    trigger
        .types
        .as_ref()
        .is_some_and(|types| !types.is_empty() && types.iter().all(|t| t.value == "opened"))
}

// The first step that lets only pull requests of the bot pass.
fn author_is_checked_at(view: &JobView<'_>) -> Option<usize> {
    let mut steps = view.job.steps().iter();
    steps.position(|step| step.condition.is_none() && merging::checks_author(step))
}

fn passes_by_fork(view: &JobView<'_>, site: &ConditionSite<'_>, trigger: &Trigger) -> bool {
    let stranger = Stranger::new(trigger, &|_, _| None);
    let job = stranger.passes(view.job.condition.as_ref());
    let own = stranger.passes(Some(site.condition));
    job.and(own).is_open()
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
