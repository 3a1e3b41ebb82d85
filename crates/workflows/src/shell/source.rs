//! A script's text with its expressions masked, and where it comes from.

use std::ops::Range;

use super::model::{Piece, place};
use crate::expressions::embedded_ranges;

/// Script text, masked for the grammar.
pub(super) struct Source {
    text: String,
    masked: String,
    expressions: Vec<Range<usize>>,
    unclosed: Option<Range<usize>>,
    /// Substitutions that were followed in the script around this one.
    hidden: Vec<Range<usize>>,
    /// Where the text comes from; empty for the whole script.
    pieces: Vec<Piece>,
}

impl Source {
    /// The whole script.
    pub(super) fn whole(script: &str) -> Self {
        Self::new(script.to_owned(), Vec::new(), Vec::new())
    }

    /// A script inside of the script. The `hidden` parts are substitutions that
    /// were followed already.
    pub(super) fn inside(text: String, pieces: Vec<Piece>, hidden: Vec<Range<usize>>) -> Self {
        Self::new(text, pieces, hidden)
    }

    fn new(text: String, pieces: Vec<Piece>, hidden: Vec<Range<usize>>) -> Self {
        let mut masked = text.clone().into_bytes();
        let mut expressions = Vec::new();
        let mut unclosed = None;
        for (range, closed) in embedded_ranges(&text) {
            if !closed {
                unclosed = Some(range.clone());
            }
            expressions.push(range);
        }
        for range in expressions.iter().chain(&hidden) {
            if let Some(bytes) = masked.get_mut(range.clone()) {
                bytes.fill(b'_');
            }
        }
        // The scanner of the grammar hands large code points to functions of C
        // that look them up in a table, and the process dies. To a shell, none of
        // them is more than a letter of a word.
        for byte in masked.iter_mut().filter(|byte| !byte.is_ascii()) {
            *byte = b'_';
        }
        // All of it is ASCII now; if it ever were not, nothing of it would be
        // understood.
        let masked = String::from_utf8(masked).unwrap_or_default();
        Self {
            text,
            masked,
            expressions,
            unclosed,
            hidden,
            pieces,
        }
    }

    /// The text as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text for the grammar: same length, expressions replaced.
    pub(super) fn masked(&self) -> &str {
        &self.masked
    }

    /// The expressions, in offsets of this text.
    pub(super) fn expressions(&self) -> &[Range<usize>] {
        &self.expressions
    }

    /// The expression that is never closed, if there is one.
    pub(super) fn unclosed(&self) -> Option<Range<usize>> {
        self.unclosed.clone()
    }

    /// The expression that covers an offset.
    pub(super) fn expression_at(&self, at: usize) -> Option<&Range<usize>> {
        let next = self.expressions.partition_point(|range| range.end <= at);
        self.expressions.get(next).filter(|range| range.start <= at)
    }

    /// Whether any expression has a byte in a range.
    pub(super) fn holds_expression(&self, range: &Range<usize>) -> bool {
        overlaps(&self.expressions, range)
    }

    /// Whether any hidden substitution has a byte in a range.
    pub(super) fn holds_hidden(&self, range: &Range<usize>) -> bool {
        overlaps(&self.hidden, range)
    }

    /// Part of the text as written.
    pub(super) fn get(&self, range: Range<usize>) -> &str {
        self.text
            .get(self.whole_characters(range))
            .unwrap_or_default()
    }

    // The grammar sees a character of several bytes as several letters, and may
    // end a word between them.
    fn whole_characters(&self, range: Range<usize>) -> Range<usize> {
        self.text.floor_char_boundary(range.start)..self.text.ceil_char_boundary(range.end)
    }

    /// The bytes of the outermost script for a range of this text.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        let range = self.whole_characters(range);
        if self.pieces.is_empty() {
            return range;
        }
        place(&self.pieces, range.clone()).unwrap_or(range)
    }

    /// The runs of the outermost script that a range of this text was copied
    /// from, each with its length in this text.
    pub(super) fn runs(&self, range: Range<usize>) -> Vec<(usize, Range<usize>)> {
        if self.pieces.is_empty() {
            return vec![(range.len(), range)];
        }
        let first = self
            .pieces
            .partition_point(|piece| piece.at + piece.length <= range.start);
        self.pieces
            .iter()
            .skip(first)
            .take_while(|piece| piece.at < range.end)
            .map(|piece| {
                let start = piece.at.max(range.start);
                let end = (piece.at + piece.length).min(range.end);
                (end.saturating_sub(start), piece.part(start..end))
            })
            .collect()
    }
}

/// Whether one of several sorted ranges has a byte in common with another.
fn overlaps(sorted: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = sorted.partition_point(|one| one.end <= range.start);
    sorted.get(next).is_some_and(|one| one.start < range.end)
}
