//! Images that are signed or told of: by digest, each with what it names, and
//! read back from the registry.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_attest::artifact::unhex;
use cofferdam_attest::sign::Signer;
use cofferdam_attest::{ArtifactDigests, cosign};
use cofferdam_facts::ImageRef;
use cofferdam_pipelines::images::{self, Node};
use cofferdam_registries::oci::OciClient;

use super::ReleaseError;
use super::signing::{Ready, told};
use crate::clock;
use crate::commands::registries::{RegistryArgs, digest_of, image};

/// What is signed.
#[derive(Debug, clap::Args)]
pub(super) struct Targets {
    /// Files, and images of registries: `HOST/REPOSITORY@DIGEST`, or with a tag,
    /// which is resolved once.
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// What is said about an image.
pub(super) struct Said<'a> {
    /// The type of the statement.
    pub(super) kind: &'a str,
    /// Its predicate in JSON.
    pub(super) predicate: &'a str,
}

/// An image, read with all that it names.
pub(super) struct Target {
    client: Arc<OciClient>,
    image: ImageRef,
    digest: String,
    nodes: Vec<Node>,
}

impl Targets {
    /// Files, and images with everything that they name read, before anything is
    /// signed.
    pub(super) fn read(&self) -> Result<(Vec<PathBuf>, Vec<Target>), ReleaseError> {
        let mut files = Vec::new();
        let mut found = Vec::new();
        for target in &self.targets {
            match image(target)? {
                Some(image) => found.push(image),
                None => files.push(PathBuf::from(target)),
            }
        }
        if found.is_empty() {
            return Ok((files, Vec::new()));
        }
        let client = self.registry.open(&found)?;
        let mut targets = Vec::new();
        for image in found {
            let digest = digest_of(&client, &image)?;
            let nodes = images::tree(&client, &image, &digest)?;
            for node in &nodes {
                if let Some(problem) = node.problem() {
                    return Err(ReleaseError::Platform {
                        digest: node.digest.clone(),
                        problem: problem.to_owned(),
                    });
                }
            }
            targets.push(Target {
                client: Arc::clone(&client),
                image,
                digest,
                nodes,
            });
        }
        Ok((files, targets))
    }
}

impl Target {
    /// Signs one statement about the image and all images that it names, pushes
    /// it beside each of them, and verifies what the registry then gives.
    pub(super) fn say(&self, said: &Said<'_>, ready: &Ready) -> Result<(), ReleaseError> {
        let name = self.image.name();
        let shown = PathBuf::from(format!("{name}@{}", self.digest));
        // What BuildKit tells of a build is named by the index, and is no image.
        let nodes: Vec<&Node> = self.nodes.iter().filter(|node| !node.remark).collect();
        let mut digests = Vec::new();
        for node in &nodes {
            digests.push(sha256(&shown, &node.digest)?);
        }
        let statement = cosign::statement(&name, &digests, said.kind, said.predicate);
        let signed = ready.signer.attest(statement.as_bytes());
        let bundle = signed.map_err(|source| ReleaseError::Sign {
            path: Some(shown.clone()),
            source,
        })?;
        let bundle = bundle.as_bytes();
        for digest in &digests {
            let digest = ArtifactDigests::from_sha256(*digest);
            ready.verified(&shown, &digest, bundle, |_| Vec::new())?;
        }
        let now = clock::now();
        let pushed = images::publish(&self.client, &self.image, &nodes, bundle, said.kind, now)?;
        for one in &pushed {
            let digest = ArtifactDigests::from_sha256(sha256(&shown, &one.digest)?);
            let path = PathBuf::from(format!("{name}@{}", one.digest));
            let subject = ready.verified(&path, &digest, &one.bundle, |_| Vec::new())?;
            told(&format!(
                "{}: signed as {subject}, in {}",
                path.display(),
                one.referrer
            ))?;
        }
        Ok(())
    }
}

/// The digest by which an image is signed.
fn sha256(path: &Path, digest: &str) -> Result<[u8; 32], ReleaseError> {
    let digits = digest.strip_prefix("sha256:");
    let bytes = digits
        .and_then(unhex)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| ReleaseError::Platform {
        digest: path.display().to_string(),
        problem: "images are signed by SHA-256 alone".to_owned(),
    })
}
