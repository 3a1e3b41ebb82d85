//! The verdict for each position and asset.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::asset::{Asset, Class};
use crate::graph::{Cut, Edge, Graph, Node, NodeId, Place};
use crate::paths;
use crate::position::Position;
use crate::verdict::{Level, Verdict};

/// One pair with a way between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From where.
    pub position: Position,
    /// To what.
    pub asset: Asset,
    /// What stands in the worst way.
    pub verdict: Verdict,
    /// The edges of that way.
    pub path: Vec<usize>,
}

/// Every pair with a way between them, in order of position and asset.
#[must_use]
pub fn of(graph: &Graph) -> Vec<Row> {
    let mut positions: Vec<(&Position, NodeId)> = Vec::new();
    for (id, node) in graph.nodes().iter().enumerate() {
        if let Node::Position(position) = node {
            positions.push((position, id));
        }
    }
    positions.sort();
    let assets = assets(graph);
    let rows: Vec<Vec<Row>> = positions
        .par_iter()
        .map(|(position, from)| of_position(graph, position, *from, &assets))
        .collect();
    rows.into_iter().flatten().collect()
}

/// An asset that is reached from a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What.
    pub asset: Asset,
    /// What stands in the worst way.
    pub verdict: Verdict,
    /// The edges of that way.
    pub path: Vec<usize>,
}

/// Everything that is reached from a point, in order of asset.
#[must_use]
pub fn from_node(graph: &Graph, from: NodeId) -> Vec<Reached> {
    reached(graph, from, &assets(graph))
}

/// What one position reaches.
#[must_use]
pub fn from_position(graph: &Graph, position: &Position) -> Vec<Row> {
    match graph.find(&Node::Position(position.clone())) {
        Some(from) => of_position(graph, position, from, &assets(graph)),
        None => Vec::new(),
    }
}

fn assets(graph: &Graph) -> Vec<(&Asset, NodeId)> {
    let nodes = graph.nodes().iter().enumerate();
    let mut assets: Vec<(&Asset, NodeId)> = nodes
        .filter_map(|(id, node)| match node {
            Node::Asset(asset) => Some((asset, id)),
            _ => None,
        })
        .collect();
    assets.sort();
    assets
}

fn of_position(
    graph: &Graph,
    position: &Position,
    from: NodeId,
    assets: &[(&Asset, NodeId)],
) -> Vec<Row> {
    let all = reached(graph, from, assets).into_iter();
    all.map(|one| Row {
        position: position.clone(),
        asset: one.asset,
        verdict: one.verdict,
        path: one.path,
    })
    .collect()
}

fn reached(graph: &Graph, from: NodeId, assets: &[(&Asset, NodeId)]) -> Vec<Reached> {
    let mut found: BTreeMap<&Asset, Reached> = BTreeMap::new();
    for level in Level::ALL {
        let ways = paths::search(graph, from, level, &|_| false);
        for (asset, to) in assets {
            if found.contains_key(asset) || !ways.has(*to) {
                continue;
            }
            let path = ways.path(graph, *to);
            found.insert(
                asset,
                Reached {
                    asset: (*asset).clone(),
                    verdict: paths::verdict(graph, &path),
                    path,
                },
            );
        }
    }
    found.into_values().collect()
}

impl Row {
    /// What the way rests on, in order.
    pub fn places<'g>(&self, graph: &'g Graph) -> impl Iterator<Item = &'g Place> {
        let edges = self.path.iter().filter_map(|at| graph.edge(*at));
        edges.flat_map(|edge| &edge.places)
    }

    /// The cheapest sets of changes that close every way of its level.
    #[must_use]
    pub fn cuts(&self, graph: &Graph) -> Vec<Vec<Cut>> {
        let from = graph.find(&Node::Position(self.position.clone()));
        let to = graph.find(&Node::Asset(self.asset.clone()));
        match (from, to) {
            (Some(from), Some(to)) => paths::cuts(graph, from, to, self.verdict.level()),
            _ => Vec::new(),
        }
    }

    /// The cheapest sets of changes that close every way of a level over edges
    /// that count.
    #[must_use]
    pub fn cuts_where(
        &self,
        graph: &Graph,
        level: Level,
        counts: &dyn Fn(&Edge) -> bool,
    ) -> Vec<Vec<Cut>> {
        let from = graph.find(&Node::Position(self.position.clone()));
        let to = graph.find(&Node::Asset(self.asset.clone()));
        match (from, to) {
            (Some(from), Some(to)) => paths::cuts_where(graph, from, to, level, counts),
            _ => Vec::new(),
        }
    }
}

/// What one position reaches of one class: how many assets at each level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The counts, worst level first.
    pub counts: [usize; 4],
}

impl Cell {
    /// The worst level.
    #[must_use]
    pub fn worst(&self) -> Option<Level> {
        let mut levels = Level::ALL.iter().zip(self.counts);
        levels
            .find(|(_, count)| *count > 0)
            .map(|(level, _)| *level)
    }
}

/// The cells of rows, by position and class.
#[must_use]
pub fn cells(rows: &[Row]) -> BTreeMap<&Position, BTreeMap<Class, Cell>> {
    let mut cells: BTreeMap<&Position, BTreeMap<Class, Cell>> = BTreeMap::new();
    for row in rows {
        let of_position = cells.entry(&row.position).or_default();
        let cell = of_position.entry(row.asset.class()).or_default();
        let level = Level::ALL.iter().position(|l| *l == row.verdict.level());
        if let Some(count) = level.and_then(|at| cell.counts.get_mut(at)) {
            *count += 1;
        }
    }
    cells
}

/// Every control or agreement that alone stands between a position and an
/// asset, with those pairs: what falls when it is breached.
#[must_use]
pub fn layers(rows: &[Row]) -> BTreeMap<String, BTreeSet<(&Position, &Asset)>> {
    let mut layers: BTreeMap<String, BTreeSet<(&Position, &Asset)>> = BTreeMap::new();
    for row in rows {
        let waits = row.verdict.waits.iter().map(ToString::to_string);
        let controls = row.verdict.controls.iter().map(ToString::to_string);
        let mut stands: Vec<String> = waits.chain(controls).collect();
        stands.dedup();
        if let [only] = stands.as_slice() {
            let pairs = layers.entry(only.clone()).or_default();
            pairs.insert((&row.position, &row.asset));
        }
    }
    layers
}
