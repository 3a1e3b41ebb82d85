//! Features with which a workflow is harder to secure or to read.

use cofferdam_facts::Location;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::documents::{Action, Step, Workflow};
use cofferdam_workflows::shell::Shell;

use crate::context::Context;
use crate::expression_sites::Holder;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A workflow uses something that exists and is better left alone: the
    /// `pip-install` input of `actions/setup-python`, `shell: cmd`, or a shell
    /// that GitHub does not know.
    ///
    /// # Why
    /// `pip-install` puts packages, without hashes and without a lock, into the
    /// interpreter that everything else of the job uses. `cmd` goes on after a
    /// command that failed, and quotes in ways that no checker understands. What
    /// a shell that nobody knows makes of a script is not looked at by any
    /// tool, this one included: injections into it are not found.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
    ///   with:
    ///     pip-install: build twine
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
    /// - run: pip install --require-hashes -r release-requirements.txt
    /// ```
    ///
    /// # How it is decided
    /// The input, if it is not empty; `shell:` of steps, and `defaults.run.shell`
    /// of workflows and jobs at the place where it is written, once, and not at
    /// each step that it reaches. The shells that GitHub documents (`bash`,
    /// `sh`, `pwsh`, `powershell`, `python`) with whatever options are fine.
    /// `pip-install` and `cmd` are low, other shells informational: most of
    /// them are there for a reason. zizmor's `misfeature` reports the same, other
    /// shells in its auditor persona and a default once for every step.
    ///
    /// # References
    /// - <https://github.com/actions/setup-python/blob/main/docs/advanced-usage.md>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell>
    pub struct Misfeature {
        id: "misfeature",
        title: "A feature is used that is better left alone",
        severity: Low,
        controls: [],
        peers: ["zizmor/misfeature"],
        standards: [Cwe::Cwe477],
    }
}

impl Rule for Misfeature {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let file = workflow.file();
        if let Some(text) = &workflow.defaults.shell {
            shell(text, file.locate(text.span), &Holder::Workflow, out);
        }
        for view in cx.jobs(workflow) {
            if let Some(text) = &view.job.defaults.shell {
                shell(text, view.at(text.span), &Holder::Job(view), out);
            }
            for step in view.job.steps() {
                let at = |text: &Text| file.locate(text.span);
                look(step, &Holder::Step(view, step), &at, out);
            }
        }
    }

    fn action(&self, _cx: &Context<'_>, action: &Action, out: &mut Sink) {
        for step in action.steps() {
            let at = |text: &Text| action.file().locate(text.span);
            look(step, &Holder::Action(action, step), &at, out);
        }
    }
}

fn look(step: &Step, holder: &Holder<'_>, at: &dyn Fn(&Text) -> Location, out: &mut Sink) {
    if let StepKind::Run {
        shell: Some(text), ..
    } = &step.kind
    {
        shell(text, at(text), holder, out);
    }
    let packages = step.input("pip-install").filter(|text| {
        step.action() == Some("actions/setup-python") && !text.value.trim().is_empty()
    });
    if let Some(text) = packages {
        out.report(
            Finding::new(
                Misfeature::INFO.id,
                Severity::Low,
                at(text),
                format!("{} installs packages by `pip-install`", holder.whom()),
            )
            .why("They come without hashes or a lock, into the interpreter that the whole job uses")
            .fix("Install them in a step of their own, from a file with hashes, into an environment of their own")
            .group("packages installed by `pip-install` of setup-python")
            .subject(format!("{} pip-install", holder.subject())),
        );
    }
}

fn shell(text: &Text, place: Location, holder: &Holder<'_>, out: &mut Sink) {
    let Some(written) = text.literal() else {
        // A matrix of shells is common, and each of them is written elsewhere.
        return;
    };
    let (severity, message, why, group) = match Shell::named(written) {
        Shell::Cmd => (
            Severity::Low,
            format!("{} runs in `cmd`", holder.whom()),
            "`cmd` goes on after a command that failed, and its quoting cannot be checked"
                .to_owned(),
            "scripts that run in `cmd`",
        ),
        Shell::Other(name) => (
            Severity::Info,
            format!(
                "{} runs in `{name}`, which GitHub does not know",
                holder.whom()
            ),
            "No tool reads what such a script does, this one included".to_owned(),
            "scripts in shells that GitHub does not know",
        ),
        Shell::Bash | Shell::Sh | Shell::PowerShell | Shell::Python => return,
    };
    out.report(
        Finding::new(Misfeature::INFO.id, severity, place, message)
            .why(why)
            .fix("Write the script for `bash` or `pwsh`")
            .group(group)
            .subject(format!("{} shell", holder.subject())),
    );
}
