//! What Actions policies say about an event.
//!
//! Source: GitHub, "About Actions policies"; "Securely using
//! `pull_request_target`", default policy: since 2026-11-02 public repositories
//! do not run that event unless an event policy of their own allows it.

use cofferdam_facts::Timestamp;
use cofferdam_facts::settings::{
    ActionsPolicy, ActionsPolicyRule, Enforcement, Fact, Patterns, PolicyActor, PolicyActorKind,
    Snapshot,
};

use crate::context::Context;

/// When the default policy took force, 2026-11-02, in seconds since 1970.
const DEFAULT_SINCE: i64 = 1_793_577_600;

/// When there were policies about events at all, 2026-06-18, likewise. A run of
/// an earlier day was kept out by none.
///
/// Source: GitHub changelog, 2026-06-18, "Workflow execution protections".
const POLICIES_SINCE: i64 = 1_781_740_800;

/// Whether an event may start a workflow for somebody without a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A policy lists the event, or none speaks about it.
    Yes,
    /// No; the text says what forbids it.
    No(String),
    /// The settings were not seen, or not this part of them.
    Unknown,
}

/// Whether policies let `event` start the workflow at `path`.
#[must_use]
pub fn allow(cx: &Context<'_>, event: &str, path: &str) -> Allowed {
    let now = cx.facts.now;
    if now.is_some_and(|now| now.unix() < POLICIES_SINCE) {
        return Allowed::Yes;
    }
    let unseen = || {
        if event == "pull_request_target" {
            Allowed::Unknown
        } else {
            // Without policies every other event runs; what is not seen may
            // only forbid.
            Allowed::Yes
        }
    };
    let Some(settings) = cx.facts.settings else {
        return unseen();
    };
    let Fact::Known(policies) = &settings.actions.policies else {
        return unseen();
    };
    let mut decided = false;
    for policy in policies.iter().filter(|p| concerns(p, path)) {
        match &policy.enforcement {
            Fact::Known(Enforcement::Active) => {}
            Fact::Known(_) => continue,
            Fact::NotChecked(_) => return unseen(),
        }
        let Fact::Known(rules) = &policy.rules else {
            return unseen();
        };
        for rule in rules {
            match rule {
                ActionsPolicyRule::Events { allowed } => {
                    if !allowed.iter().any(|e| e == event) {
                        return Allowed::No(format!("the Actions policy `{}`", policy.name));
                    }
                    decided = true;
                }
                // Somebody without a role is on no list of actors, unless the
                // list has the role that everybody has in a public repository.
                ActionsPolicyRule::Actors { allowed } if !allowed.iter().any(is_reader) => {
                    return Allowed::No(format!("the Actions policy `{}`", policy.name));
                }
                ActionsPolicyRule::Actors { .. } | ActionsPolicyRule::Other { .. } => {}
            }
        }
    }
    if decided || event != "pull_request_target" {
        return Allowed::Yes;
    }
    by_default(settings, cx.facts.now)
}

// GitHub's number of the role `read` is 1.
fn is_reader(actor: &PolicyActor) -> bool {
    actor.kind == PolicyActorKind::RepositoryRole && actor.id.is_none_or(|id| id == 1)
}

fn by_default(settings: &Snapshot, now: Option<Timestamp>) -> Allowed {
    match settings.is_public() {
        Fact::Known(true) if now.is_none_or(|now| now.unix() >= DEFAULT_SINCE) => {
            Allowed::No("GitHub's default policy for public repositories".to_owned())
        }
        Fact::Known(_) => Allowed::Yes,
        Fact::NotChecked(_) => Allowed::Unknown,
    }
}

fn concerns(policy: &ActionsPolicy, path: &str) -> bool {
    policy.workflow_paths.as_ref().is_none_or(|patterns| {
        let any = |list: &[String]| list.iter().any(|p| matches(p, path));
        let Patterns { include, exclude } = patterns;
        any(include) && !any(exclude)
    })
}

/// Matches a pattern with `*` (inside of one folder), `**` and `~ALL`.
fn matches(pattern: &str, path: &str) -> bool {
    if pattern == "~ALL" {
        return true;
    }
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(rest) = path.strip_prefix(before) else {
        return false;
    };
    let (after, deep) = match after.strip_prefix('*') {
        Some(after) => (after.trim_start_matches('/'), true),
        None => (after, false),
    };
    // Each try is shorter than the last, and a path has few characters.
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.any(|end| {
        let (skipped, tail) = rest.split_at(end);
        (deep || !skipped.contains('/')) && matches(after, tail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stay_in_a_folder_unless_they_have_two_stars() {
        assert!(matches(
            ".github/workflows/*.yml",
            ".github/workflows/a.yml"
        ));
        assert!(!matches(".github/*.yml", ".github/workflows/a.yml"));
        assert!(matches("**/a.yml", ".github/workflows/a.yml"));
        assert!(matches("~ALL", "x") && !matches("a.yml", "b.yml"));
    }

    #[test]
    fn the_default_policy_has_its_day() {
        let day = Timestamp::parse("2026-11-02T00:00:00Z").map(Timestamp::unix);
        assert_eq!(day, Some(DEFAULT_SINCE));
        let day = Timestamp::parse("2026-06-18T00:00:00Z").map(Timestamp::unix);
        assert_eq!(day, Some(POLICIES_SINCE));
    }
}
