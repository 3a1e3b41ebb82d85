//! What every command shares that asks repositories and registries: where they
//! are, what goes with the questions, and where answers are kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_pipelines::collect::bounded;
use cofferdam_registries::git::{
    Cache, GitClient, GitError, GitLimits, Host, Hosts, Mode, PUBLIC_HOST,
};
use cofferdam_registries::github::PUBLIC_API;
use cofferdam_registries::http::HttpError;
use cofferdam_registries::oci::{Credential, DOCKER_HUB, OciClient, Registries};

use crate::environment;

/// The most bytes of Docker's configuration.
const MOST_CONFIGURATION: u64 = 1024 * 1024;
/// The most time of one answer of a registry.
const REGISTRY_TIME: Duration = Duration::from_secs(60);

/// Where is asked, and whether.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    /// Ask nobody: what is not in the cache is not checked.
    #[arg(long)]
    offline: bool,
    /// Where repositories are asked for: a mirror, or a GitHub Enterprise
    /// Server.
    #[arg(long, value_name = "URL", default_value = "https://github.com")]
    git_url: String,
    /// The root of the REST API, for the numbers of repositories that a lock
    /// records; of a GitHub Enterprise Server https://HOST/api/v3.
    #[arg(long, value_name = "URL", default_value = PUBLIC_API)]
    api_url: String,
    /// A mirror of a registry of images; may be given several times.
    #[arg(long, value_name = "HOST=URL", value_parser = pair)]
    registry_url: Vec<(String, String)>,
    /// Where answers are kept.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (host, url) = text.split_once('=').ok_or("write it as HOST=URL")?;
    Ok((host.to_owned(), url.to_owned()))
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

impl NetworkArgs {
    /// Sets up everything. The token goes to the hosts of the two addresses and
    /// nowhere else.
    pub(crate) fn open(&self) -> Result<Network, NetworkError> {
        self.open_in(if self.offline {
            Mode::Offline
        } else {
            Mode::Online
        })
    }

    /// The host of everything that names no other. A tenant of ghe.com is one of
    /// its own, beside github.com; every other address stands for github.com.
    pub(crate) fn host(&self) -> String {
        let rest = self.git_url.split_once("://").map_or("", |(_, rest)| rest);
        let name = rest.split(['/', ':']).next().unwrap_or_default();
        match name.to_ascii_lowercase() {
            name if name.ends_with(".ghe.com") => name,
            _ => PUBLIC_HOST.to_owned(),
        }
    }

    /// The same without asking anybody, whatever the arguments say.
    pub(crate) fn open_offline(&self) -> Result<Network, NetworkError> {
        self.open_in(Mode::Offline)
    }

    fn open_in(&self, mode: Mode) -> Result<Network, NetworkError> {
        let mut host = Host::new(&self.git_url, Some(&self.api_url));
        if let Some(token) = environment::github_token() {
            host = host.with_token(&token)?;
        }
        let mut hosts = Hosts::default();
        hosts.set(&self.host(), host);
        let proxy = environment::proxy();
        let folder = self.cache.clone().or_else(environment::cache_folder);
        let cache = || folder.as_deref().map(Cache::new);
        let agent = "cofferdam";
        let limits = GitLimits::default();
        let git = GitClient::new(agent, hosts, proxy.as_deref(), cache(), mode, limits)?;
        let registries = Registries {
            addresses: self.registry_url.iter().cloned().collect(),
            credentials: environment::docker_configuration()
                .map(|path| credentials(&path))
                .unwrap_or_default(),
        };
        let proxy = proxy.as_deref();
        let oci = OciClient::new(agent, registries, proxy, cache(), mode, REGISTRY_TIME)?;
        Ok(Network { git, oci })
    }
}

/// The credentials that stand in Docker's configuration itself. Programs that
/// keep them elsewhere are not run. A file that cannot be read leaves everybody
/// a stranger, which registries say where it matters.
fn credentials(path: &Path) -> BTreeMap<String, Credential> {
    let text = File::open(path)
        .and_then(|mut file| bounded(&mut file, MOST_CONFIGURATION))
        .ok()
        .and_then(Result::ok);
    let value: serde_json::Value = text
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let entries = value.get("auths").and_then(serde_json::Value::as_object);
    let one = |(key, entry): (&String, &serde_json::Value)| {
        let credential = Credential::from_auth(entry.get("auth")?.as_str()?)?;
        let host = key.split_once("://").map_or(key.as_str(), |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or(host);
        let host = match host {
            "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
            other => other,
        };
        Some((host.to_owned(), credential))
    };
    entries.into_iter().flatten().filter_map(one).collect()
}
