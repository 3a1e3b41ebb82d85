//! Somebody else's text sets other outputs of a step.

use cofferdam_flows::SinkKind;
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;
use crate::file_writes::{self, FileRule};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A script writes text with line breaks that somebody else shapes into the
    /// file behind `GITHUB_OUTPUT`, in a way that lets the text add lines of its
    /// own.
    ///
    /// # Why
    /// Every line of that file is an output, and the last one of a name counts.
    /// A body with the line `approved=true` sets that output, whatever the
    /// script has worked out before. Conditions, refs and versions of later
    /// steps and jobs often come from outputs.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   issue_comment:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   check:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - id: check
    ///         env:
    ///           BODY: ${{ github.event.comment.body }}
    ///         run: |
    ///           echo "approved=$(./is-approved)" >> "$GITHUB_OUTPUT"
    ///           echo "text=$BODY" >> "$GITHUB_OUTPUT"
    ///       - if: steps.check.outputs.approved == 'true'
    ///         run: ./deploy
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   issue_comment:
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   check:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - id: check
    ///         env:
    ///           BODY: ${{ github.event.comment.body }}
    ///         run: |
    ///           delimiter="$(openssl rand -hex 16)"
    ///           {
    ///             echo "approved=$(./is-approved)"
    ///             echo "text<<$delimiter"
    ///             echo "$BODY"
    ///             echo "$delimiter"
    ///           } >> "$GITHUB_OUTPUT"
    ///       - if: steps.check.outputs.approved == 'true'
    ///         run: ./deploy
    /// ```
    ///
    /// # How it is decided
    /// As in `env-file-injection`: only values that can hold a line break
    /// count, and a block only where its delimiter stands in the script. The
    /// severity is two levels below that of foreign code in the job: what the
    /// outputs decide has to be worth it. What becomes of the value that the
    /// script means to write is for `template-injection` to say.
    ///
    /// CodeQL's `OutputClobberingHigh` is of the same aim and does not know what
    /// the job holds; octoscan's `dangerous-write` matches text; zizmor has none.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
    /// - <https://codeql.github.com/codeql-query-help/actions/actions-output-clobbering-high/>
    pub struct OutputClobbering {
        id: "output-clobbering",
        title: "Somebody else's text sets other outputs of a step",
        severity: Medium,
        controls: [X2],
        peers: [
            "octoscan/dangerous-write",
            "codeql/OutputClobberingHigh",
            "sisakulint/output-clobbering",
        ],
        standards: [
            Cwe::Cwe74,
            Scorecard::DangerousWorkflow,
            Osps::Br0101,
            Osps::Br0104,
            StepSecurity::ScriptInjection,
        ],
    }
}

const RULE: FileRule = FileRule {
    info: OutputClobbering::INFO,
    kind: SinkKind::OutputFile,
    consequence: "A line of its own sets any other output of the step",
    fix: "Write the value as a block with a random delimiter",
    group: "scripts that let others set outputs",
    lowered: 2,
};

impl Rule for OutputClobbering {
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
