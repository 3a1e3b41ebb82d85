//! A bundle, an artifact and an expected identity: the verdict.

use std::sync::Arc;

use cofferdam_facts::Timestamp;
use sigstore_verify::types::{ArtifactDigest, HashAlgorithm, SignatureContent};
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult,
};

use crate::artifact::{Algorithm, ArtifactDigests};
use crate::bundle::UnverifiedBundle;
use crate::certificate::Certificate;
use crate::consistency;
use crate::identity::ExpectedIdentity;
use crate::root::{Promise, RootError, TrustRoot};
use crate::statement::{Statement, StatementError};
use crate::verdict::{Check, Line, Outcome, Verdict};

/// Verifies bundles by one trusted root. Made once for many bundles.
pub struct Verifier {
    inner: sigstore_verify::Verifier,
    promise: Promise,
    root: &'static str,
}

impl Verifier {
    /// Takes a trusted root.
    ///
    /// # Errors
    /// [`RootError`] if a key or a certificate in it cannot be used.
    pub fn new(root: &TrustRoot) -> Result<Self, RootError> {
        let inner =
            sigstore_verify::Verifier::new(&root.inner).map_err(|error| RootError::Malformed {
                problem: error.to_string(),
            })?;
        Ok(Self {
            inner,
            promise: root.promise,
            root: root.name(),
        })
    }

    /// Verifies that whoever is expected has signed the artifact, and that
    /// provenance says what the certificate of its signer says.
    #[must_use]
    pub fn verify(
        &self,
        artifact: &ArtifactDigests,
        bundle: &UnverifiedBundle,
        expected: &ExpectedIdentity,
    ) -> Verdict {
        let mut verdict = self.verify_signature_alone(artifact, bundle, expected);
        if let Some(statement) = &verdict.statement {
            let signer = verdict.signer.as_ref();
            let claims = signer.map(|certificate| &certificate.claims);
            let lines = consistency::provenance(statement, claims);
            verdict.lines.extend(lines);
        }
        verdict
    }

    /// Verifies that whoever is expected has signed the artifact, whatever
    /// else was said about it: provenance may tell of another build.
    #[must_use]
    pub fn verify_signature_alone(
        &self,
        artifact: &ArtifactDigests,
        bundle: &UnverifiedBundle,
        expected: &ExpectedIdentity,
    ) -> Verdict {
        // What is signed has been read before it is believed, since the digests of the artifact
        // depend on it, and is never told before it is proven.
        let statement = match bundle.unverified_statement() {
            Ok(statement) => statement.cloned(),
            Err(error) => return unproven(unread(error), expected),
        };
        let certificate = match bundle.unverified_certificate() {
            Ok(certificate) => certificate,
            Err(error) => {
                return unproven(
                    Line::failed(Check::Certificate, error.to_string()),
                    expected,
                );
            }
        };
        let subject = match subject(artifact, bundle, statement.as_deref()) {
            Ok(subject) => subject,
            Err(line) => return unproven(line, expected),
        };
        match self.prove(subject, bundle, expected) {
            Err(line) => unproven(line, expected),
            Ok(proven) => self.verdict(&proven, artifact, certificate, statement, expected),
        }
    }

    /// What has been proven, or the line at which the proof ended.
    fn prove(
        &self,
        subject: ArtifactDigest,
        bundle: &UnverifiedBundle,
        expected: &ExpectedIdentity,
    ) -> Result<Box<VerificationResult>, Line> {
        let result = match (expected, bundle.needs_key()) {
            (ExpectedIdentity::Key(key), true) => {
                let policy = PublicKeyVerificationPolicy::new(key.inner.clone());
                self.inner.verify(artifact(subject), &bundle.inner, &policy)
            }
            (ExpectedIdentity::Key(_), false) => {
                let text = "a certificate signed, and a key is expected";
                return Err(Line::failed(Check::Subject, text));
            }
            (_, true) => {
                let text = "a key signed, and it is not known whose: give it with the identity";
                return Err(Line::failed(Check::Subject, text));
            }
            (_, false) => {
                // The expected identity is judged by more than the crate can;
                // the certificate is believed only after that.
                let policy = VerificationPolicy::any_identity();
                let policy = match self.promise {
                    Promise::Logged => policy,
                    Promise::TimestampOnly => policy.skip_tlog_unsafe().skip_sct(),
                };
                self.inner.verify(artifact(subject), &bundle.inner, &policy)
            }
        };
        result.map(Box::new).map_err(|error| refusal(&error))
    }

    fn verdict(
        &self,
        proven: &VerificationResult,
        artifact: &ArtifactDigests,
        certificate: Option<Certificate>,
        statement: Option<Arc<Statement>>,
        expected: &ExpectedIdentity,
    ) -> Verdict {
        let mut lines = self.proven(proven, certificate.is_some());
        let about = match &statement {
            Some(statement) => subject_line(statement, artifact),
            None => Line::passed(Check::Artifact, artifact.shown()),
        };
        lines.push(about);
        match &certificate {
            Some(certificate) => lines.extend(expected.judge(certificate)),
            None => lines.push(Line::passed(Check::Subject, "the given key")),
        }
        if let Some(statement) = &statement {
            lines.push(Line::passed(
                Check::Statement,
                statement.predicate_type.clone(),
            ));
        }
        lines.sort_by_key(|line| line.check);
        Verdict {
            lines,
            signer: certificate,
            signed_at: earliest(proven),
            statement,
        }
    }

    /// The lines of what the cryptography has shown. Each rests on what the
    /// result says was verified, not on there being a result.
    fn proven(&self, proven: &VerificationResult, by_certificate: bool) -> Vec<Line> {
        let absent = |check| {
            let text = format!("the trust domain `{}` has no such log", self.root);
            match self.promise {
                Promise::TimestampOnly => Line::not_required(check, text),
                Promise::Logged => Line::failed(check, "it was not verified"),
            }
        };
        let log = if proven.tlog_verified() {
            Line::passed(Check::Log, "inclusion proven")
        } else {
            absent(Check::Log)
        };
        let mut lines = vec![
            Line::passed(Check::Bundle, "read"),
            log,
            Line::passed(Check::Signature, "valid"),
        ];
        if !by_certificate {
            return lines;
        }
        lines.push(match earliest(proven) {
            Some(time) => Line::passed(Check::Time, time.to_string()),
            None => Line::failed(Check::Time, "no trusted clock says when it was signed"),
        });
        lines.push(Line::judged(
            Check::Certificate,
            proven.certificate_verified(),
            format!("trusted by the root `{}`", self.root),
        ));
        lines.push(if proven.sct_verified() {
            Line::passed(Check::CertificateLog, "promised by a log")
        } else {
            absent(Check::CertificateLog)
        });
        lines
    }
}

fn artifact(digest: ArtifactDigest) -> sigstore_verify::types::Artifact<'static> {
    sigstore_verify::types::Artifact::from_digest(digest)
}

fn earliest(proven: &VerificationResult) -> Option<Timestamp> {
    let times = proven.verified_timestamps().iter();
    times
        .map(|time| Timestamp::from_unix(time.as_second()))
        .min()
}

fn subject_line(statement: &Statement, artifact: &ArtifactDigests) -> Line {
    match statement.subject_for(artifact) {
        Some(subject) => {
            let name = if subject.name.is_empty() {
                String::new()
            } else {
                format!(", named {}", subject.name)
            };
            Line::passed(Check::Artifact, format!("{}{name}", artifact.shown()))
        }
        None => Line::failed(Check::Artifact, "the statement is about something else"),
    }
}

/// The digest by which the signature is verified.
fn subject(
    artifact: &ArtifactDigests,
    bundle: &UnverifiedBundle,
    statement: Option<&Statement>,
) -> Result<ArtifactDigest, Line> {
    let algorithm = match (statement, &bundle.inner.content) {
        (Some(statement), _) => {
            let Some(subject) = statement.subject_for(artifact) else {
                let text = format!("the statement is not about {}", artifact.shown());
                return Err(Line::failed(Check::Artifact, text));
            };
            subject.algorithm_for(artifact)
        }
        (None, SignatureContent::MessageSignature(_)) => bundle
            .unverified_message_digest()
            .map(|(algorithm, _)| algorithm),
        _ => None,
    };
    let algorithm = algorithm.unwrap_or(Algorithm::Sha256);
    let open = |problem: &dyn std::fmt::Display| {
        let text = format!("its {} is not known: {problem}", algorithm.word());
        Line::not_checked(Check::Artifact, text)
    };
    let digest = artifact
        .get(algorithm)
        .ok_or_else(|| open(&"another digest was given"))?;
    let name = match algorithm {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha384 => HashAlgorithm::Sha2384,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    ArtifactDigest::new(name, digest.to_vec()).map_err(|error| open(&error))
}

/// The line of a statement that cannot be read: of a kind that is not known, or
/// wrong.
fn unread(error: &StatementError) -> Line {
    let text = error.to_string();
    match error {
        StatementError::PayloadType { .. } | StatementError::UnknownType { .. } => {
            Line::not_checked(Check::Statement, text)
        }
        _ => Line::failed(Check::Statement, text),
    }
}

/// The line at which a proof ended.
fn refusal(error: &Error) -> Line {
    let failed = |check| Line::failed(check, error.to_string());
    let open = |check| Line::not_checked(check, error.to_string());
    match error {
        Error::SignatureInvalid(_) => failed(Check::Signature),
        Error::ArtifactMismatch(_) => failed(Check::Artifact),
        Error::UnsupportedArtifact(_) => open(Check::Artifact),
        Error::Certificate(CertificateError::Sct(_)) => failed(Check::CertificateLog),
        Error::Certificate(_) => failed(Check::Certificate),
        Error::TransparencyLog(_) => failed(Check::Log),
        Error::Timestamp(_) => failed(Check::Time),
        Error::UnsupportedBundle(_) => open(Check::Bundle),
        _ => failed(Check::Bundle),
    }
}

/// A verdict that ends at one line: nothing else has been proven.
fn unproven(line: Line, expected: &ExpectedIdentity) -> Verdict {
    let why = match line.outcome {
        Outcome::Failed => format!("because `{}` failed", line.check),
        _ => format!("because `{}` was not checked", line.check),
    };
    let mut checks = vec![Check::Bundle, Check::Log, Check::Signature, Check::Artifact];
    if !matches!(expected, ExpectedIdentity::Key(_)) {
        checks.extend([Check::Time, Check::Certificate, Check::CertificateLog]);
    }
    let mut lines: Vec<Line> = checks
        .into_iter()
        .map(|check| match check {
            // Whoever comes here has read it.
            Check::Bundle => Line::passed(check, "read"),
            _ => Line::not_checked(check, why.clone()),
        })
        .chain(expected.unjudged(&why))
        .filter(|other| other.check != line.check)
        .collect();
    lines.push(line);
    lines.sort_by_key(|line| line.check);
    Verdict {
        lines,
        signer: None,
        signed_at: None,
        statement: None,
    }
}
