//! The matrix, the ways and the layers for a terminal.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_exposure::matrix::{self, Cell};
use cofferdam_exposure::{Asset, Class, Level, Node, Position, Row, facts_of};
use cofferdam_findings::sanitise;
use cofferdam_pipelines::Exposed;

use super::alike::{alike, named, ordered, pairs};
use super::folded::{self, Cells, Fold, Line};
use crate::output::Screen;

/// So many ways that read differently are explained without `--all`.
const WAYS: usize = 10;
/// So many lines the matrix has at least, and so wide are its names.
const LEAST: usize = 8;
const NAME: usize = 40;
/// On one screen so many starts of strangers are shown, so many facts, and so
/// many files that were not read.
const STARTS: usize = 5;
const FACTS: usize = 5;
const UNREAD: usize = 4;

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

    /// Positions by classes of assets, strangers first.
    pub(super) fn matrix(mut self, rows: &[&Row]) -> String {
        self.head("Who can reach what");
        let owned: Vec<Row> = rows.iter().map(|row| (*row).clone()).collect();
        let cells = matrix::cells(&owned);
        let classes: Vec<Class> = Class::ALL
            .into_iter()
            .filter(|class| cells.values().any(|of| of.contains_key(class)))
            .collect();
        // What stands below decides how many lines the matrix may have.
        let above = std::mem::take(&mut self.text);
        self.below(rows);
        let below = std::mem::replace(&mut self.text, above);
        // A line that is longer than the screen takes several.
        let columns = self.screen.columns.max(1);
        let lines = below
            .lines()
            .map(|line| line.chars().count().div_ceil(columns).max(1));
        // The head, the names of the classes, and what may stand under the rows.
        let taken = lines.sum::<usize>() + 4;
        let room = self.screen.lines.saturating_sub(taken).max(LEAST);
        self.table(&cells, &classes, room);
        self.text.push_str(&below);
        if self.all {
            self.assets();
        }
        self.text
    }

    fn table(&mut self, cells: &BTreeMap<&Position, Cells>, classes: &[Class], room: usize) {
        let mut lines = match self.all {
            true => folded::lines(cells, Fold::Nothing),
            false => folded::lines(cells, Fold::Owner),
        };
        if lines.len() > room && !self.all {
            lines = folded::lines(cells, Fold::Kind);
        }
        // Somebody with a role is never left out.
        let roles = lines.iter().filter(|line| line.role).count();
        let others = match self.all || lines.len() <= room {
            true => lines.len(),
            false => room.saturating_sub(roles + 1),
        };
        let left = |at: usize, line: &Line<'_>| !line.role && at >= others;
        let names: Vec<String> = lines.iter().map(|line| self.name(line)).collect();
        let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (classes.iter())
            .map(|class| {
                let cells = lines.iter().filter_map(|line| line.cells.get(class));
                let cells = cells.map(|cell| counts(cell).chars().count());
                cells.max().unwrap_or(0).max(class.word().len())
            })
            .collect();
        let mut head = " ".repeat(wide);
        for (class, width) in classes.iter().zip(&widths) {
            head.push_str(&format!("  {:>width$}", class.word()));
        }
        let head = self.styled(&head, "2");
        self.line(&head);
        let mut more = 0;
        for (at, (line, name)) in lines.iter().zip(&names).enumerate() {
            if left(at, line) {
                more += line.count;
                continue;
            }
            if more > 0 && line.role {
                self.more(std::mem::take(&mut more));
            }
            let mut text = format!("{name:wide$}");
            for (class, width) in classes.iter().zip(&widths) {
                let cell = line.cells.get(class).cloned().unwrap_or_default();
                let count = format!("{:>width$}", counts(&cell));
                let code = cell.worst().map_or("2", colour);
                text.push_str("  ");
                text.push_str(&self.styled(&count, code));
            }
            self.line(&text);
        }
        if more > 0 {
            self.more(more);
        }
        if lines.is_empty() {
            self.line("Nobody reaches anything from outside.");
        }
        let folded = lines
            .iter()
            .any(|line| line.count > 1 && !line.name.contains(", "));
        if folded {
            let text = self.styled(
                "+N: so many more of the kind reach the same; `--all` shows each",
                "2",
            );
            self.line(&text);
        }
    }

    fn name(&self, line: &Line<'_>) -> String {
        let like = match line.count {
            1 => String::new(),
            _ if line.name.contains(", ") => String::new(),
            count => format!(" +{}", count - 1),
        };
        let limit = if self.all { 100 } else { NAME };
        let room = limit - like.chars().count();
        format!("{}{like}", sanitise::clipped(&line.name, room))
    }

    fn more(&mut self, more: usize) {
        self.line(&format!("… and {more} more positions; `--all` shows them"));
    }

    /// What stands below the matrix.
    fn below(&mut self, rows: &[&Row]) {
        self.line("");
        let legend = LEGEND.map(|(mark, text)| format!("3{mark} {text}"));
        self.line(&legend.join("  "));
        self.sums(rows);
        self.strangers(rows);
        self.foot(rows);
    }

    /// What people without a role get, by where they start.
    fn strangers(&mut self, rows: &[&Row]) {
        let mut starts: Vec<Start<'_>> = Vec::new();
        for row in ordered(rows) {
            let stranger = matches!(row.position, Position::Newcomer | Position::Contributor);
            let level = row.verdict.level();
            if !stranger || level == Level::Blocked {
                continue;
            }
            let at = self.start(row);
            let same = |one: &&mut Start<'_>| one.at == at && one.level == level;
            match starts.iter_mut().find(same) {
                Some(one) if one.assets.contains(&&row.asset) => {}
                Some(one) => one.assets.push(&row.asset),
                None => starts.push(Start {
                    at,
                    level,
                    assets: vec![&row.asset],
                }),
            }
        }
        if starts.is_empty() {
            return;
        }
        self.line("");
        let head = self.styled("What strangers get, and where they start", "1");
        let hint = self.styled(" (`--from newcomer --explain` has the ways):", "2");
        self.line(&format!("{head}{hint}"));
        let shown = if self.all { starts.len() } else { STARTS };
        let columns = self.screen.columns.saturating_sub(16);
        let limit = if self.all { 4_000 } else { columns };
        for one in starts.iter().take(shown) {
            let text = |most: usize| format!("{}: {}", one.at, named(&one.assets, most));
            // As many names as there is room for, and how many more there are.
            let fits = |most: &usize| text(*most).chars().count() <= limit;
            let most = (1..=one.assets.len()).rev().find(fits).unwrap_or(1);
            let level = self.styled(&format!("{:12}", one.level.word()), colour(one.level));
            let line = sanitise::clipped(&text(most), limit);
            self.line(&format!("  {level}  {line}"));
        }
        if starts.len() > shown {
            self.line(&format!("  … and {} more starts", starts.len() - shown));
        }
    }

    /// Where a way starts: the trigger, or what the attacker brings along.
    fn start(&self, row: &Row) -> String {
        let graph = &self.found.exposure.graph;
        let edges = || row.path.iter().filter_map(|at| graph.edge(*at));
        let own = edges().find_map(|edge| match graph.nodes().get(edge.to) {
            Some(Node::Own(own)) => Some(own.describe()),
            _ => None,
        });
        if let Some(own) = own {
            return own.to_owned();
        }
        let mut places = edges().flat_map(|edge| &edge.places);
        let found = places.find_map(|place| Some((place.location.as_ref()?, &place.what)));
        found.map_or_else(String::new, |(at, what)| {
            let file = at
                .path
                .strip_prefix(".github/workflows/")
                .unwrap_or(&at.path);
            format!("{file}:{} {what}", at.line)
        })
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

    /// What is not known of these ways, and what was not read.
    fn foot(&mut self, rows: &[&Row]) {
        let facts = facts_of(rows.iter().copied());
        if !facts.is_empty() {
            self.line("");
            let head = self.styled("Not known, and deciding:", "1");
            self.line(&head);
            let mut facts: Vec<_> = facts.into_iter().collect();
            facts.sort_by_key(|(fact, pairs)| (std::cmp::Reverse(*pairs), *fact));
            let shown = if self.all { facts.len() } else { FACTS };
            let mut settle: BTreeSet<String> = BTreeSet::new();
            for (fact, pairs) in facts.iter().take(shown) {
                settle.insert(fact.settle());
                let word = sanitise::line(&fact.to_string()).into_owned();
                let pairs = count(*pairs, "pair", "pairs");
                self.line(&format!("  {word}  decides {pairs}"));
            }
            if facts.len() > shown {
                self.line(&format!("  … and {} more", facts.len() - shown));
            }
            for command in settle {
                self.line(&format!("  settle: {}", sanitise::line(&command)));
            }
        }
        self.unread();
    }

    fn unread(&mut self) {
        let needed = self.found.not_checked.iter().filter(|one| one.required);
        let unread: Vec<String> = self
            .found
            .exposure
            .unread
            .iter()
            .map(|one| match &one.location {
                Some(at) => format!("{}:{}: {}", at.path, at.line, one.why),
                None => format!("{}: {}", one.path, one.why),
            })
            .chain(needed.map(|one| one.message.clone()))
            .collect();
        for one in self.found.not_checked.iter().filter(|one| !one.required) {
            let note = format!("note: {}; {}", one.message, one.settle);
            self.line("");
            self.line(&sanitise::line(&note));
        }
        if unread.is_empty() {
            return;
        }
        self.line("");
        let head = self.styled("Not read as a whole; nothing is proven about it:", "1;31");
        self.line(&head);
        let shown = if self.all { unread.len() } else { UNREAD };
        for one in unread.iter().take(shown) {
            self.line(&format!("  {}", sanitise::line(one)));
        }
        if unread.len() > shown {
            let more = unread.len() - shown;
            self.line(&format!("  … and {more} more; `--all` shows them"));
        }
    }

    /// Every asset, so that `--to` can name it.
    fn assets(&mut self) {
        let mut by_class: BTreeMap<Class, BTreeSet<String>> = BTreeMap::new();
        for node in self.found.exposure.graph.nodes() {
            if let Node::Asset(asset) = node {
                by_class
                    .entry(asset.class())
                    .or_default()
                    .insert(asset.to_string());
            }
        }
        if by_class.is_empty() {
            return;
        }
        self.line("");
        let head = self.styled("Every asset:", "1");
        self.line(&head);
        for (class, names) in by_class {
            let names: Vec<String> = names.into_iter().collect();
            let text = format!("  {}: {}", class.word(), names.join(", "));
            self.line(&sanitise::line(&text));
        }
    }

    /// Each way with its places and the cheapest changes that close it; those
    /// that read the same as one.
    pub(super) fn explained(mut self, rows: &[&Row]) -> String {
        self.head("Who reaches what, and by which way");
        let ordered = ordered(rows);
        let most = if self.all { usize::MAX } else { WAYS };
        let (ways, left) = alike(&self.found.exposure, &ordered, most);
        for one in &ways {
            let verdict = sanitise::line(&one.verdict()).into_owned();
            let verdict = self.styled(&verdict, colour(one.level()));
            let heads = pairs(one.rows.iter().copied(), self.all);
            for (number, pair) in heads.iter().enumerate() {
                let pair = self.styled(&sanitise::line(pair), "1");
                let verdict = if number == 0 { verdict.as_str() } else { "" };
                self.line(&format!("{pair}  {verdict}"));
            }
            for line in &one.lines {
                let text = sanitise::line(line).into_owned();
                self.line(&format!("    {text}"));
            }
            for cut in &one.cuts {
                let text = sanitise::line(cut).into_owned();
                let text = self.styled(&format!("    cut: {text}"), "36");
                self.line(&text);
            }
            if one.cuts.is_empty() {
                self.line("    cut: no one or two changes that are known close it");
            }
            self.line("");
        }
        if left > 0 {
            let ways = count(left, "more way", "more ways");
            self.line(&format!(
                "… and {ways}; `--from` and `--to` choose, `--all` shows them"
            ));
        }
        if rows.is_empty() {
            self.line("No way was found.");
        }
        self.sums(rows);
        self.foot(rows);
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
        self.foot(rows);
        self.text
    }
}

/// Where strangers start, and what they get from there.
struct Start<'r> {
    at: String,
    level: Level,
    /// The gravest first.
    assets: Vec<&'r Asset>,
}

/// A number with its noun.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
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
