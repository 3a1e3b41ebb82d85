//! A database from files: OSV's archive, a folder of its documents, or the databases of
//! RustSec and PyPI as their repositories have them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use cofferdam_advisories::imports::{self, ImportError, MOST_BYTES};
use cofferdam_advisories::{Limits, archive, base, is_ecosystem};
use cofferdam_facts::Timestamp;

use super::folder::{DatabaseFolder, Origin};
use super::opened::{Age, Database, Why, build, forget};
use crate::collect::{Links, bounded, plain, regular};
use crate::limits;

/// What is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// A file or a folder.
    pub from: PathBuf,
    /// The ecosystem that is taken from it; the only one that it names, where none is
    /// said.
    pub ecosystem: Option<String>,
    /// The time of what it holds, where the user says it.
    pub as_of: Option<Timestamp>,
    /// The time of this run.
    pub now: Timestamp,
}

/// What an import has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What the database says of itself now.
    pub age: Age,
}

/// Why nothing was imported. The old database, if any, is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The file or folder cannot be read.
    #[error("{}: {}", path.display(), plain(source))]
    Read {
        /// Which.
        path: PathBuf,
        /// What was said.
        source: io::Error,
    },
    /// It is of no kind that is imported.
    #[error(
        "{} is no zip archive, no .tar.gz and no folder of advisories",
        path.display()
    )]
    Kind {
        /// Which.
        path: PathBuf,
    },
    /// It holds no advisory.
    #[error("{} holds no advisory", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// Some of it cannot be read, so that what it says is not known.
    #[error("{count} of the files cannot be read, the first of them {first}")]
    Wrong {
        /// How many.
        count: usize,
        /// The first.
        first: ImportError,
    },
    /// It names several ecosystems, or another one.
    #[error("it has advisories of {found}; say which one by --ecosystem")]
    Which {
        /// Their names, with their counts.
        found: String,
    },
    /// The name can be none of an ecosystem.
    #[error("`{name}` cannot be the name of an ecosystem of OSV")]
    Name {
        /// What was said.
        name: String,
    },
    /// It is no database.
    #[error("{}: {why}", path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// Why.
        why: Why,
    },
    /// It cannot be written.
    #[error("{}: {}", path.display(), plain(source))]
    Write {
        /// Where.
        path: PathBuf,
        /// What was said.
        source: io::Error,
    },
}

impl ImportFailure {
    /// Whether the command was used wrongly, as opposed to a database that cannot be
    /// read.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Kind { .. } | Self::Which { .. } | Self::Name { .. }
        )
    }
}

/// Everything that files hold, by id.
#[derive(Default)]
struct Read {
    found: BTreeMap<String, imports::Imported>,
    wrong: Vec<ImportError>,
}

impl Read {
    fn take(&mut self, one: Result<imports::Imported, ImportError>) {
        match one {
            Ok(one) => {
                self.found.insert(one.advisory.id.clone(), one);
            }
            Err(error) => self.wrong.push(error),
        }
    }
}

/// Takes the database of one ecosystem from files. It takes the place of the one that
/// is there: what it does not hold is not known afterwards.
///
/// # Errors
/// [`ImportFailure`].
pub fn import(folder: &DatabaseFolder, options: &ImportOptions) -> Result<Imported, ImportFailure> {
    let from = &options.from;
    if let Some(name) = options
        .ecosystem
        .as_ref()
        .filter(|name| !is_ecosystem(name))
    {
        return Err(ImportFailure::Name { name: name.clone() });
    }
    let read = |source| ImportFailure::Read {
        path: from.clone(),
        source,
    };
    if fs::metadata(from).map_err(read)?.is_dir() {
        let all = of_folder(from)?;
        return written(folder, options, all);
    }
    let mut file = regular(from, Links::Followed).map_err(read)?;
    let mut begin = [0; 4];
    let count = file.read(&mut begin).map_err(read)?;
    file.rewind().map_err(read)?;
    match begin.get(..count).unwrap_or_default() {
        [b'P', b'K', 3 | 5, _] => of_zip(folder, options, file),
        [0x1f, 0x8b, ..] => {
            let mut all = Read::default();
            let limits = Limits::default();
            imports::tarball(BufReader::new(file), &limits, &mut |one| all.take(one))
                .map_err(|first| ImportFailure::Wrong { count: 1, first })?;
            written(folder, options, all)
        }
        _ => Err(ImportFailure::Kind { path: from.clone() }),
    }
}

fn of_folder(from: &Path) -> Result<Read, ImportFailure> {
    let mut all = Read::default();
    let limits = limits::Limits::default();
    let walk = crate::collect::files_below(from, "", &limits);
    if let Some(gap) = walk.gaps.into_iter().next() {
        let what = cofferdam_findings::NotChecked::from(gap).message;
        let path = from.display().to_string();
        let first = ImportError { path, what };
        return Err(ImportFailure::Wrong { count: 1, first });
    }
    for path in walk.links {
        if imports::document(&path, b"").is_some() {
            let what = "it is a link, which is not followed".to_owned();
            all.wrong.push(ImportError { path, what });
        }
    }
    for path in walk.files {
        let full = from.join(&path);
        let is_advisory = imports::document(&path, b"").is_some();
        if !is_advisory {
            continue;
        }
        let read = |source| ImportFailure::Read {
            path: full.clone(),
            source,
        };
        let mut file = regular(&full, Links::NotTheLast).map_err(read)?;
        match bounded(&mut file, MOST_BYTES).map_err(read)? {
            Ok(bytes) => {
                if let Some(one) = imports::document(&path, &bytes) {
                    all.take(one);
                }
            }
            Err(bytes) => all.wrong.push(ImportError {
                path,
                what: format!("it has {bytes} bytes; at most {MOST_BYTES} are read"),
            }),
        }
    }
    Ok(all)
}

/// OSV's own archive is taken as it is.
fn of_zip(
    folder: &DatabaseFolder,
    options: &ImportOptions,
    mut file: File,
) -> Result<Imported, ImportFailure> {
    let refused = |what: String| ImportFailure::Refused {
        path: options.from.clone(),
        why: Why::Damaged { what },
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let again = file.try_clone().map_err(|error| refused(plain(&error)))?;
    let read = archive::read(BufReader::new(again), &Limits::default(), &mut |advisory| {
        for ecosystem in ecosystems(&advisory) {
            *counts.entry(ecosystem).or_default() += 1;
        }
        Ok(())
    });
    read.map_err(|error| refused(error.to_string()))?;
    let ecosystem = chosen(options, &counts)?;
    let write = |source| ImportFailure::Write {
        path: folder.path().join(&ecosystem),
        source,
    };
    let mut part = folder.part(&ecosystem).map_err(write)?;
    file.rewind().map_err(write)?;
    io::copy(&mut file, &mut part).map_err(write)?;
    put(folder, options, &ecosystem, part)
}

fn ecosystems(advisory: &cofferdam_advisories::Advisory) -> std::collections::BTreeSet<String> {
    let names = advisory
        .affected
        .iter()
        .map(|one| base(&one.package.ecosystem).to_owned());
    names.filter(|name| is_ecosystem(name)).collect()
}

/// The ecosystem that is meant.
fn chosen(
    options: &ImportOptions,
    counts: &BTreeMap<String, usize>,
) -> Result<String, ImportFailure> {
    let found = || {
        let each = counts
            .iter()
            .map(|(name, count)| format!("{name} ({count})"));
        each.collect::<Vec<_>>().join(", ")
    };
    let mut names = counts.keys();
    match (&options.ecosystem, names.next(), names.next()) {
        (_, None, _) => Err(ImportFailure::Empty {
            path: options.from.clone(),
        }),
        (Some(name), ..) if counts.contains_key(name) => Ok(name.clone()),
        (None, Some(only), None) => Ok(only.clone()),
        _ => Err(ImportFailure::Which { found: found() }),
    }
}

fn written(
    folder: &DatabaseFolder,
    options: &ImportOptions,
    all: Read,
) -> Result<Imported, ImportFailure> {
    let count = all.wrong.len();
    if let Some(first) = all.wrong.into_iter().next() {
        return Err(ImportFailure::Wrong { count, first });
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in all.found.values() {
        for ecosystem in ecosystems(&one.advisory) {
            *counts.entry(ecosystem).or_default() += 1;
        }
    }
    let ecosystem = chosen(options, &counts)?;
    let write = |source| ImportFailure::Write {
        path: folder.path().join(&ecosystem),
        source,
    };
    let part = folder.part(&ecosystem).map_err(write)?;
    let of_it = all
        .found
        .values()
        .filter(|one| ecosystems(&one.advisory).contains(&ecosystem));
    let entries = of_it.map(|one| (one.advisory.id.as_str(), one.json.as_slice()));
    let again = part.reopen().map_err(write)?;
    archive::write(io::BufWriter::new(again), entries).map_err(write)?;
    put(folder, options, &ecosystem, part)
}

fn put(
    folder: &DatabaseFolder,
    options: &ImportOptions,
    ecosystem: &str,
    mut part: tempfile::NamedTempFile,
) -> Result<Imported, ImportFailure> {
    let write = |source| ImportFailure::Write {
        path: folder.path().join(ecosystem),
        source,
    };
    let refused = |why| ImportFailure::Refused {
        path: options.from.clone(),
        why,
    };
    part.flush().map_err(write)?;
    let file = part.reopen().map_err(write)?;
    let header = build(file, io::sink(), ecosystem, options.now).map_err(refused)?;
    let origin = Origin {
        source: options.from.display().to_string(),
        taken: options.now,
        as_of: options.as_of,
        sha256: header.archive_sha256,
    };
    folder.put(ecosystem, part, &origin).map_err(write)?;
    forget(folder, ecosystem);
    let database = Database::open(folder, ecosystem, options.now);
    let database = database.map_err(|error| refused(error.why))?;
    let age = database.age(options.now);
    Ok(Imported { age })
}
