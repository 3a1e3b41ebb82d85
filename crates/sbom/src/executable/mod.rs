//! Executables: where their sections lie, and nothing else.
//!
//! Only what two cataloguers need of three formats, read from the places where
//! it stands, so that of a binary of any size a few kilobytes are read.

mod elf;
mod macho;
mod pe;

use crate::catalogue::{Opened, Unread};

/// How many bytes tell an executable from other files.
pub(crate) const HEAD: usize = 16;
/// The most sections and segments that are looked at.
const MOST_PARTS: u64 = 4096;

/// A part of an executable.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its name; segments have none.
    pub(crate) name: String,
    /// Where it lies in memory.
    pub(crate) address: u64,
    /// Where it lies in the file.
    pub(crate) offset: u64,
    /// Bytes of it in the file.
    pub(crate) size: u64,
    /// Whether the program may write there.
    pub(crate) writable: bool,
}

/// One executable of a file; those of one system may hold several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub(crate) parts: Vec<Part>,
}

impl Image {
    /// The section with a name.
    pub(crate) fn section(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The bytes at an address; fewer at the end of a part.
    pub(crate) fn at(
        &self,
        file: &mut Opened<'_>,
        address: u64,
        length: u64,
    ) -> Result<Vec<u8>, Unread> {
        let part = self
            .parts
            .iter()
            .find(|part| part.address <= address && address - part.address < part.size);
        let Some(part) = part else {
            return Ok(Vec::new());
        };
        let inside = address - part.address;
        let offset = part.offset.saturating_add(inside);
        file.at(offset, length.min(part.size - inside))
    }
}

/// Whether a file begins as an executable does.
pub(crate) fn begins(head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => true,
        _ => macho::begins(head),
    }
}

/// The executables of a file; none where it is none, or a damaged one.
pub(crate) fn images(file: &mut Opened<'_>) -> Result<Vec<Image>, Unread> {
    let head = file.at(0, 4096)?;
    Ok(match head.as_slice() {
        [0x7f, b'E', b'L', b'F', ..] => elf::image(file, &head)?.into_iter().collect(),
        [b'M', b'Z', ..] => pe::image(file, &head)?.into_iter().collect(),
        _ if macho::begins(&head) => macho::images(file, &head)?,
        _ => Vec::new(),
    })
}

/// Numbers of one byte order at places of a buffer.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<'b> {
    bytes: &'b [u8],
    big: bool,
}

impl<'b> Numbers<'b> {
    pub(crate) fn new(bytes: &'b [u8], big: bool) -> Self {
        Self { bytes, big }
    }

    /// The number of `width` bytes, at most eight.
    pub(crate) fn get(&self, at: usize, width: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(width)?)?;
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        Some(if self.big {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }
}

/// A name that fills its field or ends with a zero.
fn name(field: Option<&[u8]>) -> String {
    let field = field.unwrap_or_default();
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}
