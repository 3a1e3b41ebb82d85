//! The first draft of a description: what the checkout tells, and a marked
//! place for every answer that only a person can give.

use super::TO_ANSWER;
use super::keys;
use super::questions::Question;
use super::renewal::{Known, Renewal, document_of};

/// Where a new description is put.
pub const PLACE: &str = "security-insights.yml";

/// Why no draft can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkeletonError {
    /// Every link needs it.
    #[error("it is not known which repository on GitHub this is")]
    NoRepository,
}

/// A valid description of version 2.2 for a project that has none. Nothing in
/// it is invented: what the checkout does not tell stands there as a question.
///
/// # Errors
/// [`SkeletonError::NoRepository`] if the repository is not known.
pub fn draft(known: &Known<'_>) -> Result<Renewal, SkeletonError> {
    let slug = known.facts.repository.slug.as_deref();
    let slug = slug
        .filter(|slug| slug.split('/').count() == 2)
        .ok_or(SkeletonError::NoRepository)?;
    let name = slug.rsplit('/').next().unwrap_or(slug);
    let today = known.today.date();
    let link = |path: &str| format!("https://github.com/{slug}/blob/HEAD/{path}");
    let policy = document_of(known, "security");
    let license = match known.license {
        Some((path, Some(expression))) => {
            format!("    url: {}\n    expression: {expression}\n", link(path))
        }
        Some((path, None)) => format!(
            "    url: {}\n    expression: '{TO_ANSWER}: the SPDX expression of the licence'\n",
            link(path)
        ),
        None => format!(
            "    url: https://github.com/{slug} # {TO_ANSWER}: where does the licence stand?\n    \
             expression: '{TO_ANSWER}: the SPDX expression of the licence'\n"
        ),
    };
    let reports = match policy {
        Some(path) => format!(
            "    reports-accepted: true # `{path}` says how\n    \
             bug-bounty-available: false # {TO_ANSWER}: is there a bug bounty?\n    \
             policy: {}\n",
            link(path)
        ),
        None => format!(
            "    reports-accepted: false # {TO_ANSWER}: are reports of vulnerabilities accepted?\n    \
             bug-bounty-available: false # {TO_ANSWER}: is there a bug bounty?\n"
        ),
    };
    let bots = match bot(known) {
        Some(path) => format!("true # `{path}` asks for them"),
        None => format!("false # {TO_ANSWER}: are changes by bots accepted?"),
    };
    let text = format!(
        "# Security Insights, https://github.com/ossf/security-insights\n\
         # A draft by `cofferdam insights renew`: the marked lines wait for a person's answer.\n\
         header:\n  schema-version: 2.2.0\n  last-updated: '{today}'\n  last-reviewed: '{today}'\n  \
         url: https://raw.githubusercontent.com/{slug}/HEAD/{PLACE}\n\
         project:\n  name: {}\n  administrators:\n    \
         - name: '{TO_ANSWER}: who administers the project?'\n      primary: true\n  \
         repositories:\n    - name: {0}\n      \
         comment: '{TO_ANSWER}: what is this repository for?'\n      url: https://github.com/{slug}\n  \
         vulnerability-reporting:\n{reports}\
         repository:\n  url: https://github.com/{slug}\n  \
         status: active # {TO_ANSWER}: is it?\n  \
         accepts-change-request: true # {TO_ANSWER}: are pull requests welcome?\n  \
         accepts-automated-change-request: {bots}\n  core-team:\n    \
         - name: '{TO_ANSWER}: who is in the core team?'\n      primary: true\n  \
         license:\n{license}  security:\n    assessments:\n      self:\n        \
         comment: '{TO_ANSWER}: what did the last self-assessment find?'\n{}{}",
        quoted(name),
        documentation(known, &link),
        release(known, slug, &link),
    );
    let questions = text
        .match_indices(TO_ANSWER)
        .filter_map(|(at, _)| {
            let line = text.get(at + TO_ANSWER.len()..)?.lines().next()?;
            let text = line.trim_matches([':', ' ', '\'']);
            Some(Question {
                key: keys::asked(text),
                ..Question::new(text)
            })
        })
        .collect();
    Ok(Renewal {
        changes: vec![format!("`{PLACE}` is new")],
        contradicted: Vec::new(),
        broken: Vec::new(),
        questions,
        reviewed: false,
        text,
    })
}

/// The name of a repository may read like a number or a truth value.
fn quoted(name: &str) -> String {
    format!("'{name}'")
}

fn bot(known: &Known<'_>) -> Option<String> {
    let repository = known.facts.repository;
    let dependabot = repository.dependabot.first().map(|file| file.file());
    let file = dependabot.or(repository.renovate.first().map(|file| file.file()))?;
    Some(file.path().to_owned())
}

fn documentation(known: &Known<'_>, link: &impl Fn(&str) -> String) -> String {
    let mut lines = String::new();
    for (key, stem) in [
        ("contributing-guide", "contributing"),
        ("governance", "governance"),
        ("security-policy", "security"),
    ] {
        if let Some(path) = document_of(known, stem) {
            lines.push_str(&format!("    {key}: {}\n", link(path)));
        }
    }
    if lines.is_empty() {
        lines
    } else {
        format!("  documentation:\n{lines}")
    }
}

fn release(known: &Known<'_>, slug: &str, link: &impl Fn(&str) -> String) -> String {
    if !known.releases {
        return String::new();
    }
    let changelog = document_of(known, "changelog").map_or_else(String::new, |path| {
        format!("    changelog: {}\n", link(path))
    });
    let attestations = if known.provenance {
        format!(
            "    attestations:\n      - name: Build provenance\n        \
             location: https://github.com/{slug}/attestations\n        \
             predicate-uri: https://slsa.dev/provenance/v1\n"
        )
    } else {
        String::new()
    };
    format!(
        "  release:\n    automated-pipeline: true\n    distribution-points:\n      \
         - uri: https://github.com/{slug}/releases\n        comment: Releases on GitHub\n\
         {changelog}{attestations}"
    )
}
