//! A token that writes actions starts workflows, on a branch of its own making.

use cofferdam_facts::{Access, Scope};

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "token-dispatch",
    says: "`workflow_dispatch` and `repository_dispatch` are the events that a job's token starts workflows by; with `contents: write` on a branch that it has pushed.",
    source: "https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow#triggering-a-workflow-from-a-workflow",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let dispatched: Vec<&Run<'_>> = (ground.scene.runs.iter())
        .filter(|run| run.event() == "workflow_dispatch" && run.start.command.is_none())
        .collect();
    let sent: Vec<&Run<'_>> = (ground.scene.runs.iter())
        .filter(|run| run.event() == "repository_dispatch")
        .collect();
    // With the number or ref of whatever pull request they have opened.
    let asked: Vec<&Run<'_>> = (ground.scene.runs.iter())
        .filter(|run| run.event() == "workflow_dispatch" && run.takes_heads())
        .collect();
    for run in &ground.scene.runs {
        let token = &run.start.token;
        let writes = |scope| token.access(scope) == Access::Write && !token.assumed;
        if writes(Scope::Contents) {
            for other in &sent {
                let started = Node::Asset(Asset::Start(other.workflow().path().to_owned()));
                let place = Place::new(other.start.place(), other.event());
                graph.draw(Drawn::new(RULE.id, Node::Code(run.id), started).at(place));
            }
        }
        if !writes(Scope::Actions) {
            continue;
        }
        for other in &asked {
            let place = Place::new(other.start.place(), other.event());
            let started = Node::Started(other.id, Rank::Writer);
            graph.draw(Drawn::new(RULE.id, Node::Code(run.id), started).at(place));
        }
        for other in &dispatched {
            let path = other.workflow().path().to_owned();
            let place = Place::new(other.start.place(), other.event());
            let started = Node::Asset(Asset::Start(path.clone()));
            graph.draw(Drawn::new(RULE.id, Node::Code(run.id), started).at(place.clone()));
            // The files of the branch run, but for those below `.github`.
            if writes(Scope::Contents) && !other.view.job.steps().is_empty() {
                graph.draw(
                    Drawn::new(RULE.id, Node::Code(run.id), Node::Code(other.id))
                        .under(&other.gate)
                        .at(place)
                        .cut(
                            Cost::Line,
                            format!("Take `actions: write` from job `{}`", run.view.job.name()),
                        ),
                );
            }
        }
    }
}
