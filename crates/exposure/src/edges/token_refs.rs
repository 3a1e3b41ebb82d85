//! A token that writes contents writes branches and tags.

use cofferdam_facts::Scope;

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "token-refs",
    says: "`contents: write` creates, updates and deletes branches and tags, as far as their rules let it.",
    source: "https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps#repository-permissions-for-contents",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let settings = ground.scene.settings;
    let ways = [
        (
            Asset::Branch,
            settings.token_to_branches(),
            "Restrict who makes branches, by a ruleset for all of them",
        ),
        (
            Asset::DefaultBranch,
            settings.token_to_default(),
            "Ask for a review on the default branch, by a ruleset",
        ),
        (
            Asset::Tag,
            settings.tags(),
            "Restrict who makes tags, by a ruleset",
        ),
    ];
    for (asset, verdict, cut) in ways {
        let from = Node::Asset(Asset::Token(Scope::Contents));
        graph.draw(
            Drawn::new(RULE.id, from, Node::Asset(asset))
                .under(&verdict)
                .at(Place::without_file("pushes with the token"))
                .cut(Cost::Setting, cut),
        );
    }
}
