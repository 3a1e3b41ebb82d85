//! A job of a workflow on GitHub, by what its certificate claims.
//!
//! A repository alone identifies nobody: a job of any branch, and of any
//! workflow that somebody may start, gets a certificate of the same
//! repository. So the workflow has to be named, and unless something else is
//! asked for, the ref is a tag, the machine is GitHub's, and whoever signs is
//! that very workflow.
//!
//! Source: Fulcio, `docs/oid-info.md` and `docs/oidc.md`; GitHub, "OpenID
//! Connect reference".

use crate::certificate::{Certificate, Subject};
use crate::identity;
use crate::pattern::{Pattern, PatternError};
use crate::verdict::{Check, Line};

/// Who vouches for jobs of github.com.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Where repositories of github.com lie.
pub const GITHUB_SERVER: &str = "https://github.com";

/// A job that is expected to have signed.
#[derive(Clone, Debug)]
pub struct WorkflowIdentity {
    /// Who vouches for the job.
    pub issuer: String,
    /// Where repositories lie, without a slash at the end.
    pub server: String,
    /// `OWNER/REPO`.
    pub repository: String,
    /// The number of the repository, where it shall be that one whatever its
    /// name.
    pub repository_id: Option<String>,
    /// The number of the owner.
    pub owner_id: Option<String>,
    /// The path of the workflow that was started. Without one nothing passes:
    /// the verdict says what was found, and that it was not expected.
    pub workflow: Option<String>,
    /// The workflow whose job signed, where the started one calls another.
    pub builder: Option<Builder>,
    /// The ref that was built.
    pub source_ref: SourceRef,
    /// The commit that was built.
    pub source_commit: Option<String>,
    /// The events that may have started the workflow; any, if none is named.
    pub triggers: Vec<String>,
    /// Whose machine the job ran on.
    pub runner: Runner,
    /// The deployment environment of the job.
    pub environment: Option<String>,
}

/// Which refs are expected.
#[derive(Clone, Debug)]
pub enum SourceRef {
    /// Any tag.
    AnyTag,
    /// A ref, written in full as in `refs/heads/main`.
    Matches(Pattern),
}

/// Whose machines are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// GitHub's, which are new for each job.
    GithubHosted,
    /// Anybody's: what one job left behind may have signed as another.
    UnsafeAny,
}

/// A workflow that signs for those who call it.
#[derive(Clone, Debug)]
pub struct Builder {
    /// `OWNER/REPO/PATH`.
    pub workflow: String,
    /// Which version of it.
    pub version: BuilderVersion,
}

/// Which version of a builder is expected.
#[derive(Clone, Debug)]
pub enum BuilderVersion {
    /// This commit. It is compared with the commit in the certificate, so that
    /// nobody has to be asked and a moved tag makes no difference.
    Commit(String),
    /// A ref, written in full.
    Ref(Pattern),
}

/// Why a text names no builder.
#[derive(Debug, thiserror::Error)]
pub enum BuilderError {
    /// It does not name a workflow of a repository.
    #[error("`{text}` is not of the form OWNER/REPO/PATH@VERSION")]
    Form {
        /// The text.
        text: String,
    },
    /// The ref is no usable pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl Builder {
    /// Reads `OWNER/REPO/PATH@VERSION`, where the version is a commit, a ref
    /// in full (`*` and `**` stand for others), or the name of a tag.
    ///
    /// # Errors
    /// [`BuilderError`] if it is something else.
    pub fn parse(text: &str) -> Result<Self, BuilderError> {
        let wrong = || BuilderError::Form {
            text: text.to_owned(),
        };
        let (workflow, version) = text.split_once('@').ok_or_else(wrong)?;
        let mut parts = workflow.splitn(3, '/');
        let named = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
        if version.is_empty() || !(0..3).all(|_| named(parts.next())) {
            return Err(wrong());
        }
        let version = if is_commit(version) {
            BuilderVersion::Commit(version.to_ascii_lowercase())
        } else {
            BuilderVersion::Ref(git_ref(version)?)
        };
        Ok(Self {
            workflow: workflow.to_owned(),
            version,
        })
    }
}

/// Reads a ref in full (`*` and `**` stand for others), or the name of a tag.
///
/// # Errors
/// [`PatternError`] if it is empty or too long.
pub fn git_ref(text: &str) -> Result<Pattern, PatternError> {
    let full = if text.is_empty() || text.starts_with("refs/") {
        text.to_owned()
    } else {
        format!("refs/tags/{text}")
    };
    if full.is_empty() || full.contains('*') {
        Pattern::glob(&full)
    } else {
        Ok(Pattern::exact(full))
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl WorkflowIdentity {
    /// A job of a repository on github.com. Without a workflow, which is to be
    /// set, nothing passes.
    #[must_use]
    pub fn new(repository: impl Into<String>) -> Self {
        Self {
            issuer: GITHUB_ISSUER.to_owned(),
            server: GITHUB_SERVER.to_owned(),
            repository: repository.into(),
            repository_id: None,
            owner_id: None,
            workflow: None,
            builder: None,
            source_ref: SourceRef::AnyTag,
            source_commit: None,
            triggers: Vec::new(),
            runner: Runner::GithubHosted,
            environment: None,
        }
    }

    pub(crate) fn judge(&self, certificate: &Certificate) -> Vec<Line> {
        let claims = &certificate.claims;
        let mut lines = vec![
            identity::issuer(certificate, &self.issuer),
            self.repository(certificate),
        ];
        let optional = [
            (
                Check::RepositoryId,
                &self.repository_id,
                &claims.source_repository_identifier,
            ),
            (
                Check::OwnerId,
                &self.owner_id,
                &claims.source_repository_owner_identifier,
            ),
        ];
        let equal = |(check, expected, found): (Check, &Option<String>, &Option<String>)| {
            let expected = expected.as_deref()?;
            Some(same(check, found.as_deref(), expected))
        };
        lines.extend(optional.into_iter().filter_map(equal));
        lines.push(self.workflow(certificate));
        lines.push(self.builder(certificate));
        lines.push(self.source_ref(certificate));
        let optional = [
            (
                Check::SourceCommit,
                &self.source_commit,
                &claims.source_repository_digest,
            ),
            (
                Check::Environment,
                &self.environment,
                &claims.deployment_environment,
            ),
        ];
        lines.extend(optional.into_iter().filter_map(equal));
        if !self.triggers.is_empty() {
            let found = claims.build_trigger.as_deref();
            let right = found.is_some_and(|found| self.triggers.iter().any(|one| one == found));
            let text = expected(found, &self.triggers.join(" or "), right);
            lines.push(Line::judged(Check::Trigger, right, text));
        }
        lines.push(self.runner(certificate));
        lines.sort_by_key(|line| line.check);
        lines
    }

    fn repository(&self, certificate: &Certificate) -> Line {
        let wanted = format!("{}/{}", self.server, self.repository);
        let found = certificate.claims.source_repository_uri.as_deref();
        // Names of owners and repositories are the same in any case.
        let right = found.is_some_and(|found| found.eq_ignore_ascii_case(&wanted));
        Line::judged(Check::Repository, right, expected(found, &wanted, right))
    }

    /// The workflow that was started: its path is the expected one, in the
    /// repository and at the ref that were built.
    fn workflow(&self, certificate: &Certificate) -> Line {
        let claims = &certificate.claims;
        let Some(found) = claims.build_config_uri.as_deref() else {
            return Line::failed(Check::Workflow, "the certificate names none");
        };
        let Some(path) = &self.workflow else {
            return Line::failed(
                Check::Workflow,
                format!("{found}, and no workflow is expected: every branch has jobs of its own"),
            );
        };
        let workflow = format!("{}/{path}", self.repository);
        let at = at(found, &self.server, &workflow);
        let right = at.is_some() && at == claims.source_repository_ref.as_deref();
        let wanted = format!("{}/{workflow} at the ref that was built", self.server);
        Line::judged(
            Check::Workflow,
            right,
            expected(Some(found), &wanted, right),
        )
    }

    /// The workflow whose job signed.
    fn builder(&self, certificate: &Certificate) -> Line {
        let claims = &certificate.claims;
        let Some(found) = claims.build_signer_uri.as_deref() else {
            return Line::failed(Check::Builder, "the certificate names none");
        };
        if certificate.subject != Subject::Uri(found.to_owned()) {
            return Line::failed(
                Check::Builder,
                format!("{found}, which is not the holder of the certificate"),
            );
        }
        let Some(builder) = &self.builder else {
            let own = claims.build_config_uri.as_deref() == Some(found)
                && claims.build_config_digest == claims.build_signer_digest;
            let text = if own {
                format!("{found}, the workflow itself")
            } else {
                format!("{found}, expected the workflow itself and no builder")
            };
            return Line::judged(Check::Builder, own, text);
        };
        let commit = claims.build_signer_digest.as_deref();
        let shown = format!("{found} at commit {}", commit.unwrap_or("unknown"));
        let at = at(found, &self.server, &builder.workflow);
        let (right, version) = match &builder.version {
            BuilderVersion::Commit(wanted) => {
                let same = commit.is_some_and(|commit| commit.eq_ignore_ascii_case(wanted));
                (at.is_some() && same, wanted.clone())
            }
            BuilderVersion::Ref(wanted) => {
                (at.is_some_and(|at| wanted.matches(at)), wanted.to_string())
            }
        };
        let wanted = format!("{}/{} at {version}", self.server, builder.workflow);
        Line::judged(
            Check::Builder,
            right,
            expected(Some(&shown), &wanted, right),
        )
    }

    fn source_ref(&self, certificate: &Certificate) -> Line {
        let found = certificate.claims.source_repository_ref.as_deref();
        let (right, wanted) = match &self.source_ref {
            SourceRef::AnyTag => (
                found.is_some_and(|found| found.starts_with("refs/tags/")),
                "a tag".to_owned(),
            ),
            SourceRef::Matches(pattern) => (
                found.is_some_and(|found| pattern.matches(found)),
                pattern.to_string(),
            ),
        };
        Line::judged(Check::SourceRef, right, expected(found, &wanted, right))
    }

    fn runner(&self, certificate: &Certificate) -> Line {
        const HOSTED: &str = "github-hosted";
        let found = certificate.claims.runner_environment.as_deref();
        match self.runner {
            Runner::GithubHosted => same(Check::Runner, found, HOSTED),
            Runner::UnsafeAny => Line::not_required(
                Check::Runner,
                format!("{}, and any is allowed", found.unwrap_or("not known")),
            ),
        }
    }
}

/// The ref at which a workflow stands in an address, if it is the expected
/// workflow. The expected name is taken off the front, and never found by
/// looking for `@`, which names of files and of refs may hold as well.
pub(crate) fn at<'a>(found: &'a str, server: &str, workflow: &str) -> Option<&'a str> {
    let rest = found.strip_prefix(server)?.strip_prefix('/')?;
    let mut split = workflow.splitn(3, '/');
    let (owner, repo, path) = (split.next()?, split.next()?, split.next()?);
    let names = rest.get(..owner.len() + 1 + repo.len())?;
    if !names.eq_ignore_ascii_case(&format!("{owner}/{repo}")) {
        return None;
    }
    let rest = rest.get(names.len()..)?.strip_prefix('/')?;
    rest.strip_prefix(path)?.strip_prefix('@')
}

fn same(check: Check, found: Option<&str>, wanted: &str) -> Line {
    let right = found == Some(wanted);
    Line::judged(check, right, expected(found, wanted, right))
}

fn expected(found: Option<&str>, wanted: &str, right: bool) -> String {
    match found {
        Some(found) if right => found.to_owned(),
        Some(found) => format!("{found}, expected {wanted}"),
        None => format!("the certificate does not say, expected {wanted}"),
    }
}
