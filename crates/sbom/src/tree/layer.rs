//! One archive of files: a layer of an image, or a chart.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};

use super::spool::{Digests, SpoolError, Spooled, spool};
use super::tar::{Entry, EntryKind, Skip, Stream, Tar, plain, problem};
use super::{Files, Options};
use crate::catalogue::file::{NOTHING, up_to};
use crate::catalogue::{self, Candidate, FileDigests, FileFound, Interest, Tree, Unread};
use crate::error::ArchiveProblem;
use crate::executable;

/// The most links and whiteouts of one layer that are kept by name.
const MOST_NAMED: usize = 1_000_000;

/// What one layer holds, and what it hides of those below.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) found: HashMap<String, FileFound>,
    pub(crate) unread: HashMap<String, Unread>,
    pub(crate) listed: HashMap<String, FileDigests>,
    /// Other names of files, and the file of the same layer.
    pub(crate) links: Vec<(String, String)>,
    /// Links at the root that stand for folders: `lib` for `usr/lib`.
    pub(crate) folders: Vec<(String, String)>,
    /// What it deletes of the layers below.
    pub(crate) deleted: Vec<String>,
    /// Folders of which it hides everything below.
    pub(crate) opaque: Vec<String>,
    /// Hashes of the paths of everything but folders, in order.
    files: Vec<u64>,
    /// Hashes of the paths of folders, in order.
    own_folders: Vec<u64>,
}

impl Layer {
    /// Whether it has something else than a folder at a path.
    pub(crate) fn has_file(&self, path: &str, hasher: &RandomState) -> bool {
        self.files.binary_search(&hasher.hash_one(path)).is_ok()
    }

    /// Whether it has anything at a path.
    pub(crate) fn has(&self, path: &str, hasher: &RandomState) -> bool {
        let hash = hasher.hash_one(path);
        self.files.binary_search(&hash).is_ok() || self.own_folders.binary_search(&hash).is_ok()
    }
}

/// Whether names that begin with `.wh.` delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whiteouts {
    /// As in a layer. Source: OCI image specification, "Image Layer Filesystem
    /// Changeset", "Whiteouts".
    Delete,
    /// They are names like others.
    Plain,
}

/// Reads an archive to its end.
pub(crate) fn read(
    source: impl Read,
    whiteouts: Whiteouts,
    options: &Options,
    // Keyed at random, so that nobody can make two paths that hash alike.
    hasher: &RandomState,
) -> Result<Layer, ArchiveProblem> {
    let mut layer = Layer::default();
    let tree = match whiteouts {
        Whiteouts::Delete => Tree::Installed,
        Whiteouts::Plain => Tree::Source,
    };
    let mut tar = Tar::new(Stream(source), options.limits);
    while let Some(entry) = tar.next()? {
        if whiteouts == Whiteouts::Delete && layer.takes_whiteout(&entry.path) {
            layer.bounded(options)?;
            continue;
        }
        let hash = hasher.hash_one(&entry.path);
        match entry.kind {
            EntryKind::Folder => layer.own_folders.push(hash),
            _ => layer.files.push(hash),
        }
        // A later entry of the same name takes the place of an earlier one.
        layer.found.remove(&entry.path);
        layer.listed.remove(&entry.path);
        layer.unread.remove(&entry.path);
        match entry.kind {
            EntryKind::File => file(&mut tar, entry, tree, options, &mut layer)?,
            EntryKind::Sparse => {
                let candidate = Candidate {
                    path: &entry.path,
                    size: entry.size,
                    tree,
                };
                if catalogue::interest(candidate) != Interest::No {
                    layer.unread.insert(entry.path, Unread::Sparse);
                }
            }
            EntryKind::HardLink => {
                let target =
                    plain(&entry.target).ok_or(ArchiveProblem::Outside { path: entry.target })?;
                layer.links.push((entry.path, target));
            }
            EntryKind::SymbolicLink if !entry.path.contains('/') => {
                layer
                    .folders
                    .extend(plain(&entry.target).map(|target| (entry.path, target)));
            }
            _ => {}
        }
        layer.bounded(options)?;
    }
    tar.drain()?;
    layer.files.sort_unstable();
    layer.own_folders.sort_unstable();
    Ok(layer)
}

impl Layer {
    fn takes_whiteout(&mut self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(hidden) = name.strip_prefix(".wh.") else {
            return false;
        };
        if hidden == ".wh..opq" {
            self.opaque.push(folder.to_owned());
        } else if hidden.starts_with(".wh.") {
            // What one storage driver keeps for itself.
        } else if folder.is_empty() {
            self.deleted.push(hidden.to_owned());
        } else {
            self.deleted.push(format!("{folder}/{hidden}"));
        }
        true
    }

    fn bounded(&self, options: &Options) -> Result<(), ArchiveProblem> {
        let named = self.links.len() + self.deleted.len() + self.opaque.len();
        if named > MOST_NAMED || self.folders.len() > 4096 {
            return Err(ArchiveProblem::Entries {
                most: options.limits.entries.min(MOST_NAMED as u64),
            });
        }
        Ok(())
    }
}

/// Hashes what comes by, where that is asked for.
struct Tee<'d, R> {
    source: R,
    digests: Option<&'d mut Digests>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        if let Some(digests) = &mut self.digests {
            digests.update(buffer.get(..read).unwrap_or_default());
        }
        Ok(read)
    }
}

fn file<R: Skip>(
    tar: &mut Tar<R>,
    entry: Entry,
    tree: Tree,
    options: &Options,
    layer: &mut Layer,
) -> Result<(), ArchiveProblem> {
    let limits = &options.limits;
    let candidate = Candidate {
        path: &entry.path,
        size: entry.size,
        tree,
    };
    let interest = catalogue::interest(candidate);
    if interest == Interest::No && options.files != Files::All {
        return Ok(());
    }
    let mut digests = (options.files != Files::None).then(Digests::default);
    let mut source = Tee {
        source: tar,
        digests: digests.as_mut(),
    };
    let failed = |error| problem(error, 0);
    let mut head = [0; executable::HEAD];
    let length = up_to(&mut source, &mut head).map_err(failed)?;
    let head = head.get(..length).unwrap_or_default();
    let wanted = match interest {
        Interest::No => false,
        Interest::Executable => executable::begins(head),
        Interest::Yes => true,
    };
    let mut kept: Option<Spooled> = None;
    if wanted {
        let spooled = spool(head, &mut source, limits.memory_bytes, &options.scratch);
        kept = Some(spooled.map_err(|error| match error {
            SpoolError::Source(error) => problem(error, 0),
            SpoolError::Scratch(error) => ArchiveProblem::Scratch(error),
        })?);
    } else if options.files == Files::All {
        io::copy(&mut source, &mut io::sink()).map_err(failed)?;
    }
    let digests = digests
        .filter(|_| wanted || options.files == Files::All)
        .map(Digests::finish);
    if options.files == Files::All
        && let Some(digests) = &digests
    {
        layer.listed.insert(entry.path.clone(), digests.clone());
    }
    let Some(mut content) = kept else {
        return Ok(());
    };
    match catalogue::look(candidate, &mut content, NOTHING, limits) {
        Ok(None) => {}
        Ok(Some(mut found)) => {
            found.digests = digests;
            layer.found.insert(entry.path, found);
        }
        Err(error) => {
            layer.unread.insert(entry.path, error.into());
        }
    }
    Ok(())
}
