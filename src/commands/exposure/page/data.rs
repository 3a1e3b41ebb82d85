//! What the page shows, as data: every text once, and numbers in its place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use cofferdam_exposure::matrix;
use cofferdam_exposure::{Class, Cut, Edge, Level, Node, Row, Verdict, facts_of};
use cofferdam_facts::{Location, SourceFile};
use cofferdam_findings::sanitise;
use cofferdam_pipelines::Exposed;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::super::{folded, human};

/// What is tried for one cell until no more ways are on the page than may be,
/// most first.
const PER_CELL: [usize; 8] = [usize::MAX, 200, 100, 50, 25, 12, 6, 3];
/// Lines that are shown before and after a place.
const AROUND: usize = 3;
/// The most lines that are shown of one place.
const LONGEST: usize = 12;
/// The most characters of a line, and of a word of the repository's.
const WIDEST: usize = 220;

/// What the page is called.
pub(super) fn title(found: &Exposed) -> String {
    match &found.repository {
        Some(slug) => format!("Who can reach what in {}", shown(slug)),
        None => "Who can reach what".to_owned(),
    }
}

/// Everything that the page shows, with no more than so many ways.
pub(super) fn of(found: &Exposed, rows: &[&Row], ways: usize) -> Value {
    let owned: Vec<Row> = rows.iter().map(|row| (*row).clone()).collect();
    let cells = matrix::cells(&owned);
    let mut order: Vec<_> = cells.iter().collect();
    order.sort_by_key(|(position, of)| folded::order(position, of));
    let classes: Vec<Class> = Class::ALL
        .into_iter()
        .filter(|class| cells.values().any(|of| of.contains_key(class)))
        .collect();
    let mut tables = Tables::new(found, classes);
    for (position, _) in &order {
        let who = shown(&position.describe());
        let word = shown(&position.to_string());
        tables
            .positions
            .of(position.to_string(), || json!({ "word": word, "who": who }));
    }
    let (on_page, more) = tables.divided(rows, ways);
    let cuts: Vec<Vec<Vec<Cut>>> = on_page
        .par_iter()
        .map(|row| row.cuts(&found.exposure.graph))
        .collect();
    let ways: Vec<Value> = on_page
        .iter()
        .zip(&cuts)
        .map(|(row, cuts)| tables.row(row, cuts))
        .collect();
    let total = |level: Level| rows.iter().filter(|r| r.verdict.level() == level).count();
    json!({
        "title": title(found),
        "revision": found.revision,
        "settings": found.settings,
        "around": AROUND,
        "levels": human::LEGEND.map(|(mark, text)| json!({ "mark": mark, "text": text })),
        "totals": Level::ALL.map(total),
        "classes": tables.classes.iter().map(|class| class.word()).collect::<Vec<_>>(),
        "positions": tables.positions.values,
        "assets": tables.assets.values,
        "verdicts": tables.verdicts.values,
        "nodes": tables.nodes.values,
        "edges": tables.edges.values,
        "cuts": tables.cuts.values,
        "files": tables.excerpts.files(),
        "rows": ways,
        "more": more,
        "facts": facts(rows),
        "unread": unread(found),
    })
}

fn facts(rows: &[&Row]) -> Vec<Value> {
    let mut facts: Vec<_> = facts_of(rows.iter().copied()).into_iter().collect();
    facts.sort_by_key(|(fact, pairs)| (Reverse(*pairs), *fact));
    let facts = facts.into_iter();
    facts
        .map(|(fact, pairs)| json!([shown(&fact.to_string()), pairs, shown(&fact.settle())]))
        .collect()
}

fn unread(found: &Exposed) -> Vec<Value> {
    let unread = found.exposure.unread.iter().map(|one| {
        let place = match &one.location {
            Some(at) => format!("{}:{}", at.path, at.line),
            None => one.path.clone(),
        };
        json!([shown(&place), shown(&one.why)])
    });
    let gaps = found.not_checked.iter();
    unread
        .chain(gaps.map(|one| json!(["", sanitise::line(&one.message)])))
        .collect()
}

/// A word from the repository as it may be shown.
fn shown(text: &str) -> String {
    sanitise::clipped(text, WIDEST)
}

/// Values that many ways share, each once.
struct Table<K> {
    numbers: HashMap<K, usize>,
    values: Vec<Value>,
}

impl<K: Hash + Eq> Table<K> {
    fn new() -> Self {
        Self {
            numbers: HashMap::new(),
            values: Vec::new(),
        }
    }

    fn of(&mut self, key: K, value: impl FnOnce() -> Value) -> usize {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        self.values.push(value());
        self.numbers.insert(key, self.values.len() - 1);
        self.values.len() - 1
    }
}

struct Tables<'f> {
    found: &'f Exposed,
    classes: Vec<Class>,
    positions: Table<String>,
    assets: Table<String>,
    verdicts: Table<Verdict>,
    nodes: Table<usize>,
    edges: Table<usize>,
    cuts: Table<Cut>,
    excerpts: Excerpts<'f>,
}

impl<'f> Tables<'f> {
    fn new(found: &'f Exposed, classes: Vec<Class>) -> Self {
        Self {
            found,
            classes,
            positions: Table::new(),
            assets: Table::new(),
            verdicts: Table::new(),
            nodes: Table::new(),
            edges: Table::new(),
            cuts: Table::new(),
            excerpts: Excerpts::new(&found.files),
        }
    }

    fn class(&self, row: &Row) -> usize {
        let class = row.asset.class();
        self.classes.iter().position(|c| *c == class).unwrap_or(0)
    }

    /// The rows whose ways are on the page, and how many more there are by
    /// position, class and level. `rows` come worst first.
    fn divided<'r>(&mut self, rows: &[&'r Row], ways: usize) -> (Vec<&'r Row>, Vec<[usize; 4]>) {
        let cells: Vec<(usize, usize)> = rows
            .iter()
            .map(|row| {
                let position = self.positions.of(row.position.to_string(), || json!({}));
                (position, self.class(row))
            })
            .collect();
        let mut sizes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for cell in &cells {
            *sizes.entry(*cell).or_default() += 1;
        }
        let fits = |most: &usize| sizes.values().map(|size| size.min(most)).sum::<usize>() <= ways;
        let most = PER_CELL.into_iter().find(fits).unwrap_or(1);
        let mut taken: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut more: BTreeMap<[usize; 3], usize> = BTreeMap::new();
        let mut on_page = Vec::new();
        for (row, cell) in rows.iter().zip(cells) {
            let taken = taken.entry(cell).or_default();
            if *taken < most && on_page.len() < ways {
                *taken += 1;
                on_page.push(*row);
            } else {
                let level = number(row.verdict.level());
                *more.entry([cell.0, cell.1, level]).or_default() += 1;
            }
        }
        let more = more.into_iter();
        let more = more.map(|([position, class, level], count)| [position, class, level, count]);
        (on_page, more.collect())
    }

    fn row(&mut self, row: &Row, sets: &[Vec<Cut>]) -> Value {
        let position = self.positions.of(row.position.to_string(), || json!({}));
        let kind = self.class(row);
        let word = row.asset.to_string();
        let asset = json!({ "word": shown(&word), "kind": kind });
        let asset = self.assets.of(word, || asset);
        let graph = &self.found.exposure.graph;
        let edges = row.path.iter();
        let edges: Vec<usize> = edges
            .filter_map(|at| graph.edge(*at).map(|edge| self.edge(*at, edge)))
            .collect();
        let mut cuts: Vec<Vec<usize>> = Vec::new();
        for set in sets {
            let cut = |cut: &Cut| {
                let value = || json!([shown(&cut.what), cut.cost.word()]);
                self.cuts.of(cut.clone(), value)
            };
            cuts.push(set.iter().map(cut).collect());
        }
        json!([position, asset, self.verdict(&row.verdict), edges, cuts])
    }

    fn verdict(&mut self, verdict: &Verdict) -> usize {
        self.verdicts.of(verdict.clone(), || {
            let settle = verdict.facts.iter();
            let settle = settle.map(|fact| [shown(&fact.to_string()), shown(&fact.settle())]);
            json!({
                "level": number(verdict.level()),
                "text": shown(&verdict.to_string()),
                "settle": settle.collect::<Vec<_>>(),
            })
        })
    }

    fn node(&mut self, at: usize) -> usize {
        let exposure = &self.found.exposure;
        self.nodes.of(at, || {
            let node = exposure.graph.nodes().get(at);
            let text = node.map_or_else(String::new, |node| exposure.describe(node));
            json!({ "kind": node.map_or(0, kind), "text": shown(&text) })
        })
    }

    fn edge(&mut self, at: usize, edge: &Edge) -> usize {
        if let Some(number) = self.edges.numbers.get(&at) {
            return *number;
        }
        let (from, to) = (self.node(edge.from), self.node(edge.to));
        let verdict = self.verdict(&edge.verdict);
        let places = edge.places.iter().map(|place| {
            let what = shown(&place.what);
            match &place.location {
                Some(location) => {
                    let last = location.line.saturating_add(LONGEST - 1);
                    let end = location.end_line.clamp(location.line, last);
                    let file = self.excerpts.add(location, end);
                    json!([file, location.line, end, what])
                }
                None => json!([-1, 0, 0, what]),
            }
        });
        let places: Vec<Value> = places.collect();
        let value = json!({ "from": from, "to": to, "verdict": verdict, "places": places });
        self.edges.of(at, || value)
    }
}

fn number(level: Level) -> usize {
    Level::ALL.iter().position(|one| *one == level).unwrap_or(0)
}

/// Position, start, code or asset.
fn kind(node: &Node) -> usize {
    match node {
        Node::Position(_) | Node::Thing(_) => 0,
        Node::Own(_) | Node::Started(..) | Node::Followed(..) => 1,
        Node::Inside(_) | Node::Code(_) | Node::Handed(..) | Node::Shapes(_) => 2,
        Node::Asset(_) => 3,
    }
}

/// The lines around places, each line once.
struct Excerpts<'f> {
    texts: BTreeMap<&'f str, &'f SourceFile>,
    numbers: HashMap<String, usize>,
    wanted: Vec<Excerpt>,
}

/// The lines of one file.
struct Excerpt {
    path: String,
    lines: BTreeSet<usize>,
    /// What a place knows of its own line, for a file that is not at hand.
    snippets: BTreeMap<usize, String>,
}

impl<'f> Excerpts<'f> {
    fn new(files: &'f [SourceFile]) -> Self {
        Self {
            texts: files.iter().map(|file| (file.path(), file)).collect(),
            numbers: HashMap::new(),
            wanted: Vec::new(),
        }
    }

    fn add(&mut self, location: &Location, end: usize) -> usize {
        let next = self.wanted.len();
        let path = location.path.to_string();
        let number = *self.numbers.entry(path.clone()).or_insert(next);
        if number == next {
            self.wanted.push(Excerpt {
                path,
                lines: BTreeSet::new(),
                snippets: BTreeMap::new(),
            });
        }
        if let Some(of) = self.wanted.get_mut(number) {
            let first = location.line.saturating_sub(AROUND).max(1);
            of.lines.extend(first..=end.saturating_add(AROUND));
            if !location.snippet.is_empty() {
                let snippet = location.snippet.to_string();
                of.snippets.insert(location.line, snippet);
            }
        }
        number
    }

    /// Each file with its runs of lines.
    fn files(&self) -> Vec<Value> {
        let files = self.wanted.iter();
        files
            .map(|of| {
                let parts = match self.texts.get(of.path.as_str()) {
                    Some(file) => {
                        // A break at the end begins a line that nobody wrote.
                        let count = file.text().lines().count();
                        let lines = of.lines.iter().take_while(|at| **at <= count);
                        parts(lines.map(|at| (*at, file.line(*at))))
                    }
                    None => parts(of.snippets.iter().map(|(at, text)| (*at, text.as_str()))),
                };
                json!({ "path": shown(&of.path), "parts": parts })
            })
            .collect()
    }
}

/// Runs of lines, each with the number of its first.
fn parts<'l>(lines: impl Iterator<Item = (usize, &'l str)>) -> Vec<Value> {
    let mut parts: Vec<(usize, Vec<String>)> = Vec::new();
    for (number, line) in lines {
        // Of an enormous line only what can be shown is copied.
        let near = line.get(..line.floor_char_boundary(4 * WIDEST));
        let text = shown(&near.unwrap_or(line).replace('\t', "    "));
        match parts.last_mut() {
            Some((start, texts)) if *start + texts.len() == number => texts.push(text),
            _ => parts.push((number, vec![text])),
        }
    }
    parts.into_iter().map(|part| json!(part)).collect()
}
