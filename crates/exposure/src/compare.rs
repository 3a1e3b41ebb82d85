//! What a change opens and closes: two exposures, pair by pair.
//!
//! Not the printed ways are compared, but what it takes to get there. A pair is
//! worse if its best way asks for less than every way did before, whatever the
//! jobs on the way are called and on whatever lines they stand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cofferdam_config::Allowed;
use cofferdam_config::glob::matches_text;
use cofferdam_facts::registry::RegistryDeclaration;
use cofferdam_facts::{Location, Span, Spanned, Timestamp};

use crate::Exposure;
use crate::asset::Asset;
use crate::claims::words::Reading;
use crate::claims::{Meaningless, Names, What, Who};
use crate::graph::{Graph, Node};
use crate::matrix::Row;
use crate::paths;
use crate::position::Position;
use crate::verdict::{Level, Verdict, Wait};

/// What became of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// There was no way, and there is one.
    Opened,
    /// The way asks for less than before, or for something else.
    Worse,
    /// The way asks for more than before.
    Better,
    /// There was a way, and there is none.
    Closed,
}

impl Turn {
    /// Every one, the worst first.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Worse, Self::Better, Self::Closed];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Closed => "closed",
        }
    }
}

/// A pair that a change moves.
#[derive(Clone, Debug)]
pub struct Difference<'e> {
    /// What became of it.
    pub turn: Turn,
    /// The way in the base, if there was one.
    pub before: Option<&'e Row>,
    /// The way after the change, if there is one.
    pub after: Option<&'e Row>,
}

impl Difference<'_> {
    /// Whether an attacker gets something that they did not get before. A way
    /// that a control stops gives nothing.
    #[must_use]
    pub fn widens(&self) -> bool {
        matches!(self.turn, Turn::Opened | Turn::Worse)
            && self
                .after
                .is_some_and(|row| row.verdict.level() != Level::Blocked)
    }
}

/// Compares what was with what is. `moved` has the old path of each file that
/// was only moved.
#[must_use]
pub fn compare<'e>(
    base: &'e Exposure,
    head: &'e Exposure,
    moved: &BTreeMap<String, String>,
) -> Vec<Difference<'e>> {
    let twins = twins(base, head);
    let old_name = |row: &Row| -> (Position, Asset) {
        let position = twins.get(&row.position).unwrap_or(&row.position).clone();
        let asset = match &row.asset {
            Asset::Start(path) => Asset::Start(moved.get(path).unwrap_or(path).clone()),
            asset => asset.clone(),
        };
        (position, asset)
    };
    let mut before: BTreeMap<(Position, Asset), &Row> = BTreeMap::new();
    for row in &base.rows {
        before.insert((row.position.clone(), row.asset.clone()), row);
    }
    let mut found = Vec::new();
    for row in &head.rows {
        let name = old_name(row);
        let Some(old) = before.remove(&name) else {
            if asked_for(head, base, row) {
                continue;
            }
            found.push(Difference {
                turn: Turn::Opened,
                before: None,
                after: Some(row),
            });
            continue;
        };
        if let Some(turn) = turn(base, head, old, row) {
            found.push(Difference {
                turn,
                before: Some(old),
                after: Some(row),
            });
        }
    }
    let gone = before
        .into_values()
        .filter(|row| !asked_for(base, head, row));
    found.extend(gone.map(|row| Difference {
        turn: Turn::Closed,
        before: Some(row),
        after: None,
    }));
    let level = |one: &Difference<'_>| {
        let row = one.after.or(one.before);
        row.map(|row| (row.verdict.level(), row.verdict.conditions()))
    };
    found.sort_by(|a, b| {
        let name = |one: &Difference<'_>| {
            let row = one.after.or(one.before);
            row.map(|row| (row.position.clone(), row.asset.clone()))
        };
        (!a.widens(), a.turn, level(a), name(a)).cmp(&(!b.widens(), b.turn, level(b), name(b)))
    });
    found
}

fn turn(base: &Exposure, head: &Exposure, old: &Row, new: &Row) -> Option<Turn> {
    match new.verdict.level().cmp(&old.verdict.level()) {
        std::cmp::Ordering::Less => return Some(Turn::Worse),
        std::cmp::Ordering::Greater => return Some(Turn::Better),
        std::cmp::Ordering::Equal => {}
    }
    if old.verdict == new.verdict {
        return None;
    }
    let was_there = possible(&base.graph, old, &new.verdict);
    let is_there = possible(&head.graph, new, &old.verdict);
    match (was_there, is_there) {
        // The same ways, of which another one comes first.
        (true, true) => None,
        (true, false) => Some(Turn::Better),
        (false, _) => Some(Turn::Worse),
    }
}

/// Whether somebody only asks for a scope or an identity in a workflow file of
/// their own, and may run such a file on the other side just as well: that a job
/// there names it gives them nothing.
fn asked_for(here: &Exposure, other: &Exposure, row: &Row) -> bool {
    let last = row.path.last().and_then(|at| here.graph.edge(*at));
    let own = last.and_then(|edge| here.graph.nodes().get(edge.from));
    match (&row.asset, own) {
        (Asset::Token(_) | Asset::Oidc(_), Some(own @ Node::Own(_))) => {
            leads(&other.graph, &row.position, own, &row.verdict)
        }
        _ => false,
    }
}

/// Whether a graph has a way for a pair that asks for nothing but this.
fn possible(graph: &Graph, row: &Row, given: &Verdict) -> bool {
    leads(graph, &row.position, &Node::Asset(row.asset.clone()), given)
}

fn leads(graph: &Graph, from: &Position, to: &Node, given: &Verdict) -> bool {
    let from = graph.find(&Node::Position(from.clone()));
    let (Some(from), Some(to)) = (from, graph.find(to)) else {
        return false;
    };
    let asks_more = |verdict: &Verdict| {
        !verdict.facts.is_subset(&given.facts)
            || !verdict.waits.is_subset(&given.waits)
            || !verdict.controls.is_subset(&given.controls)
    };
    let reached = paths::search(graph, from, Level::Blocked, &|at| {
        graph.edge(at).is_none_or(|edge| asks_more(&edge.verdict))
    });
    reached.has(to)
}

/// Addresses whose version alone changed: each that is new, with the one that is
/// gone and differs from it in nothing but its version.
fn twins(base: &Exposure, head: &Exposure) -> HashMap<Position, Position> {
    let urls = |of: &Exposure| -> BTreeSet<String> {
        let nodes = of.graph.nodes().iter();
        nodes
            .filter_map(|node| match node {
                Node::Position(Position::Url(name)) => Some(name.clone()),
                _ => None,
            })
            .collect()
    };
    let (old, new) = (urls(base), urls(head));
    let mut gone: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for name in old.difference(&new) {
        gone.entry(without_version(name)).or_default().push(name);
    }
    let mut twins = HashMap::new();
    for name in new.difference(&old) {
        let same = gone.get_mut(&without_version(name));
        if let Some(twin) = same.and_then(Vec::pop) {
            twins.insert(Position::Url(name.clone()), Position::Url(twin.clone()));
        }
    }
    twins
}

/// An address with each version as one sign, wherever nobody's name stands. A
/// version is numbers with dots between them, or one number after a `v`; other
/// numbers tell repositories, projects and buckets apart.
fn without_version(name: &str) -> String {
    let (host, path) = name.split_once('/').unwrap_or((name, ""));
    let parts: Vec<&str> = path.split('/').collect();
    let named = owners(host, &parts);
    let parts = parts.iter().enumerate().map(|(at, part)| match at < named {
        true => (*part).to_owned(),
        false => folded(part),
    });
    let parts: Vec<String> = parts.collect();
    format!("{host}/{}", parts.join("/"))
}

/// How many parts of a path say whose the rest is, where people share a host.
fn owners(host: &str, parts: &[&str]) -> usize {
    match host.to_ascii_lowercase().as_str() {
        "github.com"
        | "raw.githubusercontent.com"
        | "codeload.github.com"
        | "gist.github.com"
        | "gist.githubusercontent.com"
        | "bitbucket.org"
        | "codeberg.org" => 2,
        "api.github.com" | "cdn.jsdelivr.net" => 3,
        // Groups lie in groups; what stands behind `-` is of the project.
        host if host.contains("gitlab") => parts.iter().position(|p| *p == "-").unwrap_or(3),
        "storage.googleapis.com" | "objects.githubusercontent.com" => 1,
        host if host.ends_with("amazonaws.com") => 1,
        _ => 0,
    }
}

fn folded(part: &str) -> String {
    let mut short = String::new();
    let mut rest = part;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, numbers) = rest.split_at(at);
        let end = numbers
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(numbers.len());
        let (run, after) = numbers.split_at(end);
        let number = run.trim_end_matches('.');
        let dots = run.get(number.len()..).unwrap_or_default();
        let follows_v = before.strip_suffix(['v', 'V']).is_some_and(|front| {
            let last = front.chars().next_back();
            last.is_none_or(|c| !c.is_ascii_alphanumeric())
        });
        short.push_str(before);
        short.push_str(if number.contains('.') || follows_v {
            "#"
        } else {
            number
        });
        short.push_str(dots);
        rest = after;
    }
    short.push_str(rest);
    short
}

/// What a base lets its changes open, understood.
#[derive(Debug)]
pub struct Leave<'a> {
    allowed: &'a Allowed,
    from: Vec<Who>,
    to: Vec<What>,
    after: Vec<String>,
}

/// Understands what a configuration allows. Names that nothing has are no
/// mistake: what a change may add is not there yet.
///
/// # Errors
/// Every word that means nothing.
pub fn leave<'a>(
    all: &'a [Allowed],
    file: &cofferdam_facts::SourceFile,
    names: &Names,
    declared: &[RegistryDeclaration],
) -> Result<Vec<Leave<'a>>, Vec<Meaningless>> {
    let place = |span: Span| -> Location { file.locate(span) };
    let reading = Reading {
        names,
        declared,
        must_exist: false,
        place: &place,
    };
    let mut mistakes = Vec::new();
    let mut found = Vec::new();
    for allowed in all {
        let mut leave = Leave {
            allowed,
            from: Vec::new(),
            to: Vec::new(),
            after: Vec::new(),
        };
        let mut keep = |result: Result<(), Meaningless>| mistakes.extend(result.err());
        let words = |texts: &'a [Spanned<String>]| texts.iter();
        for text in words(&allowed.from) {
            keep(reading.who(text).map(|who| leave.from.push(who)));
        }
        for text in words(&allowed.to) {
            keep(reading.what(text).map(|what| leave.to.push(what)));
        }
        for text in words(&allowed.after) {
            keep(reading.excuse(text).map(|wait| leave.after.push(wait)));
        }
        found.push(leave);
    }
    if mistakes.is_empty() {
        Ok(found)
    } else {
        Err(mistakes)
    }
}

impl<'a> Leave<'a> {
    /// What is allowed, if this takes a widening on a day: each way that passes
    /// none of what is asked for was there before.
    #[must_use]
    pub fn takes(
        &self,
        difference: &Difference<'_>,
        sides: Sides<'_>,
        declared: &[RegistryDeclaration],
        now: Timestamp,
    ) -> Option<&'a Allowed> {
        let row = difference.after?;
        let fits = !self.allowed.is_expired(now)
            && self.from.iter().any(|who| who.means(&row.position))
            && self.to.iter().any(|what| what.means(&row.asset, declared));
        if !fits || self.after.is_empty() {
            return fits.then_some(self.allowed);
        }
        let graph = &sides.head.graph;
        let from = graph.find(&Node::Position(row.position.clone()))?;
        let to = graph.find(&Node::Asset(row.asset.clone()))?;
        let passes = |wait: &Wait| {
            let word = wait.to_string();
            self.after
                .iter()
                .any(|pattern| matches_text(pattern, &word))
        };
        let others = paths::search(graph, from, Level::After, &|at| {
            graph
                .edge(at)
                .is_none_or(|edge| edge.verdict.waits.iter().any(passes))
        });
        if others.has(to) {
            let way = paths::verdict(graph, &others.path(graph, to));
            let old = difference.before?;
            if !possible(&sides.base.graph, old, &way) {
                return None;
            }
        }
        Some(self.allowed)
    }
}

/// Both sides of a change.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'e> {
    /// What was.
    pub base: &'e Exposure,
    /// What is.
    pub head: &'e Exposure,
}

#[cfg(test)]
mod tests {
    use super::without_version;

    #[test]
    fn a_version_is_one_sign() {
        for (base, head) in [
            (
                "github.com/o/r/releases/download/v1.2.3/tool_1.2.3_linux.tar.gz",
                "github.com/o/r/releases/download/v1.10.0/tool_1.10.0_linux.tar.gz",
            ),
            (
                "go.dev/dl/go1.22.0.linux-amd64.tar.gz",
                "go.dev/dl/go1.23.linux-amd64.tar.gz",
            ),
            ("get.example/v1/install.sh", "get.example/v2/install.sh"),
            (
                "gitlab.com/g/p/-/raw/v1/i.sh",
                "gitlab.com/g/p/-/raw/v2/i.sh",
            ),
        ] {
            assert_eq!(without_version(base), without_version(head));
        }
    }

    #[test]
    fn other_numbers_are_names() {
        for (base, head) in [
            (
                "github.com/o/r2x/releases/v1/a",
                "github.com/o/r3x/releases/v1/a",
            ),
            ("github.com/o1/r/raw/v1/i.sh", "github.com/o2/r/raw/v1/i.sh"),
            ("github.com/v1/r/i.sh", "github.com/v2/r/i.sh"),
            (
                "raw.githubusercontent.com/o/r1.2/main/i.sh",
                "raw.githubusercontent.com/o/r1.3/main/i.sh",
            ),
            (
                "gitlab.com/a/b/v1/p/-/raw/main/i.sh",
                "gitlab.com/a/b/v2/p/-/raw/main/i.sh",
            ),
            (
                "gitlab.com/api/v4/projects/12/raw",
                "gitlab.com/api/v4/projects/13/raw",
            ),
            ("h.example/acme-1/i.sh", "h.example/acme-2/i.sh"),
            ("h.example/dev1/i.sh", "h.example/dev2/i.sh"),
            ("h1.example/x", "h2.example/x"),
            (
                "s3.amazonaws.com/bucket.1.2/i.sh",
                "s3.amazonaws.com/bucket.1.3/i.sh",
            ),
        ] {
            assert_ne!(without_version(base), without_version(head), "{base}");
        }
    }
}
