//! The owner of an action decides what runs behind a tag or branch.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_rules::sites::{self, Holder, UseSite};
use cofferdam_workflows::documents::actions_lock::Coverage;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::running;
use crate::verdict::{Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "action",
    says: "A tag or branch of an action can be moved by its owner; a full commit cannot, until somebody merges the next one.",
    source: "https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let scene = ground.scene;
    for site in sites::of(scene.cx) {
        let Some(uses) = site.uses.repository() else {
            continue;
        };
        if matches!(site.holder, Holder::Call(_)) || scene.cx.repository.is_self(uses) {
            continue;
        }
        let verdict = of_ref(ground, &site, uses);
        for (run, _) in running::of_holder(scene, &site.holder) {
            let from = Node::Position(Position::Action(uses.slug()));
            graph.draw(
                Drawn::new(RULE.id, from, Node::Code(run.id))
                    .under(&verdict)
                    .under(&run.gate)
                    .over(run.places())
                    .at(Place::new(site.location(), site.uses.to_string()))
                    .pin(Cost::Line, format!("Pin {} to a commit", site.uses))
                    .cut(Cost::Lines, format!("Do without {}", uses.as_written())),
            );
        }
    }
}

/// What it takes for a new version to run.
pub(super) fn of_ref(
    ground: &Ground<'_, '_>,
    site: &UseSite<'_>,
    uses: &RepositoryUses,
) -> Verdict {
    let pinned = uses.commit().is_some() || is_locked(ground, site, uses);
    if pinned {
        Verdict::after(Wait::Update)
    } else {
        Verdict::reachable()
    }
}

// GitHub runs the commit that `actions.lock` names for a workflow.
pub(super) fn is_locked(
    ground: &Ground<'_, '_>,
    site: &UseSite<'_>,
    uses: &RepositoryUses,
) -> bool {
    let locks = ground.scene.cx.repository.actions_locks.iter();
    let mut locks = locks.filter(|lock| lock.problems().is_empty());
    locks.any(|lock| {
        let coverage = lock.covers(site.file().path(), uses);
        matches!(coverage, Coverage::Locked(_))
    })
}
