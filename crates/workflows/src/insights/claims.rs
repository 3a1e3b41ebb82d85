//! Claims of a description that the checkout contradicts.
//!
//! Only what files can settle is looked at. A claim about people, or about
//! what happens outside of the repository, is never contradicted here.

use cofferdam_facts::Span;

use super::links::{self, FileLink};
use crate::documents::Insights;
use crate::repository::Repository;
use crate::yaml::{Kind, Node};

/// What is known of the project besides its files.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// The checkout.
    pub repository: &'f Repository,
    /// The name of the default branch, if the settings tell it.
    pub default_branch: Option<&'f str>,
    /// Whether a job publishes something other than a web site.
    pub publishes: bool,
    /// A lockfile of the project itself, if it has one.
    pub lockfile: Option<&'f str>,
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A link to a file of the repository.
    File,
    /// Which repository it is.
    Repository,
    /// How releases are made.
    Release,
    /// What is attested of releases.
    Attestation,
    /// A security tool.
    Tool,
    /// Changes by bots.
    Bots,
    /// Packages of others.
    Dependencies,
}

/// A claim that the checkout contradicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The claim.
    pub span: Span,
    /// What it is about.
    pub subject: Subject,
    /// What is claimed and what is there, one line without a full stop.
    pub message: String,
    /// Whether nothing outside of the checkout could make the claim true.
    pub certain: bool,
    /// What the value would have to be, where that is plain.
    pub instead: Option<String>,
}

/// Words of workflows that make signatures, statements or lists of contents.
const ATTESTING: [&str; 9] = [
    "attest",
    "cosign",
    "cyclonedx",
    "docker/build-push-action",
    "goreleaser",
    "notation",
    "sbom",
    "slsa",
    "syft",
];

/// Tools that work as Apps or by the settings, so that no file names them.
const UNSEEN: [&str; 12] = [
    "clomonitor",
    "codacy",
    "codecov",
    "codeql",
    "coderabbit",
    "dependabot",
    "fossa",
    "github",
    "oss-fuzz",
    "secret",
    "snyk",
    "sonar",
];

/// Every claim that the checkout contradicts, in order of place.
#[must_use]
pub fn contradictions(insights: &Insights, facts: &Facts<'_>) -> Vec<Contradiction> {
    let mut found = Vec::new();
    if let Some(root) = insights.document().root() {
        files(root, insights, facts, &mut found);
    }
    repository(insights, facts, &mut found);
    releases(insights, facts, &mut found);
    tools(insights, facts, &mut found);
    others(insights, facts, &mut found);
    found.sort_by_key(|claim| (claim.span, claim.subject));
    found
}

/// The repository that links are compared with: the one that the checkout is
/// known to be, or else the one that the file names.
#[must_use]
pub fn own_slug(insights: &Insights, facts: &Facts<'_>) -> Option<String> {
    facts.repository.slug.clone().or_else(|| {
        let url = insights.repository_url.as_ref()?;
        links::repository(&url.value)
    })
}

fn files(root: Node<'_>, insights: &Insights, facts: &Facts<'_>, found: &mut Vec<Contradiction>) {
    let Some(slug) = own_slug(insights, facts) else {
        return;
    };
    each_scalar(root, &mut |node| {
        let Some(link) = node.as_str().and_then(FileLink::parse) else {
            return;
        };
        let own = link.slug.eq_ignore_ascii_case(&slug);
        if !own || !link.means_default_branch(facts.default_branch) || exists(facts, &link.path) {
            return;
        }
        let moved = moved(facts, &link.path);
        let hint = moved
            .as_ref()
            .map(|path| format!(", but `{path}` is there"));
        found.push(Contradiction {
            span: node.span(),
            subject: Subject::File,
            message: format!(
                "there is no `{}` in the repository{}",
                link.path,
                hint.unwrap_or_default()
            ),
            certain: true,
            instead: moved.and_then(|path| link.with_path(node.as_str()?, &path)),
        });
    });
}

fn each_scalar<'d>(node: Node<'d>, visit: &mut impl FnMut(Node<'d>)) {
    match node.kind() {
        Kind::Scalar => visit(node),
        Kind::Mapping => node
            .entries()
            .for_each(|(_, value)| each_scalar(value, visit)),
        Kind::Sequence => node.items().for_each(|item| each_scalar(item, visit)),
    }
}

fn exists(facts: &Facts<'_>, path: &str) -> bool {
    let tree = &facts.repository.tree;
    path.is_empty() || tree.has(path) || tree.below(path).next().is_some()
}

/// The only file of the same name in the places where such files stand.
fn moved(facts: &Facts<'_>, path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let stem = |name: &str| {
        name.split('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let mut candidates = facts.repository.tree.iter().filter(|candidate| {
        let (folder, own) = candidate.rsplit_once('/').unwrap_or(("", candidate));
        matches!(folder, "" | ".github" | "docs") && stem(own) == stem(name)
    });
    let first = candidates.next()?;
    candidates.next().is_none().then(|| first.to_owned())
}

fn repository(insights: &Insights, facts: &Facts<'_>, found: &mut Vec<Contradiction>) {
    let (Some(slug), Some(url)) = (&facts.repository.slug, &insights.repository_url) else {
        return;
    };
    let Some(claimed) = links::repository(&url.value) else {
        return;
    };
    if !claimed.eq_ignore_ascii_case(slug) {
        found.push(Contradiction {
            span: url.span,
            subject: Subject::Repository,
            message: format!("it describes {claimed}, but this is {slug}"),
            // A fork carries the file of its parent along.
            certain: false,
            instead: None,
        });
    }
}

fn releases(insights: &Insights, facts: &Facts<'_>, found: &mut Vec<Contradiction>) {
    if let Some(automated) = &insights.automated_release {
        let hint = |text: &str| {
            text.contains("release") || text.contains("publish") || text.contains("deploy")
        };
        let perhaps = facts.repository.workflows.iter().any(|workflow| {
            let named = workflow.path().to_ascii_lowercase();
            hint(&named) || hint(&workflow.file().text().to_ascii_lowercase())
        });
        let (wrong, message, instead) = if automated.value {
            let wrong = !facts.publishes && !perhaps;
            (
                wrong,
                "releases are said to be automated, but no workflow publishes",
                None,
            )
        } else {
            let message = "releases are said to be made by hand, but a workflow publishes";
            (facts.publishes, message, Some("true".to_owned()))
        };
        if wrong {
            found.push(Contradiction {
                span: automated.span,
                subject: Subject::Release,
                message: message.to_owned(),
                certain: !automated.value,
                instead,
            });
        }
    }
    let made = facts.repository.workflows.iter().any(|workflow| {
        let text = workflow.file().text().to_ascii_lowercase();
        ATTESTING.iter().any(|word| text.contains(word))
    });
    let version_two = insights
        .version
        .as_ref()
        .is_some_and(|v| v.value.major == 2);
    if let Some(first) = insights
        .attestations
        .first()
        .filter(|_| version_two && !made)
    {
        found.push(Contradiction {
            span: first.span,
            subject: Subject::Attestation,
            message: "releases are said to be attested, but no workflow makes a statement"
                .to_owned(),
            certain: false,
            instead: None,
        });
    }
}

fn tools(insights: &Insights, facts: &Facts<'_>, found: &mut Vec<Contradiction>) {
    for tool in &insights.tools {
        let (Some(name), Some(in_ci)) = (&tool.name, &tool.in_ci) else {
            continue;
        };
        let lower = name.value.to_ascii_lowercase();
        let word = lower
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .find(|word| word.len() >= 3);
        let Some(word) = word.filter(|_| in_ci.value) else {
            continue;
        };
        if UNSEEN.iter().any(|unseen| lower.contains(unseen)) || is_named(facts, word) {
            continue;
        }
        found.push(Contradiction {
            span: in_ci.span,
            subject: Subject::Tool,
            message: format!(
                "{} is said to run in CI, but no workflow names it",
                name.value
            ),
            certain: false,
            instead: None,
        });
    }
}

fn is_named(facts: &Facts<'_>, word: &str) -> bool {
    let repository = facts.repository;
    let texts = repository
        .workflows
        .iter()
        .map(|workflow| workflow.file().text())
        .chain(repository.actions.iter().map(|action| action.file().text()));
    let mut texts = texts.map(str::to_ascii_lowercase);
    texts.any(|text| text.contains(word))
        || repository.tree.iter().any(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name.to_ascii_lowercase().contains(word)
        })
}

fn others(insights: &Insights, facts: &Facts<'_>, found: &mut Vec<Contradiction>) {
    let repository = facts.repository;
    let bot = repository
        .dependabot
        .iter()
        .map(|file| file.file().path())
        .chain(repository.renovate.iter().map(|file| file.file().path()))
        .next();
    if let (Some(accepts), Some(path)) = (&insights.accepts_automated_changes, bot)
        && !accepts.value
    {
        found.push(Contradiction {
            span: accepts.span,
            subject: Subject::Bots,
            message: format!("changes by bots are said to be refused, but `{path}` asks for them"),
            certain: true,
            instead: Some("true".to_owned()),
        });
    }
    if let (Some(none), Some(path)) = (&insights.no_third_party_packages, facts.lockfile)
        && none.value
    {
        found.push(Contradiction {
            span: none.span,
            subject: Subject::Dependencies,
            message: format!("packages of others are said not to be used, but `{path}` locks some"),
            certain: false,
            instead: None,
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Arc;

    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::repository::Tree;

    const TEXT: &str = "\
header:
  schema-version: 2.0.0
  last-updated: '2026-01-01'
  last-reviewed: '2026-01-01'
  url: https://raw.githubusercontent.com/o/r/main/security-insights.yml
repository:
  url: https://github.com/o/r
  accepts-automated-change-request: false
  no-third-party-packages: true
  documentation:
    security-policy: https://github.com/o/r/blob/main/SECURITY.md
    governance: https://github.com/o/r/blob/v1.0/GOVERNANCE.md
    contributing-guide: https://github.com/other/r/blob/main/CONTRIBUTING.md
  release:
    automated-pipeline: false
    attestations:
      - name: sbom
        location: https://github.com/o/r/releases
        predicate-uri: https://spdx.dev/Document
  security:
    tools:
      - name: golangci-lint
        integration: {ci: true}
      - name: CodeQL
        integration: {ci: true}
";

    fn found(slug: Option<&str>, publishes: bool) -> Vec<(Subject, String, Option<String>)> {
        let paths = [
            "security-insights.yml",
            ".github/SECURITY.md",
            "Cargo.lock",
            ".github/dependabot.yml",
        ];
        let tree = Tree::new(paths.iter().map(|p| Arc::from(*p)).collect());
        let bot = "version: 2\nupdates: []\n";
        let files = vec![
            SourceFile::new("security-insights.yml", TEXT),
            SourceFile::new(".github/dependabot.yml", bot),
        ];
        let mut repository = Repository::read(files, tree);
        repository.slug = slug.map(str::to_owned);
        let facts = Facts {
            repository: &repository,
            default_branch: None,
            publishes,
            lockfile: Some("Cargo.lock"),
        };
        contradictions(repository.insights.first().unwrap(), &facts)
            .into_iter()
            .map(|c| (c.subject, c.message, c.instead))
            .collect()
    }

    #[test]
    fn what_the_checkout_contradicts_is_found() {
        let subjects: Vec<_> = found(None, true).into_iter().map(|(s, ..)| s).collect();
        assert_eq!(
            subjects,
            [
                Subject::Bots,
                Subject::Dependencies,
                Subject::File,
                Subject::Release,
                Subject::Attestation,
                Subject::Tool
            ]
        );
        let file = found(None, true)
            .into_iter()
            .find(|(s, ..)| *s == Subject::File)
            .unwrap();
        assert_eq!(
            file.2.unwrap(),
            "https://github.com/o/r/blob/main/.github/SECURITY.md"
        );
    }

    #[test]
    fn another_repository_is_said_so_and_its_links_are_left_alone() {
        let subjects: Vec<_> = found(Some("me/fork"), false)
            .into_iter()
            .map(|(s, ..)| s)
            .collect();
        assert!(subjects.contains(&Subject::Repository));
        assert!(!subjects.contains(&Subject::File));
        assert!(!subjects.contains(&Subject::Release));
    }
}
