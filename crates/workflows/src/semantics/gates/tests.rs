#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::*;
use crate::documents::Workflow;
use crate::expressions::condition;
use cofferdam_facts::SourceFile;

fn way(event: &str, text: &str) -> Way {
    let file = SourceFile::new("w.yml", format!("on:\n  {event}\njobs: {{}}\n"));
    let workflow = Workflow::parse(file);
    let stranger = Stranger::new(workflow.triggers.first().unwrap(), &|_, _| None);
    stranger.way(&condition(text).unwrap(), true)
}

#[test]
fn what_is_joined_to_a_text_is_always_true() {
    let condition = "${{ github.event.comment.author_association == 'OWNER' }}";
    assert!(
        way("issue_comment:", condition)
            .gates()
            .contains(&Gate::Comment)
    );
    for around in [
        "\n",
        " && ${{ github.actor == 'somebody' }}",
        " # owners only",
    ] {
        assert_eq!(
            way("issue_comment:", &format!("{condition}{around}")),
            Way::Open
        );
    }
}

#[test]
fn the_author_of_a_pull_request_is_nobody_else_by_number_too() {
    let by = |text: &str| way("pull_request_target:", text);
    assert_eq!(
        by("github.event.pull_request.user.id == 49699333"),
        Way::Closed
    );
    assert_eq!(by("github.actor_id == '49699333'"), Way::Open);
    assert_eq!(by("github.actor_id == '1'"), Way::Gated(vec![Gate::Person]));
}

#[test]
fn what_the_stranger_writes_is_no_gate() {
    for text in [
        "github.event.issue.pull_request && startsWith(github.event.comment.body, '/test')",
        "github.repository == 'org/app'",
        "github.ref == 'refs/heads/main'",
        "success()",
        "github.event.comment.author_association != 'MEMBER'",
        "github.event.comment.author_association != 'NONE'",
    ] {
        assert_eq!(way("issue_comment:", text), Way::Open, "{text}");
    }
    let text = "github.event.workflow_run.conclusion == 'success' && \
                    github.event.workflow_run.head_branch == 'main'";
    assert_eq!(way("workflow_run:", text), Way::Open);
    assert_eq!(
        way("pull_request_target:", "github.actor == 'dependabot[bot]'"),
        Way::Open
    );
}

#[test]
fn what_rules_the_stranger_out_closes() {
    for text in [
        "github.event.pull_request.head.repo.full_name == github.repository",
        "github.event.pull_request.user.login == 'dependabot[bot]'",
        "github.event.pull_request.author_association == 'MEMBER'",
        "github.event_name == 'push'",
        "false",
    ] {
        assert_eq!(way("pull_request_target:", text), Way::Closed, "{text}");
    }
    assert_eq!(
        way("workflow_run:", "github.event.workflow_run.event == 'push'"),
        Way::Closed
    );
    assert_eq!(
        way(
            "pull_request_target: {types: [opened]}",
            "github.event.action == 'closed'"
        ),
        Way::Closed
    );
}

#[test]
fn a_fork_that_is_deleted_is_none() {
    let by = |text: &str| way("pull_request_target:", text);
    let gone = Way::Gated(vec![Gate::ForkGone]);
    let flag = "github.event.pull_request.head.repo.fork";
    for text in [
        format!("!{flag}"),
        format!("{flag} == false"),
        format!("{flag} != true"),
        format!("false == {flag}"),
        format!("{flag} != true && github.repository == 'a/b'"),
    ] {
        assert_eq!(by(&text), gone, "{text}");
    }
    // A boolean is never equal to a word.
    assert_eq!(by(&format!("{flag} == 'false'")), Way::Closed);
    assert_eq!(by(&format!("{flag} != 'true'")), Way::Open);
    assert_eq!(by(&format!("{flag} == true")), Way::Open);
    let name = "github.event.pull_request.head.repo.full_name == github.repository";
    assert_eq!(by(&format!("!{flag} && {name}")), Way::Closed);
    let run = "!github.event.workflow_run.head_repository.fork";
    assert_eq!(way("workflow_run:", run), gone);
}

#[test]
fn what_somebody_must_do_is_a_gate() {
    let label = Way::Gated(vec![Gate::Label("safe".into())]);
    for text in [
        "contains(github.event.pull_request.labels.*.name, 'safe')",
        "github.event.label.name == 'safe'",
        "github.event.label.name == 'safe' && github.repository == 'a/b'",
    ] {
        let labeled = "pull_request_target: {types: [labeled]}";
        assert_eq!(way(labeled, text), label, "{text}");
    }
    assert_eq!(
        way(
            "issue_comment:",
            "contains(fromJSON('[\"OWNER\", \"MEMBER\"]'), github.event.comment.author_association)"
        ),
        Way::Gated(vec![Gate::Comment])
    );
    assert_eq!(
        way(
            "pull_request_target:",
            "github.event.pull_request.merged == true"
        ),
        Way::Gated(vec![Gate::Merge])
    );
    let read = "fromJSON(steps.pr.outputs.result).merged == true";
    assert_eq!(way("issue_comment:", read), Way::Gated(vec![Gate::Merge]));
    assert_eq!(
        way(
            "issue_comment:",
            "github.event.comment.author_association == 'CONTRIBUTOR' || github.actor == 'me'"
        ),
        Way::Gated(vec![Gate::Contributor])
    );
}

#[test]
fn the_least_of_alternatives_counts() {
    let text = "contains(github.event.pull_request.labels.*.name, 'safe') || \
                    github.event.action == 'synchronize'";
    assert_eq!(way("pull_request_target:", text), Way::Open);
    assert_eq!(
        way("pull_request_target:", "vars.ON == 'yes' && inputs.x"),
        Way::Unknown
    );
    // Text beside the braces is always true.
    assert_eq!(way("pull_request_target:", "${{ false }} "), Way::Open);
}

#[test]
fn activities_decide_who_starts_a_trigger() {
    let parse = |on: &str| {
        let file = SourceFile::new("w.yml", format!("on:\n  {on}\njobs: {{}}\n"));
        of_trigger(Workflow::parse(file).triggers.first().unwrap())
    };
    assert_eq!(
        parse("pull_request_target: {types: [opened, labeled]}"),
        Way::Open
    );
    assert_eq!(
        parse("pull_request_target: {types: [labeled]}"),
        Way::Gated(vec![Gate::Label(String::new())])
    );
    assert_eq!(parse("issue_comment:"), Way::Open);
}

#[test]
fn two_fields_that_are_missing_are_equal() {
    let both = "github.event.pull_request.head.repo.full_name == \
                github.event.pull_request.base.repo.full_name";
    assert_eq!(way("issue_comment:", both), Way::Open);
    assert_eq!(way("workflow_run:", both), Way::Open);
    assert_eq!(way("pull_request_target:", both), Way::Closed);
    let ids = "github.event.pull_request.head.repo.id == github.event.pull_request.base.repo.id";
    assert_eq!(way("issue_comment:", ids), Way::Open);
    assert_eq!(way("pull_request_target:", ids), Way::Closed);
    for text in [
        "github.event.pull_request.head.repo.full_name == null",
        "!github.event.pull_request.head.repo.full_name",
        "!github.event.workflow_run.head_repository.full_name",
        "github.event.pull_request.number == 0",
        "contains('OWNER MEMBER', github.event.comment.user.author_association)",
        "github.event.workflow_run.head_repository.full_name == \
         github.event.pull_request.base.repo.full_name",
    ] {
        assert_eq!(way("issue_comment:", text), Way::Open, "{text}");
    }
    let own = "github.event.pull_request.head.repo.full_name == github.repository";
    assert_eq!(way("issue_comment:", own), Way::Closed);
    assert_eq!(
        way(
            "issue_comment:",
            "github.event.pull_request.head.sha != null"
        ),
        Way::Closed
    );
}

#[test]
fn a_part_of_a_name_is_anybodys() {
    for text in [
        "startsWith(github.event.pull_request.head.repo.full_name, 'acme')",
        "endsWith(github.event.pull_request.head.repo.full_name, '/app')",
        "endsWith(github.event.pull_request.head.repo.full_name, 'acme/app')",
        "contains(github.event.pull_request.head.repo.full_name, 'app')",
        "startsWith(github.event.pull_request.head.repo.full_name, github.repository_owner)",
        "startsWith(github.event.pull_request.user.login, 'acme-')",
        "contains(github.event.pull_request.user.login, 'acme')",
        "contains(github.actor, 'acme')",
        "endsWith(github.actor, '-bot')",
        "github.event.pull_request.user.login >= 'acme'",
        "contains('alice bob', github.actor)",
        "github.actor != 'alice'",
        "contains(vars.PEOPLE, github.actor)",
    ] {
        assert_eq!(way("pull_request_target:", text), Way::Open, "{text}");
    }
    for text in [
        "github.actor == 'Alice'",
        "contains(fromJSON('[\"alice\", \"bob\"]'), github.actor)",
        "github.actor == github.repository_owner",
        "github.triggering_actor == 'alice' && contains(github.actor, 'a')",
    ] {
        let person = Way::Gated(vec![Gate::Person]);
        assert_eq!(way("pull_request_target:", text), person, "{text}");
    }
    for text in [
        "startsWith(github.event.pull_request.head.repo.full_name, 'acme/')",
        "github.event.pull_request.head.repo.full_name == 'ACME/app'",
        "contains(fromJSON('[\"acme/app\"]'), github.event.pull_request.head.repo.full_name)",
        "github.event.pull_request.head.repo.owner.login == github.repository_owner",
        "github.event.pull_request.head.repo.id == github.repository_id",
    ] {
        assert_eq!(way("pull_request_target:", text), Way::Closed, "{text}");
    }
}

#[test]
fn an_association_counts_by_whose_it_is() {
    let theirs = "github.event.issue.author_association == 'OWNER'";
    let other = Way::Gated(vec![Gate::AnotherAuthor]);
    assert_eq!(way("issue_comment:", theirs), other);
    assert_eq!(other.clone().for_comment(), Way::Open);
    assert_eq!(other.for_own(), Way::Closed);
    assert_eq!(way("issues:", theirs), Way::Closed);
    let by = |text: &str| way("issue_comment:", text);
    assert_eq!(
        by("github.event.comment.author_association >= 'COLLABORATOR'"),
        Way::Open
    );
    assert_eq!(
        by("github.event.comment.author_association == 'Member'"),
        Way::Gated(vec![Gate::Comment])
    );
    assert_eq!(
        by("contains('OWNER MEMBER COLLABORATOR', github.event.comment.author_association)"),
        Way::Gated(vec![Gate::Comment])
    );
}

#[test]
fn comparisons_ignore_case_and_convert() {
    let opened = "pull_request_target: {types: [opened]}";
    assert_eq!(way(opened, "github.event.action == 'Opened'"), Way::Open);
    assert_eq!(way(opened, "github.event.action == 'closed'"), Way::Closed);
    assert_eq!(
        way(
            "workflow_run:",
            "github.event.workflow_run.event == 'PULL_REQUEST'"
        ),
        Way::Open
    );
    assert_eq!(
        way("pull_request_target:", "github.event.action == 'labeled'"),
        Way::Closed
    );
    assert_eq!(
        way("issues:", "github.event.action == 'Labeled'"),
        Way::Gated(vec![Gate::Label(String::new())])
    );
    for text in [
        "github.event.pull_request.merged == 0",
        "github.event.pull_request.merged != 'true'",
        "github.event.pull_request.merged_at == ''",
        "github.event.pull_request.merged >= false",
        "join(github.event.pull_request.labels.*.name) == ''",
        "github.ref_type == 'BRANCH'",
    ] {
        assert_eq!(way("pull_request_target:", text), Way::Open, "{text}");
    }
    for text in [
        "github.event.pull_request.merged == 'false'",
        "startsWith(github.ref, 'refs/tags/')",
        "github.event.label.name == 'safe'",
    ] {
        assert_eq!(way("pull_request_target:", text), Way::Closed, "{text}");
    }
    assert_eq!(
        way(
            "pull_request_target:",
            "contains(toJSON(github.event.pull_request.labels), 'safe')"
        ),
        Way::Gated(vec![Gate::Label(String::new())])
    );
}

#[test]
fn a_comment_below_what_was_merged_brings_no_files() {
    let asked = "github.event.issue.pull_request.merged_at != null";
    let below = way("issue_comment:", asked);
    assert_eq!(below, Way::Gated(vec![Gate::AnotherAuthor]));
    assert!(below.keeps_files_out());
    let asked = "!github.event.issue.pull_request.merged_at";
    assert_eq!(way("issue_comment:", asked), Way::Open);
}

#[test]
fn the_repository_is_the_one_that_is_meant() {
    for text in [
        "startsWith(github.repository, 'org/')",
        "github.repository_owner == 'org'",
        "contains(fromJSON('[\"org/app\"]'), github.repository)",
    ] {
        assert_eq!(way("issue_comment:", text), Way::Open, "{text}");
    }
    assert_eq!(
        way("issue_comment:", "github.repository != 'org/app'"),
        Way::Closed
    );
    let file = SourceFile::new("w.yml", "on: issue_comment\njobs: {}\n".to_owned());
    let workflow = Workflow::parse(file);
    let lookup: &Lookup<'_> = &|_, _| None;
    let stranger = Stranger::new(workflow.triggers.first().unwrap(), lookup);
    let stranger = stranger.knowing(Some("org/app"), &[]);
    let way = |text: &str| stranger.way(&condition(text).unwrap(), true);
    assert_eq!(way("github.repository != 'org/other'"), Way::Open);
    assert_eq!(way("github.repository != 'Org/App'"), Way::Closed);
    assert_eq!(way("github.repository == 'upstream/app'"), Way::Open);
}

#[test]
fn the_run_before_decides_where_it_is_known() {
    let file = SourceFile::new("w.yml", "on: workflow_run\njobs: {}\n".to_owned());
    let workflow = Workflow::parse(file);
    let lookup: &Lookup<'_> = &|_, _| None;
    let stranger = Stranger::new(workflow.triggers.first().unwrap(), lookup);
    let way = |before: &[&str], text: &str| {
        let stranger = stranger.knowing(None, before);
        stranger.way(&condition(text).unwrap(), true)
    };
    let asks = "github.event.workflow_run.event == 'discussion'";
    assert_eq!(way(&["discussion"], asks), Way::Open);
    assert_eq!(way(&["pull_request"], asks), Way::Closed);
    assert_eq!(way(&[], asks), Way::Unknown);
    let own = "github.event.workflow_run.head_repository.full_name == github.repository";
    assert_eq!(way(&["pull_request"], own), Way::Closed);
    assert_eq!(way(&["pull_request", "issue_comment"], own), Way::Open);
}
