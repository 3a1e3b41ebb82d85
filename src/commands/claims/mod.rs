//! `cofferdam claims`: sentences about who reaches what, held against the files.

mod human;
mod init;
mod json;
mod markdown;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use cofferdam_config::Config;
use cofferdam_exposure::claims::words::near;
use cofferdam_exposure::claims::{self, Against, Meaningless, Names, Ruling, Standing};
use cofferdam_exposure::{Asset, Node, findings};
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::{Exit, NotChecked, sanitise};
use cofferdam_pipelines::{Judged, Options, Slug, Target, judged};

use super::audit::AuditCommandError;
use super::exposure::{listed, ways};
use crate::failure::Failure;
use crate::output::{self, ColourChoice};

/// Hold the project's claims about who reaches what against its files.
///
/// A claim is a sentence under `[[claim]]` in cofferdam.toml, such as "no fork,
/// branch or CI build reaches a production registry".
#[derive(Debug, clap::Args)]
pub(crate) struct ClaimsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say of each claim whether it holds, is refuted, or is not provable.
    ///
    /// On a change the claims of the base decide, and the edits of claims are
    /// listed.
    #[command(
        after_help = "Exit codes:\n  0  every claim holds\n  1  a claim is refuted\n  2  wrong usage, such as a claim \
        that names nothing\n  3  a claim is not provable: a setting was not seen, or a file not read; 1 wins where both; or no claim is made\n\n\
        Examples:\n  cofferdam claims check\n  cofferdam claims check --settings settings.json\n  cofferdam claims check \
        --base origin/main --format markdown"
    )]
    Check(CheckArgs),
    /// Propose claims that fit this repository, each with what becomes of it.
    #[command(
        after_help = "Exit codes:\n  0  claims were proposed\n  2  wrong usage\n\nWith --write, claims that are refuted today \
        are written as comments."
    )]
    Init(init::InitArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Read this branch, tag or commit from git's objects, not the work tree.
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    /// Judge a change: the claims of this revision decide. On pull requests in
    /// GitHub Actions those of the base do by themselves.
    #[arg(long, value_name = "REV")]
    base: Option<String>,

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

    /// Show every way that contradicts a claim, and everything that is missing.
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, with a published schema.
    Json,
    /// For a job summary or a comment.
    Markdown,
    /// SARIF 2.1.0: each refuted claim at the place of the way that opens it.
    Sarif,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimsError {
    /// The repository, the settings or the configuration cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// Claims name what nothing has.
    #[error("{}", listed(.0))]
    Meaningless(Vec<Meaningless>),
    /// The configuration cannot be written.
    #[error("{}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// What would be written could not be read again.
    #[error("{}: the claims do not fit behind what stands there: {why}", path.display())]
    Unfit { path: PathBuf, why: String },
}

impl From<ClaimsError> for Failure {
    fn from(error: ClaimsError) -> Self {
        match error {
            ClaimsError::Audit(inner) => inner.into(),
            ClaimsError::Meaningless(_) => Self::usage(&error).hint(Some(
                "docs/claims.md has every word, and `cofferdam exposure --all` every name",
            )),
            ClaimsError::Write { .. } => Self::not_checked(&error),
            ClaimsError::Unfit { .. } => Self::usage(&error)
                .hint(Some("print them without `--write`, and place them by hand")),
        }
    }
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}

pub(crate) fn run(args: &ClaimsArgs, colour: ColourChoice) -> Result<Exit, ClaimsError> {
    match &args.what {
        What::Check(args) => check(args, colour),
        What::Init(args) => init::run(args),
    }
}

/// Everything that a check has to say.
struct Checked<'j> {
    judged: &'j Judged,
    rulings: Vec<Ruling<'j>>,
    /// What would become of the claims that the change adds or edits: their
    /// names with a word, or what is wrong with them.
    next: Vec<(String, String)>,
    /// What else is worth knowing.
    notes: Vec<String>,
}

impl Checked<'_> {
    /// Without any claim nothing was checked, except where a change brings the
    /// first ones, and each of them holds.
    fn exit(&self) -> Exit {
        let first = !self.next.is_empty() && self.next.iter().all(|(_, word)| word == "holds");
        if self.rulings.is_empty() && !first {
            return Exit::NotChecked;
        }
        let exit = |ruling: &Ruling<'_>| match ruling.standing {
            Standing::Holds => Exit::Clean,
            Standing::Refuted(_) => Exit::Findings,
            Standing::NotProvable(_) => Exit::NotChecked,
        };
        let exits = self.rulings.iter().map(exit);
        exits.fold(Exit::Clean, Exit::and)
    }

    /// One line that says how it ends.
    fn verdict(&self) -> String {
        if self.rulings.is_empty() {
            return "No claim is made, so nothing was checked; `cofferdam claims init` proposes some"
                .to_owned();
        }
        let count = |word: &str| {
            let words = self.rulings.iter().map(|one| word_of(&one.standing));
            words.filter(|one| *one == word).count()
        };
        let (holds, refuted, open) = (count("holds"), count("refuted"), count("not provable"));
        let of = self.rulings.len();
        format!("{holds} of {of} claims hold, {refuted} refuted, {open} not provable")
    }
}

/// What came out, in a word or two.
fn word_of(standing: &Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Refuted(_) => "refuted",
        Standing::NotProvable(_) => "not provable",
    }
}

/// What was looked at, as a sentence.
fn examined(ruling: &Ruling<'_>) -> String {
    let of = &ruling.examined;
    match (of.pairs(), of.ways) {
        (0, _) => format!(
            "nothing to examine: {} positions and {} assets are meant",
            of.positions, of.assets
        ),
        (pairs, 0) => format!(
            "{} positions, {} assets: {pairs} pairs examined, and none has a way",
            of.positions, of.assets
        ),
        (pairs, ways) => format!(
            "{} positions, {} assets: {pairs} pairs examined, {ways} of them with a way",
            of.positions, of.assets
        ),
    }
}

fn check(args: &CheckArgs, colour: ColourChoice) -> Result<Exit, ClaimsError> {
    let read = ways::Read {
        path: &args.path,
        rev: args.rev.as_deref(),
        base: args.base.as_deref(),
        settings: args.settings.as_slice(),
        repository: args.repository.as_ref(),
        visibility: args.visibility.as_ref(),
        date: None,
    };
    let (target, options) = ways::options(&read)?;
    let judged = of_target(&target, &options)?;
    let checked = checked(&judged)?;
    let text = match args.format {
        Form::Human => human::render(&checked, colour.on_stdout(), args.all),
        Form::Json => json::render(&checked).map_err(ways::unwritten)?,
        Form::Markdown => markdown::render(&checked),
        Form::Sarif => {
            let all = findings::of_claims(&judged.head.exposure, &checked.rulings);
            let besides = not_provable(&checked.rulings);
            ways::sarif(&target.name, &judged.head, all, findings::CLAIM, besides)
        }
    };
    output::print(&sanitise::inert_for_log(&text)).map_err(ways::unwritten)?;
    Ok(checked.exit())
}

fn of_target(target: &Target, options: &Options) -> Result<Judged, AuditCommandError> {
    Ok(judged(target, options)?)
}

/// Holds claims of a configuration against what was read.
fn rulings<'c>(
    config: &'c Config,
    registries: &Config,
    judged: &Judged,
) -> Result<Vec<Ruling<'c>>, Vec<Meaningless>> {
    let mut names = Names::of(&judged.head.exposure, judged.head.settings);
    if let Some(before) = &judged.before {
        names = names.and(Names::of(&before.exposed.exposure, judged.head.settings));
    }
    let gaps = judged.head.not_checked.iter().filter(|one| one.required);
    let unread: Vec<String> = gaps.map(|one| one.message.clone()).collect();
    let against = Against {
        exposure: &judged.head.exposure,
        names: &names,
        registries: &registries.registries,
        settings: judged.head.settings,
        unread: &unread,
        must_exist: true,
    };
    claims::check(&config.claims, &config.file, &against)
}

fn checked(judged: &Judged) -> Result<Checked<'_>, ClaimsError> {
    let found = match &judged.config {
        Some(config) => rulings(config, config, judged).map_err(ClaimsError::Meaningless)?,
        None => Vec::new(),
    };
    Ok(Checked {
        judged,
        rulings: found,
        next: next(judged),
        notes: notes(judged),
    })
}

/// What becomes of the claims that a change adds or edits.
fn next(judged: &Judged) -> Vec<(String, String)> {
    let Some(next) = judged
        .before
        .as_ref()
        .and_then(|before| before.next.as_ref())
    else {
        return Vec::new();
    };
    let old = judged.config.as_ref();
    let is_old = |claim: &cofferdam_config::Claim| {
        let values = |words: &[cofferdam_facts::Spanned<String>]| -> Vec<String> {
            words.iter().map(|word| word.value.clone()).collect()
        };
        let said = |one: &cofferdam_config::Claim| {
            let lists = [&one.from, &one.to, &one.after, &one.unless];
            (
                one.name.value.clone(),
                one.form,
                lists.map(|list| values(list)),
            )
        };
        old.is_some_and(|old| old.claims.iter().any(|one| said(one) == said(claim)))
    };
    let fresh: Vec<_> = next.claims.iter().filter(|c| !is_old(c)).collect();
    if fresh.is_empty() {
        return Vec::new();
    }
    let name = |claim: &cofferdam_config::Claim| claim.name.value.clone();
    // The graph is drawn by the declarations that count today.
    match rulings(next, old.unwrap_or(next), judged) {
        Ok(all) => all
            .iter()
            .filter(|ruling| fresh.iter().any(|claim| claim.name == ruling.claim.name))
            .map(|ruling| (name(ruling.claim), word_of(&ruling.standing).to_owned()))
            .collect(),
        Err(mistakes) => vec![("the claims after the merge".to_owned(), listed(&mistakes))],
    }
}

/// What else is worth knowing: on what the answer rests, and what is declared of
/// nothing.
fn notes(judged: &Judged) -> Vec<String> {
    let beside = judged.head.not_checked.iter().filter(|one| !one.required);
    let mut notes: Vec<String> = beside
        .map(|one| format!("note: {}; {}", one.message, one.settle))
        .collect();
    notes.extend(unused(judged));
    notes
}

/// Declarations of secrets that nothing here has.
fn unused(judged: &Judged) -> Vec<String> {
    let Some(config) = &judged.config else {
        return Vec::new();
    };
    let mut secrets: BTreeSet<(String, Option<String>)> = BTreeSet::new();
    for node in judged.head.exposure.graph.nodes() {
        if let Node::Asset(Asset::Secret {
            name: Some(name),
            environment,
        }) = node
        {
            secrets.insert((name.clone(), environment.clone()));
        }
    }
    let mut notes = Vec::new();
    for declaration in &config.registries {
        for secret in &declaration.secrets {
            let known = |(name, home): &(String, Option<String>)| {
                secret.means(name, home.as_deref()) || (home.is_none() && *name == secret.name)
            };
            if secrets.iter().any(known) {
                continue;
            }
            let all = secrets.iter().map(|(name, _)| name.clone());
            let hint = near(&secret.name, all)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            notes.push(format!(
                "{}: no job names the secret {secret}{hint}",
                declaration.location
            ));
        }
    }
    notes
}

fn not_provable(rulings: &[Ruling<'_>]) -> Vec<NotChecked> {
    let mut all = Vec::new();
    for ruling in rulings {
        let Standing::NotProvable(missing) = &ruling.standing else {
            continue;
        };
        for one in missing {
            let name = &ruling.claim.name.value;
            all.push(NotChecked {
                code: "claim-not-provable",
                message: format!("\"{name}\" is not provable: {}", one.what),
                location: None,
                settle: one.settle.clone(),
                required: true,
            });
        }
    }
    all
}
