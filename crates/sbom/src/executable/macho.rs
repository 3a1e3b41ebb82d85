//! Mach-O, and files that hold several for several processors.
//!
//! Source: Apple, "OS X ABI Mach-O File Format Reference".

use super::{Image, MOST_PARTS, Numbers, Part, name};
use crate::catalogue::{Opened, Unread};

/// The most processors that one file is for; a Java class begins as such a
/// file does, with a version that is larger.
const MOST_PROCESSORS: u64 = 20;
/// `LC_SEGMENT` and `LC_SEGMENT_64`.
const SEGMENT: u64 = 1;
const SEGMENT_WIDE: u64 = 0x19;
/// `VM_PROT_WRITE`.
const WRITE: u64 = 2;

pub(super) fn begins(head: &[u8]) -> bool {
    is_thin(head).is_some() || is_fat(head).is_some()
}

/// Byte order and width.
fn is_thin(head: &[u8]) -> Option<(bool, bool)> {
    match head {
        [0xfe, 0xed, 0xfa, 0xce, ..] => Some((true, false)),
        [0xfe, 0xed, 0xfa, 0xcf, ..] => Some((true, true)),
        [0xce, 0xfa, 0xed, 0xfe, ..] => Some((false, false)),
        [0xcf, 0xfa, 0xed, 0xfe, ..] => Some((false, true)),
        _ => None,
    }
}

/// The number of executables, and whether their places are wide.
fn is_fat(head: &[u8]) -> Option<(u64, bool)> {
    let count = Numbers::new(head, true).get(4, 4)?;
    let wide = match head {
        [0xca, 0xfe, 0xba, 0xbe, ..] => false,
        [0xca, 0xfe, 0xba, 0xbf, ..] => true,
        _ => return None,
    };
    (1..=MOST_PROCESSORS)
        .contains(&count)
        .then_some((count, wide))
}

pub(super) fn images(file: &mut Opened<'_>, head: &[u8]) -> Result<Vec<Image>, Unread> {
    let Some((count, wide)) = is_fat(head) else {
        return Ok(image(file, 0)?.into_iter().collect());
    };
    let step = if wide { 32 } else { 20 };
    let table = file.at(8, count * step)?;
    let mut images = Vec::new();
    for entry in table.chunks_exact(usize::try_from(step).unwrap_or(20)) {
        let width = if wide { 8 } else { 4 };
        if let Some(offset) = Numbers::new(entry, true).get(8, width) {
            images.extend(image(file, offset)?);
        }
    }
    Ok(images)
}

fn image(file: &mut Opened<'_>, base: u64) -> Result<Option<Image>, Unread> {
    let head = file.at(base, 32)?;
    let Some((big, wide)) = is_thin(&head) else {
        return Ok(None);
    };
    let numbers = Numbers::new(&head, big);
    let (Some(count), Some(size)) = (numbers.get(16, 4), numbers.get(20, 4)) else {
        return Ok(None);
    };
    let start = base.saturating_add(if wide { 32 } else { 28 });
    let commands = file.at(start, size.min(1 << 20))?;
    let mut image = Image::default();
    let mut rest = commands.as_slice();
    for _ in 0..count.min(MOST_PARTS) {
        let numbers = Numbers::new(rest, big);
        let (Some(kind), Some(length)) = (numbers.get(0, 4), numbers.get(4, 4)) else {
            break;
        };
        let length = usize::try_from(length).unwrap_or(0);
        let Some(command) = rest.get(..length).filter(|command| command.len() >= 8) else {
            break;
        };
        if kind == SEGMENT || kind == SEGMENT_WIDE {
            sections(command, kind == SEGMENT_WIDE, big, base, &mut image);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(Some(image))
}

fn sections(command: &[u8], wide: bool, big: bool, base: u64, image: &mut Image) {
    let (header, entry, word) = if wide { (72, 80, 8) } else { (56, 68, 4) };
    let flags = Numbers::new(command, big).get(header - 12, 4).unwrap_or(0);
    let entries = command
        .get(header..)
        .unwrap_or_default()
        .chunks_exact(entry);
    let most = usize::try_from(MOST_PARTS).unwrap_or(0);
    for section in entries.take(most.saturating_sub(image.parts.len())) {
        let numbers = Numbers::new(section, big);
        let fields = || {
            Some((
                numbers.get(32, word)?,
                numbers.get(32 + word, word)?,
                numbers.get(32 + 2 * word, 4)?,
            ))
        };
        let Some((address, size, offset)) = fields() else {
            break;
        };
        image.parts.push(Part {
            name: name(section.get(..16)),
            address,
            offset: base.saturating_add(offset),
            size,
            writable: flags & WRITE != 0,
        });
    }
}
