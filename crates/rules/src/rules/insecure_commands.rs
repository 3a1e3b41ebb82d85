//! Workflow commands that whatever is printed can give.

use cofferdam_facts::{Location, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::documents::{Action, Step, Workflow};
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::shell::Script;
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};
use crate::exposure;
use crate::expression_sites;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// `ACTIONS_ALLOW_UNSECURE_COMMANDS` switches the commands `::set-env` and
    /// `::add-path` on again, or a script still prints them.
    ///
    /// # Why
    /// The runner takes these commands from the output of every step. Whatever
    /// gets printed (the title of an issue, a line of a test, the log of a
    /// build) can then set `LD_PRELOAD` or put a folder in front of `PATH`, and
    /// the next step runs the printer's code. GitHub switched them off in 2020
    /// for that reason.
    ///
    /// # Vulnerable
    /// ```yaml
    /// env:
    ///   ACTIONS_ALLOW_UNSECURE_COMMANDS: true
    /// steps:
    ///   - run: echo "::set-env name=VERSION::$(cat VERSION)"
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// steps:
    ///   - run: echo "VERSION=$(cat VERSION)" >> "$GITHUB_ENV"
    /// ```
    ///
    /// # How it is decided
    /// The variable in `env:` of the workflow, a job, a container, a step, or a
    /// step of a composite action, and writes of it to `GITHUB_ENV` in parsed
    /// scripts. It is on for the values that the runner takes for true.
    ///
    /// High where the job starts on an event that carries text of outsiders and
    /// holds a secret, publishes or writes; medium for any other job that holds
    /// something; low otherwise, and for an expression, which nobody can read.
    ///
    /// A script that prints `::set-env` or `::add-path` where they are off is
    /// low too: the line does nothing any more, and invites somebody to switch
    /// them on. zizmor's `insecure-commands` gives every place high, does not
    /// read scripts, and takes an `env:` that is one expression for a finding in
    /// its auditor persona.
    ///
    /// # References
    /// - <https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/>
    /// - <https://github.com/actions/toolkit/security/advisories/GHSA-mfwh-5m23-j46w>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
    pub struct InsecureCommands {
        id: "insecure-commands",
        title: "Printed text can set variables and paths for later steps",
        severity: High,
        controls: [],
        peers: [
            "zizmor/insecure-commands",
            "octoscan/unsecure-commands",
            "actionlint/deprecated-commands",
            "sisakulint/deprecated-commands",
        ],
        standards: [Cwe::Cwe74, Osps::Br0101, StepSecurity::ScriptInjection],
    }
}

const SWITCH: &str = "ACTIONS_ALLOW_UNSECURE_COMMANDS";

impl Rule for InsecureCommands {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let jobs = cx.jobs(workflow);
        if let Some(on) = switched(&workflow.env) {
            let worst = jobs.iter().map(|job| severity(Some(job))).max();
            let place = workflow.file().locate(on.span);
            report(on.certain, worst, place, "every job", "workflow", out);
        }
        for view in jobs {
            let name = format!("job `{}`", view.job.name());
            let mut here = |pairs: &[Pair], subject: &dyn Fn() -> String| {
                if let Some(on) = switched(pairs) {
                    let (severity, place) = (Some(severity(Some(view))), view.at(on.span));
                    report(on.certain, severity, place, &name, &subject(), out);
                }
            };
            here(&view.job.env, &|| view.subject());
            if let Some(container) = &view.job.container {
                here(&container.env, &|| format!("{} container", view.subject()));
            }
            for step in view.job.steps() {
                here(&step.env, &|| view.step_subject(step));
            }
            for step in view.job.steps() {
                let script = cx.script(workflow.path(), step);
                of_script(Some(view), &workflow.document, step, script, out);
            }
        }
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Sink) {
        let name = expression_sites::action_called(action);
        for step in action.steps() {
            if let Some(on) = switched(&step.env) {
                let place = action.file().locate(on.span);
                let subject = format!("runs/{}", step.label());
                report(
                    on.certain,
                    Some(severity(None)),
                    place,
                    &name,
                    &subject,
                    out,
                );
            }
            let script = cx.script(action.path(), step);
            of_script(None, &action.document, step, script, out);
        }
    }
}

/// The switch, and whether it is surely on.
struct On {
    span: Span,
    certain: bool,
}

fn switched(pairs: &[Pair]) -> Option<On> {
    let pair = pairs
        .iter()
        .find(|pair| pair.key.value.eq_ignore_ascii_case(SWITCH))?;
    let span = pair.value.span;
    match pair.value.literal() {
        // As the runner converts text to a boolean.
        Some(word) => is_true(word).then_some(On {
            span,
            certain: true,
        }),
        None => Some(On {
            span,
            certain: false,
        }),
    }
}

fn is_true(word: &str) -> bool {
    matches!(
        word.trim().to_ascii_lowercase().as_str(),
        "1" | "true" | "$true"
    )
}

fn severity(view: Option<&JobView<'_>>) -> Severity {
    let Some(view) = view else {
        return Severity::Medium;
    };
    let outside = view.entry.events.iter().any(|name| {
        events::info(name).is_some_and(|e| e.privileged_from_outside && e.carries_text)
    });
    match exposure::severity(&view.stakes()) {
        Severity::High if outside => Severity::High,
        Severity::High | Severity::Medium => Severity::Medium,
        other => other,
    }
}

fn report(
    certain: bool,
    severity: Option<Severity>,
    place: Location,
    whom: &str,
    subject: &str,
    out: &mut Sink,
) {
    let severity = severity.unwrap_or(Severity::Low);
    let (severity, message) = if certain {
        (
            severity,
            format!("{whom} takes `::set-env` and `::add-path` from whatever is printed"),
        )
    } else {
        (
            severity.min(Severity::Low),
            format!(
                "an expression decides whether {whom} takes `::set-env` from whatever is printed"
            ),
        )
    };
    out.report(
        Finding::new(InsecureCommands::INFO.id, severity, place, message)
            .why("Who gets a line into the log decides which program the next step runs")
            .fix(format!(
                "Take `{SWITCH}` out, and write to `$GITHUB_ENV` and `$GITHUB_PATH` instead of \
                 printing commands"
            ))
            .group("jobs that take commands from their log")
            .subject(subject),
    );
}

// Scripts that switch it on for later steps, or print the commands.
fn of_script(
    view: Option<&JobView<'_>>,
    document: &Document,
    step: &Step,
    script: Option<&Script>,
    out: &mut Sink,
) {
    let (Some(script), Some(text)) = (script, step.script()) else {
        return;
    };
    let subject = view.map_or_else(
        || format!("runs/{}", step.label()),
        |v| v.step_subject(step),
    );
    let at = |range| place(document, text, range);
    for command in &script.commands {
        let words = || command.args.iter().chain(&command.heredoc);
        let prints = words().find(|word| {
            word.text.contains("::set-env name=") || word.text.contains("::add-path::")
        });
        let to_env = command.redirects.iter().any(|redirect| {
            redirect.writes() && redirect.target.variables.iter().any(|v| v == "GITHUB_ENV")
        });
        let switches = words().any(|word| {
            let mut parts = word.text.split(SWITCH);
            parts.nth(1).is_some_and(|rest| {
                let value = rest.strip_prefix('=').unwrap_or("");
                is_true(value.lines().next().unwrap_or(""))
            })
        });
        if to_env && switches {
            let whom = "every later step";
            report(
                true,
                Some(severity(view)),
                at(command.range.clone()),
                whom,
                &subject,
                out,
            );
        } else if let Some(word) = prints {
            out.report(
                Finding::new(
                    InsecureCommands::INFO.id,
                    Severity::Low,
                    at(word.range.clone()),
                    format!(
                        "{} prints a command that runners no longer take",
                        expression_sites::called(step)
                    ),
                )
                .why("What it sets is not set, or somebody switches the old commands on for it")
                .fix("Write `NAME=value` to `$GITHUB_ENV`, or the folder to `$GITHUB_PATH`")
                .group("scripts that print `::set-env` or `::add-path`")
                .subject(format!("{subject} prints")),
            );
        }
    }
}

fn place(document: &Document, text: &Text, range: std::ops::Range<usize>) -> Location {
    document.file().locate(text.raw_span(document, range))
}
