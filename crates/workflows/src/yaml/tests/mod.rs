//! Trees, spans and problems of small texts.

mod hostile;
mod spans;

use cofferdam_facts::SourceFile;

use super::{Document, Kind, Node, ProblemKind, Scalar, Style};

fn document(text: &str) -> Document {
    Document::parse(SourceFile::new("w.yml", text))
}

fn clean(text: &str) -> Document {
    let document = document(text);
    assert_eq!(document.problems(), [], "{text}");
    document
}

fn kinds(text: &str) -> Vec<ProblemKind> {
    document(text).problems().iter().map(|p| p.kind).collect()
}

fn raw<'d>(node: Node<'d>) -> &'d str {
    node.document().file().slice(node.span())
}

fn find<'d>(document: &'d Document, path: &[&str]) -> Node<'d> {
    let root = document.root().expect("a root");
    path.iter()
        .fold(root, |node, key| match key.parse::<usize>() {
            Ok(index) => node.items().nth(index).expect("an item"),
            Err(_) => node.get(key).unwrap_or_else(|| panic!("no {key}")),
        })
}

/// The raw bytes of the first occurrence of `part` in the decoded scalar.
fn raw_part<'d>(node: Node<'d>, part: &str) -> &'d str {
    let text = node.as_str().expect("a scalar");
    let at = text
        .find(part)
        .unwrap_or_else(|| panic!("no {part:?} in {text:?}"));
    node.document()
        .file()
        .slice(node.raw_span(at..at + part.len()))
}

#[test]
fn a_workflow_is_read_with_its_spans() {
    let d = clean(
        "on: push # now\njobs:\n  build:\n    runs-on: [self-hosted, 'lin''ux']\n    steps:\n    \
         - run: |\n        echo ${{ github.ref }}\n        done\n    - uses: \"a/b@v1\"\n",
    );
    assert_eq!(raw(find(&d, &["on"])), "push");
    let runs_on = find(&d, &["jobs", "build", "runs-on"]);
    assert_eq!(runs_on.kind(), Kind::Sequence);
    assert_eq!(raw(runs_on), "[self-hosted, 'lin''ux']");
    let quoted = runs_on.items().nth(1).expect("two");
    assert_eq!(
        (quoted.as_str(), raw(quoted)),
        (Some("lin'ux"), "'lin''ux'")
    );
    let steps = find(&d, &["jobs", "build", "steps"]);
    assert!(raw(steps).starts_with("- run: |"), "{}", raw(steps));
    assert!(raw(steps).ends_with("\"a/b@v1\""));
    let run = find(&d, &["jobs", "build", "steps", "0", "run"]);
    assert_eq!(run.style(), Style::Literal);
    assert_eq!(run.as_str(), Some("echo ${{ github.ref }}\ndone\n"));
    assert_eq!(raw(run), "|\n        echo ${{ github.ref }}\n        done");
    assert_eq!(raw_part(run, "${{ github.ref }}"), "${{ github.ref }}");
    assert_eq!(raw_part(run, "}}\ndo"), "}}\n        do");
    let uses = find(&d, &["jobs", "build", "steps", "1", "uses"]);
    assert_eq!(raw_part(uses, "b@v1"), "b@v1");
    assert_eq!(d.comment_on_line(4).map(|c| &*c.text), Some("now"));
    assert_eq!(d.comment_on_line(20), None);
}

#[test]
fn folded_text_maps_back() {
    let d = clean("a: >-\n  one\n  two\n\n  three\n    kept\n  four\nb: 1\n");
    let a = find(&d, &["a"]);
    assert_eq!(a.as_str(), Some("one two\nthree\n  kept\nfour"));
    assert_eq!(raw_part(a, "two"), "two");
    assert_eq!(raw_part(a, "e t"), "e\n  t");
    assert_eq!(raw_part(a, "kept\nf"), "kept\n  f");
    assert_eq!(raw_part(a, "four"), "four");
    let d = clean("a: \"x\\n\\u00e9\\ud83d\\ude00 \\\n   y\n   z\"\n");
    let a = find(&d, &["a"]);
    assert_eq!(a.as_str(), Some("x\n\u{e9}\u{1f600} y z"));
    assert_eq!(raw_part(a, "\u{1f600}"), "\\ud83d\\ude00");
    assert_eq!(raw_part(a, "y z"), "y\n   z");
    let d = clean("a: one\n  two\n\n  three\n");
    assert_eq!(raw_part(find(&d, &["a"]), "two\nthr"), "two\n\n  thr");
}

#[test]
fn missing_values_are_null_and_stand_behind_the_colon() {
    let d = clean("on:\n  push:\n  pull_request : # c\nx: ''\n");
    let push = find(&d, &["on", "push"]);
    assert!(push.is_null());
    assert_eq!((push.as_str(), push.span().start), (Some(""), 11));
    assert!(!find(&d, &["x"]).is_null());
    assert_eq!(find(&d, &["on", "pull_request"]).span().start, 28);
}

#[test]
fn github_decides_the_types() {
    let d = clean("on: yes\nyes: True\nn: 3.10\ns: !!str 1\nq: 'true'\nz: ~\n");
    assert_eq!(find(&d, &["on"]).as_bool(), None);
    assert_eq!(find(&d, &["yes"]).as_bool(), Some(true));
    assert_eq!(find(&d, &["n"]).as_number(), Some(3.1));
    assert_eq!(find(&d, &["n"]).as_str(), Some("3.10"));
    assert_eq!(find(&d, &["s"]).scalar(), Some(Scalar::String("1")));
    assert_eq!(find(&d, &["q"]).as_bool(), None);
    assert!(find(&d, &["z"]).is_null());
}

#[test]
fn what_stands_before_an_error_is_kept() {
    let d = document("on: push\njobs:\n  a:\n    steps:\n      - run: x\n      - run: 'open\n");
    assert_eq!(d.problems().len(), 1);
    assert_eq!(d.problems()[0].kind, ProblemKind::Syntax);
    assert_eq!(
        find(&d, &["jobs", "a", "steps", "0", "run"]).as_str(),
        Some("x")
    );
    assert!(find(&d, &["jobs", "a", "steps", "1", "run"]).is_null());
    assert_eq!(Some(d.understood_until()), d.text().find("'open"));
    assert_eq!(kinds("a: b\n\tc: d\n"), [ProblemKind::Tab]);
}

#[test]
fn what_github_refuses_is_a_problem() {
    use ProblemKind as P;
    assert_eq!(kinds("a: 1\nb: 2\na: 3\n"), [P::DuplicateKey]);
    assert_eq!(kinds("a: 1\nA: 3\n"), [P::DuplicateKeyCase]);
    assert_eq!(find(&document("a: 1\na: 2\n"), &["a"]).as_str(), Some("1"));
    assert_eq!(kinds("a: &x {k: v}\nb: {<<: *x}\n"), [P::MergeKey]);
    assert_eq!(kinds("a: 1\n---\nb: 1\n---\nc: 1\n"), [P::SeveralDocuments]);
    assert_eq!(
        kinds("a: !foo 1\nb: !foo [x]\nc: ! x\n"),
        [P::UnknownTag, P::UnknownTag]
    );
    assert_eq!(kinds("a: *x\nb: 1\n"), [P::UndefinedAlias]);
    assert_eq!(kinds("a: &x [*x]\n"), [P::AliasCycle]);
    assert_eq!(kinds("? [a]\n: b\n"), [P::ComplexKey]);
    assert_eq!(kinds("a: 0x123456789\n"), [P::NumberRange]);
    assert_eq!(kinds("a: x # \u{2028} y\n"), [P::LineBreak]);
    assert_eq!(kinds("${{ a }}: 1\n${{ a }}: 2\n"), []);
}

#[test]
fn a_comment_within_a_plain_scalar_is_a_problem() {
    assert_eq!(kinds("- z\n\t# c\n  b\n"), [ProblemKind::Syntax]);
    assert_eq!(kinds("- z\n  b\n  # c\n"), []);
    assert_eq!(kinds("- z\n  b#c\n  #\n"), []);
    // Also where the file is cut behind it.
    let cut = Document::parse_bytes("w.yml", b"- z\n\t# c\n  b\n- \xff");
    let kinds: Vec<ProblemKind> = cut.problems().iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [ProblemKind::Syntax, ProblemKind::NotUtf8]);
}

#[test]
fn aliases_are_followed() {
    let d = clean("a: &x\n  k: v\nb: *x\nd: &y s\n*y : t\n");
    let b = find(&d, &["b"]);
    assert_eq!(b.get("k").and_then(|n| n.as_str()), Some("v"));
    assert_eq!(b.alias_span().map(|s| d.file().slice(s)), Some("*x"));
    assert_eq!(b, find(&d, &["a"]));
    assert_eq!(find(&d, &["s"]).as_str(), Some("t"));
}

#[test]
fn documents_go_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Document>();
    shared::<Node<'static>>();
}
