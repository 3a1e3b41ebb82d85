//! Code in a container takes what the step hands to it.

use cofferdam_rules::Context;

use super::{EdgeRule, Ground};
use crate::containers;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "handed",
    says: "A container sees the variables, build arguments, secrets and mounts that it is given, and nothing else of the job.",
    source: "https://docs.docker.com/reference/cli/docker/container/run/#env",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let ids = graph.nodes().iter().filter_map(|node| match node {
        Node::Handed(run, step) => Some((*run, *step)),
        _ => None,
    });
    let ids: Vec<_> = ids.collect();
    for (id, index) in ids {
        if let Some(run) = ground.scene.runs.get(id) {
            of_step(ground.scene.cx, run, index, graph);
        }
    }
}

fn of_step(cx: &Context<'_>, run: &Run<'_>, index: usize, graph: &mut Graph) {
    let steps = run.view.job.steps();
    let Some(step) = steps.iter().find(|step| step.index == index) else {
        return;
    };
    let around = [
        run.view.job.env.as_slice(),
        run.view.workflow.env.as_slice(),
    ];
    let script = cx.script(run.view.workflow.path(), step);
    let names = containers::handed(step, &around, script);
    for (asset, place) in &run.held.named {
        let crate::asset::Asset::Secret {
            name: Some(name), ..
        } = asset
        else {
            continue;
        };
        if names.contains(name) {
            graph.draw(
                Drawn::new(
                    RULE.id,
                    Node::Handed(run.id, index),
                    Node::Asset(asset.clone()),
                )
                .at(Place::new(place.clone(), asset.to_string()))
                .cut(
                    Cost::Line,
                    format!("Do not hand {asset} to `{}`", step.label()),
                ),
            );
        }
    }
}
