//! What falls to whom when layers are breached, and what each layer alone holds.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::settings::{DefaultPermissions, Fact as Known};

use super::Study;
use super::breach::{self, Layer};
use crate::asset::Asset;
use crate::graph::{Graph, Node};
use crate::matrix::{self, Row};
use crate::position::Position;
use crate::verdict::{Control, Fact, Verdict, Wait};

/// A pair that is worse than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    /// To whom.
    pub position: Position,
    /// What.
    pub asset: Asset,
    /// What stood in the way; none where there was no way.
    pub was: Option<Verdict>,
    /// What stands there now.
    pub is: Verdict,
    /// The edges of the way now.
    pub path: Vec<usize>,
}

/// What a layer alone holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The layer.
    pub layer: Layer,
    /// The assets that fall without it, with everything else in place.
    pub assets: BTreeSet<Asset>,
    /// To whom.
    pub positions: BTreeSet<Position>,
    /// How many pairs that are.
    pub pairs: usize,
    /// Whether the layer was not seen, so that it may not even stand.
    pub unseen: bool,
}

/// The pairs of `after` that are worse than before, the worst first.
#[must_use]
pub fn between(before: &[Row], after: &[Row], layers: &BTreeSet<Layer>) -> Vec<Fall> {
    let taken = |position: &Position| match position {
        Position::App(name) => layers.contains(&Layer::App(name.clone())),
        _ => false,
    };
    let mut known: BTreeMap<(&Position, &Asset), &Verdict> = BTreeMap::new();
    // An App that does what it should takes nothing.
    for row in before.iter().filter(|row| !taken(&row.position)) {
        known.insert((&row.position, &row.asset), &row.verdict);
    }
    let mut falls: Vec<Fall> = Vec::new();
    for row in after {
        let was = known.get(&(&row.position, &row.asset)).copied();
        if was.is_some_and(|was| was.level() <= row.verdict.level()) {
            continue;
        }
        falls.push(Fall {
            position: row.position.clone(),
            asset: row.asset.clone(),
            was: was.cloned(),
            is: row.verdict.clone(),
            path: row.path.clone(),
        });
    }
    falls.sort_by(|a, b| {
        let key = |f: &Fall| (f.is.level(), f.asset.clone(), f.position.clone());
        key(a).cmp(&key(b))
    });
    falls
}

/// The layers that there are here: those that stand in some way, those that may,
/// and the review that stands before the default branch.
#[must_use]
pub fn layers(study: &Study<'_>) -> BTreeSet<Layer> {
    let graph = &study.exposure.graph;
    let mut found: BTreeSet<Layer> = [Layer::Merge].into();
    for edge in graph.edges() {
        found.extend(edge.verdict.waits.iter().map(of_wait));
        found.extend(edge.verdict.controls.iter().map(of_control));
        found.extend(edge.verdict.facts.iter().filter_map(of_fact));
        if edge.verdict.waits.contains(&Wait::Update)
            && let Some(Node::Position(position)) = graph.nodes().get(edge.from)
        {
            found.insert(Layer::Pin(position.clone()));
        }
    }
    for node in graph.nodes() {
        if let Node::Position(Position::App(name)) = node {
            found.insert(Layer::App(name.clone()));
        }
    }
    let snapshot = study.scene.settings.snapshot();
    if let Some(snapshot) = snapshot {
        let read = DefaultPermissions::Read;
        if snapshot.default_token_permissions().known() == Some(&&read) {
            found.insert(Layer::DefaultToken);
        }
        if let Known::Known(Some(_)) = &snapshot.actions.private_forks {
            found.insert(Layer::SecretsToForks);
        }
        let once = |layers: BTreeSet<Layer>| breach::settings(snapshot, &layers).is_some();
        if once([Layer::Runners].into()) {
            found.insert(Layer::Runners);
        }
    }
    found
}

fn of_wait(wait: &Wait) -> Layer {
    match wait {
        Wait::Environment(name) => Layer::Approval(name.clone()),
        Wait::Timer(name) => Layer::Timer(name.clone()),
        Wait::Fork => Layer::ForkApproval,
        Wait::Merge => Layer::Merge,
        Wait::Update => Layer::Updates,
    }
}

fn of_control(control: &Control) -> Layer {
    match control {
        Control::ActionsPolicy => Layer::ActionsPolicy,
        Control::BranchRules => Layer::BranchRules,
        Control::Environment(name) => Layer::Rules(name.clone()),
        Control::TagRules => Layer::TagRules,
        Control::SecretsToForks => Layer::SecretsToForks,
    }
}

fn of_fact(fact: &Fact) -> Option<Layer> {
    Some(match fact {
        Fact::ActionsPolicy => Layer::ActionsPolicy,
        Fact::DefaultToken => Layer::DefaultToken,
        Fact::BranchRules => Layer::BranchRules,
        Fact::Environment(name) => Layer::Rules(name.clone()),
        Fact::ForkApproval => Layer::ForkApproval,
        Fact::SecretsToForks => Layer::SecretsToForks,
        Fact::TagRules => Layer::TagRules,
        Fact::Runners => Layer::Runners,
        Fact::Callee(_) | Fact::Check(_) | Fact::Runs(_) | Fact::Apps => return None,
    })
}

/// What each layer alone holds, those that hold most first. Layers of which the
/// graph does not tell are left to `elsewhere`, which works out the rows of a
/// checkout whose settings lack them.
pub fn table(study: &mut Study<'_>, elsewhere: &dyn Fn(&Layer) -> Option<Vec<Row>>) -> Vec<Held> {
    let layers = layers(study);
    let mut found = Vec::new();
    for layer in layers {
        let one: BTreeSet<Layer> = [layer.clone()].into();
        let unseen = is_unseen(&study.exposure.graph, &layer);
        let falls = match elsewhere(&layer) {
            Some(rows) => between(&study.exposure.rows, &rows, &one),
            None => alone(study, &layer, &one),
        };
        found.push(Held {
            assets: falls.iter().map(|fall| fall.asset.clone()).collect(),
            positions: falls.iter().map(|fall| fall.position.clone()).collect(),
            pairs: falls.len(),
            unseen,
            layer,
        });
    }
    found.sort_by(|a, b| {
        let weighed = |held: &Held| held.assets.iter().map(super::weight::of_asset).sum::<u64>();
        (weighed(b), b.pairs, &a.layer).cmp(&(weighed(a), a.pairs, &b.layer))
    });
    found
}

fn is_unseen(graph: &Graph, layer: &Layer) -> bool {
    let fact = layer.fact();
    let edges = graph.edges().iter();
    fact.is_some_and(|fact| edges.into_iter().any(|e| e.verdict.facts.contains(&fact)))
}

fn alone(study: &mut Study<'_>, layer: &Layer, one: &BTreeSet<Layer>) -> Vec<Fall> {
    let exposure = &mut study.exposure;
    match layer {
        // A pin holds its own publisher alone.
        Layer::Pin(position) => {
            let before: Vec<Row> = (exposure.rows.iter())
                .filter(|row| row.position == *position)
                .cloned()
                .collect();
            let old = exposure
                .graph
                .exchange(breach::loosened(&exposure.graph, one));
            let after = matrix::from_position(&exposure.graph, position);
            exposure.graph.exchange(old);
            between(&before, &after, one)
        }
        Layer::App(name) => {
            let position = Position::App(name.clone());
            let after = matrix::from_position(&exposure.graph, &position);
            between(&[], &after, one)
        }
        Layer::Merge => {
            let mut graph = exposure.graph.clone();
            breach::apply(&mut graph, one);
            between(&exposure.rows, &matrix::of(&graph), one)
        }
        _ => {
            let old = exposure
                .graph
                .exchange(breach::loosened(&exposure.graph, one));
            let after = matrix::of(&exposure.graph);
            exposure.graph.exchange(old);
            between(&exposure.rows, &after, one)
        }
    }
}

impl Study<'_> {
    /// Takes layers away for every question that follows.
    pub fn breach(&mut self, layers: &BTreeSet<Layer>) {
        breach::apply(&mut self.exposure.graph, layers);
        self.exposure.rows = matrix::of(&self.exposure.graph);
    }
}
