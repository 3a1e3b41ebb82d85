//! Positions, runs and assets, and what leads from one to the next.

use std::collections::HashMap;

use cofferdam_facts::Location;

use crate::asset::Asset;
use crate::position::Position;
use crate::verdict::{Verdict, Wait};

/// Numbers the runs of a checkout.
pub type RunId = usize;

/// How much a person in front of a started run may do besides: what a label, a
/// comment or a check asks for depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// See [`Position::Newcomer`].
    Newcomer,
    /// See [`Position::Contributor`].
    Contributor,
    /// See [`Position::Triager`].
    Triager,
    /// See [`Position::Writer`].
    Writer,
}

impl Rank {
    /// Every rank, the one with the fewest rights first.
    pub const ALL: [Self; 4] = [
        Self::Newcomer,
        Self::Contributor,
        Self::Triager,
        Self::Writer,
    ];

    /// Whose rank it is.
    #[must_use]
    pub fn position(self) -> Position {
        match self {
            Self::Newcomer => Position::Newcomer,
            Self::Contributor => Position::Contributor,
            Self::Triager => Position::Triager,
            Self::Writer => Position::Writer,
        }
    }
}

/// Where somebody runs a workflow file of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Own {
    /// In the run of a fork's pull request.
    Fork,
    /// On a branch that they push.
    Branch,
    /// On the merge ref of a pull request from such a branch.
    Pull,
    /// On a tag that they push.
    Tag,
    /// On the default branch.
    Default,
}

impl Own {
    /// In a few words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Fork => "a workflow of a fork's pull request",
            Self::Branch => "a workflow of one's own on a branch",
            Self::Pull => "a workflow of one's own on a pull request",
            Self::Tag => "a workflow of one's own on a tag",
            Self::Default => "a workflow of one's own on the default branch",
        }
    }
}

/// One point of the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Where an attacker starts.
    Position(Position),
    /// A workflow of the attacker's own runs there.
    Own(Own),
    /// A job of the attacker's own runs in this environment.
    Inside(String),
    /// The attacker, with these rights, has caused the run.
    Started(RunId, Rank),
    /// The same, and the run that it follows has run the attacker's code, so that
    /// it succeeded and left what they like.
    Followed(RunId, Rank),
    /// The attacker's code runs in the job of the run.
    Code(RunId),
    /// The attacker's code runs in a container that gets what this step, by its
    /// place in the list, hands to it.
    Handed(RunId, usize),
    /// The attacker decides what the job of the run publishes.
    Shapes(RunId),
    /// What the attacker wants.
    Asset(Asset),
    /// Something is taken over that is no position of its own, such as a workflow
    /// or a branch; see [`crate::whatif`]. Each question has its own.
    Thing(usize),
}

/// Numbers the points of a graph.
pub type NodeId = usize;

/// A place in a file that an edge rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where; none for a setting or a role.
    pub location: Option<Location>,
    /// What stands there, in a few words: `pull_request_target`, `make test`.
    pub what: String,
}

impl Place {
    /// A place in a file.
    #[must_use]
    pub fn new(location: Location, what: impl Into<String>) -> Self {
        Self {
            location: Some(location),
            what: what.into(),
        }
    }

    /// Something that stands in no file.
    #[must_use]
    pub fn without_file(what: impl Into<String>) -> Self {
        Self {
            location: None,
            what: what.into(),
        }
    }
}

/// What a change costs, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cost {
    /// One setting.
    Setting,
    /// One line of a file.
    Line,
    /// Some lines of one file.
    Lines,
    /// A new environment, with its secrets moved there.
    Environment,
    /// A job taken apart, or done without.
    Job,
}

impl Cost {
    /// Every cost, the cheapest first.
    pub const ALL: [Self; 5] = [
        Self::Setting,
        Self::Line,
        Self::Lines,
        Self::Environment,
        Self::Job,
    ];

    /// In a few words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Setting => "one setting",
            Self::Line => "one line",
            Self::Lines => "a few lines",
            Self::Environment => "a new environment",
            Self::Job => "a job taken apart",
        }
    }
}

/// A change that would take an edge away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cut {
    /// What it costs.
    pub cost: Cost,
    /// What to do, as an instruction. Edges that one change takes away together
    /// have the same text.
    pub what: String,
}

impl Cut {
    /// A change of this cost.
    #[must_use]
    pub fn new(cost: Cost, what: impl Into<String>) -> Self {
        Self {
            cost,
            what: what.into(),
        }
    }
}

/// One step of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// From here.
    pub from: NodeId,
    /// To there.
    pub to: NodeId,
    /// The id of the rule that says so.
    pub rule: &'static str,
    /// What stands in the way.
    pub verdict: Verdict,
    /// What it rests on, in order.
    pub places: Vec<Place>,
    /// What would take it away.
    pub cuts: Vec<Cut>,
}

/// More edges than this are not drawn.
const MAX_EDGES: usize = 2_000_000;

/// The graph of who can reach what.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    numbers: HashMap<Node, NodeId>,
    edges: Vec<Edge>,
    out: Vec<Vec<usize>>,
    cut: bool,
}

impl Graph {
    /// The number of a point, which is made where there is none yet.
    pub fn node(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.numbers.get(&node) {
            return *id;
        }
        let id = self.nodes.len();
        self.nodes.push(node.clone());
        self.out.push(Vec::new());
        self.numbers.insert(node, id);
        id
    }

    /// The number of a point that is there.
    #[must_use]
    pub fn find(&self, node: &Node) -> Option<NodeId> {
        self.numbers.get(node).copied()
    }

    /// Draws an edge.
    pub fn draw(&mut self, drawn: Drawn) {
        if self.edges.len() >= MAX_EDGES {
            self.cut = true;
            return;
        }
        let (from, to) = (self.node(drawn.from), self.node(drawn.to));
        let at = self.edges.len();
        self.edges.push(Edge {
            from,
            to,
            rule: drawn.rule,
            verdict: drawn.verdict,
            places: drawn.places,
            cuts: drawn.cuts,
        });
        if let Some(out) = self.out.get_mut(from) {
            out.push(at);
        }
    }

    /// Draws the edges of another graph, in their order.
    pub fn append(&mut self, other: Self) {
        let mut numbers: Vec<Option<NodeId>> = vec![None; other.nodes.len()];
        let mut nodes: Vec<Option<Node>> = other.nodes.into_iter().map(Some).collect();
        for edge in other.edges {
            if self.edges.len() >= MAX_EDGES {
                self.cut = true;
                return;
            }
            let mut number = |of: NodeId| -> Option<NodeId> {
                if let Some(known) = numbers.get(of).copied().flatten() {
                    return Some(known);
                }
                let id = self.node(nodes.get_mut(of)?.take()?);
                *numbers.get_mut(of)? = Some(id);
                Some(id)
            };
            let (Some(from), Some(to)) = (number(edge.from), number(edge.to)) else {
                continue;
            };
            let at = self.edges.len();
            self.edges.push(Edge { from, to, ..edge });
            if let Some(out) = self.out.get_mut(from) {
                out.push(at);
            }
        }
        self.cut |= other.cut;
    }

    /// Draws an edge once more, from another point.
    pub fn again(&mut self, at: usize, from: Node) {
        let Some(edge) = self.edges.get(at).cloned() else {
            return;
        };
        let Some(to) = self.nodes.get(edge.to).cloned() else {
            return;
        };
        self.draw(Drawn {
            rule: edge.rule,
            from,
            to,
            verdict: edge.verdict,
            places: edge.places,
            cuts: edge.cuts,
        });
    }

    /// Puts verdicts in the place of others, and gives back those that stood
    /// there.
    pub fn exchange(&mut self, verdicts: Vec<(usize, Verdict)>) -> Vec<(usize, Verdict)> {
        let mut old = Vec::with_capacity(verdicts.len());
        for (at, verdict) in verdicts {
            if let Some(edge) = self.edges.get_mut(at) {
                old.push((at, std::mem::replace(&mut edge.verdict, verdict)));
            }
        }
        old
    }

    /// The points, by number.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The edges, by number.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// An edge.
    #[must_use]
    pub fn edge(&self, at: usize) -> Option<&Edge> {
        self.edges.get(at)
    }

    /// The edges that leave a point, by number.
    #[must_use]
    pub fn out(&self, node: NodeId) -> &[usize] {
        self.out.get(node).map_or(&[], Vec::as_slice)
    }

    /// Whether edges were left out because there are too many.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

/// An edge that is to be drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    rule: &'static str,
    from: Node,
    to: Node,
    verdict: Verdict,
    places: Vec<Place>,
    cuts: Vec<Cut>,
}

impl Drawn {
    /// From one point to another, with nothing in the way.
    #[must_use]
    pub fn new(rule: &'static str, from: Node, to: Node) -> Self {
        Self {
            rule,
            from,
            to,
            verdict: Verdict::reachable(),
            places: Vec::new(),
            cuts: Vec::new(),
        }
    }

    /// Something more stands in the way.
    #[must_use]
    pub fn under(mut self, verdict: &Verdict) -> Self {
        self.verdict = self.verdict.and(verdict);
        self
    }

    /// It rests on this too.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// It rests on these too, in order.
    #[must_use]
    pub fn over(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.places.extend(places);
        self
    }

    /// A change would take it away.
    #[must_use]
    pub fn cut(mut self, cost: Cost, what: impl Into<String>) -> Self {
        self.cuts.push(Cut::new(cost, what));
        self
    }

    /// Naming the content would take it away; where that is done, nothing is
    /// left to name.
    #[must_use]
    pub fn pin(self, cost: Cost, what: impl Into<String>) -> Self {
        if self.verdict.waits.contains(&Wait::Update) {
            return self;
        }
        self.cut(cost, what)
    }
}
