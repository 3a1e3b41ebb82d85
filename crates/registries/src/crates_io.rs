//! Archives of crates, from the registry that Cargo asks by default.
//!
//! Source: The Cargo Book, "Registry Index", the key `dl` of `config.json`.

use crate::http::{Connection, HttpClient, HttpError};

/// Where the archives lie.
pub const DOWNLOADS: &str = "https://static.crates.io/crates";

/// A registry of crates.
#[derive(Clone, Debug)]
pub struct CrateDownloads {
    address: String,
    client: HttpClient,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The name or the version cannot stand in an address.
    #[error("`{text}` is no name of a crate, or no version")]
    Name {
        /// What is not.
        text: String,
    },
    /// The registry answers with another status.
    #[error("the registry answers with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// It does not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl CrateDownloads {
    /// The registry whose archives lie below an address.
    ///
    /// # Errors
    /// [`HttpError`] if no client can be set up.
    pub fn new(address: &str, agent: &str, connection: &Connection) -> Result<Self, HttpError> {
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            client: HttpClient::new(agent, connection)?,
        })
    }

    /// The archive of a crate. What it is worth, its hash in `Cargo.lock` says.
    ///
    /// # Errors
    /// [`DownloadError`].
    pub fn archive(&self, name: &str, version: &str) -> Result<Vec<u8>, DownloadError> {
        for text in [name, version] {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
            if text.is_empty() || text.starts_with('.') || !text.bytes().all(allowed) {
                let text = text.to_owned();
                return Err(DownloadError::Name { text });
            }
        }
        // A plus sign in a version is data, and no space.
        let version = version.replace('+', "%2B");
        let url = format!("{}/{name}/{version}/download", self.address);
        let answer = self.client.get(&url, &[])?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(DownloadError::Status { status }),
        }
    }
}
