//! The terms of Elixir that a lockfile is written in: maps, tuples, lists,
//! keywords, strings, atoms, numbers. Nothing is evaluated.
//!
//! Source: Elixir documentation, "Syntax reference".

use std::borrow::Cow;

use cofferdam_facts::{SourceFile, Span};

use crate::mistake::{Mistake, Problem};
use crate::tree::{Entry, MAX_DEPTH, MOST_NODES, Node, Value, at};

/// A collection that is not closed yet.
struct Open<'t> {
    start: usize,
    close: char,
    items: Vec<Node<'t>>,
    keys: Vec<(Cow<'t, str>, Span)>,
    is_map: bool,
}

/// Reads one term. A keyword list and a map become tables, tuples and lists
/// become lists, atoms become texts without their colon.
pub(super) fn read(file: &SourceFile) -> Result<Node<'_>, Mistake> {
    let text = file.text();
    let mut place = 0;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut root: Option<Node<'_>> = None;
    let mut count = 0;
    while let Some(token) = next(file, &mut place)? {
        count += 1;
        if count > MOST_NODES {
            let limit = MOST_NODES;
            let unit = "terms";
            return Err(at(file, place, Problem::TooLarge { limit, unit }));
        }
        let node = match token {
            Token::Open(close, is_map, start) => {
                if open.len() >= MAX_DEPTH {
                    let limit = MAX_DEPTH;
                    return Err(at(file, start, Problem::TooDeep { limit }));
                }
                open.push(Open {
                    start,
                    close,
                    items: Vec::new(),
                    keys: Vec::new(),
                    is_map,
                });
                continue;
            }
            Token::Key(key, span) => {
                let Some(current) = open.last_mut() else {
                    return Err(expected(file, span.start, "a map"));
                };
                current.keys.push((key, span));
                continue;
            }
            Token::Close(sign, end) => {
                let Some(current) = open.pop().filter(|current| current.close == sign) else {
                    return Err(expected(file, end - 1, "no closing bracket"));
                };
                closed(file, current, end)?
            }
            Token::Value(node) => node,
        };
        match open.last_mut() {
            Some(current) => current.items.push(node),
            None if root.is_none() => root = Some(node),
            None => return Err(expected(file, node.span.start, "one term")),
        }
    }
    if let Some(current) = open.last() {
        let what = "a map, tuple or list";
        return Err(at(file, current.start, Problem::Unclosed { what }));
    }
    root.ok_or_else(|| expected(file, text.len(), "a map, as in `%{…}`"))
}

fn expected(file: &SourceFile, offset: usize, what: &'static str) -> Mistake {
    let rest = file.text().get(offset..).unwrap_or_default();
    let found: String = rest.chars().take(20).collect();
    at(file, offset, Problem::expected(what, &found))
}

fn closed<'t>(file: &SourceFile, open: Open<'t>, end: usize) -> Result<Node<'t>, Mistake> {
    let span = Span::new(open.start, end);
    if open.keys.is_empty() && !open.is_map {
        return Ok(Node {
            span,
            value: Value::List(open.items),
        });
    }
    let (keys, items) = (open.keys, open.items);
    // In a list, keywords may stand behind other items.
    let plain = items.len().checked_sub(keys.len());
    let plain = plain.filter(|plain| *plain == 0 || !open.is_map);
    let plain = plain.ok_or_else(|| expected(file, open.start, "a value for each key"))?;
    let mut items = items.into_iter();
    let mut list: Vec<Node<'t>> = items.by_ref().take(plain).collect();
    let mut seen = std::collections::HashMap::new();
    let mut entries = Vec::with_capacity(keys.len());
    for ((key, key_span), node) in keys.into_iter().zip(items) {
        let (line, _) = file.line_column(key_span.start);
        if let Some(first) = seen.insert(key.clone(), line) {
            let what = format!("`{}`", crate::draft::shown(&key));
            return Err(at(
                file,
                key_span.start,
                Problem::Contradiction { what, first },
            ));
        }
        let span = key_span;
        entries.push(Entry { key, span, node });
    }
    let table = Node {
        span,
        value: Value::Table(entries),
    };
    if list.is_empty() {
        return Ok(table);
    }
    list.push(table);
    Ok(Node {
        span,
        value: Value::List(list),
    })
}

enum Token<'t> {
    Open(char, bool, usize),
    Close(char, usize),
    Key(Cow<'t, str>, Span),
    Value(Node<'t>),
}

fn next<'t>(file: &'t SourceFile, place: &mut usize) -> Result<Option<Token<'t>>, Mistake> {
    let text = file.text();
    loop {
        let rest = text.get(*place..).unwrap_or_default();
        let start = *place;
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let token = match first {
            ' ' | '\t' | '\n' | '\r' | ',' | '\u{feff}' => {
                *place += first.len_utf8();
                continue;
            }
            '#' => {
                *place += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '%' if rest.starts_with("%{") => {
                *place += 2;
                Token::Open('}', true, start)
            }
            '{' | '[' => {
                *place += 1;
                let close = if first == '{' { '}' } else { ']' };
                Token::Open(close, false, start)
            }
            '}' | ']' => {
                *place += 1;
                Token::Close(first, *place)
            }
            '=' if rest.starts_with("=>") => {
                *place += 2;
                continue;
            }
            '"' => {
                let value = string(file, place)?;
                key_or_value(text, place, start, value, true)
            }
            ':' if rest.starts_with(":\"") => {
                *place += 1;
                let value = string(file, place)?;
                let span = Span::new(start, *place);
                let value = Value::Text(value);
                Token::Value(Node { span, value })
            }
            ':' => {
                *place += 1;
                let value = word(text, place);
                if value.is_empty() {
                    return Err(expected(file, start, "an atom"));
                }
                let span = Span::new(start, *place);
                let value = Value::Text(Cow::Borrowed(value));
                Token::Value(Node { span, value })
            }
            _ => {
                let value = word(text, place);
                if value.is_empty() {
                    return Err(expected(file, start, "a term"));
                }
                key_or_value(text, place, start, Cow::Borrowed(value), false)
            }
        };
        return Ok(Some(token));
    }
}

/// A colon behind a word, or behind a string, makes it a key; so does `=>`.
fn key_or_value<'t>(
    text: &'t str,
    place: &mut usize,
    start: usize,
    value: Cow<'t, str>,
    quoted: bool,
) -> Token<'t> {
    let span = Span::new(start, *place);
    let rest = text.get(*place..).unwrap_or_default();
    if rest.starts_with(':') {
        *place += 1;
        return Token::Key(value, span);
    }
    if quoted && rest.trim_start().starts_with("=>") {
        return Token::Key(value, span);
    }
    let value = match value.as_ref() {
        "true" if !quoted => Value::Bool(true),
        "false" if !quoted => Value::Bool(false),
        "nil" if !quoted => Value::Null,
        _ => Value::Text(value),
    };
    Token::Value(Node { span, value })
}

fn word<'t>(text: &'t str, place: &mut usize) -> &'t str {
    let rest = text.get(*place..).unwrap_or_default();
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '?' | '!' | '-');
    let end = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
    *place += end;
    rest.get(..end).unwrap_or_default()
}

/// A string in double quotes. Interpolation would be a program.
fn string<'t>(file: &'t SourceFile, place: &mut usize) -> Result<Cow<'t, str>, Mistake> {
    let text = file.text();
    let start = *place;
    let inside = text.get(start + 1..).unwrap_or_default();
    let mut escaped: Option<String> = None;
    let mut from = 0;
    let mut letters = inside.char_indices();
    while let Some((offset, letter)) = letters.next() {
        match letter {
            '"' => {
                *place = start + 1 + offset + 1;
                let rest = inside.get(from..offset).unwrap_or_default();
                return Ok(match escaped {
                    Some(mut before) => {
                        before.push_str(rest);
                        Cow::Owned(before)
                    }
                    None => Cow::Borrowed(rest),
                });
            }
            '\\' => {
                let before = escaped.get_or_insert_with(String::new);
                before.push_str(inside.get(from..offset).unwrap_or_default());
                let Some((at, letter)) = letters.next() else {
                    break;
                };
                before.push(match letter {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => other,
                });
                from = at + letter.len_utf8();
            }
            '#' if inside
                .get(offset + 1..)
                .is_some_and(|rest| rest.starts_with('{')) =>
            {
                let what = "interpolation in a string";
                return Err(at(file, start, Problem::Refused { what }));
            }
            _ => {}
        }
    }
    let what = "a string";
    Err(at(file, start, Problem::Unclosed { what }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terms_become_a_tree() {
        let text =
            "# c\n%{\"a\": {:hex, :b, \"1\\\"\", [x: :y, z: false], nil}, \"k\" => [1, m: 2]}";
        let file = SourceFile::new("f", text);
        let root = read(&file).unwrap();
        let tuple = root.get("a").unwrap();
        let [hex, b, one, list, nil] = tuple.items() else {
            unreachable!("{tuple:?}");
        };
        assert_eq!(
            (hex.text(), b.text(), one.text()),
            (Some("hex"), Some("b"), Some("1\""))
        );
        assert_eq!(list.text_of("x"), Some("y"));
        assert!(matches!(nil.value, Value::Null));
        assert_eq!(root.get("k").unwrap().items().len(), 2);
    }

    #[test]
    fn broken_terms_are_mistakes() {
        for text in [
            "",
            "%{",
            "%{\"a\"",
            "%{\"a\": }",
            "{]",
            "}",
            "\"a",
            "\"#{x}\"",
            "%{a: 1, a: 2}",
            "1 2",
            "^",
            "\"\\",
        ] {
            assert!(read(&SourceFile::new("f", text)).is_err(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(read(&SourceFile::new("f", deep)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[%{}\\[\\],:\"a1 =>#\\\\é]{0,40}") {
            let _ = read(&SourceFile::new("f", text)).is_ok();
        }
    }
}
