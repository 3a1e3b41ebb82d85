//! The provenance of a job on GitHub, as `actions/attest` writes it, and what
//! the build took besides.
//!
//! Source: SLSA provenance v1; GitHub, build type
//! `https://actions.github.io/buildtypes/workflow/v1`; actions/toolkit,
//! `packages/attest`.

use serde_json::{Value, json};

use crate::dependency::{Dependency, Listed, PARAMETER};
use crate::job::JobClaims;

/// GitHub's own type of build.
pub const BUILD_TYPE: &str = "https://actions.github.io/buildtypes/workflow/v1";

/// The predicate of a job: every field of GitHub's with GitHub's value, and in
/// the list of dependencies, behind the source, what is given. `server` is
/// where repositories lie, without a slash at its end.
#[must_use]
pub fn slsa(
    claims: &JobClaims,
    server: &str,
    jobs: &[String],
    dependencies: &[Dependency],
) -> Value {
    let repository = format!("{server}/{}", claims.repository);
    let mut resolved = vec![json!({
        "uri": format!("git+{repository}@{}", claims.git_ref),
        "digest": { "gitCommit": claims.sha },
    })];
    resolved.extend(dependencies.iter().map(Dependency::descriptor));
    json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "workflow": {
                    "ref": claims.git_ref,
                    "repository": repository,
                    "path": claims.workflow().map(|workflow| workflow.path),
                },
            },
            "internalParameters": {
                "github": {
                    "event_name": claims.event_name,
                    "repository_id": claims.repository_id,
                    "repository_owner_id": claims.repository_owner_id,
                    "runner_environment": claims.runner_environment,
                },
                PARAMETER: Listed::parameter(jobs),
            },
            "resolvedDependencies": resolved,
        },
        "runDetails": {
            "builder": { "id": format!("{server}/{}", claims.job_workflow_ref) },
            "metadata": {
                "invocationId": format!(
                    "{repository}/actions/runs/{}/attempts/{}",
                    claims.run_id, claims.run_attempt
                ),
            },
        },
    })
}
