//! `cofferdam lock`: what a repository refers to, fixed, explained and proven.

use std::io;
use std::path::PathBuf;

use cofferdam_findings::{Exit, NotChecked, sanitise};
use cofferdam_pipelines::AuditError;
use cofferdam_pipelines::locking::place::PlaceError;
use cofferdam_pipelines::locking::verify::VerifyError;
use cofferdam_pipelines::locking::write::PlanError;

use crate::commands::audit::STACK;
use crate::commands::network::NetworkError;
use crate::failure::Failure;
use crate::output;

mod check;
mod diff;
mod markdown;
mod tree;
mod update;
mod verify;
mod why;
mod write;

/// Lock what workflows refer to: actions at any depth, images, tools, downloads.
///
/// Commits stand in GitHub's own `.github/workflows/actions.lock`; everything
/// that it leaves open stands beside it in `.github/cofferdam.lock`.
#[derive(Debug, clap::Args)]
pub(crate) struct LockArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Write(write::WriteArgs),
    Check(check::CheckArgs),
    Update(update::UpdateArgs),
    Diff(diff::DiffArgs),
    Why(why::WhyArgs),
    Tree(tree::TreeArgs),
    Verify(verify::VerifyArgs),
}

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For reading.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// The repository cannot be read.
    #[error(transparent)]
    Read(#[from] AuditError),
    /// The runner's folder cannot be read.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Nothing tells where the runner's folder is.
    #[error("nothing tells where the runner keeps its actions")]
    NoFolder,
    /// There is no lock to go by.
    #[error("{} cannot be used: {reason}", path.display())]
    NoLock {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Nobody can be asked.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// There is nothing that could be written.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A file cannot be put in its place.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// There is no such folder.
    #[error("there is no folder {}", path.display())]
    NoRoot {
        /// The path.
        path: PathBuf,
    },
    /// There is nothing that a lock could cover.
    #[error(
        "nothing-to-read: {} holds no workflow, no action and no Dockerfile, so that there is \
         nothing to lock",
        path.display()
    )]
    NothingToRead {
        /// The path.
        path: PathBuf,
    },
    /// Nothing is called so.
    #[error("nothing that this repository refers to is called `{name}`")]
    NoName {
        /// The name.
        name: String,
    },
    /// Work cannot be spread over threads.
    #[error(transparent)]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let hint = match &error {
            LockError::Read(inner) => inner.hint(),
            LockError::NoFolder => Some(
                "name it with `--actions DIR`; in a job it is `_actions` beside the work folder",
            ),
            LockError::NoLock { .. } => {
                Some("name the lock with `--lock FILE`, or write one with `cofferdam lock write`")
            }
            LockError::NothingToRead { .. } => Some("name the root of a repository"),
            LockError::NoName { .. } => Some("`cofferdam lock tree` shows everything"),
            LockError::Place(PlaceError::Busy { .. }) => Some("wait for it, and run again"),
            _ => None,
        };
        let failure = match &error {
            LockError::Read(inner) if !inner.is_usage() => Self::not_checked(&error),
            LockError::Verify(_)
            | LockError::NoLock { .. }
            | LockError::NothingToRead { .. }
            | LockError::Plan(_)
            | LockError::Place(_)
            | LockError::Output(_) => Self::not_checked(&error),
            _ => Self::usage(&error),
        };
        failure.hint(hint)
    }
}

pub(crate) fn run(args: &LockArgs) -> Result<Exit, LockError> {
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global()?;
    match &args.what {
        What::Write(args) => write::run(args),
        What::Update(args) => update::run(args),
        What::Diff(args) => diff::run(args),
        What::Check(args) => check::run(args),
        What::Why(args) => why::run(args),
        What::Tree(args) => tree::run(args),
        What::Verify(args) => verify::run(args),
    }
}

/// Prints lines that may hold names from anywhere.
fn say(lines: &[String]) -> io::Result<()> {
    let text: String = (lines.iter())
        .map(|line| format!("{}\n", sanitise::line(line)))
        .collect();
    output::print(&sanitise::inert_for_log(&text))
}

/// Prints a value for programs.
fn say_json(value: &serde_json::Value) -> io::Result<()> {
    let text = format!("{value:#}\n");
    output::print(&sanitise::inert_for_log(&text))
}

/// One thing that was not read, as a line.
fn gap_line(gap: &NotChecked) -> String {
    let place = gap.location.as_ref().map_or_else(String::new, |at| {
        format!("{}:{}:{}: ", at.path, at.line, at.column)
    });
    format!("{place}not checked[{}]: {}", gap.code, gap.message)
}

fn gap_json(gap: &NotChecked) -> serde_json::Value {
    serde_json::json!({
        "code": gap.code,
        "path": gap.location.as_ref().map(|at| at.path.to_string()),
        "line": gap.location.as_ref().map(|at| at.line),
        "message": gap.message,
        "fix": gap.settle,
        "required": gap.required,
    })
}
