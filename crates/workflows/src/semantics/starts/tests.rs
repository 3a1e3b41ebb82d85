#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use cofferdam_facts::SourceFile;

use super::*;
use crate::documents::Step;
use crate::repository::Tree;
use crate::semantics::conditions::Runs;
use crate::semantics::publishing;
use crate::semantics::surroundings::Surroundings;
use crate::yaml::Document;

fn repository(files: &[(&str, &str)]) -> Repository {
    let files = files
        .iter()
        .map(|(name, text)| {
            let path = if name.contains('/') {
                (*name).to_owned()
            } else {
                format!(".github/workflows/{name}")
            };
            SourceFile::new(path, (*text).to_owned())
        })
        .collect();
    Repository::read(files, Tree::default())
}

fn workflow<'r>(repository: &'r Repository, name: &str) -> &'r Workflow {
    repository
        .workflow(&format!(".github/workflows/{name}"))
        .unwrap()
}

fn origins_of(on: &str) -> Vec<Origin> {
    let text = format!("on: {on}\njobs: {{}}\n");
    let repository = repository(&[("w.yml", &text)]);
    of(&repository, workflow(&repository, "w.yml"))
        .into_iter()
        .map(|s| s.origin)
        .collect()
}

fn branches(names: &[&str]) -> Origin {
    Origin::Branches(names.iter().map(|n| (*n).to_owned()).collect())
}

#[test]
fn filters_of_a_push_decide_between_branches_and_tags() {
    use Origin::{AnyBranch, Tag};
    assert_eq!(origins_of("push"), [AnyBranch, Tag]);
    assert_eq!(origins_of("{push: {tags: ['v*']}}"), [Tag]);
    assert_eq!(
        origins_of("{push: {branches: [main]}}"),
        [branches(&["main"])]
    );
    assert_eq!(origins_of("{push: {branches: ['**']}}"), [AnyBranch]);
    assert_eq!(origins_of("{push: {branches-ignore: [x]}}"), [AnyBranch]);
    assert_eq!(
        origins_of("{push: {branches: [main], tags: ['v*']}}"),
        [branches(&["main"]), Tag]
    );
}

#[test]
fn events_of_strangers_stand_apart_from_those_of_roles() {
    use Origin::{Dispatch, Merged, Outsider, PullRequest, Role, Schedule};
    assert_eq!(
        origins_of("[pull_request, workflow_dispatch, schedule, issue_comment]"),
        [PullRequest, Dispatch, Schedule, Outsider]
    );
    assert_eq!(origins_of("pull_request_target"), [Outsider]);
    assert_eq!(
        origins_of("{pull_request_target: {types: [labeled]}}"),
        [PullRequest]
    );
    assert_eq!(
        origins_of("{pull_request: {types: [closed]}}"),
        [PullRequest, Merged]
    );
    assert_eq!(origins_of("{issues: {types: [labeled]}}"), [Role]);
    assert_eq!(origins_of("repository_dispatch"), [Role]);
}

#[test]
fn a_run_after_another_is_about_what_the_other_was() {
    let upstream = "name: CI\non: {push: {tags: ['v*']}, pull_request: {}}\njobs: {}\n";
    let text = "on: {workflow_run: {workflows: [CI], types: [completed]}}\njobs:\n  a:\n    if: github.event.workflow_run.event == 'push'\n    steps: [{run: make}]\n";
    let repository = repository(&[("ci.yml", upstream), ("w.yml", text)]);
    let workflow = workflow(&repository, "w.yml");
    let job = workflow.jobs.first().unwrap();
    let starts = of(&repository, workflow);
    let runs: Vec<_> = starts
        .iter()
        .map(|s| (s.origin.clone(), s.runs_job(workflow, job)))
        .collect();
    assert_eq!(
        runs,
        [(Origin::Tag, Runs::Yes), (Origin::Outsider, Runs::No)]
    );
}

fn runs(on: &str, condition: &str) -> Vec<Runs> {
    let text = format!(
        "on: {on}\nenv: {{PUBLISH: \"${{{{ github.ref_type == 'tag' }}}}\"}}\njobs:\n  a:\n    if: {condition}\n    steps: [{{run: make}}]\n"
    );
    let repository = repository(&[("w.yml", &text)]);
    let workflow = workflow(&repository, "w.yml");
    let job = workflow.jobs.first().unwrap();
    of(&repository, workflow)
        .iter()
        .map(|s| s.runs_job(workflow, job))
        .collect()
}

#[test]
fn conditions_on_the_ref_are_decided_by_the_start() {
    use Runs::{Maybe, No, Yes};
    let on = "[push, pull_request, workflow_dispatch]";
    for condition in [
        "startsWith(github.ref, 'refs/tags/')",
        "github.ref_type == 'tag'",
        "contains(github.ref, 'refs/tags/')",
    ] {
        assert_eq!(runs(on, condition), [No, Yes, No, Maybe], "{condition}");
    }
    assert_eq!(
        runs(on, "startsWith(github.ref, 'refs/tags/v')"),
        [No, Maybe, No, Maybe]
    );
    assert_eq!(
        runs(on, "github.ref == 'refs/heads/main'"),
        [Maybe, No, No, Maybe]
    );
    assert_eq!(
        runs(
            on,
            "github.ref_name == github.event.repository.default_branch"
        ),
        [Maybe, No, No, Maybe]
    );
    assert_eq!(
        runs(
            "{push: {branches: [main]}}",
            "github.ref == 'refs/heads/main'"
        ),
        [Yes]
    );
    assert_eq!(
        runs(
            "{push: {branches: [main]}}",
            "github.ref == 'refs/heads/next'"
        ),
        [No]
    );
    assert_eq!(
        runs(
            "{pull_request: {types: [closed]}}",
            "github.event.pull_request.merged == true"
        ),
        [No, Yes]
    );
    assert_eq!(
        runs("[release, push]", "github.event.release"),
        [Maybe, No, No]
    );
    assert_eq!(runs("push", "inputs.publish"), [No, No]);
    assert_eq!(
        runs("push", "always() && github.event_name != 'push'"),
        [No, No]
    );
}

#[test]
fn inputs_of_calls_are_followed() {
    let callee = "on:\n  workflow_call:\n    inputs:\n      publish: {type: boolean, default: false}\njobs:\n  build:\n    steps: [{run: make}]\n  publish:\n    needs: build\n    if: inputs.publish\n    steps: [{run: npm publish}]\n";
    let ci = "on: pull_request\njobs:\n  call:\n    uses: ./.github/workflows/callee.yml\n";
    let release = "on: {push: {tags: ['v*'], branches: [main]}}\njobs:\n  call:\n    uses: ./.github/workflows/callee.yml\n    with:\n      publish: ${{ github.ref_type == 'tag' }}\n";
    let repository = repository(&[
        ("callee.yml", callee),
        ("ci.yml", ci),
        ("release.yml", release),
    ]);
    let workflow = workflow(&repository, "callee.yml");
    let job = workflow.job("publish").unwrap();
    let runs: Vec<_> = of(&repository, workflow)
        .iter()
        .map(|s| (s.origin.clone(), s.runs_job(workflow, job)))
        .collect();
    assert_eq!(
        runs,
        [
            (Origin::PullRequest, Runs::No),
            (branches(&["main"]), Runs::No),
            (Origin::Tag, Runs::Yes)
        ]
    );
}

#[test]
fn workflows_that_call_each_other_end() {
    let a = "on: [push, workflow_call]\njobs:\n  x: {uses: ./.github/workflows/b.yml}\n";
    let b = "on: workflow_call\njobs:\n  y: {uses: ./.github/workflows/a.yml}\n";
    let repository = repository(&[("a.yml", a), ("b.yml", b)]);
    assert!(!of(&repository, workflow(&repository, "b.yml")).is_empty());
}

fn around<'s>(document: &'s Document, steps: &'s [Step]) -> Surroundings<'s> {
    Surroundings {
        document,
        steps,
        env: Vec::new(),
        id_token: None,
        shell: None,
    }
}

#[test]
fn a_switch_of_a_publication_is_decided_too() {
    let text = "on: [push, pull_request]\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {push: \"${{ github.event_name != 'pull_request' }}\", tags: org/app}\n      - uses: ./push\n        with: {push: \"${{ github.ref_type == 'tag' }}\"}\n";
    let action = "inputs: {push: {default: 'true'}}\nruns:\n  using: composite\n  steps:\n    - uses: docker/build-push-action@v6\n      with: {push: \"${{ inputs.push }}\", tags: org/app}\n";
    let repository = repository(&[("w.yml", text), ("push/action.yml", action)]);
    let workflow = workflow(&repository, "w.yml");
    let job = workflow.jobs.first().unwrap();
    let own = publishing::by_action(
        &around(&workflow.document, job.steps()),
        job.steps().first().unwrap(),
    )
    .unwrap();
    let action = repository.actions.first().unwrap();
    let mut inner = publishing::by_action(
        &around(&action.document, action.steps()),
        action.steps().first().unwrap(),
    )
    .unwrap();
    inner.step = 1;
    let starts = of(&repository, workflow);
    let direct: Vec<_> = starts
        .iter()
        .map(|s| s.publishes(workflow, job, &own, None))
        .collect();
    assert_eq!(direct, [Runs::Yes, Runs::Yes, Runs::No]);
    let composite: Vec<_> = starts
        .iter()
        .map(|s| s.publishes(workflow, job, &inner, Some(action)))
        .collect();
    assert_eq!(composite, [Runs::No, Runs::Yes, Runs::No]);
}

#[test]
fn many_workflows_that_all_call_each_other_end_soon() {
    let names: Vec<_> = (0..40).map(|n| format!("w{n}.yml")).collect();
    let mut text = "on: workflow_call\njobs:\n".to_owned();
    for (n, name) in names.iter().enumerate() {
        text.push_str(&format!("  j{n}: {{uses: ./.github/workflows/{name}}}\n"));
    }
    let files: Vec<_> = names.iter().map(|n| (n.as_str(), text.as_str())).collect();
    let repository = repository(&files);
    let begun = std::time::Instant::now();
    assert!(of(&repository, workflow(&repository, "w0.yml")).is_empty());
    assert!(begun.elapsed().as_secs() < 20);
}
