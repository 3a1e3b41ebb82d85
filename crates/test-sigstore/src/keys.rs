//! Keys on the curve P-256.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
    EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::der;

/// What a public key says of its kind: `ecPublicKey` on `prime256v1`.
fn kind() -> Vec<u8> {
    der::sequence(&[
        &der::oid("1.2.840.10045.2.1"),
        &der::oid("1.2.840.10045.3.1.7"),
    ])
}

/// A key that is made for one run.
pub struct Key {
    pair: EcdsaKeyPair,
    fixed: EcdsaKeyPair,
}

impl Key {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let fixed = &ECDSA_P256_SHA256_FIXED_SIGNING;
        Self {
            pair: EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).unwrap(),
            fixed: EcdsaKeyPair::from_pkcs8(fixed, document.as_ref()).unwrap(),
        }
    }

    /// A signature over SHA-256, in DER.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.pair.sign(&SystemRandom::new(), message).unwrap();
        signature.as_ref().to_vec()
    }

    /// A signature as tokens have it: two numbers of 32 bytes.
    pub(crate) fn sign_fixed(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.fixed.sign(&SystemRandom::new(), message).unwrap();
        signature.as_ref().to_vec()
    }

    /// The point, without compression.
    pub(crate) fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The public key, `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        der::sequence(&[&kind(), &der::bits(self.point())])
    }

    /// The hash of the public key, by which logs are known.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        Sha256::digest(self.public()).into()
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

/// `ecdsa-with-SHA256`.
pub(crate) fn algorithm() -> Vec<u8> {
    der::sequence(&[&der::oid("1.2.840.10045.4.3.2")])
}

/// Whether a signature in DER is that of a public key.
pub(crate) fn verifies(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let point = || {
        let (_, content, _) = der::read(public)?;
        let (_, _, rest) = der::read(content)?;
        let (_, bits, _) = der::read(rest)?;
        bits.split_first().map(|(_, point)| point)
    };
    point().is_some_and(|point| {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        key.verify(message, signature).is_ok()
    })
}

/// Lines of 64 characters between two marks.
pub(crate) fn pem(label: &str, bytes: &[u8]) -> String {
    let text = BASE64.encode(bytes);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// The bytes between two marks.
pub(crate) fn unpem(text: &str) -> Option<Vec<u8>> {
    let inside: String = text
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    BASE64.decode(inside.trim()).ok()
}
