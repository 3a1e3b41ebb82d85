//! A workflow that follows another one runs with privileges, whoever caused the
//! one before.

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use cofferdam_workflows::documents::{Trigger, Workflow};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "follows",
    says: "`workflow_run` starts a run with secrets and a token that may write, also after the run of a fork's pull request, which has neither.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        if run.event() != "workflow_run" {
            continue;
        }
        for name in &run.start.trigger.workflows {
            let all = ground.scene.cx.repository.workflows.iter();
            let mut named = all.filter(|w| {
                let own = w.name.as_ref().map_or(w.path(), |n| n.value.as_str());
                own == name.value
            });
            match named.next() {
                Some(before) => follow(ground, run, before, graph),
                // One that is not read may well run for forks.
                None => after_fork(ground, run, None, graph),
            }
        }
    }
}

fn follow(ground: &Ground<'_, '_>, run: &Run<'_>, before: &Workflow, graph: &mut Graph) {
    let by_fork = before.triggers.iter().find(|t| runs_for_forks(t));
    if by_fork.is_some() {
        after_fork(ground, run, by_fork.map(|t| (before, t)), graph);
    }
    for earlier in &ground.scene.runs {
        if !std::ptr::eq(earlier.workflow(), before) {
            continue;
        }
        for rank in Rank::ALL {
            let Some(verdict) = passing(&run.start.files, rank) else {
                continue;
            };
            let from = Node::Started(earlier.id, rank);
            if earlier.id != run.id && earlier.is_open() {
                graph.draw(drawn(from, run, rank).under(&verdict));
            }
        }
    }
}

fn runs_for_forks(trigger: &Trigger) -> bool {
    matches!(
        trigger.name(),
        "pull_request" | "pull_request_review" | "pull_request_review_comment"
    )
}

fn after_fork(
    ground: &Ground<'_, '_>,
    run: &Run<'_>,
    before: Option<(&Workflow, &Trigger)>,
    graph: &mut Graph,
) {
    for rank in Rank::ALL {
        let (Some(verdict), Some(approval)) = (
            passing(&run.start.files, rank),
            ground.scene.settings.fork_runs(rank),
        ) else {
            continue;
        };
        let mut edge = Drawn::new(
            RULE.id,
            Node::Position(rank.position()),
            Node::Started(run.id, rank),
        );
        if let Some((workflow, trigger)) = before {
            let place = workflow.file().locate(trigger.event.span);
            edge = edge.at(Place::new(place, trigger.name()));
        }
        graph.draw(
            edge.at(Place::new(run.start.place(), run.event()))
                .under(&verdict)
                .under(&approval)
                .cut(
                    Cost::Line,
                    format!(
                        "Let {} follow pushes only, by `if: github.event.workflow_run.event == 'push'`",
                        run.workflow().path()
                    ),
                ),
        );
    }
}

fn drawn(from: Node, run: &Run<'_>, rank: Rank) -> Drawn {
    Drawn::new(RULE.id, from, Node::Started(run.id, rank))
        .at(Place::new(run.start.place(), run.event()))
}
