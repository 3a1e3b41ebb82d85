//! What a changed document has to mean.

use std::collections::HashMap;

use super::{Change, Position, Value};
use crate::yaml::{Document, Kind, Node, NodeId, Scalar};

/// A tree without layout, aliases followed.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Null,
    Bool(bool),
    Number(u64),
    String(String),
    /// A scalar that GitHub refuses, or an alias to nothing.
    Refused(Option<String>),
    Mapping(Vec<(Tree, Tree)>),
    Sequence(Vec<Tree>),
}

type Changes<'c> = HashMap<NodeId, Vec<&'c Change>>;

/// Whether `result` is `before` with `changes`.
pub(super) fn holds(before: &Document, changes: &[Change], result: &Document) -> bool {
    let mut by_node = Changes::new();
    for change in changes {
        by_node.entry(target(change)).or_default().push(change);
    }
    let wanted = before.roots().map(|root| changed(root, &by_node));
    let found = result.roots().map(|root| changed(root, &Changes::new()));
    wanted.eq(found)
}

fn target(change: &Change) -> NodeId {
    match change {
        Change::Replace { node, .. }
        | Change::ReplacePart { node, .. }
        | Change::Comment { node, .. } => *node,
        Change::Insert { mapping, .. } | Change::Remove { mapping, .. } => *mapping,
        Change::Append { sequence, .. } | Change::RemoveItem { sequence, .. } => *sequence,
    }
}

/// The depth of the recursion is that of the document, which is limited.
fn changed(node: Node<'_>, changes: &Changes<'_>) -> Tree {
    let here = changes.get(&node.id()).map_or(&[][..], Vec::as_slice);
    if let Some(value) = here.iter().find_map(|change| match change {
        Change::Replace { value, .. } => Some(value),
        _ => None,
    }) {
        return written(value);
    }
    if let Some(text) = with_parts(node, here) {
        return Tree::String(text);
    }
    let mut removed: Vec<usize> = here
        .iter()
        .filter_map(|change| match change {
            Change::RemoveItem { index, .. } => Some(*index),
            _ => None,
        })
        .collect();
    removed.sort_unstable_by(|a, b| b.cmp(a));
    let mut tree = as_it_is(node, changes);
    for index in removed {
        if let Tree::Sequence(items) = &mut tree
            && index < items.len()
        {
            items.remove(index);
        }
    }
    for change in here {
        match change {
            Change::Insert {
                key,
                value,
                position,
                ..
            } => {
                if tree == Tree::Null {
                    tree = Tree::Mapping(Vec::new());
                }
                if let Tree::Mapping(entries) = &mut tree {
                    let at = if node.style() == crate::yaml::Style::Flow {
                        entries.len()
                    } else {
                        place(entries, position)
                    };
                    entries.insert(at, (Tree::String(key.clone()), written(value)));
                }
            }
            Change::Remove { key, .. } => {
                if let Tree::Mapping(entries) = &mut tree
                    && let Some(at) = node.entries().position(|(k, _)| k.as_str() == Some(key))
                    && let Some((name, _)) = node.entries().nth(at)
                {
                    let name = as_it_is(name, changes);
                    if let Some(at) = entries.iter().position(|(k, _)| *k == name) {
                        entries.remove(at);
                    }
                }
            }
            Change::Append { value, .. } => {
                if let Tree::Sequence(items) = &mut tree {
                    items.push(written(value));
                }
            }
            Change::Replace { .. }
            | Change::ReplacePart { .. }
            | Change::RemoveItem { .. }
            | Change::Comment { .. } => {}
        }
    }
    tree
}

/// The text of a scalar with some of its parts replaced; `None` if none is.
fn with_parts(node: Node<'_>, changes: &[&Change]) -> Option<String> {
    let mut parts: Vec<_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::ReplacePart { range, text, .. } => Some((range, text)),
            _ => None,
        })
        .collect();
    parts.sort_by_key(|(range, _)| std::cmp::Reverse((range.start, range.end)));
    let mut result = node.as_str().filter(|_| !parts.is_empty())?.to_owned();
    for (range, text) in parts {
        result.get((*range).clone())?;
        result.replace_range((*range).clone(), text);
    }
    Some(result)
}

fn place(entries: &[(Tree, Tree)], position: &Position) -> usize {
    let find = |key: &String| {
        let named = |(k, _): &(Tree, Tree)| matches!(k, Tree::String(text) if text == key);
        entries.iter().position(named)
    };
    match position {
        Position::First => 0,
        Position::Last => entries.len(),
        Position::Before(key) => find(key).unwrap_or(entries.len()),
        Position::After(key) => find(key).map_or(entries.len(), |at| at + 1),
    }
}

fn as_it_is(node: Node<'_>, changes: &Changes<'_>) -> Tree {
    match node.kind() {
        Kind::Mapping => {
            let entries = node
                .entries()
                .map(|(k, v)| (changed(k, changes), changed(v, changes)));
            Tree::Mapping(entries.collect())
        }
        Kind::Sequence => Tree::Sequence(node.items().map(|i| changed(i, changes)).collect()),
        Kind::Scalar => match node.scalar() {
            Some(Scalar::Null) => Tree::Null,
            Some(Scalar::Bool(value)) => Tree::Bool(value),
            Some(Scalar::Number(value)) => Tree::Number(value.to_bits()),
            Some(Scalar::String(text)) => Tree::String(text.to_owned()),
            None => Tree::Refused(node.as_str().map(str::to_owned)),
        },
    }
}

fn written(value: &Value) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(*value),
        Value::Integer(value) => {
            // Read back as GitHub reads it.
            value
                .to_string()
                .parse::<f64>()
                .map_or(Tree::Null, |n| Tree::Number(n.to_bits()))
        }
        Value::String(text) => Tree::String(text.clone()),
        Value::Mapping(entries) => Tree::Mapping(
            entries
                .iter()
                .map(|(k, v)| (Tree::String(k.clone()), written(v)))
                .collect(),
        ),
        Value::Sequence(items) => Tree::Sequence(items.iter().map(written).collect()),
    }
}
