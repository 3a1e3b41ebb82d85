//! Jobs of one run hand files on by artifacts.

use cofferdam_facts::Location;
use cofferdam_rules::foreign::{self, Means};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::artifacts;
use cofferdam_workflows::semantics::folders::Folder;

use super::foreign_code::{is_before_guard, merged, refuses, runs, starter, step_of};
use super::foreign_content::is_cleared;
use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::passing;
use crate::scene::{Run, Scene};
use crate::verdict::Verdict;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "artifact",
    says: "A job that downloads what another job of its run has uploaded takes over whatever that job's code has put there.",
    source: "https://docs.github.com/en/actions/concepts/workflows-and-actions/workflow-artifacts",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let Some(taken) = run.view.job.steps().iter().find(|step| takes(step)) else {
            continue;
        };
        let found = foreign::of_artifacts(ground.scene.cx, &run.start);
        for before in earlier(ground.scene, run) {
            let Some(put) = before.view.job.steps().iter().find(|step| puts(step)) else {
                continue;
            };
            if !same(put, taken) {
                continue;
            }
            let step = taken.label();
            let executed = found.runs.iter().chain(&found.doubts).find(|one| {
                let fetch = found.fetches.get(one.fetch);
                fetch.is_some_and(|fetch| fetch.label == step) && !one.contained
            });
            let to = match executed {
                Some(_) => Node::Code(run.id),
                None => Node::Shapes(run.id),
            };
            let means = executed.map(|one| Place::new(one.place.clone(), one.means.clone()));
            let passed = Passed {
                before,
                put: put.index,
                folders: inputs_of(put, "path"),
                from: before.view.at(put.head()),
                to: to.clone(),
                run,
                taken: run.view.at(taken.head()),
                used: means.clone(),
                words: ("uploads", "downloads"),
            };
            passed.draw(ground, RULE.id, graph);
            graph.draw(
                Drawn::new(RULE.id, Node::Code(before.id), to)
                    .under(&run.gate)
                    .at(Place::new(before.view.at(put.head()), "uploads"))
                    .at(Place::new(run.view.at(taken.head()), "downloads"))
                    .over(means)
                    .cut(
                        Cost::Lines,
                        format!(
                            "Verify what job `{}` downloads before it is used",
                            run.view.job.name()
                        ),
                    ),
            );
        }
    }
}

/// Files that one job leaves for a later one of the same run.
pub(super) struct Passed<'p, 'c> {
    /// The job that leaves them, the step that does, the folders and where.
    pub(super) before: &'p Run<'c>,
    pub(super) put: usize,
    pub(super) folders: Vec<Folder>,
    pub(super) from: Location,
    /// The job that takes them, where, and what they become there.
    pub(super) run: &'p Run<'c>,
    pub(super) to: Node,
    pub(super) taken: Location,
    pub(super) used: Option<Place>,
    pub(super) words: (&'static str, &'static str),
}

impl Passed<'_, '_> {
    /// A stranger's files need not run in the job that hands them on.
    pub(super) fn draw(&self, ground: &Ground<'_, '_>, rule: &'static str, graph: &mut Graph) {
        let Self { before, run, .. } = self;
        if !before.takes_heads() {
            return;
        }
        let found = foreign::of_start(ground.scene.cx, &before.start);
        for fetch in &found.fetches {
            let fetched = step_of(before, &fetch.place, &fetch.label);
            let held =
                self.folders.is_empty() || self.folders.iter().any(|f| meets(f, &fetch.folder));
            if fetched.is_some_and(|step| step >= self.put) || !held {
                continue;
            }
            if is_cleared(before, &found, fetch, self.put) {
                continue;
            }
            let way = merged(before, fetch.way.clone());
            for rank in Rank::ALL {
                if refuses(before, fetch, rank) && !is_before_guard(ground, fetch) {
                    continue;
                }
                let Some(verdict) = passing(&way, rank) else {
                    continue;
                };
                // Words in a file need not be what is run of it.
                let doubtful = fetch.head.is_lost() || fetch.means == Means::Words;
                let fact = match doubtful {
                    true => Verdict::when(runs(&fetch.place)),
                    false => Verdict::reachable(),
                };
                let from = starter(before, rank, fetch.means == Means::Artifact);
                graph.draw(
                    Drawn::new(rule, from, self.to.clone())
                        .under(&verdict)
                        .under(&fact)
                        .under(&before.gate)
                        .under(&run.gate)
                        .at(Place::new(fetch.place.clone(), fetch.what()))
                        .at(Place::new(self.from.clone(), self.words.0))
                        .at(Place::new(self.taken.clone(), self.words.1))
                        .over(self.used.clone())
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
    }
}

// Whether one of two folders holds the other; one that is not known may.
fn meets(a: &Folder, b: &Folder) -> bool {
    match (a, b) {
        (Folder::Inside(one), Folder::Inside(other)) => a.is_in(other) || b.is_in(one),
        _ => true,
    }
}

/// The folders that an input names, one a line.
pub(super) fn inputs_of(step: &Step, name: &str) -> Vec<Folder> {
    let Some(text) = step.input(name) else {
        return Vec::new();
    };
    let lines = text.value.lines().map(str::trim);
    let paths = lines.filter(|line| !line.is_empty() && !line.starts_with('!'));
    paths
        .map(|path| {
            // What stands before a pattern.
            let end = path.find(['*', '?', '[']).unwrap_or(path.len());
            Folder::workspace().join(path.get(..end).unwrap_or(path))
        })
        .collect()
}

fn takes(step: &Step) -> bool {
    match step.action() {
        Some("actions/download-artifact") => !artifacts::of_other_run(step),
        // It takes the artifact of the run by itself.
        Some("actions/deploy-pages") => true,
        _ => false,
    }
}

fn puts(step: &Step) -> bool {
    matches!(
        step.action(),
        Some("actions/upload-artifact" | "actions/upload-pages-artifact")
    )
}

// A name that both write out tells artifacts apart.
fn same(put: &Step, taken: &Step) -> bool {
    let pages = |step: &Step| step.action().is_some_and(|a| a.contains("pages"));
    if pages(put) || pages(taken) {
        return pages(put) && pages(taken);
    }
    let name = |step: &Step| {
        step.input("name")
            .and_then(|t| t.literal().map(str::to_owned))
    };
    match (name(put), name(taken)) {
        (Some(a), Some(b)) => a == b,
        (None, Some(b)) if put.input("name").is_none() => b == "artifact",
        _ => true,
    }
}

/// The runs of the jobs that a run's job waits for, started together with it.
pub(super) fn earlier<'s, 'c>(scene: &'s Scene<'c>, run: &Run<'c>) -> Vec<&'s Run<'c>> {
    let workflow = run.view.workflow;
    let mut found = Vec::new();
    let mut seen = vec![false; workflow.jobs.len()];
    let mut waiting = vec![run.view.job];
    while let Some(job) = waiting.pop() {
        for need in &job.needs {
            let Some(at) = workflow.position(&need.value) else {
                continue;
            };
            let Some(seen) = seen.get_mut(at) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            let Some(view) = scene.cx.jobs(workflow).get(at) else {
                continue;
            };
            waiting.push(view.job);
            let together = scene.runs_of(view).filter(|other| {
                std::ptr::eq(other.start.trigger, run.start.trigger)
                    && other.start.command == run.start.command
            });
            found.extend(together);
        }
    }
    found
}
