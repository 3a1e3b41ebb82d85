//! Whether a check that fails stops anything.
//!
//! Source: GitHub, "Workflow syntax", `continue-on-error` of jobs and steps, and
//! `jobs.<id>.steps[*].shell` for the options that a shell gets: `bash -e` where
//! no shell is named, `bash --noprofile --norc -eo pipefail` where `bash` is.

use std::ops::Range;

use cofferdam_facts::Span;

use crate::documents::job::Job;
use crate::documents::step::{Step, StepKind};
use crate::documents::text::Text;
use crate::documents::workflow::Workflow;
use crate::shell::{Command, Script};

/// What becomes of a step that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// The job fails.
    Stops,
    /// `continue-on-error: true` stands here.
    Ignored(Span),
    /// An expression stands here and decides.
    Decided(Span),
}

/// What becomes of a failure of `step`, as far as `continue-on-error` says.
#[must_use]
pub fn of_step(job: &Job, step: &Step) -> Tolerance {
    let texts = [&step.continue_on_error, &job.continue_on_error];
    texts
        .into_iter()
        .flatten()
        .map(of_text)
        .fold(Tolerance::Stops, |so_far, next| match (so_far, next) {
            (Tolerance::Ignored(_), _) => so_far,
            (_, Tolerance::Stops) => so_far,
            _ => next,
        })
}

/// What becomes of a failure of a job, as far as `continue-on-error` says.
#[must_use]
pub fn of_job(job: &Job) -> Tolerance {
    job.continue_on_error
        .as_ref()
        .map_or(Tolerance::Stops, of_text)
}

/// What a value of `continue-on-error` says.
#[must_use]
pub fn of_text(text: &Text) -> Tolerance {
    let constant = || text.sole_expression()?.fold();
    match (text.literal().map(str::trim), constant()) {
        (Some(word), _) if word.eq_ignore_ascii_case("true") => Tolerance::Ignored(text.span),
        (Some(_), _) => Tolerance::Stops,
        (None, Some(value)) if value.is_truthy() => Tolerance::Ignored(text.span),
        (None, Some(_)) => Tolerance::Stops,
        (None, None) => Tolerance::Decided(text.span),
    }
}

/// Whether the shell of a step fails where a command inside of a pipeline
/// does. `None` stands for a shell of which that is not known.
#[must_use]
pub fn pipefail(workflow: Option<&Workflow>, job: Option<&Job>, step: &Step) -> Option<bool> {
    let own = match &step.kind {
        StepKind::Run { shell, .. } => shell.as_ref(),
        _ => None,
    };
    let written = own
        .or_else(|| job.and_then(|job| job.defaults.shell.as_ref()))
        .or_else(|| workflow.and_then(|workflow| workflow.defaults.shell.as_ref()));
    match written.map(Text::literal) {
        None => Some(false),
        Some(Some("bash")) => Some(true),
        Some(Some("sh")) => Some(false),
        Some(Some(options)) => Some(options.contains("pipefail")),
        Some(None) => None,
    }
}

/// How a script throws the failure of one of its commands away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swallowed {
    /// `|| true`, `|| :`, a trailing `&`.
    ByOperator,
    /// `set +e` before it and another command behind it.
    BySet(Range<usize>),
    /// The exit code is that of the last command of the pipeline.
    ByPipe,
}

/// How the failure of `command` is thrown away by its script, if it surely is.
#[must_use]
pub fn swallowed(script: &Script, command: &Command, pipefail: Option<bool>) -> Option<Swallowed> {
    if command.ignores_failure() {
        return Some(Swallowed::ByOperator);
    }
    let before = |other: &&Command| other.range.start < command.range.start;
    let set = |other: &Command, option: &str| {
        other.is("set") && other.args.iter().any(|word| word.text == option)
    };
    let sets_pipefail = |other: &Command| {
        other.is("set")
            && other.args.iter().any(|word| word.text == "pipefail")
            && !other.args.iter().any(|word| word.text.starts_with('+'))
    };
    if let Some((id, position)) = command.pipeline {
        let last = script
            .pipeline(id)
            .iter()
            .all(|other| other.pipeline.is_none_or(|(_, at)| at <= position));
        let fails =
            pipefail != Some(false) || script.commands.iter().filter(before).any(sets_pipefail);
        if !last && !fails {
            return Some(Swallowed::ByPipe);
        }
    }
    let lax = script
        .commands
        .iter()
        .filter(before)
        .rfind(|other| set(other, "+e") || set(other, "-e"))
        .filter(|other| set(other, "+e"))?;
    let something_follows = script.commands.iter().any(|other| {
        other.range.start >= command.range.end && !other.in_function && other.pipeline.is_none()
    });
    something_follows.then(|| Swallowed::BySet(lax.range.clone()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::shell::{self, Shell};

    fn workflow(text: &str) -> Workflow {
        Workflow::parse(SourceFile::new(".github/workflows/ci.yml", text))
    }

    fn first(text: &str) -> Tolerance {
        let workflow = workflow(text);
        let job = workflow.jobs.first().unwrap();
        of_step(job, job.steps().first().unwrap())
    }

    #[test]
    fn continue_on_error_of_step_and_job_counts() {
        let at = |job: &str, step: &str| {
            format!(
                "on: push\njobs:\n  a:\n    runs-on: x\n{job}    steps:\n      - run: make\n{step}"
            )
        };
        let job = "    continue-on-error: true\n";
        let step = "        continue-on-error: true\n";
        assert_eq!(first(&at("", "")), Tolerance::Stops);
        assert!(matches!(first(&at(job, "")), Tolerance::Ignored(_)));
        assert!(matches!(first(&at("", step)), Tolerance::Ignored(_)));
        let decided = "        continue-on-error: ${{ matrix.odd }}\n";
        assert!(matches!(first(&at("", decided)), Tolerance::Decided(_)));
        assert!(matches!(first(&at(job, decided)), Tolerance::Ignored(_)));
        for word in ["True", "${{ true }}", "${{ 1 == 1 }}"] {
            let step = format!("        continue-on-error: {word}\n");
            assert!(
                matches!(first(&at("", &step)), Tolerance::Ignored(_)),
                "{word}"
            );
        }
        let off = "        continue-on-error: ${{ false }}\n";
        assert_eq!(first(&at("", off)), Tolerance::Stops);
        assert_eq!(
            first(&at("", "        continue-on-error: false\n")),
            Tolerance::Stops
        );
    }

    fn of_scan(text: &str, pipefail: bool) -> Option<Swallowed> {
        let script = shell::parse(text, &Shell::Bash);
        let scan = script.commands.iter().find(|c| c.is("scan")).unwrap();
        swallowed(&script, scan, Some(pipefail))
    }

    #[test]
    fn scripts_throw_failures_away_in_three_ways() {
        assert_eq!(of_scan("scan .\nmake", false), None);
        assert_eq!(
            of_scan("scan . || true", false),
            Some(Swallowed::ByOperator)
        );
        assert_eq!(of_scan("scan . || exit 1", false), None);
        assert_eq!(of_scan("scan . | tee log", false), Some(Swallowed::ByPipe));
        assert_eq!(of_scan("scan . | tee log", true), None);
        assert_eq!(of_scan("set -o pipefail\nscan . | tee log", false), None);
        assert_eq!(of_scan("cat x | scan", false), None);
        assert!(matches!(
            of_scan("set +e\nscan .\nmake", false),
            Some(Swallowed::BySet(_))
        ));
        assert_eq!(of_scan("set +e\nmake\nset -e\nscan .\nmake", false), None);
        // The exit code of the last command is that of the step.
        assert_eq!(of_scan("set +e\nscan .", false), None);
    }

    #[test]
    fn the_shell_decides_on_pipelines() {
        let pipes = |top: &str, step: &str| {
            let text = format!(
                "on: push\n{top}jobs:\n  a:\n    runs-on: x\n    steps:\n      - run: a | b\n{step}"
            );
            let workflow = workflow(&text);
            let job = workflow.jobs.first().unwrap();
            pipefail(Some(&workflow), Some(job), job.steps().first().unwrap())
        };
        assert_eq!(pipes("", ""), Some(false));
        assert_eq!(pipes("defaults: {run: {shell: bash}}\n", ""), Some(true));
        assert_eq!(
            pipes("defaults: {run: {shell: bash}}\n", "        shell: sh\n"),
            Some(false)
        );
        assert_eq!(
            pipes("", "        shell: bash -euo pipefail {0}\n"),
            Some(true)
        );
        assert_eq!(pipes("", "        shell: ${{ matrix.shell }}\n"), None);
    }
}
