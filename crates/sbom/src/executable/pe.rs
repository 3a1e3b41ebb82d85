//! Portable executables.
//!
//! Source: Microsoft, "PE Format".

use super::{Image, MOST_PARTS, Numbers, Part, name};
use crate::catalogue::{Opened, Unread};

/// `IMAGE_SCN_MEM_WRITE`.
const WRITE: u64 = 0x8000_0000;

pub(super) fn image(file: &mut Opened<'_>, head: &[u8]) -> Result<Option<Image>, Unread> {
    let Some(at) = Numbers::new(head, false).get(0x3c, 4) else {
        return Ok(None);
    };
    let header = file.at(at, 24 + 32)?;
    let numbers = Numbers::new(&header, false);
    let fields = || {
        let wide = numbers.get(24, 2)? == 0x20b;
        Some((
            numbers.get(6, 2)?.min(MOST_PARTS),
            numbers.get(20, 2)?,
            if wide { 0 } else { numbers.get(24 + 28, 4)? },
            wide,
        ))
    };
    let Some((count, optional, mut base, wide)) =
        fields().filter(|_| header.starts_with(b"PE\0\0"))
    else {
        return Ok(None);
    };
    if wide {
        let bytes = file.at(at + 24 + 24, 8)?;
        base = Numbers::new(&bytes, false).get(0, 8).unwrap_or(0);
    }
    let table = file.at(at + 24 + optional, count * 40)?;
    let mut image = Image::default();
    for entry in table.chunks_exact(40) {
        let numbers = Numbers::new(entry, false);
        let fields = || {
            Some((
                numbers.get(12, 4)?,
                numbers.get(16, 4)?,
                numbers.get(20, 4)?,
                numbers.get(36, 4)?,
            ))
        };
        let Some((address, size, offset, flags)) = fields() else {
            break;
        };
        image.parts.push(Part {
            name: name(entry.get(..8)),
            address: base.saturating_add(address),
            offset,
            size,
            writable: flags & WRITE != 0,
        });
    }
    Ok(Some(image))
}
