//! How the text around a place in a script is quoted, and what may be written
//! there in the place of an expression so that the value stays a value.

pub(crate) mod bash;
pub(crate) mod javascript;
pub(crate) mod powershell;

use std::ops::Range;

/// What stands around an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    /// A string in which variables are put in.
    Open,
    /// A string in which nothing is put in, with the quote it stands in;
    /// `whole` if there is nothing else in it.
    Closed {
        /// The quote, as it is written.
        quote: char,
        /// Whether the expression is all that is quoted.
        whole: bool,
    },
    /// No quotes.
    Bare,
    /// A comment.
    Comment,
    /// A place that cannot be edited, with the reason.
    No(&'static str),
}

/// Text without its expressions: where they stand, nothing is read.
pub(crate) struct Text<'t> {
    pub(crate) text: &'t str,
    pub(crate) expressions: &'t [Range<usize>],
}

impl Text<'_> {
    pub(crate) fn starts(&self, at: usize, what: &str) -> bool {
        self.text
            .get(at..)
            .is_some_and(|rest| rest.starts_with(what))
    }

    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The end of the expression that begins at a byte.
    pub(crate) fn expression(&self, at: usize) -> Option<usize> {
        let found = self
            .expressions
            .binary_search_by_key(&at, |range| range.start);
        self.expressions.get(found.ok()?).map(|range| range.end)
    }

    /// The next place from `at` on where `what` stands outside of expressions.
    pub(crate) fn find(&self, mut at: usize, what: &str) -> Option<usize> {
        while at < self.text.len() {
            if let Some(end) = self.expression(at) {
                at = end;
                continue;
            }
            if self.starts(at, what) {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

/// Whether nothing but the quotes stands around a range.
pub(crate) fn is_whole(text: &str, range: &Range<usize>, open: usize, close: usize) -> bool {
    open + 1 == range.start && close == range.end && text.get(range.clone()).is_some()
}
