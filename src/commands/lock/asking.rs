//! Whom a lock command asks, and what it remembers.

use std::path::PathBuf;

use cofferdam_registries::git::{
    Cache, GitClient, GitError, GitLimits, Host, Hosts, Mode, PUBLIC_HOST,
};
use cofferdam_registries::http::HttpError;

use crate::environment;

/// Where actions come from.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where actions come from")]
pub(super) struct Asking {
    /// Ask nobody; use what is in the cache.
    #[arg(long)]
    offline: bool,
    /// The host of the actions; in a job it is that of the job.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// A mirror of the host's repositories, which are asked for below this address.
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// The root of the host's REST API, for the numbers that actions.lock requires.
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// The folder for what was fetched; by default one of the user's own.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskingError {
    /// A token or an address cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The client cannot be set up.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Asking {
    /// The host of the actions.
    pub(super) fn host(&self) -> String {
        self.host
            .clone()
            .or_else(environment::server_host)
            .unwrap_or_else(|| PUBLIC_HOST.to_owned())
    }

    /// The client. It asks nobody if the cache is to do.
    pub(super) fn client(&self, cache_alone: bool) -> Result<GitClient, AskingError> {
        let name = self.host();
        let mut hosts = Hosts::default();
        let mut host = match hosts.get(&name) {
            Some(host) => host.clone(),
            None => Host::enterprise(&name),
        };
        if let Some(token) = environment::host_token() {
            host = host.with_token(&token)?;
        }
        if let Some(mirror) = &self.mirror {
            // The token is the host's, and no business of a mirror.
            host.git = mirror.trim_end_matches('/').to_owned();
            host.git_token = None;
        }
        if let Some(api) = &self.api_url {
            host.api = Some(api.trim_end_matches('/').to_owned());
        }
        hosts.set(&name, host);
        let cache = self.cache.clone().or_else(environment::cache_folder);
        let mode = if self.offline || cache_alone {
            Mode::Offline
        } else {
            Mode::Online
        };
        let agent = concat!("cofferdam/", env!("CARGO_PKG_VERSION"));
        Ok(GitClient::new(
            agent,
            hosts,
            environment::proxy().as_deref(),
            cache.as_deref().map(Cache::new),
            mode,
            GitLimits::default(),
        )?)
    }
}
