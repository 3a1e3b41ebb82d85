//! Opening files so that no link decides what is read.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a regular file, and no link, pipe or device that stands in its place.
pub(crate) fn regular(path: &Path) -> io::Result<File> {
    let file = nofollow(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is no regular file",
    ))
}

#[cfg(unix)]
fn nofollow(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    // A pipe without a writer would otherwise wait for ever.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    Ok(open(path, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn nofollow(path: &Path) -> io::Result<File> {
    if std::fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link"));
    }
    File::open(path)
}
