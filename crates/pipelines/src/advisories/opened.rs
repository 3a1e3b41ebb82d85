//! One database that is open, or why it is not.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cofferdam_advisories::index::Stamp;
use cofferdam_advisories::{Advisory, Builder, Header, Index, IndexError, Limits, archive};
use cofferdam_facts::Timestamp;

use super::folder::{DatabaseFolder, Origin, persist, sha256};
use crate::collect::{Links, plain, regular};

/// The advisories of one ecosystem.
#[derive(Debug)]
pub struct Database {
    ecosystem: String,
    folder: DatabaseFolder,
    index: Index<Source>,
    origin: Option<Origin>,
    now: Timestamp,
}

/// An index on disk, or in memory where nothing may be written.
#[derive(Debug)]
enum Source {
    File(BufReader<File>),
    Memory(Cursor<Vec<u8>>),
}

impl Read for Source {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(bytes),
            Self::Memory(memory) => memory.read(bytes),
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(memory) => memory.seek(to),
        }
    }
}

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// The ecosystem.
    pub ecosystem: String,
    /// What its index says.
    pub header: Header,
    /// Where it came from, as far as this program brought it.
    pub origin: Option<Origin>,
    /// The time of what it holds; `None` where nothing tells.
    pub as_of: Option<Timestamp>,
    /// Whole days since then.
    pub days: Option<i64>,
}

/// Why nothing is known of an ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{ecosystem}: {why}")]
pub struct Unavailable {
    /// The ecosystem.
    pub ecosystem: String,
    /// Why.
    pub why: Why,
}

/// Why nothing is known of an ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// There is no archive.
    #[error("there is no database at {}", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// It is older than it may be.
    #[error("the database is {days} days old, and {most} are allowed")]
    TooOld {
        /// Its age.
        days: i64,
        /// The most.
        most: u32,
    },
    /// Nothing tells how old it is.
    #[error("nothing tells how old the database is")]
    NoAge,
    /// It cannot be read.
    #[error("the database cannot be read: {what}")]
    Damaged {
        /// What was said.
        what: String,
    },
    /// Some of its advisories cannot be read.
    #[error("{count} advisories cannot be read, the first of them {first}")]
    Partial {
        /// How many.
        count: u64,
        /// The first, and why.
        first: String,
    },
    /// The package is not one of the public registry, so that no service was told of it.
    #[error("a package does not come from the public registry, and its name was told to nobody")]
    NotAsked,
    /// A service did not answer.
    #[error("the service did not answer: {what}")]
    NoAnswer {
        /// What happened.
        what: String,
    },
}

impl Why {
    /// What can be done.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "`cofferdam deps db update` takes it from OSV or a mirror, `cofferdam deps db \
                 import` from a file"
            }
            Self::TooOld { .. } => {
                "`cofferdam deps db update` takes a newer one; `--max-age DAYS` allows an older one"
            }
            Self::NoAge => {
                "`cofferdam deps db import --as-of DATE` says it; `--max-age any` does without"
            }
            Self::Damaged { .. } | Self::Partial { .. } => {
                "take it anew with `cofferdam deps db update`, or from a file with `cofferdam deps \
                 db import`"
            }
            Self::NotAsked => "leave out `--online` and use a database, which is asked here",
            Self::NoAnswer { .. } => {
                "run again, name another service by `--osv-url URL`, or leave out `--online` and \
                 use a database"
            }
        }
    }
}

impl Database {
    /// Opens the database of an ecosystem, and makes its index where that is missing,
    /// damaged or of another archive.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn open(
        folder: &DatabaseFolder,
        ecosystem: &str,
        now: Timestamp,
    ) -> Result<Self, Unavailable> {
        let failed = |why| Unavailable {
            ecosystem: ecosystem.to_owned(),
            why,
        };
        let index = index(folder, ecosystem, now).map_err(failed)?;
        let origin = folder.origin(ecosystem, &index.header().archive_sha256);
        Ok(Self {
            ecosystem: ecosystem.to_owned(),
            folder: folder.clone(),
            index,
            origin,
            now,
        })
    }

    /// Why a database may not be used: it is not whole, or older than `most` days.
    #[must_use]
    pub fn problem(age: &Age, most: Option<u32>) -> Option<Why> {
        let header = &age.header;
        if let Some((name, why)) = header.first_unreadable.first() {
            return Some(Why::Partial {
                count: header.unreadable,
                first: format!("{name}: {why}"),
            });
        }
        let most = most?;
        match age.days {
            None => Some(Why::NoAge),
            Some(days) => (days > i64::from(most)).then_some(Why::TooOld { days, most }),
        }
    }

    /// Itself, if it may be used.
    pub(super) fn usable(self, now: Timestamp, most: Option<u32>) -> Result<Self, Unavailable> {
        match Self::problem(&self.age(now), most) {
            Some(why) => Err(Unavailable {
                ecosystem: self.ecosystem,
                why,
            }),
            None => Ok(self),
        }
    }

    /// What it says of itself.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Age {
        let header = self.index.header().clone();
        let said = self.origin.as_ref().and_then(|origin| origin.as_of);
        // What lies in the future is not believed.
        let as_of = said.filter(|said| *said <= now).max(header.newest);
        Age {
            ecosystem: self.ecosystem.clone(),
            origin: self.origin.clone(),
            days: as_of.map(|as_of| as_of.days_until(now)),
            as_of,
            header,
        }
    }

    /// What is said of a package name, withdrawn advisories included.
    ///
    /// # Errors
    /// [`Unavailable`] where the archive itself is damaged; an index that is, is made
    /// anew.
    pub fn of(&mut self, name: &str) -> Result<Vec<Advisory>, Unavailable> {
        if let Ok(found) = self.index.of(name) {
            return Ok(found);
        }
        let failed = |why| Unavailable {
            ecosystem: self.ecosystem.clone(),
            why,
        };
        self.index = made(&self.folder, &self.ecosystem, self.now).map_err(failed)?;
        self.index.of(name).map_err(|error| failed(damaged(&error)))
    }
}

fn damaged(error: &dyn std::fmt::Display) -> Why {
    Why::Damaged {
        what: error.to_string(),
    }
}

fn index(folder: &DatabaseFolder, ecosystem: &str, now: Timestamp) -> Result<Index<Source>, Why> {
    let path = folder.archive(ecosystem);
    let mut archive = opened(&path)?;
    let written = written(&archive).map_err(|error| damaged(&plain(&error)))?;
    let stored = regular(&folder.index(ecosystem), Links::Followed);
    let stored = stored.map_err(IndexError::from);
    let stored = stored.and_then(|file| Index::open(Source::File(BufReader::new(file))));
    if let Ok(index) = stored {
        let header = index.header();
        let is_same = header.ecosystem == ecosystem
            && (header.archive_bytes, header.archive_written) == written;
        // A cache that is restored has new times, and the same bytes.
        if is_same
            || (header.ecosystem == ecosystem
                && header.archive_bytes == written.0
                && sha256(&mut archive).is_ok_and(|hash| hash == header.archive_sha256))
        {
            return Ok(index);
        }
    }
    made(folder, ecosystem, now)
}

fn opened(path: &Path) -> Result<File, Why> {
    regular(path, Links::Followed).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Why::Missing {
            path: path.to_owned(),
        },
        _ => damaged(&plain(&error)),
    })
}

type Written = (u64, (i64, u32));

/// The bytes of a file, and when it was last written.
fn written(file: &File) -> io::Result<Written> {
    let found = file.metadata()?;
    let time = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let time = time.map(|since| {
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        (seconds, since.subsec_nanos())
    });
    Ok((found.len(), time.unwrap_or_default()))
}

/// Makes the index, beside the archive if that may be written, or else in memory.
fn made(folder: &DatabaseFolder, ecosystem: &str, now: Timestamp) -> Result<Index<Source>, Why> {
    let path = folder.archive(ecosystem);
    match folder.part(ecosystem) {
        Ok(part) => {
            let mut out = BufWriter::new(part);
            build(opened(&path)?, &mut out, ecosystem, now)?;
            let part = out.into_inner().map_err(|error| damaged(error.error()))?;
            let target = folder.index(ecosystem);
            persist(part, &target).map_err(|error| damaged(&plain(&error)))?;
            let file = regular(&target, Links::Followed).map_err(|e| damaged(&plain(&e)))?;
            Index::open(Source::File(BufReader::new(file))).map_err(|error| damaged(&error))
        }
        Err(_) => {
            let mut out = Vec::new();
            build(opened(&path)?, &mut out, ecosystem, now)?;
            Index::open(Source::Memory(Cursor::new(out))).map_err(|error| damaged(&error))
        }
    }
}

/// Reads an archive whole and writes its index.
pub(super) fn build<W: Write>(
    mut archive: File,
    out: W,
    ecosystem: &str,
    now: Timestamp,
) -> Result<Header, Why> {
    let failed = |error: io::Error| damaged(&plain(&error));
    let (bytes, written) = written(&archive).map_err(failed)?;
    archive.rewind().map_err(failed)?;
    let stamp = Stamp {
        sha256: sha256(&mut archive).map_err(failed)?,
        bytes,
        written,
    };
    archive.rewind().map_err(failed)?;
    let mut builder = Builder::new(out, ecosystem, now).map_err(failed)?;
    let mut named = 0_u64;
    let counts = archive::read(
        BufReader::new(archive),
        &Limits::default(),
        &mut |advisory| {
            let is_of = |one: &cofferdam_advisories::Affected| {
                cofferdam_advisories::base(&one.package.ecosystem) == ecosystem
            };
            named += u64::from(advisory.affected.iter().any(is_of));
            builder.add(&advisory)
        },
    );
    let counts = counts.map_err(|error| damaged(&error))?;
    if named == 0 {
        return Err(Why::Damaged {
            what: format!(
                "none of its {} advisories names {ecosystem}",
                counts.advisories
            ),
        });
    }
    let (_, header) = builder.finish(&counts, &stamp).map_err(failed)?;
    Ok(header)
}

/// Removes the index of an ecosystem, so that it is made anew.
pub(super) fn forget(folder: &DatabaseFolder, ecosystem: &str) {
    // One that cannot be removed does not fit the archive, and is not used either.
    let _ = fs::remove_file(folder.index(ecosystem));
}
