//! A service has what is set for its own container.

use std::collections::BTreeSet;

use cofferdam_rules::{foreign, image_sites};
use cofferdam_workflows::documents::job::Container;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::images::{self, Role};
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use super::foreign_code::{merged, starter};
use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::passing_words;
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "service",
    says: "A service is a container of its own, with the variables that are set for it and nothing that steps are given.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idservices",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let pulled = image_sites::Pulled::of(ground.scene.cx);
    for run in &ground.scene.runs {
        named_by_starter(ground, run, graph);
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
            let names = names_of(service);
            for (position, verdict) in super::image::publishers(named) {
                for (asset, place) in &run.held.named {
                    if !is_one_of(asset, &names) {
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

// An image that the starter names is the starter's.
fn named_by_starter(ground: &Ground<'_, '_>, run: &Run<'_>, graph: &mut Graph) {
    if !run.takes_heads() || run.view.job.services.is_empty() {
        return;
    }
    let found = foreign::of_start(ground.scene.cx, &run.start);
    for (place, way) in &found.services {
        let at = |service: &&Container| {
            let image = service.image.as_ref();
            image.is_some_and(|image| run.view.at(image.span) == *place)
        };
        let mut services = run.view.job.services.iter().map(|(_, service)| service);
        let Some(service) = services.find(at) else {
            continue;
        };
        let names = names_of(service);
        let way = merged(run, way.clone());
        for rank in Rank::ALL {
            let Some(verdict) = passing_words(&way, rank, run.event()) else {
                continue;
            };
            let held = run.held.named.iter();
            for (asset, named) in held.filter(|(asset, _)| is_one_of(asset, &names)) {
                graph.draw(
                    Drawn::new(
                        RULE.id,
                        starter(run, rank, false),
                        Node::Asset(asset.clone()),
                    )
                    .under(&verdict)
                    .under(&run.gate)
                    .at(Place::new(place.clone(), "an image that the starter names"))
                    .at(Place::new(named.clone(), asset.to_string()))
                    .cut(
                        Cost::Line,
                        format!("Write the image out at {}:{}", place.path, place.line),
                    ),
                );
            }
        }
    }
}

fn is_one_of(asset: &Asset, names: &BTreeSet<String>) -> bool {
    matches!(asset, Asset::Secret { name: Some(name), .. } if names.contains(name))
}

fn names_of(service: &Container) -> BTreeSet<String> {
    service.env.iter().flat_map(|p| of_text(&p.value)).collect()
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
