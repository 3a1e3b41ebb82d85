//! `cofferdam release sign`: files and images, by whoever a token names.

use cofferdam_attest::cosign;
use cofferdam_attest::sign::Signer;
use cofferdam_findings::Exit;

use super::images::{Said, Targets};
use super::signing::Given;
use super::{EXIT_CODES, ReleaseError};

/// Sign files, each into `FILE.sigstore.json`, and images, beside which the
/// signature is pushed.
///
/// An image is signed by its digest, an index with every image that it names.
///
/// No key is kept: a certificate for whoever the token names lives for ten
/// minutes, and a log tells everybody that it was used. Each bundle is verified
/// as everybody will before it is written, and once more as the registry gives it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    given: Given,
}

pub(super) fn run(args: &SignArgs) -> Result<Exit, ReleaseError> {
    let (files, images) = args.targets.read()?;
    let artifacts = args.given.artifacts(&files, ".sigstore.json")?;
    let ready = args.given.ready()?;
    for artifact in &artifacts {
        ready.keep(artifact, ready.signer.sign(artifact.sha256()))?;
    }
    let said = Said {
        kind: cosign::SIGN_TYPE,
        predicate: "{}",
    };
    for image in &images {
        image.say(&said, &ready)?;
    }
    Ok(Exit::Clean)
}
