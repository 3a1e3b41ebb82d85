//! Proving by a reusable workflow of somebody else.
//!
//! Source: slsa-framework/slsa-github-generator, `internal/builders/*/README.md`
//! (no longer maintained since 2025, and still in use); docker/github-builder,
//! README.

use super::naming::Naming;
use super::{Hint, Key, Origin, Proof, Proves, Proving, SbomForm, Subject};
use crate::documents::job::Job;
use crate::documents::text::lookup;
use crate::semantics::publishing::{self, Registry};

/// What a job proves by the reusable workflow that it calls. A workflow of
/// another repository that is not known may prove something: then it is a hint.
#[must_use]
pub fn by_call(job: &Job) -> Proving {
    let mut found = Proving::default();
    let Some(call) = job.call() else { return found };
    let Some(name) = publishing::external(call) else {
        return found;
    };
    let proof = |proves, subject, target: Option<String>| Proof {
        proves,
        subject,
        naming: Naming::Digest,
        key: Key::Keyless,
        step: 0,
        span: call.uses.span,
        means: name.clone(),
        target,
        own: false,
        sure: true,
    };
    let input = |key: &str| lookup(&call.with, key).map(|t| t.value.clone());
    let isolated = Proves::Provenance(Origin::Isolated);
    if publishing::is_docker_builder(&name) {
        let signs = input("sign").as_deref() != Some("false");
        // Files are handed on as an artifact, with the signed statement beside.
        let files = input("output").as_deref() == Some("local");
        let (subject, images, sbom) = match (files, signs) {
            (true, _) => (Subject::Files, None, SbomForm::Made),
            (false, true) => (Subject::Image, input("meta-images"), SbomForm::Attested),
            (false, false) => (Subject::Image, input("meta-images"), SbomForm::Attached),
        };
        if signs {
            found.proofs.push(proof(isolated, subject, images.clone()));
        }
        if input("sbom").as_deref() == Some("true") {
            found
                .proofs
                .push(proof(Proves::Sbom(sbom), subject, images));
        }
        return found;
    }
    if let Some(path) = name.strip_prefix("slsa-framework/slsa-github-generator/") {
        let file = path.rsplit('/').next().unwrap_or("");
        let subject = if file.starts_with("generator_container") {
            Subject::Image
        } else if file.starts_with("builder_nodejs") {
            Subject::Package(Registry::Npm)
        } else if file.starts_with("builder_maven") || file.starts_with("builder_gradle") {
            Subject::Package(Registry::Maven)
        } else {
            Subject::Files
        };
        found.proofs.push(proof(isolated, subject, input("image")));
        return found;
    }
    found.hints.push(Hint {
        step: 0,
        span: call.uses.span,
        means: name,
    });
    found
}
