//! What a repository that was made to cost much may cost, and that the answer is
//! the same however often it is asked.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a broken example should stop the test at once, and times are to be seen"
)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cofferdam_exposure::Exposure;
use cofferdam_facts::SourceFile;
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use cofferdam_workflows::Repository;
use cofferdam_workflows::repository::Tree;

fn repository(files: Vec<(String, String)>) -> Repository {
    let paths = files.iter().map(|(path, _)| Arc::from(path.as_str()));
    let tree = Tree::new(paths.collect());
    let sources = files
        .into_iter()
        .map(|(path, text)| SourceFile::new(path.as_str(), text));
    Repository::read(sources.collect(), tree)
}

fn exposure(repository: &Repository) -> (Exposure, Duration) {
    let cx = Context::new(repository, Facts::default());
    let before = Instant::now();
    let found = cofferdam_exposure::of(&cx);
    (found, before.elapsed())
}

fn jobs(count: usize) -> String {
    let mut text =
        "on: [push, pull_request, pull_request_target, issue_comment, workflow_dispatch]\njobs:\n"
            .to_owned();
    for n in 0..count {
        let secret = n % 50;
        let owner = n % 40;
        write!(
            text,
            "  j{n}:\n    runs-on: ubuntu-24.04\n    permissions: {{contents: write, id-token: write}}\n    steps:\n      \
             - uses: o{owner}/a@v1\n      - run: echo ${{{{ github.event.comment.body }}}}\n        env: {{S: '${{{{ secrets.S{secret} }}}}'}}\n"
        )
        .unwrap();
    }
    text
}

#[test]
fn a_thousand_jobs_are_worked_out_in_little_time() {
    let small = repository(vec![(".github/workflows/a.yml".to_owned(), jobs(250))]);
    let large = repository(vec![(".github/workflows/a.yml".to_owned(), jobs(1_000))]);
    let (_, little) = exposure(&small);
    let (found, much) = exposure(&large);
    println!(
        "250 jobs {little:?}, 1,000 jobs {much:?}, {} rows",
        found.rows.len()
    );
    assert!(found.unread.is_empty(), "{:?}", found.unread);
    assert!(found.rows.len() > 800, "{}", found.rows.len());
    // Debug builds on a busy machine; what is meant is that it does not grow
    // with the square.
    assert!(
        much < little * 8 + Duration::from_secs(5),
        "{little:?} {much:?}"
    );
}

#[test]
fn workflows_that_all_call_each_other_come_to_an_end() {
    let count = 60;
    let files = (0..count).map(|n| {
        let mut text = "on: [workflow_call, pull_request_target]\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps: [{run: make}]\n".to_owned();
        for other in 0..count {
            write!(text, "  c{other}:\n    uses: ./.github/workflows/w{other}.yml\n    secrets: inherit\n").unwrap();
        }
        (format!(".github/workflows/w{n}.yml"), text)
    });
    let (found, took) = exposure(&repository(files.collect()));
    println!("{took:?}, {} not followed", found.unread.len());
    // What is left out is said, so that nothing is called absent.
    assert!(!found.unread.is_empty());
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn the_answer_is_the_same_every_time() {
    let files = || vec![(".github/workflows/a.yml".to_owned(), jobs(60))];
    let (first, _) = exposure(&repository(files()));
    for _ in 0..3 {
        let (again, _) = exposure(&repository(files()));
        assert_eq!(first.rows, again.rows);
        assert_eq!(first.graph.edges(), again.graph.edges());
    }
}
