//! The zip archives in which OSV gives out the advisories of an ecosystem.
//!
//! Source: osv.dev, "Data dumps": `ECOSYSTEM/all.zip` holds one `ID.json` for each.
//! One entry at a time is unpacked, into memory and within limits; names of entries
//! are never used as paths.

use std::collections::HashSet;
use std::io::{Read, Seek, Write};

use cofferdam_facts::Timestamp;
use zip::write::SimpleFileOptions;

use crate::advisory::Advisory;

/// How much of an archive is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most entries. Of npm, the largest, OSV has some 230,000.
    pub entries: usize,
    /// The most bytes of one advisory.
    pub advisory_bytes: u64,
    /// The most bytes of all advisories together.
    pub total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            advisory_bytes: 32 * 1024 * 1024,
            total_bytes: 16 * 1024 * 1024 * 1024,
        }
    }
}

/// Why an archive cannot be read. Nothing of such an archive may be used: what is
/// missing would pass for what does not exist.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no zip archive, or a damaged or half-downloaded one.
    #[error("the zip archive is damaged or not whole: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// An entry cannot be unpacked.
    #[error("the entry `{name}` is damaged: {source}")]
    Entry {
        /// The entry.
        name: String,
        /// What was said.
        source: std::io::Error,
    },
    /// What is done with the advisories failed.
    #[error(transparent)]
    Sink(std::io::Error),
    /// It has more than is read.
    #[error("the archive has more than {limit} {unit}")]
    TooLarge {
        /// The most that is read.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// It holds no advisory at all, which no ecosystem has.
    #[error("the archive holds no advisory")]
    Empty,
}

/// What an archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Advisories that were read.
    pub advisories: u64,
    /// Entries that are no advisory of the schema: what they say is not known.
    pub unreadable: u64,
    /// The names of the first of those, and why.
    pub first_unreadable: Vec<(String, String)>,
    /// The newest time at which an entry was put into the archive, as it says.
    pub newest_entry: Option<Timestamp>,
}

/// The most entries that are named.
const MOST_NAMED: usize = 10;

/// Hands every advisory of an archive to `each`.
///
/// # Errors
/// [`ArchiveError`].
pub fn read<R: Read + Seek>(
    source: R,
    limits: &Limits,
    each: &mut dyn FnMut(Advisory) -> std::io::Result<()>,
) -> Result<Counts, ArchiveError> {
    let mut archive = zip::ZipArchive::new(source)?;
    if archive.len() > limits.entries {
        return Err(ArchiveError::TooLarge {
            limit: limits.entries as u64,
            unit: "entries",
        });
    }
    let mut counts = Counts::default();
    let mut seen = HashSet::new();
    let (mut left, mut content) = (limits.total_bytes, Vec::new());
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at)?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name()?.into_owned();
        let time = entry.last_modified().and_then(timestamp);
        counts.newest_entry = counts.newest_entry.max(time);
        unpack(&mut entry, &name, limits, &mut left, &mut content)?;
        match advisory(&name, &content) {
            Ok(advisory) if seen.insert(advisory.id.clone()) => {
                counts.advisories += 1;
                each(advisory).map_err(ArchiveError::Sink)?;
            }
            Ok(_) => counts.note(name, "another entry has the same id".to_owned()),
            Err(why) => counts.note(name, why),
        }
    }
    if counts.advisories == 0 {
        return Err(ArchiveError::Empty);
    }
    Ok(counts)
}

/// Writes an archive of advisories, each with its id and its document. The same
/// advisories give the same bytes.
///
/// # Errors
/// What writing says.
pub fn write<'a, W: Write + Seek>(
    out: W,
    advisories: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> std::io::Result<()> {
    let mut zip = zip::ZipWriter::new(out);
    for (id, document) in advisories {
        zip.start_file(format!("{id}.json"), SimpleFileOptions::default())?;
        zip.write_all(document)?;
    }
    zip.finish()?.flush()
}

impl Counts {
    fn note(&mut self, name: String, why: String) {
        self.unreadable += 1;
        if self.first_unreadable.len() < MOST_NAMED {
            self.first_unreadable.push((name, why));
        }
    }
}

/// An entry is named after what it holds.
fn advisory(name: &str, content: &[u8]) -> Result<Advisory, String> {
    let advisory = Advisory::parse(content).map_err(|error| error.to_string())?;
    let stem = name
        .rsplit('/')
        .next()
        .unwrap_or(name)
        .strip_suffix(".json");
    if stem == Some(advisory.id.as_str()) {
        Ok(advisory)
    } else {
        Err(format!("it says that it is {}", advisory.id))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn unpack(
    entry: &mut dyn Read,
    name: &str,
    limits: &Limits,
    left: &mut u64,
    content: &mut Vec<u8>,
) -> Result<(), ArchiveError> {
    content.clear();
    let limit = limits.advisory_bytes.min(*left);
    let source = |source| ArchiveError::Entry {
        name: name.to_owned(),
        source,
    };
    let count = entry.take(limit.saturating_add(1)).read_to_end(content);
    let count = count.map_err(source)? as u64;
    if count > limit {
        let (limit, unit) = if count > limits.advisory_bytes {
            (limits.advisory_bytes, "bytes in one advisory")
        } else {
            (limits.total_bytes, "bytes in all advisories")
        };
        return Err(ArchiveError::TooLarge { limit, unit });
    }
    *left -= count;
    Ok(())
}

/// The time of an entry, taken for UTC: archives do not say of which zone it is.
/// The year 1980 is where the format begins and stands for none.
fn timestamp(time: zip::DateTime) -> Option<Timestamp> {
    let (date, clock) = (
        (time.year(), time.month(), time.day()),
        (time.hour(), time.minute(), time.second().min(59)),
    );
    if date.0 <= 1980 {
        return None;
    }
    Timestamp::parse_time(&format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.0, date.1, date.2, clock.0, clock.1, clock.2
    ))
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use std::io::Cursor;

    use super::*;

    pub(super) fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn ids(bytes: &[u8], limits: &Limits) -> Result<(Vec<String>, Counts), ArchiveError> {
        let mut ids = Vec::new();
        let counts = read(Cursor::new(bytes), limits, &mut |advisory| {
            ids.push(advisory.id);
            Ok(())
        })?;
        Ok((ids, counts))
    }

    #[test]
    fn every_advisory_is_read_and_what_is_none_is_named() {
        let bytes = archive(&[
            ("A-1.json", br#"{"id":"A-1"}"#),
            ("../../B-1.json", br#"{"id":"B-1"}"#),
            ("C-1.json", br#"{"id":"OTHER"}"#),
            ("x/A-1.json", br#"{"id":"A-1"}"#),
            ("D-1.json", b"{"),
            ("README", b"hello"),
        ]);
        let (ids, counts) = ids(&bytes, &Limits::default()).unwrap();
        // Names are no paths: the second is an advisory like any other.
        assert_eq!(ids, ["A-1", "B-1"]);
        assert_eq!((counts.advisories, counts.unreadable), (2, 4));
        let why: Vec<_> = counts
            .first_unreadable
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(why, ["C-1.json", "x/A-1.json", "D-1.json", "README"]);
    }

    #[test]
    fn what_is_damaged_or_too_large_is_refused_as_a_whole() {
        let large = format!("{{\"id\":\"A-1\",\"summary\":\"{}\"}}", " ".repeat(10_000));
        let whole = archive(&[
            ("A-1.json", large.as_bytes()),
            ("B-1.json", br#"{"id":"B-1"}"#),
        ]);
        let limits = Limits::default();
        assert_eq!(ids(&whole, &limits).unwrap().0.len(), 2);
        for end in [0, 10, whole.len() / 2, whole.len() - 1] {
            assert!(ids(&whole[..end], &limits).is_err(), "{end}");
        }
        let mut broken = whole.clone();
        broken[60] ^= 0xff;
        assert!(ids(&broken, &limits).is_err());
        let one = Limits {
            advisory_bytes: 5000,
            ..limits
        };
        let text = ids(&whole, &one).unwrap_err().to_string();
        assert_eq!(text, "the archive has more than 5000 bytes in one advisory");
        let all = Limits {
            total_bytes: 5000,
            ..limits
        };
        let text = ids(&whole, &all).unwrap_err().to_string();
        assert_eq!(
            text,
            "the archive has more than 5000 bytes in all advisories"
        );
        let few = Limits {
            entries: 1,
            ..limits
        };
        assert!(matches!(
            ids(&whole, &few),
            Err(ArchiveError::TooLarge { .. })
        ));
        let none = archive(&[("README", b"hello")]);
        assert!(matches!(ids(&none, &limits), Err(ArchiveError::Empty)));
    }
}
