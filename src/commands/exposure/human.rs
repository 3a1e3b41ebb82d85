//! The matrix, the ways and the layers for a terminal.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_exposure::matrix::{self, Cell};
use cofferdam_exposure::{Class, Level, Place, Position, Row};
use cofferdam_findings::sanitise;
use cofferdam_pipelines::Exposed;

use crate::output::Screen;

/// So many ways are explained without `--all`.
const WAYS: usize = 10;

/// What marks a count in the matrix, and what it means, the worst level first.
pub(super) const LEGEND: [(&str, &str); 4] = [
    ("", "reachable"),
    ("?", "if a setting is so"),
    ("~", "after an approval or wait"),
    ("x", "stopped by a control"),
];

pub(super) struct Page<'f> {
    found: &'f Exposed,
    text: String,
    colour: bool,
    screen: Screen,
    all: bool,
}

impl<'f> Page<'f> {
    pub(super) fn new(found: &'f Exposed, colour: bool, screen: Screen, all: bool) -> Self {
        Self {
            found,
            text: String::new(),
            colour,
            screen,
            all,
        }
    }

    fn styled(&self, text: &str, code: &str) -> String {
        if self.colour && !text.trim().is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn head(&mut self, what: &str) {
        let of = self.found.repository.as_deref();
        let of = of.map_or_else(String::new, |slug| format!(" in {slug}"));
        let head = self.styled(&sanitise::line(&format!("{what}{of}")), "1");
        self.line(&head);
        self.line("");
    }

    /// Positions by classes of assets, the worst first.
    pub(super) fn matrix(mut self, rows: &[&Row]) -> String {
        self.head("Who can reach what");
        let owned: Vec<Row> = rows.iter().map(|row| (*row).clone()).collect();
        let cells = matrix::cells(&owned);
        let classes: Vec<Class> = Class::ALL
            .into_iter()
            .filter(|class| cells.values().any(|of| of.contains_key(class)))
            .collect();
        let mut positions: Vec<(&Position, &BTreeMap<Class, Cell>)> =
            cells.iter().map(|(position, of)| (*position, of)).collect();
        positions.sort_by_key(|(position, of)| (weight(of), *position));
        // The head, the legend, the counts and the facts take the rest.
        let most = self.screen.lines.saturating_sub(16).max(8);
        let shown = if self.all { positions.len() } else { most };
        let names: Vec<String> = (positions.iter().take(shown))
            .map(|(position, _)| sanitise::clipped(&position.to_string(), 40))
            .collect();
        let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let mut head = " ".repeat(wide);
        for class in &classes {
            head.push_str(&format!("  {:>11}", class.word()));
        }
        let head = self.styled(&head, "2");
        self.line(&head);
        for ((_, of), name) in positions.iter().zip(&names) {
            let mut line = format!("{name:wide$}");
            for class in &classes {
                let cell = of.get(class).cloned().unwrap_or_default();
                let text = format!("{:>11}", counts(&cell));
                let code = cell.worst().map_or("2", colour);
                line.push_str("  ");
                line.push_str(&self.styled(&text, code));
            }
            self.line(&line);
        }
        if positions.len() > shown {
            let more = positions.len() - shown;
            self.line(&format!("… and {more} more positions; `--all` shows them"));
        }
        if positions.is_empty() {
            self.line("Nobody reaches anything from outside.");
        }
        self.line("");
        let legend = LEGEND.map(|(mark, text)| format!("3{mark} {text}"));
        self.line(&legend.join("  "));
        self.sums(rows);
        self.foot();
        self.text
    }

    fn sums(&mut self, rows: &[&Row]) {
        let count = |level: Level| rows.iter().filter(|r| r.verdict.level() == level).count();
        self.line(&format!(
            "{} pairs reachable, {} reachable if a fact is so, {} after an approval or wait, {} blocked",
            count(Level::Reachable),
            count(Level::ReachableIf),
            count(Level::After),
            count(Level::Blocked),
        ));
    }

    /// What is not known, and what was not read.
    fn foot(&mut self) {
        let facts = self.found.exposure.facts();
        if !facts.is_empty() {
            self.line("");
            let head = self.styled("Not known, and deciding:", "1");
            self.line(&head);
            let mut facts: Vec<_> = facts.into_iter().collect();
            facts.sort_by_key(|(fact, pairs)| (std::cmp::Reverse(*pairs), *fact));
            let shown = if self.all { facts.len() } else { 6 };
            let mut settle: BTreeSet<String> = BTreeSet::new();
            for (fact, pairs) in facts.iter().take(shown) {
                settle.insert(fact.settle());
                let word = sanitise::line(&fact.to_string()).into_owned();
                self.line(&format!("  {word}  decides {pairs} pairs"));
            }
            if facts.len() > shown {
                self.line(&format!("  … and {} more", facts.len() - shown));
            }
            for command in settle {
                self.line(&format!("  settle: {}", sanitise::line(&command)));
            }
        }
        let unread: Vec<String> = self
            .found
            .exposure
            .unread
            .iter()
            .map(|one| match &one.location {
                Some(at) => format!("{}:{}: {}", at.path, at.line, one.why),
                None => format!("{}: {}", one.path, one.why),
            })
            .chain(self.found.not_checked.iter().map(|one| one.message.clone()))
            .collect();
        if unread.is_empty() {
            return;
        }
        self.line("");
        let head = self.styled("Not read as a whole; nothing is proven about it:", "1;31");
        self.line(&head);
        for one in unread {
            self.line(&format!("  {}", sanitise::line(&one)));
        }
    }

    /// Each way with its places and the cheapest changes that close it.
    pub(super) fn explained(mut self, rows: &[&Row]) -> String {
        self.head("Who reaches what, and by which way");
        let shown = if self.all { rows.len() } else { WAYS };
        for row in rows.iter().take(shown) {
            let pair = sanitise::line(&format!("{} -> {}", row.position, row.asset)).into_owned();
            let verdict = sanitise::line(&row.verdict.to_string()).into_owned();
            let verdict = self.styled(&verdict, colour(row.verdict.level()));
            let pair = self.styled(&pair, "1");
            self.line(&format!("{pair}  {verdict}"));
            for at in &row.path {
                let Some(edge) = self.found.exposure.graph.edge(*at) else {
                    continue;
                };
                let edge_verdict = match edge.verdict.level() {
                    Level::Reachable => String::new(),
                    _ => format!("  [{}]", edge.verdict),
                };
                for (number, place) in edge.places.iter().enumerate() {
                    let condition = if number == 0 {
                        edge_verdict.as_str()
                    } else {
                        ""
                    };
                    let text = format!("  {}{condition}", shown_place(place));
                    let text = sanitise::line(&text).into_owned();
                    self.line(&format!("  {text}"));
                }
            }
            let cuts = row.cuts(&self.found.exposure.graph);
            for set in &cuts {
                let words: Vec<String> = set
                    .iter()
                    .map(|cut| format!("{} ({})", cut.what, cut.cost.word()))
                    .collect();
                let text = sanitise::line(&words.join(" and ")).into_owned();
                let text = self.styled(&format!("    cut: {text}"), "36");
                self.line(&text);
            }
            if cuts.is_empty() {
                self.line("    cut: no one or two changes that are known close it");
            }
            self.line("");
        }
        if rows.len() > shown {
            self.line(&format!(
                "… and {} more ways; `--from` and `--to` choose, `--all` shows them",
                rows.len() - shown
            ));
        }
        if rows.is_empty() {
            self.line("No way was found.");
        }
        self.sums(rows);
        self.foot();
        self.text
    }

    /// Every layer that alone holds something.
    pub(super) fn layers(mut self, rows: &[&Row]) -> String {
        self.head("What a single layer holds");
        let owned: Vec<Row> = rows.iter().map(|row| (*row).clone()).collect();
        let layers = matrix::layers(&owned);
        for (layer, pairs) in &layers {
            let head = format!("{layer}: {} pairs fall without it", pairs.len());
            let head = self.styled(&sanitise::line(&head), "1");
            self.line(&head);
            let mut by_asset: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (position, asset) in pairs {
                let positions = by_asset.entry(asset.to_string()).or_default();
                positions.push(position.to_string());
            }
            for (asset, positions) in by_asset {
                let text = format!("  {asset}  from {}", positions.join(", "));
                let text = sanitise::clipped(&text, if self.all { 4_000 } else { 150 });
                self.line(&text);
            }
        }
        if layers.is_empty() {
            self.line("Nothing that is reached hangs on one layer alone.");
        }
        self.foot();
        self.text
    }
}

fn shown_place(place: &Place) -> String {
    match &place.location {
        Some(at) => format!("{}:{}  {}", at.path, at.line, place.what),
        None => place.what.clone(),
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Reachable => "31",
        Level::ReachableIf => "33",
        Level::After => "34",
        Level::Blocked => "32",
    }
}

/// The worse the smaller.
pub(super) fn weight(of: &BTreeMap<Class, Cell>) -> [usize; 4] {
    let mut sums = [usize::MAX; 4];
    for cell in of.values() {
        for (sum, count) in sums.iter_mut().zip(cell.counts) {
            *sum -= count;
        }
    }
    sums
}

fn counts(cell: &Cell) -> String {
    let words = cell.counts.iter().zip(LEGEND);
    let words: Vec<String> = words
        .filter(|(count, _)| **count > 0)
        .map(|(count, (mark, _))| format!("{count}{mark}"))
        .collect();
    if words.is_empty() {
        "·".to_owned()
    } else {
        words.join(" ")
    }
}
