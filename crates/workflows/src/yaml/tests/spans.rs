//! Spans of every style of scalar, by example and by random text.

use cofferdam_facts::{SourceFile, Span};
use proptest::prelude::*;

use super::{clean, find, raw, raw_part};
use crate::yaml::{Document, Kind, Node, Style};

/// Holds for every tree, whatever text it came from.
fn check_tree(document: &Document) {
    let text = document.text();
    for problem in document.problems() {
        assert!(
            text.get(problem.span.start..problem.span.end).is_some(),
            "{problem:?}"
        );
    }
    let mut end = 0;
    for comment in document.comments() {
        let raw = document.file().slice(comment.span);
        assert!(
            raw.starts_with('#') && comment.span.start >= end,
            "{comment:?}"
        );
        assert_eq!(
            raw.trim_start_matches('#')
                .trim()
                .trim_start_matches('#')
                .trim_start(),
            comment.text.trim_start_matches('#').trim_start()
        );
        end = comment.span.end;
    }
    for root in document.roots() {
        check_node(root);
    }
}

fn check_node(node: Node<'_>) {
    let text = node.document().text();
    let span = node.span();
    let raw = text
        .get(span.start..span.end)
        .unwrap_or_else(|| panic!("{node:?} in {text:?}"));
    match (node.kind(), node.style()) {
        (Kind::Mapping | Kind::Sequence, _) => check_collection(node, raw),
        (Kind::Scalar, style) => {
            if !node.is_unresolved() {
                check_scalar(node, style, raw);
            }
        }
    }
}

fn check_collection(node: Node<'_>, raw: &str) {
    let children: Vec<_> = node
        .entries()
        .flat_map(|(k, v)| [k, v])
        .chain(node.items())
        .collect();
    let mut end = node.span().start;
    for child in children {
        let here = child.here();
        assert!(
            node.span().contains(here),
            "{child:?} outside of {node:?} {raw:?}"
        );
        assert!(here.start >= end, "{child:?} before {end} in {raw:?}");
        end = here.end;
        if child.alias_span().is_none() {
            assert!(child.parent() == Some(node));
            check_node(child);
        }
    }
}

fn check_scalar(node: Node<'_>, style: Style, raw: &str) {
    let text = node.document().text();
    let decoded = node.as_str().unwrap_or_else(|| panic!("{node:?}"));
    match style {
        Style::SingleQuoted => assert!(raw.starts_with('\'') && raw.ends_with('\'')),
        Style::DoubleQuoted => assert!(raw.starts_with('"') && raw.ends_with('"')),
        Style::Literal => assert!(raw.starts_with('|'), "{raw:?} {text:?}"),
        Style::Folded => assert!(raw.starts_with('>'), "{raw:?} {text:?}"),
        _ => {}
    }
    // Each character comes from bytes of its own, in order, and letters from themselves.
    let mut end = node.span().start;
    for (at, character) in decoded.char_indices() {
        let place = node.raw_span(at..at + character.len_utf8());
        assert!(
            place != node.span() || decoded.len() == character.len_utf8(),
            "no map for {decoded:?} from {raw:?} in {text:?}"
        );
        assert!(place.start >= end, "{decoded:?} at {at} in {raw:?}");
        end = place.end;
        let source = text.get(place.start..place.end).unwrap_or_default();
        if character.is_alphanumeric() && !source.starts_with('\\') {
            assert_eq!(source, character.encode_utf8(&mut [0; 4]), "in {text:?}");
        }
    }
}

#[test]
fn comments_and_properties_stand_between_a_key_and_its_block() {
    let d = clean("k: # | no\n  &a\n  !!str |2- # > yes\n    x\n  y\nz:\n# -\n- - 1\n-\n  - 2\n");
    let k = find(&d, &["k"]);
    assert_eq!(raw(k), "|2- # > yes\n    x\n  y");
    assert_eq!(k.as_str(), Some("  x\ny"));
    assert_eq!(raw_part(k, "y"), "y");
    assert_eq!(k.tag_span().map(|s| d.file().slice(s)), Some("!!str"));
    assert_eq!(raw(find(&d, &["z"])), "- - 1\n-\n  - 2");
    assert_eq!(raw(find(&d, &["z", "1"])), "- 2");
    check_tree(&d);
}

#[test]
fn empty_and_kept_blocks_have_spans() {
    let d = clean("a: |\n\n\nb: |+\n  x\n\n  \nc: >-\n\n  y\n\n\nd: |\n  z");
    assert_eq!(
        (raw(find(&d, &["a"])), find(&d, &["a"]).as_str()),
        ("|", Some(""))
    );
    assert_eq!(find(&d, &["b"]).as_str(), Some("x\n\n\n"));
    assert_eq!(raw(find(&d, &["b"])), "|+\n  x");
    assert_eq!(raw_part(find(&d, &["c"]), "\ny"), "\n  y");
    assert_eq!(find(&d, &["d"]).as_str(), Some("z"));
    check_tree(&d);
    check_tree(&clean("--- |\n  x\n"));
    check_tree(&clean("--- # c\n|\n x\n"));
    check_tree(&clean("|\n x\n"));
}

#[test]
fn keys_behind_question_marks_stand_in_order() {
    for text in [
        "? a\n:on: push\njon b\n?:  [c",
        "? a\n: ? a\n: b\n? [ a\n",
        "a: &x\n  ?\n: d\na",
        "? a\n: b\n? c\n: ? d\n  : \n? \n",
        "a: |1\r\r  \r \n",
    ] {
        check_tree(&Document::parse(SourceFile::new("w.yml", text)));
    }
}

#[test]
fn a_place_finds_its_node() {
    let d = clean("a: {b: [c, 'd e']}\nf: &x g\nh: *x\n");
    let at = |part: &str| {
        let start = d.text().find(part).expect(part);
        d.node_at(Span::new(start, start + part.len()))
            .expect("a node")
    };
    assert_eq!(at("d e").as_str(), Some("d e"));
    assert_eq!(at("c, ").kind(), Kind::Sequence);
    assert_eq!(at("b: ").kind(), Kind::Mapping);
    assert_eq!(at("*x").as_str(), Some("g"));
    assert_eq!(d.node(at("c").id()), Some(at("c")));
}

fn yaml_like() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        8 => prop::sample::select(vec![
            "a", "b", "key", "x y", ": ", ":", "- ", "-", "? ", "\n", "\n", "\n  ", "\n    ", "\n\n",
            " ", "  ", "\t", "[", "]", "{", "}", ", ", "'", "\"", "''", "\\n", "\\", "\\u00e9", "|",
            ">", "|-", ">+", "|2", "# c", " # c", "&a ", "*a", "*a ", "!!str ", "!x ", "---\n", "...\n",
            "\r\n", "\r", "\u{feff}", "é", "\u{1f600}", "~", "true", "${{ x }}", "\\\n", "%", "@", "`",
        ]).prop_map(String::from),
        1 => "[ -~]{1,3}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

/// A scalar with a text of its own in a style that can carry it.
fn scalar_source() -> impl Strategy<Value = (String, String)> {
    let line = "[a-z#:'\"\\\\{}é ]{0,8}";
    (
        prop::collection::vec(line, 1..5),
        0..4_usize,
        prop::bool::ANY,
    )
        .prop_map(|(lines, style, crlf)| {
            let end = if crlf { "\r\n" } else { "\n" };
            let value = lines.join("\n");
            let source = match style {
                0 => format!("'{}'", value.replace('\'', "''").replace('\n', "\n\n  ")),
                1 => format!(
                    "\"{}\"",
                    value
                        .replace('\\', "\\\\")
                        .replace('"', "\\\"")
                        .replace('\n', "\\n\\\n  \\")
                ),
                2 => format!("|2-\n  {}", value.replace('\n', "\n  ")),
                _ => format!(">2-\n  {}", value.replace('\n', "\n\n  ")),
            };
            (
                value,
                format!("k: {}\nnext: 1\n", source).replace('\n', end),
            )
        })
}

proptest! {
    #[test]
    fn any_text_gives_a_sound_tree(text in yaml_like()) {
        check_tree(&Document::parse(SourceFile::new("w.yml", text)));
    }

    #[test]
    fn every_style_maps_back((_, source) in scalar_source()) {
        let document = Document::parse(SourceFile::new("w.yml", source));
        check_tree(&document);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        check_tree(&Document::parse_bytes("w.yml", &bytes));
    }
}
