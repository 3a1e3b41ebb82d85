//! Who signs, by whose services, and what is done with a bundle.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_attest::sign::{Keyless, Services, SignError, Token};
use cofferdam_attest::{
    Algorithm, ArtifactDigests, ExpectedIdentity, Issuer, Line, Outcome, Pattern, SubjectIdentity,
    TrustRoot, UnverifiedBundle, Verdict, Verifier, consistency,
};
use cofferdam_findings::sanitise;

use super::ReleaseError;
use crate::clock;
use crate::commands::verify::{TrustError, bounded_text, given};
use crate::output;

/// The most bytes of a token, and of a signing configuration.
const MOST_BYTES: u64 = 1024 * 1024;

/// Who signs, and by whose services.
#[derive(Debug, clap::Args)]
pub(crate) struct Given {
    /// A file that holds a token of OpenID Connect. Without it, the job is asked
    /// for one: GitHub Actions, GitLab, Buildkite and CircleCI give them.
    #[arg(long, value_name = "FILE")]
    identity_token_file: Option<PathBuf>,
    /// A signing configuration in JSON, in the place of the public instance of
    /// Sigstore; it needs the trusted root of the same services.
    #[arg(long, value_name = "FILE", requires = "trusted_root")]
    signing_config: Option<PathBuf>,
    /// The trusted root by which each bundle is verified before it is written.
    #[arg(long, value_name = "FILE", requires = "signing_config")]
    trusted_root: Option<PathBuf>,
    /// Sign by the public instance for trials.
    #[arg(long, conflicts_with = "signing_config")]
    staging: bool,
    /// Let the name of a private repository stand in a public log for ever.
    #[arg(long)]
    publish_private_name: bool,
    /// Replace bundles that are there already.
    #[arg(long)]
    pub(super) overwrite: bool,
}

/// Ready to sign.
pub(super) struct Ready {
    pub(super) signer: Keyless,
    verifier: Verifier,
    overwrite: bool,
}

/// An artifact to be signed.
pub(super) struct Artifact {
    pub(super) path: PathBuf,
    pub(super) digests: ArtifactDigests,
    pub(super) bundle: PathBuf,
}

/// The services and their trusted root.
pub(crate) fn services(
    config: Option<&Path>,
    root: Option<&Path>,
    staging: bool,
) -> Result<(Services, TrustRoot), ReleaseError> {
    let sign = |source| ReleaseError::Sign { path: None, source };
    let embedded = |staging| {
        let (services, root) = if staging {
            (Services::staging(), TrustRoot::staging())
        } else {
            (Services::public_good(), TrustRoot::public_good())
        };
        let root = root.map_err(TrustError::from)?;
        Ok::<_, ReleaseError>((services.map_err(sign)?, root))
    };
    let named = |path: &Path| {
        let text = bounded_text(path, MOST_BYTES).map_err(|source| ReleaseError::File {
            path: path.to_owned(),
            source,
        })?;
        Services::from_json(text.as_bytes()).map_err(|source| ReleaseError::Sign {
            path: Some(path.to_owned()),
            source,
        })
    };
    match (config, root) {
        (None, None) => embedded(staging),
        (Some(config), Some(root)) => Ok((named(config)?, given(root)?)),
        (Some(config), None) => Ok((named(config)?, embedded(staging)?.1)),
        (None, Some(root)) => Ok((embedded(staging)?.0, given(root)?)),
    }
}

/// The token in a file, or that of the job.
pub(crate) fn token(file: Option<&Path>) -> Result<Token, ReleaseError> {
    let sign = |source| ReleaseError::Sign { path: None, source };
    let Some(path) = file else {
        let token = Token::of_this_job().map_err(sign)?;
        return token.ok_or(ReleaseError::NoToken);
    };
    let text = bounded_text(path, MOST_BYTES).map_err(|source| ReleaseError::File {
        path: path.to_owned(),
        source,
    })?;
    Token::new(&text).map_err(|source| ReleaseError::Sign {
        path: Some(path.to_owned()),
        source,
    })
}

impl Given {
    pub(super) fn ready(&self) -> Result<Ready, ReleaseError> {
        self.ready_as(&self.token()?)
    }

    /// Ready to sign as whom a token names.
    pub(super) fn ready_as(&self, token: &Token) -> Result<Ready, ReleaseError> {
        let sign = |source| ReleaseError::Sign { path: None, source };
        let config = self.signing_config.as_deref();
        let (services, root) = services(config, self.trusted_root.as_deref(), self.staging)?;
        let verifier = Verifier::new(&root).map_err(TrustError::from)?;
        if let Some(repository) = token.unverified_private_repository()
            && services.is_public()
            && !self.publish_private_name
        {
            return Err(ReleaseError::Private {
                repository: repository.to_owned(),
            });
        }
        Ok(Ready {
            signer: Keyless::new(&services, token, clock::now).map_err(sign)?,
            verifier,
            overwrite: self.overwrite,
        })
    }

    /// The token of whoever signs.
    pub(super) fn token(&self) -> Result<Token, ReleaseError> {
        token(self.identity_token_file.as_deref())
    }

    /// The artifacts by their digests, all of them read, and the places of their
    /// bundles, all of them free, before anything is signed.
    pub(super) fn artifacts(
        &self,
        paths: &[PathBuf],
        end: &str,
    ) -> Result<Vec<Artifact>, ReleaseError> {
        let of = |path: &PathBuf| {
            let file = |source| ReleaseError::File {
                path: path.clone(),
                source,
            };
            let name = path.file_name().ok_or_else(|| {
                file(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it has no name",
                ))
            })?;
            let mut name = name.to_owned();
            name.push(end);
            let bundle = path.with_file_name(name);
            if !self.overwrite && bundle.symlink_metadata().is_ok() {
                return Err(ReleaseError::Exists { path: bundle });
            }
            let opened = File::open(path).map_err(file)?;
            if !opened.metadata().map_err(file)?.is_file() {
                return Err(file(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it is no file",
                )));
            }
            let digests = ArtifactDigests::from_reader(opened, Default::default());
            Ok(Artifact {
                path: path.clone(),
                digests: digests.map_err(file)?,
                bundle,
            })
        };
        paths.iter().map(of).collect()
    }
}

impl Artifact {
    pub(super) fn sha256(&self) -> [u8; 32] {
        let digest = self.digests.get(Algorithm::Sha256);
        digest
            .and_then(|digest| digest.try_into().ok())
            .unwrap_or_default()
    }
}

impl Ready {
    /// Verifies a bundle as everybody will, and only then writes it.
    pub(super) fn keep(
        &self,
        artifact: &Artifact,
        signed: Result<String, SignError>,
    ) -> Result<(), ReleaseError> {
        self.keep_what(artifact, signed, |_| Vec::new())
    }

    /// The same for provenance, which must say what the certificate says.
    pub(super) fn keep_provenance(
        &self,
        artifact: &Artifact,
        signed: Result<String, SignError>,
    ) -> Result<(), ReleaseError> {
        self.keep_what(artifact, signed, |verdict| {
            let claims = verdict.signer.as_ref().map(|signer| &signer.claims);
            let statement = verdict.statement.as_deref();
            statement.map_or(Vec::new(), |said| consistency::provenance(said, claims))
        })
    }

    fn keep_what(
        &self,
        artifact: &Artifact,
        signed: Result<String, SignError>,
        more: impl Fn(&Verdict) -> Vec<Line>,
    ) -> Result<(), ReleaseError> {
        let text = signed.map_err(|source| ReleaseError::Sign {
            path: Some(artifact.path.clone()),
            source,
        })?;
        let subject = self.verified(&artifact.path, &artifact.digests, text.as_bytes(), more)?;
        if !self.overwrite && artifact.bundle.symlink_metadata().is_ok() {
            return Err(ReleaseError::Exists {
                path: artifact.bundle.clone(),
            });
        }
        output::write_whole(&artifact.bundle, text.as_bytes()).map_err(|source| {
            ReleaseError::File {
                path: artifact.bundle.clone(),
                source,
            }
        })?;
        let line = format!(
            "{}: signed as {subject}, in {}",
            artifact.path.display(),
            artifact.bundle.display()
        );
        told(&line)
    }

    /// Verifies a bundle as everybody will: who has signed it.
    pub(super) fn verified(
        &self,
        path: &Path,
        digests: &ArtifactDigests,
        bundle: &[u8],
        more: impl Fn(&Verdict) -> Vec<Line>,
    ) -> Result<String, ReleaseError> {
        let wrong = |problem: String| ReleaseError::Unverified {
            path: path.to_owned(),
            problem,
        };
        let bundle = UnverifiedBundle::from_json(bundle);
        let bundle = bundle.map_err(|error| wrong(error.to_string()))?;
        // Who has signed is who the authority has found in the token; whether that is who should
        // is for those to say who verify.
        let certificate = bundle.unverified_certificate();
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        let (subject, issuer) = certificate
            .and_then(|one| Some((one.subject.text()?.to_owned(), one.issuer?)))
            .ok_or_else(|| wrong("the certificate names nobody".to_owned()))?;
        let expected = ExpectedIdentity::Subject(SubjectIdentity {
            subject: Pattern::exact(subject.clone()),
            issuer: Issuer::Named(issuer),
        });
        let mut verdict = (self.verifier).verify_signature_alone(digests, &bundle, &expected);
        let lines = more(&verdict);
        verdict.lines.extend(lines);
        if verdict.outcome() != Outcome::Passed {
            let line = verdict.against().max_by_key(|line| line.outcome);
            let line = line.map(|line| format!("{}: {}", line.check, line.text));
            return Err(wrong(line.unwrap_or_default()));
        }
        Ok(subject)
    }
}

/// Prints one line.
pub(super) fn told(line: &str) -> Result<(), ReleaseError> {
    let line = format!("{}\n", sanitise::line(line));
    output::print(&sanitise::inert_for_log(&line)).map_err(ReleaseError::Output)
}
