//! Lists the files of a folder without git, bounded.

use std::fs;
use std::path::Path;

use crate::collect::place::{is_document_name, is_read, is_workflow_folder, plain};
use crate::gap::Gap;
use crate::limits::Limits;

/// What a walk has found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Regular files, relative to the root.
    pub(crate) files: Vec<String>,
    /// Symbolic links, relative to the root.
    pub(crate) links: Vec<String>,
    /// What was not listed.
    pub(crate) gaps: Vec<Gap>,
    folders: usize,
}

/// Lists everything below `start`, a folder relative to `root` (empty for the
/// root itself). Links are listed, never followed.
pub(crate) fn walk(root: &Path, start: &str, limits: &Limits) -> Walk {
    let mut walk = Walk::default();
    let mut open = vec![start.to_owned()];
    while let Some(folder) = open.pop() {
        walk.folders += 1;
        let listed = walk.files.len() + walk.links.len();
        if walk.folders > limits.folders || listed > limits.paths {
            let (what, limit) = if listed > limits.paths {
                ("files", limits.paths)
            } else {
                ("folders", limits.folders)
            };
            walk.gaps.push(Gap::TooMuch {
                what,
                limit: limit as u64,
            });
            break;
        }
        if folder.split('/').count() > limits.depth {
            walk.gaps.push(Gap::TooDeep { path: folder });
            continue;
        }
        // The stack gives the last first; reversed, folders come in order.
        open.extend(walk.folder(root, &folder).into_iter().rev());
    }
    walk
}

/// Whether a folder is `.github` or lies below it.
fn is_github(folder: &str) -> bool {
    folder == ".github" || folder.starts_with(".github/")
}

impl Walk {
    /// Lists one folder and returns the folders in it, in order.
    fn folder(&mut self, root: &Path, folder: &str) -> Vec<String> {
        let mut entries = match entries(&root.join(folder)) {
            Ok(entries) => entries,
            Err(error) => {
                let path = if folder.is_empty() { "." } else { folder };
                self.gaps.push(Gap::Unreadable {
                    path: path.to_owned(),
                    error,
                });
                return Vec::new();
            }
        };
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let is_repository = entries.iter().any(|e| e.name.as_deref() == Ok(".git"));
        // What lies in `.github` is this repository's, whatever marker stands in it.
        if is_repository && !folder.is_empty() && !is_github(folder) {
            self.gaps.push(Gap::Submodules {
                paths: vec![folder.to_owned()],
            });
            return Vec::new();
        }
        let mut folders = Vec::new();
        for entry in entries {
            let name = match entry.name {
                Ok(name) => name,
                Err(lossy) => {
                    let path = join(folder, &lossy);
                    if is_read(&path) || folder.starts_with(".github") {
                        self.gaps.push(Gap::PathNotUtf8 { path });
                    }
                    continue;
                }
            };
            let path = join(folder, &name);
            match entry.kind {
                Kind::Folder => {
                    if name == ".git" || (name == "node_modules" && !is_github(&path)) {
                        continue;
                    }
                    if is_document_name(&path) {
                        self.gaps.push(Gap::NotAFile {
                            path: path.clone(),
                            folder: true,
                        });
                    }
                    folders.push(path);
                }
                Kind::File => self.files.push(path),
                Kind::Link if is_workflow_folder(&path) => {
                    self.gaps.push(Gap::LinkedFolder { path });
                }
                Kind::Link => self.links.push(path),
                Kind::Other if is_read(&path) => self.gaps.push(Gap::NotAFile {
                    path,
                    folder: false,
                }),
                Kind::Other => {}
            }
        }
        folders
    }
}

struct Entry {
    /// The name; with the broken bytes replaced where it is not UTF-8.
    name: Result<String, String>,
    kind: Kind,
}

enum Kind {
    File,
    Folder,
    Link,
    Other,
}

fn entries(folder: &Path) -> Result<Vec<Entry>, String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| plain(&e))? {
        let entry = entry.map_err(|e| plain(&e))?;
        let kind = entry.file_type().map_err(|e| plain(&e))?;
        all.push(Entry {
            name: entry
                .file_name()
                .into_string()
                .map_err(|name| name.to_string_lossy().into_owned()),
            kind: match kind {
                kind if kind.is_symlink() => Kind::Link,
                kind if kind.is_dir() => Kind::Folder,
                kind if kind.is_file() => Kind::File,
                _ => Kind::Other,
            },
        });
    }
    Ok(all)
}

/// The files and links directly in a folder, in order; none if there is no
/// such folder.
pub(crate) fn names(root: &Path, folder: &str) -> Result<Vec<String>, Gap> {
    let full = root.join(folder);
    if !fs::symlink_metadata(&full).is_ok_and(|found| found.is_dir()) {
        return Ok(Vec::new());
    }
    let entries = entries(&full).map_err(|error| Gap::Unreadable {
        path: if folder.is_empty() { "." } else { folder }.to_owned(),
        error,
    })?;
    let mut names: Vec<String> = entries
        .into_iter()
        .filter(|e| matches!(e.kind, Kind::File | Kind::Link))
        .filter_map(|e| Some(join(folder, &e.name.ok()?)))
        .collect();
    names.sort_unstable();
    Ok(names)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
