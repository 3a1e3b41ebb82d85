//! `cofferdam config`: the file with which a project says what counts.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cofferdam_config::organisation::digest;
use cofferdam_config::{Config, Mistakes, PLACES, Scope, template};
use cofferdam_facts::SourceFile;
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::judging::{check_checkout, rule_ids};
use cofferdam_pipelines::{JudgeError, Limits, OrganisationFile};

use super::audit::{self, AuditCommandError};
use crate::failure::Failure;
use crate::output;

/// Write or check cofferdam.toml, which says what counts in this repository.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write a first cofferdam.toml, in which everything is a comment.
    Init(InitArgs),
    /// Say what is wrong with the configuration, and where.
    #[command(
        after_help = "Exit codes:\n  0  nothing is wrong\n  1  something is wrong\n  \
        2  wrong usage\n  3  a file that is needed could not be read"
    )]
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
struct InitArgs {
    /// The root of the checkout.
    #[arg(
        value_name = "PATH",
        default_value = ".",
        conflicts_with = "organisation"
    )]
    path: PathBuf,
    /// Write an organisation's file to this path instead.
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// The organisation's file; its SHA-256 is printed.
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file is there already.
    #[error("there is {} already", path.display())]
    Exists { path: PathBuf },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// What judges cannot be read.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// The organisation's file cannot be read.
    #[error(transparent)]
    Organisation(#[from] AuditCommandError),
    /// It cannot be printed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = match &error {
            ConfigError::Judge(error) => error.hint(),
            ConfigError::Exists { .. } => Some("`cofferdam config check` checks it"),
            _ => None,
        };
        let failure = match &error {
            ConfigError::Judge(inner) if !inner.is_usage() => Self::not_checked(&error),
            _ => Self::usage(&error),
        };
        failure.hint(hint)
    }
}

pub(crate) fn run(args: &ConfigArgs) -> Result<Exit, ConfigError> {
    match &args.what {
        What::Init(args) => init(args),
        What::Check(args) => check(args),
    }
}

fn init(args: &InitArgs) -> Result<Exit, ConfigError> {
    let (path, text) = match &args.organisation {
        Some(path) => (path.clone(), template::ORGANISATION),
        None => {
            let mut places = PLACES.iter().map(|place| args.path.join(place));
            if let Some(path) = places.find(|path| path.symlink_metadata().is_ok()) {
                return Err(ConfigError::Exists { path });
            }
            (args.path.join("cofferdam.toml"), template::REPOSITORY)
        }
    };
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => ConfigError::Exists { path: path.clone() },
        _ => ConfigError::File {
            path: path.clone(),
            source,
        },
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    say(&[format!(
        "{} is written; everything in it is a comment",
        path.display()
    )])?;
    Ok(Exit::Clean)
}

fn check(args: &CheckArgs) -> Result<Exit, ConfigError> {
    let organisation = (args.organisation.as_deref())
        .map(audit::organisation)
        .transpose()?;
    if let Some(file) = &organisation
        && let Some(mistakes) = mistakes_of(file)?
    {
        return wrong(&mistakes);
    }
    let checked = match check_checkout(&args.path, organisation.as_ref(), &Limits::default()) {
        Ok(checked) => checked,
        Err(JudgeError::Mistakes(mistakes)) => return wrong(&mistakes),
        Err(error) => return Err(error.into()),
    };
    if !checked.misspelt.is_empty() {
        say(&checked.misspelt)?;
        return Ok(Exit::Findings);
    }
    let mut lines = Vec::new();
    match &checked.file {
        Some(file) => lines.push(format!(
            "{file}: nothing is wrong; exemptions: {}",
            checked.exemptions
        )),
        None => lines.push(format!(
            "{}: there is no configuration, and none is needed; `cofferdam config init` writes one",
            args.path.display()
        )),
    }
    if checked.claims > 0 {
        lines.push(format!(
            "claims: {}; `cofferdam claims check` holds them against the files",
            checked.claims
        ));
    }
    if let Some(known) = checked.known {
        lines.push(format!("baseline: {known} findings are known"));
    }
    match (&organisation, &checked.organisation) {
        (Some(file), _) => lines.push(format!(
            "{}: nothing is wrong; sha256 = \"{}\"",
            file.name,
            digest(&file.bytes)
        )),
        (None, Some(name)) => {
            lines.push(format!("{name}: nothing is wrong, and it is the named one"))
        }
        (None, None) => {}
    }
    say(&lines)?;
    Ok(Exit::Clean)
}

fn mistakes_of(file: &OrganisationFile) -> Result<Option<Mistakes>, ConfigError> {
    let text = String::from_utf8(file.bytes.clone()).map_err(|_| ConfigError::File {
        path: Path::new(&file.name).to_owned(),
        source: io::Error::other("it is not UTF-8"),
    })?;
    let source = SourceFile::new(file.name.as_str(), text);
    Ok(Config::parse(&source, Scope::Organisation, &rule_ids()).err())
}

fn wrong(mistakes: &Mistakes) -> Result<Exit, ConfigError> {
    let lines: Vec<String> = mistakes.0.iter().map(ToString::to_string).collect();
    say(&lines)?;
    Ok(Exit::Findings)
}

fn say(lines: &[String]) -> io::Result<()> {
    let text: String = (lines.iter())
        .map(|line| format!("{}\n", sanitise::line(line)))
        .collect();
    output::print(&sanitise::inert_for_log(&text))
}
