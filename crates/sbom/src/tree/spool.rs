//! A file of a stream, made readable from any place, with its digests.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::unpack::hex;
use crate::catalogue::FileDigests;

/// What was put aside: small files in memory, larger ones in a nameless file.
pub(crate) enum Spooled {
    Memory(Cursor<Vec<u8>>),
    Disk(File),
}

impl Read for Spooled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => bytes.read(buffer),
            Self::Disk(file) => file.read(buffer),
        }
    }
}

impl Seek for Spooled {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Memory(bytes) => bytes.seek(to),
            Self::Disk(file) => file.seek(to),
        }
    }
}

/// Why a file could not be put aside.
pub(crate) enum SpoolError {
    /// The source failed.
    Source(io::Error),
    /// The scratch folder failed.
    Scratch(io::Error),
}

/// SHA-1 and SHA-256 at once.
#[derive(Default)]
pub(crate) struct Digests {
    sha1: Sha1,
    sha256: Sha256,
}

impl Digests {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    pub(crate) fn finish(self) -> FileDigests {
        FileDigests {
            sha1: hex(&self.sha1.finalize()),
            sha256: hex(&self.sha256.finalize()),
        }
    }

    /// The digests of everything that a source gives.
    pub(crate) fn of(source: &mut impl Read) -> io::Result<FileDigests> {
        let mut digests = Self::default();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(digests.finish()),
                Ok(read) => digests.update(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Puts everything that a source gives aside, from the bytes on that were read
/// already.
pub(crate) fn spool(
    begun: &[u8],
    source: &mut impl Read,
    memory: u64,
    scratch: &Path,
) -> Result<Spooled, SpoolError> {
    let mut bytes = begun.to_vec();
    let mut file: Option<File> = None;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(SpoolError::Source(error)),
        };
        let part = buffer.get(..read).unwrap_or_default();
        match &mut file {
            Some(file) => file.write_all(part).map_err(SpoolError::Scratch)?,
            None => bytes.extend_from_slice(part),
        }
        if file.is_none() && bytes.len() as u64 > memory {
            let mut large = tempfile::tempfile_in(scratch).map_err(SpoolError::Scratch)?;
            large.write_all(&bytes).map_err(SpoolError::Scratch)?;
            bytes = Vec::new();
            file = Some(large);
        }
    }
    Ok(match file {
        None => Spooled::Memory(Cursor::new(bytes)),
        Some(mut file) => {
            file.rewind().map_err(SpoolError::Scratch)?;
            Spooled::Disk(file)
        }
    })
}
