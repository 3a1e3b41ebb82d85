//! The owner of a called workflow gets what the caller hands over.

use cofferdam_rules::sites::{self, Holder};

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::running;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "called-workflow",
    says: "A called workflow of another repository runs with the caller's token and with the secrets that are passed or inherited.",
    source: "https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows#passing-inputs-and-secrets-to-a-reusable-workflow",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let scene = ground.scene;
    for site in sites::of(scene.cx) {
        let Some(uses) = site.uses.repository() else {
            continue;
        };
        if !matches!(site.holder, Holder::Call(_)) || scene.cx.repository.is_self(uses) {
            continue;
        }
        let verdict = super::action::of_ref(ground, &site, uses);
        for (run, _) in running::of_holder(scene, &site.holder) {
            let from = Node::Position(Position::Action(uses.slug()));
            graph.draw(
                Drawn::new(RULE.id, from, Node::Code(run.id))
                    .under(&verdict)
                    .under(&run.gate)
                    .over(run.places())
                    .at(Place::new(site.location(), site.uses.to_string()))
                    .pin(Cost::Line, format!("Pin {} to a commit", site.uses)),
            );
        }
    }
}
