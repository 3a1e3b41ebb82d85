//! Keyless signatures: a key that lives for one signature, a certificate for
//! whoever a token names, an entry in a log, and the time from an authority.
//!
//! What is asked of whom is told by a signing configuration. The token goes to
//! the certificate authority and to nobody else: redirects are not followed,
//! and plain HTTP is spoken to this machine only.

use std::time::Duration;

use cofferdam_facts::Timestamp;
use sigstore_sign::oidc::IdentityToken;
use sigstore_sign::trust_root::SigningConfig;
use sigstore_sign::types::{Artifact, ArtifactDigest, HashAlgorithm};
use sigstore_sign::{Error, SigningContext, SigningServices, SigstoreInstance, reqwest};

use crate::job::{JobClaims, JobError};
use crate::json::{self, JsonError, Limits};
use crate::statement::{Statement, StatementError};

/// The most time that one request may take. Logs of the second version answer
/// only when an entry is in.
const MOST_TIME: Duration = Duration::from_secs(60);
/// The most time until a connection stands.
const MOST_TIME_TO_CONNECT: Duration = Duration::from_secs(10);
/// How long a token must still be valid, so that it does not expire between
/// two requests, in seconds.
const LEAST_LEFT: i64 = 20;

/// Somebody who signs.
pub trait Signer {
    /// Signs an artifact by its SHA-256: a bundle in JSON.
    ///
    /// # Errors
    /// [`SignError`] with the step that failed. Nothing is half signed: there
    /// is a whole bundle, or none.
    fn sign(&self, sha256: [u8; 32]) -> Result<String, SignError>;

    /// Signs an in-toto statement, byte for byte: a bundle in JSON.
    ///
    /// # Errors
    /// As [`Self::sign`]; also if the bytes are no statement.
    fn attest(&self, statement: &[u8]) -> Result<String, SignError>;
}

/// Who is asked.
#[derive(Clone, Debug)]
pub struct Services {
    inner: SigningServices,
    public: bool,
}

/// Says who signs. It never shows itself.
#[derive(Clone, Debug)]
pub struct Token {
    inner: IdentityToken,
    private_repository: Option<String>,
}

/// Why something is not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The signing configuration is not readable.
    #[error("the signing configuration is not readable: {0}")]
    Json(#[from] JsonError),
    /// The signing configuration cannot be used.
    #[error("the signing configuration cannot be used: {problem}")]
    Services {
        /// What is wrong.
        problem: String,
    },
    /// A service would be asked over plain HTTP, and is not on this machine.
    #[error("`{url}` is not https, and plain http is spoken to this machine only")]
    Plaintext {
        /// The address.
        url: String,
    },
    /// The token cannot be used.
    #[error("the token cannot be used: {problem}")]
    Token {
        /// What is wrong; nothing of the token.
        problem: String,
    },
    /// The token is no longer valid, or not for long enough.
    #[error("the token is valid until {until}, which is too short to sign")]
    TokenExpires {
        /// Its last second.
        until: Timestamp,
    },
    /// The runtime or the client cannot be set up.
    #[error("the client cannot be set up: {problem}")]
    Setup {
        /// What happened.
        problem: String,
    },
    /// What is to be signed is no statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A service has refused, or could not be reached.
    #[error("{service} {problem}")]
    Service {
        /// Which one.
        service: Service,
        /// What happened.
        problem: String,
    },
    /// Something else failed while signing.
    #[error("signing failed: {problem}")]
    Other {
        /// What happened.
        problem: String,
    },
}

/// Whom signing asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The certificate authority.
    Certificates,
    /// The transparency log.
    Log,
    /// The timestamp authority.
    Timestamps,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Certificates => "the certificate authority:",
            Self::Log => "the transparency log:",
            Self::Timestamps => "the timestamp authority:",
        })
    }
}

impl Services {
    /// The public instance of Sigstore, as of the release of this program.
    ///
    /// # Errors
    /// [`SignError`] if the embedded configuration were not usable.
    pub fn public_good() -> Result<Self, SignError> {
        Self::embedded(SigstoreInstance::PublicGood, true)
    }

    /// The public instance for trials.
    ///
    /// # Errors
    /// [`SignError`] if the embedded configuration were not usable.
    pub fn staging() -> Result<Self, SignError> {
        Self::embedded(SigstoreInstance::Staging, true)
    }

    fn embedded(instance: SigstoreInstance, public: bool) -> Result<Self, SignError> {
        let inner = SigningServices::from_embedded(instance).map_err(|error| unusable(&error))?;
        Ok(Self { inner, public })
    }

    /// Whoever the caller names, by a signing configuration of version 0.2.
    ///
    /// # Errors
    /// [`SignError`] if the bytes are none, or name nobody who can be asked.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SignError> {
        json::check(bytes, Limits::ROOT)?;
        let text = std::str::from_utf8(bytes).map_err(|error| unusable(&error))?;
        let config = SigningConfig::from_json(text).map_err(|error| unusable(&error))?;
        let inner =
            SigningServices::from_signing_config(&config).map_err(|error| unusable(&error))?;
        let urls = [
            Some(inner.fulcio_url()),
            Some(inner.rekor_url()),
            inner.tsa_url(),
        ];
        for url in urls.into_iter().flatten() {
            if !is_private(url) {
                return Err(SignError::Plaintext {
                    url: url.to_owned(),
                });
            }
        }
        Ok(Self {
            inner,
            public: false,
        })
    }

    /// Whether what is signed stands in a log that everybody can read.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.public
    }
}

/// Whether nobody on the way can read what is sent to an address.
fn is_private(url: &str) -> bool {
    if url.starts_with("https://") {
        return true;
    }
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    // What stands before `@` is a name and no host.
    if authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    matches!(host, "127.0.0.1" | "::1" | "localhost")
}

fn unusable(error: &dyn std::fmt::Display) -> SignError {
    SignError::Services {
        problem: error.to_string(),
    }
}

impl Token {
    /// Takes a token as an issuer gave it. Who it names is for the certificate
    /// authority to verify.
    ///
    /// # Errors
    /// [`SignError::Token`] if it is none.
    pub fn new(text: &str) -> Result<Self, SignError> {
        let inner = IdentityToken::from_jwt(text.trim()).map_err(|_| SignError::Token {
            problem: "it is no token of OpenID Connect".to_owned(),
        })?;
        Ok(Self::of(inner))
    }

    /// The token that a CI job can ask for: of GitHub Actions, GitLab, Buildkite
    /// or CircleCI; `None` outside of a job, or in one that may not ask.
    ///
    /// # Errors
    /// [`SignError`] if the job may ask and gets no answer.
    pub fn of_this_job() -> Result<Option<Self>, SignError> {
        let token = runtime()?.block_on(IdentityToken::detect_ambient());
        let token = token.map_err(|error| SignError::Token {
            problem: error.to_string(),
        })?;
        Ok(token.map(Self::of))
    }

    fn of(inner: IdentityToken) -> Self {
        let private_repository = private_repository(inner.expose_secret());
        Self {
            inner,
            private_repository,
        }
    }

    /// The name of the repository, if the token says that it is not public.
    #[must_use]
    pub fn unverified_private_repository(&self) -> Option<&str> {
        self.private_repository.as_deref()
    }

    /// What it says of a job on GitHub. The certificate authority verifies that
    /// when something is signed; until then anybody may have written it.
    ///
    /// # Errors
    /// [`JobError`] if it is the token of something else.
    pub fn unverified_job(&self) -> Result<JobClaims, JobError> {
        let payload = self.inner.expose_secret().split('.').nth(1);
        let payload = payload.and_then(base64url).unwrap_or_default();
        JobClaims::from_payload(&payload)
    }

    /// Who has given it, as it says itself.
    #[must_use]
    pub fn unverified_issuer(&self) -> &str {
        self.inner.issuer()
    }
}

/// The repository of a token that says that it is not public.
fn private_repository(token: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Claims {
        repository: Option<String>,
        repository_visibility: Option<String>,
        project_path: Option<String>,
        project_visibility: Option<String>,
    }
    let payload = token.split('.').nth(1)?;
    let bytes = base64url(payload)?;
    let claims: Claims = serde_json::from_slice(&bytes).ok()?;
    let visibility = claims.repository_visibility.or(claims.project_visibility)?;
    let name = claims.repository.or(claims.project_path);
    (visibility != "public").then(|| name.unwrap_or_default())
}

/// The bytes of RFC 4648, section 5, without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(digit)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(held >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

fn runtime() -> Result<tokio::runtime::Runtime, SignError> {
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    built.map_err(|error| SignError::Setup {
        problem: error.to_string(),
    })
}

/// Signs without a key of its own. Must not be used inside of an async runtime.
pub struct Keyless {
    inner: sigstore_sign::Signer,
    until: Timestamp,
    now: fn() -> Timestamp,
    runtime: tokio::runtime::Runtime,
}

impl Keyless {
    /// Somebody who signs by these services as whom the token names. The
    /// present second comes from the caller.
    ///
    /// # Errors
    /// [`SignError`] if the client cannot be set up.
    pub fn new(
        services: &Services,
        token: &Token,
        now: fn() -> Timestamp,
    ) -> Result<Self, SignError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(MOST_TIME)
            .connect_timeout(MOST_TIME_TO_CONNECT)
            .user_agent(concat!("cofferdam/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SignError::Setup {
                problem: error.to_string(),
            })?;
        let context = SigningContext::new(services.inner.clone()).with_http_client(client);
        Ok(Self {
            inner: context.signer(token.inner.clone()),
            until: Timestamp::from_unix(token.inner.expiration().as_second()),
            now,
            runtime: runtime()?,
        })
    }

    /// A token that expires between two requests leaves a certificate in a log
    /// and no signature.
    fn has_time(&self) -> Result<(), SignError> {
        if self.until.unix().saturating_sub((self.now)().unix()) < LEAST_LEFT {
            return Err(SignError::TokenExpires { until: self.until });
        }
        Ok(())
    }
}

impl Signer for Keyless {
    fn sign(&self, sha256: [u8; 32]) -> Result<String, SignError> {
        self.has_time()?;
        let digest = ArtifactDigest::new(HashAlgorithm::Sha2256, sha256.to_vec());
        let digest = digest.map_err(|error| other(&error))?;
        let bundle = self
            .runtime
            .block_on(self.inner.sign(Artifact::from_digest(digest)));
        let bundle = bundle.map_err(|error| failed(&error))?;
        bundle.to_json().map_err(|error| other(&error))
    }

    fn attest(&self, statement: &[u8]) -> Result<String, SignError> {
        Statement::from_json(statement)?;
        self.has_time()?;
        let bundle = self
            .runtime
            .block_on(self.inner.sign_raw_statement(statement));
        let bundle = bundle.map_err(|error| failed(&error))?;
        bundle.to_json().map_err(|error| other(&error))
    }
}

fn other(error: &dyn std::fmt::Display) -> SignError {
    SignError::Other {
        problem: error.to_string(),
    }
}

fn failed(error: &Error) -> SignError {
    let of = |service, problem: String| SignError::Service { service, problem };
    match error {
        Error::Fulcio(inner) => of(Service::Certificates, inner.to_string()),
        Error::Rekor(inner) => of(Service::Log, inner.to_string()),
        Error::Tsa(inner) => of(Service::Timestamps, inner.to_string()),
        Error::Config(inner) => unusable(inner),
        inner => other(inner),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_spoken_to_this_machine_only() {
        for url in [
            "https://a.example",
            "http://127.0.0.1:1/x",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "http://a.example",
            "http://127.0.0.1.example",
            "http://localhost@evil.example",
            "http://127.0.0.1:1@evil.example/",
            "ftp://localhost",
            "",
        ] {
            assert!(!is_private(url), "{url}");
        }
    }

    #[test]
    fn a_private_repository_is_named() {
        // {"repository":"o/r","repository_visibility":"private"}
        let payload = "eyJyZXBvc2l0b3J5Ijoiby9yIiwicmVwb3NpdG9yeV92aXNpYmlsaXR5IjoicHJpdmF0ZSJ9";
        assert_eq!(
            private_repository(&format!("a.{payload}.b")).unwrap(),
            "o/r"
        );
        assert_eq!(private_repository("a.e30.b"), None);
        assert_eq!(private_repository("a"), None);
        assert!(Token::new("nothing").is_err());
    }

    #[test]
    fn the_embedded_configurations_are_read() {
        assert!(Services::public_good().unwrap().is_public());
        assert!(Services::staging().unwrap().is_public());
        assert!(Services::from_json(b"{}").is_err());
    }
}
