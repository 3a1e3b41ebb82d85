//! The files of a checkout: what git tracks, as it stands in the work tree,
//! and what a maintainer has just written and not yet added.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_workflows::documents::kind::kind_of;
use cofferdam_workflows::repository::Tree;
use rayon::prelude::*;

use crate::collect::place::{
    Place, find, is_document_name, is_read, is_sound, is_wanted, is_workflow_folder,
};
use crate::collect::read::{Text, read, too_large};
use crate::collect::walk::{names, walk};
use crate::collect::{CollectError, Collected, Source};
use crate::gap::Gap;
use crate::git::{GitFolder, IndexEntry, IndexMode};
use crate::limits::Limits;

/// The folders whose files directly in them are read even if git does not
/// track them; everything below `.github` is.
const UNTRACKED_TOO: &[&str] = &["", "docs"];

/// Reads the checkout at `root`.
///
/// # Errors
/// [`CollectError`] if there is no folder that can be opened. Everything else
/// that was not read is a [`Gap`].
pub fn checkout(root: &Path, limits: &Limits) -> Result<Collected, CollectError> {
    let canonical = open_root(root)?;
    let mut listing = Listing::default();
    let mut remote = None;
    let mut tracked = false;
    match GitFolder::open(&canonical) {
        Ok(Some(git)) if git.is_bare() => {
            return Err(CollectError::Bare {
                path: root.to_owned(),
            });
        }
        Ok(Some(git)) => {
            remote = git.remote();
            match git.index(limits) {
                Ok(Some(entries)) => {
                    tracked = true;
                    listing.tracked(&canonical, entries, limits);
                }
                // Nothing was ever added: every file is the maintainer's.
                Ok(None) => listing.walked(&canonical, "", limits),
                Err(error) => {
                    listing.gaps.push(Gap::NoIndex {
                        reason: error.to_string(),
                    });
                    listing.walked(&canonical, "", limits);
                }
            }
        }
        Ok(None) => {
            listing.walked(&canonical, "", limits);
            if listing.is_nothing(&canonical) {
                listing.gaps.push(Gap::NothingToRead {
                    inside: repository_around(&canonical),
                });
            }
        }
        Err(error) => {
            listing.gaps.push(Gap::NoIndex {
                reason: error.to_string(),
            });
            listing.walked(&canonical, "", limits);
        }
    }
    let mut collected = listing.read(&canonical, limits);
    collected.remote = remote;
    collected.source = Source::Folder {
        root: canonical,
        tracked,
    };
    Ok(collected)
}

/// Reads what lies below `.github` alone, where the folder around it is no
/// repository.
pub(crate) fn github_folder(root: &Path, limits: &Limits) -> Result<Collected, CollectError> {
    let canonical = open_root(root)?;
    let mut listing = Listing::default();
    listing.walked(&canonical, ".github", limits);
    let mut collected = listing.read(&canonical, limits);
    collected.part = true;
    collected.gaps.push(Gap::PartOnly);
    Ok(collected)
}

fn open_root(root: &Path) -> Result<PathBuf, CollectError> {
    let path = || root.to_owned();
    let canonical = fs::canonicalize(root).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => CollectError::NotFound { path: path() },
        _ => CollectError::Io {
            path: path(),
            source,
        },
    })?;
    match fs::read_dir(&canonical) {
        Ok(_) => Ok(canonical),
        Err(source) => Err(CollectError::Io {
            path: path(),
            source,
        }),
    }
}

/// The root of the repository that a folder lies in.
fn repository_around(folder: &Path) -> Option<String> {
    folder
        .ancestors()
        .skip(1)
        .find(|above| fs::symlink_metadata(above.join(".git")).is_ok())
        .map(|above| above.display().to_string())
}

/// Paths before they are looked at.
#[derive(Debug, Default)]
struct Listing {
    /// Paths with what git says of them.
    entries: Vec<(String, Listed)>,
    gaps: Vec<Gap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    File,
    Link,
    /// Tracked, and kept out of the work tree.
    Sparse,
}

impl Listing {
    fn walked(&mut self, root: &Path, start: &str, limits: &Limits) {
        let full = root.join(start);
        match fs::symlink_metadata(&full) {
            Ok(found) if found.is_symlink() => {
                self.gaps.push(Gap::LinkedFolder {
                    path: start.to_owned(),
                });
                return;
            }
            Ok(found) if found.is_dir() => {}
            _ => return,
        }
        let found = walk(root, start, limits);
        self.gaps.extend(found.gaps);
        self.entries
            .extend(found.files.into_iter().map(|p| (p, Listed::File)));
        self.entries
            .extend(found.links.into_iter().map(|p| (p, Listed::Link)));
    }

    fn tracked(&mut self, root: &Path, entries: Vec<IndexEntry>, limits: &Limits) {
        let mut submodules = Vec::new();
        if entries.len() > limits.paths {
            self.gaps.push(Gap::TooMuch {
                what: "files",
                limit: limits.paths as u64,
            });
        }
        for entry in entries.into_iter().take(limits.paths) {
            let path = match entry.path {
                Ok(path) => path,
                Err(path) => {
                    if is_read(&path) || path.starts_with(".github/") {
                        self.gaps.push(Gap::PathNotUtf8 { path });
                    }
                    continue;
                }
            };
            if !is_sound(path.trim_end_matches('/')) {
                self.gaps.push(Gap::BadPath { path });
                continue;
            }
            match entry.mode {
                IndexMode::Submodule => submodules.push(path),
                IndexMode::SparseFolder => self.gaps.push(Gap::Sparse { path }),
                IndexMode::Link if is_workflow_folder(&path) => {
                    self.gaps.push(Gap::LinkedFolder { path });
                }
                _ if entry.skipped => self.entries.push((path, Listed::Sparse)),
                IndexMode::Link => self.entries.push((path, Listed::Link)),
                IndexMode::File => self.entries.push((path, Listed::File)),
            }
        }
        if !submodules.is_empty() {
            self.gaps.push(Gap::Submodules { paths: submodules });
        }
        self.untracked(root, limits);
    }

    fn untracked(&mut self, root: &Path, limits: &Limits) {
        let known: BTreeSet<String> = self
            .entries
            .iter()
            .filter(|(path, _)| is_near(path))
            .map(|(path, _)| path.clone())
            .collect();
        let mut more = Self::default();
        more.walked(root, ".github", limits);
        for folder in UNTRACKED_TOO {
            match names(root, folder) {
                Ok(names) => more.entries.extend(
                    names
                        .into_iter()
                        .filter(|p| is_wanted(p))
                        .map(|p| (p, Listed::Link)),
                ),
                Err(gap) => more.gaps.push(gap),
            }
        }
        more.entries.retain(|(path, _)| !known.contains(path));
        self.entries.extend(more.entries);
        for gap in more.gaps {
            if !self.gaps.contains(&gap) {
                self.gaps.push(gap);
            }
        }
    }

    /// Whether neither a repository nor a document is here.
    fn is_nothing(&self, root: &Path) -> bool {
        let here = |name| fs::symlink_metadata(root.join(name)).is_ok();
        !here(".git") && !here(".github") && !self.entries.iter().any(|(p, _)| is_read(p))
    }

    /// Looks at every path that matters and reads the documents.
    fn read(mut self, root: &Path, limits: &Limits) -> Collected {
        self.entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        self.entries.dedup_by(|a, b| a.0 == b.0);
        let gaps = std::mem::take(&mut self.gaps);
        let seen: Vec<Seen> = self
            .entries
            .into_par_iter()
            .map(|(path, listed)| look(root, path, listed))
            .collect();
        let mut collected = Collected {
            gaps,
            ..Collected::default()
        };
        let mut paths = Vec::with_capacity(seen.len());
        let mut documents = Vec::new();
        for one in seen {
            collected.gaps.extend(one.gap);
            let Some(path) = one.path else { continue };
            if let Some((real, bytes)) = one.document {
                documents.push((Arc::clone(&path), real, bytes));
            }
            paths.push(path);
        }
        collected.tree = Tree::new(paths);
        let documents = within(documents, limits, &mut collected.gaps);
        let texts: Vec<Text> = documents
            .into_par_iter()
            .map(|(path, real, bytes)| {
                if bytes > limits.document_bytes {
                    too_large(&path, bytes, limits.document_bytes)
                } else {
                    read(&real, &path, limits.document_bytes)
                }
            })
            .collect();
        for text in texts {
            collected.files.extend(text.file);
            collected.gaps.extend(text.gap);
        }
        collected
    }
}

/// The documents within the limits, the most telling kinds first.
fn within(
    mut documents: Vec<(Arc<str>, PathBuf, u64)>,
    limits: &Limits,
    gaps: &mut Vec<Gap>,
) -> Vec<(Arc<str>, PathBuf, u64)> {
    documents.sort_by(|a, b| (kind_of(&a.0), &a.0).cmp(&(kind_of(&b.0), &b.0)));
    if documents.len() > limits.documents {
        documents.truncate(limits.documents);
        gaps.push(Gap::TooMuch {
            what: "documents",
            limit: limits.documents as u64,
        });
    }
    let mut total = 0_u64;
    let fitting = documents.iter().take_while(|(_, _, bytes)| {
        // A document that is too large by itself is not read at all.
        if *bytes <= limits.document_bytes {
            total = total.saturating_add(*bytes);
        }
        total <= limits.total_bytes
    });
    let count = fitting.count();
    if count < documents.len() {
        documents.truncate(count);
        gaps.push(Gap::TooMuch {
            what: "bytes of documents",
            limit: limits.total_bytes,
        });
    }
    documents
}

/// What became of one path.
#[derive(Debug, Default)]
struct Seen {
    /// The path, if a regular file stands there.
    path: Option<Arc<str>>,
    /// Where the document lies, and its size.
    document: Option<(PathBuf, u64)>,
    gap: Option<Gap>,
}

fn look(root: &Path, path: String, listed: Listed) -> Seen {
    let read = is_read(&path);
    if listed == Listed::Sparse {
        let gap = read.then(|| Gap::Sparse { path: path.clone() });
        return Seen {
            path: Some(path.into()),
            document: None,
            gap,
        };
    }
    if listed == Listed::File && !is_wanted(&path) {
        return Seen {
            gap: folder_like_document(&path),
            path: Some(path.into()),
            ..Seen::default()
        };
    }
    match find(root, &path) {
        Place::File { real, bytes } => Seen {
            path: Some(path.into()),
            document: read.then_some((real, bytes)),
            gap: None,
        },
        Place::Missing => Seen::default(),
        Place::Gap(gap) => Seen {
            gap: read.then_some(gap),
            ..Seen::default()
        },
    }
}

/// The folder with the name of a document that a tracked file lies in.
fn folder_like_document(path: &str) -> Option<Gap> {
    let (folder, _) = path.rsplit_once('/')?;
    is_document_name(folder).then(|| Gap::NotAFile {
        path: folder.to_owned(),
        folder: true,
    })
}

/// Whether an untracked file could stand at such a path.
fn is_near(path: &str) -> bool {
    path.starts_with(".github/")
        || match path.rsplit_once('/') {
            None => true,
            Some((folder, _)) => folder == "docs",
        }
}
