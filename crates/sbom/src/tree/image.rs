//! The layers of one image, read and laid on top of each other.

use std::hash::RandomState;
use std::io::Read;

use cofferdam_facts::Timestamp;
use rayon::prelude::*;
use serde::Deserialize;

use super::layer::{self, Layer, Whiteouts};
use super::squash::squash;
use super::store::{Blob, Platform};
use super::unpack::{Hashed, Packing, Unpacked, ahead};
use super::{Harvest, Options};
use crate::error::{ArchiveProblem, ImageProblem, SbomError};

/// The configuration of an image.
///
/// Source: OCI image specification, "Image Configuration".
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Configuration {
    #[serde(default)]
    pub(crate) created: Option<String>,
    #[serde(flatten)]
    pub(crate) platform: Platform,
    #[serde(default)]
    pub(crate) rootfs: RootFs,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct RootFs {
    #[serde(default)]
    pub(crate) diff_ids: Vec<String>,
}

impl Configuration {
    /// When the image was made. Tools that build reproducibly write the first
    /// second of 1970 or of year 1, which says nothing.
    pub(crate) fn created(&self) -> Option<Timestamp> {
        let time = Timestamp::parse_time(self.created.as_deref()?)?;
        (time.unix() > 0).then_some(time)
    }

    pub(crate) fn platform(&self) -> Option<String> {
        (!self.platform.os.is_empty()).then(|| self.platform.text())
    }
}

/// One layer, before it is read.
pub(crate) struct LayerSource {
    /// How messages name it.
    pub(crate) name: String,
    pub(crate) blob: Blob,
    /// The hexadecimal SHA-256 and size that the manifest says, where it does.
    pub(crate) said: Option<(String, u64)>,
    /// The hexadecimal SHA-256 of its content, where that is what identifies it.
    pub(crate) diff_id: Option<String>,
    /// How its media type says that it is compressed, where it says so.
    pub(crate) packing: Option<(Packing, String)>,
}

/// Reads all layers, and gives what can be seen of them.
pub(crate) fn read(layers: Vec<LayerSource>, options: &Options) -> Result<Harvest, SbomError> {
    let most = options.limits.layers;
    if layers.len() > most {
        let what = "layers";
        return Err(SbomError::image("manifest")(ImageProblem::TooMany {
            what,
            most,
        }));
    }
    let hasher = RandomState::new();
    let read: Vec<Result<Layer, SbomError>> = layers
        .into_par_iter()
        .map(|source| one(source, Whiteouts::Delete, options, &hasher))
        .collect();
    let layers: Vec<Layer> = read.into_iter().collect::<Result<_, _>>()?;
    Ok(squash(layers, &hasher))
}

/// Reads one layer and checks its digests.
pub(crate) fn one(
    source: LayerSource,
    whiteouts: Whiteouts,
    options: &Options,
    hasher: &RandomState,
) -> Result<Layer, SbomError> {
    let name = source.name;
    let image = SbomError::image(&name);
    let damaged = |error| SbomError::archive(&name)(super::tar::problem(error, 0));
    // What lies behind the size that is said would be hashed and refused anyway.
    let most = source.said.as_ref().map_or(u64::MAX, |(_, size)| *size + 1);
    let hashed = Hashed::new(source.blob.source.take(most));
    let (packing, unpacked) = Unpacked::new(hashed, options.limits).map_err(damaged)?;
    if let Some((said, media_type)) = source.packing
        && said != packing
    {
        return Err(image(ImageProblem::Content { media_type }));
    }
    let wants_content = source.diff_id.is_some();
    let (layer, content, hashed) = std::thread::scope(|scope| {
        let content = Content::new(unpacked, wants_content);
        let (stream, handle) = ahead(scope, content);
        let layer = layer::read(stream, whiteouts, options, hasher);
        // The thread ends as soon as nobody listens.
        let content = handle.join().ok();
        let (inner, digest) = match content {
            Some(content) => content.finish(),
            None => (None, None),
        };
        (layer, digest, inner)
    });
    let layer = match layer {
        Ok(layer) => layer,
        Err(problem) => return Err(refused(problem, source.said.as_ref(), hashed, &name)),
    };
    if let Some(hashed) = hashed {
        check(hashed, source.said.as_ref(), &name)?;
    }
    if let (Some(said), Some(found)) = (source.diff_id, content)
        && said != found
    {
        return Err(image(ImageProblem::DiffId { found, said }));
    }
    Ok(layer)
}

/// A layer that cannot be unpacked is named as what it is: another blob than
/// the manifest says, if it is one.
fn refused<R: Read>(
    problem: ArchiveProblem,
    said: Option<&(String, u64)>,
    hashed: Option<Hashed<R>>,
    name: &str,
) -> SbomError {
    let bomb = matches!(
        problem,
        ArchiveProblem::Ratio { .. }
            | ArchiveProblem::Unpacked { .. }
            | ArchiveProblem::Entries { .. }
            | ArchiveProblem::Scratch(_)
    );
    if !bomb && let Some(hashed) = hashed {
        match check(hashed, said, name) {
            Ok(()) => {}
            Err(error) => return error,
        }
    }
    SbomError::archive(name)(problem)
}

fn check<R: Read>(
    mut hashed: Hashed<R>,
    said: Option<&(String, u64)>,
    name: &str,
) -> Result<(), SbomError> {
    let Some((digest, size)) = said else {
        return Ok(());
    };
    let image = SbomError::image(name);
    hashed
        .drain()
        .map_err(|error| SbomError::archive(name)(super::tar::problem(error, 0)))?;
    let (found, hex) = hashed.finish();
    if found != *size {
        return Err(image(ImageProblem::Size { found, said: *size }));
    }
    if hex != *digest {
        return Err(image(ImageProblem::Digest { found: hex }));
    }
    Ok(())
}

/// What a layer unpacks to, hashed too where that is asked for.
enum Content<R: Read> {
    Only(Unpacked<Hashed<R>>),
    Hashed(Hashed<Unpacked<Hashed<R>>>),
}

impl<R: Read> Content<R> {
    fn new(source: Unpacked<Hashed<R>>, hashed: bool) -> Self {
        if hashed {
            Self::Hashed(Hashed::new(source))
        } else {
            Self::Only(source)
        }
    }

    /// What lies below, and the digest.
    fn finish(self) -> (Option<Hashed<R>>, Option<String>) {
        match self {
            Self::Only(source) => (source.into_inner(), None),
            Self::Hashed(hashed) => {
                let (source, digest) = hashed.into_parts();
                (source.into_inner(), Some(digest))
            }
        }
    }
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Only(source) => source.read(buffer),
            Self::Hashed(source) => source.read(buffer),
        }
    }
}
