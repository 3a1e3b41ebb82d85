//! A fork's pull request runs the workflow files that it brings, without
//! secrets and with a token that reads.

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place, Rank};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "fork-pull-request",
    says: "A fork's pull request runs its own workflow files, once whoever must approve has done so.",
    source: "https://docs.github.com/en/actions/how-tos/manage-workflow-runs/approve-runs-from-forks",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for rank in Rank::ALL {
        let Some(verdict) = ground.scene.settings.fork_runs(rank) else {
            continue;
        };
        let from = Node::Position(rank.position());
        let edge = Drawn::new(RULE.id, from, Node::Own(Own::Fork))
            .under(&verdict)
            .at(Place::without_file("opens a pull request from a fork"));
        // Whoever has a role is asked for no approval, and whoever is asked already
        // is asked for no other one.
        let approved = rank >= Rank::Triager || !verdict.waits.is_empty();
        graph.draw(match approved {
            true => edge,
            false => edge.cut(
                Cost::Setting,
                "Approve the runs of all outside contributors",
            ),
        });
    }
}
