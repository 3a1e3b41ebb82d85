//! The state before a change, from git's objects.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use cofferdam_trees::Bundle;
use gix_hash::ObjectId;

use super::discovery::{CRATE_LIST, Discovered, above, holds_sums};
use super::list::resolved;
use super::report::{Code, Ecosystem, Problem};
use super::settings::{CONFIGURATIONS, directories};
use crate::git::{Below, Blob, Commit, GitError};
use crate::limits::Limits;

/// The commit that counts as the base.
pub(super) struct Base {
    commit: Commit,
    /// Every file, with the id of its contents. Links are none.
    files: BTreeMap<String, ObjectId>,
    /// The manifests that it keeps, once they were asked for.
    bundle: OnceCell<Option<Bundle>>,
}

impl Base {
    pub(super) fn open(root: &Path, revision: &str, limits: &Limits) -> Result<Self, GitError> {
        let commit = Commit::open(root, revision, limits)?;
        let files = commit.below("", limits)?.into_iter().collect();
        let bundle = OnceCell::new();
        Ok(Self {
            commit,
            files,
            bundle,
        })
    }

    /// The commit id, in hexadecimal.
    pub(super) fn id(&self) -> String {
        self.commit.id()
    }

    /// The hash that names git's objects.
    pub(super) fn hash(&self) -> gix_hash::Kind {
        self.commit.hash()
    }

    /// The text of a file; `None` if the base has none there, or no text.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>, GitError> {
        Ok(self.bytes(path)?.and_then(|b| String::from_utf8(b).ok()))
    }

    /// The bytes of a file; `None` if the base has none there.
    pub(super) fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        Ok(match self.commit.file(path, super::MOST_BYTES)? {
            Some(Blob::Bytes(bytes)) => Some(bytes),
            _ => None,
        })
    }

    /// The manifests that it keeps, as far as they can be read.
    pub(super) fn bundle(&self) -> Result<Option<&Bundle>, GitError> {
        if let Some(known) = self.bundle.get() {
            return Ok(known.as_ref());
        }
        let bytes = self.bytes(super::MANIFESTS)?;
        let read = bytes.and_then(|bytes| Bundle::from_gzip(&bytes).ok());
        Ok(self.bundle.get_or_init(|| read).as_ref())
    }

    /// The ids of the files below a folder, by path relative to it.
    pub(super) fn below(&self, folder: &str) -> Below {
        let prefix = format!("{folder}/");
        self.files
            .range(prefix.clone()..)
            .map_while(|(path, id)| Some((path.strip_prefix(&prefix)?.to_owned(), *id)))
            .collect()
    }

    /// The files of some objects that are there.
    pub(super) fn blobs(&self, ids: &Below, paths: &[&str]) -> HashMap<String, Vec<u8>> {
        let read = |path: &&str| {
            let bytes = self.commit.blob(ids.get(*path)?).ok()?;
            Some(((*path).to_owned(), bytes))
        };
        paths.iter().filter_map(read).collect()
    }

    /// Every file with checksums of Go modules, wherever it stands. What was
    /// vendored has some of its own, in which nobody looks anything up.
    pub(super) fn sums(&self) -> Result<Vec<&str>, GitError> {
        let places = self.places()?;
        let folders: BTreeSet<&str> = places.iter().map(|(_, one)| one.as_str()).collect();
        let own = |path: &&str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            holds_sums(name) && !above(path).any(|one| folders.contains(one))
        };
        let paths = self.files.keys().map(String::as_str);
        Ok(paths.filter(own).collect())
    }

    /// The vendor directories of the base that the checkout has no more: they
    /// would go unchecked, and what replaces them too.
    pub(super) fn gone(&self, root: &Path, found: &Discovered) -> Result<Vec<Problem>, GitError> {
        let mut gone = Vec::new();
        for (ecosystem, folder) in self.places()? {
            let is_there = (found.places.iter())
                .any(|(kind, place)| *kind == ecosystem && place.folder == folder);
            if is_there {
                continue;
            }
            let text = match std::fs::symlink_metadata(root.join(&folder)) {
                Ok(now) if now.is_symlink() => "a link stands in the place of",
                Ok(_) => "nothing says any more what lies here; it was",
                Err(_) => "gone is",
            };
            gone.push(Problem {
                code: Code::TreeGone,
                path: folder,
                line: None,
                module: None,
                text: format!("{text} a vendor directory of the base"),
                first: None,
            });
        }
        Ok(gone)
    }

    /// The vendor directories of the base, but not those inside of others.
    fn places(&self) -> Result<BTreeSet<(Ecosystem, String)>, GitError> {
        let mut places = BTreeSet::new();
        for path in self.files.keys() {
            let Some((folder, name)) = path.rsplit_once('/') else {
                continue;
            };
            if name == "modules.txt" && folder.rsplit('/').next() == Some("vendor") {
                places.insert((Ecosystem::Go, folder.to_owned()));
            } else if name == CRATE_LIST
                && let Some((above, _)) = folder.rsplit_once('/')
            {
                places.insert((Ecosystem::Cargo, above.to_owned()));
            }
        }
        for path in self.files.keys() {
            let mut names = CONFIGURATIONS.iter();
            let Some(home) = names.find_map(|name| path.strip_suffix(name)) else {
                continue;
            };
            if !(home.is_empty() || home.ends_with('/')) {
                continue;
            }
            let home = home.trim_end_matches('/');
            let named = directories(&self.bytes(path)?.unwrap_or_default());
            // What the base says wrongly, no change has done.
            for folder in named.unwrap_or_default() {
                if let Some(folder) = resolved(home, &folder).filter(|one| !one.is_empty())
                    && !self.below(&folder).is_empty()
                {
                    places.insert((Ecosystem::Cargo, folder));
                }
            }
        }
        let all = places.clone();
        let is_place = |folder: &str| {
            let mut kinds = [Ecosystem::Go, Ecosystem::Cargo].into_iter();
            kinds.any(|kind| all.contains(&(kind, folder.to_owned())))
        };
        places.retain(|(kind, one)| {
            // Crates in Go's directory are strangers there.
            let is_of_go = *kind == Ecosystem::Cargo && all.contains(&(Ecosystem::Go, one.clone()));
            !is_of_go && !above(one).any(is_place)
        });
        Ok(places)
    }
}
