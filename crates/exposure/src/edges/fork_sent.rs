//! A private repository may send secrets and a token that writes to the runs of
//! forks.

use cofferdam_facts::Scope;

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place};
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
                .over(example(ground, |run| run.held.named.contains_key(asset)));
            graph.draw(edge.under(&verdict).under(home));
        }
    }
    if let Some(verdict) = settings.forks_get_writes() {
        for scope in &ground.universe.scopes {
            let edge = drawn(Asset::Token(*scope), "write tokens are sent to forks")
                .over(example(ground, |run| writes(run, *scope)));
            graph.draw(edge.under(&verdict));
        }
    }
}

fn writes(run: &Run<'_>, scope: Scope) -> bool {
    run.start.token.writes().any(|own| own == scope)
}

/// A workflow that runs for forks' pull requests already and holds it: the
/// author of one need not even bring a file.
fn example(ground: &Ground<'_, '_>, holds: impl Fn(&Run<'_>) -> bool) -> Vec<Place> {
    let runs = ground.scene.runs.iter();
    let mut runs = runs.filter(|run| run.event() == "pull_request" && holds(run));
    let Some(run) = runs.next() else {
        return Vec::new();
    };
    let mut places = run.places();
    let mut steps = run.view.job.steps().iter();
    if let Some((step, text)) = steps.find_map(|step| Some((step, step.script()?))) {
        let first = text.value.lines().next().unwrap_or_default();
        places.push(Place::new(run.view.at(step.head()), first));
    }
    places
}
