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

use crate::collect::{Links, behind_link, bounded, regular};
use crate::limits::Limits;

/// The most files of one action's folder.
const MOST_FILES: usize = 20_000;
/// The most bytes of them, those behind links counted as often as links lead there.
const MOST_BYTES: u64 = 1 << 30;
/// So many links to folders are followed one after the other.
const MOST_LINKS: usize = 8;

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
    // The runner follows a link here. What lies behind it is another folder, whose
    // own references were not collected as those of an action.
    let whole = format!("{folder}/x");
    if let Some(link) = behind_link(root, &whole) {
        let real = fs::canonicalize(root.join(folder)).ok();
        let real = real
            .as_deref()
            .and_then(|real| real.strip_prefix(root).ok());
        return LocalFolder::Linked {
            link: link.to_owned(),
            real: real.map(|real| real.to_string_lossy().into_owned()),
        };
    }
    let mut files = Files {
        root,
        repository,
        limits,
        found: BTreeMap::new(),
        bytes: 0,
    };
    let paths = match folder {
        "." => of_root(root, repository),
        _ => files.below(folder),
    };
    if paths.is_empty() {
        return LocalFolder::Absent;
    }
    for path in paths {
        let name = path.strip_prefix(&format!("{folder}/")).unwrap_or(&path);
        let name = name.to_owned();
        if let Err(error) = files.take(&path, name, folder, 0) {
            return LocalFolder::NotRead(format!("{path}: {error}"));
        }
    }
    let of = |side: fn(&(Digest, Digest)) -> Digest| {
        h1(files.found.iter().map(|(n, d)| (n.clone(), side(d))))
    };
    match (of(|both| both.0), of(|both| both.1)) {
        (Ok(exact), Ok(unix)) => LocalFolder::Hashed { exact, unix },
        (Err(error), _) | (_, Err(error)) => LocalFolder::NotRead(error.to_string()),
    }
}

/// The files of one action.
struct Files<'f> {
    root: &'f Path,
    repository: &'f Repository,
    limits: &'f Limits,
    /// By name, the hash of the bytes, and of those with the breaks of Unix.
    found: BTreeMap<String, (Digest, Digest)>,
    bytes: u64,
}

impl Files<'_> {
    /// Takes what stands at a path under a name. A link that stays in `folder` is
    /// taken as the commit holds it, since what it leads to is taken as well; of
    /// any other one, what the runner finds behind it is taken.
    fn take(&mut self, path: &str, name: String, folder: &str, depth: usize) -> io::Result<()> {
        if self.found.len() >= MOST_FILES {
            let message = format!("there are more than {MOST_FILES} files");
            return Err(io::Error::other(message));
        }
        let full = self.root.join(path);
        if !fs::symlink_metadata(&full)?.is_symlink() {
            return self.keep(name, &bytes(&full, self.limits)?);
        }
        let target = fs::read_link(&full)?;
        if folder != "." && stays(path, &target, folder) {
            let text = target.into_os_string().into_encoded_bytes();
            return self.keep(name, &text);
        }
        let real = fs::canonicalize(&full)?;
        let inside_root = real.strip_prefix(self.root).ok().and_then(Path::to_str);
        let Some(real_path) = inside_root.filter(|path| !path.split('/').any(is_git)) else {
            return Err(io::Error::other("it leads out of the repository"));
        };
        if real.is_dir() {
            if depth >= MOST_LINKS {
                return Err(io::Error::other("too many links lead from one to the next"));
            }
            for path in self.below(real_path) {
                let inner = path.strip_prefix(&format!("{real_path}/")).unwrap_or(&path);
                // Nothing behind the link is taken in another way as well.
                self.take(&path, format!("{name}/{inner}"), ".", depth + 1)?;
            }
            return Ok(());
        }
        self.keep(name, &bytes(&real, self.limits)?)
    }

    fn keep(&mut self, name: String, bytes: &[u8]) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > MOST_BYTES {
            let message = format!("there are more than {} MiB", MOST_BYTES >> 20);
            return Err(io::Error::other(message));
        }
        let exact = Digest::of(bytes);
        let unix = with_unix_breaks(bytes).map_or(exact, |plain| Digest::of(&plain));
        self.found.insert(name, (exact, unix));
        Ok(())
    }

    /// The files of the commit below a folder, and the links, which a commit holds
    /// as well.
    fn below(&self, folder: &str) -> BTreeSet<String> {
        let locks = [cofferdam_lock::PLACE, actions_lock::PLACE];
        let mut paths: BTreeSet<String> = (self.repository.tree.below(folder))
            .filter(|path| !locks.contains(path))
            .map(ToOwned::to_owned)
            .collect();
        let mut folders: BTreeSet<String> = [folder.to_owned()].into();
        for path in &paths {
            let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
            folders.extend(
                above
                    .filter(|above| above.len() >= folder.len())
                    .map(ToOwned::to_owned),
            );
        }
        for folder in &folders {
            for (path, kind) in names(self.root, folder) {
                match kind {
                    Kind::Link => {
                        paths.insert(path);
                    }
                    // A commit knows folders by what lies in them, and this one may
                    // hold links alone.
                    Kind::Folder if !folders.contains(&path) => {
                        paths.extend(links_alone(self.root, path));
                    }
                    Kind::Folder | Kind::File => {}
                }
            }
        }
        paths
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
}

/// What lies directly in a folder of the checkout, by its path.
fn names(root: &Path, folder: &str) -> Vec<(String, Kind)> {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten();
    let one = |entry: fs::DirEntry| {
        let kind = match entry.file_type().ok()? {
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_dir() => Kind::Folder,
            _ => Kind::File,
        };
        Some((inside(folder, &entry.file_name().into_string().ok()?), kind))
    };
    entries.flatten().filter_map(one).collect()
}

/// The links below a folder in which there is no file; none if there is one,
/// because then git would have told of it, had it been in the commit.
fn links_alone(root: &Path, folder: String) -> Vec<String> {
    let mut links = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for (path, kind) in names(root, &folder) {
            match kind {
                Kind::Link => links.push(path),
                Kind::Folder => open.push(path),
                Kind::File => return Vec::new(),
            }
        }
        if links.len() + open.len() > MOST_FILES {
            break;
        }
    }
    links
}

/// Whether a link stays in a folder, going by its text alone.
fn stays(path: &str, target: &Path, folder: &str) -> bool {
    let Some(target) = target.to_str().filter(|target| !target.starts_with('/')) else {
        return false;
    };
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    let mut parts: Vec<&str> = above.split('/').filter(|part| !part.is_empty()).collect();
    let within = folder.split('/').count();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
        if parts.len() < within {
            return false;
        }
    }
    true
}

fn is_git(part: &str) -> bool {
    part.eq_ignore_ascii_case(".git")
}

/// An action at the root of the repository is the repository: a lock in it
/// cannot hold the hash of all of it. Its metadata and what that names are
/// taken.
fn of_root(root: &Path, repository: &Repository) -> BTreeSet<String> {
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
    // A link that leads to no file of the commit is named where it is followed.
    let is_link =
        |path: &String| fs::symlink_metadata(root.join(path)).is_ok_and(|found| found.is_symlink());
    paths.retain(|path| tree.has(path) || is_link(path));
    paths
}

/// The bytes of a file.
fn bytes(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    let limit = limits.document_bytes.saturating_mul(16);
    let mut file = regular(path, Links::NotTheLast)?;
    bounded(&mut file, limit)?
        .map_err(|_| io::Error::other(format!("it is larger than {limit} bytes")))
}
