//! One package of the database: a header of tags.
//!
//! Source: RPM documentation, "RPM V4 file format", "Header format"; the tags of
//! `rpmtag.h`.

use crate::catalogue::Unread;
use crate::executable::Numbers;

/// What is read of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) release: String,
    pub(super) epoch: Option<u64>,
    pub(super) arch: String,
    pub(super) licence: String,
    pub(super) vendor: String,
    /// The name of the source package's file.
    pub(super) source: String,
    pub(super) provides: Vec<String>,
    pub(super) requires: Vec<String>,
}

/// The most entries and bytes that RPM itself takes.
const MOST_ENTRIES: u64 = 0x00ff_ffff;
/// The most names of one list that are read.
const MOST_NAMES: u64 = 100_000;

impl Header {
    pub(super) fn read(blob: &[u8]) -> Result<Self, Unread> {
        Self::parse(blob).ok_or(Unread::Damaged {
            what: "a package of the RPM database has no valid header",
        })
    }

    fn parse(blob: &[u8]) -> Option<Self> {
        let numbers = Numbers::new(blob, true);
        let count = numbers.get(0, 4).filter(|count| *count <= MOST_ENTRIES)?;
        let count = usize::try_from(count).ok()?;
        let length = usize::try_from(numbers.get(4, 4)?).ok()?;
        let begins = 8_usize.checked_add(count.checked_mul(16)?)?;
        let index = Numbers::new(blob.get(8..begins)?, true);
        let data = blob.get(begins..begins.checked_add(length)?)?;
        let mut header = Self::default();
        for at in 0..count {
            let entry = at * 16;
            let (tag, kind) = (index.get(entry, 4)?, index.get(entry + 4, 4)?);
            let offset = usize::try_from(index.get(entry + 8, 4)?).ok()?;
            let number = index.get(entry + 12, 4)?;
            let rest = data.get(offset..);
            let text = || text(rest?);
            let list = || texts(rest?, number.min(MOST_NAMES));
            match (tag, kind) {
                (1000, STRING) => header.name = text()?,
                (1001, STRING) => header.version = text()?,
                (1002, STRING) => header.release = text()?,
                (1003, INT32) => header.epoch = Numbers::new(rest?, true).get(0, 4),
                (1011, STRING) => header.vendor = text()?,
                (1014, STRING) => header.licence = text()?,
                (1022, STRING) => header.arch = text()?,
                (1044, STRING) => header.source = text()?,
                (1047, STRINGS) => header.provides = list()?,
                (1049, STRINGS) => header.requires = list()?,
                _ => {}
            }
        }
        Some(header)
    }
}

/// The types of values that are read.
const INT32: u64 = 4;
const STRING: u64 = 6;
const STRINGS: u64 = 8;

fn text(bytes: &[u8]) -> Option<String> {
    let end = memchr::memchr(0, bytes)?;
    Some(String::from_utf8_lossy(bytes.get(..end)?).into_owned())
}

fn texts(mut bytes: &[u8], count: u64) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for _ in 0..count {
        let end = memchr::memchr(0, bytes)?;
        all.push(String::from_utf8_lossy(bytes.get(..end)?).into_owned());
        bytes = bytes.get(end + 1..)?;
    }
    Some(all)
}
