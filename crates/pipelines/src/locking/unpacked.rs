//! A commit as it lies on a runner: links followed, and what depends on the
//! machine told apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cofferdam_locking::content::h1;
use cofferdam_locking::difference::File;
use cofferdam_locking::foreign::Files;
use cofferdam_registries::git::{ActionTree, Content};
use cofferdam_trees::{Digest, ManifestError};

/// Folders that lead into each other are followed so far.
const MOST_LINKS: usize = 32;
/// The most files of an action, those that links repeat included.
const MOST_FILES: usize = 200_000;

/// The files of one commit.
#[derive(Debug, Default)]
pub struct Unpacked {
    files: BTreeMap<String, Arc<[u8]>>,
    /// Paths whose bytes depend on the machine, or that cannot be unpacked.
    pub excluded: BTreeSet<String>,
}

impl Unpacked {
    /// Follows the links of a tree.
    #[must_use]
    pub fn of(tree: &ActionTree) -> Self {
        let mut folders: BTreeMap<&str, Vec<(&str, Node<'_>)>> = BTreeMap::from([("", Vec::new())]);
        for entry in &tree.entries {
            let mut path = entry.path.as_str();
            let mut node = Node::Content(&entry.content);
            // Every folder on the way, until one is known.
            loop {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                let known = folders.contains_key(folder);
                folders.entry(folder).or_default().push((name, node));
                if known {
                    break;
                }
                (path, node) = (folder, Node::Folder);
            }
        }
        let mut walk = Walk {
            folders,
            unpacked: Self::default(),
        };
        walk.folder("", "", &mut Vec::new());
        walk.unpacked
    }

    /// The content hash.
    ///
    /// # Errors
    /// [`ManifestError`] for a path that no manifest holds.
    pub fn h1(&self) -> Result<String, ManifestError> {
        let hashed = self
            .files
            .iter()
            .filter(|(path, _)| !self.excluded.contains(*path));
        h1(hashed.map(|(path, bytes)| (path.clone(), Digest::of(bytes))))
    }

    /// Its files for a comparison.
    #[must_use]
    pub fn for_difference(&self) -> Vec<File> {
        self.files
            .iter()
            .map(|(path, bytes)| File::new(path, bytes))
            .collect()
    }
}

impl Files for Unpacked {
    fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).map(|bytes| bytes.to_vec())
    }

    fn below(&self, folder: &str) -> Vec<String> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        (self.files.range(prefix.clone()..))
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(&prefix))
            .cloned()
            .collect()
    }
}

#[derive(Clone, Copy)]
enum Node<'t> {
    Folder,
    Content(&'t Content),
}

struct Walk<'t> {
    folders: BTreeMap<&'t str, Vec<(&'t str, Node<'t>)>>,
    unpacked: Unpacked,
}

impl<'t> Walk<'t> {
    /// Takes what lies in the folder `real` as lying in `seen`. `inside` holds
    /// the folders on the way, so that a link into one of them is noticed.
    fn folder(&mut self, real: &str, seen: &str, inside: &mut Vec<String>) {
        let children = self.folders.get(real).cloned().unwrap_or_default();
        inside.push(real.to_owned());
        for (name, node) in children {
            let at = join(real, name);
            let path = join(seen, name);
            match node {
                Node::Folder => self.folder(&at, &path, inside),
                Node::Content(Content::Submodule { .. }) => {}
                Node::Content(Content::File { bytes, depends, .. }) => {
                    self.file(path, bytes, depends.is_some());
                }
                Node::Content(Content::Symlink { target }) => {
                    self.link(real, target, path, inside);
                }
            }
        }
        inside.pop();
    }

    fn file(&mut self, path: String, bytes: &Arc<[u8]>, depends: bool) {
        if depends || self.unpacked.files.len() >= MOST_FILES {
            self.unpacked.excluded.insert(path.clone());
        }
        self.unpacked.files.insert(path, Arc::clone(bytes));
    }

    fn link(&mut self, folder: &str, target: &str, path: String, inside: &mut Vec<String>) {
        match self.follow(folder, target) {
            Some((_, Node::Content(Content::File { bytes, depends, .. }))) => {
                let (bytes, depends) = (Arc::clone(bytes), depends.is_some());
                self.file(path, &bytes, depends);
            }
            Some((real, Node::Folder))
                if !inside.contains(&real)
                    && inside.len() < 256
                    && self.unpacked.files.len() < MOST_FILES =>
            {
                self.folder(&real, &path, inside);
            }
            // It leads out, to nothing, to another repository or in a circle.
            _ => {
                self.unpacked.excluded.insert(path);
            }
        }
    }

    /// Where a link in a folder leads inside of the tree.
    fn follow(&self, folder: &str, target: &str) -> Option<(String, Node<'t>)> {
        let mut left: Vec<String> = target.split('/').rev().map(ToOwned::to_owned).collect();
        if target.is_empty() || target.starts_with('/') || target.contains('\\') {
            return None;
        }
        let mut at: Vec<String> = folder
            .split('/')
            .filter(|p| !p.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        let mut links = 0;
        while let Some(part) = left.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    at.pop()?;
                    continue;
                }
                _ => {}
            }
            let node = self.node(&at.join("/"), &part)?;
            match node {
                Node::Content(Content::Symlink { target }) => {
                    links += 1;
                    if links > MOST_LINKS || target.starts_with('/') {
                        return None;
                    }
                    left.extend(target.split('/').rev().map(ToOwned::to_owned));
                }
                Node::Content(_) if left.iter().any(|part| !part.is_empty()) => return None,
                _ => at.push(part),
            }
        }
        let path = at.join("/");
        match path.rsplit_once('/') {
            _ if path.is_empty() => Some((path, Node::Folder)),
            Some((folder, name)) => {
                let node = self.node(folder, name)?;
                Some((path, node))
            }
            None => {
                let node = self.node("", &path)?;
                Some((path, node))
            }
        }
    }

    fn node(&self, folder: &str, name: &str) -> Option<Node<'t>> {
        let children = self.folders.get(folder)?;
        children
            .iter()
            .find(|(child, _)| *child == name)
            .map(|(_, node)| *node)
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
