//! Tar archives as a stream, with every length bounded.
//!
//! A reader of our own because of those bounds: the names and attributes that
//! an archive puts before an entry may be of any length, and are kept in memory.
//!
//! Source: POSIX.1-2017, `pax`, "pax Interchange Format" and "ustar Interchange
//! Format"; the GNU tar manual, "Basic Tar Format".

use std::io::{self, Read};

use crate::error::ArchiveProblem;
use crate::limits::Limits;

const BLOCK: usize = 512;
/// The most bytes of attributes before one entry: large ones hold signatures
/// and access lists.
const MOST_ATTRIBUTES: u64 = 1 << 20;
/// The most headers that describe one entry.
const MOST_HEADERS: usize = 16;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A file, whose content follows.
    File,
    /// A file with holes, whose content is not read.
    Sparse,
    /// Another name of a file of the same archive.
    HardLink,
    /// A symbolic link.
    SymbolicLink,
    /// A folder.
    Folder,
    /// A device or a pipe.
    Special,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where it lies below the root, with single slashes and no dots.
    pub(crate) path: String,
    pub(crate) kind: EntryKind,
    /// Bytes of its content.
    pub(crate) size: u64,
    /// Where a link leads, as it is written.
    pub(crate) target: String,
}

/// An archive, read from the front.
pub(crate) struct Tar<R> {
    source: R,
    /// Bytes of the entry's content that have not been read.
    left: u64,
    /// Bytes that fill its last block.
    padding: u64,
    /// Bytes that have been read in all.
    position: u64,
    limits: Limits,
    entries: u64,
    before: String,
}

/// A source that may step over bytes without reading them.
pub(crate) trait Skip: Read {
    /// Steps over bytes; false where they must be read.
    fn skip(&mut self, bytes: u64) -> io::Result<bool>;
}

/// A source that can only be read.
pub(crate) struct Stream<R>(pub(crate) R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Skip for Stream<R> {
    fn skip(&mut self, _bytes: u64) -> io::Result<bool> {
        Ok(false)
    }
}

/// What headers before an entry say about it.
#[derive(Default)]
struct Said {
    path: Option<String>,
    target: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

impl<R: Skip> Tar<R> {
    pub(crate) fn new(source: R, limits: Limits) -> Self {
        Self {
            source,
            left: 0,
            padding: 0,
            position: 0,
            limits,
            entries: 0,
            before: "the beginning".to_owned(),
        }
    }

    /// The next entry; what was not read of the one before is skipped.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, ArchiveProblem> {
        let mut said = Said::default();
        for _ in 0..MOST_HEADERS {
            self.skip(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = number(header.get(124..136)).ok_or_else(|| self.bad())?;
            match header.get(156) {
                Some(b'L') => said.path = Some(self.text(size)?),
                Some(b'K') => said.target = Some(self.text(size)?),
                Some(b'x') => self.attributes(size, &mut said)?,
                // What holds for all entries is times and owners in practice.
                Some(b'g') => self.begin(size)?,
                Some(&kind) => return self.entry(&header, kind, size, said).map(Some),
                None => return Err(self.bad()),
            }
        }
        Err(self.bad())
    }

    /// How many bytes were read or stepped over: where the content of the entry
    /// begins that came last.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Reads to the end of the stream, so that all of it is hashed.
    pub(crate) fn drain(&mut self) -> Result<(), ArchiveProblem> {
        let mut buffer = [0; 16 * 1024];
        while self.fill(&mut buffer)? > 0 {}
        Ok(())
    }

    fn entry(
        &mut self,
        header: &[u8; BLOCK],
        kind: u8,
        size: u64,
        said: Said,
    ) -> Result<Entry, ArchiveProblem> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(ArchiveProblem::Entries {
                most: self.limits.entries,
            });
        }
        let written = said.path.unwrap_or_else(|| named(header));
        let most = self.limits.path_bytes;
        if written.len() > most {
            let after = self.before.clone();
            return Err(ArchiveProblem::Path { after, most });
        }
        let path = plain(&written).ok_or_else(|| ArchiveProblem::Outside {
            path: written.clone(),
        })?;
        let kind = match kind {
            b'0' | 0 | b'7' if written.ends_with('/') => EntryKind::Folder,
            b'0' | 0 | b'7' if said.sparse => EntryKind::Sparse,
            b'0' | 0 | b'7' => EntryKind::File,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::SymbolicLink,
            b'5' => EntryKind::Folder,
            b'S' => EntryKind::Sparse,
            _ => EntryKind::Special,
        };
        // Only these have content; some writers give others a size all the same.
        let size = match kind {
            EntryKind::File | EntryKind::Sparse => said.size.unwrap_or(size),
            _ => 0,
        };
        if header.get(156) == Some(&b'S') {
            self.skip_map(header.get(482) == Some(&1))?;
        }
        self.begin(size)?;
        self.before.clone_from(&path);
        let target = said.target.unwrap_or_else(|| text(header.get(157..257)));
        Ok(Entry {
            path,
            kind,
            size,
            target,
        })
    }

    /// The blocks that go on with a map of holes.
    fn skip_map(&mut self, mut more: bool) -> Result<(), ArchiveProblem> {
        let mut block = [0; BLOCK];
        let mut blocks = 0;
        while more {
            blocks += 1;
            if blocks > 4096 || self.fill(&mut block)? < BLOCK {
                return Err(self.bad());
            }
            more = block.get(504) == Some(&1);
        }
        Ok(())
    }

    fn begin(&mut self, size: u64) -> Result<(), ArchiveProblem> {
        if size > self.limits.unpacked_bytes {
            return Err(ArchiveProblem::Unpacked {
                most: self.limits.unpacked_bytes,
            });
        }
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        Ok(())
    }

    fn bad(&self) -> ArchiveProblem {
        ArchiveProblem::Header {
            after: self.before.clone(),
        }
    }

    /// The next header; none at the end.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, ArchiveProblem> {
        let mut block = [0; BLOCK];
        match self.fill(&mut block)? {
            0 => return Ok(None),
            BLOCK => {}
            _ => return Err(self.truncated()),
        }
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let sum = number(block.get(148..156));
        let mut found: u64 = 0;
        for (at, byte) in block.iter().enumerate() {
            found += u64::from(if (148..156).contains(&at) {
                b' '
            } else {
                *byte
            });
        }
        if sum != Some(found) {
            return Err(self.bad());
        }
        Ok(Some(block))
    }

    fn truncated(&self) -> ArchiveProblem {
        ArchiveProblem::Truncated {
            after: self.position,
        }
    }

    /// The content of a header that names something.
    fn content(&mut self, size: u64) -> Result<Vec<u8>, ArchiveProblem> {
        if size > MOST_ATTRIBUTES {
            let (after, most) = (self.before.clone(), self.limits.path_bytes);
            return Err(ArchiveProblem::Path { after, most });
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        if self.fill(&mut bytes)? < bytes.len() {
            return Err(self.truncated());
        }
        self.padding = size.wrapping_neg() % BLOCK as u64;
        Ok(bytes)
    }

    fn text(&mut self, size: u64) -> Result<String, ArchiveProblem> {
        self.content(size).map(|bytes| text(Some(&bytes)))
    }

    /// Reads `LENGTH KEY=VALUE\n` records.
    fn attributes(&mut self, size: u64, said: &mut Said) -> Result<(), ArchiveProblem> {
        let bytes = self.content(size)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let record = split_record(rest).ok_or_else(|| self.bad())?;
            rest = record.rest;
            let value = || text(Some(record.value));
            match record.key {
                b"path" | b"GNU.sparse.name" => said.path = Some(value()),
                b"linkpath" => said.target = Some(value()),
                b"size" => {
                    let size = value().parse().map_err(|_| self.bad())?;
                    said.size = Some(size);
                }
                key if key.starts_with(b"GNU.sparse.") => said.sparse = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn skip(&mut self, mut bytes: u64) -> Result<(), ArchiveProblem> {
        // The last byte is read, so that an archive that ends before is noticed.
        if bytes > 1 {
            let skipped = self.source.skip(bytes - 1);
            if skipped.map_err(|error| problem(error, self.position))? {
                self.position += bytes - 1;
                bytes = 1;
            }
        }
        let mut buffer = [0; 16 * 1024];
        while bytes > 0 {
            let part = usize::try_from(bytes).map_or(buffer.len(), |left| left.min(buffer.len()));
            let Some(slot) = buffer.get_mut(..part) else {
                return Err(self.bad());
            };
            if self.fill(slot)? < part {
                return Err(self.truncated());
            }
            bytes -= part as u64;
        }
        Ok(())
    }

    /// Fills a buffer as far as the source reaches.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveProblem> {
        let mut done = 0;
        while let Some(slot) = buffer.get_mut(done..).filter(|slot| !slot.is_empty()) {
            match self.source.read(slot) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(problem(error, self.position + done as u64)),
            }
        }
        self.position += done as u64;
        Ok(done)
    }
}

/// The content of the entry that [`Tar::next`] gave last.
impl<R: Skip> Read for Tar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let Some(slot) = buffer.get_mut(..most).filter(|slot| !slot.is_empty()) else {
            return Ok(0);
        };
        let read = self.source.read(slot)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        self.position += read as u64;
        Ok(read)
    }
}

/// What a failed read of an archive means: the layers below say it themselves
/// where they can.
pub(crate) fn problem(error: io::Error, after: u64) -> ArchiveProblem {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return ArchiveProblem::Truncated { after };
    }
    match error.downcast::<ArchiveProblem>() {
        Ok(problem) => problem,
        Err(error) => ArchiveProblem::Damaged(error),
    }
}

struct Record<'r> {
    key: &'r [u8],
    value: &'r [u8],
    rest: &'r [u8],
}

fn split_record(bytes: &[u8]) -> Option<Record<'_>> {
    let space = memchr::memchr(b' ', bytes.get(..bytes.len().min(20))?)?;
    let length: usize = std::str::from_utf8(bytes.get(..space)?)
        .ok()?
        .parse()
        .ok()?;
    let body = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', body)?;
    Some(Record {
        key: body.get(..equals)?,
        value: body.get(equals + 1..)?,
        rest: bytes.get(length..)?,
    })
}

/// A number in octal, or in the binary form of GNU.
fn number(field: Option<&[u8]>) -> Option<u64> {
    let field = field?;
    if let Some((first, rest)) = field.split_first()
        && *first == 0x80
    {
        return rest.iter().try_fold(0_u64, |sum, byte| {
            sum.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let digits = field
        .iter()
        .copied()
        .skip_while(|byte| *byte == b' ')
        .take_while(|byte| !matches!(byte, 0 | b' '));
    digits.into_iter().try_fold(0_u64, |sum, byte| {
        let digit = char::from(byte).to_digit(8)?;
        sum.checked_mul(8)?.checked_add(u64::from(digit))
    })
}

/// A field up to its first zero.
fn text(field: Option<&[u8]>) -> String {
    let field = field.unwrap_or_default();
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

fn named(header: &[u8; BLOCK]) -> String {
    let name = text(header.get(..100));
    let prefix = match header.get(257..263) {
        Some(b"ustar\0") => text(header.get(345..500)),
        _ => String::new(),
    };
    if prefix.is_empty() {
        name
    } else {
        format!("{prefix}/{name}")
    }
}

/// A path below the root, without empty parts and dots; none if it leads out.
pub(crate) fn plain(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => {
                if !out.is_empty() {
                    out.push('/');
                }
                out.push_str(part);
            }
        }
    }
    Some(out)
}

#[cfg(test)]
#[path = "tar_tests.rs"]
mod tests;
