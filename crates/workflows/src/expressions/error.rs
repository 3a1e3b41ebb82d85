//! Why an expression could not be understood.

use thiserror::Error;

/// Why an expression could not be understood. Such an expression is not
/// checked, which is never the same as clean.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExpressionError {
    /// A `${{` has no matching `}}` outside of string literals.
    #[error("the expression is not closed by `}}}}`")]
    Unterminated,
    /// Nothing but white space stands between `${{` and `}}`.
    #[error("the expression is empty")]
    Empty,
    /// The text does not follow the grammar.
    #[error("{message}")]
    Syntax {
        /// What the grammar expected.
        message: &'static str,
        /// Byte offset in the text that was handed in.
        offset: usize,
    },
    /// No function has this name.
    #[error("unknown function `{0}`")]
    UnknownFunction(String),
    /// A function has too few or too many arguments.
    #[error("`{function}` takes {expected}")]
    Arity {
        /// The function, in lower case.
        function: &'static str,
        /// How many arguments it takes.
        expected: &'static str,
    },
    /// Nested more deeply than GitHub accepts.
    #[error("the expression is nested more deeply than GitHub accepts")]
    TooDeep,
    /// Longer than GitHub accepts.
    #[error("the expression is longer than GitHub accepts")]
    TooLong,
    /// Within GitHub's limits, but beyond what this parser follows.
    #[error("the expression has more operators or alternatives than can be followed")]
    TooComplex,
}
