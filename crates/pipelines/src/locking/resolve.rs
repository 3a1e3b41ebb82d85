//! From pins to commits, trees and what those use, down to the last action.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cofferdam_facts::pin::{Commit, Pin};
use cofferdam_locking::foreign::{self, Part, PartError};
use cofferdam_locking::references::{Reference, What};
use cofferdam_registries::git::{
    GitClient, GitError, Membership, Mode, NotARepository, ObjectId, Proof, RefListing, Repository,
    Resolved as RefResolved, Unknown,
};
use cofferdam_trees::ManifestError;
use cofferdam_workflows::documents::ActionsLock;
use cofferdam_workflows::documents::cofferdam_lock::{Contents, Entry, Hash, Tool};

use super::unpacked::{UnpackError, Unpacked};

/// The most actions of one repository, at all depths.
const MOST_PINS: usize = 5_000;

/// A part of a repository that is used, and whether it is called as a workflow.
type Used = (String, bool);

/// What is known before anything is asked.
#[derive(Debug)]
pub struct Known<'k> {
    /// What is locked already.
    pub ours: Option<&'k Contents>,
    /// What GitHub's lock holds already.
    pub theirs: Option<&'k ActionsLock>,
    /// Pins whose ref is to be asked for again.
    pub renewed: BTreeSet<Pin>,
    /// Whether trees are read again that are locked already.
    pub fresh: bool,
    /// The host of the actions.
    pub host: &'k str,
}

impl Known<'_> {
    /// The repository of a pin, on the host that GitHub's lock names for it.
    fn repository(&self, pin: &Pin) -> Result<Repository, NotARepository> {
        repository(pin, self.theirs, self.host)
    }
}

/// The repository of a pin, on the host that GitHub's lock names for it.
pub(super) fn repository(
    pin: &Pin,
    theirs: Option<&ActionsLock>,
    host: &str,
) -> Result<Repository, NotARepository> {
    let host = theirs.and_then(|lock| lock.hostname(pin)).unwrap_or(host);
    Repository::new(host, &pin.owner, &pin.repo)
}

/// Everything behind a list of references.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The actions.
    pub actions: BTreeMap<Pin, Entry>,
    /// What each uses as an action, without what workflows in it use.
    pub as_action: BTreeMap<Pin, BTreeSet<Pin>>,
    /// Images that actions use.
    pub images: BTreeMap<String, Hash>,
    /// Tools that come with actions, and where they come from.
    pub tools: BTreeMap<Tool, String>,
    /// Addresses from which scripts of actions fetch what they run.
    pub downloads: BTreeMap<String, Hash>,
    /// The branch or tag to which the commit of a pin belongs, as far as asked.
    pub refs: BTreeMap<Pin, String>,
    /// What could not be locked.
    pub failures: Vec<Failure>,
}

/// One pin that cannot be locked.
#[derive(Debug)]
pub struct Failure {
    /// The pin.
    pub pin: Pin,
    /// Why not.
    pub why: Why,
}

/// Why a pin cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// No answer, or one that is none.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The name is none of a repository.
    #[error(transparent)]
    Name(#[from] NotARepository),
    /// The commit belongs to no branch and no tag of the repository.
    #[error(
        "the commit belongs to no branch and no tag of the repository: it is an impostor, unless \
         a mirror was asked that lags behind"
    )]
    Impostor,
    /// Nobody can tell whether the commit belongs to the repository.
    #[error("nobody can tell whether the commit belongs to the repository: {0}")]
    Membership(Unknown),
    /// The ref is neither a branch nor a tag.
    #[error("the repository has no branch and no tag of this name")]
    NoRef,
    /// The ref is both, and they differ.
    #[error(
        "the repository has a branch and a tag of this name, and they lead to different commits"
    )]
    Ambiguous,
    /// The commit has another hash function.
    #[error("the commit has a hash function that cannot be asked for")]
    Algorithm,
    /// The part that is used cannot be read.
    #[error("{0}")]
    Part(#[from] PartError),
    /// Its tree is no tree of an action.
    #[error("it is not unpacked: {0}")]
    Unpack(#[from] UnpackError),
    /// A path of its tree cannot be hashed.
    #[error("its content cannot be hashed: {0}")]
    Manifest(#[from] ManifestError),
    /// It uses something that names no ref.
    #[error("it uses `{0}`, which names no commit, tag or branch")]
    Loose(String),
    /// There are more actions than are followed.
    #[error("there are more than {MOST_PINS} actions behind the workflows")]
    TooMany,
}

impl Why {
    /// Whether something is wrong, as opposed to not known.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !matches!(self, Self::Git(_) | Self::Membership(_) | Self::Unpack(_))
    }
}

/// A commit with its files and where it belongs.
struct Fetched {
    commit: Commit,
    files: Arc<Unpacked>,
    tree: Hash,
    belongs_to: Option<String>,
}

/// Resolves everything behind a list of references.
#[must_use]
pub fn resolve(references: &[Reference], known: &Known<'_>, client: &GitClient) -> Resolved {
    let mut waiting: BTreeMap<Pin, BTreeSet<Used>> = BTreeMap::new();
    for reference in references {
        if let What::Action { pin, path, call } = &reference.what {
            let parts = waiting.entry(pin.clone()).or_default();
            parts.insert((path.clone(), *call));
        }
    }
    let mut resolved = Resolved::default();
    let mut done: BTreeMap<Pin, BTreeSet<Used>> = BTreeMap::new();
    let mut fetched: BTreeMap<Pin, Arc<Fetched>> = BTreeMap::new();
    while !waiting.is_empty() {
        if done.len() > MOST_PINS {
            if let Some((pin, _)) = waiting.pop_first() {
                let why = Why::TooMany;
                resolved.failures.push(Failure { pin, why });
            }
            break;
        }
        let level: Vec<(Pin, BTreeSet<Used>)> = std::mem::take(&mut waiting).into_iter().collect();
        let answers = client.each(&level, |(pin, parts)| {
            one(pin, parts, known, client, fetched.get(pin))
        });
        for ((pin, parts), answer) in level.into_iter().zip(answers) {
            let seen = done.entry(pin.clone()).or_default();
            seen.extend(parts);
            match answer {
                Ok(found) => {
                    let next = found.next.clone();
                    if let Some(whole) = &found.fetched {
                        fetched.insert(pin.clone(), Arc::clone(whole));
                    }
                    resolved.add(&pin, found);
                    for (inner, path, call) in next {
                        let parts = waiting.entry(inner).or_default();
                        parts.insert((path, call));
                    }
                }
                Err(why) => resolved.failures.push(Failure { pin, why }),
            }
        }
        waiting.retain(|pin, parts| {
            let seen = done.get(pin);
            parts.retain(|part| !seen.is_some_and(|seen| seen.contains(part)));
            !parts.is_empty()
        });
    }
    resolved
}

/// What came out for one pin.
struct Found {
    entry: Entry,
    as_action: BTreeSet<Pin>,
    images: BTreeMap<String, Hash>,
    tools: BTreeMap<Tool, String>,
    downloads: BTreeMap<String, Hash>,
    belongs_to: Option<String>,
    next: BTreeSet<(Pin, String, bool)>,
    fetched: Option<Arc<Fetched>>,
}

impl Resolved {
    fn add(&mut self, pin: &Pin, found: Found) {
        self.images.extend(found.images);
        self.tools.extend(found.tools);
        self.downloads.extend(found.downloads);
        self.as_action
            .entry(pin.clone())
            .or_default()
            .extend(found.as_action);
        if let Some(name) = found.belongs_to {
            self.refs.insert(pin.clone(), name);
        }
        match self.actions.get_mut(pin) {
            // A part that was found to be used later.
            Some(entry) => entry.join(found.entry),
            None => {
                self.actions.insert(pin.clone(), found.entry);
            }
        }
    }
}

fn one(
    pin: &Pin,
    parts: &BTreeSet<Used>,
    known: &Known<'_>,
    client: &GitClient,
    before: Option<&Arc<Fetched>>,
) -> Result<Found, Why> {
    if before.is_none()
        && let Some(found) = kept(pin, parts, known)
    {
        return Ok(found);
    }
    let fetched = match before {
        Some(fetched) => Arc::clone(fetched),
        None => Arc::new(fetch(pin, known, client)?),
    };
    let mut entry = Entry::new(fetched.commit.clone(), fetched.tree.clone());
    entry.excluded.clone_from(&fetched.files.excluded);
    let mut found = Found {
        as_action: BTreeSet::new(),
        images: BTreeMap::new(),
        tools: BTreeMap::new(),
        downloads: BTreeMap::new(),
        belongs_to: fetched.belongs_to.clone(),
        next: BTreeSet::new(),
        fetched: Some(Arc::clone(&fetched)),
        entry: entry.clone(),
    };
    let mut open: Vec<Used> = parts.iter().cloned().collect();
    let mut seen: BTreeSet<Used> = BTreeSet::new();
    while let Some((path, call)) = open.pop() {
        if !seen.insert((path.clone(), call)) {
            continue;
        }
        let part: Part = foreign::read(&*fetched.files, &path, call)?;
        if let Some(written) = part.loose.first() {
            return Err(Why::Loose(written.clone()));
        }
        // What the commit uses of itself is part of its hash, and no place of the
        // checkout refers to it.
        if parts.contains(&(path.clone(), call)) {
            entry.paths.insert(path);
        }
        for (used, path, called) in part.uses {
            // Another part of the same download, as `$/…` is.
            if used == *pin {
                open.push((path, called));
                continue;
            }
            if !call && !called {
                found.as_action.insert(used.clone());
            }
            entry.uses.insert(used.clone());
            found.next.insert((used, path, called));
        }
        entry.images.extend(part.images.keys().cloned());
        found.images.extend(part.images);
        entry.tools.extend(part.tools.keys().cloned());
        found.tools.extend(part.tools);
        entry.downloads.extend(part.downloads.keys().cloned());
        found.downloads.extend(part.downloads);
        entry.undecided.extend(part.undecided);
        entry.permissions.extend(part.permissions);
        entry.calls.extend(part.calls.into_keys());
        open.extend(part.own.into_iter().map(|path| {
            let is_workflow = path.starts_with(".github/workflows/");
            (path, is_workflow)
        }));
    }
    found.entry = entry;
    Ok(found)
}

/// What is locked already, if it covers all that is used of the pin. Which
/// parts its own actions use is told by their entries.
fn kept(pin: &Pin, parts: &BTreeSet<Used>, known: &Known<'_>) -> Option<Found> {
    let ours = known.ours?;
    let entry = ours.actions.get(pin)?;
    let is_workflow = |path: &String| path.starts_with(".github/workflows/");
    let mixed = entry.paths.iter().any(is_workflow) && !entry.paths.iter().all(is_workflow);
    let whole = parts.iter().all(|(path, _)| entry.paths.contains(path));
    // Parts that nobody uses any more would stay for ever.
    let exact = entry
        .paths
        .iter()
        .all(|path| parts.iter().any(|(used, _)| used == path));
    let same = known.theirs.is_none_or(|lock| {
        let theirs = lock.dependency(pin).and_then(|entry| entry.commit.as_ref());
        theirs.is_none_or(|commit| commit.value == entry.commit)
    });
    if known.fresh
        || known.renewed.contains(pin)
        || mixed
        || !whole
        || !exact
        || !same
        || entry.tree == Hash::NotKnown
    {
        return None;
    }
    let calls = entry.paths.iter().any(is_workflow);
    let next = entry.uses.iter().flat_map(|used| {
        let paths = ours.actions.get(used).map(|entry| entry.paths.clone());
        let paths = paths.unwrap_or_default().into_iter();
        paths.map(|path| {
            let call = is_workflow(&path);
            (used.clone(), path, call)
        })
    });
    // An entry that is missing can only be made by reading the tree.
    if entry
        .uses
        .iter()
        .any(|used| !ours.actions.contains_key(used))
    {
        return None;
    }
    let images = entry.images.iter().map(|name| {
        let hash = ours.images.get(name).cloned();
        (name.clone(), hash.unwrap_or(Hash::NotKnown))
    });
    let tools = (entry.tools.iter())
        .map(|tool| Some((tool.clone(), ours.tools.get(tool)?.clone())))
        .collect::<Option<_>>()?;
    let downloads = (entry.downloads.iter())
        .map(|address| Some((address.clone(), ours.downloads.get(address)?.clone())))
        .collect::<Option<_>>()?;
    Some(Found {
        tools,
        downloads,
        as_action: if calls {
            BTreeSet::new()
        } else {
            entry.uses.clone()
        },
        images: images.collect(),
        belongs_to: None,
        next: next.collect(),
        fetched: None,
        entry: entry.clone(),
    })
}

/// The commit of a pin and its files.
fn fetch(pin: &Pin, known: &Known<'_>, client: &GitClient) -> Result<Fetched, Why> {
    let repository = known.repository(pin)?;
    let (id, belongs_to) = commit(pin, &repository, known, client)?;
    let tree = client.fetch_commit(&repository, id)?;
    let files = Unpacked::of(&tree)?;
    Ok(Fetched {
        commit: Commit {
            algorithm: "sha1",
            id: id.to_string(),
        },
        tree: Hash::Known(files.h1()?),
        files: Arc::new(files),
        belongs_to,
    })
}

/// The commit that a pin stands for: the one that it names, the one that is
/// locked, or the one to which its ref leads now.
fn commit(
    pin: &Pin,
    repository: &Repository,
    known: &Known<'_>,
    client: &GitClient,
) -> Result<(ObjectId, Option<String>), Why> {
    let locked = || {
        let ours = known
            .ours
            .and_then(|lock| lock.actions.get(pin))
            .map(|e| &e.commit);
        let theirs = known.theirs.and_then(|lock| lock.dependency(pin));
        theirs
            .and_then(|entry| entry.commit.as_ref().map(|commit| &commit.value))
            .or(ours)
    };
    let named = pin.commit();
    let wanted = match &named {
        Some(commit) => Some(commit),
        None if known.renewed.contains(pin) => None,
        None => locked(),
    };
    if let Some(commit) = wanted {
        let id: ObjectId = commit.id.parse().map_err(|_| Why::Algorithm)?;
        // Offline nothing can be proven that was not before.
        if client.mode() == Mode::Offline && locked().is_some() {
            return Ok((id, None));
        }
        let refs = client.list_refs(repository)?;
        let belongs_to = member(id, &refs, client)?;
        return Ok((id, Some(belongs_to)));
    }
    let refs = client.list_refs(repository)?;
    let id = match refs.resolve(&pin.git_ref) {
        RefResolved::Tag(id) | RefResolved::Branch(id) => id,
        RefResolved::Both { tag, branch } if tag == branch => tag,
        RefResolved::Both { .. } => return Err(Why::Ambiguous),
        RefResolved::Nothing => return Err(Why::NoRef),
    };
    Ok((id, Some(pin.git_ref.clone())))
}

/// The tag or branch to which a commit belongs: the fullest version first.
fn member(id: ObjectId, refs: &RefListing, client: &GitClient) -> Result<String, Why> {
    match client.membership(id, refs) {
        Membership::Member { by } => Ok(match by {
            Proof::Tag(_) => best(&refs.tags_at(id)).unwrap_or_default().to_owned(),
            Proof::Branch(name) | Proof::InBranch(name) | Proof::InTag(name) => name,
        }),
        Membership::Impostor => Err(Why::Impostor),
        Membership::Unknown { reason } => Err(Why::Membership(reason)),
    }
}

/// The tag that says most: a whole version before a part of one, the newer
/// before the older, any other name last.
pub(super) fn best<'t>(tags: &[&'t str]) -> Option<&'t str> {
    tags.iter()
        .max_by(|a, b| {
            (super::versions::Version::parse(a))
                .cmp(&super::versions::Version::parse(b))
                .then_with(|| b.cmp(a))
        })
        .copied()
}

/// The tag or branch of a pin that names its commit.
pub(super) fn belongs_to(
    pin: &Pin,
    theirs: Option<&ActionsLock>,
    host: &str,
    client: &GitClient,
) -> Result<String, Why> {
    let repository = repository(pin, theirs, host)?;
    let id = pin.commit().ok_or(Why::Algorithm)?.id;
    let id: ObjectId = id.parse().map_err(|_| Why::Algorithm)?;
    member(id, &*client.list_refs(&repository)?, client)
}
