//! The list by which a repository gets rid of references to itself.
#![expect(clippy::unwrap_used, reason = "a broken example should stop the test")]

use std::sync::Arc;

use cofferdam_facts::SourceFile;
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use cofferdam_rules::own_references::migrations;
use cofferdam_workflows::repository::{Repository, Tree};

const RELEASE: &str = "\
on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: org/app/.github/actions/one@main
      - uses: org/app/.github/actions/gone@v1
      - uses: org/app@v2
      - uses: $/.github/actions/one
      - uses: org/app/.github/actions/one@11bd71901bbe5b1630ceea73d27597364c9af683
      - uses: other/app/.github/actions/one@main
  b:
    uses: Org/App/.github/workflows/called.yml@main
";

#[test]
fn every_mutable_self_reference_gets_a_line_and_a_way_out() {
    let files = [
        (".github/workflows/release.yml", RELEASE),
        (
            ".github/workflows/called.yml",
            "on: workflow_call\njobs: {}\n",
        ),
        (
            ".github/actions/one/action.yml",
            "name: one\nruns: { using: composite, steps: [] }\n",
        ),
    ];
    let tree = Tree::new(files.iter().map(|(path, _)| Arc::from(*path)).collect());
    let files = files.map(|(path, text)| SourceFile::new(path, text));
    let mut repository = Repository::read(files.to_vec(), tree);
    repository.slug = Some("org/app".to_owned());
    let cx = Context::new(&repository, Facts::default());
    let rows: Vec<_> = migrations(&cx)
        .into_iter()
        .map(|row| (row.location.line, row.current, row.proposed))
        .collect();
    let row = |line, current: &str, proposed: Option<&str>| {
        (line, current.to_owned(), proposed.map(str::to_owned))
    };
    let one = "$/.github/actions/one";
    let called = "$/.github/workflows/called.yml";
    let mut expected = vec![
        row(6, "org/app/.github/actions/one@main", Some(one)),
        row(7, "org/app/.github/actions/gone@v1", None),
        row(8, "org/app@v2", None),
        row(
            13,
            "Org/App/.github/workflows/called.yml@main",
            Some(called),
        ),
    ];
    expected.sort();
    let mut rows = rows;
    rows.sort();
    assert_eq!(rows, expected);
    assert!(rows.first().unwrap().0 > 0);
}
