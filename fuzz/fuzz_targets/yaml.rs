//! Any bytes give a tree whose spans fit the file and each other.

#![no_main]

use cofferdam_workflows::yaml::{
    ALIAS_BUDGET, Document, Kind, MAX_DEPTH, MAX_PROBLEMS, Node, Style,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let document = Document::parse_bytes("w.yml", bytes);
    let text = document.text();
    assert!(document.problems().len() <= MAX_PROBLEMS);
    for problem in document.problems() {
        assert!(text.get(problem.span.start..problem.span.end).is_some());
    }
    let mut end = 0;
    for comment in document.comments() {
        assert!(comment.span.start >= end && document.file().slice(comment.span).starts_with('#'));
        end = comment.span.end;
        assert!(document.comments_above(end).len() < document.comments().len());
        assert!(document.comment_on_line(comment.span.start).is_some());
    }
    let mut seen = 0;
    for root in document.roots() {
        check(root, 0, &mut seen);
    }
    assert!(seen <= text.len() * 2 + 2 + ALIAS_BUDGET);
});

fn check(node: Node<'_>, depth: usize, seen: &mut usize) {
    *seen += 1;
    let text = node.document().text();
    let span = node.span();
    assert!(depth <= MAX_DEPTH && text.get(span.start..span.end).is_some());
    let mut end = span.start;
    let children = node
        .entries()
        .flat_map(|(key, value)| [key, value])
        .chain(node.items());
    for child in children {
        let here = child.here();
        assert!(span.contains(here) && here.start >= end);
        end = here.end;
        check(child, depth + 1, seen);
    }
    if node.kind() == Kind::Scalar && !node.is_unresolved() {
        check_scalar(node);
    }
}

fn check_scalar(node: Node<'_>) {
    let text = node.document().text();
    let decoded = node.as_str().expect("the text of a scalar");
    let raw = node.document().file().slice(node.span());
    let begins = match node.style() {
        Style::SingleQuoted => "'",
        Style::DoubleQuoted => "\"",
        Style::Literal => "|",
        Style::Folded => ">",
        _ => "",
    };
    assert!(raw.starts_with(begins));
    // Where a problem lies, the caller falls back on the whole scalar.
    let problems = node.document().problems();
    let is_broken = problems.len() == MAX_PROBLEMS
        || problems
            .iter()
            .any(|problem| node.span().contains(problem.span));
    let mut end = node.span().start;
    for (at, character) in decoded.char_indices() {
        let length = character.len_utf8();
        let place = node.raw_span(at..at + length);
        if place == node.span() && is_broken {
            return;
        }
        assert!(
            place != node.span() || decoded.len() == length,
            "no map for {decoded:?}"
        );
        assert!(place.start >= end);
        end = place.end;
        let source = text
            .get(place.start..place.end)
            .expect("a place in the file");
        let changed = source.starts_with('\\') || character.is_whitespace() || character == '\'';
        assert!(changed || source == character.encode_utf8(&mut [0; 4]));
    }
}
