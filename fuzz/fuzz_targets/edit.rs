//! Any change of any file is refused or gives a file that can be read, with every
//! comment and line end of the old one in place.
//!
//! The first four bytes pick a node, a change and a value; the rest is the file.

#![no_main]

use cofferdam_facts::SourceFile;
use cofferdam_workflows::yaml::edit::{Change, Position, Value, change};
use cofferdam_workflows::yaml::{Document, Kind, Node};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(([node, what, value, which], text)) = bytes.split_first_chunk() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let document = Document::parse(SourceFile::new("w.yml", text));
    let mut nodes = Vec::new();
    for root in document.roots() {
        collect(root, &mut nodes);
    }
    let Some(node) = nodes.get(usize::from(*node) % nodes.len().max(1)) else {
        return;
    };
    let made = some_change(*node, *what, some_value(*value), usize::from(*which));
    let Ok(result) = change(&document, std::slice::from_ref(&made)) else {
        return;
    };
    let after = Document::parse(SourceFile::new("w.yml", result.as_str()));
    assert!(
        after.problems().len() <= document.problems().len(),
        "{made:?}\n{result}"
    );
    assert!(
        !after.problems().iter().any(|p| p.kind.hides_rest()),
        "{made:?}\n{result}"
    );
    if let Change::Insert { mapping, .. } = made
        && node.style() == cofferdam_workflows::yaml::Style::Block
    {
        // What was inserted is there, and taking it out again leaves the old text.
        let with = after.node(mapping).filter(|m| m.get("inserted").is_some());
        if let Some(home) = with {
            let remove = Change::Remove {
                mapping: home.id(),
                key: "inserted".into(),
            };
            if let Ok(back) = change(&after, &[remove]) {
                assert_eq!(content(&back), content(text), "{result:?}");
            }
        }
    }
});

/// The text without what an insertion at the end of a file may leave behind: a
/// line feed, and a sign that a block scalar does not end with one.
fn content(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\n' | '\r' | '+' | '-'))
        .collect()
}

fn collect<'d>(node: Node<'d>, nodes: &mut Vec<Node<'d>>) {
    nodes.push(node);
    if node.alias_span().is_none() {
        node.entries().for_each(|(_, value)| collect(value, nodes));
        node.items().for_each(|item| collect(item, nodes));
    }
}

fn some_value(pick: u8) -> Value {
    let text = |text: &str| Value::String(text.into());
    match pick % 12 {
        0 => text("plain"),
        1 => text("it's: \"quoted\" # so"),
        2 => text("two\nlines\n"),
        3 => text("  indented\n\nand blank"),
        4 => text("\u{1}\u{2028}\t\r\n"),
        5 => text("true"),
        6 => text(""),
        7 => Value::Null,
        8 => Value::Bool(false),
        9 => Value::Integer(-1),
        10 => Value::Mapping(vec![
            ("contents".into(), text("read")),
            ("x".into(), text("a\nb\n")),
        ]),
        _ => Value::Sequence(vec![
            text("one"),
            Value::Mapping(vec![("k".into(), text("v"))]),
        ]),
    }
}

fn some_change(node: Node<'_>, what: u8, value: Value, which: usize) -> Change {
    let id = node.id();
    let keys: Vec<_> = node.entries().filter_map(|(k, _)| k.as_str()).collect();
    let key = keys
        .get(which % keys.len().max(1))
        .map_or(String::new(), |k| (*k).to_owned());
    match (node.kind(), what % 4) {
        (Kind::Mapping, 0) => Change::Remove { mapping: id, key },
        (Kind::Mapping, 1 | 2) => {
            let position = match what / 4 % 4 {
                0 => Position::First,
                1 => Position::Last,
                2 => Position::Before(key),
                _ => Position::After(key),
            };
            Change::Insert {
                mapping: id,
                key: "inserted".into(),
                value,
                position,
            }
        }
        (Kind::Sequence, 0) => Change::RemoveItem {
            sequence: id,
            index: which % 4,
        },
        (Kind::Sequence, 1 | 2) => Change::Append {
            sequence: id,
            value,
        },
        (Kind::Scalar, 0) => Change::Comment {
            node: id,
            text: "note".into(),
        },
        _ => Change::Replace { node: id, value },
    }
}
