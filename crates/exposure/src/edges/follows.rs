//! A workflow that follows another one runs with privileges, whoever caused the
//! one before.

use cofferdam_workflows::documents::{Trigger, Workflow};

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use crate::verdict::Verdict;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "follows",
    says: "`workflow_run` starts a run with secrets and a token that may write, also after the run of a fork's pull request, and also after one that waits for its approval.",
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
        for rank in Rank::ALL {
            let from = Node::Followed(run.id, rank);
            graph.draw(Drawn::new(RULE.id, from, Node::Started(run.id, rank)));
        }
    }
}

fn follow(ground: &Ground<'_, '_>, run: &Run<'_>, before: &Workflow, graph: &mut Graph) {
    let by_fork = before.triggers.iter().find(|t| runs_for_forks(t));
    if by_fork.is_some() {
        after_fork(ground, run, by_fork.map(|t| (before, t)), graph);
    }
    after_own_branch(run, graph);
    for earlier in &ground.scene.runs {
        if !std::ptr::eq(earlier.workflow(), before) || !earlier.is_open() || earlier.id == run.id {
            continue;
        }
        for rank in Rank::ALL {
            let Some(verdict) = passing(&run.start.files, rank) else {
                continue;
            };
            let place = Place::new(run.start.place(), run.event());
            let started = Node::Started(run.id, rank);
            let from = Node::Started(earlier.id, rank);
            let edge = Drawn::new(RULE.id, from, started).under(&verdict);
            graph.draw(edge.at(place.clone()));
            // What its code leaves is theirs.
            let (from, to) = (Node::Code(earlier.id), Node::Followed(run.id, rank));
            graph.draw(Drawn::new(RULE.id, from, to).under(&verdict).at(place));
        }
    }
}

// A branch of the repository has the file before as whoever pushed it wants it.
fn after_own_branch(run: &Run<'_>, graph: &mut Graph) {
    let Some(verdict) = passing(&run.start.files, Rank::Writer) else {
        return;
    };
    for to in [
        Node::Followed(run.id, Rank::Writer),
        Node::Started(run.id, Rank::Writer),
    ] {
        let place = Place::new(run.start.place(), run.event());
        let edge = Drawn::new(RULE.id, Node::Own(Own::Branch), to);
        graph.draw(edge.under(&verdict).at(place));
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
        let edge = |to: Node, approval: &Verdict| {
            let before = before.map(|(workflow, trigger)| {
                Place::new(workflow.file().locate(trigger.event.span), trigger.name())
            });
            Drawn::new(RULE.id, Node::Position(rank.position()), to)
                .over(before)
                .at(Place::new(run.start.place(), run.event()))
                .under(&verdict)
                .under(approval)
                .cut(
                    Cost::Line,
                    format!(
                        "Let {} follow pushes only, by `if: github.event.workflow_run.event == 'push'`",
                        run.workflow().path()
                    ),
                )
        };
        graph.draw(edge(Node::Followed(run.id, rank), &approval));
        if !run.needs_success() {
            let none = Verdict::reachable();
            graph.draw(edge(Node::Started(run.id, rank), &none));
        }
    }
}
