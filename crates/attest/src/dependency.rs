//! What a build took, as `resolvedDependencies` of its provenance name it.
//!
//! One dependency is written and read here, so that who asks what a release
//! was built with reads what whoever built it has written. The meaning of the
//! annotations is in `docs/provenance.md`.
//!
//! Source: SLSA provenance v1; in-toto Attestation Framework,
//! `ResourceDescriptor`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::policy::is_repository;
use crate::provenance::{Provenance, ResourceDescriptor};

/// The version of the list.
const SCHEMA: u64 = 1;
/// The internal parameter that says that the list is there.
pub const PARAMETER: &str = "cofferdam";

/// What kind of thing a build took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An action of another repository.
    Action,
    /// A called workflow.
    Workflow,
    /// An action of the repository that is built.
    Local,
    /// A container image.
    Image,
    /// The image of the machine that a job ran on.
    Runner,
}

impl Kind {
    /// Every kind.
    const ALL: [Self; 5] = [
        Self::Action,
        Self::Workflow,
        Self::Local,
        Self::Image,
        Self::Runner,
    ];

    /// The word in the annotation.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Workflow => "workflow",
            Self::Local => "local-action",
            Self::Image => "image",
            Self::Runner => "runner-image",
        }
    }
}

/// Something that a build took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// What kind of thing.
    pub kind: Kind,
    /// Where it is from.
    pub uri: String,
    /// What people call it: `owner/repo@ref`, an image as it is written.
    pub name: String,
    /// Algorithms and digits; empty where nobody knows.
    pub digest: BTreeMap<String, String>,
    /// Whether the jobs name it themselves, instead of something that they use.
    pub direct: bool,
    /// What names it: paths of the repository, and `owner/repo@ref`.
    pub by: BTreeSet<String>,
    /// What of it is used, `.` for the action at its root.
    pub paths: BTreeSet<String>,
    /// The content hash of the lock, `h1:…`.
    pub tree: Option<String>,
    /// What fixes the digest: `reference`, `actions.lock`, `cofferdam.lock`,
    /// `token`.
    pub fixed_by: Option<String>,
    /// Why the digest, or what it uses itself, is not known.
    pub unresolved: Option<String>,
}

/// Everything that a provenance of ours lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The jobs that it speaks of.
    pub jobs: Vec<String>,
    /// What they took.
    pub dependencies: Vec<Dependency>,
}

impl Dependency {
    /// Something of which nothing is known yet but where it is from.
    #[must_use]
    pub fn new(kind: Kind, uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            uri: uri.into(),
            name: name.into(),
            digest: BTreeMap::new(),
            direct: false,
            by: BTreeSet::new(),
            paths: BTreeSet::new(),
            tree: None,
            fixed_by: None,
            unresolved: None,
        }
    }

    /// The commit, of what is a repository.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.digest.get("gitCommit").map(String::as_str)
    }

    /// `owner/repo` and the ref, of what is an action or a called workflow of
    /// another repository.
    #[must_use]
    pub fn repository(&self) -> Option<(&str, &str)> {
        if !matches!(self.kind, Kind::Action | Kind::Workflow) {
            return None;
        }
        let (_, rest) = self.uri.strip_prefix("git+")?.split_once("://")?;
        let (_, rest) = rest.split_once('/')?;
        let (slug, git_ref) = rest.split_once('@')?;
        is_repository(slug).then_some((slug, git_ref))
    }

    /// Whether something of it is open that could be fixed: the version of a
    /// machine cannot.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.kind != Kind::Runner && self.unresolved.is_some()
    }

    /// Takes what is said of the same thing elsewhere. What is open in one of
    /// both stays open.
    pub fn join(&mut self, other: Self) {
        self.direct |= other.direct;
        self.by.extend(other.by);
        self.paths.extend(other.paths);
        self.tree = self.tree.take().or(other.tree);
        self.fixed_by = self.fixed_by.take().or(other.fixed_by);
        self.unresolved = self.unresolved.take().or(other.unresolved);
        if self.digest.is_empty() {
            self.digest = other.digest;
        } else if !other.digest.is_empty() && other.digest != self.digest {
            self.unresolved = Some("two locks of it do not agree".to_owned());
        }
    }

    /// As it stands in provenance.
    #[must_use]
    pub fn descriptor(&self) -> Value {
        let mut annotations = Map::new();
        let mut note = |key: &str, value: Value| {
            annotations.insert(key.to_owned(), value);
        };
        note("kind", self.kind.word().into());
        note(
            "use",
            if self.direct { "direct" } else { "transitive" }.into(),
        );
        for (key, texts) in [("by", &self.by), ("paths", &self.paths)] {
            if !texts.is_empty() {
                note(key, json!(texts));
            }
        }
        for (key, text) in [
            ("tree", &self.tree),
            ("fixedBy", &self.fixed_by),
            ("unresolved", &self.unresolved),
        ] {
            if let Some(text) = text {
                note(key, text.as_str().into());
            }
        }
        let mut descriptor = Map::new();
        descriptor.insert("uri".to_owned(), self.uri.as_str().into());
        if !self.digest.is_empty() {
            descriptor.insert("digest".to_owned(), json!(self.digest));
        }
        descriptor.insert("name".to_owned(), self.name.as_str().into());
        descriptor.insert("annotations".to_owned(), Value::Object(annotations));
        Value::Object(descriptor)
    }

    /// Reads one; `None` for what is written by somebody else, as the source is.
    #[must_use]
    pub fn read(descriptor: &ResourceDescriptor) -> Option<Self> {
        let notes = &descriptor.annotations;
        let text = |key: &str| notes.get(key).and_then(Value::as_str);
        let texts = |key: &str| -> BTreeSet<String> {
            let list = notes.get(key).and_then(Value::as_array);
            let words = list.into_iter().flatten().filter_map(Value::as_str);
            words.map(str::to_owned).collect()
        };
        let word = text("kind")?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word)?;
        Some(Self {
            kind,
            uri: descriptor.uri.clone().unwrap_or_default(),
            name: descriptor.name.clone().unwrap_or_default(),
            digest: descriptor.digest.clone(),
            direct: text("use") == Some("direct"),
            by: texts("by"),
            paths: texts("paths"),
            tree: text("tree").map(str::to_owned),
            fixed_by: text("fixedBy").map(str::to_owned),
            unresolved: text("unresolved").map(str::to_owned),
        })
    }
}

impl Listed {
    /// The internal parameter that says which jobs are listed.
    #[must_use]
    pub fn parameter(jobs: &[String]) -> Value {
        json!({ "schema": SCHEMA, "jobs": jobs })
    }

    /// What a provenance lists; `None` where it has no such list, as GitHub's
    /// own has none, or one of a version that is not known: nobody can tell from
    /// it what was used.
    #[must_use]
    pub fn of(provenance: &Provenance) -> Option<Self> {
        let Provenance::V1(v1) = provenance else {
            return None;
        };
        let definition = &v1.build_definition;
        let parameter = definition.internal_parameters.get(PARAMETER)?;
        if parameter.get("schema").and_then(Value::as_u64) != Some(SCHEMA) {
            return None;
        }
        let jobs = parameter.get("jobs")?.as_array()?;
        let dependencies = &definition.resolved_dependencies;
        // One that is of no known kind is not taken for absent.
        let mut all = Vec::with_capacity(dependencies.len());
        for descriptor in dependencies {
            match Dependency::read(descriptor) {
                Some(dependency) => all.push(dependency),
                None if descriptor.annotations.contains_key("kind") => return None,
                None => {}
            }
        }
        Some(Self {
            jobs: (jobs.iter().filter_map(Value::as_str))
                .map(str::to_owned)
                .collect(),
            dependencies: all,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn one() -> Dependency {
        let mut one = Dependency::new(Kind::Action, "git+https://github.com/a/b@v1", "a/b@v1");
        one.digest.insert("gitCommit".to_owned(), "c".repeat(40));
        one.direct = true;
        one.by.insert(".github/workflows/x.yml".to_owned());
        one.tree = Some("h1:x".to_owned());
        one.fixed_by = Some("cofferdam.lock".to_owned());
        one
    }

    #[test]
    fn what_is_written_is_read_again() {
        let descriptor: ResourceDescriptor = serde_json::from_value(one().descriptor()).unwrap();
        assert_eq!(Dependency::read(&descriptor), Some(one()));
        assert_eq!(one().repository(), Some(("a/b", "v1")));
        let mut open = one();
        open.digest.clear();
        open.unresolved = Some("why".to_owned());
        let descriptor: ResourceDescriptor = serde_json::from_value(open.descriptor()).unwrap();
        assert!(Dependency::read(&descriptor).unwrap().is_open());
        // The source, as GitHub writes it, is none of these.
        let source = json!({ "uri": "git+https://github.com/a/b@refs/tags/v1", "digest": {} });
        let source: ResourceDescriptor = serde_json::from_value(source).unwrap();
        assert_eq!(Dependency::read(&source), None);
    }

    #[test]
    fn locks_that_disagree_leave_it_open() {
        let mut both = one();
        both.join(one());
        assert_eq!(both, one());
        let mut other = one();
        other.digest.insert("gitCommit".to_owned(), "d".repeat(40));
        both.join(other);
        assert!(both.is_open());
    }
}
