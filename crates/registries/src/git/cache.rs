//! Answers, kept in a folder.
//!
//! Every file begins with the SHA-256 of the rest, and what stands in it under
//! the id of an object is hashed again when it is read: a damaged file is
//! removed and its content fetched again. A cache that cannot be written makes
//! nothing fail, since everything can be fetched again.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::objects::ObjectId;
use super::repository::Repository;

/// The first bytes of every file; a later form has another number.
const MARK: &str = "cofferdam-cache 1 ";

/// A folder of answers.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    damaged: AtomicU64,
    unwritten: AtomicU64,
}

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'k> {
    /// A commit at depth 1, whatever repository it came from: its id says what
    /// it is.
    Commit(ObjectId),
    /// The branches and tags of a repository.
    Refs(&'k Repository),
    /// The commits between the refs of a repository and one commit.
    History(&'k Repository, ObjectId),
    /// The numeric ids of a repository.
    Ids(&'k Repository),
    /// The digest of a tag of an image.
    Image(&'k str),
    /// The manifest with a digest.
    Manifest(&'k str),
}

impl Cache {
    /// A cache in a folder, which is made when there is something to keep.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.join("git-1"),
            damaged: AtomicU64::new(0),
            unwritten: AtomicU64::new(0),
        }
    }

    /// How many damaged files were found and removed.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    /// How many answers could not be kept.
    #[must_use]
    pub fn unwritten(&self) -> u64 {
        self.unwritten.load(Ordering::Relaxed)
    }

    fn path(&self, key: Key<'_>) -> PathBuf {
        let name = |repository: &Repository| hex(&Sha256::digest(repository.key()));
        let (kind, name) = match key {
            Key::Commit(id) => ("commits", id.to_string()),
            Key::Refs(repository) => ("refs", name(repository)),
            Key::History(repository, id) => ("history", format!("{}-{id}", name(repository))),
            Key::Ids(repository) => ("ids", name(repository)),
            Key::Image(image) => ("images", hex(&Sha256::digest(image))),
            Key::Manifest(digest) => ("manifests", hex(&Sha256::digest(digest))),
        };
        let (fan, _) = name.split_at_checked(2).unwrap_or((&name, ""));
        self.folder.join(kind).join(fan).join(&name)
    }

    /// What is kept, whole.
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    pub(crate) fn read(&self, key: Key<'_>, most: u64) -> Option<Vec<u8>> {
        let path = self.path(key);
        let mut bytes = Vec::new();
        File::open(&path)
            .ok()?
            .take(most.saturating_add(256))
            .read_to_end(&mut bytes)
            .ok()?;
        let payload = whole(&bytes).map(<[u8]>::to_vec);
        if payload.is_none() {
            self.drop_damaged(key);
        }
        payload
    }

    /// Removes what turned out to be something else than it should be.
    pub(crate) fn drop_damaged(&self, key: Key<'_>) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        // Where it cannot be removed it is found to be damaged once more.
        let _ = fs::remove_file(self.path(key));
    }

    /// Keeps an answer. The old file stands until the new one is whole.
    pub(crate) fn write(&self, key: Key<'_>, payload: &[u8]) {
        if self.try_write(&self.path(key), payload).is_err() {
            self.unwritten.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn try_write(&self, path: &Path, payload: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut part = tempfile::Builder::new()
            .prefix(".part-")
            .tempfile_in(folder)?;
        part.write_all(format!("{MARK}{}\n", hex(&Sha256::digest(payload))).as_bytes())?;
        part.write_all(payload)?;
        part.as_file().sync_data()?;
        part.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// What stands behind the checksum, if it is what the checksum says.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(MARK.as_bytes())?;
    let (sum, rest) = rest.split_at_checked(64)?;
    let payload = rest.strip_prefix(b"\n")?;
    (sum == hex(&Sha256::digest(payload)).as_bytes()).then_some(payload)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::git::Kind;

    #[test]
    fn what_is_kept_comes_back_and_what_is_damaged_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let id = ObjectId::of(Kind::Blob, b"").unwrap();
        let key = Key::Commit(id);
        assert_eq!(cache.read(key, 100), None);
        cache.write(key, b"payload");
        assert_eq!(cache.read(key, 100).unwrap(), b"payload");
        for place in [0, 30, 90] {
            cache.write(key, b"payload");
            let mut bytes = fs::read(cache.path(key)).unwrap();
            *bytes.get_mut(place).unwrap() ^= 1;
            fs::write(cache.path(key), bytes).unwrap();
            assert_eq!(cache.read(key, 100), None, "{place}");
            assert!(!cache.path(key).exists());
        }
        cache.write(key, b"payload");
        let bytes = fs::read(cache.path(key)).unwrap();
        fs::write(cache.path(key), bytes.get(..80).unwrap()).unwrap();
        assert_eq!(cache.read(key, 100), None);
        assert_eq!(cache.damaged(), 4);
    }

    #[test]
    fn a_cache_that_cannot_be_written_counts_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let cache = Cache::new(&file);
        let id = ObjectId::of(Kind::Blob, b"").unwrap();
        cache.write(Key::Commit(id), b"payload");
        assert_eq!(cache.unwritten(), 1);
    }
}
