//! A bundle beside images: pushed, and read back.

use std::sync::Arc;

use cofferdam_attest::cosign::{self, Named};
use cofferdam_facts::{ImageRef, Timestamp};
use cofferdam_registries::oci::{Document, OciClient, Referrer};

use super::{ImageError, Node, named};

/// A bundle that the registry gives for an image.
#[derive(Clone, Debug)]
pub struct Published {
    /// The image.
    pub digest: String,
    /// The manifest that holds the bundle and refers to the image.
    pub referrer: String,
    /// The bundle, as it was read back.
    pub bundle: Vec<u8>,
}

/// Pushes a bundle as what refers to each of these images, and reads it back as
/// whoever verifies does. What is not listed or differs is an error.
///
/// # Errors
/// [`ImageError`]. What was pushed before stays: it is whole, and says nothing
/// that is not so.
pub fn publish(
    client: &Arc<OciClient>,
    image: &ImageRef,
    nodes: &[&Node],
    bundle: &[u8],
    predicate_type: &str,
    created: Timestamp,
) -> Result<Vec<Published>, ImageError> {
    client.push_blob(image, cosign::EMPTY)?;
    let layer = Named {
        media_type: cosign::BUNDLE_TYPE.to_owned(),
        digest: client.push_blob(image, bundle)?,
        size: bundle.len() as u64,
    };
    let annotations = cosign::annotations(predicate_type, &created.to_string());
    let referrers: Vec<Referrer> = nodes
        .iter()
        .map(|node| {
            let subject = Named {
                media_type: node.media_type.clone(),
                digest: node.digest.clone(),
                size: node.size,
            };
            Referrer {
                subject: node.digest.clone(),
                media_type: cosign::MANIFEST_TYPE.to_owned(),
                bytes: cosign::manifest(&subject, &layer, &annotations),
                artifact_type: cosign::BUNDLE_TYPE.to_owned(),
                annotations: annotations.clone(),
            }
        })
        .collect();
    client.push_referrers(image, &referrers)?;
    referrers
        .iter()
        .map(|one| read_back(client, image, one))
        .collect()
}

/// The bundle that a registry gives for an image after it was pushed.
fn read_back(
    client: &Arc<OciClient>,
    image: &ImageRef,
    pushed: &Referrer,
) -> Result<Published, ImageError> {
    let wrong = |problem: &str| ImageError::ReadBack {
        name: named(image, &pushed.subject),
        problem: problem.to_owned(),
    };
    let digest = pushed.digest();
    let listed = client.referrers(image, &pushed.subject)?;
    if !listed.manifests.iter().any(|one| one.digest == digest) {
        return Err(wrong("it is not listed"));
    }
    let bytes = client.manifest(image, &digest)?;
    let Ok(Document::Manifest(manifest)) = Document::parse(&bytes) else {
        return Err(wrong("its manifest is none"));
    };
    let [layer] = manifest.layers.as_slice() else {
        return Err(wrong("its manifest has not the one layer"));
    };
    let bundle = client.small_blob(image, layer, layer.size)?;
    Ok(Published {
        digest: pushed.subject.clone(),
        referrer: digest,
        bundle,
    })
}
