//! What one file says as a whole.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use cofferdam_facts::Location;

use crate::{Format, Mistake, Package, Problem, Relation, Scope};

/// What one file says as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The path of the file relative to the root of the checkout.
    pub path: Arc<str>,
    /// The format.
    pub format: Format,
    /// The version of the format, as the file writes it.
    pub format_version: Option<String>,
    /// The packages in order of the file. The project itself and the members of
    /// its workspace are among them where the file names them.
    pub packages: Vec<Package>,
    /// What could not be understood or followed, and what is odd.
    pub notes: Vec<Note>,
}

impl Document {
    /// A document without packages: the seam for what other crates read.
    pub fn new(path: impl Into<Arc<str>>, format: Format) -> Self {
        Self {
            path: path.into(),
            format,
            format_version: None,
            packages: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The packages that are not the project itself, with their places in
    /// [`Self::packages`].
    pub fn dependencies(&self) -> impl Iterator<Item = (usize, &Package)> {
        (self.packages.iter().enumerate())
            .filter(|(_, package)| package.relation != Relation::Project)
    }

    /// A shortest way from the project to a package, by places in
    /// [`Self::packages`]: what pulled it in comes first, the package itself last.
    /// Just the package where nothing is known to ask for it. Cycles end the walk.
    #[must_use]
    pub fn path_to(&self, package: usize) -> Vec<usize> {
        let mut next: Vec<Option<usize>> = vec![None; self.packages.len()];
        let mut seen = vec![false; self.packages.len()];
        let mut queue = VecDeque::from([package]);
        if let Some(mark) = seen.get_mut(package) {
            *mark = true;
        }
        while let Some(at) = queue.pop_front() {
            let Some(here) = self.packages.get(at) else {
                continue;
            };
            if here.relation == Relation::Project || here.requirers.is_empty() {
                return follow(&next, at);
            }
            for &requirer in &here.requirers {
                if let Some(mark) = seen.get_mut(requirer)
                    && !std::mem::replace(mark, true)
                {
                    if let Some(place) = next.get_mut(requirer) {
                        *place = Some(at);
                    }
                    queue.push_back(requirer);
                }
            }
        }
        vec![package]
    }

    /// What could not be understood or followed: not checked is not clean.
    pub fn gaps(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.kind.is_gap())
    }
}

fn follow(next: &[Option<usize>], start: usize) -> Vec<usize> {
    let mut path = vec![start];
    let mut at = start;
    while let Some(Some(then)) = next.get(at)
        && path.len() <= next.len()
    {
        path.push(*then);
        at = *then;
    }
    path
}

/// Something to be said of a file that is read otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The place.
    pub location: Location,
    /// What it is.
    pub kind: NoteKind,
}

/// What there is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The same package at the same version is listed twice, with other hashes.
    Duplicate {
        /// The package.
        name: String,
        /// The line that lists it first.
        first: usize,
    },
    /// A package is asked for that the file does not list.
    Dangling {
        /// The package, as the file names it.
        name: String,
    },
    /// Another file belongs to this one and is not read.
    Unread {
        /// The path or address as the file writes it.
        path: String,
        /// Why.
        why: Unreadable,
    },
    /// The manifest beside the file cannot be understood, so that it is not known
    /// what the project asks for by itself.
    NoManifest {
        /// Its path.
        path: String,
    },
    /// Something that stands for a package and does not tell which.
    NotUnderstood {
        /// What it is.
        what: &'static str,
        /// The beginning of the text.
        found: String,
    },
    /// A hash that cannot be one.
    BadIntegrity {
        /// The text.
        found: String,
    },
}

impl NoteKind {
    /// Whether packages may be missing from the document because of it.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        match self {
            Self::Unread { .. } | Self::NotUnderstood { .. } => true,
            Self::Duplicate { .. }
            | Self::Dangling { .. }
            | Self::BadIntegrity { .. }
            | Self::NoManifest { .. } => false,
        }
    }
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { name, first } => {
                write!(f, "`{name}` is listed in line {first} with other hashes")
            }
            Self::Dangling { name } => write!(f, "`{name}` is asked for and not listed"),
            Self::Unread { path, why } => write!(f, "`{path}` is not read: {why}"),
            Self::NoManifest { path } => {
                write!(
                    f,
                    "`{path}` is not understood, so what is asked for is not known"
                )
            }
            Self::NotUnderstood { what, found } => write!(f, "{what} is not understood: `{found}`"),
            Self::BadIntegrity { found } => write!(f, "`{found}` is no hash"),
        }
    }
}

/// Why a file that belongs to another one is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// There is none.
    Missing,
    /// It lies outside of the checkout, or at an address.
    Outside,
    /// It is larger than what is read, or one of too many.
    TooLarge,
    /// It is there and cannot be read.
    Refused,
    /// It is read already: the files name each other in a circle.
    Circle,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no such file",
            Self::Outside => "it lies outside of the checkout",
            Self::TooLarge => "it is too large, or one of too many",
            Self::Refused => "it cannot be read",
            Self::Circle => "the files include each other in a circle",
        })
    }
}

/// Why a file cannot be read as its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {mistake}")]
pub struct ParseError {
    /// The path of the file relative to the root of the checkout.
    pub path: Arc<str>,
    /// What is wrong, and where.
    pub mistake: Mistake,
}

impl ParseError {
    /// What can be done about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.mistake.problem.hint()
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.mistake.problem
    }
}

/// What a project asks for by itself, as its own manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    /// What it is for.
    pub(crate) scope: Scope,
    /// Whether it may be missing.
    pub(crate) optional: bool,
}

impl Ask {
    pub(crate) const RUNTIME: Self = Self {
        scope: Scope::Runtime,
        optional: false,
    };
    /// It is asked for, and nobody says what for.
    pub(crate) const UNKNOWN: Self = Self {
        scope: Scope::Unknown,
        optional: false,
    };
    pub(crate) const DEVELOPMENT: Self = Self {
        scope: Scope::Development,
        optional: false,
    };
    pub(crate) const OPTIONAL: Self = Self {
        scope: Scope::Runtime,
        optional: true,
    };
}
