//! A file that a cataloguer looks into, and why it may not be able to.

use std::io::{self, Read, Seek, SeekFrom};

use cofferdam_facts::SourceFile;
use cofferdam_lockfiles::{Mistake, NoteKind, Unreadable};

use crate::error::ArchiveProblem;
use crate::limits::Limits;

/// Gives the other files of the tree, where it can.
pub type Beside<'a> = &'a (dyn Fn(&str) -> Result<SourceFile, Unreadable> + Sync);

/// No other file.
pub(crate) const NOTHING: Beside<'static> = &|_| Err(Unreadable::Missing);

/// Bytes that can be read from any place.
pub trait Content: Read + Seek {}

impl<T: Read + Seek> Content for T {}

/// Why a file that a cataloguer wants could not be read. Each is named in the
/// document and is a reason for exit code 3.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is larger than is read.
    #[error("it has more than {most} bytes")]
    TooLarge {
        /// How many are read.
        most: u64,
    },
    /// It names more packages than are read.
    #[error("it names more than {most} packages")]
    TooMany {
        /// How many are read.
        most: usize,
    },
    /// It is no JSON.
    #[error("it is not in the form that is expected: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no zip archive, or a damaged one.
    #[error("the archive is damaged: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// It is not as it should be.
    #[error("it is damaged: {what}")]
    Damaged {
        /// Where.
        what: &'static str,
    },
    /// Its format is known and not read.
    #[error("{what} is not read")]
    Format {
        /// Which format.
        what: &'static str,
    },
    /// A lockfile's own reader refuses it.
    #[error("{0}")]
    Lockfile(Mistake),
    /// A part of a lockfile.
    #[error("{0}")]
    LockfilePart(NoteKind),
    /// It is no archive, or a damaged one.
    #[error("the archive inside cannot be read: {0}")]
    Archive(Box<ArchiveProblem>),
    /// A file inside of it.
    #[error("`{inner}` in it: {why}")]
    Inside {
        /// Which file.
        inner: String,
        /// Why.
        why: Box<Unread>,
    },
    /// It is a file with holes, whose map is not read.
    #[error("it is stored with holes, which are not read")]
    Sparse,
}

/// An open file.
pub struct Opened<'a> {
    /// Where it lies below the root.
    pub path: &'a str,
    /// Its bytes.
    pub size: u64,
    /// What may be read.
    pub limits: &'a Limits,
    /// Other files of the tree.
    pub beside: Beside<'a>,
    content: &'a mut dyn Content,
}

impl<'a> Opened<'a> {
    /// A file at its beginning.
    pub fn new(
        path: &'a str,
        size: u64,
        content: &'a mut dyn Content,
        beside: Beside<'a>,
        limits: &'a Limits,
    ) -> Self {
        Self {
            path,
            size,
            limits,
            beside,
            content,
        }
    }

    /// The folder that it lies in, without slash at the end.
    #[must_use]
    pub fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The whole content, where it is no more than a text may be.
    ///
    /// # Errors
    /// [`Unread::TooLarge`], [`Unread::Read`].
    pub fn bytes(&mut self) -> Result<Vec<u8>, Unread> {
        let most = self.limits.text_bytes;
        whole(&mut self.content, self.size, most)
    }

    /// The whole content as text; what is no UTF-8 becomes U+FFFD.
    ///
    /// # Errors
    /// [`Unread::TooLarge`], [`Unread::Read`].
    pub fn text(&mut self) -> Result<String, Unread> {
        let bytes = self.bytes()?;
        Ok(match String::from_utf8_lossy(&bytes) {
            std::borrow::Cow::Borrowed(text) => text.to_owned(),
            std::borrow::Cow::Owned(text) => text,
        })
    }

    /// The bytes from one place on; fewer than `length` at the end.
    ///
    /// # Errors
    /// [`Unread::Read`], [`Unread::TooLarge`].
    pub fn at(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, Unread> {
        if offset >= self.size {
            return Ok(Vec::new());
        }
        self.content.seek(SeekFrom::Start(offset))?;
        let left = self.size - offset;
        whole(&mut self.content, left.min(length), self.limits.text_bytes)
    }

    /// The content itself.
    pub fn content(&mut self) -> &mut dyn Content {
        self.content
    }
}

/// Reads `size` bytes, or fewer where there are fewer, and refuses more than
/// `most`.
pub(crate) fn whole(source: &mut impl Read, size: u64, most: u64) -> Result<Vec<u8>, Unread> {
    if size > most {
        return Err(Unread::TooLarge { most });
    }
    // The size is a claim of an archive: memory is taken as bytes come.
    let expected = usize::try_from(size.min(1 << 20)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(expected);
    read_all(&mut source.take(size), &mut bytes)?;
    Ok(bytes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn read_all<R: Read>(source: &mut io::Take<R>, bytes: &mut Vec<u8>) -> io::Result<usize> {
    source.read_to_end(bytes)
}

/// Fills a buffer as far as the source reaches.
pub(crate) fn up_to(source: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(slot) = buffer.get_mut(done..).filter(|slot| !slot.is_empty()) {
        match source.read(slot) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
