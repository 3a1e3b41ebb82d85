//! The checksum database, through a proxy or by itself.

use super::{ProxyError, escaped, is_plain};
use crate::http::{Connection, HttpClient};

/// A checksum database.
#[derive(Clone, Debug)]
pub struct ChecksumDatabase {
    address: String,
    client: HttpClient,
}

impl ChecksumDatabase {
    /// The one at an address, such as `https://sum.golang.org`, or
    /// `PROXY/sumdb/sum.golang.org`.
    ///
    /// # Errors
    /// [`ProxyError::Http`] if no client can be set up.
    pub fn new(address: &str, agent: &str, connection: &Connection) -> Result<Self, ProxyError> {
        let client = HttpClient::new(agent, connection).map_err(|source| ProxyError::Http {
            proxy: address.to_owned(),
            source,
        })?;
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            client,
        })
    }

    /// The record of a module, with a signed root.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub fn lookup(&self, module: &str, version: &str) -> Result<String, ProxyError> {
        let name = format!("{}@{}", escaped(module), escaped(version));
        if !name.split('@').all(is_plain) {
            return Err(ProxyError::Name { text: name });
        }
        let bytes = self.get(&format!("lookup/{name}"))?;
        String::from_utf8(bytes).map_err(|_| ProxyError::Name { text: name })
    }

    /// The newest signed root.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub fn latest(&self) -> Result<String, ProxyError> {
        let bytes = self.get("latest")?;
        String::from_utf8(bytes).map_err(|_| ProxyError::NotFound)
    }

    /// The bytes of a tile, as in `tile/8/0/005`. Where one that was not full
    /// yet is gone, the full one is asked for, whose beginning is the same.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub fn tile(&self, path: &str) -> Result<Vec<u8>, ProxyError> {
        match (self.get(path), path.split_once(".p/")) {
            (Err(ProxyError::NotFound), Some((full, _))) => self.get(full),
            (answer, _) => answer,
        }
    }

    fn get(&self, below: &str) -> Result<Vec<u8>, ProxyError> {
        let proxy = || self.address.clone();
        match self.client.get(&format!("{}/{below}", self.address), &[]) {
            Ok(answer) if answer.status == 200 => Ok(answer.body),
            Ok(answer) if matches!(answer.status, 404 | 410) => Err(ProxyError::NotFound),
            Ok(answer) => Err(ProxyError::Status {
                proxy: proxy(),
                status: answer.status,
            }),
            Err(source) => Err(ProxyError::Http {
                proxy: proxy(),
                source,
            }),
        }
    }
}
