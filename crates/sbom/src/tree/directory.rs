//! A folder, walked without following a link.

use std::fs::{DirEntry, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cofferdam_facts::SourceFile;
use cofferdam_lockfiles::Unreadable;
use rayon::prelude::*;

use super::spool::Digests;
use super::{Files, Harvest, Options, open};
use crate::catalogue::file::whole;
use crate::catalogue::{self, Candidate, Interest, Tree, Unread};
use crate::error::{ArchiveProblem, SbomError};

/// A folder that waits to be read.
struct Open {
    place: PathBuf,
    /// Its path below the root, with slashes; empty for the root.
    path: String,
}

/// Walks a folder. Folders of one depth are read in parallel.
pub(crate) fn walk(root: &Path, options: &Options) -> Result<Harvest, SbomError> {
    let mut harvest = Harvest::default();
    let count = AtomicU64::new(0);
    let mut open = vec![Open {
        place: root.to_owned(),
        path: String::new(),
    }];
    // The root itself must be readable; what lies below it may be a gap.
    root.read_dir().map_err(SbomError::file(root))?;
    while !open.is_empty() {
        let parts: Vec<(Harvest, Vec<Open>)> = open
            .par_iter()
            .map(|folder| one(folder, root, options, &count))
            .collect();
        open = Vec::new();
        for (part, mut folders) in parts {
            harvest.append(part);
            open.append(&mut folders);
        }
        if count.load(Ordering::Relaxed) > options.limits.entries {
            return Err(SbomError::Archive {
                blob: root.display().to_string(),
                problem: ArchiveProblem::Entries {
                    most: options.limits.entries,
                },
            });
        }
    }
    Ok(harvest)
}

fn one(folder: &Open, root: &Path, options: &Options, count: &AtomicU64) -> (Harvest, Vec<Open>) {
    let mut harvest = Harvest::default();
    let mut folders = Vec::new();
    let mut files = Vec::new();
    let entries = match folder.place.read_dir() {
        Ok(entries) => entries,
        Err(error) => {
            harvest.unread.push((folder.path.clone(), error.into()));
            return (harvest, folders);
        }
    };
    for entry in entries {
        if count.fetch_add(1, Ordering::Relaxed) > options.limits.entries {
            break;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                harvest.unread.push((folder.path.clone(), error.into()));
                continue;
            }
        };
        let path = below(&folder.path, &entry);
        let kind = entry.file_type();
        if path.len() > options.limits.path_bytes {
            let most = options.limits.path_bytes as u64;
            harvest.unread.push((path, Unread::TooLarge { most }));
        } else if options.exclude.contains(&path) || is_of_the_kernel(root, &path) {
            // What is left out is named in the document.
        } else if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
            folders.push(Open {
                place: entry.path(),
                path,
            });
        } else if kind.as_ref().is_ok_and(std::fs::FileType::is_file) {
            files.push((entry, path));
        } else if let Err(error) = kind {
            harvest.unread.push((path, error.into()));
        }
    }
    let parts: Vec<Harvest> = files
        .into_par_iter()
        .with_min_len(64)
        .fold(Harvest::default, |mut harvest, (entry, path)| {
            if let Err(error) = file(root, &entry, &path, options, &mut harvest) {
                harvest.unread.push((path, error.into()));
            }
            harvest
        })
        .collect();
    for part in parts {
        harvest.append(part);
    }
    (harvest, folders)
}

fn below(folder: &str, entry: &DirEntry) -> String {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    if folder.is_empty() {
        name.into_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// What the kernel makes up is no part of a tree.
fn is_of_the_kernel(root: &Path, path: &str) -> bool {
    matches!(path, "proc" | "sys" | "dev") && root == Path::new("/")
}

fn file(
    root: &Path,
    entry: &DirEntry,
    path: &str,
    options: &Options,
    harvest: &mut Harvest,
) -> io::Result<()> {
    let size = match entry.metadata() {
        Ok(metadata) => metadata.len(),
        // It was there a moment ago.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let candidate = Candidate {
        path,
        size,
        tree: Tree::Source,
    };
    let interest = catalogue::interest(candidate);
    if interest == Interest::No && options.files != Files::All {
        return Ok(());
    }
    let mut file = match open::regular(&entry.path()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // Whether it is an executable nobody can say, so that this is a gap too.
        Err(error) => return Err(error),
    };
    let digests = match options.files {
        Files::All => Some(Digests::of(&mut file)?),
        _ => None,
    };
    if let Some(digests) = &digests {
        harvest.listed.push((path.to_owned(), digests.clone()));
        file.rewind()?;
    }
    if interest == Interest::No {
        return Ok(());
    }
    let beside = |path: &str| other(root, path);
    if let Some(mut found) = catalogue::look(candidate, &mut file, &beside, &options.limits)? {
        found.digests = match (options.files, digests) {
            (Files::Evidence, _) => Some(again(&mut file)?),
            (_, digests) => digests,
        };
        harvest.found.push(found);
    }
    Ok(())
}

fn again(file: &mut File) -> io::Result<catalogue::FileDigests> {
    file.rewind()?;
    Digests::of(file)
}

/// The most bytes of a file that another one names.
const MOST_BESIDE: u64 = 4 << 20;

/// Another file of the tree, without following a link on the way to it.
fn other(root: &Path, path: &str) -> Result<SourceFile, Unreadable> {
    let mut place = root.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        if matches!(part, "" | "." | "..") {
            return Err(Unreadable::Outside);
        }
        place.push(part);
        let found = std::fs::symlink_metadata(&place).map_err(|_| Unreadable::Missing)?;
        if found.is_symlink() || (parts.peek().is_some() && !found.is_dir()) {
            return Err(Unreadable::Refused);
        }
    }
    let mut file = open::regular(&place).map_err(|_| Unreadable::Refused)?;
    let size = file.metadata().map_err(|_| Unreadable::Refused)?.len();
    let bytes = whole(&mut file, size, MOST_BESIDE).map_err(|_| Unreadable::TooLarge)?;
    let text = String::from_utf8(bytes).map_err(|_| Unreadable::Refused)?;
    Ok(SourceFile::new(path, text))
}
