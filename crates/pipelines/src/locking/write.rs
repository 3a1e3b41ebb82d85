//! From a checkout to the bytes of both locks.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::pin::Pin;
use cofferdam_facts::{ImageRef, SourceFile};
use cofferdam_locking::check::needed;
use cofferdam_locking::references::{self, What};
use cofferdam_locking::{LocalFolder, Reference};
use cofferdam_registries::git::{GitClient, GitError, RepositoryIds};
use cofferdam_registries::oci::{OciClient, OciError};
use cofferdam_workflows::documents::actions_lock::{self, ActionsLock, Draft, DraftEntry};
use cofferdam_workflows::documents::cofferdam_lock::{self, Contents, Hash};
use cofferdam_workflows::documents::{CofferdamLock, Problem, ProblemKind};

use super::resolve::{Failure, Known, Resolved, repository, resolve};
use super::{Opened, folders};
use crate::limits::Limits;

/// What is asked of a lock.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The host of the actions.
    pub host: String,
    /// Whether `actions.lock` is written as well.
    pub actions_lock: bool,
    /// Whether trees are read again that are locked already.
    pub fresh: bool,
    /// Pins whose ref is asked for again.
    pub renewed: BTreeSet<Pin>,
    /// Pins of which somebody agrees that some paths are no part of the hash.
    pub accepted: BTreeSet<Pin>,
    /// How much is read.
    pub limits: Limits,
}

/// What is to be written.
#[derive(Debug)]
pub struct Planned {
    /// The bytes of `cofferdam.lock`; `None` if something could not be locked.
    pub ours: Option<String>,
    /// What they say.
    pub contents: Contents,
    /// The bytes of `actions.lock`, or why there are none.
    pub theirs: Theirs,
    /// What could not be locked.
    pub failures: Vec<Failure>,
    /// References that nothing can lock.
    pub loose: Vec<Reference>,
    /// Images whose digest could not be found out; they have no hash.
    pub images: Vec<(String, OciError)>,
    /// Folders of own actions that could not be hashed, and why not.
    pub folders: Vec<(String, String)>,
}

/// What becomes of `actions.lock`.
#[derive(Debug)]
pub enum Theirs {
    /// These bytes.
    Text(String),
    /// Nothing uses an action, or it was not asked for.
    None,
    /// It cannot be written, and this is why.
    Not(NotWritten),
}

/// Why `actions.lock` is not written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// A number that it requires is not known, and none is guessed.
    #[error("the numbers of {slug} are not known: {source}")]
    Ids {
        /// The repository.
        slug: String,
        /// Why.
        source: Box<GitError>,
    },
    /// What stands there cannot be replaced, or the form of a part is not known.
    #[error("{0}")]
    Form(#[from] actions_lock::NotWritable),
    /// Not everything could be locked.
    #[error("not everything could be locked")]
    Incomplete,
}

/// Why nothing is planned at all.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The lock that stands there is of a version that is not known.
    #[error("{path}:{line}:{column}: {message}", path = cofferdam_lock::PLACE)]
    Newer {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// There is nothing to agree to.
    #[error("{pin} has no path that is left out of its hash, or is not used")]
    NothingToAccept {
        /// The pin.
        pin: Pin,
    },
    /// A name has no place in the lock.
    #[error(transparent)]
    Text(#[from] cofferdam_lock::NotWritable),
    /// What would be written is not read back as it was meant.
    #[error("the lock would not be read back as it was meant: {0}")]
    NotReadBack(String),
}

/// Works out both locks. Nothing is written.
///
/// # Errors
/// [`PlanError`] if there is nothing that could be written.
pub fn plan(
    opened: &Opened,
    client: &GitClient,
    registries: Option<&OciClient>,
    options: &WriteOptions,
) -> Result<Planned, PlanError> {
    let before = opened.repository.cofferdam_locks.first();
    if let Some(lock) = before
        && let Some(problem) = lock
            .problems()
            .iter()
            .find(|p| p.kind == ProblemKind::UnknownVersion)
    {
        return Err(newer(lock, problem));
    }
    // A file with problems is no source: what it says may be half of a merge.
    let ours = before
        .filter(|lock| lock.problems().is_empty())
        .map(CofferdamLock::contents);
    let theirs = opened.repository.actions_locks.first();
    let known = Known {
        ours,
        theirs: theirs.filter(|lock| lock.problems().is_empty()),
        renewed: options.renewed.clone(),
        fresh: options.fresh,
        host: &options.host,
    };
    let resolved = resolve(&opened.references, &known, client);
    let loose: Vec<Reference> = (opened.references.iter())
        .filter(|reference| matches!(reference.what, What::Loose(_)))
        .cloned()
        .collect();
    let mut folders = Vec::new();
    let mut contents = contents(opened, &resolved, ours, &options.limits, &mut folders);
    contents.actions.clone_from(&resolved.actions);
    accept(&mut contents, ours, &options.accepted)?;
    let images = registries.map_or_else(Vec::new, |oci| digests(&mut contents, client, oci));
    let whole = resolved.failures.is_empty() && loose.is_empty();
    let text = contents.text()?;
    let again = CofferdamLock::parse(SourceFile::new(cofferdam_lock::PLACE, text.as_str()));
    if let Some(problem) = again.problems().first() {
        return Err(PlanError::NotReadBack(problem.message.clone()));
    }
    if *again.contents() != contents {
        return Err(PlanError::NotReadBack("another content".to_owned()));
    }
    let theirs = match (options.actions_lock, whole) {
        (false, _) => Theirs::None,
        (true, false) => Theirs::Not(NotWritten::Incomplete),
        (true, true) => match draft(opened, &resolved, client, options) {
            Ok(Some(text)) => Theirs::Text(text),
            Ok(None) => Theirs::None,
            Err(why) => Theirs::Not(why),
        },
    };
    Ok(Planned {
        ours: whole.then_some(text),
        contents,
        theirs,
        failures: resolved.failures,
        loose,
        images,
        folders,
    })
}

/// Somebody has agreed to what is left out of the hash of a commit: now, or when
/// that very commit was locked.
fn accept(
    contents: &mut Contents,
    before: Option<&Contents>,
    now: &BTreeSet<Pin>,
) -> Result<(), PlanError> {
    for pin in now {
        if (contents.actions.get(pin)).is_none_or(|entry| entry.excluded.is_empty()) {
            return Err(PlanError::NothingToAccept { pin: pin.clone() });
        }
    }
    for (pin, entry) in &mut contents.actions {
        let earlier = before.and_then(|lock| lock.actions.get(pin));
        let earlier = earlier.filter(|old| old.commit == entry.commit);
        entry.accepted = match (now.contains(pin), earlier) {
            (true, _) => entry.excluded.clone(),
            (false, Some(old)) => &old.accepted & &entry.excluded,
            (false, None) => BTreeSet::new(),
        };
    }
    Ok(())
}

fn newer(lock: &CofferdamLock, problem: &Problem) -> PlanError {
    let at = lock.file().locate(problem.span);
    PlanError::Newer {
        line: at.line,
        column: at.column,
        message: problem.message.clone(),
    }
}

/// Everything but the actions.
fn contents(
    opened: &Opened,
    resolved: &Resolved,
    before: Option<&Contents>,
    limits: &Limits,
    unread: &mut Vec<(String, String)>,
) -> Contents {
    let mut contents = references::contents(&opened.references);
    let add = |list: &mut BTreeMap<String, Hash>, more: &BTreeMap<String, Hash>| {
        for (name, hash) in more {
            let kept = list.entry(name.clone()).or_insert(Hash::NotKnown);
            if *kept == Hash::NotKnown {
                kept.clone_from(hash);
            }
        }
    };
    add(&mut contents.images, &resolved.images);
    add(&mut contents.downloads, &resolved.downloads);
    contents.tools.extend(resolved.tools.clone());
    if let Some(root) = &opened.root {
        let found = folders::local(root, &opened.repository, &opened.references, limits);
        for (folder, found) in found {
            match found {
                LocalFolder::Hashed { exact, .. } => {
                    contents.local.insert(folder, Hash::Known(exact));
                }
                LocalFolder::Absent => {}
                LocalFolder::Linked { link, .. } => {
                    unread.push((folder, format!("it is reached through the link `{link}`")));
                }
                LocalFolder::NotRead(reason) => unread.push((folder, reason)),
            }
        }
    }
    // What a reference does not say itself was found out before.
    let keep = |now: &mut BTreeMap<String, Hash>, old: &BTreeMap<String, Hash>| {
        for (name, hash) in now.iter_mut().filter(|(_, hash)| **hash == Hash::NotKnown) {
            if let Some(old) = old.get(name) {
                hash.clone_from(old);
            }
        }
    };
    if let Some(before) = before {
        keep(&mut contents.images, &before.images);
        keep(&mut contents.bases, &before.bases);
    }
    contents
}

/// Asks registries for the digests that no reference and no lock names. A name
/// with a variable is none that a registry has, and stays without.
fn digests(
    contents: &mut Contents,
    client: &GitClient,
    registries: &OciClient,
) -> Vec<(String, OciError)> {
    let lists = [&contents.images, &contents.bases];
    let missing: BTreeSet<String> = (lists.into_iter().flatten())
        .filter(|(name, hash)| **hash == Hash::NotKnown && !name.contains(['$', '{', ' ', '?']))
        .map(|(name, _)| name.clone())
        .collect();
    let missing: Vec<String> = missing.into_iter().collect();
    let answers = client.each(&missing, |name| registries.resolve(&ImageRef::parse(name)));
    let mut failed = Vec::new();
    for (name, answer) in missing.into_iter().zip(answers) {
        match answer {
            Ok(digest) => {
                for list in [&mut contents.images, &mut contents.bases] {
                    if let Some(hash) = list.get_mut(&name) {
                        *hash = Hash::Known(digest.clone());
                    }
                }
            }
            Err(error) => failed.push((name, error)),
        }
    }
    failed
}

/// The bytes of `actions.lock`; `None` if no workflow uses an action.
fn draft(
    opened: &Opened,
    resolved: &Resolved,
    client: &GitClient,
    options: &WriteOptions,
) -> Result<Option<String>, NotWritten> {
    let before = opened.repository.actions_locks.first();
    let mut draft = match before {
        Some(lock) => Draft::like(lock)?,
        None => Draft::default(),
    };
    let mut waiting: Vec<Pin> = Vec::new();
    for workflow in &opened.repository.workflows {
        let pins: BTreeSet<Pin> = needed(&opened.repository, workflow).into_keys().collect();
        let listed = before.is_some_and(|lock| lock.workflow(workflow.path()).is_some());
        if !pins.is_empty() || listed {
            waiting.extend(pins.iter().cloned());
            draft.workflows.insert(workflow.path().to_owned(), pins);
        }
    }
    let mut reached: BTreeSet<Pin> = BTreeSet::new();
    while let Some(pin) = waiting.pop() {
        if reached.insert(pin.clone()) {
            waiting.extend(resolved.as_action.get(&pin).into_iter().flatten().cloned());
        }
    }
    if draft.workflows.is_empty() {
        return Ok(None);
    }
    let ids = ids(&reached, before, client, options)?;
    for pin in reached {
        let Some(entry) = resolved.actions.get(&pin) else {
            return Err(NotWritten::Incomplete);
        };
        let Some(ids) = ids.get(&pin.slug()) else {
            return Err(NotWritten::Incomplete);
        };
        let old = before.and_then(|lock| lock.dependency(&pin));
        let same = old.filter(|old| old.commit.as_ref().is_some_and(|c| c.value == entry.commit));
        let kept = same
            .and_then(|old| old.git_ref.as_ref())
            .map(|name| name.value.clone());
        let git_ref = match pin.commit() {
            None => pin.git_ref.clone(),
            Some(_) => match kept.or_else(|| resolved.refs.get(&pin).cloned()) {
                Some(name) => name,
                None => belongs_to(&pin, before, client, options)?,
            },
        };
        let draft_entry = DraftEntry {
            git_ref,
            hostname: before
                .and_then(|lock| lock.hostname(&pin))
                .map(ToOwned::to_owned),
            commit: entry.commit.clone(),
            owner_id: ids.owner,
            repo_id: ids.repository,
            uses: resolved.as_action.get(&pin).cloned().unwrap_or_default(),
        };
        draft.dependencies.insert(pin, draft_entry);
    }
    let text = draft.text()?;
    // Actions that use each other in a circle, for instance, make a file that no
    // reader takes, GitHub's included.
    let again = ActionsLock::parse(SourceFile::new(actions_lock::PLACE, text.as_str()));
    match again.problems().first() {
        Some(problem) => Err(actions_lock::NotWritable::NotUnderstood(problem.clone()).into()),
        None => Ok(Some(text)),
    }
}

/// The ref of a commit that was locked before without asking.
fn belongs_to(
    pin: &Pin,
    before: Option<&ActionsLock>,
    client: &GitClient,
    options: &WriteOptions,
) -> Result<String, NotWritten> {
    super::resolve::belongs_to(pin, before, &options.host, client)
        .map_err(|_| NotWritten::Incomplete)
}

/// The two numbers of each repository: from the lock that stands there, the
/// cache, or the host; never guessed.
fn ids(
    pins: &BTreeSet<Pin>,
    before: Option<&ActionsLock>,
    client: &GitClient,
    options: &WriteOptions,
) -> Result<BTreeMap<String, RepositoryIds>, NotWritten> {
    let mut known: BTreeMap<String, RepositoryIds> = BTreeMap::new();
    for entry in before.map_or(&[][..], |lock| &lock.dependencies) {
        if let (Some(owner), Some(repository)) = (&entry.owner_id, &entry.repo_id) {
            known.insert(
                entry.pin.value.slug(),
                RepositoryIds {
                    owner: owner.value,
                    repository: repository.value,
                },
            );
        }
    }
    let missing: BTreeMap<String, &Pin> = (pins.iter())
        .filter(|pin| !known.contains_key(&pin.slug()))
        .map(|pin| (pin.slug(), pin))
        .collect();
    let missing: Vec<(String, &Pin)> = missing.into_iter().collect();
    let answers = client.each(&missing, |(_, pin)| {
        let repository = repository(pin, before, &options.host);
        repository
            .ok()
            .map(|repository| client.repository_ids(&repository))
    });
    for ((slug, _), answer) in missing.into_iter().zip(answers) {
        match answer {
            Some(Ok(ids)) => {
                known.insert(slug, ids);
            }
            Some(Err(source)) => {
                let source = Box::new(source);
                return Err(NotWritten::Ids { slug, source });
            }
            None => return Err(NotWritten::Incomplete),
        }
    }
    Ok(known)
}
