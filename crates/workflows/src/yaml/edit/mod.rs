//! Edits that leave every other byte of a file as it is.
//!
//! [`change`] takes what is wanted ([`Change`]), works out which bytes to splice
//! ([`Edit`]), and reads the result again: it is returned only if its tree is
//! the old one with exactly these changes, no comment outside the replaced bytes
//! is lost, and no new problem has come up. So a layout that this module does not
//! foresee costs a refusal, never a file that means something else.

mod intent;
mod layout;
mod plan;
mod render;

#[cfg(test)]
#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panic"
)]
mod tests;

use std::ops::Range;

use cofferdam_facts::{SourceFile, Span};

use super::{Document, Kind, Node, NodeId, ProblemKind};

/// Bytes to replace by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; an empty span inserts.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
}

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A string, quoted only where it must be.
    String(String),
    /// A mapping in the order given. Keys are strings and all different.
    Mapping(Vec<(String, Value)>),
    /// A list.
    Sequence(Vec<Value>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

/// Where a new key goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// Before all others.
    First,
    /// Behind all others.
    #[default]
    Last,
    /// Right before this key, and before the comments above it.
    Before(String),
    /// Right behind this key and its value.
    After(String),
}

/// One thing to change in a document. A node that aliases stand for changes for
/// all of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Puts another value in the place of a node, in the same style where a scalar
    /// can be written so. A comment on the line of a replaced collection stays.
    Replace {
        /// The node; one that is reached by an alias is changed where it is defined.
        node: NodeId,
        /// What it becomes.
        value: Value,
    },
    /// Puts another text in the place of a part of a scalar, and leaves every
    /// other byte of it as it is. Parts of one scalar must not overlap.
    ReplacePart {
        /// The scalar.
        node: NodeId,
        /// Bytes of its decoded text.
        range: Range<usize>,
        /// What stands there then; one line.
        text: String,
    },
    /// Adds a key to a mapping, or to a missing value, which becomes a mapping.
    Insert {
        /// The mapping.
        mapping: NodeId,
        /// A key that it does not have yet.
        key: String,
        /// The value of the key.
        value: Value,
        /// Where it goes. Flow mappings take it at the end.
        position: Position,
    },
    /// Takes a key with its value out of a mapping. A comment behind it on its own
    /// line goes with it, those above and below stay.
    Remove {
        /// The mapping.
        mapping: NodeId,
        /// A key that it has.
        key: String,
    },
    /// Adds an item at the end of a sequence.
    Append {
        /// The sequence.
        sequence: NodeId,
        /// The item.
        value: Value,
    },
    /// Takes an item out of a sequence.
    RemoveItem {
        /// The sequence.
        sequence: NodeId,
        /// The number of the item, counted from 0.
        index: usize,
    },
    /// Sets the comment at the end of the line on which a scalar ends.
    Comment {
        /// The scalar.
        node: NodeId,
        /// The text without `#`; one line.
        text: String,
    },
}

/// Why an edit was refused. The document is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// A part of the file was not understood, so nobody knows what an edit does.
    #[error("the file was not understood as a whole: {}", .0.id())]
    NotUnderstood(ProblemKind),
    /// A span outside of the text or inside a character.
    #[error("bytes {} to {} are no part of the text", .0.start, .0.end)]
    OutOfBounds(Span),
    /// Two edits of the same bytes.
    #[error("bytes {} to {} and {} to {} are to be replaced both", .0.start, .0.end, .1.start, .1.end)]
    Overlap(Span, Span),
    /// A number of another document.
    #[error("there is no such node")]
    NoSuchNode,
    /// A node of another kind than the change is for.
    #[error("the node is not a {0:?}")]
    WrongKind(Kind),
    /// The mapping does not have the key.
    #[error("there is no key `{0}`")]
    NoSuchKey(String),
    /// The sequence does not have the item.
    #[error("there is no item {0}")]
    NoSuchItem(usize),
    /// The mapping has the key already.
    #[error("the key `{0}` is there already")]
    KeyExists(String),
    /// A layout that cannot be spliced without moving what stands around it.
    #[error("the layout at byte {} leaves no place for the edit", .0.start)]
    Layout(Span),
    /// A comment of several lines.
    #[error("a comment is one line")]
    CommentText,
    /// The result has a problem that the file had not.
    #[error("the result would have a new problem: {}", .0.id())]
    Broken(ProblemKind),
    /// The result is another tree than intended.
    #[error("the result would not be what was intended")]
    Unintended,
    /// A comment outside of the replaced bytes would be gone or changed.
    #[error("a comment would be lost")]
    CommentLost,
}

/// Splices edits into the text of a document. The result has no problem that the
/// document had not; whether it means what the caller wants is not checked.
///
/// # Errors
/// Refuses edits that overlap or do not fit the text, files that were not
/// understood as a whole, and results with new problems.
pub fn apply(document: &Document, edits: &[Edit]) -> Result<String, EditError> {
    let edits = in_order(document, edits)?;
    let text = splice(document.text(), &edits)?;
    reread(document, &text)?;
    Ok(text)
}

/// Makes all changes at once and returns the new text.
///
/// # Errors
/// Refuses what [`apply`] refuses, changes that do not fit their node, and every
/// result whose tree is not the old one with exactly these changes.
pub fn change(document: &Document, changes: &[Change]) -> Result<String, EditError> {
    // A comment that is indented like a block scalar above it would become a part
    // of it, so text of several lines may have to go into quotes.
    attempt(document, changes, true).or_else(|error| match error {
        EditError::Unintended | EditError::CommentLost | EditError::Broken(_) => {
            attempt(document, changes, false).map_err(|_| error)
        }
        error => Err(error),
    })
}

fn attempt(document: &Document, changes: &[Change], blocks: bool) -> Result<String, EditError> {
    let mut edits = Vec::new();
    for change in changes {
        plan::plan(document, change, blocks, &mut edits)?;
    }
    let edits = in_order(document, &edits)?;
    let text = splice(document.text(), &edits)?;
    let result = reread(document, &text)?;
    if !intent::holds(document, changes, &result) {
        return Err(EditError::Unintended);
    }
    if !comments_kept(document, &edits, &result) {
        return Err(EditError::CommentLost);
    }
    Ok(text)
}

fn in_order<'e>(document: &Document, edits: &'e [Edit]) -> Result<Vec<&'e Edit>, EditError> {
    if let Some(problem) = document.problems().iter().find(|p| p.kind.hides_rest()) {
        return Err(EditError::NotUnderstood(problem.kind));
    }
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    // Stable: several insertions at one place keep their order, and an insertion
    // stands before a replacement that begins there.
    sorted.sort_by_key(|edit| edit.span);
    for edit in &sorted {
        if document
            .text()
            .get(edit.span.start..edit.span.end)
            .is_none()
        {
            return Err(EditError::OutOfBounds(edit.span));
        }
    }
    for pair in sorted.windows(2) {
        if let [first, second] = pair
            && first.span.end > second.span.start
        {
            return Err(EditError::Overlap(first.span, second.span));
        }
    }
    Ok(sorted)
}

fn splice(text: &str, edits: &[&Edit]) -> Result<String, EditError> {
    let added: usize = edits.iter().map(|edit| edit.replacement.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut at = 0;
    for edit in edits {
        let kept = text
            .get(at..edit.span.start)
            .ok_or(EditError::OutOfBounds(edit.span))?;
        result.push_str(kept);
        result.push_str(&edit.replacement);
        at = edit.span.end;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    Ok(result)
}

fn reread(document: &Document, text: &str) -> Result<Document, EditError> {
    let result = Document::parse(SourceFile::new(document.file().shared_path(), text));
    let count = |of: &Document, kind| of.problems().iter().filter(|p| p.kind == kind).count();
    let new = result
        .problems()
        .iter()
        .find(|p| count(&result, p.kind) > count(document, p.kind));
    match new {
        Some(problem) => Err(EditError::Broken(problem.kind)),
        None => Ok(result),
    }
}

/// Whether the comments outside of the edited bytes are the same before and after.
fn comments_kept(document: &Document, edits: &[&Edit], result: &Document) -> bool {
    let before = document.comments().iter().filter(|comment| {
        !edits
            .iter()
            .any(|e| e.span.start < comment.span.end && comment.span.start < e.span.end)
    });
    let mut written = Vec::with_capacity(edits.len());
    let (mut removed, mut added) = (0, 0);
    for edit in edits {
        let start = edit.span.start + added - removed;
        written.push(Span::new(start, start + edit.replacement.len()));
        added += edit.replacement.len();
        removed += edit.span.len();
    }
    let after = result.comments().iter().filter(|c| {
        !written
            .iter()
            .any(|w| w.start < c.span.end && c.span.start < w.end)
    });
    before.map(|c| &c.text).eq(after.map(|c| &c.text))
}

/// The node with a number, as changes name them.
fn node(document: &Document, id: NodeId) -> Result<Node<'_>, EditError> {
    document
        .node(id)
        .filter(|node| !node.is_unresolved())
        .ok_or(EditError::NoSuchNode)
}
