//! `cofferdam exposure [PATH]`: who can reach what.

mod alike;
mod change;
mod change_human;
mod change_json;
mod change_markdown;
mod folded;
mod human;
mod json;
mod mermaid;
mod page;
pub(crate) mod sheet;
pub(crate) mod ways;

use std::path::PathBuf;
use std::str::FromStr;

use cofferdam_exposure::claims::Meaningless;
use cofferdam_exposure::claims::words::near;
use cofferdam_exposure::{Asset, Class, Node, Position, Row, findings};
use cofferdam_facts::Timestamp;
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::{Exposed, Slug, exposure};

use crate::commands::audit::AuditCommandError;
use crate::failure::Failure;
use crate::output::{self, ColourChoice, Screen};

/// Say who can reach what: every position from which an attacker may start,
/// against every secret, token, identity, publication, branch, environment,
/// cache and runner.
///
/// Without options it is one screen, strangers first, with what they get and where
/// they start. `--explain` prints the ways with their places and the cheapest
/// changes that close them, the gravest first. Ways that hang on
/// a setting that was not seen are kept apart, with what settles it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  everything was worked out, and with --base nothing is opened that the base does not \
    allow\n  1  with --base: the change opens something that the base does not allow\n  2  wrong usage\n  3  \
    something was not read as a whole, and nothing is proven about it; 1 wins where both\n\nExamples:\n  \
    cofferdam exposure .\n  cofferdam exposure --settings settings.json --from newcomer --explain\n  cofferdam \
    exposure --to secret:NPM_TOKEN --explain\n  cofferdam exposure --base origin/main --format markdown\n  \
    cofferdam exposure --format sarif > exposure.sarif"
)]
pub(crate) struct ExposureArgs {
    /// The checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Read this branch, tag or commit from git's objects, not the work tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// What a change opens and closes since this revision. Its configuration
    /// decides, and what it does not allow under `[exposure]` fails.
    #[arg(long, value_name = "REV", conflicts_with_all = ["depth", "explain"])]
    base: Option<String>,

    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// Decide as on this day: what the platform let be then.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Timestamp>,

    /// The repository that this is, where its remote does not say so.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    repository: Option<Slug>,

    /// Who sees the repository, where no settings tell: `public`, `private` or
    /// `internal`. In a public one forks get no secrets, whatever is set.
    #[arg(long, value_name = "WHO", value_parser = ways::seen_by)]
    visibility: Option<Visibility>,

    /// Only from this position, as in `newcomer` or `action:acme/build`; may be
    /// given several times.
    #[arg(long, value_name = "POSITION")]
    from: Vec<String>,

    /// Only to this asset, as in `secret:NPM_TOKEN`, or to a class of assets, as
    /// in `secret`; may be given several times.
    #[arg(long, value_name = "ASSET")]
    to: Vec<String>,

    /// Print the ways with their places, and the cheapest changes that close
    /// them.
    #[arg(long)]
    explain: bool,

    /// List the assets that one layer alone holds.
    #[arg(long, conflicts_with = "explain")]
    depth: bool,

    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,

    /// Show everything instead of one screen: every position on a line of its own,
    /// and every asset by name.
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
    /// A diagram of the ways that are open.
    Mermaid,
    /// One file for a browser, with every way and its source lines.
    Html,
    /// For a comment: what a change opens and closes.
    Markdown,
    /// SARIF 2.1.0 for code scanning: one result for each position and place.
    Sarif,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExposureError {
    /// The repository or the settings cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// A position that nothing here has.
    #[error("`{name}` names no position here{}", nearest(near))]
    NoPosition { name: String, near: Option<String> },
    /// An asset that nothing here has.
    #[error("`{name}` names no asset here{}", nearest(near))]
    NoAsset { name: String, near: Option<String> },
    /// The configuration allows what means nothing.
    #[error("{}", listed(.0))]
    Meaningless(Vec<Meaningless>),
    /// A format that goes with a base alone.
    #[error("--format markdown shows a change, and goes with --base")]
    NoChange,
    /// A format that shows a whole checkout alone.
    #[error("--format html shows a whole checkout, and does not go with --base")]
    NoPage,
}

/// Every word that means nothing, the first in full.
pub(crate) fn listed(all: &[Meaningless]) -> String {
    let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

fn nearest(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

impl From<ExposureError> for Failure {
    fn from(error: ExposureError) -> Self {
        match error {
            ExposureError::Audit(inner) => inner.into(),
            ExposureError::NoChange | ExposureError::NoPage => Self::usage(&error),
            ExposureError::Meaningless(_) => Self::usage(&error).hint(Some(
                "docs/claims.md has every word, and `cofferdam exposure --all` every name",
            )),
            named => Self::usage(&named).hint(Some(
                "`cofferdam exposure --all` lists every position and asset",
            )),
        }
    }
}

pub(crate) fn run(args: &ExposureArgs, colour: ColourChoice) -> Result<Exit, ExposureError> {
    let read = ways::Read {
        path: &args.path,
        rev: args.rev.as_deref(),
        base: args.base.as_deref(),
        settings: args.settings.as_slice(),
        repository: args.repository.as_ref(),
        visibility: args.visibility.as_ref(),
        date: args.date,
    };
    let (target, options) = ways::options(&read)?;
    if args.base.is_some() && args.format == Form::Html {
        return Err(ExposureError::NoPage);
    }
    if args.base.is_some() {
        return change::run(args, &target, &options, colour);
    }
    let found = exposure(&target, &options).map_err(AuditCommandError::from)?;
    let selected = Selected::of(args, &found)?;
    let rows: Vec<&Row> = selected.rows(&found);
    let screen = Screen::of_stdout();
    let text = match args.format {
        Form::Human => {
            let page = human::Page::new(&found, colour.on_stdout(), screen, args.all);
            match (args.explain, args.depth) {
                (true, _) => page.explained(&rows),
                (_, true) => page.layers(&rows),
                _ => page.matrix(&rows),
            }
        }
        Form::Json => json::render(&found, &rows, args.explain).map_err(ways::unwritten)?,
        Form::Mermaid => mermaid::render(&found, &rows),
        Form::Html => page::render(&found, &rows),
        Form::Markdown => return Err(ExposureError::NoChange),
        Form::Sarif => {
            let all = findings::of_rows(&found.exposure, &rows);
            ways::sarif(&target.name, &found, all, findings::EXPOSURE, Vec::new())
        }
    };
    print(&text)?;
    Ok(match found.is_whole() {
        true => Exit::Clean,
        false => Exit::NotChecked,
    })
}

/// By the audit's own rules for text from outside: a name may hold a command.
fn print(text: &str) -> Result<(), AuditCommandError> {
    output::print(&sanitise::inert_for_log(text)).map_err(ways::unwritten)
}

fn date(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_date(text).ok_or("write a day as YYYY-MM-DD")
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}

/// What was asked for.
struct Selected {
    from: Vec<Position>,
    assets: Vec<Asset>,
    classes: Vec<Class>,
}

impl Selected {
    fn of(args: &ExposureArgs, found: &Exposed) -> Result<Self, ExposureError> {
        Self::among(args, &[found])
    }

    /// The same where a name may be that of one side of a change.
    fn among(args: &ExposureArgs, found: &[&Exposed]) -> Result<Self, ExposureError> {
        let mut selected = Self {
            from: Vec::new(),
            assets: Vec::new(),
            classes: Vec::new(),
        };
        let nodes = || found.iter().flat_map(|one| one.exposure.graph.nodes());
        let there = |node: Node| nodes().any(|one| *one == node);
        for name in &args.from {
            match Position::from_str(name) {
                Ok(position) if there(Node::Position(position.clone())) => {
                    selected.from.push(position);
                }
                _ => {
                    let all = nodes().filter_map(|node| match node {
                        Node::Position(position) => Some(position.to_string()),
                        _ => None,
                    });
                    let (name, near) = (name.clone(), near(name, all));
                    return Err(ExposureError::NoPosition { name, near });
                }
            }
        }
        for name in &args.to {
            if let Some(class) = Class::from_word(name) {
                selected.classes.push(class);
                continue;
            }
            match Asset::from_str(name) {
                Ok(asset) if there(Node::Asset(asset.clone())) => selected.assets.push(asset),
                _ => {
                    let all = nodes().filter_map(|node| match node {
                        Node::Asset(asset) => Some(asset.to_string()),
                        _ => None,
                    });
                    let classes = Class::ALL.iter().map(|class| class.word().to_owned());
                    let (name, near) = (name.clone(), near(name, classes.chain(all)));
                    return Err(ExposureError::NoAsset { name, near });
                }
            }
        }
        Ok(selected)
    }

    fn wants(&self, row: &Row) -> bool {
        let any_asset = self.assets.is_empty() && self.classes.is_empty();
        (self.from.is_empty() || self.from.contains(&row.position))
            && (any_asset
                || self.assets.contains(&row.asset)
                || self.classes.contains(&row.asset.class()))
    }

    /// The rows that were asked for, worst first.
    fn rows<'f>(&self, found: &'f Exposed) -> Vec<&'f Row> {
        let all = found.exposure.rows.iter();
        let mut rows: Vec<&Row> = all.filter(|row| self.wants(row)).collect();
        rows.sort_by_key(|row| row.verdict.level());
        rows
    }
}
