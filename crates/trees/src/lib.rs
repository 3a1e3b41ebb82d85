//! A tree of files, compared with its manifest, which hashes to its anchor.
//!
//! The same three steps prove a vendor directory of Go or Cargo and the tree
//! of an action: what lies there equals the lines of a manifest; the manifest
//! hashes to a sum; and the sum stands where the one who changes the tree
//! could not put it.
//!
//! Pure: nothing here reads a file, a clock, the environment or the network.

pub mod anchor;
pub mod archives;
pub mod bundle;
pub mod comparison;
pub mod digest;
pub mod go;
pub mod lines;
pub mod manifest;
pub mod sumdb;

pub use anchor::Anchor;
pub use bundle::Bundle;
pub use comparison::{Comparison, Difference, Entry, Tree, Wanted, compare};
pub use digest::{Digest, H1, Hasher};
pub use manifest::{Manifest, ManifestError};
