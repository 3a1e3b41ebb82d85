//! Which repository is meant, and which host answers for it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::http::{Token, allowed};

/// The host of everything that names no other.
pub const PUBLIC_HOST: &str = "github.com";

/// `OWNER/REPO` on a host. Names keep their letters, since a mirror may tell
/// cases apart, and are compared without regard to case, as GitHub does.
#[derive(Clone)]
pub struct Repository(Arc<Names>);

struct Names {
    host: String,
    owner: String,
    name: String,
    /// All three in lower case.
    key: String,
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Repository({})", self.0.key)
    }
}

impl PartialEq for Repository {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Repository {}

impl PartialOrd for Repository {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Repository {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.key.cmp(&other.0.key)
    }
}

impl Hash for Repository {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

/// What is no name of a repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the name of a repository as in OWNER/REPO")]
pub struct NotARepository {
    /// The text.
    pub text: String,
}

impl Repository {
    /// A repository of a host, for instance of [`PUBLIC_HOST`].
    ///
    /// # Errors
    /// [`NotARepository`] if a part is empty, too long or has characters that
    /// could lead an address elsewhere.
    pub fn new(host: &str, owner: &str, name: &str) -> Result<Self, NotARepository> {
        let name = name.strip_suffix(".git").unwrap_or(name);
        let fits = |text: &str| {
            !text.is_empty()
                && text.len() <= 100
                && text != "."
                && text != ".."
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let host_fits = !host.is_empty()
            && host.len() <= 253
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte));
        if !fits(owner) || !fits(name) || !host_fits {
            return Err(NotARepository {
                text: format!("{host}/{owner}/{name}"),
            });
        }
        Ok(Self(Arc::new(Names {
            host: host.to_ascii_lowercase(),
            owner: owner.to_owned(),
            name: name.to_owned(),
            key: format!("{host}/{owner}/{name}").to_ascii_lowercase(),
        })))
    }

    /// A repository of [`PUBLIC_HOST`].
    ///
    /// # Errors
    /// As [`Repository::new`].
    pub fn public(owner: &str, name: &str) -> Result<Self, NotARepository> {
        Self::new(PUBLIC_HOST, owner, name)
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The account.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.0.owner
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// `host/owner/name` in lower case: the same for all ways to write it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// `owner/name`.
    #[must_use]
    pub fn slug(&self) -> String {
        format!("{}/{}", self.0.owner, self.0.name)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.host != PUBLIC_HOST {
            write!(f, "{}/", self.0.host)?;
        }
        write!(f, "{}/{}", self.0.owner, self.0.name)
    }
}

/// Where the repositories of one host are asked for.
#[derive(Clone, Debug)]
pub struct Host {
    /// What `OWNER/REPO.git` is put behind; no slash at the end. A mirror stands
    /// here in place of the host itself.
    pub git: String,
    /// The root of the REST API, for numeric ids; none where there is no such
    /// API.
    pub api: Option<String>,
    /// What goes with requests for git, in the form of git.
    pub git_token: Option<Token>,
    /// What goes with requests to the REST API.
    pub api_token: Option<Token>,
}

impl Host {
    /// A host without credentials.
    #[must_use]
    pub fn new(git: &str, api: Option<&str>) -> Self {
        Self {
            git: git.trim_end_matches('/').to_owned(),
            api: api.map(|api| api.trim_end_matches('/').to_owned()),
            git_token: None,
            api_token: None,
        }
    }

    /// Where a host is asked if nobody says otherwise.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            PUBLIC_HOST => Self::new("https://github.com", Some("https://api.github.com")),
            name => Self::enterprise(name),
        }
    }

    /// A GitHub Enterprise Server, which has everything under one name, or an
    /// enterprise with data residency, `NAME.ghe.com`. With or without `https://`.
    #[must_use]
    pub fn enterprise(server: &str) -> Self {
        let server = server.trim_end_matches('/');
        let (scheme, host) = server.split_once("://").unwrap_or(("https", server));
        let api = if host.ends_with(".ghe.com") {
            format!("{scheme}://api.{host}")
        } else {
            format!("{scheme}://{host}/api/v3")
        };
        Self::new(&format!("{scheme}://{host}"), Some(&api))
    }

    /// With a token for both addresses, whoever answers there: for a server that
    /// the user named as the one that the token is for.
    ///
    /// # Errors
    /// [`crate::http::HttpError::Token`] if no header may carry it.
    pub fn with_token(mut self, token: &str) -> Result<Self, crate::http::HttpError> {
        self.git_token = Some(Token::basic("x-access-token", token)?);
        self.api_token = Some(Token::new(token)?);
        Ok(self)
    }

    /// With a token of github.com, which goes there and nowhere else: where an
    /// address is that of a mirror, the mirror does not get it.
    ///
    /// # Errors
    /// [`crate::http::HttpError::Token`] if no header may carry it.
    pub fn with_public_token(mut self, token: &str) -> Result<Self, crate::http::HttpError> {
        if is_origin(&self.git, "https://github.com") {
            self.git_token = Some(Token::basic("x-access-token", token)?);
        }
        if (self.api.as_deref()).is_some_and(|api| is_origin(api, crate::github::PUBLIC_API)) {
            self.api_token = Some(Token::new(token)?);
        }
        Ok(self)
    }

    /// Whether this is github.com itself, and no mirror of it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        is_origin(&self.git, "https://github.com")
    }
}

/// Whether an address is at the same scheme, name and port as another.
fn is_origin(address: &str, other: &str) -> bool {
    match (allowed(address), allowed(other)) {
        (Ok(one), Ok(two)) => one.origin() == two.origin(),
        _ => false,
    }
}

/// The hosts that may be asked: no other is, whatever a document names.
#[derive(Clone, Debug)]
pub struct Hosts(BTreeMap<String, Host>);

impl Default for Hosts {
    /// GitHub itself, without credentials.
    fn default() -> Self {
        let mut hosts = Self(BTreeMap::new());
        hosts.set(
            PUBLIC_HOST,
            Host::new("https://github.com", Some(crate::github::PUBLIC_API)),
        );
        hosts
    }
}

impl Hosts {
    /// Says where a host is asked.
    pub fn set(&mut self, name: &str, host: Host) {
        self.0.insert(name.to_ascii_lowercase(), host);
    }

    /// Where a host is asked.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Host> {
        self.0.get(&name.to_ascii_lowercase())
    }

    /// Every host with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Host)> {
        self.0.iter().map(|(name, host)| (name.as_str(), host))
    }

    /// Checks every address.
    ///
    /// # Errors
    /// [`crate::http::HttpError`] for the first that is not https, or plain
    /// http to this machine.
    pub fn check(&self) -> Result<(), crate::http::HttpError> {
        for host in self.0.values() {
            allowed(&host.git)?;
            if let Some(api) = &host.api {
                allowed(api)?;
            }
        }
        Ok(())
    }
}
