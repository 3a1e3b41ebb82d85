//! `cofferdam release`: what a project says of what it publishes.

mod sbom;

use cofferdam_findings::Exit;

use crate::failure::Failure;

/// Say what a release is made of, so that everybody can check it.
#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    #[command(subcommand)]
    what: What,
}

/// Every part. One more is one variant here and one arm below.
#[derive(Debug, clap::Subcommand)]
enum What {
    Sbom(Box<sbom::SbomArgs>),
}

pub(crate) fn run(args: &ReleaseArgs) -> Result<Exit, Failure> {
    Ok(match &args.what {
        What::Sbom(args) => sbom::run(args)?,
    })
}
