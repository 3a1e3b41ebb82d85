//! Edits by example, over random documents, and what is refused.

use cofferdam_facts::{SourceFile, Span};
use proptest::prelude::*;

use super::{Change, Edit, EditError, Position, Value, apply, change};
use crate::yaml::{Document, Kind, Node, NodeId, ProblemKind};

fn document(text: &str) -> Document {
    Document::parse(SourceFile::new("w.yml", text))
}

/// The node at a path of keys and item numbers, with `/` between them.
fn at(document: &Document, path: &str) -> NodeId {
    let root = document.root().expect("a root");
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts
        .fold(root, |node, part| match node.kind() {
            Kind::Sequence => node
                .items()
                .nth(part.parse().expect("a number"))
                .expect("an item"),
            _ => node.get(part).unwrap_or_else(|| panic!("no {part}")),
        })
        .id()
}

fn changed(text: &str, make: impl Fn(&Document) -> Change) -> Result<String, EditError> {
    let document = document(text);
    change(&document, &[make(&document)])
}

fn replaced(text: &str, path: &str, value: impl Into<Value>) -> Result<String, EditError> {
    let value = value.into();
    changed(text, |d| Change::Replace {
        node: at(d, path),
        value: value.clone(),
    })
}

fn inserted(
    text: &str,
    path: &str,
    key: &str,
    value: impl Into<Value>,
    position: Position,
) -> Result<String, EditError> {
    let document = document(text);
    let (mapping, key) = (at(&document, path), key.into());
    change(
        &document,
        &[Change::Insert {
            mapping,
            key,
            value: value.into(),
            position,
        }],
    )
}

fn removed(text: &str, path: &str, key: &str) -> Result<String, EditError> {
    changed(text, |d| Change::Remove {
        mapping: at(d, path),
        key: key.into(),
    })
}

fn appended(text: &str, path: &str, value: impl Into<Value>) -> Result<String, EditError> {
    let document = document(text);
    change(
        &document,
        &[Change::Append {
            sequence: at(&document, path),
            value: value.into(),
        }],
    )
}

fn read() -> Value {
    Value::Mapping(vec![("contents".into(), "read".into())])
}

fn ok(text: &str) -> Result<String, EditError> {
    Ok(text.to_owned())
}

#[test]
fn scalars_keep_their_style_where_it_can_carry_the_value() {
    assert_eq!(replaced("a: b # c\n", "a", "d"), ok("a: d # c\n"));
    assert_eq!(replaced("a: 'b'\n", "a", "it's"), ok("a: 'it''s'\n"));
    assert_eq!(replaced("a: \"b\"\n", "a", "x\ty"), ok("a: \"x\\ty\"\n"));
    assert_eq!(replaced("a: b\n", "a", "true"), ok("a: 'true'\n"));
    assert_eq!(replaced("a: b\n", "a", "c: d"), ok("a: 'c: d'\n"));
    assert_eq!(
        replaced("a: [b, c]\n", "a/0", "x, y"),
        ok("a: ['x, y', c]\n")
    );
    assert_eq!(
        replaced("a: &x b\nc: *x\n", "a", "d"),
        ok("a: &x d\nc: *x\n")
    );
    assert_eq!(
        replaced("a: b\n", "a", Value::Bool(false)),
        ok("a: false\n")
    );
    assert_eq!(replaced("a:\nb: 1\n", "a", "x"), ok("a: x\nb: 1\n"));
    assert_eq!(
        replaced("a: # why\nb: 1\n", "a", "x"),
        ok("a: x # why\nb: 1\n")
    );
    assert_eq!(
        replaced("- \n- b\n", "0", "x").map(|t| t.trim_end().len()),
        Ok(8)
    );
    assert_eq!(
        replaced("a: \"x\"\n", "a", "\u{1}\u{2028}"),
        ok("a: \"\\u0001\\u2028\"\n")
    );
}

#[test]
fn block_scalars_keep_their_indentation_and_header() {
    let text = "run: |  # keep\n    one\n    two\nb: 1\n";
    assert_eq!(
        replaced(text, "run", "x\n\ny\n"),
        ok("run: |  # keep\n    x\n\n    y\nb: 1\n")
    );
    assert_eq!(
        replaced(text, "run", "x"),
        ok("run: |-  # keep\n    x\nb: 1\n")
    );
    assert_eq!(
        replaced("a: >-\n  one\n  two\n", "a", "three"),
        ok("a: >-\n  three\n")
    );
    assert_eq!(replaced("a: |\n  one", "a", "two\n"), ok("a: |\n  two\n"));
    assert_eq!(replaced("a: |\n  one", "a", "two"), ok("a: |-\n  two"));
    assert_eq!(
        replaced("a: |\r\n  one\r\n", "a", "x\ny\n"),
        ok("a: |\r\n  x\r\n  y\r\n")
    );
    assert_eq!(
        replaced("a: b\nc: d\n", "a", "x\ny\n"),
        ok("a: |\n  x\n  y\nc: d\n")
    );
    assert_eq!(
        replaced("a: |+\n  x\n\nc: d\n", "a", " y\n\n"),
        ok("a: \" y\\n\\n\"\nc: d\n")
    );
}

#[test]
fn collections_are_replaced_behind_their_key() {
    let text = "permissions: # all\n  contents: write\n  packages: write\n\njobs: {}\n";
    assert_eq!(
        replaced(text, "permissions", "read-all"),
        ok("permissions: read-all # all\n\njobs: {}\n")
    );
    assert_eq!(
        replaced(text, "permissions", read()),
        ok("permissions: # all\n  contents: read\n\njobs: {}\n")
    );
    assert_eq!(
        replaced("permissions: write-all\n", "permissions", read()),
        ok("permissions:\n  contents: read\n")
    );
    assert_eq!(
        replaced("permissions: {a: b}\n", "permissions", read()),
        ok("permissions: {contents: read}\n")
    );
    assert_eq!(
        replaced("jobs:\n    a:\n        x: 1\n", "jobs/a/x", read()),
        ok("jobs:\n    a:\n        x:\n            contents: read\n")
    );
    let empty = Value::Mapping(Vec::new());
    assert_eq!(
        replaced("p: write-all\nj: 1\n", "p", empty),
        ok("p: {}\nj: 1\n")
    );
}

#[test]
fn keys_are_inserted_in_the_manner_of_the_file() {
    let text = "name: x\n\non: push # c\n\njobs:\n    a:\n        runs-on: y\n";
    let after = Position::After("on".into());
    assert_eq!(
        inserted(text, "", "permissions", read(), after),
        ok(
            "name: x\n\non: push # c\npermissions:\n    contents: read\n\njobs:\n    a:\n        runs-on: y\n"
        )
    );
    assert_eq!(
        inserted(text, "jobs/a", "permissions", read(), Position::First),
        ok(
            "name: x\n\non: push # c\n\njobs:\n    a:\n        permissions:\n            contents: read\n        runs-on: y\n"
        )
    );
    let steps = "steps:\r\n- uses: a@b # v1\r\n- run: x\r\n";
    assert_eq!(
        inserted(
            steps,
            "steps/0",
            "with",
            Value::Mapping(vec![("p".into(), Value::Bool(false))]),
            Position::Last
        ),
        ok("steps:\r\n- uses: a@b # v1\r\n  with:\r\n    p: false\r\n- run: x\r\n")
    );
    assert_eq!(
        inserted("a: {b: 1}\n", "a", "c", "d", Position::Last),
        ok("a: {b: 1, c: d}\n")
    );
    assert_eq!(
        inserted("a: {}\n", "a", "c", "d", Position::Last),
        ok("a: {c: d}\n")
    );
    assert_eq!(
        inserted("a:\nb: 1\n", "a", "c", "d", Position::Last),
        ok("a:\n  c: d\nb: 1\n")
    );
    assert_eq!(
        inserted("- a: 1\n", "0", "b", "2x", Position::First),
        ok("- b: 2x\n  a: 1\n")
    );
    assert_eq!(
        inserted(
            "x: 1\n# about y\ny: 2\n",
            "",
            "z",
            "3x",
            Position::Before("y".into())
        ),
        ok("x: 1\nz: 3x\n# about y\ny: 2\n")
    );
    assert_eq!(
        inserted("# licence\nx: 1\n", "", "z", "3x", Position::First),
        ok("# licence\nz: 3x\nx: 1\n")
    );
    assert_eq!(
        inserted("a: 1", "", "b", "c", Position::Last),
        ok("a: 1\nb: c")
    );
}

#[test]
fn a_block_scalar_at_the_end_without_line_feed_keeps_its_value() {
    let text = "steps:\n  - run: |\n      x\n      y";
    let wanted = "steps:\n  - run: |-\n      x\n      y\n    shell: bash";
    assert_eq!(
        inserted(text, "steps/0", "shell", "bash", Position::Last),
        ok(wanted)
    );
    assert_eq!(
        appended(
            text,
            "steps",
            Value::Mapping(vec![("uses".into(), "a@b".into())])
        ),
        ok("steps:\n  - run: |-\n      x\n      y\n  - uses: a@b")
    );
    assert_eq!(
        inserted("a: |2+\n   x", "", "b", "c", Position::Last),
        ok("a: |2-\n   x\nb: c")
    );
    assert_eq!(
        inserted("a: |+\n  x\n\n", "", "b", "c", Position::Last),
        ok("a: |+\n  x\n\nb: c\n")
    );
    assert_eq!(
        inserted(
            "a: |\n  x\n\n\nd: e\n",
            "",
            "b",
            "c",
            Position::After("a".into())
        ),
        ok("a: |\n  x\nb: c\n\n\nd: e\n")
    );
    assert_eq!(removed("a: |\n  x\nb: c", "", "b"), ok("a: |\n  x\n"));
}

#[test]
fn keys_and_items_are_removed_with_their_lines() {
    let text = "a: 1 # one\n# above\nb:\n  c: 2\n\nd: 3\n";
    assert_eq!(removed(text, "", "a"), ok("# above\nb:\n  c: 2\n\nd: 3\n"));
    assert_eq!(removed(text, "", "b"), ok("a: 1 # one\n# above\n\nd: 3\n"));
    assert_eq!(
        removed(text, "b", "c"),
        ok("a: 1 # one\n# above\nb: {}\n\nd: 3\n")
    );
    assert_eq!(removed("- a: 1\n  b: 2\n", "0", "a"), ok("- b: 2\n"));
    assert_eq!(removed("{a: 1, b: 2}\n", "", "a"), ok("{b: 2}\n"));
    assert_eq!(removed("{a: 1, b: 2}\n", "", "b"), ok("{a: 1}\n"));
    assert_eq!(removed("a: 1\nb: 2", "", "b"), ok("a: 1"));
    let item = |text, path: &'static str, index| {
        changed(text, |d| Change::RemoveItem {
            sequence: at(d, path),
            index,
        })
    };
    assert_eq!(
        item("a:\n- x\n- y # c\n- z\n", "a", 1),
        ok("a:\n- x\n- z\n")
    );
    assert_eq!(item("a: [x, y]\n", "a", 0), ok("a: [y]\n"));
    assert_eq!(item("a:\n  - x\n", "a", 0), ok("a: []\n"));
    assert_eq!(
        item("- |\n  x\n-\n  y\n- z\n", "", 1),
        ok("- |\n  x\n- z\n")
    );
}

#[test]
fn items_are_appended_and_comments_set() {
    assert_eq!(
        appended("a:\n- x # c\n# below\nb: 1\n", "a", "y"),
        ok("a:\n- x # c\n- y\n# below\nb: 1\n")
    );
    assert_eq!(
        appended("a: [x]\n", "a", read()),
        ok("a: [x, {contents: read}]\n")
    );
    assert_eq!(
        appended("- - x\n- z\n", "0", "y"),
        ok("- - x\n  - y\n- z\n")
    );
    let d = document("uses: a/b@v1 # old\n");
    let node = at(&d, "uses");
    let pin = [
        Change::Replace {
            node,
            value: "a/b@0123".into(),
        },
        Change::Comment {
            node,
            text: "v1.2".into(),
        },
    ];
    assert_eq!(change(&d, &pin), ok("uses: a/b@0123 # v1.2\n"));
    let d = document("uses: a/b@v1");
    let node = at(&d, "uses");
    let pin = [
        Change::Replace {
            node,
            value: "a/b@0123".into(),
        },
        Change::Comment {
            node,
            text: "v1.2".into(),
        },
    ];
    assert_eq!(change(&d, &pin), ok("uses: a/b@0123 # v1.2"));
}

#[test]
fn what_cannot_be_done_is_refused() {
    assert_eq!(
        removed("a: &x 1\nb: *x\n", "", "a"),
        Err(EditError::Broken(ProblemKind::UndefinedAlias))
    );
    assert_eq!(
        inserted("a: 1\n", "", "a", "b", Position::Last),
        Err(EditError::KeyExists("a".into()))
    );
    assert_eq!(
        inserted("a: 1\n", "", "b", "c", Position::After("z".into())),
        Err(EditError::NoSuchKey("z".into()))
    );
    assert_eq!(
        inserted("a: 1\n", "", "A", "b", Position::Last),
        Err(EditError::Broken(ProblemKind::DuplicateKeyCase))
    );
    assert_eq!(
        replaced("a: 1\nb: 'x\n", "a", "2x"),
        Err(EditError::NotUnderstood(ProblemKind::Syntax))
    );
    assert_eq!(
        removed("- a: 1 # why\n  # how\n  b: 2\n", "0", "a"),
        Err(EditError::Layout(Span::new(2, 23)))
    );
    assert_eq!(
        appended("a: 1\n", "a", "b"),
        Err(EditError::WrongKind(Kind::Sequence))
    );
    let d = document("a: b\n");
    let edit = |start, end, text: &str| Edit {
        span: Span::new(start, end),
        replacement: text.into(),
    };
    assert_eq!(apply(&d, &[edit(3, 4, "c"), edit(0, 1, "d")]), ok("d: c\n"));
    assert_eq!(
        apply(&d, &[edit(3, 9, "")]),
        Err(EditError::OutOfBounds(Span::new(3, 9)))
    );
    assert_eq!(
        apply(&d, &[edit(0, 2, ""), edit(1, 3, "")]),
        Err(EditError::Overlap(Span::new(0, 2), Span::new(1, 3)))
    );
    assert_eq!(
        apply(&d, &[edit(3, 4, "'")]),
        Err(EditError::Broken(ProblemKind::Syntax))
    );
    let comment = Change::Comment {
        node: at(&d, "a"),
        text: "x\ny: z".into(),
    };
    assert_eq!(change(&d, &[comment]), Err(EditError::CommentText));
    let swallowed = [edit(4, 4, " 'x"), edit(5, 5, "b: '\n")];
    assert!(apply(&d, &swallowed).is_err());
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}",
        1 => prop::sample::select(vec![
            "true", "null", "~", "1.10", "0x1", "it's", "a: b", "a #b", "- x", "${{ github.ref }}",
            "", " ", "x ", "[", "a,b", "é", "\"q\"", "\\", "<<", "---", "...", "? x", "!t", "&a", "*a",
            "a:", "@x", "`x`", "%x", "-", "--flag", "a\tb", "\u{7f}", "\u{feff}x", "on", "=", ".x",
        ]).prop_map(String::from),
        1 => "[ -~]{1,8}",
        1 => "[a-z]{1,3}\n[a-z ]{0,4}\n?[a-z]{0,3}\n{0,2}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => word().prop_map(Value::String),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i32>().prop_map(|n| Value::Integer(i64::from(n))),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Sequence),
            prop::collection::btree_map("[a-z]{1,5}", inner, 0..4)
                .prop_map(|m| Value::Mapping(m.into_iter().collect())),
        ]
    })
}

/// A document written by hand, with comments and every style.
const SAMPLE: &str = "# licence\n\nname: CI # the name\non:\n  push:\n    branches: [main, 'rel/*']\n  \
    pull_request:\n# free\njobs:\n  # about build\n  build:\n    runs-on: \"ubuntu\"  # os\n    env: \
    {A: b, C: 'd'}\n    if: >-\n      github.ref ==\n      'x'\n    steps:\n    - uses: a/b@v1 # v1\n      \
    with:\n        k: v\n    - run: |\n        one\n          two\n\n        three\n      shell: bash\n\
    \n    - name: plain\n        folded\n      id: x\n    -\n      uses: c\n";

fn nodes(document: &Document) -> Vec<Node<'_>> {
    let mut found: Vec<Node<'_>> = document.roots().collect();
    let mut next = 0;
    while let Some(node) = found.get(next).copied() {
        found.extend(node.entries().map(|(_, value)| value));
        found.extend(node.items());
        next += 1;
    }
    found
}

/// Some change that fits the node, by a number.
fn some_change(node: Node<'_>, pick: usize, value: Value) -> Change {
    let id = node.id();
    let keys: Vec<_> = node
        .entries()
        .filter_map(|(k, _)| k.as_str().map(str::to_owned))
        .collect();
    let key = || keys.get(pick / 7 % keys.len().max(1)).cloned();
    match (node.kind(), pick % 5) {
        (Kind::Mapping, 0) if !keys.is_empty() => Change::Remove {
            mapping: id,
            key: key().expect("a key"),
        },
        (Kind::Mapping, 1..=3) => {
            let position = match (pick % 4, key()) {
                (0, _) => Position::First,
                (1, Some(key)) => Position::Before(key),
                (2, Some(key)) => Position::After(key),
                _ => Position::Last,
            };
            Change::Insert {
                mapping: id,
                key: "new-key".into(),
                value,
                position,
            }
        }
        (Kind::Sequence, 0) if node.items().next().is_some() => Change::RemoveItem {
            sequence: id,
            index: pick / 7 % node.items().count(),
        },
        (Kind::Sequence, 1..=3) => Change::Append {
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

proptest! {
    #![proptest_config(ProptestConfig::default())]

    /// The sample is laid out as people do, so no change but one is refused: the
    /// removal that would move a comment.
    #[test]
    fn changes_of_a_usual_file_succeed(which in any::<usize>(), pick in any::<usize>(), value in value(), crlf: bool, cut: bool) {
        let mut text = SAMPLE.to_owned();
        if cut {
            text.pop();
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let document = document(&text);
        prop_assert_eq!(document.problems(), &[]);
        let nodes = nodes(&document);
        let change_made = some_change(nodes[which % nodes.len()], pick, value);
        match change(&document, std::slice::from_ref(&change_made)) {
            Ok(result) => {
                if !crlf {
                    prop_assert!(!result.contains('\r'));
                }
                if let Change::Comment { .. } = change_made {
                    prop_assert!(result.contains("# note"));
                }
            }
            Err(error) => prop_assert!(false, "{:?}: {} of {:?}", change_made, error, nodes[which % nodes.len()]),
        }
    }

    /// A value that was inserted is removed without a trace.
    #[test]
    fn removal_undoes_insertion(which in any::<usize>(), value in value()) {
        let before = document(SAMPLE);
        let mappings: Vec<_> = nodes(&before).into_iter().filter(|n| n.kind() == Kind::Mapping).collect();
        let mapping = mappings[which % mappings.len()].id();
        let insert = Change::Insert { mapping, key: "new-key".into(), value, position: Position::Last };
        let with = change(&before, &[insert]).expect("an insertion");
        let after = document(&with);
        let home = nodes(&after).into_iter().find(|n| n.get("new-key").is_some()).expect("the mapping").id();
        let remove = Change::Remove { mapping: home, key: "new-key".into() };
        prop_assert_eq!(change(&after, &[remove]), Ok(SAMPLE.to_owned()));
    }

    /// Nothing panics, and what is returned has been read again.
    #[test]
    fn changes_of_any_text_are_made_or_refused(
        text in "[a-c:\\-\\[\\]{},'\"|>#&*! \n]{0,40}", which in any::<usize>(), pick in any::<usize>(), value in value(),
    ) {
        let document = document(&text);
        let nodes = nodes(&document);
        if let Some(node) = nodes.get(which % nodes.len().max(1)) {
            let made = some_change(*node, pick, value);
            if let Ok(result) = change(&document, &[made]) {
                prop_assert!(self::document(&result).problems().len() <= document.problems().len());
            }
        }
    }
}

#[test]
fn parts_of_a_scalar_are_replaced_in_every_style() {
    let text = "# top\na: \"say \\\"x\\\" and y\"  # one\nb: 'it''s x'\nc: |  # kept\n  first x  \n\n    then x\nd: >-\n  folded\n  x\ne: plain x\n";
    let document = document(text);
    let root = document.root().expect("a root");
    let mut changes = Vec::new();
    for key in ["a", "b", "c", "d", "e"] {
        let node = root.get(key).expect("a key");
        let value = node.as_str().expect("a scalar");
        for (at, _) in value.match_indices('x') {
            changes.push(Change::ReplacePart {
                node: node.id(),
                range: at..at + 1,
                text: "'\"$Z\"'".into(),
            });
        }
    }
    let expected = "# top\na: \"say \\\"'\\\"$Z\\\"'\\\" and y\"  # one\nb: 'it''s ''\"$Z\"'''\nc: |  # kept\n  first '\"$Z\"'  \n\n    then '\"$Z\"'\nd: >-\n  folded\n  '\"$Z\"'\ne: plain '\"$Z\"'\n";
    assert_eq!(change(&document, &changes).as_deref(), Ok(expected));
    // What would become another type, a comment or a key is refused.
    let node = root.get("e").expect("a key").id();
    for text in ["# x", ": y", "a\nb"] {
        let part = Change::ReplacePart {
            node,
            range: 5..7,
            text: format!(" {text}"),
        };
        assert!(change(&document, &[part]).is_err(), "{text}");
    }
}
