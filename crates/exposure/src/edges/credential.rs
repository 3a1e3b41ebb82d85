//! A secret that signs in to a registry publishes there: what is declared of
//! it, else whatever the registry takes.

use std::collections::BTreeSet;

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::declared;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::published;
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "credential",
    says: "Whoever has the credential with which a job publishes can publish the same, and whatever else it is good for.",
    source: "https://docs.npmjs.com/about-access-tokens",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        of_run(ground, run, graph);
    }
    by_declaration(ground, graph);
}

fn of_run(ground: &Ground<'_, '_>, run: &Run<'_>, graph: &mut Graph) {
    let cx = ground.scene.cx;
    let published = published::of_run(cx, run);
    for login in cofferdam_rules::releases::logins(cx, run.view) {
        let step = run.view.job.steps().iter().find(|s| s.index == login.step);
        let users = step.map(declared::only_users).unwrap_or_default();
        let mut targets: BTreeSet<String> = published
            .iter()
            .map(|(what, _)| what.clone())
            .filter(|what| !matches!(what.as_str(), "github-release" | "pages" | "tag"))
            .collect();
        let anywhere = declared::anywhere(run.view, login);
        targets.extend(anywhere);
        for (asset, place) in &run.held.named {
            let Asset::Secret {
                name: Some(name),
                environment,
            } = asset
            else {
                continue;
            };
            if !login.secrets.contains(name) || users.contains(name) {
                continue;
            }
            let own = declared::of_secret(cx.facts.registries, name, environment.as_deref());
            if !own.is_empty() {
                continue;
            }
            for what in &targets {
                let to = Node::Asset(Asset::Publish(what.clone()));
                let place = Place::new(place.clone(), login.means.clone());
                let drawn = Drawn::new(RULE.id, Node::Asset(asset.clone()), to).at(place);
                // Only the guess goes by a declaration.
                graph.draw(match what.contains('*') {
                    true => drawn.cut(
                        Cost::Lines,
                        format!("Declare under `[[registry]]` what {asset} may push to"),
                    ),
                    false => drawn,
                });
            }
        }
    }
}

// Every secret that is declared, whatever a job does with it.
fn by_declaration(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let cx = ground.scene.cx;
    if cx.facts.registries.is_empty() {
        return;
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    for run in &ground.scene.runs {
        known.extend(published::of_run(cx, run).into_iter().map(|(what, _)| what));
    }
    let kept = ground.universe.kept.values().flat_map(|of| of.keys());
    let secrets: BTreeSet<&Asset> = ground.universe.shared.keys().chain(kept).collect();
    for asset in secrets {
        let Asset::Secret {
            name: Some(name),
            environment,
        } = asset
        else {
            continue;
        };
        let own = declared::of_secret(cx.facts.registries, name, environment.as_deref());
        for (pattern, location) in own {
            let mut targets: BTreeSet<String> = known
                .iter()
                .filter(|what| declared::is_meant(pattern, what))
                .cloned()
                .collect();
            targets.insert(pattern.to_string());
            for what in targets {
                let to = Node::Asset(Asset::Publish(what));
                let place = Place::new(location.clone(), format!("{name} pushes to {pattern}"));
                graph.draw(Drawn::new(RULE.id, Node::Asset(asset.clone()), to).at(place));
            }
        }
    }
}
