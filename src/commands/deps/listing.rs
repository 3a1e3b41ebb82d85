//! `cofferdam deps list`, and what the commands that read lockfiles share.

use std::fmt::Write as _;
use std::path::PathBuf;

use cofferdam_config::Glob;
use cofferdam_findings::{Exit, NotChecked, formats, sanitise};
use cofferdam_lockfiles::{Document, Package, Relation, Source};
use cofferdam_pipelines::Limits;
use cofferdam_pipelines::dependencies::{self, Inventory, Options};
use serde_json::{Value, json};

use super::{DepsError, Form};
use crate::output;

/// The version of the JSON that these commands print.
pub(super) const SCHEMA_VERSION: u32 = 1;
/// The most lines of what was not checked.
const MOST_SHOWN: usize = 50;

/// What is read.
#[derive(Debug, clap::Args)]
pub(super) struct Reading {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) path: PathBuf,
    /// Read this branch, tag or commit instead of the work tree.
    #[arg(long, value_name = "REV")]
    pub(super) rev: Option<String>,
    /// Leave out the files that a pattern fits, as in `examples/**`.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(super) exclude: Vec<Glob>,
    /// Leave out actions, reusable workflows and images.
    #[arg(long)]
    pub(super) lockfiles_only: bool,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) format: Form,
}

pub(super) fn glob(text: &str) -> Result<Glob, String> {
    Glob::new(text).map_err(|why| format!("`{text}` {why}"))
}

impl Reading {
    pub(super) fn read(&self) -> Result<Inventory, DepsError> {
        let options = Options {
            root: self.path.clone(),
            revision: self.rev.clone(),
            exclude: self.exclude.clone(),
            references: !self.lockfiles_only,
            limits: Limits::default(),
        };
        Ok(dependencies::inventory(&options)?)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    reading: Reading,
    /// Only what the project asks for by itself.
    #[arg(long)]
    direct: bool,
}

pub(super) fn run(args: &ListArgs) -> Result<Exit, DepsError> {
    let inventory = args.reading.read()?;
    let is_shown = |package: &Package| {
        package.relation != Relation::Project
            && (!args.direct || package.relation == Relation::Direct)
    };
    let text = match args.reading.format {
        Form::Human => human(&inventory, &is_shown),
        Form::Json => {
            let files = inventory.documents.iter().map(|document| {
                let shown = document.packages.iter().filter(|package| is_shown(package));
                json!({
                    "path": &*document.path,
                    "format": document.format.name(),
                    "format_version": document.format_version,
                    "packages": shown.map(|one| package(document, one)).collect::<Vec<_>>(),
                })
            });
            page(&inventory, vec![("files", files.collect())])?
        }
    };
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(exit(&inventory))
}

/// How a command ends that judges nothing.
pub(super) fn exit(inventory: &Inventory) -> Exit {
    if inventory.not_checked.iter().any(|one| one.required) {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

fn human(inventory: &Inventory, is_shown: &dyn Fn(&Package) -> bool) -> String {
    let mut out = String::new();
    let mut count = 0;
    for document in &inventory.documents {
        let shown: Vec<&Package> = document
            .packages
            .iter()
            .filter(|one| is_shown(one))
            .collect();
        if shown.is_empty() {
            continue;
        }
        count += shown.len();
        let _ = writeln!(out, "{}", heading(document, shown.len()));
        for package in shown {
            let _ = writeln!(out, "  {}{}", title(package), remarks(package));
        }
        out.push('\n');
    }
    rest(&mut out, inventory);
    let files = inventory.documents.len();
    let _ = writeln!(
        out,
        "{} in {}",
        counted(count, "package"),
        counted(files, "file")
    );
    out
}

pub(super) fn heading(document: &Document, count: usize) -> String {
    let path = sanitise::line(&document.path);
    format!(
        "{path} ({}): {}",
        document.format.name(),
        counted(count, "package")
    )
}

pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

/// A package and its version.
pub(super) fn title(package: &Package) -> String {
    let title = cofferdam_dependencies::checks::title(package);
    sanitise::clipped(&title, 200)
}

/// What is to be known of a package besides.
fn remarks(package: &Package) -> String {
    let mut words = Vec::new();
    match package.relation {
        Relation::Direct | Relation::Project => words.push("direct".to_owned()),
        Relation::Transitive => {}
        Relation::Unknown => words.push("direct or not is unknown".to_owned()),
    }
    if package.scope == cofferdam_lockfiles::Scope::Development {
        words.push("development".to_owned());
    }
    if package.optional {
        words.push("optional".to_owned());
    }
    match &package.source {
        Source::Registry { .. } | Source::Unknown => {}
        source => words.push(match source.address() {
            Some(address) => format!("{} {}", source.word(), sanitise::clipped(address, 120)),
            None => source.word().to_owned(),
        }),
    }
    if words.is_empty() {
        String::new()
    } else {
        format!("  ({})", words.join(", "))
    }
}

/// What was left out, and what could not be read.
pub(super) fn rest(out: &mut String, inventory: &Inventory) {
    let left_out = &inventory.left_out;
    for (path, why) in left_out.iter().take(MOST_SHOWN) {
        let _ = writeln!(out, "left out: {}: {why}", sanitise::line(path));
    }
    if left_out.len() > MOST_SHOWN {
        let _ = writeln!(out, "left out: {} more", left_out.len() - MOST_SHOWN);
    }
    if !left_out.is_empty() {
        out.push('\n');
    }
    not_checked(out, &inventory.not_checked);
}

pub(super) fn not_checked(out: &mut String, all: &[NotChecked]) {
    for required in [true, false] {
        let some: Vec<&NotChecked> = all.iter().filter(|one| one.required == required).collect();
        if some.is_empty() {
            continue;
        }
        let title = if required { "Not checked" } else { "Notes" };
        let _ = writeln!(out, "{title} ({})", some.len());
        for one in some.iter().take(MOST_SHOWN) {
            let place = one.location.as_ref().map_or(String::new(), |place| {
                format!("{}{}: ", sanitise::line(&place.path), place.suffix())
            });
            let prefix = one
                .location
                .as_ref()
                .map(|place| format!("{}: ", place.path));
            let message = prefix.and_then(|prefix| one.message.strip_prefix(&prefix));
            let message = message.unwrap_or(&one.message);
            let _ = writeln!(out, "  {place}{}", sanitise::clipped(message, 400));
            if !one.settle.is_empty() {
                let _ = writeln!(out, "    {}", sanitise::clipped(&one.settle, 200));
            }
        }
        if some.len() > MOST_SHOWN {
            let _ = writeln!(out, "  and {} more", some.len() - MOST_SHOWN);
        }
        out.push('\n');
    }
}

/// A page of JSON with what every one of these commands says.
pub(super) fn page(
    inventory: &Inventory,
    parts: Vec<(&'static str, Value)>,
) -> Result<String, DepsError> {
    let mut document = json!({
        "schema_version": SCHEMA_VERSION,
        "result": exit(inventory).word(),
        "revision": inventory.revision,
        "left_out": inventory.left_out.iter().map(|(path, why)| {
            json!({ "path": path, "why": why })
        }).collect::<Vec<_>>(),
        "not_checked": inventory.not_checked.iter().map(gap).collect::<Vec<_>>(),
    });
    if let Some(map) = document.as_object_mut() {
        for (name, part) in parts {
            map.insert(name.to_owned(), part);
        }
    }
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

pub(super) fn gap(one: &NotChecked) -> Value {
    json!({
        "code": one.code,
        "message": one.message,
        "path": one.location.as_ref().map(|place| &*place.path),
        "line": one.location.as_ref().map(|place| place.line),
        "settle": one.settle,
        "required": one.required,
    })
}

/// A package as JSON.
pub(super) fn package(document: &Document, package: &Package) -> Value {
    let requirers = package.requirers.iter();
    let requirers = requirers.filter_map(|at| document.packages.get(*at));
    let mut value = bare(package);
    if let Some(map) = value.as_object_mut() {
        map.insert(
            "required_by".to_owned(),
            requirers
                .filter(|one| one.relation != Relation::Project)
                .map(|one| json!({ "name": one.name, "version": one.version }))
                .collect(),
        );
    }
    value
}

/// A package as JSON, without who asks for it.
pub(super) fn bare(package: &Package) -> Value {
    json!({
        "ecosystem": package.ecosystem.osv_name().unwrap_or(package.ecosystem.title()),
        "name": package.name,
        "alias": package.alias,
        "version": package.version,
        "requirement": package.requirement,
        "purl": package.purl(),
        "relation": package.relation.word(),
        "scope": package.scope.word(),
        "optional": package.optional,
        "licence": package.licence,
        "install_script": package.install_script,
        "deprecated": package.deprecated,
        "source": { "kind": package.source.word(), "address": package.source.address() },
        "integrity": package.integrity.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "path": &*package.location.path,
        "line": package.location.line,
    })
}
