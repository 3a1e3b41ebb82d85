//! An App with write access does what a writer does.

use cofferdam_facts::settings::TokenAccess;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "app",
    says: "An installed App that may write contents pushes branches; with `workflows` it changes workflow files there.",
    source: "https://docs.github.com/en/apps/using-github-apps/about-using-github-apps",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let Some(snapshot) = ground.scene.settings.snapshot() else {
        return;
    };
    let organisation = snapshot.organization.known().and_then(Option::as_ref);
    let installed = organisation.and_then(|o| o.installations.known());
    for one in installed.into_iter().flatten() {
        let writes = |name: &str| {
            let access = one.permissions.get(name);
            matches!(access, Some(TokenAccess::Write | TokenAccess::Admin))
        };
        if one.suspended_at.is_some() || !writes("contents") {
            continue;
        }
        let position = Node::Position(Position::App(one.app.clone()));
        let place = Place::without_file(format!("the App {} may write", one.app));
        let cut = format!("Take `contents: write` from the App {}", one.app);
        if writes("workflows") {
            let to = Node::Position(Position::Writer);
            graph.draw(
                Drawn::new(RULE.id, position, to)
                    .at(place)
                    .cut(Cost::Setting, cut),
            );
        } else {
            let to = Node::Asset(crate::asset::Asset::Token(cofferdam_facts::Scope::Contents));
            graph.draw(
                Drawn::new(RULE.id, position, to)
                    .at(place)
                    .cut(Cost::Setting, cut),
            );
        }
    }
}
