//! JSON of others, refused where two readers could understand it differently
//! or where it costs more than it is worth.
//!
//! RFC 8259 leaves open what a name means that stands twice in an object, and
//! readers differ: a signature over such a text says one thing to whoever
//! signed and another to whoever verifies. So a repeated name is refused, and
//! so is what is too large, too deep or too many.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of the text.
    pub bytes: usize,
    /// How deep arrays and objects may lie in each other.
    pub depth: usize,
    /// The most values in all, names of objects not counted.
    pub values: usize,
}

impl Limits {
    /// For a bundle, which may hold a bill of materials in base64.
    pub const BUNDLE: Self = Self {
        bytes: 64 * 1024 * 1024,
        depth: 16,
        values: 100_000,
    };
    /// For a statement, which may be a bill of materials.
    pub const STATEMENT: Self = Self {
        bytes: 48 * 1024 * 1024,
        depth: 100,
        values: 4_000_000,
    };
    /// For a trusted root.
    pub const ROOT: Self = Self {
        bytes: 4 * 1024 * 1024,
        depth: 16,
        values: 50_000,
    };
}

/// Why a text is not taken.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It has more bytes than are read.
    #[error("it has {bytes} bytes, more than {most}")]
    TooLarge {
        /// The bytes.
        bytes: usize,
        /// The most that are read.
        most: usize,
    },
    /// It is no JSON, or it is too deep, has too many values or a name twice.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
}

/// Reads a text through and keeps nothing of it.
///
/// # Errors
/// [`JsonError`] if it is no JSON, breaks a limit, or repeats a name.
pub fn check(bytes: &[u8], limits: Limits) -> Result<(), JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::TooLarge {
            bytes: bytes.len(),
            most: limits.bytes,
        });
    }
    let mut left = limits.values;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Walk {
        depth: limits.depth,
        left: &mut left,
    }
    .deserialize(&mut reader)?;
    reader.end()?;
    Ok(())
}

/// One value: how deep it may go, and how many more may come.
struct Walk<'a> {
    depth: usize,
    left: &'a mut usize,
}

impl Walk<'_> {
    fn below<E: serde::de::Error>(&mut self) -> Result<Walk<'_>, E> {
        let depth = self.depth.checked_sub(1);
        Ok(Walk {
            depth: depth.ok_or_else(|| E::custom("arrays and objects lie too deep"))?,
            left: self.left,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        let left = self.left.checked_sub(1);
        *self.left = left.ok_or_else(|| D::Error::custom("there are too many values"))?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.below()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom("a name stands twice in an object"));
            }
            names.insert(name);
            members.next_value_seed(self.below()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits {
        bytes: 100,
        depth: 3,
        values: 8,
    };

    #[test]
    fn every_kind_of_value_is_read_through() {
        for text in [
            "null",
            "true",
            "-1",
            "1.5e3",
            "18446744073709551615",
            "\"a\"",
            "[]",
            "{\"a\": [1, {\"b\": null}]}",
        ] {
            assert!(check(text.as_bytes(), SMALL).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_repeated_name_is_refused_however_it_is_spelt() {
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"[{"b": {"c": 1, "c": 1}}]"#,
        ] {
            assert!(check(text.as_bytes(), SMALL).is_err(), "{text}");
        }
        assert!(check(br#"[{"a": 1}, {"a": 1}]"#, SMALL).is_ok());
    }

    #[test]
    fn size_depth_and_number_have_limits() {
        assert!(check(b"[[[1]]]", SMALL).is_ok());
        assert!(check(b"[[[[]]]]", SMALL).is_err());
        assert!(check(b"[1,2,3,4,5,6,7]", SMALL).is_ok());
        assert!(check(b"[1,2,3,4,5,6,7,8]", SMALL).is_err());
        let long = format!("\"{}\"", "a".repeat(98));
        assert!(check(long.as_bytes(), SMALL).is_ok());
        let longer = format!("\"{}\"", "a".repeat(99));
        assert!(matches!(
            check(longer.as_bytes(), SMALL),
            Err(JsonError::TooLarge { bytes: 101, .. })
        ));
        // Brackets without an end neither overflow the stack nor pass.
        let deep = "[".repeat(1_000_000);
        assert!(check(deep.as_bytes(), Limits::STATEMENT).is_err());
    }

    #[test]
    fn what_stands_behind_the_value_is_refused() {
        assert!(check(b"{} {}", SMALL).is_err());
        assert!(check(b"{}\n", SMALL).is_ok());
        assert!(check(b"\xff", SMALL).is_err());
        assert!(check(b"", SMALL).is_err());
    }
}
