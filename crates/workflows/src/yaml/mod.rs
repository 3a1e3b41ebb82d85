//! YAML with a byte span on every scalar, comments kept, and an editor that splices.
//!
//! [`Document::parse`] never fails. It keeps what it understood as a tree of
//! [`Node`]s and what it did not as [`Problem`]s. YAML versions differ, and so
//! do parsers; where they do, the tree is the one that GitHub's workflow parser
//! reads:
//!
//! - Scalars have the types of the YAML 1.2 core schema: `on`, `yes` and `no`
//!   are strings.
//! - Anchors and aliases are followed. A merge key `<<` is not merged but a
//!   problem, as GitHub knows none.
//! - Of equal keys the first counts and every later one is a problem.
//! - A second document is a problem; the first is the root.
//! - A tag outside the core schema on a scalar is a problem; tags on
//!   collections mean nothing.
//!
//! Everything is bounded: bytes, depth, the nodes that aliases expand to, and
//! the number of problems.

mod aliases;
mod arena;
mod build;
mod comments;
mod document;
pub mod edit;
mod events;
mod indicators;
mod keys;
mod node;
mod problem;
mod scalar;
mod spans;

#[cfg(test)]
#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panic"
)]
mod tests;

pub use comments::Comment;
pub use document::Document;
pub use node::{Entries, Items, Node, NodeId};
pub use problem::{Problem, ProblemKind};
pub use scalar::Scalar;

/// The largest file that is read, in bytes. GitHub reads workflows of a fraction
/// of it.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The deepest nesting of collections, counted through aliases. GitHub reads
/// less than half of it.
pub const MAX_DEPTH: usize = 255;

/// How many nodes all aliases of a file together may stand for. GitHub stops at
/// 50,000 events for the whole file, aliases expanded.
pub const ALIAS_BUDGET: usize = 50_000;

/// How many problems are kept of one file.
pub const MAX_PROBLEMS: usize = 200;

/// The kinds of [`Node`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A single value.
    Scalar,
    /// Keys with values.
    Mapping,
    /// A list.
    Sequence,
}

/// How a [`Node`] is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A collection laid out by indentation.
    Block,
    /// `[…]` or `{…}`
    Flow,
}
