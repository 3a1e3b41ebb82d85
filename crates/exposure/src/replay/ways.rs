//! Whether a checkout has the way that attackers took.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str::FromStr;

use cofferdam_datapack::{Incident, Way};

use crate::asset::{Asset, Class};
use crate::graph::{Graph, Node, NodeId};
use crate::position::Position;
use crate::replay::{Answer, Leak, Replay, Taken, leaks};
use crate::verdict::Level;
use crate::{edges, paths};

/// The ways of an incident that are there, and the words of it that this version
/// does not know, each as a sentence.
pub(super) fn of(replay: &Replay<'_>, incident: &Incident) -> (Vec<Taken>, Vec<String>) {
    let mut taken: Vec<Taken> = Vec::new();
    let mut strange = Vec::new();
    for way in &incident.ways {
        match Understood::of(way) {
            Ok(understood) => {
                for position in &understood.from {
                    taken.extend(understood.taken(replay, position));
                }
            }
            Err(word) => strange.push(format!(
                "`{word}` of the incident's ways is not known to this version"
            )),
        }
    }
    taken.sort_by(|a, b| {
        let key = |way: &Taken| (way.answer, way.verdict.level(), way.position.clone());
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
    });
    // Two ways of one incident may be one path here, and whoever contributed has
    // every way of whoever did not: what follows the start is the same.
    let mut seen: Vec<(Answer, Vec<Asset>, Vec<NodeId>)> = Vec::new();
    let graph = &replay.exposure.graph;
    taken.retain(|way| {
        let assets = way.leaks.iter().map(|leak| leak.asset.clone()).collect();
        let edges = way.path.iter().skip(1).filter_map(|at| graph.edge(*at));
        let nodes = edges.skip(1).map(|edge| edge.to).collect();
        let key = (way.answer, assets, nodes);
        let new = !seen.contains(&key);
        if new {
            seen.push(key);
        }
        new
    });
    (taken, strange)
}

/// The words of an incident's ways that this version does not know.
pub(super) fn strange(incident: &Incident) -> Vec<&str> {
    let ways = incident.ways.iter();
    ways.filter_map(|way| Understood::of(way).err()).collect()
}

/// The words of a way as what they mean.
struct Understood<'w> {
    from: Vec<Position>,
    events: &'w [String],
    through: &'w [String],
    assets: Vec<Asset>,
    classes: Vec<Class>,
}

impl<'w> Understood<'w> {
    fn of(way: &'w Way) -> Result<Self, &'w str> {
        let mut found = Self {
            from: Vec::new(),
            events: &way.events,
            through: &way.through,
            assets: Vec::new(),
            classes: Vec::new(),
        };
        for word in &way.from {
            let position = Position::from_str(word).map_err(|_| word.as_str())?;
            found.from.push(position);
        }
        for word in &way.through {
            let known = edges::RULES.iter().any(|rule| rule.id == word);
            known.then_some(()).ok_or(word.as_str())?;
        }
        for word in &way.to {
            match Class::from_word(word) {
                Some(class) => found.classes.push(class),
                None => {
                    let asset = Asset::from_str(word).map_err(|_| word.as_str())?;
                    found.assets.push(asset);
                }
            }
        }
        Ok(found)
    }

    fn is_end(&self, node: &Node) -> bool {
        let Node::Asset(asset) = node else {
            return false;
        };
        self.assets.contains(asset) || self.classes.contains(&asset.class())
    }

    /// The worst way from a position, with everything that it leads to.
    fn taken(&self, replay: &Replay<'_>, position: &Position) -> Option<Taken> {
        let graph = &replay.exposure.graph;
        let from = graph.find(&Node::Position(position.clone()))?;
        let mut found: Vec<(Leak, Vec<usize>)> = Vec::new();
        for level in Level::ALL {
            let search = Search::run(self, replay, from, level);
            for (id, node) in graph.nodes().iter().enumerate() {
                let Node::Asset(asset) = node else { continue };
                let known = found.iter().any(|(leak, _)| leak.asset == *asset);
                if known || !self.is_end(node) {
                    continue;
                }
                if let Some(path) = search.path(graph, id) {
                    let leak = Leak {
                        asset: asset.clone(),
                        verdict: paths::verdict(graph, &path),
                        steps: path.len(),
                    };
                    found.push((leak, path));
                }
            }
        }
        found.sort_by(|(a, _), (b, _)| {
            let key = |leak: &Leak| (leak.verdict.level(), leak.verdict.conditions(), leak.steps);
            key(a).cmp(&key(b)).then_with(|| a.asset.cmp(&b.asset))
        });
        let (first, path) = found.first()?;
        let (verdict, path) = (first.verdict.clone(), path.clone());
        let mut leaks: Vec<Leak> = found.into_iter().map(|(leak, _)| leak).collect();
        leaks::sort(&mut leaks);
        Some(Taken {
            answer: match verdict.level() {
                Level::Reachable if is_anybody(position) => Answer::Hit,
                Level::Reachable => Answer::Possible,
                Level::ReachableIf => Answer::Unknown,
                Level::After | Level::Blocked => Answer::NotHit,
            },
            position: position.clone(),
            cuts: leaks::cuts(graph, path.iter().copied()),
            verdict,
            path,
            leaks,
        })
    }
}

/// Whether nobody has to be taken over to stand there.
fn is_anybody(position: &Position) -> bool {
    matches!(position, Position::Newcomer | Position::Contributor)
}

/// A search in which each point is there once for each number of rules that have
/// been taken.
struct Search {
    via: Vec<Option<(usize, usize)>>,
    seen: Vec<bool>,
    stages: usize,
    from: usize,
}

impl Search {
    fn run(way: &Understood<'_>, replay: &Replay<'_>, from: NodeId, level: Level) -> Self {
        let graph = &replay.exposure.graph;
        let stages = way.through.len() + 1;
        let count = graph.nodes().len() * stages;
        let mut search = Self {
            via: vec![None; count],
            seen: vec![false; count],
            stages,
            from: from * stages,
        };
        let mut best = vec![(usize::MAX, usize::MAX); count];
        let mut heap = BinaryHeap::from([Reverse(((0, 0), search.from))]);
        while let Some(Reverse((cost, state))) = heap.pop() {
            match search.seen.get_mut(state) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let (node, stage) = (state / stages, state % stages);
            for at in graph.out(node) {
                let Some(edge) = graph.edge(*at) else {
                    continue;
                };
                let next = graph.nodes().get(edge.to);
                let first = node == from;
                if edge.verdict.level() > level
                    || first && !next.is_some_and(|next| begins(way, replay, next))
                {
                    continue;
                }
                let takes = way.through.get(stage).is_some_and(|rule| rule == edge.rule);
                let to = edge.to * stages + stage + usize::from(takes);
                let cost = (cost.0 + edge.verdict.conditions(), cost.1 + 1);
                let Some(slot) = best.get_mut(to) else {
                    continue;
                };
                if cost < *slot {
                    *slot = cost;
                    if let Some(via) = search.via.get_mut(to) {
                        *via = Some((*at, state));
                    }
                    heap.push(Reverse((cost, to)));
                }
            }
        }
        search
    }

    /// The edges to a point, over every rule of the way.
    fn path(&self, graph: &Graph, node: NodeId) -> Option<Vec<usize>> {
        let mut state = node * self.stages + self.stages - 1;
        self.seen.get(state).copied().filter(|seen| *seen)?;
        let mut path = Vec::new();
        while state != self.from && path.len() <= graph.nodes().len() * self.stages {
            let (edge, before) = self.via.get(state).copied().flatten()?;
            path.push(edge);
            state = before;
        }
        path.reverse();
        Some(path)
    }
}

/// Whether a way may begin at a point: the run there is for one of its events.
fn begins(way: &Understood<'_>, replay: &Replay<'_>, node: &Node) -> bool {
    if way.events.is_empty() {
        return true;
    }
    match node {
        Node::Started(id, _) | Node::Followed(id, _) | Node::Code(id) | Node::Handed(id, _) => {
            let run = replay.run(*id);
            run.is_some_and(|run| way.events.contains(&run.event))
        }
        _ => false,
    }
}
