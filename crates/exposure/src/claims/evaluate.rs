//! One claim against the graph.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_config::glob::matches_text;
use cofferdam_config::{Claim, Form};
use rayon::prelude::*;

use super::{
    Against, EXPLAINED, Examined, Example, Meant, Missing, Refutation, Ruling, Standing, Who,
};
use crate::asset::Asset;
use crate::graph::{Edge, Graph, Node, NodeId};
use crate::matrix::Row;
use crate::paths::{self, Reached};
use crate::position::Position;
use crate::verdict::{Fact, Level, Wait};

/// So many facts are asked for of one position, so that the answer comes to an
/// end whatever the graph.
const MAX_FACTS: usize = 64;

/// Decides a claim.
pub(super) fn rule<'c>(claim: &'c Claim, meant: &Meant, against: &Against<'_>) -> Ruling<'c> {
    let graph = &against.exposure.graph;
    let assets = assets(graph, meant, against);
    let asked = asked(graph, meant);
    let found: Vec<Found> = asked
        .par_iter()
        .map(|asked| asked.examine(graph, &assets))
        .collect();
    let examined = Examined {
        positions: asked.len(),
        assets: assets.len(),
        ways: found.iter().map(|one| one.ways).sum(),
    };
    let mut refuting: Vec<(Row, usize)> = Vec::new();
    let mut waiting: BTreeMap<Fact, (usize, Example)> = BTreeMap::new();
    for (at, one) in found.into_iter().enumerate() {
        refuting.extend(one.refuting.into_iter().map(|row| (row, at)));
        for (fact, example, pairs) in one.waiting {
            let entry = waiting.entry(fact).or_insert((0, example));
            entry.0 += pairs;
        }
    }
    refuting.sort_by(|(a, _), (b, _)| {
        let key = |row: &Row| {
            (
                row.verdict.level(),
                row.verdict.conditions(),
                row.path.len(),
            )
        };
        (key(a), &a.position, &a.asset).cmp(&(key(b), &b.position, &b.asset))
    });
    // The worst way of each position before the second of any.
    let mut seen = BTreeSet::new();
    refuting.sort_by_cached_key(|(row, _)| !seen.insert(row.position.clone()));
    let standing = if refuting.is_empty() {
        let mut missing: Vec<Missing> = waiting
            .into_iter()
            .map(|(fact, (pairs, example))| Missing {
                what: fact.to_string(),
                pairs,
                settle: fact.settle(),
                example: Some(example),
            })
            .collect();
        missing.extend(not_seen(meant, against));
        match missing.is_empty() {
            true => Standing::Holds,
            false => Standing::NotProvable(missing),
        }
    } else {
        let explained = refuting.into_iter().enumerate().map(|(n, (row, at))| {
            let excused = asked.get(at).map(|asked| asked.excused).unwrap_or_default();
            let cuts = match n < EXPLAINED {
                true => row.cuts_where(graph, Level::After, &|edge| counts(edge, excused)),
                false => Vec::new(),
            };
            Refutation { row, cuts }
        });
        Standing::Refuted(explained.collect())
    };
    Ruling {
        claim,
        examined,
        standing,
    }
}

/// What may hide a way: a file that was not read, and Apps of which only the
/// settings tell.
fn not_seen(meant: &Meant, against: &Against<'_>) -> Vec<Missing> {
    let mut missing = Vec::new();
    let file = |what: String, settle: &str| Missing {
        what,
        pairs: 0,
        settle: settle.to_owned(),
        example: None,
    };
    const MEND: &str = "mend the file, or read it: `cofferdam audit` says what is wrong";
    // A lock tells of nothing but what stands behind actions.
    let action = Position::Action("owner/name".to_owned());
    let about_actions = meant.form == Form::Only
        || meant.from.iter().any(|who| match who {
            Who::Group(_) => who.means(&action),
            Who::Pattern(pattern) => pattern.starts_with("action:"),
            Who::One(one) => matches!(one, Position::Action(_)),
        });
    for one in &against.exposure.unread {
        let lock = one.path.ends_with(".lock");
        if lock && !about_actions {
            continue;
        }
        let place = match &one.location {
            Some(at) => format!("{}:{}", at.path, at.line),
            None => one.path.clone(),
        };
        missing.push(file(format!("{place}: {}", one.why), MEND));
    }
    missing.extend(against.unread.iter().map(|one| file(one.clone(), MEND)));
    if !against.settings && meant.from.iter().any(Who::is_about_apps) {
        let what = "which Apps may write".to_owned();
        missing.push(file(what, &Fact::BranchRules.settle()));
    }
    missing.sort();
    missing.dedup();
    missing
}

fn assets<'g>(graph: &'g Graph, meant: &Meant, against: &Against<'_>) -> Vec<(&'g Asset, NodeId)> {
    let mut found: Vec<(&Asset, NodeId)> = Vec::new();
    for (id, node) in graph.nodes().iter().enumerate() {
        if let Node::Asset(asset) = node
            && meant
                .to
                .iter()
                .any(|what| what.means(asset, against.registries))
        {
            found.push((asset, id));
        }
    }
    found.sort();
    found
}

/// A position of which something is asked.
struct Asked<'m> {
    position: &'m Position,
    node: NodeId,
    /// What a way has to pass one of.
    excused: &'m [String],
}

fn asked<'m>(graph: &'m Graph, meant: &'m Meant) -> Vec<Asked<'m>> {
    let mut all = Vec::new();
    for (node, point) in graph.nodes().iter().enumerate() {
        let Node::Position(position) = point else {
            continue;
        };
        let named = meant.from.iter().any(|who| who.means(position));
        let excused = match meant.form {
            Form::Never if named => &meant.unless,
            Form::Never => continue,
            Form::Only if named || is_above(position, meant) => {
                if meant.after.is_empty() {
                    continue;
                }
                &meant.after
            }
            Form::Only => &meant.unless,
        };
        all.push(Asked {
            position,
            node,
            excused,
        });
    }
    all.sort_by_key(|asked| asked.position);
    all
}

/// Whether somebody has all the rights of a person who may.
fn is_above(position: &Position, meant: &Meant) -> bool {
    let people = &Position::PEOPLE;
    let Some(own) = people.iter().position(|one| one == position) else {
        return false;
    };
    let mut below = people.iter().take(own);
    below.any(|one| meant.from.iter().any(|who| who.means(one)))
}

/// What was found of one position.
struct Found {
    ways: usize,
    refuting: Vec<Row>,
    waiting: Vec<(Fact, Example, usize)>,
}

/// Whether an edge counts: no control stops it, and it is not excused.
fn counts(edge: &Edge, excused: &[String]) -> bool {
    edge.verdict.controls.is_empty() && !edge.verdict.waits.iter().any(|w| is_excused(w, excused))
}

fn is_excused(wait: &Wait, excused: &[String]) -> bool {
    let word = wait.to_string();
    excused.iter().any(|pattern| matches_text(pattern, &word))
}

impl Asked<'_> {
    fn examine(&self, graph: &Graph, assets: &[(&Asset, NodeId)]) -> Found {
        let reach = |level: Level, leave: &dyn Fn(&Edge) -> bool| -> Reached {
            paths::search(graph, self.node, level, &|at| {
                graph.edge(at).is_none_or(leave)
            })
        };
        let any = reach(Level::Blocked, &|_| false);
        let sure = reach(Level::After, &|edge| {
            !edge.verdict.facts.is_empty() || !counts(edge, self.excused)
        });
        let row = |asset: &Asset, path: Vec<usize>| Row {
            position: self.position.clone(),
            asset: asset.clone(),
            verdict: paths::verdict(graph, &path),
            path,
        };
        let refuting: Vec<Row> = assets
            .iter()
            .filter(|(_, to)| sure.has(*to))
            .map(|(asset, to)| row(asset, sure.path(graph, *to)))
            .collect();
        let ways = assets.iter().filter(|(_, to)| any.has(*to)).count();
        // Enough facts to close every way that is left, one way at a time.
        let mut known: BTreeSet<Fact> = BTreeSet::new();
        let mut waiting: Vec<(Fact, Example, usize)> = Vec::new();
        if refuting.is_empty() {
            while known.len() < MAX_FACTS {
                let left = reach(Level::After, &|edge| {
                    !counts(edge, self.excused)
                        || edge.verdict.facts.iter().any(|fact| known.contains(fact))
                });
                let open: Vec<_> = assets.iter().filter(|(_, to)| left.has(*to)).collect();
                let Some((asset, to)) = open.first() else {
                    break;
                };
                let path = left.path(graph, *to);
                let facts = paths::verdict(graph, &path).facts;
                let before = known.len();
                for fact in facts {
                    let example = Example {
                        from: self.position.to_string(),
                        to: asset.to_string(),
                    };
                    if known.insert(fact.clone()) {
                        waiting.push((fact, example, open.len()));
                    }
                }
                if known.len() == before {
                    break;
                }
            }
        }
        Found {
            ways,
            refuting,
            waiting,
        }
    }
}
