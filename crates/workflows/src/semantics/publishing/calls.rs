//! Publishing by a reusable workflow of somebody else that is known to publish.
//!
//! Source: docker/github-builder, README; slsa-framework/slsa-github-generator,
//! `internal/builders/*/README.md`.

use cofferdam_facts::uses::RepositoryUses;

use super::{Artifact, Publication, targets};
use crate::documents::job::{Call, Job};
use crate::documents::text::{Text, lookup};

/// The reusable workflow that a call names, if it is one of another
/// repository: `owner/repo/.github/workflows/x.yml` in lower case.
#[must_use]
pub fn external(call: &Call) -> Option<String> {
    call.uses.value.repository().map(RepositoryUses::name)
}

/// What a job publishes by the reusable workflow that it calls.
#[must_use]
pub fn by_call(job: &Job) -> Option<Publication> {
    let call = job.call()?;
    let name = external(call)?;
    let (artifact, decides, target) = if is_docker_builder(&name) {
        (Artifact::Image, "push", "meta-images")
    } else if name.starts_with("slsa-framework/slsa-github-generator/")
        && name.contains("builder_go_")
    {
        (Artifact::Release, "upload-assets", "")
    } else {
        return None;
    };
    let decision = lookup(&call.with, decides)?;
    let literal = decision.literal().map(|v| v.trim() == "true");
    if literal == Some(false) {
        return None;
    }
    let target = lookup(&call.with, target);
    Some(Publication {
        artifact,
        step: 0,
        span: call.uses.span,
        means: name,
        conditional: literal.is_none(),
        decided_by: decision.sole_expression().cloned(),
        target: target.map(|t: &Text| t.value.clone()),
        names: target.map_or_else(Vec::new, |t| targets::names(&t.value)),
        bare: false,
        draft: false,
        copy: false,
    })
}

/// Whether a reusable workflow is one of Docker's builders.
#[must_use]
pub fn is_docker_builder(name: &str) -> bool {
    name.strip_prefix("docker/github-builder/")
        .or_else(|| name.strip_prefix("docker/github-builder-experimental/"))
        .is_some_and(|path| path.ends_with("/build.yml") || path.ends_with("/bake.yml"))
}
