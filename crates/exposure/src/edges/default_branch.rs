//! What lies on the default branch runs with the events that come next.

use cofferdam_rules::foreign::{self, Fetch, Means};

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Drawn, Graph, Node, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use crate::settings::Ref;
use crate::verdict::{Level, Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "default-branch",
    says: "A job that checks out the repository and runs a file of it runs whatever was pushed to the default branch before: by the clock, by events that anybody causes, and with the next push or release of somebody else.",
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
        let executed = found.runs.iter().find_map(|one| {
            let fetch = found.fetches.get(one.fetch)?;
            let way = one.way.clone().and(fetch.way.clone());
            let here = !one.contained && !way.is_closed();
            (here && takes_default(ground, run, fetch)).then_some((fetch, one))
        });
        let Some((fetch, one)) = executed else {
            continue;
        };
        let from = Node::Asset(Asset::DefaultBranch);
        graph.draw(
            Drawn::new(RULE.id, from, Node::Code(run.id))
                .under(&waits)
                .under(&run.gate)
                .over(run.places())
                .at(Place::new(fetch.place.clone(), "checks out the branch"))
                .at(Place::new(one.place.clone(), one.means.clone())),
        );
    }
}

/// What it takes for the run to come; `None` where it is about other branches.
fn starts(run: &Run<'_>) -> Option<Verdict> {
    let about = |one: &Ref| !matches!(one, Ref::Branch(Some(_)));
    if !run.refs.iter().any(about) {
        return None;
    }
    let by_itself = match run.event() {
        "schedule" => run.for_insiders,
        _ => run.is_open() && passing(&run.start.files, Rank::Newcomer).is_some_and(is_free),
    };
    Some(match by_itself {
        true => Verdict::reachable(),
        // Somebody else pushes, merges or releases next.
        false => Verdict::after(Wait::Merge),
    })
}

fn is_free(verdict: Verdict) -> bool {
    verdict.level() == Level::Reachable
}

/// Whether what is fetched may be the default branch.
fn takes_default(ground: &Ground<'_, '_>, run: &Run<'_>, fetch: &Fetch) -> bool {
    if fetch.means == Means::Artifact || fetch.head.is_code() || fetch.head.branch {
        return false;
    }
    let mut steps = run.view.job.steps().iter();
    let step = steps.find(|step| step.label() == fetch.label);
    let named = step.and_then(|step| step.input("ref")?.literal());
    named.is_none_or(|named| {
        let named = named.trim();
        let branch = named.strip_prefix("refs/heads/").unwrap_or(named);
        branch.is_empty() || branch == ground.scene.default_branch
    })
}
