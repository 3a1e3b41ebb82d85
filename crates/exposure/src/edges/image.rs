//! The publisher of a job's image is inside of the job.

use cofferdam_facts::Span;
use cofferdam_rules::image_sites;
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::images::{self, Named, Role};

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::verdict::{Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "image",
    says: "The steps of a job with `container:` run inside of that image, whose tag its publisher moves.",
    source: "https://docs.github.com/en/actions/how-tos/write-workflows/choose-where-workflows-run/run-jobs-in-a-container",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let scene = ground.scene;
    let pulled = image_sites::Pulled::of(scene.cx);
    for run in &scene.runs {
        let around = Surroundings::of_job(run.view.workflow, run.view.job);
        for named in images::of_job(run.view.job, around) {
            // A service stands beside the job and gets its own variables alone.
            if named.role != Role::Container {
                continue;
            }
            let Some(named) = pulled.left(run.view.workflow.path(), &named) else {
                continue;
            };
            for (position, verdict) in publishers(named) {
                let place = run.view.at(named.span);
                let set = set_at(named, &position);
                let set = set.map(|span| Place::new(run.view.at(span), position.to_string()));
                graph.draw(
                    Drawn::new(RULE.id, Node::Position(position), Node::Code(run.id))
                        .under(&verdict)
                        .under(&run.gate)
                        .over(run.places())
                        .over(set)
                        .at(Place::new(place, named.written.clone()))
                        .pin(
                            Cost::Line,
                            format!("Name {} with its digest", named.written),
                        ),
                );
            }
        }
    }
}

/// Who publishes what a place names, and what it takes for a new version to run.
pub(super) fn publishers(named: &Named) -> Vec<(Position, Verdict)> {
    (named.images.iter())
        .map(|candidate| &candidate.image)
        .map(|image| {
            let verdict = if image.is_pinned() {
                Verdict::after(Wait::Update)
            } else {
                Verdict::reachable()
            };
            (Position::image(&image.name()), verdict)
        })
        .collect()
}

/// Where the image of a publisher is set, if not in the place that names it.
fn set_at(named: &Named, position: &Position) -> Option<Span> {
    let mut all = named.images.iter();
    let found = all.find(|candidate| Position::image(&candidate.image.name()) == *position);
    found?.set_at
}
