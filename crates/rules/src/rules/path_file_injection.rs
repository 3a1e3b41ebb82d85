//! Somebody else's text decides where later steps find their programs.

use cofferdam_flows::SinkKind;
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;
use crate::file_writes::{self, FileRule};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A script writes text that somebody else shapes into the file behind
    /// `GITHUB_PATH`.
    ///
    /// # Why
    /// Every line of that file comes first on the path of all later steps. Who
    /// names a folder that holds files of his own, such as the checkout of a
    /// head or an unpacked artifact, decides what `git` or `npm` is.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   issue_comment:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   run:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - env:
    ///           TOOL: ${{ github.event.comment.body }}
    ///         run: echo "$TOOL/bin" >> "$GITHUB_PATH"
    ///       - run: make
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   issue_comment:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   run:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: echo "$RUNNER_TEMP/tool/bin" >> "$GITHUB_PATH"
    ///       - run: make
    /// ```
    ///
    /// # How it is decided
    /// As in `env-file-injection`; here any text that is more than a name of
    /// letters and digits counts, with or without line breaks. The severity is
    /// one level below that of foreign code in the job, since the files have to
    /// come there too, and low where no step follows.
    ///
    /// zizmor's `github-env` reports every dynamic write on a few events,
    /// whoever shapes it; CodeQL has `EnvPathInjection`.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
    /// - <https://codeql.github.com/codeql-query-help/actions/actions-envpath-injection-critical/>
    pub struct PathFileInjection {
        id: "path-file-injection",
        title: "Somebody else's text decides where later steps find their programs",
        severity: High,
        controls: [X2],
        peers: ["zizmor/github-env", "codeql/EnvPathInjection", "sisakulint/envpath-injection"],
        standards: [
            Cwe::Cwe427,
            Scorecard::DangerousWorkflow,
            Osps::Br0101,
            Osps::Br0104,
            StepSecurity::ScriptInjection,
        ],
    }
}

const RULE: FileRule = FileRule {
    info: PathFileInjection::INFO,
    kind: SinkKind::PathFile,
    consequence: "It names the folder in which the steps after it look for programs first",
    fix: "Write only constant folders to the path",
    group: "scripts that let others decide where programs are found",
    lowered: 1,
};

impl Rule for PathFileInjection {
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
