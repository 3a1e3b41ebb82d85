//! `cofferdam insights renew`: the description of a project's security,
//! brought up to date as far as the checkout tells.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_facts::Timestamp;
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::{Limits, RenewError, RenewalOptions, Renewed, Slug, renew};
use cofferdam_workflows::insights::questions::Question;
use cofferdam_workflows::insights::renewal::Renewal;
use similar::TextDiff;

use crate::clock;
use crate::environment;
use crate::failure::Failure;
use crate::output;

/// The most lines of a difference that are printed.
const MOST_LINES: usize = 400;

/// Keep SECURITY-INSIGHTS true and up to date.
#[derive(Debug, clap::Args)]
pub(crate) struct InsightsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Renew what the checkout tells, and ask what only a person knows.
    ///
    /// Mends links to files that have moved, says what workflows, bots and
    /// licence show, and moves the dates; every other byte of the file stays.
    /// Without a file a draft is made in which `TO ANSWER` marks what is not
    /// known. Nothing is written without `--write`. The date of the review is
    /// left as it is while the checkout contradicts a claim.
    #[command(
        after_help = "Exit codes:\n  0  up to date, or written with nothing left to mend\n  \
        1  something is to be written or mended\n  2  wrong usage\n  \
        3  the file or the checkout could not be understood"
    )]
    Renew(RenewArgs),
}

#[derive(Debug, clap::Args)]
struct RenewArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Write the file. By that you answer its questions: what it says of people
    /// and contacts is still so.
    #[arg(long)]
    write: bool,
    /// The repository that this is, where its remote does not say so or says
    /// something else, as for a fork.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    repository: Option<Slug>,
    /// The day of the renewal; today by default.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Timestamp>,
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}

fn date(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("write it as YYYY-MM-DD")
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InsightsError {
    /// The renewal cannot be worked out.
    #[error(transparent)]
    Renew(#[from] RenewError),
    /// The file cannot be written.
    #[error("{name}: {source}")]
    File { name: String, source: io::Error },
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(io::Error),
}

impl From<InsightsError> for Failure {
    fn from(error: InsightsError) -> Self {
        let hint = match &error {
            InsightsError::Renew(RenewError::Skeleton(_)) => {
                Some("say it with `--repository OWNER/NAME`")
            }
            InsightsError::Renew(RenewError::NotARoot { .. }) => {
                Some("name the root of a checkout")
            }
            InsightsError::Renew(RenewError::Renewal { .. }) => {
                Some("`cofferdam audit --all --rule security-insights` says what is wrong with it")
            }
            _ => None,
        };
        let failure = match &error {
            InsightsError::Renew(RenewError::Renewal { .. } | RenewError::Unread { .. })
            | InsightsError::File { .. } => Self::not_checked(&error),
            _ => Self::usage(&error),
        };
        failure.hint(hint)
    }
}

pub(crate) fn run(args: &InsightsArgs) -> Result<Exit, InsightsError> {
    let What::Renew(args) = &args.what;
    let options = RenewalOptions {
        repository: args.repository.clone(),
        fallback_repository: of_job(&args.path),
        server: environment::server_host(),
        now: args.date.unwrap_or_else(clock::now),
        limits: Limits::default(),
    };
    let renewed = renew(&args.path, &options)?;
    let changed = renewed.before.as_deref() != Some(renewed.renewal.text.as_str());
    let written = changed && args.write;
    if written {
        write(&renewed)?;
    }
    let text = shown(&renewed, changed, written);
    output::print(&sanitise::inert_for_log(&text)).map_err(InsightsError::Output)?;
    let draft = renewed.before.is_none();
    let Renewal {
        contradicted,
        broken,
        ..
    } = &renewed.renewal;
    let left = !contradicted.is_empty() || !broken.is_empty();
    let open = (changed && !written) || draft || left;
    Ok(if open { Exit::Findings } else { Exit::Clean })
}

/// The repository of the job that this runs in, if its checkout is meant.
fn of_job(path: &Path) -> Option<Slug> {
    let (name, workspace) = environment::job_repository()?;
    let same = fs::canonicalize(path).ok()? == fs::canonicalize(workspace).ok()?;
    Slug::parse(&name).filter(|_| same)
}

fn write(renewed: &Renewed) -> Result<(), InsightsError> {
    let text = renewed.renewal.text.as_bytes();
    output::write_whole(&renewed.path, text).map_err(|source| InsightsError::File {
        name: renewed.path.display().to_string(),
        source,
    })
}

/// Everything that is printed.
fn shown(renewed: &Renewed, changed: bool, written: bool) -> String {
    let renewal = &renewed.renewal;
    let mut out = String::new();
    let name = sanitise::line(&renewed.name).into_owned();
    let _ = match (changed, written, renewed.before.is_some()) {
        (false, ..) => writeln!(
            out,
            "{name} says what the checkout tells; nothing is to be changed."
        ),
        (true, true, true) => writeln!(out, "Renewed {name}:"),
        (true, true, false) => writeln!(out, "Wrote a draft of {name}:"),
        (true, false, true) => writeln!(out, "{name} would change:"),
        (true, false, false) => writeln!(
            out,
            "There is no SECURITY-INSIGHTS file. A draft of {name}:"
        ),
    };
    for change in &renewal.changes {
        let _ = writeln!(out, "  - {}", sanitise::line(change));
    }
    if changed && !written {
        let _ = writeln!(out);
        difference(renewed, &mut out);
    }
    let old = "Not true, and only you can mend it; until then the review keeps its date:";
    list(renewed, old, &renewal.contradicted, &mut out);
    let broken = "Breaks its specification, and only you can mend it:";
    list(renewed, broken, &renewal.broken, &mut out);
    let ask = match (renewed.before.is_some(), written) {
        (false, _) => "Answer these in the file:",
        (true, true) => "By writing you have said yes to these; if one is wrong, mend it now:",
        (true, false) => "Only you can say; by writing you say yes:",
    };
    list(renewed, ask, &renewal.questions, &mut out);
    for gap in renewed.gaps.iter().take(5) {
        let note = cofferdam_findings::NotChecked::from(gap.clone());
        let _ = writeln!(out, "\nNot read: {}", sanitise::line(&note.message));
    }
    if changed && !written {
        let _ = writeln!(out, "\nNothing was written; `--write` writes it.");
    }
    out
}

fn list(renewed: &Renewed, heading: &str, questions: &[Question], out: &mut String) {
    if questions.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading}");
    for question in questions {
        let text = sanitise::line(&question.text);
        let _ = match renewed.location(question) {
            Some(place) => writeln!(
                out,
                "  {}:{}  {text}",
                sanitise::line(&place.path),
                place.line
            ),
            None => writeln!(out, "  - {text}"),
        };
        if let Some(key) = question.key {
            let _ = writeln!(out, "      `{}`: {}", key.path, key.why);
            let _ = writeln!(out, "      for example `{}`", key.example);
        }
    }
}

fn difference(renewed: &Renewed, out: &mut String) {
    let before = renewed.before.as_deref().unwrap_or_default();
    let diff = TextDiff::from_lines(before, &renewed.renewal.text);
    let old = if renewed.before.is_some() {
        format!("a/{}", renewed.name)
    } else {
        "/dev/null".to_owned()
    };
    let new = format!("b/{}", renewed.name);
    let unified = diff
        .unified_diff()
        .context_radius(2)
        .header(&old, &new)
        .to_string();
    let mut lines = unified.lines();
    for line in lines.by_ref().take(MOST_LINES) {
        let _ = writeln!(out, "{}", sanitise::line(line));
    }
    let left = lines.count();
    if left > 0 {
        let _ = writeln!(out, "and {left} more lines");
    }
}
