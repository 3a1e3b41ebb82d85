//! A workflow that follows another one runs with privileges, whoever caused the
//! one before.

use cofferdam_rules::foreign::{self, Fetch, Means};
use cofferdam_workflows::documents::{Trigger, Workflow};
use cofferdam_workflows::semantics::gates::Way;

use super::foreign_code::step_of;
use super::foreign_content::published_later;
use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "follows",
    says: "`workflow_run` starts a run with secrets and a token that may write, after every run of a workflow of that name: also of a fork's pull request, which brings its own files, and also after one that waits for its approval.",
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
            // Several may have one name, and runs of each are followed.
            let named: Vec<&Workflow> = all
                .filter(|w| {
                    let own = w.name.as_ref().map_or(w.path(), |n| n.value.as_str());
                    own == name.value
                })
                .collect();
            after_fork(ground, run, &name.value, &named, graph);
            for before in named {
                follow(ground, run, before, graph);
            }
        }
        after_own_branch(run, graph);
        for rank in Rank::ALL {
            let from = Node::Followed(run.id, rank);
            graph.draw(Drawn::new(RULE.id, from, Node::Started(run.id, rank)));
        }
    }
}

fn follow(ground: &Ground<'_, '_>, run: &Run<'_>, before: &Workflow, graph: &mut Graph) {
    for earlier in &ground.scene.runs {
        if !std::ptr::eq(earlier.workflow(), before) || earlier.id == run.id {
            continue;
        }
        if !earlier.is_open() {
            by_artifact(ground, run, earlier, graph);
            continue;
        }
        let files = run.start.files_after(ground.scene.cx, earlier.event());
        for rank in Rank::ALL {
            let Some(verdict) = passing(&files, rank) else {
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

// What code in a run of the project's own leaves as an artifact is taken by the
// run that follows, whatever that asks of the run before.
fn by_artifact(ground: &Ground<'_, '_>, run: &Run<'_>, earlier: &Run<'_>, graph: &mut Graph) {
    if !run.for_insiders {
        return;
    }
    let found = foreign::of_start(ground.scene.cx, &run.start);
    let is_artifact = |at: usize| {
        let fetch = found.fetches.get(at);
        fetch.is_some_and(|fetch| fetch.means == Means::Artifact && !fetch.way.is_closed())
    };
    let drawn = |to: Node, fetch: &Fetch| {
        Drawn::new(RULE.id, Node::Code(earlier.id), to)
            .under(&run.gate)
            .at(Place::new(run.start.place(), run.event()))
            .at(Place::new(fetch.place.clone(), fetch.what()))
    };
    let sure = found.runs.iter().map(|one| (one, Verdict::reachable()));
    let doubts = found.doubts.iter();
    let doubts = doubts.map(|one| (one, Verdict::when(Fact::Callee(one.means.clone()))));
    for (one, fact) in sure.chain(doubts) {
        let Some(fetch) = found.fetches.get(one.fetch) else {
            continue;
        };
        if !is_artifact(one.fetch) || one.way.is_closed() {
            continue;
        }
        let to = match step_of(run, &one.place, &one.label).filter(|_| one.contained) {
            Some(step) => Node::Handed(run.id, step),
            None => Node::Code(run.id),
        };
        let place = Place::new(one.place.clone(), one.means.clone());
        graph.draw(drawn(to, fetch).under(&fact).at(place));
    }
    for (at, fetch) in found.fetches.iter().enumerate() {
        if let Some(publication) = published_later(run, &found, fetch).filter(|_| is_artifact(at)) {
            let place = Place::new(run.view.at(publication.span), publication.means.clone());
            graph.draw(drawn(Node::Shapes(run.id), fetch).at(place));
        }
    }
}

// A branch of the repository has the file before as whoever pushed it wants it,
// and is what conditions on pushes and on the repository let in.
fn after_own_branch(run: &Run<'_>, graph: &mut Graph) {
    let verdict = match &run.start.files {
        Way::Closed if run.for_insiders => Verdict::reachable(),
        way => match passing(way, Rank::Writer) {
            Some(verdict) => verdict,
            None => return,
        },
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

// A fork's pull request runs the workflow files that it brings. It gives one of
// them the name that is followed, so that it does not matter whether the file of
// that name runs for forks, or is there at all.
fn after_fork(
    ground: &Ground<'_, '_>,
    run: &Run<'_>,
    name: &str,
    named: &[&Workflow],
    graph: &mut Graph,
) {
    let for_forks = named.iter().find_map(|workflow| {
        let trigger = workflow.triggers.iter().find(|t| runs_for_forks(t))?;
        let location = workflow.file().locate(trigger.event.span);
        Some(Place::new(location, trigger.name()))
    });
    let before = for_forks.unwrap_or_else(|| {
        Place::without_file(format!("a pull request brings a workflow named `{name}`"))
    });
    let files = run.start.files_after(ground.scene.cx, "pull_request");
    for rank in Rank::ALL {
        let (Some(verdict), Some(approval)) =
            (passing(&files, rank), ground.scene.settings.fork_runs(rank))
        else {
            continue;
        };
        let edge = |to: Node, approval: &Verdict| {
            Drawn::new(RULE.id, Node::Position(rank.position()), to)
                .at(before.clone())
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
