//! `security-insights.yml`: what a project says about its own security.
//!
//! Source: ossf/security-insights, versions 1.0.0 and 2.0 to 2.2. Version 1
//! expires, at most a year after it was last reviewed; version 2 has no expiry.

mod check;
mod schema;

use cofferdam_facts::{SourceFile, Span, Spanned, Timestamp};

use super::problem::{Problem, ProblemKind};
use super::reading::Reading;
use crate::yaml::{Document, Node};

/// Whether a path is one where tools look for the file. Version 1 writes the
/// name in capitals, version 2 in small letters.
#[must_use]
pub fn is_insights(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let named = ["security-insights.yml", "security-insights.yaml"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known));
    named && matches!(folder, "" | ".github" | ".gitlab")
}

/// A file as far as it was understood. What version 1 and 2 both say, though
/// under other names, is in one field.
#[derive(Clone, Debug)]
pub struct Insights {
    document: Document,
    /// `header.schema-version`.
    pub version: Option<Spanned<Version>>,
    /// `header.last-reviewed`.
    pub last_reviewed: Option<Spanned<Timestamp>>,
    /// `header.last-updated`.
    pub last_updated: Option<Spanned<Timestamp>>,
    /// `header.expiration-date`, version 1 only.
    pub expires: Option<Spanned<Timestamp>>,
    /// Where the file is published (`header.url`), version 2 only.
    pub url: Option<Spanned<String>>,
    /// `repository.url`; in version 1 `header.project-url`.
    pub repository_url: Option<Spanned<String>>,
    /// `header.project-release`, version 1 only.
    pub release: Option<Spanned<String>>,
    /// `header.project-si-source`: the file from which the project's part comes.
    pub project_source: Option<Spanned<String>>,
    /// Whether vulnerability reports are accepted.
    pub reports_accepted: Option<Spanned<bool>>,
    /// Whom to tell of vulnerabilities: addresses, numbers or links.
    pub contacts: Vec<Spanned<String>>,
    /// The links that are said to be the security policy.
    pub security_policies: Vec<Spanned<String>>,
    /// Every link under `documentation`, with its key; version 1 has no keys.
    pub documentation: Vec<(String, Spanned<String>)>,
    /// The security tools.
    pub tools: Vec<Tool>,
    /// `repository.release.automated-pipeline`, version 2 only.
    pub automated_release: Option<Spanned<bool>>,
    /// Where releases are found.
    pub distribution_points: Vec<Spanned<String>>,
    /// What is attested of releases. Version 1 has SBOMs only.
    pub attestations: Vec<Attestation>,
    /// Whether changes by bots are accepted.
    pub accepts_automated_changes: Option<Spanned<bool>>,
    /// `repository.no-third-party-packages`; in version 1 the contrary of
    /// `dependencies.third-party-packages`.
    pub no_third_party_packages: Option<Spanned<bool>>,
    /// The names of the core team; in version 1 the core maintainers.
    pub core_team: Vec<Spanned<String>>,
    /// The state of the project, as a word of the specification.
    pub status: Option<Spanned<String>>,
    problems: Vec<Problem>,
}

/// A version of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The number before the first dot.
    pub major: u64,
    /// The number behind it.
    pub minor: u64,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let version = Self {
            major: parts.next()?.ok()?,
            minor: parts.next()?.ok()?,
        };
        let patch = parts.next()?;
        (patch.is_ok() && parts.next().is_none()).then_some(version)
    }
}

/// A security tool and where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The name.
    pub name: Option<Spanned<String>>,
    /// The category, as a word of the specification.
    pub kind: Option<Spanned<String>>,
    /// Whether it runs in continuous integration.
    pub in_ci: Option<Spanned<bool>>,
    /// Whether it runs before a release.
    pub before_release: Option<Spanned<bool>>,
    /// The bytes of the entry.
    pub span: Span,
}

/// Something that is attested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The name.
    pub name: Option<Spanned<String>>,
    /// Where it is found.
    pub location: Option<Spanned<String>>,
    /// The type of the predicate.
    pub predicate: Option<Spanned<String>>,
    /// The bytes of the entry.
    pub span: Span,
}

impl Insights {
    /// Reads a file and compares it with the version that it names. Never
    /// fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut reading = Reading::of(&document);
        let root = reading.any_root(&document);
        let mut insights = Self::empty(document.clone());
        if let Some(root) = root {
            insights.version = version(&mut reading, root);
            match insights.version.as_ref().map(|version| version.value.major) {
                Some(1) => insights.first(&mut reading, root),
                Some(2) => insights.second(&mut reading, root),
                // Nothing is known of the keys of other versions.
                _ => {}
            }
        }
        insights.problems = reading.problems;
        insights
    }

    fn empty(document: Document) -> Self {
        Self {
            document,
            version: None,
            last_reviewed: None,
            last_updated: None,
            expires: None,
            url: None,
            repository_url: None,
            release: None,
            project_source: None,
            reports_accepted: None,
            contacts: Vec::new(),
            security_policies: Vec::new(),
            documentation: Vec::new(),
            tools: Vec::new(),
            automated_release: None,
            distribution_points: Vec::new(),
            attestations: Vec::new(),
            accepts_automated_changes: None,
            no_third_party_packages: None,
            core_team: Vec::new(),
            status: None,
            problems: Vec::new(),
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// The YAML tree.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Where the file differs from the specification.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether the file is what its version of the specification asks for, as
    /// far as can be told. Version 2.0 leaves room for keys of one's own.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let version = self.version.as_ref().map(|version| version.value);
        let open = version == Some(Version { major: 2, minor: 0 });
        self.problems
            .iter()
            .all(|problem| open && problem.kind == ProblemKind::UnknownKey)
    }

    /// Days until the file expires, negative once it has; `None` if it has no
    /// expiry.
    #[must_use]
    pub fn days_left(&self, today: Timestamp) -> Option<i64> {
        self.expires
            .as_ref()
            .map(|expires| today.days_until(expires.value))
    }

    /// Days since the file was last reviewed; `None` if it does not say.
    #[must_use]
    pub fn days_since_review(&self, today: Timestamp) -> Option<i64> {
        self.last_reviewed
            .as_ref()
            .map(|reviewed| reviewed.value.days_until(today))
    }

    fn header(&mut self, root: Node<'_>) {
        let Some(header) = root.get("header") else {
            return;
        };
        self.last_reviewed = date(header, "last-reviewed");
        self.last_updated = date(header, "last-updated");
        self.project_source = text(header, "project-si-source");
    }

    fn first(&mut self, reading: &mut Reading, root: Node<'_>) {
        check::fields(reading, root, &schema::FIRST, 0, "");
        check_first(reading, root);
        self.header(root);
        if let Some(header) = root.get("header") {
            let expires = header.get("expiration-date");
            self.expires = expires.and_then(|node| {
                let text = node.as_str()?;
                // The day as it is written, whatever the zone.
                let date = match Timestamp::parse_time(text) {
                    Some(_) => text.get(.."YYYY-MM-DD".len())?,
                    None => text,
                };
                let date = Timestamp::parse_date(date)?;
                Some(Spanned::new(date, node.span()))
            });
            self.repository_url = text(header, "project-url");
            self.release = text(header, "project-release");
        }
        if let (Some(reviewed), Some(expires)) = (&self.last_reviewed, &self.expires)
            && expires.value > reviewed.value.a_year_later()
        {
            let message = "the expiry is more than a year after the last review";
            reading.problem(ProblemKind::BadValue, expires.span, message);
        }
        self.status = at(root, &["project-lifecycle"]).and_then(|n| text(n, "status"));
        self.core_team = texts(at(root, &["project-lifecycle", "core-maintainers"]));
        self.accepts_automated_changes = at(root, &["contribution-policy"])
            .and_then(|node| flag(node, "accepts-automated-pull-requests"));
        self.distribution_points = texts(root.get("distribution-points"));
        let links = texts(root.get("documentation"));
        self.documentation = links
            .into_iter()
            .map(|link| (String::new(), link))
            .collect();
        if let Some(reporting) = root.get("vulnerability-reporting") {
            self.reports_accepted = flag(reporting, "accepts-vulnerability-reports");
            self.security_policies
                .extend(text(reporting, "security-policy"));
            self.contacts.extend(text(reporting, "email-contact"));
        }
        self.contacts
            .extend(items(root.get("security-contacts")).filter_map(|n| text(n, "value")));
        for tool in items(root.get("security-testing")) {
            self.tools.push(Tool {
                name: text(tool, "tool-name"),
                kind: text(tool, "tool-type"),
                in_ci: tool.get("integration").and_then(|node| flag(node, "ci")),
                before_release: tool
                    .get("integration")
                    .and_then(|n| flag(n, "before-release")),
                span: tool.span(),
            });
        }
        self.first_dependencies(root);
    }

    fn first_dependencies(&mut self, root: Node<'_>) {
        let Some(dependencies) = root.get("dependencies") else {
            return;
        };
        let third_party = flag(dependencies, "third-party-packages");
        self.no_third_party_packages = third_party.map(|flag| flag.map(|value| !value));
        for sbom in items(dependencies.get("sbom")) {
            self.attestations.push(Attestation {
                name: text(sbom, "sbom-format"),
                location: text(sbom, "sbom-file"),
                predicate: None,
                span: sbom.span(),
            });
        }
    }

    fn second(&mut self, reading: &mut Reading, root: Node<'_>) {
        let minor = self
            .version
            .as_ref()
            .map_or(0, |version| version.value.minor);
        check::fields(
            reading,
            root,
            &schema::SECOND,
            minor.min(schema::NEWEST_MINOR),
            "",
        );
        self.header(root);
        self.url = at(root, &["header"]).and_then(|header| text(header, "url"));
        let child = self.project_source.is_some();
        for (name, needed) in [("project", !child), ("repository", child)] {
            if needed && root.get(name).is_none() {
                let message = format!("`{name}` is missing");
                reading.problem(ProblemKind::Missing, root.span(), message);
            }
        }
        if let Some(reporting) = at(root, &["project", "vulnerability-reporting"]) {
            self.reports_accepted = flag(reporting, "reports-accepted");
            let contact = reporting.get("contact");
            let ways = ["email", "social"].map(|way| contact.and_then(|c| text(c, way)));
            self.contacts.extend(ways.into_iter().flatten());
            self.security_policies.extend(text(reporting, "policy"));
            self.security_policies
                .extend(text(reporting, "security-policy"));
        }
        for part in ["project", "repository"] {
            let Some(links) = at(root, &[part, "documentation"]) else {
                continue;
            };
            for (key, value) in links.entries() {
                let (Some(key), Some(link)) = (key.as_str(), value.as_str()) else {
                    continue;
                };
                let link = Spanned::new(link.to_owned(), value.span());
                if key == "security-policy" {
                    self.security_policies.push(link.clone());
                }
                self.documentation.push((key.to_owned(), link));
            }
        }
        if let Some(repository) = root.get("repository") {
            self.repository(repository);
        }
    }

    fn repository(&mut self, node: Node<'_>) {
        self.status = text(node, "status");
        self.repository_url = text(node, "url");
        self.accepts_automated_changes = flag(node, "accepts-automated-change-request");
        self.no_third_party_packages = flag(node, "no-third-party-packages");
        self.core_team = items(node.get("core-team"))
            .filter_map(|n| text(n, "name"))
            .collect();
        for tool in items(at(node, &["security", "tools"])) {
            self.tools.push(Tool {
                name: text(tool, "name"),
                kind: text(tool, "type"),
                in_ci: tool.get("integration").and_then(|node| flag(node, "ci")),
                before_release: tool.get("integration").and_then(|n| flag(n, "release")),
                span: tool.span(),
            });
        }
        let Some(release) = node.get("release") else {
            return;
        };
        self.automated_release = flag(release, "automated-pipeline");
        let points = items(release.get("distribution-points"));
        self.distribution_points = points.filter_map(|point| text(point, "uri")).collect();
        for attestation in items(release.get("attestations")) {
            self.attestations.push(Attestation {
                name: text(attestation, "name"),
                location: text(attestation, "location"),
                predicate: text(attestation, "predicate-uri"),
                span: attestation.span(),
            });
        }
    }
}

fn version(reading: &mut Reading, root: Node<'_>) -> Option<Spanned<Version>> {
    let Some(node) = at(root, &["header", "schema-version"]) else {
        let message = "`header.schema-version` is missing, so nothing was compared";
        reading.problem(ProblemKind::Missing, root.span(), message);
        return None;
    };
    let text = node.as_str().unwrap_or_default();
    let Some(version) = Version::parse(text) else {
        let message = "the version of the specification must be three numbers between dots";
        reading.problem(ProblemKind::BadValue, node.span(), message);
        return None;
    };
    let known = match version.major {
        1 => version.minor == 0,
        2 => version.minor <= schema::NEWEST_MINOR,
        _ => false,
    };
    if !known {
        let message = format!("version {text} of the specification is not known");
        reading.problem(ProblemKind::UnknownVersion, node.span(), message);
    }
    Some(Spanned::new(version, node.span()))
}

/// What version 1 requires under conditions.
fn check_first(reading: &mut Reading, root: Node<'_>) {
    let is_true = |node: Node<'_>, key: &str| node.get(key).and_then(|n| n.as_bool()) == Some(true);
    let mut need = |node: Node<'_>, key: &str, why: &str| {
        if node.get(key).is_none() {
            let message = format!("`{key}` is missing, which is required {why}");
            reading.problem(ProblemKind::Missing, node.span(), message);
        }
    };
    if let Some(lifecycle) = root.get("project-lifecycle") {
        need(lifecycle, "bug-fixes-only", "always");
        let active = lifecycle.get("status").and_then(|n| n.as_str()) == Some("active");
        if active || is_true(lifecycle, "bug-fixes-only") {
            need(
                lifecycle,
                "core-maintainers",
                "of a project that is maintained",
            );
        }
    }
    if let Some(reporting) = root.get("vulnerability-reporting")
        && is_true(reporting, "accepts-vulnerability-reports")
    {
        need(
            reporting,
            "email-contact",
            "of a project that accepts reports",
        );
        need(
            reporting,
            "security-policy",
            "of a project that accepts reports",
        );
    }
    let artifacts = root.get("security-artifacts");
    for (name, created) in [
        ("threat-model", "threat-model-created"),
        ("self-assessment", "self-assessment-created"),
    ] {
        if let Some(artifact) = artifacts.and_then(|node| node.get(name))
            && is_true(artifact, created)
        {
            need(artifact, "evidence-url", "of an artifact that exists");
        }
    }
}

fn at<'d>(node: Node<'d>, path: &[&str]) -> Option<Node<'d>> {
    path.iter().try_fold(node, |node, key| node.get(key))
}

fn text(node: Node<'_>, key: &str) -> Option<Spanned<String>> {
    let value = node.get(key).filter(|value| !value.is_null())?;
    Some(Spanned::new(value.as_str()?.to_owned(), value.span()))
}

fn flag(node: Node<'_>, key: &str) -> Option<Spanned<bool>> {
    let value = node.get(key)?;
    Some(Spanned::new(value.as_bool()?, value.span()))
}

fn date(node: Node<'_>, key: &str) -> Option<Spanned<Timestamp>> {
    let value = node.get(key)?;
    Some(Spanned::new(
        Timestamp::parse_date(value.as_str()?)?,
        value.span(),
    ))
}

fn items<'d>(node: Option<Node<'d>>) -> impl Iterator<Item = Node<'d>> {
    node.into_iter().flat_map(|node| node.items())
}

fn texts(node: Option<Node<'_>>) -> Vec<Spanned<String>> {
    let text = |item: Node<'_>| Some(Spanned::new(item.as_str()?.to_owned(), item.span()));
    items(node).filter_map(text).collect()
}

#[cfg(test)]
mod tests;
