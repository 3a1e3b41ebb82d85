//! Jobs of one run hand files on by artifacts.

use cofferdam_rules::foreign;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::artifacts;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::scene::{Run, Scene};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "artifact",
    says: "A job that downloads what another job of its run has uploaded takes over whatever that job's code has put there.",
    source: "https://docs.github.com/en/actions/concepts/workflows-and-actions/workflow-artifacts",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let Some(taken) = run.view.job.steps().iter().find(|step| takes(step)) else {
            continue;
        };
        let found = foreign::of_artifacts(ground.scene.cx, &run.start);
        for before in earlier(ground.scene, run) {
            let Some(put) = before.view.job.steps().iter().find(|step| puts(step)) else {
                continue;
            };
            if !same(put, taken) {
                continue;
            }
            let step = taken.label();
            let executed = found.runs.iter().chain(&found.doubts).find(|one| {
                let fetch = found.fetches.get(one.fetch);
                fetch.is_some_and(|fetch| fetch.label == step) && !one.contained
            });
            let to = match executed {
                Some(_) => Node::Code(run.id),
                None => Node::Shapes(run.id),
            };
            let means = executed.map(|one| Place::new(one.place.clone(), one.means.clone()));
            graph.draw(
                Drawn::new(RULE.id, Node::Code(before.id), to)
                    .under(&run.gate)
                    .at(Place::new(before.view.at(put.head()), "uploads"))
                    .at(Place::new(run.view.at(taken.head()), "downloads"))
                    .over(means)
                    .cut(
                        Cost::Lines,
                        format!(
                            "Verify what job `{}` downloads before it is used",
                            run.view.job.name()
                        ),
                    ),
            );
        }
    }
}

fn takes(step: &Step) -> bool {
    match step.action() {
        Some("actions/download-artifact") => !artifacts::of_other_run(step),
        // It takes the artifact of the run by itself.
        Some("actions/deploy-pages") => true,
        _ => false,
    }
}

fn puts(step: &Step) -> bool {
    matches!(
        step.action(),
        Some("actions/upload-artifact" | "actions/upload-pages-artifact")
    )
}

// A name that both write out tells artifacts apart.
fn same(put: &Step, taken: &Step) -> bool {
    let pages = |step: &Step| step.action().is_some_and(|a| a.contains("pages"));
    if pages(put) || pages(taken) {
        return pages(put) && pages(taken);
    }
    let name = |step: &Step| {
        step.input("name")
            .and_then(|t| t.literal().map(str::to_owned))
    };
    match (name(put), name(taken)) {
        (Some(a), Some(b)) => a == b,
        (None, Some(b)) if put.input("name").is_none() => b == "artifact",
        _ => true,
    }
}

/// The runs of the jobs that a run's job waits for, started together with it.
pub(super) fn earlier<'s, 'c>(scene: &'s Scene<'c>, run: &Run<'c>) -> Vec<&'s Run<'c>> {
    let workflow = run.view.workflow;
    let mut found = Vec::new();
    let mut seen = vec![false; workflow.jobs.len()];
    let mut waiting = vec![run.view.job];
    while let Some(job) = waiting.pop() {
        for need in &job.needs {
            let Some(at) = workflow.position(&need.value) else {
                continue;
            };
            let Some(seen) = seen.get_mut(at) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            let Some(view) = scene.cx.jobs(workflow).get(at) else {
                continue;
            };
            waiting.push(view.job);
            let together = scene.runs_of(view).filter(|other| {
                std::ptr::eq(other.start.trigger, run.start.trigger)
                    && other.start.command == run.start.command
            });
            found.extend(together);
        }
    }
    found
}
