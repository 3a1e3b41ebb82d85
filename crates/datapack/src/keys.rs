//! The keys that may sign a pack.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cofferdam_facts::Timestamp;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{KeyProblem, PackError};

/// The format of key files that this code reads.
pub const KEY_FORMAT: u32 = 1;

const MAX_KEY_FILE: usize = 64 * 1024;

/// A file with the keys that may sign a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// [`KEY_FORMAT`].
    pub format: u32,
    /// How many different keys must have signed.
    pub threshold: usize,
    /// The keys.
    pub keys: Vec<KeyEntry>,
}

/// A key and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// The SHA-256 of the raw public key, in lower-case hexadecimal digits.
    pub id: String,
    /// What the key may do.
    pub role: Role,
    /// `ed25519`.
    pub algorithm: String,
    /// The raw public key of 32 bytes, in base64.
    pub public: String,
    /// When it entered the file.
    pub since: Timestamp,
    /// Who holds the private half, or what became of it.
    pub note: String,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Signing packs.
    Pack,
    /// Nothing any more. It stays in the file so that a pack that it signed is
    /// refused with the reason.
    Retired,
}

/// The keys whose signatures count.
#[derive(Clone, Debug)]
pub struct TrustedKeys {
    pub(crate) threshold: usize,
    pub(crate) keys: Vec<TrustedKey>,
    pub(crate) retired: Vec<TrustedKey>,
}

#[derive(Clone, Debug)]
pub(crate) struct TrustedKey {
    pub(crate) id: String,
    pub(crate) key: VerifyingKey,
}

impl TrustedKeys {
    /// Reads a key file.
    ///
    /// # Errors
    /// If it is not a key file of a known format, if a key is weak, is not
    /// Ed25519, does not have the id that its bytes give, or stands in the file
    /// twice, and if the threshold is zero or more than there are keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, PackError> {
        if bytes.len() > MAX_KEY_FILE {
            return Err(PackError::TooLarge {
                what: "key file",
                limit: MAX_KEY_FILE,
            });
        }
        let file: KeyFile = serde_json::from_slice(bytes).map_err(PackError::KeyFile)?;
        if file.format != KEY_FORMAT {
            return Err(PackError::Format {
                found: file.format,
                known: KEY_FORMAT,
            });
        }
        let (mut keys, mut retired) = (Vec::<TrustedKey>::new(), Vec::<TrustedKey>::new());
        for (entry, described) in file.keys.iter().enumerate() {
            let key = described
                .read()
                .map_err(|problem| PackError::Key { entry, problem })?;
            // Threshold counts keys, so one key under two names must not count twice.
            if keys.iter().chain(&retired).any(|known| known.key == key) {
                return Err(PackError::Key {
                    entry,
                    problem: KeyProblem::Twice,
                });
            }
            let list = if described.role == Role::Pack {
                &mut keys
            } else {
                &mut retired
            };
            list.push(TrustedKey {
                id: described.id.clone(),
                key,
            });
        }
        if file.threshold == 0 || file.threshold > keys.len() {
            return Err(PackError::Threshold {
                threshold: file.threshold,
                keys: keys.len(),
            });
        }
        Ok(Self {
            threshold: file.threshold,
            keys,
            retired,
        })
    }

    /// The ids of the keys whose signatures count.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// How many different keys must have signed.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.threshold
    }
}

impl KeyEntry {
    /// An entry for a public key.
    #[must_use]
    pub fn new(key: &VerifyingKey, role: Role, since: Timestamp, note: &str) -> Self {
        Self {
            id: key_id(key),
            role,
            algorithm: "ed25519".to_owned(),
            public: STANDARD.encode(key.as_bytes()),
            since,
            note: note.to_owned(),
        }
    }

    fn read(&self) -> Result<VerifyingKey, KeyProblem> {
        if self.algorithm != "ed25519" {
            return Err(KeyProblem::Algorithm);
        }
        let bytes = STANDARD
            .decode(&self.public)
            .map_err(|_| KeyProblem::Point)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyProblem::Point)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyProblem::Point)?;
        if key.is_weak() {
            return Err(KeyProblem::Point);
        }
        if key_id(&key) != self.id {
            return Err(KeyProblem::Id);
        }
        Ok(key)
    }
}

/// The id of a key: the SHA-256 of its 32 bytes, in hexadecimal digits.
#[must_use]
pub fn key_id(key: &VerifyingKey) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
