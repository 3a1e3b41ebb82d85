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
    step.action() == Some("actions/checkout")
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
    Holds {
        /// The major version, where it is written; a branch has none.
        major: Option<u32>,
        /// Whether a tag or branch names the version, so that its owner decides
        /// each day what runs.
        moves: bool,
    },
    /// `allow-unsafe-pr-checkout: true` turns the guard off.
    OptedOut,
    /// The version is older than the guard.
    Missing,
    /// The version is not known, or an expression decides.
    Unknown,
}

/// When the guard was brought to the versions before the seventh.
pub const GUARDED_SINCE: &str = "2026-07-20";

/// The first minor version of a major one that has the guard; `None` where no
/// version has it.
#[must_use]
pub fn first_guarded(major: u32) -> Option<u32> {
    match major {
        0 | 1 => None,
        2 => Some(8),
        3 => Some(7),
        4 => Some(4),
        5 | 6 => Some(1),
        _ => Some(0),
    }
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
    let holds = |major| Guard::Holds {
        major,
        moves: !pinned,
    };
    let Some((major, minor)) = version(document, step) else {
        // A branch moves with the newest release.
        return if pinned { Guard::Unknown } else { holds(None) };
    };
    match (first_guarded(major), minor) {
        (None, _) => Guard::Missing,
        (Some(0), _) => holds(Some(major)),
        // A moving tag has what was brought to it; a commit that only claims
        // the major may be from before.
        (Some(_), None) if pinned => Guard::Unknown,
        (Some(first), Some(minor)) if minor < first => Guard::Missing,
        (Some(_), _) => holds(Some(major)),
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
            let guard = guard_of(uses);
            assert!(matches!(guard, Guard::Holds { moves: true, .. }), "{uses}");
        }
        for uses in ["v1", "v4.2.2", "v6.0.3", "v3.6.0"] {
            assert_eq!(guard_of(uses), Guard::Missing, "{uses}");
        }
        assert_eq!(guard_of(&format!("{commit} # v4.2.2")), Guard::Missing);
        let pinned = Guard::Holds {
            major: Some(7),
            moves: false,
        };
        assert_eq!(guard_of(&format!("{commit} # v7.0.1")), pinned);
        assert_eq!(guard_of(&format!("{commit} # tag=v4")), Guard::Unknown);
        assert_eq!(guard_of(commit), Guard::Unknown);
        let with = "v7\n        with:\n          allow-unsafe-pr-checkout: ";
        assert_eq!(guard_of(&format!("{with}true")), Guard::OptedOut);
        let guard = guard_of(&format!("{with}false"));
        assert!(matches!(guard, Guard::Holds { .. }));
        assert_eq!(
            guard_of(&format!("{with}${{{{ inputs.x }}}}")),
            Guard::Unknown
        );
    }
}
