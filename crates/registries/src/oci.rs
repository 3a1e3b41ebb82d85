//! Images of a registry: what a tag stands for, what a digest names, what
//! refers to it, and what is pushed beside it.
//!
//! Source: OCI distribution specification 1.1; the token protocol of the
//! distribution project. A digest is taken only if the bytes have it.

mod blob;
mod challenge;
mod credentials;
mod document;
mod error;
mod exchange;
mod fallback;
mod page;
mod push;
mod referrers;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cofferdam_facts::ImageRef;
use cofferdam_facts::image::is_digest;
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};

pub use self::blob::BlobReader;
pub use self::credentials::{Credential, Credentials};
pub use self::document::{Descriptor, Document, DocumentError, Index, Manifest, Platform};
pub use self::error::OciError;
pub use self::exchange::Patience;
pub use self::push::Referrer;
pub use self::referrers::{Referrers, Way};

use self::exchange::{Ask, Method};
use crate::git::{Cache, Kept, Key, Mode};
use crate::http::{
    Authority, Connection, HttpClient, HttpError, Limits, Stream, allowed, is_this_machine,
};

/// The registry of images that name none.
pub const DOCKER_HUB: &str = "docker.io";
/// Where that registry answers.
const DOCKER_HUB_API: &str = "https://registry-1.docker.io";
/// The most bytes of a manifest: registries take no larger ones.
const MOST_MANIFEST: u64 = 4 * 1024 * 1024;
/// The most time without a byte of a blob.
const MOST_SILENT_BLOB: Duration = Duration::from_secs(60);
/// The most time that one blob may take.
const MOST_BLOB_TIME: Duration = Duration::from_secs(6 * 60 * 60);
/// Every kind of manifest that a runner can pull, indexes first.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// Where registries are asked, and with what.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// The address to ask in place of a registry: a mirror.
    pub addresses: BTreeMap<String, String>,
    /// By the host that is asked, which of a mirror is the mirror.
    pub credentials: Credentials,
    /// The host that gives tokens for a registry, by the host of the registry,
    /// where it is another and may have the credentials.
    pub token_hosts: BTreeMap<String, String>,
    /// Authorities of one's own, beside those of the system.
    pub authorities: Vec<Authority>,
}

/// Asks registries for manifests.
#[derive(Debug)]
pub struct OciClient {
    client: HttpClient,
    /// For blobs, which may be large.
    large: HttpClient,
    patience: Patience,
    registries: Registries,
    cache: Option<Cache>,
    /// What was answered by the cache alone, and when that was fetched.
    by_cache: Mutex<BTreeMap<String, u64>>,
    mode: Mode,
    /// What to send to a registry for a repository, once it is known.
    authorizations: Mutex<HashMap<String, String>>,
    /// What is known of the credentials for a host, which are looked for once.
    looked_up: Mutex<HashMap<String, Found>>,
    /// How often each host did not answer.
    silent: Mutex<HashMap<String, u32>>,
    requests: AtomicU64,
}

/// A credential, or why there is none.
#[derive(Clone, Debug, Default)]
struct Found {
    credential: Option<Credential>,
    why: Option<String>,
}

/// An image as a registry knows it.
#[derive(Clone, Debug)]
struct Place {
    registry: String,
    repository: String,
    base: String,
    /// The host that is asked, as credentials are kept for it.
    host: String,
    /// For messages.
    image: String,
}

impl OciClient {
    /// Sets up a client.
    ///
    /// # Errors
    /// [`HttpError`] if an address or the proxy is not usable.
    pub fn new(
        agent: &str,
        registries: Registries,
        proxy: Option<&str>,
        cache: Option<Cache>,
        mode: Mode,
        total: Duration,
    ) -> Result<Self, HttpError> {
        for address in registries.addresses.values() {
            allowed(address)?;
        }
        let connection = Connection {
            any_host: false,
            token: None,
            proxy: proxy.map(str::to_owned),
            limits: Limits {
                body_bytes: MOST_MANIFEST,
                total,
                // What an answer says of itself is checked, but what goes with
                // the question is a credential, which stays where it was sent.
                redirects: 0,
                ..Limits::default()
            },
            authorities: registries.authorities.clone(),
        };
        let large = Connection {
            limits: Limits {
                body_bytes: u64::MAX,
                idle: MOST_SILENT_BLOB,
                total: MOST_BLOB_TIME,
                ..connection.limits.clone()
            },
            ..connection.clone()
        };
        Ok(Self {
            client: HttpClient::new(agent, &connection)?,
            large: HttpClient::new(agent, &large)?,
            patience: Patience::NONE,
            registries,
            cache,
            by_cache: Mutex::default(),
            mode,
            authorizations: Mutex::default(),
            looked_up: Mutex::default(),
            silent: Mutex::default(),
            requests: AtomicU64::new(0),
        })
    }

    /// Waits for registries that ask for it.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The images whose digest was taken from the cache because nobody may be
    /// asked, with the time at which each was fetched, in seconds since 1970-01-01
    /// in UTC.
    #[must_use]
    pub fn by_cache(&self) -> BTreeMap<String, u64> {
        let all = self.by_cache.lock();
        all.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests were sent until now.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The digest that a tag stands for now; `latest` where none is written.
    /// The bytes of the manifest have it.
    ///
    /// # Errors
    /// [`OciError`].
    pub fn resolve(&self, image: &ImageRef) -> Result<String, OciError> {
        let place = self.place(image)?;
        let tag = image.tag.as_deref().unwrap_or("latest");
        if !is_tag(tag) {
            return Err(OciError::Name { image: place.image });
        }
        let key = place.tag_key(tag);
        if self.mode == Mode::Offline {
            let kept = self.kept(Key::Image(&key), 200);
            let at = kept.as_ref().map_or(0, |kept| kept.at);
            let digest = kept.and_then(|kept| String::from_utf8(kept.bytes).ok());
            let digest = digest.filter(|digest| is_digest(digest));
            let digest = digest.ok_or(OciError::NotCached { image: place.image })?;
            let mut all = (self.by_cache.lock()).unwrap_or_else(PoisonError::into_inner);
            all.insert(image.to_string(), at);
            return Ok(digest);
        }
        let head = self.ask(&place, tag, true)?;
        let digest = match head.header("docker-content-digest") {
            Some(digest) if is_digest(digest) => {
                let digest = digest.to_owned();
                if self.kept_manifest(&place, &digest).is_none() {
                    self.fetched_manifest(&place, &digest)?;
                }
                digest
            }
            // A registry need not say it.
            _ => {
                let bytes = self.body(&place, tag)?;
                let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
                manifest(&place, &bytes)?;
                self.keep(Key::Manifest(&place.name(), &digest), &bytes);
                digest
            }
        };
        self.keep(Key::Image(&key), digest.as_bytes());
        Ok(digest)
    }

    /// The bytes of the manifest that a digest names: of an image, or of an
    /// index of images for several platforms. The registry is asked whether it
    /// has it in this repository, even where the bytes are in the cache.
    ///
    /// # Errors
    /// [`OciError::NotFound`] if the registry does not have it, and others.
    pub fn manifest(&self, image: &ImageRef, digest: &str) -> Result<Vec<u8>, OciError> {
        let place = self.place(image)?;
        if !is_digest(digest) {
            return Err(OciError::Name { image: place.image });
        }
        let kept = self.kept_manifest(&place, digest);
        match (kept, self.mode) {
            (Some(kept), Mode::Offline) => Ok(kept.bytes),
            (None, Mode::Offline) => Err(OciError::NotCached { image: place.image }),
            (Some(kept), Mode::Online) => {
                self.ask(&place, digest, true)?;
                Ok(kept.bytes)
            }
            (None, Mode::Online) => self.fetched_manifest(&place, digest),
        }
    }

    /// When that which [`OciClient::resolve`] and [`OciClient::manifest`] say
    /// without asking was fetched, in seconds since 1970-01-01 in UTC; nothing
    /// while they ask.
    #[must_use]
    pub fn kept_since(&self, image: &ImageRef) -> Option<u64> {
        if self.mode == Mode::Online {
            return None;
        }
        let place = self.place(image).ok()?;
        let digest = image.digest.as_deref().map(|digest| {
            let kept = self.kept_manifest(&place, digest);
            kept.map(|kept| kept.at)
        });
        let tag = (image.tag.as_deref())
            .or_else(|| image.digest.is_none().then_some("latest"))
            .map(|tag| {
                let kept = self.kept(Key::Image(&place.tag_key(tag)), 200);
                kept.map(|kept| kept.at)
            });
        [digest, tag].into_iter().flatten().flatten().min()
    }

    fn kept(&self, key: Key<'_>, most: u64) -> Option<Kept> {
        self.cache.as_ref()?.read(key, most)
    }

    fn kept_manifest(&self, place: &Place, digest: &str) -> Option<Kept> {
        self.kept(Key::Manifest(&place.name(), digest), MOST_MANIFEST)
            .filter(|kept| computed(digest, &kept.bytes) == digest)
    }

    fn fetched_manifest(&self, place: &Place, digest: &str) -> Result<Vec<u8>, OciError> {
        let bytes = self.body(place, digest)?;
        let computed = computed(digest, &bytes);
        if computed != digest {
            return Err(OciError::Lies {
                image: place.image.clone(),
                claimed: digest.to_owned(),
                computed,
            });
        }
        manifest(place, &bytes)?;
        self.keep(Key::Manifest(&place.name(), digest), &bytes);
        Ok(bytes)
    }

    fn keep(&self, key: Key<'_>, payload: &[u8]) {
        if let Some(cache) = &self.cache {
            cache.write(key, payload);
        }
    }

    fn body(&self, place: &Place, reference: &str) -> Result<Vec<u8>, OciError> {
        let answer = self.ask(place, reference, false)?;
        self.whole(place, answer)
    }

    /// The body of an answer that is no larger than a manifest.
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    fn whole(&self, place: &Place, answer: Stream) -> Result<Vec<u8>, OciError> {
        let mut bytes = Vec::new();
        answer
            .body
            .take(MOST_MANIFEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| {
                self.note_silence(place);
                no_answer(place, HttpError::Broken(error))
            })?;
        if bytes.len() as u64 > MOST_MANIFEST {
            let limit = MOST_MANIFEST;
            return Err(no_answer(place, HttpError::TooLarge { limit }));
        }
        Ok(bytes)
    }

    fn place(&self, image: &ImageRef) -> Result<Place, OciError> {
        let registry = image.registry.as_deref().unwrap_or(DOCKER_HUB);
        let registry = match registry {
            "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
            other => other,
        };
        let hub = registry == DOCKER_HUB;
        let repository = if hub && !image.repository.contains('/') {
            format!("library/{}", image.repository)
        } else {
            image.repository.clone()
        };
        let fits = |text: &str, more: &[u8]| {
            !text.is_empty()
                && text.len() <= 255
                && text.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.contains(&byte)
                })
        };
        let parts = repository.split('/').all(|part| {
            fits(part, b"._-") && part.starts_with(|c: char| c.is_ascii_alphanumeric())
        });
        if !parts || !fits(&registry.to_ascii_lowercase(), b".-:") {
            return Err(OciError::Name {
                image: image.to_string(),
            });
        }
        let named = self.registries.addresses.get(registry);
        let base = match named {
            Some(address) => address.trim_end_matches('/').to_owned(),
            None if hub => DOCKER_HUB_API.to_owned(),
            None => format!("https://{registry}"),
        };
        let image = image.to_string();
        let Ok(url) = allowed(&base) else {
            return Err(OciError::Name { image });
        };
        // A document names what it likes, an inner service too.
        if named.is_none() && (is_this_machine(&url) || challenge::is_address(&url)) {
            return Err(OciError::Inner { image });
        }
        let host = challenge::authority(&url);
        Ok(Place {
            registry: registry.to_owned(),
            repository,
            host: if base == DOCKER_HUB_API {
                DOCKER_HUB.to_owned()
            } else {
                host
            },
            base,
            image,
        })
    }

    /// Asks for a manifest.
    fn ask(&self, place: &Place, reference: &str, head: bool) -> Result<Stream, OciError> {
        let url = place.url(&format!("manifests/{reference}"));
        let headers = [("accept", ACCEPT)];
        let mut ask = Ask::get(&url, &headers);
        if head {
            ask.method = Method::Head;
        }
        let answer = self.exchange(place, &ask)?;
        match answer.status {
            200 => Ok(answer),
            404 => Err(OciError::NotFound {
                image: place.image.clone(),
            }),
            status => Err(place.status(status)),
        }
    }
}

impl Place {
    /// The repository, for keys of the cache.
    fn name(&self) -> String {
        let name = format!("{}/{}", self.registry, self.repository);
        let is_own =
            self.base == DOCKER_HUB_API || self.base == format!("https://{}", self.registry);
        match is_own {
            true => name,
            // What a mirror says is not what the registry says.
            false => format!("{} {name}", self.base),
        }
    }

    fn tag_key(&self, tag: &str) -> String {
        format!("{}:{tag}", self.name())
    }

    /// An address of this repository.
    fn url(&self, path: &str) -> String {
        format!("{}/v2/{}/{path}", self.base, self.repository)
    }

    fn status(&self, status: u16) -> OciError {
        OciError::Status {
            image: self.image.clone(),
            status,
        }
    }

    fn malformed(&self, reason: &'static str) -> OciError {
        OciError::Malformed {
            image: self.image.clone(),
            reason,
        }
    }
}

/// Whether bytes are a manifest at all: any server answers something, and the
/// digest of a web page is no pin.
fn manifest(place: &Place, bytes: &[u8]) -> Result<(), OciError> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(rename = "schemaVersion")]
        version: u32,
        config: Option<serde::de::IgnoredAny>,
        manifests: Option<serde::de::IgnoredAny>,
    }
    let read = serde_json::from_slice::<Manifest>(bytes).ok();
    let fits = read.is_some_and(|read| {
        read.version == 2 && (read.config.is_some() || read.manifests.is_some())
    });
    if fits {
        return Ok(());
    }
    Err(OciError::Malformed {
        image: place.image.clone(),
        reason: "what the registry gives is no manifest of an image",
    })
}

fn no_answer(place: &Place, error: HttpError) -> OciError {
    OciError::Http {
        image: place.image.clone(),
        source: Arc::new(error),
    }
}

fn is_tag(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// The digest of bytes, by the algorithm of another digest.
fn computed(like: &str, bytes: &[u8]) -> String {
    if like.starts_with("sha512:") {
        format!("sha512:{}", hex(&Sha512::digest(bytes)))
    } else {
        format!("sha256:{}", hex(&Sha256::digest(bytes)))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
