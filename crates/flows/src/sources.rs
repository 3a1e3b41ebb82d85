//! Which contexts somebody can shape, on which event, how freely, and who.
//!
//! Every row rests on a page of GitHub's documentation. What a payload holds
//! is described on "Webhook events and payloads"; which payload an event has,
//! on "Events that trigger workflows"; the contexts, on "Contexts reference".
//! What is in no table and lies below an object that somebody writes counts as
//! that person's free text: unknown is never safe.

use cofferdam_workflows::semantics::events;

use crate::class::{Class, Shape, Who};

/// The pages that the tables rest on.
pub mod pages {
    /// Which payload and which ref an event has.
    pub const EVENTS: &str = "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows";
    /// What stands in a payload.
    pub const PAYLOADS: &str = "https://docs.github.com/en/webhooks/webhook-events-and-payloads";
    /// What stands in `github`.
    pub const CONTEXTS: &str =
        "https://docs.github.com/en/actions/reference/workflows-and-actions/contexts";
    /// What git allows in the name of a ref.
    pub const REFS: &str = "https://git-scm.com/docs/git-check-ref-format";
    /// What GitHub itself calls untrusted.
    pub const UNTRUSTED: &str =
        "https://docs.github.com/en/actions/concepts/security/script-injections";
}

/// An object of a payload and who writes what is in it.
struct Object {
    name: &'static str,
    events: &'static [&'static str],
    who: Who,
    page: &'static str,
}

const fn object(
    name: &'static str,
    events: &'static [&'static str],
    who: Who,
    page: &'static str,
) -> Object {
    Object {
        name,
        events,
        who,
        page,
    }
}

const PULL: &[&str] = &[
    "pull_request",
    "pull_request_target",
    "pull_request_review",
    "pull_request_review_comment",
];

use Who::{Anyone, CommitAuthor, Dispatcher, PullRequestAuthor, Pusher, Triage};
use pages::{CONTEXTS, EVENTS, PAYLOADS, REFS, UNTRUSTED};

/// What stands right below `github.event`. Objects that only the repository or
/// GitHub writes (`repository`, `organization`, `sender`, `installation`) are
/// not among them.
const OBJECTS: &[Object] = &[
    object("issue", &["issues", "issue_comment"], Anyone, UNTRUSTED),
    object(
        "comment",
        &[
            "issue_comment",
            "pull_request_review_comment",
            "discussion_comment",
        ],
        Anyone,
        UNTRUSTED,
    ),
    object("pull_request", PULL, PullRequestAuthor, UNTRUSTED),
    object("review", &["pull_request_review"], Anyone, UNTRUSTED),
    object(
        "discussion",
        &["discussion", "discussion_comment"],
        Anyone,
        UNTRUSTED,
    ),
    object("answer", &["discussion"], Anyone, PAYLOADS),
    object("pages", &["gollum"], Anyone, UNTRUSTED),
    object("forkee", &["fork"], Anyone, PAYLOADS),
    object(
        "changes",
        &[
            "issues",
            "issue_comment",
            "discussion",
            "discussion_comment",
        ],
        Anyone,
        PAYLOADS,
    ),
    object("changes", PULL, PullRequestAuthor, PAYLOADS),
    object(
        "workflow_run",
        &["workflow_run"],
        PullRequestAuthor,
        UNTRUSTED,
    ),
    object("head_commit", &["push"], CommitAuthor, UNTRUSTED),
    object("commits", &["push"], CommitAuthor, UNTRUSTED),
    object("commit", &["status"], CommitAuthor, PAYLOADS),
    object("merge_group", &["merge_group"], CommitAuthor, PAYLOADS),
    object(
        "label",
        &[
            "issues",
            "pull_request",
            "pull_request_target",
            "label",
            "discussion",
        ],
        Triage,
        PAYLOADS,
    ),
    object(
        "milestone",
        &["issues", "pull_request", "pull_request_target", "milestone"],
        Triage,
        PAYLOADS,
    ),
    object("project", &["project"], Triage, PAYLOADS),
    object("project_card", &["project_card"], Triage, PAYLOADS),
    object("project_column", &["project_column"], Triage, PAYLOADS),
    object("check_run", &["check_run"], Pusher, PAYLOADS),
    object("check_suite", &["check_suite"], Pusher, PAYLOADS),
    object(
        "deployment",
        &["deployment", "deployment_status"],
        Pusher,
        PAYLOADS,
    ),
    object(
        "deployment_status",
        &["deployment_status"],
        Pusher,
        PAYLOADS,
    ),
    object("release", &["release"], Pusher, PAYLOADS),
    object("registry_package", &["registry_package"], Pusher, PAYLOADS),
    object("package", &["registry_package"], Pusher, PAYLOADS),
    object("context", &["status"], Pusher, PAYLOADS),
    object("description", &["status"], Pusher, PAYLOADS),
    object("branches", &["status"], Pusher, PAYLOADS),
    object("pusher", &["push"], Pusher, PAYLOADS),
    object("ref", &["push", "create", "delete"], Pusher, REFS),
    object("base_ref", &["push"], Pusher, REFS),
    object(
        "client_payload",
        &["repository_dispatch"],
        Dispatcher,
        EVENTS,
    ),
    object("action", &["repository_dispatch"], Dispatcher, EVENTS),
    object("inputs", &["workflow_dispatch"], Dispatcher, EVENTS),
];

/// Parts of those objects that somebody else writes: the first step below the
/// object, and who writes it; `None` for GitHub and the repository's owners.
const PARTS: &[(&str, &str, Option<Who>)] = &[
    ("pull_request", "base", Some(Pusher)),
    ("pull_request", "labels", Some(Triage)),
    ("pull_request", "milestone", Some(Triage)),
    ("pull_request", "requested_teams", None),
    ("pull_request", "requested_reviewers", None),
    ("pull_request", "assignees", None),
    ("pull_request", "merged_by", None),
    ("issue", "labels", Some(Triage)),
    ("issue", "milestone", Some(Triage)),
    ("issue", "assignees", None),
    ("issue", "repository", None),
    ("discussion", "category", None),
    ("discussion", "labels", Some(Triage)),
    ("workflow_run", "name", None),
    ("workflow_run", "path", None),
    ("workflow_run", "repository", None),
    ("workflow_run", "pull_requests", Some(Pusher)),
    // Names made of the base branch and a number.
    ("merge_group", "head_ref", None),
    ("merge_group", "base_ref", None),
    ("check_run", "app", None),
    ("check_suite", "app", None),
    ("deployment", "performed_via_github_app", None),
    ("forkee", "license", None),
];

/// Names of values that are text, wherever they stand in such an object.
const TEXTS: &[(&str, Class)] = &[
    ("added", Class::Line),
    ("authorized_actor_names", Class::Word),
    ("base_ref", Class::Ref),
    ("body", Class::Text),
    ("body_html", Class::Text),
    ("body_text", Class::Text),
    ("branch", Class::Ref),
    ("branch_policy", Class::Ref),
    ("context", Class::Line),
    ("default_branch", Class::Ref),
    ("description", Class::Line),
    ("diff_hunk", Class::Text),
    ("display_title", Class::Line),
    ("email", Class::Line),
    ("environment", Class::Line),
    ("external_id", Class::Line),
    ("from", Class::Text),
    ("full_name", Class::Word),
    ("head_branch", Class::Ref),
    ("head_ref", Class::Ref),
    ("homepage", Class::Line),
    ("identifier", Class::Line),
    ("label", Class::Ref),
    ("login", Class::Word),
    ("master_branch", Class::Ref),
    ("message", Class::Text),
    ("modified", Class::Line),
    ("name", Class::Line),
    ("note", Class::Text),
    ("organization", Class::Word),
    ("original_environment", Class::Line),
    ("page_name", Class::Line),
    ("path", Class::Line),
    ("payload", Class::Text),
    ("ref", Class::Ref),
    ("removed", Class::Line),
    ("slug", Class::Word),
    ("summary", Class::Text),
    ("tag_name", Class::Ref),
    ("target_commitish", Class::Ref),
    ("task", Class::Line),
    ("text", Class::Text),
    ("title", Class::Line),
    ("topics", Class::Word),
    ("username", Class::Word),
];

/// Names of values that GitHub makes.
const FIXED: &[&str] = &[
    "+1",
    "-1",
    "action",
    "active_lock_reason",
    "additions",
    "after",
    "allow_forking",
    "archived",
    "author_association",
    "base_sha",
    "before",
    "changed_files",
    "closed_issues",
    "color",
    "commit_id",
    "comments",
    "conclusion",
    "confused",
    "created",
    "date",
    "deleted",
    "deletions",
    "disabled",
    "distinct",
    "draft",
    "due_on",
    "duration",
    "emoji",
    "event",
    "eyes",
    "forced",
    "fork",
    "forks",
    "gravatar_id",
    "head_sha",
    "heart",
    "hooray",
    "href",
    "html_url",
    "is_template",
    "key",
    "language",
    "laugh",
    "line",
    "locked",
    "maintainer_can_modify",
    "merge_commit_sha",
    "mergeable",
    "mergeable_state",
    "merged",
    "open_issues",
    "original_commit_id",
    "original_line",
    "original_position",
    "original_start_line",
    "position",
    "prerelease",
    "private",
    "production_environment",
    "protected",
    "public",
    "reason",
    "rebaseable",
    "ref_type",
    "review_comments",
    "rocket",
    "sha",
    "side",
    "signature",
    "site_admin",
    "size",
    "spdx_id",
    "stargazers",
    "start_line",
    "start_side",
    "state",
    "state_reason",
    "status",
    "timestamp",
    "transient_environment",
    "tree_id",
    "type",
    "url",
    "verified",
    "visibility",
    "watchers",
    "workflow",
    "web_commit_signoff_required",
];

const NUMBERS: &[&str] = &["id", "number", "run_attempt", "run_number"];

/// Objects whose `name` is a login, a repository or a branch.
fn class_of_name(parent: Option<&str>) -> Class {
    match parent {
        Some("repo" | "repository" | "head_repository" | "forkee" | "pusher" | "app") => {
            Class::Word
        }
        Some("branches") => Class::Ref,
        _ => Class::Line,
    }
}

/// How freely the value of a context can be shaped on an event, by whom, and
/// the page that says so. `path` is dotted and in lower case, as
/// [`cofferdam_workflows::expressions::ContextPath::text`] gives it; a path to
/// a whole object stands for the freest text in it. `None` where nobody shapes
/// it: it is not part of the event, or the repository decides.
#[must_use]
pub fn shape(path: &str, event: &str) -> Option<Shape> {
    found(path, event).map(|(shape, _)| shape)
}

/// The page that [`shape`] rests on.
#[must_use]
pub fn page(path: &str, event: &str) -> Option<&'static str> {
    found(path, event).map(|(_, page)| page)
}

fn found(path: &str, event: &str) -> Option<(Shape, &'static str)> {
    let sender = path == "github.event.sender.login";
    let Some(rest) = path.strip_prefix("github.event.").filter(|_| !sender) else {
        return of_context(path, event);
    };
    if let Some(below) = rest.strip_prefix("*.").or((rest == "*").then_some("")) {
        return of_any_object(below, event);
    }
    let steps: Vec<&str> = rest
        .split('.')
        .filter(|step| *step != "*" && step.parse::<u64>().is_err())
        .collect();
    let (top, below) = steps.split_first()?;
    let object = OBJECTS
        .iter()
        .find(|o| o.name == *top && o.events.contains(&event));
    let Some(object) = object else {
        // A computed step may lead anywhere.
        let anywhere = top.contains('…').then(|| whole_event(event)).flatten();
        return anywhere.map(|who| (Shape::new(Class::Text, who), PAYLOADS));
    };
    let who = match PARTS
        .iter()
        .find(|(of, part, _)| of == top && below.first() == Some(part))
    {
        Some((_, _, who)) => (*who)?,
        None => object.who,
    };
    let class = class_of(&steps);
    Some((Shape::new(class, who), object.page))
}

// `github.event.*.body`: the part of every object that has one.
fn of_any_object(below: &str, event: &str) -> Option<(Shape, &'static str)> {
    let objects = OBJECTS.iter().filter(|o| o.events.contains(&event));
    let found = objects.filter_map(|object| {
        let path = format!("github.event.{}.{below}", object.name);
        found(path.trim_end_matches('.'), event)
    });
    found.min_by_key(|(shape, _)| (!shape.class.breaks_out(), shape.who))
}

fn class_of(steps: &[&str]) -> Class {
    let Some((leaf, above)) = steps.split_last() else {
        return Class::Text;
    };
    if matches!(steps, ["client_payload" | "inputs", ..]) {
        return Class::Text;
    }
    if above.contains(&"app") {
        return Class::Fixed;
    }
    if *leaf == "name" {
        return class_of_name(above.last().copied());
    }
    // An author's logins and a repository's names stand below objects that are
    // otherwise free.
    let counted = *leaf == "commits" && !above.is_empty();
    if NUMBERS.contains(leaf) || leaf.ends_with("_count") || counted {
        return Class::Number;
    }
    if steps == ["action"] {
        return Class::Line;
    }
    let of_fork = above
        .iter()
        .any(|step| matches!(*step, "repo" | "head_repository" | "forkee"));
    if of_fork && is_address(leaf) {
        return Class::Word;
    }
    if let Some((_, class)) = TEXTS.iter().find(|(name, _)| name == leaf) {
        return *class;
    }
    let made = FIXED.contains(leaf)
        || ["_url", "_at", "_id", "_level"]
            .iter()
            .any(|end| leaf.ends_with(end));
    if made { Class::Fixed } else { Class::Text }
}

/// Who writes the freest text of an event's payload.
fn whole_event(event: &str) -> Option<Who> {
    OBJECTS
        .iter()
        .filter(|o| o.events.contains(&event))
        .map(|o| o.who)
        .min()
}

fn of_context(path: &str, event: &str) -> Option<(Shape, &'static str)> {
    let pull_request = matches!(event, "pull_request" | "pull_request_target");
    let shape = match path {
        "github" | "github.event" => {
            return whole_event(event).map(|who| (Shape::new(Class::Text, who), PAYLOADS));
        }
        "github.head_ref" if pull_request => Shape::new(Class::Ref, PullRequestAuthor),
        "github.base_ref" if pull_request => Shape::new(Class::Ref, Pusher),
        "github.ref" | "github.ref_name" => match event {
            "push"
            | "create"
            | "release"
            | "workflow_dispatch"
            | "deployment"
            | "deployment_status"
            | "pull_request_target" => Shape::new(Class::Ref, Pusher),
            _ => return None,
        },
        "github.actor" | "github.triggering_actor" | "github.event.sender.login" => {
            Shape::new(Class::Word, who_starts(event)?)
        }
        _ if path.starts_with("github.[") || path.starts_with("github.*") => {
            return whole_event(event).map(|who| (Shape::new(Class::Text, who), PAYLOADS));
        }
        _ => return None,
    };
    Some((shape, CONTEXTS))
}

// Whose login the actor's is; a schedule has that of whoever changed it last.
fn who_starts(event: &str) -> Option<Who> {
    match event {
        "schedule" | "workflow_call" => None,
        _ if events::is_pull_request(event) => Some(PullRequestAuthor),
        _ if events::is_privileged_from_outside(event) => Some(Anyone),
        _ => Some(Pusher),
    }
}

/// Whether a context is a name that says whose something is: a login, or what
/// belongs to one.
#[must_use]
pub fn names_owner(path: &str) -> bool {
    if matches!(
        path,
        "github.actor" | "github.triggering_actor" | "github.event.sender.login"
    ) {
        return true;
    }
    let leaf = path.rsplit('.').next().unwrap_or("");
    let repository = [".head.repo.", ".head_repository.", ".forkee."];
    let of_fork = repository.iter().any(|part| path.contains(part));
    path.starts_with("github.event.")
        && (leaf == "login" && is_word_somewhere(path)
            || of_fork && (leaf == "full_name" || is_address(leaf)))
}

// By which `git` fetches a repository.
fn is_address(leaf: &str) -> bool {
    matches!(
        leaf,
        "clone_url" | "git_url" | "html_url" | "ssh_url" | "svn_url"
    )
}

fn is_word_somewhere(path: &str) -> bool {
    let mut events = OBJECTS.iter().flat_map(|o| o.events.iter().copied());
    events.any(|event| shape(path, event).is_some_and(|s| s.class == Class::Word))
}

/// Whether a path leads to a text rather than to an object.
pub(crate) fn is_text(path: &str) -> bool {
    let leaf = path.rsplit('.').next().unwrap_or("");
    leaf == "name" || leaf == "head_ref" || TEXTS.iter().any(|(name, _)| *name == leaf)
}

/// Whether the context can be shaped freely enough to break out of a string on
/// any event at all.
#[must_use]
pub fn is_free_somewhere(path: &str) -> bool {
    let of_events = OBJECTS.iter().flat_map(|o| o.events.iter().copied());
    path.starts_with("github")
        && of_events
            .chain(["workflow_dispatch"])
            .any(|event| shape(path, event).is_some_and(|s| s.class.breaks_out()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    const PATHS: &str = include_str!("../tests/payload-paths.txt");

    fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
        PATHS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once(' ').unwrap())
    }

    #[test]
    fn every_object_of_the_table_is_part_of_its_events_payload() {
        // No example is published of a package's payload, and inputs are the
        // workflow's own; the others are optional, and hold nothing in the
        // examples.
        let without = [
            "base_ref",
            "changes",
            "client_payload",
            "description",
            "inputs",
            "label",
            "milestone",
            "package",
            "registry_package",
        ];
        let mut missing = Vec::new();
        for object in OBJECTS.iter().filter(|o| !without.contains(&o.name)) {
            for event in object.events {
                // The two differ in the run and not in the payload.
                let payload = event.strip_suffix("_target").unwrap_or(event);
                let is_there = |(of, path): (&str, &str)| {
                    of == payload && path.split('.').next() == Some(object.name)
                };
                if !listed().any(is_there) {
                    missing.push(format!("{event} {}", object.name));
                }
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }

    #[test]
    fn every_field_with_text_has_a_class_of_its_own() {
        let mut unknown = Vec::new();
        for (event, path) in listed() {
            let Some(shape) = shape(&format!("github.event.{path}"), event) else {
                continue;
            };
            let leaf = path.rsplit('.').find(|step| *step != "*").unwrap();
            let named = TEXTS.iter().any(|(name, _)| *name == leaf);
            if shape.class == Class::Text && !named && !path.starts_with("client_payload") {
                unknown.push(format!("{event} {path}"));
            }
        }
        assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    }

    // The list of GitHub's own page on script injections, and what its page on
    // secure use adds.
    #[test]
    fn what_github_calls_untrusted_is_free() {
        let cases: &[(&str, &str, Class)] = &[
            ("issues", "issue.title", Class::Line),
            ("issues", "issue.body", Class::Text),
            ("issue_comment", "issue.title", Class::Line),
            ("issue_comment", "comment.body", Class::Text),
            ("pull_request_target", "pull_request.title", Class::Line),
            ("pull_request_target", "pull_request.body", Class::Text),
            ("pull_request_review", "review.body", Class::Text),
            ("pull_request_review_comment", "comment.body", Class::Text),
            ("discussion", "discussion.title", Class::Line),
            ("discussion_comment", "comment.body", Class::Text),
            ("gollum", "pages.*.page_name", Class::Line),
            ("push", "commits.*.message", Class::Text),
            ("push", "commits.0.author.email", Class::Line),
            ("push", "head_commit.author.name", Class::Line),
            ("push", "head_commit.message", Class::Text),
            ("workflow_run", "workflow_run.head_branch", Class::Ref),
            ("workflow_run", "workflow_run.display_title", Class::Line),
            (
                "workflow_run",
                "workflow_run.head_commit.message",
                Class::Text,
            ),
            ("pull_request_target", "pull_request.head.ref", Class::Ref),
            ("pull_request_target", "pull_request.head.label", Class::Ref),
            (
                "pull_request_target",
                "pull_request.head.repo.default_branch",
                Class::Ref,
            ),
            (
                "pull_request_target",
                "pull_request.head.repo.description",
                Class::Line,
            ),
        ];
        for (event, path, class) in cases {
            let found = shape(&format!("github.event.{path}"), event).unwrap();
            assert_eq!(found.class, *class, "{event} {path}");
            assert!(found.class.breaks_out());
        }
        let head = shape("github.head_ref", "pull_request_target").unwrap();
        assert_eq!(head, Shape::new(Class::Ref, PullRequestAuthor));
        assert_eq!(shape("github.head_ref", "push"), None);
    }

    #[test]
    fn what_github_makes_cannot_break_out() {
        let cases: &[(&str, &str)] = &[
            ("pull_request_target", "pull_request.number"),
            ("pull_request_target", "pull_request.head.sha"),
            ("pull_request_target", "pull_request.user.login"),
            ("pull_request_target", "pull_request.head.repo.full_name"),
            ("pull_request_target", "pull_request.head.repo.name"),
            ("pull_request_target", "pull_request.commits"),
            ("pull_request_target", "pull_request.draft"),
            ("issue_comment", "comment.id"),
            ("issue_comment", "comment.html_url"),
            ("issue_comment", "comment.created_at"),
            ("issue_comment", "comment.author_association"),
            ("issues", "action"),
            ("issues", "repository.description"),
            ("issues", "sender.login"),
            ("workflow_run", "workflow_run.conclusion"),
            ("workflow_run", "workflow_run.name"),
            ("push", "head_commit.id"),
            ("push", "issue.title"),
        ];
        for (event, path) in cases {
            let found = shape(&format!("github.event.{path}"), event);
            assert!(
                found.is_none_or(|s| !s.class.breaks_out()),
                "{event} {path}: {found:?}"
            );
        }
    }

    #[test]
    fn a_whole_object_holds_its_freest_text() {
        for path in [
            "github",
            "github.event",
            "github.event.issue",
            "github.event.issue.labels",
        ] {
            assert_eq!(shape(path, "issues").unwrap().class, Class::Text, "{path}");
            assert!(page(path, "issues").unwrap().starts_with("https://"));
        }
        assert_eq!(
            shape("github.event.[…].title", "issues").unwrap().who,
            Anyone
        );
        assert_eq!(shape("github.event", "schedule"), None);
        assert!(is_free_somewhere("github.event.comment.body"));
        assert!(!is_free_somewhere("github.sha"));
    }

    #[test]
    fn labels_and_bases_are_for_people_with_a_role() {
        let who = |path: &str, event: &str| shape(path, event).map(|s| s.who);
        let base = "github.event.pull_request.base.ref";
        assert_eq!(who(base, "pull_request"), Some(Pusher));
        let label = "github.event.pull_request.labels.*.name";
        assert_eq!(who(label, "pull_request_target"), Some(Triage));
        assert_eq!(
            who("github.event.client_payload.x", "repository_dispatch"),
            Some(Dispatcher)
        );
    }
}
