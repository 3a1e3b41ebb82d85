//! Which parts of `github.event` an event has.
//!
//! What an event does not have is `null` to an expression, and `null == null`
//! holds: a comparison of two fields that are both missing is always true.
//!
//! Source: GitHub, "Webhook events and payloads"; "Contexts reference",
//! `github.event`; "Evaluate expressions in workflows and actions", Operators.

use crate::expressions::{ContextPath, PathPart};
use crate::semantics::events;

/// Whether a field is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In every run of the event.
    Always,
    /// In some, or it is not known.
    Perhaps,
    /// In none: it is `null`.
    Never,
}

/// A part of the payload: its name, the events that always have it, and those
/// that have it with some of their activities.
struct Part {
    name: &'static str,
    always: &'static [&'static str],
    perhaps: &'static [&'static str],
}

const PULLS: &[&str] = &[
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
];

const fn part(
    name: &'static str,
    always: &'static [&'static str],
    perhaps: &'static [&'static str],
) -> Part {
    Part {
        name,
        always,
        perhaps,
    }
}

/// Parts that are told apart by the event alone. What is not listed may be there.
const PARTS: &[Part] = &[
    part(
        "check_run",
        &["check_run"],
        &["deployment", "deployment_status"],
    ),
    part("check_suite", &["check_suite"], &["check_run"]),
    part("client_payload", &["repository_dispatch"], &[]),
    part(
        "comment",
        &[
            "discussion_comment",
            "issue_comment",
            "pull_request_review_comment",
        ],
        &[],
    ),
    part("commits", &["push"], &[]),
    part(
        "deployment",
        &["deployment", "deployment_status"],
        &["check_run"],
    ),
    part("deployment_status", &["deployment_status"], &[]),
    part("discussion", &["discussion", "discussion_comment"], &[]),
    part("forkee", &["fork"], &[]),
    part("head_commit", &["push"], &[]),
    part("inputs", &["workflow_dispatch"], &[]),
    part("issue", &["issue_comment", "issues"], &[]),
    part(
        "label",
        &["label"],
        &[
            "discussion",
            "issues",
            "pull_request",
            "pull_request_target",
        ],
    ),
    part("merge_group", &["merge_group"], &[]),
    part("number", &["pull_request", "pull_request_target"], &[]),
    part("pages", &["gollum"], &[]),
    part("pull_request", PULLS, &[]),
    part("pusher", &["push"], &["create", "delete"]),
    part("release", &["release"], &[]),
    part("review", &["pull_request_review"], &[]),
    part("schedule", &["schedule"], &[]),
    part(
        "workflow_run",
        &["workflow_run"],
        &["deployment", "deployment_status"],
    ),
];

/// Fields of an account, wherever one stands in a payload. The association with
/// the repository is none of them: it belongs to the comment, the issue or the
/// pull request.
const ACCOUNT: &[&str] = &[
    "avatar_url",
    "deleted",
    "email",
    "events_url",
    "followers_url",
    "following_url",
    "gists_url",
    "gravatar_id",
    "html_url",
    "id",
    "login",
    "name",
    "node_id",
    "organizations_url",
    "received_events_url",
    "repos_url",
    "site_admin",
    "starred_url",
    "subscriptions_url",
    "type",
    "url",
    "user_view_type",
];

/// Events whose payload says which activity it is.
const ACTIVITIES: &[&str] = &[
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "project",
    "project_card",
    "project_column",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "registry_package",
    "release",
    "repository_dispatch",
    "watch",
    "workflow_run",
];

/// Whether the payload of an event has a field. Paths outside of `github.event`,
/// and events that are not known, may have anything.
#[must_use]
pub fn presence(event: &str, path: &ContextPath) -> Presence {
    let known = events::info(event).is_some() && event != "workflow_call";
    if !known || !path.starts_with("github.event") {
        return Presence::Perhaps;
    }
    let Some(name) = path.name(2) else {
        return Presence::Perhaps;
    };
    let found = match name {
        "action" if ACTIVITIES.contains(&event) => Presence::Always,
        "action" => Presence::Never,
        _ => match PARTS.iter().find(|part| part.name == name) {
            Some(part) if part.always.contains(&event) => Presence::Always,
            Some(part) if part.perhaps.contains(&event) => Presence::Perhaps,
            Some(_) => Presence::Never,
            None => Presence::Perhaps,
        },
    };
    if found != Presence::Never && lacks_field(path) {
        return Presence::Never;
    }
    found
}

// `github.event.comment.user.author_association`
fn lacks_field(path: &ContextPath) -> bool {
    const ACCOUNTS: &[&str] = &["actor", "owner", "sender", "triggering_actor", "user"];
    path.parts.windows(2).any(|pair| match pair {
        [PathPart::Name(account), PathPart::Name(field)] => {
            ACCOUNTS.contains(&account.as_str()) && !ACCOUNT.contains(&field.as_str())
        }
        _ => false,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn of(event: &str, path: &str) -> Presence {
        presence(event, &ContextPath::parse(path).unwrap())
    }

    #[test]
    fn an_event_has_its_own_parts() {
        let head = "github.event.pull_request.head.repo.full_name";
        assert_eq!(of("pull_request_target", head), Presence::Always);
        assert_eq!(of("pull_request_review", head), Presence::Always);
        for event in ["issue_comment", "workflow_run", "push", "schedule"] {
            assert_eq!(of(event, head), Presence::Never, "{event}");
        }
        assert_eq!(of("workflow_call", head), Presence::Perhaps);
        assert_eq!(of("no_event", head), Presence::Perhaps);
        assert_eq!(of("push", "github.repository"), Presence::Perhaps);
        assert_eq!(of("push", "github.event.anything"), Presence::Perhaps);
        assert_eq!(of("push", "github.event.action"), Presence::Never);
    }

    #[test]
    fn an_account_has_no_association() {
        let of_account = "github.event.comment.user.author_association";
        assert_eq!(of("issue_comment", of_account), Presence::Never);
        let of_comment = "github.event.comment.author_association";
        assert_eq!(of("issue_comment", of_comment), Presence::Always);
        let login = "github.event.comment.user.login";
        assert_eq!(of("issue_comment", login), Presence::Always);
    }

    #[test]
    fn parts_and_events_are_sorted_and_known() {
        assert!(PARTS.is_sorted_by_key(|part| part.name));
        assert!(ACTIVITIES.is_sorted() && ACCOUNT.is_sorted());
        let named = PARTS
            .iter()
            .flat_map(|part| part.always.iter().chain(part.perhaps));
        for event in named.chain(ACTIVITIES) {
            assert!(events::info(event).is_some(), "{event}");
        }
    }
}
