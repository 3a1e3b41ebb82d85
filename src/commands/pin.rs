//! `cofferdam pin`: actions, reusable workflows and images by what they hold.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::Limits;
use cofferdam_pipelines::pins::{self, Code, Options, Outcome, Problem};
use cofferdam_registries::git::PUBLIC_HOST;
use serde_json::{Value, json};

use super::audit::{AuditCommandError, STACK};
use super::fix::{FixError, write as files};
use super::network::{MIRRORS, Network, NetworkArgs, NetworkError};
use crate::failure::Failure;
use crate::output;

/// The version of the JSON form.
const FORM: u32 = 1;

/// Pin actions, reusable workflows and images to commits and digests.
#[derive(Debug, clap::Args)]
pub(crate) struct PinArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say what is not pinned, and which pins are not what they say.
    ///
    /// Finds tags and branches in the place of commits, commits that belong to
    /// no branch or tag of the repository (impostors), comments that name
    /// another version, names that are both a tag and a branch, and
    /// repositories that were renamed or created anew. What cannot be told is
    /// named, and never counts as right.
    #[command(after_help = EXIT_CODES)]
    Check(CheckArgs),
    /// Write commits and digests in the place of tags, with the version behind.
    ///
    /// All else in the files stays as it is. What is not known for sure is left
    /// as it is and named.
    #[command(after_help = EXIT_CODES)]
    Write(WriteArgs),
}

const EXIT_CODES: &str = "Exit codes:\n  0  everything is pinned and proven\n  \
    1  something is wrong, or was left unwritten\n  2  wrong usage\n  \
    3  something could not be told or written; 1 wins where both";

#[derive(Debug, clap::Args)]
struct CommonArgs {
    /// A checkout, or a single file of one.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Look at the images in this values file of a Helm chart too, named from
    /// the root of the checkout; may be given several times.
    #[arg(long, value_name = "FILE")]
    helm_values: Vec<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    #[command(flatten)]
    network: NetworkArgs,
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// Judge only what a change touches: what stands in other words, or more
    /// often, than in this branch, tag or commit.
    #[arg(long, value_name = "REV")]
    base: Option<String>,
}

#[derive(Debug, clap::Args)]
struct WriteArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// Say what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
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
pub(crate) enum PinError {
    /// The checkout cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// An address, a token or the proxy cannot be used.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] FixError),
    /// There is nothing that could name anything.
    #[error(
        "nothing-to-read: {} holds no workflow, no action, no Dockerfile and no compose file",
        path.display()
    )]
    NothingToRead {
        /// The path.
        path: PathBuf,
    },
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(io::Error),
}

impl From<PinError> for Failure {
    fn from(error: PinError) -> Self {
        match error {
            PinError::Audit(inner) => inner.into(),
            PinError::Write(inner) => inner.into(),
            PinError::Network(_) => Self::usage(&error),
            PinError::NothingToRead { .. } => {
                Self::not_checked(&error).hint(Some("name the root of a repository"))
            }
            PinError::Output(_) => Self::not_checked(&error),
        }
    }
}

pub(crate) fn run(args: &PinArgs) -> Result<Exit, PinError> {
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global()
        .map_err(AuditCommandError::from)?;
    let (common, verb, base) = match &args.what {
        What::Check(args) => (&args.common, Verb::Check, args.base.as_deref()),
        What::Write(args) if args.dry_run => (&args.common, Verb::Preview, None),
        What::Write(args) => (&args.common, Verb::Write, None),
    };
    let network = common.network.open()?;
    let options = Options {
        git: &network.git,
        oci: &network.oci,
        host: PUBLIC_HOST,
        helm: &common.helm_values,
        limits: Limits::default(),
        recorded: pins::Recorded::new(),
        base,
    };
    let outcome = match verb {
        Verb::Check => pins::check(&common.path, &options),
        Verb::Preview | Verb::Write => pins::write(&common.path, &options),
    }
    .map_err(AuditCommandError::from)?;
    if outcome.is_nothing && base.is_none() {
        let path = common.path.clone();
        return Err(PinError::NothingToRead { path });
    }
    if verb == Verb::Write {
        files::all(&outcome.rewrites)?;
    }
    let text = match common.format {
        Form::Human => human(&outcome, verb, &network),
        Form::Json => format!("{:#}\n", json(&outcome, verb, &network)),
    };
    output::print(&sanitise::inert_for_log(&text)).map_err(PinError::Output)?;
    Ok(exit(&outcome, verb))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Check,
    Preview,
    Write,
}

fn exit(outcome: &Outcome, verb: Verb) -> Exit {
    let open = verb == Verb::Preview && !outcome.rewrites.is_empty();
    if open || !outcome.problems.is_empty() {
        Exit::Findings
    } else if outcome.not_checked.iter().any(|one| one.required) {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

/// A message without the cause for which a host did not answer, if that was told
/// before.
fn once<'m>(message: &'m str, told: &mut BTreeSet<&'m str>) -> Cow<'m, str> {
    const SILENT: &str = "no answer came";
    match message.split_once(SILENT) {
        Some((head, cause)) if !told.insert(cause) => {
            Cow::Owned(format!("{head}{SILENT}, as above"))
        }
        _ => Cow::Borrowed(message),
    }
}

fn human(outcome: &Outcome, verb: Verb, network: &Network) -> String {
    let mut out = String::new();
    for problem in &outcome.problems {
        let at = &problem.location;
        let _ = writeln!(
            out,
            "{}:{}:{}  {}\n    {}",
            sanitise::line(&at.path),
            at.line,
            at.column,
            problem.code.as_str(),
            sanitise::line(&problem.message),
        );
        let settle = settle(problem);
        let _ = match problem.unwritten {
            Some(why) => writeln!(out, "    left as it is: {why}; {settle}"),
            None => writeln!(out, "    {settle}"),
        };
    }
    let mut told = BTreeSet::new();
    for one in &outcome.not_checked {
        let at = one.location.as_ref().map_or_else(String::new, |at| {
            format!("{}:{}:{}  ", sanitise::line(&at.path), at.line, at.column)
        });
        let message = sanitise::line(&once(&one.message, &mut told)).into_owned();
        let _ = writeln!(out, "{at}not checked\n    {message}\n    {}", one.settle);
    }
    for note in &outcome.notes {
        let at = &note.location;
        let _ = writeln!(
            out,
            "{}:{}:{}  note: {}\n    {}\n    {}",
            sanitise::line(&at.path),
            at.line,
            at.column,
            note.code.as_str(),
            sanitise::line(&note.message),
            note.code.settle(),
        );
    }
    for change in &outcome.changes {
        let at = &change.location;
        let version = change.version.as_deref().map(|one| format!(" # {one}"));
        let _ = writeln!(
            out,
            "{}:{}:{}  {} -> {}{}",
            sanitise::line(&at.path),
            at.line,
            at.column,
            sanitise::line(&change.old),
            sanitise::line(&change.new),
            sanitise::line(&version.unwrap_or_default()),
        );
    }
    for rewrite in &outcome.rewrites {
        let word = if verb == Verb::Write {
            "wrote"
        } else {
            "would write"
        };
        let _ = writeln!(out, "{word} {}", sanitise::line(&rewrite.name));
    }
    let requests = match network.git.counts().total() + network.oci.requests() {
        1 => "1 request".to_owned(),
        many => format!("{many} requests"),
    };
    let _ = writeln!(
        out,
        "{} named, {} pinned and proven, {} wrong, {} not checked; {requests}",
        outcome.places,
        pinned(outcome, verb),
        outcome.problems.len(),
        outcome.not_checked.len(),
    );
    if outcome.untouched > 0 {
        let _ = writeln!(
            out,
            "{} more that the change does not touch were not judged",
            outcome.untouched
        );
    }
    let by_cache = &outcome.by_cache;
    let dates = || by_cache.fetched.values();
    if let (Some(first), Some(last)) = (dates().min(), dates().max()) {
        let (first, last) = (first.date(), last.date());
        let until = if first == last {
            String::new()
        } else {
            format!(" to {last}")
        };
        let _ = writeln!(
            out,
            "{} of them by the cache, fetched {first}{until}: nobody was asked what is so now",
            by_cache.pinned
        );
    }
    if (outcome.not_checked.iter()).any(|one| one.message.contains("no answer came from ")) {
        let _ = writeln!(out, "{MIRRORS}");
    }
    if verb == Verb::Preview && outcome.newly > 0 {
        let _ = writeln!(out, "{} would be pinned besides", outcome.newly);
    }
    if verb == Verb::Write && outcome.has_lock && !outcome.rewrites.is_empty() {
        let _ = writeln!(
            out,
            "the lock names what stood there before: now run `cofferdam lock write`"
        );
    }
    out
}

/// What is pinned once the command has ended.
fn pinned(outcome: &Outcome, verb: Verb) -> usize {
    match verb {
        Verb::Preview => outcome.pinned.saturating_sub(outcome.newly),
        Verb::Check | Verb::Write => outcome.pinned,
    }
}

/// What to do about a problem; where it was left unwritten, not the same again.
fn settle(problem: &Problem) -> &'static str {
    match (problem.unwritten, problem.code) {
        (Some(_), Code::NotPinned | Code::ImageNotPinned) => {
            "find out what it stands for, and write the commit or digest by hand"
        }
        _ => problem.code.settle(),
    }
}

fn json(outcome: &Outcome, verb: Verb, network: &Network) -> Value {
    let problems: Vec<Value> = (outcome.problems.iter())
        .map(|one| {
            json!({
                "code": one.code.as_str(),
                "path": &*one.location.path,
                "line": one.location.line,
                "column": one.location.column,
                "written": one.written,
                "message": one.message,
                "settle": settle(one),
                "left_because": one.unwritten,
            })
        })
        .collect();
    let not_checked: Vec<Value> = (outcome.not_checked.iter())
        .map(|one| {
            json!({
                "code": one.code,
                "path": one.location.as_ref().map(|at| &*at.path),
                "line": one.location.as_ref().map(|at| at.line),
                "message": one.message,
                "settle": one.settle,
                "required": one.required,
            })
        })
        .collect();
    let notes: Vec<Value> = (outcome.notes.iter())
        .map(|one| {
            json!({
                "code": one.code.as_str(),
                "path": &*one.location.path,
                "line": one.location.line,
                "column": one.location.column,
                "message": one.message,
                "settle": one.code.settle(),
            })
        })
        .collect();
    let changes: Vec<Value> = (outcome.changes.iter())
        .map(|one| {
            json!({
                "path": &*one.location.path,
                "line": one.location.line,
                "old": one.old,
                "new": one.new,
                "version": one.version,
            })
        })
        .collect();
    let counts = network.git.counts();
    json!({
        "form": FORM,
        "named": outcome.places,
        "pinned": pinned(outcome, verb),
        "would_pin": outcome.newly,
        "changes": changes,
        "problems": problems,
        "not_checked": not_checked,
        "notes": notes,
        "untouched": outcome.untouched,
        "by_cache": {
            "pinned": outcome.by_cache.pinned,
            "fetched": outcome.by_cache.fetched,
        },
        "files": outcome.rewrites.iter().map(|one| &one.name).collect::<Vec<_>>(),
        "written": verb == Verb::Write && !outcome.rewrites.is_empty(),
        "requests": {
            "greetings": counts.greetings,
            "listings": counts.listings,
            "commits": counts.commits,
            "histories": counts.histories,
            "rest": counts.rest,
            "system_git": counts.system,
            "again": counts.again,
            "registries": network.oci.requests(),
        },
    })
}
