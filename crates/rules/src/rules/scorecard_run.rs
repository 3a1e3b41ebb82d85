//! OpenSSF Scorecard, not run, or run so that nobody sees the result.

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};
use crate::steps;
use crate::unread;

crate::rule! {
    /// # What
    /// No workflow computes OpenSSF Scorecard, or the one that does runs too
    /// seldom, on the wrong branch, or keeps the result to itself.
    ///
    /// # Why
    /// Scorecard is what others look at before they depend on a project, and
    /// what tells its maintainers that a setting was loosened. A result that is
    /// old or missing says nothing.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: workflow_dispatch
    /// jobs:
    ///   scorecard:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: ossf/scorecard-action@05b42c624433fc40578a4040d5cf5e36ddca8cde # v2.4.2
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   branch_protection_rule:
    ///   schedule: [{cron: '30 3 * * 1'}]
    ///   push: {branches: [main]}
    /// jobs:
    ///   scorecard:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: ossf/scorecard-action@05b42c624433fc40578a4040d5cf5e36ddca8cde # v2.4.2
    ///         with: {results_file: results.sarif, results_format: sarif, publish_results: true}
    /// ```
    ///
    /// # How it is decided
    /// A step that uses the action or runs the command, or a called workflow
    /// named after Scorecard; a step that never runs is none. Missing is low; a run without a schedule, or
    /// on pushes to other branches than the
    /// default one only is informational. Which branch is the default one is
    /// taken from the settings, and guessed (`main`, `master`) without them.
    ///
    /// # References
    /// - <https://github.com/ossf/scorecard-action#installation>
    /// - <https://github.com/ossf/scorecard/blob/main/docs/checks.md>
    pub struct ScorecardRun {
        id: "scorecard-run",
        title: "OpenSSF Scorecard is not computed, or not seen",
        severity: Low,
        controls: [G3],
    }
}

impl Rule for ScorecardRun {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        if cx.repository.workflows.is_empty() {
            out.not_applicable(Control::G3, "there are no workflows");
            return;
        }
        let mut runs_found = Vec::new();
        for site in steps::live(cx) {
            let action = site.step.action();
            let uses = action == Some("ossf/scorecard-action");
            let runs = site.live_commands().any(|command| {
                command.is("scorecard")
                    && command
                        .effective()
                        .1
                        .iter()
                        .any(|w| w.text.starts_with("--repo") || w.text.starts_with("--local"))
            });
            if !uses && !runs {
                continue;
            }
            runs_found.push(Run {
                place: site.head(),
                note: "Scorecard runs here",
                job: site.job,
                hangs_on: site.hangs_on(),
            });
        }
        for job in cx.all_jobs() {
            let Some(call) = job.job.call() else { continue };
            let own = cx.repository.own_workflow(&call.uses.value).is_some();
            if !own
                && call
                    .uses
                    .value
                    .to_string()
                    .to_ascii_lowercase()
                    .contains("scorecard")
            {
                runs_found.push(Run {
                    place: job.at(call.uses.span),
                    note: "a called workflow runs it, by its name",
                    job,
                    hangs_on: job.job.condition.as_ref().and_then(steps::hangs_on),
                });
            }
        }
        judge(cx, &runs_found, out);
        let what = "whether a workflow computes OpenSSF Scorecard";
        if runs_found.is_empty() && !unread::elsewhere(cx, Control::G3, what, out) {
            absent(out);
        }
    }
}

/// A place that computes it.
struct Run<'c> {
    place: Location,
    note: &'static str,
    job: &'c JobView<'c>,
    /// The variable of the settings without which it never runs.
    hangs_on: Option<String>,
}

fn judge(cx: &Context<'_>, found: &[Run<'_>], out: &mut Sink) {
    let certain = found.iter().any(|run| run.hangs_on.is_none());
    for run in found {
        let place = run.place.clone();
        match &run.hangs_on {
            None => out.satisfied(Control::G3, place, run.note),
            // Another place decides.
            Some(_) if certain => {}
            Some(variable) => out.unknown(
                Control::G3,
                Some(place),
                format!("whether `{variable}` lets Scorecard run"),
                "look at the variables of the repository, or let it run without one",
            ),
        }
        when(cx, run.job, out);
    }
}

fn absent(out: &mut Sink) {
    out.report(
        Finding::new(
            ScorecardRun::INFO.id,
            Severity::Low,
            Location::whole_file(".github/workflows"),
            "no workflow computes OpenSSF Scorecard",
        )
        .confidence(Confidence::Medium)
        .why("Nobody, inside or outside, sees when a protection is lost")
        .fix("Run `ossf/scorecard-action` on a schedule and on `branch_protection_rule`, with `publish_results: true`")
        .subject("scorecard")
        .group("repositories without OpenSSF Scorecard"),
    );
}

fn note(place: Location, message: impl Into<String>) -> Finding {
    Finding::new(ScorecardRun::INFO.id, Severity::Info, place, message)
        .group("runs of Scorecard that fall short")
}

fn when(cx: &Context<'_>, job: &JobView<'_>, out: &mut Sink) {
    let workflow = job.workflow;
    let place = job.at(workflow.on_span);
    let events = &job.entry.events;
    if !events.contains("schedule") {
        out.report_against(
            &[],
            note(place.clone(), "Scorecard does not run on a schedule")
                .why("A setting that is loosened is noticed only at the next push")
                .fix("Add `schedule`, once a week, and `branch_protection_rule`")
                .subject("scorecard/schedule"),
        );
    }
    let default = cx
        .facts
        .settings
        .and_then(|s| s.repository.known())
        .map(|r| r.default_branch.as_str());
    let Some(push) = workflow.trigger("push") else {
        return;
    };
    let Some(branches) = &push.branches else {
        return;
    };
    let is_default = |name: &str| match default {
        Some(default) => name == default,
        None => matches!(name, "main" | "master"),
    };
    let reaches = branches
        .iter()
        .any(|b| is_default(&b.value) || b.value.contains(['*', '$', '[', '?']));
    if !reaches {
        let written: Vec<_> = branches.iter().map(|b| format!("`{}`", b.value)).collect();
        out.report_against(
            &[],
            note(
                place,
                format!("Scorecard runs on pushes to {} only", written.join(", ")),
            )
            .confidence(if default.is_some() {
                Confidence::High
            } else {
                Confidence::Low
            })
            .why("The action computes the default branch alone and fails on others")
            .fix("Name the default branch under `push.branches`")
            .subject("scorecard/branch"),
        );
    }
}
