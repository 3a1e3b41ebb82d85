//! JSON and JSON5 with a byte span on every value.
//!
//! Source: JSON5 Data Interchange Format 1.0.0. Every JSON text, and JSON with
//! comments and trailing commas, is JSON5 too.

use cofferdam_facts::{SourceFile, Span, Spanned};

use super::problem::{Problem, ProblemKind};

/// No configuration that people write comes near this size.
const LONGEST_FILE: usize = 4 << 20;

/// The deepest nesting that is read.
const DEEPEST_NESTING: usize = 100;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// Its bytes, quotes and brackets included.
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; JSON5 knows doubles only.
    Number(f64),
    /// A text, decoded.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Keys with values, in order, equal keys among them.
    Object(Vec<(Spanned<String>, Value)>),
}

impl Value {
    /// The value of a key; of several equal keys the last counts, as it does
    /// in ECMAScript.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .rev()
            .find(|(name, _)| name.value == key)
            .map(|(_, value)| value)
    }

    /// The entries of an object; nothing for other values.
    #[must_use]
    pub fn entries(&self) -> &[(Spanned<String>, Self)] {
        match &self.kind {
            ValueKind::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; nothing for other values.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            ValueKind::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            ValueKind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self.kind {
            ValueKind::Number(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind == ValueKind::Null
    }
}

/// Reads a file that is one JSON5 value.
///
/// # Errors
/// The first place that breaks the grammar, or a file that is too large or too
/// deep. Nothing of such a file is given: whoever reads it refuses it too.
pub fn parse(file: &SourceFile) -> Result<Value, Problem> {
    let text = file.text();
    if text.len() > LONGEST_FILE {
        let message = format!("the file has more than {LONGEST_FILE} bytes and was not read");
        return Err(Problem::new(
            ProblemKind::TooLarge,
            Span::default(),
            message,
        ));
    }
    let mut parser = Parser { text, at: 0 };
    parser.space()?;
    let value = parser.value(0)?;
    parser.space()?;
    if parser.at < text.len() {
        return Err(parser.error("nothing may follow the value"));
    }
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn eat(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        if found {
            self.at += character.len_utf8();
        }
        found
    }

    fn error(&self, message: &str) -> Problem {
        let end = self.at + self.peek().map_or(0, char::len_utf8);
        Problem::new(ProblemKind::Syntax, Span::new(self.at, end), message)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// White space and comments.
    fn space(&mut self) -> Result<(), Problem> {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                let breaks = |c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
                self.at += rest.find(breaks).unwrap_or(rest.len());
            } else if let Some(body) = rest.strip_prefix("/*") {
                let Some(end) = body.find("*/") else {
                    return Err(self.error("this comment has no end"));
                };
                self.at += end + 4;
            } else {
                match self.peek() {
                    Some(c) if c.is_whitespace() || c == '\u{feff}' => self.at += c.len_utf8(),
                    _ => return Ok(()),
                }
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Problem> {
        let start = self.at;
        if depth > DEEPEST_NESTING {
            let message = "the nesting is too deep and was not read";
            return Err(Problem {
                kind: ProblemKind::TooLarge,
                ..self.error(message)
            });
        }
        let kind = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"' | '\'') => ValueKind::Text(self.quoted()?),
            Some(c) if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => self.number()?,
            Some(_) => self.word()?,
            None => return Err(self.error("a value is missing")),
        };
        Ok(Value {
            kind,
            span: Span::new(start, self.at),
        })
    }

    fn word(&mut self) -> Result<ValueKind, Problem> {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
        let kind = match rest.get(..length) {
            Some("null") => ValueKind::Null,
            Some("true") => ValueKind::Bool(true),
            Some("false") => ValueKind::Bool(false),
            Some("Infinity") => ValueKind::Number(f64::INFINITY),
            Some("NaN") => ValueKind::Number(f64::NAN),
            _ => return Err(self.error("this is no value")),
        };
        self.at += length;
        Ok(kind)
    }

    fn number(&mut self) -> Result<ValueKind, Problem> {
        let start = self.at;
        let sign = if self.eat('-') {
            -1.0
        } else {
            self.eat('+');
            1.0
        };
        if matches!(self.peek(), Some('I' | 'N')) {
            return match self.word()? {
                ValueKind::Number(number) => Ok(ValueKind::Number(sign * number)),
                _ => Err(self.error("this is no number")),
            };
        }
        let rest = self.rest();
        let end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-'));
        let length = rest.find(end).unwrap_or(rest.len());
        let digits = rest.get(..length).unwrap_or_default();
        let hexadecimal = digits
            .strip_prefix("0x")
            .or_else(|| digits.strip_prefix("0X"));
        let number = match hexadecimal {
            Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| {
                #[expect(clippy::cast_precision_loss, reason = "JSON5 knows doubles only")]
                let number = number as f64;
                number
            }),
            None => decimal(digits),
        };
        let Some(number) = number else {
            self.at = start;
            return Err(self.error("this is no number"));
        };
        self.at += length;
        Ok(ValueKind::Number(sign * number))
    }

    fn list(&mut self, depth: usize) -> Result<ValueKind, Problem> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space()?;
            if self.eat(']') {
                return Ok(ValueKind::List(items));
            }
            items.push(self.value(depth + 1)?);
            self.space()?;
            if !self.eat(',') && self.peek() != Some(']') {
                return Err(self.error("a comma or ] is missing here"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<ValueKind, Problem> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.space()?;
            if self.eat('}') {
                return Ok(ValueKind::Object(entries));
            }
            let start = self.at;
            let key = self.key()?;
            let key = Spanned::new(key, Span::new(start, self.at));
            self.space()?;
            if !self.eat(':') {
                return Err(self.error("a colon is missing here"));
            }
            self.space()?;
            entries.push((key, self.value(depth + 1)?));
            self.space()?;
            if !self.eat(',') && self.peek() != Some('}') {
                return Err(self.error("a comma or } is missing here"));
            }
        }
    }

    /// A quoted key, or an identifier of ECMAScript.
    fn key(&mut self) -> Result<String, Problem> {
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.quoted();
        }
        let mut key = String::new();
        while let Some(character) = self.peek() {
            let first = key.is_empty();
            let fits = character.is_alphabetic()
                || matches!(character, '$' | '_')
                || !first
                    && (character.is_alphanumeric()
                        || matches!(character, '\u{200c}' | '\u{200d}'));
            if character == '\\' && self.rest().starts_with("\\u") {
                self.at += 2;
                self.unicode(&mut key)?;
            } else if fits {
                key.push(character);
                self.at += character.len_utf8();
            } else {
                break;
            }
        }
        if key.is_empty() {
            Err(self.error("a key is missing here"))
        } else {
            Ok(key)
        }
    }

    fn quoted(&mut self) -> Result<String, Problem> {
        let start = self.at;
        let Some(quote) = self.next() else {
            return Err(self.error("a text is missing"));
        };
        let mut text = String::new();
        loop {
            match self.next() {
                Some(c) if c == quote => return Ok(text),
                Some('\\') => self.escape(&mut text)?,
                Some('\n' | '\r') | None => {
                    self.at = start;
                    return Err(self.error("this text has no end on its line"));
                }
                Some(c) => text.push(c),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Problem> {
        match self.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('v') => text.push('\u{b}'),
            Some('0') if !self.peek().is_some_and(|c| c.is_ascii_digit()) => text.push('\0'),
            Some('x') => {
                let code = self.hexadecimal(2)?;
                text.extend(char::from_u32(code));
            }
            Some('u') => self.unicode(text)?,
            // A line that goes on.
            Some('\r') => {
                self.eat('\n');
            }
            Some('\n' | '\u{2028}' | '\u{2029}') => {}
            Some(c) if !c.is_ascii_digit() => text.push(c),
            _ => return Err(self.error("this escape is not allowed")),
        }
        Ok(())
    }

    /// The digits after `\u`, and the second half of a surrogate pair.
    fn unicode(&mut self, text: &mut String) -> Result<(), Problem> {
        let first = self.hexadecimal(4)?;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hexadecimal(4)?;
            if (0xdc00..0xe000).contains(&second) {
                code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            } else {
                self.at = back;
            }
        }
        // Half a pair is no character.
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32, Problem> {
        let code = self
            .rest()
            .get(..digits)
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()) {
            Some(code) => {
                self.at += digits;
                Ok(code)
            }
            None => Err(self.error("hexadecimal digits are missing here")),
        }
    }
}

/// Digits with a point anywhere and an exponent; no leading zeros.
fn decimal(text: &str) -> Option<f64> {
    let mantissa = text.split(['e', 'E']).next()?;
    let whole = mantissa.split('.').next()?;
    let well_formed = mantissa.bytes().any(|b| b.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && !(whole.len() > 1 && whole.starts_with('0'));
    well_formed.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Value, Problem> {
        parse(&SourceFile::new("renovate.json5", text))
    }

    /// The short example of the specification.
    const EXAMPLE: &str = r#"{
  // comments
  unquoted: 'and you can quote me on that',
  singleQuotes: 'I can use "double quotes" here',
  lineBreaks: "Look, Mom! \
No \\n's!",
  hexadecimal: 0xdecaf,
  leadingDecimalPoint: .8675309, andTrailing: 8675309.,
  positiveSign: +1,
  trailingComma: 'in objects', andIn: ['arrays',],
  "backwardsCompatible": "with JSON", /* and
  this */ $id_1: -Infinity,
}
"#;

    #[test]
    fn the_example_of_the_specification_is_read() {
        let value = read(EXAMPLE).unwrap();
        let text = |key: &str| value.get(key).unwrap().as_str().unwrap().to_owned();
        let number = |key: &str| value.get(key).unwrap().as_number().unwrap();
        assert_eq!(text("unquoted"), "and you can quote me on that");
        assert_eq!(text("lineBreaks"), "Look, Mom! No \\n's!");
        assert_eq!(number("hexadecimal"), 912_559.0);
        assert_eq!(number("leadingDecimalPoint"), 0.867_530_9);
        assert_eq!(number("andTrailing"), 8_675_309.0);
        assert_eq!(number("positiveSign"), 1.0);
        assert_eq!(number("$id_1"), f64::NEG_INFINITY);
        assert_eq!(value.get("andIn").unwrap().items().len(), 1);
        let span = value.get("trailingComma").unwrap().span;
        assert_eq!(EXAMPLE.get(span.start..span.end), Some("'in objects'"));
    }

    #[test]
    fn texts_are_decoded() {
        for (text, wanted) in [
            (r#""\u00e9\x41\'\"\/""#, "éA'\"/"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            ("'a\\\r\nb'", "ab"),
            (r"'\v\0'", "\u{b}\0"),
        ] {
            assert_eq!(read(text).unwrap().as_str(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_breaks_the_grammar_has_its_place() {
        for (text, at) in [
            ("", 0),
            ("{a:1", 4),
            ("{a 1}", 3),
            ("[1 2]", 3),
            ("{,}", 1),
            ("[,]", 1),
            ("'a\nb'", 0),
            ("/* x", 0),
            ("{} {}", 3),
            ("nul", 0),
            ("01", 0),
            ("0x", 0),
            (".", 0),
            ("1.2.3", 0),
            (r"'\1'", 3),
            (r"'\xg1'", 3),
            ("{1a: 2}", 1),
        ] {
            let problem = read(text).unwrap_err();
            assert_eq!(
                (problem.kind, problem.span.start),
                (ProblemKind::Syntax, at),
                "{text}"
            );
        }
    }

    #[test]
    fn hostile_sizes_are_refused() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(read(&deep).unwrap_err().kind, ProblemKind::TooLarge);
        let long = " ".repeat(LONGEST_FILE + 1);
        assert_eq!(read(&long).unwrap_err().kind, ProblemKind::TooLarge);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[\\[\\]{}:,'\"\\\\ux0-9a-f./* \n\u{e9}-]{0,60}") {
            match read(&text) {
                Ok(value) => prop_assert!(text.get(value.span.start..value.span.end).is_some()),
                Err(problem) => {
                    prop_assert!(text.get(problem.span.start..problem.span.end).is_some());
                }
            }
        }

        #[test]
        fn json_is_read_as_json(texts in prop::collection::vec("\\PC{0,12}", 0..5), n in any::<f64>()) {
            let n = if n.is_finite() { n } else { 0.0 };
            let json = serde_json::json!({"list": texts, "n": n, "deep": [[null, true]]});
            let value = read(&json.to_string()).unwrap();
            let read: Vec<_> =
                value.get("list").unwrap().items().iter().filter_map(Value::as_str).collect();
            prop_assert_eq!(read, texts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(value.get("n").unwrap().as_number(), Some(n));
        }
    }
}
