//! The checksum database of Go: a log of which every module's sums are
//! records, and whose root is signed.
//!
//! A record, the path of hashes from it to the root, and the signed root prove
//! together that the sums are the ones that everybody gets, without asking
//! anybody. They are fetched once and checked here, offline.
//!
//! Sources: "Proposal: Secure the Public Go Module Ecosystem"; RFC 6962,
//! section 2.1, for hashes and paths; the format of signed notes.

pub mod note;
pub mod proof;
pub mod tiles;

use crate::digest::H1;

pub use note::{NoteError, SignedRoot, VerifierKey};
pub use proof::{leaf_hash, verify_inclusion};

/// The checksum database that the `go` command asks by default.
pub const PUBLIC_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

/// A record of the log, with what proves that it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The number of the record, from zero.
    pub number: u64,
    /// The lines of the record.
    pub text: String,
    /// The hashes on the way to the root, from the leaf upwards.
    pub path: Vec<[u8; 32]>,
    /// Which signed root it leads to.
    pub root: SignedRoot,
}

/// Why a record proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The record does not lead to the signed root.
    #[error("record {number} does not belong to the signed tree of {size} records")]
    NotIncluded {
        /// The record.
        number: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The record is about something else.
    #[error("the record says nothing of {module}@{version}")]
    OtherModule {
        /// The module asked for.
        module: String,
        /// Its version.
        version: String,
    },
}

impl Proof {
    /// The sum of a module's files in the checksum database.
    ///
    /// # Errors
    /// [`ProofError`] if the record is not in the signed tree, or about
    /// something else.
    pub fn sum_of(&self, module: &str, version: &str) -> Result<H1, ProofError> {
        let leaf = leaf_hash(self.text.as_bytes());
        if !verify_inclusion(
            leaf,
            self.number,
            self.root.size(),
            &self.path,
            self.root.hash(),
        ) {
            return Err(ProofError::NotIncluded {
                number: self.number,
                size: self.root.size(),
            });
        }
        record_sum(&self.text, module, version).ok_or_else(|| ProofError::OtherModule {
            module: module.to_owned(),
            version: version.to_owned(),
        })
    }
}

/// The sum that the lines of a record name for a module's files.
fn record_sum(text: &str, module: &str, version: &str) -> Option<H1> {
    text.lines().find_map(|line| {
        let mut words = line.split(' ');
        let found = words.next() == Some(module) && words.next() == Some(version);
        let sum = words.next()?;
        (found && words.next().is_none()).then(|| H1::parse(sum))?
    })
}

/// The answer of a checksum database to a question for a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The number of the record, from zero.
    pub number: u64,
    /// The lines of the record.
    pub text: String,
    /// The signed note of the newest root.
    pub note: String,
}

impl Lookup {
    /// Takes an answer apart; nothing of it is proven yet. `None` if it has
    /// another form.
    #[must_use]
    pub fn parse(answer: &str) -> Option<Self> {
        let (number, rest) = answer.split_once('\n')?;
        let (text, note) = rest.split_once("\n\n")?;
        Some(Self {
            number: number.parse().ok()?,
            text: format!("{text}\n"),
            note: note.to_owned(),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// An answer of the public database, with the path from its tiles.
    const LOOKUP: &str = include_str!("recorded/lookup.txt");
    const PATH: &str = include_str!("recorded/path.txt");

    fn proof() -> Proof {
        let lookup = Lookup::parse(LOOKUP).unwrap();
        let key = VerifierKey::parse(PUBLIC_KEY).unwrap();
        let path = PATH
            .lines()
            .map(|line| crate::Digest::from_base64(line).unwrap().0);
        Proof {
            number: lookup.number,
            text: lookup.text,
            path: path.collect(),
            root: SignedRoot::open(&lookup.note, &key).unwrap(),
        }
    }

    #[test]
    fn a_record_of_the_public_database_is_proven() {
        let sum = proof().sum_of("golang.org/x/sys", "v0.30.0").unwrap();
        assert_eq!(
            sum.to_string(),
            "h1:QjkSwP/36a20jFYWkSue1YwXzLmsV5Gfq7Eiy72C1uc="
        );
        assert!(matches!(
            proof().sum_of("golang.org/x/sys", "v0.31.0"),
            Err(ProofError::OtherModule { .. })
        ));
    }

    #[test]
    fn whatever_is_changed_proves_nothing() {
        let mut forged = proof();
        forged.text = forged.text.replace("QjkS", "QjkT");
        assert!(matches!(
            forged.sum_of("golang.org/x/sys", "v0.30.0"),
            Err(ProofError::NotIncluded { .. })
        ));
        let mut forged = proof();
        forged.number += 1;
        assert!(forged.sum_of("golang.org/x/sys", "v0.30.0").is_err());
        let key = VerifierKey::parse(PUBLIC_KEY).unwrap();
        let note = Lookup::parse(LOOKUP).unwrap().note;
        let larger = note.replacen('6', "7", 1);
        assert!(matches!(
            SignedRoot::open(&larger, &key),
            Err(NoteError::Signature { .. })
        ));
        assert_eq!(SignedRoot::open("x", &key), Err(NoteError::Form));
        for wrong in [
            "",
            "a+b",
            "a+00000000+AAAA",
            &PUBLIC_KEY.replace("033", "034"),
        ] {
            assert_eq!(VerifierKey::parse(wrong), Err(NoteError::Key), "{wrong}");
        }
    }
}
