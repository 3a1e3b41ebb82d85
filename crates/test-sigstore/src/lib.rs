//! For tests alone: a Sigstore on this machine.
//!
//! A certificate authority with a certificate log, a transparency log in both
//! versions with real Merkle trees and signed checkpoints, a timestamp
//! authority after RFC 3161, and an issuer of tokens, behind one port of the
//! loopback. Everything is signed by keys that are made when it starts, and a
//! trusted root and a signing configuration tell clients of it. Nothing is
//! verified that a client could not get wrong towards the real services: the
//! token, its audience and time, and the proof that the key is there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a server of tests may stop at what it did not expect"
)]

mod authority;
mod der;
mod http;
mod issuer;
mod keys;
mod log;
mod merkle;
mod root;
mod timestamp;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

pub use authority::Authority;
pub use http::{Answer, Server};
pub use issuer::{Issuer, github_job};
pub use keys::Key;
pub use log::{Log, LogVersion};
pub use merkle::Tree;
pub use timestamp::Timestamps;

/// All services, and where they listen.
pub struct Sigstore {
    /// Gives tokens.
    pub issuer: Arc<Issuer>,
    /// Gives certificates.
    pub authority: Arc<Authority>,
    /// The log of the first version, whose entries have a time of their own.
    pub first: Arc<Log>,
    /// The log of the second version.
    pub second: Arc<Log>,
    /// Says what time it is.
    pub timestamps: Arc<Timestamps>,
    server: Server,
}

impl Sigstore {
    /// Starts all services on a free port of the loopback.
    #[must_use]
    pub fn start() -> Self {
        let server = Server::bind();
        let url = server.url();
        let issuer = Arc::new(Issuer::new(&url));
        let authority = Arc::new(Authority::new());
        let first = Arc::new(Log::new(LogVersion::First));
        let second = Arc::new(Log::new(LogVersion::Second));
        let timestamps = Arc::new(Timestamps::new());
        let services = (
            issuer.clone(),
            authority.clone(),
            first.clone(),
            second.clone(),
            timestamps.clone(),
        );
        server.serve(move |request| {
            let (issuer, authority, first, second, timestamps) = &services;
            let path = request.path.split('?').next().unwrap_or_default();
            match (request.method.as_str(), path) {
                ("GET", "/.well-known/openid-configuration" | "/keys" | "/token") => {
                    issuer.answer(path)
                }
                ("POST", "/api/v2/signingCert") => authority.answer(request, issuer),
                ("POST", "/api/v1/log/entries") => first.answer(&request.body),
                ("POST", "/rekor2/api/v2/log/entries") => second.answer(&request.body),
                ("POST", "/api/v1/timestamp") => timestamps.answer(&request.body),
                _ => Answer::error(404, "there is no such service"),
            }
        });
        Self {
            issuer,
            authority,
            first,
            second,
            timestamps,
            server,
        }
    }

    /// Where everything listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// A token for a job of a workflow, see [`github_job`].
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        self.issuer.token(claims)
    }
}

/// The present second.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
