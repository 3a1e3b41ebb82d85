//! Events that anybody causes, and whose runs hold the repository's privileges.

use cofferdam_workflows::semantics::gates::{Gate, Way};

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::{passing, passing_words};
use crate::scene::{Run, by_policy};
use crate::verdict::Verdict;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "outsider-start",
    says: "Anybody causes `pull_request_target`, comments, issues and the like, whose runs take the default branch's workflow with its secrets and a token that may write.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request_target",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        // A run that follows another one is started by that.
        let wanted = run.takes_heads() || is_review(run);
        if run.event() == "workflow_run" || !wanted {
            continue;
        }
        let policy = by_policy(ground.scene.cx, &run.start);
        for rank in Rank::ALL {
            let Some(verdict) = starts(ground, run, rank) else {
                continue;
            };
            let from = Node::Position(rank.position());
            let what = match &run.start.command {
                Some(command) => format!("{} by `{command}`", run.event()),
                None => run.event().to_owned(),
            };
            graph.draw(
                Drawn::new(RULE.id, from, Node::Started(run.id, rank))
                    .under(&verdict)
                    .under(&policy)
                    .at(Place::new(run.start.place(), what))
                    .cut(
                        Cost::Lines,
                        format!(
                            "Start {} by an event that holds nothing",
                            run.workflow().path()
                        ),
                    ),
            );
        }
    }
}

/// What it takes somebody to have the run start.
fn starts(ground: &Ground<'_, '_>, run: &Run<'_>, rank: Rank) -> Option<Verdict> {
    if is_review(run) {
        // Whoever reviews is asked for an approval like whoever opens a pull
        // request; the pull request may be of the repository's own branch, so
        // that what keeps forks out keeps nobody out.
        let files = match &run.start.files {
            Way::Closed if run.for_insiders => Verdict::reachable(),
            // Anybody reviews what somebody else has opened.
            way => passing(&way.clone().for_comment(), rank)?,
        };
        return ground.scene.settings.fork_runs(rank).map(|v| v.and(&files));
    }
    let dispatched = matches!(run.event(), "repository_dispatch" | "workflow_dispatch");
    let files = match &run.start.files {
        // Who is no stranger sends it.
        Way::Closed if dispatched && run.for_insiders => Way::Open,
        // What keeps strangers out lets somebody with a role in: as the author, or
        // by the head of a branch of the repository's own.
        Way::Closed if rank >= Rank::Writer && run.for_insiders => Way::Open,
        way => way.clone(),
    };
    let way = match dispatched && run.start.command.is_none() {
        true => files.and(Way::Gated(vec![Gate::Dispatch])),
        false => files,
    };
    passing_words(&way, rank, run.event())
}

/// Whether the event is a review of a pull request. A run for the head of a fork
/// holds nothing; one for the repository's own branch does, whoever reviews.
pub(super) fn is_review(run: &Run<'_>) -> bool {
    matches!(
        run.event(),
        "pull_request_review" | "pull_request_review_comment"
    )
}
