//! Who leads to what: from a workflow over the actions that it uses to what
//! those use themselves.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::pin::Pin;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::cofferdam_lock::{Contents, Key};

use crate::references::{Reference, What, of_repository};

/// What refers to what.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// By document, then by what it refers to, the line.
    pub documents: BTreeMap<String, BTreeMap<Key, usize>>,
    /// What the lock says that actions use.
    used: BTreeMap<Pin, BTreeSet<Key>>,
    /// The commit and the content hash of each locked action.
    pub locked: BTreeMap<Pin, String>,
}

/// A way from a document to a key, the document's own reference first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The document.
    pub path: String,
    /// The line of its reference.
    pub line: usize,
    /// What follows from one to the next.
    pub keys: Vec<Key>,
}

impl Graph {
    /// The graph of a checkout and its lock.
    #[must_use]
    pub fn of(repository: &Repository) -> Self {
        let empty = Contents::default();
        let lock = repository.cofferdam_locks.first();
        Self::new(
            &of_repository(repository),
            lock.map_or(&empty, |lock| lock.contents()),
        )
    }

    /// What a lock says is behind each action, without what the checkout uses.
    #[must_use]
    pub fn of_lock(repository: &Repository) -> Self {
        let empty = Contents::default();
        let lock = repository.cofferdam_locks.first();
        Self::new(&[], lock.map_or(&empty, |lock| lock.contents()))
    }

    /// The graph of references and a lock.
    #[must_use]
    pub fn new(references: &[Reference], lock: &Contents) -> Self {
        let mut documents: BTreeMap<String, BTreeMap<Key, usize>> = BTreeMap::new();
        for reference in references {
            if let Some(key) = reference.what.key() {
                let of_document = documents.entry(reference.location.path.to_string());
                let lines = of_document.or_default().entry(key);
                lines.or_insert(reference.location.line);
            }
        }
        let used = lock.actions.iter().map(|(pin, entry)| {
            let pins = entry.uses.iter().cloned().map(Key::Action);
            let images = entry.images.iter().cloned().map(Key::Image);
            let tools = entry.tools.iter().cloned().map(Key::Tool);
            let downloads = entry.downloads.iter().cloned().map(Key::Download);
            let all = pins.chain(images).chain(tools).chain(downloads);
            (pin.clone(), all.collect())
        });
        let locked = lock.actions.iter().map(|(pin, entry)| {
            let short: String = entry.commit.id.chars().take(12).collect();
            (pin.clone(), format!("{short} {}", entry.tree))
        });
        Self {
            documents,
            used: used.collect(),
            locked: locked.collect(),
        }
    }

    /// What a key leads to itself.
    pub fn behind(&self, key: &Key) -> impl Iterator<Item = &Key> {
        let pin = match key {
            Key::Action(pin) => Some(pin),
            _ => None,
        };
        pin.and_then(|pin| self.used.get(pin)).into_iter().flatten()
    }

    /// Every key that something leads to.
    #[must_use]
    pub fn reached(&self) -> BTreeSet<Key> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<Key> = (self.documents.values())
            .flat_map(|keys| keys.keys().cloned())
            .collect();
        while let Some(key) = waiting.pop() {
            if !reached.contains(&key) {
                waiting.extend(self.behind(&key).cloned());
                reached.insert(key);
            }
        }
        reached
    }

    /// The shortest way from each reference of each document to what `name`
    /// means: a whole key, `owner/repo`, or else a part of a key.
    #[must_use]
    pub fn why(&self, name: &str) -> Vec<Chain> {
        let reached = self.reached();
        let mut wanted: BTreeSet<&Key> = reached.iter().filter(|key| is_named(key, name)).collect();
        if wanted.is_empty() {
            let part = name.to_ascii_lowercase();
            wanted.extend(
                (reached.iter()).filter(|key| key.parts().1.to_ascii_lowercase().contains(&part)),
            );
        }
        let mut chains = Vec::new();
        for (path, keys) in &self.documents {
            for (root, line) in keys {
                chains.extend(self.ways(root, &wanted).into_iter().map(|keys| Chain {
                    path: path.clone(),
                    line: *line,
                    keys,
                }));
            }
        }
        chains
    }

    /// The shortest way from a key to each wanted one.
    fn ways(&self, root: &Key, wanted: &BTreeSet<&Key>) -> Vec<Vec<Key>> {
        let mut before: BTreeMap<&Key, Option<&Key>> = BTreeMap::from([(root, None)]);
        let mut level = vec![root];
        while !level.is_empty() {
            let mut next = Vec::new();
            for key in level {
                for inner in self.behind(key) {
                    if !before.contains_key(inner) {
                        before.insert(inner, Some(key));
                        next.push(inner);
                    }
                }
            }
            level = next;
        }
        let mut ways = Vec::new();
        for found in wanted.iter().filter(|key| before.contains_key(**key)) {
            let mut way = vec![(*found).clone()];
            let mut at: &Key = found;
            while let Some(Some(earlier)) = before.get(at) {
                way.push((*earlier).clone());
                at = earlier;
            }
            way.reverse();
            ways.push(way);
        }
        ways
    }
}

/// Whether a key is what a person calls so.
#[must_use]
pub fn is_named(key: &Key, name: &str) -> bool {
    let (_, text) = key.parts();
    let slug = match key {
        Key::Action(pin) => Some(pin.slug()),
        Key::Tool(tool) => Some(tool.name.clone()),
        Key::Image(image) | Key::Base(image) => {
            let name = image.split('@').next().unwrap_or(image);
            Some(
                name.rsplit_once(':')
                    .map_or(
                        name,
                        |(name, tag)| if tag.contains('/') { image } else { name },
                    )
                    .to_owned(),
            )
        }
        Key::Download(_) | Key::Local(_) => None,
    };
    text.eq_ignore_ascii_case(name) || slug.is_some_and(|slug| slug.eq_ignore_ascii_case(name))
}

/// The pins that a list of references names, each once.
#[must_use]
pub fn pins(references: &[Reference]) -> BTreeSet<Pin> {
    let pins = references
        .iter()
        .filter_map(|reference| match &reference.what {
            What::Action { pin, .. } => Some(pin.clone()),
            _ => None,
        });
    pins.collect()
}
