//! Bytes of a text to the protocol's lines and characters, and back.

use lsp_types::{Position, PositionEncodingKind, Range};

/// In which units a client counts along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
}

impl Encoding {
    /// Bytes where the client can count them; else the unit that all know.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let bytes = offered.is_some_and(|kinds| kinds.contains(&PositionEncodingKind::UTF8));
        if bytes { Self::Utf8 } else { Self::Utf16 }
    }

    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn units(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
        }
    }
}

/// The lines of a text; `\n`, `\r\n` and `\r` end one, as the protocol says.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|&(at, byte)| {
            *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
        });
        Self {
            text,
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            encoding,
        }
    }

    /// The line that a byte lies in, by number from zero.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|&start| start <= offset)
            .saturating_sub(1)
    }

    /// Where a line begins and its text without its end.
    pub(crate) fn line(&self, number: usize) -> (usize, &'t str) {
        let start = self.starts.get(number).copied().unwrap_or(self.text.len());
        let end = self.starts.get(number + 1).copied();
        let line = self.text.get(start..end.unwrap_or(self.text.len()));
        (start, line.unwrap_or("").trim_end_matches(['\n', '\r']))
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let number = self.line_of(offset);
        let (start, _) = self.line(number);
        let before = self.text.get(start..offset).unwrap_or("");
        let units: usize = before.chars().map(|c| self.encoding.units(c)).sum();
        let number_of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Position::new(number_of(number), number_of(units))
    }

    pub(crate) fn range(&self, start: usize, end: usize) -> Range {
        Range::new(self.position(start), self.position(end.max(start)))
    }

    /// The byte at a position. One behind the end of its line means the end,
    /// one behind the last line the end of the text.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let number = usize::try_from(position.line).unwrap_or(usize::MAX);
        if number >= self.starts.len() {
            return self.text.len();
        }
        let (start, line) = self.line(number);
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let mut units = 0;
        for (at, character) in line.char_indices() {
            units += self.encoding.units(character);
            if units > wanted {
                return start + at;
            }
        }
        start + line.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_those_that_were_agreed() {
        let text = "a\r\n𝄞é: x\ry";
        let place = text.find('x').unwrap_or_default();
        let utf16 = Lines::new(text, Encoding::Utf16);
        assert_eq!(utf16.position(place), Position::new(1, 5));
        let utf8 = Lines::new(text, Encoding::Utf8);
        assert_eq!(utf8.position(place), Position::new(1, 8));
        assert_eq!(utf8.position(text.len()), Position::new(2, 1));
        assert_eq!(utf16.offset(Position::new(1, 5)), place);
        assert_eq!(utf16.offset(Position::new(0, 99)), 1);
        assert_eq!(utf16.offset(Position::new(9, 0)), text.len());
        // The second half of a pair means the character that it belongs to.
        assert_eq!(utf16.offset(Position::new(1, 1)), 3);
    }

    proptest! {
        #[test]
        fn every_boundary_comes_back(text in "[a𝄞é\r\n]{0,30}", utf8 in any::<bool>()) {
            let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
            let lines = Lines::new(&text, encoding);
            for (at, character) in text.char_indices() {
                // Between `\r` and `\n` lies no position of the protocol.
                if character != '\n' || !text.get(..at).is_some_and(|before| before.ends_with('\r')) {
                    prop_assert_eq!(lines.offset(lines.position(at)), at);
                }
            }
        }

        #[test]
        fn no_position_panics(text in "[a𝄞é\r\n]{0,30}", line in any::<u32>(), character in any::<u32>(), at in any::<usize>()) {
            let lines = Lines::new(&text, Encoding::Utf16);
            prop_assert!(text.is_char_boundary(lines.offset(Position::new(line % 40, character % 40))));
            prop_assert!(lines.offset(Position::new(line, character)) <= text.len());
            lines.position(at);
        }
    }
}
