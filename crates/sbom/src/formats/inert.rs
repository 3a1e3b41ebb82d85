//! JSON that no terminal and no log obeys: names come from outside, and stand
//! in documents that are printed.

use std::io::{self, Write};

use cofferdam_findings::sanitise::is_unsafe;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

/// Writes a value, indented. Characters that a terminal acts upon, and what a
/// GitHub job's log takes for a command, are written as `\uXXXX`, which says the
/// same to whoever reads the JSON.
pub(super) fn to_writer(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Inert(PrettyFormatter::new()));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

struct Inert(PrettyFormatter<'static>);

impl Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut from = 0;
        for (at, character) in text.char_indices() {
            // The second sign of `##[` is enough to take the whole apart.
            let rest = text.get(at..).unwrap_or_default();
            let before = text.get(..at).unwrap_or_default();
            let is_command = rest.starts_with("#[") && before.ends_with('#');
            if !is_command && !is_unsafe(character) {
                continue;
            }
            out.write_all(text.get(from..at).unwrap_or_default().as_bytes())?;
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}")?;
            }
            from = at + character.len_utf8();
        }
        out.write_all(text.get(from..).unwrap_or_default().as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_says_the_same_and_does_nothing() {
        for text in [
            "##[error]x",
            "a###[set-env]",
            "\u{202e}\u{1b}[31m",
            "\u{e0041}",
            "ä \"q\" \\ ##",
            "::error::x",
        ] {
            let mut out = Vec::new();
            to_writer(&mut out, &[text]).unwrap();
            let written = String::from_utf8(out).unwrap();
            assert!(!written.contains("##["), "{written}");
            assert!(
                !written.chars().any(|c| c != '\n' && is_unsafe(c)),
                "{written:?}"
            );
            assert!(
                !written
                    .lines()
                    .any(|line| line.trim_start().starts_with("::"))
            );
            let read: Vec<String> = serde_json::from_str(&written).unwrap();
            assert_eq!(read, [text]);
        }
    }
}
