//! What a project has decided about what may come in.

use std::collections::BTreeSet;

use cofferdam_facts::Timestamp;
use cofferdam_findings::Severity;
use cofferdam_lockfiles::{Package, PackageUrl, Scope};

use crate::checks::Check;
use crate::licence::LicenceRules;

/// What follows from a licence that nobody states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// It is said.
    #[default]
    Warn,
    /// It fails.
    Fail,
}

/// An advisory that is left out for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The id of the advisory.
    pub id: String,
    /// The day from which it counts again.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

impl Ignored {
    /// Whether it still holds.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A package that is named by its package URL, in one version or in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is written.
    pub written: String,
    kind: String,
    namespace: String,
    name: String,
    version: Option<String>,
}

impl Named {
    /// Reads a package URL; with `group`, one whose name may be missing.
    #[must_use]
    pub fn read(written: &str, group: bool) -> Option<Self> {
        let text = written.trim();
        let trimmed = text.trim_end_matches('/');
        let url = PackageUrl::parse(trimmed)?;
        let mut named = Self {
            written: written.to_owned(),
            kind: url.kind,
            namespace: url.namespace,
            name: url.name,
            version: url.version,
        };
        if group {
            // All of what is written is the group.
            let own = std::mem::take(&mut named.name);
            if !named.namespace.is_empty() {
                named.namespace.push('/');
            }
            named.namespace.push_str(&own);
        }
        Some(named)
    }

    /// Whether a package is the one that is meant.
    #[must_use]
    pub fn is(&self, package: &Package) -> bool {
        let Some(url) = of(package) else {
            return false;
        };
        self.kind == url.kind
            && self.namespace.eq_ignore_ascii_case(&url.namespace)
            && self.name.eq_ignore_ascii_case(&url.name)
            && (self.version.is_none() || self.version == url.version)
    }

    /// Whether a package is of the group that is meant.
    #[must_use]
    pub fn is_group_of(&self, package: &Package) -> bool {
        let Some(url) = of(package) else {
            return false;
        };
        let namespace = url.namespace.to_ascii_lowercase();
        let mine = self.namespace.to_ascii_lowercase();
        self.kind == url.kind
            && (namespace == mine
                || namespace
                    .strip_prefix(&mine)
                    .is_some_and(|rest| rest.starts_with('/')))
    }
}

fn of(package: &Package) -> Option<PackageUrl> {
    PackageUrl::parse(&package.purl()?)
}

/// What a project has decided.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The lowest severity of a vulnerability that fails.
    pub severity: Severity,
    /// The scopes in which a vulnerability fails.
    pub scopes: Vec<Scope>,
    /// Whether vulnerabilities are asked for.
    pub vulnerabilities: bool,
    /// Whether licences are.
    pub licences: bool,
    /// Which licences may come in.
    pub licence_rules: LicenceRules,
    /// Packages whose licence does not count.
    pub any_licence: Vec<Named>,
    /// What follows from a licence that nobody states.
    pub unknown_licence: Unknown,
    /// Packages that may not come in.
    pub denied: Vec<Named>,
    /// Groups of which none may.
    pub denied_groups: Vec<Named>,
    /// Advisories that are left out.
    pub ignored: Vec<Ignored>,
    /// How many days a version has to be public; none for no such rule.
    pub cooldown: Option<u32>,
    /// What fails, of all that is found.
    pub fails: BTreeSet<Check>,
    /// Whether nothing fails.
    pub warn_only: bool,
    /// Whether it is shown which version mends a vulnerability.
    pub shows_fixed: bool,
    /// When the comment is wanted.
    pub comment: Comment,
}

/// When a comment is wanted, as the action names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comment {
    /// Never.
    #[default]
    Never,
    /// Always.
    Always,
    /// Where the review fails.
    OnFailure,
}

impl Default for Policy {
    /// The defaults of `dependency-review-action`, but for the scopes: many files
    /// do not say what a package is for, and it may run in production.
    fn default() -> Self {
        Self {
            severity: Severity::Low,
            scopes: vec![Scope::Runtime, Scope::Unknown],
            vulnerabilities: true,
            licences: true,
            licence_rules: LicenceRules::default(),
            any_licence: Vec::new(),
            unknown_licence: Unknown::default(),
            denied: Vec::new(),
            denied_groups: Vec::new(),
            ignored: Vec::new(),
            cooldown: None,
            fails: Check::ALL.iter().copied().filter(|c| c.fails()).collect(),
            warn_only: false,
            shows_fixed: false,
            comment: Comment::default(),
        }
    }
}
