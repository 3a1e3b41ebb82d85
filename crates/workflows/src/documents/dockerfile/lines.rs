//! Physical lines to logical lines: comments, continuations, here-documents.
//!
//! Source: Dockerfile reference, "Format", "escape" and "Here-Documents".

use std::ops::Range;

use cofferdam_facts::Span;

use super::words;
use crate::documents::problem::{Problem, ProblemKind, keep};

/// A text put together from pieces of the file, each of which keeps its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    pieces: Vec<Piece>,
}

/// From `at` on, the text is what stands in the file from `raw` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    at: usize,
    raw: usize,
}

impl Text {
    /// The text: continuation characters, line breaks between continued lines
    /// and comment lines are gone, as they are for the shell that runs it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The bytes of the file behind a range of this text.
    #[must_use]
    pub fn raw_span(&self, range: Range<usize>) -> Span {
        let start = self.raw(range.start);
        let end = match range.end.checked_sub(1) {
            Some(last) if range.end > range.start => self.raw(last) + 1,
            _ => start,
        };
        Span::new(start, end)
    }

    /// The bytes of the file behind the whole text.
    #[must_use]
    pub fn span(&self) -> Span {
        self.raw_span(0..self.text.len())
    }

    fn raw(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.at <= offset);
        match after
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
        {
            Some(piece) => piece.raw + (offset - piece.at),
            None => offset,
        }
    }

    /// A part of this text, with its places.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let mut pieces = vec![Piece {
            at: 0,
            raw: self.raw(range.start),
        }];
        for piece in &self.pieces {
            if piece.at > range.start && piece.at < range.end {
                pieces.push(Piece {
                    at: piece.at - range.start,
                    raw: piece.raw,
                });
            }
        }
        Self { text, pieces }
    }

    /// The words between white space, with their ranges in this text. Quotes
    /// keep words together and stay in them.
    #[must_use]
    pub fn words(&self, escape: char) -> Vec<Range<usize>> {
        words::split(&self.text, escape)
    }

    fn push(&mut self, text: &str, raw: usize) {
        if !text.is_empty() {
            self.pieces.push(Piece {
                at: self.text.len(),
                raw,
            });
            self.text.push_str(text);
        }
    }
}

/// A here-document of RUN, COPY or ADD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The delimiter, without quotes. For COPY and ADD it names the file.
    pub name: String,
    /// Whether variables in the body are expanded: the delimiter is not quoted.
    pub expands: bool,
    /// Whether leading tabs are dropped: `<<-`.
    pub drops_tabs: bool,
    /// The bytes of the body, from the line after the instruction up to the
    /// line of the closing delimiter.
    pub body: Span,
}

/// A parser directive: `# NAME=VALUE` before everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The name, in lower case: `syntax`, `escape`, `check`.
    pub name: String,
    /// The value as written.
    pub value: String,
    /// The bytes of the value.
    pub span: Span,
}

/// One instruction, before its words are looked at.
#[derive(Clone, Debug)]
pub(super) struct Logical {
    pub(super) text: Text,
    pub(super) heredocs: Vec<Heredoc>,
    /// From the first byte to the end of the last line, here-documents included.
    pub(super) span: Span,
}

/// Everything that the lines of a file say.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) escape: char,
    pub(super) directives: Vec<Directive>,
    pub(super) logical: Vec<Logical>,
    pub(super) problems: Vec<Problem>,
}

/// A physical line: its offset and its text without the line break.
type Line<'t> = (usize, &'t str);

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<(Line<'t>, usize)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let (line, length) = match rest.find('\n') {
            Some(end) => (rest.get(..end)?, end + 1),
            None => (rest, rest.len()),
        };
        Some((
            (self.at, line.strip_suffix('\r').unwrap_or(line)),
            self.at + length,
        ))
    }

    fn next(&mut self) -> Option<Line<'t>> {
        let (line, after) = self.peek()?;
        self.at = after;
        Some(line)
    }
}

/// Reads the logical lines of a Dockerfile.
pub(super) fn read(text: &str) -> Lines {
    let mut reader = Reader {
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
    };
    let mut lines = Lines {
        escape: '\\',
        directives: Vec::new(),
        logical: Vec::new(),
        problems: Vec::new(),
    };
    read_directives(&mut reader, &mut lines);
    while let Some((start, line)) = reader.next() {
        if is_blank_or_comment(line) {
            continue;
        }
        let mut logical = continued(&mut reader, start, line, lines.escape);
        if logical.text.text.trim().is_empty() {
            continue;
        }
        take_heredocs(&mut reader, &mut logical, &mut lines);
        lines.logical.push(logical);
    }
    lines
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// Directives stand before anything else, empty lines included.
fn read_directives(reader: &mut Reader<'_>, lines: &mut Lines) {
    // The builder looks for the frontend behind a shebang and in other comments
    // too; the frontend itself takes no escape from there.
    let shebang = reader
        .peek()
        .filter(|((_, line), _)| line.starts_with("#!"));
    if let Some((_, after)) = shebang {
        reader.at = after;
    }
    while let Some(((start, line), after)) = reader.peek() {
        let Some(directive) = directive(start, line) else {
            return;
        };
        if directive.name == "escape" && shebang.is_none() {
            match directive.value.as_str() {
                "\\" => lines.escape = '\\',
                "`" => lines.escape = '`',
                _ => keep(
                    &mut lines.problems,
                    Problem::new(
                        ProblemKind::BadValue,
                        directive.span,
                        "the escape directive must be a backslash or a backtick",
                    ),
                ),
            }
        }
        lines.directives.push(directive);
        reader.at = after;
    }
}

fn directive(start: usize, line: &str) -> Option<Directive> {
    let body = line.trim_start();
    let (body, slashes) = match body.strip_prefix("//") {
        Some(body) => (body, true),
        None => (body.strip_prefix('#')?, false),
    };
    let (name, value) = body.split_once('=')?;
    let name = name.trim().to_ascii_lowercase();
    if !matches!(name.as_str(), "syntax" | "escape" | "check") || (slashes && name != "syntax") {
        return None;
    }
    let trimmed = value.trim();
    let at = start + (line.len() - value.len()) + (value.len() - value.trim_start().len());
    Some(Directive {
        name,
        value: trimmed.to_owned(),
        span: Span::new(at, at + trimmed.len()),
    })
}

fn continued(reader: &mut Reader<'_>, start: usize, first: &str, escape: char) -> Logical {
    let body = first.trim_start();
    let begin = start + (first.len() - body.len());
    let mut text = Text::default();
    let mut end = start + first.len();
    let (piece, mut goes_on) = without_continuation(body, escape);
    text.push(piece, begin);
    while goes_on {
        let Some((at, line)) = reader.next() else {
            break;
        };
        end = at + line.len();
        if is_blank_or_comment(line) {
            continue;
        }
        let (piece, more) = without_continuation(line, escape);
        text.push(piece, at);
        goes_on = more;
    }
    Logical {
        text,
        heredocs: Vec::new(),
        span: Span::new(begin, end),
    }
}

/// The line without its final escape character, and whether it had one. An
/// escaped escape character at the end continues nothing.
fn without_continuation(line: &str, escape: char) -> (&str, bool) {
    match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        Some(piece) if !piece.ends_with(escape) => (piece, true),
        _ => (line, false),
    }
}

fn take_heredocs(reader: &mut Reader<'_>, logical: &mut Logical, lines: &mut Lines) {
    let text = logical.text.as_str();
    if !text.contains("<<") || !may_have_heredoc(text) {
        return;
    }
    for range in words::split(text, lines.escape) {
        let Some(mut heredoc) = text.get(range.clone()).and_then(heredoc_word) else {
            continue;
        };
        let begin = reader.at;
        loop {
            let at = reader.at;
            let Some((_, line)) = reader.next() else {
                heredoc.body = Span::new(begin, reader.at);
                keep(
                    &mut lines.problems,
                    Problem::new(
                        ProblemKind::Syntax,
                        logical.text.raw_span(range),
                        format!("the here-document {} has no end", heredoc.name),
                    ),
                );
                break;
            };
            let compared = if heredoc.drops_tabs {
                line.trim_start_matches('\t')
            } else {
                line
            };
            if compared == heredoc.name {
                heredoc.body = Span::new(begin, at);
                break;
            }
        }
        logical.span = Span::new(logical.span.start, reader.at);
        logical.heredocs.push(heredoc);
    }
}

fn may_have_heredoc(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        let (keyword, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let after = after.trim_start();
        if keyword.eq_ignore_ascii_case("onbuild") {
            rest = after;
            continue;
        }
        let takes = ["run", "copy", "add"]
            .iter()
            .any(|k| keyword.eq_ignore_ascii_case(k));
        return takes && !after.starts_with('[');
    }
}

/// `[DIGITS]<<[-]NAME`, with the name quoted or not.
fn heredoc_word(word: &str) -> Option<Heredoc> {
    let rest = word
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .strip_prefix("<<")?;
    let (drops_tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let name: String = rest.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
    let balanced = rest.matches('"').count() % 2 == 0 && rest.matches('\'').count() % 2 == 0;
    if name.is_empty() || !balanced {
        return None;
    }
    Some(Heredoc {
        expands: name.len() == rest.len(),
        name,
        drops_tabs,
        body: Span::default(),
    })
}
