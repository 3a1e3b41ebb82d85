//! From places in a decoded scalar to bytes in the file.
//!
//! The map walks along the raw text and the decoded text at once. It takes the
//! decoded text as given and only works out which bytes each part came from, so
//! it cannot disagree with the parser: where the two do not fit together it
//! gives no map, and the caller falls back on the whole scalar.

use std::ops::Range;

use cofferdam_facts::Span;

use super::Style;

/// A run of decoded bytes and the raw bytes that they came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    decoded: usize,
    decoded_len: usize,
    raw: usize,
    raw_len: usize,
    /// Whether both runs are byte for byte the same. Otherwise this is an
    /// escape or a folded line break, which is mapped as a whole.
    verbatim: bool,
}

/// The places of one scalar, in ascending order.
#[derive(Debug, Default)]
pub(super) struct RawMap {
    segments: Vec<Segment>,
}

impl RawMap {
    /// Maps the scalar `decoded` that stands at `span` in `text`.
    pub(super) fn new(text: &str, span: Span, style: Style, decoded: &str) -> Option<Self> {
        let mut walk = Walk {
            text,
            decoded,
            raw_at: span.start,
            at: 0,
            map: Self::default(),
        };
        match style {
            Style::Plain => walk.flow(span.end, None)?,
            Style::SingleQuoted => walk.quoted(span, '\'')?,
            Style::DoubleQuoted => walk.quoted(span, '"')?,
            Style::Literal | Style::Folded => walk.block()?,
            Style::Block | Style::Flow => return None,
        }
        (walk.at == decoded.len()).then_some(walk.map)
    }

    /// The raw bytes of a range of decoded bytes.
    pub(super) fn raw(&self, range: Range<usize>) -> Option<Span> {
        let from = self.segment(range.start)?;
        let start = if from.verbatim {
            from.raw + (range.start - from.decoded)
        } else {
            from.raw
        };
        if range.end <= range.start {
            return Some(Span::new(start, start));
        }
        let to = self.segment(range.end - 1)?;
        let end = if to.verbatim {
            to.raw + (range.end - to.decoded)
        } else {
            to.raw + to.raw_len
        };
        Some(Span::new(start, end))
    }

    /// The segment that holds a decoded byte; for the end of the text, an empty one.
    fn segment(&self, at: usize) -> Option<Segment> {
        let behind = self
            .segments
            .partition_point(|s| s.decoded + s.decoded_len <= at);
        if let Some(segment) = self.segments.get(behind) {
            return Some(*segment);
        }
        let last = self.segments.last()?;
        (last.decoded + last.decoded_len == at).then_some(Segment {
            decoded: at,
            decoded_len: 0,
            raw: last.raw + last.raw_len,
            raw_len: 0,
            verbatim: false,
        })
    }

    fn push(&mut self, segment: Segment) {
        if segment.verbatim
            && let Some(last) = self.segments.last_mut()
            && last.verbatim
            && last.raw + last.raw_len == segment.raw
        {
            last.decoded_len += segment.decoded_len;
            last.raw_len += segment.raw_len;
            return;
        }
        self.segments.push(segment);
    }
}

struct Walk<'a> {
    text: &'a str,
    decoded: &'a str,
    raw_at: usize,
    at: usize,
    map: RawMap,
}

impl Walk<'_> {
    fn quoted(&mut self, span: Span, quote: char) -> Option<()> {
        self.raw_at += 1;
        self.flow(span.end.checked_sub(1)?, Some(quote))
    }

    /// Plain and quoted scalars: line breaks fold, and quotes may escape.
    fn flow(&mut self, end: usize, quote: Option<char>) -> Option<()> {
        while self.raw_at < end {
            let rest = self.text.get(self.raw_at..end)?;
            let character = rest.chars().next()?;
            match character {
                ' ' | '\t' | '\n' | '\r' => {
                    let space = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
                    match line_breaks(rest.get(..space)?) {
                        0 => self.verbatim(space)?,
                        1 => self.changed(space, " ")?,
                        _ => self.blank_lines(space)?,
                    }
                }
                '\'' if quote == Some('\'') => self.changed(2, "'")?,
                '\\' if quote == Some('"') => self.escape(rest)?,
                _ => {
                    let run = rest
                        .find([' ', '\t', '\n', '\r', '\'', '\\'])
                        .unwrap_or(rest.len());
                    self.verbatim(run.max(character.len_utf8()))?;
                }
            }
        }
        Some(())
    }

    /// Two or more line breaks, of which the first is lost.
    fn blank_lines(&mut self, length: usize) -> Option<()> {
        let end = self.raw_at + length;
        let space = self.text.get(self.raw_at..end)?;
        let mut lost = line_end_len(space);
        while self.raw_at < end {
            let rest = self.text.get(self.raw_at + lost..end)?;
            let line = match line_end_len(rest) {
                line if line_breaks(rest.get(line..)?) > 0 => line,
                _ => rest.len(),
            };
            self.changed(lost + line, "\n")?;
            lost = 0;
        }
        Some(())
    }

    fn escape(&mut self, rest: &str) -> Option<()> {
        let raw_len = match rest.as_bytes().get(1)? {
            b'\n' | b'\r' => {
                let tail = rest.get(1..)?;
                let space = tail.len() - tail.trim_start_matches([' ', '\t', '\n', '\r']).len();
                return match line_breaks(tail.get(..space)?) {
                    0 | 1 => self.changed(1 + space, ""),
                    _ => self.blank_lines(1 + space),
                };
            }
            b'x' => 4,
            b'U' => 10,
            b'u' => {
                // JSON writes a character outside the basic plane as two escapes.
                let code = u32::from_str_radix(rest.get(2..6)?, 16).ok()?;
                if (0xD800..0xDC00).contains(&code) {
                    12
                } else {
                    6
                }
            }
            _ => 1 + rest.chars().nth(1)?.len_utf8(),
        };
        let character = self.decoded.get(self.at..)?.chars().next()?;
        self.changed(raw_len, character.encode_utf8(&mut [0; 4]))
    }

    /// Literal and folded scalars, from the indicator on.
    fn block(&mut self) -> Option<()> {
        let header = self.text.get(self.raw_at..)?;
        let first = header.find(['\n', '\r']).unwrap_or(header.len());
        self.raw_at += first + break_len(header.get(first..)?);
        let indentation = self.indentation()?;
        while self.at < self.decoded.len() {
            let line = self.text.get(self.raw_at..)?;
            let length = line.find(['\n', '\r']).unwrap_or(line.len());
            let content = line.get(..length)?;
            let indented = content.len() - content.trim_start_matches(' ').len();
            let skipped = indented.min(indentation);
            self.raw_at += skipped;
            if length > skipped {
                self.verbatim(length - skipped)?;
            }
            self.separator(break_len(line.get(length..)?))?;
        }
        Some(())
    }

    /// The end of a line: a line feed, a fold into a space, or nothing.
    fn separator(&mut self, raw_len: usize) -> Option<()> {
        match self.decoded.as_bytes().get(self.at) {
            Some(_) if raw_len == 0 => None,
            Some(b'\n') => self.changed(raw_len, "\n"),
            Some(b' ') if !self.follows_line_feed() => self.changed(raw_len, " "),
            // In a folded scalar one of several line breaks is lost.
            _ => self.changed(raw_len, ""),
        }
    }

    fn follows_line_feed(&self) -> bool {
        self.at
            .checked_sub(1)
            .is_some_and(|before| self.decoded.as_bytes().get(before) == Some(&b'\n'))
    }

    /// How many spaces the parser took off each line, seen by the first line that
    /// holds more than spaces.
    fn indentation(&self) -> Option<usize> {
        let width = |text: &str| {
            text.split(['\n', '\r']).find_map(|line| {
                let content = line.trim_start_matches(' ');
                (!content.is_empty()).then(|| line.len() - content.len())
            })
        };
        let raw = self.text.get(self.raw_at..)?;
        let Some(kept) = width(self.decoded) else {
            // Nothing but blank lines: the first that is not empty stands on the
            // same line in both. Where all are, all spaces are taken off.
            let mut pairs = self.decoded.split('\n').zip(lines(raw));
            let spaces = pairs.find(|(decoded, _)| !decoded.is_empty());
            return spaces.map_or(Some(usize::MAX), |(d, r)| r.len().checked_sub(d.len()));
        };
        width(raw)?.checked_sub(kept)
    }

    fn verbatim(&mut self, length: usize) -> Option<()> {
        let raw = self.text.get(self.raw_at..self.raw_at + length)?;
        let decoded = self.decoded.get(self.at..self.at + length)?;
        (raw == decoded).then(|| self.advance(length, length, true))
    }

    fn changed(&mut self, raw_len: usize, decoded: &str) -> Option<()> {
        self.text.get(self.raw_at..self.raw_at + raw_len)?;
        self.decoded.get(self.at..)?.starts_with(decoded).then(|| {
            self.advance(raw_len, decoded.len(), false);
        })
    }

    fn advance(&mut self, raw_len: usize, decoded_len: usize, verbatim: bool) {
        let segment = Segment {
            decoded: self.at,
            decoded_len,
            raw: self.raw_at,
            raw_len,
            verbatim,
        };
        if decoded_len > 0 {
            self.map.push(segment);
        }
        self.raw_at += raw_len;
        self.at += decoded_len;
    }
}

/// The length of the line break at the start of `text`.
pub(super) fn break_len(text: &str) -> usize {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// The lines of a text, whichever way they end.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let end = all.find(['\n', '\r']);
        rest = end.and_then(|end| all.get(end + break_len(all.get(end..)?)..));
        all.get(..end.unwrap_or(all.len()))
    })
}

/// The length of the first line of `text`, its line break included.
fn line_end_len(text: &str) -> usize {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    end + text.get(end..).map_or(0, break_len)
}

fn line_breaks(space: &str) -> usize {
    let bytes = space.as_bytes();
    let feeds = bytes.iter().filter(|&&b| b == b'\n').count();
    let returns = bytes.iter().filter(|&&b| b == b'\r').count();
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    feeds + returns - pairs
}
