//! The shortest way from a position to each asset, at each level, and the
//! changes that would close it.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::graph::{Cut, Edge, Graph, NodeId};
use crate::verdict::{Level, Verdict};

/// How many cuts are looked for, and how many changes are tried for that.
const MAX_CUTS: usize = 3;
const MAX_TRIES: usize = 64;

/// What can be reached from one point at one level, with the best way to it.
#[derive(Clone, Debug)]
pub struct Reached {
    /// For each point the edge by which it is reached.
    via: Vec<Option<usize>>,
    from: NodeId,
    seen: Vec<bool>,
}

impl Reached {
    /// Whether a point is reached.
    #[must_use]
    pub fn has(&self, node: NodeId) -> bool {
        self.seen.get(node).copied().unwrap_or_default()
    }

    /// The edges from the start to a point.
    #[must_use]
    pub fn path(&self, graph: &Graph, to: NodeId) -> Vec<usize> {
        let mut path = Vec::new();
        let mut node = to;
        while node != self.from && path.len() <= graph.nodes().len() {
            let Some(at) = self.via.get(node).copied().flatten() else {
                break;
            };
            path.push(at);
            node = graph.edge(at).map_or(self.from, |edge| edge.from);
        }
        path.reverse();
        path
    }
}

/// Everything that is reached from a point over edges of a level or worse, by
/// the fewest conditions and then the fewest steps. A condition that several
/// edges ask for counts once. Edges that `without` names are left out.
#[must_use]
pub fn search(
    graph: &Graph,
    from: NodeId,
    level: Level,
    without: &dyn Fn(usize) -> bool,
) -> Reached {
    let count = graph.nodes().len();
    let mut reached = Reached {
        via: vec![None; count],
        from,
        seen: vec![false; count],
    };
    let mut best: Vec<(usize, usize)> = vec![(usize::MAX, usize::MAX); count];
    // What stands in the best way to each point.
    let mut asked: Vec<Verdict> = vec![Verdict::reachable(); count];
    let mut heap = BinaryHeap::from([Reverse(((0, 0), from))]);
    if let Some(slot) = best.get_mut(from) {
        *slot = (0, 0);
    }
    while let Some(Reverse((cost, node))) = heap.pop() {
        match reached.seen.get_mut(node) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        for at in graph.out(node) {
            let Some(edge) = graph.edge(*at) else {
                continue;
            };
            if edge.verdict.level() > level || without(*at) {
                continue;
            }
            let so_far = asked.get(node);
            let verdict = match so_far.filter(|so_far| so_far.conditions() > 0) {
                Some(so_far) => so_far.clone().and(&edge.verdict),
                None => edge.verdict.clone(),
            };
            let next = (verdict.conditions(), cost.1 + 1);
            let Some(slot) = best.get_mut(edge.to) else {
                continue;
            };
            if next < *slot {
                *slot = next;
                if let Some(asked) = asked.get_mut(edge.to) {
                    *asked = verdict;
                }
                if let Some(via) = reached.via.get_mut(edge.to) {
                    *via = Some(*at);
                }
                heap.push(Reverse((next, edge.to)));
            }
        }
    }
    reached
}

/// What stands in a way.
#[must_use]
pub fn verdict(graph: &Graph, path: &[usize]) -> Verdict {
    let edges = path.iter().filter_map(|at| graph.edge(*at));
    edges.fold(Verdict::reachable(), |verdict, edge| {
        verdict.and(&edge.verdict)
    })
}

/// The cheapest sets of one or two changes that leave no way of the level from
/// one point to another.
#[must_use]
pub fn cuts(graph: &Graph, from: NodeId, to: NodeId, level: Level) -> Vec<Vec<Cut>> {
    cuts_where(graph, from, to, level, &|_| true)
}

/// The same where only some edges count.
#[must_use]
pub fn cuts_where(
    graph: &Graph,
    from: NodeId,
    to: NodeId,
    level: Level,
    counts: &dyn Fn(&Edge) -> bool,
) -> Vec<Vec<Cut>> {
    let open = |gone: &[&Cut]| -> Option<Vec<usize>> {
        let without = |at: usize| {
            graph
                .edge(at)
                .is_none_or(|edge| !counts(edge) || edge.cuts.iter().any(|cut| gone.contains(&cut)))
        };
        let reached = search(graph, from, level, &without);
        reached.has(to).then(|| reached.path(graph, to))
    };
    let Some(path) = open(&[]) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut pairs = BTreeSet::new();
    let mut tries = 0;
    for first in candidates(graph, &path) {
        let Some(other) = open(&[first]) else {
            found.push(vec![first.clone()]);
            continue;
        };
        for second in candidates(graph, &other) {
            let mut pair = [first, second];
            pair.sort();
            tries += 1;
            if tries > MAX_TRIES || !pairs.insert(pair) {
                continue;
            }
            if open(&pair).is_none() {
                found.push(pair.map(Cut::clone).to_vec());
            }
        }
    }
    // A pair is worth nothing where one of its two is enough.
    let alone: BTreeSet<Cut> = found
        .iter()
        .filter_map(|set| match set.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        })
        .collect();
    found.retain(|set| set.len() == 1 || !set.iter().any(|cut| alone.contains(cut)));
    found.sort_by_key(|set| (set.len(), set.clone()));
    found.dedup();
    found.truncate(MAX_CUTS);
    found
}

/// The changes that would take away an edge of a path, the cheapest first.
fn candidates<'g>(graph: &'g Graph, path: &[usize]) -> BTreeSet<&'g Cut> {
    let edges = path.iter().filter_map(|at| graph.edge(*at));
    edges.flat_map(|edge| &edge.cuts).collect()
}
