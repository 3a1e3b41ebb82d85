//! Whether the locks of a checkout cover everything that it refers to, hold
//! nothing else, and say the same. Offline and complete.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::{Location, Span};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::cofferdam_lock::{self, CofferdamLock, Contents, Hash, Key};
use cofferdam_workflows::documents::{self, ActionsLock, ProblemKind};

use crate::graph::Graph;
use crate::problem::{Code, Problem};
use crate::references::{Reference, What, of_repository, why_loose};

mod commits;
mod made;

pub use commits::needed;

/// What the folder of a local action holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalFolder {
    /// The content hash of its files.
    Hashed {
        /// Over their bytes.
        exact: String,
        /// Over their bytes with the line breaks of Unix.
        unix: String,
    },
    /// The checkout has no such folder: what runs is put there by the job.
    Absent,
    /// It, or a folder above it, is a link. The runner follows it to a folder whose
    /// references were not collected as those of an action.
    Linked {
        /// The link.
        link: String,
        /// Where it leads inside of the repository; `None` if it leads out, or to
        /// nothing.
        real: Option<String>,
    },
    /// It could not be read as a whole.
    NotRead(String),
}

/// What a check has found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What is wrong, in order of file and place.
    pub problems: Vec<Problem>,
    /// Local actions that the job makes itself, so that nothing here knows them:
    /// one sentence each.
    pub made: Vec<String>,
    /// Places that refer to something.
    pub references: usize,
    /// Entries of the lock.
    pub entries: usize,
    /// Entries for whose content no hash is known.
    pub open: usize,
    /// Whether there is an `actions.lock`.
    pub actions_lock: bool,
}

/// Checks the locks of a checkout. `local` gives what the folders of its own
/// actions hold, by path.
#[must_use]
pub fn check(repository: &Repository, local: &BTreeMap<String, LocalFolder>) -> Checked {
    check_references(repository, &of_repository(repository), local)
}

/// As [`check`], with references that were collected before.
#[must_use]
pub fn check_references(
    repository: &Repository,
    references: &[Reference],
    local: &BTreeMap<String, LocalFolder>,
) -> Checked {
    let mut found = Vec::new();
    documents_read(repository, references, &mut found);
    let actions_lock = repository.actions_locks.first();
    let ours = repository.cofferdam_locks.first();
    let mut checked = Checked {
        references: references.len(),
        actions_lock: actions_lock.is_some(),
        ..Checked::default()
    };
    let commits_are_read =
        actions_lock.is_none_or(|lock| read(lock.file(), lock.problems(), &mut found));
    let read_commits = actions_lock.filter(|_| commits_are_read);
    for reference in references {
        if let What::Loose(written) = &reference.what {
            found.push(Code::RefMissing.at(reference.location.clone(), why_loose(written)));
        }
    }
    // The order does not matter: what is found is sorted in the end.
    let commits = || read_commits.map_or_else(Vec::new, |lock| commits::check(repository, lock));
    match ours {
        Some(lock) => {
            let keys = lock.contents();
            checked.entries = keys.keys().len();
            checked.open = open(keys);
            if read(lock.file(), lock.problems(), &mut found) {
                let entries = || {
                    let (covered, left_over) =
                        rayon::join(|| covered(lock, references), || left_over(lock, references));
                    [covered, left_over]
                };
                let (commits, entries) = rayon::join(commits, entries);
                found.extend(commits);
                found.extend(entries.into_iter().flatten());
                checked.made = local_folders(repository, references, local, &mut found);
                form(lock, &mut found);
                if actions_lock.is_none() && !keys.no_actions_lock {
                    found.extend(commits::no_file(repository));
                }
                if let Some(other) = read_commits {
                    commits::agree(lock, other, &mut found);
                }
            } else {
                found.extend(commits());
            }
        }
        None => {
            found.extend(commits());
            found.extend(no_lock(references, actions_lock));
        }
    }
    found.sort_by(|a, b| {
        let place = |p: &Problem| (p.location.path.clone(), p.location.line, p.location.column);
        (place(a), a.code, &a.message).cmp(&(place(b), b.code, &b.message))
    });
    found.dedup();
    checked.problems = found;
    checked
}

/// The documents of a checkout that may refer to more than what was read.
#[must_use]
pub fn unread(repository: &Repository, references: &[Reference]) -> Vec<Problem> {
    let mut found = Vec::new();
    documents_read(repository, references, &mut found);
    found
}

/// Documents that may refer to more than what was read. Any problem counts: what
/// GitHub makes of a file that is not plain YAML is for GitHub to say.
fn documents_read(repository: &Repository, references: &[Reference], found: &mut Vec<Problem>) {
    let workflows = repository.workflows.iter().map(|w| &w.document);
    let is_used = |action: &&documents::Action| {
        let folder = match action.folder() {
            "" => ".",
            folder => folder,
        };
        !documents::kind::is_aside(action.path())
            || (references.iter()).any(|r| matches!(&r.what, What::Local(used) if used == folder))
    };
    let actions = repository.actions.iter().filter(is_used);
    for document in workflows.chain(actions.map(|a| &a.document)) {
        let file = document.file();
        if let Some(problem) = document.problems().first() {
            found.push(Code::NotRead.at(file.locate(problem.span), problem.message.clone()));
        }
    }
}

/// Whether a lock was read without a problem; says what is wrong with it.
fn read(
    file: &cofferdam_facts::SourceFile,
    problems: &[documents::Problem],
    found: &mut Vec<Problem>,
) -> bool {
    for problem in problems {
        let code = match problem.kind {
            ProblemKind::UnknownVersion => Code::Version,
            _ => Code::Malformed,
        };
        found.push(code.at(file.locate(problem.span), problem.message.clone()));
    }
    problems.is_empty()
}

fn open(contents: &Contents) -> usize {
    let lists = [
        &contents.images,
        &contents.bases,
        &contents.downloads,
        &contents.local,
    ];
    let trees = contents.actions.values().map(|entry| &entry.tree);
    let hashes = lists.into_iter().flat_map(|list| list.values());
    let open = (hashes.chain(trees)).filter(|hash| **hash == Hash::NotKnown);
    // Of a tool the lock holds what is asked for, and never what is installed.
    open.count() + contents.tools.len()
}

fn no_lock(references: &[Reference], actions_lock: Option<&ActionsLock>) -> Option<Problem> {
    let first = references.first()?;
    let head = match actions_lock {
        Some(_) => "actions.lock fixes commits alone",
        None => "nothing locks what this repository refers to",
    };
    let message = format!(
        "{head}; there is no {}, and {} to something outside",
        cofferdam_lock::PLACE,
        match references.len() {
            1 => "1 place refers".to_owned(),
            many => format!("{many} places refer"),
        }
    );
    Some(Code::NoLock.at(first.location.clone(), message))
}

/// Every reference has its entry, and the entry says what the reference says.
fn covered(lock: &CofferdamLock, references: &[Reference]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let found = &mut problems;
    let contents = lock.contents();
    for reference in references {
        let what = &reference.what;
        let here = || reference.location.clone();
        let missing = |name: &str| {
            let message = format!(
                "{} `{name}` is not in {}",
                what.noun(),
                cofferdam_lock::PLACE
            );
            Code::NotPinned.at(here(), message)
        };
        match what {
            What::Action { pin, path, .. } => match contents.actions.get(pin) {
                None => found.push(missing(&pin.to_string())),
                Some(entry) if !entry.paths.contains(path) => {
                    let message = format!(
                        "`{path}` of {pin} is used, and {} knows other parts of it alone",
                        cofferdam_lock::PLACE
                    );
                    found.push(Code::NotPinned.at(here(), message));
                }
                Some(_) => {}
            },
            What::Image(name, hash) => named(
                name,
                hash,
                contents.images.get(name),
                reference,
                &missing,
                found,
            ),
            What::Base(name, hash) => named(
                name,
                hash,
                contents.bases.get(name),
                reference,
                &missing,
                found,
            ),
            What::Download(name, hash) => {
                named(
                    name,
                    hash,
                    contents.downloads.get(name),
                    reference,
                    &missing,
                    found,
                );
            }
            What::Tool(tool, _) => {
                if !contents.tools.contains_key(tool) {
                    found.push(missing(&tool.to_string()));
                }
            }
            What::Local(folder) => {
                if !contents.local.contains_key(folder) {
                    found.push(missing(folder));
                }
            }
            What::Loose(_) => {}
        }
    }
    for (pin, entry) in &contents.actions {
        // No lock is written so, and nothing is compared with an action then.
        if entry.tree == Hash::NotKnown {
            let message = format!("{pin} has no content hash");
            found.push(Code::Incomplete.at(lock.place(&Key::Action(pin.clone())), message));
        }
        for used in entry
            .uses
            .iter()
            .filter(|used| !contents.actions.contains_key(used))
        {
            let message = format!("{pin} uses {used}, which has no entry");
            found.push(Code::Incomplete.at(lock.place(&Key::Action(pin.clone())), message));
        }
        let mut lacks = |what: String| {
            let message = format!("{pin} uses {what}, which has no entry");
            found.push(Code::Incomplete.at(lock.place(&Key::Action(pin.clone())), message));
        };
        for image in (entry.images.iter()).filter(|name| !contents.images.contains_key(*name)) {
            lacks(format!("image {image}"));
        }
        for tool in (entry.tools.iter()).filter(|tool| !contents.tools.contains_key(*tool)) {
            lacks(format!("tool {tool}"));
        }
        let downloads = entry.downloads.iter();
        for address in downloads.filter(|name| !contents.downloads.contains_key(*name)) {
            lacks(format!("download {address}"));
        }
    }
    problems
}

fn named(
    name: &str,
    written: &Hash,
    locked: Option<&Hash>,
    reference: &Reference,
    missing: &dyn Fn(&str) -> Problem,
    found: &mut Vec<Problem>,
) {
    let Some(locked) = locked else {
        found.push(missing(name));
        return;
    };
    if let Some(written) = written.known()
        && locked.known() != Some(written)
    {
        let message = format!("`{name}` is {written} here, and {locked} in the lock");
        found.push(Code::ReferenceDiffers.at(reference.location.clone(), message));
    }
}

/// Entries that nothing reaches.
fn left_over(lock: &CofferdamLock, references: &[Reference]) -> Vec<Problem> {
    let mut found = Vec::new();
    let graph = Graph::new(references, lock.contents());
    let reached = graph.reached();
    for key in lock.contents().keys() {
        if !reached.contains(&key) {
            let (section, name) = key.parts();
            let message = format!("nothing refers to `{name}` of `{section}`");
            found.push(Code::Stale.at(lock.place(&key), message));
        }
    }
    // A part of an action that nobody uses any more hides what is really used.
    let mut used: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for reference in references {
        if let What::Action { pin, path, .. } = &reference.what {
            used.entry(pin).or_default().insert(path);
        }
    }
    let by_others: BTreeSet<_> = (lock.contents().actions.values())
        .flat_map(|entry| entry.uses.iter())
        .collect();
    for (pin, entry) in &lock.contents().actions {
        let Some(paths) = used.get(pin).filter(|_| !by_others.contains(pin)) else {
            continue;
        };
        for path in entry
            .paths
            .iter()
            .filter(|path| !paths.contains(path.as_str()))
        {
            let message = format!("nothing refers to `{path}` of {pin}");
            found.push(Code::Stale.at(lock.place(&Key::Action(pin.clone())), message));
        }
    }
    found
}

/// The folders of local actions are as they were locked. Says which ones the job
/// makes itself.
fn local_folders(
    repository: &Repository,
    references: &[Reference],
    local: &BTreeMap<String, LocalFolder>,
    found: &mut Vec<Problem>,
) -> Vec<String> {
    let mut made = Vec::new();
    let Some(lock) = repository.cofferdam_locks.first() else {
        return made;
    };
    for (folder, hash) in &lock.contents().local {
        let place = || lock.place(&Key::Local(folder.clone()));
        let user = references
            .iter()
            .find(|r| matches!(&r.what, What::Local(f) if f == folder));
        let Some(user) = user else { continue };
        match (local.get(folder), hash) {
            (Some(LocalFolder::Hashed { exact, .. }), Hash::Known(locked)) if exact == locked => {}
            (Some(LocalFolder::Hashed { unix, .. }), Hash::Known(locked)) if unix == locked => {
                let message = format!(
                    "`{folder}` has line breaks of Windows here and those of Unix in the lock; \
                     `* -text` in .gitattributes keeps them as they are"
                );
                found.push(Code::LocalChanged.at(place(), message));
            }
            (Some(LocalFolder::Hashed { exact, .. }), _) => {
                let message = format!("`{folder}` is {exact}, and {hash} in the lock");
                found.push(Code::LocalChanged.at(place(), message));
            }
            (Some(LocalFolder::Absent), Hash::NotKnown) => match made::by(repository, folder) {
                Some(step) => made.push(format!(
                    "`{folder}` is made by the job ({step}), and no lock knows what it holds"
                )),
                None => {
                    let message = format!(
                        "`{folder}` does not stand in the checkout, no earlier step of the job \
                         makes it, and what runs is not known"
                    );
                    found.push(Code::LocalAbsent.at(user.location.clone(), message));
                }
            },
            (Some(LocalFolder::Absent), Hash::Known(_)) => {
                let message = format!("`{folder}` is locked, and the checkout has no such folder");
                found.push(Code::LocalChanged.at(place(), message));
            }
            (Some(LocalFolder::Linked { link, real }), _) => {
                let to = match real {
                    Some(real) => format!("leads to `{real}`"),
                    None => "leads out of the repository or to nothing".to_owned(),
                };
                let message =
                    format!("`{folder}` is reached through the link `{link}`, which {to}");
                found.push(Code::Linked.at(user.location.clone(), message));
            }
            (Some(LocalFolder::NotRead(reason)), _) => {
                let message = format!("`{folder}` could not be read: {reason}");
                found.push(Code::NotRead.at(user.location.clone(), message));
            }
            (None, _) => {
                let message = format!("`{folder}` was not looked at");
                found.push(Code::NotRead.at(user.location.clone(), message));
            }
        }
    }
    made
}

fn form(lock: &CofferdamLock, found: &mut Vec<Problem>) {
    let Some(line) = lock.first_difference() else {
        return;
    };
    let file = lock.file();
    let start: usize = (file.text().split_inclusive('\n'))
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let location: Location = file.locate(Span::new(start, start));
    found.push(Code::Form.at(location, "from here on the file is not as it is written"));
}

#[cfg(test)]
mod tests;
