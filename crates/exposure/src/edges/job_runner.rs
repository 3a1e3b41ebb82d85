//! Code in a job on a self-hosted runner is on that machine.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::runners;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "job-runner",
    says: "What a job leaves on a self-hosted runner stays there.",
    source: "https://docs.github.com/en/actions/reference/security/secure-use#hardening-for-self-hosted-runners",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let Some((label, verdict)) = runners::of_run(ground.scene, run) else {
            continue;
        };
        let to = Node::Asset(Asset::Runner(label.clone()));
        let place = run.view.at(run.view.job.runs_on.span);
        graph.draw(
            Drawn::new(RULE.id, Node::Code(run.id), to)
                .under(&verdict)
                .at(Place::new(place, format!("runs on {label}")))
                .cut(
                    Cost::Line,
                    format!("Run job `{}` on a hosted runner", run.view.job.name()),
                ),
        );
    }
}
