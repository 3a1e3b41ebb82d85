//! The settings of a repository, by GitHub's REST API.
//!
//! [`GitHubApi`] is the outside service; [`GitHub`] is the real client. What
//! is done with the answers stands in one file for each family of endpoints,
//! and [`snapshot`] asks them all.
//!
//! No endpoint that fails stops the others: its facts become "not checked",
//! with the permission that the token would need.

mod access;
mod actions;
mod ask;
mod environments;
mod organization;
mod policies;
mod protection;
mod repository;
mod rules;
mod runners;
mod secrets;
mod security;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cofferdam_facts::settings::{Fact, OwnerKind, Reason, Snapshot, Timestamp};

use crate::http::{Connection, HttpClient, HttpError, Response, allowed};
use ask::Asker;

/// The root of the public API.
pub const PUBLIC_API: &str = "https://api.github.com";

/// GitHub's REST API, as far as it is used here.
pub trait GitHubApi {
    /// The root of all addresses, without a slash at the end.
    fn root(&self) -> &str;

    /// Asks for `url`, which begins with [`root`](Self::root), in the given
    /// version of the API.
    ///
    /// # Errors
    /// [`HttpError`] if there is no answer.
    fn get(&self, url: &str, version: &str) -> Result<Response, HttpError>;

    /// Seconds since 1970-01-01 in UTC.
    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    /// Waits because the API asked for it.
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The real client.
#[derive(Clone, Debug)]
pub struct GitHub {
    root: String,
    client: HttpClient,
}

impl GitHub {
    /// Sets up a client for the API at `root`: [`PUBLIC_API`], or
    /// `https://HOST/api/v3` of a GitHub Enterprise Server.
    ///
    /// # Errors
    /// [`HttpError`] if the address is not allowed, or the proxy or the root
    /// certificates are not usable.
    pub fn new(root: &str, connection: &Connection) -> Result<Self, HttpError> {
        allowed(root)?;
        let agent = concat!("cofferdam/", env!("CARGO_PKG_VERSION"));
        let client = HttpClient::new(agent, connection)?;
        Ok(Self {
            root: root.trim_end_matches('/').to_owned(),
            client,
        })
    }
}

impl GitHubApi for GitHub {
    fn root(&self) -> &str {
        &self.root
    }

    fn get(&self, url: &str, version: &str) -> Result<Response, HttpError> {
        let headers = [
            ("accept", "application/vnd.github+json"),
            ("x-github-api-version", version),
        ];
        self.client.get(url, &headers)
    }
}

/// The owner and name of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

/// The text names no repository.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not of the form OWNER/REPOSITORY")]
pub struct NotARepositoryName {
    /// The text.
    pub text: String,
}

impl RepositoryName {
    /// Reads `OWNER/REPOSITORY`.
    ///
    /// # Errors
    /// [`NotARepositoryName`] if a part is empty, longer than 100 characters,
    /// or has characters that GitHub does not allow.
    pub fn parse(text: &str) -> Result<Self, NotARepositoryName> {
        let fail = || NotARepositoryName {
            text: text.to_owned(),
        };
        let (owner, name) = text.split_once('/').ok_or_else(fail)?;
        if is_name(owner) && is_name(name) {
            Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            })
        } else {
            Err(fail())
        }
    }

    /// The owner.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name without the owner.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of the repository in the API.
    fn path(&self) -> String {
        format!("/repos/{}/{}", self.owner, self.name)
    }
}

/// Whether a text is an owner or a name that can stand in an address as it is.
fn is_name(part: &str) -> bool {
    (1..=100).contains(&part.len())
        && part != "."
        && part != ".."
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// How much may be spent on one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most time that is spent waiting for rate limits, all together.
    pub waiting: Duration,
    /// The most requests.
    pub requests: u32,
    /// The most pages of one list, of 100 elements each.
    pub pages: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            waiting: Duration::from_secs(60),
            requests: 2_000,
            pages: 50,
        }
    }
}

/// Asks for all settings of one repository. What could not be read stands in
/// the snapshot as "not checked"; the call itself does not fail.
#[must_use]
pub fn snapshot(api: &dyn GitHubApi, asked: &RepositoryName, budget: &Budget) -> Snapshot {
    let asker = Asker::new(api, budget);
    let mut out = Snapshot::unasked(&asked.owner, &asked.name);
    env!("CARGO_PKG_VERSION").clone_into(&mut out.tool_version);
    out.taken_at = Timestamp::from_unix(i64::try_from(api.now()).unwrap_or(i64::MAX));
    api.root().clone_into(&mut out.api_url);

    let details = repository::details(&asker, asked);
    out.repository = details.as_ref().map(|one| one.repository.clone());
    // A renamed repository answers to its old name by redirects; asking by the
    // new one saves a request each.
    let renamed = out
        .repository
        .known()
        .and_then(|one| RepositoryName::parse(&format!("{}/{}", one.owner, one.name)).ok());
    let repository = renamed.as_ref().unwrap_or(asked);

    out.actions = actions::actions(&asker, repository, &out.repository);
    // Who reads the Actions permissions reads all that needs the permission
    // `administration: read`; for this reader a 404 means that there is none.
    let reads_administration = out.actions.permissions.is_known();
    out.actions.policies = policies::policies(&asker, repository, reads_administration);
    out.environments = environments::environments(&asker, repository);
    out.rulesets = rules::rulesets(&asker, repository);
    let branch = out
        .repository
        .as_ref()
        .map(|one| one.default_branch.clone());
    out.default_branch_rules = rules::active(&asker, repository, &branch);
    out.default_branch_protection = protection::protection(&asker, repository, &branch);
    out.immutable_releases = security::immutable_releases(&asker, repository, reads_administration);
    out.security = security::security(&asker, repository, &details, reads_administration);
    let organization = owner_organization(&out.repository);
    out.secrets = secrets::secrets(&asker, repository, &organization);
    out.runners = runners::runners(&asker, repository, &organization);
    out.access = access::access(&asker, repository, &organization);
    out.organization =
        organization.map(|login| login.map(|login| organization::organization(&asker, &login)));
    out
}

/// The login of the organisation that owns the repository; `None` for a user's.
fn owner_organization(
    repository: &Fact<cofferdam_facts::settings::Repository>,
) -> Fact<Option<String>> {
    match repository {
        Fact::Known(one) => match one.owner_kind {
            OwnerKind::Organization if is_name(&one.owner) => Fact::Known(Some(one.owner.clone())),
            OwnerKind::User => Fact::Known(None),
            OwnerKind::Organization | OwnerKind::Other(_) => Fact::not_read(Reason::Malformed),
        },
        Fact::NotChecked(_) => Fact::not_read(Reason::DependsOn {
            fact: "repository".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
