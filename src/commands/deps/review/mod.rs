//! `cofferdam deps review`.

mod human;
mod job;
mod json;
mod markdown;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

#[cfg(feature = "advisories")]
use cofferdam_advisories::Mirrors;
use cofferdam_config::Glob;
use cofferdam_dependencies::{Check, Unknown};
use cofferdam_facts::Timestamp;
use cofferdam_findings::{Exit, formats, sanitise};
use cofferdam_lockfiles::Ecosystem;
use cofferdam_pipelines::Limits;
#[cfg(feature = "advisories")]
use cofferdam_pipelines::advisories::{Advised, Databases};
use cofferdam_pipelines::dependencies::{self, Review, ReviewOptions, Settings};

use super::DepsError;
#[cfg(feature = "advisories")]
use super::db::{AgeArgs, FolderArgs};
use super::listing::glob;
use crate::clock;
use crate::output::Sink;

#[derive(Debug, clap::Args)]
pub(super) struct ReviewArgs {
    /// The root of the repository.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// The branch, tag or commit that the change is to be merged into.
    #[arg(long, value_name = "REV")]
    base: String,
    /// The newest commit of the change.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    head: String,
    /// The configuration of dependency-review-action, as a path in the base.
    #[arg(long, value_name = "PATH")]
    config: Option<String>,
    /// What fails, instead of vulnerable, malicious, licence, source, integrity,
    /// denied and cooldown.
    #[arg(long, value_name = "CHECKS", value_delimiter = ',', value_parser = check)]
    fail_on: Option<Vec<Check>>,
    /// What follows from a licence that nobody states.
    #[arg(long, value_name = "VERDICT", value_enum)]
    unknown_licence: Option<UnknownLicence>,
    /// Fail for versions that are public for fewer days than this. The dates are
    /// a registry's, and without one each version is not checked.
    #[arg(long, value_name = "DAYS")]
    cooldown: Option<u32>,
    /// Names that new packages are compared with, besides those of the base: an
    /// ecosystem of OSV and a path in the base, as in `npm=.github/popular-npm.txt`.
    #[arg(long, value_name = "ECOSYSTEM=PATH", value_parser = known_names)]
    known_names: Vec<(Ecosystem, String)>,
    /// Leave out the files that a pattern fits, as in `examples/**`.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    exclude: Vec<Glob>,
    #[cfg(feature = "advisories")]
    #[command(flatten)]
    folder: FolderArgs,
    #[cfg(feature = "advisories")]
    #[command(flatten)]
    age: AgeArgs,
    /// A host that hands on the public registry, so that what is malicious there is so
    /// here; may be given several times.
    #[cfg(feature = "advisories")]
    #[arg(long, value_name = "HOST")]
    mirror_host: Vec<String>,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: ReviewForm,
    /// Write the result into this file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Append the outputs of dependency-review-action to the file that a job of
    /// GitHub Actions has for them.
    #[arg(long)]
    github_output: bool,
    /// Judge by this day instead of today, for tests: YYYY-MM-DD.
    #[arg(long, value_name = "DATE", value_parser = day, hide = true)]
    date: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum UnknownLicence {
    /// It is said.
    Warn,
    /// It fails.
    Fail,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum ReviewForm {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
    /// SARIF 2.1.0, each finding at the line of the lockfile.
    Sarif,
    /// For a comment.
    Markdown,
}

fn check(word: &str) -> Result<Check, String> {
    Check::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = Check::ALL.iter().map(|check| check.word()).collect();
        format!("the checks are {}", words.join(", "))
    })
}

fn known_names(text: &str) -> Result<(Ecosystem, String), String> {
    let (name, path) = text.split_once('=').ok_or("write ECOSYSTEM=PATH")?;
    let found = Ecosystem::ALL
        .iter()
        .find(|one| one.osv_name() == Some(name));
    let ecosystem = found.ok_or_else(|| {
        let names: Vec<&str> = Ecosystem::ALL
            .iter()
            .filter_map(|one| one.osv_name())
            .collect();
        format!("the ecosystems are {}", names.join(", "))
    })?;
    Ok((*ecosystem, path.to_owned()))
}

fn day(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_date(text).ok_or_else(|| "a day is YYYY-MM-DD".to_owned())
}

pub(super) fn run(args: &ReviewArgs) -> Result<Exit, DepsError> {
    let now = args.date.unwrap_or_else(clock::now);
    #[cfg(feature = "advisories")]
    let databases = Databases::new(args.folder.folder()?, now, args.age.days());
    #[cfg(feature = "advisories")]
    let mirrors = (args.mirror_host.iter())
        .map(|host| host.to_ascii_lowercase())
        .collect::<Mirrors>();
    #[cfg(feature = "advisories")]
    let advised = Advised {
        known: &databases,
        mirrors: &mirrors,
    };
    let options = ReviewOptions {
        root: args.path.clone(),
        base: args.base.clone(),
        head: args.head.clone(),
        exclude: args.exclude.clone(),
        settings: Settings {
            action_config: args.config.clone(),
            fails: (args.fail_on.as_ref()).map(|all| all.iter().copied().collect::<BTreeSet<_>>()),
            unknown_licence: args.unknown_licence.map(|word| match word {
                UnknownLicence::Warn => Unknown::Warn,
                UnknownLicence::Fail => Unknown::Fail,
            }),
            cooldown: args.cooldown,
            known_names: args.known_names.clone(),
        },
        #[cfg(feature = "advisories")]
        advisories: Some(&advised),
        #[cfg(not(feature = "advisories"))]
        advisories: None,
        now,
        limits: Limits::default(),
    };
    let review = dependencies::review(&options)?;
    let comment = markdown::render(&review);
    let mut sink = Sink::open(args.output.as_deref())?;
    match args.format {
        ReviewForm::Human => {
            sink.write_all(sanitise::inert_for_log(&human::render(&review)).as_bytes())?;
        }
        ReviewForm::Json => sink.write_all(json::render(&review)?.as_bytes())?,
        ReviewForm::Markdown => {
            sink.write_all(sanitise::inert_for_log(&comment).as_bytes())?;
        }
        ReviewForm::Sarif => sarif(&review, &mut sink)?,
    }
    sink.finish()?;
    if args.github_output {
        job::write(&review, &comment)?;
    }
    Ok(review.exit)
}

fn sarif(review: &Review, out: &mut dyn Write) -> Result<(), DepsError> {
    let failing = (review.report.findings.iter())
        .filter(|finding| review.failing.contains(&finding.fingerprint));
    let options = formats::Options {
        fail_on: failing.map(|finding| finding.severity).min(),
        ..formats::Options::default()
    };
    if let Some(format) = formats::Format::from_name("sarif") {
        format.write(std::slice::from_ref(&review.report), &options, out)?;
    }
    Ok(())
}
