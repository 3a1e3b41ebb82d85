//! `cofferdam threat-model [PATH]`: a threat model that can be committed.

use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_exposure::threat::{self, Escape, Material};
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::collect::bounded;
use cofferdam_pipelines::{Exposed, Slug, exposure};
use similar::TextDiff;

use crate::commands::audit::AuditCommandError;
use crate::commands::exposure::ways;
use crate::failure::Failure;
use crate::output;

/// More than any document of this kind has, in bytes.
const MOST: u64 = 16 * 1024 * 1024;

/// Write the threat model of a checkout's CI: assets, positions, boundaries with
/// diagrams, the worst ways, existing controls, what is left, what is not known.
///
/// It names no line, version or time, so that only what opens or closes a way
/// changes it: commit it with `--write`, and let CI compare it with `--check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  it was written, or is as it was committed\n  1  what was committed is not what \
    the checkout gives\n  2  wrong usage\n  3  something was not read as a whole; the document says what\n\n\
    Examples:\n  cofferdam threat-model . --write docs/threat-model-ci.md\n  cofferdam threat-model . --check \
    docs/threat-model-ci.md\n  cofferdam threat-model --settings settings.json"
)]
pub(crate) struct ThreatModelArgs {
    /// The checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Read this branch, tag or commit from git's objects, not the work tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// The repository that this is; the document names it.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    repository: Option<Slug>,

    /// Who sees the repository, where no settings tell: `public`, `private` or
    /// `internal`. In a public one forks get no secrets, whatever is set.
    #[arg(long, value_name = "WHO", value_parser = ways::seen_by)]
    visibility: Option<Visibility>,

    /// Compare with this file, and end with 1 and what differs if it is another.
    #[arg(long, value_name = "FILE", conflicts_with = "write")]
    check: Option<PathBuf>,

    /// Write it to this file.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ThreatModelError {
    /// The repository or the settings cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// What is to be compared cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<ThreatModelError> for Failure {
    fn from(error: ThreatModelError) -> Self {
        match error {
            ThreatModelError::Audit(inner) => inner.into(),
            unread @ ThreatModelError::Unreadable { .. } => {
                Self::usage(&unread).hint(Some("`--write FILE` writes it for the first time"))
            }
        }
    }
}

pub(crate) fn run(args: &ThreatModelArgs) -> Result<Exit, ThreatModelError> {
    let found = compute(args)?;
    let not_read: Vec<String> = found
        .not_checked
        .iter()
        .filter(|one| one.required)
        .map(|one| one.message.clone())
        .collect();
    let name = args.repository.as_ref().map(ToString::to_string);
    let material = Material {
        repository: name.as_deref(),
        exposure: &found.exposure,
        settings: found.settings,
        not_read: &not_read,
    };
    let escape = Escape {
        code: in_a_cell,
        prose: sanitise::markdown_prose,
    };
    // The audit's own rules for text from outside: a name may hold a command.
    let text = threat::write(&material, &escape);
    let text = sanitise::inert_for_log(&text).into_owned();
    let whole = found.exposure.unread.is_empty() && !found.not_checked.iter().any(|n| n.required);
    let otherwise = if whole { Exit::Clean } else { Exit::NotChecked };
    match (&args.check, &args.write) {
        (Some(path), _) => {
            let same = compare(path, &text)?;
            Ok(if same { otherwise } else { Exit::Findings })
        }
        (None, Some(path)) => {
            output::write_whole(path, text.as_bytes()).map_err(|source| unwritten(path, source))?;
            Ok(otherwise)
        }
        (None, None) => {
            let out = Path::new("standard output");
            output::print(&text).map_err(|source| unwritten(out, source))?;
            Ok(otherwise)
        }
    }
}

/// As code, also in a table, whose cells a bar would end.
fn in_a_cell(text: &str) -> String {
    match text.contains('|') {
        true => sanitise::markdown(text),
        false => sanitise::markdown_code(text),
    }
}

fn unwritten(path: &Path, source: std::io::Error) -> AuditCommandError {
    AuditCommandError::Output {
        name: path.display().to_string(),
        source,
    }
}

/// Whether a file holds the document; what differs is printed.
fn compare(path: &Path, text: &str) -> Result<bool, ThreatModelError> {
    let unread = |source| ThreatModelError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = fs::File::open(path).map_err(unread)?;
    let bytes = bounded(&mut file, MOST).map_err(unread)?;
    let committed = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let committed = committed.unwrap_or_default();
    // A checkout on Windows may end lines otherwise.
    let committed = committed.replace("\r\n", "\n");
    if committed == text {
        return Ok(true);
    }
    let names = (
        path.display().to_string(),
        "what the checkout gives".to_owned(),
    );
    let diff = TextDiff::from_lines(committed.as_str(), text);
    let diff = diff
        .unified_diff()
        .context_radius(2)
        .header(&names.0, &names.1)
        .to_string();
    let lines: Vec<_> = diff.lines().map(sanitise::line).collect();
    let page = format!(
        "{}\n{} is stale; `cofferdam threat-model --write` renews it\n",
        lines.join("\n"),
        sanitise::line(&names.0)
    );
    let out = Path::new("standard output");
    output::print(&sanitise::inert_for_log(&page)).map_err(|source| unwritten(out, source))?;
    Ok(false)
}

fn compute(args: &ThreatModelArgs) -> Result<Exposed, AuditCommandError> {
    let (target, options) = ways::options(&ways::Read {
        path: &args.path,
        rev: args.rev.as_deref(),
        base: None,
        settings: args.settings.as_slice(),
        repository: args.repository.as_ref(),
        visibility: args.visibility.as_ref(),
        date: None,
    })?;
    Ok(exposure(&target, &options)?)
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}
