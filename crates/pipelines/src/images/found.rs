//! The bundles that are kept beside an image.

use std::sync::Arc;

use cofferdam_attest::cosign::{
    ANY_BUNDLE, ENVELOPE, LEGACY_TAGS, LegacyError, SIMPLE_SIGNING, envelope_bundle,
    signature_bundle, unverified_signed_digest,
};
use cofferdam_attest::{Algorithms, ArtifactDigests, UnverifiedBundle};
use cofferdam_facts::ImageRef;
use cofferdam_registries::oci::{Descriptor, Document, Manifest, OciClient, OciError};

use crate::verification::{Judge, Limits, Problem, VerifiedArtifact, unread};

/// A trial of cosign 2, in which signatures were referrers.
const TRIAL: &str = "application/vnd.dev.cosign.artifact.";
/// The most bytes of the payload of an older signature.
const MOST_PAYLOAD: u64 = 1024 * 1024;
/// The most layers of a manifest with older signatures.
const MOST_LAYERS: usize = 1_000;

/// Looks for bundles of one image, and judges them.
pub(super) struct Search<'a> {
    pub(super) client: &'a Arc<OciClient>,
    pub(super) image: &'a ImageRef,
    pub(super) judge: Judge<'a>,
    pub(super) limits: &'a Limits,
}

impl Search<'_> {
    /// Everything that is found for one digest. What a registry does not say is
    /// not checked, and never taken for nothing.
    pub(super) fn look(&self, digest: &str, verified: &mut VerifiedArtifact) {
        let Some(artifact) = ArtifactDigests::parse(digest) else {
            let text = format!("{digest} is of a kind for which nobody signs");
            verified.problems.push(Problem::not_checked(text));
            return;
        };
        match self.client.referrers(self.image, digest) {
            Ok(found) => {
                for one in &found.manifests {
                    if let Err(problem) = self.referrer(one, digest, &artifact, verified) {
                        verified.problems.push(problem);
                    }
                }
            }
            Err(error) => verified.problems.push(open(&error)),
        }
        let Some(digits) = digest.strip_prefix("sha256:") else {
            return;
        };
        for end in LEGACY_TAGS {
            let tag = format!("sha256-{digits}.{end}");
            match self.client.tagged(self.image, &tag) {
                Ok(None) => {}
                Ok(Some((_, bytes))) => match Document::parse(&bytes) {
                    Ok(Document::Manifest(manifest)) => {
                        self.layers(&tag, &manifest, digest, &artifact, verified);
                    }
                    _ => {
                        let text = format!("the tag {tag} stands for no manifest");
                        verified.problems.push(Problem::not_checked(text));
                    }
                },
                Err(error) => verified.problems.push(open(&error)),
            }
        }
    }

    /// One manifest that is listed as referring to the image.
    fn referrer(
        &self,
        listed: &Descriptor,
        digest: &str,
        artifact: &ArtifactDigests,
        verified: &mut VerifiedArtifact,
    ) -> Result<(), Problem> {
        let other = |kind: &str| {
            let text = format!(
                "{} of type `{kind}` is no bundle, and not read",
                listed.digest
            );
            Problem::not_required(text)
        };
        // A list need not say of what kind something is; what it says is a hint.
        if let Some(kind) = &listed.artifact_type
            && !kind.starts_with(ANY_BUNDLE)
            && !kind.starts_with(TRIAL)
        {
            return Err(other(kind));
        }
        let name = format!("referrer {}", listed.digest);
        let bytes = self.client.manifest(self.image, &listed.digest);
        let bytes = bytes.map_err(|error| open(&error))?;
        let Ok(Document::Manifest(manifest)) = Document::parse(&bytes) else {
            return Err(Problem::not_checked(format!("{name} is no manifest")));
        };
        let about = manifest
            .subject
            .as_ref()
            .map(|subject| subject.digest.as_str());
        if about != Some(digest) {
            let text = format!("{name} is listed for it, and refers to something else");
            return Err(Problem::failed(text));
        }
        let kind = &manifest.artifact_type;
        if !kind.starts_with(ANY_BUNDLE) && !kind.starts_with(TRIAL) {
            let is_signature = |layer: &Descriptor| {
                layer.media_type.starts_with(ANY_BUNDLE) || layer.media_type == SIMPLE_SIGNING
            };
            if !manifest.layers.iter().any(is_signature) {
                return Err(other(kind));
            }
        }
        self.layers(&name, &manifest, digest, artifact, verified);
        Ok(())
    }

    /// Every layer of a manifest that holds signatures.
    fn layers(
        &self,
        name: &str,
        manifest: &Manifest,
        digest: &str,
        artifact: &ArtifactDigests,
        verified: &mut VerifiedArtifact,
    ) {
        if manifest.layers.is_empty() || manifest.layers.len() > MOST_LAYERS {
            let text = format!(
                "{name} has {} layers, and none is read",
                manifest.layers.len()
            );
            verified.problems.push(Problem::not_checked(text));
            return;
        }
        for layer in &manifest.layers {
            let read = match layer.media_type.as_str() {
                kind if kind.starts_with(ANY_BUNDLE) => {
                    self.bundle(name, layer, artifact, verified)
                }
                SIMPLE_SIGNING => self.signature(name, layer, digest, verified),
                ENVELOPE => self.envelope(name, layer, artifact, verified),
                kind => Err(Problem::not_checked(format!(
                    "{name} holds `{kind}`, which is not understood"
                ))),
            };
            if let Err(problem) = read {
                verified.problems.push(problem);
            }
        }
    }

    fn blob(&self, layer: &Descriptor, most: u64) -> Result<Vec<u8>, Problem> {
        let bytes = self.client.small_blob(self.image, layer, most);
        bytes.map_err(|error| open(&error))
    }

    fn bundle(
        &self,
        name: &str,
        layer: &Descriptor,
        artifact: &ArtifactDigests,
        verified: &mut VerifiedArtifact,
    ) -> Result<(), Problem> {
        let bytes = self.blob(layer, self.limits.bundle_bytes)?;
        self.read(name, &bytes, artifact, verified);
        Ok(())
    }

    fn read(
        &self,
        name: &str,
        bytes: &[u8],
        artifact: &ArtifactDigests,
        verified: &mut VerifiedArtifact,
    ) {
        let name = name.to_owned();
        verified
            .bundles
            .push(match UnverifiedBundle::from_json(bytes) {
                Ok(bundle) => self.judge.judged(name, Some(artifact), &bundle),
                Err(error) => unread(name, &error),
            });
    }

    /// A signature of cosign's earlier versions: over a payload that names the
    /// image.
    fn signature(
        &self,
        name: &str,
        layer: &Descriptor,
        digest: &str,
        verified: &mut VerifiedArtifact,
    ) -> Result<(), Problem> {
        let payload = self.blob(layer, MOST_PAYLOAD)?;
        // What the signature is over is what it says only if it says this image.
        if unverified_signed_digest(&payload).as_deref() != Some(digest) {
            let text = format!("{name}: the payload {} is not about it", layer.digest);
            return Err(Problem::failed(text));
        }
        let bundle = signature_bundle(&payload, &layer.annotations);
        let bundle = bundle.map_err(|error| old(name, &error))?;
        let artifact = ArtifactDigests::from_reader(payload.as_slice(), Algorithms::default());
        let artifact = artifact.map_err(|error| Problem::not_checked(error.to_string()))?;
        let name = format!("{name}, payload {}", layer.digest);
        self.read(&name, &bundle, &artifact, verified);
        Ok(())
    }

    /// A statement of cosign's earlier versions.
    fn envelope(
        &self,
        name: &str,
        layer: &Descriptor,
        artifact: &ArtifactDigests,
        verified: &mut VerifiedArtifact,
    ) -> Result<(), Problem> {
        let bytes = self.blob(layer, self.limits.bundle_bytes)?;
        let bundle = envelope_bundle(&bytes, &layer.annotations);
        let bundle = bundle.map_err(|error| old(name, &error))?;
        self.read(name, &bundle, artifact, verified);
        Ok(())
    }
}

fn old(name: &str, error: &LegacyError) -> Problem {
    Problem::not_checked(format!("{name}: {error}"))
}

/// What a registry does not give is not checked; what it gives wrongly is wrong.
fn open(error: &OciError) -> Problem {
    match error {
        OciError::Lies { .. } => Problem::failed(error.to_string()),
        error => Problem::not_checked(error.to_string()),
    }
}
