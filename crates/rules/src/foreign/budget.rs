//! How many steps of a job are walked: actions that use actions multiply them,
//! and a file full of such jobs would be walked for hours.

use std::collections::HashMap;
use std::sync::OnceLock;

use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Step};

use crate::context::Context;
use crate::usage::JobPlace;

/// How many steps of one job are walked, those of its actions included.
pub(super) const MAX_STEPS: usize = 10_000;

/// So many steps all jobs of a repository may have together, in order of path;
/// of those behind it only a few are walked.
const MAX_TOTAL: usize = 250_000;
const MAX_BEHIND: usize = 250;

/// Actions in each other are counted so deep; GitHub takes ten.
const MAX_NESTING: usize = 100;

/// The steps that are walked of each job.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    // Jobs that get less than the most.
    short: OnceLock<HashMap<JobPlace, usize>>,
}

impl Budgets {
    /// That of the job at a place. It does not depend on who asks first, so
    /// that the result does not depend on the number of threads.
    pub(super) fn of(&self, cx: &Context<'_>, job: JobPlace) -> usize {
        let short = self.short.get_or_init(|| short(cx));
        short.get(&job).copied().unwrap_or(MAX_STEPS)
    }
}

fn short(cx: &Context<'_>) -> HashMap<JobPlace, usize> {
    let mut counts = Counts {
        repository: cx.repository,
        known: HashMap::new(),
    };
    let mut total = 0_usize;
    let mut short = HashMap::new();
    for view in cx.all_jobs() {
        total = total.saturating_add(counts.of_steps(view.job.steps(), 0));
        if total > MAX_TOTAL {
            short.insert(view.place, MAX_BEHIND);
        }
    }
    short
}

/// The steps of actions, those of the actions that they use included.
struct Counts<'c> {
    repository: &'c Repository,
    // By path; `None` while it is counted.
    known: HashMap<&'c str, Option<usize>>,
}

impl<'c> Counts<'c> {
    fn of_steps(&mut self, steps: &'c [Step], depth: usize) -> usize {
        let mut count = 0_usize;
        for step in steps {
            let used = step.uses();
            let action = used.and_then(|uses| self.repository.own_action(&uses.value));
            let inner = action.map_or(0, |action| self.of_action(action, depth));
            count = count.saturating_add(1).saturating_add(inner);
        }
        count.min(MAX_STEPS)
    }

    fn of_action(&mut self, action: &'c Action, depth: usize) -> usize {
        if depth > MAX_NESTING {
            return MAX_STEPS;
        }
        match self.known.get(action.path()) {
            Some(Some(count)) => return *count,
            // It uses itself, which never ends.
            Some(None) => return MAX_STEPS,
            None => {}
        }
        self.known.insert(action.path(), None);
        let count = self.of_steps(action.steps(), depth + 1);
        self.known.insert(action.path(), Some(count));
        count
    }
}
