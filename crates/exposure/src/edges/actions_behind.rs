//! What an action uses itself runs with it.

use std::collections::BTreeSet;

use cofferdam_facts::pin::Pin;
use cofferdam_locking::graph::Graph as Locked;
use cofferdam_rules::sites;
use cofferdam_workflows::documents::cofferdam_lock::Key;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::running;
use crate::verdict::{Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "actions-behind",
    says: "A composite action or called workflow runs the actions that it uses, by the refs that its own file names.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runsstepsuses",
    draw,
};

/// How deep actions are followed into each other.
const MAX_DEPTH: usize = 10;

/// Something behind an action.
struct Behind {
    position: Position,
    written: String,
    /// Whether it names its content.
    fixed: bool,
}

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let scene = ground.scene;
    let repository = scene.cx.repository;
    if repository.cofferdam_locks.is_empty() && repository.actions_locks.is_empty() {
        return;
    }
    let locked = Locked::of_lock(repository);
    for site in sites::of(scene.cx) {
        let Some(uses) = site.uses.repository() else {
            continue;
        };
        let Some(pin) = Pin::of(uses) else { continue };
        let enforced = super::action::is_locked(ground, &site, uses);
        for behind in of_pin(ground, &locked, &pin, enforced) {
            // What its user's owner may move, its own owner may not.
            let verdict = if behind.fixed {
                Verdict::after(Wait::Update)
            } else {
                Verdict::reachable()
            };
            for (run, _) in running::of_holder(scene, &site.holder) {
                let from = Node::Position(behind.position.clone());
                graph.draw(
                    Drawn::new(RULE.id, from, Node::Code(run.id))
                        .under(&verdict)
                        .under(&run.gate)
                        .over(run.places())
                        .at(Place::new(
                            site.location(),
                            format!("{} uses {}", site.uses, behind.written),
                        ))
                        .cut(Cost::Lines, format!("Do without {}", uses.as_written())),
                );
            }
        }
    }
}

/// What the locks say that an action uses, at any depth. GitHub holds to a commit
/// what `actions.lock` names for the workflow.
fn of_pin(ground: &Ground<'_, '_>, locked: &Locked, pin: &Pin, enforced: bool) -> Vec<Behind> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    let mut level = vec![Key::Action(pin.clone())];
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for key in level {
            for inner in behind(ground, locked, &key) {
                if !seen.insert(inner.clone()) {
                    continue;
                }
                let (position, own) = match &inner {
                    Key::Action(pin) => {
                        let held = enforced && has_commit(ground, pin);
                        (Position::Action(pin.slug()), held || pin.commit().is_some())
                    }
                    Key::Image(name) => {
                        let image = cofferdam_facts::ImageRef::parse(name);
                        (Position::image(&image.name()), image.is_pinned())
                    }
                    _ => continue,
                };
                found.push(Behind {
                    position,
                    written: inner.parts().1,
                    fixed: own,
                });
                next.push(inner);
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    found
}

fn has_commit(ground: &Ground<'_, '_>, pin: &Pin) -> bool {
    let locks = ground.scene.cx.repository.actions_locks.iter();
    let mut entries = locks.flat_map(|lock| &lock.dependencies);
    entries.any(|entry| entry.pin.value == *pin && entry.commit.is_some())
}

fn behind(ground: &Ground<'_, '_>, locked: &Locked, key: &Key) -> Vec<Key> {
    let mut keys: Vec<Key> = locked.behind(key).cloned().collect();
    if let Key::Action(pin) = key {
        for lock in &ground.scene.cx.repository.actions_locks {
            let entries = lock.dependencies.iter().filter(|d| d.pin.value == *pin);
            let uses = entries.flat_map(|entry| &entry.uses);
            keys.extend(uses.map(|inner| Key::Action(inner.value.clone())));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}
