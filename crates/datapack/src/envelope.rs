//! The signed form of a pack: a DSSE envelope.
//!
//! Source: secure-systems-lab/dsse, `envelope.md` and `protocol.md`, version 1.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    error::PackError,
    keys::{TrustedKeys, hex},
    pack::{DataPack, FORMAT},
    validate,
};

/// What a data pack's envelope says that it carries.
pub const PAYLOAD_TYPE: &str = "application/vnd.cofferdam.datapack+json";

/// The most bytes that an envelope may have.
pub const MAX_ENVELOPE: usize = 8 * 1024 * 1024;

/// The most signatures that are looked at.
const MAX_SIGNATURES: usize = 16;

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// A DSSE envelope. Unknown fields are ignored, as the specification demands;
/// they are not signed and nothing is read from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The signed bytes, in base64.
    pub payload: String,
    /// Who vouches for them.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeSignature {
    /// A hint at the key; it is not signed, so it decides nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keyid: String,
    /// The signature, in base64.
    pub sig: String,
}

/// A pack whose signatures were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The pack.
    pub pack: DataPack,
    /// The SHA-256 of the signed bytes, in hexadecimal digits.
    pub digest: String,
    /// The ids of the trusted keys that signed.
    pub signers: Vec<String>,
}

/// Verifies an envelope and reads the pack in it. Nothing of the payload is
/// parsed before enough trusted keys have vouched for its bytes.
///
/// # Errors
/// If the bytes are too many, not an envelope, of another payload type, not
/// signed by enough trusted keys, of another format, or break a rule of the
/// pack's lists.
pub fn verify(bytes: &[u8], keys: &TrustedKeys) -> Result<Verified, PackError> {
    if bytes.len() > MAX_ENVELOPE {
        return Err(PackError::TooLarge {
            what: "data pack",
            limit: MAX_ENVELOPE,
        });
    }
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(PackError::Envelope)?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(PackError::PayloadType {
            expected: PAYLOAD_TYPE,
        });
    }
    if envelope.signatures.len() > MAX_SIGNATURES {
        return Err(PackError::TooManySignatures {
            limit: MAX_SIGNATURES,
        });
    }
    let payload = decode(&envelope.payload, "payload")?;
    let signers = signers(&envelope, &payload, keys)?;
    let pack = read(&payload)?;
    Ok(Verified {
        pack,
        digest: hex(&Sha256::digest(&payload)),
        signers,
    })
}

/// Reads a payload whose signatures were verified.
pub(crate) fn read(payload: &[u8]) -> Result<DataPack, PackError> {
    #[derive(Deserialize)]
    struct Peek {
        format: u32,
    }
    // A pack of a later format has other fields; its number is the better message.
    if let Ok(Peek { format }) = serde_json::from_slice(payload)
        && format != FORMAT
    {
        return Err(PackError::Format {
            found: format,
            known: FORMAT,
        });
    }
    let pack: DataPack = serde_json::from_slice(payload).map_err(PackError::Payload)?;
    validate::pack(&pack)?;
    Ok(pack)
}

/// The bytes that are signed: DSSE's pre-authentication encoding, which binds
/// the payload to its type.
#[must_use]
pub fn pre_authentication_encoding(payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "DSSEv1 {} {PAYLOAD_TYPE} {} ",
        PAYLOAD_TYPE.len(),
        payload.len()
    )
    .into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn signers(
    envelope: &Envelope,
    payload: &[u8],
    keys: &TrustedKeys,
) -> Result<Vec<String>, PackError> {
    let message = pre_authentication_encoding(payload);
    let mut signatures = Vec::new();
    for signature in &envelope.signatures {
        let bytes = decode(&signature.sig, "signature")?;
        // A signature of another algorithm has another length; it counts nothing.
        if let Ok(signature) = Signature::from_slice(&bytes) {
            signatures.push(signature);
        }
    }
    // `verify_strict` refuses the malleable signatures and small-order points
    // that plain Ed25519 verification lets pass.
    let signed = |key: &VerifyingKey| {
        signatures
            .iter()
            .any(|signature| key.verify_strict(&message, signature).is_ok())
    };
    // Counted by key, so that one key that signs twice counts once.
    let signers: Vec<String> = keys
        .keys
        .iter()
        .filter(|known| signed(&known.key))
        .map(|known| known.id.clone())
        .collect();
    if signers.len() < keys.threshold {
        let retired = keys.retired.iter().any(|known| signed(&known.key));
        let (valid, threshold) = (signers.len(), keys.threshold);
        return Err(PackError::NotTrusted {
            valid,
            threshold,
            retired,
        });
    }
    Ok(signers)
}

/// DSSE allows both alphabets.
fn decode(text: &str, field: &'static str) -> Result<Vec<u8>, PackError> {
    let engine = if text.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    engine
        .decode(text)
        .map_err(|source| PackError::Base64 { field, source })
}
