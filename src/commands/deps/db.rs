//! `cofferdam deps db`: the database of advisories.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cofferdam_facts::Timestamp;
use cofferdam_findings::{Exit, formats, sanitise};
use cofferdam_pipelines::advisories::{
    Age, Database, DatabaseFolder, ImportFailure, ImportOptions, MOST_DAYS, Unavailable,
    UpdateFailure, import, update,
};
use cofferdam_registries::osv::{DUMPS, Dumps};
use serde_json::{Value, json};

use super::{DepsError, Form, environment};
use crate::{clock, output};

/// The ecosystems that are taken where none is named and no database is there yet.
const COMMON: [&str; 9] = [
    "GitHub Actions",
    "Go",
    "Maven",
    "NuGet",
    "Packagist",
    "PyPI",
    "RubyGems",
    "crates.io",
    "npm",
];

#[derive(Debug, clap::Args)]
pub(super) struct DbArgs {
    #[command(subcommand)]
    what: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Take newer databases from OSV or a mirror.
    ///
    /// Each archive is read whole before it takes the place of the old one, and one
    /// that is older than what is here is refused. The archives are not signed: who
    /// answers for the mirror decides what is known.
    #[command(
        after_help = "Exit codes:\n  0  every database is as the mirror has it\n  2  wrong usage\n  \
        3  one could not be taken, and the old one stays\n\nExamples:\n  cofferdam deps db update npm Go\n  \
        cofferdam deps db update --mirror https://mirror.example.org/osv"
    )]
    Update(UpdateArgs),
    /// Show the databases: their age, what they hold, where they come from.
    #[command(
        after_help = "Exit codes:\n  0  every database is whole and young enough\n  3  one is not, or \
        there is none"
    )]
    Status(StatusArgs),
    /// Take a database from a file or a folder.
    ///
    /// An archive of OSV, a folder of its documents in JSON or YAML, or the database of
    /// RustSec or PyPI as an archive of its repository. It takes the place of what is
    /// there for the ecosystem.
    #[command(
        after_help = "Exit codes:\n  0  the database is in its place\n  2  wrong usage\n  3  it cannot be \
        read, and the old one stays\n\nExamples:\n  cofferdam deps db import npm/all.zip\n  \
        cofferdam deps db import advisory-db.tar.gz --ecosystem crates.io --as-of 2026-11-20"
    )]
    Import(ImportArgs),
}

/// Where databases lie.
#[derive(Debug, clap::Args)]
pub(super) struct FolderArgs {
    /// The folder of caches in which the folder `osv-scanner` lies; by default the one of
    /// OSV's own scanner, OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY or the user's cache.
    #[arg(long, value_name = "FOLDER")]
    db: Option<PathBuf>,
}

impl FolderArgs {
    pub(super) fn folder(&self) -> Result<DatabaseFolder, DepsError> {
        let cache = self.db.clone().or_else(environment::database_cache);
        let cache = cache.ok_or(DepsError::NoCache)?;
        Ok(DatabaseFolder::in_cache(&cache))
    }
}

/// How old a database may be.
#[derive(Debug, clap::Args)]
pub(super) struct AgeArgs {
    /// The age in days up to which a database counts, or `any`.
    #[arg(long, value_name = "DAYS", default_value_t = MaxAge(Some(MOST_DAYS)))]
    max_age: MaxAge,
}

impl AgeArgs {
    pub(super) fn days(&self) -> Option<u32> {
        self.max_age.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MaxAge(Option<u32>);

impl std::str::FromStr for MaxAge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self(None)),
            days => {
                let days = days
                    .parse()
                    .map_err(|_| "a number of days, or `any`".to_owned())?;
                Ok(Self(Some(days)))
            }
        }
    }
}

impl std::fmt::Display for MaxAge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(days) => write!(f, "{days}"),
            None => f.write_str("any"),
        }
    }
}

#[derive(Debug, clap::Args)]
struct UpdateArgs {
    /// The ecosystems, in OSV's words; by default those that have a database, or else
    /// the common ones.
    #[arg(value_name = "ECOSYSTEM")]
    ecosystems: Vec<String>,
    /// Where `ECOSYSTEM/all.zip` is asked for.
    #[arg(long, value_name = "URL", default_value = DUMPS)]
    mirror: String,
    /// Take an archive that is older than the one that is here.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    folder: FolderArgs,
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    age: AgeArgs,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

#[derive(Debug, clap::Args)]
struct ImportArgs {
    /// The file or the folder.
    from: PathBuf,
    /// The ecosystem that is taken, in OSV's word, where there are several.
    #[arg(long, value_name = "NAME")]
    ecosystem: Option<String>,
    /// The day on which it was taken from its source, where it does not tell itself.
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: Option<Timestamp>,
    #[command(flatten)]
    folder: FolderArgs,
}

fn day(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "a date, as in 2026-11-20".to_owned())
}

pub(super) fn run(args: &DbArgs) -> Result<Exit, DepsError> {
    match &args.what {
        Verb::Update(args) => updated(args),
        Verb::Status(args) => status(args),
        Verb::Import(args) => imported(args),
    }
}

fn updated(args: &UpdateArgs) -> Result<Exit, DepsError> {
    let folder = args.folder.folder()?;
    let mut names = args.ecosystems.clone();
    if names.is_empty() {
        names = listed(&folder)?;
    }
    if names.is_empty() {
        names = COMMON.map(str::to_owned).to_vec();
    }
    let dumps = Dumps::new(&args.mirror, environment::AGENT, &environment::dumps());
    let dumps = dumps.map_err(|error| DepsError::Mirror {
        address: args.mirror.clone(),
        problem: error.to_string(),
    })?;
    let (now, mut exit, mut text) = (clock::now(), Exit::Clean, String::new());
    for name in names {
        match update(&folder, &name, &dumps, now, args.force) {
            Ok(done) => {
                let word = if done.unchanged { "as before" } else { "newer" };
                let _ = writeln!(text, "{}  ({word})", line(&done.age));
            }
            Err(error @ UpdateFailure::Name { .. }) => return Err(error.into()),
            Err(error) => {
                exit = Exit::NotChecked;
                let _ = writeln!(text, "not taken  {}", sanitise::line(&error.to_string()));
            }
        }
    }
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(exit)
}

fn listed(folder: &DatabaseFolder) -> Result<Vec<String>, DepsError> {
    folder.ecosystems().map_err(|source| DepsError::File {
        path: folder.path().to_owned(),
        source,
    })
}

fn imported(args: &ImportArgs) -> Result<Exit, DepsError> {
    let options = ImportOptions {
        from: args.from.clone(),
        ecosystem: args.ecosystem.clone(),
        as_of: args.as_of,
        now: clock::now(),
    };
    let done = import(&args.folder.folder()?, &options)?;
    output::print(&sanitise::inert_for_log(&format!("{}\n", line(&done.age))))?;
    Ok(Exit::Clean)
}

fn status(args: &StatusArgs) -> Result<Exit, DepsError> {
    let folder = args.folder.folder()?;
    let now = clock::now();
    let mut states: Vec<(String, Result<Age, Unavailable>)> = Vec::new();
    for name in listed(&folder)? {
        let opened = Database::open(&folder, &name, now);
        states.push((name, opened.map(|database| database.age(now))));
    }
    let bad = |age: &Age| Database::problem(age, args.age.days());
    let is_bad = |state: &Result<Age, Unavailable>| match state {
        Ok(age) => bad(age).is_some(),
        Err(_) => true,
    };
    let exit = if states.is_empty() || states.iter().any(|(_, state)| is_bad(state)) {
        Exit::NotChecked
    } else {
        Exit::Clean
    };
    let text = match args.format {
        Form::Human => human(folder.path(), &states, args.age.days()),
        Form::Json => {
            let all = states
                .iter()
                .map(|(name, state)| value(name, state, args.age.days()));
            let page = json!({
                "schema_version": 1,
                "result": exit.word(),
                "folder": folder.path().display().to_string(),
                "databases": all.collect::<Vec<_>>(),
            });
            formats::inert_json::pretty(&page)? + "\n"
        }
    };
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(exit)
}

fn human(
    folder: &Path,
    states: &[(String, Result<Age, Unavailable>)],
    most: Option<u32>,
) -> String {
    let mut text = format!("{}\n", sanitise::line(&folder.display().to_string()));
    if states.is_empty() {
        text.push_str(
            "there is no database here\nhint: `cofferdam deps db update` takes them from OSV\n",
        );
    }
    for (_, state) in states {
        match state {
            Ok(age) => {
                let _ = writeln!(text, "{}", line(age));
                if let Some(why) = Database::problem(age, most) {
                    let _ = writeln!(text, "    not usable: {}", sanitise::line(&why.to_string()));
                    let _ = writeln!(text, "    hint: {}", why.hint());
                }
            }
            Err(error) => {
                let _ = writeln!(text, "{}", sanitise::line(&error.to_string()));
                let _ = writeln!(text, "    hint: {}", error.why.hint());
            }
        }
    }
    text.push_str(
        "The archives are not signed: what they say is the word of where they come from.\n",
    );
    text
}

/// One database in one line.
pub(super) fn line(age: &Age) -> String {
    let header = &age.header;
    let as_of = match (age.as_of, age.days) {
        (Some(as_of), Some(days)) => format!("of {}, {days} days old", as_of.date()),
        _ => "of unknown age".to_owned(),
    };
    let source = match &age.origin {
        Some(origin) => format!("from {}", sanitise::line(&origin.source)),
        None => "brought by another program".to_owned(),
    };
    format!(
        "{:<12} {:>7} advisories ({} of malicious packages, {} withdrawn), {as_of}, {source}",
        sanitise::line(&age.ecosystem),
        header.advisories,
        header.malicious,
        header.withdrawn
    )
}

/// One database for programs.
pub(super) fn value(name: &str, state: &Result<Age, Unavailable>, most: Option<u32>) -> Value {
    match state {
        Ok(age) => json!({
            "ecosystem": name,
            "advisories": age.header.advisories,
            "withdrawn": age.header.withdrawn,
            "malicious": age.header.malicious,
            "unreadable": age.header.unreadable,
            "sha256": age.header.archive_sha256,
            "as_of": age.as_of,
            "days": age.days,
            "source": age.origin.as_ref().map(|origin| &origin.source),
            "taken": age.origin.as_ref().map(|origin| origin.taken),
            "problem": Database::problem(age, most).map(|why| why.to_string()),
        }),
        Err(error) => json!({ "ecosystem": name, "problem": error.why.to_string() }),
    }
}

impl From<UpdateFailure> for DepsError {
    fn from(error: UpdateFailure) -> Self {
        Self::Update(error)
    }
}

impl From<ImportFailure> for DepsError {
    fn from(error: ImportFailure) -> Self {
        Self::Import(error)
    }
}
