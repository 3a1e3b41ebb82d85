//! Bytes of one lockfile format to packages. One file a format.
//!
//! Pure: nothing here reads a file, a clock or the environment. `Format::of` tells a
//! format by the name of a file, `text` makes text of bytes, `parse` gives a `Document`
//! of `Package`s, and `Files` is how a reader asks for a manifest beside the file or
//! for what it includes. What could not be followed is among `Document::gaps`; what a
//! file does not say is unknown and never guessed. The module `versions` orders
//! versions and evaluates what advisories say of them.

#[cfg(feature = "vendoring")]
pub mod cargo;
#[cfg(feature = "packages")]
mod dart;
#[cfg(feature = "packages")]
pub mod document;
#[cfg(feature = "packages")]
mod draft;
#[cfg(feature = "packages")]
pub mod files;
#[cfg(feature = "packages")]
pub mod formats;
#[cfg(feature = "vendoring")]
pub mod go;
#[cfg(feature = "packages")]
mod hex;
#[cfg(feature = "packages")]
pub mod integrity;
pub mod kinds;
#[cfg(feature = "packages")]
mod maven;
#[cfg(feature = "vendoring")]
pub mod mistake;
#[cfg(feature = "packages")]
mod npm;
#[cfg(feature = "packages")]
mod nuget;
#[cfg(feature = "packages")]
pub mod package;
#[cfg(feature = "packages")]
mod packagist;
#[cfg(feature = "packages")]
pub mod purl;
#[cfg(feature = "packages")]
mod pypi;
#[cfg(feature = "packages")]
mod references;
#[cfg(feature = "packages")]
mod rubygems;
#[cfg(feature = "packages")]
mod sbom;
#[cfg(feature = "packages")]
mod tree;
#[cfg(feature = "packages")]
pub mod versions;
#[cfg(feature = "packages")]
mod xml;

#[cfg(feature = "packages")]
pub use document::{Document, Note, NoteKind, ParseError};
#[cfg(feature = "packages")]
pub use files::{Files, NoFiles, Unreadable};
#[cfg(feature = "packages")]
pub use formats::{Format, MAX_BYTES, parse, text};
#[cfg(feature = "packages")]
pub use integrity::{Algorithm, Integrity, Subject};
pub use kinds::{Ecosystem, Kind, Role, kind_of};
#[cfg(feature = "vendoring")]
pub use mistake::{Mistake, Problem};
#[cfg(feature = "packages")]
pub use package::{Distribution, Package, Relation, Scope, Source};
#[cfg(feature = "packages")]
pub use purl::PackageUrl;
#[cfg(feature = "packages")]
pub use tree::yaml_as_json;
