//! Which runs write the cache of the default branch.
//!
//! Sources: docs.github.com, "Dependency caching reference", restrictions for
//! accessing a cache (the scope is the branch of the run; every branch restores
//! from the default branch); "Workflow syntax", `cache-mode` (2026-09: runs that
//! outsiders cause restore only, unless the workflow says otherwise).

use cofferdam_workflows::documents::job::CacheMode;

use crate::scene::Run;
use crate::settings::Ref;

/// Whether code in the job of a run may save into the default branch's scope.
#[must_use]
pub fn writes_default(run: &Run<'_>) -> bool {
    let scope = run.refs.contains(&Ref::Default);
    let own = run.view.job.cache_mode.as_ref();
    let mode = own.or(run.view.workflow.cache_mode.as_ref());
    let allowed = match mode.map(|mode| &mode.value) {
        Some(CacheMode::Read | CacheMode::None) => false,
        Some(CacheMode::Write | CacheMode::WriteOnly) => true,
        // A value that this version does not know may allow it.
        Some(_) => true,
        None => !run.is_open(),
    };
    scope && allowed
}

/// Whether a step of the job of a run may restore an entry.
#[must_use]
pub fn restores(run: &Run<'_>) -> bool {
    let own = run.view.job.cache_mode.as_ref();
    let mode = own.or(run.view.workflow.cache_mode.as_ref());
    let shut = mode.is_some_and(|m| matches!(m.value, CacheMode::None | CacheMode::WriteOnly));
    !shut && !run.view.restores.is_empty()
}
