//! Where git keeps its files for a checkout.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::collect::{self, Links, bounded, plain};
use crate::git::GitError;
use crate::git::config::Config;
use crate::slug::Remote;

/// A file that holds one path.
const PATH_BYTES: u64 = 16 * 1024;
/// A configuration.
const CONFIG_BYTES: u64 = 4 * 1024 * 1024;

/// The hash that names a repository's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HashKind {
    Sha1,
    Sha256,
}

impl HashKind {
    /// How long an object's id is.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// The folder in which git keeps its files for a checkout.
#[derive(Debug)]
pub struct GitFolder {
    /// What belongs to this checkout alone: `HEAD` and `index`.
    pub(crate) own: PathBuf,
    /// What all worktrees share: objects, references, configuration.
    pub(crate) common: PathBuf,
    pub(crate) hash: HashKind,
    /// How references are stored, where not as files.
    pub(crate) reference_storage: Option<String>,
    bare: bool,
    remote: Option<Remote>,
}

impl GitFolder {
    /// Finds it for the checkout at `root`, which must be canonical; `None` if
    /// the folder is no repository.
    ///
    /// # Errors
    /// [`GitError`] if `.git` leads to a place that does not know this
    /// checkout, or if the configuration cannot be read.
    pub fn open(root: &Path) -> Result<Option<Self>, GitError> {
        let dot_git = root.join(".git");
        let (own, bare) = match fs::symlink_metadata(&dot_git) {
            Ok(found) if found.is_dir() => (dot_git, false),
            Ok(found) if found.is_file() => (linked(root, &dot_git)?, false),
            Ok(_) => {
                return Err(GitError::Borrowed {
                    what: ".git".to_owned(),
                });
            }
            Err(_) if is_git_folder(root) => (root.to_owned(), true),
            Err(_) => return Ok(None),
        };
        let common = common(&own)?;
        let config = read_config(&common.join("config"))?;
        let hash = match config.value("extensions", "objectformat") {
            None | Some("sha1") => HashKind::Sha1,
            Some("sha256") => HashKind::Sha256,
            Some(other) => {
                return Err(GitError::Unsupported {
                    what: format!("the object format `{other}`"),
                });
            }
        };
        Ok(Some(Self {
            own,
            common,
            hash,
            reference_storage: config
                .value("extensions", "refstorage")
                .filter(|&storage| storage != "files")
                .map(ToOwned::to_owned),
            bare,
            remote: remote(&config),
        }))
    }

    /// Whether there is no work tree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// Where the checkout comes from: `origin`, or the only remote.
    #[must_use]
    pub fn remote(&self) -> Option<Remote> {
        self.remote.clone()
    }
}

fn is_git_folder(root: &Path) -> bool {
    let is = |name: &str, test: fn(&fs::Metadata) -> bool| {
        fs::symlink_metadata(root.join(name)).is_ok_and(|found| test(&found))
    };
    is("HEAD", fs::Metadata::is_file)
        && is("objects", fs::Metadata::is_dir)
        && is("refs", fs::Metadata::is_dir)
}

/// Follows a `.git` file. It may stand in a hostile checkout and name any
/// folder of this machine, so the place it names must know the checkout: a
/// worktree is listed there, a submodule's configuration names it.
fn linked(root: &Path, dot_git: &Path) -> Result<PathBuf, GitError> {
    let text =
        small_text(dot_git).map_err(|error| GitError::damaged(".git file", &plain(&error)))?;
    let Some(target) = text.strip_prefix("gitdir:") else {
        return Err(GitError::damaged(".git file", &"it names no folder"));
    };
    let named = root.join(target.trim());
    let foreign = || GitError::Foreign {
        path: named.clone(),
    };
    let own = fs::canonicalize(&named).map_err(|_| foreign())?;
    let is_root = |path: PathBuf| fs::canonicalize(path).is_ok_and(|path| path == root);
    if let Ok(back) = small_text(&own.join("gitdir")) {
        let back = own.join(back.trim());
        let known = back.file_name().is_some_and(|name| name == ".git")
            && back
                .parent()
                .is_some_and(|parent| is_root(parent.to_owned()));
        return if known { Ok(own) } else { Err(foreign()) };
    }
    let config = read_config(&own.join("config")).map_err(|_| foreign())?;
    match config.value("core", "worktree") {
        Some(back) if is_root(own.join(back)) => Ok(own),
        _ => Err(foreign()),
    }
}

/// The folder that all worktrees share.
fn common(own: &Path) -> Result<PathBuf, GitError> {
    let Ok(text) = small_text(&own.join("commondir")) else {
        return Ok(own.to_owned());
    };
    let foreign = || GitError::Foreign {
        path: own.to_owned(),
    };
    let common = fs::canonicalize(own.join(text.trim())).map_err(|_| foreign())?;
    // Git lists its worktrees in this folder, and nowhere else.
    if own.parent() == Some(&*common.join("worktrees")) {
        Ok(common)
    } else {
        Err(foreign())
    }
}

/// The text of a small regular file.
pub(crate) fn small_text(path: &Path) -> io::Result<String> {
    let bytes = regular(path, PATH_BYTES)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// The bytes of a regular file that is no link, up to a limit.
pub(crate) fn regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut file = collect::regular(path, Links::NotTheLast)?;
    bounded(&mut file, limit)?
        .map_err(|_| io::Error::other(format!("it has more than {limit} bytes")))
}

/// The configuration in a file; an empty one where there is none.
fn read_config(path: &Path) -> Result<Config, GitError> {
    let bytes = match regular(path, CONFIG_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
        Err(error) => return Err(GitError::damaged("config", &plain(&error))),
    };
    Config::parse(&String::from_utf8_lossy(&bytes))
        .ok_or_else(|| GitError::damaged("config", &"it is not a configuration"))
}

/// Where the checkout comes from: `origin`, or the only remote.
fn remote(config: &Config) -> Option<Remote> {
    let urls = config.values_by_subsection("remote", "url");
    let origin = urls.iter().find(|(name, _)| *name == "origin");
    let only = if urls.len() == 1 { urls.first() } else { None };
    Remote::parse(origin.or(only)?.1)
}
