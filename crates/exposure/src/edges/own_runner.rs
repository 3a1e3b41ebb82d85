//! A workflow file of one's own asks for any runner that the repository has.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place};
use crate::runners;
use crate::running;
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "own-runner",
    says: "Whoever runs a workflow file of their own, in a fork's pull request too, names the labels of any self-hosted runner.",
    source: "https://docs.github.com/en/actions/reference/security/secure-use#hardening-for-self-hosted-runners",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for (label, verdict) in &ground.universe.runners {
        for own in [Own::Fork, Own::Branch, Own::Pull, Own::Tag, Own::Default] {
            let to = Node::Asset(Asset::Runner(label.clone()));
            let here = |run: &Run<'_>| {
                let found = runners::of_run(ground.scene, run);
                found.is_some_and(|(other, _)| other == *label)
            };
            let example = match own {
                Own::Fork => running::of_pull_request(ground.scene, here),
                _ => Vec::new(),
            };
            graph.draw(
                Drawn::new(RULE.id, Node::Own(own), to)
                    .under(verdict)
                    .over(example)
                    .at(Place::without_file(format!("`runs-on: {label}`")))
                    .cut(
                        Cost::Setting,
                        format!("Put the runner {label} into a group that named workflows may use"),
                    ),
            );
        }
    }
}
