//! Where git keeps its files for a checkout.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix_config::file::{Metadata, init};

use crate::collect::{self, Links, bounded, plain};
use crate::git::GitError;
use crate::slug::Remote;

/// A file that holds one path.
const PATH_BYTES: u64 = 16 * 1024;
/// A configuration.
const CONFIG_BYTES: u64 = 4 * 1024 * 1024;

/// The folder in which git keeps its files for a checkout.
#[derive(Debug)]
pub struct GitFolder {
    /// What belongs to this checkout alone: `HEAD` and `index`.
    pub(crate) own: PathBuf,
    /// What all worktrees share: objects, references, configuration.
    pub(crate) common: PathBuf,
    pub(crate) hash: gix_hash::Kind,
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
        let config = Config::read(&common.join("config"))?;
        let hash = match config.value("extensions", "objectformat").as_deref() {
            None | Some("sha1") => gix_hash::Kind::Sha1,
            Some("sha256") => gix_hash::Kind::Sha256,
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
                .filter(|storage| storage != "files"),
            bare,
            remote: config.remote(),
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
    let config = Config::read(&own.join("config")).map_err(|_| foreign())?;
    match config.value("core", "worktree") {
        Some(back) if is_root(own.join(&back)) => Ok(own),
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

/// A configuration as text, without the files that it would include.
struct Config {
    file: Option<gix_config::File>,
}

impl Config {
    fn read(path: &Path) -> Result<Self, GitError> {
        let bytes = match regular(path, CONFIG_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { file: None });
            }
            Err(error) => return Err(GitError::damaged("config", &plain(&error))),
        };
        let options = init::Options {
            lossy: true,
            ..init::Options::default()
        };
        gix_config::File::from_bytes_no_includes(
            &bytes,
            Metadata::from(gix_config::Source::Local),
            options,
        )
        .map(|file| Self { file: Some(file) })
        .map_err(|_| GitError::damaged("config", &"it is not a configuration"))
    }

    fn value(&self, section: &str, key: &str) -> Option<String> {
        let value = self.file.as_ref()?.string(&*format!("{section}.{key}"))?;
        Some(value.to_string())
    }

    fn remote(&self) -> Option<Remote> {
        let mut urls = Vec::new();
        for section in self.file.as_ref()?.sections_by_name("remote")? {
            let Some(url) = section.value("url") else {
                continue;
            };
            let name = section.header().subsection_name().map(ToString::to_string);
            urls.push((name, url.to_string()));
        }
        let origin = urls
            .iter()
            .find(|(name, _)| name.as_deref() == Some("origin"));
        let only = if urls.len() == 1 { urls.first() } else { None };
        Remote::parse(&origin.or(only)?.1)
    }
}
