//! `cofferdam deps tree` and `deps why`.

use std::fmt::Write as _;

use cofferdam_dependencies::Graph;
use cofferdam_dependencies::graph::{End, Row};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_lockfiles::{Document, Package, Relation};
use cofferdam_pipelines::dependencies::{DependenciesError, Inventory};
use serde_json::{Value, json};

use super::listing::{self, Reading, counted, title};
use super::{DepsError, Form};
use crate::output;

#[derive(Debug, clap::Args)]
pub(super) struct TreeArgs {
    #[command(flatten)]
    reading: Reading,
    /// Begin with this package, as in `serde` or `serde@1.0.200`.
    #[arg(long, value_name = "PACKAGE", conflicts_with = "invert")]
    package: Option<String>,
    /// Show who asks for this package, and who asks for them.
    #[arg(long, value_name = "PACKAGE")]
    invert: Option<String>,
    /// Go no deeper than so many steps.
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(super) struct WhyArgs {
    /// The package, as in `lodash` or `lodash@4.17.20`.
    #[arg(value_name = "PACKAGE")]
    package: String,
    #[command(flatten)]
    reading: Reading,
    /// Show at most so many ways a file.
    #[arg(long, value_name = "N", default_value_t = 10)]
    most: usize,
}

/// A package by its name, in one version or in any.
struct Wanted<'w> {
    written: &'w str,
    name: &'w str,
    version: Option<&'w str>,
}

impl<'w> Wanted<'w> {
    fn read(written: &'w str) -> Self {
        let (name, version) = match written.rsplit_once('@') {
            Some((name, version)) if !name.is_empty() && !version.is_empty() => {
                (name, Some(version))
            }
            _ => (written, None),
        };
        Self {
            written,
            name,
            version,
        }
    }

    /// Whether a package is meant, by its own name, as names are compared, or by
    /// the one that the project calls it by.
    fn is(&self, package: &Package) -> bool {
        let of = |name: &str| {
            let mut other = package.clone();
            other.name = name.to_owned();
            other.lookup_name()
        };
        let by_name = package.name == self.name
            || package.alias.as_deref() == Some(self.name)
            || package.lookup_name() == of(self.name);
        let whole = package.name == self.written;
        whole
            || by_name
                && self
                    .version
                    .is_none_or(|v| package.version.as_deref() == Some(v))
    }

    fn places(&self, document: &Document) -> Vec<usize> {
        let found = document
            .dependencies()
            .filter(|(_, package)| self.is(package));
        found.map(|(at, _)| at).collect()
    }

    fn nowhere(&self) -> DepsError {
        DependenciesError::NoPackage {
            name: self.written.to_owned(),
        }
        .into()
    }
}

pub(super) fn run(args: &TreeArgs) -> Result<Exit, DepsError> {
    let inventory = args.reading.read()?;
    let named = args.package.as_deref().or(args.invert.as_deref());
    let wanted = named.map(Wanted::read);
    let mut trees = Vec::new();
    for document in &inventory.documents {
        let graph = Graph::of(document);
        let starts = match &wanted {
            Some(wanted) => wanted.places(document),
            None => graph.roots(),
        };
        if !starts.is_empty() {
            let rows = graph.rows(&starts, args.depth, args.invert.is_some());
            trees.push((document, rows));
        }
    }
    if let Some(wanted) = wanted.filter(|_| trees.is_empty()) {
        return Err(wanted.nowhere());
    }
    let text = match args.reading.format {
        Form::Human => human(&inventory, &trees),
        Form::Json => {
            let files = trees.iter().map(|(document, rows)| {
                json!({ "path": &*document.path, "rows": rows.iter()
                    .filter_map(|row| json_row(document, row)).collect::<Vec<_>>() })
            });
            listing::page(&inventory, vec![("files", files.collect())])?
        }
    };
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(listing::exit(&inventory))
}

fn json_row(document: &Document, row: &Row) -> Option<Value> {
    let package = document.packages.get(row.package)?;
    Some(json!({
        "depth": row.depth,
        "name": package.name,
        "version": package.version,
        "line": package.location.line,
        "end": row.end.map(end_word),
    }))
}

fn end_word(end: End) -> &'static str {
    match end {
        End::Circle => "circle",
        End::Shown => "shown-above",
        End::Depth => "depth",
    }
}

fn human(inventory: &Inventory, trees: &[(&Document, Vec<Row>)]) -> String {
    let mut out = String::new();
    for (document, rows) in trees {
        let count = document.dependencies().count();
        let _ = writeln!(out, "{}", listing::heading(document, count));
        // By depth, whether the package there is the last of its kind.
        let mut lasts: Vec<bool> = Vec::new();
        for row in rows {
            lasts.truncate(row.depth);
            lasts.push(row.last);
            let Some(package) = document.packages.get(row.package) else {
                continue;
            };
            let above = lasts.iter().take(row.depth).skip(1);
            let mut line: String = above
                .map(|last| if *last { "    " } else { "│   " })
                .collect();
            if row.depth > 0 {
                line.push_str(if row.last { "└── " } else { "├── " });
            }
            let end = match row.end {
                Some(End::Circle) => "  (circle: it stands above itself)",
                Some(End::Shown) => "  (shown above)",
                Some(End::Depth) => "  …",
                None => "",
            };
            let _ = writeln!(out, "{line}{}{end}", title(package));
        }
        out.push('\n');
    }
    listing::rest(&mut out, inventory);
    out
}

pub(super) fn why(args: &WhyArgs) -> Result<Exit, DepsError> {
    let inventory = args.reading.read()?;
    let wanted = Wanted::read(&args.package);
    let mut found = Vec::new();
    for document in &inventory.documents {
        let graph = Graph::of(document);
        for at in wanted.places(document) {
            found.push((document, at, graph.ways(at)));
        }
    }
    if found.is_empty() {
        return Err(wanted.nowhere());
    }
    let text = match args.reading.format {
        Form::Human => why_human(&inventory, &found, args.most),
        Form::Json => {
            let packages = found.iter().filter_map(|(document, at, ways)| {
                let package = document.packages.get(*at)?;
                let shown = ways.iter().take(args.most);
                let shown =
                    shown.map(|way| way.iter().filter_map(|at| step(document, *at)).collect());
                Some(json!({
                    "package": listing::bare(package),
                    "ways": shown.collect::<Vec<Vec<Value>>>(),
                    "more_ways": ways.len().saturating_sub(args.most),
                }))
            });
            listing::page(&inventory, vec![("packages", packages.collect())])?
        }
    };
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(listing::exit(&inventory))
}

fn step(document: &Document, at: usize) -> Option<Value> {
    let package = document.packages.get(at)?;
    Some(json!({ "name": package.name, "version": package.version, "line": package.location.line }))
}

type Ways = Vec<Vec<usize>>;

fn why_human(inventory: &Inventory, found: &[(&Document, usize, Ways)], most: usize) -> String {
    let mut out = String::new();
    for (document, at, ways) in found {
        let Some(package) = document.packages.get(*at) else {
            continue;
        };
        let place = &package.location;
        let _ = writeln!(
            out,
            "{} in {}{}",
            title(package),
            sanitise::line(&place.path),
            place.suffix()
        );
        let of = |at: &usize| document.packages.get(*at);
        for way in ways.iter().take(most) {
            let names: Vec<String> = way.iter().filter_map(of).map(title).collect();
            let first = way.first().and_then(of);
            let _ = writeln!(out, "  {}{}", start(first), names.join(" → "));
        }
        if ways.len() > most {
            let more = counted(ways.len() - most, "more way");
            let _ = writeln!(out, "  and {more}; `--most` shows them");
        }
        out.push('\n');
    }
    listing::rest(&mut out, inventory);
    out
}

/// By whose word a way begins.
fn start(first: Option<&Package>) -> &'static str {
    match first.map(|package| package.relation) {
        Some(Relation::Direct) => "the project → ",
        _ => "nobody is known to ask for: ",
    }
}
