//! JSON whose bytes do nothing to a terminal or a job's log, and whose values
//! are exactly what they were.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::sanitise::is_unsafe;

/// JSON in which characters that act on a terminal, and the `##[` that
/// a GitHub job obeys anywhere in a line, are written as `\u` escapes.
struct Inert<F>(F);

macro_rules! as_before {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(
            &mut self,
            writer: &mut W,
            $($argument: $kind),*
        ) -> io::Result<()> {
            self.0.$name(writer, $($argument),*)
        })*
    };
}

impl<F: Formatter> Formatter for Inert<F> {
    as_before! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Nearly all text is such, so that no search for `##[` is needed.
        let plain = |b: u8| matches!(b, b' '..=b'~') && b != b'#';
        let inert = fragment.bytes().all(plain)
            || fragment.bytes().all(|b| matches!(b, b' '..=b'~')) && !fragment.contains("##[");
        if inert {
            return self.0.write_string_fragment(writer, fragment);
        }
        let mut after_hash = false;
        for character in fragment.chars() {
            if is_unsafe(character) || (after_hash && character == '[') {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            } else {
                writer.write_all(character.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
            after_hash = character == '#';
        }
        Ok(())
    }
}

/// Writes `value` on one line without a line break.
pub(crate) fn write<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    // The serializer writes every quote and comma by itself.
    let mut bytes = Vec::new();
    append(value, &mut bytes)?;
    out.write_all(&bytes)
}

/// Writes `value` on one line without a line break, behind what is there.
pub(crate) fn append<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(
        bytes,
        Inert(CompactFormatter),
    ))?;
    Ok(())
}

/// `value` over several lines, for people too; inert all the same.
///
/// # Errors
/// Where the value cannot be written as JSON.
pub fn pretty<T: Serialize>(value: &T) -> io::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(
        &mut bytes,
        Inert(PrettyFormatter::new()),
    ))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_value_is_kept_and_the_bytes_are_inert(
            text in "([a#\\[\\]\\\\\"\u{1b}\u{9b}\u{202e}\u{e0041}漢\n]|.){0,20}",
        ) {
            let mut bytes = Vec::new();
            write(&text, &mut bytes).unwrap();
            let json = String::from_utf8(bytes).unwrap();
            prop_assert!(!json.chars().any(is_unsafe), "{json:?}");
            prop_assert!(!json.contains("##["), "{json:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
