//! Debug output that prints more than a log should hold.

use std::collections::HashSet;

use cofferdam_facts::{Location, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::documents::{Action, Step, Workflow};
use cofferdam_workflows::semantics::secrets::{self, SecretName};
use cofferdam_workflows::shell::Script;
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};
use crate::expression_sites;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// Debug tracing is switched on for good: `ACTIONS_STEP_DEBUG`,
    /// `ACTIONS_RUNNER_DEBUG` or `RUNNER_DEBUG` in an `env:` or in the
    /// repository's variables and secrets, or a shell that prints every command
    /// (`set -x`) in a step whose commands name a secret.
    ///
    /// # Why
    /// The log is there for everybody who can read the repository. GitHub blots
    /// out a secret only where it stands as it is stored: half of it, its
    /// base64, a URL with it in it or a token made from it stay readable, and
    /// traces print all of these.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: |
    ///     set -x
    ///     curl -H "Authorization: Basic $(echo -n "u:$TOKEN" | base64)" "$URL"
    ///   env:
    ///     TOKEN: ${{ secrets.TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: |
    ///     curl -H "Authorization: Basic $(echo -n "u:$TOKEN" | base64)" "$URL"
    ///   env:
    ///     TOKEN: ${{ secrets.TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// The variables are looked for in every `env:`, and with settings among
    /// the repository's and organisation's variables and secrets. In a job that
    /// is handed a secret it is low, else informational: somebody has to make a
    /// tool print it first. `set -x`, `set -o xtrace` and `bash -x` count in
    /// the parsed script of a step one of whose commands names a secret other
    /// than the job's token: by a variable of an `env:`, or by an expression in
    /// the script. A secret that only programs read from the environment is not
    /// traced. poutine's `debug_enabled` reports the variables alone; zizmor
    /// has no such rule.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/how-tos/monitor-workflows/enable-debug-logging>
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information>
    pub struct DebugTracing {
        id: "debug-tracing",
        title: "Debug tracing is switched on for good",
        severity: Low,
        controls: [],
        peers: ["poutine/debug_enabled"],
        standards: [Cwe::Cwe532],
    }
}

const SWITCHES: &[&str] = &["ACTIONS_RUNNER_DEBUG", "ACTIONS_STEP_DEBUG", "RUNNER_DEBUG"];

impl Rule for DebugTracing {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        if let Some((name, span)) = switched(&workflow.env) {
            let held = cx.jobs(workflow).iter().any(holds_secret);
            let place = workflow.file().locate(span);
            report(name, held, place, "every job", "workflow", out);
        }
        for view in cx.jobs(workflow) {
            let whom = format!("job `{}`", view.job.name());
            if let Some((name, span)) = switched(&view.job.env) {
                let held = holds_secret(view);
                report(name, held, view.at(span), &whom, &view.subject(), out);
            }
            for step in view.job.steps() {
                if let Some((name, span)) = switched(&step.env) {
                    let held = holds_secret(view);
                    let subject = view.step_subject(step);
                    report(name, held, view.at(span), &whom, &subject, out);
                }
                let script = cx.script(workflow.path(), step);
                let traced = script.and_then(|s| Some((s, trace(&workflow.document, step, s)?)));
                let Some((script, span)) = traced else {
                    continue;
                };
                if let Some(secret) = named(view, step, script) {
                    traces(view, step, &secret, span, out);
                }
            }
        }
    }

    fn action(&self, _cx: &Context<'_>, action: &Action, out: &mut Sink) {
        for step in action.steps() {
            if let Some((name, span)) = switched(&step.env) {
                let place = action.file().locate(span);
                let whom = expression_sites::action_called(action);
                let subject = format!("runs/{}", step.label());
                report(name, false, place, &whom, &subject, out);
            }
        }
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        of_settings(cx, out);
    }
}

fn switched(pairs: &[Pair]) -> Option<(&'static str, Span)> {
    pairs.iter().find_map(|pair| {
        let name = SWITCHES
            .iter()
            .find(|name| pair.key.value.eq_ignore_ascii_case(name))?;
        let word = pair.value.literal()?.trim().to_ascii_lowercase();
        matches!(word.as_str(), "1" | "true").then_some((*name, pair.value.span))
    })
}

fn holds_secret(view: &JobView<'_>) -> bool {
    view.secrets
        .iter()
        .any(|used| used.name != SecretName::Token)
}

fn report(name: &str, held: bool, place: Location, whom: &str, subject: &str, out: &mut Sink) {
    let severity = if held { Severity::Low } else { Severity::Info };
    out.report(
        Finding::new(
            DebugTracing::INFO.id,
            severity,
            place,
            format!("`{name}` makes {whom} print debug output in every run"),
        )
        .why("What tools print for debugging can hold parts and encodings of secrets, which are not masked")
        .fix(format!("Take `{name}` out; a single run can be repeated with debug logging"))
        .group("jobs that always print debug output")
        .subject(subject),
    );
}

// The secret that a command of a script names, by a variable or an expression.
fn named(view: &JobView<'_>, step: &Step, script: &Script) -> Option<String> {
    let secret_of = |text: &Text| {
        text.parsed()
            .flat_map(|(_, expr)| secrets::names(expr))
            .find(|name| *name != SecretName::Token)
            .map(|name| name.label().to_owned())
    };
    if let Some(secret) = step.script().and_then(secret_of) {
        return Some(secret);
    }
    let pairs = view
        .workflow
        .env
        .iter()
        .chain(&view.job.env)
        .chain(&step.env);
    let commands = script.commands.iter().flat_map(|c| {
        let own = std::iter::once(&c.name).chain(&c.args);
        own.chain(c.env.iter().map(|(_, word)| word))
    });
    let words = commands.chain(script.assignments.iter().map(|a| &a.value));
    let used: HashSet<&str> = words
        .flat_map(|w| &w.variables)
        .map(String::as_str)
        .collect();
    if used.is_empty() {
        return None;
    }
    pairs
        .filter(|pair| used.contains(pair.key.value.as_str()))
        .find_map(|pair| secret_of(&pair.value))
}

// Where a script starts to print its commands.
fn trace(document: &Document, step: &Step, script: &Script) -> Option<Span> {
    let StepKind::Run { shell, .. } = &step.kind else {
        return None;
    };
    let first = script.commands.first();
    if first.is_some_and(|c| c.is("set") && c.args.iter().any(|a| a.text.starts_with("+x"))) {
        return None;
    }
    if let Some(shell) = shell {
        let mut words = shell.value.split_whitespace();
        let bash = words.next().is_some_and(|w| w.ends_with("sh"));
        if bash && words.any(is_trace_option) {
            return Some(shell.span);
        }
    }
    let command = script.commands.iter().find(|command| {
        let (name, args) = command.effective();
        let words: Vec<&str> = args.iter().map(|a| a.text.as_str()).collect();
        name.text == "set"
            && (words.iter().any(|w| is_trace_option(w))
                || words.windows(2).any(|w| matches!(w, ["-o", "xtrace"])))
    })?;
    let text = step.script()?;
    Some(text.raw_span(document, command.range.clone()))
}

// `-x`, or an x in a cluster such as `-eux`.
fn is_trace_option(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        !letters.starts_with('-')
            && letters.contains('x')
            && letters.bytes().all(|b| b.is_ascii_alphabetic())
    })
}

fn traces(view: &JobView<'_>, step: &Step, secret: &str, span: Span, out: &mut Sink) {
    out.report(
        Finding::new(
            DebugTracing::INFO.id,
            Severity::Low,
            view.at(span),
            format!(
                "{} of job `{}` prints its commands, which name {secret}",
                expression_sites::called(step),
                view.job.name()
            ),
        )
        .why("A trace prints what is made of the secret, which GitHub does not know and does not mask")
        .fix("Leave `set -x` out of the step, or switch it off around the commands that use the secret")
        .group("steps that trace their commands beside a secret")
        .subject(format!("{} trace", view.step_subject(step))),
    );
}

fn of_settings(cx: &Context<'_>, out: &mut Sink) {
    let (Some(settings), Some(workflow)) = (cx.facts.settings, cx.repository.workflows.first())
    else {
        return;
    };
    let secrets = &settings.secrets;
    let mut names: Vec<&str> = Vec::new();
    for variables in [
        &secrets.repository_variables,
        &secrets.organization_variables,
    ] {
        names.extend(
            variables
                .known()
                .into_iter()
                .flatten()
                .map(|v| v.name.as_str()),
        );
    }
    for known in [&secrets.repository, &secrets.organization] {
        names.extend(known.known().into_iter().flatten().map(|s| s.name.as_str()));
    }
    for switch in SWITCHES.iter().filter(|s| s.starts_with("ACTIONS_")) {
        if !names.iter().any(|name| name.eq_ignore_ascii_case(switch)) {
            continue;
        }
        out.report(
            Finding::new(
                DebugTracing::INFO.id,
                Severity::Low,
                workflow.file().locate(workflow.on_span),
                format!("the settings hold `{switch}`, which every run obeys if it is true"),
            )
            .why("Its value is not shown; while it is true every job of the repository prints debug output")
            .fix(format!("Delete `{switch}`; a single run can be repeated with debug logging"))
            .group("debug switches in the settings")
            .subject(format!("settings {switch}")),
        );
    }
}
