//! Which assets a place in a file exposes, and to whom: every pair of position
//! and asset with a way that goes over an edge which rests on that place.
//!
//! Not only the shortest way counts. An edge is on some way of a level if it can
//! be reached from the position and the asset from it, over edges of that level
//! or worse; see [`crate::exposes::ways`].

mod files;
mod ways;

use std::collections::HashMap;
use std::sync::Arc;

use cofferdam_facts::Location;
use cofferdam_rules::Context;
use rayon::prelude::*;

use crate::asset::{Asset, Class};
use crate::graph::{Graph, Node};
use crate::position::Position;
use crate::scene::Scene;
use crate::universe::Universe;
use crate::verdict::Level;
use crate::whatif::weight;
use crate::{Without, drawn, unread};

use files::{Area, Files};
use ways::Ways;

/// How many pairs are named for one place; the others are counted.
pub const MAX_PAIRS: usize = 20;

/// The levels that expose something, worst first. What a control stops is no
/// exposure.
const LEVELS: [Level; 3] = [Level::Reachable, Level::ReachableIf, Level::After];

/// How much is joined for one place before it is given up: sixty-four assets of
/// one position at a time.
const MAX_WORK: usize = 4_000_000;

/// The graph has more points than are followed for places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the graph of who reaches what has {points} points, more than are followed for each place")]
pub struct TooLarge {
    /// How many.
    pub points: usize,
}

/// One pair with a way over a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// From where.
    pub position: Position,
    /// To what.
    pub asset: Asset,
    /// What stands in the worst way over the place.
    pub level: Level,
    /// What it weighs; see [`weight`].
    pub points: u64,
}

/// What a place exposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The pairs, the one that weighs most first, at most [`MAX_PAIRS`].
    pub pairs: Vec<Pair>,
    /// How many there are.
    pub total: usize,
    /// What the weightiest pair weighs in whose way nothing stands.
    pub now: u64,
    /// The weightiest asset that lies behind the place, whoever gets to it.
    pub held: Option<Asset>,
}

impl Exposed {
    /// What the weightiest pair weighs; 0 where there is nothing to gain.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.pairs.first().map_or(0, |pair| pair.points)
    }
}

/// A pair, ordered by its weight first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    points: std::cmp::Reverse<u64>,
    level: Level,
    order: (usize, usize),
    position: usize,
    asset: usize,
}

/// For each of a list its place in order.
fn order<T: Ord>(all: &[T]) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..all.len()).collect();
    sorted.sort_by_key(|at| all.get(*at));
    let mut order = vec![0; all.len()];
    for (place, at) in sorted.into_iter().enumerate() {
        if let Some(slot) = order.get_mut(at) {
            *slot = place;
        }
    }
    order
}

/// What each place of a checkout exposes.
#[derive(Debug)]
pub struct Places {
    graph: Graph,
    files: Files,
    levels: Vec<Ways>,
    /// The positions, the weightiest first.
    positions: Vec<Position>,
    /// The assets, the weightiest first.
    assets: Vec<Asset>,
    /// The place of each position and of each asset in their own order.
    order: (Vec<usize>, Vec<usize>),
    /// Files of which not everything was understood.
    unread: Vec<String>,
    seen: HashMap<(Arc<str>, Area), Option<Arc<Exposed>>>,
}

impl Places {
    /// Draws the graph of a checkout and follows it once from every position and
    /// to every asset.
    ///
    /// # Errors
    /// [`TooLarge`] if that would take more memory than is given to it.
    pub fn of(cx: &Context<'_>) -> Result<Self, TooLarge> {
        let scene = Scene::of(cx);
        let graph = drawn(&scene, &Universe::of(&scene), &Without::default());
        let mut positions = Vec::new();
        let mut assets = Vec::new();
        for (id, node) in graph.nodes().iter().enumerate() {
            match node {
                Node::Position(position) => positions.push((position.clone(), id)),
                Node::Asset(asset) => assets.push((asset.clone(), id)),
                _ => {}
            }
        }
        positions.sort_by(|(a, _), (b, _)| {
            let weight = |p| std::cmp::Reverse(weight::of_position(p));
            (weight(a), a).cmp(&(weight(b), b))
        });
        assets.sort_by(|(a, _), (b, _)| {
            let weight = |asset| std::cmp::Reverse(gained(asset));
            (weight(a), a).cmp(&(weight(b), b))
        });
        let from: Vec<usize> = positions.iter().map(|(_, id)| *id).collect();
        let to: Vec<usize> = assets.iter().map(|(_, id)| *id).collect();
        let levels = LEVELS
            .par_iter()
            .map(|level| Ways::of(&graph, *level, &from, &to))
            .collect::<Option<_>>()
            .ok_or(TooLarge {
                points: graph.nodes().len(),
            })?;
        let unread = unread::of(&scene, &graph);
        let positions = positions.into_iter().map(|(position, _)| position);
        let positions: Vec<Position> = positions.collect();
        let assets: Vec<Asset> = assets.into_iter().map(|(asset, _)| asset).collect();
        Ok(Self {
            files: Files::of(&scene, &graph),
            levels,
            order: (order(&positions), order(&assets)),
            positions,
            assets,
            unread: unread.into_iter().map(|one| one.path).collect(),
            seen: HashMap::new(),
            graph,
        })
    }

    /// What a place exposes; none where the graph does not speak of it, which
    /// does not say that there is nothing.
    pub fn at(&mut self, location: &Location) -> Option<Arc<Exposed>> {
        let area = self.files.area(location)?;
        let key = (Arc::clone(&location.path), area);
        if let Some(known) = self.seen.get(&key) {
            return known.clone();
        }
        let mut edges = self.files.touching(&location.path, area.span);
        if area.narrow && edges.iter().any(|at| self.enters(*at)) {
            edges.retain(|at| self.enters(*at));
        }
        let found = self.over(&edges);
        // Where something was not understood, nothing is nothing proven.
        let unproven = (self.unread.iter()).any(|path| path == "." || **path == *location.path);
        let found = found.filter(|found| found.points() > 0 || !unproven);
        let found = found.map(Arc::new);
        self.seen.insert(key, found.clone());
        found
    }

    /// What all places expose together: every pair that is not blocked.
    #[must_use]
    pub fn everything(&self) -> Option<Exposed> {
        let all: Vec<usize> = (0..self.graph.edges().len()).collect();
        self.over(&all)
    }

    /// Whether an edge lets somebody into a run, as opposed to out with what is
    /// there.
    fn enters(&self, at: usize) -> bool {
        let edge = self.graph.edge(at);
        let to = edge.and_then(|edge| self.graph.nodes().get(edge.to));
        !matches!(to, None | Some(Node::Asset(_)))
    }

    /// Everything with a way over one of these edges; none for no edge.
    fn over(&self, edges: &[usize]) -> Option<Exposed> {
        if edges.is_empty() {
            return None;
        }
        let words = self.assets.len().div_ceil(64);
        let mut work = 0;
        let mut found: Vec<Ranked> = Vec::new();
        let mut total = 0;
        // Where the rows of each position begin, once it has any: what it gets at the
        // levels before, and at this one besides.
        let mut rows: Vec<Option<usize>> = vec![None; self.positions.len()];
        let (mut known, mut fresh): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
        for (level, ways) in LEVELS.iter().zip(&self.levels) {
            for (from, to) in ways.joined(&self.graph, edges) {
                for position in ways::ones(from) {
                    work += to.len();
                    if work > MAX_WORK {
                        return None;
                    }
                    let begin = *rows.get_mut(position)?.get_or_insert_with(|| {
                        let begin = known.len();
                        known.resize(begin + words, 0);
                        fresh.resize(begin + words, 0);
                        begin
                    });
                    let known = known.get(begin..)?.iter();
                    let fresh = fresh.get_mut(begin..)?.iter_mut();
                    for ((known, fresh), bits) in known.zip(fresh).zip(to) {
                        *fresh |= bits & !known;
                    }
                }
            }
            for (position, begin) in rows.iter().enumerate() {
                let Some(begin) = *begin else { continue };
                let new = fresh.get_mut(begin..begin + words)?;
                total += ways::ones(new).count();
                // They are sorted, so that the first are the weightiest.
                let few = ways::ones(new).take(MAX_PAIRS);
                found.extend(few.filter_map(|asset| self.ranked(position, asset, *level)));
                for (known, fresh) in known.get_mut(begin..)?.iter_mut().zip(new) {
                    *known |= std::mem::take(fresh);
                }
            }
        }
        let at_once = found.iter().filter(|one| one.level == Level::Reachable);
        let now = at_once.map(|one| one.points.0).max().unwrap_or_default();
        if found.len() > MAX_PAIRS {
            found.select_nth_unstable(MAX_PAIRS);
            found.truncate(MAX_PAIRS);
        }
        found.sort_unstable();
        let pairs = found.iter().filter_map(|one| self.pair(one));
        Some(Exposed {
            pairs: pairs.collect(),
            total,
            now,
            held: self.held(edges),
        })
    }

    /// A pair with what orders it, in numbers: texts are compared once, when the
    /// graph is drawn.
    fn ranked(&self, position: usize, asset: usize, level: Level) -> Option<Ranked> {
        let (of_position, of_asset) = (self.order.0.get(position)?, self.order.1.get(asset)?);
        let weights = (self.positions.get(position)?, self.assets.get(asset)?);
        let points = gained(weights.1) * weight::of_position(weights.0) * weight::of_level(level);
        Some(Ranked {
            points: std::cmp::Reverse(points),
            level,
            order: (*of_position, *of_asset),
            position,
            asset,
        })
    }

    fn pair(&self, one: &Ranked) -> Option<Pair> {
        Some(Pair {
            points: one.points.0,
            position: self.positions.get(one.position)?.clone(),
            asset: self.assets.get(one.asset)?.clone(),
            level: one.level,
        })
    }

    /// The weightiest asset behind these edges; behind the start of a run also
    /// what its job holds, though nobody's code gets in.
    fn held(&self, edges: &[usize]) -> Option<Asset> {
        let last = self.levels.last()?;
        let first = |node: usize| {
            let all = ways::ones(last.behind(node));
            all.filter(|at| self.assets.get(*at).is_some_and(|a| gained(a) > 0))
                .min()
        };
        let mut best = None;
        for edge in edges.iter().filter_map(|at| self.graph.edge(*at)) {
            let inside = match self.graph.nodes().get(edge.to) {
                Some(Node::Started(run, _) | Node::Followed(run, _)) => {
                    self.graph.find(&Node::Code(*run))
                }
                _ => None,
            };
            let nodes = [Some(edge.to), inside];
            let found = nodes.into_iter().flatten().filter_map(first).min();
            best = match (best, found) {
                (Some(a), Some(b)) => Some(std::cmp::min::<usize>(a, b)),
                (a, b) => a.or(b),
            };
        }
        self.assets.get(best?).cloned()
    }
}

/// What somebody gains by an asset. The cache and starting a workflow are ways
/// to something else: what they lead to is a pair of its own.
fn gained(asset: &Asset) -> u64 {
    match asset.class() {
        Class::Cache | Class::Start => 0,
        _ => weight::of_asset(asset),
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a broken example should stop the test at once"
)]
mod tests;
