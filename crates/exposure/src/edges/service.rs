//! A service has what is set for its own container.

use std::collections::BTreeSet;

use cofferdam_rules::image_sites;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::images::{self, Role};
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "service",
    says: "A service is a container of its own, with the variables that are set for it and nothing that steps are given.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idservices",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let pulled = image_sites::Pulled::of(ground.scene.cx);
    for run in &ground.scene.runs {
        let around = Surroundings::of_job(run.view.workflow, run.view.job);
        for named in images::of_job(run.view.job, around) {
            if named.role != Role::Service {
                continue;
            }
            let Some(named) = pulled.left(run.view.workflow.path(), &named) else {
                continue;
            };
            let services = run.view.job.services.iter().map(|(_, service)| service);
            let mut own =
                services.filter(|s| s.image.as_ref().is_some_and(|i| i.span == named.span));
            let Some(service) = own.next() else { continue };
            let names: BTreeSet<String> =
                service.env.iter().flat_map(|p| of_text(&p.value)).collect();
            for (position, verdict) in super::image::publishers(named) {
                for (asset, place) in &run.held.named {
                    let Asset::Secret {
                        name: Some(name), ..
                    } = asset
                    else {
                        continue;
                    };
                    if !names.contains(name) {
                        continue;
                    }
                    let from = Node::Position(position.clone());
                    graph.draw(
                        Drawn::new(RULE.id, from, Node::Asset(asset.clone()))
                            .under(&verdict)
                            .under(&run.gate)
                            .over(run.places())
                            .at(Place::new(run.view.at(named.span), named.written.clone()))
                            .at(Place::new(place.clone(), asset.to_string()))
                            .pin(
                                Cost::Line,
                                format!("Name {} with its digest", named.written),
                            ),
                    );
                }
            }
        }
    }
}

fn of_text(text: &Text) -> Vec<String> {
    let named = text.parsed().flat_map(|(_, expr)| secrets::names(expr));
    named
        .filter_map(|name| match name {
            SecretName::Named(name) => Some(name),
            _ => None,
        })
        .collect()
}
