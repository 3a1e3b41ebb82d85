//! Documents that break the syntax or the schema.

use cofferdam_facts::{Control, SourceFile};
use cofferdam_findings::report::NotChecked;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::documents::{Action, SchemaProblem, Workflow};
use cofferdam_workflows::semantics::shells;

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};
use crate::sites;

crate::rule! {
    /// # What
    /// A workflow or action that breaks the YAML syntax or GitHub's schema, or
    /// that uses a key which this version does not know.
    ///
    /// # Why
    /// What cannot be read cannot be judged. A file that GitHub refuses does
    /// not run, so a control that it was meant to provide is missing; a file
    /// that GitHub accepts and this tool does not understand may hold anything.
    /// Either way its silence is not a clean bill.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     <<: *defaults
    ///     runs-on: ubuntu-24.04
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    ///     steps: []
    /// ```
    ///
    /// # How it is decided
    /// Every place where the YAML layer or the documented schema refuses the
    /// file. After a syntax error the part before it is still judged by every
    /// other rule. The run ends with exit code 3, since something was not
    /// checked. A script that is too large or too tangled for the grammar is
    /// not checked either, with code `script-unread`; one in a shell without a
    /// grammar (PowerShell, cmd, Python) is shown as such without that exit
    /// code. An action among tests or examples that nothing in the checkout
    /// uses is informational: it is often broken on purpose.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax>
    pub struct Syntax {
        id: "syntax",
        title: "A workflow or action breaks the syntax",
        severity: Medium,
        controls: [X1, C3, S6],
    }
}

impl Rule for Syntax {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        report(workflow.file(), &workflow.problems, false, out);
        for job in cx.jobs(workflow) {
            unread_scripts(cx, job, out);
        }
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Sink) {
        // What lies among tests is often broken on purpose, unless something uses it.
        let unused = is_aside(action.path())
            && sites::of(cx).iter().all(|site| {
                cx.repository.own_action(site.uses).map(Action::path) != Some(action.path())
            });
        report(action.file(), &action.problems, unused, out);
    }
}

/// Says which scripts no rule could read: those in a shell without a grammar
/// here, and those beyond the bounds of the grammar. The latter are padded on
/// purpose or broken, so that something needed was not checked.
fn unread_scripts(cx: &Context<'_>, job: &JobView<'_>, out: &mut Sink) {
    for step in job.job.steps() {
        let Some(script) = cx.script(job.workflow.path(), step) else {
            continue;
        };
        let shell = shells::of_step(job.workflow, job.job, step);
        let whole = script.commands.is_empty() && !script.understood;
        if !whole {
            continue;
        }
        let place = job.at(step.head());
        let (message, settle) = if shell.is_understood() {
            (
                "is too large or too tangled to be read",
                "split the script, or move it to a file",
            )
        } else {
            (
                "is written for a shell that is not read",
                "read it by eye, or use `shell: bash`",
            )
        };
        if job.stakes().is_grave() {
            for control in [Control::X1, Control::C3, Control::S6] {
                out.unknown(
                    control,
                    Some(place.clone()),
                    format!("what the script of job `{}` runs", job.job.name()),
                    settle,
                );
            }
        }
        out.not_checked(NotChecked {
            code: "script-unread",
            message: format!("a script of job `{}` {message}", job.job.name()),
            location: Some(place),
            settle: settle.to_owned(),
            required: shell.is_understood(),
        });
    }
}

fn report(file: &SourceFile, problems: &[SchemaProblem], unused: bool, out: &mut Sink) {
    let severity = if unused {
        Severity::Info
    } else {
        Severity::Medium
    };
    for problem in problems {
        let location = file.locate(problem.span);
        let why = if problem.unknown_key {
            "What this key does is not known, so what depends on it was not judged"
        } else {
            "GitHub refuses such a file, or reads it otherwise than it looks"
        };
        // A broken file speaks for no control: what it lacks is not known.
        out.report_against(
            &[],
            Finding::new(
                Syntax::INFO.id,
                severity,
                location.clone(),
                problem.message.clone(),
            )
            .why(why)
            .fix("Write what the documented syntax allows")
            .subject(problem.message.clone())
            .group("files that break the syntax"),
        );
        out.not_checked(NotChecked {
            code: "syntax",
            message: format!("{}: {}", file.path(), problem.message),
            location: Some(location),
            settle: "mend the file and run again".to_owned(),
            required: !unused,
        });
    }
}
