//! Notes that a server has signed with Ed25519.
//!
//! Source: golang.org/x/mod, package `sumdb/note`: text, an empty line, and
//! lines `— NAME BASE64` with four bytes of the key's hash and a signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The number of Ed25519 among the kinds of keys.
const ED25519: u8 = 1;
/// The most bytes of a note.
const MOST_BYTES: usize = 64 * 1024;

/// The key that a note must be signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: [u8; 4],
    key: VerifyingKey,
}

/// Why a key or a note is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text is no key.
    #[error("the key is not `NAME+HASH+KEY` of the kind Ed25519")]
    Key,
    /// The text is no signed note of a tree.
    #[error("it is no signed note of a tree")]
    Form,
    /// The note is not signed with the key.
    #[error("the note is not signed by {name}")]
    Signature {
        /// Whose signature was looked for.
        name: String,
    },
}

impl VerifierKey {
    /// Reads `NAME+HASH+KEY`.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let read = || {
            let (name, rest) = text.split_once('+')?;
            let (hash, key) = rest.split_once('+')?;
            let data = STANDARD.decode(key).ok()?;
            let (kind, bytes) = data.split_first()?;
            if *kind != ED25519 || name.is_empty() {
                return None;
            }
            let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
            let computed = key_hash(name, &data)?;
            (u32::from_str_radix(hash, 16).ok()? == u32::from_be_bytes(computed)).then(|| Self {
                name: name.to_owned(),
                hash: computed,
                key,
            })
        };
        read().ok_or(NoteError::Key)
    }

    /// Whose key it is, as in `sum.golang.org`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn key_hash(name: &str, data: &[u8]) -> Option<[u8; 4]> {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update(b"\n");
    hash.update(data);
    hash.finalize().get(..4)?.try_into().ok()
}

/// The root of a tree, whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRoot {
    size: u64,
    hash: [u8; 32],
    note: String,
}

impl SignedRoot {
    /// Checks the signature of a note and takes the root out of it.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(unverified_note: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let note = unverified_note;
        if note.len() > MOST_BYTES {
            return Err(NoteError::Form);
        }
        let (text, signatures) = note.split_once("\n\n").ok_or(NoteError::Form)?;
        let text = format!("{text}\n");
        let signed = signatures.lines().any(|line| is_signed(&text, line, key));
        if !signed {
            let name = key.name.clone();
            return Err(NoteError::Signature { name });
        }
        let mut lines = text.lines();
        let read = || {
            (lines.next()? == "go.sum database tree").then_some(())?;
            let size = lines.next()?.parse().ok()?;
            let hash = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
            Some((size, hash))
        };
        let (size, hash) = { read }().ok_or(NoteError::Form)?;
        Ok(Self {
            size,
            hash,
            note: note.to_owned(),
        })
    }

    /// The number of records.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of all of them.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// The note with its signatures, to be checked again elsewhere.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

fn is_signed(text: &str, line: &str, key: &VerifierKey) -> bool {
    let check = || {
        let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let data = STANDARD.decode(signature).ok()?;
        let (hash, signature) = data.split_at_checked(4)?;
        if name != key.name || hash != key.hash {
            return None;
        }
        let signature = Signature::from_slice(signature).ok()?;
        key.key.verify_strict(text.as_bytes(), &signature).ok()
    };
    check().is_some()
}
