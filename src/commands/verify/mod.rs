//! `cofferdam verify`: whether whoever is expected has signed.

mod human;
mod identity;
mod json;
mod provenance;
#[cfg(feature = "release")]
mod summary;
#[cfg(feature = "images")]
mod tags;
mod trust;

use std::io;
use std::path::PathBuf;

use cofferdam_attest::provenance::V1;
use cofferdam_attest::{ArtifactDigests, ExpectedIdentity, Outcome, Verifier};
use cofferdam_findings::{Exit, sanitise};
#[cfg(feature = "images")]
use cofferdam_pipelines::images::{self, ImageRequest};
use cofferdam_pipelines::verification::{
    self, CollectError, Demands, Limits, Request, Subject, VerifiedArtifact,
};

use self::identity::IdentityArgs;
pub(super) use self::identity::IdentityError;
pub(super) use self::identity::{IdentityArgs as Identity, bounded_text, key};
use self::provenance::ProvenanceArgs;
pub(super) use self::trust::{TrustArgs, TrustError, given};
use super::audit::STACK;
#[cfg(feature = "images")]
use super::registries::{RegistryArgs, RegistryError, digest_of, image};
use crate::failure::Failure;
use crate::output::{self, ColourChoice, Sink};

/// Verify that whoever is expected has signed an artifact.
///
/// Takes a file, a folder of files with their bundles, a folder of bundles,
/// `sha256:HEX`, or an image of a registry as `HOST/REPOSITORY:TAG`. Nothing is
/// asked of anybody but the registry of an image, unless `--online` says so: the
/// trusted root is compiled in or given. There is no verification without an
/// expected identity, and a
/// repository alone is none: every branch of it has jobs, so that the workflow
/// must be named. Unless something else is asked for, the ref must be a tag,
/// the machine GitHub's, and the signer that workflow itself.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  everything passed\n  1  something failed\n  2  wrong usage\n  \
    3  something needed could not be checked; 1 wins where both\n\nExamples:\n  \
    cofferdam verify app.tar.gz --repo OWNER/REPO --workflow .github/workflows/release.yml\n  \
    cofferdam verify ghcr.io/OWNER/REPO:1.2.3 --policy release-identity.toml\n  \
    cofferdam verify ghcr.io/OWNER/REPO --all-tags --since tags.json --policy FILE\n  \
    cofferdam verify dist/ --policy release-identity.toml --type https://slsa.dev/provenance/v1\n  \
    cofferdam verify app --bundle app.sigstore.json --identity me@example.org \
    --issuer https://accounts.google.com"
)]
pub(crate) struct VerifyArgs {
    /// A file, a folder, the digest of an artifact that is not here, or an image.
    #[arg(value_name = "TARGET")]
    target: String,
    /// A bundle, a file with one bundle a line (`.jsonl`), or a folder of
    /// bundles; may be given several times. Without it, bundles are taken that
    /// are named after a file, as in `app.sigstore.json`.
    #[arg(long, value_name = "PATH")]
    bundle: Vec<PathBuf>,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Fail unless an attestation of this type has passed for each artifact;
    /// may be given several times.
    #[arg(long = "type", value_name = "PREDICATE-TYPE")]
    types: Vec<String>,
    #[command(flatten)]
    provenance: ProvenanceArgs,
    #[cfg(feature = "release")]
    #[command(flatten)]
    summary: summary::SummaryArgs,
    /// What the images of an index need: that whoever is expected has signed the
    /// index, which names their digests, or that each is signed itself.
    #[cfg(feature = "images")]
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    platforms: Platforms,
    /// Verify what every tag of a repository stands for.
    #[cfg(feature = "images")]
    #[arg(long)]
    all_tags: bool,
    /// What tags stood for when they were last looked at: one that has moved since
    /// fails.
    #[cfg(feature = "images")]
    #[arg(long, value_name = "FILE", requires = "all_tags")]
    since: Option<PathBuf>,
    /// Write what tags stand for now to the file of `--since`.
    #[cfg(feature = "images")]
    #[arg(long, requires = "since")]
    write: bool,
    #[cfg(feature = "images")]
    #[command(flatten)]
    registry: RegistryArgs,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

#[cfg(feature = "images")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Platforms {
    /// The index or they themselves are signed.
    #[default]
    Covered,
    /// Each is signed itself.
    Signed,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// Nobody is expected, or nobody who could be compared.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The trusted root cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// What is to be verified is not there.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The registry of an image cannot be asked.
    #[cfg(feature = "images")]
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The image cannot be read.
    #[cfg(feature = "images")]
    #[error(transparent)]
    Image(#[from] images::ImageError),
    /// A repository is asked for, and something else is named.
    #[cfg(feature = "images")]
    #[error("`{0}` is no repository of a registry without a tag, and --all-tags looks into one")]
    NoRepository(String),
    /// What tags stood for cannot be read or written.
    #[cfg(feature = "images")]
    #[error("{}: {problem}", path.display())]
    Tags {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Threads cannot be started.
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The host of repositories cannot be asked.
    #[cfg(feature = "lock")]
    #[error(transparent)]
    Network(#[from] super::network::NetworkError),
    /// The summary is not written.
    #[cfg(feature = "release")]
    #[error(transparent)]
    Summary(#[from] summary::SummaryError),
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match &error {
            VerifyError::Identity(inner) if inner.is_usage() => {
                Self::usage(&error).hint(inner.hint())
            }
            VerifyError::Collect(CollectError::DigestAlone) => {
                Self::usage(&error).hint(Some("add --bundle PATH"))
            }
            #[cfg(feature = "release")]
            VerifyError::Summary(inner) if inner.is_usage() => {
                Self::usage(&error).hint(inner.hint())
            }
            #[cfg(feature = "images")]
            VerifyError::NoRepository(_) => Self::usage(&error),
            #[cfg(feature = "images")]
            VerifyError::Registry(inner) if inner.is_usage() => {
                Self::usage(&error).hint(inner.hint())
            }
            #[cfg(feature = "images")]
            VerifyError::Registry(inner) => Self::not_checked(&error).hint(inner.hint()),
            _ => Self::not_checked(&error),
        }
    }
}

pub(crate) fn run(args: &VerifyArgs, colour: ColourChoice) -> Result<Exit, VerifyError> {
    let policy = args.identity.read()?;
    let mut require = policy.require.clone();
    require.extend(args.types.iter().cloned());
    let asked = args.provenance.asked(&policy)?;
    if asked.level().is_some() && !require.iter().any(|kind| kind == V1) {
        // A level that nothing shows is none.
        require.push(V1.to_owned());
    }
    let root = args.trust.read()?;
    let verifier = Verifier::new(&root).map_err(TrustError::from)?;
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global()?;
    let verified = verified(args, &policy.identity, &verifier, &require, asked.demands())?;
    let outcome = verification::outcome(&verified);
    match args.format {
        Form::Human => {
            let text = human::render(&verified, root.name(), colour.on_stdout());
            output::print(&sanitise::inert_for_log(&text))?;
        }
        Form::Json => {
            let mut sink = Sink::open(None)?;
            let written = json::write(&verified, root.name(), &mut sink);
            match written.and_then(|()| sink.finish()) {
                // A reader that has seen enough is no error.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                other => other?,
            }
        }
    }
    #[cfg(feature = "release")]
    args.summary.write(&verified, &args.identity, &verifier)?;
    Ok(exit(outcome))
}

/// Everything that is asked for, verified.
fn verified(
    args: &VerifyArgs,
    expected: &ExpectedIdentity,
    verifier: &Verifier,
    require: &[String],
    demands: Demands<'_>,
) -> Result<Vec<VerifiedArtifact>, VerifyError> {
    let digest = ArtifactDigests::parse(&args.target);
    #[cfg(feature = "images")]
    if digest.is_none()
        && let Some(image) = image(&args.target)?
    {
        let client = args.registry.open(std::slice::from_ref(&image))?;
        let request = ImageRequest {
            client: &client,
            image: &image,
            digest: "",
            bundles: &args.bundle,
            expected,
            verifier,
            require,
            demands,
            each_platform: args.platforms == Platforms::Signed,
            limits: Limits::default(),
        };
        if args.all_tags {
            return tags::verified(&request, args.since.as_deref(), args.write);
        }
        // Once: what is verified is this digest, and the one that is printed.
        let digest = digest_of(&client, &image)?;
        let digest = digest.as_str();
        return Ok(images::verify(&ImageRequest { digest, ..request })?);
    }
    #[cfg(feature = "images")]
    if args.all_tags {
        return Err(VerifyError::NoRepository(args.target.clone()));
    }
    let subject = match digest {
        Some(digest) => Subject::Digest(digest),
        None => Subject::Path(PathBuf::from(&args.target)),
    };
    Ok(verification::verify(&Request {
        subject,
        bundles: args.bundle.clone(),
        expected,
        verifier,
        require,
        demands,
        limits: Limits::default(),
    })?)
}

pub(super) fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Passed => Exit::Clean,
        Outcome::NotChecked => Exit::NotChecked,
        Outcome::Failed => Exit::Findings,
    }
}
