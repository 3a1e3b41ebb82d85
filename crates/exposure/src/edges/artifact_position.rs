//! What a run takes from another run's artifact runs in it.

use cofferdam_rules::foreign::{self, Means};

use super::foreign_content::published_later;
use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "artifact-position",
    says: "An artifact of the run before may hold anything that run's code has put there.",
    source: "https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target#workflow_run",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        if !run.takes_heads() && run.event() != "schedule" {
            continue;
        }
        let found = foreign::of_start(ground.scene.cx, &run.start);
        let sure = found.runs.iter().map(|one| (one, Verdict::reachable()));
        let doubts = found.doubts.iter();
        let doubts = doubts.map(|one| (one, Verdict::when(Fact::Callee(one.means.clone()))));
        // Whose run it is of makes no difference to who writes the artifact.
        let lost = found.lost.iter().map(|one| (one, Verdict::reachable()));
        for (one, verdict) in sure.chain(doubts).chain(lost) {
            let Some(fetch) = found.fetches.get(one.fetch) else {
                continue;
            };
            if fetch.means != Means::Artifact || one.contained {
                continue;
            }
            graph.draw(
                Drawn::new(
                    RULE.id,
                    Node::Position(Position::Artifact),
                    Node::Code(run.id),
                )
                .under(&verdict)
                .under(&run.gate)
                .at(Place::new(fetch.place.clone(), fetch.what()))
                .at(Place::new(one.place.clone(), one.means.clone()))
                .cut(
                    Cost::Lines,
                    "Read the artifact as data, and run nothing of it",
                ),
            );
        }
        // What is published may be made of it.
        for fetch in found
            .fetches
            .iter()
            .filter(|one| one.means == Means::Artifact)
        {
            let Some(publication) = published_later(run, &found, fetch) else {
                continue;
            };
            let place = run.view.at(publication.span);
            let from = Node::Position(Position::Artifact);
            graph.draw(
                Drawn::new(RULE.id, from, Node::Shapes(run.id))
                    .under(&run.gate)
                    .at(Place::new(fetch.place.clone(), fetch.what()))
                    .at(Place::new(place, publication.means.clone()))
                    .cut(
                        Cost::Lines,
                        format!(
                            "Verify what job `{}` downloads before it is used",
                            run.view.job.name()
                        ),
                    ),
            );
        }
    }
}
