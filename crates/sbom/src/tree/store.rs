//! Where the blobs of an image lie: in a folder, or in an archive.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::tar::{EntryKind, Tar, plain};
use super::unpack::{Hashed, Packing, Unpacked, hex};
use super::{Options, open};
use crate::catalogue::file::{up_to, whole};
use crate::error::{ImageProblem, SbomError};
use crate::limits::Limits;
use sha2::{Digest, Sha256};

/// How many links of an archive are followed for one file.
const MOST_LINKS: usize = 8;
/// The file of a layout that names its images.
const INDEX: &str = "index.json";

/// A folder or an archive of blobs.
pub(crate) enum Store {
    /// A folder.
    Folder(PathBuf),
    /// An archive, and where each of its files lies in it.
    Archive {
        file: ArchiveFile,
        places: HashMap<String, Place>,
    },
    /// Elsewhere, with an index that names the one image that is meant.
    Elsewhere {
        blobs: Box<dyn Blobs>,
        index: Vec<u8>,
    },
}

/// Brings the blobs of an image that lies elsewhere, as in a registry.
pub trait Blobs {
    /// A manifest or an index, by its digest.
    ///
    /// # Errors
    /// What hinders it.
    fn manifest(&self, digest: &str) -> io::Result<Vec<u8>>;

    /// Any other blob, by its digest and size.
    ///
    /// # Errors
    /// What hinders it.
    fn blob(&self, digest: &str, size: u64) -> io::Result<Box<dyn Read + Send>>;
}

/// The archive itself, or what it unpacked to.
pub(crate) enum ArchiveFile {
    Path(PathBuf),
    Unpacked(File),
}

pub(crate) enum Place {
    File { offset: u64, size: u64 },
    Link(String),
}

/// A blob that is open: its bytes from now on, and how many there are.
pub(crate) struct Blob {
    pub(crate) source: Box<dyn Read + Send>,
    pub(crate) size: u64,
}

impl Store {
    /// Opens an archive, which may itself be compressed.
    pub(crate) fn archive(path: &Path, options: &Options) -> Result<Self, SbomError> {
        let blob = path.display().to_string();
        let mut file = open::regular(path).map_err(SbomError::file(path))?;
        let mut head = [0; 4];
        let read = up_to(&mut file, &mut head).map_err(SbomError::file(path))?;
        file.rewind().map_err(SbomError::file(path))?;
        let file = match Packing::of(head.get(..read).unwrap_or_default()) {
            Packing::Plain => ArchiveFile::Path(path.to_owned()),
            _ => ArchiveFile::Unpacked(unpacked(file, &blob, options)?),
        };
        let source = file.open().map_err(SbomError::file(path))?;
        let places = places(source, &options.limits).map_err(SbomError::archive(&blob))?;
        Ok(Self::Archive { file, places })
    }

    /// Whether a file is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => std::fs::symlink_metadata(folder.join(name)).is_ok(),
            Self::Archive { places, .. } => places.contains_key(name),
            Self::Elsewhere { .. } => name == INDEX,
        }
    }

    /// The first files of an archive, for telling what it is.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let places = match self {
            Self::Folder(_) | Self::Elsewhere { .. } => None,
            Self::Archive { places, .. } => Some(places),
        };
        places.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Opens a file.
    pub(crate) fn open(&self, name: &str) -> Result<Blob, SbomError> {
        let missing = || SbomError::image(name)(ImageProblem::Missing);
        match self {
            Self::Elsewhere { index, .. } if name == INDEX => Ok(Blob {
                size: index.len() as u64,
                source: Box::new(io::Cursor::new(index.clone())),
            }),
            Self::Elsewhere { .. } => Err(missing()),
            Self::Folder(folder) => {
                let path = folder.join(name);
                let file = open::regular(&path).map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => missing(),
                    _ => SbomError::file(&path)(error),
                })?;
                let size = file.metadata().map_err(SbomError::file(&path))?.len();
                let source = Box::new(file);
                Ok(Blob { source, size })
            }
            Self::Archive { file, places } => {
                let mut name = name.to_owned();
                for _ in 0..MOST_LINKS {
                    match places.get(&name) {
                        None => return Err(missing()),
                        Some(Place::Link(target)) => name.clone_from(target),
                        Some(Place::File { offset, size }) => {
                            let (offset, size) = (*offset, *size);
                            let failed = |error| SbomError::file(Path::new(&name))(error);
                            let mut file = file.open().map_err(failed)?;
                            file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                            let source = Box::new(file.take(size));
                            return Ok(Blob { source, size });
                        }
                    }
                }
                Err(SbomError::image(&name)(ImageProblem::Link))
            }
        }
    }

    /// Opens what a descriptor names.
    pub(crate) fn named(&self, descriptor: &Descriptor) -> Result<Blob, SbomError> {
        let path = descriptor.path()?;
        let Self::Elsewhere { blobs, .. } = self else {
            return self.open(&path);
        };
        let digest = &descriptor.digest;
        let failed = |error| SbomError::file(Path::new(digest))(error);
        if !descriptor.is_manifest() {
            let size = descriptor.size;
            let source = blobs.blob(digest, size).map_err(failed)?;
            return Ok(Blob { source, size });
        }
        let bytes = blobs.manifest(digest).map_err(failed)?;
        Ok(Blob {
            size: bytes.len() as u64,
            source: Box::new(io::Cursor::new(bytes)),
        })
    }

    /// A small file as a whole, without a digest to check it against.
    pub(crate) fn small(&self, name: &str, limits: &Limits) -> Result<Vec<u8>, SbomError> {
        Self::whole(self.open(name)?, name, limits)
    }

    fn whole(mut blob: Blob, name: &str, limits: &Limits) -> Result<Vec<u8>, SbomError> {
        let most = limits.manifest_bytes;
        if blob.size > most {
            return Err(SbomError::image(name)(ImageProblem::TooLarge { most }));
        }
        let bytes = whole(&mut blob.source, blob.size, most);
        bytes.map_err(|_| SbomError::image(name)(ImageProblem::Missing))
    }

    /// A small blob as a whole, with its digest and size checked.
    pub(crate) fn checked(
        &self,
        descriptor: &Descriptor,
        limits: &Limits,
    ) -> Result<Vec<u8>, SbomError> {
        let problem = SbomError::image(&descriptor.digest);
        let bytes = Self::whole(self.named(descriptor)?, &descriptor.digest, limits)?;
        let found = bytes.len() as u64;
        if found != descriptor.size {
            let said = descriptor.size;
            return Err(problem(ImageProblem::Size { found, said }));
        }
        let found = hex(&Sha256::digest(&bytes));
        if Some(found.as_str()) == descriptor.hex() {
            Ok(bytes)
        } else {
            Err(problem(ImageProblem::Digest { found }))
        }
    }
}

impl ArchiveFile {
    fn open(&self) -> io::Result<File> {
        match self {
            Self::Path(path) => open::regular(path),
            // Each reader seeks before it reads, and only one reads at a time.
            Self::Unpacked(file) => reopened(file),
        }
    }
}

/// Another handle of a nameless file, with a place of its own where the system
/// can give one.
#[cfg(target_os = "linux")]
fn reopened(file: &File) -> io::Result<File> {
    use std::os::fd::AsRawFd;
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(not(target_os = "linux"))]
fn reopened(file: &File) -> io::Result<File> {
    file.try_clone()
}

/// Unpacks a compressed archive into a nameless file.
fn unpacked(file: File, blob: &str, options: &Options) -> Result<File, SbomError> {
    let failed = |error| SbomError::archive(blob)(super::tar::problem(error, 0));
    let scratch = |error| SbomError::archive(blob)(crate::error::ArchiveProblem::Scratch(error));
    let (_, mut source) = Unpacked::new(Hashed::new(file), options.limits).map_err(failed)?;
    let mut large = tempfile::tempfile_in(&options.scratch).map_err(scratch)?;
    io::copy(&mut source, &mut large).map_err(failed)?;
    large.rewind().map_err(scratch)?;
    Ok(large)
}

/// Where every file of an archive lies.
fn places(
    file: File,
    limits: &Limits,
) -> Result<HashMap<String, Place>, crate::error::ArchiveProblem> {
    let mut places = HashMap::new();
    let mut tar = Tar::new(Skipping(BufReader::with_capacity(64 * 1024, file)), *limits);
    while let Some(entry) = tar.next()? {
        let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let place = match entry.kind {
            EntryKind::File => Place::File {
                offset: tar.position(),
                size: entry.size,
            },
            EntryKind::HardLink => match plain(&entry.target) {
                Some(target) => Place::Link(target),
                None => continue,
            },
            // Old versions of Docker link a layer to the same one of another image.
            EntryKind::SymbolicLink => match beside(folder, &entry.target) {
                Some(target) => Place::Link(target),
                None => continue,
            },
            _ => continue,
        };
        places.insert(entry.path, place);
    }
    Ok(places)
}

/// A link's target, where it stays inside.
fn beside(folder: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A file whose content is stepped over rather than read.
pub(crate) struct Skipping(BufReader<File>);

impl Read for Skipping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl super::tar::Skip for Skipping {
    fn skip(&mut self, bytes: u64) -> io::Result<bool> {
        let Ok(bytes) = i64::try_from(bytes) else {
            return Ok(false);
        };
        self.0.seek_relative(bytes)?;
        Ok(true)
    }
}

/// What an index or manifest says of a blob.
///
/// Source: OCI image specification, "Content Descriptors".
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) platform: Option<Platform>,
    #[serde(default)]
    pub(crate) annotations: HashMap<String, String>,
}

/// For which machine an image is.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub(crate) struct Platform {
    #[serde(default)]
    pub(crate) os: String,
    #[serde(default)]
    pub(crate) architecture: String,
    #[serde(default)]
    pub(crate) variant: Option<String>,
}

impl Platform {
    /// `OS/ARCHITECTURE[/VARIANT]`.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}/{}", self.os, self.architecture);
        if let Some(variant) = self.variant.as_ref().filter(|variant| !variant.is_empty()) {
            text.extend(["/", variant]);
        }
        text
    }
}

impl Descriptor {
    /// Whether it names a manifest or an index, which registries keep apart.
    fn is_manifest(&self) -> bool {
        super::oci_layout::is_manifest(&self.media_type)
    }

    /// The hexadecimal part, if it is a digest that is read.
    pub(crate) fn hex(&self) -> Option<&str> {
        let hex = self.digest.strip_prefix("sha256:")?;
        let fits = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then_some(hex)
    }

    /// Where the blob lies in a layout.
    pub(crate) fn path(&self) -> Result<String, SbomError> {
        let form = || SbomError::image(&self.digest)(ImageProblem::DigestForm(self.digest.clone()));
        Ok(format!("blobs/sha256/{}", self.hex().ok_or_else(form)?))
    }
}
