//! What may be taken over.

use std::fmt;

use crate::asset::Asset;
use crate::position::Position;

/// Something that somebody else controls, or may come to control.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// One position.
    One {
        /// Who.
        position: Position,
        /// Only where it is named by this ref, if one was given.
        by: Option<String>,
    },
    /// All positions of one owner, host or registry.
    Many {
        /// What they have in common, as in `action:acme/*`.
        word: String,
        /// Which.
        positions: Vec<Position>,
    },
    /// An App of which it is not known whether it is installed.
    App(String),
    /// Something that is held: a secret that is stolen, a runner, a cache.
    Asset(Asset),
    /// A branch that somebody pushes to; none for the default branch.
    Branch(Option<String>),
    /// Whatever the jobs of a workflow do, by its path.
    Workflow(String),
}

impl Thing {
    /// A position, however it is named.
    #[must_use]
    pub fn position(position: Position) -> Self {
        Self::One { position, by: None }
    }

    /// Who or what is taken over, for the head of an answer.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::One { position, by } => match by {
                Some(by) => format!("{} takes over its ref {by}", position.describe()),
                None => match position {
                    Position::Action(_)
                    | Position::Image(_)
                    | Position::Tool(_)
                    | Position::Url(_) => format!("{} turns hostile", position.describe()),
                    _ => format!("{} is hostile", position.describe()),
                },
            },
            Self::Many { word, positions } => {
                format!("all {} behind {word} turn hostile", positions.len())
            }
            Self::App(name) => format!("the App {name} is taken over"),
            Self::Asset(Asset::Secret { .. }) => "it is stolen".to_owned(),
            Self::Asset(_) => "somebody holds it".to_owned(),
            Self::Branch(None) => "somebody pushes to the default branch".to_owned(),
            Self::Branch(Some(name)) => format!("somebody pushes to the branch {name}"),
            Self::Workflow(_) => "its jobs run somebody's code".to_owned(),
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One { position, by } => {
                write!(f, "{position}")?;
                by.iter().try_for_each(|by| write!(f, "@{by}"))
            }
            Self::Many { word, .. } => f.write_str(word),
            Self::App(name) => write!(f, "app:{name}"),
            Self::Asset(asset) => write!(f, "{asset}"),
            Self::Branch(None) => f.write_str("branch:default"),
            Self::Branch(Some(name)) => write!(f, "branch:{name}"),
            Self::Workflow(path) => write!(f, "workflow:{path}"),
        }
    }
}
