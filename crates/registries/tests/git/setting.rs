//! What every test of the client begins with.

use std::path::Path;
use std::time::Duration;

use cofferdam_registries::git::{
    Cache, GitClient, GitLimits, Host, Hosts, Mode, ObjectId, PUBLIC_HOST, Repository,
};

use crate::git_backend::{GitServer, Made};

pub(crate) struct Setting {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: GitServer,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let served = folder.path().join("served");
        std::fs::create_dir(&served).unwrap();
        let server = GitServer::start(&served);
        Self { folder, server }
    }

    pub(crate) fn make(&self, slug: &str) -> Made {
        Made::new(&self.server.folder, slug)
    }

    pub(crate) fn hosts(&self) -> Hosts {
        let mut hosts = Hosts::default();
        let root = &self.server.root;
        let host = Host::new(root, Some(&format!("{root}/api")));
        hosts.set(PUBLIC_HOST, host);
        hosts
    }

    pub(crate) fn client(&self) -> GitClient {
        self.client_with(None, Mode::Online, quick())
    }

    pub(crate) fn client_with(
        &self,
        cache: Option<&Path>,
        mode: Mode,
        limits: GitLimits,
    ) -> GitClient {
        let cache = cache.map(Cache::new);
        GitClient::new("cofferdam-test", self.hosts(), None, cache, mode, limits).unwrap()
    }

    pub(crate) fn cache(&self) -> std::path::PathBuf {
        self.folder.path().join("cache")
    }
}

/// Limits of a test: nothing on this machine takes long.
pub(crate) fn quick() -> GitLimits {
    GitLimits {
        idle: Duration::from_secs(20),
        total: Duration::from_secs(60),
        ..GitLimits::default()
    }
}

pub(crate) fn id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

pub(crate) fn repository(slug: &str) -> Repository {
    let (owner, name) = slug.split_once('/').unwrap();
    Repository::public(owner, name).unwrap()
}
