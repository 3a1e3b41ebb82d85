//! `cofferdam what-if THING [PATH]`: what is lost if this is taken over.

mod answer;
mod json;
mod layers;
mod many;
mod page;
mod ranked;

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use cofferdam_exposure::whatif::{
    Answer, Catalogue, Held, Ranked, Study, UnknownControl, Unresolved, answer as answers, fallen,
    ranking,
};
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::{Session, Slug, Studied, what_if};

use crate::commands::audit::AuditCommandError;
use crate::commands::exposure::ways;
use crate::failure::Failure;
use crate::output::{self, ColourChoice};
use page::Page;

/// Say what is lost if something is taken over that the project relies on: an
/// action, an image, a package, a download, a secret, a person, an App, a
/// branch, a cache or a workflow.
///
/// The answer is one screen: where it comes in, what it would get, what must be
/// replaced, and the cheapest changes that keep most from it. `--all` ranks
/// every dependency; `--without` takes a layer of the defence away and says what
/// falls.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  everything was worked out\n  2  wrong usage; nothing here is called so\n  \
    3  something was not read as a whole, and may be hit too\n\nExamples:\n  cofferdam what-if tj-actions/changed-files\n  \
    cofferdam what-if tj-actions/changed-files@v45 --recursive ~/src\n  cofferdam what-if secret:NPM_TOKEN\n  \
    cofferdam what-if --all\n  cofferdam what-if --without approval:environment:release\n  cofferdam what-if --without all"
)]
pub(crate) struct WhatIfArgs {
    /// What is taken over, as in `acme/build`, `action:acme/build@v1`,
    /// `image:alpine`, `npm/eslint`, `secret:NPM_TOKEN`, `writer`, `app:NAME`,
    /// `branch:default`, `cache`, `release.yml`, or `acme/*` for all of an owner.
    #[arg(value_name = "THING")]
    thing: Option<String>,

    /// The checkout, or with `--recursive` a folder of them.
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,

    /// Rank every dependency by what it would get.
    #[arg(long)]
    all: bool,

    /// Ask every repository below the folder.
    #[arg(long, conflicts_with = "rev")]
    recursive: bool,

    /// Take this layer away, as in `approval:environment:release`,
    /// `settings:branch-rules`, `approval:fork`, `approval:merge` or
    /// `pin:acme/build`; may be given several times. `all`, or nothing, lists
    /// what each layer alone holds.
    #[arg(long, value_name = "CONTROL", num_args = 0..=1, default_missing_value = "all")]
    without: Vec<String>,

    /// Read this branch, tag or commit from git's objects, not the work tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// A file that `cofferdam settings snapshot` has written; several times for
    /// several repositories.
    #[arg(long, value_name = "FILE")]
    settings: Vec<PathBuf>,

    /// The repository that this is, where its remote does not say so.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug, conflicts_with = "recursive")]
    repository: Option<Slug>,

    /// Who sees the repository, where no settings tell: `public`, `private` or
    /// `internal`. In a public one forks get no secrets, whatever is set.
    #[arg(long, value_name = "WHO", value_parser = ways::seen_by, conflicts_with = "recursive")]
    visibility: Option<Visibility>,

    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,

    /// Show everything instead of one screen.
    #[arg(long)]
    full: bool,

    /// How many threads work; one for each core unless given.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroU16>,

    /// Do not say on the terminal how far it is.
    #[arg(long)]
    no_progress: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhatIfError {
    /// The repository or the settings cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// The name means nothing here, or several things.
    #[error("{error}{}", doubt(*unread))]
    Name {
        /// Which.
        error: Unresolved,
        /// How many files were not understood.
        unread: usize,
    },
    /// A control that is not here.
    #[error(transparent)]
    Control(#[from] UnknownControl),
    /// Options that do not go together, or nothing that is asked.
    #[error("{0}")]
    Combination(&'static str),
}

// What was not read may well use it.
fn doubt(unread: usize) -> String {
    match unread {
        0 => String::new(),
        _ => format!(
            "; but {unread} files were not understood as a whole, and may use it: `cofferdam exposure` names them"
        ),
    }
}

impl From<WhatIfError> for Failure {
    fn from(error: WhatIfError) -> Self {
        match error {
            WhatIfError::Audit(inner) => inner.into(),
            WhatIfError::Name { .. } => Self::usage(&error).hint(Some(
                "`cofferdam what-if --all --full` lists every dependency, `cofferdam exposure --all` every asset",
            )),
            WhatIfError::Control(_) => Self::usage(&error).hint(Some(
                "`cofferdam what-if --without all` says what each layer holds",
            )),
            WhatIfError::Combination(_) => Self::usage(&error),
        }
    }
}

/// What is asked.
enum Question {
    Thing(String),
    All,
    Layers,
    Falls,
}

/// What is answered.
enum Told {
    Thing(Result<Box<Answer>, Unresolved>),
    All(Vec<Ranked>),
    Layers(Vec<Held>),
    Falls(Vec<fallen::Fall>),
}

pub(crate) fn run(args: &WhatIfArgs, colour: ColourChoice) -> Result<Exit, WhatIfError> {
    ways::pool(args.threads.map_or(0, |n| usize::from(n.get())))?;
    let (question, path, without) = asked(args)?;
    if args.recursive {
        return many::run(args, &question, &path, &without, colour);
    }
    let (target, options) = ways::judged(&ways::Read {
        path: &path,
        rev: args.rev.as_deref(),
        base: None,
        settings: args.settings.as_slice(),
        repository: args.repository.as_ref(),
        visibility: args.visibility.as_ref(),
        date: None,
    })?;
    let ask = |session: &mut Session<'_>| {
        told(session, &question, &without, |study, told| {
            written(args, study, &told, &without, colour).map(|text| (text, told))
        })
    };
    let found = what_if(&target, &options, ask).map_err(AuditCommandError::from)?;
    let whole = found.is_whole();
    let unread = found.unread.len();
    let (page, told) = match &found.answer {
        Ok(Ok(page)) => page,
        Ok(Err(_)) => return Err(unwritten()),
        Err(error) => return Err(error.clone().into()),
    };
    if let Told::Thing(Err(error)) = told {
        return Err(WhatIfError::Name {
            error: error.clone(),
            unread,
        });
    }
    let text = match page {
        Written::Human(page) => page.clone().ended(&found),
        Written::Json(value) => json::document(value.clone(), &found).map_err(|_| unwritten())?,
    };
    print(&text)?;
    Ok(if whole { Exit::Clean } else { Exit::NotChecked })
}

/// An answer that wants only what is known of the repository itself.
enum Written {
    Human(Page),
    Json(serde_json::Value),
}

fn unwritten() -> WhatIfError {
    WhatIfError::Combination("the answer cannot be written")
}

fn print(text: &str) -> Result<(), WhatIfError> {
    let failed = |source| AuditCommandError::Output {
        name: "standard output".to_owned(),
        source,
    };
    // The audit's own rules for text from outside: a name may hold a command.
    Ok(output::print(&sanitise::inert_for_log(text)).map_err(failed)?)
}

/// What is asked, about which path, without which layers.
fn asked(args: &WhatIfArgs) -> Result<(Question, PathBuf, Vec<String>), WhatIfError> {
    let mut without = args.without.clone();
    let mut names: Vec<String> = args.thing.iter().cloned().collect();
    let mut path = args.path.clone();
    // `--without .` lists the layers of this folder.
    let is_folder = |name: &String| !name.contains(':') && Path::new(name).is_dir();
    if path.is_none()
        && let Some(at) = without
            .iter()
            .position(|name| name != "all" && is_folder(name))
    {
        path = Some(PathBuf::from(without.remove(at)));
        without.push("all".to_owned());
    }
    let listed = without.iter().any(|name| name == "all");
    if listed && without.len() > 1 {
        return Err(WhatIfError::Combination(
            "`--without all` lists every layer, and goes with no other control",
        ));
    }
    let no_thing = args.all || listed || !without.is_empty() && names.iter().all(is_folder);
    if no_thing && let Some(name) = names.pop() {
        if path.is_some() {
            return Err(WhatIfError::Combination(
                "a thing goes neither with `--all` nor with `--without all`: name a path alone",
            ));
        }
        path = Some(PathBuf::from(name));
    }
    if args.all && listed {
        return Err(WhatIfError::Combination(
            "`--all` ranks dependencies, and `--without all` layers: ask for one of them",
        ));
    }
    let question = match names.pop() {
        Some(name) => Question::Thing(name),
        None if args.all => Question::All,
        None if listed => Question::Layers,
        None if !without.is_empty() => Question::Falls,
        None => {
            return Err(WhatIfError::Combination(
                "name what is taken over, as in `cofferdam what-if acme/build`, or ask for --all or --without",
            ));
        }
    };
    if args.recursive && matches!(question, Question::Layers | Question::Falls) {
        return Err(WhatIfError::Combination(
            "--without asks one repository; with --recursive, name a thing or --all besides",
        ));
    }
    if listed {
        without.clear();
    }
    Ok((
        question,
        path.unwrap_or_else(|| PathBuf::from(".")),
        without,
    ))
}

/// Puts the question, and hands the answer on while what it is about is there.
fn told<R>(
    session: &mut Session<'_>,
    question: &Question,
    without: &[String],
    then: impl FnOnce(&Study<'_>, Told) -> R,
) -> Result<R, UnknownControl> {
    let layers = session.layers(without)?;
    Ok(match question {
        Question::Layers => {
            let held = session.layers_held();
            then(&session.study, Told::Layers(held))
        }
        Question::Falls => {
            let before = session.study.exposure.rows.clone();
            session.without(&layers, |study| {
                let falls = fallen::between(&before, &study.exposure.rows, &layers);
                then(study, Told::Falls(falls))
            })
        }
        Question::Thing(name) => session.without(&layers, |study| {
            let thing = Catalogue::of(study).resolve(name);
            let told = thing.map(|thing| Box::new(answers::of(study, &thing)));
            then(study, Told::Thing(told))
        }),
        Question::All => session.without(&layers, |study| {
            let ranked = ranking::of(study);
            then(study, Told::All(ranked))
        }),
    })
}

fn written(
    args: &WhatIfArgs,
    study: &Study<'_>,
    told: &Told,
    without: &[String],
    colour: ColourChoice,
) -> Result<Written, WhatIfError> {
    let page = || Page::new(colour.on_stdout(), args.full);
    Ok(match (args.format, told) {
        (Form::Json, Told::Thing(Ok(found))) => {
            Written::Json(json::thing(study, found, without, true))
        }
        (Form::Json, Told::All(ranked)) => Written::Json(json::all(ranked, without)),
        (Form::Json, Told::Layers(held)) => Written::Json(json::layers(held)),
        (Form::Json, Told::Falls(falls)) => Written::Json(json::falls(study, falls, without)),
        (Form::Human, Told::Thing(Ok(found))) => {
            Written::Human(answer::page(page(), study, found, without))
        }
        (Form::Human, Told::All(all)) => Written::Human(ranked::page(page(), all, without)),
        (Form::Human, Told::Layers(held)) => Written::Human(layers::table(page(), held)),
        (Form::Human, Told::Falls(falls)) => {
            Written::Human(layers::page(page(), study, falls, without))
        }
        (_, Told::Thing(Err(_))) => Written::Human(page()),
    })
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}

/// The lines of what was not read, for the end of a page.
fn not_read<R>(found: &Studied<R>) -> Vec<String> {
    let unread = found.unread.iter().map(|one| match &one.location {
        Some(at) => format!("{}:{}: {}", at.path, at.line, one.why),
        None => format!("{}: {}", one.path, one.why),
    });
    let files = found.not_checked.iter().filter(|one| one.required);
    let files = files.map(|one| one.message.clone());
    unread.chain(files).collect()
}
