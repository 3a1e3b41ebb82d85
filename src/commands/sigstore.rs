//! `cofferdam sigstore`, hidden: the protocol that Sigstore's conformance suite
//! speaks with clients.
//!
//! Source: sigstore/sigstore-conformance, `docs/cli_protocol.md`. It says who
//! signed and asks for nothing else, so that people use `cofferdam verify`.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use cofferdam_attest::{
    ArtifactDigests, ExpectedIdentity, Issuer, Pattern, RootError, SubjectIdentity, TrustRoot,
    UnverifiedBundle, Verifier,
};
use cofferdam_findings::Exit;

use super::verify::{TrustError, bounded_text, exit, given, key};
use crate::failure::Failure;

/// The most bytes of a bundle.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What Sigstore's conformance suite asks of clients.
#[derive(Debug, clap::Args)]
pub(crate) struct SigstoreArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Verify a bundle.
    VerifyBundle(VerifyBundleArgs),
    /// Sign a file, or a statement.
    #[cfg(feature = "release")]
    SignBundle(SignBundleArgs),
}

#[cfg(feature = "release")]
#[derive(Debug, clap::Args)]
struct SignBundleArgs {
    /// Sign by the public instance for trials.
    #[arg(long)]
    staging: bool,
    /// The file is a statement.
    #[arg(long)]
    in_toto: bool,
    #[arg(long, value_name = "TOKEN")]
    identity_token: String,
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    signing_config: Option<PathBuf>,
    #[arg(value_name = "FILE")]
    artifact: PathBuf,
}

#[derive(Debug, clap::Args)]
struct VerifyBundleArgs {
    /// Trust the public instance for trials.
    #[arg(long, conflicts_with = "trusted_root")]
    staging: bool,
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    #[arg(long, value_name = "NAME", requires = "certificate_oidc_issuer")]
    certificate_identity: Option<String>,
    #[arg(long, value_name = "URL", requires = "certificate_identity")]
    certificate_oidc_issuer: Option<String>,
    #[arg(long, value_name = "FILE", conflicts_with = "certificate_identity")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// A file, or `sha256:HEX`.
    #[arg(value_name = "FILE")]
    artifact: String,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigstoreError {
    /// Nobody is expected.
    #[error("neither --certificate-identity nor --key is given")]
    Nobody,
    /// The trusted root cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Something else is not what it must be.
    #[error("{what}: {problem}")]
    Input {
        /// Which input.
        what: String,
        /// What is wrong.
        problem: String,
    },
    /// The bundle does not verify.
    #[error("{0}")]
    Refused(String),
}

impl From<RootError> for SigstoreError {
    fn from(error: RootError) -> Self {
        Self::Trust(error.into())
    }
}

impl From<SigstoreError> for Failure {
    fn from(error: SigstoreError) -> Self {
        match error {
            SigstoreError::Nobody => Self::usage(&error),
            _ => Self::not_checked(&error),
        }
    }
}

pub(crate) fn run(args: &SigstoreArgs) -> Result<Exit, SigstoreError> {
    match &args.what {
        What::VerifyBundle(args) => verify_bundle(args),
        #[cfg(feature = "release")]
        What::SignBundle(args) => sign_bundle(args),
    }
}

#[cfg(feature = "release")]
fn sign_bundle(args: &SignBundleArgs) -> Result<Exit, SigstoreError> {
    use cofferdam_attest::Algorithm;
    use cofferdam_attest::sign::{Keyless, Signer, Token};

    use super::release::services;
    let config = args.signing_config.as_deref();
    // The trusted root is the suite's; it verifies the bundle by it.
    let (services, _) = services(config, args.trusted_root.as_deref(), args.staging)
        .map_err(|error| input("the services", &error))?;
    let refused =
        |error: cofferdam_attest::sign::SignError| SigstoreError::Refused(error.to_string());
    let token = Token::new(&args.identity_token).map_err(refused)?;
    let signer = Keyless::new(&services, &token, crate::clock::now).map_err(refused)?;
    let path = args.artifact.display().to_string();
    let signed = if args.in_toto {
        let text =
            bounded_text(&args.artifact, MOST_BYTES).map_err(|error| input(&path, &error))?;
        signer.attest(text.as_bytes())
    } else {
        let file = File::open(&args.artifact).map_err(|error| input(&path, &error))?;
        let digests = ArtifactDigests::from_reader(file, Default::default());
        let digests = digests.map_err(|error| input(&path, &error))?;
        let digest = digests.get(Algorithm::Sha256).unwrap_or_default();
        signer.sign(digest.try_into().map_err(|error| input(&path, &error))?)
    };
    let bundle = signed.map_err(refused)?;
    crate::output::write_whole(&args.bundle, bundle.as_bytes())
        .map_err(|error| input("--bundle", &error))?;
    Ok(Exit::Clean)
}

fn input(what: &str, problem: &dyn std::fmt::Display) -> SigstoreError {
    SigstoreError::Input {
        what: what.to_owned(),
        problem: problem.to_string(),
    }
}

fn verify_bundle(args: &VerifyBundleArgs) -> Result<Exit, SigstoreError> {
    let expected = match (
        &args.certificate_identity,
        &args.certificate_oidc_issuer,
        &args.key,
    ) {
        (Some(identity), Some(issuer), _) => ExpectedIdentity::Subject(SubjectIdentity {
            subject: Pattern::exact(identity),
            issuer: Issuer::Named(issuer.clone()),
        }),
        (_, _, Some(path)) => {
            ExpectedIdentity::Key(key(path).map_err(|error| input("--key", &error))?)
        }
        _ => return Err(SigstoreError::Nobody),
    };
    let root = match &args.trusted_root {
        Some(path) => given(path)?,
        None if args.staging => TrustRoot::staging()?,
        None => TrustRoot::public_good()?,
    };
    let verifier = Verifier::new(&root)?;
    let text = bounded_text(&args.bundle, MOST_BYTES).map_err(|error| input("--bundle", &error))?;
    let bundle = UnverifiedBundle::from_json(text.as_bytes())
        .map_err(|error| SigstoreError::Refused(error.to_string()))?;
    let artifact = match ArtifactDigests::parse(&args.artifact) {
        Some(digest) => digest,
        None => hashed(&args.artifact, &bundle).map_err(|error| input(&args.artifact, &error))?,
    };
    let verdict = verifier.verify_signature_alone(&artifact, &bundle, &expected);
    match verdict.against().max_by_key(|line| line.outcome) {
        None => Ok(exit(verdict.outcome())),
        Some(line) => Err(SigstoreError::Refused(format!(
            "{}: {}",
            line.check, line.text
        ))),
    }
}

fn hashed(path: &str, bundle: &UnverifiedBundle) -> io::Result<ArtifactDigests> {
    ArtifactDigests::from_reader(File::open(path)?, bundle.needs())
}
