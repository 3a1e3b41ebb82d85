//! Where things stand in a file: indentation, line ends, the end of an entry.

use cofferdam_facts::Span;

use super::render::Manner;
use crate::yaml::comments::{line_end, line_start};
use crate::yaml::spans::break_len;
use crate::yaml::{Document, Kind, Node, Style, indicators};

/// How many nodes are looked at to learn how a file is indented.
const SAMPLE: usize = 200;

/// The manner of a document, learnt from its first collections.
pub(super) fn manner(document: &Document) -> Manner {
    let text = document.text();
    let first_break = text.find(['\n', '\r']).unwrap_or(text.len());
    let crlf = text
        .get(first_break..)
        .is_some_and(|rest| rest.starts_with("\r\n"));
    let mut manner = Manner {
        newline: if crlf { "\r\n" } else { "\n" },
        step: 2,
        dash: 2,
        blocks: true,
    };
    let (mut step, mut dash) = (None, None);
    let mut waiting: Vec<Node<'_>> = document.root().into_iter().collect();
    let mut seen = 0;
    while let Some(node) = waiting.pop() {
        seen += 1;
        if seen > SAMPLE || (step.is_some() && dash.is_some()) {
            break;
        }
        for (key, value) in node.entries() {
            waiting.push(value);
            if node.style() != Style::Block || value.style() != Style::Block {
                continue;
            }
            let inwards =
                column(text, value.span().start).checked_sub(column(text, key.span().start));
            match value.kind() {
                Kind::Mapping => step = step.or(inwards.filter(|&width| width > 0)),
                Kind::Sequence => dash = dash.or(inwards),
                Kind::Scalar => {}
            }
        }
        waiting.extend(node.items());
    }
    manner.step = step.unwrap_or(manner.step);
    manner.dash = dash.unwrap_or(manner.step);
    manner
}

/// The characters before a byte on its line.
pub(super) fn column(text: &str, offset: usize) -> usize {
    let prefix = text
        .get(line_start(text, offset)..offset)
        .unwrap_or_default();
    prefix.trim_start_matches('\u{feff}').chars().count()
}

/// Whether nothing but spaces stands before a byte on its line.
pub(super) fn begins_line(text: &str, offset: usize) -> bool {
    text.get(line_start(text, offset)..offset)
        .is_some_and(|prefix| prefix.bytes().all(|b| b == b' '))
}

/// The place behind the line of a byte, its line break included.
pub(super) fn behind_line(text: &str, offset: usize) -> usize {
    let end = line_end(text, offset);
    end + text.get(end..).map_or(0, break_len)
}

/// Where a node ends, with everything that belongs to its value: a block scalar
/// may keep blank lines behind its last word.
pub(super) fn content_end(node: Node<'_>, here: Span) -> usize {
    let last = last_scalar(node);
    if node.alias_span().is_some() || !is_block_scalar(last) {
        return here.end;
    }
    let length = last.as_str().map_or(0, str::len);
    let mapped = length
        .checked_sub(1)
        .map(|at| last.raw_span(at..length).end);
    // The last character may be a line feed, whose bytes end the line already.
    let text = node.document().text();
    let end = mapped
        .filter(|_| keeps(last))
        .unwrap_or(here.end)
        .max(here.end);
    let before = text.get(..end).unwrap_or_default();
    let line_break = if before.ends_with("\r\n") {
        2
    } else {
        usize::from(before.ends_with(['\n', '\r']))
    };
    (end - line_break).max(here.end)
}

/// The last scalar in a subtree, as it stands in the file.
pub(super) fn last_scalar(node: Node<'_>) -> Node<'_> {
    let mut last = node;
    while last.alias_span().is_none() {
        let child = match last.kind() {
            Kind::Mapping => last.entries().last().map(|(_, value)| value),
            Kind::Sequence => last.items().last(),
            Kind::Scalar => None,
        };
        match child {
            Some(child) => last = child,
            None => break,
        }
    }
    last
}

pub(super) fn is_block_scalar(node: Node<'_>) -> bool {
    node.alias_span().is_none() && matches!(node.style(), Style::Literal | Style::Folded)
}

/// The indicator of a block scalar with its digits and signs: `|`, `|2-`, `>+`.
pub(super) fn header(node: Node<'_>) -> Span {
    let span = node.span();
    let raw = node.document().file().slice(span);
    let length = raw
        .find(|c| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9'))
        .unwrap_or(raw.len());
    Span::new(span.start, span.start + length)
}

/// Whether a block scalar keeps the blank lines at its end, or has any that count.
fn keeps(node: Node<'_>) -> bool {
    let document = node.document();
    document.file().slice(header(node)).contains('+')
        || node
            .as_str()
            .is_some_and(|text| text.trim_end_matches('\n').ends_with([' ', '\t']))
}

/// The dash of an item of a block sequence, behind byte `from`.
pub(super) fn dash(node: Node<'_>, from: usize) -> Option<usize> {
    indicators::find(node.document().text(), from, node.here().start + 1, b"-")
}
