//! A folder of files, read once and hashed on all cores.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use cofferdam_trees::go::embeds;
use cofferdam_trees::{Digest, Entry};
use gix_hash::ObjectId;
use memchr::memmem;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::collect::{Links, plain, regular_with_size};
use crate::limits::Limits;

/// What is known of one path.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What stands there.
    pub(super) entry: Entry,
    /// The id that git would give the file, where it was asked for.
    pub(super) id: Option<ObjectId>,
    /// What the file embeds, if it is a Go file that does.
    pub(super) embeds: Vec<String>,
    /// The number of bytes.
    pub(super) bytes: u64,
}

/// Every path below a folder.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) files: BTreeMap<String, Found>,
    /// What could not be read, and why.
    pub(super) unread: Vec<(String, String)>,
}

/// What is wanted of a folder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// The ids of git, by this hash.
    pub(super) ids: Option<gix_hash::Kind>,
    /// Leave out folders with a `go.mod`, and those named `vendor` or `.git`:
    /// the files of one module.
    pub(super) one_module: bool,
}

/// Files up to here are read as a whole, larger ones in pieces unless they are
/// Go files.
const WHOLE: u64 = 8 * 1024 * 1024;
/// Files that are handed to one thread at a time.
const BATCH: usize = 32;

impl Folder {
    /// Reads everything below `root`, which must be canonical. No link is
    /// followed.
    pub(super) fn read(root: &Path, wanted: Wanted, limits: &Limits) -> Self {
        let mut folder = Self::default();
        let paths = folder.list(root, wanted, limits);
        let read: Vec<_> = paths
            .par_iter()
            .with_min_len(BATCH)
            .map_init(Vec::new, |buffer, path| {
                file(&root.join(path), wanted.ids, buffer)
            })
            .collect();
        let mut files: Vec<(String, Found)> = Vec::with_capacity(paths.len());
        for (path, found) in paths.into_iter().zip(read) {
            match found {
                Ok(found) => files.push((path, found)),
                Err(error) => folder.unread.push((path, plain(&error))),
            }
        }
        files.extend(std::mem::take(&mut folder.files));
        files.par_sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        folder.files = files.into_iter().collect();
        folder
    }

    /// The paths of all files; what is no file is taken at once. The folders of
    /// one depth are listed on all cores.
    fn list(&mut self, root: &Path, wanted: Wanted, limits: &Limits) -> Vec<String> {
        let mut paths = Vec::new();
        let mut level = vec![String::new()];
        let (mut folders, mut depth) = (0_usize, 0_usize);
        while !level.is_empty() {
            let room = limits.folders.saturating_sub(folders);
            if level.len() > room || paths.len() > limits.paths || depth > limits.depth {
                let why = "there are more files than are read";
                let unread = level.into_iter().map(|prefix| (prefix, why.to_owned()));
                self.unread.extend(unread);
                return paths;
            }
            folders += level.len();
            depth += 1;
            let listed: Vec<Listed> = level
                .par_iter()
                .map(|prefix| Listed::of(root, prefix, wanted))
                .collect();
            level = Vec::new();
            for one in listed {
                paths.extend(one.files);
                level.extend(one.below);
                self.files.extend(one.others);
                self.unread.extend(one.unread);
            }
        }
        paths
    }

    /// The bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|found| found.bytes).sum()
    }
}

/// What one folder has.
#[derive(Debug, Default)]
struct Listed {
    files: Vec<String>,
    below: Vec<String>,
    others: Vec<(String, Found)>,
    unread: Vec<(String, String)>,
}

impl Listed {
    fn of(root: &Path, prefix: &str, wanted: Wanted) -> Self {
        let mut listed = Self::default();
        let entries = fs::read_dir(root.join(prefix));
        let entries = entries.and_then(|all| all.collect::<io::Result<Vec<_>>>());
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                listed.unread.push((prefix.to_owned(), plain(&error)));
                return listed;
            }
        };
        let nested = wanted.one_module
            && !prefix.is_empty()
            && entries.iter().any(|entry| entry.file_name() == "go.mod");
        if !nested {
            for entry in entries {
                listed.take(prefix, &entry, wanted);
            }
        }
        listed
    }

    fn take(&mut self, prefix: &str, entry: &fs::DirEntry, wanted: Wanted) {
        let Ok(name) = entry.file_name().into_string() else {
            let lossy = entry.file_name().to_string_lossy().into_owned();
            let why = "the name is not UTF-8".to_owned();
            self.unread.push((format!("{prefix}{lossy}"), why));
            return;
        };
        let path = format!("{prefix}{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                if !(wanted.one_module && matches!(name.as_str(), "vendor" | ".git")) {
                    self.below.push(format!("{path}/"));
                }
            }
            Ok(kind) if kind.is_file() => self.files.push(path),
            Ok(kind) => {
                let entry = if kind.is_symlink() {
                    let target = fs::read_link(entry.path()).unwrap_or_default();
                    Entry::Link(target.to_string_lossy().into_owned())
                } else {
                    Entry::Other
                };
                self.others.push((path, Found::other(entry)));
            }
            Err(error) => self.unread.push((path, plain(&error))),
        }
    }
}

impl Found {
    fn other(entry: Entry) -> Self {
        Self {
            entry,
            id: None,
            embeds: Vec::new(),
            bytes: 0,
        }
    }
}

fn file(path: &Path, ids: Option<gix_hash::Kind>, buffer: &mut Vec<u8>) -> io::Result<Found> {
    let (mut file, size) = regular_with_size(path, Links::Refused)?;
    let mut hash = Sha256::new();
    let mut git = ids.map(|kind| {
        let mut hasher = gix_hash::hasher(kind);
        hasher.update(format!("blob {size}\0").as_bytes());
        hasher
    });
    // What a Go file embeds may stand anywhere in it.
    let is_go = path.extension().is_some_and(|end| end == "go");
    if is_go && size > super::MOST_BYTES {
        let why = format!("a Go file of more than {} bytes", super::MOST_BYTES);
        return Err(io::Error::other(why));
    }
    let whole = is_go || size <= WHOLE;
    let room = match whole {
        true => size,
        false => WHOLE,
    };
    let room = usize::try_from(room).unwrap_or(0).max(1);
    if buffer.len() < room {
        buffer.resize(room, 0);
    }
    let (mut total, mut kept) = (0_u64, 0_usize);
    while total < size {
        let free = buffer.get_mut(kept..room).unwrap_or_default();
        let count = file.read(free)?;
        if count == 0 {
            break;
        }
        let piece = free.get(..count).unwrap_or_default();
        hash.update(piece);
        if let Some(git) = &mut git {
            git.update(piece);
        }
        total = total.saturating_add(count as u64);
        kept = if whole { kept + count } else { 0 };
    }
    if total != size {
        return Err(io::Error::other("it changed while it was read"));
    }
    let digest = Digest(hash.finalize().into());
    let text = buffer.get(..kept).unwrap_or_default();
    let embeds = if is_go && memmem::find(text, b"//go:embed").is_some() {
        embeds::patterns(text)
    } else {
        Vec::new()
    };
    if room as u64 > WHOLE {
        // One large file is no reason to keep so much for all that follow.
        *buffer = Vec::new();
    }
    Ok(Found {
        entry: Entry::File(digest),
        id: match git {
            Some(git) => Some(git.try_finalize().map_err(io::Error::other)?),
            None => None,
        },
        embeds,
        bytes: size,
    })
}

/// The bytes of a file inside the checkout, up to a limit; `None` if there is
/// none.
pub(super) fn bytes_of(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut file = match crate::collect::regular(path, Links::Refused) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    crate::collect::bounded(&mut file, limit)?
        .map(Some)
        .map_err(|_| io::Error::other(format!("it has more than {limit} bytes")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_a_large_go_file_embeds_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let mut text = "package a\nimport _ \"embed\"\n".to_owned();
        let line = format!("// {}\n", "x".repeat(1020));
        text.push_str(&line.repeat(9 * 1024));
        text.push_str("//go:embed secret.txt\nvar s string\n");
        assert!(text.len() as u64 > WHOLE);
        fs::write(root.join("a.go"), &text).unwrap();
        let read = Folder::read(&root, Wanted::default(), &Limits::default());
        let found = read.files.get("a.go").unwrap();
        assert_eq!(found.embeds, ["secret.txt"]);
        assert_eq!(found.bytes, text.len() as u64);
    }
}
