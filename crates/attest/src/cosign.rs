//! How signatures are kept beside an image: what cosign 3 writes, and what its
//! earlier versions wrote, as bundles.
//!
//! Source: cosign's specifications "Cosign Bundle Specification" and "Cosign
//! Signature Specification"; sigstore/protobuf-specs for the bundle that an
//! older signature is put into.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::artifact::{hex, unhex};
use crate::json::{self, Limits};

/// The type of a bundle, as the kind of a manifest and as its one layer.
pub const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// What every type of a bundle begins with.
pub const ANY_BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// A layer that names an image, signed by its annotations.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// A layer that is an envelope with a statement, of earlier versions.
pub const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The type of a statement that says nothing but that an image is signed.
pub const SIGN_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The media type of a manifest that holds a bundle.
pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// The configuration of what has none.
pub const EMPTY: &[u8] = b"{}";
/// The media type of that.
pub const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
/// The ends of the tags at which earlier versions keep signatures and
/// statements, behind `sha256-HEX`.
pub const LEGACY_TAGS: [&str; 2] = ["sig", "att"];

/// The most bytes of an annotation that is read.
const MOST_ANNOTATION: usize = 1024 * 1024;

/// The names of annotations.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const LOG: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// Why an older signature is no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LegacyError {
    /// Something is missing.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// Something is malformed.
    #[error("its {0} is malformed")]
    Malformed(&'static str),
}

/// Names an image, or another manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its media type.
    pub media_type: String,
    /// Its digest with the algorithm.
    pub digest: String,
    /// Its bytes.
    pub size: u64,
}

/// The annotations of a manifest that holds an attestation. `created` is a time
/// as RFC 3339 has it.
#[must_use]
pub fn annotations(predicate_type: &str, created: &str) -> Vec<(String, String)> {
    [
        ("org.opencontainers.image.created", created),
        ("dev.sigstore.bundle.content", "dsse-envelope"),
        ("dev.sigstore.bundle.predicateType", predicate_type),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The manifest that holds a bundle and refers to an image.
#[must_use]
pub fn manifest(subject: &Named, bundle: &Named, annotations: &[(String, String)]) -> Vec<u8> {
    let named = |one: &Named| {
        json!({
            "mediaType": one.media_type,
            "digest": one.digest,
            "size": one.size,
        })
    };
    let annotations: Map<String, Value> = annotations
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let empty = Named {
        media_type: EMPTY_TYPE.to_owned(),
        digest: format!("sha256:{}", hex(&sha256(EMPTY))),
        size: EMPTY.len() as u64,
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": BUNDLE_TYPE,
        "config": named(&empty),
        "layers": [named(bundle)],
        "subject": named(subject),
        "annotations": annotations,
    });
    manifest.to_string().into_bytes()
}

/// A statement about images of one repository. The predicate is JSON, and stays
/// as it is written.
#[must_use]
pub fn statement(name: &str, sha256: &[[u8; 32]], kind: &str, predicate: &str) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let subjects: Vec<String> = sha256
        .iter()
        .map(|digest| {
            let digits = hex(digest);
            format!(
                r#"{{"name":{},"digest":{{"sha256":"{digits}"}}}}"#,
                quoted(name)
            )
        })
        .collect();
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{}],"predicateType":{},"predicate":{predicate}}}"#,
        subjects.join(","),
        quoted(kind),
    )
}

/// The image that the payload of an older signature says it is about, by its
/// digest; anybody may have written it.
#[must_use]
pub fn unverified_signed_digest(payload: &[u8]) -> Option<String> {
    json::check(payload, Limits::BUNDLE).ok()?;
    let value: Value = serde_json::from_slice(payload).ok()?;
    let critical = value.get("critical")?;
    let kind = critical.get("type")?.as_str()?;
    if !matches!(kind, "cosign container image signature" | SIGN_TYPE) {
        return None;
    }
    let digest = critical.get("image")?.get("docker-manifest-digest")?;
    digest.as_str().map(str::to_owned)
}

/// The bundle of an older signature over a payload.
///
/// # Errors
/// [`LegacyError`] if it is not whole.
pub fn signature_bundle(
    payload: &[u8],
    annotations: &BTreeMap<String, String>,
) -> Result<Vec<u8>, LegacyError> {
    let signature = annotation(annotations, SIGNATURE).ok_or(LegacyError::Missing("signature"))?;
    let content = json!({
        "messageDigest": { "algorithm": "SHA2_256", "digest": BASE64.encode(sha256(payload)) },
        "signature": signature,
    });
    Ok(bundle("messageSignature", content, material(annotations)?))
}

/// The bundle of an older envelope.
///
/// # Errors
/// [`LegacyError`] if it is not whole.
pub fn envelope_bundle(
    envelope: &[u8],
    annotations: &BTreeMap<String, String>,
) -> Result<Vec<u8>, LegacyError> {
    let malformed = LegacyError::Malformed("envelope");
    json::check(envelope, Limits::BUNDLE).map_err(|_| malformed.clone())?;
    let envelope: Value = serde_json::from_slice(envelope).map_err(|_| malformed.clone())?;
    let part = |name: &str| envelope.get(name).cloned().ok_or(malformed.clone());
    let signatures = part("signatures")?;
    let signatures: Option<Vec<Value>> = signatures.as_array().map(|all| {
        all.iter()
            .map(|one| json!({ "sig": one.get("sig"), "keyid": "" }))
            .collect()
    });
    let content = json!({
        "payload": part("payload")?,
        "payloadType": part("payloadType")?,
        "signatures": signatures.ok_or(malformed)?,
    });
    Ok(bundle("dsseEnvelope", content, material(annotations)?))
}

/// A bundle of the first version, which has what earlier versions kept.
fn bundle(kind: &str, content: Value, material: Value) -> Vec<u8> {
    let media_type = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    let parts = [
        ("mediaType", media_type.into()),
        ("verificationMaterial", material),
        (kind, content),
    ];
    let bundle: Map<String, Value> = parts
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::from(bundle).to_string().into_bytes()
}

/// All of a bundle but what is signed: the certificate and what the log says.
fn material(annotations: &BTreeMap<String, String>) -> Result<Value, LegacyError> {
    let mut material = Map::new();
    let mut put = |name: &str, value: Value| material.insert(name.to_owned(), value);
    match annotation(annotations, CERTIFICATE).filter(|text| !text.trim().is_empty()) {
        Some(pem) => {
            let der = der(pem).ok_or(LegacyError::Malformed("certificate"))?;
            let one = json!({ "rawBytes": BASE64.encode(der) });
            put("x509CertificateChain", json!({ "certificates": [one] }));
        }
        None => {
            put("publicKey", json!({ "hint": "" }));
        }
    }
    let entries: Vec<Value> = match annotation(annotations, LOG) {
        Some(text) => vec![entry(text).ok_or(LegacyError::Malformed("log entry"))?],
        None => Vec::new(),
    };
    put("tlogEntries", entries.into());
    if let Some(text) = annotation(annotations, TIMESTAMP) {
        let read: Option<Value> = serde_json::from_str(text).ok();
        let signed = read.and_then(|read| read.get("SignedRFC3161Timestamp").cloned());
        let signed = signed.ok_or(LegacyError::Malformed("timestamp"))?;
        let all = json!({ "rfc3161Timestamps": [{ "signedTimestamp": signed }] });
        put("timestampVerificationData", all);
    }
    Ok(material.into())
}

fn annotation<'a>(all: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let text = all.get(name).map(String::as_str);
    text.filter(|text| text.len() <= MOST_ANNOTATION)
}

/// What the log has promised, in the form of a bundle.
fn entry(text: &str) -> Option<Value> {
    let read: Value = serde_json::from_str(text).ok()?;
    let payload = read.get("Payload")?;
    let body = payload.get("body")?.as_str()?;
    let inner: Value = serde_json::from_slice(&BASE64.decode(body).ok()?).ok()?;
    let key = unhex(payload.get("logID")?.as_str()?)?;
    Some(json!({
        "logIndex": payload.get("logIndex")?.as_u64()?.to_string(),
        "logId": { "keyId": BASE64.encode(key) },
        "kindVersion": {
            "kind": inner.get("kind")?.as_str()?,
            "version": inner.get("apiVersion")?.as_str()?,
        },
        "integratedTime": payload.get("integratedTime")?.as_i64()?.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": read.get("SignedEntryTimestamp")?.as_str()? },
        "canonicalizedBody": body,
    }))
}

/// The bytes of the first certificate in PEM.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    BASE64.decode(body).ok()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_laid_out_as_cosign_does() {
        let named = |kind: &str| Named {
            media_type: kind.to_owned(),
            digest: format!("sha256:{}", "a".repeat(64)),
            size: 7,
        };
        let annotations = annotations(SIGN_TYPE, "2026-01-01T00:00:00Z");
        let bytes = manifest(&named("m"), &named(BUNDLE_TYPE), &annotations);
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["artifactType"], BUNDLE_TYPE);
        assert_eq!(value["layers"][0]["mediaType"], BUNDLE_TYPE);
        assert_eq!(value["subject"]["mediaType"], "m");
        // The digest of `{}`, as the image specification prints it.
        assert_eq!(
            value["config"]["digest"],
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        assert_eq!(
            value["annotations"]["dev.sigstore.bundle.predicateType"],
            SIGN_TYPE
        );
    }

    #[test]
    fn a_statement_names_every_image() {
        let text = statement("r.example/a", &[[1; 32], [2; 32]], SIGN_TYPE, "{}");
        let read = crate::Statement::from_json(text.as_bytes()).unwrap();
        assert_eq!(read.subjects.len(), 2);
        assert_eq!(read.predicate_type, SIGN_TYPE);
    }

    #[test]
    fn what_is_no_older_signature_is_refused() {
        let payload = |kind: &str| {
            format!(
                r#"{{"critical":{{"identity":{{}},"image":{{"docker-manifest-digest":"sha256:0"}},"type":"{kind}"}}}}"#
            )
        };
        let signed = |text: &str| unverified_signed_digest(text.as_bytes());
        let usual = payload("cosign container image signature");
        assert_eq!(signed(&usual).as_deref(), Some("sha256:0"));
        assert_eq!(signed(&payload("atomic container signature")), None);
        assert_eq!(signed("{}"), None);
        let none = BTreeMap::new();
        assert_eq!(
            signature_bundle(b"x", &none),
            Err(LegacyError::Missing("signature"))
        );
        let wrong = |name: &str| {
            let all = [(SIGNATURE, "AA=="), (name, "{")];
            let all = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
            signature_bundle(b"x", &BTreeMap::from(all))
        };
        assert_eq!(
            wrong(CERTIFICATE),
            Err(LegacyError::Malformed("certificate"))
        );
        assert_eq!(wrong(LOG), Err(LegacyError::Malformed("log entry")));
        assert_eq!(wrong(TIMESTAMP), Err(LegacyError::Malformed("timestamp")));
        assert!(envelope_bundle(b"{}", &none).is_err());
    }
}
