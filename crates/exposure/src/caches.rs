//! Which runs write the cache of the default branch.
//!
//! Sources: docs.github.com, "Dependency caching reference", restrictions for
//! accessing a cache (the scope is the branch of the run; every branch restores
//! from the default branch); "Workflow syntax", `cache-mode` (2026-09: runs that
//! outsiders cause restore only, unless the workflow says otherwise); GitHub
//! changelog, 2026-06-26, "Read-only Actions cache for untrusted triggers".

use cofferdam_facts::Timestamp;
use cofferdam_workflows::documents::job::CacheMode;

use crate::scene::Run;
use crate::settings::Ref;

/// Since when runs that outsiders cause only restore, 2026-06-26, in seconds since
/// 1970. On the days before they saved as well.
const RESTORE_ONLY_SINCE: i64 = 1_782_432_000;

/// Whether code in the job of a run may save into the default branch's scope, on
/// the day that is looked at.
#[must_use]
pub fn writes_default(run: &Run<'_>, day: Option<Timestamp>) -> bool {
    let before = day.is_some_and(|day| day.unix() < RESTORE_ONLY_SINCE);
    let scope = run.refs.contains(&Ref::Default);
    let own = run.view.job.cache_mode.as_ref();
    let mode = own.or(run.view.workflow.cache_mode.as_ref());
    let allowed = match mode.map(|mode| &mode.value) {
        Some(CacheMode::Read | CacheMode::None) => false,
        Some(CacheMode::Write | CacheMode::WriteOnly) => true,
        // A value that this version does not know may allow it.
        Some(_) => true,
        None => before || !run.is_open(),
    };
    scope && allowed
}

/// Whether a step of the job of a run may restore an entry.
#[must_use]
pub fn restores(run: &Run<'_>) -> bool {
    may_restore(run) && !run.view.restores.is_empty()
}

/// Whether nothing keeps the steps of the job of a run from restoring.
#[must_use]
pub fn may_restore(run: &Run<'_>) -> bool {
    let own = run.view.job.cache_mode.as_ref();
    let mode = own.or(run.view.workflow.cache_mode.as_ref());
    !mode.is_some_and(|m| matches!(m.value, CacheMode::None | CacheMode::WriteOnly))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_has_its_day() {
        let day = Timestamp::parse("2026-06-26T00:00:00Z").map(Timestamp::unix);
        assert_eq!(day, Some(RESTORE_ONLY_SINCE));
    }
}
