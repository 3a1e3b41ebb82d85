//! Events: who can cause them, and what a run started by them holds.
//!
//! Source: GitHub, "Events that trigger workflows"; "Securely using
//! `pull_request_target`" for the semantics since 2025-12 (the workflow comes
//! from the default branch); "Automatic token authentication" for forks.

/// Who can cause an event in a public repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Starter {
    /// Anybody with an account: opens, comments, forks, stars.
    Anyone,
    /// Somebody with the triage role: labels, assignments, milestones.
    Triage,
    /// Somebody who can push or dispatch.
    Writer,
    /// The clock.
    Schedule,
    /// Another workflow: `workflow_call` and `workflow_run` inherit from it.
    Workflow,
}

/// Which revision of the workflow file runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkflowSource {
    /// The default branch, whatever the event is about.
    DefaultBranch,
    /// The ref of the event: who changes it, changes the workflow.
    EventRef,
    /// The caller decides.
    Caller,
}

/// What is known of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventInfo {
    /// The event's name.
    pub name: &'static str,
    /// The least privileged person who can cause it.
    pub starter: Starter,
    /// Whether a run caused from outside gets the repository's secrets and a
    /// token that may write. False where GitHub withholds both from forks.
    pub privileged_from_outside: bool,
    /// Which revision of the workflow runs.
    pub source: WorkflowSource,
    /// Whether the event carries text that its starter wrote.
    pub carries_text: bool,
}

const fn event(
    name: &'static str,
    starter: Starter,
    privileged_from_outside: bool,
    source: WorkflowSource,
    carries_text: bool,
) -> EventInfo {
    EventInfo {
        name,
        starter,
        privileged_from_outside,
        source,
        carries_text,
    }
}

use Starter::{Anyone, Schedule, Triage, Workflow, Writer};
use WorkflowSource::{Caller, DefaultBranch, EventRef};

/// Every documented event.
pub const EVENTS: &[EventInfo] = &[
    event(
        "branch_protection_rule",
        Writer,
        false,
        DefaultBranch,
        false,
    ),
    event("check_run", Writer, false, DefaultBranch, true),
    event("check_suite", Writer, false, DefaultBranch, true),
    event("create", Writer, false, EventRef, true),
    event("delete", Writer, false, DefaultBranch, true),
    event("deployment", Writer, false, EventRef, true),
    event("deployment_status", Writer, false, EventRef, true),
    event("discussion", Anyone, true, DefaultBranch, true),
    event("discussion_comment", Anyone, true, DefaultBranch, true),
    event("fork", Anyone, true, DefaultBranch, true),
    event("gollum", Anyone, true, DefaultBranch, true),
    event("image_version", Writer, false, DefaultBranch, false),
    event("issue_comment", Anyone, true, DefaultBranch, true),
    event("issues", Anyone, true, DefaultBranch, true),
    event("label", Triage, false, DefaultBranch, true),
    event("merge_group", Writer, false, EventRef, true),
    event("milestone", Triage, false, DefaultBranch, true),
    event("page_build", Writer, false, DefaultBranch, false),
    event("project", Writer, false, DefaultBranch, true),
    event("project_card", Writer, false, DefaultBranch, true),
    event("project_column", Writer, false, DefaultBranch, true),
    event("public", Writer, false, DefaultBranch, false),
    event("pull_request", Anyone, false, EventRef, true),
    event("pull_request_review", Anyone, false, EventRef, true),
    event("pull_request_review_comment", Anyone, false, EventRef, true),
    event("pull_request_target", Anyone, true, DefaultBranch, true),
    event("push", Writer, false, EventRef, true),
    event("registry_package", Writer, false, DefaultBranch, true),
    event("release", Writer, false, EventRef, true),
    event("repository_dispatch", Writer, false, DefaultBranch, true),
    event("schedule", Schedule, false, DefaultBranch, false),
    event("status", Writer, false, DefaultBranch, true),
    event("watch", Anyone, true, DefaultBranch, false),
    event("workflow_call", Workflow, false, Caller, false),
    event("workflow_dispatch", Writer, false, EventRef, true),
    // Privileged also when the run that completed came from a fork.
    event("workflow_run", Anyone, true, DefaultBranch, true),
];

/// What is known of an event; `None` for a name that GitHub does not document.
#[must_use]
pub fn info(name: &str) -> Option<&'static EventInfo> {
    EVENTS.iter().find(|e| e.name == name)
}

/// Whether somebody without any role can start a run that holds secrets and a
/// token that may write.
#[must_use]
pub fn is_privileged_from_outside(name: &str) -> bool {
    info(name).is_some_and(|e| e.privileged_from_outside)
}

/// Whether an event is about a pull request, and so has a head that an
/// outsider may have written.
#[must_use]
pub fn is_pull_request(name: &str) -> bool {
    name.starts_with("pull_request")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(
            EVENTS
                .windows(2)
                .all(|w| matches!(w, [a, b] if a.name < b.name))
        );
    }
}
