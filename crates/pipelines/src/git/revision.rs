//! The files of a commit, read from git's objects without a work tree.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use cofferdam_workflows::documents::kind::kind_of;
use cofferdam_workflows::repository::Tree;
use gix_hash::ObjectId;
use gix_object::tree::EntryKind;
use gix_object::{CommitRefIter, Kind, TreeRefIter};

use crate::collect::{
    Collected, Source, Text, decode, is_read, is_sound, is_workflow_folder, too_large,
};
use crate::gap::Gap;
use crate::git::objects::Objects;
use crate::git::resolve::resolve;
use crate::git::{Blob, GitError, GitFolder};
use crate::limits::Limits;

/// How often one link may lead to another.
const MAX_LINKS: usize = 16;
/// The longest target of a link, in bytes.
const LINK_BYTES: u64 = 4096;

/// Reads the files of the commit that `revision` names, in the repository at
/// `root`. The work tree is neither read nor touched.
///
/// # Errors
/// [`GitError`] if there is no such commit or an object that is needed is
/// missing or damaged: a tree that is read in part would hide files.
pub fn revision(root: &Path, revision: &str, limits: &Limits) -> Result<Collected, GitError> {
    let Commit {
        git,
        objects,
        id,
        tree,
        ..
    } = Commit::open(root, revision, limits)?;
    let mut listing = Listing::default();
    listing.tree(&objects, tree, limits)?;
    let (mut collected, files) = listing.read(&objects, limits)?;
    collected.source = Source::Commit(Box::new(CommitFiles {
        objects,
        files,
        #[cfg(feature = "dependencies")]
        submodules: listing.submodules,
        #[cfg(feature = "dependencies")]
        lost: listing.lost,
    }));
    collected.remote = git.remote();
    collected.revision = Some(id.to_string());
    Ok(collected)
}

/// One commit, of which single files are read.
pub(crate) struct Commit {
    git: GitFolder,
    objects: Objects,
    id: ObjectId,
    tree: ObjectId,
    parents: Vec<ObjectId>,
}

impl Commit {
    pub(crate) fn open(root: &Path, revision: &str, limits: &Limits) -> Result<Self, GitError> {
        let no_repository = || GitError::NoRepository {
            path: root.to_owned(),
        };
        let canonical = std::fs::canonicalize(root).map_err(|_| no_repository())?;
        let git = GitFolder::open(&canonical)?.ok_or_else(no_repository)?;
        let objects = git.objects(limits)?;
        let id = resolve(&git, &objects, revision)?;
        let (_, bytes) = objects.read(&id)?;
        let damaged = |error: &dyn fmt::Display| GitError::damaged("objects", error);
        let tree = CommitRefIter::from_bytes(&bytes, objects.hash)
            .tree_id()
            .map_err(|error| damaged(&error))?;
        let parents = CommitRefIter::from_bytes(&bytes, objects.hash)
            .parent_ids()
            .collect();
        // A clone may know a commit by name and not hold what it is made of.
        objects.header(&tree)?;
        Ok(Self {
            git,
            objects,
            id,
            tree,
            parents,
        })
    }

    /// The store that it lies in, and its id there.
    #[cfg(feature = "exposure")]
    pub(crate) fn objects(&self) -> &Objects {
        &self.objects
    }

    #[cfg(feature = "exposure")]
    pub(crate) fn object_id(&self) -> ObjectId {
        self.id
    }

    /// The commit id, in hexadecimal.
    pub(crate) fn id(&self) -> String {
        self.id.to_string()
    }

    /// The ids of the parents, first one first.
    pub(crate) fn parents(&self) -> Vec<String> {
        self.parents.iter().map(ToString::to_string).collect()
    }

    /// The bytes of the file at a path, as a link would have them not followed;
    /// `None` if nothing is there.
    pub(crate) fn file(&self, path: &str, limit: u64) -> Result<Option<Blob>, GitError> {
        let mut tree = self.tree;
        let mut parts = path.split('/').peekable();
        while let Some(name) = parts.next() {
            let (kind, bytes) = self.objects.read(&tree)?;
            if kind != Kind::Tree {
                return Ok(None);
            }
            let mut found = None;
            for entry in TreeRefIter::from_bytes(&bytes, self.objects.hash) {
                let entry = entry.map_err(|error| GitError::damaged("objects", &error))?;
                if entry.filename == name.as_bytes() {
                    found = Some((entry.mode.kind(), entry.oid.to_owned()));
                    break;
                }
            }
            let Some((mode, id)) = found else {
                return Ok(None);
            };
            match (mode, parts.peek()) {
                (EntryKind::Tree, Some(_)) => tree = id,
                (EntryKind::Blob | EntryKind::BlobExecutable, None) => {
                    let (_, size) = self.objects.header(&id)?;
                    if size > limit {
                        return Ok(Some(Blob::TooLarge));
                    }
                    return Ok(Some(Blob::Bytes(self.objects.read(&id)?.1)));
                }
                (_, None) => return Ok(Some(Blob::NotAFile)),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// The files below a folder of a commit, by path relative to the folder.
#[cfg(feature = "vendoring")]
pub(crate) type Below = HashMap<String, ObjectId>;

#[cfg(feature = "vendoring")]
impl Commit {
    /// The hash that names the objects.
    pub(crate) fn hash(&self) -> gix_hash::Kind {
        self.objects.hash
    }

    /// The bytes of a file that [`Commit::below`] has named.
    pub(crate) fn blob(&self, id: &ObjectId) -> Result<Vec<u8>, GitError> {
        Ok(self.objects.read(id)?.1)
    }

    /// Every file below a folder; links and submodules are left out, so that
    /// what stands in their place never counts as unchanged.
    pub(crate) fn below(&self, folder: &str, limits: &Limits) -> Result<Below, GitError> {
        let mut files = Below::new();
        let mut open = vec![(String::new(), self.tree, folder)];
        let mut trees = Trees::default();
        let mut folders = 0_usize;
        while let Some((path, id, rest)) = open.pop() {
            folders += 1;
            if folders > limits.folders || files.len() > limits.paths {
                return Err(GitError::damaged("objects", &"there are too many files"));
            }
            let bytes = trees.read(&self.objects, id)?;
            let (wanted, rest) = match rest.split_once('/') {
                Some((first, rest)) => (Some(first), rest),
                None if rest.is_empty() => (None, ""),
                None => (Some(rest), ""),
            };
            for entry in TreeRefIter::from_bytes(&bytes, self.objects.hash) {
                let entry = entry.map_err(|error| GitError::damaged("objects", &error))?;
                let Ok(name) = str::from_utf8(entry.filename) else {
                    continue;
                };
                let id = entry.oid.to_owned();
                match (wanted, entry.mode.kind()) {
                    (Some(first), EntryKind::Tree) if name == first => {
                        open.push((String::new(), id, rest));
                    }
                    (Some(_), _) => {}
                    (None, EntryKind::Tree) => open.push((format!("{path}{name}/"), id, "")),
                    (None, EntryKind::Blob | EntryKind::BlobExecutable) => {
                        files.insert(format!("{path}{name}"), id);
                    }
                    _ => {}
                }
            }
        }
        Ok(files)
    }
}

/// Files by path, with the object that holds each.
type Files = Vec<(Arc<str>, ObjectId)>;

/// The files of a commit, to read one more of them.
pub(crate) struct CommitFiles {
    objects: Objects,
    files: Files,
    /// The commits of submodules, in order of path.
    #[cfg(feature = "dependencies")]
    submodules: Vec<(String, ObjectId)>,
    /// Links that lead to no file of the commit, each with its own object.
    #[cfg(feature = "dependencies")]
    lost: Files,
}

impl fmt::Debug for CommitFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitFiles({})", self.files.len())
    }
}

#[cfg(feature = "dependencies")]
impl CommitFiles {
    /// The id of the object that a file's bytes are, in hexadecimal.
    pub(crate) fn object(&self, path: &str) -> Option<String> {
        let at = (self.files.binary_search_by(|(p, _)| (**p).cmp(path))).ok()?;
        self.files.get(at).map(|(_, id)| id.to_string())
    }

    /// Links that lead to no file of the commit, each with the id of its own object.
    pub(crate) fn lost(&self) -> impl Iterator<Item = (&str, String)> {
        let all = self.lost.iter();
        all.map(|(path, id)| (&**path, id.to_string()))
    }

    /// The submodules with the commit of each, in hexadecimal.
    pub(crate) fn submodules(&self) -> impl Iterator<Item = (&str, String)> {
        let all = self.submodules.iter();
        all.map(|(path, id)| (path.as_str(), id.to_string()))
    }
}

impl CommitFiles {
    /// The file at a path; `None` if the commit has none there.
    pub(crate) fn text(&self, path: &str, limits: &Limits) -> Option<Text> {
        let at = (self.files.binary_search_by(|(p, _)| (**p).cmp(path))).ok()?;
        let (_, id) = self.files.get(at)?;
        Some(self.blob(path, id, limits).unwrap_or_else(|error| Text {
            file: None,
            gap: Some(Gap::Unreadable {
                path: path.to_owned(),
                error: error.to_string(),
            }),
        }))
    }

    fn blob(&self, path: &str, id: &ObjectId, limits: &Limits) -> Result<Text, GitError> {
        let (kind, size) = self.objects.header(id)?;
        if kind != Kind::Blob {
            return Err(GitError::damaged("objects", &format!("{id} is no file")));
        }
        if size > limits.document_bytes {
            return Ok(too_large(path, size, limits.document_bytes));
        }
        Ok(decode(path, self.objects.read(id)?.1))
    }
}

/// Trees that were read, since one tree may stand at many paths.
#[derive(Default)]
struct Trees {
    known: HashMap<ObjectId, Arc<Vec<u8>>>,
    bytes: usize,
}

impl Trees {
    /// The most bytes that are kept.
    const KEPT: usize = 16 * 1024 * 1024;

    fn read(&mut self, objects: &Objects, id: ObjectId) -> Result<Arc<Vec<u8>>, GitError> {
        if let Some(bytes) = self.known.get(&id) {
            return Ok(Arc::clone(bytes));
        }
        let (kind, bytes) = objects.read(&id)?;
        if kind != Kind::Tree {
            let reason = format!("{id} is no tree");
            return Err(GitError::damaged("objects", &reason));
        }
        let bytes = Arc::new(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes <= Self::KEPT {
            self.known.insert(id, Arc::clone(&bytes));
        }
        Ok(bytes)
    }
}

/// The paths of a commit.
#[derive(Default)]
struct Listing {
    files: Files,
    links: Files,
    submodules: Vec<(String, ObjectId)>,
    /// Links that lead to no file of the commit.
    #[cfg(feature = "dependencies")]
    lost: Files,
    gaps: Vec<Gap>,
}

impl Listing {
    fn tree(&mut self, objects: &Objects, root: ObjectId, limits: &Limits) -> Result<(), GitError> {
        let mut open = vec![(String::new(), root)];
        let mut trees = Trees::default();
        let mut folders = 0;
        while let Some((folder, id)) = open.pop() {
            folders += 1;
            // A few trees that hold each other many times over can spell more
            // paths than any disk could hold.
            let over = [
                ("folders", folders, limits.folders),
                ("files", self.files.len() + self.links.len(), limits.paths),
            ];
            if let Some((what, _, limit)) = over.into_iter().find(|(_, n, limit)| n > limit) {
                self.gaps.push(Gap::TooMuch {
                    what,
                    limit: limit as u64,
                });
                break;
            }
            if folder.matches('/').count() > limits.depth {
                self.gaps.push(Gap::TooDeep { path: folder });
                continue;
            }
            let bytes = trees.read(objects, id)?;
            self.entries(&folder, &bytes, objects, &mut open)?;
        }
        Ok(())
    }

    fn entries(
        &mut self,
        folder: &str,
        bytes: &[u8],
        objects: &Objects,
        open: &mut Vec<(String, ObjectId)>,
    ) -> Result<(), GitError> {
        for entry in TreeRefIter::from_bytes(bytes, objects.hash) {
            let entry = entry.map_err(|error| GitError::damaged("objects", &error))?;
            let name = match str::from_utf8(entry.filename) {
                Ok(name) => name,
                Err(_) => {
                    let lossy = String::from_utf8_lossy(entry.filename);
                    let path = format!("{folder}{lossy}");
                    if is_read(&path) || path.starts_with(".github/") {
                        self.gaps.push(Gap::PathNotUtf8 { path });
                    }
                    continue;
                }
            };
            let path = format!("{folder}{name}");
            if name.contains('/') || !is_sound(name) {
                self.gaps.push(Gap::BadPath { path });
                continue;
            }
            let id = entry.oid.to_owned();
            match entry.mode.kind() {
                EntryKind::Tree => open.push((format!("{path}/"), id)),
                EntryKind::Blob | EntryKind::BlobExecutable => self.files.push((path.into(), id)),
                EntryKind::Link if is_workflow_folder(&path) => {
                    self.gaps.push(Gap::LinkedFolder { path });
                }
                EntryKind::Link => self.links.push((path.into(), id)),
                EntryKind::Commit => self.submodules.push((path, id)),
            }
        }
        Ok(())
    }

    /// Reads the documents; gives them and every file in order of path.
    fn read(&mut self, objects: &Objects, limits: &Limits) -> Result<(Collected, Files), GitError> {
        self.follow_links(objects)?;
        self.files.sort_unstable();
        self.submodules.sort_unstable();
        let mut collected = Collected {
            tree: Tree::new(
                self.files
                    .iter()
                    .map(|(path, _)| Arc::clone(path))
                    .collect(),
            ),
            gaps: std::mem::take(&mut self.gaps),
            ..Collected::default()
        };
        if !self.submodules.is_empty() {
            let paths = self.submodules.iter();
            collected.gaps.push(Gap::Submodules {
                paths: paths.map(|(path, _)| path.clone()).collect(),
            });
        }
        let documents = self.files.iter().filter(|(p, _)| is_read(p));
        let mut documents: Vec<_> = documents.cloned().collect();
        documents.sort_by_key(|(path, _)| (kind_of(path), Arc::clone(path)));
        let mut total = 0_u64;
        for (number, (path, id)) in documents.into_iter().enumerate() {
            let (kind, size) = objects.header(&id)?;
            if kind != Kind::Blob {
                return Err(GitError::damaged("objects", &format!("{id} is no file")));
            }
            if size > limits.document_bytes {
                let text = too_large(&path, size, limits.document_bytes);
                collected.gaps.extend(text.gap);
                continue;
            }
            total = total.saturating_add(size);
            let over = [
                ("documents", number as u64 + 1, limits.documents as u64),
                ("bytes of documents", total, limits.total_bytes),
            ];
            if let Some((what, _, limit)) = over.into_iter().find(|(_, n, limit)| n > limit) {
                collected.gaps.push(Gap::TooMuch { what, limit });
                break;
            }
            let text = decode(&path, objects.read(&id)?.1);
            collected.files.extend(text.file);
            collected.gaps.extend(text.gap);
        }
        Ok((collected, std::mem::take(&mut self.files)))
    }

    /// Adds every link that leads to a file of the same commit.
    fn follow_links(&mut self, objects: &Objects) -> Result<(), GitError> {
        if self.links.is_empty() {
            return Ok(());
        }
        let files: HashMap<&str, ObjectId> =
            self.files.iter().map(|(path, id)| (&**path, *id)).collect();
        let links: HashMap<&str, ObjectId> =
            self.links.iter().map(|(path, id)| (&**path, *id)).collect();
        let mut found = Vec::new();
        for (path, own) in &self.links {
            match target(path, &files, &links, objects)? {
                Ok(id) => found.push((Arc::clone(path), id)),
                Err(gap) if is_read(path) => self.gaps.push(gap),
                #[cfg(feature = "dependencies")]
                Err(_) => self.lost.push((Arc::clone(path), *own)),
                #[cfg(not(feature = "dependencies"))]
                Err(_) => drop(own),
            }
        }
        self.files.extend(found);
        Ok(())
    }
}

/// The file that a link leads to, by the rules of a work tree.
fn target(
    start: &str,
    files: &HashMap<&str, ObjectId>,
    links: &HashMap<&str, ObjectId>,
    objects: &Objects,
) -> Result<Result<ObjectId, Gap>, GitError> {
    let broken = || Gap::LinkBroken {
        path: start.to_owned(),
    };
    let mut path = start.to_owned();
    for _ in 0..MAX_LINKS {
        if let Some(id) = files.get(path.as_str()) {
            return Ok(Ok(*id));
        }
        let Some(id) = links.get(path.as_str()) else {
            return Ok(Err(broken()));
        };
        if objects.header(id)?.1 > LINK_BYTES {
            return Ok(Err(broken()));
        }
        let (_, bytes) = objects.read(id)?;
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(Err(broken()));
        };
        match joined(&path, &text) {
            Some(next) => path = next,
            None => {
                return Ok(Err(Gap::LinkOutside {
                    path: start.to_owned(),
                }));
            }
        }
    }
    Ok(Err(broken()))
}

/// The path that `target` means in a link at `link`; `None` if it leads out of
/// the repository or into a `.git` folder.
fn joined(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name if name.eq_ignore_ascii_case(".git") => return None,
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_link_leads_out(
            link in "(a/|b/){0,3}c",
            target in "(\\.\\./|\\./|/|x/|\\.git/|\\.GIT/){0,6}(y|\\.\\.|\\.|)",
        ) {
            if let Some(path) = joined(&link, &target) {
                prop_assert!(path.is_empty() || is_sound(&path), "{path}");
            }
        }
    }

    #[test]
    fn a_link_is_followed_inside_the_repository_only() {
        let link = ".github/workflows/a.yml";
        let cases = [
            ("../b.yml", Some(".github/b.yml")),
            ("./c.yml", Some(".github/workflows/c.yml")),
            ("../../x//y.yml", Some("x/y.yml")),
            ("../../../etc/passwd", None),
            ("/etc/passwd", None),
            ("../../.git/config", None),
            ("../../.GIT/config", None),
        ];
        for (target, path) in cases {
            assert_eq!(joined(link, target).as_deref(), path, "{target}");
        }
    }
}
