//! The changes that together save the most for the least: one at a time, each
//! time the one that saves most for what it costs.

use std::collections::{BTreeMap, BTreeSet};

use super::weight;
use crate::graph::{Cost, Cut, Edge, Graph, Node, NodeId};
use crate::verdict::Level;

/// How many changes are named.
const MAX_CUTS: usize = 3;
/// How many are tried in each round, and how many edges are looked at for that.
const MAX_TRIED: usize = 600;
const LEAST_TRIED: usize = 20;
const MAX_LOOKED_AT: usize = 30_000_000;

/// A change, and what it saves besides those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// What to do: one change, or several that only help together.
    pub cuts: Vec<Cut>,
    /// In how many places of the files.
    pub places: usize,
    /// What is saved that those before do not save; of an alternative, what it
    /// saves alone.
    pub saves: BTreeSet<NodeId>,
    /// Whether it is there in the place of those before: they save everything.
    pub instead: bool,
}

/// What is to be saved.
#[derive(Clone, Copy, Debug)]
pub struct Danger<'g> {
    /// The graph.
    pub graph: &'g Graph,
    /// Where the attacker starts; with [`Danger::backward`], where they end.
    pub from: NodeId,
    /// Ways of this level and worse.
    pub level: Level,
    /// Whether what is to be saved are the starts of the ways that end there.
    pub backward: bool,
}

/// The part of a graph that matters to a danger.
struct Field<'g> {
    /// Edges by their start, each with its end and its number.
    out: Vec<Vec<(usize, usize)>>,
    goals: Vec<(usize, NodeId)>,
    graph: &'g Graph,
    /// The edges that each change takes away.
    cuts: BTreeMap<&'g Cut, Vec<usize>>,
    /// The number of each edge in the graph.
    places: Vec<usize>,
}

impl<'g> Field<'g> {
    fn of(danger: Danger<'g>, wanted: &BTreeSet<NodeId>) -> Self {
        let graph = danger.graph;
        let before = if danger.backward {
            into(graph)
        } else {
            Vec::new()
        };
        let mut number: BTreeMap<NodeId, usize> = [(danger.from, 0)].into();
        let mut order: Vec<NodeId> = vec![danger.from];
        let mut field = Self {
            out: Vec::new(),
            goals: Vec::new(),
            graph,
            cuts: BTreeMap::new(),
            places: Vec::new(),
        };
        let mut at = 0;
        while let Some(node) = order.get(at).copied() {
            let mut out = Vec::new();
            let edges = match danger.backward {
                true => before.get(node).map_or(&[] as &[usize], Vec::as_slice),
                false => graph.out(node),
            };
            for index in edges {
                let Some(edge) = graph.edge(*index) else {
                    continue;
                };
                if edge.verdict.level() > danger.level {
                    continue;
                }
                let end = if danger.backward { edge.from } else { edge.to };
                let to = *number.entry(end).or_insert_with(|| {
                    order.push(end);
                    order.len() - 1
                });
                let own = field.places.len();
                for cut in &edge.cuts {
                    field.cuts.entry(cut).or_default().push(own);
                }
                out.push((to, own));
                field.places.push(*index);
            }
            field.out.push(out);
            at += 1;
        }
        let goals = order.iter().enumerate();
        let goals = goals.filter(|(_, node)| wanted.contains(node));
        field.goals = goals.map(|(at, node)| (at, *node)).collect();
        field
    }

    /// What is still reached when the edges that are marked are gone.
    fn reached(&self, gone: &[bool]) -> BTreeSet<NodeId> {
        let mut seen = vec![false; self.out.len()];
        let mut open: Vec<usize> = vec![0];
        if let Some(seen) = seen.first_mut() {
            *seen = true;
        }
        while let Some(node) = open.pop() {
            for (to, edge) in self.out.get(node).into_iter().flatten() {
                if gone.get(*edge).copied().unwrap_or_default() {
                    continue;
                }
                if let Some(seen) = seen.get_mut(*to)
                    && !std::mem::replace(seen, true)
                {
                    open.push(*to);
                }
            }
        }
        let left = self.goals.iter();
        let left = left.filter(|(at, _)| seen.get(*at).copied().unwrap_or_default());
        left.map(|(_, node)| *node).collect()
    }

    fn with(&self, gone: &[bool], cuts: &[&Cut]) -> Vec<bool> {
        let mut gone = gone.to_vec();
        for cut in cuts {
            for edge in self.cuts.get(*cut).into_iter().flatten() {
                if let Some(gone) = gone.get_mut(*edge) {
                    *gone = true;
                }
            }
        }
        gone
    }

    /// In how many places of the files a change is to be made.
    fn places_of(&self, cut: &Cut) -> usize {
        let edges = self.cuts.get(cut).into_iter().flatten();
        let places = edges.filter_map(|at| {
            let edge = self.graph.edge(*self.places.get(*at)?)?;
            let place = super::places::entry(edge)?;
            let at = place.location.as_ref()?;
            Some((at.path.clone(), at.line))
        });
        places.collect::<BTreeSet<_>>().len()
    }

    /// All changes of a setting together, without those that add nothing.
    fn settings(&self, gone: &[bool], before: &BTreeSet<NodeId>) -> Vec<&'g Cut> {
        let all = self.cuts.keys().copied();
        let mut kept: Vec<&Cut> = all.filter(|cut| cut.cost == Cost::Setting).collect();
        if kept.len() < 2 || kept.len() > 40 {
            return Vec::new();
        }
        let best = self.reached(&self.with(gone, &kept));
        if best.len() == before.len() {
            return Vec::new();
        }
        for cut in kept.clone() {
            let fewer: Vec<&Cut> = kept.iter().copied().filter(|one| *one != cut).collect();
            if self.reached(&self.with(gone, &fewer)).len() == best.len() {
                kept = fewer;
            }
        }
        kept
    }
}

fn units(cost: Cost) -> u64 {
    match cost {
        Cost::Setting | Cost::Line => 1,
        Cost::Lines => 2,
        Cost::Environment => 4,
        Cost::Job => 6,
    }
}

/// The edges that lead to each point.
fn into(graph: &Graph) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); graph.nodes().len()];
    for (at, Edge { to, .. }) in graph.edges().iter().enumerate() {
        if let Some(list) = all.get_mut(*to) {
            list.push(at);
        }
    }
    all
}

/// What is to be saved, in points; a position counts one.
fn weighed(graph: &Graph, nodes: &BTreeSet<NodeId>) -> u64 {
    let found = nodes.iter().filter_map(|node| graph.nodes().get(*node));
    let weights = found.map(|node| match node {
        Node::Asset(asset) => weight::of_asset(asset),
        _ => 1,
    });
    weights.sum()
}

/// The changes that save most for what they cost, at most three: each saves
/// something that those before it do not. Where the first save everything, the
/// rest are what would do in their place.
#[must_use]
pub fn cheapest(danger: Danger<'_>, wanted: &BTreeSet<NodeId>) -> Vec<Saving> {
    let field = Field::of(danger, wanted);
    let nothing = vec![false; field.places.len()];
    let mut gone = nothing.clone();
    let mut savings: Vec<Saving> = Vec::new();
    while savings.len() < MAX_CUTS {
        let before = field.reached(&gone);
        if before.is_empty() {
            break;
        }
        let taken: BTreeSet<&Cut> = savings.iter().flat_map(|s| &s.cuts).collect();
        let Some(best) = best(&field, &gone, &before, &taken) else {
            break;
        };
        gone = field.with(&gone, &best);
        let after = field.reached(&gone);
        savings.push(saving(&field, &best, before.difference(&after), false));
    }
    let all = field.reached(&nothing);
    if !savings.is_empty() && field.reached(&gone).is_empty() {
        while savings.len() < MAX_CUTS {
            let taken: Vec<Cut> = savings.iter().flat_map(|s| s.cuts.clone()).collect();
            let taken: BTreeSet<&Cut> = taken.iter().collect();
            let Some(best) = best(&field, &nothing, &all, &taken) else {
                break;
            };
            let after = field.reached(&field.with(&nothing, &best));
            savings.push(saving(&field, &best, all.difference(&after), true));
        }
    }
    savings
}

fn saving<'a>(
    field: &Field<'_>,
    cuts: &[&Cut],
    saves: impl Iterator<Item = &'a NodeId>,
    instead: bool,
) -> Saving {
    Saving {
        cuts: cuts.iter().map(|cut| (*cut).clone()).collect(),
        places: cuts.iter().map(|cut| field.places_of(cut)).sum(),
        saves: saves.copied().collect(),
        instead,
    }
}

/// The change that saves most for what it costs.
fn best<'g>(
    field: &Field<'g>,
    gone: &[bool],
    before: &BTreeSet<NodeId>,
    taken: &BTreeSet<&Cut>,
) -> Option<Vec<&'g Cut>> {
    let mut best: Option<(u64, Vec<&Cut>)> = None;
    let mut offer = |cuts: Vec<&'g Cut>| {
        let after = field.reached(&field.with(gone, &cuts));
        let saved = weighed(field.graph, before).saturating_sub(weighed(field.graph, &after));
        let cost: u64 = cuts.iter().map(|cut| units(cut.cost)).sum();
        let score = saved * 1_000 / cost.max(1);
        if saved > 0 && best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, cuts));
        }
    };
    let tried = MAX_LOOKED_AT / field.places.len().max(1);
    let tried = tried.clamp(LEAST_TRIED, MAX_TRIED);
    let single = field.cuts.keys().copied();
    for cut in single.filter(|cut| !taken.contains(cut)).take(tried) {
        offer(vec![cut]);
    }
    let together = field.settings(gone, before);
    if together.len() > 1 && !together.iter().any(|cut| taken.contains(cut)) {
        offer(together);
    }
    best.map(|(_, cuts)| cuts)
}
