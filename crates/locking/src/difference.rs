//! What changed between two locks, in terms of what it means.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::pin::Pin;
use cofferdam_trees::Digest;
use cofferdam_workflows::documents::ActionsLock;
use cofferdam_workflows::documents::cofferdam_lock::{Contents, Entry, Hash, Key};

use crate::calls::{self, Calls};

/// Everything that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Actions, those that moved first, then new ones, then those that are gone.
    pub actions: Vec<ActionChange>,
    /// Images, bases, tools, downloads and local actions.
    pub entries: Vec<EntryChange>,
    /// Workflows that GitHub held to their locked commits, and no longer does.
    pub released: Vec<String>,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionChange {
    /// What was locked before.
    pub old: Option<(Pin, Entry)>,
    /// What is locked now.
    pub new: Option<(Pin, Entry)>,
    /// What changed in its files, as far as they are at hand.
    pub code: CodeChange,
}

/// What is known of the files of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CodeChange {
    /// They were not looked at.
    #[default]
    NotLooked,
    /// They were, and this is why that did not succeed.
    NotAtHand(String),
    /// They were compared.
    Compared(CodeDifference),
}

/// What changed in the files of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeDifference {
    /// New files.
    pub added: Vec<String>,
    /// Files that are gone.
    pub removed: Vec<String>,
    /// Files with other contents.
    pub changed: Vec<String>,
    /// Calls that stand more often in a file than before.
    pub calls: Vec<CallChange>,
}

/// A call that stands more often in a file than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallChange {
    /// The file.
    pub path: String,
    /// What is called, as in `network https`.
    pub name: String,
    /// How often before.
    pub before: usize,
    /// How often now.
    pub after: usize,
}

/// One other entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryChange {
    /// The entry.
    pub key: Key,
    /// What it was; `None` for a new one.
    pub old: Option<String>,
    /// What it is; `None` for one that is gone.
    pub new: Option<String>,
}

impl Difference {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.entries.is_empty() && self.released.is_empty()
    }
}

impl ActionChange {
    /// What one side has and the other has not, of a list of an entry.
    fn sides<T: Ord + Clone>(
        &self,
        of: impl Fn(&Entry) -> BTreeSet<T>,
    ) -> (BTreeSet<T>, BTreeSet<T>) {
        let old = self
            .old
            .as_ref()
            .map(|(_, entry)| of(entry))
            .unwrap_or_default();
        let new = self
            .new
            .as_ref()
            .map(|(_, entry)| of(entry))
            .unwrap_or_default();
        (&new - &old, &old - &new)
    }

    /// Actions that it newly uses, and those that it no longer uses. A pin
    /// whose ref alone changed is on both sides.
    #[must_use]
    pub fn uses(&self) -> (BTreeSet<Pin>, BTreeSet<Pin>) {
        self.sides(|entry| entry.uses.clone())
    }

    /// Images that it newly uses, and those that it no longer uses.
    #[must_use]
    pub fn images(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.sides(|entry| entry.images.clone())
    }

    /// Rights that it newly asks for, and those that it no longer asks for.
    #[must_use]
    pub fn permissions(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.sides(|entry| entry.permissions.clone())
    }

    /// Calls that are new in its code as a whole, and those that are gone.
    #[must_use]
    pub fn calls(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.sides(|entry| entry.calls.clone())
    }

    /// Tools that actions which it uses newly install, and those that are gone.
    #[must_use]
    pub fn tools(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.sides(|entry| entry.tools.iter().map(ToString::to_string).collect())
    }

    /// Addresses from which its scripts newly fetch what they run, and those
    /// that are gone.
    #[must_use]
    pub fn downloads(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.sides(|entry| entry.downloads.clone())
    }

    /// Scripts of which nobody can tell what they fetch: those that are new, and
    /// those that are gone.
    #[must_use]
    pub fn undecided(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.sides(|entry| entry.undecided.clone())
    }

    /// Paths that are compared with nothing at run time and newly accepted, and
    /// those that no longer are.
    #[must_use]
    pub fn accepted(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.sides(|entry| entry.accepted.clone())
    }

    /// Whether the ref is the same and leads to another commit.
    #[must_use]
    pub fn ref_moved(&self) -> bool {
        matches!((&self.old, &self.new), (Some((a, one)), Some((b, other)))
            if a == b && one.commit != other.commit)
    }

    /// Whether the commit is the same and its content hash was taken away, so that
    /// nothing is compared with it any more.
    #[must_use]
    pub fn hash_lost(&self) -> bool {
        matches!((&self.old, &self.new), (Some((_, one)), Some((_, other)))
            if one.tree != Hash::NotKnown && other.tree == Hash::NotKnown)
    }

    /// Whether the commit is the same and its content is another, which no
    /// honest change does. What is left out of the hash follows from the commit
    /// as well: a path that is newly left out hides what lies there.
    #[must_use]
    pub fn content_forged(&self) -> bool {
        matches!((&self.old, &self.new), (Some((_, one)), Some((_, other)))
            if one.commit == other.commit
                && (one.tree != other.tree || one.excluded != other.excluded)
                && one.tree != Hash::NotKnown
                && other.tree != Hash::NotKnown)
    }
}

/// What both locks of a checkout hold together: `actions.lock` adds the actions
/// that ours does not have.
#[must_use]
pub fn together(ours: Option<&Contents>, theirs: Option<&ActionsLock>) -> Contents {
    let mut all = ours.cloned().unwrap_or_default();
    for entry in theirs.map_or(&[][..], |lock| &lock.dependencies) {
        let Some(commit) = &entry.commit else {
            continue;
        };
        let of_theirs = || {
            let mut new = Entry::new(commit.value.clone(), Hash::NotKnown);
            new.uses = entry.uses.iter().map(|pin| pin.value.clone()).collect();
            new
        };
        all.actions
            .entry(entry.pin.value.clone())
            .or_insert_with(of_theirs);
    }
    all
}

/// What changed from `base` to `head`; the files of actions are not looked at.
#[must_use]
pub fn compare(base: &Contents, head: &Contents) -> Difference {
    Difference {
        actions: actions(base, head),
        entries: entries(base, head),
        released: Vec::new(),
    }
}

/// The workflows that one `actions.lock` lists and the other one does not, as far
/// as they are still there. GitHub holds a workflow to the lock while the file
/// lists it.
#[must_use]
pub fn released(
    base: Option<&ActionsLock>,
    head: Option<&ActionsLock>,
    exists: impl Fn(&str) -> bool,
) -> Vec<String> {
    let listed = base.map_or(&[][..], |lock| &lock.workflows);
    (listed.iter())
        .map(|workflow| workflow.path.value.as_str())
        .filter(|path| exists(path) && head.is_none_or(|lock| lock.workflow(path).is_none()))
        .map(ToOwned::to_owned)
        .collect()
}

fn actions(base: &Contents, head: &Contents) -> Vec<ActionChange> {
    let mut moved = Vec::new();
    let mut gone: BTreeMap<String, Vec<&Pin>> = BTreeMap::new();
    let change = |old: Option<&Pin>, new: Option<&Pin>| ActionChange {
        old: old.and_then(|pin| Some((pin.clone(), base.actions.get(pin)?.clone()))),
        new: new.and_then(|pin| Some((pin.clone(), head.actions.get(pin)?.clone()))),
        code: CodeChange::NotLooked,
    };
    for (pin, entry) in &base.actions {
        match head.actions.get(pin) {
            Some(now) if now == entry => {}
            Some(_) => moved.push(change(Some(pin), Some(pin))),
            None => gone.entry(pin.slug()).or_default().push(pin),
        }
    }
    let mut new = Vec::new();
    for pin in head
        .actions
        .keys()
        .filter(|pin| !base.actions.contains_key(pin))
    {
        // Another ref of an action that was locked before is the same action,
        // moved.
        let before = gone.get_mut(&pin.slug()).and_then(|pins| {
            if pins.is_empty() {
                None
            } else {
                Some(pins.remove(0))
            }
        });
        match before {
            Some(before) => moved.push(change(Some(before), Some(pin))),
            None => new.push(change(None, Some(pin))),
        }
    }
    let gone = gone.into_values().flatten();
    let gone = gone.map(|pin| change(Some(pin), None));
    moved
        .into_iter()
        .chain(new)
        .chain(gone.collect::<Vec<_>>())
        .collect()
}

fn entries(base: &Contents, head: &Contents) -> Vec<EntryChange> {
    let values = |contents: &Contents| -> BTreeMap<Key, String> {
        let keys = contents.keys().into_iter();
        keys.filter_map(|key| {
            let value = match &key {
                Key::Action(_) => return None,
                Key::Image(name) => contents.images.get(name)?.to_string(),
                Key::Base(name) => contents.bases.get(name)?.to_string(),
                Key::Tool(tool) => contents.tools.get(tool)?.clone(),
                Key::Download(address) => contents.downloads.get(address)?.to_string(),
                Key::Local(folder) => contents.local.get(folder)?.to_string(),
            };
            Some((key, value))
        })
        .collect()
    };
    let (old, new) = (values(base), values(head));
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    keys.into_iter()
        .filter(|key| old.get(key) != new.get(key))
        .map(|key| EntryChange {
            key: key.clone(),
            old: old.get(key).cloned(),
            new: new.get(key).cloned(),
        })
        .collect()
}

/// A file of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path.
    pub path: String,
    /// The hash of its bytes.
    pub digest: Digest,
    /// What it calls.
    pub calls: Calls,
}

impl File {
    /// Looks at a file.
    #[must_use]
    pub fn new(path: &str, bytes: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            digest: Digest::of(bytes),
            calls: calls::of_file(path, bytes),
        }
    }
}

/// What changed from the files of one commit to those of another.
#[must_use]
pub fn of_files(old: &[File], new: &[File]) -> CodeDifference {
    let by_path = |files: &[File]| -> BTreeMap<String, File> {
        files
            .iter()
            .map(|file| (file.path.clone(), file.clone()))
            .collect()
    };
    let (old, new) = (by_path(old), by_path(new));
    let mut found = CodeDifference::default();
    for (path, file) in &new {
        let before = old.get(path);
        match before {
            None => found.added.push(path.clone()),
            Some(before) if before.digest != file.digest => found.changed.push(path.clone()),
            Some(_) => continue,
        }
        for (name, after) in &file.calls {
            let count = before.and_then(|before| before.calls.get(name)).copied();
            let count = count.unwrap_or(0);
            if *after > count {
                found.calls.push(CallChange {
                    path: path.clone(),
                    name: name.clone(),
                    before: count,
                    after: *after,
                });
            }
        }
    }
    let removed = old.keys().filter(|path| !new.contains_key(*path));
    found.removed = removed.cloned().collect();
    found
}

#[cfg(test)]
mod tests;
