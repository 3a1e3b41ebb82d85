//! Bytes of one lockfile format to packages. One file a format.
//!
//! Pure: nothing here reads a file, a clock or the environment.

#[cfg(feature = "vendoring")]
pub mod cargo;
#[cfg(feature = "vendoring")]
pub mod go;
pub mod kinds;
#[cfg(feature = "vendoring")]
pub mod mistake;

pub use kinds::{Ecosystem, Kind, Role, kind_of};
#[cfg(feature = "vendoring")]
pub use mistake::{Mistake, Problem};
