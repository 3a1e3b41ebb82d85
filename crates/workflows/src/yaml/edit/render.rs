//! Values as YAML text.

use super::Value;
use crate::yaml::Style;
use crate::yaml::scalar::{self, Scalar};

/// How a document is laid out, as far as new text follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// `\n` or `\r\n`.
    pub(super) newline: &'static str,
    /// Spaces from a key to the keys below it.
    pub(super) step: usize,
    /// Spaces from a key to the dashes below it.
    pub(super) dash: usize,
    /// Whether new text may stand in block scalars.
    pub(super) blocks: bool,
}

/// A value behind `key:` in a block mapping whose keys stand at `indent`, with the
/// space or line break before it.
pub(super) fn behind_key(value: &Value, indent: usize, manner: Manner) -> String {
    match value {
        Value::Mapping(entries) if !entries.is_empty() => below(
            &mapping(entries, indent + manner.step, manner),
            indent + manner.step,
            manner,
        ),
        Value::Sequence(items) if !items.is_empty() => below(
            &sequence(items, indent + manner.dash, manner),
            indent + manner.dash,
            manner,
        ),
        Value::Null => String::new(),
        Value::String(text) => format!(" {}", block_string(text, indent + manner.step, manner)),
        other => format!(" {}", flow(other)),
    }
}

/// A value behind `- `, or at the root, where column `indent` is.
pub(super) fn in_place(value: &Value, indent: usize, manner: Manner) -> String {
    match value {
        Value::Mapping(entries) if !entries.is_empty() => mapping(entries, indent, manner),
        Value::Sequence(items) if !items.is_empty() => sequence(items, indent, manner),
        Value::String(text) => block_string(text, indent, manner),
        Value::Null => "null".into(),
        other => flow(other),
    }
}

/// Several lines, of which all but the first stand at column `indent`.
fn below(text: &str, indent: usize, manner: Manner) -> String {
    format!("{}{}{text}", manner.newline, " ".repeat(indent))
}

fn mapping(entries: &[(String, Value)], indent: usize, manner: Manner) -> String {
    let lines = entries
        .iter()
        .map(|(k, v)| format!("{}:{}", string(k, false), behind_key(v, indent, manner)));
    lines.collect::<Vec<_>>().join(&below("", indent, manner))
}

fn sequence(items: &[Value], indent: usize, manner: Manner) -> String {
    let lines = items
        .iter()
        .map(|item| format!("- {}", in_place(item, indent + 2, manner)));
    lines.collect::<Vec<_>>().join(&below("", indent, manner))
}

/// A value on one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::String(text) => string(text, true),
        Value::Mapping(entries) => {
            let entries = entries
                .iter()
                .map(|(k, v)| format!("{}: {}", string(k, true), flow(v)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Sequence(items) => {
            format!(
                "[{}]",
                items.iter().map(flow).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

fn block_string(text: &str, indent: usize, manner: Manner) -> String {
    if manner.blocks
        && text.contains('\n')
        && let Some(block) = block_scalar('|', text, indent, "", manner)
    {
        return block;
    }
    string(text, false)
}

/// A string on one line, with quotes only where it needs some.
pub(super) fn string(text: &str, in_flow: bool) -> String {
    [Style::Plain, Style::SingleQuoted]
        .into_iter()
        .find_map(|style| styled(text, style, in_flow))
        .unwrap_or_else(|| double_quoted(text))
}

/// A string on one line in a style of choice, if it can be written so.
pub(super) fn styled(text: &str, style: Style, in_flow: bool) -> Option<String> {
    match style {
        Style::Plain => is_plain(text, in_flow).then(|| text.to_owned()),
        Style::SingleQuoted => {
            is_printable(text).then(|| format!("'{}'", text.replace('\'', "''")))
        }
        Style::DoubleQuoted => Some(double_quoted(text)),
        _ => None,
    }
}

/// A block scalar whose lines stand at column `indent`, without the last line
/// break; `header` goes behind the indicator. Text that would need an indentation
/// indicator, or more than one line break kept at its end, is left to quotes.
pub(super) fn block_scalar(
    indicator: char,
    text: &str,
    indent: usize,
    header: &str,
    manner: Manner,
) -> Option<String> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let first = body.split('\n').next()?;
    let folds = indicator == '>' && (body.contains('\n') || body.starts_with(['\t', ' ']));
    let last = body.rsplit('\n').next()?;
    let blank_end = last.trim().is_empty();
    let blank_start = first.trim().is_empty() || first.starts_with(' ');
    if folds || blank_end || blank_start || indent == 0 || !body.split('\n').all(is_printable_line)
    {
        return None;
    }
    let chomp = if body.len() == text.len() { "-" } else { "" };
    let mut block = format!("{indicator}{chomp}{header}");
    for line in body.split('\n') {
        block.push_str(manner.newline);
        if !line.is_empty() {
            block.push_str(&" ".repeat(indent));
            block.push_str(line);
        }
    }
    Some(block)
}

fn is_plain(text: &str, in_flow: bool) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return false;
    };
    let begins = match first {
        '-' => characters
            .next()
            .is_some_and(|c| !matches!(c, ' ' | '-' | ',' | '[' | ']' | '{' | '}')),
        c => !"?:,[]{}#&*!|>'\"%@`=. ".contains(c) || (c == '.' && !text.starts_with("...")),
    };
    let flow_marks = in_flow && text.contains([',', '[', ']', '{', '}', '?', ':']);
    begins
        && is_printable(text)
        && !text.contains('\t')
        && !flow_marks
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text != "<<"
        && scalar::resolve(text, Style::Plain, None) == Ok(Scalar::String(text))
}

fn is_printable(text: &str) -> bool {
    is_printable_line(text) && !text.contains('\t')
}

fn is_printable_line(text: &str) -> bool {
    text.chars().all(|c| !needs_escape(c) || c == '\t')
}

/// Characters that YAML does not allow as they are, or breaks lines at.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if needs_escape(c) => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
