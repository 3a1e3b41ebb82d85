//! A description brought up to date as far as the checkout tells.
//!
//! What the checkout settles is changed by edits that leave every other byte as
//! it is. What only people know is asked. The date of the review is moved only
//! when nothing is left that the checkout contradicts: a date on a claim that
//! is known to be false would vouch for it.

use cofferdam_facts::{SourceFile, Span, Timestamp};

use super::TO_ANSWER;
use super::claims::{self, Facts, Subject};
use super::questions::{self, Question};
use crate::documents::Insights;
use crate::yaml::edit::{self, Change, EditError, Position, Value};
use crate::yaml::{Document, Kind, Node};

/// How long a review is left as it is, in days. Asking people anew every day
/// teaches them to say yes.
pub const FRESH_DAYS: i64 = 90;

/// What is known for a renewal.
#[derive(Clone, Copy, Debug)]
pub struct Known<'k> {
    /// The checkout, and what follows from it.
    pub facts: Facts<'k>,
    /// The first second of the day of the renewal.
    pub today: Timestamp,
    /// Whether a person said which repository it is; else its remote did, which
    /// may be that of a fork.
    pub named: bool,
    /// Whether a workflow makes GitHub releases.
    pub releases: bool,
    /// Whether a workflow puts build provenance into GitHub's store.
    pub provenance: bool,
    /// The licence: its path, and the expression, if its text is a usual one.
    pub license: Option<(&'k str, Option<&'static str>)>,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The new text, or the old one if nothing is to be changed.
    pub text: String,
    /// What was changed, one line each.
    pub changes: Vec<String>,
    /// What the checkout contradicts and only a person can mend, with its
    /// place in the old text.
    pub contradicted: Vec<Question>,
    /// Where the file breaks its specification, before and after.
    pub broken: Vec<Question>,
    /// What only a person can say, with its place in the old text.
    pub questions: Vec<Question>,
    /// Whether the date of the review was moved.
    pub reviewed: bool,
}

/// Why a file is not renewed. It is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewalError {
    /// The file is no description of a known version.
    #[error("the file names no version of Security Insights that is known")]
    Version,
    /// A part of the file was not understood.
    #[error("the file cannot be read as YAML: {0}")]
    Syntax(String),
    /// The edits do not fit the file.
    #[error("the file cannot be changed without rewriting it: {0}")]
    Edit(#[from] EditError),
}

/// Brings a description up to date.
///
/// # Errors
/// [`RenewalError`] if the file was not understood or cannot be edited in
/// place.
pub fn renew(insights: &Insights, known: &Known<'_>) -> Result<Renewal, RenewalError> {
    let document = insights.document();
    if let Some(problem) = document.problems().first() {
        return Err(RenewalError::Syntax(problem.message.clone()));
    }
    let major = insights.version.as_ref().map(|version| version.value.major);
    let (Some(root), Some(1 | 2)) = (document.root(), major) else {
        return Err(RenewalError::Version);
    };
    let mut plan = Plan::default();
    mend(insights, root, known, &mut plan);
    if major == Some(2) {
        complete(root, known, &mut plan);
    }
    left(document, &mut plan);
    plan.questions.extend(questions::of(insights));
    let reviewed = dates(insights, root, known, &mut plan);
    let text = if plan.changes.is_empty() {
        document.text().to_owned()
    } else {
        edit::change(document, &plan.changes)?
    };
    Ok(Renewal {
        broken: still_broken(insights, &text),
        text,
        changes: plan.notes,
        contradicted: plan.contradicted,
        questions: plan.questions,
        reviewed,
    })
}

/// What the renewal has not mended of the problems of the file.
fn still_broken(insights: &Insights, text: &str) -> Vec<Question> {
    let result = Insights::parse(SourceFile::new(insights.file().shared_path(), text));
    if result.is_valid() {
        return Vec::new();
    }
    let stays = |message: &str| result.problems().iter().any(|p| p.message == message);
    insights
        .problems()
        .iter()
        .filter(|problem| stays(&problem.message))
        .map(|problem| Question::at(problem.span, problem.message.clone()))
        .collect()
}

#[derive(Debug, Default)]
struct Plan {
    changes: Vec<Change>,
    notes: Vec<String>,
    contradicted: Vec<Question>,
    questions: Vec<Question>,
}

impl Plan {
    fn replace(&mut self, node: Node<'_>, value: Value, note: String) {
        let node = node.id();
        self.changes.push(Change::Replace { node, value });
        self.notes.push(note);
    }

    fn insert(&mut self, mapping: Node<'_>, key: &str, value: Value, note: String) {
        self.changes.push(Change::Insert {
            mapping: mapping.id(),
            key: key.to_owned(),
            value,
            position: Position::Last,
        });
        self.notes.push(note);
    }
}

/// Mends claims that the checkout contradicts, where it is plain how.
fn mend(insights: &Insights, root: Node<'_>, known: &Known<'_>, plan: &mut Plan) {
    for claim in claims::contradictions(insights, &known.facts) {
        let slug = known
            .facts
            .repository
            .slug
            .as_deref()
            .filter(|_| known.named);
        if let (Subject::Repository, Some(slug)) = (claim.subject, slug)
            && let Some(node) = scalar_at(root, claim.span)
        {
            let url = format!("https://github.com/{slug}");
            plan.replace(
                node,
                url.as_str().into(),
                format!("the repository is {url}"),
            );
            continue;
        }
        let node = claim.instead.as_deref().zip(scalar_at(root, claim.span));
        match node {
            Some((value, node)) => {
                let value = match node.as_bool() {
                    Some(_) => Value::Bool(value == "true"),
                    None => value.into(),
                };
                plan.replace(node, value, claim.message);
            }
            None if claim.certain => plan
                .contradicted
                .push(Question::at(claim.span, claim.message)),
            None => {
                let text = format!("Is it right that {}?", lower_first(&claim.message));
                plan.questions.push(Question::at(claim.span, text));
            }
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

fn scalar_at(node: Node<'_>, span: Span) -> Option<Node<'_>> {
    match node.kind() {
        Kind::Scalar => (node.span() == span).then_some(node),
        Kind::Mapping => node.entries().find_map(|(_, value)| scalar_at(value, span)),
        Kind::Sequence => node.items().find_map(|item| scalar_at(item, span)),
    }
}

/// Adds what the specification has a key for and the checkout tells.
fn complete(root: Node<'_>, known: &Known<'_>, plan: &mut Plan) {
    let Some(repository) = root.get("repository").filter(|r| r.kind() == Kind::Mapping) else {
        return;
    };
    let claimed = repository
        .get("url")
        .and_then(|url| super::links::repository(url.as_str()?));
    let slug = known
        .facts
        .repository
        .slug
        .clone()
        .filter(|_| known.named)
        .or(claimed);
    let Some(slug) = slug else { return };
    let link = |path: &str| format!("https://github.com/{slug}/blob/HEAD/{path}");
    let files = [
        ("contributing-guide", "contributing"),
        ("security-policy", "security"),
        ("governance", "governance"),
    ];
    let documentation = repository.get("documentation");
    let mut missing = Vec::new();
    for (key, stem) in files {
        let known_already = documentation.is_some_and(|links| links.get(key).is_some());
        if let (false, Some(path)) = (known_already, document_of(known, stem)) {
            missing.push((key, link(path), path));
        }
    }
    match documentation {
        Some(links) if links.kind() == Kind::Mapping => {
            for (key, link, path) in missing {
                plan.insert(
                    links,
                    key,
                    link.as_str().into(),
                    format!("`{path}` is linked as `{key}`"),
                );
            }
        }
        None if !missing.is_empty() => {
            let note = missing
                .iter()
                .map(|(_, _, path)| format!("`{path}`"))
                .collect::<Vec<_>>();
            let links = missing
                .into_iter()
                .map(|(key, link, _)| (key.to_owned(), Value::String(link)));
            let note = format!("{} is linked as documentation", note.join(", "));
            plan.insert(
                repository,
                "documentation",
                Value::Mapping(links.collect()),
                note,
            );
        }
        _ => {}
    }
    license(repository, known, &link, plan);
    release(repository, known, &slug, &link, plan);
}

/// A file for people by the first part of its name, in the usual places. Names
/// that would need escaping in a link are left alone.
pub(super) fn document_of<'k>(known: &Known<'k>, stem: &str) -> Option<&'k str> {
    let fits = |path: &&str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let (own, end) = name.split_once('.').unwrap_or((name, ""));
        matches!(folder, "" | ".github" | "docs")
            && own.eq_ignore_ascii_case(stem)
            && matches!(end, "" | "md" | "rst" | "adoc" | "txt")
    };
    known.facts.repository.tree.iter().find(fits)
}

fn license(
    repository: Node<'_>,
    known: &Known<'_>,
    link: &impl Fn(&str) -> String,
    plan: &mut Plan,
) {
    let Some((path, expression)) = known.license else {
        return;
    };
    let claimed = repository
        .get("license")
        .and_then(|license| license.get("expression"));
    match (repository.get("license"), claimed, expression) {
        (None, _, Some(expression)) => {
            let value = Value::Mapping(vec![
                ("url".to_owned(), Value::String(link(path))),
                ("expression".to_owned(), expression.into()),
            ]);
            plan.insert(
                repository,
                "license",
                value,
                format!("`{path}` is {expression}"),
            );
        }
        (Some(_), Some(claimed), Some(expression)) => {
            let said = claimed.as_str().unwrap_or_default();
            if !said.contains(expression) {
                let text = format!("Is the licence {said}? `{path}` reads like {expression}");
                plan.questions.push(Question::at(claimed.span(), text));
            }
        }
        _ => {}
    }
}

fn release(
    repository: Node<'_>,
    known: &Known<'_>,
    slug: &str,
    link: &impl Fn(&str) -> String,
    plan: &mut Plan,
) {
    let provenance = || {
        let text = |key: &str, value: String| (key.to_owned(), Value::String(value));
        Value::Sequence(vec![Value::Mapping(vec![
            text("name", "Build provenance".to_owned()),
            text(
                "location",
                format!("https://github.com/{slug}/attestations"),
            ),
            text("predicate-uri", "https://slsa.dev/provenance/v1".to_owned()),
        ])])
    };
    let changelog = document_of(known, "changelog");
    let Some(release) = repository
        .get("release")
        .filter(|r| r.kind() == Kind::Mapping)
    else {
        if known.releases && repository.get("release").is_none() {
            let point = Value::Mapping(vec![
                (
                    "uri".to_owned(),
                    Value::String(format!("https://github.com/{slug}/releases")),
                ),
                ("comment".to_owned(), "Releases on GitHub".into()),
            ]);
            let mut entries = vec![
                ("automated-pipeline".to_owned(), Value::Bool(true)),
                (
                    "distribution-points".to_owned(),
                    Value::Sequence(vec![point]),
                ),
            ];
            entries
                .extend(changelog.map(|path| ("changelog".to_owned(), Value::String(link(path)))));
            if known.provenance {
                entries.push(("attestations".to_owned(), provenance()));
            }
            let note = "a workflow makes GitHub releases".to_owned();
            plan.insert(repository, "release", Value::Mapping(entries), note);
        }
        return;
    };
    if let (None, Some(path)) = (release.get("changelog"), changelog) {
        let note = format!("`{path}` is linked as the changelog");
        plan.insert(release, "changelog", Value::String(link(path)), note);
    }
    if known.provenance && release.get("attestations").is_none() {
        let note = "a workflow attests build provenance".to_owned();
        plan.insert(release, "attestations", provenance(), note);
    }
}

/// Answers that are still missing from a skeleton.
fn left(document: &Document, plan: &mut Plan) {
    let text = document.text();
    for (at, _) in text.match_indices(TO_ANSWER) {
        let line = text
            .get(at..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        let question = line
            .trim_start_matches(TO_ANSWER)
            .trim_matches([':', ' ', '\'', '"']);
        let span = Span::new(at, at + TO_ANSWER.len());
        plan.contradicted
            .push(Question::at(span, format!("no answer yet: {question}")));
    }
}

/// Moves the dates; gives whether the review counts as done.
fn dates(insights: &Insights, root: Node<'_>, known: &Known<'_>, plan: &mut Plan) -> bool {
    let Some(header) = root.get("header") else {
        return false;
    };
    let today = known.today;
    let fresh = insights
        .days_since_review(today)
        .is_some_and(|days| (0..=FRESH_DAYS).contains(&days));
    let first = insights
        .version
        .as_ref()
        .is_some_and(|v| v.value.major == 1);
    let expires = today.a_year_later();
    let runs_out = first
        && insights
            .days_left(today)
            .is_none_or(|days| days <= FRESH_DAYS);
    let due = plan.contradicted.is_empty() && (!fresh || runs_out);
    if due {
        set_date(header, "last-reviewed", &today.date(), plan);
        if first {
            // The time of day and the zone stay as they were written.
            let written = header
                .get("expiration-date")
                .and_then(|n| n.as_str())
                .unwrap_or_default();
            let time = written
                .split_once(['T', 't'])
                .map_or("00:00:00.000Z", |(_, time)| time);
            set_date(
                header,
                "expiration-date",
                &format!("{}T{time}", expires.date()),
                plan,
            );
        }
    }
    if !plan.changes.is_empty() {
        set_date(header, "last-updated", &today.date(), plan);
    }
    due
}

fn set_date(header: Node<'_>, key: &str, value: &str, plan: &mut Plan) {
    match header.get(key) {
        Some(node) if node.as_str() == Some(value) => {}
        Some(node) => plan.replace(node, value.into(), format!("`{key}` is {value}")),
        None => plan.insert(header, key, value.into(), format!("`{key}` is {value}")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
