//! Which jobs of a workflow wait for which, and which run in a situation, worked
//! out once for all rules.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cofferdam_workflows::documents::{Job, Workflow};
use cofferdam_workflows::semantics::conditions::{self, Runs, Situation};

/// What is known of the jobs of one workflow.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    // For each job the places of those that it names under `needs:`.
    needs: OnceLock<Vec<Vec<usize>>>,
    // For each job the places of those that it waits for, one bit each.
    behind: OnceLock<Vec<Vec<u64>>>,
    runs: Mutex<RunsBySituation>,
}

// By the event, and whether a stranger caused it from a fork that exists.
type RunsBySituation = HashMap<(String, bool, bool), Arc<[Runs]>>;

impl Waiting {
    /// The places of the jobs that a job names under `needs:`.
    pub(crate) fn needs_of(&self, workflow: &Workflow, job: usize) -> &[usize] {
        let needs = self.needs.get_or_init(|| {
            let of_job = |job: &Job| {
                let places = job.needs.iter();
                places.filter_map(|n| workflow.position(&n.value)).collect()
            };
            workflow.jobs.iter().map(of_job).collect()
        });
        needs.get(job).map_or(&[], Vec::as_slice)
    }

    /// Whether a job waits for another one, directly or not; by their places.
    pub(crate) fn needs(&self, workflow: &Workflow, job: usize, other: usize) -> bool {
        let behind = self.behind.get_or_init(|| self.behind(workflow));
        behind.get(job).is_some_and(|bits| has(bits, other))
    }

    /// Whether the job at a place runs.
    pub(crate) fn runs(&self, workflow: &Workflow, job: usize, situation: Situation<'_>) -> Runs {
        let lock = || self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (
            situation.event.to_owned(),
            situation.outsider,
            situation.fork_exists,
        );
        let kept = lock().get(&key).cloned();
        let all = kept.unwrap_or_else(|| {
            let found: Arc<[Runs]> = conditions::jobs_run(workflow, situation).into();
            lock().insert(key, Arc::clone(&found));
            found
        });
        all.get(job).copied().unwrap_or(Runs::Maybe)
    }

    fn behind(&self, workflow: &Workflow) -> Vec<Vec<u64>> {
        let words = workflow.jobs.len().div_ceil(64);
        let mut behind = vec![vec![0_u64; words]; workflow.jobs.len()];
        let order = workflow.in_order_of_needs();
        // Once is enough unless jobs need each other, which GitHub refuses.
        for _ in 0..workflow.jobs.len() {
            let mut changed = false;
            for at in &order {
                let Some(mut own) = behind.get(*at).cloned() else {
                    continue;
                };
                for need in self.needs_of(workflow, *at) {
                    if let Some(word) = own.get_mut(need / 64) {
                        *word |= 1 << (need % 64);
                    }
                    for (word, more) in own.iter_mut().zip(behind.get(*need).into_iter().flatten())
                    {
                        *word |= more;
                    }
                }
                if let Some(before) = behind.get_mut(*at).filter(|before| **before != own) {
                    *before = own;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        behind
    }
}

fn has(bits: &[u64], at: usize) -> bool {
    let word = bits.get(at / 64).copied().unwrap_or(0);
    word >> (at % 64) & 1 == 1
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a broken example should stop the test")]
mod tests {
    use super::*;
    use cofferdam_facts::SourceFile;

    fn workflow(jobs: &str) -> Workflow {
        let text = format!("on: push\njobs:\n{jobs}");
        Workflow::parse(SourceFile::new("w.yml", text))
    }

    fn job(id: &str, needs: &str) -> String {
        format!("  {id}:\n    runs-on: x\n    needs: [{needs}]\n    steps: [{{run: make}}]\n")
    }

    #[test]
    fn needs_are_followed_in_any_order_and_any_case() {
        let jobs = [job("c", "B"), job("b", "a"), job("a", ""), job("d", "")].concat();
        let workflow = workflow(&jobs);
        let waiting = Waiting::default();
        let needs = |one: &str, other: &str| {
            let at = |id| workflow.position(id).unwrap();
            waiting.needs(&workflow, at(one), at(other))
        };
        assert!(needs("c", "a") && needs("c", "b") && needs("b", "a"));
        assert!(!needs("a", "c") && !needs("a", "a") && !needs("d", "a"));
    }

    #[test]
    fn jobs_that_need_each_other_end_too() {
        let workflow = workflow(&[job("a", "c"), job("b", "a"), job("c", "b")].concat());
        let waiting = Waiting::default();
        assert!((0..3).all(|one| (0..3).all(|other| waiting.needs(&workflow, one, other))));
    }

    #[test]
    fn a_job_is_skipped_with_what_it_needs() {
        let off = "  off:\n    if: false\n    runs-on: x\n    steps: [{run: make}]\n";
        let anyway = "  anyway:\n    if: always()\n    needs: [b]\n    runs-on: x\n    steps: [{run: make}]\n";
        let jobs = format!("{}{off}{anyway}{}", job("b", "off"), job("z", "anyway"));
        let workflow = workflow(&jobs);
        let push = Situation {
            event: "push",
            outsider: false,
            fork_exists: true,
        };
        let runs = |id: &str| {
            let at = workflow.position(id).unwrap();
            Waiting::default().runs(&workflow, at, push)
        };
        assert_eq!((runs("off"), runs("b")), (Runs::No, Runs::No));
        assert_ne!(runs("anyway"), Runs::No);
        assert_ne!(runs("z"), Runs::No);
    }
}
