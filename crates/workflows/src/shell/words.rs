//! From nodes of the grammar to words without quotes.

use std::collections::HashSet;
use std::ops::Range;

use tree_sitter::Node;

use super::model::{Piece, Word};
use super::source::Source;

/// How a stretch of text is quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Not at all.
    None,
    /// By `"`.
    Double,
    /// As the text of a here-document with expansions.
    Heredoc,
    /// By `'`, or as the text of a here-document without expansions.
    Single,
}

/// The word that a node is.
pub(super) fn word(source: &Source, node: Node<'_>) -> Word {
    let mut builder = Builder::new(source, node.byte_range());
    builder.node(node);
    builder.finish()
}

/// The text of a here-document; `expands` unless its delimiter is quoted.
pub(super) fn heredoc(source: &Source, body: Node<'_>, expands: bool) -> Word {
    let mut builder = Builder::new(source, body.byte_range());
    if expands {
        builder.around_children(body, body.byte_range(), Quoting::Heredoc);
    } else {
        builder.text(body.byte_range(), Quoting::Single);
    }
    builder.finish()
}

/// A word that is a stretch of the script, such as an operator.
pub(super) fn plain(source: &Source, range: Range<usize>) -> Word {
    let mut builder = Builder::new(source, range.clone());
    builder.text(range, Quoting::None);
    builder.finish()
}

struct Builder<'s> {
    source: &'s Source,
    word: Word,
    /// A `${NAME}` whose braces can go unless a letter follows.
    braced: Option<Range<usize>>,
}

impl<'s> Builder<'s> {
    fn new(source: &'s Source, range: Range<usize>) -> Self {
        let word = Word {
            range: source.place(range),
            is_static: true,
            ..Word::default()
        };
        Self {
            source,
            word,
            braced: None,
        }
    }

    fn finish(mut self) -> Word {
        self.settle(None);
        let mut seen = HashSet::new();
        self.word.variables.retain(|name| seen.insert(name.clone()));
        self.word
    }

    /// Adds a node of a word. Words nest no deeper than a string in a
    /// concatenation: expansions and substitutions are taken as they stand.
    fn node(&mut self, node: Node<'_>) {
        let mut node = match node.kind() {
            "command_name" => node.child(0).unwrap_or(node),
            _ => node,
        };
        // Assignments nest in arithmetic, so this is a loop.
        while node.kind() == "variable_assignment" {
            let value = node
                .child_by_field_name("value")
                .filter(|value| !value.byte_range().is_empty());
            let Some(value) = value else { break };
            self.text(node.start_byte()..value.start_byte(), Quoting::None);
            node = value;
        }
        if node.kind() != "concatenation" {
            return self.part(node);
        }
        let mut end = node.start_byte();
        for child in children(node) {
            self.text(end..child.start_byte(), Quoting::None);
            end = child.end_byte();
            self.part(child);
        }
        self.text(end..node.end_byte(), Quoting::None);
    }

    /// Adds one part of a word.
    fn part(&mut self, node: Node<'_>) {
        let range = node.byte_range();
        match node.kind() {
            "string" => self.around_children(node, inner(&range, 1), Quoting::Double),
            "translated_string" => {
                let string = children(node)
                    .into_iter()
                    .find(|child| child.kind() == "string");
                if let Some(string) = string {
                    self.around_children(string, inner(&string.byte_range(), 1), Quoting::Double);
                }
            }
            "raw_string" => self.text(inner(&range, 1), Quoting::Single),
            "ansi_c_string" => self.ansi(inner(&(range.start + 1..range.end), 1)),
            "brace_expression" | "extglob_pattern" => {
                self.word.has_pattern = true;
                self.text(range, Quoting::None);
            }
            "word" | "number" | "variable_name" | "regex" => {
                self.text(range, Quoting::None);
                // A number's base can be an expansion.
                for child in children(node) {
                    self.expansion_inside(child);
                }
            }
            "simple_expansion"
            | "expansion"
            | "arithmetic_expansion"
            | "command_substitution"
            | "process_substitution" => self.expansion(node),
            _ => {
                self.text(range, Quoting::None);
                self.expansion_inside(node);
            }
        }
    }

    /// Adds quoted text in which some children are expansions. The grammar's
    /// own pieces of text leave out white space, so the text is what is between.
    fn around_children(&mut self, node: Node<'_>, range: Range<usize>, quoting: Quoting) {
        let mut end = range.start;
        for child in children(node) {
            if is_expansion(child.kind()) {
                self.text(end..child.start_byte(), quoting);
                self.expansion(child);
                end = child.end_byte();
            }
        }
        self.text(end..range.end, quoting);
    }

    fn expansion(&mut self, node: Node<'_>) {
        let range = node.byte_range();
        self.expansion_inside(node);
        self.word.is_static = false;
        let text = self.source.get(range.clone());
        let name = text
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        if name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_name_byte)) {
            self.settle(Some('$'));
            self.braced = Some(range);
            return;
        }
        let substitution = matches!(node.kind(), "command_substitution" | "process_substitution");
        self.settle(Some('$'));
        let start = self.word.text.len();
        self.copy(range);
        if substitution {
            self.word.substitutions.push(start..self.word.text.len());
        }
    }

    /// Notes what an expansion or unknown node uses, however deep inside.
    fn expansion_inside(&mut self, node: Node<'_>) {
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            match node.kind() {
                "command_substitution" | "process_substitution" => {
                    self.word.holds_substitution = true;
                    self.word.is_static = false;
                    continue;
                }
                "variable_name" | "special_variable_name" => {
                    self.word
                        .variables
                        .push(self.source.get(node.byte_range()).to_owned());
                    self.word.is_static = false;
                }
                "simple_expansion" | "expansion" | "arithmetic_expansion" => {
                    self.word.is_static = false;
                }
                _ => {}
            }
            waiting.extend(children(node).into_iter().rev());
        }
    }

    /// Writes the variable that waits, now that it is known what follows.
    fn settle(&mut self, next: Option<char>) {
        let Some(range) = self.braced.take() else {
            return;
        };
        if next.is_some_and(|next| next.is_ascii() && is_name_byte(next as u8)) {
            self.copy(range);
            return;
        }
        let name = self.source.get(inner(&(range.start + 1..range.end), 1));
        let text = format!("${name}");
        self.add(&text, range);
    }

    /// Adds text that stands for other bytes of the script.
    fn add(&mut self, text: &str, range: Range<usize>) {
        let origin = self.source.place(range);
        self.word.pieces.push(Piece {
            at: self.word.text.len(),
            length: text.len(),
            origin,
        });
        self.word.text.push_str(text);
    }

    /// Adds text as written, with its expressions.
    fn copy(&mut self, range: Range<usize>) {
        let text = self.source.get(range.clone());
        if text.is_empty() {
            return;
        }
        if self.source.holds_expression(&range) {
            self.word.holds_expression = true;
            self.word.is_static = false;
        }
        if self.source.holds_hidden(&range) {
            self.word.holds_substitution = true;
            self.word.is_static = false;
        }
        let mut at = self.word.text.len();
        for (length, origin) in self.source.runs(range) {
            self.word.pieces.push(Piece { at, length, origin });
            at += length;
        }
        self.word.text.push_str(text);
    }

    /// Adds text without its quoting.
    fn text(&mut self, range: Range<usize>, quoting: Quoting) {
        if range.is_empty() {
            return;
        }
        let masked = self.source.masked().as_bytes();
        let written = self.source.text().as_bytes();
        self.settle(self.source.get(range.clone()).chars().next());
        let (mut run, mut at) = (range.start, range.start);
        while at < range.end {
            let byte = masked.get(at).copied().unwrap_or_default();
            if byte == b'_' && written.get(at) != Some(&b'_') {
                at = self
                    .source
                    .expression_at(at)
                    .map_or(at + 1, |covering| covering.end);
                continue;
            }
            let next = masked.get(at + 1).copied().filter(|_| at + 1 < range.end);
            if byte == b'\\' && next.is_some_and(|next| escapes(quoting, next)) {
                self.copy(run..at);
                run = if next == Some(b'\n') { at + 2 } else { at + 1 };
                at += 2;
                continue;
            }
            if quoting == Quoting::None && matches!(byte, b'*' | b'?' | b'[') {
                self.word.has_pattern = true;
            }
            at += 1;
        }
        self.copy(run.min(range.end)..range.end);
    }

    /// Adds the inside of `$'…'`.
    fn ansi(&mut self, range: Range<usize>) {
        self.settle(None);
        let text = self.source.get(range.clone());
        let mut at = range.start;
        let mut run = range.start;
        while let Some(found) = text
            .get(at - range.start..)
            .and_then(|rest| rest.find('\\'))
        {
            let start = at + found;
            let rest = text.get(start + 1 - range.start..).unwrap_or_default();
            let (character, length) = ansi_escape(rest);
            self.copy(run..start);
            match character {
                Some(character) => self.add(&character.to_string(), start..start + 1 + length),
                None => self.copy(start..start + 1 + length),
            }
            at = (start + 1 + length).min(range.end);
            run = at;
        }
        self.copy(run..range.end);
    }
}

/// The character of an escape in `$'…'`, and the bytes after the backslash.
/// Nothing for escapes that have no character of their own.
fn ansi_escape(rest: &str) -> (Option<char>, usize) {
    let Some(first) = rest.chars().next() else {
        return (None, 0);
    };
    let digits = |radix: u32, from: usize, most: usize| {
        let digits: String = rest
            .chars()
            .skip(from)
            .take(most)
            .take_while(|digit| digit.is_digit(radix))
            .collect();
        let value = u32::from_str_radix(&digits, radix)
            .ok()
            .and_then(char::from_u32);
        (value.filter(|value| *value != '\0'), from + digits.len())
    };
    match first {
        'n' => (Some('\n'), 1),
        't' => (Some('\t'), 1),
        'r' => (Some('\r'), 1),
        'a' => (Some('\u{7}'), 1),
        'b' => (Some('\u{8}'), 1),
        'e' | 'E' => (Some('\u{1b}'), 1),
        'f' => (Some('\u{c}'), 1),
        'v' => (Some('\u{b}'), 1),
        '\\' | '\'' | '"' | '?' => (Some(first), 1),
        'x' => digits(16, 1, 2),
        'u' => digits(16, 1, 4),
        'U' => digits(16, 1, 8),
        '0'..='7' => digits(8, 0, 3),
        other => (None, other.len_utf8()),
    }
}

/// Whether a backslash before `next` goes away.
fn escapes(quoting: Quoting, next: u8) -> bool {
    match quoting {
        Quoting::None => true,
        Quoting::Double => matches!(next, b'$' | b'`' | b'"' | b'\\' | b'\n'),
        Quoting::Heredoc => matches!(next, b'$' | b'`' | b'\\' | b'\n'),
        Quoting::Single => false,
    }
}

/// A range without `by` bytes at both ends.
fn inner(range: &Range<usize>, by: usize) -> Range<usize> {
    let start = (range.start + by).min(range.end);
    start..range.end.saturating_sub(by).max(start)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_expansion(kind: &str) -> bool {
    matches!(
        kind,
        "simple_expansion"
            | "expansion"
            | "arithmetic_expansion"
            | "command_substitution"
            | "process_substitution"
    )
}

/// All children of a node, in linear time.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}
