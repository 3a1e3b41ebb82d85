//! Which path is listed and read, and where it truly lies on disk.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use cofferdam_workflows::documents::kind::{FileKind, kind_of};

use crate::gap::Gap;

/// Whether the file at a path is a document that is read.
pub(crate) fn is_read(path: &str) -> bool {
    kind_of(path).is_some()
}

/// Whether something is decided by the presence of the path, so that a tracked
/// file must be looked for on disk.
pub(crate) fn is_wanted(path: &str) -> bool {
    is_read(path) || cofferdam_lockfiles::kind_of(path).is_some()
}

/// Whether a folder of this name is worth a word: GitHub looks for a document
/// there. A folder called `dockerfile` is usual and means nothing.
pub(crate) fn is_document_name(path: &str) -> bool {
    matches!(
        kind_of(path),
        Some(
            FileKind::Workflow
                | FileKind::Action
                | FileKind::ActionsLock
                | FileKind::CofferdamLock
                | FileKind::Dependabot
                | FileKind::CodeOwners
        )
    )
}

/// Whether a symbolic link here hides all workflows.
pub(crate) fn is_workflow_folder(path: &str) -> bool {
    matches!(path, ".github" | ".github/workflows")
}

/// What stands at a path of the work tree.
#[derive(Debug)]
pub(crate) enum Place {
    /// A regular file inside the root.
    File {
        /// Where it truly lies.
        real: PathBuf,
        /// Its size in bytes.
        bytes: u64,
    },
    /// Nothing.
    Missing,
    /// Something that is not read.
    Gap(Gap),
}

/// Finds the file at `path`, relative to the canonical `root`. No link is
/// followed out of the root or into a `.git` folder, whose configuration may
/// hold credentials.
pub(crate) fn find(root: &Path, path: &str) -> Place {
    let full = root.join(path);
    let unreadable = |error: &io::Error| {
        Place::Gap(Gap::Unreadable {
            path: path.to_owned(),
            error: plain(error),
        })
    };
    match fs::symlink_metadata(&full) {
        Ok(_) => {}
        Err(error) if is_absence(&error) => return Place::Missing,
        Err(error) => return unreadable(&error),
    }
    let real = match fs::canonicalize(&full) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return unreadable(&error),
        // Nothing there, or a circle.
        Err(_) => {
            return Place::Gap(Gap::LinkBroken {
                path: path.to_owned(),
            });
        }
    };
    if !is_inside(root, &real) {
        return Place::Gap(Gap::LinkOutside {
            path: path.to_owned(),
        });
    }
    match fs::symlink_metadata(&real) {
        Ok(found) if found.is_file() => Place::File {
            real,
            bytes: found.len(),
        },
        Ok(found) => Place::Gap(Gap::NotAFile {
            path: path.to_owned(),
            folder: found.is_dir(),
        }),
        Err(error) => unreadable(&error),
    }
}

/// Whether a path holds something and no folder on the way is a link.
pub(crate) fn stands(root: &Path, path: &str) -> bool {
    let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    let is_folder =
        |folder: &str| fs::symlink_metadata(root.join(folder)).is_ok_and(|found| found.is_dir());
    folders.into_iter().all(is_folder) && fs::symlink_metadata(root.join(path)).is_ok()
}

/// The first folder on the way to a path that is a link.
pub(crate) fn behind_link<'p>(root: &Path, path: &'p str) -> Option<&'p str> {
    let mut folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    folders.find(|folder| {
        fs::symlink_metadata(root.join(folder)).is_ok_and(|found| found.is_symlink())
    })
}

fn is_inside(root: &Path, real: &Path) -> bool {
    real.strip_prefix(root).is_ok_and(|inner| {
        inner.components().all(|part| match part {
            Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
            _ => false,
        })
    })
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// What the operating system says, without the number of the error, which
/// differs between systems.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text.get(..end).unwrap_or(&text).to_lowercase(),
        None => text,
    }
}

/// Whether a path from git names a file inside the repository and outside of
/// every `.git` folder.
pub(crate) fn is_sound(path: &str) -> bool {
    let part_is_sound =
        |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
    // A backslash or a colon would name something else on Windows.
    let foreign: &[char] = if cfg!(windows) {
        &['\0', '\\', ':']
    } else {
        &['\0']
    };
    !path.contains(foreign) && path.split('/').all(part_is_sound)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sound_path_stays_inside(path in "(\\.\\./|\\./|/|x/|\\.git/|\\.Git/|\\.github/){0,5}(y|\\.\\.|\\.git|)") {
            if is_sound(&path) {
                let root = Path::new("/root");
                let full = root.join(&path);
                prop_assert!(is_inside(root, &full), "{path}");
            }
        }
    }

    #[test]
    fn usual_paths_are_sound() {
        for path in [
            "a",
            ".github/workflows/ci.yml",
            "..a/b..",
            ".gitignore",
            "a b\n\u{1b}",
        ] {
            assert!(is_sound(path), "{path}");
        }
    }
}
