//! The types of scalars, as GitHub's workflow parser decides them.
//!
//! It follows the core schema of YAML 1.2.2 (§10.3.2): `yes`, `no`, `on` and
//! `off` are strings. Only plain scalars have a type other than string, unless
//! a tag says so.

use super::Style;
use super::events::Tag;

/// The value of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'d> {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Every number is a double to GitHub, so `1.10` and `1.1` are the same.
    Number(f64),
    /// Everything else.
    String(&'d str),
}

/// Why GitHub refuses a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A tag other than those of the core schema, or `!`.
    Tag,
    /// A tag of the core schema other than `!!str` on a scalar that is not plain.
    Style,
    /// The text is no value of the type that the tag names.
    Value,
    /// A hexadecimal or octal number of more than 32 bits.
    Range,
}

/// The value of `text`; a refused scalar has none.
pub(super) fn resolve(text: &str, style: Style, tag: Option<Tag>) -> Result<Scalar<'_>, Refusal> {
    match tag {
        None if style == Style::Plain => plain(text),
        None | Some(Tag::Str) => Ok(Scalar::String(text)),
        Some(Tag::Other) => Err(Refusal::Tag),
        Some(_) if style != Style::Plain => Err(Refusal::Style),
        Some(Tag::Null) => null(text).ok_or(Refusal::Value),
        Some(Tag::Bool) => boolean(text).map(Scalar::Bool).ok_or(Refusal::Value),
        Some(Tag::Int) => integer(text)?.map(Scalar::Number).ok_or(Refusal::Value),
        Some(Tag::Float) => float(text).map(Scalar::Number).ok_or(Refusal::Value),
    }
}

fn plain(text: &str) -> Result<Scalar<'_>, Refusal> {
    // Almost all plain scalars are words; these bytes begin everything else.
    let special = text.bytes().next().is_none_or(|first| {
        matches!(
            first,
            b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'+' | b'-' | b'.'
        ) || first.is_ascii_digit()
    });
    if !special {
        return Ok(Scalar::String(text));
    }
    if let Some(value) = null(text) {
        return Ok(value);
    }
    if let Some(value) = boolean(text) {
        return Ok(Scalar::Bool(value));
    }
    if let Some(value) = integer(text)?.or_else(|| float(text)) {
        return Ok(Scalar::Number(value));
    }
    Ok(Scalar::String(text))
}

fn null(text: &str) -> Option<Scalar<'static>> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Scalar::Null)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Result<Option<f64>, Refusal> {
    let radix = |digits: &str, radix| {
        let fits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        fits.then(|| u32::from_str_radix(digits, radix).map_err(|_| Refusal::Range))
            .transpose()
    };
    if let Some(digits) = text.strip_prefix("0x") {
        // GitHub reads these into 32 bits with a sign.
        return Ok(radix(digits, 16)?.map(|n| f64::from(n.cast_signed())));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return Ok(radix(digits, 8)?.map(|n| f64::from(n.cast_signed())));
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    Ok(if fits { text.parse().ok() } else { None })
}

fn float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    // The grammar admits no `inf`, `nan` or `_`, which Rust's own reader may.
    let numeric = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if numeric { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untagged(text: &str) -> Scalar<'_> {
        resolve(text, Style::Plain, None).unwrap_or(Scalar::String("refused"))
    }

    #[test]
    fn yaml_1_1_words_are_strings() {
        for word in [
            "on", "off", "yes", "no", "y", "n", "On", "tRue", "nul", "0b1", "1_000", "1:30",
        ] {
            assert_eq!(untagged(word), Scalar::String(word), "{word}");
        }
    }

    #[test]
    fn core_schema_words_have_their_type() {
        for word in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(untagged(word), Scalar::Null, "{word}");
        }
        assert_eq!(untagged("True"), Scalar::Bool(true));
        assert_eq!(untagged("FALSE"), Scalar::Bool(false));
        for (word, number) in [
            ("3.10", 3.1),
            ("017", 17.0),
            ("0x1F", 31.0),
            ("0o17", 15.0),
            ("0xffffffff", -1.0),
            ("+12", 12.0),
            ("-1e3", -1000.0),
            ("1.", 1.0),
            (".5", 0.5),
        ] {
            assert_eq!(untagged(word), Scalar::Number(number), "{word}");
        }
        for word in [
            ".", "-", "+", "e5", "1e", "--1", "0x", "0o8", "infinity", "1.2.3", "nan", "-.e1",
        ] {
            assert_eq!(untagged(word), Scalar::String(word), "{word}");
        }
    }

    #[test]
    fn tags_and_quotes_decide() {
        assert_eq!(
            resolve("1", Style::DoubleQuoted, None),
            Ok(Scalar::String("1"))
        );
        assert_eq!(
            resolve("1", Style::Plain, Some(Tag::Str)),
            Ok(Scalar::String("1"))
        );
        assert_eq!(
            resolve("1", Style::Literal, Some(Tag::Int)),
            Err(Refusal::Style)
        );
        assert_eq!(
            resolve("x", Style::Plain, Some(Tag::Int)),
            Err(Refusal::Value)
        );
        assert_eq!(
            resolve("x", Style::Plain, Some(Tag::Other)),
            Err(Refusal::Tag)
        );
        assert_eq!(
            resolve("0x100000000", Style::Plain, None),
            Err(Refusal::Range)
        );
    }
}
