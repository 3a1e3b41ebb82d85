//! What was not read as a whole, so that nothing is proven about it.

use cofferdam_facts::Location;
use cofferdam_rules::foreign;

use crate::graph::Graph;
use crate::scene::Scene;

/// Said of a file whose values were followed only so far: a way that begins with
/// a value may be missing, and nothing else.
pub const NOT_FOLLOWED: &str = "its values are not followed to their end";

/// Something that was not read, or not followed to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The file.
    pub path: String,
    /// Where, if it is a place.
    pub location: Option<Location>,
    /// Why, as a sentence without full stop.
    pub why: String,
}

/// Everything of a checkout that was not read as a whole.
#[must_use]
pub fn of(scene: &Scene<'_>, graph: &Graph) -> Vec<Unread> {
    let repository = scene.cx.repository;
    let mut found = Vec::new();
    let broken = |path: &str, location: Location, why: &str| Unread {
        path: path.to_owned(),
        location: Some(location),
        why: why.to_owned(),
    };
    for workflow in &repository.workflows {
        if let Some(problem) = workflow.document.problems().first() {
            let place = workflow.file().locate(problem.span);
            found.push(broken(
                workflow.path(),
                place,
                "the workflow is not understood as a whole",
            ));
        }
    }
    for action in &repository.actions {
        if let Some(problem) = action.document.problems().first() {
            let place = action.file().locate(problem.span);
            found.push(broken(
                action.path(),
                place,
                "the action is not understood as a whole",
            ));
        }
    }
    for lock in &repository.cofferdam_locks {
        if let Some(problem) = lock.problems().first() {
            let place = lock.file().locate(problem.span);
            found.push(broken(
                lock.file().path(),
                place,
                "the lock is not understood",
            ));
        }
    }
    let without_place = |path: &str, why: &str| Unread {
        path: path.to_owned(),
        location: None,
        why: why.to_owned(),
    };
    for workflow in &scene.cut {
        let why = "more runs lead from it than are followed";
        found.push(without_place(workflow.path(), why));
    }
    for path in scene.cx.flows.unfinished() {
        found.push(without_place(path, NOT_FOLLOWED));
    }
    if graph.is_cut() {
        found.push(without_place(
            ".",
            "the graph has more edges than are drawn",
        ));
    }
    for run in scene.runs.iter().filter(|run| run.is_open()) {
        if let Some(place) = &foreign::of_start(scene.cx, &run.start).cut {
            let why = "its steps are not walked to their end";
            found.push(broken(run.view.workflow.path(), place.clone(), why));
        }
    }
    found.sort_by(|a, b| (&a.path, &a.why).cmp(&(&b.path, &b.why)));
    found.dedup_by(|a, b| a.path == b.path && a.why == b.why);
    found
}
