//! A file in which the advisories of a package are found in microseconds.
//!
//! It is made of an archive once and lies beside it. A record is what one advisory
//! says of one package. The table behind the records has a row for each, ordered by
//! a hash of the name, and stays in memory; of the records only those of a name that
//! is asked for are read. Everything carries a checksum against damage, and none
//! against malice: whoever can write the index can write the archive as well.

use std::io::{self, Read, Seek, SeekFrom, Write};

use cofferdam_facts::Timestamp;
use flate2::Crc;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::advisory::Advisory;
use crate::archive::Counts;

/// The version of this format; another one is made anew.
const FORMAT: u32 = 1;
const BEGIN: &[u8] = b"cofferdam advisories\n";
const END: &[u8] = b"cofferdam end\n";
/// Hash, place, length and checksum of a record.
const ROW: usize = 8 + 8 + 4 + 4;
/// The most bytes of the header.
const MOST_HEADER: u64 = 1024 * 1024;
/// The most bytes of the table: forty million rows.
const MOST_TABLE: u64 = 1024 * 1024 * 1024;

/// What an index says of itself and of the archive that it was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// The ecosystem, without a release.
    pub ecosystem: String,
    /// The SHA-256 of the archive, hexadecimal.
    pub archive_sha256: String,
    /// The bytes of the archive.
    pub archive_bytes: u64,
    /// When the archive's file was last written: seconds since 1970 and nanoseconds.
    pub archive_written: (i64, u32),
    /// How many advisories it holds.
    pub advisories: u64,
    /// How many of them were taken back.
    pub withdrawn: u64,
    /// How many of them are of malicious packages.
    pub malicious: u64,
    /// How many entries could not be read.
    pub unreadable: u64,
    /// The first of those, and why.
    pub first_unreadable: Vec<(String, String)>,
    /// The newest time that an advisory, or an entry of the archive, names, up to
    /// the time at which the index was made.
    pub newest: Option<Timestamp>,
    table_at: u64,
    table_bytes: u64,
    table_crc: u32,
}

/// Why an index cannot be used. It is to be made anew of the archive.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be read.
    #[error("the index cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is not whole, or not what was written.
    #[error("the index is damaged: {what}")]
    Damaged {
        /// What is.
        what: &'static str,
    },
    /// Another version of this program has made it.
    #[error("the index is of another format")]
    OtherFormat,
}

/// Makes an index.
#[derive(Debug)]
pub struct Builder<W> {
    out: W,
    at: u64,
    rows: Vec<Row>,
    header: Header,
    now: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    hash: u64,
    at: u64,
    length: u32,
    crc: u32,
}

/// What is known of the archive's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Its bytes.
    pub bytes: u64,
    /// When it was last written: seconds since 1970 and nanoseconds.
    pub written: (i64, u32),
}

impl<W: Write> Builder<W> {
    /// Begins an index of an ecosystem. Times that lie after `now` are not believed.
    ///
    /// # Errors
    /// What writing says.
    pub fn new(mut out: W, ecosystem: &str, now: Timestamp) -> io::Result<Self> {
        out.write_all(BEGIN)?;
        Ok(Self {
            out,
            at: BEGIN.len() as u64,
            rows: Vec::new(),
            header: Header {
                format: FORMAT,
                ecosystem: ecosystem.to_owned(),
                ..Header::default()
            },
            now,
        })
    }

    /// Adds an advisory, for every package of the ecosystem that it names.
    ///
    /// # Errors
    /// What writing says.
    pub fn add(&mut self, advisory: &Advisory) -> io::Result<()> {
        for (name, small) in advisory.by_package(&self.header.ecosystem) {
            let record = serde_json::to_vec(&small)?;
            let too_long = |_| io::Error::other("an advisory has more than 4 GiB");
            let length = u32::try_from(record.len()).map_err(too_long)?;
            self.out.write_all(&record)?;
            self.rows.push(Row {
                hash: hash(&name),
                at: self.at,
                length,
                crc: crc(&record),
            });
            self.at += u64::from(length);
        }
        self.header.withdrawn += u64::from(advisory.is_withdrawn());
        self.header.malicious += u64::from(advisory.is_malicious());
        self.saw(advisory.newest());
        Ok(())
    }

    fn saw(&mut self, time: Option<Timestamp>) {
        let time = time.filter(|time| *time <= self.now);
        self.header.newest = self.header.newest.max(time);
    }

    /// Writes the table, and gives back what was written to.
    ///
    /// # Errors
    /// What writing says.
    pub fn finish(mut self, counts: &Counts, stamp: &Stamp) -> io::Result<(W, Header)> {
        self.rows.sort_unstable();
        let mut table = Vec::with_capacity(self.rows.len() * ROW);
        for row in &self.rows {
            table.extend_from_slice(&row.hash.to_le_bytes());
            table.extend_from_slice(&row.at.to_le_bytes());
            table.extend_from_slice(&row.length.to_le_bytes());
            table.extend_from_slice(&row.crc.to_le_bytes());
        }
        self.saw(counts.newest_entry);
        let header = Header {
            archive_sha256: stamp.sha256.clone(),
            archive_bytes: stamp.bytes,
            archive_written: stamp.written,
            advisories: counts.advisories,
            unreadable: counts.unreadable,
            first_unreadable: counts.first_unreadable.clone(),
            table_at: self.at,
            table_bytes: table.len() as u64,
            table_crc: crc(&table),
            ..self.header
        };
        let text = serde_json::to_vec(&header)?;
        self.out.write_all(&table)?;
        self.out.write_all(&text)?;
        self.out.write_all(&(text.len() as u64).to_le_bytes())?;
        self.out.write_all(&crc(&text).to_le_bytes())?;
        self.out.write_all(END)?;
        self.out.flush()?;
        Ok((self.out, header))
    }
}

/// An index that is open.
#[derive(Debug)]
pub struct Index<R> {
    source: R,
    rows: Vec<Row>,
    header: Header,
}

impl<R: Read + Seek> Index<R> {
    /// Opens an index, reading its header and its table.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn open(mut source: R) -> Result<Self, IndexError> {
        let damaged = |what| IndexError::Damaged { what };
        let mut begin = [0; BEGIN.len()];
        source.rewind()?;
        source
            .read_exact(&mut begin)
            .map_err(|_| damaged("it has no beginning"))?;
        let size = source.seek(SeekFrom::End(0))?;
        let tail = (8 + 4 + END.len()) as u64;
        let end_at = size.checked_sub(tail).ok_or(damaged("it is too short"))?;
        source.seek(SeekFrom::Start(end_at))?;
        let (mut length, mut sum, mut end) = ([0; 8], [0; 4], [0; END.len()]);
        source.read_exact(&mut length)?;
        source.read_exact(&mut sum)?;
        source.read_exact(&mut end)?;
        if begin != BEGIN || end != END {
            return Err(damaged("it is not whole"));
        }
        let length = u64::from_le_bytes(length);
        let header_at = end_at.checked_sub(length).filter(|_| length <= MOST_HEADER);
        let header_at = header_at.ok_or(damaged("its header has no place"))?;
        let text = at(&mut source, header_at, length)?;
        if crc(&text) != u32::from_le_bytes(sum) {
            return Err(damaged("its header is not what was written"));
        }
        let header: Header = serde_json::from_slice(&text).map_err(|_| IndexError::OtherFormat)?;
        if header.format != FORMAT {
            return Err(IndexError::OtherFormat);
        }
        let table_end = header.table_at.checked_add(header.table_bytes);
        if table_end != Some(header_at) || header.table_bytes > MOST_TABLE {
            return Err(damaged("its table has no place"));
        }
        let table = at(&mut source, header.table_at, header.table_bytes)?;
        if crc(&table) != header.table_crc {
            return Err(damaged("its table is not what was written"));
        }
        let rows = rows(&table).ok_or(damaged("its table is odd"))?;
        Ok(Self {
            source,
            rows,
            header,
        })
    }

    /// What the index says of itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What is said of a package, withdrawn advisories included, in order of id.
    /// `name` is as any file writes it.
    ///
    /// # Errors
    /// [`IndexError`] where a record is damaged; what is said is not known then.
    pub fn of(&mut self, name: &str) -> Result<Vec<Advisory>, IndexError> {
        let name = crate::lookup_name(&self.header.ecosystem, name);
        let hash = hash(&name);
        let start = self.rows.partition_point(|row| row.hash < hash);
        let mut found = Vec::new();
        let mut place = start;
        while let Some(row) = self.rows.get(place).filter(|row| row.hash == hash) {
            let record = at(&mut self.source, row.at, u64::from(row.length))?;
            let what = "a record is not what was written";
            if crc(&record) != row.crc {
                return Err(IndexError::Damaged { what });
            }
            let advisory = Advisory::parse(&record).map_err(|_| IndexError::Damaged { what })?;
            let is_meant = |one: &crate::Affected| {
                crate::lookup_name(&self.header.ecosystem, &one.package.name) == name
            };
            // Another name may have the same hash.
            if advisory.affected.iter().any(is_meant) {
                found.push(advisory);
            }
            place += 1;
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(found)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn at<R: Read + Seek>(source: &mut R, at: u64, length: u64) -> Result<Vec<u8>, IndexError> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.by_ref().take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(IndexError::Damaged {
            what: "something is missing",
        })
    }
}

fn rows(table: &[u8]) -> Option<Vec<Row>> {
    let (chunks, rest) = table.as_chunks::<ROW>();
    if !rest.is_empty() {
        return None;
    }
    chunks
        .iter()
        .map(|row| {
            let (hash, row) = row.split_first_chunk::<8>()?;
            let (at, row) = row.split_first_chunk::<8>()?;
            let (length, crc) = row.split_first_chunk::<4>()?;
            Some(Row {
                hash: u64::from_le_bytes(*hash),
                at: u64::from_le_bytes(*at),
                length: u32::from_le_bytes(*length),
                crc: u32::from_le_bytes(*crc.first_chunk::<4>()?),
            })
        })
        .collect()
}

/// A hash that nobody makes collide at will: many names in one place would cost time.
fn hash(name: &str) -> u64 {
    let digest = Sha256::digest(name.as_bytes());
    let first = digest.first_chunk::<8>().copied().unwrap_or_default();
    u64::from_le_bytes(first)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn built() -> Vec<u8> {
        let now = Timestamp::parse("2026-01-02").unwrap();
        let mut builder = Builder::new(Vec::new(), "PyPI", now).unwrap();
        for text in [
            r#"{"id":"PYSEC-2","modified":"2025-12-31T00:00:00Z","affected":[
                {"package":{"ecosystem":"PyPI","name":"A.b"},"versions":["1"]},
                {"package":{"ecosystem":"PyPI","name":"c"}},
                {"package":{"ecosystem":"npm","name":"a-b"},"versions":["2"]}]}"#,
            r#"{"id":"MAL-1","withdrawn":"2099-01-01T00:00:00Z","affected":[
                {"package":{"ecosystem":"PyPI","name":"a_b"}}]}"#,
        ] {
            builder
                .add(&Advisory::parse(text.as_bytes()).unwrap())
                .unwrap();
        }
        let counts = Counts {
            advisories: 2,
            ..Counts::default()
        };
        builder.finish(&counts, &Stamp::default()).unwrap().0
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        let mut index = Index::open(Cursor::new(built())).unwrap();
        let ids = |found: Vec<Advisory>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
        assert_eq!(ids(index.of("a-B").unwrap()), ["MAL-1", "PYSEC-2"]);
        let found = index.of("A_b").unwrap();
        // What is said of other packages, and elsewhere, is not in the record.
        assert_eq!(found.get(1).unwrap().affected.len(), 1);
        assert_eq!(ids(index.of("c").unwrap()), ["PYSEC-2"]);
        assert_eq!(ids(index.of("d").unwrap()), [""; 0]);
        let header = index.header();
        assert_eq!(
            (header.advisories, header.withdrawn, header.malicious),
            (2, 1, 1)
        );
        // What lies in the future is not believed.
        assert_eq!(header.newest.unwrap().date(), "2025-12-31");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let whole = built();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            let opened = Index::open(Cursor::new(bytes));
            let noticed = match opened {
                Err(_) => true,
                Ok(mut index) => index.of("a-b").is_err() || index.of("c").is_err(),
            };
            assert!(noticed, "{at}");
        }
        for end in 0..whole.len() {
            assert!(Index::open(Cursor::new(&whole[..end])).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(mut index) = Index::open(Cursor::new(bytes)) {
                let _ = index.of("a");
            }
        }
    }
}
