//! What a tag of a container image stands for.
//!
//! Source: OCI distribution specification, "Pulling manifests"; the token
//! protocol of the distribution project. A digest is taken only if the bytes of
//! the manifest have it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cofferdam_facts::ImageRef;
use cofferdam_facts::image::is_digest;
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};

use crate::git::{Cache, Key, Mode};
use crate::http::{Connection, HttpClient, HttpError, Limits, Stream, allowed};

/// The registry of images that name none.
pub const DOCKER_HUB: &str = "docker.io";
/// Where that registry answers.
const DOCKER_HUB_API: &str = "https://registry-1.docker.io";
/// The most bytes of a manifest: registries take no larger ones.
const MOST_MANIFEST: u64 = 4 * 1024 * 1024;
/// Every kind of manifest that a runner can pull, indexes first.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// A name and secret for one registry, which no output shows.
#[derive(Clone)]
pub struct Credential {
    user: String,
    secret: String,
}

impl Credential {
    /// As they stand in Docker's configuration.
    #[must_use]
    pub fn new(user: &str, secret: &str) -> Self {
        Self {
            user: user.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// The `auth` of an entry of Docker's configuration: both in base64.
    #[must_use]
    pub fn from_auth(auth: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(auth.trim()).ok()?).ok()?;
        let (user, secret) = text.split_once(':')?;
        Some(Self::new(user, secret))
    }

    fn header(&self) -> String {
        format!(
            "Basic {}",
            BASE64.encode(format!("{}:{}", self.user, self.secret))
        )
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential([redacted])")
    }
}

/// Where registries are asked, and with what.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// The address to ask in place of a registry: a mirror.
    pub addresses: BTreeMap<String, String>,
    /// By the name of the registry.
    pub credentials: BTreeMap<String, Credential>,
}

/// Why nothing is known about an image.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// The name is none that a registry has.
    #[error("`{image}` is no name of an image that a registry has")]
    Name {
        /// The image.
        image: String,
    },
    /// No answer came.
    #[error("{image}: {source}")]
    Http {
        /// The image.
        image: String,
        /// What happened.
        source: Arc<HttpError>,
    },
    /// The registry says that there is none.
    #[error("{image} does not exist")]
    NotFound {
        /// The image.
        image: String,
    },
    /// The registry gives it to others only.
    #[error("{image} cannot be read with the credentials at hand")]
    Denied {
        /// The image.
        image: String,
    },
    /// Too many questions.
    #[error("{image}: the registry asks to wait")]
    RateLimited {
        /// The image.
        image: String,
    },
    /// Another status.
    #[error("{image}: the registry answered with status {status}")]
    Status {
        /// The image.
        image: String,
        /// The status.
        status: u16,
    },
    /// The bytes do not have the digest that the registry says.
    #[error("{image}: the registry says {claimed}, and its bytes are {computed}")]
    Lies {
        /// The image.
        image: String,
        /// What it says.
        claimed: String,
        /// What its bytes are.
        computed: String,
    },
    /// The answer is none of a registry.
    #[error("{image}: {reason}")]
    Malformed {
        /// The image.
        image: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The cache alone is used and does not have it.
    #[error("{image} is not in the cache, and nothing is fetched")]
    NotCached {
        /// The image.
        image: String,
    },
}

/// Asks registries for manifests.
#[derive(Debug)]
pub struct OciClient {
    client: HttpClient,
    registries: Registries,
    cache: Option<Cache>,
    mode: Mode,
    /// What to send to a registry for a repository, once it is known.
    authorizations: Mutex<HashMap<String, String>>,
    requests: AtomicU64,
}

/// An image as a registry knows it.
#[derive(Clone, Debug)]
struct Place {
    registry: String,
    repository: String,
    base: String,
    /// For messages.
    image: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
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
                ..Limits::default()
            },
        };
        Ok(Self {
            client: HttpClient::new(agent, &connection)?,
            registries,
            cache,
            mode,
            authorizations: Mutex::default(),
            requests: AtomicU64::new(0),
        })
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
        let key = format!("{}/{}:{tag}", place.registry, place.repository);
        if self.mode == Mode::Offline {
            let kept = self
                .cache
                .as_ref()
                .and_then(|cache| cache.read(Key::Image(&key), 200));
            let digest = kept.and_then(|kept| String::from_utf8(kept).ok());
            return digest
                .filter(|digest| is_digest(digest))
                .ok_or(OciError::NotCached { image: place.image });
        }
        let head = self.ask(&place, tag, true)?;
        let digest = match head.header("docker-content-digest") {
            Some(digest) if is_digest(digest) => {
                let digest = digest.to_owned();
                self.verified(&place, &digest)?;
                digest
            }
            // A registry need not say it.
            _ => {
                let bytes = self.body(&place, tag)?;
                let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
                self.keep(Key::Manifest(&digest), &bytes);
                digest
            }
        };
        self.keep(Key::Image(&key), digest.as_bytes());
        Ok(digest)
    }

    /// The bytes of the manifest that a digest names: of an image, or of an
    /// index of images for several platforms.
    ///
    /// # Errors
    /// [`OciError::NotFound`] if the registry does not have it, and others.
    pub fn manifest(&self, image: &ImageRef, digest: &str) -> Result<Vec<u8>, OciError> {
        self.verified(&self.place(image)?, digest)
    }

    fn verified(&self, place: &Place, digest: &str) -> Result<Vec<u8>, OciError> {
        let image = || place.image.clone();
        if !is_digest(digest) {
            return Err(OciError::Name { image: image() });
        }
        let kept = (self.cache.as_ref())
            .and_then(|cache| cache.read(Key::Manifest(digest), MOST_MANIFEST))
            .filter(|bytes| computed(digest, bytes) == digest);
        if let Some(bytes) = kept {
            return Ok(bytes);
        }
        if self.mode == Mode::Offline {
            return Err(OciError::NotCached { image: image() });
        }
        let bytes = self.body(place, digest)?;
        let computed = computed(digest, &bytes);
        if computed != digest {
            return Err(OciError::Lies {
                image: image(),
                claimed: digest.to_owned(),
                computed,
            });
        }
        self.keep(Key::Manifest(digest), &bytes);
        Ok(bytes)
    }

    fn keep(&self, key: Key<'_>, payload: &[u8]) {
        if let Some(cache) = &self.cache {
            cache.write(key, payload);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    fn body(&self, place: &Place, reference: &str) -> Result<Vec<u8>, OciError> {
        let answer = self.ask(place, reference, false)?;
        let mut bytes = Vec::new();
        answer
            .body
            .take(MOST_MANIFEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| no_answer(place, HttpError::Broken(error)))?;
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
        let base = match self.registries.addresses.get(registry) {
            Some(address) => address.trim_end_matches('/').to_owned(),
            None if hub => DOCKER_HUB_API.to_owned(),
            None => format!("https://{registry}"),
        };
        Ok(Place {
            registry: registry.to_owned(),
            repository,
            base,
            image: image.to_string(),
        })
    }

    /// Asks for a manifest, after the token that the registry wants.
    fn ask(&self, place: &Place, reference: &str, head: bool) -> Result<Stream, OciError> {
        let url = format!(
            "{}/v2/{}/manifests/{reference}",
            place.base, place.repository
        );
        let key = format!("{}/{}", place.base, place.repository);
        let send = |authorization: Option<&str>| {
            let mut headers = vec![("accept", ACCEPT)];
            headers.extend(authorization.map(|value| ("authorization", value)));
            self.requests.fetch_add(1, Ordering::Relaxed);
            let answer = if head {
                self.client.head(&url, &headers)
            } else {
                self.client.open(&url, &headers)
            };
            answer.map_err(|error| no_answer(place, error))
        };
        let known = self.held().get(&key).cloned();
        let mut answer = send(known.as_deref())?;
        if answer.status == 401 {
            let asked = answer
                .header("www-authenticate")
                .unwrap_or_default()
                .to_owned();
            let authorization = self.authorization(place, &asked)?;
            answer = send(Some(&authorization))?;
            self.held().insert(key, authorization);
        }
        let image = place.image.clone();
        match answer.status {
            200 => Ok(answer),
            404 => Err(OciError::NotFound { image }),
            401 | 403 => Err(OciError::Denied { image }),
            429 | 503 => Err(OciError::RateLimited { image }),
            status => Err(OciError::Status { image, status }),
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.authorizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What the registry wants to see, by what it asked for.
    fn authorization(&self, place: &Place, asked: &str) -> Result<String, OciError> {
        let own = self.registries.credentials.get(&place.registry);
        let (scheme, rest) = asked.split_once(' ').unwrap_or((asked, ""));
        let denied = || OciError::Denied {
            image: place.image.clone(),
        };
        if scheme.eq_ignore_ascii_case("basic") {
            return own.map(Credential::header).ok_or_else(denied);
        }
        let fields = challenge(rest);
        let malformed = |reason| OciError::Malformed {
            image: place.image.clone(),
            reason,
        };
        let realm = fields
            .get("realm")
            .filter(|_| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or_else(|| malformed("it asks for a credential of a kind that is not known"))?;
        let mut url = allowed(realm).map_err(|error| no_answer(place, error))?;
        if let Some(service) = fields.get("service") {
            url.query_pairs_mut().append_pair("service", service);
        }
        // The scope is what is needed, whatever the registry names.
        let scope = format!("repository:{}:pull", place.repository);
        url.query_pairs_mut().append_pair("scope", &scope);
        let header = own.map(Credential::header);
        let headers: Vec<(&str, &str)> = (header.iter())
            .map(|value| ("authorization", value.as_str()))
            .collect();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self
            .client
            .get(url.as_str(), &headers)
            .map_err(|error| no_answer(place, error))?;
        if answer.status != 200 {
            return Err(denied());
        }
        let found: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| malformed("the answer with its token is malformed"))?;
        let token = found.token.or(found.access_token);
        let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
        let token = token.ok_or_else(|| malformed("the answer has no token"))?;
        Ok(format!("Bearer {token}"))
    }
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

/// `name="value"` and `name=value`, parted by commas.
fn challenge(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        let name = name.trim_matches([' ', ',']).to_ascii_lowercase();
        fields.insert(name, value.to_owned());
        rest = next;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_with_and_without_quotes() {
        let fields = challenge(
            r#"realm="https://a/token?x=1",service=r.example, scope="repository:a:pull,push""#,
        );
        let field = |name: &str| fields.get(name).map(String::as_str);
        assert_eq!(field("realm"), Some("https://a/token?x=1"));
        assert_eq!(field("service"), Some("r.example"));
        assert_eq!(field("scope"), Some("repository:a:pull,push"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let one = Credential::from_auth("dXNlcjpzZWNyZXQ=");
        assert!(one.is_some());
        assert!(!format!("{one:?}").contains("secret"));
        assert!(Credential::from_auth("dXNlcg==").is_none());
    }
}
