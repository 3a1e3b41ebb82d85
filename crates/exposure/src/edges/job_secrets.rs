//! Code in a job takes every secret that the job names.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "job-secrets",
    says: "The runner's memory holds every secret that the job names in whatever step, so that code anywhere in the job takes them all.",
    source: "https://docs.github.com/en/actions/reference/security/secure-use#potential-impact-of-a-compromised-runner",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let from = Node::Code(run.id);
        let job = run.view.job.name();
        let split = |what: String| format!("Give {what} to a job of its own, apart from `{job}`");
        for (asset, place) in &run.held.named {
            graph.draw(
                Drawn::new(RULE.id, from.clone(), Node::Asset(asset.clone()))
                    .at(Place::new(place.clone(), asset.to_string()))
                    .cut(Cost::Job, split(asset.to_string())),
            );
        }
        let Some(place) = &run.held.all else { continue };
        for (asset, (verdict, _)) in &ground.universe.shared {
            // The secret of the environment stands in its place.
            if is_of_environment(ground, run, asset) {
                continue;
            }
            graph.draw(
                Drawn::new(RULE.id, from.clone(), Node::Asset(asset.clone()))
                    .under(verdict)
                    .at(Place::new(place.clone(), "all secrets are handed on"))
                    .cut(Cost::Lines, format!("Name the secrets that `{job}` needs")),
            );
        }
    }
}

fn is_of_environment(ground: &Ground<'_, '_>, run: &Run<'_>, asset: &Asset) -> bool {
    let (
        Some(environment),
        Asset::Secret {
            name: Some(name), ..
        },
    ) = (&run.environment, asset)
    else {
        return false;
    };
    let home = ground.scene.settings.home(name, &environment.name);
    home.is_ok_and(|home| home.is_some())
}
