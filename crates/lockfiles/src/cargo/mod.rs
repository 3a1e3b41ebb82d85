//! The files in which Cargo names crates and their checksums.

pub mod checksums;
pub mod lock;
#[cfg(feature = "packages")]
mod manifests;
#[cfg(feature = "packages")]
pub(crate) mod packages;

pub use checksums::Checksums;
pub use lock::{CargoLock, LockedCrate};
