//! JSON, TOML and YAML as one kind of tree with a span on every node.
//!
//! Parsers of such files differ in what they do about the same key twice, about
//! anchors and about depth. Here the same key twice, an anchor and more than
//! [`MAX_DEPTH`] levels are mistakes: no package manager writes them, and
//! whoever does wants two readers to see two files.

mod json;
mod toml;
mod value;
mod yaml;

pub use value::yaml_as_json;

use std::borrow::Cow;
use std::collections::HashMap;

use cofferdam_facts::{SourceFile, Span};

use crate::mistake::{Mistake, Problem};

/// The deepest nesting.
pub(crate) const MAX_DEPTH: usize = 64;

/// The most values of one file: a tree takes many times the memory of its text.
pub(crate) const MOST_NODES: usize = 3_000_000;

/// Fails where a text has so many separators that its tree would be too large.
fn bounded(file: &SourceFile) -> Result<(), Mistake> {
    let is_separator = |byte: &&u8| matches!(byte, b',' | b':' | b'=' | b'[' | b'{');
    let count = file.text().as_bytes().iter().filter(is_separator).count();
    if count <= MOST_NODES {
        return Ok(());
    }
    let limit = MOST_NODES;
    let unit = "values";
    Err(Mistake::at(1, Problem::TooLarge { limit, unit }))
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node<'t> {
    pub(crate) span: Span,
    pub(crate) value: Value<'t>,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Value<'t> {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(Cow<'t, str>),
    Text(Cow<'t, str>),
    List(Vec<Node<'t>>),
    Table(Vec<Entry<'t>>),
}

/// One key of a table with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) span: Span,
    pub(crate) node: Node<'t>,
}

/// Reads JSON.
pub(crate) fn json(file: &SourceFile) -> Result<Node<'_>, Mistake> {
    json::read(file, false)
}

/// Reads JSON with comments and commas before closing brackets.
pub(crate) fn jsonc(file: &SourceFile) -> Result<Node<'_>, Mistake> {
    json::read(file, true)
}

/// Reads TOML.
pub(crate) fn toml(file: &SourceFile) -> Result<Node<'_>, Mistake> {
    toml::read(file)
}

/// Reads the documents of a YAML file.
pub(crate) fn yaml(file: &SourceFile) -> Result<Vec<Node<'_>>, Mistake> {
    yaml::read(file)
}

impl<'t> Node<'t> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
    }

    /// The text of a key.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The keys of a table; nothing of another node.
    pub(crate) fn entries(&self) -> &[Entry<'t>] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The keys of the table under a key.
    pub(crate) fn entries_of(&self, key: &str) -> &[Entry<'t>] {
        self.get(key).map_or(&[], Self::entries)
    }

    /// The items of a list; nothing of another node.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The items of the list under a key.
    pub(crate) fn items_of(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    /// The text of a scalar that is a text or a number.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self.value, Value::Bool(true))
    }

    /// Whether the key is there and true.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(Node::is_true)
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }
}

/// Fails where a node is not what it has to be.
pub(crate) fn wanted<T>(
    file: &SourceFile,
    span: Span,
    what: &'static str,
    found: Option<T>,
) -> Result<T, Mistake> {
    found.ok_or_else(|| {
        at(
            file,
            span.start,
            Problem::expected(what, first_line(file, span)),
        )
    })
}

fn first_line(file: &SourceFile, span: Span) -> &str {
    file.slice(span).lines().next().unwrap_or_default()
}

/// A mistake at a byte of a file.
pub(crate) fn at(file: &SourceFile, offset: usize, problem: Problem) -> Mistake {
    let (line, column) = file.line_column(offset);
    Mistake {
        line,
        column,
        problem,
    }
}

/// Fails where a table has the same key twice.
fn unique(file: &SourceFile, entries: &[Entry<'_>]) -> Result<(), Mistake> {
    let twice = |first: Span, second: &Entry<'_>| {
        let what = format!("`{}`", crate::draft::shown(&second.key));
        let (first, _) = file.line_column(first.start);
        Err(at(
            file,
            second.span.start,
            Problem::Contradiction { what, first },
        ))
    };
    if entries.len() <= 8 {
        for (at, entry) in entries.iter().enumerate() {
            let earlier = entries.iter().take(at);
            if let Some(first) = earlier.into_iter().find(|first| first.key == entry.key) {
                return twice(first.span, entry);
            }
        }
        return Ok(());
    }
    let mut seen = HashMap::with_capacity(entries.len());
    for entry in entries {
        if let Some(first) = seen.insert(entry.key.as_ref(), entry.span) {
            return twice(first, entry);
        }
    }
    Ok(())
}

/// The text without a byte order mark, and how many bytes that is.
fn unmarked(file: &SourceFile) -> (&str, usize) {
    match file.text().strip_prefix('\u{feff}') {
        Some(rest) => (rest, 3),
        None => (file.text(), 0),
    }
}

#[cfg(test)]
mod tests;
