//! The places of one locked workflow that `actions.lock` leaves open.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{Location, UsesRef};
use cofferdam_findings::{Confidence, Severity};
use cofferdam_workflows::documents::actions_lock::{ActionsLock, Coverage, LockedWorkflow, Pin};
use cofferdam_workflows::documents::{Action, Step, Workflow};

use crate::context::Context;
use crate::own_references::OwnName;
use crate::sites::{Holder, UseSite};
use crate::takeover::{Takeover, Takeovers};

/// What makes a lock whole again.
pub const RELOCK: &str =
    "Run `cofferdam lock write`, or `gh actions-lock`, and commit what it writes";

/// One workflow that the lock lists.
#[derive(Clone, Copy, Debug)]
pub struct Locked<'r, 'c> {
    /// The checkout.
    pub cx: &'c Context<'c>,
    /// Its lock, read without a problem.
    pub lock: &'c ActionsLock,
    /// Which job runs which action.
    pub takeovers: &'r Takeovers<'c>,
    /// The name of the checkout.
    pub own: &'r OwnName,
    /// The workflow.
    pub workflow: &'c Workflow,
    /// Its list.
    pub entry: &'c LockedWorkflow,
}

/// One place that the lock leaves open.
#[derive(Clone, Debug)]
pub struct Gap {
    /// The `uses:`.
    pub location: Location,
    /// The pin that has no entry, where that is the gap.
    pub pin: Option<Pin>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What is open, one line.
    pub message: String,
    /// What is lost.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// The cause that places have in common.
    pub group: &'static str,
    /// What it is about, without line numbers.
    pub subject: String,
}

impl<'c> Locked<'_, 'c> {
    /// Every open place, those of the workflow first. `sites` holds the
    /// references of the whole checkout to other repositories.
    #[must_use]
    pub fn gaps(&self, sites: &[UseSite<'c>]) -> Vec<Gap> {
        let own = sites
            .iter()
            .filter(|site| site.file().path() == self.workflow.path());
        let followed = sites.iter().filter(|site| self.is_followed(site));
        let mut gaps: Vec<Gap> = own
            .chain(followed)
            .filter_map(|site| self.gap(site))
            .collect();
        gaps.extend(self.local_actions(sites));
        gaps
    }

    /// Whether a site stands in an action that this workflow reaches by `$/…`.
    fn is_followed(&self, site: &UseSite<'_>) -> bool {
        let Holder::Action(action, _) = site.holder else {
            return false;
        };
        let mut users = self.takeovers.users(action);
        users.any(|user| user.by_commit && user.job.workflow.path() == self.workflow.path())
    }

    fn gap(&self, site: &UseSite<'_>) -> Option<Gap> {
        let uses = site.uses.repository()?;
        let call = matches!(site.holder, Holder::Call(_));
        let (what, group, pin) = match self.lock.covers(self.workflow.path(), uses) {
            Coverage::Locked(_) | Coverage::NotRead | Coverage::WorkflowNotListed => return None,
            // The commit fixes the call, and the lock of the other repository the rest.
            Coverage::NotListed if call && uses.commit().is_some() => return None,
            Coverage::NotListed => (
                format!(
                    "is not in the list of `{}`{}",
                    self.workflow.path(),
                    self.instead(uses)
                ),
                "actions of locked workflows that actions.lock does not list",
                None,
            ),
            Coverage::NoCommit => (
                "is listed without an entry under `dependencies`".to_owned(),
                "actions that actions.lock lists without a commit",
                Pin::of(uses),
            ),
        };
        let takeover = self.takeovers.at(site);
        let (severity, why) = weigh(uses, &takeover);
        let severity = if call || self.own.is_familiar(uses) {
            severity.lowered()
        } else {
            severity
        };
        Some(Gap {
            location: site.location(),
            pin,
            severity,
            confidence: if call {
                Confidence::Low
            } else {
                Confidence::Medium.min(takeover.confidence)
            },
            message: format!("`{}` of {} {what}", site.uses, site.whom()),
            why,
            fix: RELOCK.to_owned(),
            group,
            subject: format!("{} {}", site.subject(), uses.name()),
        })
    }

    /// What the list holds of the same repository, where it holds something.
    fn instead(&self, uses: &RepositoryUses) -> String {
        let slug = uses.slug();
        let other = self
            .entry
            .pins
            .iter()
            .find(|pin| format!("{}/{}", pin.value.owner, pin.value.repo) == slug);
        other.map_or_else(String::new, |pin| {
            format!(", which has it at `{}`", pin.value.git_ref)
        })
    }

    /// Actions that jobs of this workflow reach by `./…` and that use others.
    fn local_actions(&self, sites: &[UseSite<'_>]) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for job in self.cx.jobs(self.workflow) {
            for step in job.job.steps() {
                let Some((action, count)) = self.unfollowed(step, sites) else {
                    continue;
                };
                let takeover = self.takeovers.of_job(job);
                let path = action.folder();
                gaps.push(Gap {
                    location: job.at(step.head()),
                    pin: None,
                    severity: takeover.severity.lowered(),
                    confidence: Confidence::Medium,
                    message: format!(
                        "job `{}` uses `./{path}`, whose unpinned actions ({count}) the lock does \
                         not follow",
                        job.job.name()
                    ),
                    why: format!(
                        "They run as their tags lead at the time; at stake: {}",
                        takeover.held
                    ),
                    fix: format!(
                        "Write `$/{path}`, which the lock follows, and run `cofferdam lock write`, \
                         or `gh actions-lock`"
                    ),
                    group: "local actions that actions.lock does not follow",
                    subject: job.step_subject(step),
                });
            }
        }
        gaps
    }

    fn unfollowed(&self, step: &Step, sites: &[UseSite<'_>]) -> Option<(&'c Action, usize)> {
        let uses = &step.uses()?.value;
        if !matches!(uses, UsesRef::Local(_)) {
            return None;
        }
        let action = self.cx.repository.own_action(uses)?;
        let open = sites
            .iter()
            .filter(|site| site.file().path() == action.path())
            .filter(|site| site.uses.repository().is_some_and(|u| u.commit().is_none()));
        let count = open.count();
        (count > 0).then_some((action, count))
    }
}

/// How grave it is that a `uses:` is not locked, and why.
fn weigh(uses: &RepositoryUses, takeover: &Takeover) -> (Severity, String) {
    match uses.commit() {
        Some(_) => (
            Severity::Low.min(takeover.severity),
            "The commit fixes this action, and nothing of what it uses itself".to_owned(),
        ),
        None => (
            takeover.severity,
            format!(
                "Unlocked code runs here, or GitHub refuses to start the workflow; at stake: {}",
                takeover.held
            ),
        ),
    }
}
