//! A zip archive whose directory is bounded before it is read.
//!
//! Source: PKWARE, "APPNOTE.TXT", sections 4.3.14 to 4.3.16.

use std::io::SeekFrom;

use zip::ZipArchive;

use crate::catalogue::Unread;
use crate::catalogue::file::{Content, up_to, whole};
use crate::executable::Numbers;
use crate::limits::Limits;

/// The end of the directory, at most as far from the end as a comment is long.
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: u64 = 22 + 0xffff;
/// What stands before it where numbers do not fit.
const LOCATOR: usize = 20;
/// The most bytes of directory for one entry.
const MOST_OF_ENTRY: u64 = 400;

/// An archive.
pub(super) struct Archive<C> {
    zip: ZipArchive<C>,
}

impl<C: Content> Archive<C> {
    /// Opens it, if its directory is not larger than is read.
    pub(super) fn open(mut content: C, limits: &Limits) -> Result<Self, Unread> {
        let size = content.seek(SeekFrom::End(0))?;
        let from = size.saturating_sub(END_BYTES + LOCATOR as u64);
        content.seek(SeekFrom::Start(from))?;
        let tail = whole(&mut content, size - from, END_BYTES + LOCATOR as u64)?;
        let (entries, bytes) = directory(&mut content, &tail)?;
        let most = limits.zip_entries;
        if entries > most || bytes > most.saturating_mul(MOST_OF_ENTRY) {
            return Err(Unread::TooMany {
                most: usize::try_from(most).unwrap_or(usize::MAX),
            });
        }
        content.seek(SeekFrom::Start(0))?;
        Ok(Self {
            zip: ZipArchive::new(content)?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.zip.len()
    }

    pub(super) fn name(&self, index: usize) -> Option<String> {
        Some(self.zip.name_for_index(index)?.ok()?.into_owned())
    }

    /// The content of an entry.
    pub(super) fn bytes(&mut self, index: usize, most: u64) -> Result<Vec<u8>, Unread> {
        let mut entry = self.zip.by_index(index)?;
        // What the archive says of the size is believed only to refuse it.
        if entry.size() > most {
            return Err(Unread::TooLarge { most });
        }
        let bytes = whole(&mut entry, most + 1, most + 1)?;
        if bytes.len() as u64 > most {
            return Err(Unread::TooLarge { most });
        }
        Ok(bytes)
    }
}

/// How many entries the directory has, and how many bytes.
fn directory(content: &mut impl Content, tail: &[u8]) -> Result<(u64, u64), Unread> {
    let damaged = || Unread::Damaged {
        what: "it has no end of a directory",
    };
    let at = memchr::memmem::rfind(tail, END).ok_or_else(damaged)?;
    let numbers = Numbers::new(tail, false);
    let entries = numbers.get(at + 10, 2).ok_or_else(damaged)?;
    let bytes = numbers.get(at + 12, 4).ok_or_else(damaged)?;
    let locator = at.checked_sub(LOCATOR).and_then(|at| tail.get(at..));
    let Some(locator) = locator.filter(|bytes| bytes.starts_with(b"PK\x06\x07")) else {
        return Ok((entries, bytes));
    };
    let place = Numbers::new(locator, false).get(8, 8).ok_or_else(damaged)?;
    content.seek(SeekFrom::Start(place))?;
    let mut record = [0; 56];
    if up_to(content, &mut record)? < record.len() {
        return Err(damaged());
    }
    let numbers = Numbers::new(&record, false);
    let (wide, size) = (numbers.get(32, 8), numbers.get(40, 8));
    Ok((
        wide.ok_or_else(damaged)?.max(entries),
        size.ok_or_else(damaged)?,
    ))
}
