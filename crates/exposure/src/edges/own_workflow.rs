//! A workflow file of one's own names every secret that is not kept by an
//! environment, asks for every scope, and signs as its ref.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place};
use crate::universe::default_subject;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "own-workflow",
    says: "A job of any branch gets every secret of the repository and organisation that it names, and the scopes that it asks for.",
    source: "https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information",
    draw,
};

const HERE: [Own; 4] = [Own::Branch, Own::Pull, Own::Tag, Own::Default];

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let universe = ground.universe;
    for own in HERE {
        let from = Node::Own(own);
        for (asset, (verdict, place)) in &universe.shared {
            let drawn = Drawn::new(RULE.id, from.clone(), Node::Asset(asset.clone()))
                .under(verdict)
                .cut(
                    Cost::Environment,
                    format!("Move {asset} into an environment that takes the default branch only"),
                );
            graph.draw(match place {
                Some(place) => drawn.at(Place::new(place.clone(), asset.to_string())),
                None => drawn,
            });
        }
        for scope in &universe.scopes {
            let to = Node::Asset(Asset::Token(*scope));
            let place = Place::without_file(format!("`permissions: {{{scope}: write}}`"));
            graph.draw(Drawn::new(RULE.id, from.clone(), to).at(place));
        }
        let subject = match own {
            Own::Pull => "pull_request".to_owned(),
            Own::Branch => "ref:refs/heads/*".to_owned(),
            Own::Tag => "ref:refs/tags/*".to_owned(),
            Own::Default | Own::Fork => default_subject(ground.scene),
        };
        if universe.subjects.contains(&subject) {
            let to = Node::Asset(Asset::Oidc(subject));
            let place = Place::without_file("`permissions: {id-token: write}`");
            graph.draw(Drawn::new(RULE.id, from.clone(), to).at(place));
        }
    }
    let cache = Node::Asset(Asset::Cache);
    let saves = Place::without_file("saves an entry");
    graph.draw(Drawn::new(RULE.id, Node::Own(Own::Default), cache).at(saves));
}
