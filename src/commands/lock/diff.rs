//! `cofferdam lock diff --base REV`: what a change means.

use std::path::PathBuf;

use cofferdam_findings::{Exit, sanitise};
use cofferdam_locking::difference::released;
use cofferdam_pipelines::locking::diff::{diff, locked};
use cofferdam_pipelines::{Limits, locking};

use super::{Form, LockError, markdown, say_json};
use crate::commands::network::NetworkArgs;
use crate::output;

/// Say what changed in the locks since a commit, and what that means.
///
/// Written as Markdown for a pull request. The code behind changed pins is
/// compared as far as the cache holds it; with --online it is fetched.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  the difference is shown\n  1  a commit that is the same has \
    another content, a content hash is gone, or GitHub no longer holds\n     a workflow to its lock\n  2  wrong usage\n  3  one of the two could not be read"
)]
pub(crate) struct DiffArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// The commit, branch or tag to compare with.
    #[arg(long, value_name = "REV")]
    base: String,
    /// The commit, branch or tag that is compared; by default the work tree.
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// Fetch the code behind changed pins where the cache does not hold it.
    #[arg(long, conflicts_with = "offline")]
    online: bool,
    /// How the result is written; for reading it is Markdown.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: &DiffArgs) -> Result<Exit, LockError> {
    let limits = Limits::default();
    let base = locking::open_revision(&args.path, &args.base, &limits)?;
    let head = match &args.head {
        Some(revision) => locking::open_revision(&args.path, revision, &limits)?,
        None => locking::open(&args.path, &limits)?,
    };
    for opened in [&base, &head] {
        if let Some((path, problem)) = opened.first_problem() {
            return Err(LockError::NoLock {
                path: path.into(),
                reason: problem,
            });
        }
    }
    let network = if args.online {
        args.network.open()?
    } else {
        args.network.open_offline()?
    };
    let mut found = diff(
        &locked(&base),
        &locked(&head),
        &[&head, &base],
        &args.network.host_name(),
        Some(&network.git),
    );
    let theirs = |opened: &'_ locking::Opened| opened.repository.actions_locks.first().cloned();
    found.released = released(theirs(&base).as_ref(), theirs(&head).as_ref(), |path| {
        head.repository.workflow(path).is_some()
    });
    match args.format {
        Form::Human => {
            let text = markdown::render(&found);
            output::print(&sanitise::inert_for_log(&text))?;
        }
        Form::Json => say_json(&markdown::value(&found))?,
    }
    let is_weaker = !found.released.is_empty()
        || (found.actions.iter()).any(|change| change.content_forged() || change.hash_lost());
    Ok(if is_weaker {
        Exit::Findings
    } else {
        Exit::Clean
    })
}
