//! A run publishes what its starter wrote, whether or not anything runs it.

use cofferdam_rules::foreign::{self, Fetch, Foreign, Means};
use cofferdam_workflows::semantics::conditions::Situation;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::publishing::{Artifact, Publication};

use super::foreign_code::{is_before_guard, merged, refuses, runs, step_of};
use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::passing;
use crate::running;
use crate::scene::Run;
use crate::verdict::Verdict;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "foreign-content",
    says: "An image, a package or a site is made of the files that lie there, so that whoever wrote the files that a privileged run fetched decides what it publishes after that.",
    source: "https://docs.docker.com/build/concepts/context/",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        if !run.takes_heads()
            || !run
                .view
                .publications
                .iter()
                .any(|one| holds_files(run, one))
        {
            continue;
        }
        let found = foreign::of_start(ground.scene.cx, &run.start);
        for fetch in found.files() {
            if let Some(publication) = published_later(run, &found, fetch) {
                taken(ground, run, fetch, publication, graph);
            }
        }
    }
}

/// What a run publishes of the files that it has fetched.
pub(super) fn published_later<'r>(
    run: &'r Run<'_>,
    found: &Foreign,
    fetch: &Fetch,
) -> Option<&'r Publication> {
    let fetched = step_of(run, &fetch.place, &fetch.label);
    run.view.publications.iter().find(|one| {
        let after = fetched.is_none_or(|step| step <= one.step);
        after && holds_files(run, one) && !is_cleared(run, found, fetch, one.step)
    })
}

/// Whether a checkout of the repository's own commit has put its files in the
/// place of what was fetched: it removes everything else that lies there.
///
/// Source: the README of actions/checkout, `clean`.
pub(super) fn is_cleared(
    run: &Run<'_>,
    found: &Foreign,
    fetch: &Fetch,
    publication: usize,
) -> bool {
    let steps = run.view.job.steps().iter();
    let Some(fetched) = step_of(run, &fetch.place, &fetch.label) else {
        return false;
    };
    let mut between = steps.filter(|step| (fetched + 1..publication).contains(&step.index));
    fetch.folder == Folder::workspace()
        && between.any(|step| {
            let inputs = ["path", "clean", "repository"];
            step.action() == Some("actions/checkout")
                && step.condition.is_none()
                && step.continue_on_error.is_none()
                && inputs.iter().all(|input| step.input(input).is_none())
                && found
                    .fetches
                    .iter()
                    .all(|other| step_of(run, &other.place, &other.label) != Some(step.index))
        })
}

/// Whether what is published is made of files that lie in the workspace.
fn holds_files(run: &Run<'_>, publication: &Publication) -> bool {
    let situation = Situation {
        event: run.event(),
        outsider: true,
        fork_exists: true,
    };
    let files = match publication.artifact {
        Artifact::Tag | Artifact::Unread => false,
        Artifact::Release => !publication.bare,
        _ => !publication.copy,
    };
    let mut steps = run.view.job.steps().iter();
    let step = steps.find(|step| step.index == publication.step);
    files && !publication.is_off(situation) && step.is_none_or(|step| running::may_run(run, step))
}

fn taken(
    ground: &Ground<'_, '_>,
    run: &Run<'_>,
    fetch: &Fetch,
    publication: &Publication,
    graph: &mut Graph,
) {
    let way = merged(run, fetch.way.clone());
    for rank in Rank::ALL {
        if refuses(run, fetch, rank) && !is_before_guard(ground, fetch) {
            continue;
        }
        let Some(verdict) = passing(&way, rank) else {
            continue;
        };
        let from = match fetch.means == Means::Artifact && run.event() == "workflow_run" {
            true => Node::Followed(run.id, rank),
            false => Node::Started(run.id, rank),
        };
        let place = run.view.at(publication.span);
        let fact = match fetch.means == Means::Artifact && fetch.head.is_lost() {
            true => Verdict::when(runs(&fetch.place)),
            false => Verdict::reachable(),
        };
        graph.draw(
            Drawn::new(RULE.id, from, Node::Shapes(run.id))
                .under(&verdict)
                .under(&fact)
                .under(&run.gate)
                .at(Place::new(fetch.place.clone(), fetch.what()))
                .at(Place::new(place, publication.means.clone()))
                .cut(
                    Cost::Line,
                    format!(
                        "Check out the base at {}:{} instead of the head",
                        fetch.place.path, fetch.place.line
                    ),
                ),
        );
    }
}
