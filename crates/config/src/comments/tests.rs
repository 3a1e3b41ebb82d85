use cofferdam_facts::SourceFile;

use super::*;

const RULES: &[RuleInfo] = &[
    RuleInfo {
        id: "unpinned-action",
        title: "",
        severity: Severity::High,
        controls: &[],
        peers: &["zizmor/unpinned-uses"],
        standards: &[],
        docs: "",
    },
    RuleInfo {
        id: "checkout-credentials",
        title: "",
        severity: Severity::High,
        controls: &[],
        peers: &["zizmor/artipacked"],
        standards: &[],
        docs: "",
    },
];

fn parse(text: &str) -> (Document, Comments) {
    let document = Document::parse(SourceFile::new("a.yml", text));
    let comments = read(&document, RULES);
    (document, comments)
}

fn of(text: &str) -> Comments {
    parse(text).1
}

#[test]
fn a_comment_speaks_about_its_line_or_the_next() {
    let found = of("\
on: push # cofferdam: ignore[unpinned-action] one
# cofferdam: ignore[unpinned-action, checkout-credentials] two
# something else
# cofferdam: ignore[checkout-credentials]: three
jobs: {}
");
    let lines: Vec<_> = found
        .ignores
        .iter()
        .map(|i| (i.line, i.reason.as_str()))
        .collect();
    assert_eq!(lines, [(1, "one"), (5, "two"), (5, "three")]);
    assert_eq!(found.ignores.get(1).unwrap().rules.len(), 2);
    assert_eq!(found.ignores.first().unwrap().target, "on: push");
    assert!(found.invalid.is_empty());
}

#[test]
fn what_is_wrong_is_a_finding_and_silences_nothing() {
    let found = of("\
a: 1 # cofferdam: ignore[unpinned-action]
b: 1 # cofferdam: ignore[unpined-action] reason
c: 1 # cofferdam: ignore unpinned-action reason
d: 1 # cofferdam: ignore[] reason
");
    assert!(found.ignores.is_empty());
    let messages: Vec<_> = found
        .invalid
        .iter()
        .map(|f| (f.location.line, &*f.fix))
        .collect();
    assert_eq!(messages.len(), 4, "{messages:?}");
    assert!(messages.get(1).unwrap().1.contains("unpinned-action"));
}

#[test]
fn zizmor_is_understood_for_rules_that_correspond() {
    let found = of("\
a: 1 # v4 # zizmor: ignore[unpinned-uses, artipacked] why not
b: 1 # zizmor: ignore[unknown-to-us]
c: 1 # zizmor: ignore[unpinned-uses]
");
    let lines: Vec<_> = found
        .ignores
        .iter()
        .map(|i| (i.line, i.rules.len()))
        .collect();
    assert_eq!(lines, [(1, 2), (3, 1)]);
    assert!(found.invalid.is_empty());
}

#[test]
fn scripts_and_texts_hold_no_comments() {
    let found = of("\
a: |
  # cofferdam: ignore[unpinned-action] in a script
b: '# zizmor: ignore[unpinned-uses]'
c: x#cofferdam: ignore[unpinned-action] glued
");
    assert!(found.ignores.is_empty() && found.invalid.is_empty());
}

#[test]
fn a_place_in_a_long_text_is_spoken_of_where_the_text_begins() {
    let text =
        "steps:\n  - name: n # zizmor: ignore[unpinned-uses]\n    run: |\n      a\n      b\n";
    let (document, _) = parse(text);
    let at = text.find("b\n").unwrap();
    let place = document.file().locate(Span::new(at, at + 1));
    assert_eq!(place.line, 5);
    let lines = Lines::of(&document, &place);
    let of = |speaker| {
        (1..=6)
            .filter(|line| lines.has(*line, speaker))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(Speaker::Cofferdam), [3, 5]);
    // zizmor's may stand anywhere in the step.
    assert!(
        [2, 3, 4, 5]
            .iter()
            .all(|line| of(Speaker::Zizmor).contains(line))
    );
}
