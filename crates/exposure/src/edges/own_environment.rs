//! A job of one's own names an environment, which lets it in or not.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place};
use crate::settings::Ref;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "own-environment",
    says: "A job that names an environment gets its secrets once the environment's rules let its ref pass; one that does not exist is made without rules.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments#deployment-protection-rules",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for name in &ground.universe.environments {
        let inside = Node::Inside(name.clone());
        let ways = [
            (Own::Branch, Ref::Branch(None)),
            (Own::Pull, Ref::Pull),
            (Own::Tag, Ref::Tag),
            (Own::Default, Ref::Default),
        ];
        for (own, about) in ways {
            let verdict = ground.scene.settings.environment(name, &[about]);
            graph.draw(
                Drawn::new(RULE.id, Node::Own(own), inside.clone())
                    .under(&verdict)
                    .at(Place::without_file(format!("`environment: {name}`")))
                    .cut(
                        Cost::Setting,
                        format!("Let environment {name} take the default branch only"),
                    )
                    .cut(
                        Cost::Setting,
                        format!("Ask for a reviewer in environment {name}"),
                    ),
            );
        }
        let drawn = |to: Asset| Drawn::new(RULE.id, inside.clone(), Node::Asset(to));
        graph.draw(drawn(Asset::Environment(name.clone())));
        let subject = format!("environment:{name}");
        if ground.universe.subjects.contains(&subject) {
            graph.draw(drawn(Asset::Oidc(subject)));
        }
        for (asset, place) in ground.universe.kept.get(name).into_iter().flatten() {
            let drawn = drawn(asset.clone());
            graph.draw(match place {
                Some(place) => drawn.at(Place::new(place.clone(), asset.to_string())),
                None => drawn,
            });
        }
    }
}
