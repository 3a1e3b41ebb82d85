//! The files in which Go names modules, their versions and their checksums.

pub mod modfile;
pub mod modules_txt;
#[cfg(feature = "packages")]
pub(crate) mod packages;
mod statements;
pub mod sum;
pub mod version;
pub mod versions;
pub mod work;

pub use modfile::{GoMod, Replace, Require};
pub use modules_txt::{ModulesTxt, VendoredModule};
pub use sum::{GoSum, SumLine};
pub use version::GoVersion;
pub use work::GoWork;

use std::fmt;

/// A module at a version, or a folder where there is no version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleVersion {
    /// The path of the module, or of the folder that stands for it.
    pub path: String,
    /// The version, with its `v`; `None` for a folder, and on the left side of
    /// a replacement that is meant for all versions.
    pub version: Option<String>,
}

impl ModuleVersion {
    /// Names a module at a version.
    pub fn new(path: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            version: Some(version.into()),
        }
    }

    /// Whether this is a folder, as a replacement may name one.
    ///
    /// Source: Go modules reference, `replace` directive: a path without a
    /// version that begins with `./` or `../`, or that is absolute.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        let path = self.path.as_str();
        self.version.is_none()
            && (path == "."
                || path == ".."
                || path.starts_with("./")
                || path.starts_with("../")
                || path.starts_with('/'))
    }
}

impl fmt::Display for ModuleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}
