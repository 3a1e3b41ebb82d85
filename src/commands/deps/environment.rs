//! What Go's and Cargo's own variables say, and where caches lie.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_pipelines::Limits;
use cofferdam_pipelines::vendoring::VendorOptions;
use cofferdam_registries::crates_io::{CrateDownloads, DOWNLOADS};
use cofferdam_registries::git::{GitClient, GitLimits, Host, Hosts, Mode, PUBLIC_HOST};
use cofferdam_registries::go_modules::{ChecksumDatabase, ModuleProxies};
use cofferdam_registries::http::{self, Connection};
use cofferdam_trees::sumdb::{PUBLIC_KEY, VerifierKey};

use super::DepsError;

/// The user agent.
pub(super) const AGENT: &str = concat!("cofferdam/", env!("CARGO_PKG_VERSION"));
/// What Go asks by default.
const PROXIES: &str = "https://proxy.golang.org,direct";
/// The most bytes of the file that `go env -w` writes.
const MOST_BYTES: u64 = 64 * 1024;

/// The variables of the environment and of the file that `go env -w` writes.
struct Variables {
    file: HashMap<String, String>,
}

impl Variables {
    fn read() -> Self {
        let named = of_process("GOENV").map(PathBuf::from);
        let default = || {
            let config = of_process("XDG_CONFIG_HOME").map(PathBuf::from);
            let home = || Some(PathBuf::from(of_process("HOME")?).join(".config"));
            Some(config.or_else(home)?.join("go").join("env"))
        };
        let path = named.or_else(default);
        let text = path.and_then(|path| text(&path)).unwrap_or_default();
        let pair = |line: &str| {
            let (name, value) = line.trim().split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self {
            file: text.lines().filter_map(pair).collect(),
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        let of_file = || self.file.get(name).cloned();
        let found = of_process(name).or_else(of_file);
        found.filter(|value| !value.is_empty())
    }
}

fn of_process(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

/// What a run is allowed to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Nobody.
    Nobody,
    /// Whoever publishes modules and crates.
    Registries,
    /// The checksum database too.
    RegistriesAndDatabase,
}

pub(super) fn options(root: &Path, git_url: &str, ask: Ask) -> Result<VendorOptions, DepsError> {
    let offline = ask == Ask::Nobody;
    let variables = Variables::read();
    let home = of_process("HOME").map(PathBuf::from);
    let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let connection = Connection {
        proxy: of_process("HTTPS_PROXY").or_else(|| of_process("https_proxy")),
        limits: http::Limits {
            body_bytes: 500 * 1024 * 1024,
            total: Duration::from_secs(180),
            ..http::Limits::default()
        },
        any_host: true,
        ..Connection::default()
    };
    let wrong = |name: &'static str| {
        move |error: &dyn std::fmt::Display| DepsError::Variable {
            name,
            problem: error.to_string(),
        }
    };
    // Who is not asked needs no client, which takes time to make.
    let proxies = if offline {
        None
    } else {
        let list = variables.get("GOPROXY").unwrap_or(PROXIES.to_owned());
        let proxies = ModuleProxies::new(&list, AGENT, &connection);
        Some(proxies.map_err(|error| wrong("GOPROXY")(&error))?)
    };
    let (key, address) = database(&variables.get("GOSUMDB").unwrap_or_default());
    let database_key = VerifierKey::parse(&key).map_err(|error| wrong("GOSUMDB")(&error))?;
    let private = variables.get("GOPRIVATE").unwrap_or_default();
    let database = match address {
        _ if ask != Ask::RegistriesAndDatabase => None,
        Address::Nobody => None,
        Address::At(address) => ChecksumDatabase::new(&address, AGENT, &connection).ok(),
        Address::Found => (proxies.as_ref())
            .map(|proxies| proxies.database_address(database_key.name()))
            .and_then(|address| ChecksumDatabase::new(&address, AGENT, &connection).ok()),
    };
    let downloads = of_process("COFFERDAM_CRATES").unwrap_or(DOWNLOADS.to_owned());
    Ok(VendorOptions {
        root: root.to_owned(),
        base: None,
        cache: (of_process("XDG_CACHE_HOME").map(PathBuf::from))
            .or_else(|| below_home(".cache"))
            .map(|folder| folder.join("cofferdam")),
        module_cache: module_cache(&variables),
        cargo_home: (of_process("CARGO_HOME").map(PathBuf::from)).or_else(|| below_home(".cargo")),
        proxies,
        repositories: if offline {
            None
        } else {
            Some(repositories(git_url, connection.proxy.as_deref())?)
        },
        database,
        crates: if offline {
            None
        } else {
            CrateDownloads::new(&downloads, AGENT, &connection).ok()
        },
        database_key,
        no_proxy: variables.get("GONOPROXY").unwrap_or(private.clone()),
        no_database: variables.get("GONOSUMDB").unwrap_or(private),
        limits: Limits::default(),
    })
}

/// Who gives modules for which no proxy is asked. No token goes there: what
/// needs one is not public, and its sum stands in no public database.
fn repositories(git_url: &str, proxy: Option<&str>) -> Result<GitClient, DepsError> {
    let mut hosts = Hosts::default();
    hosts.set(PUBLIC_HOST, Host::new(git_url, None));
    GitClient::new(
        AGENT,
        hosts,
        proxy,
        None,
        Mode::Online,
        GitLimits::default(),
    )
    .map_err(|error| DepsError::Address {
        address: git_url.to_owned(),
        problem: error.to_string(),
    })
}

enum Address {
    /// The variable forbids to ask.
    Nobody,
    /// The variable names it.
    At(String),
    /// A proxy may offer it.
    Found,
}

/// The key and the address of the checksum database, after `GOSUMDB`.
fn database(text: &str) -> (String, Address) {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let address = words.next();
    let public = || PUBLIC_KEY.to_owned();
    match (name, address) {
        ("off", _) => (public(), Address::Nobody),
        ("" | "sum.golang.org", None) => (public(), Address::Found),
        ("" | "sum.golang.org" | "sum.golang.google.cn", Some(at)) => {
            (public(), Address::At(at.to_owned()))
        }
        ("sum.golang.google.cn", None) => (
            public(),
            Address::At("https://sum.golang.google.cn".to_owned()),
        ),
        (key, Some(at)) => (key.to_owned(), Address::At(at.to_owned())),
        (key, None) => (key.to_owned(), Address::Found),
    }
}

/// The folder of caches in which the databases of advisories lie. Source: osv-scanner,
/// documentation, "Offline mode".
#[cfg(feature = "advisories")]
pub(super) fn database_cache() -> Option<PathBuf> {
    let own = of_process("OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY").map(PathBuf::from);
    let user = || of_process("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(of_process("HOME")?).join(".cache"));
    own.or_else(user).or_else(home)
}

/// How archives of advisories are fetched: they are large, and stay with the host that
/// is named, since nothing proves them.
#[cfg(feature = "advisories")]
pub(super) fn dumps() -> Connection {
    Connection {
        proxy: proxy(),
        limits: http::Limits {
            body_bytes: 4 * 1024 * 1024 * 1024,
            total: Duration::from_secs(30 * 60),
            ..http::Limits::default()
        },
        ..Connection::default()
    }
}

/// How OSV's service is asked.
#[cfg(feature = "advisories")]
pub(super) fn service() -> Connection {
    Connection {
        proxy: proxy(),
        limits: http::Limits {
            body_bytes: 64 * 1024 * 1024,
            total: Duration::from_secs(120),
            ..http::Limits::default()
        },
        ..Connection::default()
    }
}

#[cfg(feature = "advisories")]
fn proxy() -> Option<String> {
    of_process("HTTPS_PROXY").or_else(|| of_process("https_proxy"))
}

/// Go's module cache.
#[cfg(feature = "advisories")]
pub(super) fn go_modules() -> Option<PathBuf> {
    module_cache(&Variables::read())
}

fn module_cache(variables: &Variables) -> Option<PathBuf> {
    let own = variables.get("GOMODCACHE").map(PathBuf::from);
    own.or_else(|| {
        let paths = variables.get("GOPATH").unwrap_or_default();
        let first = std::env::split_paths(&paths).next();
        let first = first.filter(|path| !path.as_os_str().is_empty());
        let home = || Some(PathBuf::from(of_process("HOME")?).join("go"));
        Some(first.or_else(home)?.join("pkg/mod"))
    })
}
