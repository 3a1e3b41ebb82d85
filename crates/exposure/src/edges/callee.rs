//! What a called workflow that is not here does with the event.

use cofferdam_facts::UsesRef;
use cofferdam_workflows::documents::Job;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::scene::Run;
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "callee",
    says: "A called workflow has its caller's event, so that what it does with the starter's words and files decides.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations#github-context",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in ground.scene.runs.iter().filter(|run| run.is_open()) {
        // What is read in place of another ref of this repository may differ.
        let mut calls = run.start.chain.iter().filter_map(|view| {
            let call = view.job.call()?;
            let unread = std::ptr::eq(*view, run.view) || is_of_another_ref(&call.uses.value);
            unread.then_some((*view, call))
        });
        let Some((view, call)) = calls.next() else {
            continue;
        };
        let name = call.uses.value.to_string();
        for rank in Rank::ALL {
            graph.draw(
                Drawn::new(RULE.id, Node::Started(run.id, rank), Node::Code(run.id))
                    .under(&Verdict::when(Fact::Callee(name.clone())))
                    .under(&run.gate)
                    .at(Place::new(view.at(call.uses.span), name.clone()))
                    .cut(Cost::Lines, cut(run, view.job)),
            );
        }
    }
}

// A branch or tag by name; a commit is one of this repository's as well.
fn is_of_another_ref(uses: &UsesRef) -> bool {
    let UsesRef::Repository(uses) = uses else {
        return false;
    };
    let reference = uses.git_ref.as_deref().unwrap_or("");
    !matches!(reference, "main" | "master" | "trunk")
}

fn cut(run: &Run<'_>, job: &Job) -> String {
    format!(
        "Call from `{}` on an event that nobody outside causes, not {}",
        job.name(),
        run.event()
    )
}
