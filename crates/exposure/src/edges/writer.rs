//! Somebody with the role write pushes branches and tags, with workflow files of
//! their own.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place};
use crate::position::Position;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "writer",
    says: "Whoever may push a branch or tag runs the workflow files that they have put there.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#push",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let settings = ground.scene.settings;
    let ways = [
        (Own::Branch, Some(Asset::Branch), "pushes a branch"),
        (Own::Pull, None, "opens a pull request from a branch"),
        (Own::Tag, Some(Asset::Tag), "pushes a tag"),
        (
            Own::Default,
            Some(Asset::DefaultBranch),
            "pushes to the default branch",
        ),
    ];
    for (own, asset, what) in ways {
        let cut = match own {
            Own::Tag => "Restrict who makes tags, by a ruleset",
            Own::Default => "Ask for a review on the default branch, by a ruleset",
            _ => "Restrict who makes branches, by a ruleset for all of them",
        };
        let verdict = settings.own(own);
        let to = asset.map(Node::Asset).into_iter().chain([Node::Own(own)]);
        for to in to {
            graph.draw(
                Drawn::new(RULE.id, Node::Position(Position::Writer), to)
                    .under(&verdict)
                    .at(Place::without_file(what))
                    .cut(Cost::Setting, cut),
            );
        }
    }
    for run in &ground.scene.runs {
        if !matches!(run.event(), "workflow_dispatch" | "repository_dispatch") {
            continue;
        }
        // Both are started by hand, on any branch that the file is on.
        let started = Node::Asset(Asset::Start(run.workflow().path().to_owned()));
        graph.draw(
            Drawn::new(RULE.id, Node::Position(Position::Writer), started)
                .at(Place::new(run.start.place(), run.event())),
        );
    }
}
