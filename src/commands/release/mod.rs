//! `cofferdam release`: what a publisher says of a release, and signs.

mod attest;
mod find;
mod images;
mod provenance;
mod sbom;
mod sign;
mod signing;

use std::io;
use std::path::PathBuf;

use cofferdam_attest::sign::SignError;
use cofferdam_findings::Exit;
use cofferdam_pipelines::images::ImageError;

pub(super) use self::signing::{services, token};
use super::registries::RegistryError;
use super::verify::TrustError;
use crate::failure::Failure;

/// Say what a release is made of, sign it, and attest it.
#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Sign(sign::SignArgs),
    Attest(attest::AttestArgs),
    Provenance(Box<provenance::ProvenanceArgs>),
    Find(Box<find::FindArgs>),
    Sbom(Box<sbom::SbomArgs>),
}

/// The codes of all commands that sign.
const EXIT_CODES: &str = "Exit codes:\n  0  every bundle is written, and verifies\n  \
    2  wrong usage, or nobody who could sign\n  \
    3  something could not be signed, verified or written, and is named; what was written\n     \
    before is whole";

/// Why something is not signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReleaseError {
    /// Signing has failed.
    #[error("{}{source}", place(path))]
    Sign {
        /// What was to be signed, if it was that far.
        path: Option<PathBuf>,
        /// What happened.
        source: SignError,
    },
    /// There is no token.
    #[error("nobody says who signs: this is no job that may ask for a token")]
    NoToken,
    /// The repository is private and the log is public.
    #[error(
        "the repository {repository} is not public, and the log would tell everybody its name, \
         its workflows and its commits"
    )]
    Private {
        /// Its name.
        repository: String,
    },
    /// The registry of an image cannot be asked.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An image cannot be read, or what is said of it not be pushed.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Something that an image names cannot be read, and would be signed unseen.
    #[error("{digest}: {problem}")]
    Platform {
        /// What.
        digest: String,
        /// Why.
        problem: String,
    },
    /// The trusted root cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A bundle is there already.
    #[error("{} is there already", path.display())]
    Exists {
        /// The bundle.
        path: PathBuf,
    },
    /// What was signed does not verify.
    #[error("{}: what was signed does not verify: {problem}", path.display())]
    Unverified {
        /// What was signed.
        path: PathBuf,
        /// The first line against it.
        problem: String,
    },
    /// The predicate is no JSON that could be signed.
    #[error("{}: {problem}", path.display())]
    Predicate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(io::Error),
}

fn place(path: &Option<PathBuf>) -> String {
    path.as_ref()
        .map(|path| format!("{}: ", path.display()))
        .unwrap_or_default()
}

impl ReleaseError {
    /// Wrong usage, or not.
    pub(super) fn is_usage(&self) -> bool {
        if let Self::Registry(inner) = self {
            return inner.is_usage();
        }
        matches!(
            self,
            Self::NoToken | Self::Private { .. } | Self::Exists { .. } | Self::Predicate { .. }
        )
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoToken => Some(
                "give the job `permissions: id-token: write`, or a token by --identity-token-file",
            ),
            Self::Private { .. } => Some(
                "sign by services of your own with --signing-config and --trusted-root, or agree \
                 with --publish-private-name",
            ),
            Self::Exists { .. } => Some("sign again with --overwrite"),
            Self::Registry(inner) => inner.hint(),
            _ => None,
        }
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        let hint = error.hint();
        if error.is_usage() {
            Self::usage(&error).hint(hint)
        } else {
            Self::not_checked(&error).hint(hint)
        }
    }
}

pub(crate) fn run(args: &ReleaseArgs) -> Result<Exit, Failure> {
    Ok(match &args.what {
        What::Sign(args) => sign::run(args)?,
        What::Attest(args) => attest::run(args)?,
        What::Provenance(args) => provenance::run(args)?,
        What::Find(args) => find::run(args)?,
        What::Sbom(args) => sbom::run(args)?,
    })
}
