//! Content hashes of the folders of a checkout's own actions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use cofferdam_locking::content::{h1, with_unix_breaks};
use cofferdam_locking::{LocalFolder, Reference, What};
use cofferdam_trees::Digest;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::documents::{actions_lock, cofferdam_lock};
use cofferdam_workflows::repository::{ACTION_DOCKERFILES, ACTION_NAMES, inside, plain};
use rayon::prelude::*;

use crate::collect::{Links, bounded, regular};
use crate::limits::Limits;

/// The most files of one action's folder.
const MOST_FILES: usize = 20_000;

/// The folders that references name, by path.
#[must_use]
pub fn local(
    root: &Path,
    repository: &Repository,
    references: &[Reference],
    limits: &Limits,
) -> BTreeMap<String, LocalFolder> {
    let folders: BTreeSet<&String> = (references.iter())
        .filter_map(|reference| match &reference.what {
            What::Local(folder) => Some(folder),
            _ => None,
        })
        .collect();
    let Ok(root) = fs::canonicalize(root) else {
        return BTreeMap::new();
    };
    (folders.into_par_iter())
        .map(|folder| (folder.clone(), hashed(&root, repository, folder, limits)))
        .collect()
}

fn hashed(root: &Path, repository: &Repository, folder: &str, limits: &Limits) -> LocalFolder {
    let paths = match folder {
        "." => of_root(repository),
        _ => below(root, repository, folder),
    };
    if paths.is_empty() {
        return LocalFolder::Absent;
    }
    if paths.len() > MOST_FILES {
        return LocalFolder::NotRead(format!("it holds more than {MOST_FILES} files"));
    }
    let mut exact = Vec::with_capacity(paths.len());
    let mut unix = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = match bytes(&root.join(&path), limits) {
            Ok(bytes) => bytes,
            Err(error) => return LocalFolder::NotRead(format!("{path}: {error}")),
        };
        let name = path.strip_prefix(&format!("{folder}/")).unwrap_or(&path);
        exact.push((name.to_owned(), Digest::of(&bytes)));
        let plain = with_unix_breaks(&bytes);
        unix.push((
            name.to_owned(),
            Digest::of(plain.as_deref().unwrap_or(&bytes)),
        ));
    }
    match (h1(exact), h1(unix)) {
        (Ok(exact), Ok(unix)) => LocalFolder::Hashed { exact, unix },
        (Err(error), _) | (_, Err(error)) => LocalFolder::NotRead(error.to_string()),
    }
}

/// The files of the commit below a folder, and the links, which a commit holds
/// as well.
fn below(root: &Path, repository: &Repository, folder: &str) -> BTreeSet<String> {
    let locks = [cofferdam_lock::PLACE, actions_lock::PLACE];
    let mut paths: BTreeSet<String> = (repository.tree.below(folder))
        .filter(|path| !locks.contains(path))
        .map(ToOwned::to_owned)
        .collect();
    let folders: BTreeSet<String> = (paths.iter())
        .filter_map(|path| Some(path.rsplit_once('/')?.0.to_owned()))
        .collect();
    for folder in folders {
        for entry in fs::read_dir(root.join(&folder))
            .into_iter()
            .flatten()
            .flatten()
        {
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if let (true, Ok(name)) = (is_link, entry.file_name().into_string()) {
                paths.insert(inside(&folder, &name));
            }
        }
    }
    paths
}

/// An action at the root of the repository is the repository: a lock in it
/// cannot hold the hash of all of it. Its metadata and what that names are
/// taken.
fn of_root(repository: &Repository) -> BTreeSet<String> {
    let tree = &repository.tree;
    let mut paths: BTreeSet<String> = (ACTION_NAMES.iter())
        .find(|name| tree.has(name))
        .map(|name| (*name).to_owned())
        .into_iter()
        .collect();
    match repository.action_in("").map(|action| &action.runs) {
        Some(Runs::JavaScript { entry_points, .. }) => {
            paths.extend(entry_points.iter().map(|file| plain(&file.value)));
        }
        Some(Runs::Docker {
            image: Some(image), ..
        }) if !image.value.contains("://") => {
            paths.insert(plain(&image.value));
        }
        _ => {}
    }
    if paths.is_empty() {
        let dockerfile = ACTION_DOCKERFILES.iter().find(|name| tree.has(name));
        paths.extend(dockerfile.map(|name| (*name).to_owned()));
    }
    paths.retain(|path| tree.has(path));
    paths
}

/// The bytes of a file, or where a link leads, as a commit holds it.
fn bytes(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Ok(fs::read_link(path)?.into_os_string().into_encoded_bytes());
    }
    let limit = limits.document_bytes.saturating_mul(16);
    let mut file = regular(path, Links::NotTheLast)?;
    bounded(&mut file, limit)?
        .map_err(|_| io::Error::other(format!("it is larger than {limit} bytes")))
}
