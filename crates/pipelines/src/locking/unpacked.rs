//! A commit as it lies on a runner: links followed, and what depends on the
//! machine told apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cofferdam_locking::content::h1;
use cofferdam_locking::difference::File;
use cofferdam_locking::foreign::Files;
use cofferdam_registries::git::{ActionTree, Content};
use cofferdam_trees::{Digest, ManifestError};

/// So many links are followed from one place to where it leads.
const MOST_LINKS: usize = 32;
/// The most steps from one place to the next. Folders that link to each other
/// have as many paths as there are orders of them.
const MOST_STEPS: usize = 1_000_000;
/// The most files of an action, those that links repeat included.
const MOST_FILES: usize = 200_000;
/// The most paths that are told apart; an honest action has a few.
const MOST_EXCLUDED: usize = 10_000;
/// How deep folders may lie in each other.
const MOST_DEPTH: usize = 256;
/// The most bytes of files to which links lead, each counted as often as a runner
/// would copy it.
const MOST_REPEATED: u64 = 1 << 30;

/// Why a commit is not unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// Links lead through it in too many ways.
    #[error("its links and folders take more than {MOST_STEPS} steps to follow")]
    Steps,
    /// Links repeat too many files.
    #[error("with what its links lead to it has more than {MOST_FILES} files")]
    Files,
    /// Too many paths depend on the machine.
    #[error("more than {MOST_EXCLUDED} of its paths depend on the machine that unpacks it")]
    Excluded,
    /// Folders lie too deep.
    #[error("its folders lie more than {MOST_DEPTH} deep")]
    Depth,
    /// Links repeat too many bytes.
    #[error("its links lead to more than {} MiB of files", MOST_REPEATED >> 20)]
    Repeated,
}

/// The files of one commit.
#[derive(Debug, Default)]
pub struct Unpacked {
    files: BTreeMap<String, Arc<[u8]>>,
    /// Paths whose bytes depend on the machine, or that cannot be unpacked.
    pub excluded: BTreeSet<String>,
}

impl Unpacked {
    /// Follows the links of a tree.
    ///
    /// # Errors
    /// [`UnpackError`] for a tree that takes more to follow than an action does.
    pub fn of(tree: &ActionTree) -> Result<Self, UnpackError> {
        let mut folders: BTreeMap<&str, BTreeMap<&str, Node<'_>>> =
            BTreeMap::from([("", BTreeMap::new())]);
        for entry in &tree.entries {
            let mut path = entry.path.as_str();
            let mut node = Node::Content(&entry.content);
            // Every folder on the way, until one is known.
            loop {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                let known = folders.contains_key(folder);
                folders.entry(folder).or_default().insert(name, node);
                if known {
                    break;
                }
                (path, node) = (folder, Node::Folder);
            }
        }
        let mut walk = Walk {
            folders,
            unpacked: Self::default(),
            steps: 0,
            repeated: 0,
        };
        walk.folder("", "", &mut Vec::new())?;
        Ok(walk.unpacked)
    }

    /// The content hash.
    ///
    /// # Errors
    /// [`ManifestError`] for a path that no manifest holds.
    pub fn h1(&self) -> Result<String, ManifestError> {
        // Many paths may hold the same bytes, which are hashed once.
        let mut digests: HashMap<*const u8, Digest> = HashMap::new();
        let hashed = (self.files.iter())
            .filter(|(path, _)| !self.excluded.contains(*path))
            .map(|(path, bytes)| {
                let digest = digests
                    .entry(bytes.as_ptr())
                    .or_insert_with(|| Digest::of(bytes));
                (path.clone(), *digest)
            });
        h1(hashed.collect::<Vec<_>>())
    }

    /// Its files for a comparison.
    #[must_use]
    pub fn for_difference(&self) -> Vec<File> {
        let mut seen: HashMap<*const u8, File> = HashMap::new();
        let one = |(path, bytes): (&String, &Arc<[u8]>)| {
            // What is called depends on the name as well, so that the hash alone is
            // taken from a file that was looked at before.
            let before = seen.get(&bytes.as_ptr());
            let same = before.filter(|before| extension(&before.path) == extension(path));
            if let Some(before) = same {
                let path = path.clone();
                return File {
                    path,
                    ..before.clone()
                };
            }
            let file = File::new(path, bytes);
            seen.insert(bytes.as_ptr(), file.clone());
            file
        };
        self.files.iter().map(one).collect()
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
    folders: BTreeMap<&'t str, BTreeMap<&'t str, Node<'t>>>,
    unpacked: Unpacked,
    steps: usize,
    repeated: u64,
}

impl<'t> Walk<'t> {
    fn step(&mut self) -> Result<(), UnpackError> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(UnpackError::Steps);
        }
        Ok(())
    }

    /// Takes what lies in the folder `real` as lying in `seen`. `inside` holds
    /// the folders on the way, so that a link into one of them is noticed.
    fn folder(
        &mut self,
        real: &str,
        seen: &str,
        inside: &mut Vec<String>,
    ) -> Result<(), UnpackError> {
        if inside.len() > MOST_DEPTH {
            return Err(UnpackError::Depth);
        }
        let children = self.folders.get(real).cloned().unwrap_or_default();
        inside.push(real.to_owned());
        for (name, node) in children {
            self.step()?;
            let at = join(real, name);
            let path = join(seen, name);
            match node {
                Node::Folder => self.folder(&at, &path, inside)?,
                Node::Content(Content::Submodule { .. }) => {}
                Node::Content(Content::File { bytes, depends, .. }) => {
                    self.file(path, bytes, depends.is_some(), real != seen)?;
                }
                Node::Content(Content::Symlink { target }) => {
                    self.link(real, target, path, inside)?;
                }
            }
        }
        inside.pop();
        Ok(())
    }

    fn file(
        &mut self,
        path: String,
        bytes: &Arc<[u8]>,
        depends: bool,
        by_link: bool,
    ) -> Result<(), UnpackError> {
        if by_link {
            self.repeated = self.repeated.saturating_add(bytes.len() as u64);
            if self.repeated > MOST_REPEATED {
                return Err(UnpackError::Repeated);
            }
        }
        if depends {
            self.exclude(path.clone())?;
        }
        self.unpacked.files.insert(path, Arc::clone(bytes));
        if self.unpacked.files.len() > MOST_FILES {
            return Err(UnpackError::Files);
        }
        Ok(())
    }

    fn exclude(&mut self, path: String) -> Result<(), UnpackError> {
        self.unpacked.excluded.insert(path);
        if self.unpacked.excluded.len() > MOST_EXCLUDED {
            return Err(UnpackError::Excluded);
        }
        Ok(())
    }

    fn link(
        &mut self,
        folder: &str,
        target: &str,
        path: String,
        inside: &mut Vec<String>,
    ) -> Result<(), UnpackError> {
        match self.follow(folder, target)? {
            Some((_, Node::Content(Content::File { bytes, depends, .. }))) => {
                let (bytes, depends) = (Arc::clone(bytes), depends.is_some());
                self.file(path, &bytes, depends, true)
            }
            Some((real, Node::Folder)) if !inside.contains(&real) => {
                self.folder(&real, &path, inside)
            }
            // It leads out, to nothing, to another repository or in a circle.
            _ => self.exclude(path),
        }
    }

    /// Where a link in a folder leads inside of the tree.
    fn follow(
        &mut self,
        folder: &str,
        target: &str,
    ) -> Result<Option<(String, Node<'t>)>, UnpackError> {
        if target.is_empty() || target.starts_with('/') || target.contains('\\') {
            return Ok(None);
        }
        let mut left: Vec<String> = target.split('/').rev().map(ToOwned::to_owned).collect();
        let mut at: Vec<String> = folder
            .split('/')
            .filter(|p| !p.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        let mut links = 0;
        while let Some(part) = left.pop() {
            self.step()?;
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    if at.pop().is_none() {
                        return Ok(None);
                    }
                    continue;
                }
                _ => {}
            }
            match self.node(&at.join("/"), &part) {
                None => return Ok(None),
                Some(Node::Content(Content::Symlink { target })) => {
                    links += 1;
                    if links > MOST_LINKS || target.starts_with('/') {
                        return Ok(None);
                    }
                    left.extend(target.split('/').rev().map(ToOwned::to_owned));
                }
                Some(Node::Content(_)) if left.iter().any(|part| !part.is_empty()) => {
                    return Ok(None);
                }
                Some(_) => at.push(part),
            }
        }
        let path = at.join("/");
        let node = match path.rsplit_once('/') {
            _ if path.is_empty() => Some(Node::Folder),
            Some((folder, name)) => self.node(folder, name),
            None => self.node("", &path),
        };
        Ok(node.map(|node| (path, node)))
    }

    fn node(&self, folder: &str, name: &str) -> Option<Node<'t>> {
        self.folders.get(folder)?.get(name).copied()
    }
}

fn extension(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, extension)| extension)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
