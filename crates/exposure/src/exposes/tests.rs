//! What places of small checkouts expose.

use std::sync::Arc;

use cofferdam_facts::{SourceFile, Span};
use cofferdam_rules::context::Facts;
use cofferdam_workflows::Repository;
use cofferdam_workflows::repository::Tree;

use super::*;

const PATH: &str = ".github/workflows/x.yml";

/// What is exposed where some text of a workflow stands, as `who what level`.
fn of(workflow: &str, text: &str) -> Option<Exposed> {
    let tree = Tree::new(vec![Arc::from(PATH)]);
    let file = SourceFile::new(PATH, workflow.to_owned());
    let start = workflow.find(text).unwrap();
    let location = file.locate(Span::new(start, start + text.len()));
    let repository = Repository::read(vec![file], tree);
    let cx = Context::new(&repository, Facts::default());
    let found = Places::of(&cx).unwrap().at(&location);
    found.map(|found| Exposed::clone(&found))
}

fn words(exposed: &Exposed) -> Vec<String> {
    let word = |p: &Pair| format!("{} {} {}", p.position, p.asset, p.level.word());
    exposed.pairs.iter().map(word).collect()
}

const RELEASE: &str = "\
on: {push: {tags: ['v*']}}
permissions: {}
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/lint@v1
      - run: make test
  publish:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/build@v1
      - run: npm publish
        env: {NODE_AUTH_TOKEN: '${{ secrets.NPM_TOKEN }}'}
";

#[test]
fn a_mutable_action_exposes_what_its_job_holds_to_its_owner_alone() {
    let found = of(RELEASE, "acme/build@v1").unwrap();
    let words = words(&found);
    assert!(
        words
            .first()
            .unwrap()
            .starts_with("action:acme/build publish:npm"),
        "{words:?}"
    );
    assert!(words.contains(&"action:acme/build secret:NPM_TOKEN reachable".to_owned()));
    assert!(words.iter().all(|w| !w.contains("acme/lint")), "{words:?}");
    assert_eq!(found.points(), 10 * 10 * 10);
    assert_eq!(found.total, found.pairs.len());
}

#[test]
fn one_beside_nothing_exposes_nothing_that_counts() {
    let found = of(RELEASE, "acme/lint@v1").unwrap();
    assert_eq!((found.points(), found.held.clone()), (0, None), "{found:?}");
}

#[test]
fn what_a_step_holds_is_exposed_to_whoever_runs_in_its_job() {
    let found = of(RELEASE, "secrets.NPM_TOKEN").unwrap();
    let words = words(&found);
    assert!(words.contains(&"action:acme/build secret:NPM_TOKEN reachable".to_owned()));
    assert!(words.iter().all(|w| !w.contains("acme/lint")), "{words:?}");
}

#[test]
fn not_only_the_shortest_way_counts() {
    // Two ways lead a stranger to one secret; each of its places exposes it.
    let workflow = "\
on: issue_comment
permissions: {}
jobs:
  x:
    runs-on: ubuntu-24.04
    steps:
      - run: echo ${{ github.event.comment.body }}
      - run: echo ${{ github.event.issue.title }}
        env: {KEY: '${{ secrets.KEY }}'}
";
    for text in ["github.event.comment.body", "github.event.issue.title"] {
        let words = words(&of(workflow, text).unwrap());
        assert!(
            words.contains(&"newcomer secret:KEY reachable".to_owned()),
            "{words:?}"
        );
    }
}

#[test]
fn a_start_without_a_way_in_names_only_what_is_behind_it() {
    let workflow = "\
on: issues
permissions: {}
jobs:
  x:
    runs-on: ubuntu-24.04
    steps:
      - run: echo hello
";
    let found = of(workflow, "issues").unwrap();
    assert_eq!((found.total, found.held), (0, None));
    let holding = workflow.replace("echo hello", "echo ${{ secrets.KEY }}");
    let found = of(&holding, "issues").unwrap();
    assert_eq!((found.total, found.held), (0, Some(Asset::secret("KEY"))));
}

#[test]
fn where_something_is_not_understood_nothing_is_not_proven() {
    let workflow = RELEASE.replace(
        "    steps:\n      - uses: acme/lint",
        "    stepz: 1\n    steps:\n      - uses: acme/lint",
    );
    let broken = format!("{workflow}  x: [\n");
    assert_eq!(of(&broken, "acme/lint@v1"), None);
    assert_eq!(
        of(
            RELEASE,
            "runs-on: ubuntu-24.04\n    steps:\n      - uses: acme/lint"
        )
        .map(|e| e.points()),
        Some(0)
    );
}

#[test]
fn circles_are_taken_as_one() {
    use crate::graph::{Drawn, Node};
    let mut graph = Graph::default();
    let newcomer = Node::Position(Position::Newcomer);
    let (a, b, c) = (Node::Code(0), Node::Code(1), Node::Code(2));
    let asset = Node::Asset(Asset::Tag);
    for (from, to) in [(&newcomer, &a), (&a, &b), (&b, &c), (&c, &a), (&b, &asset)] {
        graph.draw(Drawn::new("x", from.clone(), to.clone()));
    }
    let from = graph.find(&newcomer).unwrap();
    let to = graph.find(&asset).unwrap();
    let ways = Ways::of(&graph, Level::Reachable, &[from], &[to]).unwrap();
    // The edge back is on a way too, and only one sort of pair comes of all.
    for at in 0..5 {
        assert_eq!(ways.joined(&graph, &[at]), [(&[1][..], &[1][..])], "{at}");
    }
    assert_eq!(ways.joined(&graph, &[0, 1, 2, 3, 4]).len(), 1);
}
