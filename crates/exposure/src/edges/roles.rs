//! A role may do what the roles below it may.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Drawn, Graph, Node, Own, Place};
use crate::position::Position;
use crate::settings::Ref;
use crate::verdict::{Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "roles",
    says: "A maintainer may do what a writer may, and merges and approves; an administrator sets the rules.",
    source: "https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization#permissions-for-each-role",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let drawn = |from: Position, to: Node, what: &str| {
        Drawn::new(RULE.id, Node::Position(from), to).at(Place::without_file(what))
    };
    let writer = Node::Position(Position::Writer);
    graph.draw(drawn(Position::Maintainer, writer.clone(), "may push"));
    graph.draw(drawn(Position::Admin, writer, "may push"));
    for to in [Node::Own(Own::Default), Node::Asset(Asset::DefaultBranch)] {
        graph.draw(drawn(Position::Maintainer, to.clone(), "merges"));
        graph.draw(drawn(Position::Admin, to, "sets the rules of branches"));
    }
    for to in [Node::Own(Own::Tag), Node::Asset(Asset::Tag)] {
        graph.draw(drawn(Position::Admin, to, "sets the rules of tags"));
    }
    for name in &ground.universe.environments {
        let inside = Node::Inside(name.clone());
        graph.draw(
            drawn(
                Position::Admin,
                inside.clone(),
                "may pass by the rules of environments",
            )
            .under(&ground.scene.settings.administrators_pass(name)),
        );
        // Who approves is somebody with rights; whether the starter may be that
        // person is a setting of the environment. The other rules of the
        // environment hold for them too.
        if ground.scene.settings.maintainers_approve(name) != Some(true) {
            continue;
        }
        let settings = ground.scene.settings;
        let refs = [
            (settings.own(Own::Branch), Ref::Branch(None)),
            (settings.own(Own::Tag), Ref::Tag),
            (Verdict::reachable(), Ref::Default),
        ];
        for (push, at) in refs {
            let mut rest = settings.environment(name, &[at]);
            rest.waits.remove(&Wait::Environment(name.clone()));
            let approves = drawn(Position::Admin, inside.clone(), "approves deployments");
            graph.draw(approves.under(&rest));
            let verdict = rest.and(&push);
            graph.draw(
                drawn(Position::Maintainer, inside.clone(), "approves deployments").under(&verdict),
            );
        }
    }
}
