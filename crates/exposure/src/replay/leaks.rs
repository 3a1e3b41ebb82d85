//! What code at a point of the graph gets, and what keeps it from that.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::Asset;
use crate::graph::{Cut, Graph, Node, NodeId};
use crate::paths;
use crate::replay::Leak;
use crate::verdict::{Level, Verdict};

/// How many changes are named.
const MOST_CUTS: usize = 3;

/// Every asset that is reached from a point, behind what stands before the point,
/// worst and nearest first.
pub(super) fn from(graph: &Graph, point: NodeId, before: &Verdict) -> Vec<Leak> {
    let mut found: BTreeMap<&Asset, Leak> = BTreeMap::new();
    for level in Level::ALL {
        let reached = paths::search(graph, point, level, &|_| false);
        for (id, node) in graph.nodes().iter().enumerate() {
            let Node::Asset(asset) = node else { continue };
            if found.contains_key(asset) || !reached.has(id) {
                continue;
            }
            let path = reached.path(graph, id);
            let leak = Leak {
                asset: asset.clone(),
                verdict: before.clone().and(&paths::verdict(graph, &path)),
                steps: path.len(),
            };
            found.insert(asset, leak);
        }
    }
    let mut leaks: Vec<Leak> = found.into_values().collect();
    sort(&mut leaks);
    leaks
}

/// Worst first, then the nearest, then by name.
pub(super) fn sort(leaks: &mut [Leak]) {
    leaks.sort_by(|a, b| {
        let key = |leak: &Leak| (leak.verdict.level(), leak.steps > 1);
        key(a).cmp(&key(b)).then_with(|| a.asset.cmp(&b.asset))
    });
}

/// Takes the leaks of another run of the same job.
pub(super) fn join(leaks: &mut Vec<Leak>, more: Vec<Leak>) {
    for leak in more {
        match leaks.iter_mut().find(|known| known.asset == leak.asset) {
            Some(known) => {
                known.steps = known.steps.min(leak.steps);
                known.verdict = known.verdict.clone().or(leak.verdict);
            }
            None => leaks.push(leak),
        }
    }
    sort(leaks);
}

/// The changes that would take edges away, the cheapest first.
pub(super) fn cuts(graph: &Graph, edges: impl IntoIterator<Item = usize>) -> Vec<Cut> {
    let edges = edges.into_iter().filter_map(|at| graph.edge(at));
    let cuts: BTreeSet<Cut> = edges.flat_map(|edge| edge.cuts.iter().cloned()).collect();
    cuts.into_iter().take(MOST_CUTS).collect()
}
