//! Who is expected to have signed. There is no default, and nobody in
//! particular is nobody at all.

use sigstore_verify::types::DerPublicKey;

use crate::certificate::Certificate;
use crate::pattern::Pattern;
use crate::verdict::{Check, Line};
use crate::workflow::WorkflowIdentity;

/// Who is expected to have signed.
#[derive(Clone, Debug)]
pub enum ExpectedIdentity {
    /// A job of a workflow on GitHub, by what its certificate claims.
    Workflow(Box<WorkflowIdentity>),
    /// Whoever an issuer knows under a name.
    Subject(SubjectIdentity),
    /// Whoever holds the private half of a key.
    Key(PublicKey),
}

/// A name, and the issuer who vouches for it. The same name may belong to
/// somebody else at another issuer, so that neither says anything alone.
#[derive(Clone, Debug)]
pub struct SubjectIdentity {
    /// The name of the holder: an address of mail or of a workload.
    pub subject: Pattern,
    /// Who vouches.
    pub issuer: Issuer,
}

/// Who vouches for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The address of an issuer of tokens, to the letter.
    Named(String),
    /// The authority itself: the certificate names no issuer, as those with
    /// which GitHub signs its releases.
    Authority,
}

impl Issuer {
    /// Reads an address, or `none` for the authority itself.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "none" => Self::Authority,
            address => Self::Named(address.to_owned()),
        }
    }
}

/// A public key that the caller trusts.
#[derive(Clone, Debug)]
pub struct PublicKey {
    pub(crate) inner: DerPublicKey,
}

/// A text that is no public key.
#[derive(Debug, thiserror::Error)]
#[error("this is no public key in PEM: {problem}")]
pub struct KeyError {
    /// What is wrong.
    problem: String,
}

impl PublicKey {
    /// Reads a key in PEM, `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    /// [`KeyError`] if it is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let inner = DerPublicKey::from_pem(text).map_err(|error| KeyError {
            problem: error.to_string(),
        })?;
        Ok(Self { inner })
    }
}

impl ExpectedIdentity {
    /// Compares a proven certificate with what is expected.
    #[must_use]
    pub fn judge(&self, certificate: &Certificate) -> Vec<Line> {
        match self {
            Self::Workflow(expected) => expected.judge(certificate),
            Self::Subject(expected) => expected.judge(certificate),
            Self::Key(_) => vec![Line::failed(
                Check::Subject,
                "a certificate signed, and a key is expected",
            )],
        }
    }

    /// What is looked at, for a bundle whose signer is not proven.
    pub(crate) fn unjudged(&self, why: &str) -> Vec<Line> {
        match self {
            Self::Key(_) => Vec::new(),
            Self::Subject(_) => [Check::Subject, Check::Issuer]
                .map(|check| Line::not_checked(check, why))
                .to_vec(),
            Self::Workflow(_) => [
                Check::Issuer,
                Check::Repository,
                Check::Workflow,
                Check::Builder,
                Check::SourceRef,
                Check::Runner,
            ]
            .map(|check| Line::not_checked(check, why))
            .to_vec(),
        }
    }
}

impl SubjectIdentity {
    fn judge(&self, certificate: &Certificate) -> Vec<Line> {
        let subject = match certificate.subject.text() {
            Some(found) if self.subject.matches(found) => Line::passed(Check::Subject, found),
            Some(found) => Line::failed(
                Check::Subject,
                format!("{found}, expected {}", self.subject),
            ),
            None => Line::failed(
                Check::Subject,
                format!("a name that is no text, expected {}", self.subject),
            ),
        };
        let issuer = match (&self.issuer, &certificate.issuer) {
            (Issuer::Named(expected), _) => issuer(certificate, expected),
            (Issuer::Authority, None) => Line::passed(Check::Issuer, "the authority itself"),
            (Issuer::Authority, Some(found)) => {
                Line::failed(Check::Issuer, format!("{found}, expected none"))
            }
        };
        vec![subject, issuer]
    }
}

/// Whether the expected issuer vouches.
pub(crate) fn issuer(certificate: &Certificate, expected: &str) -> Line {
    match certificate.issuer.as_deref() {
        Some(found) if found == expected => Line::passed(Check::Issuer, found),
        Some(found) => Line::failed(Check::Issuer, format!("{found}, expected {expected}")),
        None => Line::failed(
            Check::Issuer,
            format!("the certificate names none, expected {expected}"),
        ),
    }
}
