//! From a change to the bytes to splice.

use std::ops::Range;

use cofferdam_facts::Span;

use super::layout::{
    begins_line, behind_line, column, content_end, dash, header, is_block_scalar, last_scalar,
    manner,
};
use super::render::{self, Manner};
use super::{Change, Edit, EditError, Position, Value, node};
use crate::yaml::comments::{line_end, line_start};
use crate::yaml::{Document, Kind, Node, Style, indicators};

type Plan = Result<(), EditError>;

/// Adds the edits that make a change.
pub(super) fn plan(
    document: &Document,
    change: &Change,
    blocks: bool,
    edits: &mut Vec<Edit>,
) -> Plan {
    let manner = Manner {
        blocks,
        ..manner(document)
    };
    let planner = Planner {
        document,
        text: document.text(),
        manner,
        edits,
    };
    match change {
        Change::Replace { node: id, value } => planner.replace(node(document, *id)?, value),
        Change::ReplacePart {
            node: id,
            range,
            text,
        } => planner.replace_part(node(document, *id)?, range, text),
        Change::Insert {
            mapping,
            key,
            value,
            position,
        } => planner.insert(node(document, *mapping)?, key, value, position),
        Change::Remove { mapping, key } => planner.remove(node(document, *mapping)?, key),
        Change::Append { sequence, value } => planner.append(node(document, *sequence)?, value),
        Change::RemoveItem { sequence, index } => {
            planner.remove_item(node(document, *sequence)?, *index)
        }
        Change::Comment { node: id, text } => planner.comment(node(document, *id)?, text),
    }
}

struct Planner<'d, 'e> {
    document: &'d Document,
    text: &'d str,
    manner: Manner,
    edits: &'e mut Vec<Edit>,
}

impl<'d> Planner<'d, '_> {
    fn edit(&mut self, start: usize, end: usize, replacement: impl Into<String>) {
        self.edits.push(Edit {
            span: Span::new(start, end),
            replacement: replacement.into(),
        });
    }

    fn replace(mut self, node: Node<'d>, value: &Value) -> Plan {
        let span = node.span();
        let in_flow = in_flow(node);
        if let (Kind::Scalar, Value::String(text)) = (node.kind(), value)
            && !span.is_empty()
            && node.tag_span().is_none()
            && let Some(scalar) = self.same_style(node, text, in_flow)
        {
            self.edit(span.start, span.end, scalar);
            return Ok(());
        }
        if in_flow || (node.style() == Style::Flow && is_short(value)) {
            let lead = if span.is_empty() && node.as_str().is_some() {
                " "
            } else {
                ""
            };
            self.edit(
                span.start,
                span.end,
                format!("{lead}{}", render::flow(value)),
            );
            return Ok(());
        }
        match key_of(node) {
            Some(key) => self.replace_behind_key(node, key, value),
            None => {
                let indent = column(self.text, span.start);
                let lead = if span.is_empty() { " " } else { "" };
                let written = render::in_place(value, indent + lead.len(), self.manner);
                self.write(node, span.start, value, format!("{lead}{written}"));
                Ok(())
            }
        }
    }

    /// Replaces bytes of a scalar. Where its text cannot be mapped to bytes of
    /// the file, the whole of it would be replaced, which the comparison with
    /// the intended tree refuses.
    fn replace_part(mut self, node: Node<'d>, range: &Range<usize>, text: &str) -> Plan {
        let Some(old) = node.as_str() else {
            return Err(EditError::WrongKind(Kind::Scalar));
        };
        let span = node.raw_span(range.clone());
        if old.get(range.clone()).is_none() || text.contains(['\n', '\r']) {
            return Err(EditError::Layout(span));
        }
        let written = match node.style() {
            Style::SingleQuoted => text.replace('\'', "''"),
            Style::DoubleQuoted => {
                let quoted = render::double_quoted(text);
                quoted
                    .get(1..quoted.len() - 1)
                    .unwrap_or_default()
                    .to_owned()
            }
            _ => text.to_owned(),
        };
        self.edit(span.start, span.end, written);
        Ok(())
    }

    /// Replaces all between the colon and the end of the value.
    fn replace_behind_key(mut self, node: Node<'d>, key: Node<'d>, value: &Value) -> Plan {
        let colon = indicators::behind_colon(self.text, key.here().end)
            .ok_or(EditError::Layout(key.here()))?;
        let written = render::behind_key(value, self.indent_of(key), self.manner);
        self.write(node, colon, value, written);
        Ok(())
    }

    /// Puts text in the place of everything from `from` to the end of a node, but
    /// for a comment on the line where it begins or ends.
    fn write(&mut self, node: Node<'d>, from: usize, value: &Value, written: String) {
        let span = node.span();
        let mut end = content_end(node, span).max(from);
        let comment = |offset| self.document.comment_on_line(offset).map(|c| c.span);
        let before = comment(from).filter(|c| from <= c.start && c.end <= span.start);
        // A block scalar at the end of the new text would swallow a comment behind it.
        let behind =
            comment(end).filter(|c| before.is_none() && end <= c.start && written.contains('\n'));
        if let Some(comment) = behind {
            end = comment.end;
        }
        let mut text = written;
        if let Some(comment) = before.or(behind) {
            let first = text.find(['\r', '\n']).unwrap_or(text.len());
            text.insert_str(first, &format!(" {}", self.document.file().slice(comment)));
        }
        if end == self.text.len() && ends_with_line_feed(value) {
            text.push_str(self.manner.newline);
        }
        self.edit(from, end, text);
    }

    fn same_style(&self, node: Node<'d>, text: &str, in_flow: bool) -> Option<String> {
        let span = node.span();
        if !is_block_scalar(node) {
            return render::styled(text, node.style(), in_flow);
        }
        let head = header(node);
        let first_line = line_end(self.text, head.end).min(span.end);
        let rest = self.text.get(head.end..first_line)?;
        let old = node.as_str()?;
        let body = self.text.get(first_line..span.end)?;
        let line = body.lines().find(|line| !line.trim().is_empty())?;
        let indent = line.len() - line.trim_start_matches(' ').len();
        if old.trim_start_matches('\n').starts_with(' ') {
            return None;
        }
        let kept = if node.style() == Style::Folded {
            '>'
        } else {
            '|'
        };
        let mut block = [kept, '|'].into_iter().find_map(|indicator| {
            render::block_scalar(indicator, text, indent, rest, self.manner)
        })?;
        if span.end == self.text.len() && text.ends_with('\n') {
            block.push_str(self.manner.newline);
        }
        Some(block)
    }

    fn insert(mut self, mapping: Node<'d>, key: &str, value: &Value, at: &Position) -> Plan {
        if mapping.is_null() {
            let entries = Value::Mapping(vec![(key.to_owned(), value.clone())]);
            return self.replace(mapping, &entries);
        }
        if mapping.kind() != Kind::Mapping {
            return Err(EditError::WrongKind(Kind::Mapping));
        }
        if mapping.get(key).is_some() {
            return Err(EditError::KeyExists(key.to_owned()));
        }
        let Some((first, _)) = mapping.entries().next() else {
            let entries = Value::Mapping(vec![(key.to_owned(), value.clone())]);
            return self.replace(mapping, &entries);
        };
        if mapping.style() == Style::Flow {
            let end = mapping.entries().last().map_or(0, |(_, v)| v.here().end);
            let entry = format!(", {}: {}", render::string(key, true), render::flow(value));
            self.edit(end, end, entry);
            return Ok(());
        }
        let indent = mapping
            .entries()
            .map(|(k, _)| k.here().start)
            .find(|&start| begins_line(self.text, start))
            .map_or_else(
                || column(self.text, mapping.span().start),
                |at| column(self.text, at),
            );
        let name = render::string(key, false);
        let entry = format!("{name}:{}", render::behind_key(value, indent, self.manner));
        let named = |key: &String| {
            mapping
                .get_entry(key)
                .ok_or_else(|| EditError::NoSuchKey(key.clone()))
        };
        match at {
            Position::Last => {
                let (_, last) = mapping.entries().last().unwrap_or((first, first));
                self.line_behind(last, indent, &entry, value);
            }
            Position::After(key) => self.line_behind(named(key)?.1, indent, &entry, value),
            Position::First => self.line_before(first, indent, &entry),
            Position::Before(key) => self.line_before(named(key)?.0, indent, &entry),
        }
        Ok(())
    }

    /// Puts a line behind a value and the comment on its last line.
    fn line_behind(&mut self, node: Node<'d>, indent: usize, line: &str, value: &Value) {
        let end = content_end(node, node.here());
        let at = behind_line(self.text, end);
        let (newline, spaces) = (self.manner.newline, " ".repeat(indent));
        if at > line_end(self.text, end) {
            self.edit(at, at, format!("{spaces}{line}{newline}"));
            return;
        }
        // The file ends without a line break. A block scalar does not end with one
        // either, and must not by what is added behind it.
        let last = last_scalar(node);
        if is_block_scalar(last) && !last.as_str().is_some_and(|text| text.ends_with('\n')) {
            let head = header(last);
            let signs = self.document.file().slice(head).replace(['+', '-'], "");
            self.edit(head.start, head.end, format!("{signs}-"));
        }
        let close = if ends_with_line_feed(value) {
            newline
        } else {
            ""
        };
        self.edit(at, at, format!("{newline}{spaces}{line}{close}"));
    }

    /// Puts a line before a key and the comments right above it.
    fn line_before(&mut self, key: Node<'d>, indent: usize, line: &str) {
        let start = key.here().start;
        let (newline, spaces) = (self.manner.newline, " ".repeat(indent));
        if !begins_line(self.text, start) {
            self.edit(start, start, format!("{line}{newline}{spaces}"));
            return;
        }
        // A comment on the first line of the file is about the file.
        let above = self.document.comments_above(start).iter().find(|comment| {
            column(self.text, comment.span.start) == indent
                && line_start(self.text, comment.span.start) > 0
        });
        let about_file = self
            .document
            .comments_above(start)
            .first()
            .is_some_and(|comment| line_start(self.text, comment.span.start) == 0);
        let at = above
            .filter(|_| !about_file)
            .map_or(start, |comment| comment.span.start);
        let at = line_start(self.text, at);
        self.edit(at, at, format!("{spaces}{line}{newline}"));
    }

    fn remove(mut self, mapping: Node<'d>, key: &str) -> Plan {
        if mapping.kind() != Kind::Mapping {
            return Err(EditError::WrongKind(Kind::Mapping));
        }
        let entries: Vec<_> = mapping.entries().collect();
        let at = entries
            .iter()
            .position(|(name, _)| name.as_str() == Some(key))
            .ok_or_else(|| EditError::NoSuchKey(key.to_owned()))?;
        if entries.len() == 1 {
            return self.replace(mapping, &Value::Mapping(Vec::new()));
        }
        let places: Vec<_> = entries.iter().map(|(k, v)| (k.here().start, *v)).collect();
        self.remove_part(mapping, &places, at)
    }

    fn remove_item(mut self, sequence: Node<'d>, index: usize) -> Plan {
        if sequence.kind() != Kind::Sequence {
            return Err(EditError::WrongKind(Kind::Sequence));
        }
        let items: Vec<_> = sequence.items().collect();
        if index >= items.len() {
            return Err(EditError::NoSuchItem(index));
        }
        if items.len() == 1 {
            return self.replace(sequence, &Value::Sequence(Vec::new()));
        }
        let mut places = Vec::with_capacity(items.len());
        let mut from = sequence.span().start;
        for item in items {
            let start = if sequence.style() == Style::Flow {
                item.here().start
            } else {
                dash(item, from).ok_or(EditError::Layout(item.here()))?
            };
            places.push((start, item));
            from = content_end(item, item.here());
        }
        self.remove_part(sequence, &places, index)
    }

    /// Removes one of several parts of a collection, given by their starts and
    /// the nodes that they end with.
    fn remove_part(&mut self, around: Node<'d>, parts: &[(usize, Node<'d>)], at: usize) -> Plan {
        let &(start, value) = parts.get(at).ok_or(EditError::NoSuchNode)?;
        let next = parts.get(at + 1).map(|&(start, _)| start);
        let before = at
            .checked_sub(1)
            .and_then(|at| parts.get(at))
            .map(|&(_, value)| value);
        if around.style() == Style::Flow {
            match (next, before) {
                (Some(next), _) => self.edit(start, next, ""),
                (None, Some(before)) => self.edit(before.here().end, value.here().end, ""),
                (None, None) => return Err(EditError::Layout(around.span())),
            }
            return Ok(());
        }
        let end = content_end(value, value.here());
        if !begins_line(self.text, start) {
            // The first part on the line of a dash: the next one moves there.
            let next = next.ok_or(EditError::Layout(around.span()))?;
            let below = behind_line(self.text, end);
            if self
                .document
                .comments()
                .iter()
                .any(|c| below <= c.span.start && c.span.end <= next)
            {
                return Err(EditError::Layout(Span::new(start, next)));
            }
            self.edit(start, next, "");
            return Ok(());
        }
        let (from, to) = (line_start(self.text, start), behind_line(self.text, end));
        let open_end = to == line_end(self.text, end);
        match before {
            // The file ends without a line break, and goes on doing so.
            Some(before) if open_end && !is_block_scalar(last_scalar(before)) => {
                let cut = self.text.get(..from).unwrap_or_default();
                self.edit(cut.trim_end_matches(['\n', '\r']).len(), to, "");
            }
            _ => self.edit(from, to, ""),
        }
        Ok(())
    }

    fn append(mut self, sequence: Node<'d>, value: &Value) -> Plan {
        if sequence.kind() != Kind::Sequence {
            return Err(EditError::WrongKind(Kind::Sequence));
        }
        let Some(last) = sequence.items().last() else {
            return self.replace(sequence, &Value::Sequence(vec![value.clone()]));
        };
        if sequence.style() == Style::Flow {
            let end = last.here().end;
            self.edit(end, end, format!(", {}", render::flow(value)));
            return Ok(());
        }
        let indent = column(self.text, sequence.span().start);
        let item = render::in_place(value, indent + 2, self.manner);
        self.line_behind(last, indent, &format!("- {item}"), value);
        Ok(())
    }

    fn comment(mut self, node: Node<'d>, text: &str) -> Plan {
        if node.kind() != Kind::Scalar {
            return Err(EditError::WrongKind(Kind::Scalar));
        }
        if text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(EditError::CommentText);
        }
        let place = if is_block_scalar(node) {
            header(node).end
        } else {
            node.span().end
        };
        let written = format!("# {}", text.trim());
        match self.document.comment_on_line(place) {
            Some(comment) => self.edit(comment.span.start, comment.span.end, written),
            None => {
                let end = line_end(self.text, place);
                let line = self.text.get(..end).unwrap_or_default();
                let blank = line.len() - line.trim_end_matches([' ', '\t']).len();
                self.edit(end - blank, end, format!(" {written}"));
            }
        }
        Ok(())
    }

    /// The column that values below a key are indented from.
    fn indent_of(&self, key: Node<'d>) -> usize {
        let start = key
            .parent()
            .map_or(key.here().start, |mapping| mapping.span().start);
        column(self.text, start)
    }
}

/// Whether a node stands inside a flow collection.
fn in_flow(node: Node<'_>) -> bool {
    node.parent()
        .is_some_and(|parent| parent.style() == Style::Flow)
}

/// The key that a node is the value of.
fn key_of(node: Node<'_>) -> Option<Node<'_>> {
    let parent = node.parent()?;
    parent
        .entries()
        .find(|(_, value)| value.alias_span().is_none() && *value == node)
        .map(|e| e.0)
}

/// Whether a value stays on one line in the place of a flow collection.
fn is_short(value: &Value) -> bool {
    matches!(value, Value::Mapping(_) | Value::Sequence(_))
}

/// Whether the last scalar of a value, written as a block, ends with a line feed
/// that the file has to hold.
fn ends_with_line_feed(value: &Value) -> bool {
    match value {
        Value::String(text) => text.ends_with('\n'),
        Value::Mapping(entries) => entries.last().is_some_and(|(_, v)| ends_with_line_feed(v)),
        Value::Sequence(items) => items.last().is_some_and(ends_with_line_feed),
        Value::Null | Value::Bool(_) | Value::Integer(_) => false,
    }
}
