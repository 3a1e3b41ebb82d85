//! Documents that break the syntax or the schema.

use cofferdam_facts::{Location, SourceFile};
use cofferdam_findings::report::NotChecked;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::documents::{Action, SchemaProblem, Step, Workflow};
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::Shell;

use crate::context::{Context, JobView};
use crate::local_references;
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
    /// checked. A script that is too large or too tangled for the grammar is not
    /// checked either, with code `script-unread`.
    ///
    /// One in a shell without a grammar (PowerShell, cmd, Python) has the same
    /// code; it counts for the exit code where the job holds a secret, a right
    /// to write or something to publish, and every control that such a script
    /// could break is then not checked; in any other job it is a note. So it is
    /// for a script that is an expression as a whole.
    ///
    /// `uses: ./folder` that leads to nothing that was read is not checked, with
    /// code `local-reference`; it is a note where a checkout of the job puts the
    /// folder there. Every other document that is not understood, as a broken
    /// Dependabot file, counts for the exit code too, and the controls that it
    /// decides are not checked.
    ///
    /// An action among tests or examples that nothing in the checkout uses is
    /// informational: it is often broken on purpose.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax>
    pub struct Syntax {
        id: "syntax",
        title: "A workflow or action breaks the syntax",
        severity: Medium,
        controls: [X1, C3, S6],
        peers: ["actionlint/syntax-check"],
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
        let unused = !action.problems.is_empty()
            && is_aside(action.path())
            && sites::of(cx).iter().all(|site| {
                cx.repository.own_action(site.uses).map(Action::path) != Some(action.path())
            });
        report(action.file(), &action.problems, unused, out);
        unread_action_scripts(cx, action, out);
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        local_references::report(cx, out);
    }
}

/// Says which scripts of a job no rule could read.
fn unread_scripts(cx: &Context<'_>, job: &JobView<'_>, out: &mut Sink) {
    let mut grave = None;
    let mut first = true;
    for step in job.job.steps() {
        let Some(script) = cx.script(job.workflow.path(), step) else {
            continue;
        };
        let given = is_given(step);
        if !given && (script.understood || !script.commands.is_empty()) {
            continue;
        }
        let shell = shells::of_step(job.workflow, job.job, step);
        let grave = *grave.get_or_insert_with(|| job.stakes().is_grave());
        let place = job.at(step.head());
        let whose = format!("job `{}`", job.job.name());
        unread_script(&whose, (&shell, given), grave, place.clone(), out);
        if std::mem::take(&mut first) && grave {
            unknown(&whose, &place, out);
        }
    }
}

/// The same for the steps of a composite action, by the jobs that use it.
fn unread_action_scripts(cx: &Context<'_>, action: &Action, out: &mut Sink) {
    let mut grave = None;
    let mut first = true;
    for step in action.steps() {
        let Some(script) = cx.script(action.path(), step) else {
            continue;
        };
        let given = is_given(step);
        if !given && (script.understood || !script.commands.is_empty()) {
            continue;
        }
        let shell = shells::of_composite_step(step);
        let grave = *grave.get_or_insert_with(|| {
            local_references::users(cx, action).any(|(job, _)| job.stakes().is_grave())
        });
        let place = action.file().locate(step.head());
        let whose = format!("the action `{}`", action.folder());
        unread_script(&whose, (&shell, given), grave, place.clone(), out);
        if std::mem::take(&mut first) && grave {
            unknown(&whose, &place, out);
        }
    }
}

/// Says once for all scripts of a job or action what follows for controls.
fn unknown(whose: &str, place: &Location, out: &mut Sink) {
    for control in local_references::DEPENDING {
        let missing = format!("what a script of {whose} runs");
        let settle = "read it by eye, or write it in a shell that is read";
        out.unknown(*control, Some(place.clone()), missing, settle);
    }
}

/// Whether nothing of a script stands in the file: it is expressions alone.
fn is_given(step: &Step) -> bool {
    let Some(text) = step.script().filter(|t| !t.expressions.is_empty()) else {
        return false;
    };
    let mut from = 0;
    let starts = text.expressions.iter().map(|e| e.range.clone());
    let end = text.value.len()..text.value.len();
    let blank = starts.chain([end]).all(|range| {
        let between = text.value.get(from..range.start);
        from = range.end;
        between.is_none_or(|t| t.trim().is_empty())
    });
    blank && text.parsed().any(|(_, expr)| expr.fold().is_none())
}

/// Says that a script was not read: it is in a shell without a grammar here, or
/// beyond the bounds of the grammar. The latter is padded on purpose or broken;
/// the former is usual, and needed only where the job holds something.
fn unread_script(
    whose: &str,
    (shell, given): (&Shell, bool),
    grave: bool,
    place: Location,
    out: &mut Sink,
) {
    let (message, settle) = if given {
        (
            "is given by an expression as a whole",
            "read by eye what the expression gives, or write the script in the file",
        )
    } else if shell.is_understood() {
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
    out.not_checked(NotChecked {
        code: "script-unread",
        message: format!("a script of {whose} {message}"),
        location: Some(place),
        settle: settle.to_owned(),
        required: grave || (shell.is_understood() && !given),
    });
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
            settle: "correct the file and run again".to_owned(),
            required: !unused,
        });
    }
}
