//! Why a pack is not accepted.

use cofferdam_facts::Timestamp;

/// Why a pack, its keys or the record of its predecessors are not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// More bytes than any honest file of this kind has.
    #[error("the {what} has more than {limit} bytes")]
    TooLarge {
        /// Which file.
        what: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not a DSSE envelope.
    #[error("not a DSSE envelope: {0}")]
    Envelope(serde_json::Error),
    /// The envelope carries something else than a data pack.
    #[error("the payload type is not {expected}")]
    PayloadType {
        /// The payload type of data packs.
        expected: &'static str,
    },
    /// A base64 field of the envelope cannot be decoded.
    #[error("the envelope's {field} is not base64: {source}")]
    Base64 {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        source: base64::DecodeError,
    },
    /// The envelope carries more signatures than are looked at.
    #[error("more than {limit} signatures")]
    TooManySignatures {
        /// The limit.
        limit: usize,
    },
    /// Fewer trusted keys have signed than are demanded.
    #[error("{valid} of {threshold} demanded signatures by trusted keys{}", if *retired { "; a retired key signed it" } else { "" })]
    NotTrusted {
        /// How many trusted keys have a valid signature.
        valid: usize,
        /// How many are demanded.
        threshold: usize,
        /// Whether a key signed that was trusted once and is retired.
        retired: bool,
    },
    /// The signed bytes are not a data pack.
    #[error("the signed payload is not a data pack of a known shape: {0}")]
    Payload(serde_json::Error),
    /// The pack has a format that this version does not read.
    #[error("the pack has format {found}; this version reads {known}")]
    Format {
        /// The pack's format.
        found: u32,
        /// The format that is read.
        known: u32,
    },
    /// An entry of the pack contradicts the rules of its list.
    #[error("{list}[{entry}]: {problem}")]
    Entry {
        /// Which list.
        list: &'static str,
        /// The entry's place, from zero.
        entry: usize,
        /// What is wrong.
        problem: EntryProblem,
    },
    /// The key file is not understood.
    #[error("not a key file: {0}")]
    KeyFile(serde_json::Error),
    /// A key of the key file cannot be used.
    #[error("key {entry} of the key file: {problem}")]
    Key {
        /// The key's place, from zero.
        entry: usize,
        /// What is wrong.
        problem: KeyProblem,
    },
    /// The key file demands no signature, or more than it has keys.
    #[error("the key file demands {threshold} signatures of {keys} keys")]
    Threshold {
        /// How many signatures are demanded.
        threshold: usize,
        /// How many keys may give them.
        keys: usize,
    },
    /// The record of the highest pack seen cannot be read: nothing can tell
    /// whether a pack is older than one that was already in use.
    #[error("the record of the highest pack seen cannot be read: {0}")]
    Record(serde_json::Error),
    /// The record of the highest pack seen is of an unknown shape.
    #[error("the record of the highest pack seen is not one that this version writes")]
    RecordShape,
    /// The pack is older than one that was already in use.
    #[error("pack {offered} is older than pack {seen}, which was already in use")]
    Rollback {
        /// The pack's version.
        offered: u64,
        /// The highest version that was in use.
        seen: u64,
    },
    /// Two packs carry the same version and different contents.
    #[error("two different packs carry version {version}")]
    Equivocation {
        /// The version.
        version: u64,
    },
    /// The pack is too old to be consulted.
    #[error("the pack was valid until {expired}")]
    TooOld {
        /// When its limit was reached.
        expired: Timestamp,
    },
    /// The pack is dated ahead of the present time.
    #[error("the pack is dated {created_at}, ahead of the present time")]
    FromTheFuture {
        /// When it says it was made.
        created_at: Timestamp,
    },
}

/// What is wrong with an entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// The list is longer than any honest one.
    #[error("the list is too long")]
    TooMany,
    /// A text is longer than any honest one, empty, or has control characters.
    #[error("a text is empty, too long, or has control characters")]
    Text,
    /// Not `owner/repo` or `owner/repo/path`.
    #[error("not the name of an action")]
    Name,
    /// A name that is compared in lower case is not in lower case.
    #[error("not in lower case")]
    Case,
    /// A commit is not a full id in lower case.
    #[error("not a full commit id")]
    Commit,
    /// A version that cannot be compared.
    #[error("not a version")]
    Version,
    /// Times in the wrong order.
    #[error("ends before it begins")]
    Order,
    /// The entry says nothing: no ref, no range, no date.
    #[error("says nothing")]
    Empty,
    /// The entry contradicts itself.
    #[error("contradicts itself")]
    Contradiction,
    /// No https source.
    #[error("has no source")]
    Source,
    /// The list already has such an entry.
    #[error("is in the list twice")]
    Twice,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Another algorithm than Ed25519.
    #[error("not an Ed25519 key")]
    Algorithm,
    /// The public key is not 32 bytes in base64, or no point of the curve, or of
    /// small order.
    #[error("not a usable public key")]
    Point,
    /// The id is not the SHA-256 of the public key.
    #[error("the id is not the SHA-256 of the key")]
    Id,
    /// The same key stands in the file twice.
    #[error("is in the file twice")]
    Twice,
}
