//! Runner images and action runtimes that the platform retires.

use cofferdam_datapack::{DataPack, Lifecycle};
use cofferdam_facts::Location;
use cofferdam_facts::Timestamp;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::documents::{Action, Workflow};
use cofferdam_workflows::semantics::constants::Surroundings;

use crate::context::{Context, JobView};
use crate::known;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job asks for a hosted runner image that is retired or about to be, or
    /// an action runs on a Node.js that runners no longer carry.
    ///
    /// # Why
    /// A retired image gets no security updates. Once it is gone, a job waits
    /// for a runner that never comes, and the checks that it made are not made;
    /// a self-hosted runner that somebody registers under the same label would
    /// take it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// runs-on: ubuntu-20.04
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// runs-on: ubuntu-24.04
    /// ```
    ///
    /// # How it is decided
    /// Labels of `runs-on`, followed into a static matrix, and `runs.using` of
    /// actions are compared with the dates in the data pack, at the day of the
    /// run. What is gone is low, what has an end is informational; actions in
    /// folders of tests are left out. A job with a runner group is not judged:
    /// its labels are the group's own. actionlint knows the labels and runtimes
    /// of its own release, without dates.
    ///
    /// # References
    /// - <https://github.com/actions/runner-images#available-images>
    /// - <https://github.blog/changelog/2025-09-19-deprecation-of-node-20-on-github-actions-runners/>
    pub struct RetiredRunner {
        id: "retired-runner",
        title: "A runner image or action runtime is retired",
        severity: Low,
        controls: [],
        peers: [
            "actionlint/action",
            "actionlint/runner-label",
            "sisakulint/deprecated-node-runtime",
        ],
        standards: [Cwe::Cwe477],
    }
}

impl Rule for RetiredRunner {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(pack) = known::pack(cx, out) else {
            return;
        };
        // Without a clock, the pack's own day is the last that is known.
        let now = cx.facts.now.unwrap_or(pack.created_at);
        for workflow in &cx.repository.workflows {
            for job in cx.jobs(workflow) {
                labels(pack, now, workflow, job, out);
            }
        }
        for action in &cx.repository.actions {
            runtime(pack, now, action, out);
        }
    }
}

fn labels(pack: &DataPack, now: Timestamp, workflow: &Workflow, job: &JobView<'_>, out: &mut Sink) {
    if job.job.runs_on.group.is_some() {
        return;
    }
    let around = Surroundings::of_job(workflow, job.job);
    let mut seen = Vec::new();
    for label in &job.job.runs_on.labels {
        for constant in around.values(label).known {
            let Some(image) = pack.runner_image(&constant.text) else {
                continue;
            };
            if seen.contains(&constant.text) {
                continue;
            }
            let what = format!("job `{}` asks for `{}`", job.job.name(), constant.text);
            let place = job.at(constant.set_at.unwrap_or(label.span));
            let finding = retired(
                image.lifecycle(now),
                image.removed,
                &what,
                image.replacement.as_deref(),
                place,
            );
            if let Some(finding) = finding {
                out.report(
                    finding
                        .why(
                            "A retired image gets no updates, and a job that waits for it checks \
                             nothing",
                        )
                        .subject(format!("{} {}", job.subject(), constant.text)),
                );
            }
            seen.push(constant.text);
        }
    }
}

fn runtime(pack: &DataPack, now: Timestamp, action: &Action, out: &mut Sink) {
    let Runs::JavaScript { using, .. } = &action.runs else {
        return;
    };
    if is_aside(action.path()) {
        return;
    }
    let Some(runtime) = pack.action_runtime(&using.value) else {
        return;
    };
    let name = if action.folder().is_empty() {
        "the action of this repository".to_owned()
    } else {
        format!("action `{}`", action.folder())
    };
    let finding = retired(
        runtime.lifecycle(now),
        runtime.removed,
        &format!("{name} runs on `{}`", using.value),
        runtime.replacement.as_deref(),
        action.file().locate(using.span),
    );
    if let Some(finding) = finding {
        out.report(
            finding
                .why("Runners no longer carry it, or run it by a newer one that nobody tested")
                .subject("runs.using"),
        );
    }
}

fn retired(
    state: Lifecycle,
    removed: Option<Timestamp>,
    what: &str,
    replacement: Option<&str>,
    place: Location,
) -> Option<Finding> {
    let day = removed.map(Timestamp::date);
    let (severity, message, group) = match state {
        Lifecycle::Announced => return None,
        Lifecycle::Removed => (
            Severity::Low,
            match day {
                Some(day) => format!("{what}, which is gone since {day}"),
                None => format!("{what}, which is gone"),
            },
            "runners and runtimes that are gone",
        ),
        Lifecycle::Deprecated => (
            Severity::Info,
            match day {
                Some(day) => format!("{what}, which ends on {day}"),
                None => format!("{what}, which is about to end"),
            },
            "runners and runtimes that are about to end",
        ),
    };
    let fix = match replacement {
        Some(other) => format!("Move to `{other}`"),
        None => "Move to one that is supported".to_owned(),
    };
    Some(
        Finding::new(RetiredRunner::INFO.id, severity, place, message)
            .fix(fix)
            .group(group),
    )
}
