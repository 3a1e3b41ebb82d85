//! Input made to cost time, memory or the stack.

use std::time::{Duration, Instant};

use super::{Document, ProblemKind, document, kinds};
use crate::yaml::{ALIAS_BUDGET, MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS, Node};

/// Generous for a debug build on a loaded machine; what is quadratic in the
/// sizes used here takes minutes.
const LIMIT: Duration = Duration::from_secs(60);

fn bounded(text: &str) -> Document {
    let start = Instant::now();
    let document = document(text);
    let nodes = document.root().map_or(0, count);
    assert!(
        start.elapsed() < LIMIT,
        "{:?} for {nodes} nodes",
        start.elapsed()
    );
    document
}

/// Counts nodes the way any reader of the tree may: by recursion.
fn count(node: Node<'_>) -> usize {
    let entries = node.entries().map(|(key, value)| count(key) + count(value));
    1 + entries.sum::<usize>() + node.items().map(count).sum::<usize>()
}

fn height(node: Node<'_>) -> usize {
    node.entries()
        .map(|(_, v)| v)
        .chain(node.items())
        .map(|n| height(n) + 1)
        .max()
        .unwrap_or(0)
}

#[test]
fn deep_nesting_is_a_problem_and_no_overflow() {
    let block: String = (0..10_000)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .take(3_000)
        .collect();
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(10_000),
        "? ".repeat(10_000),
        block,
    ] {
        let document = bounded(&text);
        let kinds: Vec<_> = document.problems().iter().map(|p| p.kind).collect();
        assert!(kinds.contains(&ProblemKind::TooDeep), "{kinds:?}");
        assert!(document.root().map_or(0, height) <= MAX_DEPTH);
        drop(document);
    }
}

#[test]
fn aliases_cannot_make_the_tree_deeper_than_the_limit() {
    let mut text = String::from("- &a0 x\n");
    for n in 1..40 {
        text += &format!(
            "- &a{n} {}*a{}{}\n",
            "[".repeat(100),
            n - 1,
            " ]".repeat(100)
        );
    }
    let document = bounded(&text);
    assert!(
        document
            .problems()
            .iter()
            .any(|p| p.kind == ProblemKind::TooDeep)
    );
    assert!(height(document.root().expect("a root")) <= MAX_DEPTH);
}

#[test]
fn alias_bombs_run_out_of_budget() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..40 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        text += &format!("a{n}: &a{n} [{aliases}]\n");
    }
    let document = bounded(&text);
    assert!(
        document
            .problems()
            .iter()
            .any(|p| p.kind == ProblemKind::AliasBudget)
    );
    let nodes = count(document.root().expect("a root"));
    assert!(nodes < ALIAS_BUDGET + text.len(), "{nodes}");
}

#[test]
fn many_redefined_anchors_take_bounded_time() {
    let mut text = String::from("- &a x\n- &b\n");
    for _ in 0..20_000 {
        text += "  - *a\n";
    }
    text += "- &a y\n";
    for _ in 0..3 {
        text += "- *b\n";
    }
    let document = bounded(&text);
    let kinds: Vec<_> = document.problems().iter().map(|p| p.kind).collect();
    assert_eq!(
        kinds,
        [
            ProblemKind::AnchorRedefined,
            ProblemKind::AliasBudget,
            ProblemKind::AliasBudget
        ]
    );
    assert_eq!(kinds_of_chain(), [ProblemKind::AnchorRedefined]);
}

fn kinds_of_chain() -> Vec<ProblemKind> {
    kinds("a: &a 1\nb: &b [*a]\nc: &c [*b]\nd: &a 2\ne: *c\nf: *a\n")
}

#[test]
fn large_files_are_refused_and_long_ones_read() {
    let document = bounded(&"a".repeat(MAX_BYTES + 1));
    assert_eq!(document.problems()[0].kind, ProblemKind::TooLarge);
    assert!(document.root().is_none());
    for line in [
        "- a: b\n",
        "# comment\n",
        "- [a, b]\n",
        "- 'it''s'\n",
        "- |\n  x\n",
        "\n",
        "- &a\n",
        "- - a\n- ",
    ] {
        let text = line.repeat(1_000_000 / line.len());
        assert!(
            bounded(&text)
                .problems()
                .iter()
                .all(|p| p.kind == ProblemKind::Syntax),
            "{line}"
        );
    }
}

#[test]
fn equal_keys_and_bad_tags_are_counted_up_to_the_limit() {
    let keys: String = (0..100_000)
        .map(|n| format!("k{}: 1\n", n % 50_000))
        .collect();
    assert_eq!(bounded(&keys).problems().len(), MAX_PROBLEMS);
    let tags = "- !x y\n".repeat(10_000);
    assert_eq!(bounded(&(tags + "- 'open")).problems().len(), MAX_PROBLEMS);
    let problems = bounded(&("- !x y\n".repeat(10_000) + "- 'open"))
        .problems()
        .to_vec();
    assert_eq!(problems.last().map(|p| p.kind), Some(ProblemKind::Syntax));
}

#[test]
fn many_places_in_one_long_scalar_are_mapped_in_linear_time() {
    let text = format!("run: |\n{}", "    echo ${{ github.ref }}\n".repeat(20_000));
    let document = bounded(&text);
    let run = document.root().and_then(|r| r.get("run")).expect("run");
    let decoded = run.as_str().expect("text");
    let start = Instant::now();
    for (at, found) in decoded.match_indices("${{ github.ref }}") {
        let span = run.raw_span(at..at + found.len());
        assert_eq!(document.file().slice(span), found);
    }
    assert!(start.elapsed() < LIMIT);
}

#[test]
fn text_that_is_not_utf_8_is_read_up_to_there() {
    let document = Document::parse_bytes("w.yml", b"on: push\njobs: {a: \xff}\n");
    assert_eq!(document.problems().len(), 1);
    assert_eq!(document.problems()[0].kind, ProblemKind::NotUtf8);
    assert_eq!(document.problems()[0].span.start, 19);
    let on = document
        .root()
        .and_then(|r| r.get("on"))
        .and_then(|n| n.as_str());
    assert_eq!(on, Some("push"));
    let utf16 = Document::parse_bytes("w.yml", b"\xff\xfeo\0n\0");
    assert_eq!(utf16.problems()[0].kind, ProblemKind::NotUtf8);
    assert!(utf16.root().is_none());
}

#[test]
fn byte_order_mark_and_line_ends_are_read() {
    let document = document(
        "\u{feff}on: push\r\njobs:\r\n  a: |\r\n    x\r\n    y\r\n  b: \"p\r\n    q\"\r\n",
    );
    assert_eq!(document.problems(), []);
    let root = document.root().expect("a root");
    assert_eq!(
        document.file().slice(root.get("on").expect("on").span()),
        "push"
    );
    let jobs = root.get("jobs").expect("jobs");
    let a = jobs.get("a").expect("a");
    assert_eq!(a.as_str(), Some("x\ny\n"));
    assert_eq!(document.file().slice(a.raw_span(2..3)), "y");
    assert_eq!(document.file().slice(a.raw_span(1..2)), "\r\n");
    assert_eq!(document.file().slice(a.span()), "|\r\n    x\r\n    y");
    assert_eq!(jobs.get("b").and_then(|n| n.as_str()), Some("p q"));
    let classic = super::clean("a: b\rc: # x\r  d\r");
    assert_eq!(classic.comment_on_line(8).map(|c| &*c.text), Some("x"));
}

#[test]
fn control_characters_and_empty_files_do_no_harm() {
    assert!(super::clean("").root().is_none());
    assert!(super::clean("# only\n").root().is_none());
    assert!(super::clean("---\n").root().is_some_and(|n| n.is_null()));
    assert_eq!(kinds("a: b\0c: d\n").len(), 1);
}
