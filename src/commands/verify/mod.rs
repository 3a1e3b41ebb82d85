//! `cofferdam verify`: whether whoever is expected has signed.

mod human;
mod identity;
mod json;
mod provenance;
#[cfg(feature = "release")]
mod summary;
mod trust;

use std::io;
use std::path::PathBuf;

use cofferdam_attest::provenance::V1;
use cofferdam_attest::{ArtifactDigests, Outcome, Verifier};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::verification::{self, CollectError, Limits, Request, Subject};

use self::identity::IdentityArgs;
pub(super) use self::identity::IdentityError;
pub(super) use self::identity::{IdentityArgs as Identity, bounded_text, key};
use self::provenance::ProvenanceArgs;
pub(super) use self::trust::{TrustArgs, TrustError, given};
use super::audit::STACK;
use crate::failure::Failure;
use crate::output::{self, ColourChoice, Sink};

/// Verify that whoever is expected has signed an artifact.
///
/// Takes a file, a folder of files with their bundles, a folder of bundles, or
/// `sha256:HEX`. Nothing is asked of anybody, unless `--online` says so: the trusted root is
/// compiled in or given. There is no verification without an expected identity, and a
/// repository alone is none: every branch of it has jobs, so that the workflow
/// must be named. Unless something else is asked for, the ref must be a tag,
/// the machine GitHub's, and the signer that workflow itself.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  everything passed\n  1  something failed\n  2  wrong usage\n  \
    3  something needed could not be checked; 1 wins where both\n\nExamples:\n  \
    cofferdam verify app.tar.gz --repo OWNER/REPO --workflow .github/workflows/release.yml\n  \
    cofferdam verify dist/ --policy release-identity.toml --type https://slsa.dev/provenance/v1\n  \
    cofferdam verify app --bundle app.sigstore.json --identity me@example.org \
    --issuer https://accounts.google.com"
)]
pub(crate) struct VerifyArgs {
    /// A file, a folder, or the digest of an artifact that is not here.
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
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
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
    let subject = match ArtifactDigests::parse(&args.target) {
        Some(digest) => Subject::Digest(digest),
        None => Subject::Path(PathBuf::from(&args.target)),
    };
    let verified = verification::verify(&Request {
        subject,
        bundles: args.bundle.clone(),
        expected: &policy.identity,
        verifier: &verifier,
        require: &require,
        demands: asked.demands(),
        limits: Limits::default(),
    })?;
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

pub(super) fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Passed => Exit::Clean,
        Outcome::NotChecked => Exit::NotChecked,
        Outcome::Failed => Exit::Findings,
    }
}
