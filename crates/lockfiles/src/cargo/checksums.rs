//! `.cargo-checksum.json`: what a vendored crate says of its own files.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Checksums {
    /// The SHA-256 of each file in hexadecimal, by path. The crate's own word:
    /// whoever can change a file can change its line.
    pub files: BTreeMap<String, String>,
    /// The SHA-256 of the archive, to be compared with `Cargo.lock`; crates
    /// from git have none.
    pub package: Option<String>,
}

impl Checksums {
    /// Reads a file.
    ///
    /// # Errors
    /// The JSON error with its line and column.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}
