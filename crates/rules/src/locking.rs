//! Whether `actions.lock` fixes the commit that a `uses:` runs.
//!
//! Source: GitHub, "Workflow dependency lockfiles", and github/gh-actions-lock
//! with its issues: a workflow is enforced once the lock lists it; `$/…` is
//! followed into the action, `./…` is not; a lock that cannot be read is
//! ignored as if there were none (issue 125).

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_workflows::documents::actions_lock::{ActionsLock, Coverage};
use cofferdam_workflows::documents::{Problem, ProblemKind};

use crate::context::Context;
use crate::sites::{Holder, UseSite};
use crate::takeover::Takeovers;

/// The lock of the checkout, and how far it can be believed.
#[derive(Clone, Copy, Debug)]
pub enum Lock<'c> {
    /// There is none.
    None,
    /// It is read and enforced.
    Read(&'c ActionsLock),
    /// Its version is not known here: what stands in it was read as the newest
    /// known one, and what is absent says nothing.
    Newer(&'c ActionsLock),
    /// GitHub refuses it as a whole, so it fixes nothing.
    Broken(&'c ActionsLock, &'c Problem),
}

/// The lock of the checkout.
#[must_use]
pub fn lock<'c>(cx: &'c Context<'c>) -> Lock<'c> {
    let Some(lock) = cx.repository.actions_locks.first() else {
        return Lock::None;
    };
    let problems = lock.problems();
    if problems
        .iter()
        .any(|p| p.kind == ProblemKind::UnknownVersion)
    {
        return Lock::Newer(lock);
    }
    match problems.first() {
        Some(problem) => Lock::Broken(lock, problem),
        None => Lock::Read(lock),
    }
}

impl<'c> Lock<'c> {
    /// The lock that GitHub enforces, as far as it was understood.
    #[must_use]
    pub fn enforced(self) -> Option<&'c ActionsLock> {
        match self {
            Self::Read(lock) | Self::Newer(lock) => Some(lock),
            Self::None | Self::Broken(..) => None,
        }
    }

    /// Whether the lock fixes the commit of a `uses:` in every run.
    #[must_use]
    pub fn fixes(
        self,
        takeovers: &Takeovers<'c>,
        site: &UseSite<'_>,
        uses: &RepositoryUses,
    ) -> bool {
        let Some(lock) = self.enforced() else {
            return false;
        };
        let locked = |path: &str| matches!(lock.covers(path, uses), Coverage::Locked(_));
        match site.holder {
            Holder::Step(job, _) | Holder::Call(job) => locked(job.workflow.path()),
            Holder::Action(action, _) => {
                let mut users = takeovers.users(action).peekable();
                users.peek().is_some()
                    && users.all(|user| user.by_commit && locked(user.job.workflow.path()))
            }
        }
    }
}
