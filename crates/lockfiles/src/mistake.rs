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
    /// The file is of a version of its format that is not known.
    UnknownVersion {
        /// What it says of itself.
        found: String,
        /// The versions that are read, in words.
        known: &'static str,
    },
    /// The file breaks the grammar of the language that it is written in.
    Syntax {
        /// The language.
        language: &'static str,
        /// What its parser says.
        message: String,
    },
    /// Brackets or blocks stand in each other deeper than is read.
    TooDeep {
        /// The most levels that are read.
        limit: usize,
    },
    /// The bytes are no text.
    NotText,
    /// Something that no lockfile needs and that is therefore not followed.
    Refused {
        /// What it is.
        what: &'static str,
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

    /// What can be done about it; empty where the message says it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::ConflictMarker => {
                "finish the merge, or let the package manager write the file anew"
            }
            Self::TooLarge { .. } => {
                "a file of this size is hardly written by a package manager; split it, or exclude it"
            }
            Self::UnknownVersion { .. } => {
                "write the file with a version of the package manager that is known here"
            }
            Self::NotText => "the file has to be UTF-8",
            Self::Syntax { .. } | Self::Unclosed { .. } => {
                "the file may be cut off; let the package manager write it anew"
            }
            Self::Expected { .. } | Self::Contradiction { .. } | Self::TooDeep { .. } => {
                "let the package manager write the file anew"
            }
            Self::Refused { .. } => "write the value out",
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
            Self::UnknownVersion { found, known } => {
                write!(f, "version `{found}` of the format is not known; {known}")
            }
            Self::Syntax { language, message } => write!(f, "no valid {language}: {message}"),
            Self::TooDeep { limit } => write!(f, "more than {limit} levels are not read"),
            Self::NotText => f.write_str("the bytes are no UTF-8"),
            Self::Refused { what } => write!(f, "{what} is not followed"),
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

/// The lines of a text, each with the byte at which it begins.
///
/// # Errors
/// As [`lines`].
#[cfg(feature = "packages")]
pub(crate) fn placed(text: &str) -> impl Iterator<Item = Result<(usize, usize, &str), Mistake>> {
    let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    lines(text).map(move |numbered| {
        let (number, line) = numbered?;
        let start = starts.next().unwrap_or(text.len());
        // A byte order mark is no part of the first line.
        match line.strip_prefix('\u{feff}').filter(|_| number == 1) {
            Some(line) => Ok((number, start + 3, line)),
            None => Ok((number, start, line)),
        }
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
