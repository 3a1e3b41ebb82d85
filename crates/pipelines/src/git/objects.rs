//! Objects of a repository, by id.

use std::fs;
use std::path::Path;

use gix_hash::{ObjectId, oid};
use gix_object::{Find, FindHeader, Kind, compute_hash};

use crate::collect::plain;
use crate::git::folder::HashKind;
use crate::git::{GitError, GitFolder};
use crate::limits::Limits;

/// The store of objects, opened.
pub(crate) struct Objects {
    store: gix_odb::Handle,
    folder: std::path::PathBuf,
    pub(crate) hash: gix_hash::Kind,
    limit: u64,
}

impl GitFolder {
    /// Opens the store of objects. A store that borrows from another
    /// repository, by `info/alternates` or by links, is refused: what is shown
    /// must come from here.
    pub(crate) fn objects(&self, limits: &Limits) -> Result<Objects, GitError> {
        let folder = self.common.join("objects");
        refuse_links(&self.common, "objects")?;
        let alternates = folder.join("info").join("alternates");
        if fs::symlink_metadata(alternates).is_ok_and(|found| !found.is_file() || found.len() > 0) {
            return Err(GitError::Borrowed {
                what: "objects/info/alternates".to_owned(),
            });
        }
        let hash = match self.hash {
            HashKind::Sha1 => gix_hash::Kind::Sha1,
            HashKind::Sha256 => gix_hash::Kind::Sha256,
        };
        let options = gix_odb::store::init::Options {
            alloc_limit_bytes: usize::try_from(limits.git_bytes).ok(),
            // The folder is absolute, and nothing is relative to another.
            current_dir: Some(folder.clone()),
            ..gix_odb::store::init::Options::default()
        };
        let mut store = gix_odb::at_opts(&folder, hash, None, options)
            .map_err(|error| GitError::damaged("objects", &plain(&error)))?;
        store.refresh_never();
        Ok(Objects {
            store,
            folder,
            hash,
            limit: limits.git_bytes,
        })
    }
}

/// Refuses links in the folder of objects and one level below it, where git
/// keeps packs and the folders of loose objects.
fn refuse_links(common: &Path, name: &str) -> Result<(), GitError> {
    let borrowed = |what: String| GitError::Borrowed { what };
    let damaged = |error: std::io::Error| GitError::damaged("objects", &plain(&error));
    let top = common.join(name);
    let found = fs::symlink_metadata(&top).map_err(damaged)?;
    if !found.is_dir() {
        return Err(borrowed(name.to_owned()));
    }
    for folder in [top.clone(), top.join("pack"), top.join("info")] {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let entry = entry.map_err(damaged)?;
            if entry.file_type().map_err(damaged)?.is_symlink() {
                let path = entry.path();
                let inner = path.strip_prefix(common).unwrap_or(&path);
                return Err(borrowed(inner.display().to_string()));
            }
        }
    }
    Ok(())
}

impl Objects {
    /// The kind and size of an object.
    pub(crate) fn header(&self, id: &oid) -> Result<(Kind, u64), GitError> {
        self.refuse_link(id)?;
        match self.store.try_header(id) {
            Ok(Some(header)) => Ok((header.kind, header.size)),
            Ok(None) => Err(missing(id)),
            Err(error) => Err(GitError::damaged("objects", &error)),
        }
    }

    /// The bytes of an object, with its kind. They have the hash by which they
    /// are asked for: whoever may write into the store may put anything under a
    /// name, and nobody but the reader compares.
    pub(crate) fn read(&self, id: &oid) -> Result<(Kind, Vec<u8>), GitError> {
        let (_, size) = self.header(id)?;
        if size > self.limit {
            let reason = format!("{id} has {size} bytes");
            return Err(GitError::damaged("objects", &reason));
        }
        let mut bytes = Vec::new();
        let kind = match self.store.try_find(id, &mut bytes) {
            Ok(Some(found)) => found.kind,
            Ok(None) => return Err(missing(id)),
            Err(error) => return Err(GitError::damaged("objects", &error)),
        };
        let real = compute_hash(self.hash, kind, &bytes)
            .map_err(|error| GitError::damaged("objects", &error))?;
        if *real != *id {
            let reason = format!("what is stored as {id} is {real}");
            return Err(GitError::damaged("objects", &reason));
        }
        Ok((kind, bytes))
    }

    /// The objects whose id begins with `prefix`.
    pub(crate) fn beginning_with(&self, prefix: &str) -> Result<Vec<ObjectId>, GitError> {
        // The id of the right kind of hash tells the store what to compare.
        let padded = format!("{prefix:0<width$}", width = self.hash.len_in_hex());
        let damaged = |error: &dyn std::fmt::Display| GitError::damaged("objects", error);
        let id = ObjectId::from_hex(padded.as_bytes()).map_err(|error| damaged(&error))?;
        let prefix = gix_hash::Prefix::new(&id, prefix.len()).map_err(|error| damaged(&error))?;
        let mut found = std::collections::HashSet::new();
        self.store
            .lookup_prefix(prefix, Some(&mut found))
            .map_err(|error| GitError::damaged("objects", &error))?;
        let mut found: Vec<ObjectId> = found.into_iter().collect();
        found.sort_unstable();
        Ok(found)
    }

    /// A loose object that is a link would be read from wherever it leads.
    fn refuse_link(&self, id: &oid) -> Result<(), GitError> {
        let hex = id.to_hex().to_string();
        let Some((folder, name)) = hex.split_at_checked(2) else {
            return Ok(());
        };
        let loose = self.folder.join(folder).join(name);
        match fs::symlink_metadata(loose) {
            Ok(found) if !found.is_file() => Err(GitError::Borrowed {
                what: format!("objects/{folder}/{name}"),
            }),
            _ => Ok(()),
        }
    }
}

fn missing(id: &oid) -> GitError {
    GitError::MissingObject { id: id.to_string() }
}
