//! Code in a job that publishes decides what is published.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::published;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "job-publish",
    says: "Whoever runs code in a job that publishes, or decides on what it takes over, changes what is published.",
    source: "https://docs.github.com/en/actions/concepts/security/artifact-attestations",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        for (what, place) in published::of_run(ground.scene.cx, run) {
            let to = Node::Asset(Asset::Publish(what.clone()));
            let job = run.view.job.name();
            for from in [Node::Code(run.id), Node::Shapes(run.id)] {
                graph.draw(
                    Drawn::new(RULE.id, from, to.clone())
                        .at(Place::new(place.clone(), format!("publishes {what}")))
                        .cut(
                            Cost::Job,
                            format!("Publish in a job of its own, apart from `{job}`"),
                        ),
                );
            }
        }
    }
}
