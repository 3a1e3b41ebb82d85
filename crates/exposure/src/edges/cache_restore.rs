//! What a run restores from the cache runs in it.

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::caching::Restore;

use super::artifact::{Passed, earlier, inputs_of};
use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::caches;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::running;
use crate::scene::Run;
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "cache-restore",
    says: "A cache is unpacked over the files of the job, and nothing says who has saved it.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    by_unread_actions(ground, graph);
    of_earlier_jobs(ground, graph);
    for run in ground.scene.runs.iter().filter(|run| caches::restores(run)) {
        let steps = run.view.job.steps();
        let restores = run.view.restores.iter().filter(|restore| {
            let step = steps.iter().find(|step| step.index == restore.step);
            step.is_none_or(|step| running::may_run(run, step))
        });
        let (layers, files): (Vec<_>, Vec<_>) = restores.partition(|one| are_layers(one));
        for restore in layers {
            of_layers(run, restore, graph);
        }
        let Some(restore) = files.first() else {
            continue;
        };
        let mut places = run.places();
        places.push(Place::new(run.view.at(restore.span), restore.means.clone()));
        // What was unpacked runs with the first script that follows.
        let mut later = steps.iter().filter(|step| {
            step.index > restore.step && step.script().is_some() && running::may_run(run, step)
        });
        if let Some(step) = later.next() {
            places.push(Place::new(
                run.view.at(step.head()),
                "runs what was restored",
            ));
        }
        for from in [Node::Position(Position::Cache), Node::Asset(Asset::Cache)] {
            graph.draw(
                Drawn::new(RULE.id, from, Node::Code(run.id))
                    .under(&run.gate)
                    .over(places.clone())
                    .cut(
                        Cost::Line,
                        format!("Write `cache-mode: none` for job `{}`", run.view.job.name()),
                    ),
            );
        }
    }
}

// What a job before has saved of a stranger's files, without running them.
fn of_earlier_jobs(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in ground.scene.runs.iter().filter(|run| caches::restores(run)) {
        let Some(restore) = run.view.restores.iter().find(|one| !are_layers(one)) else {
            continue;
        };
        for before in earlier(ground.scene, run) {
            let steps = before.view.job.steps().iter();
            for step in steps.filter(|step| saves(step) && running::may_run(before, step)) {
                let passed = Passed {
                    before,
                    // An action that also restores saves when the job ends.
                    put: match step.action() {
                        Some("actions/cache/save") => step.index,
                        _ => usize::MAX,
                    },
                    folders: inputs_of(step, "path"),
                    from: before.view.at(step.head()),
                    run,
                    to: Node::Code(run.id),
                    taken: run.view.at(restore.span),
                    used: None,
                    words: ("saves", "restores"),
                };
                passed.draw(ground, RULE.id, graph);
            }
        }
    }
}

fn saves(step: &Step) -> bool {
    matches!(step.action(), Some("actions/cache" | "actions/cache/save"))
}

/// Whether the builder of images takes layers, and no file comes into the job.
///
/// Source: docs.docker.com, "GitHub Actions cache" (cache storage backends).
fn are_layers(restore: &Restore) -> bool {
    restore.means.starts_with("docker")
}

// What runs of the layers runs in the build, and what they hold is published.
fn of_layers(run: &Run<'_>, restore: &Restore, graph: &mut Graph) {
    let mut places = run.places();
    places.push(Place::new(run.view.at(restore.span), restore.means.clone()));
    for from in [Node::Position(Position::Cache), Node::Asset(Asset::Cache)] {
        for to in [Node::Shapes(run.id), Node::Handed(run.id, restore.step)] {
            graph.draw(
                Drawn::new(RULE.id, from.clone(), to)
                    .under(&run.gate)
                    .over(places.clone())
                    .cut(Cost::Line, "Build without `cache-from`"),
            );
        }
    }
}

// An action that is not read may restore an entry: a setup action of the same
// owners does so for all of their workflows. Asked only where a run that
// strangers cause writes the cache, since nobody else gains by it.
fn by_unread_actions(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let day = ground.scene.cx.facts.now;
    let mut runs = ground.scene.runs.iter();
    if !runs.any(|run| run.is_open() && caches::writes_default(run, day)) {
        return;
    }
    for run in &ground.scene.runs {
        if caches::restores(run) || !caches::may_restore(run) {
            continue;
        }
        let steps = run.view.job.steps().iter();
        for step in steps.filter(|step| running::may_run(run, step)) {
            let Some(uses) = step.uses() else { continue };
            let Some(action) = uses.value.repository() else {
                continue;
            };
            // What those do with the cache is known: see the means of restoring.
            let known = ["actions", "github"].contains(&&*action.owner.to_ascii_lowercase());
            if known || ground.scene.cx.repository.is_self(action) {
                continue;
            }
            graph.draw(
                Drawn::new(RULE.id, Node::Asset(Asset::Cache), Node::Code(run.id))
                    .under(&Verdict::when(Fact::Callee(uses.value.to_string())))
                    .under(&run.gate)
                    .over(run.places())
                    .at(Place::new(run.view.at(uses.span), uses.value.to_string()))
                    .cut(
                        Cost::Line,
                        format!("Write `cache-mode: none` for job `{}`", run.view.job.name()),
                    ),
            );
        }
    }
}
