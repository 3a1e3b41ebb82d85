//! What of a stranger a job writes into the repository: it pushes files that the
//! stranger wrote, or merges the stranger's pull request.
//!
//! Sources: docs.github.com, REST API, "Merge a pull request" and "Merge a
//! branch"; "Automatically merging a pull request"; the README of each action.

use cofferdam_facts::Location;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::gates::Way;
use cofferdam_workflows::semantics::heads::Head;

use super::{At, Means, Walk, Whose};

/// So many of one job are kept.
const MAX_PUSHES: usize = 32;

/// Actions that merge the pull request of the event, or let it merge by itself.
const MERGING: &[&str] = &[
    "alexwilson/enable-github-automerge-action",
    "pascalgn/automerge-action",
    "peter-evans/enable-pull-request-automerge",
    "reitermarkus/automerge",
];

/// Actions that commit or push what lies in the workspace.
const PUSHING: &[&str] = &[
    "ad-m/github-push-action",
    "endbug/add-and-commit",
    "stefanzweifel/git-auto-commit-action",
];

/// Actions that start a workflow with what they are handed.
const DISPATCHING: &[&str] = &[
    "benc-uk/workflow-dispatch",
    "convictional/trigger-workflow-and-wait",
    "peter-evans/repository-dispatch",
];

/// Calls of GitHub's API that merge.
const CALLS: &[&str] = &[
    "pulls.merge(",
    "repos.merge(",
    "enablePullRequestAutoMerge",
    "mergePullRequest",
    "/merge'",
    "/merge\"",
    "/merge`",
];

/// A stranger's files are written into the repository.
#[derive(Clone, Debug)]
pub struct Push {
    /// Where it is said.
    pub place: Location,
    /// What does it, for messages: `git push origin HEAD:main`.
    pub means: String,
    /// The branch, where it is named; else the one that is checked out, or the
    /// base of the pull request.
    pub branch: Option<String>,
    /// Whether it merges a whole pull request, whose files need not lie there.
    pub merges: bool,
    /// What it takes for the step to run.
    pub way: Way,
}

impl Walk<'_> {
    pub(super) fn push(
        &mut self,
        at: &At<'_>,
        place: Location,
        means: String,
        branch: Option<String>,
        merges: bool,
    ) {
        if self.whose != Whose::Stranger {
            return;
        }
        if self.out.pushes.len() >= MAX_PUSHES {
            self.out.cut.get_or_insert(place);
            return;
        }
        self.out.pushes.push(Push {
            place,
            means,
            branch,
            merges,
            way: at.way.clone(),
        });
    }

    /// Whether a stranger's files lie in a folder whose branch is the
    /// repository's own. What was checked out of a fork is pushed to the fork.
    pub(super) fn is_pushed_from(&self, folder: &Folder) -> bool {
        let fetch = self.tree.owner(folder);
        let fetch = fetch.and_then(|at| self.out.fetches.get(at));
        fetch.is_some_and(|fetch| {
            let of_fork = matches!(fetch.means, Means::Checkout(_)) && fetch.head.fork;
            !of_fork && fetch.means != Means::Artifact
        })
    }

    /// An action that merges or pushes.
    pub(super) fn pushed_by(&mut self, at: &At<'_>, name: &str) {
        let merges = MERGING.contains(&name) && self.is_about_pull_request();
        let root = Folder::workspace();
        let pushes = PUSHING.contains(&name) && (self.landed || self.is_pushed_from(&root));
        if merges || pushes {
            let place = at.document.file().locate(at.step.head());
            let means = at.step.uses().map(|uses| uses.value.to_string());
            self.push(at, place, means.unwrap_or_default(), None, merges);
        }
    }

    /// An action that starts a workflow with words of the starter's. A command in a
    /// comment is the commenter's, unless the action asks who that is.
    pub(super) fn dispatched_by(&mut self, at: &At<'_>, name: &str) {
        let asks_nobody = || {
            let permission = at.step.input("permission").and_then(Text::literal);
            matches!(permission, Some("none" | "read"))
        };
        let handed = match name {
            "peter-evans/slash-command-dispatch" if asks_nobody() => Head::TEXT,
            _ if DISPATCHING.contains(&name) => {
                let inputs = at.step.with().iter();
                let heads = inputs.map(|pair| at.frame.of_text(&pair.value, Some(at.step)));
                heads.fold(Head::default(), Head::or)
            }
            _ => return,
        };
        let handed = Head {
            unknown: false,
            ..handed
        };
        if let Some(uses) = at.step.uses().filter(|_| handed.any()) {
            self.unread(at, at.step.head(), uses.value.to_string(), handed, None);
        }
    }

    /// `github.rest.pulls.merge(…)`
    pub(super) fn merged_by_script(&mut self, at: &At<'_>, script: &str) {
        let call = CALLS.iter().find(|call| script.contains(**call));
        if let (Some(call), true) = (call, self.is_about_pull_request()) {
            let place = at.document.file().locate(at.step.head());
            let means = call.trim_end_matches(['(', '\'', '"', '`']).to_owned();
            self.push(at, place, means, None, true);
        }
    }
}
