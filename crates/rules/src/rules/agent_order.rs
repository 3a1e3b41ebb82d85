//! Steps that run with what an agent has left behind.

use cofferdam_facts::{Control, UsesRef};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::agents::Power;
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use crate::agents::{Site, sites};
use crate::context::Context;
use crate::injections::one_line;
use crate::rule::{Rule, Sink as Out};

crate::rule! {
    /// # What
    /// In a job that strangers start, an agent runs, and a later step of the
    /// same job is handed a secret, or runs code of the folder that the agent
    /// could write to.
    ///
    /// # Why
    /// An agent leaves more behind than its answer: processes that go on,
    /// changed code of the actions that run next, hooks in `.git`, scripts
    /// and configuration in the workspace. Whoever has persuaded it in its
    /// step, which holds little, gets what the later step holds.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   issues:
    ///     types: [opened]
    /// permissions:
    ///   contents: read
    /// jobs:
    ///   triage:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: google-github-actions/run-gemini-cli@v0
    ///         with:
    ///           prompt: "Summarise: ${{ github.event.issue.body }}"
    ///       - run: ./post-summary
    ///         env:
    ///           TOKEN: ${{ secrets.CHAT_TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   issues:
    ///     types: [opened]
    /// permissions:
    ///   contents: read
    /// jobs:
    ///   triage:
    ///     runs-on: ubuntu-latest
    ///     outputs:
    ///       summary: ${{ steps.gemini.outputs.summary }}
    ///     steps:
    ///       - id: gemini
    ///         uses: google-github-actions/run-gemini-cli@v0
    ///         with:
    ///           prompt: "Summarise: ${{ github.event.issue.body }}"
    ///   post:
    ///     needs: triage
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: ./post-summary
    ///         env:
    ///           SUMMARY: ${{ needs.triage.outputs.summary }}
    ///           TOKEN: ${{ secrets.CHAT_TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// Only jobs that strangers start count, with an agent that may write: one
    /// that only answers leaves nothing, and one that refuses people without
    /// write access is not theirs to persuade. It is medium where a later step
    /// is handed a secret that the agent's step is not, and low where a later
    /// step runs a script or a local action. Uploads and what is done with the
    /// answer by an action elsewhere are none. A sandbox lowers it by one.
    ///
    /// sisakulint's `ai-action-execution-order` asks that the agent is the last
    /// step, whatever comes after it.
    ///
    /// # References
    /// - <https://github.com/openai/codex-action/blob/main/docs/security.md>
    /// - <https://docs.github.com/en/actions/reference/security/secure-use>
    pub struct AgentOrder {
        id: "agent-order",
        title: "Steps run with what an agent has left behind",
        severity: Medium,
        controls: [X2],
        peers: ["sisakulint/ai-action-execution-order"],
        standards: [Cwe::Cwe668],
    }
}

impl Rule for AgentOrder {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Out) {
        for site in sites(cx) {
            let writes = site.used.power > Power::Answers && !site.used.asks_for_write();
            if !writes || site.stranger(cx).is_none() {
                continue;
            }
            match worst(&site) {
                Some((severity, step, secret)) => {
                    report(&site, severity, step, secret.as_deref(), out)
                }
                None => out.satisfied(
                    Control::X2,
                    site.location(),
                    "nothing of worth runs after the agent in its job",
                ),
            }
        }
    }
}

fn worst<'c>(site: &Site<'c>) -> Option<(Severity, &'c Step, Option<String>)> {
    let own = named(site.step);
    let after = site.job?.job.steps().iter();
    let after = after.filter(|step| step.index > site.step.index);
    let cases = after.filter_map(|step| {
        let more = named(step).into_iter().find(|name| !own.contains(name));
        let runs = step.script().is_some()
            || step
                .uses()
                .is_some_and(|u| matches!(u.value, UsesRef::Local(_) | UsesRef::SelfRepository(_)));
        match more {
            Some(name) => Some((Severity::Medium, step, Some(name))),
            None if runs => Some((Severity::Low, step, None)),
            None => None,
        }
    });
    let (severity, step, name) =
        cases.max_by_key(|(severity, step, _)| (*severity, std::cmp::Reverse(step.index)))?;
    let severity = match site.used.power {
        Power::Unbound | Power::Limited => severity,
        _ => severity.lowered(),
    };
    Some((severity, step, name))
}

// Secrets that a step names, the token of the run left out: every step has it.
fn named(step: &Step) -> Vec<String> {
    let texts = step.texts();
    let expressions = texts.flat_map(|(_, text)| text.parsed().map(|(_, expr)| expr));
    expressions
        .flat_map(secrets::names)
        .filter(|name| *name != SecretName::Token)
        .map(|name| name.label().to_owned())
        .collect()
}

fn report(site: &Site<'_>, severity: Severity, step: &Step, secret: Option<&str>, out: &mut Out) {
    let label = one_line(&step.label());
    let (what, why) = match secret {
        Some(name) => (
            format!("is handed {name}"),
            format!("Whoever persuades the agent gets {name}, which its own step does not hold"),
        ),
        None => (
            "runs code there".to_owned(),
            "Whoever persuades the agent decides what the later step runs".to_owned(),
        ),
    };
    let later = site.document.file().locate(step.head());
    let finding = Finding::new(
        AgentOrder::INFO.id,
        severity,
        site.location(),
        format!(
            "{} runs in {} before step `{label}`, which {what}",
            site.used.name(),
            site.whom(),
        ),
    )
    .why(why)
    .fix("Move what comes after the agent to a job of its own, and hand over only its answer")
    .subject(site.subject())
    .group("agents that other steps follow")
    .related(later, format!("step `{label}` {what}"));
    match severity {
        Severity::Info => out.report_against(&[], finding),
        _ => out.report(finding),
    }
}
