//! Which steps of a job run at the same time.
//!
//! Source: GitHub, "Workflow syntax", `jobs.<id>.steps[*].background`, `wait`,
//! `wait-all`, `cancel` and `parallel` (2026-06): a background step runs on
//! until it is waited for or cancelled, at the end of the job at the latest; a
//! group of parallel steps is waited for at its end.

use crate::documents::job::Job;
use crate::yaml::{Document, Kind, Node};

/// Pairs of steps that run side by side, by their places in the list of steps;
/// the one that starts first comes first.
#[must_use]
pub fn pairs(document: &Document, job: &Job) -> Vec<(usize, usize)> {
    let any = job
        .steps()
        .iter()
        .any(|step| step.background || step.parallel_group.is_some());
    let steps = any
        .then(|| document.root()?.get("jobs")?.get(job.name())?.get("steps"))
        .flatten();
    let Some(steps) = steps else {
        return Vec::new();
    };
    let mut walk = Walk::default();
    for item in steps.items() {
        walk.item(item);
    }
    walk.pairs
}

/// Most steps that are taken to run at once, and most pairs that are looked at.
/// GitHub runs ten background steps at once; more of them wait.
const MAX_RUNNING: usize = 100;
const MAX_PAIRS: usize = 10_000;

#[derive(Default)]
struct Walk {
    next: usize,
    // With the id by which it can be waited for.
    running: Vec<(usize, Option<String>)>,
    pairs: Vec<(usize, usize)>,
}

impl Walk {
    fn item(&mut self, item: Node<'_>) {
        match item.get("parallel") {
            Some(group) if group.kind() == Kind::Sequence => {
                let before = self.running.len();
                for _ in group.items() {
                    let at = self.starts();
                    if self.running.len() < MAX_RUNNING {
                        self.running.push((at, None));
                    }
                }
                self.running.truncate(before);
            }
            _ => self.step(item),
        }
    }

    fn step(&mut self, item: Node<'_>) {
        if item.get("wait-all").is_some() {
            self.next += 1;
            self.running.clear();
            return;
        }
        let ended: Vec<&str> = ["wait", "cancel"]
            .iter()
            .filter_map(|key| item.get(key))
            .flat_map(|node| node.items().chain([node]).collect::<Vec<_>>())
            .filter_map(|node| node.as_str())
            .collect();
        if !ended.is_empty() {
            self.next += 1;
            self.running
                .retain(|(_, id)| id.as_deref().is_none_or(|id| !ended.contains(&id)));
            return;
        }
        let at = self.starts();
        let background = item.get("background").and_then(|n| n.as_bool()) == Some(true);
        if background && self.running.len() < MAX_RUNNING {
            let id = item.get("id").and_then(|n| n.as_str()).map(str::to_owned);
            self.running.push((at, id));
        }
    }

    fn starts(&mut self) -> usize {
        let at = self.next;
        self.next += 1;
        let room = MAX_PAIRS.saturating_sub(self.pairs.len());
        let beside = self.running.iter().map(|(running, _)| (*running, at));
        self.pairs.extend(beside.take(room));
        at
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::documents::Workflow;
    use cofferdam_facts::SourceFile;

    fn found(steps: &str) -> Vec<(usize, usize)> {
        let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{steps}");
        let workflow = Workflow::parse(SourceFile::new("w.yml", text));
        pairs(&workflow.document, workflow.jobs.first().unwrap())
    }

    #[test]
    fn a_background_step_runs_until_it_is_waited_for() {
        let background = "      - {id: b, run: x, background: true}\n      - run: y\n";
        assert_eq!(found(background), [(0, 1)]);
        let rest = "      - {id: b, run: x, background: true}\n      - {id: c, run: x, background: true}\n";
        for (end, last) in [
            ("wait: b", vec![(0, 1), (1, 3)]),
            ("wait: [b, c]", vec![(0, 1)]),
            ("wait-all: true", vec![(0, 1)]),
            ("cancel: c", vec![(0, 1), (0, 3)]),
            ("run: z", vec![(0, 1), (0, 2), (1, 2), (0, 3), (1, 3)]),
        ] {
            assert_eq!(
                found(&format!("{rest}      - {end}\n      - run: y\n")),
                last,
                "{end}"
            );
        }
    }

    #[test]
    fn a_group_runs_together_and_ends_together() {
        let group = "      - {run: a, background: true}\n      - parallel:\n          - run: b\n          - run: c\n      - run: d\n";
        assert_eq!(found(group), [(0, 1), (0, 2), (1, 2), (0, 3)]);
        assert_eq!(found("      - run: a\n      - run: b\n"), []);
    }
}
