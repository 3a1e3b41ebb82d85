//! The page of who may start what, on a checkout with one of each kind.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap or index is a failed test"
)]

use std::sync::Arc;

use cofferdam_facts::SourceFile;
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use cofferdam_rules::triggers::{Page, Protection, Row, Who, page};
use cofferdam_workflows::repository::{Repository, Tree};

const FILES: &[(&str, &str)] = &[
    (
        ".github/workflows/comment.yml",
        "on: {issue_comment: {types: [created]}}\njobs:\n\
         \x20 open: {runs-on: x, permissions: {issues: write}, steps: [{run: x}]}\n\
         \x20 members:\n    if: github.event.comment.author_association == 'MEMBER'\n    \
         runs-on: x\n    permissions: {contents: write}\n    environment: release\n    \
         steps: [{run: x}]\n",
    ),
    (
        ".github/workflows/ci.yml",
        "on: {pull_request: {}, push: {branches: [main]}, workflow_dispatch: {}}\n\
         permissions: {}\njobs:\n\
         \x20 call:\n    if: github.event_name == 'push'\n    uses: ./.github/workflows/push.yml\n    \
         permissions: {packages: write}\n    secrets: {TOKEN: '${{ secrets.REAL_TOKEN }}'}\n",
    ),
    (
        ".github/workflows/push.yml",
        "on: {workflow_call: {secrets: {TOKEN: {required: true}, OTHER: {required: false}}}}\njobs:\n\
         \x20 push: {runs-on: x, steps: [{run: 'x', env: {A: '${{ secrets.TOKEN }}', B: '${{ secrets.OTHER }}'}}]}\n",
    ),
    (
        ".github/workflows/dispatch.yml",
        "on: workflow_dispatch\njobs: {test: {runs-on: x, steps: [{run: x}]}}\n",
    ),
    (
        ".github/ariane-config.yaml",
        "allowed-teams: [maintainers]\ntriggers:\n  /ci: {workflows: [dispatch.yml]}\n  /default: {workflows: [dispatch.yml]}\n",
    ),
];

fn of(files: &[(&str, &str)]) -> Page {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile::new(*path, *text))
        .collect();
    let tree = Tree::new(files.iter().map(|f| Arc::from(f.path())).collect());
    let repository = Repository::read(files, tree);
    page(&Context::new(&repository, Facts::default()))
}

fn row<'p>(page: &'p Page, who: Who, event: &str) -> &'p Row {
    let mut rows = page
        .rows
        .iter()
        .filter(|r| r.who == who && r.event == event);
    let row = rows.next().unwrap();
    assert!(rows.next().is_none(), "{who:?} {event} stands twice");
    row
}

#[test]
fn strangers_and_members_stand_in_rows_of_their_own() {
    let page = of(FILES);
    let open = row(&page, Who::Anyone, "issue_comment");
    assert_eq!(open.jobs.len(), 1);
    assert_eq!(open.jobs[0].job, "open");
    assert_eq!(open.jobs[0].writes, ["issues"]);
    let gated = row(&page, Who::Writer, "issue_comment");
    assert_eq!(gated.gates, ["a member or collaborator comments"]);
    assert_eq!(gated.jobs[0].approvals[0].environment, "release");
    assert_eq!(gated.jobs[0].approvals[0].protection, Protection::Unknown);
    assert!(
        page.missing
            .contains("the protection of environment `release`")
    );
}

#[test]
fn called_jobs_stand_under_their_callers_with_what_they_are_given() {
    let page = of(FILES);
    let push = row(&page, Who::Writer, "push");
    assert_eq!(push.jobs[0].job, "call / push");
    assert_eq!(push.jobs[0].secrets, ["REAL_TOKEN"]);
    assert_eq!(push.jobs[0].writes, ["packages"]);
    assert_eq!(push.filters, ["branches: main"]);
    // The condition rules the job out on other events.
    assert!(row(&page, Who::Writer, "pull_request").jobs.is_empty());
    assert!(row(&page, Who::Anyone, "pull_request").jobs.is_empty());
    let called = row(&page, Who::Workflow, "workflow_call");
    assert_eq!(called.how.as_deref(), Some(".github/workflows/ci.yml"));
}

#[test]
fn comments_for_teams_and_triggers_for_everybody_are_told_apart() {
    let page = of(FILES);
    let teams = row(&page, Who::Teams, "workflow_dispatch");
    assert_eq!(teams.gates, ["a member of `maintainers` gives the command"]);
    let everybody = row(&page, Who::Anyone, "workflow_dispatch");
    assert!(everybody.how.as_ref().unwrap().contains("/default"));
}

#[test]
fn no_workflow_gives_an_empty_page() {
    assert_eq!(of(&[]), Page::default());
}
