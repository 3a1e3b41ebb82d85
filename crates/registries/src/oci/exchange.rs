//! One question to a registry: the token that it wants, what is done when it
//! asks to wait, and how often a host may stay silent.
//!
//! Source: the token protocol of the distribution project; RFC 9110, section
//! 10.2.3, and RFC 6585, section 4, for waiting.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Deserialize;

use super::challenge::{self, Realm};
use super::error::OciError;
use super::{Credential, Found, OciClient, Place, no_answer};
use crate::http::{HttpClient, Stream, allowed};

/// The most registries that are asked in one run.
const MOST_REGISTRIES: usize = 64;
/// How often a host may leave a question without an answer.
const MOST_SILENCE: u32 = 3;

/// What a token must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Reading.
    Pull,
    /// Reading and writing.
    Push,
}

impl Action {
    const fn scope(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        }
    }
}

/// How long a registry that asks to wait is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often a question is asked again.
    pub again: u32,
    /// The first wait where the registry names none; each one after it is twice
    /// as long.
    pub first: Duration,
    /// The longest wait. A registry that asks for more is not waited for.
    pub longest: Duration,
    /// How long after a write others who write to the same list are looked for.
    pub settle: Duration,
}

impl Patience {
    /// Nothing is waited for.
    pub const NONE: Self = Self {
        again: 0,
        first: Duration::ZERO,
        longest: Duration::ZERO,
        settle: Duration::ZERO,
    };
    /// For a command that asks one registry much.
    pub const SOME: Self = Self {
        again: 4,
        first: Duration::from_secs(1),
        longest: Duration::from_secs(30),
        settle: Duration::from_secs(1),
    };

    /// How long to wait before the next try, if there is one.
    fn wait(&self, tried: u32, said: Option<&str>) -> Option<Duration> {
        if tried >= self.again {
            return None;
        }
        let own = self.first.saturating_mul(1 << tried.min(16));
        // A date in the place of seconds is taken for none said.
        let said = said.and_then(|text| text.trim().parse().ok());
        let wait = said.map_or(own, Duration::from_secs);
        (wait <= self.longest || said.is_none()).then_some(wait.min(self.longest))
    }
}

/// How something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
}

/// A question.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
    pub(super) action: Action,
}

impl<'a> Ask<'a> {
    /// A question that changes nothing.
    pub(super) const fn get(url: &'a str, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: Method::Get,
            url,
            headers,
            body: b"",
            action: Action::Pull,
        }
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl OciClient {
    /// Asks, with the token that the registry wants, and again where it asks to
    /// wait. Any status but those of refusals comes back.
    pub(super) fn exchange(&self, place: &Place, ask: &Ask<'_>) -> Result<Stream, OciError> {
        self.exchange_by(&self.client, place, ask)
    }

    /// The same by a client with other limits.
    pub(super) fn exchange_by(
        &self,
        client: &HttpClient,
        place: &Place,
        ask: &Ask<'_>,
    ) -> Result<Stream, OciError> {
        let mut tried = 0;
        loop {
            let answer = self.authorized(client, place, ask)?;
            let image = place.image.clone();
            match answer.status {
                401 | 403 => {
                    return Err(OciError::Denied {
                        image,
                        why: self.known(&place.host).why,
                    });
                }
                429 | 503 => {
                    let wait = self.patience.wait(tried, answer.header("retry-after"));
                    let wait = wait.ok_or(OciError::RateLimited { image })?;
                    std::thread::sleep(wait);
                    tried += 1;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Asks once, or twice where a token is wanted first.
    fn authorized(
        &self,
        client: &HttpClient,
        place: &Place,
        ask: &Ask<'_>,
    ) -> Result<Stream, OciError> {
        let key = format!("{}/{} {}", place.base, place.repository, ask.action.scope());
        self.may_ask(place)?;
        let send = |authorization: Option<&str>| {
            let mut headers = ask.headers.to_vec();
            headers.extend(authorization.map(|value| ("authorization", value)));
            self.requests.fetch_add(1, Ordering::Relaxed);
            let body = || ask.body.to_vec();
            let answer = match ask.method {
                Method::Get => client.open(ask.url, &headers),
                Method::Head => client.head(ask.url, &headers),
                Method::Post => client.post(ask.url, &headers, body()),
                Method::Put => client.put(ask.url, &headers, body()),
                Method::Patch => client.patch(ask.url, &headers, body()),
            };
            answer.map_err(|error| {
                self.note_silence(place);
                no_answer(place, error)
            })
        };
        let known = self.held().get(&key).cloned();
        let answer = send(known.as_deref())?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let asked = answer.header("www-authenticate").unwrap_or_default();
        let authorization = self.authorization(place, asked, ask.action)?;
        let answer = send(Some(&authorization))?;
        self.held().insert(key, authorization);
        Ok(answer)
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

    pub(super) fn note_silence(&self, place: &Place) {
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
    fn authorization(
        &self,
        place: &Place,
        asked: &str,
        action: Action,
    ) -> Result<String, OciError> {
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
        let scope = format!("repository:{}:{}", place.repository, action.scope());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_waited_for_as_long_as_it_says_and_no_longer_than_is_borne() {
        let some = Patience::SOME;
        assert_eq!(some.wait(0, Some("7")), Some(Duration::from_secs(7)));
        assert_eq!(some.wait(0, Some("31")), None);
        assert_eq!(some.wait(0, None), Some(Duration::from_secs(1)));
        assert_eq!(some.wait(3, Some("soon")), Some(Duration::from_secs(8)));
        assert_eq!(some.wait(4, Some("0")), None);
        assert_eq!(Patience::NONE.wait(0, Some("0")), None);
    }
}
