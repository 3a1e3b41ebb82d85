//! As much of SQLite's format as one table of blobs needs.
//!
//! Source: SQLite documentation, "Database File Format", sections 1 and 2.

use crate::catalogue::{Opened, Unread};
use crate::executable::Numbers;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Page kinds of a tree with integer keys.
const INNER: u8 = 0x05;
const LEAF: u8 = 0x0d;
/// The most bytes of one row.
const MOST_ROW: u64 = 64 << 20;

fn damaged() -> Unread {
    Unread::Damaged {
        what: "a page of the SQLite database is not as it should be",
    }
}

/// Hands every blob of the last column of a table to `each`.
pub(super) fn blobs(
    file: &mut Opened<'_>,
    table: &str,
    each: &mut dyn FnMut(&[u8]) -> Result<(), Unread>,
) -> Result<(), Unread> {
    let head = file.at(0, 100)?;
    if !head.starts_with(MAGIC) {
        return Err(Unread::Damaged {
            what: "it does not begin as an SQLite database",
        });
    }
    let numbers = Numbers::new(&head, true);
    let size = match numbers.get(16, 2) {
        Some(1) => 65_536,
        Some(size) if size >= 512 && size.is_power_of_two() => size,
        _ => return Err(damaged()),
    };
    let reserved = numbers.get(20, 1).unwrap_or(0);
    let usable = size
        .checked_sub(reserved)
        .filter(|usable| *usable >= 480)
        .ok_or_else(damaged)?;
    let mut pages = Pages {
        file,
        size,
        usable,
        left: 0,
    };
    let mut root = None;
    pages.rows(1, &mut |row| {
        let columns = columns(row).ok_or_else(damaged)?;
        if let [
            Value::Bytes(b"table"),
            Value::Bytes(name),
            _,
            Value::Number(page),
            ..,
        ] = columns.as_slice()
            && *name == table.as_bytes()
        {
            root = Some(*page);
        }
        Ok(())
    })?;
    let root = root.ok_or(Unread::Damaged {
        what: "the SQLite database has no table of packages",
    })?;
    pages.rows(root, &mut |row| {
        let columns = columns(row).ok_or_else(damaged)?;
        match columns.last() {
            Some(Value::Bytes(blob)) => each(blob),
            _ => Err(damaged()),
        }
    })
}

struct Pages<'f, 'o> {
    file: &'f mut Opened<'o>,
    size: u64,
    usable: u64,
    /// How many pages may still be read: a tree has no page twice.
    left: u64,
}

impl Pages<'_, '_> {
    fn page(&mut self, number: u64) -> Result<Vec<u8>, Unread> {
        self.left = self.left.checked_sub(1).ok_or_else(damaged)?;
        let offset = number
            .checked_sub(1)
            .and_then(|before| before.checked_mul(self.size));
        let page = self.file.at(offset.ok_or_else(damaged)?, self.size)?;
        if page.len() as u64 == self.size {
            Ok(page)
        } else {
            Err(damaged())
        }
    }

    /// Hands every row of a tree to `each`.
    fn rows(
        &mut self,
        root: u64,
        each: &mut dyn FnMut(&[u8]) -> Result<(), Unread>,
    ) -> Result<(), Unread> {
        self.left = self.file.size / self.size + 1;
        let mut open = vec![root];
        while let Some(number) = open.pop() {
            let page = self.page(number)?;
            // The first page has the header of the file before its own.
            let at = if number == 1 { 100 } else { 0 };
            let numbers = Numbers::new(&page, true);
            let kind = page.get(at).copied();
            let count = numbers.get(at + 3, 2).ok_or_else(damaged)?;
            let count = usize::try_from(count).map_err(|_| damaged())?;
            let cells = at + if kind == Some(INNER) { 12 } else { 8 };
            let cell = |index: usize| {
                let place = numbers.get(cells + 2 * index, 2)?;
                usize::try_from(place).ok()
            };
            match kind {
                Some(LEAF) => {
                    for index in 0..count {
                        let place = cell(index).ok_or_else(damaged)?;
                        let row = self.row(page.get(place..).ok_or_else(damaged)?)?;
                        each(&row)?;
                    }
                }
                Some(INNER) => {
                    // Taken from the end, so that rows come in order.
                    open.push(numbers.get(at + 8, 4).ok_or_else(damaged)?);
                    for index in (0..count).rev() {
                        let place = cell(index).ok_or_else(damaged)?;
                        open.push(numbers.get(place, 4).ok_or_else(damaged)?);
                    }
                    if open.len() as u64 > self.file.size / self.size + 1 {
                        return Err(damaged());
                    }
                }
                _ => return Err(damaged()),
            }
        }
        Ok(())
    }

    /// The content of a cell, with the pages that it goes on in.
    fn row(&mut self, cell: &[u8]) -> Result<Vec<u8>, Unread> {
        let (length, rest) = varint(cell).ok_or_else(damaged)?;
        let (_, rest) = varint(rest).ok_or_else(damaged)?;
        if length > MOST_ROW {
            return Err(damaged());
        }
        let most = self.usable - 35;
        let least = (self.usable - 12) * 32 / 255 - 23;
        let local = if length <= most {
            length
        } else {
            let fitting = least + (length - least) % (self.usable - 4);
            if fitting <= most { fitting } else { least }
        };
        let local = usize::try_from(local).map_err(|_| damaged())?;
        let mut row = rest.get(..local).ok_or_else(damaged)?.to_vec();
        let mut next = Numbers::new(rest, true).get(local, 4);
        while (row.len() as u64) < length {
            let number = next.filter(|number| *number > 0).ok_or_else(damaged)?;
            let page = self.page(number)?;
            next = Numbers::new(&page, true).get(0, 4);
            let part = (length - row.len() as u64).min(self.usable - 4);
            let end = 4 + usize::try_from(part).map_err(|_| damaged())?;
            row.extend_from_slice(page.get(4..end).ok_or_else(damaged)?);
        }
        Ok(row)
    }
}

enum Value<'r> {
    Number(u64),
    Bytes(&'r [u8]),
    Other,
}

fn columns(row: &[u8]) -> Option<Vec<Value<'_>>> {
    let (length, after) = varint(row)?;
    let length = usize::try_from(length).ok()?;
    let used = row.len() - after.len();
    let mut kinds = row.get(used..length)?;
    let mut data = row.get(length..)?;
    let mut values = Vec::new();
    while !kinds.is_empty() {
        let (kind, rest) = varint(kinds)?;
        kinds = rest;
        let width = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            kind => usize::try_from((kind - 12) / 2).ok()?,
        };
        let bytes = data.get(..width)?;
        data = data.get(width..)?;
        values.push(match kind {
            8 | 9 => Value::Number(kind - 8),
            1..=6 => Value::Number(Numbers::new(bytes, true).get(0, width)?),
            12.. => Value::Bytes(bytes),
            _ => Value::Other,
        });
        if values.len() > 100 {
            return None;
        }
    }
    Some(values)
}

/// A number of up to nine bytes, and what follows.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        if index == 8 {
            return Some(((value << 8) | u64::from(*byte), bytes.get(9..)?));
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}
