//! RPM's own database, which SUSE uses.
//!
//! Source: RPM, `lib/backend/ndb/rpmpkg.c`, the comments on its layout: a header
//! and slots in pages of 4096 bytes, then blobs in blocks of 16 bytes.

use crate::catalogue::{Opened, Unread};
use crate::executable::Numbers;

const MAGIC: &[u8] = b"RpmP";
const SLOT: &[u8] = b"Slot";
const BLOB: &[u8] = b"BlbS";
const PAGE: u64 = 4096;
const BLOCK: u64 = 16;
/// The most pages of slots: each has room for 255 packages.
const MOST_PAGES: u64 = 2048;
const MOST_BLOB: u64 = 64 << 20;

fn damaged() -> Unread {
    Unread::Damaged {
        what: "the RPM database in its own format is not as it should be",
    }
}

/// Hands every blob to `each`.
pub(super) fn blobs(
    file: &mut Opened<'_>,
    each: &mut dyn FnMut(&[u8]) -> Result<(), Unread>,
) -> Result<(), Unread> {
    let head = file.at(0, 32)?;
    let pages = Numbers::new(&head, false).get(12, 4).unwrap_or(0);
    if !head.starts_with(MAGIC) || pages == 0 || pages > MOST_PAGES {
        return Err(damaged());
    }
    let slots = file.at(0, pages * PAGE)?;
    // The first two places hold the header.
    for slot in slots.chunks_exact(16).skip(2) {
        let numbers = Numbers::new(slot, false);
        let (Some(package), Some(block), Some(count)) =
            (numbers.get(4, 4), numbers.get(8, 4), numbers.get(12, 4))
        else {
            continue;
        };
        // A place that is free names no package or no block.
        if !slot.starts_with(SLOT) || package == 0 || block == 0 {
            continue;
        }
        let head = file.at(block * BLOCK, 16)?;
        let numbers = Numbers::new(&head, false);
        let length = numbers.get(12, 4).unwrap_or(0);
        let fits = length <= MOST_BLOB && length.saturating_add(16) <= count.saturating_mul(BLOCK);
        if !head.starts_with(BLOB) || numbers.get(4, 4) != Some(package) || !fits {
            return Err(damaged());
        }
        let blob = file.at(block * BLOCK + 16, length)?;
        if blob.len() as u64 != length {
            return Err(damaged());
        }
        each(&blob)?;
    }
    Ok(())
}
