//! What lies on the default branch runs with the events that come next.

use cofferdam_rules::foreign::{self, Fetch, Foreign, Means};

use super::foreign_code::step_of;
use super::foreign_content::published_later;
use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Drawn, Graph, Node, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use crate::settings::Ref;
use crate::verdict::{Fact, Level, Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "default-branch",
    says: "A job that checks out the repository and runs or publishes a file of it takes whatever was pushed to the default branch before: by the clock, by events that anybody causes, and with the next push or release of somebody else.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule",
    draw,
};

// A job's token may not write workflow files, and what it pushes starts nothing
// by itself: other files, and the events that others cause, are what is left.
// Source: docs.github.com, "Triggering a workflow from a workflow"; "Permissions
// required for GitHub Apps", `workflows`.
fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let Some(waits) = starts(run) else {
            continue;
        };
        let found = foreign::of_head(ground.scene.cx, &run.start);
        for one in &found.runs {
            executed(ground, run, &found, one, &waits, graph);
        }
        // Whether an action that is not read runs what lies there is not known.
        for one in &found.doubts {
            let fact = Verdict::when(Fact::Callee(one.means.clone()));
            executed(ground, run, &found, one, &waits.clone().and(&fact), graph);
        }
        published(ground, run, &found, &waits, graph);
    }
}

// What is published is made of what lies there.
fn published(
    ground: &Ground<'_, '_>,
    run: &Run<'_>,
    found: &Foreign,
    verdict: &Verdict,
    graph: &mut Graph,
) {
    for fetch in found.files() {
        let Some(publication) = published_later(run, found, fetch) else {
            continue;
        };
        if fetch.way.is_closed() || !takes_default(ground, run, fetch) {
            continue;
        }
        let place = run.view.at(publication.span);
        graph.draw(
            Drawn::new(
                RULE.id,
                Node::Asset(Asset::DefaultBranch),
                Node::Shapes(run.id),
            )
            .under(verdict)
            .under(&run.gate)
            .over(run.places())
            .at(Place::new(fetch.place.clone(), "checks out the branch"))
            .at(Place::new(place, publication.means.clone())),
        );
    }
}

fn executed(
    ground: &Ground<'_, '_>,
    run: &Run<'_>,
    found: &Foreign,
    one: &foreign::Run,
    verdict: &Verdict,
    graph: &mut Graph,
) {
    let Some(fetch) = found.fetches.get(one.fetch) else {
        return;
    };
    let closed = one.way.is_closed() || fetch.way.is_closed();
    if closed || !takes_default(ground, run, fetch) {
        return;
    }
    let to = match step_of(run, &one.place, &one.label).filter(|_| one.contained) {
        Some(step) => Node::Handed(run.id, step),
        None => Node::Code(run.id),
    };
    graph.draw(
        Drawn::new(RULE.id, Node::Asset(Asset::DefaultBranch), to)
            .under(verdict)
            .under(&run.gate)
            .over(run.places())
            .at(Place::new(fetch.place.clone(), "checks out the branch"))
            .at(Place::new(one.place.clone(), one.means.clone())),
    );
}

/// What it takes for the run to come; `None` where it is about other branches.
fn starts(run: &Run<'_>) -> Option<Verdict> {
    let about = |one: &Ref| !matches!(one, Ref::Branch(Some(_)));
    if !run.refs.iter().any(about) {
        return None;
    }
    let by_itself = match run.event() {
        "schedule" => run.for_insiders,
        _ => {
            run.is_open()
                && passing(&run.start.files, Rank::Newcomer)
                    .is_some_and(|verdict| is_free(&verdict))
        }
    };
    Some(match by_itself {
        true => Verdict::reachable(),
        // Somebody else pushes, merges or releases next.
        false => Verdict::after(Wait::Merge),
    })
}

fn is_free(verdict: &Verdict) -> bool {
    verdict.level() == Level::Reachable
}

/// Whether what is fetched may be the default branch.
fn takes_default(ground: &Ground<'_, '_>, run: &Run<'_>, fetch: &Fetch) -> bool {
    if fetch.means == Means::Artifact || fetch.head.is_code() || fetch.head.branch {
        return false;
    }
    let steps = run.view.job.steps();
    let step = step_of(run, &fetch.place, &fetch.label).and_then(|at| steps.get(at));
    let named = step.and_then(|step| step.input("ref")?.literal());
    named.is_none_or(|named| {
        let named = named.trim();
        let branch = named.strip_prefix("refs/heads/").unwrap_or(named);
        branch.is_empty() || branch == ground.scene.default_branch
    })
}
