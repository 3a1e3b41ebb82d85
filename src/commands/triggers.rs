//! `cofferdam triggers [PATH]`: who may start what, and who approves.

mod human;
mod json;
mod markdown;

use std::collections::BTreeSet;
use std::path::PathBuf;

use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::{Data, Input, Limits, Options, Target, triggers};
use cofferdam_rules::triggers::{Approval, Protection, Row};

use crate::clock;
use crate::commands::audit::{AuditCommandError, STACK, snapshot};
use crate::environment;
use crate::output::{self, ColourChoice, Screen};

/// Say on one page who may start what, on which event, and who approves.
///
/// Every event of every workflow, with the people who can cause it, what
/// filters and conditions they meet, whose approval an environment asks for,
/// and what the started jobs hold. With a settings file, protection is known;
/// without, it is shown as not known.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  the page is whole\n  2  wrong usage\n  3  a workflow could not be \
    read as a whole\n\nExamples:\n  cofferdam triggers .\n  cofferdam triggers --settings settings.json \
    --format markdown > TRIGGERS.md"
)]
pub(crate) struct TriggersArgs {
    /// The checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Read this branch, tag or commit from git's objects, not the work tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// How the page is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,

    /// Show also what starts jobs that hold nothing, and each job by itself.
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// A table for a document.
    Markdown,
    /// Everything, for programs.
    Json,
}

pub(crate) fn run(args: &TriggersArgs, colour: ColourChoice) -> Result<Exit, AuditCommandError> {
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global()?;
    let now = clock::now();
    let options = Options {
        settings: args
            .settings
            .iter()
            .map(|p| snapshot(p))
            .collect::<Result<_, _>>()?,
        data: Data::default(),
        now,
        repository: None,
        fallback_repository: None,
        server: environment::server_host(),
        required: Vec::new(),
        limits: Limits::default(),
        only: true,
        judging: cofferdam_pipelines::Judging::default(),
    };
    let target = Target {
        name: args.path.display().to_string(),
        input: match &args.rev {
            Some(revision) => Input::Revision {
                root: args.path.clone(),
                revision: revision.clone(),
            },
            None => Input::Path(args.path.clone()),
        },
    };
    let found = triggers(&target, &options)?;
    let unwritten = |source| AuditCommandError::Output {
        name: "standard output".to_owned(),
        source,
    };
    let text = match args.format {
        Form::Human => human::render(
            &found,
            args.all,
            colour.on_stdout(),
            Screen::of_stdout().columns,
        ),
        Form::Markdown => markdown::render(&found, args.all),
        Form::Json => json::render(&found).map_err(unwritten)?,
    };
    // The audit's own rules for text from outside: a name may hold a command.
    output::print(&sanitise::inert_for_log(&text)).map_err(unwritten)?;
    Ok(if found.not_checked.iter().any(|one| one.required) {
        Exit::NotChecked
    } else {
        Exit::Clean
    })
}

/// What the jobs of a row hold together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Held {
    words: Vec<String>,
    /// Whether a token may write if the settings say so, and nothing is sure.
    perhaps: bool,
}

fn held(row: &Row) -> Held {
    let mut secrets = BTreeSet::new();
    let mut writes = BTreeSet::new();
    let mut publishes = BTreeSet::new();
    let mut perhaps = false;
    for job in &row.jobs {
        secrets.extend(job.secrets.iter().map(String::as_str));
        if job.token_assumed {
            perhaps |= !job.writes.is_empty();
        } else {
            writes.extend(job.writes.iter().map(String::as_str));
        }
        publishes.extend(job.publishes.iter().map(String::as_str));
    }
    let mut words = Vec::new();
    if !secrets.is_empty() {
        words.push(format!("secrets {}", list(&secrets)));
    }
    if !writes.is_empty() {
        words.push(format!("write: {}", list(&writes)));
    }
    if !publishes.is_empty() {
        words.push(format!("publishes: {}", list(&publishes)));
    }
    Held { words, perhaps }
}

impl Held {
    /// In words, whatever it is.
    fn text(&self) -> String {
        let mut words = self.words.clone();
        if self.perhaps {
            words.push("a token by the repository's default".to_owned());
        }
        if words.is_empty() {
            return "nothing".to_owned();
        }
        words.join("; ")
    }
}

/// Whether a row belongs on the page without `--all`.
fn matters(row: &Row) -> bool {
    row.closed.is_none() && !held(row).words.is_empty()
}

fn list(words: &BTreeSet<&str>) -> String {
    words.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The approvals on the way to the jobs of a row, each once.
fn approvals(row: &Row) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for approval in row.jobs.iter().flat_map(|job| &job.approvals) {
        let words = approval_words(approval);
        if !found.contains(&words) {
            found.push(words);
        }
    }
    found
}

fn approval_words(approval: &Approval) -> String {
    let name = &approval.environment;
    match &approval.protection {
        Protection::Unknown => format!("`{name}`: protection not known"),
        Protection::Missing => format!("`{name}`: does not exist, nobody approves"),
        Protection::Known { reviewers, refs } => {
            let who = match reviewers.as_slice() {
                [] => "nobody approves".to_owned(),
                reviewers => format!("{} approves", reviewers.join(" or ")),
            };
            match refs {
                Some(refs) => format!("`{name}`: {who}; only from {refs}"),
                None => format!("`{name}`: {who}; from any ref"),
            }
        }
    }
}

/// The filters that decide who or what gets through; paths, which whoever makes
/// the change chooses, only where everything is shown.
fn filters(row: &Row, all: bool) -> Vec<&str> {
    row.filters
        .iter()
        .map(String::as_str)
        .filter(|f| all || !f.starts_with("paths"))
        .collect()
}

/// The conditions on the way to the jobs of a row, each once.
fn conditions(row: &Row) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for condition in row.jobs.iter().flat_map(|job| &job.conditions) {
        if !found.contains(&condition.as_str()) {
            found.push(condition);
        }
    }
    found
}
