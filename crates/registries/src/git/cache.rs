//! Answers, kept in a folder.
//!
//! Every file begins with the SHA-256 of the rest and says when it was written,
//! and what stands in it under the id of an object is hashed again when it is
//! read: a damaged file is removed and its content fetched again. A cache that
//! cannot be written makes nothing fail, since everything can be fetched again.
//!
//! The checksum finds damage and no forgery: whoever can write into the folder
//! can write one that fits. Content is proven by its own id all the same; what a
//! repository's branches and tags are, and that an image is in a registry, is
//! not. This is why nothing of that kind is taken from here while anybody can be
//! asked, and why results that rest on it say from when it is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::client::now;
use super::objects::ObjectId;
use super::repository::{Host, Hosts, Repository};

/// The first bytes of every file; a later form has another number.
const MARK: &str = "cofferdam-cache 2 ";

/// A folder of answers.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// Where the listings and numbers of a host come from, if not from itself:
    /// what a mirror says is not what the host says.
    mirrors: BTreeMap<String, [Option<String>; 2]>,
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
    /// The commits between the refs of a repository, or one branch alone, and
    /// one commit.
    History(&'k Repository, ObjectId, Option<&'k str>),
    /// The numeric ids of a repository.
    Ids(&'k Repository),
    /// The digest of a tag of an image.
    Image(&'k str),
    /// The manifest with a digest, in a repository of a registry: that it is in
    /// one says nothing about another.
    Manifest(&'k str, &'k str),
}

/// What is kept, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) bytes: Vec<u8>,
    /// In seconds since 1970-01-01 in UTC.
    pub(crate) at: u64,
}

impl Cache {
    /// A cache in a folder, which is made when there is something to keep.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.join("git-2"),
            mirrors: BTreeMap::new(),
            damaged: AtomicU64::new(0),
            unwritten: AtomicU64::new(0),
        }
    }

    /// With what mirrors say kept apart from what the hosts themselves say.
    pub(crate) fn with_mirrors(mut self, hosts: &Hosts) -> Self {
        for (name, host) in hosts.iter() {
            let own = Host::of(name);
            let git = (host.git != own.git).then(|| host.git.clone());
            let api = (host.api != own.api).then(|| host.api.clone().unwrap_or_default());
            self.mirrors.insert(name.to_owned(), [git, api]);
        }
        self
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
        let from = |repository: &Repository, of: fn(&[Option<String>; 2]) -> &Option<String>| {
            let mirror = self.mirrors.get(repository.host()).map(of);
            match mirror.and_then(Option::as_deref) {
                Some(mirror) => hex(&Sha256::digest(format!("{mirror} {}", repository.key()))),
                None => hex(&Sha256::digest(repository.key())),
            }
        };
        let name = |repository: &Repository| from(repository, |[git, _]| git);
        let (kind, name) = match key {
            Key::Commit(id) => ("commits", id.to_string()),
            Key::Refs(repository) => ("refs", name(repository)),
            Key::History(repository, id, None) => ("history", format!("{}-{id}", name(repository))),
            Key::History(repository, id, Some(branch)) => {
                let branch = hex(&Sha256::digest(branch));
                ("history", format!("{}-{id}-{branch}", name(repository)))
            }
            Key::Ids(repository) => ("ids", from(repository, |[_, api]| api)),
            Key::Image(image) => ("images", hex(&Sha256::digest(image))),
            Key::Manifest(repository, digest) => (
                "manifests",
                hex(&Sha256::digest(format!("{repository}@{digest}"))),
            ),
        };
        let (fan, _) = name.split_at_checked(2).unwrap_or((&name, ""));
        self.folder.join(kind).join(fan).join(&name)
    }

    /// What is kept, whole.
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    pub(crate) fn read(&self, key: Key<'_>, most: u64) -> Option<Kept> {
        let path = self.path(key);
        let mut bytes = Vec::new();
        File::open(&path)
            .ok()?
            .take(most.saturating_add(256))
            .read_to_end(&mut bytes)
            .ok()?;
        let kept = whole(&bytes);
        if kept.is_none() {
            self.drop_damaged(key);
        }
        kept
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
        let at = format!("at {}\n", now());
        let mut sum = Sha256::new();
        sum.update(&at);
        sum.update(payload);
        part.write_all(format!("{MARK}{}\n{at}", hex(&sum.finalize())).as_bytes())?;
        part.write_all(payload)?;
        part.as_file().sync_data()?;
        part.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// What stands behind the checksum, if it is what the checksum says.
fn whole(bytes: &[u8]) -> Option<Kept> {
    let rest = bytes.strip_prefix(MARK.as_bytes())?;
    let (sum, rest) = rest.split_at_checked(64)?;
    let rest = rest.strip_prefix(b"\n")?;
    if sum != hex(&Sha256::digest(rest)).as_bytes() {
        return None;
    }
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, payload) = rest.split_at_checked(end + 1)?;
    let at = std::str::from_utf8(line).ok()?.strip_prefix("at ")?;
    Some(Kept {
        at: at.trim_end().parse().ok()?,
        bytes: payload.to_vec(),
    })
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
        let kept = cache.read(key, 100).unwrap();
        assert_eq!(kept.bytes, b"payload");
        assert!(now() - kept.at < 100);
        // A digit of the time is as much of it as everything else.
        for place in [0, 30, 88, 97] {
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
        assert_eq!(cache.damaged(), 5);
    }

    #[test]
    fn what_a_mirror_says_is_kept_apart_from_what_the_host_says() {
        let folder = tempfile::tempdir().unwrap();
        let at = |git: &str, api: &str| {
            let mut hosts = Hosts::default();
            hosts.set("github.com", Host::new(git, Some(api)));
            Cache::new(folder.path()).with_mirrors(&hosts)
        };
        let (git, api) = ("https://github.com", "https://api.github.com");
        let repository = Repository::public("octo", "hello").unwrap();
        let mirror = at("https://mirror.example", "https://mirror.example/api");
        for key in [Key::Refs(&repository), Key::Ids(&repository)] {
            mirror.write(key, b"forged");
            assert!(mirror.read(key, 100).is_some());
            assert_eq!(at(git, api).read(key, 100), None);
            assert_eq!(Cache::new(folder.path()).read(key, 100), None);
        }
        at(git, api).write(Key::Refs(&repository), b"own");
        let kept = Cache::new(folder.path()).read(Key::Refs(&repository), 100);
        assert_eq!(kept.unwrap().bytes, b"own");
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
