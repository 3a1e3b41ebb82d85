//! Every dependency by what it would get.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{Study, places, weight};
use crate::asset::Class;
use crate::graph::Node;
use crate::matrix::{Cell, Row};
use crate::position::Position;
use crate::verdict::Level;

/// A dependency in the ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Who.
    pub position: Position,
    /// The weights of what it gets, each times its level; see [`weight`].
    pub points: u64,
    /// How many assets at each level, worst level first.
    pub counts: [usize; 4],
    /// The same by class.
    pub classes: BTreeMap<Class, Cell>,
    /// The jobs that it comes into: file and name.
    pub jobs: BTreeSet<(String, String)>,
    /// What is worst; none where it gets nothing.
    pub worst: Option<Row>,
    /// Where that comes in: file and line.
    pub at: Option<(String, usize)>,
}

/// Whether a position is something that the project depends on.
#[must_use]
pub fn is_dependency(position: &Position) -> bool {
    matches!(
        position,
        Position::Action(_)
            | Position::Image(_)
            | Position::Tool(_)
            | Position::Url(_)
            | Position::App(_)
    )
}

/// Every dependency, the one that gets most first.
#[must_use]
pub fn of(study: &Study<'_>) -> Vec<Ranked> {
    let mut rows: BTreeMap<&Position, Vec<&Row>> = BTreeMap::new();
    for node in study.exposure.graph.nodes() {
        if let Node::Position(position) = node
            && is_dependency(position)
        {
            rows.entry(position).or_default();
        }
    }
    for row in &study.exposure.rows {
        if let Some(rows) = rows.get_mut(&row.position) {
            rows.push(row);
        }
    }
    let all: Vec<(&Position, Vec<&Row>)> = rows.into_iter().collect();
    let ranked = all.into_par_iter();
    let mut ranked: Vec<Ranked> = ranked
        .map(|(position, rows)| one(study, position, &rows))
        .collect();
    ranked.sort_by(|a, b| (b.points, &a.position).cmp(&(a.points, &b.position)));
    ranked
}

fn one(study: &Study<'_>, position: &Position, rows: &[&Row]) -> Ranked {
    let graph = &study.exposure.graph;
    let mut ranked = Ranked {
        position: position.clone(),
        points: 0,
        counts: [0; 4],
        classes: BTreeMap::new(),
        jobs: BTreeSet::new(),
        worst: None,
        at: None,
    };
    let value = |row: &Row| weight::of_asset(&row.asset) * weight::of_level(row.verdict.level());
    for row in rows {
        ranked.points += value(row);
        let cell = ranked.classes.entry(row.asset.class()).or_default();
        let level = Level::ALL.iter().position(|l| *l == row.verdict.level());
        if let Some(at) = level {
            for counts in [&mut ranked.counts, &mut cell.counts] {
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
            }
        }
    }
    let worst = rows.iter().copied().reduce(|best, row| {
        let better = (value(row), best.verdict.level()) > (value(best), row.verdict.level());
        if better { row } else { best }
    });
    ranked.worst = worst.cloned();
    let first = worst.and_then(|row| graph.edge(*row.path.first()?));
    ranked.at = first.and_then(|edge| {
        let at = places::entry(edge)?.location.as_ref()?;
        Some((at.path.to_string(), at.line))
    });
    let from = graph.find(&Node::Position(position.clone()));
    for at in from.into_iter().flat_map(|from| graph.out(from)) {
        let to = graph.edge(*at).and_then(|edge| graph.nodes().get(edge.to));
        if let Some(Node::Code(run) | Node::Handed(run, _)) = to
            && let Some(run) = study.exposure.runs.get(*run)
        {
            ranked.jobs.insert((run.path.clone(), run.job.clone()));
        }
    }
    ranked
}
