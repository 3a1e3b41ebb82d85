//! What was found once for a start, kept for every rule that asks again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Foreign, Whose, budget, of_chain};
use crate::context::{Context, JobView};
use crate::starts::Start;

/// What was found for starts that several rules ask for.
#[derive(Debug, Default)]
pub(crate) struct Walks {
    found: Mutex<HashMap<Asked, Arc<Foreign>>>,
    pub(super) budgets: budget::Budgets,
}

/// What the job of a start does with a stranger's files.
#[must_use]
pub fn of_start(cx: &Context<'_>, start: &Start<'_>) -> Arc<Foreign> {
    kept(cx, start, Whose::Stranger)
}

fn kept(cx: &Context<'_>, start: &Start<'_>, whose: Whose) -> Arc<Foreign> {
    let lock = || {
        let found = cx.walks.found.lock();
        found.unwrap_or_else(PoisonError::into_inner)
    };
    let key = Asked::of(start, whose);
    if let Some(found) = lock().get(&key) {
        return Arc::clone(found);
    }
    let found = Arc::new(of_chain(cx, start, &start.chain, None, whose));
    lock().insert(key, Arc::clone(&found));
    found
}

/// What the job of a start does with the artifacts of the jobs before it in the
/// same run.
#[must_use]
pub fn of_artifacts(cx: &Context<'_>, start: &Start<'_>) -> Foreign {
    of_chain(cx, start, &start.chain, None, Whose::Artifacts)
}

/// What the job of a start does with the files of the commit that it is about.
#[must_use]
pub fn of_head(cx: &Context<'_>, start: &Start<'_>) -> Arc<Foreign> {
    kept(cx, start, Whose::Head)
}

/// All of a start on which it depends. Documents and jobs stay in their places
/// as long as the context does, so that their addresses tell them apart.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    trigger: usize,
    chain: Vec<usize>,
    by_command: bool,
    whose: Whose,
}

impl Asked {
    fn of(start: &Start<'_>, whose: Whose) -> Self {
        let job = |job: &&JobView<'_>| std::ptr::from_ref(*job).addr();
        Self {
            trigger: std::ptr::from_ref(start.trigger).addr(),
            chain: start.chain.iter().map(job).collect(),
            by_command: start.command.is_some(),
            whose,
        }
    }
}
