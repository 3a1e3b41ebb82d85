//! The merge queue runs a change before it is merged, as the repository's own.

use cofferdam_rules::foreign;

use super::foreign_code::step_of;
use super::foreign_content::published_later;
use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::verdict::{Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "merge-queue",
    says: "`merge_group` runs on a branch of the repository, with its secrets, once somebody with write access has put the change into the queue.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#merge_group",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        if run.event() != "merge_group" || !run.for_insiders {
            continue;
        }
        let found = foreign::of_head(ground.scene.cx, &run.start);
        let executed = found.runs.iter().chain(&found.doubts);
        let executed = executed.map(|one| {
            let place = Place::new(one.place.clone(), one.means.clone());
            let step = step_of(run, &one.place, &one.label).filter(|_| one.contained);
            let to = step.map_or(Node::Code(run.id), |step| Node::Handed(run.id, step));
            (to, place)
        });
        // What is published there is made of the change too.
        let published = found
            .files()
            .find_map(|fetch| published_later(run, &found, fetch));
        let published = published.map(|one| {
            let place = Place::new(run.view.at(one.span), one.means.clone());
            (Node::Shapes(run.id), place)
        });
        for (to, place) in executed.chain(published) {
            for rank in Rank::ALL {
                graph.draw(
                    Drawn::new(RULE.id, Node::Position(rank.position()), to.clone())
                        .under(&Verdict::after(Wait::Merge))
                        .under(&run.gate)
                        .over(run.places())
                        .at(place.clone())
                        .cut(
                            Cost::Line,
                            format!(
                                "Run job `{}` after the merge, by `if: github.event_name == 'push'`",
                                run.view.job.name()
                            ),
                        ),
                );
            }
        }
    }
}
