//! An image that a step uses has the machine; one that a script runs gets what
//! the script hands to it.

use cofferdam_rules::image_sites;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::images;

use super::{EdgeRule, Ground};
use crate::containers;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::running;
use crate::scene::Run;
use crate::verdict::Verdict;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "docker-step",
    says: "The runner mounts the daemon's socket into the container of an action, and so hands over the machine; a container that a script runs gets what the script hands to it.",
    source: "https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/ContainerActionHandler.cs",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let scene = ground.scene;
    let pulled = image_sites::Pulled::of(scene.cx);
    for run in &scene.runs {
        let around = Surroundings::of_job(run.view.workflow, run.view.job);
        let path = run.view.workflow.path();
        for step in run.view.job.steps() {
            if !running::may_run(run, step) {
                continue;
            }
            if let Some(named) = images::of_step(step)
                && let Some(named) = pulled.left(path, &named)
            {
                for (position, verdict) in super::image::publishers(named) {
                    // The runner mounts the daemon's socket into it.
                    let place = Place::new(run.view.at(named.span), named.written.clone());
                    graph.draw(drawn(run, position, Node::Code(run.id), &verdict, place));
                }
            }
            let (Some(text), Some(script)) = (step.script(), scene.cx.script(path, step)) else {
                continue;
            };
            let at = |range| text.raw_span(&run.view.workflow.document, range);
            for named in images::of_script(script, around.in_step(step), at) {
                let Some(named) = pulled.left(path, &named) else {
                    continue;
                };
                let whole = containers::takes_the_machine(script, &named.written);
                for (position, verdict) in super::image::publishers(named) {
                    let place = Place::new(run.view.at(named.span), named.written.clone());
                    if whole {
                        graph.draw(drawn(run, position, Node::Code(run.id), &verdict, place));
                    } else {
                        handed(run, step, position, &verdict, place, graph);
                    }
                }
            }
        }
    }
}

fn drawn(run: &Run<'_>, position: Position, to: Node, verdict: &Verdict, place: Place) -> Drawn {
    let cut = format!("Name {} with its digest", place.what);
    Drawn::new(RULE.id, Node::Position(position), to)
        .under(verdict)
        .under(&run.gate)
        .over(run.places())
        .at(place)
        .pin(Cost::Line, cut)
}

fn handed(
    run: &Run<'_>,
    step: &Step,
    position: Position,
    verdict: &Verdict,
    place: Place,
    graph: &mut Graph,
) {
    let to = Node::Handed(run.id, step.index);
    graph.draw(drawn(run, position, to, verdict, place));
}
