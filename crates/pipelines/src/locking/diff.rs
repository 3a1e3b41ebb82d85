//! What changed between two states of the locks, with the code behind the pins
//! where it is at hand.

use cofferdam_facts::pin::{Commit, Pin};
use cofferdam_locking::difference::{
    ActionChange, CodeChange, Difference, compare, of_files, together,
};
use cofferdam_registries::git::{GitClient, ObjectId, Repository};
use cofferdam_workflows::documents::CofferdamLock;
use cofferdam_workflows::documents::cofferdam_lock::Contents;

use super::Opened;
use super::unpacked::Unpacked;

/// What the locks of a checkout or commit hold together.
#[must_use]
pub fn locked(opened: &Opened) -> Contents {
    let ours = opened
        .repository
        .cofferdam_locks
        .first()
        .map(CofferdamLock::contents);
    together(ours, opened.repository.actions_locks.first())
}

/// What changed from one to the other. Without a client no code is looked at;
/// one that is offline looks at what its cache holds. `host` is that of actions
/// for which no lock of `opened` names one.
#[must_use]
pub fn diff(
    base: &Contents,
    head: &Contents,
    opened: &[&Opened],
    host: &str,
    client: Option<&GitClient>,
) -> Difference {
    let hosts = |pin: &Pin| {
        let named = (opened.iter())
            .filter_map(|one| one.repository.actions_locks.first())
            .find_map(|lock| lock.hostname(pin));
        named.unwrap_or(host).to_owned()
    };
    let mut found = compare(base, head);
    if let Some(client) = client {
        let codes = client.each(&found.actions, |change| code(change, &hosts, client));
        for (change, code) in found.actions.iter_mut().zip(codes) {
            change.code = code;
        }
    }
    found
}

fn code(
    change: &ActionChange,
    host: &(dyn Fn(&Pin) -> String + Sync),
    client: &GitClient,
) -> CodeChange {
    let (Some((old_pin, old)), Some((new_pin, new))) = (&change.old, &change.new) else {
        return CodeChange::NotLooked;
    };
    if old.commit == new.commit {
        return CodeChange::NotLooked;
    }
    let files = |pin: &Pin, commit: &Commit| -> Result<_, String> {
        let repository = Repository::new(&host(pin), &pin.owner, &pin.repo)
            .map_err(|error| error.to_string())?;
        let id: ObjectId = commit
            .id
            .parse()
            .map_err(|_| "the commit has a hash function that cannot be asked for".to_owned())?;
        let tree = client
            .fetch_commit(&repository, id)
            .map_err(|error| error.to_string())?;
        let unpacked = Unpacked::of(&tree).map_err(|error| error.to_string())?;
        Ok(unpacked.for_difference())
    };
    match (files(old_pin, &old.commit), files(new_pin, &new.commit)) {
        (Ok(old), Ok(new)) => CodeChange::Compared(of_files(&old, &new)),
        (Err(reason), _) | (_, Err(reason)) => CodeChange::NotAtHand(reason),
    }
}
