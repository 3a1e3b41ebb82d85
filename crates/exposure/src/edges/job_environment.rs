//! Code in a job of an environment deploys there.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Drawn, Graph, Node, Place};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "job-environment",
    says: "Code in a job that has passed an environment's rules runs in that environment.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let Some(environment) = &run.environment else {
            continue;
        };
        let to = Node::Asset(Asset::Environment(environment.name.clone()));
        let place = Place::new(environment.location.clone(), "environment");
        graph.draw(Drawn::new(RULE.id, Node::Code(run.id), to).at(place));
    }
}
