//! Agents whose own guards are turned off.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::agents::{Power, Said};

use crate::agents::{Site, sites};
use crate::context::Context;
use crate::grades::{self, Held};
use crate::rule::{Rule, Sink as Out};

crate::rule! {
    /// # What
    /// A step takes away what an agent's makers hold it back with: it obeys
    /// everybody (`allowed_non_write_users: "*"`, `allow-users: "*"`,
    /// `allowed_bots: "*"`), or it may run any command without asking
    /// (`--dangerously-skip-permissions`, `Bash(*)`, `--yolo`,
    /// `danger-full-access`, `safety-strategy: unsafe`).
    ///
    /// # Why
    /// Agents refuse people without write access, and have no shell or a
    /// sandboxed one, because a model follows whoever persuades it. Without
    /// these guards one sentence in a file, a page or a comment that the agent
    /// reads is a command on the runner, or uses up the owner's credit.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: workflow_dispatch
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   fix:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: openai/codex-action@v1
    ///         with:
    ///           openai-api-key: ${{ secrets.OPENAI_API_KEY }}
    ///           prompt: Mend the failing test.
    ///           safety-strategy: unsafe
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: workflow_dispatch
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   fix:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: openai/codex-action@v1
    ///         with:
    ///           openai-api-key: ${{ secrets.OPENAI_API_KEY }}
    ///           prompt: Mend the failing test.
    ///           permission-profile: ":workspace"
    /// ```
    ///
    /// # How it is decided
    /// What each agent's action and program takes for such a word is in a
    /// table, from its documentation. A list of commands such as
    /// `Bash(gh issue view:*)` is none; a list with a program that itself runs
    /// anything, such as `Bash(npm:*)`, is. It is medium where strangers start
    /// the job and it holds something, and low else: what strangers then make
    /// of it is `agent-prompt-injection`'s to say, which may be critical.
    /// `google-github-actions/run-gemini-cli` always says `--yolo`; without a
    /// list of tools in `settings` it counts where strangers start the job.
    ///
    /// sisakulint's `ai-action-unrestricted-trigger`, `-excessive-tools` and
    /// `-unsafe-sandbox` are of the same aim, for one action each, whatever the
    /// job holds and whoever starts it.
    ///
    /// # References
    /// - <https://github.com/anthropics/claude-code-action/blob/main/docs/security.md>
    /// - <https://github.com/openai/codex-action/blob/main/docs/security.md>
    /// - <https://genai.owasp.org/llmrisk/llm062025-excessive-agency/>
    pub struct AgentUnrestricted {
        id: "agent-unrestricted",
        title: "An agent obeys anybody or may do anything",
        severity: Medium,
        controls: [X2],
        peers: [
            "sisakulint/ai-action-unrestricted-trigger",
            "sisakulint/ai-action-excessive-tools",
            "sisakulint/ai-action-unsafe-sandbox",
        ],
        standards: [Cwe::Cwe250, Cwe::Cwe862],
    }
}

impl Rule for AgentUnrestricted {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Out) {
        for site in sites(cx) {
            // One that refuses people without write access is not theirs to use.
            let stranger = site.stranger(cx).filter(|_| !site.used.asks_for_write());
            let exposed = stranger.as_ref().is_some_and(|start| {
                let held = start.job().map(|view| grades::held(view, start));
                held.is_some_and(|held| held != Held::Nothing)
            });
            let usual = site.used.power == Power::Unbound && site.used.loose.is_none();
            if site.used.loose.is_none() && site.used.opened.is_none() && !(usual && exposed) {
                if site.used.power < Power::Unbound {
                    let note = "the agent keeps what its makers hold it back with";
                    out.satisfied(Control::X2, site.location(), note);
                }
                continue;
            }
            report(&site, exposed, usual && exposed, out);
        }
    }
}

fn report(site: &Site<'_>, exposed: bool, usual: bool, out: &mut Out) {
    let used = &site.used;
    let words: Vec<String> = [&used.opened, &used.loose]
        .into_iter()
        .flatten()
        .map(|said| format!("`{}`", said.text))
        .collect();
    // A sandbox without a way out holds whoever talks to the agent, too.
    let confined = used.power <= Power::Confined;
    let severity = match (exposed, confined) {
        (true, false) => Severity::Medium,
        _ => Severity::Low,
    };
    let says = if words.is_empty() {
        "has every tool without a list of them".to_owned()
    } else {
        format!("is set up with {}", words.join(" and "))
    };
    let place = site.document.file();
    let at = |said: &Said| place.locate(said.span);
    let first = used.opened.as_ref().or(used.loose.as_ref());
    let location = first.map_or_else(|| site.location(), at);
    let why = match (&used.opened, &used.loose) {
        (Some(_), Some(_)) => "Anybody may tell it to run any command",
        (Some(_), None) => {
            "It refuses nobody, so that anybody may use what it may do, and its owner's credit"
        }
        (None, _) if usual => {
            "Strangers start the job, and nothing keeps the model from running what they write"
        }
        (None, _) => {
            "Whatever it reads and takes for an order, it runs as a command with all that the job holds"
        }
    };
    let fix = match (&used.opened, usual) {
        (Some(_), _) => "Take the line away, or list the people who may start it",
        (None, true) => "List in `settings` the few tools that it needs, without a shell",
        (None, false) => "List the few commands that it needs, and keep its sandbox",
    };
    let mut finding = Finding::new(
        AgentUnrestricted::INFO.id,
        severity,
        location,
        format!("{} in {} {says}", used.name(), site.whom()),
    )
    .why(why)
    .fix(fix)
    .subject(site.subject())
    .group("agents without their guards");
    if let (Some(_), Some(loose)) = (&used.opened, &used.loose) {
        finding = finding.related(
            at(loose),
            format!("`{}` lets it run any command", loose.text),
        );
    }
    out.report(finding);
}
