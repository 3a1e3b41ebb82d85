//! A layer of the defence is breached: what stood in the way there stands no
//! more, and what was not known of it is taken to be missing.

use std::collections::BTreeSet;
use std::fmt;

use cofferdam_facts::settings::{
    DefaultPermissions, Fact as Known, PrivateForks, Runner, Snapshot, WorkflowToken,
};

use crate::asset::Asset;
use crate::graph::{Drawn, Edge, Graph, Node, Own, Place, Rank};
use crate::position::Position;
use crate::verdict::{Control, Fact, Verdict, Wait};

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The reviewers of an environment.
    Approval(String),
    /// The refs that an environment takes; where nothing is known of it, all of
    /// its rules.
    Rules(String),
    /// The timer of an environment.
    Timer(String),
    /// Whoever lets a stranger's code run.
    ForkApproval,
    /// The review before a merge, by owners of the code too.
    Merge,
    /// Every pin at once.
    Updates,
    /// The pins of one dependency.
    Pin(Position),
    /// An App that does what it should.
    App(String),
    /// The policy on events.
    ActionsPolicy,
    /// The rules of branches.
    BranchRules,
    /// The rules of tags.
    TagRules,
    /// What forks of a private repository are kept from.
    SecretsToForks,
    /// Tokens that only read by default.
    DefaultToken,
    /// Runners that take one job only.
    Runners,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approval(name) => write!(f, "{}", Wait::Environment(name.clone())),
            Self::Rules(name) => write!(f, "{}", Control::Environment(name.clone())),
            Self::Timer(name) => write!(f, "{}", Wait::Timer(name.clone())),
            Self::ForkApproval => write!(f, "{}", Wait::Fork),
            Self::Merge => write!(f, "{}", Wait::Merge),
            Self::Updates => write!(f, "{}", Wait::Update),
            Self::Pin(Position::Action(name)) => write!(f, "pin:{name}"),
            Self::Pin(position) => write!(f, "pin:{position}"),
            Self::App(name) => write!(f, "app:{name}"),
            Self::ActionsPolicy => write!(f, "{}", Control::ActionsPolicy),
            Self::BranchRules => write!(f, "{}", Control::BranchRules),
            Self::TagRules => write!(f, "{}", Control::TagRules),
            Self::SecretsToForks => write!(f, "{}", Control::SecretsToForks),
            Self::DefaultToken => write!(f, "{}", Fact::DefaultToken),
            Self::Runners => write!(f, "{}", Fact::Runners),
        }
    }
}

impl Layer {
    /// What it is, in a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Approval(name) => format!("the reviewers of environment {name}"),
            Self::Rules(name) => format!("the rules of environment {name}"),
            Self::Timer(name) => format!("the timer of environment {name}"),
            Self::ForkApproval => "who lets a stranger's code run".to_owned(),
            Self::Merge => "the review before a merge".to_owned(),
            Self::Updates => "every pin, by an update that somebody merges".to_owned(),
            Self::Pin(position) => format!("the pins of {position}"),
            Self::App(name) => format!("trust in the App {name}"),
            Self::ActionsPolicy => "the policy on events".to_owned(),
            Self::BranchRules => "the rules of branches".to_owned(),
            Self::TagRules => "the rules of tags".to_owned(),
            Self::SecretsToForks => "what forks are kept from".to_owned(),
            Self::DefaultToken => "tokens that read by default".to_owned(),
            Self::Runners => "runners that take one job".to_owned(),
        }
    }

    /// The fact that stands for the layer where it was not seen.
    #[must_use]
    pub fn fact(&self) -> Option<Fact> {
        Some(match self {
            Self::Approval(name) | Self::Rules(name) | Self::Timer(name) => {
                Fact::Environment(name.clone())
            }
            Self::ForkApproval => Fact::ForkApproval,
            Self::ActionsPolicy => Fact::ActionsPolicy,
            Self::BranchRules => Fact::BranchRules,
            Self::TagRules => Fact::TagRules,
            Self::SecretsToForks => Fact::SecretsToForks,
            Self::DefaultToken => Fact::DefaultToken,
            Self::Runners => Fact::Runners,
            Self::App(_) => Fact::Apps,
            Self::Merge | Self::Updates | Self::Pin(_) => return None,
        })
    }

    /// What is left in an edge's way without it.
    fn loosen(&self, from: Option<&Node>, verdict: &mut Verdict) {
        if let Some(fact) = self.fact() {
            verdict.facts.remove(&fact);
        }
        match self {
            Self::Approval(name) => {
                verdict.waits.remove(&Wait::Environment(name.clone()));
            }
            Self::Timer(name) => {
                verdict.waits.remove(&Wait::Timer(name.clone()));
            }
            Self::Rules(name) => {
                verdict.controls.remove(&Control::Environment(name.clone()));
            }
            Self::ForkApproval => {
                verdict.waits.remove(&Wait::Fork);
            }
            Self::Merge => {
                verdict.waits.remove(&Wait::Merge);
            }
            Self::Updates => {
                verdict.waits.remove(&Wait::Update);
            }
            Self::Pin(pinned) => {
                if from == Some(&Node::Position(pinned.clone())) {
                    verdict.waits.remove(&Wait::Update);
                }
            }
            Self::ActionsPolicy => {
                verdict.controls.remove(&Control::ActionsPolicy);
            }
            Self::BranchRules => {
                verdict.controls.remove(&Control::BranchRules);
            }
            Self::TagRules => {
                verdict.controls.remove(&Control::TagRules);
            }
            Self::SecretsToForks => {
                verdict.controls.remove(&Control::SecretsToForks);
            }
            Self::App(_) | Self::DefaultToken | Self::Runners => {}
        }
    }

    /// Whether ways come up without it that no edge stands for.
    #[must_use]
    pub fn opens_ways(&self) -> bool {
        matches!(self, Self::Merge | Self::App(_))
    }
}

/// The edges that lead further without some layers, with what is left in their
/// way.
#[must_use]
pub fn loosened(graph: &Graph, layers: &BTreeSet<Layer>) -> Vec<(usize, Verdict)> {
    let of_edge = |(at, edge): (usize, &Edge)| {
        if edge.verdict.conditions() == 0 {
            return None;
        }
        let mut verdict = edge.verdict.clone();
        for layer in layers {
            layer.loosen(graph.nodes().get(edge.from), &mut verdict);
        }
        (verdict != edge.verdict).then_some((at, verdict))
    };
    graph
        .edges()
        .iter()
        .enumerate()
        .filter_map(of_edge)
        .collect()
}

/// Takes layers out of a graph.
pub fn apply(graph: &mut Graph, layers: &BTreeSet<Layer>) {
    for layer in layers {
        match layer {
            Layer::Merge => merged(graph),
            Layer::App(name) => app(graph, name),
            _ => {}
        }
    }
    let verdicts = loosened(graph, layers);
    graph.exchange(verdicts);
}

/// Whoever proposes a change has it merged.
fn merged(graph: &mut Graph) {
    for rank in Rank::ALL {
        for to in [Node::Own(Own::Default), Node::Asset(Asset::DefaultBranch)] {
            let from = Node::Position(rank.position());
            let place = Place::without_file("a change of theirs is merged");
            graph.draw(Drawn::new("breach", from, to).at(place));
        }
    }
}

/// Where nothing is known of an App, it may do what a writer may.
fn app(graph: &mut Graph, name: &str) {
    let from = Node::Position(Position::App(name.to_owned()));
    if graph.find(&from).is_some() {
        return;
    }
    let to = Node::Position(Position::Writer);
    let place = Place::without_file(format!("the App {name} may write, as far as is known"));
    graph.draw(Drawn::new("breach", from, to).at(place));
}

/// The settings without some layers, where the graph alone cannot show what
/// comes up; none where it can.
#[must_use]
pub fn settings(snapshot: &Snapshot, layers: &BTreeSet<Layer>) -> Option<Snapshot> {
    let mut changed = snapshot.clone();
    for layer in layers {
        match layer {
            Layer::DefaultToken => {
                changed.actions.workflow_token = Known::Known(WorkflowToken {
                    default_permissions: DefaultPermissions::Write,
                    can_approve_pull_requests: true,
                });
            }
            Layer::SecretsToForks | Layer::ForkApproval => forks(&mut changed, layer),
            Layer::Runners => {
                let every = |runner: &mut Runner| runner.ephemeral = Known::Known(false);
                if let Known::Known(own) = &mut changed.runners.repository {
                    own.iter_mut().for_each(every);
                }
            }
            _ => {}
        }
    }
    (changed != *snapshot).then_some(changed)
}

fn forks(snapshot: &mut Snapshot, layer: &Layer) {
    let Known::Known(Some(forks)) = &mut snapshot.actions.private_forks else {
        return;
    };
    *forks = match layer {
        Layer::ForkApproval => PrivateForks {
            require_approval: false,
            ..forks.clone()
        },
        _ => PrivateForks {
            run_workflows: true,
            send_write_tokens: true,
            send_secrets_and_variables: true,
            require_approval: forks.require_approval,
        },
    };
}
