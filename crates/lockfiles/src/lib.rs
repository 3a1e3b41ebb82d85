//! Bytes of one lockfile format to packages. One file a format.
//!
//! Pure: nothing here reads a file, a clock or the environment.

pub mod kinds;

pub use kinds::{Ecosystem, Kind, Role, kind_of};
