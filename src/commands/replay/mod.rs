//! `cofferdam replay [INCIDENT] [PATH]`: incidents of the past, against a
//! checkout.

mod human;
mod json;
mod markdown;

use std::path::{Path, PathBuf};

use cofferdam_datapack::{DataPack, Freshness, InForce, Incident};
use cofferdam_exposure::replay::{Answer, Job, Leak, Outcome, Use};
use cofferdam_exposure::{Class, Level, Verdict};
use cofferdam_facts::Timestamp;
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::{Exit, NotChecked, sanitise};
use cofferdam_pipelines::replay::Answered;
use cofferdam_pipelines::{Moment, Replayed, Slug, replay};

use crate::clock;
use crate::commands::audit::AuditCommandError;
use crate::commands::data::{self, DataError};
use crate::commands::exposure::ways;
use crate::environment;
use crate::failure::Failure;
use crate::output::{self, ColourChoice};

/// Say what incidents of the past would have done to a checkout: hit, possible,
/// not hit or unknown, by which job, what would have leaked, and what would have stopped
/// it.
///
/// Without INCIDENT it is all that are known, one line each. What was bad in
/// those days, and the ways that attackers took, are data; `--list` shows the
/// incidents, and docs/replay.md how to add one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  no incident would have hit the checkout; a way that is possible, once somebody with a role is taken over, is told\n  1  one would have\n  2  wrong \
    usage\n  3  of one it is not known\n\nExamples:\n  cofferdam replay .\n  cofferdam replay --list\n  \
    cofferdam replay tj-actions-changed-files\n  cofferdam replay trivy-action --at 2026-03-19 .\n  \
    cofferdam replay --at then --format markdown"
)]
pub(crate) struct ReplayArgs {
    /// The incident; all of them where it is left out.
    #[arg(value_name = "INCIDENT")]
    incident: Option<String>,

    /// The checkout.
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,

    /// List the incidents that are known, and look at no checkout.
    #[arg(long, conflicts_with_all = ["at", "rev", "settings", "repository"])]
    list: bool,

    /// Look at the commit that was HEAD at the end of this day, by the dates of
    /// the commits on the chain of first parents; `then` takes for each incident
    /// the commits at its beginning and its end.
    #[arg(long, value_name = "YYYY-MM-DD|then", value_parser = at, conflicts_with = "rev")]
    at: Option<Moment>,

    /// Look at this branch, tag or commit.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// The repository that this is, where its remote does not say so.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    repository: Option<Slug>,

    /// Who sees the repository, where no settings tell: `public`, `private` or
    /// `internal`. In a public one forks get no secrets, whatever is set.
    #[arg(long, value_name = "WHO", value_parser = ways::seen_by)]
    visibility: Option<Visibility>,

    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
    /// For a document or a comment.
    Markdown,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// The repository or the settings cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// No data pack can be believed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is neither an incident nor a folder of this name.
    #[error("there is no file or folder at {name}, and no incident is called so")]
    NoFolder {
        /// What was asked for.
        name: String,
    },
    /// No incident has this id.
    #[error("`{name}` is no known incident{}", nearest(near))]
    NoIncident {
        /// What was asked for.
        name: String,
        /// The id that is written most alike.
        near: Option<String>,
    },
}

fn nearest(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Audit(inner) => inner.into(),
            ReplayError::Data(inner) => inner.into(),
            named @ (ReplayError::NoIncident { .. } | ReplayError::NoFolder { .. }) => {
                Self::usage(&named).hint(Some("`cofferdam replay --list` lists them"))
            }
        }
    }
}

/// What is rendered.
struct Told<'p> {
    pack: &'p DataPack,
    incidents: Vec<&'p Incident>,
    /// Whether one incident was asked for.
    one: bool,
    found: Replayed,
}

impl<'p> Told<'p> {
    fn incident(&self, answered: &Answered) -> Option<&'p Incident> {
        self.incidents.get(answered.incident).copied()
    }
}

pub(crate) fn run(args: &ReplayArgs, colour: ColourChoice) -> Result<Exit, ReplayError> {
    let unwritten = |source| AuditCommandError::Output {
        name: "standard output".to_owned(),
        source,
    };
    let now = clock::now();
    let InForce { pack, .. } = in_force()?;
    let pack = pack.pack;
    if args.list {
        let text = match args.format {
            Form::Human => human::list(&pack),
            Form::Json => json::list(&pack).map_err(unwritten)?,
            Form::Markdown => markdown::list(&pack),
        };
        output::print(&sanitise::inert_for_log(&text)).map_err(unwritten)?;
        return Ok(Exit::Clean);
    }
    let (wanted, path) = wanted(args, &pack)?;
    let told = tell(args, &pack, wanted, &path, now)?;
    let text = match args.format {
        Form::Human => human::render(&told, colour.on_stdout()),
        Form::Json => json::render(&told).map_err(unwritten)?,
        Form::Markdown => markdown::render(&told),
    };
    // The audit's own rules for text from outside: a name may hold a command.
    output::print(&sanitise::inert_for_log(&text)).map_err(unwritten)?;
    Ok(exit(&told.found))
}

fn tell<'p>(
    args: &ReplayArgs,
    pack: &'p DataPack,
    wanted: Option<&'p Incident>,
    path: &Path,
    now: Timestamp,
) -> Result<Told<'p>, AuditCommandError> {
    ways::pool(0)?;
    let mut options = ways::unjudged(args.settings.as_slice(), args.repository.as_ref(), now)?;
    options.judging.visibility.clone_from(&args.visibility);
    let moment = match (&args.at, &args.rev) {
        (Some(moment), _) => moment.clone(),
        (None, Some(revision)) => Moment::Revision(revision.clone()),
        (None, None) => Moment::AsIs,
    };
    let incidents: Vec<&Incident> = match wanted {
        Some(incident) => vec![incident],
        None => by_time(pack),
    };
    let mut found = replay(path, &moment, &incidents, pack, &options)?;
    // An incident that is older than the pack stays what it is; that there was no
    // other one since cannot be said by an old pack.
    if wanted.is_none() {
        found.not_checked.extend(stale(pack, now));
    }
    Ok(Told {
        pack,
        incidents,
        one: wanted.is_some(),
        found,
    })
}

fn in_force() -> Result<InForce, DataError> {
    let (xdg, home) = environment::data_homes();
    let folder = data::folder(xdg, home);
    data::pack_in_force(folder.as_deref(), &data::Trust::compiled_in()?)
}

/// The incidents, the latest first.
fn by_time(pack: &DataPack) -> Vec<&Incident> {
    let mut all: Vec<&Incident> = pack.incidents.iter().collect();
    all.sort_by(|a, b| (b.from, &a.id).cmp(&(a.from, &b.id)));
    all
}

fn stale(pack: &DataPack, now: Timestamp) -> Option<NotChecked> {
    let why = match pack.freshness(now) {
        Freshness::Fresh { .. } => return None,
        Freshness::TooOld { expired } => format!(
            "the data pack is too old: incidents after {} may be missing",
            expired.date()
        ),
        Freshness::FromTheFuture { created_at } => {
            format!(
                "the data pack was made on {}, after today",
                created_at.date()
            )
        }
    };
    Some(NotChecked {
        code: "stale-data",
        message: why,
        location: None,
        settle: "refresh it with `cofferdam data update`, or install a newer version".to_owned(),
        required: true,
    })
}

/// What was asked for: the first word is an incident, or the path where there is
/// no other one.
fn wanted<'p>(
    args: &ReplayArgs,
    pack: &'p DataPack,
) -> Result<(Option<&'p Incident>, PathBuf), ReplayError> {
    let here = || PathBuf::from(".");
    let Some(name) = &args.incident else {
        return Ok((None, here()));
    };
    let known = |one: &&Incident| {
        one.id.eq_ignore_ascii_case(name) || one.ids.iter().any(|id| id.eq_ignore_ascii_case(name))
    };
    match (pack.incidents.iter().find(known), &args.path) {
        (Some(incident), path) => Ok((Some(incident), path.clone().unwrap_or_else(here))),
        (None, None) if Path::new(name).exists() => Ok((None, PathBuf::from(name))),
        (None, None) if is_path(name) => Err(ReplayError::NoFolder { name: name.clone() }),
        (None, _) => {
            let scored = pack.incidents.iter().map(|one| {
                let score = strsim::jaro_winkler(name, &one.id);
                (score, one.id.clone())
            });
            let mut scored: Vec<(f64, String)> = scored.filter(|(s, _)| *s > 0.7).collect();
            scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            Err(ReplayError::NoIncident {
                name: name.clone(),
                near: scored.into_iter().next().map(|(_, id)| id),
            })
        }
    }
}

/// Whether a word can be nothing but a path.
fn is_path(word: &str) -> bool {
    word.contains(['/', '\\']) || word.starts_with(['.', '~'])
}

fn exit(found: &Replayed) -> Exit {
    let answers = || found.answers.iter().filter_map(|one| one.outcome.as_ref());
    if answers().any(|outcome| outcome.answer == Answer::Hit) {
        return Exit::Findings;
    }
    let unknown = answers().any(|outcome| outcome.answer == Answer::Unknown);
    match unknown || found.not_checked.iter().any(|one| one.required) {
        true => Exit::NotChecked,
        false => Exit::Clean,
    }
}

/// The answer, and what decides it, in one sentence.
fn reason(answered: &Answered) -> (Answer, String) {
    let Some(outcome) = &answered.outcome else {
        let none = "the repository had no commit yet".to_owned();
        return (Answer::NotHit, none);
    };
    let answer = outcome.answer;
    let used = outcome.uses.iter().find(|one| one.answer == answer);
    let way = outcome.ways.iter().find(|way| way.answer == answer);
    let text = match (used, way) {
        (Some(one), _) if answer != Answer::NotHit || way.is_none() => by_use(one),
        (_, Some(way)) => format!("{} by the same way: {}", way.position, way.verdict),
        (Some(one), _) => by_use(one),
        (None, None) => match outcome.unread.first() {
            Some(first) => first.clone(),
            None => "nothing of it is used, and none of its ways is there".to_owned(),
        },
    };
    (answer, text)
}

fn by_use(one: &Use) -> String {
    let at = format!("{}:{}", one.location.path, one.location.line);
    format!("{at} {}: {}", one.what, one.why)
}

/// A job's leaks as two lists: what it holds itself, and what follows from that.
fn held_and_further(job: &Job) -> (Vec<String>, Vec<String>) {
    let (held, further): (Vec<&Leak>, Vec<&Leak>) =
        job.leaks.iter().partition(|leak| leak.steps <= 1);
    (words(&held), words(&further))
}

/// So many scopes of one token are listed.
const SCOPES: usize = 4;

/// Leaks in words; the scopes of a token that all depend on one setting as one.
fn words(leaks: &[&Leak]) -> Vec<String> {
    let mut words = Vec::new();
    let mut told: Vec<&Verdict> = Vec::new();
    for leak in leaks {
        let alike =
            |other: &&&Leak| other.asset.class() == Class::Token && other.verdict == leak.verdict;
        let scopes = leaks.iter().filter(alike).count();
        let what = match leak.asset.class() {
            Class::Token if scopes > SCOPES => {
                if told.contains(&&leak.verdict) {
                    continue;
                }
                told.push(&leak.verdict);
                format!("token: {scopes} scopes")
            }
            _ => leak.asset.to_string(),
        };
        words.push(match leak.verdict.level() {
            Level::Reachable => what,
            _ => format!("{what} ({})", leak.verdict),
        });
    }
    words
}

/// What was looked at, as the end of a sentence.
fn looked_at(answered: &Answered) -> String {
    match &answered.commit {
        Some(commit) => format!("commit {} of {}", short(&commit.id), commit.time.date()),
        None => "the files as they are".to_owned(),
    }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// The time of an incident.
fn window(incident: &Incident) -> String {
    let minute = |time: Timestamp| {
        let text = time.to_string();
        format!(
            "{} {}",
            text.get(..10).unwrap_or_default(),
            text.get(11..16).unwrap_or_default()
        )
    };
    match incident.until {
        Some(until) => format!("{} to {} UTC", minute(incident.from), minute(until)),
        None => format!("since {} UTC, end not known", minute(incident.from)),
    }
}

fn outcomes(found: &Replayed) -> impl Iterator<Item = &Outcome> {
    found.answers.iter().filter_map(|one| one.outcome.as_ref())
}

fn at(text: &str) -> Result<Moment, &'static str> {
    if text == "then" {
        return Ok(Moment::Then);
    }
    let day = Timestamp::parse_date(text).ok_or("write a day as YYYY-MM-DD, or `then`")?;
    Ok(Moment::Day(day))
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}
