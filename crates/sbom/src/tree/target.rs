//! What a target is.

use std::path::Path;

use cofferdam_facts::ImageRef;

use super::image::LayerSource;
use super::store::{Blob, Store};
use super::{
    Harvest, Options, Subject, SubjectKind, chart, directory, docker_archive, oci_layout, open,
    single,
};
use crate::catalogue::file::up_to;
use crate::error::SbomError;

/// Reads a target, whatever it is.
pub(crate) fn read(path: &Path, options: &Options) -> Result<(Subject, Harvest), SbomError> {
    let resolved = std::fs::canonicalize(path).map_err(|error| {
        let name = path.to_string_lossy();
        if error.kind() == std::io::ErrorKind::NotFound && names_an_image(&name) {
            let name = name.into_owned();
            return SbomError::Registry { name };
        }
        SbomError::file(path)(error)
    })?;
    let name = resolved.file_name().map_or_else(
        || resolved.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    if resolved.is_dir() {
        // Also where one of them is a link, which is then refused: a layout that is
        // taken for a plain folder would seem to hold nothing.
        let is_there = |name: &str| std::fs::symlink_metadata(resolved.join(name)).is_ok();
        if is_there("oci-layout") && is_there("index.json") {
            return oci_layout::read(&Store::Folder(resolved), &name, options);
        }
        let subject = Subject {
            kind: SubjectKind::Folder,
            name,
            version: None,
            digest: None,
            platform: None,
            created: None,
        };
        return Ok((subject, directory::walk(&resolved, options)?));
    }
    if looks_like_tar(&resolved)? {
        return archive(&resolved, &name, options);
    }
    let found = single::read(&resolved, options)?;
    found.ok_or_else(|| SbomError::Unknown {
        path: path.to_owned(),
    })
}

/// Whether a text looks like `HOST/REPOSITORY` with a tag or a digest.
fn names_an_image(text: &str) -> bool {
    let image = ImageRef::parse(text.trim_start_matches("docker://"));
    image.registry.is_some() && (image.tag.is_some() || image.digest.is_some())
}

fn archive(path: &Path, name: &str, options: &Options) -> Result<(Subject, Harvest), SbomError> {
    let stem = name.split('.').next().unwrap_or(name);
    let store = Store::archive(path, options)?;
    if store.has("oci-layout") && store.has("index.json") {
        return oci_layout::read(&store, stem, options);
    }
    if store.has("manifest.json") {
        return docker_archive::read(&store, stem, options);
    }
    let is_chart = store.names().any(|name| {
        let mut parts = name.split('/').skip(1);
        parts.next() == Some("Chart.yaml") && parts.next().is_none()
    });
    if !is_chart {
        return Err(SbomError::Unknown {
            path: path.to_owned(),
        });
    }
    let mut file = open::regular(path).map_err(SbomError::file(path))?;
    let digests = super::spool::Digests::of(&mut file).map_err(SbomError::file(path))?;
    let file = open::regular(path).map_err(SbomError::file(path))?;
    let size = file.metadata().map_err(SbomError::file(path))?.len();
    let source = LayerSource {
        name: name.to_owned(),
        blob: Blob {
            source: Box::new(file),
            size,
        },
        // The file that is hashed is the one that is read.
        said: Some((digests.sha256.clone(), size)),
        diff_id: None,
        packing: None,
    };
    let (found, harvest) = chart::read(source, options)?;
    let (name, version) = match found {
        Some((name, version)) => (name, Some(version)),
        None => (stem.to_owned(), None),
    };
    let subject = Subject {
        kind: SubjectKind::Chart,
        name,
        version,
        digest: Some(digests.sha256),
        platform: None,
        created: None,
    };
    Ok((subject, harvest))
}

/// Whether a file begins as a tar archive does, or as a compressed one may.
fn looks_like_tar(path: &Path) -> Result<bool, SbomError> {
    let mut file = open::regular(path).map_err(SbomError::file(path))?;
    let mut head = [0; 512];
    let read = up_to(&mut file, &mut head).map_err(SbomError::file(path))?;
    let head = head.get(..read).unwrap_or_default();
    let packed = super::unpack::Packing::of(head) != super::unpack::Packing::Plain;
    Ok(packed || head.get(257..262) == Some(b"ustar"))
}
