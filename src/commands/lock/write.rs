//! `cofferdam lock write [PATH]`: both locks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cofferdam_facts::Pin;
use cofferdam_findings::Exit;
use cofferdam_locking::references::{What, why_loose};
use cofferdam_locking::tools;
use cofferdam_pipelines::locking::place::Writing;
use cofferdam_pipelines::locking::resolve::{Failure, Why};
use cofferdam_pipelines::locking::write::{NotWritten, Planned, Theirs, WriteOptions, plan};
use cofferdam_pipelines::{Limits, locking};
use cofferdam_registries::git::GitError;
use cofferdam_registries::oci::OciError;
use cofferdam_workflows::documents::cofferdam_lock::{Hash, Key};
use cofferdam_workflows::documents::{actions_lock, cofferdam_lock};

use super::{LockError, say};
use crate::commands::network::{MIRRORS, NetworkArgs};

/// Lock everything that is referred to, and write down what it is.
///
/// What is locked already stays as it is; what is new is resolved, followed to
/// its last action and hashed; what nothing refers to any more is left out. The
/// numbers that actions.lock requires come from the file that stands there, the
/// cache, or one question a repository; without them that file is not written.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  both locks are written, or were right already\n  1  something \
    cannot be locked as it is\n  2  wrong usage\n  3  something could not be found out: \
    nothing is written, or cofferdam.lock without actions.lock,\n     or both with a hole that is \
    named, as an image whose registry did not answer"
)]
pub(crate) struct WriteArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Read every action again, those included that are locked already.
    #[arg(long)]
    fresh: bool,
    /// Leave actions.lock alone, for hosts that know no such file; the lock says so,
    /// and `lock check` asks for none.
    #[arg(long)]
    no_actions_lock: bool,
    /// Agree that some paths of this action are no part of its hash, because they
    /// depend on the machine; may be given several times. `lock verify` names them
    /// each time, and no longer ends with 3 for them.
    #[arg(long, value_name = "OWNER/REPO@REF", value_parser = pin)]
    accept_excluded: Vec<Pin>,
    /// Ask no registry for the digests of images that no reference names.
    #[arg(long)]
    no_images: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

fn pin(text: &str) -> Result<Pin, &'static str> {
    Pin::parse(text).ok_or("write it as OWNER/REPO@REF, as it stands in the lock")
}

pub(crate) fn run(args: &WriteArgs) -> Result<Exit, LockError> {
    let limits = Limits::default();
    let root = root(&args.path)?;
    let writing = Writing::begin(&root)?;
    let opened = locking::open(&root, &limits)?;
    if opened.is_nothing() {
        return Err(LockError::NothingToRead { path: root });
    }
    let network = args.network.open()?;
    let images = (!args.no_images).then_some(&network.oci);
    let options = WriteOptions {
        host: args.network.host_name(),
        actions_lock: !args.no_actions_lock,
        fresh: args.fresh,
        renewed: BTreeSet::new(),
        accepted: args.accept_excluded.iter().cloned().collect(),
        limits,
    };
    let planned = plan(&opened, &network.git, images, &options)?;
    let (mut lines, exit) = place(&planned, &writing)?;
    lines.extend(opened.not_checked.iter().map(super::gap_line));
    lines.extend(network.by_cache());
    let unread = opened.unread();
    lines.extend(unread.iter().map(super::check::line));
    say(&lines)?;
    let open = !unread.is_empty() || opened.not_checked.iter().any(|gap| gap.required);
    Ok(match exit {
        Exit::Clean if open => Exit::NotChecked,
        exit => exit,
    })
}

/// The root itself: `.github` in a folder that is none would be a surprise.
pub(super) fn root(path: &Path) -> Result<PathBuf, LockError> {
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    Err(LockError::NoRoot {
        path: path.to_owned(),
    })
}

/// Puts what was worked out in its place and says what happened.
pub(super) fn place(
    planned: &Planned,
    writing: &Writing,
) -> Result<(Vec<String>, Exit), LockError> {
    let mut lines = Vec::new();
    let mut wrong = false;
    let mut open = false;
    let mut told = BTreeSet::new();
    for failure in &planned.failures {
        wrong |= failure.why.is_wrong();
        open |= !failure.why.is_wrong();
        lines.push(failed(planned, failure, &mut told));
    }
    for reference in &planned.loose {
        let What::Loose(written) = &reference.what else {
            continue;
        };
        wrong = true;
        let at = &reference.location;
        lines.push(format!(
            "{}:{}:{}: error[ref-missing]: {}",
            at.path,
            at.line,
            at.column,
            why_loose(written)
        ));
    }
    for (image, error) in &planned.images {
        open = true;
        let at = place_of(planned, &Key::Image(image.clone()));
        let at = at.or_else(|| place_of(planned, &Key::Base(image.clone())));
        let at = at.unwrap_or_default();
        let error = match error {
            OciError::Http { source, .. } => once(&source.to_string(), &mut told),
            other => other.to_string(),
        };
        lines.push(format!("{at}image {image}: not checked: {error}"));
    }
    for (folder, reason) in &planned.folders {
        open = true;
        lines.push(format!("local action {folder}: not checked: {reason}"));
    }
    lines.extend(left_open(planned));
    lines.extend(without_hash(planned));
    match &planned.ours {
        Some(text) => {
            let changed = writing.ours(text)?;
            lines.push(state(cofferdam_lock::PLACE, changed));
        }
        None => lines.push("nothing is written: a lock with holes is none".to_owned()),
    }
    match &planned.theirs {
        Theirs::Text(text) => {
            let changed = writing.theirs(text)?;
            lines.push(state(actions_lock::PLACE, changed));
        }
        Theirs::None => {}
        Theirs::Not(_) if planned.ours.is_none() => {}
        Theirs::Not(why) => {
            open = true;
            let source = match why {
                NotWritten::Ids { source, .. } => unreachable(source),
                _ => None,
            };
            told.extend(source);
            lines.push(format!("{} is not written: {why}", actions_lock::PLACE));
        }
    }
    if !told.is_empty() {
        lines.push(MIRRORS.to_owned());
    }
    let exit = match (wrong, open) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::NotChecked,
        (false, false) => Exit::Clean,
    };
    Ok((lines, exit))
}

/// What cannot be locked, at the first place that names it.
fn failed(planned: &Planned, failure: &Failure, told: &mut BTreeSet<String>) -> String {
    let at = place_of(planned, &Key::Action(failure.pin.clone())).unwrap_or_default();
    let word = if failure.why.is_wrong() {
        "error"
    } else {
        "not checked"
    };
    let why = match &failure.why {
        Why::Git(error) => match unreachable(error) {
            Some(source) => once(&source, told),
            None => error.to_string(),
        },
        other => other.to_string(),
    };
    format!("{at}{word}: {}: {why}", failure.pin)
}

/// What happened, where a host did not answer at all.
fn unreachable(error: &GitError) -> Option<String> {
    match error {
        GitError::Http { source, .. } => Some(source.to_string()),
        _ => None,
    }
}

/// A cause that many things have is told once.
fn once(source: &str, told: &mut BTreeSet<String>) -> String {
    match told.insert(source.to_owned()) {
        true => source.to_owned(),
        false => "no answer came, as above".to_owned(),
    }
}

/// The first place of the checkout that names something, ready to be put before a
/// message; `None` for what others bring in.
fn place_of(planned: &Planned, key: &Key) -> Option<String> {
    let at = planned.places.get(key)?;
    Some(format!("{}:{}:{}: ", at.path, at.line, at.column))
}

/// What is locked by its name alone, since nobody says what its content must be.
fn without_hash(planned: &Planned) -> Vec<String> {
    let contents = &planned.contents;
    if planned.ours.is_none() {
        return Vec::new();
    }
    let failed: BTreeSet<&str> = planned.images.iter().map(|(name, _)| &**name).collect();
    let unknown = |list: &BTreeMap<String, Hash>| -> Vec<String> {
        (list.iter())
            .filter(|(name, hash)| **hash == Hash::NotKnown && !failed.contains(name.as_str()))
            .map(|(name, _)| name.clone())
            .collect()
    };
    let images = unknown(&contents.images).into_iter();
    let images = images.map(|name| (Key::Image(name), "write its digest into the reference"));
    let bases = unknown(&contents.bases).into_iter();
    let bases = bases.map(|name| (Key::Base(name), "write its digest into the Dockerfile"));
    let tools = contents.tools.keys().map(|tool| {
        let what = match tool.version == tools::CHOSEN {
            true => "no version is asked for, so that the action chooses; name one",
            false => "the version is what is asked for, and the action decides what that is",
        };
        (Key::Tool(tool.clone()), what)
    });
    let downloads = unknown(&contents.downloads).into_iter();
    let downloads = downloads.map(|name| {
        let what = "what the address serves is run; compare it with a hash, or keep it in the \
            repository";
        (Key::Download(name), what)
    });
    (images.chain(bases).chain(tools))
        .chain(downloads)
        .map(|(key, what)| {
            let at = place_of(planned, &key).unwrap_or_default();
            let (section, name) = key.parts();
            let section = section.strip_suffix('s').unwrap_or(section);
            let inside = if at.is_empty() {
                " (inside of an action)"
            } else {
                ""
            };
            format!("{at}gap: {section} {name}{inside}: no hash known: {what}")
        })
        .collect()
}

/// What the lock says of itself that it does not fix.
fn left_open(planned: &Planned) -> Vec<String> {
    let mut lines = Vec::new();
    if planned.ours.is_none() {
        return lines;
    }
    let listed = |paths: &BTreeSet<String>| {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        paths.join(", ")
    };
    for (pin, entry) in &planned.contents.actions {
        for one in &entry.undecided {
            lines.push(format!("{pin}: gap: nobody can tell: {one}"));
        }
        if entry.excluded.is_empty() {
            continue;
        }
        let what = listed(&entry.excluded);
        lines.push(if entry.excluded == entry.accepted {
            format!("{pin}: note: no part of its hash, and accepted: {what}")
        } else {
            format!(
                "{pin}: gap: no part of its hash, so that `lock verify` ends with 3: {what}; look \
                 at them, and agree with `cofferdam lock write --accept-excluded {pin}`"
            )
        });
    }
    for (folder, hash) in &planned.contents.local {
        if hash.known().is_none() && planned.folders.iter().all(|(known, _)| known != folder) {
            lines.push(format!(
                "local action {folder}: gap: nobody can tell: the checkout has no such folder, \
                 and what the job puts there is compared with nothing"
            ));
        }
    }
    lines
}

fn state(place: &str, changed: bool) -> String {
    match changed {
        true => format!("{place} is written"),
        false => format!("{place} is as it should be"),
    }
}
