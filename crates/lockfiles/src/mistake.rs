//! What is wrong with a file of lines, and where.

use std::fmt;

/// A place of a file that does not say what a file of its kind says there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct Mistake {
    /// The one-based line.
    pub line: usize,
    /// The one-based column in characters.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

impl Mistake {
    pub(crate) fn at(line: usize, problem: Problem) -> Self {
        Self {
            line,
            column: 1,
            problem,
        }
    }
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A merge left its marks.
    ConflictMarker,
    /// The file has more lines or bytes than are read.
    TooLarge {
        /// The most that are read.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
    /// Something else was expected.
    Expected {
        /// What was.
        what: &'static str,
        /// What stands there.
        found: String,
    },
    /// A quoted word, a comment or a block has no end.
    Unclosed {
        /// What has none.
        what: &'static str,
    },
    /// The same thing is said twice, and differently.
    Contradiction {
        /// Of what.
        what: String,
        /// The line that said it first.
        first: usize,
    },
}

impl Problem {
    /// The most of a foreign line that a message repeats.
    const SHOWN: usize = 80;

    pub(crate) fn expected(what: &'static str, found: &str) -> Self {
        Self::Expected {
            what,
            found: found.chars().take(Self::SHOWN).collect(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConflictMarker => f.write_str("a merge has left its marks here"),
            Self::TooLarge { limit, unit } => write!(f, "more than {limit} {unit} are not read"),
            Self::Expected { what, found } if found.is_empty() => {
                write!(f, "expected {what}, and found nothing")
            }
            Self::Expected { what, found } => write!(f, "expected {what}, and found `{found}`"),
            Self::Unclosed { what } => write!(f, "{what} has no end"),
            Self::Contradiction { what, first } => {
                write!(f, "{what} is said differently in line {first}")
            }
        }
    }
}

/// The most lines of one file.
pub(crate) const MOST_LINES: usize = 1_000_000;

/// The lines of a text with their one-based numbers, without line breaks.
///
/// # Errors
/// A [`Mistake`] for too many of them, and for the marks of a merge.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Result<(usize, &str), Mistake>> {
    text.split('\n').enumerate().map(|(at, line)| {
        let number = at + 1;
        if number > MOST_LINES {
            let limit = MOST_LINES;
            let unit = "lines";
            return Err(Mistake::at(number, Problem::TooLarge { limit, unit }));
        }
        if is_conflict(line) {
            return Err(Mistake::at(number, Problem::ConflictMarker));
        }
        Ok((number, line.strip_suffix('\r').unwrap_or(line)))
    })
}

fn is_conflict(line: &str) -> bool {
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
        .iter()
        .any(|mark| match line.strip_prefix(mark) {
            Some(rest) => rest.is_empty() || rest.starts_with([' ', '\r']),
            None => false,
        })
}
