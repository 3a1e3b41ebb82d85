//! Finds the repositories below a folder, in linear time.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::collect::plain;
use crate::gap::Gap;
use crate::limits::Limits;

/// The repositories below a folder.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Their roots, in order of path.
    pub repositories: Vec<PathBuf>,
    /// What could not be looked into.
    pub gaps: Vec<Gap>,
}

/// Finds every folder below `top`, and `top` itself, that holds `.git` or
/// `.github`. What lies inside a repository belongs to it and is not looked
/// into again; links are not followed.
#[must_use]
pub fn discover(top: &Path, limits: &Limits) -> Discovery {
    let mut found = Discovery::default();
    let mut open = vec![(top.to_owned(), 0_usize)];
    let mut opened = 0;
    while let Some((folder, depth)) = open.pop() {
        opened += 1;
        if opened > limits.folders {
            found.gaps.push(Gap::TooMuch {
                what: "folders",
                limit: limits.folders as u64,
            });
            break;
        }
        let github = folder.join(".github");
        let is_clone = holds(&folder, ".git", |_| true);
        // Below a folder of clones, `.github` is one of them: the repository of
        // that name which an organisation may have.
        let github_is_clone = holds(&github, ".git", |_| true);
        if is_clone || (!github_is_clone && holds(&folder, ".github", Metadata::is_dir)) {
            found.repositories.push(folder.clone());
            if depth > 0 && holds(&folder, ".git", Metadata::is_dir) {
                continue;
            }
        }
        if github_is_clone && !is_clone {
            found.repositories.push(github);
        }
        if depth >= limits.depth {
            found.gaps.push(Gap::TooDeep {
                path: folder.display().to_string(),
            });
            continue;
        }
        match folders(&folder) {
            // The stack gives the last first; reversed, they come in order.
            Ok(inner) => open.extend(inner.into_iter().rev().map(|path| (path, depth + 1))),
            Err(error) => found.gaps.push(Gap::Unreadable {
                path: folder.display().to_string(),
                error: plain(&error),
            }),
        }
    }
    found
}

/// Whether a folder holds an entry of this name and kind; a link is no folder.
fn holds(folder: &Path, name: &str, kind: impl Fn(&Metadata) -> bool) -> bool {
    fs::symlink_metadata(folder.join(name)).is_ok_and(|found| kind(&found))
}

fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.file_type()?.is_dir() && !hidden && entry.file_name() != "node_modules" {
            all.push(entry.path());
        }
    }
    all.sort_unstable();
    Ok(all)
}
