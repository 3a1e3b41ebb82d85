//! What a reader of a document could not accept, and where it stands.

use cofferdam_facts::Span;

/// One thing in a document that its format does not allow, or that was not
/// understood. What stands around it was still read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What sort of thing it is.
    pub kind: ProblemKind,
    /// Where it stands.
    pub span: Span,
    /// A full sentence without a final stop, for people.
    pub message: String,
}

/// The sorts of problems that a document can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// The text breaks the grammar of the format; the rest may not be read.
    Syntax,
    /// A key or part that the format requires is not there.
    Missing,
    /// A value has another type than the format requires.
    WrongType,
    /// A value has the right type and is still not allowed.
    BadValue,
    /// A key that the format does not know; its owner ignores or refuses it.
    UnknownKey,
    /// A version of the format that is not known here: read as far as it goes.
    UnknownVersion,
    /// The document is larger or deeper than is read.
    TooLarge,
}

impl Problem {
    /// Puts a problem together.
    pub fn new(kind: ProblemKind, span: Span, message: impl Into<String>) -> Self {
        Self {
            kind,
            span,
            message: message.into(),
        }
    }

    /// Whether the problem means that a part of the document was not read, so
    /// that nothing can be concluded from what is absent.
    #[must_use]
    pub fn hides(&self) -> bool {
        matches!(
            self.kind,
            ProblemKind::Syntax | ProblemKind::UnknownVersion | ProblemKind::TooLarge
        )
    }
}

/// How many problems are kept of one document.
const MOST_PROBLEMS: usize = 500;

/// Adds a problem, unless there are too many already: then the last one kept
/// says so.
pub(super) fn keep(problems: &mut Vec<Problem>, problem: Problem) {
    if problems.len() < MOST_PROBLEMS {
        problems.push(problem);
    } else if problems.len() == MOST_PROBLEMS {
        let message = "there are more problems than are kept";
        problems.push(Problem::new(ProblemKind::TooLarge, problem.span, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_problems_are_one() {
        let mut problems = Vec::new();
        for _ in 0..10_000 {
            keep(
                &mut problems,
                Problem::new(ProblemKind::BadValue, Span::default(), "x"),
            );
        }
        assert_eq!(problems.len(), MOST_PROBLEMS + 1);
        assert!(problems.last().is_some_and(Problem::hides));
    }
}
