//! Workflows and jobs without a name.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;

use crate::context::Context;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A workflow, or jobs of it, have no `name:`.
    ///
    /// # Why
    /// Lists of runs, required checks, notifications and the `workflows:` of
    /// `workflow_run` go by names. Without one they show a path or an id, which
    /// changes with the file, and a rule that goes by it then waits for a check
    /// that never comes, or for none.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: push
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-24.04
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// name: CI
    /// on: push
    /// jobs:
    ///   test:
    ///     name: Unit tests
    ///     runs-on: ubuntu-24.04
    /// ```
    ///
    /// # How it is decided
    /// One informational finding for a workflow that has no name of its own; it
    /// counts the jobs without one. A workflow that has a name is left alone,
    /// since the id of a job is a name as good as most. zizmor's
    /// `anonymous-definition` (pedantic persona) reports every job on its own.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#name>
    pub struct AnonymousDefinition {
        id: "anonymous-definition",
        title: "A workflow has no name",
        severity: Info,
        controls: [],
        peers: ["zizmor/anonymous-definition"],
    }
}

impl Rule for AnonymousDefinition {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, _cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        if workflow.name.is_some() || workflow.jobs.is_empty() {
            return;
        }
        let unnamed = workflow
            .jobs
            .iter()
            .filter(|job| job.name.is_none())
            .count();
        let jobs = match (unnamed, workflow.jobs.len()) {
            (0, _) => String::new(),
            (1, 1) => ", nor has its job".to_owned(),
            (n, all) if n == all => format!(", nor have its {all} jobs"),
            (n, all) => format!(", nor have {n} of its {all} jobs"),
        };
        out.report(
            Finding::new(
                AnonymousDefinition::INFO.id,
                Severity::Info,
                workflow.file().locate(workflow.on_span),
                format!("the workflow has no name{jobs}"),
            )
            .why("Runs and checks are listed by the path of the file, and change with it")
            .fix("Give the workflow a `name:`")
            .group("workflows without a name")
            .subject("name"),
        );
    }
}
