//! GitHub Actions expressions: `${{ … }}` and the bare form of `if:`.
//!
//! The grammar comes from the pinned crate `github-actions-expressions`; this
//! module owns the tree, the places in it, and what the tree means. All ranges
//! are byte ranges in the scalar text that was handed in, so that the caller
//! can map them to bytes of the file.
//!
//! Meaning follows GitHub's runner (`src/Sdk/Expressions` of `actions/runner`)
//! and its documentation of expressions. What cannot be known without a run is
//! *unknown*, and unknown never turns into true or false by accident.

mod convert;
mod embedded;
mod error;
mod evaluate;
mod functions;
mod path;
mod tree;
mod value;

pub(crate) use embedded::ranges as embedded_ranges;
pub use embedded::{Embedded, condition, embedded};
pub use error::ExpressionError;
pub use path::{ContextPath, PathPart};
pub use tree::{Expr, ExprKind, Operator};
pub use value::Value;

/// Longest expression that GitHub accepts, in characters
/// (`ExpressionConstants.MaxLength` of the runner).
pub const MAX_LENGTH: usize = 21_000;

/// Deepest nesting that GitHub accepts (`ExpressionConstants.MaxDepth` of the
/// runner). The grammar's crate keeps to it, and so do chains of `.name`.
pub const MAX_DEPTH: usize = 50;

/// Most binary operators in one expression. GitHub flattens `&&` and `||` and
/// sets no limit of its own; this one keeps the tree shallow enough for any
/// thread's stack.
pub const MAX_OPERATORS: usize = 512;
