//! A threat model as a document: what there is to lose, who might take it, which
//! boundaries and controls stand between, what is left, what is not known.
//!
//! It is written to be committed and compared. So it names files, jobs and
//! things, and no lines, versions, commits or times: an edit that opens and
//! closes nothing leaves every byte as it is.

mod diagram;

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{Asset, Class};
use crate::graph::Node;
use crate::matrix::{self, Row};
use crate::position::Position;
use crate::verdict::{Level, Verdict};
use crate::{Exposure, RunName};

/// How many of the worst ways are told.
const WORST: usize = 12;
/// How many names a cell of a table lists.
const NAMES: usize = 12;

/// What a document is written from.
#[derive(Clone, Copy, Debug)]
pub struct Material<'e> {
    /// The repository, where it is to be named.
    pub repository: Option<&'e str>,
    /// Who can reach what.
    pub exposure: &'e Exposure,
    /// Whether the settings were known.
    pub settings: bool,
    /// Files that were not read, each as a sentence.
    pub not_read: &'e [String],
}

/// Writes the document, as Markdown with diagrams.
#[must_use]
pub fn write(material: &Material<'_>, escape: &Escape) -> String {
    let page = Page {
        material,
        escape,
        rows: &material.exposure.rows,
    };
    let mut text = page.head();
    text.push_str(&page.assets());
    text.push_str(&page.positions());
    text.push_str(&page.boundaries());
    text.push_str(&page.worst());
    text.push_str(&page.controls());
    text.push_str(&page.residual());
    text.push_str(&page.unknown());
    text
}

/// How names from outside are made inert in Markdown: as code, and as prose.
#[derive(Clone, Copy, Debug)]
pub struct Escape {
    /// As code.
    pub code: fn(&str) -> String,
    /// As a part of a sentence or a cell.
    pub prose: fn(&str) -> String,
}

struct Page<'e> {
    material: &'e Material<'e>,
    escape: &'e Escape,
    rows: &'e [Row],
}

impl Page<'_> {
    fn code(&self, text: &str) -> String {
        (self.escape.code)(text)
    }

    fn head(&self) -> String {
        let of = match self.material.repository {
            Some(name) => (self.escape.prose)(name),
            None => "this repository".to_owned(),
        };
        format!(
            "<!-- Written by `cofferdam threat-model --write`. Do not edit; `--check` compares it. -->\n\n\
             # Threat model of the CI of {of}\n\n\
             What an attacker gets from each point from which they may start, worked out from the files \
             below `.github` and what those run{}. It changes only where a way is opened or closed. \
             `cofferdam exposure --explain` shows each way with file and line and what would cut it.\n",
            match self.material.settings {
                true => ", and from a snapshot of the settings",
                false => "; the settings are not known to it, and what hangs on one says so",
            }
        )
    }

    /// What there is to lose.
    fn assets(&self) -> String {
        let mut text = "\n## Assets\n\n".to_owned();
        let holders = self.holders();
        let mut by_asset: BTreeMap<&Asset, Vec<&Row>> = BTreeMap::new();
        for row in self.rows {
            by_asset.entry(&row.asset).or_default().push(row);
        }
        for asset in holders.keys() {
            by_asset.entry(asset).or_default();
        }
        if by_asset.is_empty() {
            text.push_str("Nothing was found that anybody could take.\n");
            return text;
        }
        text.push_str("| asset | held by | who comes closest |\n|---|---|---|\n");
        for class in Class::ALL {
            for (asset, rows) in by_asset.iter().filter(|(asset, _)| asset.class() == class) {
                let held = holders.get(*asset).cloned().unwrap_or_default();
                let closest = rows.iter().min_by_key(|row| weight(row));
                let closest = closest.map_or_else(
                    || "nobody".to_owned(),
                    |row| {
                        let verdict = self.code(&without_refs(&row.verdict.to_string()));
                        format!("{}, {verdict}", self.code(&row.position.to_string()))
                    },
                );
                text.push_str(&format!(
                    "| {} | {} | {closest} |\n",
                    self.code(&asset.to_string()),
                    match held.is_empty() {
                        true => "the repository".to_owned(),
                        false => self.names(&held),
                    },
                ));
            }
        }
        text
    }

    /// The jobs whose own code has an asset in one step.
    fn holders(&self) -> BTreeMap<&Asset, BTreeSet<String>> {
        let exposure = self.material.exposure;
        let mut held: BTreeMap<&Asset, BTreeSet<String>> = BTreeMap::new();
        for edge in exposure.graph.edges() {
            let nodes = exposure.graph.nodes();
            if let (Some(Node::Code(run)), Some(Node::Asset(asset))) =
                (nodes.get(edge.from), nodes.get(edge.to))
                && let Some(run) = exposure.runs.get(*run)
            {
                held.entry(asset).or_default().insert(job(run));
            }
        }
        held
    }

    /// Who might take it.
    fn positions(&self) -> String {
        let mut text = "\n## Positions\n\n\
             | position | who | reaches | after an agreement or wait, or blocked |\n|---|---|---|---|\n"
            .to_owned();
        let mut by_position: BTreeMap<&Position, Vec<&Row>> = BTreeMap::new();
        for node in self.material.exposure.graph.nodes() {
            if let Node::Position(position) = node {
                by_position.entry(position).or_default();
            }
        }
        for row in self.rows {
            by_position.entry(&row.position).or_default().push(row);
        }
        for (position, rows) in by_position {
            let classes = |wanted: &dyn Fn(Level) -> bool| {
                let mut classes: BTreeMap<Class, bool> = BTreeMap::new();
                for row in rows.iter().filter(|row| wanted(row.verdict.level())) {
                    let sure = classes.entry(row.asset.class()).or_default();
                    *sure |= row.verdict.level() != Level::ReachableIf;
                }
                let words = classes.into_iter().map(|(class, sure)| match sure {
                    true => class.word().to_owned(),
                    false => format!("{} (if a fact is so)", class.word()),
                });
                let words: Vec<String> = words.collect();
                match words.is_empty() {
                    true => "nothing".to_owned(),
                    false => words.join(", "),
                }
            };
            text.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                self.code(&position.to_string()),
                diagram::describe(position),
                classes(&|level| level <= Level::ReachableIf),
                classes(&|level| level > Level::ReachableIf),
            ));
        }
        text
    }

    /// Which runs lie between positions and assets.
    fn boundaries(&self) -> String {
        let diagram = diagram::boundaries(self.material.exposure);
        format!(
            "\n## Trust boundaries\n\nFrom outside to what is kept inside, over the workflows that run. A full \
             arrow is open; a dashed one hangs on a fact, an agreement or a wait.\n\n```mermaid\n{diagram}```\n"
        )
    }

    /// The worst of each position and class, the fewest rights first.
    fn worst_rows(&self) -> Vec<&Row> {
        let mut seen = BTreeSet::new();
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| weight(row));
        rows.retain(|row| {
            row.verdict.level() != Level::Blocked
                && seen.insert((group(&row.position), row.asset.class()))
        });
        rows.truncate(WORST);
        rows
    }

    fn worst(&self) -> String {
        let mut text = "\n## Worst paths\n\n".to_owned();
        let rows = self.worst_rows();
        if rows.is_empty() {
            text.push_str("No way leads from anybody to anything.\n");
            return text;
        }
        let exposure = self.material.exposure;
        for row in &rows {
            let edges = row.path.iter().filter_map(|at| exposure.graph.edge(*at));
            let nodes = edges.filter_map(|edge| exposure.graph.nodes().get(edge.to));
            let steps: Vec<String> = nodes
                .map(|node| match node {
                    Node::Asset(asset) => self.code(&asset.to_string()),
                    other => self.code(&exposure.describe(other)),
                })
                .collect();
            text.push_str(&format!(
                "- {} to {}, {}: {}\n",
                self.code(&row.position.to_string()),
                self.code(&row.asset.to_string()),
                self.code(&without_refs(&row.verdict.to_string())),
                steps.join(", then ")
            ));
            for set in row.cuts(&exposure.graph).into_iter().take(1) {
                let cuts: Vec<String> = set.iter().map(|cut| without_refs(&cut.what)).collect();
                text.push_str(&format!(
                    "  - cut: {}\n",
                    (self.escape.prose)(&cuts.join(", and "))
                ));
            }
        }
        let diagram = diagram::ways(exposure, &rows);
        text.push_str(&format!("\n```mermaid\n{diagram}```\n"));
        text
    }

    /// What holds something today.
    fn controls(&self) -> String {
        let mut text = "\n## Existing controls\n\n".to_owned();
        let layers = matrix::layers(self.rows);
        if layers.is_empty() {
            text.push_str("No control was seen that holds something by itself.\n");
            return text;
        }
        text.push_str("| control | holds | from |\n|---|---|---|\n");
        for (control, pairs) in layers {
            let assets: BTreeSet<String> = pairs
                .iter()
                .map(|(_, asset)| asset.class().word().to_owned())
                .collect();
            let positions: BTreeSet<String> = pairs
                .iter()
                .map(|(position, _)| position.to_string())
                .collect();
            let assets: Vec<String> = assets.into_iter().collect();
            text.push_str(&format!(
                "| {} | {} | {} |\n",
                self.code(&control),
                assets.join(", "),
                self.names(&positions)
            ));
        }
        text
    }

    /// What is open in spite of them.
    fn residual(&self) -> String {
        let mut text = "\n## Residual risk\n\n".to_owned();
        let mut open: BTreeMap<&Position, BTreeSet<String>> = BTreeMap::new();
        for row in self
            .rows
            .iter()
            .filter(|row| row.verdict.level() == Level::Reachable)
        {
            let assets = open.entry(&row.position).or_default();
            assets.insert(row.asset.to_string());
        }
        if open.is_empty() {
            text.push_str("Nothing is open without a condition.\n");
            return text;
        }
        text.push_str("Open today, without a condition:\n\n");
        for (position, assets) in open {
            text.push_str(&format!(
                "- {}: {}\n",
                self.code(&position.to_string()),
                self.names(&assets)
            ));
        }
        text
    }

    fn unknown(&self) -> String {
        let mut text = "\n## What is not known\n\n".to_owned();
        let exposure = self.material.exposure;
        let facts: BTreeSet<String> = (exposure.facts().into_keys())
            .map(|fact| without_refs(&fact.to_string()))
            .collect();
        let mut nothing = true;
        for fact in facts {
            nothing = false;
            text.push_str(&format!("- {} decides some way\n", self.code(&fact)));
        }
        let unread = exposure
            .unread
            .iter()
            .map(|one| format!("{}: {}", one.path, one.why));
        let unread: BTreeSet<String> = unread
            .chain(self.material.not_read.iter().cloned())
            .collect();
        for one in unread {
            nothing = false;
            text.push_str(&format!(
                "- not read, so that nothing is proven about it: {}\n",
                self.code(&one)
            ));
        }
        if nothing {
            text.push_str("Everything that decides was seen.\n");
        }
        text
    }

    /// Names as code, so many of them.
    fn names(&self, names: &BTreeSet<String>) -> String {
        let count = names.len();
        let shown: Vec<String> = names
            .iter()
            .take(NAMES)
            .map(|name| self.code(name))
            .collect();
        let mut text = shown.join(", ");
        if count > NAMES {
            text.push_str(&format!(" and {} more", count - NAMES));
        }
        text
    }
}

/// The worse the smaller: open before conditional, people with few rights first.
fn weight(row: &Row) -> (Level, Position, usize, Asset) {
    (
        row.verdict.level(),
        row.position.clone(),
        row.verdict.conditions(),
        row.asset.clone(),
    )
}

/// Positions that are told of together.
fn group(position: &Position) -> &'static str {
    match position {
        // Whoever contributed has every way of whoever did not.
        Position::Newcomer | Position::Contributor => "outside",
        Position::Triager => "triager",
        Position::Writer => "writer",
        Position::Maintainer => "maintainer",
        Position::Admin => "admin",
        Position::App(_) => "apps",
        Position::Action(_) => "actions",
        Position::Image(_) => "images",
        Position::Tool(_) => "tools",
        Position::Url(_) => "downloads",
        Position::Cache => "cache",
        Position::Artifact => "artifact",
        Position::RunnerNeighbour => "neighbours",
    }
}

/// A job as file and name.
fn job(run: &RunName) -> String {
    let file = run.path.rsplit('/').next().unwrap_or(&run.path);
    format!("{file} {}", run.job)
}

/// A sentence without versions, commits and lines, which change while nothing is
/// opened or closed.
fn without_refs(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let named = word.split_once('@').filter(|(name, _)| name.contains('/'));
        let word = named.map_or(word, |(name, _)| name);
        match word.rsplit_once(':') {
            Some((file, line))
                if file.contains('/') && line.bytes().all(|b| b.is_ascii_digit()) =>
            {
                file
            }
            _ => word,
        }
    });
    words.collect::<Vec<&str>>().join(" ")
}

/// The worse of two levels.
fn worse(known: &mut Option<Level>, level: Level) {
    *known = Some(known.map_or(level, |known| known.min(level)));
}

/// Whether a verdict leaves a way.
fn is_open(verdict: &Verdict) -> bool {
    verdict.level() != Level::Blocked
}

#[cfg(test)]
mod tests {
    use super::without_refs;

    #[test]
    fn sentences_lose_what_changes() {
        for (text, expected) in [
            (
                "Pin acme/build@v1 to a commit",
                "Pin acme/build to a commit",
            ),
            (
                "Check out the base at .github/workflows/a.yml:12 instead of the head",
                "Check out the base at .github/workflows/a.yml instead of the head",
            ),
            (
                "callee:o/r/.github/workflows/x.yml@v1",
                "callee:o/r/.github/workflows/x.yml",
            ),
            ("Name npm/@scope/x", "Name npm/"),
            ("settings:branch-rules", "settings:branch-rules"),
        ] {
            assert_eq!(without_refs(text), expected);
        }
    }
}
