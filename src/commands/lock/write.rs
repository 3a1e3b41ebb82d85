//! `cofferdam lock write [PATH]`: both locks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cofferdam_facts::Pin;
use cofferdam_findings::Exit;
use cofferdam_locking::references::{What, why_loose};
use cofferdam_pipelines::locking::place::Writing;
use cofferdam_pipelines::locking::write::{Planned, Theirs, WriteOptions, plan};
use cofferdam_pipelines::{Limits, locking};
use cofferdam_workflows::documents::{actions_lock, cofferdam_lock};

use super::{LockError, say};
use crate::commands::network::NetworkArgs;

/// Lock everything that is referred to, and write down what it is.
///
/// What is locked already stays as it is; what is new is resolved, followed to
/// its last action and hashed; what nothing refers to any more is left out. The
/// numbers that actions.lock requires come from the file that stands there, the
/// cache, or one question a repository; without them that file is not written.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  both locks are written, or were right already\n  1  something \
    cannot be locked as it is\n  2  wrong usage\n  3  something could not be found out; \
    actions.lock, or nothing, is written"
)]
pub(crate) struct WriteArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Read every action again, those included that are locked already.
    #[arg(long)]
    fresh: bool,
    /// Leave actions.lock alone, for hosts that know no such file.
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
    for failure in &planned.failures {
        wrong |= failure.why.is_wrong();
        open |= !failure.why.is_wrong();
        let word = if failure.why.is_wrong() {
            "error"
        } else {
            "not checked"
        };
        lines.push(format!("{}: {word}: {}", failure.pin, failure.why));
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
        lines.push(format!("image {image}: not checked: {error}"));
    }
    for (folder, reason) in &planned.folders {
        open = true;
        lines.push(format!("local action {folder}: not checked: {reason}"));
    }
    lines.extend(left_open(planned));
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
            lines.push(format!("{} is not written: {why}", actions_lock::PLACE));
        }
    }
    let exit = match (wrong, open) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::NotChecked,
        (false, false) => Exit::Clean,
    };
    Ok((lines, exit))
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
    lines
}

fn state(place: &str, changed: bool) -> String {
    match changed {
        true => format!("{place} is written"),
        false => format!("{place} is as it should be"),
    }
}
