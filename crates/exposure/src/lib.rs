//! Pure: documents and settings to the graph of who can reach what.
//!
//! A *position* is a point from which an attacker may start, an *asset* what an
//! attacker wants, an *exposure* a way from one to the other. The graph is drawn
//! by rules, one file each, each with the page of the documentation that it
//! rests on. It over-approximates: a way that it denies must not exist. Where a
//! setting decides that was not seen, the way is there under that fact.

pub mod asset;
pub mod caches;
pub mod containers;
pub mod edges;
pub mod graph;
pub mod held;
pub mod matrix;
pub mod packages;
pub mod passing;
pub mod paths;
pub mod position;
pub mod published;
pub mod running;
pub mod scene;
pub mod settings;
pub mod universe;
pub mod unread;
pub mod verdict;

use std::collections::BTreeSet;

use cofferdam_rules::Context;

pub use asset::{Asset, Class};
pub use edges::{EdgeRule, RULES};
pub use graph::{Cut, Edge, Graph, Node, Place};
pub use matrix::Row;
pub use position::Position;
pub use unread::Unread;
pub use verdict::{Control, Fact, Level, Verdict, Wait};

use edges::Ground;
use scene::Scene;
use universe::Universe;

/// Who reaches what in a checkout.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// Every pair with a way between them, in order of position and asset.
    pub rows: Vec<Row>,
    /// The graph in which the ways are.
    pub graph: Graph,
    /// What was not read as a whole; nothing is proven about it.
    pub unread: Vec<Unread>,
}

/// What is left out of the graph, for tests that show that each rule is needed.
#[derive(Clone, Debug, Default)]
pub struct Without {
    /// Ids of rules.
    pub rules: BTreeSet<String>,
}

/// Works out who reaches what.
#[must_use]
pub fn of(cx: &Context<'_>) -> Exposure {
    without(cx, &Without::default())
}

/// The same without some of the rules.
#[must_use]
pub fn without(cx: &Context<'_>, without: &Without) -> Exposure {
    let scene = Scene::of(cx);
    let universe = Universe::of(&scene);
    let mut graph = Graph::default();
    // People are there even where they reach nothing.
    for position in Position::PEOPLE {
        graph.node(Node::Position(position));
    }
    let ground = Ground {
        scene: &scene,
        universe: &universe,
    };
    let kept = |rule: &&EdgeRule| !without.rules.contains(rule.id);
    // What containers are handed is looked up for the points that others drew.
    let (last, first): (Vec<&EdgeRule>, Vec<&EdgeRule>) = RULES
        .iter()
        .filter(kept)
        .partition(|rule| edges::comes_last(rule));
    for rule in first.into_iter().chain(last) {
        (rule.draw)(&ground, &mut graph);
    }
    Exposure {
        rows: matrix::of(&graph),
        unread: unread::of(&scene, &graph),
        graph,
    }
}
