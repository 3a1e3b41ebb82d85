//! What the locks of a commit say of an action and of an image.

use std::collections::BTreeSet;

use cofferdam_facts::pin::{Commit, Pin};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::ActionsLock;
use cofferdam_workflows::documents::cofferdam_lock::{Contents, Entry, Hash};

/// The locks of a commit, as far as they can be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Locks<'r> {
    ours: Option<&'r Contents>,
    theirs: Option<&'r ActionsLock>,
    /// Whether there is a lock of ours that cannot be read.
    broken: bool,
}

/// What the locks say of an action.
pub(super) struct Locked<'r> {
    /// The commit, and what names it.
    pub(super) commit: Option<(Commit, &'static str)>,
    /// The entry of our lock, if it is about that commit.
    pub(super) entry: Option<&'r Entry>,
    /// What it uses, as far as GitHub's lock says it.
    pub(super) uses: BTreeSet<Pin>,
    /// Why something of it is not known.
    pub(super) unresolved: Option<String>,
}

impl<'r> Locks<'r> {
    pub(super) fn of(repository: &'r Repository) -> Self {
        let ours = repository.cofferdam_locks.first();
        let theirs = repository.actions_locks.first();
        Self {
            ours: ours
                .filter(|lock| lock.problems().is_empty())
                .map(|lock| lock.contents()),
            theirs: theirs.filter(|lock| lock.problems().is_empty()),
            broken: ours.is_some_and(|lock| !lock.problems().is_empty()),
        }
    }

    /// The host of an action, where a lock names one.
    pub(super) fn host(&self, pin: &Pin) -> Option<&'r str> {
        self.theirs?.hostname(pin)
    }

    /// What is known of an action; `ran` is the commit that the token says ran.
    pub(super) fn action(&self, pin: &Pin, ran: Option<Commit>) -> Locked<'r> {
        let ours = self.ours.and_then(|lock| lock.actions.get(pin));
        let theirs = self.theirs.and_then(|lock| lock.dependency(pin));
        let locked = theirs.and_then(|entry| entry.commit.as_ref());
        let commit = (ran.map(|commit| (commit, "token")))
            .or_else(|| Some((pin.commit()?, "reference")))
            .or_else(|| Some((locked?.value.clone(), "actions.lock")))
            .or_else(|| Some((ours?.commit.clone(), "cofferdam.lock")));
        let fits = |known: &Commit| commit.as_ref().is_some_and(|(commit, _)| commit == known);
        let entry = ours.filter(|entry| fits(&entry.commit));
        let same = locked.is_some_and(|locked| fits(&locked.value));
        let theirs = theirs.filter(|_| same);
        let unresolved = match (&commit, entry, ours, theirs) {
            (None, ..) => Some(format!("no lock names the commit of `{}`", pin.git_ref)),
            (_, Some(_), ..) => None,
            (_, None, Some(ours), _) => Some(format!(
                "cofferdam.lock is about another commit of it, {}, and what this one uses itself \
                 is not known",
                ours.commit.id
            )),
            (_, None, None, _) if self.broken => {
                Some("cofferdam.lock cannot be read, and what it uses itself is not known".into())
            }
            (_, None, None, Some(_)) => Some(
                "cofferdam.lock does not name it, and which images it uses is not known".into(),
            ),
            (_, None, None, None) => {
                Some("no lock names it, and what it uses itself is not known".into())
            }
        };
        let uses = theirs.map(|entry| entry.uses.iter().map(|used| used.value.clone()).collect());
        Locked {
            commit,
            entry,
            uses: uses.unwrap_or_default(),
            unresolved,
        }
    }

    /// The digest of an image that does not name its own.
    pub(super) fn image(&self, name: &str) -> Option<&'r str> {
        let lock = self.ours?;
        let mut hashes = lock
            .images
            .get(name)
            .into_iter()
            .chain(lock.bases.get(name));
        hashes.find_map(|hash| match hash {
            Hash::Known(digest) => Some(digest.as_str()),
            Hash::NotKnown => None,
        })
    }
}
