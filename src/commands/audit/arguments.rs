//! The arguments of `cofferdam audit`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use cofferdam_facts::Control;
use cofferdam_facts::Timestamp;
use cofferdam_findings::formats::{FORMATS, Format};
use cofferdam_findings::{Severity, Standard, Threshold};
use cofferdam_pipelines::{Requirement, Slug};

/// Say which protections a project's CI has and what to mend first.
///
/// Reads the workflows, actions and related files of a checkout, decides every
/// control with evidence, and ranks what was found. Nothing of the checkout is
/// executed, no git command runs, and no link is followed out of it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  passes: nothing at or above --fail-on, nothing needed unchecked\n  1  findings at or above --fail-on\n  \
    2  wrong usage\n  3  something needed could not be checked: a file that does not parse, a \
    fact named by --require, data that is too old; 1 wins where both\n\nExamples:\n  \
    cofferdam audit .\n  cofferdam audit . --all --control C4\n  cofferdam audit --rev v1.2.0\n  \
    cofferdam audit --base origin/main\n  cofferdam audit . --against osps\n  cofferdam audit --recursive ~/src\n  cofferdam audit --format sarif --output audit.sarif\n  \
    cat ci.yml | cofferdam audit -"
)]
pub(crate) struct AuditArgs {
    /// Checkouts, single files, or `-` for one file from standard input.
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) input: InputArgs,

    #[command(flatten)]
    pub(super) facts: FactArgs,

    #[command(flatten)]
    pub(super) judged: JudgeArgs,

    #[command(flatten)]
    pub(super) shown: ShownArgs,
}

/// What is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is read")]
pub(super) struct InputArgs {
    /// Read this branch, tag or commit from git's objects, not the work tree.
    #[arg(long, value_name = "REV", conflicts_with = "recursive")]
    pub(super) rev: Option<String>,

    /// Audit every repository below the given folders, one line each.
    #[arg(long)]
    pub(super) recursive: bool,

    /// What the file from standard input is, by the path it has in its
    /// repository.
    #[arg(
        long,
        value_name = "PATH",
        default_value = ".github/workflows/stdin.yml"
    )]
    pub(super) stdin_path: String,

    /// How many threads work; by default one for each processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

/// What is known besides the files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is known besides")]
pub(super) struct FactArgs {
    /// A file that `cofferdam settings snapshot` has written; may be given for
    /// several repositories.
    #[arg(long, value_name = "FILE")]
    pub(super) settings: Vec<PathBuf>,

    /// The repository that this is, where its remote does not say so or says
    /// something else, as for a fork.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    pub(super) repository: Option<Slug>,

    /// A fact that must be known, else the run ends with exit code 3:
    /// `settings`, `data`, `repository`, or the id of a control.
    #[arg(long, value_name = "FACT", value_parser = requirements(), hide_possible_values = true)]
    pub(super) require: Vec<Requirement>,

    /// The day of the run, for what expires; today by default.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    pub(super) date: Option<Timestamp>,
}

/// By whose word findings count.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "By whose word findings count")]
pub(super) struct JudgeArgs {
    /// Judge a change: show what is new and what is gone since this revision,
    /// fail for new findings only, and take the configuration, the ignore
    /// comments and the baseline from there. On pull requests in GitHub Actions
    /// the base judges by itself, and everything that it does not silence counts.
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,

    /// Known findings, by content and number; one more copy is new. By default
    /// what the configuration names.
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,

    /// Write the baseline: without what is gone, and never with anything new.
    #[arg(long, conflicts_with_all = ["base", "rev", "recursive"])]
    pub(super) update_baseline: bool,

    /// Let the baseline take in everything that is found now.
    #[arg(long, requires = "update_baseline")]
    pub(super) allow_growth: bool,

    /// The organisation's file. A repository that names one must name this one,
    /// by its SHA-256; for the others it holds as well.
    #[arg(long, value_name = "FILE")]
    pub(super) organisation: Option<PathBuf>,

    /// Heed nothing that the repository says about itself: no configuration, no
    /// ignore comment, no baseline. For a stranger's checkout.
    #[arg(long, conflicts_with_all = ["baseline", "update_baseline"])]
    pub(super) no_config: bool,
}

/// What is shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is shown")]
pub(super) struct ShownArgs {
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_parser = formats(), default_value = "human")]
    pub(super) format: Format,

    /// Hold the result against a standard: every requirement of it, with its
    /// status, the evidence, and the rules behind. Findings and exit code stay
    /// what they are.
    #[arg(long, value_name = "STANDARD", value_parser = standards(),
          conflicts_with_all = ["rule", "control", "min_severity", "update_baseline"])]
    pub(super) against: Option<Standard>,

    /// Show everything at length instead of one screen.
    #[arg(long)]
    pub(super) all: bool,

    /// Only this rule; may be given several times.
    #[arg(long, value_name = "ID", value_parser = super::super::rules::ids(), hide_possible_values = true)]
    pub(super) rule: Vec<String>,

    /// Only this control, as in `C4`; may be given several times.
    #[arg(long, value_name = "ID", value_parser = controls(), ignore_case = true, hide_possible_values = true)]
    pub(super) control: Vec<Control>,

    /// Do not say what the places of findings expose to whom, and order them by
    /// severity alone. Which findings count is the same either way.
    #[cfg(feature = "exposure")]
    #[arg(long)]
    pub(super) no_exposure: bool,

    /// Show nothing below this severity; the exit code still counts it.
    #[arg(long, value_name = "SEVERITY", value_parser = severities())]
    pub(super) min_severity: Option<Severity>,

    /// The lowest severity that fails the run; `none` never fails for a
    /// finding. By default what the configuration says, else `high`.
    #[arg(long, value_name = "SEVERITY", value_parser = thresholds())]
    pub(super) fail_on: Option<Threshold>,

    /// Write the result to this file, whole or not at all.
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Do not show on the terminal how far the work is.
    #[arg(long)]
    pub(super) no_progress: bool,
}

fn slug(text: &str) -> Result<Slug, &'static str> {
    Slug::parse(text).ok_or("write it as OWNER/NAME")
}

/// A day, as arguments name it.
pub(crate) fn date(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("write it as YYYY-MM-DD")
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let values = FORMATS
        .iter()
        .map(|f| PossibleValue::new(f.name).help(f.about));
    PossibleValuesParser::new(values).try_map(|name| Format::from_name(&name).ok_or("unknown"))
}

fn standards() -> impl TypedValueParser<Value = Standard> {
    let values = (Standard::OF_PROJECTS.iter())
        .map(|standard| PossibleValue::new(standard.word()).help(standard.edition()));
    PossibleValuesParser::new(values).try_map(|word| Standard::from_word(&word).ok_or("unknown"))
}

fn severities() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(Severity::ALL.iter().map(|s| s.word()))
        .try_map(|word| Severity::from_word(&word).ok_or("unknown"))
}

fn thresholds() -> impl TypedValueParser<Value = Threshold> {
    let words = Severity::ALL.iter().map(|s| s.word()).chain(["none"]);
    PossibleValuesParser::new(words).try_map(|word| Threshold::from_word(&word).ok_or("unknown"))
}

fn controls() -> impl TypedValueParser<Value = Control> {
    let values = Control::ALL
        .iter()
        .map(|c| PossibleValue::new(c.id()).help(c.title()));
    PossibleValuesParser::new(values).try_map(|id| Control::from_id(&id).ok_or("unknown"))
}

fn requirements() -> impl TypedValueParser<Value = Requirement> {
    let words = Requirement::WORDS.iter().copied();
    let ids = Control::ALL.iter().map(|c| c.id());
    PossibleValuesParser::new(words.chain(ids))
        .try_map(|word| Requirement::parse(&word).ok_or("unknown"))
}
