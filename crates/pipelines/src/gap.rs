//! What of a repository was not read, and why. One place for the codes.

use std::sync::Arc;

use cofferdam_facts::Location;
use cofferdam_findings::NotChecked;

/// Something that stands in the repository and was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The operating system refuses to read a file or folder.
    Unreadable {
        /// The file or folder.
        path: String,
        /// What the operating system says.
        error: String,
    },
    /// A document is larger than the limit.
    TooLarge {
        /// The document.
        path: String,
        /// Its size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A document is not UTF-8; it is judged with the broken bytes replaced.
    NotUtf8 {
        /// The place of the first broken byte.
        location: Location,
    },
    /// A path that would be read is not UTF-8.
    PathNotUtf8 {
        /// The path with the broken bytes replaced.
        path: String,
    },
    /// A symbolic link leads out of the repository, or into its `.git` folder.
    LinkOutside {
        /// The path that would be read.
        path: String,
    },
    /// A symbolic link leads to nothing, or round in circles.
    LinkBroken {
        /// The path that would be read.
        path: String,
    },
    /// `.github` or `.github/workflows` is itself a symbolic link.
    LinkedFolder {
        /// The folder.
        path: String,
    },
    /// A path of a document is no regular file.
    NotAFile {
        /// The path.
        path: String,
        /// Whether it is a folder, which GitHub passes over as well.
        folder: bool,
    },
    /// There is more than the limits allow; the rest was not read.
    TooMuch {
        /// What is too many, as in "documents".
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Folders lie too deep in each other.
    TooDeep {
        /// The first folder that was not opened.
        path: String,
    },
    /// A tracked file is kept out of the work tree by a sparse checkout.
    Sparse {
        /// The file or folder.
        path: String,
    },
    /// Submodules are other repositories and are not read.
    Submodules {
        /// Their paths.
        paths: Vec<String>,
    },
    /// Tracked files cannot be told from others.
    NoIndex {
        /// Why.
        reason: String,
    },
    /// A path in a git object or index names no file inside the repository.
    BadPath {
        /// The path as it is written.
        path: String,
    },
    /// One file or folder of a repository was named, not the repository.
    PartOnly,
    /// Nothing of what is audited stands where the user pointed.
    NothingToRead {
        /// The repository around it, if there is one.
        inside: Option<String>,
    },
}

impl Gap {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::TooLarge { .. } => "too-large",
            Self::NotUtf8 { .. } => "not-utf8",
            Self::PathNotUtf8 { .. } => "path-not-utf8",
            Self::LinkOutside { .. } => "link-outside",
            Self::LinkBroken { .. } => "link-broken",
            Self::LinkedFolder { .. } => "linked-folder",
            Self::NotAFile { .. } => "not-a-file",
            Self::TooMuch { .. } => "too-much",
            Self::TooDeep { .. } => "too-deep",
            Self::Sparse { .. } => "sparse-checkout",
            Self::Submodules { .. } => "submodules",
            Self::NoIndex { .. } => "no-index",
            Self::BadPath { .. } => "bad-path",
            Self::PartOnly => "part-only",
            Self::NothingToRead { .. } => "nothing-to-read",
        }
    }

    /// Whether the run must not end as clean. What GitHub passes over as well,
    /// or what lies in another repository, does not count.
    #[must_use]
    pub fn is_required(&self) -> bool {
        match self {
            Self::NotAFile { folder, .. } => !folder,
            Self::Submodules { .. } | Self::NoIndex { .. } | Self::PartOnly => false,
            _ => true,
        }
    }

    pub(crate) fn path(&self) -> Option<&str> {
        match self {
            Self::Unreadable { path, .. }
            | Self::TooLarge { path, .. }
            | Self::PathNotUtf8 { path }
            | Self::LinkOutside { path }
            | Self::LinkBroken { path }
            | Self::LinkedFolder { path }
            | Self::NotAFile { path, .. }
            | Self::TooDeep { path }
            | Self::Sparse { path }
            | Self::BadPath { path } => Some(path),
            _ => None,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unreadable { path, error } => format!("{path} cannot be read: {error}"),
            Self::TooLarge { path, bytes, limit } => {
                format!("{path} has {bytes} bytes; at most {limit} are read")
            }
            Self::NotUtf8 { location } => {
                format!("{} is not UTF-8; broken bytes were replaced", location.path)
            }
            Self::PathNotUtf8 { path } => format!("the path {path} is not UTF-8"),
            Self::LinkOutside { path } => {
                format!("{path} is reached by a symbolic link that leads out of the files of the repository")
            }
            Self::LinkBroken { path } => format!("{path} is a symbolic link that leads to no file"),
            Self::LinkedFolder { path } => {
                format!("{path} is a symbolic link; GitHub reads no workflows through it")
            }
            Self::NotAFile { path, folder: true } => {
                format!("{path} is a folder with the name of a document")
            }
            Self::NotAFile { path, folder: false } => format!("{path} is no regular file"),
            Self::TooMuch { what, limit } => {
                format!("there are more {what} than the limit of {limit}; the rest was not read")
            }
            Self::TooDeep { path } => format!("{path} lies too deep and was not opened"),
            Self::Sparse { path } => {
                format!("{path} is kept out of the work tree by a sparse checkout")
            }
            Self::Submodules { paths } => submodules(paths),
            Self::NoIndex { reason } => {
                format!("tracked files cannot be told from others: {reason}; every file was listed")
            }
            Self::BadPath { path } => {
                format!("git holds the path {path}, which names no file inside the repository")
            }
            Self::PartOnly => {
                "only the files that were named were read; what the rest of the repository holds is not known"
                    .to_owned()
            }
            Self::NothingToRead { inside: None } => {
                "there is no repository here, and no file that is audited".to_owned()
            }
            Self::NothingToRead { inside: Some(root) } => {
                format!("there is no file here that is audited; the repository begins at {root}")
            }
        }
    }

    fn settle(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "make it readable and run again",
            Self::TooLarge { .. } | Self::TooMuch { .. } | Self::TooDeep { .. } => {
                "read it by eye: no CI needs that much"
            }
            Self::NotUtf8 { .. } => "save the file as UTF-8 and run again",
            Self::PathNotUtf8 { .. } | Self::BadPath { .. } => "rename the file and run again",
            Self::LinkOutside { .. } | Self::LinkBroken { .. } | Self::LinkedFolder { .. } => {
                "replace the link by the file or folder itself"
            }
            Self::NotAFile { .. } => "remove or rename it",
            Self::Sparse { .. } => "run with `--rev HEAD`, which reads the commit itself",
            Self::Submodules { .. } => "run `cofferdam audit` in each of them",
            Self::NoIndex { .. } => "run in a checkout made by git, or with `--rev HEAD`",
            Self::PartOnly => "run `cofferdam audit` at the root of the repository",
            Self::NothingToRead { .. } => "name the root of a repository, or a workflow file",
        }
    }
}

fn submodules(paths: &[String]) -> String {
    const SHOWN: usize = 5;
    let first: Vec<&str> = paths.iter().take(SHOWN).map(String::as_str).collect();
    let more = match paths.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("submodules were not read: {}{more}", first.join(", "))
}

impl From<Gap> for NotChecked {
    fn from(gap: Gap) -> Self {
        let location = match &gap {
            Gap::NotUtf8 { location } => Some(location.clone()),
            other => other
                .path()
                .map(|path| Location::whole_file(Arc::<str>::from(path))),
        };
        Self {
            code: gap.code(),
            message: gap.message(),
            location,
            settle: gap.settle().to_owned(),
            required: gap.is_required(),
        }
    }
}
