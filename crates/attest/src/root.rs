//! Whom a verification trusts: certificate authorities, logs and timestamp
//! authorities, as a trusted root lists them.

use sigstore_verify::trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT,
    TrustedRoot,
};

use crate::json::{self, JsonError, Limits};

/// A trusted root, and what its services promise.
#[derive(Clone, Debug)]
pub struct TrustRoot {
    pub(crate) inner: TrustedRoot,
    pub(crate) promise: Promise,
    name: &'static str,
}

/// What a trust domain provides beside signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Certificates stand in a certificate log, signatures in a transparency
    /// log.
    Logged,
    /// Neither: GitHub's own authority signs for private repositories, whose
    /// names belong in no public log. Times come from its timestamp authority.
    TimestampOnly,
}

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It is no JSON, or not one that is taken.
    #[error("the trusted root is not readable: {0}")]
    Json(#[from] JsonError),
    /// It is no trusted root.
    #[error("the trusted root is not usable: {problem}")]
    Malformed {
        /// What is wrong.
        problem: String,
    },
    /// It is of a kind that came later than this program.
    #[error("the trusted root has the media type `{media_type}`, which is not known")]
    UnknownMediaType {
        /// What it says.
        media_type: String,
    },
    /// It trusts nobody, so that nothing could ever pass.
    #[error("the trusted root names no {missing}")]
    Empty {
        /// What is missing.
        missing: &'static str,
    },
}

impl TrustRoot {
    /// The public instance of Sigstore, as of the release of this program.
    ///
    /// # Errors
    /// [`RootError`] if the embedded copy were not readable.
    pub fn public_good() -> Result<Self, RootError> {
        Self::read(
            SIGSTORE_PRODUCTION_TRUSTED_ROOT,
            Promise::Logged,
            "public-good",
        )
    }

    /// The public instance for trials, in which nobody should trust for real.
    ///
    /// # Errors
    /// [`RootError`] if the embedded copy were not readable.
    pub fn staging() -> Result<Self, RootError> {
        Self::read(SIGSTORE_STAGING_TRUSTED_ROOT, Promise::Logged, "staging")
    }

    /// GitHub's own instance, which signs for private repositories and has no
    /// logs.
    ///
    /// # Errors
    /// [`RootError`] if the embedded copy were not readable.
    pub fn github_private() -> Result<Self, RootError> {
        Self::read(
            SIGSTORE_GITHUB_TRUSTED_ROOT,
            Promise::TimestampOnly,
            "github",
        )
    }

    /// Whatever the caller trusts, with a certificate log and a transparency
    /// log.
    ///
    /// # Errors
    /// [`RootError`] if the bytes are no trusted root.
    pub fn from_json(bytes: &[u8]) -> Result<Self, RootError> {
        json::check(bytes, Limits::ROOT)?;
        let text = std::str::from_utf8(bytes).map_err(|error| RootError::Malformed {
            problem: error.to_string(),
        })?;
        Self::read(text, Promise::Logged, "given")
    }

    fn read(text: &str, promise: Promise, name: &'static str) -> Result<Self, RootError> {
        let inner = TrustedRoot::from_json(text).map_err(|error| RootError::Malformed {
            problem: error.to_string(),
        })?;
        // protobuf-specs, trusted_root.proto: two spellings of the first version, and a second.
        const KNOWN: [&str; 3] = [
            "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "application/vnd.dev.sigstore.trustedroot.v0.1+json",
            "application/vnd.dev.sigstore.trustedroot.v0.2+json",
        ];
        if !KNOWN.contains(&inner.media_type.as_str()) {
            return Err(RootError::UnknownMediaType {
                media_type: inner.media_type,
            });
        }
        if promise == Promise::Logged && inner.tlogs.is_empty() {
            return Err(RootError::Empty {
                missing: "transparency log",
            });
        }
        Ok(Self {
            inner,
            promise,
            name,
        })
    }

    /// `public-good`, `staging`, `github`, or `given` for one from the caller.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_roots_are_read() {
        assert!(TrustRoot::public_good().is_ok());
        assert!(TrustRoot::staging().is_ok());
        assert!(TrustRoot::github_private().is_ok());
    }

    #[test]
    fn what_is_no_trusted_root_is_refused() {
        let of = |text: &str| TrustRoot::from_json(text.as_bytes());
        assert!(matches!(of("{"), Err(RootError::Json(_))));
        assert!(matches!(of("{}"), Err(RootError::Malformed { .. })));
        let later = r#"{"mediaType": "application/vnd.dev.sigstore.trustedroot.v9+json"}"#;
        assert!(matches!(of(later), Err(RootError::UnknownMediaType { .. })));
        let twice = r#"{"mediaType": "a", "mediaType": "b"}"#;
        assert!(matches!(of(twice), Err(RootError::Json(_))));
    }
}
