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
