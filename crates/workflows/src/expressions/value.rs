//! Values of expressions: truth, coercion and comparison as the runner does them.

use std::cmp::Ordering;

use super::Operator;

/// A value that an expression can have.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, also what a missing property gives.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number; GitHub knows doubles only.
    Number(f64),
    /// A string.
    String(String),
    /// A list, from `fromJSON` or from a caller's knowledge.
    Array(Vec<Value>),
    /// An object with its keys as written; look-up ignores case.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Whether GitHub takes the value as true: everything but `null`, `false`,
    /// `0`, `NaN` and the empty string.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::String(value) => !value.is_empty(),
            Self::Array(_) | Self::Object(_) => true,
        }
    }

    /// The number that GitHub coerces the value to; `NaN` where there is none.
    #[must_use]
    pub fn to_number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::String(value) => parse_number(value),
            Self::Array(_) | Self::Object(_) => f64::NAN,
        }
    }

    /// The string that GitHub coerces the value to. `None` for numbers that
    /// need an exponent: there the runner and the language service disagree.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        Some(match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => return number_text(*value),
            Self::String(value) => value.clone(),
            Self::Array(_) => "Array".to_owned(),
            Self::Object(_) => "Object".to_owned(),
        })
    }

    /// The string, if the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the value is neither a list nor an object.
    #[must_use]
    pub fn is_primitive(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The property of an object, its name compared without case.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Value> {
        let Self::Object(entries) = self else {
            return None;
        };
        entries
            .iter()
            .find(|(key, _)| equal_ignoring_case(key, name))
            .map(|(_, value)| value)
    }

    /// GitHub's `==`: strings without case, different types as numbers. Lists
    /// and objects are compared by identity there, so `None` for two of a kind.
    #[must_use]
    pub fn loosely_equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Array(_), Self::Array(_)) | (Self::Object(_), Self::Object(_)) => None,
            (Self::Null, Self::Null) => Some(true),
            (Self::String(left), Self::String(right)) => Some(equal_ignoring_case(left, right)),
            _ => Some(self.to_number() == other.to_number()),
        }
    }

    /// The order that GitHub's `<` and `>` see. `None` where they are both false.
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::String(left), Self::String(right)) => Some(upper(left).cmp(upper(right))),
            _ => self.to_number().partial_cmp(&other.to_number()),
        }
    }

    /// The result of a comparison. `None` where GitHub compares identities, and
    /// for `&&` and `||`, which compare nothing.
    #[must_use]
    pub fn compare(&self, operator: Operator, other: &Self) -> Option<bool> {
        let order = self.order(other);
        match operator {
            Operator::And | Operator::Or => None,
            Operator::Equal => self.loosely_equals(other),
            Operator::NotEqual => self.loosely_equals(other).map(|equal| !equal),
            Operator::Less => Some(order == Some(Ordering::Less)),
            Operator::LessOrEqual => Some(matches!(order, Some(Ordering::Less | Ordering::Equal))),
            Operator::Greater => Some(order == Some(Ordering::Greater)),
            Operator::GreaterOrEqual => {
                Some(matches!(order, Some(Ordering::Greater | Ordering::Equal)))
            }
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// The characters of a string in the case that GitHub compares in: each mapped
/// alone and only where the mapping is one character (ordinal comparison), and
/// the dotless i kept.
pub(super) fn upper(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|character| {
        let mut mapped = character.to_uppercase();
        match (mapped.next(), mapped.next()) {
            (Some(single), None) if character != '\u{131}' => single,
            _ => character,
        }
    })
}

/// Whether GitHub's `==` finds two strings equal.
pub(super) fn equal_ignoring_case(left: &str, right: &str) -> bool {
    upper(left).eq(upper(right))
}

/// A string as a number, by `ExpressionUtility.ParseNumber` of the runner.
fn parse_number(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return wrapped(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return wrapped(digits, 8);
    }
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "Infinity" if text.starts_with('-') => f64::NEG_INFINITY,
        "Infinity" => f64::INFINITY,
        unsigned if unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
            text.parse()
                .ok()
                .filter(|value: &f64| value.is_finite())
                .unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// Hexadecimal and octal numbers are signed 32-bit in the runner and wrap.
fn wrapped(digits: &str, radix: u32) -> f64 {
    if digits.starts_with('+') {
        return f64::NAN;
    }
    u32::from_str_radix(digits, radix).map_or(f64::NAN, |bits| f64::from(bits.cast_signed()))
}

/// A number as the runner's format `G15` writes it, where that needs no exponent.
fn number_text(value: f64) -> Option<String> {
    if value.is_nan() {
        return Some("NaN".to_owned());
    }
    if value.is_infinite() {
        return Some(if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned());
    }
    if value == 0.0 {
        return Some("0".to_owned());
    }
    if !(1e-5..1e15).contains(&value.abs()) {
        return None;
    }
    // Fifteen significant digits, then the shortest form of what they say.
    let rounded: f64 = format!("{value:.14e}").parse().ok()?;
    Some(rounded.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_become_numbers_as_in_the_runner() {
        for (text, expected) in [
            ("", 0.0),
            ("  \t", 0.0),
            (" 42 ", 42.0),
            ("+1.5e2", 150.0),
            ("-.5", -0.5),
            ("0xff", 255.0),
            ("0xffffffff", -1.0),
            ("0o17", 15.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(Value::from(text).to_number(), expected, "{text:?}");
        }
        for text in [
            "inf",
            "nan",
            "NaN",
            "1_000",
            "0x",
            "0x+1",
            "0b1",
            "1 2",
            "abc",
            "1e999",
            "0xfffffffff",
        ] {
            assert!(Value::from(text).to_number().is_nan(), "{text:?}");
        }
    }

    #[test]
    fn numbers_become_strings_as_in_the_runner() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (120.0, "120"),
            (-11.0, "-11"),
            (0.012, "0.012"),
            (0.1 + 0.2, "0.3"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (999_999_999_999_999.0, "999999999999999"),
        ] {
            assert_eq!(Value::Number(number).to_text().as_deref(), Some(expected));
        }
        assert_eq!(Value::Number(1e15).to_text(), None);
        assert_eq!(Value::Number(1e-7).to_text(), None);
    }

    #[test]
    fn strings_compare_without_case_but_not_with_folding() {
        assert!(equal_ignoring_case("Main", "mAIN"));
        assert!(equal_ignoring_case("\u{e9}", "\u{c9}"));
        // Ordinal comparison maps one character to one character.
        assert!(!equal_ignoring_case("stra\u{df}e", "STRASSE"));
        assert!(!equal_ignoring_case("\u{131}", "I"));
    }

    #[test]
    fn different_types_compare_as_numbers() {
        assert_eq!(Value::Null.loosely_equals(&Value::from("")), Some(true));
        assert_eq!(Value::Null.loosely_equals(&Value::Bool(false)), Some(true));
        assert_eq!(
            Value::Bool(true).loosely_equals(&Value::from("1")),
            Some(true)
        );
        assert_eq!(
            Value::Bool(true).loosely_equals(&Value::from("true")),
            Some(false)
        );
        assert_eq!(
            Value::Array(Vec::new()).loosely_equals(&Value::Null),
            Some(false)
        );
        assert_eq!(
            Value::Array(Vec::new()).loosely_equals(&Value::Array(Vec::new())),
            None
        );
        let nan = Value::Number(f64::NAN);
        assert_eq!(nan.compare(Operator::NotEqual, &nan), Some(true));
        assert_eq!(nan.compare(Operator::GreaterOrEqual, &nan), Some(false));
    }
}
