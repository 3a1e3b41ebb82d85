//! What git tracks.
//!
//! The index is read here and not by a library: of its facts an audit needs
//! paths and modes alone, and the library for all of git takes a quarter of
//! the time of a first build.
//!
//! Source: gitformat-index(5).

use std::fs;
use std::io;

use crate::collect::plain;
use crate::git::folder::regular;
use crate::git::{GitError, GitFolder};
use crate::limits::Limits;

/// Times, device, inode, mode, owner and size of an entry, in bytes.
const STAT_BYTES: usize = 40;
/// Where the mode stands among them.
const MODE_AT: usize = 24;
/// A second word of flags follows (version 3 and later).
const EXTENDED: u16 = 0x4000;
/// In that second word: a sparse checkout leaves the file out.
const SKIP_WORKTREE: u16 = 0x4000;
/// Of a mode, what tells files, links and submodules apart.
const TYPE_MASK: u32 = 0o170_000;

/// One tracked path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// The path; with the broken bytes replaced where it is not UTF-8.
    pub(crate) path: Result<String, String>,
    pub(crate) mode: IndexMode,
    /// Kept out of the work tree by a sparse checkout.
    pub(crate) skipped: bool,
}

/// What a tracked path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexMode {
    File,
    Link,
    Submodule,
    /// A folder that a sparse checkout leaves out as a whole.
    SparseFolder,
}

impl GitFolder {
    /// Everything that git tracks, in order of path; `None` if nothing was
    /// ever added.
    pub(crate) fn index(&self, limits: &Limits) -> Result<Option<Vec<IndexEntry>>, GitError> {
        let path = self.own.join("index");
        let damaged = |reason: &str| GitError::damaged("index", &reason);
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() => return Err(damaged("it is no regular file")),
            Ok(found) if found.len() > limits.git_bytes => {
                return Err(damaged(&format!("it has {} bytes", found.len())));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(&plain(&error))),
        }
        let bytes = regular(&path, limits.git_bytes).map_err(|error| damaged(&plain(&error)))?;
        decode(&bytes, self.hash.bytes()).map(Some)
    }
}

/// Reads an index whose object ids have `id_bytes` bytes.
fn decode(bytes: &[u8], id_bytes: usize) -> Result<Vec<IndexEntry>, GitError> {
    let damaged = |reason: &str| GitError::damaged("index", &reason);
    let mut rest = Reader { bytes };
    if rest.take(4) != Some(b"DIRC") {
        return Err(damaged("it does not begin with `DIRC`"));
    }
    let version = rest.word().ok_or_else(|| damaged("it ends early"))?;
    if !(2..=4).contains(&version) {
        return Err(GitError::Unsupported {
            what: format!("version {version} of git's index"),
        });
    }
    let count = rest.word().ok_or_else(|| damaged("it ends early"))?;
    let mut entries = Vec::new();
    let mut path = Vec::new();
    for _ in 0..count {
        let (mode, skipped) = entry(&mut rest, version, id_bytes, &mut path)
            .ok_or_else(|| damaged("an entry ends early or is out of form"))?;
        entries.push(IndexEntry {
            path: String::from_utf8(path.clone())
                .map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            mode: kind(mode).ok_or_else(|| damaged("an entry has an unknown mode"))?,
            skipped,
        });
    }
    extensions(rest, id_bytes)?;
    // A split index leaves paths out, and was told apart above.
    if entries.iter().any(|entry| entry.path.as_deref() == Ok("")) {
        return Err(damaged("an entry has no path"));
    }
    Ok(entries)
}

/// Reads one entry, whose path replaces that of the one before.
fn entry(
    rest: &mut Reader<'_>,
    version: u32,
    id_bytes: usize,
    path: &mut Vec<u8>,
) -> Option<(u32, bool)> {
    let before = rest.bytes.len();
    let stat = rest.take(STAT_BYTES)?;
    let mode = Reader {
        bytes: stat.get(MODE_AT..)?,
    }
    .word()?;
    rest.take(id_bytes)?;
    let flags = rest.half()?;
    let more = if version >= 3 && flags & EXTENDED != 0 {
        rest.half()?
    } else {
        0
    };
    if version == 4 {
        let kept = path.len().checked_sub(rest.offset()?)?;
        path.truncate(kept);
        path.extend_from_slice(rest.until_nul()?);
    } else {
        path.clear();
        path.extend_from_slice(rest.until_nul()?);
        // Entries are filled up with NUL to a multiple of eight bytes, of
        // which the one behind the path is the first.
        let read = before.checked_sub(rest.bytes.len())?;
        rest.take(read.next_multiple_of(8) - read)?;
    }
    Some((mode, more & SKIP_WORKTREE != 0))
}

/// Walks over what follows the entries: an index that keeps its entries
/// elsewhere must not pass for an empty one.
fn extensions(mut rest: Reader<'_>, id_bytes: usize) -> Result<(), GitError> {
    while rest.bytes.len() > id_bytes {
        let (Some(name), Some(size)) = (rest.take(4), rest.word()) else {
            break;
        };
        let optional = name.first().is_some_and(u8::is_ascii_uppercase);
        if !optional && name != b"sdir" {
            return Err(GitError::Unsupported {
                what: match name {
                    b"link" => {
                        "a split index (`git update-index --no-split-index` joins it)".to_owned()
                    }
                    other => format!("the part `{}` of git's index", other.escape_ascii()),
                },
            });
        }
        if usize::try_from(size)
            .ok()
            .and_then(|size| rest.take(size))
            .is_none()
        {
            break;
        }
    }
    if rest.bytes.len() == id_bytes {
        Ok(())
    } else {
        Err(GitError::damaged(
            "index",
            &"it does not end with a checksum",
        ))
    }
}

fn kind(mode: u32) -> Option<IndexMode> {
    match mode & TYPE_MASK {
        0o100_000 => Some(IndexMode::File),
        0o120_000 => Some(IndexMode::Link),
        0o160_000 => Some(IndexMode::Submodule),
        0o040_000 => Some(IndexMode::SparseFolder),
        _ => None,
    }
}

/// What is left to read.
struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn half(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// The bytes up to the next NUL, which is taken too.
    fn until_nul(&mut self) -> Option<&'b [u8]> {
        let end = self.bytes.iter().position(|&byte| byte == 0)?;
        let found = self.take(end)?;
        self.take(1)?;
        Some(found)
    }

    /// A number of seven bits a byte, as packs write their offsets.
    fn offset(&mut self) -> Option<usize> {
        let mut byte = *self.take(1)?.first()?;
        let mut value = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = *self.take(1)?.first()?;
            value = value.checked_add(1)?.checked_mul(128)?;
            value = value.checked_add(usize::from(byte & 0x7f))?;
        }
        Some(value)
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("git")
            .args(["-c", "user.name=n", "-c", "user.email=e@example.org"])
            .args(arguments)
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {error}");
        output.stdout
    }

    /// A repository with files, a link, a submodule, an entry that is only
    /// announced, and a path that is not UTF-8.
    fn repository(format: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "-q", "--object-format", format]);
        fs::create_dir_all(root.join("a/deep folder/with")).unwrap();
        for name in ["a/b", "a/b2", "a/deep folder/with/ünïcode", "z", "a.yml"] {
            fs::write(root.join(name), name).unwrap();
        }
        fs::write(root.join("n".repeat(200)), "long").unwrap();
        std::os::unix::fs::symlink("a/b", root.join("link")).unwrap();
        git(root, &["add", "."]);
        let zeros = "1".repeat(if format == "sha1" { 40 } else { 64 });
        let module = format!("160000,{zeros},vendor/module");
        git(root, &["update-index", "--add", "--cacheinfo", &module]);
        fs::write(root.join("announced"), "").unwrap();
        git(root, &["add", "-N", "announced"]);
        git(root, &["update-index", "--skip-worktree", "z"]);
        folder
    }

    /// What git says of its index, in the words of this module.
    fn asked_of_git(root: &Path) -> Vec<IndexEntry> {
        let listed = git(root, &["ls-files", "-t", "--stage", "-z", "--sparse"]);
        let entry = |line: &[u8]| {
            let tab = line.iter().position(|&byte| byte == b'\t').unwrap();
            let words = String::from_utf8(line.get(..tab).unwrap().to_vec()).unwrap();
            let words: Vec<&str> = words.split(' ').collect();
            let path = line.get(tab + 1..).unwrap().to_vec();
            IndexEntry {
                path: String::from_utf8(path)
                    .map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
                mode: kind(u32::from_str_radix(words.get(1).unwrap(), 8).unwrap()).unwrap(),
                skipped: words.first() == Some(&"S"),
            }
        };
        listed
            .split(|&byte| byte == 0)
            .filter(|line| !line.is_empty())
            .map(entry)
            .collect()
    }

    fn read(root: &Path) -> Result<Vec<IndexEntry>, GitError> {
        let root = fs::canonicalize(root).unwrap();
        let git = GitFolder::open(&root).unwrap().unwrap();
        git.index(&Limits::default()).map(Option::unwrap)
    }

    #[test]
    fn every_version_is_read_as_git_reads_it() {
        for format in ["sha1", "sha256"] {
            let folder = repository(format);
            for version in ["2", "3", "4"] {
                git(folder.path(), &["update-index", "--index-version", version]);
                let expected = asked_of_git(folder.path());
                assert_eq!(expected.len(), 9);
                assert!(expected.iter().any(|entry| entry.skipped));
                assert_eq!(read(folder.path()).unwrap(), expected, "{format} {version}");
            }
        }
    }

    #[test]
    fn a_sparse_index_is_read_with_its_folders() {
        let folder = repository("sha1");
        git(folder.path(), &["commit", "-q", "-m", "m"]);
        git(
            folder.path(),
            &["sparse-checkout", "set", "--cone", "--sparse-index", "b"],
        );
        let expected = asked_of_git(folder.path());
        assert!(
            expected
                .iter()
                .any(|entry| entry.mode == IndexMode::SparseFolder)
        );
        assert_eq!(read(folder.path()).unwrap(), expected);
    }

    #[test]
    fn a_split_index_is_refused_and_not_read_as_empty() {
        let folder = repository("sha1");
        git(folder.path(), &["update-index", "--split-index"]);
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("--no-split-index"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn damage_is_told_or_harmless(
            cut in 0_usize..1200,
            changes in prop::collection::vec((0_usize..1200, any::<u8>()), 0..4),
        ) {
            use std::sync::OnceLock;
            static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
            let bytes = BYTES.get_or_init(|| {
                fs::read(repository("sha1").path().join(".git/index")).unwrap()
            });
            let whole = decode(bytes, 20).unwrap();
            let mut damaged = bytes.clone();
            for (at, value) in changes {
                if let Some(byte) = damaged.get_mut(at) {
                    *byte = value;
                }
            }
            // Never a panic, and never more entries than there were.
            if let Ok(entries) = decode(&damaged, 20) {
                prop_assert!(entries.len() <= whole.len());
            }
            if let Some(part) = bytes.get(..cut.min(bytes.len() - 1)) {
                prop_assert!(decode(part, 20).is_err());
            }
        }
    }
}
