//! A value that somebody else writes chooses what a tool does.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_flows::{Effect, Means, SinkKind, Who};
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;
use crate::injections::{self, Danger, one_line, upper};
use crate::rule::{Rule, Sink as Out};

crate::rule! {
    /// # What
    /// A script hands a value that somebody else writes to a tool as an option,
    /// as a part of the tool's own program, or as the name of what the tool
    /// fetches and runs. An environment variable is no help there: the shell
    /// leaves the value alone, and the tool does what it says.
    ///
    /// # Why
    /// Many tools run commands on request: `sed` by `e`, `awk` by `system`,
    /// `tar` by `--checkpoint-action`, `git` by `--upload-pack`, `make` by
    /// `$(shell …)` in a variable. Others write files or tell what they read.
    /// Without quotes one title becomes several words, and each can be an
    /// option; in quotes a word that begins with a dash still is one.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: issues
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   note:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - env:
    ///           TITLE: ${{ github.event.issue.title }}
    ///         run: sed -i "s/NEXT/$TITLE/" CHANGELOG.md
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: issues
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   note:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - env:
    ///           TITLE: ${{ github.event.issue.title }}
    ///         run: jq -n --arg title "$TITLE" '{next: $title}' > next.json
    /// ```
    ///
    /// # How it is decided
    /// Values are followed as in `template-injection`, through variables of
    /// the shell too. A table says of each tool what its options and its
    /// language can do, with the manual it rests on, and the finding names it.
    /// A part of a tool's program counts in quotes as well; an option counts
    /// where the word has no quotes, or where the tool needs only one word,
    /// the value begins it, and no `--` stands before. What follows an option
    /// is taken for its value and is none of its own. A ref name can neither
    /// begin with a dash nor hold a blank, so that it is no option; digits and
    /// names are none either, save as the owner of a package or a repository that
    /// is fetched and run: that says whose code it is. `eval`, `bash -c` and their like are
    /// `template-injection`, since there the value is code as a whole.
    ///
    /// The severity is that of foreign code in the job where the tool runs
    /// what it is told as program or package, one level less where it takes
    /// an option to do so or where files are written, and two less where the
    /// tool only tells what it knows.
    ///
    /// CodeQL's `ArgumentInjection` knows four tools and needs no class of
    /// value; sisakulint's `argument-injection` matches names of commands and
    /// does not follow variables or ask for quotes. zizmor and poutine have
    /// none.
    ///
    /// # References
    /// - <https://codeql.github.com/codeql-query-help/actions/actions-argument-injection-critical/>
    /// - <https://gtfobins.github.io/>
    /// - <https://git-scm.com/docs/git-check-ref-format>
    /// - <https://www.gnu.org/software/bash/manual/bash.html#Word-Splitting>
    pub struct ArgumentInjection {
        id: "argument-injection",
        title: "A value that somebody else writes chooses what a tool does",
        severity: Critical,
        controls: [X2],
        peers: [
            "codeql/ArgumentInjection", "codeql/CommandInjection",
            "sisakulint/argument-injection",
        ],
        standards: [Cwe::Cwe88, Cwe::Cwe78, Osps::Br0101, StepSecurity::ScriptInjection],
    }
}

impl Rule for ArgumentInjection {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Out) {
        file(cx, workflow.path(), out);
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Out) {
        file(cx, action.path(), out);
    }
}

fn file(cx: &Context<'_>, path: &str, out: &mut Out) {
    let is_argument = |kind| matches!(kind, SinkKind::Argument(..));
    let dangers = injections::of_file(cx, path, &|sink| is_argument(sink.kind));
    let mut said: Vec<(usize, String, String)> = Vec::new();
    for danger in &dangers {
        let SinkKind::Argument(means, effect) = danger.sink.kind else {
            continue;
        };
        // Who starts a run by hand may hand over options.
        let decides = matches!(
            danger.shape.who,
            Who::Caller | Who::Dispatcher | Who::Pusher
        );
        if decides && means != Means::Program {
            continue;
        }
        let severity = severity(danger, means, effect);
        let key = (
            danger.sink.step.span.start,
            danger.sink.input.clone(),
            one_line(&danger.sink.written),
        );
        if said.contains(&key) {
            continue;
        }
        said.push(key);
        let finding = report(danger, means, effect, severity);
        let controls: &[Control] = match severity {
            Severity::Info => &[],
            _ => ArgumentInjection::INFO.controls,
        };
        out.report_against(controls, finding);
    }
}

fn severity(danger: &Danger<'_>, means: Means, effect: Effect) -> Severity {
    let whole = danger.severity;
    match (effect, means) {
        (Effect::Runs, Means::Program | Means::Name) => whole,
        (Effect::Runs | Effect::Writes, _) => whole.lowered(),
        (Effect::Reads, _) => whole.lowered().lowered(),
    }
}

fn report(danger: &Danger<'_>, means: Means, effect: Effect, severity: Severity) -> Finding {
    let tool = &danger.sink.input;
    let how = match means {
        Means::Dash => format!("`{tool}` takes it for an option where it begins with a dash"),
        Means::Split => format!("`{tool}` gets several words of it, each may be an option"),
        Means::Xargs => format!("`xargs` hands each word of it to `{tool}`, as an option too"),
        Means::Program => format!("it is a part of the program of `{tool}`"),
        Means::Name => format!("`{tool}` fetches and runs what it names"),
    };
    let gets = match effect {
        Effect::Runs => "which can run a command",
        Effect::Writes => "which can write or send a file",
        Effect::Reads => "which can read files and the environment",
    };
    let finding = Finding::new(
        ArgumentInjection::INFO.id,
        severity,
        danger.place(),
        format!(
            "{}: {} hands it over as `{}` in step `{}`, and {how}",
            danger.flow.source.describe(),
            danger.runs(),
            one_line(&danger.sink.written),
            one_line(&danger.sink.step.label()),
        ),
    )
    .confidence(danger.confidence)
    .why(match effect {
        Effect::Reads => format!(
            "{} has {tool}, {gets} (<{}>), tell what the step knows",
            upper(&danger.who()),
            danger.sink.page
        ),
        _ => format!(
            "By {tool}, {gets} (<{}>), {}",
            danger.sink.page,
            danger.loss()
        ),
    })
    .fix(fix(means, tool))
    .subject(format!("{}>{tool}", danger.subject()))
    .group(match means {
        Means::Program => "places where others write a part of a tool's program",
        Means::Name => "places where others name what is fetched and run",
        _ => "places where others choose a tool's options",
    });
    danger.trace(finding)
}

fn fix(means: Means, tool: &str) -> String {
    match means {
        Means::Dash => {
            format!("Write `--` before the value, or a fixed start such as `./`, for `{tool}`")
        }
        Means::Split => {
            upper("write the variable in double quotes, behind `--` where it begins the word")
        }
        Means::Xargs => format!("Write `xargs -0 {tool} --` and end the names with NUL"),
        Means::Program => match tool {
            "jq" | "gojq" | "jaq" => "Hand the value over by `--arg NAME \"$VALUE\"`".to_owned(),
            "awk" | "gawk" | "mawk" | "nawk" => {
                "Hand the value over in the environment and read `ENVIRON[\"NAME\"]`".to_owned()
            }
            "make" | "gmake" => {
                "Hand the value over in the environment, and read it in the recipe as `\"$$NAME\"`"
                    .to_owned()
            }
            _ => format!("Keep the value out of the program of `{tool}`, and compare it first"),
        },
        Means::Name => "Compare the value with a list of names before it is used".to_owned(),
    }
}
