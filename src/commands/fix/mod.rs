//! `cofferdam fix`: what the audit finds, mended where an edit can do it.

mod show;
pub(super) mod write;

use std::io;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use cofferdam_facts::Timestamp;
use cofferdam_findings::{Exit, sanitise};
use cofferdam_fixes::Wanted;
use cofferdam_pipelines::{
    AuditError, Input, Judging, Limits, Mended, Options, Slug, Target, mend,
};

use super::audit::{self, AuditCommandError, STACK};
use crate::clock;
use crate::environment;
use crate::failure::Failure;
use crate::output;

/// Mend what the audit finds, where an edit can do it.
///
/// Prints the edits as a unified diff; `--write` makes them. All else in the
/// files stays as it is, comments and line ends included. A fix is offered only
/// if the audit of the result no longer has its finding and has no other one. A
/// safe fix provably changes nothing that is wanted; the others come with
/// `--unsafe`, and each says what to check. What the configuration or a comment
/// silences is left alone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  nothing to mend, or everything is written\n  \
    1  there are fixes that were not written\n  2  wrong usage\n  \
    3  something was not understood or could not be written"
)]
pub(crate) struct FixArgs {
    /// Checkouts, or single files of one.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Write the files.
    #[arg(long)]
    write: bool,
    /// Take fixes too that may change something that is wanted.
    #[arg(long = "unsafe")]
    unsafe_too: bool,
    /// Mend findings of this rule only; may be given several times.
    #[arg(long, value_name = "ID", value_parser = ids(), hide_possible_values = true)]
    rule: Vec<String>,
    /// Say of every finding that is left why it is.
    #[arg(long)]
    all: bool,
    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Vec<PathBuf>,
    /// The repository that this is, where its remote does not say so or says
    /// something else, as for a fork.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    repository: Option<Slug>,
    /// The organisation's file.
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
    /// Heed nothing that the repository says about itself.
    #[arg(long)]
    no_config: bool,
    /// The day of the run, for what expires; today by default.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Timestamp>,
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}

fn date(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("write it as YYYY-MM-DD")
}

/// The rules that have a fixer.
fn ids() -> PossibleValuesParser {
    let value = |fixer: &&cofferdam_fixes::Fixer| PossibleValue::new(fixer.rule);
    PossibleValuesParser::new(cofferdam_fixes::FIXERS.iter().map(value))
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FixError {
    /// A checkout could not be read or judged, or an argument is wrong.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// A file cannot be written.
    #[error("{}: {reason}", file.display())]
    Write { file: PathBuf, reason: WriteReason },
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(io::Error),
}

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteReason {
    /// The file, or a folder on the way to it, is a link.
    #[error("it is reached by a symbolic link, and is not written through it")]
    Link,
    /// It is not a regular file.
    #[error("it is no regular file")]
    NotAFile,
    /// Nobody may write it.
    #[error("it is read-only")]
    ReadOnly,
    /// Somebody has changed it meanwhile.
    #[error("it is no longer what was read")]
    Changed,
    /// The operating system refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<FixError> for Failure {
    fn from(error: FixError) -> Self {
        match error {
            FixError::Audit(inner) => inner.into(),
            FixError::Write { .. } => {
                let hint =
                    "a file is written whole or not at all; run it again when this is mended";
                Self::not_checked(&error).hint(Some(hint))
            }
            FixError::Output(_) => Self::usage(&error),
        }
    }
}

pub(crate) fn run(args: &FixArgs) -> Result<Exit, FixError> {
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global()
        .map_err(AuditCommandError::from)?;
    let options = options(args)?;
    let wanted = Wanted {
        unsafe_too: args.unsafe_too,
        rules: args.rule.clone(),
        ..Wanted::default()
    };
    let mut exit = Exit::Clean;
    for path in &args.paths {
        let target = Target {
            name: path.display().to_string(),
            input: Input::Path(path.clone()),
        };
        let mended = mend(&target, &wanted, &options).map_err(failed)?;
        if args.write {
            write::all(&mended.rewrites)?;
        }
        let text = show::text(&mended, args.write, args.all);
        output::print(&sanitise::inert_for_log(&text)).map_err(FixError::Output)?;
        exit = exit.and(outcome(&mended, args.write));
    }
    Ok(exit)
}

fn failed(error: AuditError) -> FixError {
    AuditCommandError::from(error).into()
}

/// How the program ends for one checkout.
fn outcome(mended: &Mended, written: bool) -> Exit {
    let open = !mended.rewrites.is_empty() && !written;
    let unread = mended.report.not_checked.iter().any(|one| one.required);
    match (open, unread) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::NotChecked,
        (false, false) => Exit::Clean,
    }
}

fn options(args: &FixArgs) -> Result<Options, FixError> {
    let now = args.date.unwrap_or_else(clock::now);
    let targets: Vec<Target> = (args.paths.iter())
        .map(|path| Target {
            name: path.display().to_string(),
            input: Input::Path(path.clone()),
        })
        .collect();
    let settings = (args.settings.iter())
        .map(|path| audit::snapshot(path))
        .collect::<Result<_, _>>()?;
    Ok(Options {
        settings,
        data: audit::data_in_force(now),
        now,
        repository: args.repository.clone(),
        fallback_repository: audit::of_job(&targets),
        server: environment::server_host(),
        required: Vec::new(),
        limits: Limits::default(),
        only: args.paths.len() == 1,
        judging: Judging {
            nothing_of_its_own: args.no_config,
            organisation: (args.organisation.as_deref())
                .map(audit::organisation)
                .transpose()?,
            settings: args.settings.clone(),
            ..Judging::default()
        },
    })
}
