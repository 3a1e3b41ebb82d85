//! What changed between two states of the locks, with the code behind the pins
//! where it is at hand.

use std::collections::BTreeMap;

use cofferdam_facts::pin::{Commit, Pin};
use cofferdam_locking::difference::{
    ActionChange, CodeChange, Difference, compare, of_files, together,
};
use cofferdam_locking::references::What;
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

/// The pins that places of a checkout name now, each with the one that stood in the
/// same place before: the same part of the same repository in the same file, in the
/// order of the file.
#[must_use]
pub fn moves(base: &Opened, head: &Opened) -> Vec<(Pin, Pin)> {
    let places = |opened: &Opened| {
        let mut places: BTreeMap<(String, String, String), Vec<(usize, Pin)>> = BTreeMap::new();
        for reference in &opened.references {
            if let What::Action { pin, path, .. } = &reference.what {
                let at = &reference.location;
                let key = (at.path.to_string(), pin.slug(), path.clone());
                let pins = places.entry(key).or_default();
                pins.push((at.span.start, pin.clone()));
            }
        }
        for pins in places.values_mut() {
            pins.sort();
        }
        places
    };
    let mut new = places(head);
    let mut moves: Vec<(Pin, Pin)> = Vec::new();
    for (key, old) in places(base) {
        let now = new.remove(&key).unwrap_or_default();
        // A place that was added or taken out says nothing of which is which.
        if old.len() == now.len() {
            let pairs = old.into_iter().zip(now);
            moves.extend(pairs.map(|((_, old), (_, now))| (old, now)));
        }
    }
    moves.retain(|(old, now)| old != now);
    moves
}

/// What changed from one to the other, with what is known of which pin took whose
/// place. Without a client no code is looked at;
/// one that is offline looks at what its cache holds. `host` is that of actions
/// for which no lock of `opened` names one.
#[must_use]
pub fn diff(
    base: &Contents,
    head: &Contents,
    moves: &[(Pin, Pin)],
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
    let mut found = compare(base, head, moves);
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
