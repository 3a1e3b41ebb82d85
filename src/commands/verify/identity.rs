//! Who is expected, from options or from a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cofferdam_attest::policy::is_repository;
use cofferdam_attest::workflow::{BuilderError, GITHUB_ISSUER, git_ref};
use cofferdam_attest::{
    Builder, Builders, ExpectedIdentity, Issuer, Pattern, PatternError, Policy, PolicyError,
    PublicKey, Runner, SourceRef, SubjectIdentity, WorkflowIdentity,
};

/// The most bytes of a policy or of a key.
const MOST_BYTES: u64 = 256 * 1024;

/// Who is expected.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who is expected")]
pub(crate) struct IdentityArgs {
    /// A file that says who is expected; see docs/verify.md.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["repo", "identity", "identity_glob", "identity_regex", "key"])]
    policy: Option<PathBuf>,
    /// A repository on GitHub. Alone it lets nothing pass, and the found
    /// identity is printed.
    #[arg(long, value_name = "OWNER/REPO", conflicts_with_all = ["identity", "identity_glob", "identity_regex", "key"])]
    repo: Option<String>,
    /// The path of the workflow that was started, as in
    /// `.github/workflows/release.yml`.
    #[arg(long, value_name = "PATH", requires = "repo")]
    workflow: Option<String>,
    /// The workflow that signs where the started one calls another:
    /// `OWNER/REPO/PATH@COMMIT`, or a ref in full or the name of a tag behind `@`.
    #[arg(long, value_name = "WORKFLOW@VERSION", requires = "repo")]
    builder: Option<String>,
    /// The ref that was built, in full or the name of a tag; `*` and `**` stand
    /// for others. Without it, any tag.
    #[arg(long = "ref", value_name = "REF", requires = "repo")]
    source_ref: Option<String>,
    /// The commit that was built.
    #[arg(long, value_name = "COMMIT", requires = "repo")]
    commit: Option<String>,
    /// The number of the repository, which outlives its name.
    #[arg(long, value_name = "NUMBER", requires = "repo")]
    repo_id: Option<String>,
    /// The number of the owner.
    #[arg(long, value_name = "NUMBER", requires = "repo")]
    owner_id: Option<String>,
    /// An event that may have started the workflow; may be given several times.
    #[arg(long, value_name = "EVENT", requires = "repo")]
    trigger: Vec<String>,
    /// The deployment environment of the job.
    #[arg(long, value_name = "NAME", requires = "repo")]
    environment: Option<String>,
    /// Let anybody's machines sign, on which other jobs may have left something.
    #[arg(long, requires = "repo")]
    unsafe_any_runner: bool,
    /// Where repositories lie, for a GitHub Enterprise Server.
    #[arg(long, value_name = "URL", requires = "repo", requires = "issuer")]
    server: Option<String>,
    /// The name of the holder, to the letter: an address of mail or of a
    /// workload.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["identity_glob", "identity_regex", "key"])]
    identity: Option<String>,
    /// The name of the holder, in which `*` stands for anything but `/`, and
    /// `**` for anything.
    #[arg(long, value_name = "GLOB", conflicts_with_all = ["identity_regex", "key"])]
    identity_glob: Option<String>,
    /// A regular expression for the whole name of the holder.
    #[arg(long, value_name = "REGEX", conflicts_with = "key")]
    identity_regex: Option<String>,
    /// The issuer who vouches for the holder, to the letter. For `--repo` it is
    /// GitHub's unless another is named. `none` where the authority itself does,
    /// as for GitHub's own attestations of releases.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// A public key in PEM, in the place of an identity.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Why nobody can be expected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// Nobody is named.
    #[error("nobody is expected, and there is no verification without an expected identity")]
    Nobody,
    /// A name without an issuer.
    #[error("a name needs the issuer who vouches for it: --issuer URL")]
    NoIssuer,
    /// A key has no issuer.
    #[error("a key needs no issuer")]
    KeyIssuer,
    /// It is no `OWNER/REPO`.
    #[error("`{0}` is not of the form OWNER/REPO")]
    Repository(String),
    /// It is no commit.
    #[error("`{0}` is no commit: 40 or 64 hexadecimal digits")]
    Commit(String),
    /// A pattern cannot be used.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A builder cannot be used.
    #[error("--builder: {0}")]
    Builder(#[from] BuilderError),
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The policy is none.
    #[error("{}: {source}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<PolicyError>,
    },
    /// The key is none.
    #[error("{}: {problem}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl IdentityError {
    /// Whether the options are wrong; else a file could not be read.
    pub(crate) fn is_usage(&self) -> bool {
        !matches!(self, Self::File { .. })
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        matches!(self, Self::Nobody).then_some(
            "name --repo OWNER/REPO and --workflow PATH, or --policy FILE; --repo alone prints \
             the identity that it finds, and fails",
        )
    }
}

impl IdentityArgs {
    /// The same where somebody is named at all.
    pub(crate) fn if_given(&self) -> Result<Option<Policy>, IdentityError> {
        match self.read() {
            Err(IdentityError::Nobody) if self.issuer.is_none() => Ok(None),
            read => read.map(Some),
        }
    }

    /// The file that says who is expected.
    pub(crate) fn policy_file(&self) -> Option<&Path> {
        self.policy.as_deref()
    }

    pub(crate) fn read(&self) -> Result<Policy, IdentityError> {
        if let Some(path) = &self.policy {
            let text = text_of(path)?;
            return Policy::from_toml(&text).map_err(|source| IdentityError::Policy {
                path: path.clone(),
                source: Box::new(source),
            });
        }
        let identity = match (&self.repo, self.subject()?, &self.key) {
            (Some(repo), _, _) => ExpectedIdentity::Workflow(Box::new(self.repository(repo)?)),
            (None, Some(subject), _) => ExpectedIdentity::Subject(SubjectIdentity {
                subject,
                issuer: Issuer::parse(self.issuer.as_deref().ok_or(IdentityError::NoIssuer)?),
            }),
            (None, None, Some(_)) if self.issuer.is_some() => {
                return Err(IdentityError::KeyIssuer);
            }
            (None, None, Some(path)) => ExpectedIdentity::Key(key(path)?),
            (None, None, None) => return Err(IdentityError::Nobody),
        };
        Ok(Policy {
            identity,
            require: Vec::new(),
            builders: Builders::default(),
            level: None,
        })
    }

    fn subject(&self) -> Result<Option<Pattern>, IdentityError> {
        let exact = self.identity.as_ref().map(|text| match text.as_str() {
            "" => Err(PatternError::Empty),
            text => Ok(Pattern::exact(text)),
        });
        let glob = || self.identity_glob.as_deref().map(Pattern::glob);
        let regex = || self.identity_regex.as_deref().map(Pattern::regex);
        Ok(exact.or_else(glob).or_else(regex).transpose()?)
    }

    fn repository(&self, repo: &str) -> Result<WorkflowIdentity, IdentityError> {
        if !is_repository(repo) {
            return Err(IdentityError::Repository(repo.to_owned()));
        }
        let commit = |text: &String| {
            let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if digits && matches!(text.len(), 40 | 64) {
                Ok(text.to_ascii_lowercase())
            } else {
                Err(IdentityError::Commit(text.clone()))
            }
        };
        let source_ref = match &self.source_ref {
            Some(text) => SourceRef::Matches(git_ref(text)?),
            None => SourceRef::AnyTag,
        };
        let github = WorkflowIdentity::new(repo);
        Ok(WorkflowIdentity {
            issuer: self.issuer.clone().unwrap_or(GITHUB_ISSUER.to_owned()),
            server: match &self.server {
                Some(server) => server.trim_end_matches('/').to_owned(),
                None => github.server.clone(),
            },
            repository_id: self.repo_id.clone(),
            owner_id: self.owner_id.clone(),
            workflow: self.workflow.clone(),
            builder: self.builder.as_deref().map(Builder::parse).transpose()?,
            source_ref,
            source_commit: self.commit.as_ref().map(commit).transpose()?,
            triggers: self.trigger.clone(),
            runner: if self.unsafe_any_runner {
                Runner::UnsafeAny
            } else {
                Runner::GithubHosted
            },
            environment: self.environment.clone(),
            ..github
        })
    }
}

/// The public key in a file.
pub(crate) fn key(path: &Path) -> Result<PublicKey, IdentityError> {
    PublicKey::from_pem(&text_of(path)?).map_err(|error| IdentityError::Key {
        path: path.to_owned(),
        problem: error.to_string(),
    })
}

fn text_of(path: &Path) -> Result<String, IdentityError> {
    bounded_text(path, MOST_BYTES).map_err(|source| IdentityError::File {
        path: path.to_owned(),
        source,
    })
}

/// The text of a file, which has an end.
#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
pub(crate) fn bounded_text(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        let problem = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    Ok(text)
}
