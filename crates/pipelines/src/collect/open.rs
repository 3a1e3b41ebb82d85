//! Opens regular files and nothing else, whatever is put in their place between
//! a look at the path and its opening.

use std::fs::File;
use std::io;
use std::path::Path;

/// Whether links on the way are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// A user has named the path.
    Followed,
    /// Folders may be links, as in the path of a linked work tree.
    NotTheLast,
    /// The path is canonical, so that a link was put there afterwards.
    Refused,
}

/// Opens a regular file for reading. A pipe or a device that stands there in
/// the meantime neither blocks nor is read: what was opened is asked what it
/// is, not the path.
///
/// # Errors
/// What the operating system says; [`io::ErrorKind::InvalidInput`] for what is
/// no regular file.
pub(crate) fn regular(path: &Path, links: Links) -> io::Result<File> {
    regular_with_size(path, links).map(|(file, _)| file)
}

/// Opens a regular file for reading as [`regular`] does, and says how many
/// bytes it has.
///
/// # Errors
/// As of [`regular`].
pub(crate) fn regular_with_size(path: &Path, links: Links) -> io::Result<(File, u64)> {
    let file = open(path, links)?;
    let found = file.metadata()?;
    if found.is_file() {
        Ok((file, found.len()))
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ))
    }
}

#[cfg(unix)]
fn open(path: &Path, links: Links) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};

    let base = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    match links {
        Links::Followed => return Ok(open(path, base, Mode::empty())?.into()),
        Links::NotTheLast => {}
        Links::Refused => {
            if let Some(result) = without_links(path, base) {
                return result;
            }
        }
    }
    Ok(open(path, base | OFlags::NOFOLLOW, Mode::empty())?.into())
}

/// Linux can refuse links in every part of a path; `None` where the kernel, or
/// a filter around the process, does not know the call.
#[cfg(target_os = "linux")]
fn without_links(path: &Path, flags: rustix::fs::OFlags) -> Option<io::Result<File>> {
    use rustix::fs::{CWD, Mode, ResolveFlags, openat2};
    use rustix::io::Errno;

    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(CWD, path, flags, Mode::empty(), resolve) {
        Ok(file) => Some(Ok(file.into())),
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => None,
        Err(error) => Some(Err(error.into())),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn without_links(_path: &Path, _flags: rustix::fs::OFlags) -> Option<io::Result<File>> {
    None
}

#[cfg(not(unix))]
fn open(path: &Path, _links: Links) -> io::Result<File> {
    File::open(path)
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_was_put_in_the_place_of_a_file_is_not_read() {
        let temp = TempDir::new().unwrap();
        let root = fs::canonicalize(temp.path()).unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        fs::write(root.join("folder/file"), "x").unwrap();
        symlink("file", root.join("folder/link")).unwrap();
        symlink("folder", root.join("other")).unwrap();
        let pipe = root.join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();

        assert!(regular(&root.join("folder/file"), Links::Refused).is_ok());
        assert!(regular(&root.join("folder/link"), Links::Refused).is_err());
        assert!(regular(&root.join("folder/link"), Links::Followed).is_ok());
        #[cfg(target_os = "linux")]
        assert!(regular(&root.join("other/file"), Links::Refused).is_err());
        // An opening that waits for a writer would never end.
        assert!(regular(&root.join("folder/link"), Links::NotTheLast).is_err());
        assert!(regular(&root.join("other/file"), Links::NotTheLast).is_ok());
        for links in [Links::Refused, Links::NotTheLast, Links::Followed] {
            assert!(regular(&pipe, links).is_err());
            assert!(regular(&root.join("folder"), links).is_err());
        }
        assert!(regular(Path::new("/dev/null"), Links::Followed).is_err());
    }
}
