//! The file in which a repository keeps the manifests of what it vendors.
//!
//! A gzip of text, so that `zgrep` and `zdiff` read it: for each module a head,
//! its lines in the form of Go's `dirhash` without the module's name, the
//! files that rules leave out because of their contents, and the record of
//! the checksum database. Nothing in it is believed: a Go manifest must hash
//! to `go.sum`, a left-out file to its line, a record to a signed root. Only
//! the manifest of a crate hashes to nothing, see [`Subject::Crate`].

mod reading;
mod writing;

use std::collections::BTreeMap;

use crate::archives::Unpacked;
use crate::digest::Digest;

pub use reading::BundleError;

/// The first line of the text.
const HEAD: &str = "cofferdam vendor manifests 1";

/// What a manifest is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A Go module at a version.
    Go {
        /// Its path.
        module: String,
        /// Its version.
        version: String,
    },
    /// A crate at a version. Its lock names the hash of the archive and not
    /// of the manifest, so that the manifest counts only where the archive is
    /// at hand, or where the base has the same one.
    Crate {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// The SHA-256 of the archive that it was made from.
        archive: Digest,
    },
}

impl Subject {
    /// What stands before each path in the text that is hashed.
    #[must_use]
    pub fn prefix(&self) -> String {
        match self {
            Self::Go { module, version } => format!("{module}@{version}/"),
            Self::Crate { name, version, .. } => format!("{name}-{version}/"),
        }
    }
}

/// The record of the checksum database for a module, before it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedRecord {
    /// The number of the record, from zero.
    pub number: u64,
    /// The lines of the record.
    pub text: String,
    /// The hashes on the way to the root, from the leaf upwards.
    pub path: Vec<[u8; 32]>,
}

/// What is kept of one module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The manifest and the files that come along with it.
    pub unpacked: Unpacked,
    /// The record of the checksum database.
    pub record: Option<UnverifiedRecord>,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// The signed note of the root to which all records lead.
    pub unverified_note: Option<String>,
    /// What is kept, in order.
    pub kept: BTreeMap<Subject, Kept>,
}
