//! What a tag of a container image stands for.
//!
//! Source: OCI distribution specification, "Pulling manifests"; the token
//! protocol of the distribution project. A digest is taken only if the bytes of
//! the manifest have it.

mod challenge;
mod credentials;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cofferdam_facts::ImageRef;
use cofferdam_facts::image::is_digest;
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};

pub use self::credentials::{Credential, Credentials};

use self::challenge::Realm;
use crate::git::{Cache, Kept, Key, Mode};
use crate::http::{Connection, HttpClient, HttpError, Limits, Stream, allowed, is_this_machine};

/// The registry of images that name none.
pub const DOCKER_HUB: &str = "docker.io";
/// Where that registry answers.
const DOCKER_HUB_API: &str = "https://registry-1.docker.io";
/// The most bytes of a manifest: registries take no larger ones.
const MOST_MANIFEST: u64 = 4 * 1024 * 1024;
/// The most registries that are asked in one run.
const MOST_REGISTRIES: usize = 64;
/// How often a host may leave a question without an answer.
const MOST_SILENCE: u32 = 3;
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
    #[error("{image} cannot be read with the credentials at hand{}", because(.why.as_deref()))]
    Denied {
        /// The image.
        image: String,
        /// Why there were none, where there could have been some.
        why: Option<String>,
    },
    /// The registry is an address of this machine or network that nobody but a
    /// document named.
    #[error("{image}: a bare address or this machine is asked only where `--registry-url` says so")]
    Inner {
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
    /// Its registry is not asked any more.
    #[error("{image}: {reason}")]
    GivenUp {
        /// The image.
        image: String,
        /// Why.
        reason: &'static str,
    },
    /// The cache alone is used and does not have it.
    #[error("{image} is not in the cache, and nothing is fetched")]
    NotCached {
        /// The image.
        image: String,
    },
}

fn because(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!(": {why}"))
}

/// Asks registries for manifests.
#[derive(Debug)]
pub struct OciClient {
    client: HttpClient,
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
                // What an answer says of itself is checked, but what goes with
                // the question is a credential, which stays where it was sent.
                redirects: 0,
                ..Limits::default()
            },
        };
        Ok(Self {
            client: HttpClient::new(agent, &connection)?,
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

    /// Asks for a manifest, after the token that the registry wants.
    fn ask(&self, place: &Place, reference: &str, head: bool) -> Result<Stream, OciError> {
        let url = format!(
            "{}/v2/{}/manifests/{reference}",
            place.base, place.repository
        );
        let key = format!("{}/{}", place.base, place.repository);
        self.may_ask(place)?;
        let send = |authorization: Option<&str>| {
            let mut headers = vec![("accept", ACCEPT)];
            headers.extend(authorization.map(|value| ("authorization", value)));
            self.requests.fetch_add(1, Ordering::Relaxed);
            let answer = if head {
                self.client.head(&url, &headers)
            } else {
                self.client.open(&url, &headers)
            };
            answer.map_err(|error| {
                self.note_silence(place);
                no_answer(place, error)
            })
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
            401 | 403 => Err(OciError::Denied {
                image,
                why: self.known(&place.host).why,
            }),
            429 | 503 => Err(OciError::RateLimited { image }),
            status => Err(OciError::Status { image, status }),
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.authorizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a registry is worth a question: a document can name any number
    /// of hosts that never answer, each of which costs a long wait.
    fn may_ask(&self, place: &Place) -> Result<(), OciError> {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let image = || place.image.clone();
        if let Some(times) = silent.get(&place.host) {
            if *times < MOST_SILENCE {
                return Ok(());
            }
            let reason = "its registry did not answer before, and is not asked again";
            return Err(OciError::GivenUp {
                image: image(),
                reason,
            });
        }
        if silent.len() >= MOST_REGISTRIES {
            let reason = "so many registries are named that it is not asked";
            return Err(OciError::GivenUp {
                image: image(),
                reason,
            });
        }
        silent.insert(place.host.clone(), 0);
        Ok(())
    }

    fn note_silence(&self, place: &Place) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let times = silent.entry(place.host.clone()).or_default();
        *times = times.saturating_add(1);
    }

    /// The credential for a host, which is looked for when it is first wanted.
    fn known(&self, host: &str) -> Found {
        let found = || match self.registries.credentials.get(host) {
            Ok(credential) => Found {
                credential,
                why: None,
            },
            Err(error) => Found {
                credential: None,
                why: Some(error.to_string()),
            },
        };
        let mut all = (self.looked_up.lock()).unwrap_or_else(PoisonError::into_inner);
        all.entry(host.to_owned()).or_insert_with(found).clone()
    }

    /// Remembers why a host does not get its credential.
    fn explain(&self, host: &str, why: &str) {
        let mut all = (self.looked_up.lock()).unwrap_or_else(PoisonError::into_inner);
        all.entry(host.to_owned()).or_default().why = Some(why.to_owned());
    }

    /// What the registry wants to see, by what it asked for.
    fn authorization(&self, place: &Place, asked: &str) -> Result<String, OciError> {
        let Found {
            credential: own,
            mut why,
        } = self.known(&place.host);
        let (scheme, rest) = asked.split_once(' ').unwrap_or((asked, ""));
        let image = || place.image.clone();
        if scheme.eq_ignore_ascii_case("basic") {
            let denied = || OciError::Denied {
                image: image(),
                why,
            };
            return own.as_ref().map(Credential::header).ok_or_else(denied);
        }
        let fields = challenge::fields(rest);
        let malformed = |reason| OciError::Malformed {
            image: image(),
            reason,
        };
        let realm = fields
            .get("realm")
            .filter(|_| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or_else(|| malformed("it asks for a credential of a kind that is not known"))?;
        let base = allowed(&place.base).map_err(|error| no_answer(place, error))?;
        let token_host = self.registries.token_hosts.get(&place.host);
        let realm = challenge::realm(&base, realm, token_host.map(String::as_str));
        let (mut url, header) = match realm {
            Realm::Own(url) => (url, own.as_ref().map(Credential::header)),
            Realm::Foreign(url) => {
                if own.is_some() {
                    let said = format!(
                        "its tokens come from {}, which is another host than {}, and `--token-host` \
                         does not allow it",
                        challenge::authority(&url),
                        place.host
                    );
                    self.explain(&place.host, &said);
                    why = Some(said);
                }
                (url, None)
            }
            Realm::Refused => {
                return Err(malformed(
                    "it sends for a token to an address that is never asked",
                ));
            }
        };
        if let Some(service) = fields.get("service") {
            url.query_pairs_mut().append_pair("service", service);
        }
        // The scope is what is needed, whatever the registry names.
        let scope = format!("repository:{}:pull", place.repository);
        url.query_pairs_mut().append_pair("scope", &scope);
        let headers: Vec<(&str, &str)> = (header.iter())
            .map(|value| ("authorization", value.as_str()))
            .collect();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self
            .client
            .get(url.as_str(), &headers)
            .map_err(|error| no_answer(place, error))?;
        if answer.status != 200 {
            return Err(OciError::Denied {
                image: image(),
                why,
            });
        }
        let found: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| malformed("the answer with its token is malformed"))?;
        let token = found.token.or(found.access_token);
        let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
        let token = token.ok_or_else(|| malformed("the answer has no token"))?;
        Ok(format!("Bearer {token}"))
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
