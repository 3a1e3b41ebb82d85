//! What `actions/checkout` fetches, and what it leaves behind.
//!
//! Source: the action's README; its v7 refuses heads of forks in privileged
//! events unless `allow-unsafe-pr-checkout` is set. The guard was brought to
//! every older major but the first on 2026-07-20 (2.8, 3.7, 4.4, 5.1, 6.1), so
//! that the moving tags `v2` to `v6` have it too.

use cofferdam_facts::Span;

use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::yaml::Document;

/// Whether a step is a checkout.
#[must_use]
pub fn is_checkout(step: &Step) -> bool {
    step.action().as_deref() == Some("actions/checkout")
}

/// Whether a checkout leaves its credentials in the work tree's git
/// configuration; `None` where an expression decides.
#[must_use]
pub fn persists(step: &Step) -> Option<bool> {
    match step.input("persist-credentials") {
        // The default.
        None => Some(true),
        Some(text) => match text.literal()?.trim().to_ascii_lowercase().as_str() {
            "false" => Some(false),
            "true" => Some(true),
            // Anything else is an error of the action.
            _ => None,
        },
    }
}

/// Whether any checkout among the steps may leave its credentials.
#[must_use]
pub fn keeps_credentials(steps: &[Step]) -> bool {
    steps
        .iter()
        .any(|step| is_checkout(step) && persists(step) != Some(false))
}

/// The folder below the workspace that a checkout fills, without `./` and
/// trailing slash; empty for the workspace itself, `None` where an expression
/// decides.
#[must_use]
pub fn folder(step: &Step) -> Option<String> {
    match step.input("path") {
        None => Some(String::new()),
        Some(text) => {
            let path = text
                .literal()?
                .trim()
                .trim_start_matches("./")
                .trim_end_matches('/');
            Some(if path == "." {
                String::new()
            } else {
                path.to_owned()
            })
        }
    }
}

/// The `ref:` of a checkout, if one is given.
#[must_use]
pub fn reference(step: &Step) -> Option<&Text> {
    step.input("ref").filter(|t| !t.value.trim().is_empty())
}

/// The place to point at: the input if it is written, else the action.
#[must_use]
pub fn place(step: &Step) -> Span {
    step.input("persist-credentials")
        .map_or_else(|| step.head(), |t| t.span)
}

/// What the action itself does about the head of a fork in a run started by
/// `pull_request_target` or `workflow_run`. In other events it does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// It refuses.
    Holds,
    /// `allow-unsafe-pr-checkout: true` turns the guard off.
    OptedOut,
    /// The version is older than the guard.
    Missing,
    /// The version is not known, or an expression decides.
    Unknown,
}

/// A version as far as it is written: major, and minor if there is one.
pub type Version = (u32, Option<u32>);

/// The version of an action that its ref is, or that the comment behind a
/// commit claims.
#[must_use]
pub fn version(document: &Document, step: &Step) -> Option<Version> {
    let uses = step.uses()?;
    let repository = uses.value.repository()?;
    let written = match repository.commit() {
        Some(_) => document
            .comment_on_line(uses.span.end)
            .map(|c| c.text.to_string()),
        None => repository.git_ref.clone(),
    };
    written?.split_whitespace().find_map(parse_version)
}

fn parse_version(word: &str) -> Option<Version> {
    let word = word.rsplit(['/', '@', '=']).next().unwrap_or(word);
    let mut parts = word.strip_prefix('v').unwrap_or(word).split('.');
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().and_then(|m| m.parse().ok())))
}

/// What the guard of this checkout does.
#[must_use]
pub fn guard(document: &Document, step: &Step) -> Guard {
    if let Some(input) = step.input("allow-unsafe-pr-checkout") {
        match input.literal().map(|v| v.trim().to_ascii_lowercase()) {
            Some(word) if word == "true" => return Guard::OptedOut,
            None => return Guard::Unknown,
            Some(_) => {}
        }
    }
    let pinned = step
        .uses()
        .and_then(|u| u.value.repository())
        .is_some_and(|r| r.commit().is_some());
    let Some((major, minor)) = version(document, step) else {
        // A branch moves with the newest release.
        return if pinned { Guard::Unknown } else { Guard::Holds };
    };
    match (major, minor) {
        (0 | 1, _) => Guard::Missing,
        (7.., _) => Guard::Holds,
        // A moving tag has what was brought to it; a commit that only claims
        // the major may be from before.
        (_, None) if pinned => Guard::Unknown,
        (_, None) => Guard::Holds,
        (major, Some(minor)) => {
            let first = match major {
                2 => 8,
                3 => 7,
                4 => 4,
                _ => 1,
            };
            if minor >= first {
                Guard::Holds
            } else {
                Guard::Missing
            }
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap or index is a failed test"
)]
mod tests {
    use super::*;
    use crate::documents::Workflow;
    use cofferdam_facts::SourceFile;

    fn guard_of(uses: &str) -> Guard {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@{uses}\n"
        );
        let workflow = Workflow::parse(SourceFile::new("w.yml", text));
        guard(
            &workflow.document,
            workflow.jobs[0].steps().first().unwrap(),
        )
    }

    #[test]
    fn the_guard_depends_on_the_version_that_runs() {
        let commit = "11bd71901bbe5b1630ceea73d27597364c9af683";
        for uses in ["v7", "v7.0.1", "v4", "v2", "v4.4.0", "v6.1.0", "main"] {
            assert_eq!(guard_of(uses), Guard::Holds, "{uses}");
        }
        for uses in ["v1", "v4.2.2", "v6.0.3", "v3.6.0"] {
            assert_eq!(guard_of(uses), Guard::Missing, "{uses}");
        }
        assert_eq!(guard_of(&format!("{commit} # v4.2.2")), Guard::Missing);
        assert_eq!(guard_of(&format!("{commit} # v7.0.1")), Guard::Holds);
        assert_eq!(guard_of(&format!("{commit} # tag=v4")), Guard::Unknown);
        assert_eq!(guard_of(commit), Guard::Unknown);
        let with = "v7\n        with:\n          allow-unsafe-pr-checkout: ";
        assert_eq!(guard_of(&format!("{with}true")), Guard::OptedOut);
        assert_eq!(guard_of(&format!("{with}false")), Guard::Holds);
        assert_eq!(
            guard_of(&format!("{with}${{{{ inputs.x }}}}")),
            Guard::Unknown
        );
    }
}
