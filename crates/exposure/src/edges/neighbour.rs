//! Code on a self-hosted runner meets the jobs that run there next.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::runners;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "neighbour",
    says: "A self-hosted runner that takes several jobs carries what one leaves to the next.",
    source: "https://docs.github.com/en/actions/reference/security/secure-use#hardening-for-self-hosted-runners",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let Some((label, verdict)) = runners::of_run(ground.scene, run) else {
            continue;
        };
        if runners::runs_once(ground.scene, run) {
            continue;
        }
        let place = run.view.at(run.view.job.runs_on.span);
        let from = [
            Node::Position(Position::RunnerNeighbour),
            Node::Asset(Asset::Runner(label.clone())),
        ];
        for from in from {
            graph.draw(
                Drawn::new(RULE.id, from, Node::Code(run.id))
                    .under(&verdict)
                    .under(&run.gate)
                    .at(Place::new(place.clone(), format!("runs on {label}")))
                    .cut(
                        Cost::Setting,
                        format!("Register the runner {label} for one job only (`--ephemeral`)"),
                    ),
            );
        }
    }
}
