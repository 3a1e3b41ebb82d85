//! How a workflow starts: each trigger with the ref that its runs work on, and
//! the calls that lead from there to a reusable workflow.
//!
//! [`super::events`] says who can cause an event at all; this module says what
//! a run of it is about, so that "publishes from a tag" and "publishes from any
//! branch" can be told apart.
//!
//! Source: GitHub, "Events that trigger workflows" (the ref of each event);
//! "Workflow syntax", `on.push.<branches|tags>`: naming only branches leaves
//! tags out, and the other way round.

mod evaluate;

use std::fmt;

use crate::documents::trigger::Trigger;
use crate::documents::workflow::Workflow;
use crate::repository::{Caller, Repository};
use crate::semantics::events;

pub use evaluate::Scope;

/// Most calls from one workflow to the next that GitHub allows, and more.
const MAX_CALLS: usize = 10;

/// Most ways that are followed to one workflow; a workflow that is called from
/// hundreds of places is judged by the first ones, in order of path.
const MAX_STARTS: usize = 256;

/// Most workflows that are looked at for one, callers of callers included.
const MAX_VISITS: usize = 1024;

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A tag that was pushed, or a release.
    Tag,
    /// Branches whose names match one of these patterns.
    Branches(Vec<String>),
    /// A pull request at the moment it is merged.
    Merged,
    /// The clock, on the default branch.
    Schedule,
    /// Another event that somebody with a role causes, on the default branch.
    Role,
    /// The merge queue: approved, not merged yet.
    MergeQueue,
    /// A button: any branch or tag that the person picks.
    Dispatch,
    /// Any branch.
    AnyBranch,
    /// A pull request from a branch of the repository itself: nobody has
    /// reviewed it. Those of forks get neither secrets nor a token that writes.
    PullRequest,
    /// Something that anybody with an account can cause, with all secrets in
    /// reach.
    Outsider,
}

/// One way in which a workflow starts.
#[derive(Clone, Debug)]
pub struct Start<'r> {
    /// The workflow whose trigger it is.
    pub workflow: &'r Workflow,
    /// The trigger.
    pub trigger: &'r Trigger,
    /// What the run is about.
    pub origin: Origin,
    /// For `workflow_run`, the event of the run before, where it is known.
    pub upstream: Option<&'r str>,
    /// The jobs that call on from there, the first one in `workflow`; empty
    /// where `workflow` itself is meant.
    pub calls: Vec<Caller<'r>>,
    // Which jobs run, for all that ask for this start.
    runs: evaluate::KnownRuns,
}

impl fmt::Display for Start<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = self.trigger.name();
        match &self.origin {
            Origin::Tag if event == "push" => f.write_str("a tag"),
            Origin::Tag => write!(f, "a tag (`{event}`)"),
            Origin::Branches(names) if event == "push" => {
                write!(f, "a push to `{}`", names.join("`, `"))
            }
            Origin::Branches(names) => {
                write!(f, "`{event}` after a push to `{}`", names.join("`, `"))
            }
            Origin::Merged => write!(f, "a merged pull request (`{event}`)"),
            Origin::Schedule => f.write_str("the clock (`schedule`)"),
            Origin::Role => write!(f, "`{event}` on the default branch"),
            Origin::MergeQueue => f.write_str("the merge queue"),
            Origin::Dispatch => write!(f, "`{event}` from any branch"),
            Origin::AnyBranch if event == "push" => f.write_str("a push to any branch"),
            Origin::AnyBranch => write!(f, "`{event}` on any branch"),
            Origin::PullRequest => {
                write!(
                    f,
                    "a pull request from a branch of the repository (`{event}`)"
                )
            }
            Origin::Outsider => write!(f, "`{event}`, which anybody can cause"),
        }
    }
}

/// Who calls which workflow of a checkout.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'r> {
    repository: &'r Repository,
}

impl<'r> Calls<'r> {
    /// Those of a checkout.
    #[must_use]
    pub fn new(repository: &'r Repository) -> Self {
        Self { repository }
    }

    /// Every way in which a workflow starts, directly or through the callers
    /// in the checkout, in order of path. Empty for one that only other
    /// repositories call.
    #[must_use]
    pub fn starts(&self, workflow: &'r Workflow) -> Vec<Start<'r>> {
        self.followed(workflow).starts
    }

    /// Whether [`Calls::starts`] left out ways, because there are too many.
    #[must_use]
    pub fn are_cut(&self, workflow: &'r Workflow) -> bool {
        self.followed(workflow).cut
    }

    fn followed(&self, workflow: &'r Workflow) -> Followed<'r> {
        let mut followed = Followed {
            starts: Vec::new(),
            budget: MAX_VISITS,
            cut: false,
        };
        self.collect(workflow, &mut Vec::new(), &mut followed);
        followed
    }

    fn collect(
        &self,
        workflow: &'r Workflow,
        calls: &mut Vec<Caller<'r>>,
        followed: &mut Followed<'r>,
    ) {
        // Deeper than GitHub calls there is no run.
        if calls.len() > MAX_CALLS {
            return;
        }
        // Workflows that all call each other lead to one another in more ways
        // than can be followed.
        if followed.starts.len() >= MAX_STARTS || followed.budget == 0 {
            followed.cut = true;
            return;
        }
        followed.budget -= 1;
        for (trigger, origin, upstream) in direct(self.repository, workflow) {
            followed.starts.push(Start {
                workflow,
                trigger,
                origin,
                upstream,
                calls: calls.iter().rev().copied().collect(),
                runs: evaluate::KnownRuns::default(),
            });
        }
        if !workflow.is_reusable() {
            return;
        }
        for caller in self.repository.callers(workflow.path()) {
            let known = |c: &Caller<'_>| std::ptr::eq(c.job, caller.job);
            if calls.iter().any(known) {
                continue;
            }
            calls.push(caller);
            self.collect(caller.workflow, calls, followed);
            calls.pop();
        }
    }
}

/// What was found of the ways to a workflow.
struct Followed<'r> {
    starts: Vec<Start<'r>>,
    budget: usize,
    cut: bool,
}

/// [`Calls::starts`] for one workflow.
#[must_use]
pub fn of<'r>(repository: &'r Repository, workflow: &'r Workflow) -> Vec<Start<'r>> {
    Calls::new(repository).starts(workflow)
}

type Direct<'r> = (&'r Trigger, Origin, Option<&'r str>);

fn direct<'r>(repository: &'r Repository, workflow: &'r Workflow) -> Vec<Direct<'r>> {
    let mut found = Vec::new();
    for trigger in &workflow.triggers {
        if trigger.name() == "workflow_run" {
            let upstream = upstream(repository, trigger);
            found.extend(upstream.into_iter().map(|(o, event)| (trigger, o, event)));
        } else {
            found.extend(origins(trigger).into_iter().map(|o| (trigger, o, None)));
        }
    }
    found
}

/// What the runs of a trigger are about; `workflow_call` and `workflow_run`
/// have nothing of their own.
#[must_use]
pub fn origins(trigger: &Trigger) -> Vec<Origin> {
    match trigger.name() {
        "workflow_call" | "workflow_run" => Vec::new(),
        "push" => of_push(trigger),
        // The tag of a release need not exist before; whoever may release may
        // push one.
        "release" => vec![Origin::Tag],
        "create" => vec![Origin::AnyBranch, Origin::Tag],
        "schedule" => vec![Origin::Schedule],
        "workflow_dispatch" => vec![Origin::Dispatch],
        "merge_group" => vec![Origin::MergeQueue],
        "pull_request" | "pull_request_target" => of_pull_request(trigger),
        "pull_request_review" | "pull_request_review_comment" => vec![Origin::PullRequest],
        "deployment" | "deployment_status" => vec![Origin::AnyBranch],
        other if events::is_privileged_from_outside(other) && !takes_role(trigger) => {
            vec![Origin::Outsider]
        }
        _ => vec![Origin::Role],
    }
}

fn of_push(trigger: &Trigger) -> Vec<Origin> {
    let branches = trigger.branches.is_some() || trigger.branches_ignore.is_some();
    let tags = trigger.tags.is_some() || trigger.tags_ignore.is_some();
    let mut origins = Vec::new();
    if branches || !tags {
        origins.push(branch_origin(trigger));
    }
    if tags || !branches {
        origins.push(Origin::Tag);
    }
    origins
}

fn branch_origin(trigger: &Trigger) -> Origin {
    let Some(patterns) = &trigger.branches else {
        return Origin::AnyBranch;
    };
    // Without a slash in front, `*` still takes every name without a slash.
    if patterns
        .iter()
        .any(|p| matches!(p.value.as_str(), "*" | "**" | "**/**"))
    {
        return Origin::AnyBranch;
    }
    let names = patterns.iter().map(|p| p.value.clone());
    Origin::Branches(names.filter(|p| !p.starts_with('!')).collect())
}

fn of_pull_request(trigger: &Trigger) -> Vec<Origin> {
    let foreign = if trigger.name() == "pull_request_target" && !takes_role(trigger) {
        Origin::Outsider
    } else {
        Origin::PullRequest
    };
    // Closing is the one activity that also comes with a merge.
    if trigger.has_type("closed") {
        vec![foreign, Origin::Merged]
    } else {
        vec![foreign]
    }
}

/// Activities that take the triage role.
const TRIAGE: &[&str] = &[
    "assigned",
    "demilestoned",
    "labeled",
    "locked",
    "milestoned",
    "pinned",
    "transferred",
    "unassigned",
    "unlabeled",
    "unlocked",
    "unpinned",
];

fn takes_role(trigger: &Trigger) -> bool {
    trigger.types.as_ref().is_some_and(|types| {
        !types.is_empty() && types.iter().all(|t| TRIAGE.contains(&t.value.as_str()))
    })
}

/// What `workflow_run` follows, by the triggers of the workflows it names.
fn upstream<'r>(
    repository: &'r Repository,
    trigger: &'r Trigger,
) -> Vec<(Origin, Option<&'r str>)> {
    let mut found: Vec<(Origin, Option<&str>)> = Vec::new();
    for name in &trigger.workflows {
        let named: Vec<&Workflow> = (repository.workflows.iter())
            .filter(|w| w.name.as_ref().map_or(w.path(), |n| n.value.as_str()) == name.value)
            .collect();
        if named.is_empty() {
            // It may be in the checkout under an expression; whatever it is, a
            // fork's pull request can start it.
            found.push((Origin::Outsider, None));
        }
        for before in named.iter().flat_map(|w| &w.triggers) {
            let event = Some(before.name());
            for origin in origins(before) {
                found.push((narrowed(trigger, after(before, origin)), event));
            }
            // The run of a run: its own upstream is not followed further.
            if before.name() == "workflow_run" {
                found.push((Origin::Outsider, event));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

// A pull request of a fork completes too, and what follows holds the secrets.
fn after(before: &Trigger, origin: Origin) -> Origin {
    match origin {
        Origin::PullRequest if events::info(before.name()).is_some() => Origin::Outsider,
        other => other,
    }
}

// `branches:` of `workflow_run` looks at the name of the branch before. A
// fork may give its branch any name, so that it narrows pushes only.
fn narrowed(trigger: &Trigger, origin: Origin) -> Origin {
    match (&trigger.branches, origin) {
        (Some(_), Origin::AnyBranch) => branch_origin(trigger),
        (_, origin) => origin,
    }
}

#[cfg(test)]
mod tests;
