//! A secret that signs in to a registry publishes there.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Drawn, Graph, Node, Place};
use crate::published;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "credential",
    says: "Whoever has the credential with which a job publishes can publish the same.",
    source: "https://docs.npmjs.com/about-access-tokens",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let cx = ground.scene.cx;
    for run in &ground.scene.runs {
        let published = published::of_run(cx, run);
        if published.is_empty() {
            continue;
        }
        for login in cofferdam_rules::releases::logins(cx, run.view) {
            for (asset, place) in &run.held.named {
                let Asset::Secret {
                    name: Some(name), ..
                } = asset
                else {
                    continue;
                };
                if !login.secrets.contains(name) {
                    continue;
                }
                for (what, _) in &published {
                    if matches!(what.as_str(), "github-release" | "pages" | "tag") {
                        continue;
                    }
                    let to = Node::Asset(Asset::Publish(what.clone()));
                    let place = Place::new(place.clone(), login.means.clone());
                    graph.draw(Drawn::new(RULE.id, Node::Asset(asset.clone()), to).at(place));
                }
            }
        }
    }
}
