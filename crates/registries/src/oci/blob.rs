//! Blobs: read as they come, continued where they broke off, and believed only
//! if their bytes have the digest.
//!
//! Source: OCI distribution specification 1.1, "Pulling blobs"; RFC 9110,
//! section 14, for the rest of a blob.

use std::io::{self, Read};
use std::sync::Arc;

use cofferdam_facts::ImageRef;
use cofferdam_facts::image::is_digest;
use reqwest::Url;
use sha2::{Digest as _, Sha256, Sha512};

use super::document::Descriptor;
use super::exchange::Ask;
use super::{OciClient, OciError, Place, challenge, hex};
use crate::http::{Body, Stream, allowed, is_this_machine};

/// How often a blob that breaks off is continued.
const MOST_RESUMED: u32 = 5;
/// How often a registry may send on to where a blob lies.
const MOST_HOPS: usize = 5;

/// A blob as it comes. What was read counts only once the end has come without
/// an error: there the digest is compared.
#[derive(Debug)]
pub struct BlobReader {
    client: Arc<OciClient>,
    place: Place,
    digest: String,
    size: u64,
    at: u64,
    hash: Hash,
    /// Asked for at the first reading, so that many blobs can be named at once.
    body: Option<Body>,
    resumed: u32,
    done: bool,
}

#[derive(Debug)]
enum Hash {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hash {
    fn of(digest: &str) -> Self {
        if digest.starts_with("sha512:") {
            Self::Sha512(Sha512::new())
        } else {
            Self::Sha256(Sha256::new())
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    fn finish(&mut self) -> String {
        match self {
            Self::Sha256(hash) => format!("sha256:{}", hex(&hash.finalize_reset())),
            Self::Sha512(hash) => format!("sha512:{}", hex(&hash.finalize_reset())),
        }
    }
}

impl OciClient {
    /// A blob of a repository, which is asked for when it is first read.
    ///
    /// # Errors
    /// [`OciError::Name`] if the name or the digest is none.
    pub fn blob(
        self: &Arc<Self>,
        image: &ImageRef,
        digest: &str,
        size: u64,
    ) -> Result<BlobReader, OciError> {
        let place = self.place(image)?;
        if !is_digest(digest) {
            return Err(OciError::Name { image: place.image });
        }
        Ok(BlobReader {
            client: Arc::clone(self),
            place,
            digest: digest.to_owned(),
            size,
            at: 0,
            hash: Hash::of(digest),
            body: None,
            resumed: 0,
            done: false,
        })
    }

    /// A small blob as a whole, with its digest and size checked.
    ///
    /// # Errors
    /// [`OciError`]; also if it says that it is larger than `most`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader ends at the size that was compared with the limit"
    )]
    pub fn small_blob(
        self: &Arc<Self>,
        image: &ImageRef,
        named: &Descriptor,
        most: u64,
    ) -> Result<Vec<u8>, OciError> {
        if named.size > most {
            return Err(OciError::TooLarge {
                image: format!("{}@{}", image.name(), named.digest),
                size: named.size,
                most,
            });
        }
        let mut reader = self.blob(image, &named.digest, named.size)?;
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(reader.why(error)),
        }
    }

    /// Asks for a blob from a place on, and goes where the registry sends.
    fn opened(&self, place: &Place, digest: &str, from: u64) -> Result<Stream, OciError> {
        let url = place.url(&format!("blobs/{digest}"));
        let range = format!("bytes={from}-");
        // Without this a server may pack what it sends, and other bytes would be counted.
        let mut headers = vec![("accept-encoding", "identity")];
        if from > 0 {
            headers.push(("range", range.as_str()));
        }
        let mut answer = self.exchange_by(&self.large, place, &Ask::get(&url, &headers))?;
        let mut url = allowed(&url).map_err(|error| super::no_answer(place, error))?;
        for _ in 0..MOST_HOPS {
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let target = answer.header("location").unwrap_or_default();
            let next = sent_on(place, &url, target);
            url = next.ok_or_else(|| {
                place.malformed("it sends for a blob to an address that is never asked")
            })?;
            // Security invariant: what opens the registry is never shown where it sends to.
            answer = (self.large.open(url.as_str(), &headers))
                .map_err(|error| super::no_answer(place, error))?;
        }
        Err(place.malformed("it sends for a blob from one address to the next"))
    }
}

/// Where a registry sends to, if that may be asked: nothing without TLS, and no
/// service of this machine or bare address unless the registry is one.
fn sent_on(place: &Place, from: &Url, target: &str) -> Option<Url> {
    let to = allowed(from.join(target).ok()?.as_str()).ok()?;
    let base = allowed(&place.base).ok()?;
    let inner = is_this_machine(&to) || challenge::is_address(&to);
    let base_is_inner = is_this_machine(&base) || challenge::is_address(&base);
    (!inner || base_is_inner).then_some(to)
}

impl BlobReader {
    /// Opens the blob at the place that was reached.
    fn open(&mut self) -> Result<Body, OciError> {
        let answer = self.client.opened(&self.place, &self.digest, self.at)?;
        let image = || format!("{}@{}", self.place.image, self.digest);
        match answer.status {
            200 => {
                let mut body = answer.body;
                // A server may give it from its start whatever is asked for.
                let skipped = io::copy(&mut (&mut body).take(self.at), &mut io::sink());
                if skipped.is_ok_and(|skipped| skipped == self.at) {
                    return Ok(body);
                }
                Err(self
                    .place
                    .malformed("a blob broke off again before where it did"))
            }
            206 if self.at > 0 => {
                let range = answer.header("content-range").unwrap_or_default();
                let begins = range.strip_prefix("bytes ");
                let begins = begins.and_then(|range| range.split('-').next()?.parse().ok());
                if begins == Some(self.at) {
                    return Ok(answer.body);
                }
                Err(self
                    .place
                    .malformed("it gives another part of a blob than is asked for"))
            }
            404 => Err(OciError::NotFound { image: image() }),
            status => Err(self.place.status(status)),
        }
    }

    /// The error of this crate behind one of the system.
    fn why(&self, error: io::Error) -> OciError {
        match error.downcast::<OciError>() {
            Ok(error) => error,
            Err(error) => super::no_answer(&self.place, crate::http::HttpError::Broken(error)),
        }
    }

    fn end(&mut self) -> io::Result<usize> {
        let computed = self.hash.finish();
        if computed != self.digest.to_ascii_lowercase() {
            return Err(io::Error::other(OciError::Lies {
                image: self.place.image.clone(),
                claimed: self.digest.clone(),
                computed,
            }));
        }
        self.done = true;
        Ok(0)
    }

    /// Reads from what is open. An early end is an error, as it is without one
    /// that says so.
    fn some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.body.is_none() {
            self.body = Some(self.open().map_err(io::Error::other)?);
        }
        let Some(body) = &mut self.body else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let left = usize::try_from(self.size - self.at).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        let part = buffer.get_mut(..most).unwrap_or_default();
        match body.read(part)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || buffer.is_empty() {
            return Ok(0);
        }
        if self.at == self.size {
            return self.end();
        }
        loop {
            match self.some(buffer) {
                Ok(read) => {
                    self.hash.update(buffer.get(..read).unwrap_or_default());
                    self.at += read as u64;
                    return Ok(read);
                }
                // What the registry said of it is not changed by asking again.
                Err(error) if is_said(&error) || self.resumed >= MOST_RESUMED => {
                    return Err(error);
                }
                Err(_) => {
                    self.resumed += 1;
                    self.body = None;
                }
            }
        }
    }
}

/// Whether an error is what a registry has answered.
fn is_said(error: &io::Error) -> bool {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<OciError>());
    inner.is_some_and(|error| !matches!(error, OciError::Http { .. }))
}
