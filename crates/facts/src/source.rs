//! Files as bytes with a name, and places in them.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset one past the last byte.
    pub end: usize,
}

impl Span {
    /// A span from `start` to `end`; an inverted pair becomes empty at `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// The number of bytes covered.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether no byte is covered.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly inside this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A value together with the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Keeps the place and changes the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: f(self.value),
            span: self.span,
        }
    }
}

/// One file of a checkout: its path inside the root, with `/` between the
/// parts, and its text. Cheap to clone.
#[derive(Clone)]
pub struct SourceFile {
    inner: Arc<Inner>,
}

struct Inner {
    path: Arc<str>,
    text: String,
    line_starts: OnceLock<Vec<usize>>,
    /// The number of characters before every [`BLOCK`] bytes, so that a column
    /// in one enormous line costs no walk along it.
    characters: OnceLock<Vec<usize>>,
}

/// Bytes between two counts of characters.
const BLOCK: usize = 1024;
/// The most bytes of a line that are copied to show a place.
const SNIPPET: usize = 1600;

impl SourceFile {
    /// Names `text` as the file at `path`, relative to the root of the checkout.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        Self {
            inner: Arc::new(Inner {
                path: path.into(),
                text: text.into(),
                line_starts: OnceLock::new(),
                characters: OnceLock::new(),
            }),
        }
    }

    /// The path relative to the root of the checkout.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.inner.path
    }

    /// The path, shared.
    #[must_use]
    pub fn shared_path(&self) -> Arc<str> {
        Arc::clone(&self.inner.path)
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The text of a span; empty where the span does not fit the file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.inner.text.get(span.start..span.end).unwrap_or("")
    }

    fn line_starts(&self) -> &[usize] {
        self.inner.line_starts.get_or_init(|| {
            std::iter::once(0)
                .chain(memchr_lines(&self.inner.text))
                .collect()
        })
    }

    /// The one-based line and column (in Unicode scalar values) of a byte.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.inner.text.len());
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset);
        let start = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.inner.text.as_bytes().get(start..offset);
        let column = match before {
            Some(near) if near.len() <= BLOCK => beginnings(near),
            _ => self
                .characters(offset)
                .saturating_sub(self.characters(start)),
        };
        (line.max(1), column + 1)
    }

    /// The number of characters that begin before a byte.
    fn characters(&self, offset: usize) -> usize {
        let blocks = self.inner.characters.get_or_init(|| {
            let mut count = 0;
            let mut blocks = vec![0];
            for block in self.inner.text.as_bytes().chunks(BLOCK) {
                count += beginnings(block);
                blocks.push(count);
            }
            blocks
        });
        let block = offset / BLOCK;
        let rest = self.inner.text.as_bytes().get(block * BLOCK..offset);
        blocks.get(block).copied().unwrap_or(0) + rest.map_or(0, beginnings)
    }

    /// The text of a one-based line, without its line break.
    #[must_use]
    pub fn line(&self, number: usize) -> &str {
        let starts = self.line_starts();
        let Some(&start) = starts.get(number.wrapping_sub(1)) else {
            return "";
        };
        let end = starts.get(number).copied().unwrap_or(self.inner.text.len());
        self.inner
            .text
            .get(start..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    /// The number of lines.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.line_starts().len()
    }

    /// Turns a span into a place that can be shown without the file.
    #[must_use]
    pub fn locate(&self, span: Span) -> Location {
        let (line, column) = self.line_column(span.start);
        let (end_line, end_column) = self.line_column(span.end.max(span.start));
        Location {
            path: self.shared_path(),
            span,
            line,
            column,
            end_line,
            end_column,
            snippet: head(self.line(line)).into(),
            extent: Extent::Text,
        }
    }
}

/// The number of characters that begin among bytes of UTF-8.
fn beginnings(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The beginning of a line, so that a thousand places in a line of a megabyte
/// do not copy it a thousand times.
fn head(line: &str) -> &str {
    line.get(..line.floor_char_boundary(SNIPPET))
        .unwrap_or(line)
}

fn memchr_lines(text: &str) -> impl Iterator<Item = usize> + '_ {
    memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SourceFile({}, {} bytes)",
            self.path(),
            self.text().len()
        )
    }
}

/// A place in a file that can be shown and compared without the file at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Path relative to the root of the checkout, `/` between the parts.
    pub path: Arc<str>,
    /// The bytes meant.
    pub span: Span,
    /// One-based line of the first byte.
    pub line: usize,
    /// One-based column of the first byte, in Unicode scalar values.
    pub column: usize,
    /// One-based line of the end.
    pub end_line: usize,
    /// One-based column of the end, exclusive.
    pub end_column: usize,
    /// The first line of the place, as it stands in the file (unsanitised); of
    /// a very long one the beginning.
    pub snippet: Arc<str>,
    /// How much is meant.
    pub extent: Extent,
}

/// How much of a file a place means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Some of its text.
    Text,
    /// All of a file or folder. The line says nothing.
    Whole,
    /// A file that does not exist, where it belongs. The line says nothing.
    Missing,
}

impl Extent {
    /// The words of all of them.
    pub const WORDS: &'static [&'static str] = &["text", "whole", "missing"];

    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Whole => "whole",
            Self::Missing => "missing",
        }
    }
}

impl Location {
    /// A file that is not there, at the path where it belongs.
    pub fn missing(path: impl Into<Arc<str>>) -> Self {
        Self {
            extent: Extent::Missing,
            ..Self::whole_file(path)
        }
    }

    /// What stands behind the path where the place is shown: the line, or that
    /// there is no such file, or nothing for a whole one.
    #[must_use]
    pub fn suffix(&self) -> String {
        match self.extent {
            Extent::Text => format!(":{}", self.line),
            Extent::Whole => String::new(),
            Extent::Missing => " (missing)".to_owned(),
        }
    }

    /// A place that is a whole file or folder.
    pub fn whole_file(path: impl Into<Arc<str>>) -> Self {
        Self {
            path: path.into(),
            span: Span::default(),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            snippet: Arc::from(""),
            extent: Extent::Whole,
        }
    }
}

impl PartialOrd for Location {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Location {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.path, self.span).cmp(&(&other.path, other.span))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_one_based_and_count_characters() {
        let file = SourceFile::new("a", "on: push\r\nñame: x\n");
        let name = file.text().find("x").unwrap_or_default();
        assert_eq!(file.line_column(name), (2, 7));
        assert_eq!(file.line(1), "on: push");
        assert_eq!(file.locate(Span::new(name, name + 1)).to_string(), "a:2:7");
        assert_eq!(file.line_column(10_000), (3, 1));
    }

    #[test]
    fn a_line_of_a_megabyte_is_not_copied_for_every_place() {
        let text = format!("a\n{}", "é".repeat(500_000));
        let file = SourceFile::new("a", text);
        let place = file.locate(Span::new(2 + 2 * 400_000, 2 + 2 * 400_001));
        assert_eq!((place.line, place.column), (2, 400_001));
        assert_eq!((place.end_line, place.end_column), (2, 400_002));
        assert!(place.snippet.len() <= SNIPPET, "{}", place.snippet.len());
        assert!(place.snippet.starts_with("éé"));
    }
}
