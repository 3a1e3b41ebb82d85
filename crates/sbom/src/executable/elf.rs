//! ELF.
//!
//! Source: System V Application Binary Interface, chapters 4 and 5.

use super::{Image, MOST_PARTS, Numbers, Part, name};
use crate::catalogue::{Opened, Unread};

/// `PT_LOAD`.
const LOAD: u64 = 1;
/// `SHT_NOBITS`: nothing of it lies in the file.
const NO_BITS: u64 = 8;
/// `PF_W` and `SHF_WRITE`.
const SEGMENT_WRITE: u64 = 2;
const SECTION_WRITE: u64 = 1;

pub(super) fn image(file: &mut Opened<'_>, head: &[u8]) -> Result<Option<Image>, Unread> {
    let wide = head.get(4) == Some(&2);
    let big = head.get(5) == Some(&2);
    let Some(header) = Header::read(head, wide, big) else {
        return Ok(None);
    };
    let mut image = Image::default();
    let names = header.sections(file, wide, big, &mut image)?;
    image.parts.retain_mut(|part| {
        // The name was kept as its place among names.
        let at = usize::try_from(part.name.parse::<u64>().unwrap_or(0)).unwrap_or(0);
        part.name = name(names.get(at..));
        !part.name.is_empty()
    });
    header.segments(file, wide, big, &mut image)?;
    Ok(Some(image))
}

struct Header {
    segments: Table,
    sections: Table,
    names: u64,
}

#[derive(Clone, Copy)]
struct Table {
    offset: u64,
    entry: u64,
    count: u64,
}

impl Header {
    fn read(head: &[u8], wide: bool, big: bool) -> Option<Self> {
        let numbers = Numbers::new(head, big);
        let word = if wide { 8 } else { 4 };
        let at = if wide { 32 } else { 28 };
        let rest = if wide { 54 } else { 42 };
        Some(Self {
            segments: Table {
                offset: numbers.get(at, word)?,
                entry: numbers.get(rest, 2)?,
                count: numbers.get(rest + 2, 2)?.min(MOST_PARTS),
            },
            sections: Table {
                offset: numbers.get(at + word, word)?,
                entry: numbers.get(rest + 4, 2)?,
                count: numbers.get(rest + 6, 2)?.min(MOST_PARTS),
            },
            names: numbers.get(rest + 8, 2)?,
        })
    }

    /// Adds the sections, and gives the table of names.
    fn sections(
        &self,
        file: &mut Opened<'_>,
        wide: bool,
        big: bool,
        image: &mut Image,
    ) -> Result<Vec<u8>, Unread> {
        let least = if wide { 64 } else { 40 };
        let mut names = Vec::new();
        for (index, entry) in self.sections.entries(file, least)?.enumerate() {
            let numbers = Numbers::new(&entry, big);
            let word = if wide { 8 } else { 4 };
            let fields = || {
                Some((
                    numbers.get(0, 4)?,
                    numbers.get(4, 4)?,
                    numbers.get(8, word)?,
                    numbers.get(8 + word, word)?,
                    numbers.get(8 + 2 * word, word)?,
                    numbers.get(8 + 3 * word, word)?,
                ))
            };
            let Some((name, kind, flags, address, offset, size)) = fields() else {
                break;
            };
            if index as u64 == self.names {
                names = file.at(offset, size.min(1 << 20))?;
            }
            if kind != NO_BITS {
                image.parts.push(Part {
                    name: name.to_string(),
                    address,
                    offset,
                    size,
                    writable: flags & SECTION_WRITE != 0,
                });
            }
        }
        Ok(names)
    }

    fn segments(
        &self,
        file: &mut Opened<'_>,
        wide: bool,
        big: bool,
        image: &mut Image,
    ) -> Result<(), Unread> {
        let least = if wide { 56 } else { 32 };
        for entry in self.segments.entries(file, least)? {
            let numbers = Numbers::new(&entry, big);
            let fields = || {
                Some(if wide {
                    (
                        numbers.get(4, 4)?,
                        numbers.get(8, 8)?,
                        numbers.get(16, 8)?,
                        numbers.get(32, 8)?,
                    )
                } else {
                    (
                        numbers.get(24, 4)?,
                        numbers.get(4, 4)?,
                        numbers.get(8, 4)?,
                        numbers.get(16, 4)?,
                    )
                })
            };
            if numbers.get(0, 4) != Some(LOAD) {
                continue;
            }
            let Some((flags, offset, address, size)) = fields() else {
                break;
            };
            image.parts.push(Part {
                name: String::new(),
                address,
                offset,
                size,
                writable: flags & SEGMENT_WRITE != 0,
            });
        }
        Ok(())
    }
}

impl Table {
    fn entries(
        self,
        file: &mut Opened<'_>,
        least: u64,
    ) -> Result<impl Iterator<Item = Vec<u8>> + use<>, Unread> {
        let entry = self.entry;
        let bytes = if entry < least {
            Vec::new()
        } else {
            file.at(self.offset, entry.saturating_mul(self.count))?
        };
        let step = usize::try_from(entry).unwrap_or(0).max(1);
        let entries: Vec<Vec<u8>> = bytes.chunks_exact(step).map(<[u8]>::to_vec).collect();
        Ok(entries.into_iter())
    }
}
