//! `cofferdam release sign`: files, by whoever a token names.

use std::path::PathBuf;

use cofferdam_attest::sign::Signer;
use cofferdam_findings::Exit;

use super::signing::Given;
use super::{EXIT_CODES, ReleaseError};

/// Sign files, each into `FILE.sigstore.json`.
///
/// No key is kept: a certificate for whoever the token names lives for ten
/// minutes, and a log tells everybody that it was used. Each bundle is verified
/// as everybody will before it is written.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct SignArgs {
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    given: Given,
}

pub(super) fn run(args: &SignArgs) -> Result<Exit, ReleaseError> {
    let artifacts = args.given.artifacts(&args.files, ".sigstore.json")?;
    let ready = args.given.ready()?;
    for artifact in &artifacts {
        ready.keep(artifact, ready.signer.sign(artifact.sha256()))?;
    }
    Ok(Exit::Clean)
}
