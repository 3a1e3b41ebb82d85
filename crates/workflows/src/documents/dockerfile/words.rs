//! Words of an instruction, and the variables in them.
//!
//! Source: Dockerfile reference, "Environment replacement".

use std::collections::BTreeMap;
use std::ops::Range;

/// A value longer than this is not put together: arguments that name each
/// other twice would double with every line.
const LONGEST_VALUE: usize = 4096;

/// `${A:-${B:-${C…}}}` is followed this deep.
const DEEPEST_NESTING: usize = 16;

/// The ranges of the words in `text`. Quotes keep white space inside a word.
pub(super) fn split(text: &str, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            if let Some(start) = start.take() {
                words.push(start..at);
            }
            continue;
        }
        start.get_or_insert(at);
        match quote {
            Some(open) if character == open => quote = None,
            Some('\'') => {}
            _ if character == escape => {
                characters.next();
            }
            None if matches!(character, '"' | '\'') => quote = Some(character),
            _ => {}
        }
    }
    if let Some(start) = start {
        words.push(start..text.len());
    }
    words
}

/// What is known of a build argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Its default.
    Default(String),
    /// It is declared, and only the one who builds knows its value.
    Unset,
}

/// Build arguments by name.
pub(super) type Arguments = BTreeMap<String, Value>;

/// A word after its variables are replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    parts: Vec<Part>,
    /// The variables that the word names, in order, without repetition.
    pub(super) used: Vec<String>,
    /// Those among them whose value is not known.
    pub(super) missing: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole,
}

impl Resolved {
    /// The text, if all of it is known.
    pub(super) fn text(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Hole => return None,
            }
        }
        Some(text)
    }

    /// Whether `text` can be what the word becomes, with anything in its holes.
    pub(super) fn can_become(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let mut rest = text.as_str();
        let mut after_hole = false;
        for (index, part) in self.parts.iter().enumerate() {
            let Part::Text(part) = part else {
                after_hole = true;
                continue;
            };
            let part = part.to_ascii_lowercase();
            let last = index + 1 == self.parts.len();
            let found = match (after_hole, last) {
                (true, true) => return rest.ends_with(&part),
                (true, false) => rest.find(&part),
                (false, _) => rest.starts_with(&part).then_some(0),
            };
            let Some(next) = found.and_then(|at| rest.get(at + part.len()..)) else {
                return false;
            };
            rest = next;
            after_hole = false;
        }
        after_hole || rest.is_empty()
    }

    fn push(&mut self, text: &str) {
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            if last.len() + text.len() <= LONGEST_VALUE {
                last.push_str(text);
            } else {
                self.parts.push(Part::Hole);
            }
        } else if !text.is_empty() {
            self.parts.push(Part::Text(text.to_owned()));
        }
    }

    fn hole(&mut self, name: &str) {
        if self.parts.last() != Some(&Part::Hole) {
            self.parts.push(Part::Hole);
        }
        note(&mut self.missing, name);
    }

    fn append(&mut self, other: Self) {
        for part in other.parts {
            match part {
                Part::Text(text) => self.push(&text),
                Part::Hole if self.parts.last() == Some(&Part::Hole) => {}
                Part::Hole => self.parts.push(Part::Hole),
            }
        }
        other
            .used
            .iter()
            .for_each(|name| note(&mut self.used, name));
        other
            .missing
            .iter()
            .for_each(|name| note(&mut self.missing, name));
    }
}

fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// Replaces the variables of a word and drops its quotes and escapes.
pub(super) fn resolve(word: &str, escape: char, arguments: &Arguments) -> Resolved {
    if word.len() > LONGEST_VALUE {
        return Resolved {
            parts: vec![Part::Hole],
            ..Resolved::default()
        };
    }
    resolve_nested(word, escape, arguments, 0)
}

fn resolve_nested(word: &str, escape: char, arguments: &Arguments, depth: usize) -> Resolved {
    let mut resolved = Resolved::default();
    let mut quote = None;
    let mut rest = word;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        rest = match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => {
                quote = None;
                after
            }
            (None, '\'' | '"') => {
                quote = Some(character);
                after
            }
            (None | Some('"'), c) if c == escape && !after.is_empty() => {
                let escaped = after.chars().next().map_or(0, char::len_utf8);
                resolved.push(after.get(..escaped).unwrap_or_default());
                after.get(escaped..).unwrap_or_default()
            }
            (None | Some('"'), '$') => match variable(after) {
                Some((variable, after)) => {
                    replace(&mut resolved, &variable, escape, arguments, depth);
                    after
                }
                None => {
                    resolved.push("$");
                    after
                }
            },
            _ => {
                resolved.push(rest.get(..character.len_utf8()).unwrap_or_default());
                after
            }
        };
    }
    resolved
}

struct Variable<'t> {
    name: &'t str,
    /// What stands between the name and the closing brace.
    modifier: &'t str,
}

/// Reads what follows a `$`; gives the variable and the text after it.
fn variable(text: &str) -> Option<(Variable<'_>, &str)> {
    let Some(inner) = text.strip_prefix('{') else {
        let end = text
            .find(|c: char| !is_name_character(c))
            .unwrap_or(text.len());
        let name = text.get(..end).filter(|name| !name.is_empty())?;
        return Some((Variable { name, modifier: "" }, text.get(end..)?));
    };
    let mut open = 1_usize;
    let end = inner.find(|c| {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        open == 0
    })?;
    let body = inner.get(..end)?;
    let name_end = body
        .find(|c: char| !is_name_character(c))
        .unwrap_or(body.len());
    let name = body.get(..name_end).filter(|name| !name.is_empty())?;
    Some((
        Variable {
            name,
            modifier: body.get(name_end..)?,
        },
        inner.get(end + 1..)?,
    ))
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn replace(
    resolved: &mut Resolved,
    variable: &Variable<'_>,
    escape: char,
    arguments: &Arguments,
    depth: usize,
) {
    note(&mut resolved.used, variable.name);
    let value = match arguments.get(variable.name) {
        Some(Value::Default(value)) => Some(value.as_str()),
        Some(Value::Unset) | None => None,
    };
    let (colon, rest) = match variable.modifier.strip_prefix(':') {
        Some(rest) => (true, rest),
        None => (false, variable.modifier),
    };
    let set = value.filter(|value| !(colon && value.is_empty()));
    let operator = rest.chars().next();
    let word = rest.get(1..).unwrap_or_default();
    match (operator, set) {
        (None, Some(value)) | (Some('-' | '?'), Some(value)) => resolved.push(value),
        (Some('-'), None) | (Some('+'), Some(_)) if depth < DEEPEST_NESTING => {
            resolved.append(resolve_nested(word, escape, arguments, depth + 1));
        }
        (Some('+'), None) => {}
        _ => resolved.hole(variable.name),
    }
}
