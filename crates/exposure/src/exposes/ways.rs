//! Who gets to each point of a graph, and what lies behind it, for all positions
//! and assets at once.
//!
//! Points on a circle have the same of both, so that the circles are taken as
//! one (Tarjan, "Depth-First Search and Linear Graph Algorithms", 1972); what is
//! left has an order, in which every edge is looked at once. Equal sets are kept
//! once: the time grows with the edges times the words of a set, the memory with
//! the sets that differ.

use std::collections::{BTreeSet, HashMap};

use crate::graph::Graph;
use crate::verdict::Level;

/// How many words all sets of one level may have, and how many those that are
/// at work: 32 MiB.
const MAX_WORDS: usize = 4 << 20;

/// The ways of one level or worse.
#[derive(Debug)]
pub(super) struct Ways {
    level: Level,
    /// For each point its circle.
    circle: Vec<usize>,
    /// For each circle who gets there, and what lies behind it.
    before: Vec<usize>,
    behind: Vec<usize>,
    positions: Sets,
    assets: Sets,
}

impl Ways {
    /// Follows the edges; none where that takes more memory than is allowed.
    pub(super) fn of(graph: &Graph, level: Level, from: &[usize], to: &[usize]) -> Option<Self> {
        let (circle, count) = circles(graph, level);
        let mut members = vec![Vec::new(); count];
        for (node, of) in circle.iter().enumerate() {
            members.get_mut(*of)?.push(node);
        }
        let next = |at: usize| -> BTreeSet<usize> {
            let nodes = members.get(at).into_iter().flatten();
            let edges = nodes.flat_map(|node| follow(graph, *node, level));
            let ends = edges.filter_map(|to| circle.get(to).copied());
            ends.filter(|to| *to != at).collect()
        };
        // Circles are numbered from the ends on: what follows has a lower number.
        let mut assets = Sets::new(to.len());
        let mut behind = vec![0; count];
        let of_asset = by_circle(&circle, to);
        for at in 0..count {
            let mut all = Vec::new();
            for after in next(at) {
                assets.join(&mut all, *behind.get(after)?);
            }
            assets.add(&mut all, of_asset.get(&at));
            *behind.get_mut(at)? = assets.keep(all)?;
        }
        let mut positions = Sets::new(from.len());
        let mut before = vec![0; count];
        let mut coming: Vec<Vec<u64>> = vec![Vec::new(); count];
        let of_position = by_circle(&circle, from);
        let mut open = 0;
        for at in (0..count).rev() {
            let mut all = std::mem::take(coming.get_mut(at)?);
            open -= all.len();
            positions.add(&mut all, of_position.get(&at));
            let id = positions.keep(all)?;
            *before.get_mut(at)? = id;
            for after in next(at) {
                let set = coming.get_mut(after)?;
                open -= set.len();
                positions.join(set, id);
                open += set.len();
            }
            if open > MAX_WORDS {
                return None;
            }
        }
        Some(Self {
            level,
            circle,
            before,
            behind,
            positions,
            assets,
        })
    }

    /// For each of some edges who gets to its beginning and what lies behind its
    /// end, without those where one of them is nobody or nothing; each once.
    pub(super) fn joined(&self, graph: &Graph, edges: &[usize]) -> Vec<(&[u64], &[u64])> {
        let edges = edges.iter().filter_map(|at| graph.edge(*at));
        let open = edges.filter(|edge| edge.verdict.level() <= self.level);
        let ids: BTreeSet<(usize, usize)> = open
            .filter_map(|edge| {
                let from = self.before.get(*self.circle.get(edge.from)?)?;
                let to = self.behind.get(*self.circle.get(edge.to)?)?;
                (*from != EMPTY && *to != EMPTY).then_some((*from, *to))
            })
            .collect();
        let sets = ids.into_iter();
        sets.map(|(from, to)| (self.positions.get(from), self.assets.get(to)))
            .collect()
    }

    /// The assets behind a point.
    pub(super) fn behind(&self, node: usize) -> &[u64] {
        let circle = self.circle.get(node);
        let id = circle.and_then(|circle| self.behind.get(*circle));
        id.map_or(&[], |id| self.assets.get(*id))
    }
}

/// The number of the empty set.
const EMPTY: usize = 0;

/// Sets of small numbers, each kept once. The empty one has no words.
#[derive(Debug)]
struct Sets {
    words: usize,
    kept: Vec<Vec<u64>>,
    numbers: HashMap<Vec<u64>, usize>,
}

impl Sets {
    fn new(size: usize) -> Self {
        Self {
            words: size.div_ceil(64),
            kept: vec![Vec::new()],
            numbers: HashMap::from([(Vec::new(), EMPTY)]),
        }
    }

    fn get(&self, id: usize) -> &[u64] {
        self.kept.get(id).map_or(&[], Vec::as_slice)
    }

    fn join(&self, set: &mut Vec<u64>, id: usize) {
        let other = self.get(id);
        if set.is_empty() {
            set.extend_from_slice(other);
        } else {
            set.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
        }
    }

    fn add(&self, set: &mut Vec<u64>, bits: Option<&Vec<usize>>) {
        for bit in bits.into_iter().flatten() {
            set.resize(self.words, 0);
            if let Some(word) = set.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
    }

    fn keep(&mut self, set: Vec<u64>) -> Option<usize> {
        if let Some(known) = self.numbers.get(&set) {
            return Some(*known);
        }
        let id = self.kept.len();
        if id * self.words > MAX_WORDS {
            return None;
        }
        self.kept.push(set.clone());
        self.numbers.insert(set, id);
        Some(id)
    }
}

/// The numbers in a set, lowest first.
pub(super) fn ones(set: &[u64]) -> impl Iterator<Item = usize> + '_ {
    set.iter().enumerate().flat_map(|(at, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros();
            (rest != 0).then(|| {
                rest &= rest - 1;
                at * 64 + bit as usize
            })
        })
    })
}

fn by_circle(circle: &[usize], nodes: &[usize]) -> HashMap<usize, Vec<usize>> {
    let mut found: HashMap<usize, Vec<usize>> = HashMap::new();
    for (bit, node) in nodes.iter().enumerate() {
        if let Some(at) = circle.get(*node) {
            found.entry(*at).or_default().push(bit);
        }
    }
    found
}

fn follow(graph: &Graph, node: usize, level: Level) -> impl Iterator<Item = usize> + '_ {
    let edges = graph.out(node).iter().filter_map(|at| graph.edge(*at));
    let open = edges.filter(move |edge| edge.verdict.level() <= level);
    open.map(|edge| edge.to)
}

/// The circle of each point, and how many there are. A circle has a higher
/// number than those that can be reached from it.
fn circles(graph: &Graph, level: Level) -> (Vec<usize>, usize) {
    const NEW: usize = usize::MAX;
    let nodes = graph.nodes().len();
    let (mut order, mut low) = (vec![NEW; nodes], vec![NEW; nodes]);
    let mut circle = vec![NEW; nodes];
    let (mut count, mut time) = (0, 0);
    let mut open: Vec<usize> = Vec::new();
    for root in 0..nodes {
        if order.get(root) != Some(&NEW) {
            continue;
        }
        // No recursion: a way may be as long as there are points.
        let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut enter = Some(root);
        loop {
            if let Some(node) = enter.take() {
                for list in [&mut order, &mut low] {
                    if let Some(slot) = list.get_mut(node) {
                        *slot = time;
                    }
                }
                time += 1;
                open.push(node);
                path.push((node, follow(graph, node, level).collect()));
            }
            let Some((node, rest)) = path.last_mut() else {
                break;
            };
            let node = *node;
            let of = |list: &[usize], node: usize| list.get(node).copied().unwrap_or(NEW);
            if let Some(to) = rest.pop() {
                if of(&order, to) == NEW {
                    enter = Some(to);
                } else if of(&circle, to) == NEW {
                    lower(&mut low, node, of(&order, to));
                }
                continue;
            }
            path.pop();
            if let Some((before, _)) = path.last() {
                let value = of(&low, node);
                lower(&mut low, *before, value);
            }
            if of(&low, node) == of(&order, node) {
                while let Some(member) = open.pop() {
                    if let Some(slot) = circle.get_mut(member) {
                        *slot = count;
                    }
                    if member == node {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    (circle, count)
}

fn lower(low: &mut [usize], node: usize, value: usize) {
    if let Some(slot) = low.get_mut(node) {
        *slot = value.min(*slot);
    }
}
