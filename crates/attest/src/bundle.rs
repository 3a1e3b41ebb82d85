//! A Sigstore bundle as somebody handed it over: read, bounded, and not
//! believed.
//!
//! Source: sigstore/protobuf-specs, `sigstore_bundle.proto`, versions 0.1 to
//! 0.3.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sigstore_verify::types::{Bundle, HashAlgorithm, SignatureContent};

use crate::artifact::{Algorithm, Algorithms, ArtifactDigests, hex};
use crate::certificate::{Certificate, CertificateError};
use crate::json::{self, JsonError, Limits};
use crate::statement::{self, Statement, StatementError};

/// The versions that are understood.
const KNOWN: [&str; 4] = [
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
];

/// The most log entries, and the most timestamps, that one bundle may carry:
/// each costs a verification.
const MOST_EVIDENCE: usize = 32;

/// A bundle that has been read and not been verified.
#[derive(Debug)]
pub struct UnverifiedBundle {
    pub(crate) inner: Bundle,
    statement: Result<Option<Arc<Statement>>, StatementError>,
}

/// Why bytes are not taken for a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is no JSON, or not one that is taken.
    #[error("the bundle is not readable: {0}")]
    Json(#[from] JsonError),
    /// It is of a version that is not known.
    #[error("the bundle has the media type `{media_type}`, which is not known")]
    UnknownVersion {
        /// What it says.
        media_type: String,
    },
    /// A part of it stands in two forms, of which readers may take either.
    #[error("the bundle has more than one {part}")]
    Ambiguous {
        /// The part.
        part: &'static str,
    },
    /// It has more of something than is verified.
    #[error("the bundle has {count} {part}, more than {MOST_EVIDENCE}")]
    TooMany {
        /// What.
        part: &'static str,
        /// How many.
        count: usize,
    },
    /// It breaks the format.
    #[error("the bundle is malformed: {problem}")]
    Malformed {
        /// What is wrong.
        problem: String,
    },
}

/// The names whose presence decides how a bundle is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    media_type: Option<String>,
    message_signature: Option<IgnoredAny>,
    dsse_envelope: Option<IgnoredAny>,
    verification_material: Option<MaterialShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MaterialShape {
    certificate: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
    public_key: Option<IgnoredAny>,
}

impl UnverifiedBundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// [`BundleError`] if it is none, or one that two readers could understand
    /// differently.
    pub fn from_json(bytes: &[u8]) -> Result<Self, BundleError> {
        json::check(bytes, Limits::BUNDLE)?;
        let malformed = |error: &dyn std::fmt::Display| BundleError::Malformed {
            problem: error.to_string(),
        };
        let shape: Shape = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        let media_type = shape.media_type.unwrap_or_default();
        if !KNOWN.contains(&media_type.as_str()) {
            return Err(BundleError::UnknownVersion { media_type });
        }
        if shape.message_signature.is_some() && shape.dsse_envelope.is_some() {
            return Err(BundleError::Ambiguous { part: "signature" });
        }
        if let Some(material) = shape.verification_material {
            let forms = [
                material.certificate,
                material.x509_certificate_chain,
                material.public_key,
            ];
            if forms.iter().flatten().count() > 1 {
                return Err(BundleError::Ambiguous { part: "signer" });
            }
        }
        let inner: Bundle = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        let material = &inner.verification_material;
        let timestamps = &material.timestamp_verification_data.rfc3161_timestamps;
        for (part, count) in [
            ("log entries", material.tlog_entries.len()),
            ("timestamps", timestamps.len()),
        ] {
            if count > MOST_EVIDENCE {
                return Err(BundleError::TooMany { part, count });
            }
        }
        // Read once: it may be a large bill of materials.
        let statement = statement(&inner.content);
        Ok(Self { inner, statement })
    }

    /// Whether this is signed by a key that the verifier must know, instead of
    /// by a certificate.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        self.inner.signing_certificate().is_none()
    }

    /// The certificate that it brings, if any; anybody may have made it.
    ///
    /// # Errors
    /// [`CertificateError`] if it is malformed.
    pub fn unverified_certificate(&self) -> Result<Option<Certificate>, CertificateError> {
        self.inner
            .signing_certificate()
            .map(|der| Certificate::from_der(der.as_bytes()))
            .transpose()
    }

    /// The statement that it brings, if it is an attestation; anybody may have
    /// written it.
    ///
    /// # Errors
    /// [`StatementError`] if the envelope holds something else.
    pub fn unverified_statement(&self) -> Result<Option<&Arc<Statement>>, &StatementError> {
        self.statement.as_ref().map(Option::as_ref)
    }

    /// The algorithm and the digest that a signature over a file says it is
    /// for; `None` for attestations, and where none is given.
    #[must_use]
    pub fn unverified_message_digest(&self) -> Option<(Algorithm, &[u8])> {
        let SignatureContent::MessageSignature(signature) = &self.inner.content else {
            return None;
        };
        let digest = signature.message_digest.as_ref()?;
        let algorithm = match digest.algorithm {
            HashAlgorithm::Sha2256 => Algorithm::Sha256,
            HashAlgorithm::Sha2384 => Algorithm::Sha384,
            HashAlgorithm::Sha2512 => Algorithm::Sha512,
            _ => return None,
        };
        Some((algorithm, digest.digest.as_bytes()))
    }

    /// Which digests of an artifact it takes to verify this.
    #[must_use]
    pub fn needs(&self) -> Algorithms {
        let mut needs = Algorithms::default();
        needs.insert(Algorithm::Sha256);
        if let Some((algorithm, _)) = self.unverified_message_digest() {
            needs.insert(algorithm);
        }
        if let Ok(Some(statement)) = self.unverified_statement() {
            needs.extend(statement.algorithms());
        }
        needs
    }

    /// The artifact that this says it is about, the first of several; anybody
    /// may say that.
    #[must_use]
    pub fn unverified_artifact(&self) -> Option<ArtifactDigests> {
        let digest = match self.unverified_message_digest() {
            Some((algorithm, digest)) => format!("{}:{}", algorithm.word(), hex(digest)),
            None => {
                let statement = self.unverified_statement().ok()??;
                let mut digests = statement.subjects.iter().flat_map(|one| &one.digests);
                let (word, digits) = digests.find(|(word, _)| Algorithm::named(word).is_some())?;
                format!("{word}:{digits}")
            }
        };
        ArtifactDigests::parse(&digest)
    }

    /// Whether this says that it is about the artifact, which anybody may say.
    #[must_use]
    pub fn unverified_is_about(&self, artifact: &ArtifactDigests) -> bool {
        if let Some((algorithm, digest)) = self.unverified_message_digest() {
            return artifact.get(algorithm) == Some(digest);
        }
        match self.unverified_statement() {
            Ok(Some(statement)) => statement.subject_for(artifact).is_some(),
            // A signature without a digest may be about anything.
            Ok(None) => true,
            Err(_) => false,
        }
    }
}

/// The statement of an attestation.
fn statement(content: &SignatureContent) -> Result<Option<Arc<Statement>>, StatementError> {
    let SignatureContent::DsseEnvelope(envelope) = content else {
        return Ok(None);
    };
    if envelope.payload_type != statement::PAYLOAD_TYPE {
        return Err(StatementError::PayloadType {
            payload_type: envelope.payload_type.clone(),
        });
    }
    let statement = Statement::from_json(envelope.payload.as_bytes())?;
    Ok(Some(Arc::new(statement)))
}
