//! Pure: documents and settings to the graph of who can reach what.
//!
//! A *position* is a point from which an attacker may start, an *asset* what an
//! attacker wants, an *exposure* a way from one to the other. The graph is drawn
//! by rules, one file each, each with the page of the documentation that it
//! rests on. It is meant to over-approximate; docs/exposure.md names the ways that
//! it is known to deny. Where a setting decides that was not seen, the way is there
//! under that fact.

pub mod asset;
pub mod caches;
pub mod claims;
pub mod compare;
pub mod containers;
pub mod declared;
pub mod edges;
pub mod exposes;
pub mod findings;
pub mod graph;
pub mod held;
pub mod matrix;
pub mod packages;
pub mod passing;
pub mod paths;
pub mod position;
pub mod published;
pub mod replay;
pub mod runners;
pub mod running;
pub mod scene;
pub mod schema;
pub mod settings;
pub mod threat;
pub mod universe;
pub mod unread;
pub mod verdict;
pub mod whatif;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cofferdam_rules::Context;
use rayon::prelude::*;

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
    /// The runs that the graph's points number.
    pub runs: Vec<RunName>,
    /// What was not read as a whole; nothing is proven about it.
    pub unread: Vec<Unread>,
}

/// What a run is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunName {
    /// The path of the job's workflow.
    pub path: String,
    /// The job.
    pub job: String,
    /// The event that starts it.
    pub event: String,
    /// The environment, if it names one.
    pub environment: Option<String>,
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.path.rsplit('/').next().unwrap_or(&self.path);
        write!(f, "{file} {} ({})", self.job, self.event)?;
        match &self.environment {
            Some(name) => write!(f, " in {name}"),
            None => Ok(()),
        }
    }
}

impl Exposure {
    /// A point in a few words.
    #[must_use]
    pub fn describe(&self, node: &Node) -> String {
        let run = |id: &usize| {
            let found = self.runs.get(*id);
            found.map_or_else(String::new, ToString::to_string)
        };
        match node {
            Node::Position(position) => position.to_string(),
            Node::Asset(asset) => asset.to_string(),
            Node::Own(own) => own.describe().to_owned(),
            Node::Inside(name) => format!("a job of one's own in environment {name}"),
            Node::Started(id, _) => format!("causes {}", run(id)),
            Node::Followed(id, _) => format!("causes {} after a run of theirs", run(id)),
            Node::Code(id) => format!("code in {}", run(id)),
            Node::Handed(id, _) => format!("code in a container of {}", run(id)),
            Node::Shapes(id) => format!("decides what {} publishes", run(id)),
            Node::Thing(_) => "what is taken over".to_owned(),
        }
    }

    /// The facts that were not seen and decide some way, each with the number of
    /// pairs whose worst way it decides.
    #[must_use]
    pub fn facts(&self) -> BTreeMap<&Fact, usize> {
        facts_of(&self.rows)
    }
}

/// The facts that were not seen and decide some of these ways, each with the
/// number of pairs whose worst way it decides.
#[must_use]
pub fn facts_of<'r>(rows: impl IntoIterator<Item = &'r Row>) -> BTreeMap<&'r Fact, usize> {
    let mut facts = BTreeMap::new();
    for row in rows {
        if row.verdict.level() == Level::ReachableIf {
            for fact in &row.verdict.facts {
                *facts.entry(fact).or_default() += 1;
            }
        }
    }
    facts
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
    let graph = drawn(&scene, &Universe::of(&scene), without);
    settled(&scene, graph)
}

/// The graph of a scene.
fn drawn(scene: &Scene<'_>, universe: &Universe, without: &Without) -> Graph {
    let mut graph = Graph::default();
    // People are there even where they reach nothing.
    for position in Position::PEOPLE {
        graph.node(Node::Position(position));
    }
    let ground = Ground { scene, universe };
    let kept = |rule: &&EdgeRule| !without.rules.contains(rule.id);
    // What containers are handed is looked up for the points that others drew.
    let (last, first): (Vec<&EdgeRule>, Vec<&EdgeRule>) = RULES
        .iter()
        .filter(kept)
        .partition(|rule| edges::comes_last(rule));
    // The rules do not look at the graph, so that each may draw its own.
    let drawn: Vec<Graph> = first
        .par_iter()
        .map(|rule| {
            let mut own = Graph::default();
            (rule.draw)(&ground, &mut own);
            own
        })
        .collect();
    for own in drawn {
        graph.append(own);
    }
    for rule in last {
        (rule.draw)(&ground, &mut graph);
    }
    graph
}

/// What follows from the graph of a scene.
fn settled(scene: &Scene<'_>, graph: Graph) -> Exposure {
    let name = |run: &scene::Run<'_>| RunName {
        path: run.view.workflow.path().to_owned(),
        job: run.view.job.name().to_owned(),
        event: run.event().to_owned(),
        environment: run.environment.as_ref().map(|e| e.name.clone()),
    };
    Exposure {
        rows: matrix::of(&graph),
        runs: scene.runs.iter().map(name).collect(),
        unread: unread::of(scene, &graph),
        graph,
    }
}
