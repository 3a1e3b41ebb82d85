//! A stranger's artifact decides what a privileged job does.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_flows::SinkKind;
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;
use crate::injections::{self, one_line, upper};
use crate::rule::{Rule, Sink as Out};
use crate::rules::untrusted_checkout::{self, Aim};

crate::rule! {
    /// # What
    /// A job that starts after the run of a fork fetches the artifact that this
    /// run has made, and runs something of it, unpacks it over files that run
    /// later, or writes to the issue or pull request that it names.
    ///
    /// # Why
    /// The fork's run is the stranger's: its artifact holds what they like. A
    /// script in it runs with the secrets and token of the job that fetches
    /// it; unpacked in the workspace it replaces `package.json` or adds
    /// `.npmrc`; and a number in it lets the job comment on, label or approve
    /// somebody else's pull request.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   workflow_run:
    ///     workflows: [CI]
    ///     types: [completed]
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0
    ///         with:
    ///           path: out
    ///           run-id: ${{ github.event.workflow_run.id }}
    ///           github-token: ${{ github.token }}
    ///       - run: bash ./out/run.sh
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   workflow_run:
    ///     workflows: [CI]
    ///     types: [completed]
    /// permissions:
    ///   pull-requests: write
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0
    ///         with:
    ///           path: ${{ runner.temp }}/out
    ///           run-id: ${{ github.event.workflow_run.id }}
    ///           github-token: ${{ github.token }}
    ///       - run: gh pr comment "$NUMBER" --body-file "$RUNNER_TEMP/out/report.md"
    ///         env:
    ///           GH_TOKEN: ${{ github.token }}
    ///           NUMBER: ${{ github.event.workflow_run.pull_requests[0].number }}
    /// ```
    ///
    /// # How it is decided
    /// The steps of each job that `workflow_run` starts are walked as in
    /// `untrusted-checkout`, with all the ways to fetch another run's artifact:
    /// actions, `gh run download`, and the API with what unpacks the archive.
    /// The folder decides: what runs code of a folder into which the artifact
    /// went later than the checkout runs the stranger's. The severity is that
    /// of a stranger's code in the job, with medium confidence, as the run
    /// before may have made the file itself. Artifacts of the same run, and of
    /// runs that forks cannot cause, are none.
    ///
    /// What is read from the artifact as text is followed as any other value:
    /// into a script it is `template-injection`, into `GITHUB_ENV`
    /// `env-file-injection`. Here it counts, as low, where unchecked text names
    /// the issue or pull request that is written to; digits that are taken out
    /// or compared before are none.
    ///
    /// CodeQL's `ArtifactPoisoning` asks for a download and a later command of
    /// a list, without folders and without what the job holds; sisakulint's
    /// `artifact-poisoning` reports each download into the workspace;
    /// octoscan's `dangerous-action` each download of another run. zizmor
    /// and poutine have none.
    ///
    /// # References
    /// - <https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/>
    /// - <https://codeql.github.com/codeql-query-help/actions/actions-artifact-poisoning-critical/>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run>
    pub struct ArtifactPoisoning {
        id: "artifact-poisoning",
        title: "A stranger's artifact decides what a privileged job does",
        severity: Critical,
        controls: [X3],
        peers: [
            "octoscan/dangerous-action",
            "gato-x/ArtifactPoisoningResult",
            "codeql/ArtifactPoisoningCritical",
            "codeql/ArtifactPoisoningMedium",
            "codeql/ArtifactPoisoningPathTraversal",
            "sisakulint/artifact-poisoning",
        ],
        standards: [Cwe::Cwe349, Cwe::Cwe829],
    }
}

const ARTIFACTS: Aim = Aim {
    info: ArtifactPoisoning::INFO,
    control: Control::X3,
    artifacts: true,
};

impl Rule for ArtifactPoisoning {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Out) {
        for view in cx.jobs(workflow) {
            untrusted_checkout::job(cx, view, &ARTIFACTS, out);
        }
        targets(cx, workflow.path(), out);
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Out) {
        targets(cx, action.path(), out);
    }
}

// The job writes where the artifact says.
fn targets(cx: &Context<'_>, path: &str, out: &mut Out) {
    let dangers = injections::of_file(cx, path, &|sink| sink.kind == SinkKind::Target);
    for danger in dangers.iter().filter(|d| d.privileged().is_some()) {
        let severity = if danger.severity >= Severity::Medium {
            Severity::Low
        } else {
            Severity::Info
        };
        let finding = Finding::new(
            ArtifactPoisoning::INFO.id,
            severity,
            danger.place(),
            format!(
                "{}: {} writes where it says in step `{}`",
                danger.flow.source.describe(),
                danger.runs(),
                one_line(&danger.sink.step.label()),
            ),
        )
        .confidence(danger.confidence)
        .why(format!(
            "{} names the issue or pull request that the job writes to, and it may be anybody's",
            upper(&danger.who())
        ))
        .fix("Take the number from the event or look it up by the head's commit, and compare it")
        .subject(format!("{}>target", danger.subject()))
        .group("jobs that write where a stranger's artifact says");
        let finding = danger.trace(finding);
        match severity {
            Severity::Info => out.report_against(&[], finding),
            _ => out.report(finding),
        }
    }
}
