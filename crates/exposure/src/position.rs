//! From where an attacker may start.

use std::fmt;
use std::str::FromStr;

/// A point from which an attacker may start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// Anybody with an account who never contributed: opens issues, comments,
    /// forks, opens a first pull request.
    Newcomer,
    /// Somebody outside who had a pull request merged before.
    Contributor,
    /// The role triage: labels, assigns, closes; cannot push.
    Triager,
    /// The role write: pushes branches that are not protected against it.
    Writer,
    /// The role maintain: merges into the default branch and approves.
    Maintainer,
    /// Whoever administrates the repository or its organisation.
    Admin,
    /// An installed App or bot with write access.
    App(String),
    /// The owner of an action or called workflow, as `owner/repo`.
    Action(String),
    /// The publisher of a container image.
    Image(String),
    /// The publisher of a tool or package, as `ecosystem/name`.
    Tool(String),
    /// Whoever controls what a step downloads and runs, as `host/path`.
    Url(String),
    /// Whoever can write an entry of the cache that a job restores.
    Cache,
    /// Whoever can write an artifact that a later run takes.
    Artifact,
    /// The code of another job on the same self-hosted runner.
    RunnerNeighbour,
}

/// A text names no position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no position")]
pub struct NotAPosition(pub String);

/// Positions with a word of their own.
const WORDS: &[(&str, Position)] = &[
    ("newcomer", Position::Newcomer),
    ("contributor", Position::Contributor),
    ("triager", Position::Triager),
    ("writer", Position::Writer),
    ("maintainer", Position::Maintainer),
    ("admin", Position::Admin),
    ("cache", Position::Cache),
    ("artifact", Position::Artifact),
    ("runner-neighbour", Position::RunnerNeighbour),
];

impl Position {
    /// The people, from the one with the fewest rights on.
    pub const PEOPLE: [Self; 6] = [
        Self::Newcomer,
        Self::Contributor,
        Self::Triager,
        Self::Writer,
        Self::Maintainer,
        Self::Admin,
    ];

    /// The image's position, by its full name: Docker Hub is what a name without
    /// a host means.
    #[must_use]
    pub fn image(name: &str) -> Self {
        Self::Image(name.to_owned())
    }

    /// Who that is, as the subject of a sentence.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Newcomer => "anybody with an account".to_owned(),
            Self::Contributor => "anybody who had a change merged".to_owned(),
            Self::Triager => "somebody with the role triage".to_owned(),
            Self::Writer => "somebody with the role write".to_owned(),
            Self::Maintainer => "a maintainer".to_owned(),
            Self::Admin => "an administrator".to_owned(),
            Self::App(name) => format!("the App {name}"),
            Self::Action(name) => format!("the owner of {name}"),
            Self::Image(name) => format!("the publisher of the image {name}"),
            Self::Tool(name) => format!("the publisher of {name}"),
            Self::Url(name) => format!("whoever serves {name}"),
            Self::Cache => "whoever writes the cache".to_owned(),
            Self::Artifact => "whoever writes an artifact".to_owned(),
            Self::RunnerNeighbour => "another job on the same runner".to_owned(),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((word, _)) = WORDS.iter().find(|(_, position)| position == self) {
            return f.write_str(word);
        }
        match self {
            Self::App(name) => write!(f, "app:{name}"),
            Self::Action(name) => write!(f, "action:{name}"),
            Self::Image(name) => write!(f, "image:{name}"),
            Self::Tool(name) => write!(f, "tool:{name}"),
            Self::Url(name) => write!(f, "url:{name}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        if let Some((_, position)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(position.clone());
        }
        let (kind, name) = text
            .split_once(':')
            .filter(|(_, name)| !name.is_empty())
            .ok_or_else(|| NotAPosition(text.to_owned()))?;
        let name = name.to_owned();
        Ok(match kind {
            "app" => Self::App(name),
            "action" => Self::Action(name.to_ascii_lowercase()),
            "image" => Self::image(&name),
            "tool" => Self::Tool(name),
            "url" => Self::Url(name),
            _ => return Err(NotAPosition(text.to_owned())),
        })
    }
}
