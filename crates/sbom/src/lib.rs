//! What an image, a folder, an executable or a chart is made of, as SPDX and
//! CycloneDX.
//!
//! [`read`] looks into a target and gives a [`Document`]; [`formats`] write it.
//! The same target gives the same bytes: there is no clock and no chance in it.

pub mod catalogue;
mod document;
mod error;
mod executable;
pub mod formats;
mod licence;
mod limits;
mod package;
mod tree;

pub use document::{Document, Entry, Gap, Location};
pub use error::{ArchiveProblem, ImageProblem, SbomError};
pub use limits::Limits;
pub use package::{Algorithm, Checksum, Kind, Package};
pub use tree::{Files, Options, Subject, SubjectKind};

use std::path::Path;

/// Looks into a target.
///
/// # Errors
/// [`SbomError`] where the target as a whole cannot be read; a file of it that
/// cannot be read is a [`Gap`] of the document.
pub fn read(target: &Path, options: &Options) -> Result<Document, SbomError> {
    let (subject, harvest) = tree::target::read(target, options)?;
    Ok(Document::assemble(subject, harvest, options))
}
