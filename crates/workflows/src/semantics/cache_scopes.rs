//! Which runs may save a cache, and which restore it.
//!
//! Source: GitHub, "Dependency caching reference", sections "Restrictions for
//! accessing a cache" and "Cache access for low-trust workflow triggers"
//! (2026-06); "Workflow syntax", `cache-mode` (2026-09).

use crate::documents::job::CacheMode;
use crate::documents::{Job, Trigger, Workflow};
use crate::semantics::events::{self, WorkflowSource};

/// Events that may save into the default branch's scope by themselves.
const TRUSTED: &[&str] = &[
    "delete",
    "page_build",
    "push",
    "registry_package",
    "repository_dispatch",
    "schedule",
    "workflow_dispatch",
];

/// What is said of the cache for a job: its own `cache-mode`, else that of its
/// workflow.
#[must_use]
pub fn mode(workflow: &Workflow, job: &Job) -> Option<CacheMode> {
    let own = job.cache_mode.as_ref().or(workflow.cache_mode.as_ref());
    own.map(|mode| mode.value)
}

/// Whether a run of a trigger may save a cache. The modes are those of the jobs
/// from the one in the trigger's workflow to the one that saves: a called
/// workflow gets no more than its caller.
#[must_use]
pub fn may_save(trigger: &Trigger, mut modes: impl Iterator<Item = Option<CacheMode>>) -> bool {
    let first = match modes.next().flatten() {
        Some(mode) => saves(mode),
        None => !is_default(trigger) || TRUSTED.contains(&trigger.name()),
    };
    first && modes.flatten().all(saves)
}

/// Whether a job restores a cache, by the same modes.
#[must_use]
pub fn may_restore(modes: impl Iterator<Item = Option<CacheMode>>) -> bool {
    let mut modes = modes.flatten();
    modes.all(|mode| !matches!(mode, CacheMode::None | CacheMode::WriteOnly))
}

fn saves(mode: CacheMode) -> bool {
    !matches!(mode, CacheMode::None | CacheMode::Read)
}

/// Whether a run on an event finds what a run of a trigger has saved: caches of
/// the default branch are there for all, others for runs of the same ref.
#[must_use]
pub fn finds(event: &str, trigger: &Trigger) -> bool {
    is_default(trigger)
        || event == trigger.name()
        || events::is_pull_request(event)
            && event != "pull_request_target"
            && events::is_pull_request(trigger.name())
}

// Whether a run of the trigger may be one for the default branch. Which branch
// that is, is a setting; a push of tags alone is none.
fn is_default(trigger: &Trigger) -> bool {
    match trigger.name() {
        "push" => trigger.tags.is_none() || trigger.branches.is_some(),
        "workflow_dispatch" => true,
        event => events::info(event).is_some_and(|e| e.source == WorkflowSource::DefaultBranch),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;

    fn trigger(on: &str) -> Workflow {
        let text = format!("on: {on}\njobs: {{}}\n");
        Workflow::parse(SourceFile::new(".github/workflows/x.yml", text))
    }

    fn saving(on: &str, modes: &[Option<CacheMode>]) -> bool {
        let workflow = trigger(on);
        may_save(workflow.triggers.first().unwrap(), modes.iter().copied())
    }

    #[test]
    fn low_trust_events_save_only_where_it_is_written() {
        for event in TRUSTED {
            assert!(saving(event, &[None]), "{event}");
        }
        for event in [
            "pull_request_target",
            "issue_comment",
            "issues",
            "workflow_run",
        ] {
            assert!(!saving(event, &[None]), "{event}");
            assert!(saving(event, &[Some(CacheMode::Write)]), "{event}");
            assert!(saving(event, &[Some(CacheMode::WriteOnly)]), "{event}");
            // The called job cannot raise what its caller has.
            assert!(!saving(event, &[None, Some(CacheMode::Write)]), "{event}");
            assert!(saving(event, &[Some(CacheMode::Write), None]), "{event}");
        }
        assert!(!saving("push", &[Some(CacheMode::Read)]));
        assert!(!saving("push", &[None, Some(CacheMode::None)]));
        // Into a scope of their own.
        assert!(saving("pull_request", &[None]) && saving("release", &[None]));
    }

    #[test]
    fn other_scopes_than_the_default_branchs_stay_among_themselves() {
        let cases = [
            ("push", "pull_request_target", true),
            ("{push: {tags: ['v*']}}", "schedule", false),
            ("{push: {tags: ['v*']}}", "push", true),
            ("pull_request_target", "push", true),
            ("pull_request", "push", false),
            ("pull_request", "pull_request_target", false),
            ("pull_request", "pull_request_review", true),
            ("release", "push", false),
            ("release", "release", true),
            ("workflow_dispatch", "release", true),
        ];
        for (saved, event, expected) in cases {
            let workflow = trigger(saved);
            let trigger = workflow.triggers.first().unwrap();
            assert_eq!(finds(event, trigger), expected, "{saved} {event}");
        }
        assert!(may_restore([None, Some(CacheMode::Read)].into_iter()));
        assert!(!may_restore([Some(CacheMode::WriteOnly)].into_iter()));
        assert!(!may_restore([None, Some(CacheMode::None)].into_iter()));
    }
}
