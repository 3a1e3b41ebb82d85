//! What every command shares that asks repositories and registries: where they
//! are, what goes with the questions, and where answers are kept.

use std::path::PathBuf;
use std::time::Duration;

use cofferdam_facts::Timestamp;
use cofferdam_registries::git::{
    Cache, GitClient, GitError, GitLimits, Host, Hosts, Mode, PUBLIC_HOST, SystemGit,
};
use cofferdam_registries::github::PUBLIC_API;
use cofferdam_registries::http::HttpError;
use cofferdam_registries::oci::{OciClient, Registries};

use super::registries::{credentials, pair};
use crate::environment;

/// Where repositories are by default.
const PUBLIC_GIT: &str = "https://github.com";
/// The most time of one answer of a registry.
const REGISTRY_TIME: Duration = Duration::from_secs(60);

/// What we call ourselves.
const AGENT: &str = "cofferdam";

/// What to do where a host cannot be reached.
pub(crate) const MIRRORS: &str = "hint: where a host cannot be reached from here, name a mirror: \
    `--git-url URL` for repositories, `--api-url URL` for their numbers, `--registry-url HOST=URL` \
    for images";

/// Where repositories are asked for, and whether.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct RepositoryArgs {
    /// Ask nobody: what is not in the cache is not checked.
    #[arg(long)]
    offline: bool,
    /// Where repositories are asked for: a mirror. No token goes there.
    #[arg(long, value_name = "URL", default_value = PUBLIC_GIT)]
    git_url: String,
    /// The root of the REST API, for the numbers of repositories that a lock
    /// records. Only GitHub's own gets the token.
    #[arg(long, value_name = "URL", default_value = PUBLIC_API)]
    api_url: String,
    /// A GitHub Enterprise Server, for both; it gets the token.
    #[arg(long, value_name = "HOST", conflicts_with_all = ["git_url", "api_url"])]
    github_server: Option<String>,
    /// Where answers are kept.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
}

/// Where repositories and registries are asked, and whether.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    #[command(flatten)]
    repositories: RepositoryArgs,
    /// A mirror of a registry of images; may be given several times.
    #[arg(long, value_name = "HOST=URL", value_parser = pair)]
    registry_url: Vec<(String, String)>,
    /// The other host that gives tokens for a registry and may see its
    /// credentials; may be given several times.
    #[arg(long, value_name = "HOST=HOST", value_parser = pair)]
    token_host: Vec<(String, String)>,
}

/// The clients for everything outside.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) git: GitClient,
    pub(crate) oci: OciClient,
}

/// Why there are no clients.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetworkError {
    /// An address, a token or the proxy cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The same, seen by the client of repositories.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Network {
    /// What rests on the cache alone, because nobody might be asked: one line,
    /// or none.
    pub(crate) fn by_cache(&self) -> Option<String> {
        let mut all = self.git.by_cache();
        all.extend(self.oci.by_cache());
        if all.is_empty() {
            return None;
        }
        let date = |at: u64| Timestamp::from_unix(i64::try_from(at).unwrap_or_default()).date();
        let named: Vec<String> = (all.iter())
            .map(|(name, at)| format!("{name} (fetched {})", date(*at)))
            .collect();
        Some(format!(
            "note: by the cache alone, nobody was asked what is so now: {}",
            named.join(", ")
        ))
    }
}

impl NetworkArgs {
    /// Sets up everything. The token goes to GitHub itself, or to the server
    /// that is named as one of GitHub's, and nowhere else.
    pub(crate) fn open(&self) -> Result<Network, NetworkError> {
        self.open_in(self.repositories.mode())
    }

    /// The host of everything that names no other.
    pub(crate) fn host_name(&self) -> String {
        self.repositories.host_name()
    }

    /// The same without asking anybody, whatever the arguments say.
    pub(crate) fn open_offline(&self) -> Result<Network, NetworkError> {
        self.open_in(Mode::Offline)
    }

    fn open_in(&self, mode: Mode) -> Result<Network, NetworkError> {
        let git = self.repositories.open_in(mode)?;
        let registries = Registries {
            addresses: self.registry_url.iter().cloned().collect(),
            credentials: credentials(),
            token_hosts: self.token_host.iter().cloned().collect(),
            authorities: Vec::new(),
        };
        let proxy = environment::proxy();
        let cache = self.repositories.cache();
        let proxy = proxy.as_deref();
        let oci = OciClient::new(AGENT, registries, proxy, cache, mode, REGISTRY_TIME)?;
        Ok(Network { git, oci })
    }
}

impl RepositoryArgs {
    /// Sets up the client of repositories alone.
    #[cfg(feature = "verify")]
    pub(crate) fn open(&self) -> Result<GitClient, NetworkError> {
        self.open_in(self.mode())
    }

    const fn mode(&self) -> Mode {
        if self.offline {
            Mode::Offline
        } else {
            Mode::Online
        }
    }

    // A tenant of ghe.com is a host of its own, beside github.com; every other
    // address stands for github.com.
    fn host_name(&self) -> String {
        let rest = self.git_url.split_once("://").map_or("", |(_, rest)| rest);
        let name = self.github_server.as_deref().unwrap_or(rest);
        let name = name.split(['/', ':']).next().unwrap_or_default();
        match name.to_ascii_lowercase() {
            name if name.ends_with(".ghe.com") => name,
            _ => PUBLIC_HOST.to_owned(),
        }
    }

    fn cache(&self) -> Option<Cache> {
        let folder = self.cache.clone().or_else(environment::cache_folder);
        folder.as_deref().map(Cache::new)
    }

    fn open_in(&self, mode: Mode) -> Result<GitClient, NetworkError> {
        let mut hosts = Hosts::default();
        hosts.set(&self.host_name(), self.host()?);
        let proxy = environment::proxy();
        let limits = GitLimits::default();
        let proxy = proxy.as_deref();
        let mut git = GitClient::new(AGENT, hosts, proxy, self.cache(), mode, limits)?;
        if let Some(program) = installed_git() {
            let scratch = environment::scratch_folder();
            git = git.with_system_git(SystemGit::new(&program, &scratch));
        }
        Ok(git)
    }

    fn host(&self) -> Result<Host, HttpError> {
        let Some(server) = &self.github_server else {
            let host = Host::new(&self.git_url, Some(&self.api_url));
            return match environment::github_token() {
                Some(token) => host.with_public_token(&token),
                None => Ok(host),
            };
        };
        let host = Host::enterprise(server);
        match environment::enterprise_token().or_else(environment::github_token) {
            Some(token) => host.with_token(&token),
            None => Ok(host),
        }
    }
}

/// The git that is installed, for mirrors that speak an older protocol. Folders
/// that are not absolute may be the checkout.
fn installed_git() -> Option<PathBuf> {
    let name = format!("git{}", std::env::consts::EXE_SUFFIX);
    (environment::program_folders().into_iter())
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}
