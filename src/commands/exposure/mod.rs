//! `cofferdam exposure [PATH]`: who can reach what.

mod human;
mod json;
mod mermaid;
mod page;

use std::path::PathBuf;
use std::str::FromStr;

use cofferdam_exposure::{Asset, Class, Node, Position, Row};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::{Data, Exposed, Input, Limits, Options, Slug, Target, exposure};

use crate::clock;
use crate::commands::audit::{AuditCommandError, STACK, snapshot};
use crate::environment;
use crate::failure::Failure;
use crate::output::{self, ColourChoice, Screen};

/// Say who can reach what: every position from which an attacker may start,
/// against every secret, token, identity, publication, branch, environment,
/// cache and runner.
///
/// Without options it is one screen, worst first. `--explain` prints the ways
/// with their places and the cheapest changes that close them. Ways that hang on
/// a setting that was not seen are kept apart, with what settles it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  everything was worked out\n  2  wrong usage\n  3  something was not read \
    as a whole, and nothing is proven about it\n\nExamples:\n  cofferdam exposure .\n  cofferdam exposure \
    --settings settings.json --from newcomer --explain\n  cofferdam exposure --to secret:NPM_TOKEN --explain\n  \
    cofferdam exposure --format mermaid --from action:acme/build"
)]
pub(crate) struct ExposureArgs {
    /// The checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Read this branch, tag or commit from git's objects, not the work tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// The repository that this is, where its remote does not say so.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    repository: Option<Slug>,

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

    /// Show everything instead of one screen.
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
}

fn nearest(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

impl From<ExposureError> for Failure {
    fn from(error: ExposureError) -> Self {
        match error {
            ExposureError::Audit(inner) => inner.into(),
            named => Self::usage(&named).hint(Some(
                "`cofferdam exposure --all` lists every position and asset",
            )),
        }
    }
}

pub(crate) fn run(args: &ExposureArgs, colour: ColourChoice) -> Result<Exit, ExposureError> {
    let found = compute(args)?;
    let selected = Selected::of(args, &found)?;
    let rows: Vec<&Row> = selected.rows(&found);
    let unwritten = |source| AuditCommandError::Output {
        name: "standard output".to_owned(),
        source,
    };
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
        Form::Json => json::render(&found, &rows, args.explain).map_err(unwritten)?,
        Form::Mermaid => mermaid::render(&found, &rows),
        Form::Html => page::render(&found, &rows),
    };
    // The audit's own rules for text from outside: a name may hold a command.
    output::print(&sanitise::inert_for_log(&text)).map_err(unwritten)?;
    let whole = found.exposure.unread.is_empty() && !found.not_checked.iter().any(|n| n.required);
    Ok(if whole { Exit::Clean } else { Exit::NotChecked })
}

fn compute(args: &ExposureArgs) -> Result<Exposed, AuditCommandError> {
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global()?;
    let settings = args.settings.iter().map(|path| snapshot(path));
    let options = Options {
        settings: settings.collect::<Result<_, _>>()?,
        data: Data::default(),
        now: clock::now(),
        repository: args.repository.clone(),
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
    Ok(exposure(&target, &options)?)
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
        let mut selected = Self {
            from: Vec::new(),
            assets: Vec::new(),
            classes: Vec::new(),
        };
        let graph = &found.exposure.graph;
        let there = |node: Node| graph.find(&node).is_some();
        for name in &args.from {
            match Position::from_str(name) {
                Ok(position) if there(Node::Position(position.clone())) => {
                    selected.from.push(position);
                }
                _ => {
                    let all = graph.nodes().iter().filter_map(|node| match node {
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
                    let all = graph.nodes().iter().filter_map(|node| match node {
                        Node::Asset(asset) => Some(asset.to_string()),
                        _ => None,
                    });
                    let (name, near) = (name.clone(), near(name, all));
                    return Err(ExposureError::NoAsset { name, near });
                }
            }
        }
        Ok(selected)
    }

    /// The rows that were asked for, worst first.
    fn rows<'f>(&self, found: &'f Exposed) -> Vec<&'f Row> {
        let any_asset = self.assets.is_empty() && self.classes.is_empty();
        let wanted = |row: &&Row| {
            (self.from.is_empty() || self.from.contains(&row.position))
                && (any_asset
                    || self.assets.contains(&row.asset)
                    || self.classes.contains(&row.asset.class()))
        };
        let mut rows: Vec<&Row> = found.exposure.rows.iter().filter(wanted).collect();
        rows.sort_by_key(|row| row.verdict.level());
        rows
    }
}

/// The name that is written most alike, if one is at all.
fn near(name: &str, all: impl Iterator<Item = String>) -> Option<String> {
    let scored = all.map(|other| (strsim::jaro_winkler(name, &other), other));
    let mut scored: Vec<(f64, String)> = scored.filter(|(score, _)| *score > 0.75).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().next().map(|(_, other)| other)
}
