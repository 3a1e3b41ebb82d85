//! What a consumer expects of a project's releases, as a file.
//!
//! A project publishes such a file as the identity of its releases, and a
//! consumer keeps a copy: who judges an artifact must not come with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::identity::{ExpectedIdentity, Issuer, SubjectIdentity};
use crate::level::{Builders, Level};
use crate::pattern::{Pattern, PatternError};
use crate::workflow::{Builder, BuilderError, Runner, SourceRef, WorkflowIdentity, git_ref};

/// The version of the form.
const VERSION: u32 = 1;

/// What is expected.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Who is expected to have signed.
    pub identity: ExpectedIdentity,
    /// Types of statements of which each artifact needs one.
    pub require: Vec<String>,
    /// Builders that are trusted, each up to a level of SLSA's build track.
    pub builders: Builders,
    /// The level that provenance must have.
    pub level: Option<Level>,
}

/// Why a text is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It is no TOML, or has a key that is not known.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    /// It is of a version that is not known.
    #[error("version {version} is not known, this program reads {VERSION}")]
    Version {
        /// What it says.
        version: u32,
    },
    /// The names in it do not go together.
    #[error("{0}")]
    Together(#[from] Together),
    /// A pattern cannot be used.
    #[error("{key}: {source}")]
    Pattern {
        /// The key that holds it.
        key: &'static str,
        /// What is wrong.
        source: PatternError,
    },
    /// A builder cannot be used.
    #[error("builder: {0}")]
    Builder(#[from] BuilderError),
    /// A level is none.
    #[error("{key}: SLSA's build track has the levels 1, 2 and 3, not {number}")]
    Level {
        /// What it stands at.
        key: String,
        /// The number.
        number: u8,
    },
}

/// Names that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Together {
    /// Nobody is expected.
    #[error("nobody is expected: name a repository and its workflow, or a subject and its issuer")]
    Nobody,
    /// Several are expected.
    #[error("a repository and a subject are both named, and one signs")]
    Several,
    /// A subject has no issuer.
    #[error("a subject needs the issuer who vouches for it")]
    NoIssuer,
    /// A repository has no workflow.
    #[error("a repository needs the workflow that signs for it")]
    NoWorkflow,
    /// A repository is no `OWNER/REPO`.
    #[error("a repository is named OWNER/REPO")]
    Repository,
    /// A claim is named for a subject.
    #[error("claims of a workflow are named without its repository")]
    Claims,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    version: u32,
    identity: Table,
    #[serde(default)]
    require: Vec<String>,
    level: Option<u8>,
    #[serde(default)]
    builders: BTreeMap<String, u8>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Table {
    repository: Option<String>,
    repository_id: Option<String>,
    owner_id: Option<String>,
    workflow: Option<String>,
    builder: Option<String>,
    #[serde(rename = "ref")]
    source_ref: Option<String>,
    triggers: Vec<String>,
    environment: Option<String>,
    unsafe_any_runner: bool,
    server: Option<String>,
    issuer: Option<String>,
    subject: Option<String>,
    subject_glob: Option<String>,
    subject_regex: Option<String>,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] if it is none, with the line.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text)?;
        if file.version != VERSION {
            return Err(PolicyError::Version {
                version: file.version,
            });
        }
        let level = |key: &str, number: u8| {
            Level::numbered(number).ok_or_else(|| PolicyError::Level {
                key: key.to_owned(),
                number,
            })
        };
        let mut builders = Builders::default();
        for (builder, number) in &file.builders {
            builders.trust(builder, level(builder, *number)?)?;
        }
        Ok(Self {
            identity: file.identity.identity()?,
            require: file.require,
            builders,
            level: (file.level)
                .map(|number| level("level", number))
                .transpose()?,
        })
    }
}

impl Table {
    fn identity(self) -> Result<ExpectedIdentity, PolicyError> {
        let pattern = |key| move |source| PolicyError::Pattern { key, source };
        let subjects = [
            self.subject.as_ref().map(|text| Ok(Pattern::exact(text))),
            (self.subject_glob.as_ref())
                .map(|text| Pattern::glob(text).map_err(pattern("subject-glob"))),
            (self.subject_regex.as_ref())
                .map(|text| Pattern::regex(text).map_err(pattern("subject-regex"))),
        ];
        let mut subjects = subjects.into_iter().flatten();
        match (&self.repository, subjects.next(), subjects.next()) {
            (None, None, _) => Err(Together::Nobody.into()),
            (Some(_), Some(_), _) | (_, _, Some(_)) => Err(Together::Several.into()),
            (None, Some(_), None) if self.claims() => Err(Together::Claims.into()),
            (None, Some(subject), None) => Ok(ExpectedIdentity::Subject(SubjectIdentity {
                subject: subject?,
                issuer: Issuer::parse(&self.issuer.ok_or(Together::NoIssuer)?),
            })),
            (Some(_), None, None) => self.workflow(),
        }
    }

    /// Whether something is named that only a workflow has.
    fn claims(&self) -> bool {
        let texts = [
            &self.repository_id,
            &self.owner_id,
            &self.workflow,
            &self.builder,
            &self.source_ref,
            &self.environment,
            &self.server,
        ];
        texts.iter().any(|text| text.is_some())
            || !self.triggers.is_empty()
            || self.unsafe_any_runner
    }

    fn workflow(self) -> Result<ExpectedIdentity, PolicyError> {
        let repository = self.repository.unwrap_or_default();
        if !is_repository(&repository) {
            return Err(Together::Repository.into());
        }
        let mut identity = WorkflowIdentity::new(repository);
        identity.workflow = Some(self.workflow.ok_or(Together::NoWorkflow)?);
        identity.repository_id = self.repository_id;
        identity.owner_id = self.owner_id;
        identity.builder = self.builder.map(|text| Builder::parse(&text)).transpose()?;
        identity.triggers = self.triggers;
        identity.environment = self.environment;
        if let Some(text) = self.source_ref {
            let pattern = git_ref(&text);
            identity.source_ref = SourceRef::Matches(
                pattern.map_err(|source| PolicyError::Pattern { key: "ref", source })?,
            );
        }
        if self.unsafe_any_runner {
            identity.runner = Runner::UnsafeAny;
        }
        if let Some(server) = self.server {
            identity.server = server.trim_end_matches('/').to_owned();
        }
        if let Some(issuer) = self.issuer {
            identity.issuer = issuer;
        }
        Ok(ExpectedIdentity::Workflow(Box::new(identity)))
    }
}

/// Whether a text is `OWNER/REPO`.
#[must_use]
pub fn is_repository(text: &str) -> bool {
    let name = |text: &str| {
        !matches!(text, "" | "." | "..")
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    text.split_once('/')
        .is_some_and(|(owner, repo)| name(owner) && name(repo))
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_is_read_with_its_claims() {
        let policy = Policy::from_toml(
            r#"version = 1
            require = ["https://slsa.dev/provenance/v1"]
            [identity]
            repository = "o/r"
            workflow = ".github/workflows/release.yml"
            builder = "o/b/.github/workflows/build.yml@0123456789012345678901234567890123456789"
            ref = "v*"
            environment = "release""#,
        )
        .unwrap();
        let ExpectedIdentity::Workflow(identity) = policy.identity else {
            panic!("a workflow is expected");
        };
        assert_eq!(identity.repository, "o/r");
        assert_eq!(identity.runner, Runner::GithubHosted);
        assert!(identity.builder.is_some());
        let SourceRef::Matches(pattern) = identity.source_ref else {
            panic!("a ref is expected");
        };
        assert!(pattern.matches("refs/tags/v1") && !pattern.matches("refs/heads/v1"));
        assert_eq!(policy.require.len(), 1);
    }

    #[test]
    fn builders_are_trusted_up_to_a_level() {
        let of = |rest: &str| {
            let head = "version = 1\nlevel = 2\n[identity]\nsubject = \"a\"\nissuer = \"i\"\n";
            Policy::from_toml(&format!("{head}[builders]\n{rest}"))
        };
        let policy = of("\"o/b/.github/workflows/y.yml@v1\" = 3").unwrap();
        assert_eq!(policy.level, Some(Level::Two));
        assert!(matches!(
            of("\"o/b/w@v1\" = 4"),
            Err(PolicyError::Level { number: 4, .. })
        ));
        assert!(matches!(of("\"o/b\" = 2"), Err(PolicyError::Builder(_))));
    }

    #[test]
    fn what_expects_nobody_or_too_much_is_refused() {
        let of = |table: &str| Policy::from_toml(&format!("version = 1\n[identity]\n{table}"));
        let together = |table: &str| match of(table) {
            Err(PolicyError::Together(together)) => together,
            other => panic!("{table}: {other:?}"),
        };
        assert_eq!(together(""), Together::Nobody);
        assert_eq!(together("repository = \"o/r\""), Together::NoWorkflow);
        assert_eq!(together("subject = \"a@b\""), Together::NoIssuer);
        assert_eq!(
            together("subject = \"a@b\"\nissuer = \"i\"\nrepository = \"o/r\""),
            Together::Several
        );
        assert_eq!(
            together("subject = \"a\"\nsubject-glob = \"b\""),
            Together::Several
        );
        assert_eq!(
            together("subject = \"a\"\nissuer = \"i\"\nenvironment = \"e\""),
            Together::Claims
        );
        assert_eq!(
            together("repository = \"o\"\nworkflow = \"w\""),
            Together::Repository
        );
        let unknown = of("repositry = \"o/r\"").unwrap_err().to_string();
        assert!(
            unknown.contains("line 3") && unknown.contains("repositry"),
            "{unknown}"
        );
        assert!(matches!(
            Policy::from_toml("version = 2\n[identity]"),
            Err(PolicyError::Version { version: 2 })
        ));
    }
}
