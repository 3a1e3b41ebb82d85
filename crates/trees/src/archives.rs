//! Archives as registries give them out, to manifests.
//!
//! Nothing is unpacked to a folder: the contents are hashed as they come, and
//! handed to the caller one by one.

use std::io::{Cursor, Read};

use flate2::read::GzDecoder;

use crate::digest::Digest;
use crate::go::Witnesses;
use crate::go::constraints;
use crate::manifest::{MOST_FILES, Manifest, ManifestError};

/// The most bytes that an archive may unpack to.
///
/// Source: Go modules reference, "Module zip files": 500 MiB.
pub const MOST_BYTES: u64 = 500 * 1024 * 1024;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no zip archive, or a damaged one.
    #[error("the zip archive is damaged")]
    Zip(#[from] zip::result::ZipError),
    /// It cannot be decompressed.
    #[error("the archive is damaged")]
    Damaged(#[from] std::io::Error),
    /// An entry lies outside of the folder that the archive has to hold.
    #[error("the entry `{name}` does not lie below `{prefix}`")]
    Outside {
        /// The entry.
        name: String,
        /// The folder.
        prefix: String,
    },
    /// An entry is no file.
    #[error("the entry `{name}` is no regular file")]
    NoFile {
        /// The entry.
        name: String,
    },
    /// Its names are no manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// It unpacks to more than is read.
    #[error("the archive unpacks to more than {MOST_BYTES} bytes")]
    TooLarge,
}

/// What an archive holds, as far as a vendor directory is judged by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Its files.
    pub manifest: Manifest,
    /// Go files that `go mod vendor` leaves out, and `go.mod`.
    pub witnesses: Witnesses,
}

/// Reads a module's zip archive, whose entries all lie below `prefix`, as in
/// `MODULE@VERSION/`. `each` sees every file.
///
/// # Errors
/// [`ArchiveError`].
pub fn module_zip(
    bytes: &[u8],
    prefix: &str,
    each: &mut dyn FnMut(&str, &[u8]),
) -> Result<Unpacked, ArchiveError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > MOST_FILES {
        return Err(ManifestError::TooMany.into());
    }
    let mut budget = Budget(MOST_BYTES);
    let mut files = Vec::with_capacity(archive.len());
    let mut witnesses = Witnesses::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at)?;
        let name = entry.name()?.into_owned();
        let Some(path) = name.strip_prefix(prefix) else {
            let prefix = prefix.to_owned();
            return Err(ArchiveError::Outside { name, prefix });
        };
        let content = budget.read(&mut entry)?;
        let path: Box<str> = path.into();
        if constraints::is_witness(&path, &content) {
            witnesses.insert(path.clone(), content.clone());
        }
        each(&path, &content);
        files.push((path, Digest::of(&content)));
    }
    Ok(Unpacked {
        manifest: Manifest::new(files)?,
        witnesses,
    })
}

/// Reads a crate's archive (tar and gzip), whose entries all lie below
/// `prefix`, as in `NAME-VERSION/`. `each` sees every file.
///
/// # Errors
/// [`ArchiveError`].
pub fn crate_archive(
    bytes: &[u8],
    prefix: &str,
    each: &mut dyn FnMut(&str, &[u8]),
) -> Result<Manifest, ArchiveError> {
    // The tar format pads, so that a little more than the files comes out.
    let bounded = GzDecoder::new(bytes).take(MOST_BYTES.saturating_mul(2));
    let mut archive = tar::Archive::new(bounded);
    let mut budget = Budget(MOST_BYTES);
    let mut files = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            continue;
        }
        if !kind.is_file() {
            return Err(ArchiveError::NoFile { name });
        }
        let Some(path) = name.strip_prefix(prefix) else {
            let prefix = prefix.to_owned();
            return Err(ArchiveError::Outside { name, prefix });
        };
        let content = budget.read(&mut entry)?;
        each(path, &content);
        files.push((Box::from(path), Digest::of(&content)));
        if files.len() > MOST_FILES {
            return Err(ManifestError::TooMany.into());
        }
    }
    Ok(Manifest::new(files)?)
}

/// What an archive may still unpack to.
struct Budget(u64);

impl Budget {
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    fn read(&mut self, from: &mut dyn Read) -> Result<Vec<u8>, ArchiveError> {
        let mut content = Vec::new();
        from.take(self.0.saturating_add(1))
            .read_to_end(&mut content)?;
        let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.0 = self.0.checked_sub(length).ok_or(ArchiveError::TooLarge)?;
        Ok(content)
    }
}
