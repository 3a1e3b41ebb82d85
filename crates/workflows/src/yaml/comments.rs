//! Comments and what they stand beside.

use cofferdam_facts::Span;

use super::Document;

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the end of the line, without the line break.
    pub span: Span,
    /// The text without the `#` and the space around it.
    pub text: Box<str>,
}

impl Document {
    /// The comment behind something on the line of byte `offset`, or all of that
    /// line.
    #[must_use]
    pub fn comment_on_line(&self, offset: usize) -> Option<&Comment> {
        let text = self.text();
        let (start, end) = (line_start(text, offset), line_end(text, offset));
        let at = self.comments().partition_point(|c| c.span.start < start);
        self.comments().get(at).filter(|c| c.span.start < end)
    }

    /// The comment that has the line right above byte `offset` to itself.
    #[must_use]
    pub fn comment_above(&self, offset: usize) -> Option<&Comment> {
        self.comments_above(offset).last()
    }

    /// The comments on the lines right above byte `offset` that have these lines
    /// to themselves, topmost first.
    #[must_use]
    pub fn comments_above(&self, offset: usize) -> &[Comment] {
        let text = self.text();
        let mut line = line_start(text, offset);
        let behind = self.comments().partition_point(|c| c.span.start < line);
        let mut first = behind;
        while let Some(comment) = first.checked_sub(1).and_then(|at| self.comments().get(at)) {
            let start = line_start(text, comment.span.start);
            let alone = text
                .get(start..comment.span.start)
                .is_some_and(|s| s.trim().is_empty());
            let adjacent = text
                .get(comment.span.end..line)
                .is_some_and(|gap| super::spans::break_len(gap) == gap.len());
            if !alone || !adjacent {
                break;
            }
            line = start;
            first -= 1;
        }
        self.comments().get(first..behind).unwrap_or_default()
    }
}

/// Where the line of a byte starts. Line feeds and lone carriage returns end lines.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before
        .iter()
        .rposition(|&b| matches!(b, b'\n' | b'\r'))
        .map_or(0, |at| at + 1)
}

/// Where the line of a byte ends, before its line break.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let after = text.as_bytes().get(offset..).unwrap_or_default();
    after
        .iter()
        .position(|&b| matches!(b, b'\n' | b'\r'))
        .map_or(text.len(), |at| offset + at)
}
