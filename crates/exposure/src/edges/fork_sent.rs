//! A private repository may send secrets and a token that writes to the runs of
//! forks.

use cofferdam_facts::Scope;

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place, Rank};
use crate::running::of_pull_request;
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "fork-sent",
    says: "The settings of a private repository may send secrets and tokens that write to the pull requests of forks.",
    source: "https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository#enabling-workflows-for-forks-of-private-repositories",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let settings = ground.scene.settings;
    let drawn = |to: Asset, what: &str| {
        Drawn::new(RULE.id, Node::Own(Own::Fork), Node::Asset(to))
            .at(Place::without_file(what))
            .cut(
                Cost::Setting,
                "Send neither secrets nor tokens to the pull requests of forks",
            )
    };
    if let Some(verdict) = settings.forks_get_secrets() {
        for (asset, (home, _)) in &ground.universe.shared {
            let edge = drawn(asset.clone(), "secrets are sent to forks")
                .over(of_pull_request(ground.scene, |run| {
                    run.held.named.contains_key(asset)
                }));
            graph.draw(edge.under(&verdict).under(home));
        }
    }
    if let Some(verdict) = settings.forks_get_writes() {
        for scope in &ground.universe.scopes {
            let edge = drawn(Asset::Token(*scope), "write tokens are sent to forks")
                .over(of_pull_request(ground.scene, |run| writes(run, *scope)));
            graph.draw(edge.under(&verdict));
        }
        // One that writes actions starts what is started by hand.
        if ground.universe.scopes.contains(&Scope::Actions) {
            for run in &ground.scene.runs {
                if run.event() == "workflow_dispatch" {
                    let started = Asset::Start(run.workflow().path().to_owned());
                    let edge = drawn(started, "write tokens are sent to forks");
                    graph.draw(edge.under(&verdict));
                    // With the number of the pull request itself.
                    if run.takes_heads() {
                        let started = Node::Started(run.id, Rank::Writer);
                        graph.draw(
                            Drawn::new(RULE.id, Node::Own(Own::Fork), started).under(&verdict),
                        );
                    }
                }
            }
        }
    }
}

fn writes(run: &Run<'_>, scope: Scope) -> bool {
    run.start.token.writes().any(|own| own == scope)
}
