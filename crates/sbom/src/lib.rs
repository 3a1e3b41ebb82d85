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
pub use tree::store::Blobs;
pub use tree::{Files, Options, Subject, SubjectKind};

use std::io::{Cursor, Read};
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

/// Looks into an image that lies elsewhere, as in a registry: `name` is how the
/// document names it; media type, digest and size are those of its manifest or
/// index.
///
/// # Errors
/// As [`read`].
pub fn read_image(
    blobs: Box<dyn Blobs>,
    name: &str,
    (media_type, digest, size): (&str, &str, u64),
    options: &Options,
) -> Result<Document, SbomError> {
    let index = serde_json::json!({
        "manifests": [{ "mediaType": media_type, "digest": digest, "size": size }],
    });
    let store = tree::store::Store::Elsewhere {
        blobs,
        index: index.to_string().into_bytes(),
    };
    let (subject, harvest) = tree::oci_layout::read(&store, name, options)?;
    Ok(Document::assemble(subject, harvest, options))
}

/// A layer of an image that somebody else brings, as from a registry.
pub struct LayerStream {
    /// How errors name it: its digest.
    pub name: String,
    /// Its bytes as they come, however they are packed.
    pub source: Box<dyn Read + Send>,
    /// The hexadecimal SHA-256 and the size that the manifest says. A layer that
    /// has others is refused.
    pub said: Option<(String, u64)>,
}

/// Looks into the layers of an image, the lowest first.
///
/// # Errors
/// [`SbomError`] where a layer cannot be read or is not what was said.
pub fn read_layers(
    subject: Subject,
    layers: Vec<LayerStream>,
    options: &Options,
) -> Result<Document, SbomError> {
    let sources = layers.into_iter().map(|layer| tree::image::LayerSource {
        blob: tree::store::Blob {
            size: layer.said.as_ref().map_or(0, |(_, size)| *size),
            source: layer.source,
        },
        name: layer.name,
        said: layer.said,
        diff_id: None,
        packing: None,
    });
    let harvest = tree::image::read(sources.collect(), options)?;
    Ok(Document::assemble(subject, harvest, options))
}

/// Looks into one file as if it lay at `path` of a source tree.
///
/// # Errors
/// What reading the bytes says, which does not happen.
pub fn read_file(
    path: &str,
    bytes: &[u8],
    limits: &Limits,
) -> std::io::Result<Option<catalogue::FileFound>> {
    let candidate = catalogue::Candidate {
        path,
        size: bytes.len() as u64,
        tree: catalogue::Tree::Source,
    };
    let mut content = Cursor::new(bytes);
    catalogue::look(candidate, &mut content, catalogue::file::NOTHING, limits)
}
