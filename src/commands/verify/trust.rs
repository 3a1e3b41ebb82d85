//! By whose trust something is verified.

use std::path::{Path, PathBuf};

use cofferdam_attest::{RootError, TrustRoot};

use super::identity::bounded_text;

/// The most bytes of a trusted root.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// By whose trust.
#[derive(Debug, clap::Args)]
pub(crate) struct TrustArgs {
    /// A trusted root in JSON, in the place of the public instance of Sigstore,
    /// whose root is compiled in.
    #[arg(long, value_name = "FILE", conflicts_with = "instance")]
    trusted_root: Option<PathBuf>,
    /// Whose certificates and logs are trusted. `github` signs for private
    /// repositories, and has no logs.
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    instance: Instance,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Instance {
    /// The public instance of Sigstore.
    #[default]
    PublicGood,
    /// GitHub's own.
    Github,
    /// The public instance for trials.
    Staging,
}

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
    /// The file cannot be read.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It is no trusted root.
    #[error(transparent)]
    Root(#[from] RootError),
}

impl TrustArgs {
    pub(crate) fn read(&self) -> Result<TrustRoot, TrustError> {
        match (&self.trusted_root, self.instance) {
            (Some(path), _) => given(path),
            (None, Instance::PublicGood) => Ok(TrustRoot::public_good()?),
            (None, Instance::Github) => Ok(TrustRoot::github_private()?),
            (None, Instance::Staging) => Ok(TrustRoot::staging()?),
        }
    }
}

/// The trusted root in a file.
pub(crate) fn given(path: &Path) -> Result<TrustRoot, TrustError> {
    let problem = |error: &dyn std::fmt::Display| TrustError::File {
        path: path.to_owned(),
        problem: error.to_string(),
    };
    let text = bounded_text(path, MOST_BYTES).map_err(|error| problem(&error))?;
    TrustRoot::from_json(text.as_bytes()).map_err(|error| problem(&error))
}
