//! TOML.

use std::borrow::Cow;

use cofferdam_facts::{SourceFile, Span};
use toml::de::{DeTable, DeValue};

use super::{Entry, MAX_DEPTH, Node, Value, at, bounded, unmarked};
use crate::mistake::{Mistake, Problem};

pub(super) fn read(file: &SourceFile) -> Result<Node<'_>, Mistake> {
    bounded(file)?;
    let (text, shift) = unmarked(file);
    let table = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start) + shift;
        let language = "TOML";
        let message = error.message().to_owned();
        at(file, offset, Problem::Syntax { language, message })
    })?;
    let span = Span::new(shift, shift + text.len());
    let entries = entries(file, shift, table.into_inner(), 0)?;
    let value = Value::Table(entries);
    Ok(Node { span, value })
}

/// The keys in order of the file; the parser gives them in order of letters.
fn entries<'t>(
    file: &SourceFile,
    shift: usize,
    table: DeTable<'t>,
    depth: usize,
) -> Result<Vec<Entry<'t>>, Mistake> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        let span = place(shift, key.span());
        let node = convert(file, shift, value, depth + 1)?;
        let key = key.into_inner();
        entries.push(Entry { key, span, node });
    }
    entries.sort_by_key(|entry| entry.span);
    Ok(entries)
}

fn place(shift: usize, range: std::ops::Range<usize>) -> Span {
    Span::new(range.start + shift, range.end + shift)
}

fn convert<'t>(
    file: &SourceFile,
    shift: usize,
    value: toml::Spanned<DeValue<'t>>,
    depth: usize,
) -> Result<Node<'t>, Mistake> {
    let span = place(shift, value.span());
    if depth > MAX_DEPTH {
        let limit = MAX_DEPTH;
        return Err(at(file, span.start, Problem::TooDeep { limit }));
    }
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text),
        DeValue::Integer(number) => Value::Number(Cow::Owned(number.to_string())),
        DeValue::Float(number) => Value::Number(Cow::Owned(number.to_string())),
        DeValue::Boolean(is) => Value::Bool(is),
        DeValue::Datetime(time) => Value::Text(Cow::Owned(time.to_string())),
        DeValue::Array(array) => {
            let mut items = Vec::with_capacity(array.len());
            for item in array {
                items.push(convert(file, shift, item, depth + 1)?);
            }
            Value::List(items)
        }
        DeValue::Table(table) => Value::Table(entries(file, shift, table, depth)?),
    };
    Ok(Node { span, value })
}
