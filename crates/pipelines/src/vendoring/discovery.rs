//! The vendor directories of a checkout, and the files of checksums in it.
//! What cannot be looked into is named: a directory that is overlooked would
//! count as proven.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io;
use std::path::Path;

use super::folder::bytes_of;
use super::list::{joined, resolved};
use super::report::{Ecosystem, NotChecked};
use super::settings::{CONFIGURATIONS, directories};
use crate::collect::plain;
use crate::limits::Limits;

/// A vendor directory, with the folder that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The folder of the module or workspace, relative to the root of the
    /// checkout; empty for the root.
    pub(super) home: String,
    /// The directory itself, relative to the root of the checkout.
    pub(super) folder: String,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    pub(super) places: Vec<(Ecosystem, Place)>,
    /// Every `go.sum` and its like, in order of paths.
    pub(super) sums: Vec<String>,
    /// What could not be looked into.
    pub(super) not_checked: Vec<NotChecked>,
    /// Folders in which crates lie.
    crates: BTreeSet<String>,
    /// Folders with a `Cargo.lock`.
    locks: BTreeSet<String>,
    /// Folders with Cargo's configuration, and its files.
    configurations: Vec<(String, String)>,
}

/// Whether a file of this name holds checksums of Go modules.
pub(super) fn holds_sums(name: &str) -> bool {
    matches!(name, "go.sum" | "go.work.sum" | "vendor.sum")
}

/// The list of a crate that was vendored.
pub(super) const CRATE_LIST: &str = ".cargo-checksum.json";

/// Finds every vendor directory below `root`, which must be canonical. What
/// lies inside of one is not looked into.
pub(super) fn discover(root: &Path, limits: &Limits) -> Discovered {
    let mut found = Discovered::default();
    let mut open = vec![(String::new(), 0_usize)];
    let mut folders = 0_usize;
    while let Some((folder, depth)) = open.pop() {
        if found.is_inside_of_crates(&folder) {
            continue;
        }
        folders += 1;
        if folders > limits.folders {
            let why = "there are more folders than are looked into".to_owned();
            found.gap(folder, why);
            break;
        }
        if depth > limits.depth {
            found.gap(folder, "it lies too deep to be looked into".to_owned());
            continue;
        }
        match Listing::read(root, &folder) {
            Ok(listing) => {
                let below = found.take(root, &folder, &listing);
                open.extend(below.into_iter().map(|one| (one, depth + 1)));
            }
            Err(error) => found.gap(folder, plain(&error)),
        }
    }
    found.settle(root);
    found
}

/// The entries of one folder, in order of names.
struct Listing {
    entries: Vec<(String, FileType)>,
    /// Names that are no text.
    odd: Vec<String>,
}

impl Listing {
    fn read(root: &Path, folder: &str) -> io::Result<Self> {
        let mut listing = Self {
            entries: Vec::new(),
            odd: Vec::new(),
        };
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            match entry.file_name().into_string() {
                Ok(name) => listing.entries.push((name, kind)),
                Err(name) if !kind.is_file() => {
                    listing.odd.push(name.to_string_lossy().into_owned());
                }
                Err(_) => {}
            }
        }
        listing.entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(listing)
    }

    fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(one, _)| one == name)
    }

    fn is_home_of_go(&self) -> bool {
        ["go.mod", "go.work", "vendor.mod"]
            .iter()
            .any(|name| self.has(name))
    }
}

impl Discovered {
    fn gap(&mut self, what: String, why: String) {
        let what = if what.is_empty() {
            ".".to_owned()
        } else {
            what
        };
        self.not_checked.push(NotChecked { what, why });
    }

    fn is_inside_of_crates(&self, folder: &str) -> bool {
        !self.crates.is_empty() && above(folder).any(|one| self.crates.contains(one))
    }

    /// Takes what one folder has; gives the folders below to look into.
    fn take(&mut self, root: &Path, folder: &str, listing: &Listing) -> Vec<String> {
        let mut below = Vec::new();
        if listing.has(CRATE_LIST) {
            match folder.rsplit_once('/') {
                Some((above, _)) => {
                    self.crates.insert(above.to_owned());
                    return below;
                }
                None => self.gap(
                    joined(folder, CRATE_LIST),
                    "a crate is vendored here, outside of a directory of crates".to_owned(),
                ),
            }
        }
        for name in &listing.odd {
            let why = "the name is not UTF-8, so that it is not looked into".to_owned();
            self.gap(joined(folder, name), why);
        }
        if listing.has("Cargo.lock") {
            self.locks.insert(folder.to_owned());
        }
        for (name, kind) in &listing.entries {
            let path = joined(folder, name);
            if name == ".cargo" && kind.is_symlink() {
                self.gap(path, "Cargo's configuration lies behind a link".to_owned());
            } else if name == ".cargo" && kind.is_dir() {
                self.configured(root, folder);
                below.push(path);
            } else if holds_sums(name) && !kind.is_dir() {
                self.sums.push(path);
            } else if name.eq_ignore_ascii_case("vendor") && !kind.is_file() {
                if self.vendor(root, folder, name, *kind, listing) {
                    below.push(path);
                }
            } else if kind.is_dir() && name != ".git" {
                below.push(path);
            }
        }
        // The last one is looked into first.
        below.reverse();
        below
    }

    fn configured(&mut self, root: &Path, folder: &str) {
        for name in CONFIGURATIONS {
            let path = joined(folder, name);
            if fs::symlink_metadata(root.join(&path)).is_ok() {
                self.configurations.push((folder.to_owned(), path));
            }
        }
    }

    /// Takes a folder or a link that is named `vendor`; says whether to look
    /// into it further.
    fn vendor(
        &mut self,
        root: &Path,
        home: &str,
        name: &str,
        kind: FileType,
        beside: &Listing,
    ) -> bool {
        let folder = joined(home, name);
        let is_home = beside.is_home_of_go() || beside.has("Cargo.lock");
        if !kind.is_dir() {
            if is_home {
                let why = "no folder stands here, and a link is not followed";
                self.gap(folder, why.to_owned());
            }
            return false;
        }
        let full = root.join(&folder);
        // A link counts as well: it is refused where the list is read.
        let is_go = fs::symlink_metadata(full.join("modules.txt")).is_ok();
        if name != "vendor" {
            if is_home && (is_go || beside.has("vendor")) {
                let why = "it stands in the place of `vendor` where capitals are not told apart";
                self.gap(folder, why.to_owned());
            }
            return true;
        }
        let home = home.to_owned();
        if is_go {
            self.places.push((Ecosystem::Go, Place { home, folder }));
            return false;
        }
        // Without their lists crates are crates still.
        if beside.has("Cargo.lock") && has_crates(&full) {
            self.crates.insert(folder);
            return false;
        }
        if beside.is_home_of_go() {
            let why = "it has no `modules.txt`, so that it is compared with nothing".to_owned();
            self.gap(folder, why);
        }
        true
    }

    /// Takes the folders that Cargo's configuration names, and gives every
    /// folder of crates its lock.
    fn settle(&mut self, root: &Path) {
        for (folder, path) in std::mem::take(&mut self.configurations) {
            if self.is_inside_of_crates(&folder) {
                continue;
            }
            let bytes = match bytes_of(&root.join(&path), super::MOST_BYTES) {
                Ok(bytes) => bytes.unwrap_or_default(),
                Err(error) => {
                    self.gap(path, plain(&error));
                    continue;
                }
            };
            let named = match directories(&bytes) {
                Ok(named) => named,
                Err(why) => {
                    self.gap(path, why);
                    continue;
                }
            };
            for one in named {
                match resolved(&folder, &one) {
                    Some(below) if !below.is_empty() => self.named(root, below),
                    _ => self.gap(
                        path.clone(),
                        format!("it names {one}, which is no folder below the root"),
                    ),
                }
            }
        }
        let crates = std::mem::take(&mut self.crates);
        let inside = |path: &str| above(path).any(|one| crates.contains(one));
        self.places.retain(|(_, place)| !inside(&place.folder));
        self.sums.retain(|path| !inside(path));
        for folder in crates.iter().filter(|folder| !inside(folder)) {
            let home = above(folder).find(|one| self.locks.contains(*one));
            let beside = folder.rsplit_once('/').map_or("", |(above, _)| above);
            let place = Place {
                home: home.unwrap_or(beside).to_owned(),
                folder: folder.clone(),
            };
            self.places.push((Ecosystem::Cargo, place));
        }
        self.places.sort_by(|(_, a), (_, b)| a.cmp(b));
        self.sums.sort_unstable();
    }

    /// A folder of crates that a configuration names. One that is not there
    /// may be made before a build, and is nothing to check.
    fn named(&mut self, root: &Path, folder: String) {
        let full = root.join(&folder);
        match fs::symlink_metadata(&full) {
            Ok(found) if found.is_dir() && fs::canonicalize(&full).is_ok_and(|it| it == full) => {
                self.crates.insert(folder);
            }
            Ok(_) => self.gap(
                folder,
                "no folder stands here, and a link is not followed".to_owned(),
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.gap(folder, plain(&error)),
        }
    }
}

/// The folders above a path, nearest first, down to the empty one.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |one: &&str| parent(one)).skip(1)
}

fn parent(path: &str) -> Option<&str> {
    let (above, _) = path.rsplit_once('/').unwrap_or_default();
    (!path.is_empty()).then_some(above)
}

/// Whether a folder below has a `Cargo.toml`.
fn has_crates(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return true;
    };
    entries
        .flatten()
        .any(|entry| fs::symlink_metadata(entry.path().join("Cargo.toml")).is_ok())
}
