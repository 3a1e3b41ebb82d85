//! Events that anybody causes, and whose runs hold the repository's privileges.

use cofferdam_rules::policies::{self, Allowed};
use cofferdam_workflows::semantics::gates::Gate;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use crate::verdict::{Control, Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "outsider-start",
    says: "Anybody causes `pull_request_target`, comments, issues and the like, whose runs take the default branch's workflow with its secrets and a token that may write.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request_target",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        // A run that follows another one is started by that.
        if run.event() == "workflow_run" || !(run.is_open() || hands_on_a_head(run)) {
            continue;
        }
        let Some(policy) = by_policy(ground, run) else {
            continue;
        };
        for rank in Rank::ALL {
            let Some(verdict) = passing(&run.start.files, rank) else {
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

/// Whether the event is sent for somebody's pull request, by whoever may write.
fn hands_on_a_head(run: &Run<'_>) -> bool {
    run.event() == "repository_dispatch" && run.start.files.gates().contains(&Gate::Dispatch)
}

/// What an Actions policy says about the event.
fn by_policy(ground: &Ground<'_, '_>, run: &Run<'_>) -> Option<Verdict> {
    let path = run.workflow().path();
    Some(match policies::allow(ground.scene.cx, run.event(), path) {
        Allowed::Yes => Verdict::reachable(),
        Allowed::No(_) => Verdict::blocked(Control::ActionsPolicy),
        Allowed::Unknown => Verdict::when(Fact::ActionsPolicy),
    })
}
