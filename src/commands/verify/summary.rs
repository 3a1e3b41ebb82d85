//! `cofferdam verify --vsa FILE`: what was found, as a statement for others.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_attest::artifact::hex;
use cofferdam_attest::sign::{Keyless, SignError, Signer as _, Token};
use cofferdam_attest::summary::Summary;
use cofferdam_attest::workflow::GITHUB_SERVER;
use cofferdam_attest::{
    Algorithm, ArtifactDigests, ExpectedIdentity, Issuer, Level, Outcome, Pattern, SubjectIdentity,
    UnverifiedBundle, Verifier,
};
use cofferdam_pipelines::verification::{self, VerifiedArtifact};

use super::identity::IdentityArgs;
use crate::commands::release::{ReleaseError, services, token};
use crate::{clock, environment, output};

/// What stands for a policy that is no file.
const OPTIONS: &str =
    "https://github.com/cofferdam/cofferdam/blob/main/docs/verify.md#who-is-expected";

/// A summary of the verification.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Summary for others")]
pub(super) struct SummaryArgs {
    /// Write what was found as a Verification Summary Attestation of SLSA's,
    /// signed as whoever verifies.
    #[arg(long, value_name = "FILE", requires = "vsa_resource")]
    vsa: Option<PathBuf>,
    /// The address by which consumers of the summary fetch the artifact.
    #[arg(long, value_name = "URI", requires = "vsa")]
    vsa_resource: Option<String>,
    /// The address of whoever verifies, if it is not the workflow of this job.
    #[arg(long, value_name = "URI", requires = "vsa")]
    vsa_verifier: Option<String>,
    /// Write the summary without a signature: nobody can tell who wrote it.
    #[arg(long, requires = "vsa", requires = "vsa_verifier")]
    unsigned_vsa: bool,
    /// A file with the token of whoever signs the summary. Without it, the job
    /// is asked for one.
    #[arg(
        long,
        value_name = "FILE",
        requires = "vsa",
        conflicts_with = "unsigned_vsa"
    )]
    identity_token_file: Option<PathBuf>,
    /// A signing configuration in JSON, for the summary, in the place of the
    /// public instance of Sigstore.
    #[arg(
        long,
        value_name = "FILE",
        requires = "vsa",
        conflicts_with = "unsigned_vsa"
    )]
    signing_config: Option<PathBuf>,
}

/// Why there is no summary.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SummaryError {
    /// Something was not checked, and a summary knows passed and failed alone.
    #[error("no summary is written: something was not checked, and a summary cannot say that")]
    NotChecked,
    /// An artifact has no SHA-256.
    #[error("no summary is written: the SHA-256 of {name} is not known")]
    NoDigest {
        /// The artifact.
        name: String,
    },
    /// Nobody says who verifies.
    #[error("no summary is written: nobody says who verifies")]
    Nobody,
    /// It cannot be signed.
    #[error("no summary is written: {0}")]
    Release(#[from] ReleaseError),
    /// What was signed does not verify.
    #[error("no summary is written: what was signed does not verify: {0}")]
    Unverified(String),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl SummaryError {
    pub(super) fn is_usage(&self) -> bool {
        match self {
            Self::Nobody => true,
            Self::Release(inner) => inner.is_usage(),
            _ => false,
        }
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Nobody => Some("name an address by --vsa-verifier URI"),
            Self::Release(ReleaseError::NoToken) => Some(
                "give the job `permissions: id-token: write`, or a token by \
                 --identity-token-file, or agree to a summary without a signature by \
                 --unsigned-vsa",
            ),
            Self::Release(inner) => inner.hint(),
            _ => None,
        }
    }
}

impl From<SignError> for SummaryError {
    fn from(source: SignError) -> Self {
        Self::Release(ReleaseError::Sign { path: None, source })
    }
}

impl SummaryArgs {
    /// Writes the summary, if one is asked for.
    pub(super) fn write(
        &self,
        verified: &[VerifiedArtifact],
        identity: &IdentityArgs,
        verifier: &Verifier,
    ) -> Result<(), SummaryError> {
        let (Some(path), Some(resource)) = (&self.vsa, &self.vsa_resource) else {
            return Ok(());
        };
        let token = match self.unsigned_vsa {
            true => None,
            false => Some(token(self.identity_token_file.as_deref())?),
        };
        let who = self
            .verifier_id(token.as_ref())
            .ok_or(SummaryError::Nobody)?;
        let passed = match verification::outcome(verified) {
            Outcome::Passed => true,
            Outcome::Failed => false,
            Outcome::NotChecked => return Err(SummaryError::NotChecked),
        };
        let subjects: Vec<(String, String)> =
            verified.iter().map(subject).collect::<Result<_, _>>()?;
        let (policy, digest) = match identity.policy_file() {
            Some(file) => (file_address(file), Some(sha256(file)?)),
            None => (OPTIONS.to_owned(), None),
        };
        let inputs = inputs(verified)?;
        let summary = Summary {
            verifier: &who,
            verified_at: clock::now(),
            resource,
            policy: (&policy, digest.as_deref()),
            inputs: &inputs,
            passed,
            level: lowest(verified),
        };
        let statement = summary.statement(&subjects).to_string();
        let text = match &token {
            None => statement,
            Some(token) => self.signed(&statement, &subjects, token, verifier)?,
        };
        output::write_whole(path, text.as_bytes()).map_err(file_error(path))
    }

    /// Who verifies: the given address, or the workflow that the job stands in,
    /// which is who signs.
    fn verifier_id(&self, token: Option<&Token>) -> Option<String> {
        if self.vsa_verifier.is_some() {
            return self.vsa_verifier.clone();
        }
        let claims = token?.unverified_job().ok()?;
        let server = environment::server_url().unwrap_or(GITHUB_SERVER.to_owned());
        Some(format!(
            "{}/{}",
            server.trim_end_matches('/'),
            claims.job_workflow_ref
        ))
    }

    /// The bundle of the summary, which verifies by the root by which everything
    /// was verified.
    fn signed(
        &self,
        statement: &str,
        subjects: &[(String, String)],
        token: &Token,
        verifier: &Verifier,
    ) -> Result<String, SummaryError> {
        let (services, _) = services(self.signing_config.as_deref(), None, false)?;
        if let Some(repository) = token.unverified_private_repository()
            && services.is_public()
        {
            let repository = repository.to_owned();
            return Err(ReleaseError::Private { repository }.into());
        }
        let text = Keyless::new(&services, token, clock::now)?.attest(statement.as_bytes())?;
        let wrong = |problem: &dyn std::fmt::Display| SummaryError::Unverified(problem.to_string());
        let bundle = UnverifiedBundle::from_json(text.as_bytes()).map_err(|error| wrong(&error))?;
        let certificate = bundle
            .unverified_certificate()
            .map_err(|error| wrong(&error))?;
        let named = certificate.and_then(|one| Some((one.subject.text()?.to_owned(), one.issuer?)));
        let (subject, issuer) = named.ok_or_else(|| wrong(&"the certificate names nobody"))?;
        let expected = ExpectedIdentity::Subject(SubjectIdentity {
            subject: Pattern::exact(subject),
            issuer: Issuer::Named(issuer),
        });
        let digest = subjects
            .first()
            .map(|(_, digits)| format!("sha256:{digits}"));
        let artifact = digest.and_then(|digest| ArtifactDigests::parse(&digest));
        let artifact = artifact.unwrap_or_default();
        let verdict = verifier.verify_signature_alone(&artifact, &bundle, &expected);
        match verdict.against().max_by_key(|line| line.outcome) {
            None => Ok(text),
            Some(line) => Err(wrong(&format!("{}: {}", line.check, line.text))),
        }
    }
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> SummaryError {
    let path = path.to_owned();
    move |source| SummaryError::File { path, source }
}

fn sha256(path: &Path) -> Result<String, SummaryError> {
    let opened = File::open(path).map_err(file_error(path))?;
    let digests = ArtifactDigests::from_reader(opened, Default::default());
    let digests = digests.map_err(file_error(path))?;
    Ok(hex(digests.get(Algorithm::Sha256).unwrap_or_default()))
}

/// A file by its name: where it lies is nobody's business.
fn file_address(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    format!("file:{}", name.to_string_lossy())
}

fn subject(artifact: &VerifiedArtifact) -> Result<(String, String), SummaryError> {
    let digits = artifact.digest.strip_prefix("sha256:");
    let digits = digits.ok_or_else(|| SummaryError::NoDigest {
        name: artifact.name.clone(),
    })?;
    let name = Path::new(&artifact.name).file_name().unwrap_or_default();
    Ok((name.to_string_lossy().into_owned(), digits.to_owned()))
}

/// The files of bundles by which was verified.
fn inputs(verified: &[VerifiedArtifact]) -> Result<Vec<(String, String)>, SummaryError> {
    let bundles = verified.iter().flat_map(|artifact| &artifact.bundles);
    let files: BTreeSet<&str> = bundles
        .map(|bundle| match bundle.source.rsplit_once(".jsonl:") {
            // The line of a file with one bundle a line.
            Some((name, _)) => bundle
                .source
                .get(..name.len() + ".jsonl".len())
                .unwrap_or(name),
            None => bundle.source.as_str(),
        })
        .collect();
    let one = |file: &str| Ok((file_address(Path::new(file)), sha256(Path::new(file))?));
    files.into_iter().map(one).collect()
}

/// The lowest level of all artifacts; none where one has no provenance.
fn lowest(verified: &[VerifiedArtifact]) -> Option<Level> {
    let of = |artifact: &VerifiedArtifact| {
        let levels = artifact.bundles.iter().filter_map(|bundle| bundle.level);
        levels.max()
    };
    let levels: Option<Vec<Level>> = verified.iter().map(of).collect();
    levels?.into_iter().min()
}
