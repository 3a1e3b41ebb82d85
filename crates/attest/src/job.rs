//! What the token of a job on GitHub says of the job.
//!
//! Provenance is built from it before anything is signed, so that nothing of
//! it is proven yet: the certificate authority verifies the token, and what
//! was built is compared with the certificate afterwards.
//!
//! Source: GitHub, "OpenID Connect reference".

use serde::Deserialize;

use crate::policy::is_repository;

/// The claims of a token of GitHub Actions, as the token says them.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct JobClaims {
    /// `OWNER/REPO` of what is built.
    pub repository: String,
    /// The number of that repository.
    pub repository_id: String,
    /// The number of its owner.
    pub repository_owner_id: String,
    /// The ref that is built, in full.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// The commit that is built.
    pub sha: String,
    /// The workflow that was started, `OWNER/REPO/PATH@REF`.
    pub workflow_ref: String,
    /// The commit of that workflow.
    pub workflow_sha: String,
    /// The workflow that the job stands in, `OWNER/REPO/PATH@REF`: another one
    /// where the started one calls it.
    pub job_workflow_ref: String,
    /// The commit of that workflow.
    pub job_workflow_sha: String,
    /// The event that started the run.
    pub event_name: String,
    /// `github-hosted` or `self-hosted`.
    pub runner_environment: String,
    /// The number of the run.
    pub run_id: String,
    /// How often it was started.
    pub run_attempt: String,
}

/// A workflow as a token names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkflowRef<'t> {
    /// `OWNER/REPO`.
    pub repository: &'t str,
    /// The path in it.
    pub path: &'t str,
    /// The ref.
    pub git_ref: &'t str,
}

/// Why a token says too little of a job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It has other claims than GitHub gives to jobs.
    #[error("the token is not that of a job on GitHub: {0}")]
    Claims(#[from] serde_json::Error),
    /// A claim has another form.
    #[error("the claim `{claim}` of the token is `{found}`, expected {expected}")]
    Form {
        /// Its name.
        claim: &'static str,
        /// What it says.
        found: String,
        /// What it should.
        expected: &'static str,
    },
}

impl JobClaims {
    /// Reads the middle part of a token, decoded.
    ///
    /// # Errors
    /// [`JobError`] with the claim that is missing or of another form.
    pub fn from_payload(payload: &[u8]) -> Result<Self, JobError> {
        let claims: Self = serde_json::from_slice(payload)?;
        let form = |claim, found: &str, expected| JobError::Form {
            claim,
            found: found.to_owned(),
            expected,
        };
        if !is_repository(&claims.repository) {
            return Err(form("repository", &claims.repository, "OWNER/REPO"));
        }
        for (claim, found) in [
            ("sha", &claims.sha),
            ("workflow_sha", &claims.workflow_sha),
            ("job_workflow_sha", &claims.job_workflow_sha),
        ] {
            let digits = found.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !digits || !matches!(found.len(), 40 | 64) {
                return Err(form(claim, found, "the digits of a commit"));
            }
        }
        for (claim, found) in [
            ("workflow_ref", &claims.workflow_ref),
            ("job_workflow_ref", &claims.job_workflow_ref),
        ] {
            if WorkflowRef::parse(found).is_none() {
                return Err(form(claim, found, "OWNER/REPO/PATH@REF"));
            }
        }
        Ok(claims)
    }

    /// The workflow that was started.
    #[must_use]
    pub fn workflow(&self) -> Option<WorkflowRef<'_>> {
        WorkflowRef::parse(&self.workflow_ref)
    }

    /// The workflow that the job stands in.
    #[must_use]
    pub fn job_workflow(&self) -> Option<WorkflowRef<'_>> {
        WorkflowRef::parse(&self.job_workflow_ref)
    }
}

impl<'t> WorkflowRef<'t> {
    /// Reads `OWNER/REPO/PATH@REF`. A path below `.github/workflows` holds no
    /// `@` but in the name of its file, and a ref may hold some.
    fn parse(text: &'t str) -> Option<Self> {
        // The end of the file's name, since `@` may stand in it.
        let at = [".yml@", ".yaml@"]
            .into_iter()
            .filter_map(|end| Some(text.find(end)? + end.len() - 1))
            .min()?;
        let (workflow, git_ref) = (text.get(..at)?, text.get(at + 1..)?);
        let second = workflow.match_indices('/').nth(1)?.0;
        let (repository, path) = (workflow.get(..second)?, workflow.get(second + 1..)?);
        (is_repository(repository) && !path.is_empty() && !git_ref.is_empty()).then_some(Self {
            repository,
            path,
            git_ref,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn payload() -> serde_json::Value {
        serde_json::json!({
            "repository": "o/r",
            "repository_id": "1",
            "repository_owner_id": "2",
            "ref": "refs/tags/v1",
            "sha": "a".repeat(40),
            "workflow_ref": "o/r/.github/workflows/x.yml@refs/tags/v1",
            "workflow_sha": "a".repeat(40),
            "job_workflow_ref": "o/b/.github/workflows/y@z.yaml@refs/heads/a@b",
            "job_workflow_sha": "b".repeat(40),
            "event_name": "push",
            "runner_environment": "github-hosted",
            "run_id": "3",
            "run_attempt": "1",
        })
    }

    #[test]
    fn the_claims_of_a_job_are_read() {
        let claims = JobClaims::from_payload(payload().to_string().as_bytes()).unwrap();
        let called = claims.job_workflow().unwrap();
        assert_eq!(called.repository, "o/b");
        assert_eq!(called.path, ".github/workflows/y@z.yaml");
        assert_eq!(called.git_ref, "refs/heads/a@b");
        assert_eq!(claims.workflow().unwrap().path, ".github/workflows/x.yml");
    }

    #[test]
    fn what_is_missing_or_of_another_form_is_named() {
        let without = |claim: &str, value: Option<&str>| {
            let mut payload = payload();
            let members = payload.as_object_mut().unwrap();
            match value {
                Some(value) => members.insert(claim.to_owned(), value.into()),
                None => members.remove(claim),
            };
            let error = JobClaims::from_payload(payload.to_string().as_bytes()).unwrap_err();
            error.to_string()
        };
        assert!(without("job_workflow_sha", None).contains("job_workflow_sha"));
        assert!(without("sha", Some("v1")).contains("`sha`"));
        assert!(without("repository", Some("o")).contains("`repository`"));
        assert!(without("workflow_ref", Some("o/r/x@y")).contains("`workflow_ref`"));
    }
}
