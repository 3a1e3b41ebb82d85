//! Puts both locks in their places, whole or not at all, by one writer at a
//! time.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cofferdam_workflows::documents::{actions_lock, cofferdam_lock};

use crate::collect::bounded;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Another process writes the locks of this checkout.
    #[error("another process is writing the locks of {}", root.display())]
    Busy {
        /// The checkout.
        root: PathBuf,
    },
    /// A folder or a lock is a link, which could lead anywhere.
    #[error("{} is a link, and nothing is written behind it", path.display())]
    Link {
        /// The path.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// The right to write the locks of a checkout, until it is dropped. It is taken
/// before the locks are read, so that two writers do not undo each other.
#[derive(Debug)]
pub struct Writing {
    root: PathBuf,
    // The operating system gives it back when the process ends, however it ends.
    _guard: File,
}

impl Writing {
    /// Takes the right.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn begin(root: &Path) -> Result<Self, PlaceError> {
        let root = fs::canonicalize(root).map_err(|source| PlaceError::File {
            path: root.to_owned(),
            source,
        })?;
        let folder = root.join(".github");
        no_link(&folder)?;
        fs::create_dir_all(&folder).map_err(|source| PlaceError::File {
            path: folder.clone(),
            source,
        })?;
        let failed = |source| PlaceError::File {
            path: folder.clone(),
            source,
        };
        let guard = guard(&folder).map_err(failed)?;
        match guard.try_lock() {
            Ok(()) => Ok(Self {
                root,
                _guard: guard,
            }),
            Err(TryLockError::WouldBlock) => Err(PlaceError::Busy { root }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Puts `cofferdam.lock` in its place; says whether it is another than before.
    ///
    /// # Errors
    /// [`PlaceError`]; what stood there before is as it was.
    pub fn ours(&self, text: &str) -> Result<bool, PlaceError> {
        self.file(cofferdam_lock::PLACE, text)
    }

    /// Puts `actions.lock` in its place; says whether it is another than before.
    ///
    /// # Errors
    /// [`PlaceError`]; what stood there before is as it was.
    pub fn theirs(&self, text: &str) -> Result<bool, PlaceError> {
        self.file(actions_lock::PLACE, text)
    }

    /// Puts another file of the checkout in its place.
    ///
    /// # Errors
    /// [`PlaceError`]; what stood there before is as it was.
    pub fn file(&self, place: &str, text: &str) -> Result<bool, PlaceError> {
        let path = self.root.join(place);
        let mut above = path.as_path();
        while let Some(folder) = above.parent().filter(|folder| *folder != self.root) {
            no_link(folder)?;
            above = folder;
        }
        no_link(&path)?;
        if holds(&path, text.as_bytes()) {
            return Ok(false);
        }
        let failed = |source| PlaceError::File {
            path: path.clone(),
            source,
        };
        whole(&path, text.as_bytes()).map_err(failed)?;
        Ok(true)
    }
}

/// Whether a file holds just these bytes already.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    let read = |mut file: File| bounded(&mut file, bytes.len() as u64);
    File::open(path)
        .and_then(read)
        .is_ok_and(|now| now.is_ok_and(|now| now == bytes))
}

#[cfg(unix)]
fn guard(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

#[cfg(not(unix))]
fn guard(folder: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    options.open(folder.join(".cofferdam.writing"))
}

fn no_link(path: &Path) -> Result<(), PlaceError> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(PlaceError::Link {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Writes beside the place and renames, so that at the path there is always the
/// old or the new file, whole.
fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = (|| {
        let _ = fs::remove_file(&part);
        let mut options = File::options();
        let mut file = options.write(true).create_new(true).open(&part)?;
        file.write_all(bytes)?;
        // What was executable or closed to others before stays so.
        if let Ok(before) = fs::metadata(path) {
            file.set_permissions(before.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&part, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_at_a_time_and_nothing_is_left_beside() {
        let root = tempfile::tempdir().unwrap();
        let writing = Writing::begin(root.path()).unwrap();
        assert!(matches!(
            Writing::begin(root.path()),
            Err(PlaceError::Busy { .. })
        ));
        assert!(writing.ours("a").unwrap());
        assert!(!writing.ours("a").unwrap());
        assert!(writing.theirs("b").unwrap());
        let names = fs::read_dir(root.path().join(".github")).unwrap().count();
        assert_eq!(names, 2);
        drop(writing);
        assert!(Writing::begin(root.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_and_the_old_file_stays_whole() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), root.path().join(".github")).unwrap();
        assert!(matches!(
            Writing::begin(root.path()),
            Err(PlaceError::Link { .. })
        ));
        fs::remove_file(root.path().join(".github")).unwrap();
        let writing = Writing::begin(root.path()).unwrap();
        let place = root.path().join(cofferdam_lock::PLACE);
        symlink(elsewhere.path().join("x"), &place).unwrap();
        assert!(matches!(writing.ours("a"), Err(PlaceError::Link { .. })));
        fs::remove_file(&place).unwrap();
        writing.ours("old").unwrap();
        // A write that is cut off leaves a part beside; the next one takes it away.
        let part = root.path().join(format!(
            ".github/.cofferdam.lock.{}.part",
            std::process::id()
        ));
        fs::write(&part, "half").unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "old");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(writing.ours("new").unwrap());
        assert_eq!(
            fs::metadata(&place).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert!(!part.exists());
    }
}
