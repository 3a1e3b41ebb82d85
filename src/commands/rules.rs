//! `cofferdam rules [ID]`.

mod page;

use std::ffi::OsStr;
use std::io;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use cofferdam_findings::{Exit, RuleInfo, Severity};
use cofferdam_pipelines::judging::all_rules;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{self, ColourChoice, Screen};

/// The version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

/// List the rules, or show what one of them looks for and how it decides.
#[derive(Debug, clap::Args)]
pub(crate) struct RulesArgs {
    /// The rule whose page is shown.
    #[arg(value_name = "ID", value_parser = AsWritten, hide_possible_values = true)]
    id: Option<String>,
    /// How it is printed.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything that is known of the rules.
    Json,
    /// The page as it stands in the documentation.
    Markdown,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RulesError {
    /// It cannot be written.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<RulesError> for Failure {
    fn from(error: RulesError) -> Self {
        Self::usage(&error)
    }
}

/// The ids of the rules, for arguments.
pub(crate) fn ids() -> PossibleValuesParser {
    let value = |info: &RuleInfo| PossibleValue::new(info.id).help(info.title);
    PossibleValuesParser::new(all_rules().iter().map(value))
}

/// The id of a rule, or the one that SARIF gives it where a finding is graded
/// otherwise than its highest, as in `syntax.low`. Both mean the rule.
#[derive(Clone)]
struct AsWritten;

impl TypedValueParser for AsWritten {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let plain = value
            .to_str()
            .and_then(|text| text.rsplit_once('.'))
            .filter(|(_, severity)| Severity::from_word(severity).is_some())
            .map_or(value, |(rule, _)| OsStr::new(rule));
        ids().parse_ref(command, argument, plain)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = all_rules();
        let value = |info: RuleInfo| PossibleValue::new(info.id).help(info.title);
        Some(Box::new(values.into_iter().map(value)))
    }
}

pub(crate) fn run(args: &RulesArgs, colour: ColourChoice) -> Result<Exit, RulesError> {
    let rules = all_rules();
    let all = rules.iter();
    let chosen: Vec<&RuleInfo> = match &args.id {
        Some(id) => all.filter(|info| info.id == id).collect(),
        None => all.collect(),
    };
    let text = match (args.format, args.id.is_some()) {
        (Form::Json, _) => json(&chosen),
        (Form::Markdown, _) => chosen.iter().map(|info| page::markdown(info)).collect(),
        (Form::Human, true) => {
            let columns = Screen::of_stdout().columns;
            let paint = page::Paint::new(colour.on_stdout());
            chosen
                .iter()
                .map(|info| page::human(info, columns, paint))
                .collect()
        }
        (Form::Human, false) => table(&chosen),
    };
    output::print(&text)?;
    Ok(Exit::Clean)
}

fn controls(info: &RuleInfo) -> String {
    let ids: Vec<&str> = info.controls.iter().map(|control| control.id()).collect();
    ids.join(" ")
}

/// One line a rule, in columns.
fn table(rules: &[&RuleInfo]) -> String {
    let width = |cell: fn(&RuleInfo) -> usize| rules.iter().map(|r| cell(r)).max().unwrap_or(0);
    let id = width(|info| info.id.len());
    let control = width(|info| controls(info).len());
    let mut text = String::new();
    for info in rules {
        let (severity, controls) = (info.severity.word(), controls(info));
        let fix = if page::fix(info).is_some() { "fix" } else { "" };
        text.push_str(&format!(
            "{:id$}  {severity:8}  {controls:control$}  {fix:3}  {}\n",
            info.id, info.title
        ));
    }
    text.push_str("\n`cofferdam rules ID` shows what a rule looks for and how it decides.\n");
    text
}

/// What `cofferdam fix` does about it; `null` where it does nothing.
fn fix(info: &RuleInfo) -> Value {
    page::fix(info).map_or(
        Value::Null,
        |(offer, summary)| json!({ "offer": offer, "summary": summary }),
    )
}

fn json(rules: &[&RuleInfo]) -> String {
    let one = |info: &&RuleInfo| -> Value {
        json!({
            "id": info.id,
            "title": info.title,
            "severity": info.severity.word(),
            "controls": info.controls.iter().map(|control| control.id()).collect::<Vec<_>>(),
            "peers": info.peers,
            "standards": (info.standards.iter())
                .map(|r| json!({ "standard": r.standard().word(), "id": r.id() }))
                .collect::<Vec<_>>(),
            "docs": page::body(info),
            "fix": fix(info),
        })
    };
    let all: Vec<Value> = rules.iter().map(one).collect();
    let document = json!({ "schema_version": SCHEMA_VERSION, "rules": all });
    format!("{document:#}\n")
}
