//! `cofferdam deps licenses`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cofferdam_dependencies::{Licence, LicenceRules, LicenceVerdict};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_lockfiles::{Ecosystem, Package};
use cofferdam_pipelines::Limits;
use cofferdam_pipelines::dependencies::{DependenciesError, Inventory, Licences};
use serde_json::{Value, json};

use super::listing::{self, Reading, counted, title};
use super::{DepsError, Form};
use crate::output;

/// The most packages that are named of one licence.
const MOST_NAMED: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct LicensesArgs {
    #[command(flatten)]
    reading: Reading,
    /// Fail for every licence but these: SPDX identifiers with commas.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        conflicts_with = "deny"
    )]
    allow: Vec<String>,
    /// Fail for these licences: SPDX identifiers with commas.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    deny: Vec<String>,
    /// Fail for packages whose licence nobody states.
    #[arg(long)]
    fail_on_unknown: bool,
}

struct Found<'p> {
    package: &'p Package,
    licence: Licence,
    verdict: LicenceVerdict,
}

pub(super) fn run(args: &LicensesArgs) -> Result<Exit, DepsError> {
    let rules = LicenceRules::new(&args.allow, &args.deny)
        .map_err(|error| DepsError::Licence(error.to_string()))?;
    let inventory = args.reading.read()?;
    let limits = Limits::default();
    let beside = match &args.reading.rev {
        Some(revision) => Licences::of_commit(&args.reading.path, revision, &limits)
            .map_err(DependenciesError::from)?,
        None => Licences::of_checkout(&args.reading.path, &limits),
    };
    let mut found: Vec<Found<'_>> = Vec::new();
    for document in &inventory.documents {
        for (_, package) in document.dependencies() {
            // Files that name these have no place for a licence.
            if matches!(
                package.ecosystem,
                Ecosystem::GitHubActions | Ecosystem::Docker
            ) {
                continue;
            }
            let written = package.licence.clone().or_else(|| beside.of(package));
            let licence = Licence::read(written.as_deref());
            let verdict = rules.verdict(&licence);
            found.push(Found {
                package,
                licence,
                verdict,
            });
        }
    }
    let exit = exit(args, &rules, &found, &inventory);
    let text = match args.reading.format {
        Form::Human => human(&inventory, &found),
        Form::Json => listing::page(
            &inventory,
            vec![
                ("result", json!(exit.word())),
                ("packages", found.iter().map(value).collect()),
            ],
        )?,
    };
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(exit)
}

fn exit(
    args: &LicensesArgs,
    rules: &LicenceRules,
    found: &[Found<'_>],
    inventory: &Inventory,
) -> Exit {
    let fails = found.iter().any(|one| match one.verdict {
        LicenceVerdict::Denied => true,
        LicenceVerdict::NotUnderstood => !rules.is_empty() || args.fail_on_unknown,
        LicenceVerdict::Unknown => args.fail_on_unknown,
        LicenceVerdict::Allowed => false,
    });
    if fails {
        Exit::Findings
    } else {
        listing::exit(inventory)
    }
}

fn value(one: &Found<'_>) -> Value {
    let mut value = listing::bare(one.package);
    if let Some(map) = value.as_object_mut() {
        let licence = match &one.licence {
            Licence::Unknown => Value::Null,
            other => json!(other.text()),
        };
        map.insert("licence".to_owned(), licence);
        map.insert("verdict".to_owned(), json!(one.verdict.word()));
    }
    value
}

fn human(inventory: &Inventory, found: &[Found<'_>]) -> String {
    let mut groups: BTreeMap<(&str, LicenceVerdict), Vec<&Package>> = BTreeMap::new();
    for one in found {
        let key = (one.licence.text(), one.verdict);
        groups.entry(key).or_default().push(one.package);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, packages)| std::cmp::Reverse(packages.len()));
    let mut out = String::new();
    for ((licence, verdict), packages) in &groups {
        let mut names: Vec<String> = packages.iter().map(|package| title(package)).collect();
        names.sort();
        names.dedup();
        let mark = match verdict {
            LicenceVerdict::Denied => "  NOT ALLOWED",
            LicenceVerdict::NotUnderstood => "  no expression of SPDX",
            LicenceVerdict::Allowed | LicenceVerdict::Unknown => "",
        };
        let _ = writeln!(
            out,
            "{}: {}{mark}",
            sanitise::clipped(licence, 120),
            counted(names.len(), "package")
        );
        for name in names.iter().take(MOST_NAMED) {
            let _ = writeln!(out, "  {name}");
        }
        if names.len() > MOST_NAMED {
            let more = names.len() - MOST_NAMED;
            let _ = writeln!(out, "  and {more} more, which `--format json` lists");
        }
        out.push('\n');
    }
    listing::rest(&mut out, inventory);
    out
}
