//! Which version of an action is used.

use crate::documents::step::Step;
use crate::semantics::releases;
use crate::yaml::Document;

/// A version as far as it is written: `v4`, `v4.2`, `v4.2.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActionVersion {
    /// The first number.
    pub major: u32,
    /// The second number; the highest where it is not written, since a tag such
    /// as `v4` moves along.
    pub minor: u32,
}

impl ActionVersion {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim_start_matches('v').split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = match parts.next() {
            Some(part) => part.parse().ok()?,
            None => u32::MAX,
        };
        Some(Self { major, minor })
    }
}

/// The version of the action that a step uses: its ref, the release that a
/// commit is known to be, or what the comment behind a commit claims. `None` for
/// a branch, and for a commit without one. A claim that cannot be true counts as
/// the oldest version: it must not make anything look better.
#[must_use]
pub fn of_step(document: &Document, step: &Step) -> Option<ActionVersion> {
    let uses = step.uses()?;
    let repository = uses.value.repository()?;
    let git_ref = repository.git_ref.as_deref()?;
    if let Some(commit) = repository.commit() {
        return of_commit(document, uses.span.end, &repository.name(), commit);
    }
    if let Some(version) = ActionVersion::parse(git_ref) {
        return Some(version);
    }
    // `release/v1` is a branch that moves with the newest of its major version.
    let last = git_ref.contains('/').then(|| git_ref.rsplit('/').next())?;
    last.and_then(ActionVersion::parse)
}

fn of_commit(document: &Document, end: usize, action: &str, commit: &str) -> Option<ActionVersion> {
    if let Some((major, minor, _)) = releases::of_commit(action, commit) {
        return Some(ActionVersion { major, minor });
    }
    let comment = document.comment_on_line(end)?;
    let mut words = (comment.text)
        .split(|c: char| c.is_whitespace() || matches!(c, '=' | '@' | ',' | '('))
        .filter(|word| word.starts_with('v') || word.contains('.'));
    let (word, version) = words.find_map(|word| Some((word, ActionVersion::parse(word)?)))?;
    let refuted =
        releases::exact(word).is_some_and(|claimed| releases::refutes(action, commit, claimed));
    let oldest = ActionVersion { major: 0, minor: 0 };
    Some(if refuted { oldest } else { version })
}

/// Whether the version is at least `major.minor`; what is not known counts as
/// the newest.
#[must_use]
pub fn at_least(version: Option<ActionVersion>, major: u32, minor: u32) -> bool {
    version.is_none_or(|v| (v.major, v.minor) >= (major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::Workflow;
    use cofferdam_facts::SourceFile;

    #[test]
    fn a_version_comes_from_the_ref_or_the_comment() {
        let sha = "3d3c42e5aac5ba805825da76410c181273ba90b1";
        for (uses, expected) in [
            ("a/b@v4".to_owned(), Some((4, u32::MAX))),
            ("a/b@v4.2.2".to_owned(), Some((4, 2))),
            (format!("a/b@{sha} # v7.0.1"), Some((7, 0))),
            (format!("a/b@{sha} # tag=v3.1"), Some((3, 1))),
            (format!("a/b@{sha} # 2.13.4"), Some((2, 13))),
            (format!("a/b@{sha} #v6"), Some((6, u32::MAX))),
            (format!("a/b@{sha}"), None),
            // What the commit is counts, and not what is said of it.
            (format!("actions/checkout@{sha} # v4"), Some((7, 0))),
            (format!("actions/checkout@{sha}"), Some((7, 0))),
            (
                format!("Actions/Checkout@{} # v4.2.2", "0".repeat(40)),
                Some((0, 0)),
            ),
            (
                format!("actions/checkout@{} # v9.0.0", "0".repeat(40)),
                Some((9, 0)),
            ),
            ("a/b@release/v1".to_owned(), Some((1, u32::MAX))),
            ("a/b@main".to_owned(), None),
        ] {
            let text =
                format!("on: push\njobs:\n  x:\n    runs-on: y\n    steps:\n    - uses: {uses}\n");
            let workflow = Workflow::parse(SourceFile::new(".github/workflows/x.yml", text));
            let found = workflow
                .jobs
                .first()
                .and_then(|job| of_step(&workflow.document, job.steps().first()?));
            assert_eq!(found.map(|v| (v.major, v.minor)), expected, "{uses}");
        }
    }
}
