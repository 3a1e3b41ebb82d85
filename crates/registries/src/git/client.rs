//! Asks the hosts of repositories, in parallel up to a polite number.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cache::{Cache, Kept, Key};
use super::error::{GitError, ProtocolError};
use super::membership::Proofs;
use super::objects::{ObjectId, Objects};
use super::pack::{self, PackLimits};
use super::refs::RefListing;
use super::repository::{Host, Hosts, Repository};
use super::system::{Errand, Mirror, SystemGit, Took};
use super::tree::{ActionTree, Form, TreeLimits};
use super::wire::{self, Capabilities, NoPack, Wanted};
use crate::http::{Connection, HttpClient, HttpError, Limits, Response, Stream};

/// What everything may cost.
#[derive(Clone, Debug)]
pub struct GitLimits {
    /// The most questions at one time.
    pub parallel: usize,
    /// The most time until a connection stands.
    pub connect: Duration,
    /// The most time without a byte.
    pub idle: Duration,
    /// The most time of one answer.
    pub total: Duration,
    /// The most time to wait because a server asks for it, before one question.
    pub waiting: Duration,
    /// The most branches and tags of one repository.
    pub refs: usize,
    /// What a commit at depth 1 may unpack to.
    pub commit: PackLimits,
    /// What the history of a repository may unpack to.
    pub history: PackLimits,
    /// What a tree may hold.
    pub tree: TreeLimits,
    /// The most histories that are fetched of one repository.
    pub histories: u32,
}

impl Default for GitLimits {
    fn default() -> Self {
        Self {
            parallel: 6,
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(300),
            waiting: Duration::from_secs(20),
            refs: 500_000,
            commit: PackLimits::default(),
            history: PackLimits {
                pack_bytes: 256 * 1024 * 1024,
                objects: 1_500_000,
                object_bytes: 16 * 1024 * 1024,
                total_bytes: 512 * 1024 * 1024,
            },
            tree: TreeLimits::default(),
            histories: 200,
        }
    }
}

/// Whether anything is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What is not in the cache is asked for, and refs always are.
    #[default]
    Online,
    /// The cache alone answers.
    Offline,
}

/// How many requests were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What a server can do: one a repository.
    pub greetings: u64,
    /// Listings of refs: one a repository.
    pub listings: u64,
    /// Fetches of commits with their trees.
    pub commits: u64,
    /// Fetches of commits alone, for membership.
    pub histories: u64,
    /// Questions to the REST API.
    pub rest: u64,
    /// Requests of an installed git.
    pub system: u64,
    /// Requests that were sent again because a server asked to wait.
    pub again: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        let own = self.greetings + self.listings + self.commits + self.histories;
        own + self.rest + self.system + self.again
    }
}

#[derive(Debug, Default)]
struct Counters {
    greetings: AtomicU64,
    listings: AtomicU64,
    commits: AtomicU64,
    histories: AtomicU64,
    rest: AtomicU64,
    system: AtomicU64,
    again: AtomicU64,
}

/// The answer to one question, which is asked once.
type Once<T> = Arc<OnceLock<Result<T, GitError>>>;
/// The answers to one kind of question, by repository.
type Answers<T> = Mutex<HashMap<Repository, Once<T>>>;

/// Asks the hosts of repositories.
#[derive(Debug)]
pub struct GitClient {
    agent: String,
    hosts: Hosts,
    /// One client for git and one for the REST API of each host: a token goes
    /// nowhere but to its own host.
    clients: BTreeMap<String, (HttpClient, HttpClient)>,
    cache: Option<Cache>,
    /// What was answered by the cache alone, and when that was fetched.
    by_cache: Mutex<BTreeMap<String, u64>>,
    mode: Mode,
    limits: GitLimits,
    counters: Counters,
    capabilities: Answers<Capabilities>,
    listings: Answers<Arc<RefListing>>,
    gate: Gate,
    proxy: Option<String>,
    system: Option<SystemGit>,
    mirrors: Answers<Arc<Mirror>>,
    pub(super) proofs: Proofs,
}

impl GitClient {
    /// Sets up a client. `agent` is the user agent that it names itself, and
    /// `proxy` a proxy for https.
    ///
    /// # Errors
    /// [`GitError::Setup`] if an address of a host, or the proxy, is not usable.
    pub fn new(
        agent: &str,
        hosts: Hosts,
        proxy: Option<&str>,
        cache: Option<Cache>,
        mode: Mode,
        limits: GitLimits,
    ) -> Result<Self, GitError> {
        let setup = |error| GitError::Setup(Arc::new(error));
        hosts.check().map_err(setup)?;
        let mut clients = BTreeMap::new();
        for (name, host) in hosts.iter() {
            let client = |token| {
                let connection = Connection {
                    any_host: false,
                    token,
                    proxy: proxy.map(str::to_owned),
                    limits: Limits {
                        // The pack and the lines around its pieces.
                        body_bytes: limits.commit.pack_bytes.max(limits.history.pack_bytes)
                            + (64 << 20),
                        connect: limits.connect,
                        idle: limits.idle,
                        total: limits.total,
                        // A redirect means another identity, and is reported.
                        redirects: 0,
                    },
                    authorities: Vec::new(),
                };
                HttpClient::new(agent, &connection)
            };
            let git = client(host.git_token.clone()).map_err(setup)?;
            let api = client(host.api_token.clone()).map_err(setup)?;
            clients.insert(name.to_owned(), (git, api));
        }
        let cache = cache.map(|cache| cache.with_mirrors(&hosts));
        Ok(Self {
            agent: agent.to_owned(),
            hosts,
            clients,
            cache,
            by_cache: Mutex::default(),
            mode,
            gate: Gate::new(limits.parallel),
            limits,
            counters: Counters::default(),
            capabilities: Mutex::default(),
            listings: Mutex::default(),
            proxy: proxy.map(str::to_owned),
            system: None,
            mirrors: Mutex::default(),
            proofs: Proofs::default(),
        })
    }

    /// With an installed git for servers that speak no version 2 of the
    /// protocol. It is used for mirrors and for nobody else: GitHub speaks it,
    /// and whoever answers there with something older is somebody else.
    #[must_use]
    pub fn with_system_git(mut self, git: SystemGit) -> Self {
        self.system = Some(git);
        self
    }

    /// The repositories whose branches and tags were taken from the cache because
    /// nobody may be asked, with the time at which each listing was fetched, in
    /// seconds since 1970-01-01 in UTC.
    #[must_use]
    pub fn by_cache(&self) -> BTreeMap<String, u64> {
        let all = self.by_cache.lock();
        all.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests were sent until now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            greetings: read(&self.counters.greetings),
            listings: read(&self.counters.listings),
            commits: read(&self.counters.commits),
            histories: read(&self.counters.histories),
            rest: read(&self.counters.rest),
            system: read(&self.counters.system),
            again: read(&self.counters.again),
        }
    }

    /// The cache, if there is one.
    #[must_use]
    pub fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// Whether anything is asked.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn limits(&self) -> &GitLimits {
        &self.limits
    }

    /// Does something for each item, several at one time, and gives the results
    /// in the order of the items.
    pub fn each<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
        std::thread::scope(|scope| {
            for _ in 0..self.limits.parallel.max(1).min(items.len()) {
                scope.spawn(|| {
                    while let index = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(item) = items.get(index)
                    {
                        let result = work(item);
                        held(&done).push((index, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, result)| result).collect()
    }

    /// The branches and tags of a repository: asked for once in the life of the
    /// client, or read from the cache when offline.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn list_refs(&self, repository: &Repository) -> Result<Arc<RefListing>, GitError> {
        once(&self.listings, repository)
            .get_or_init(|| self.listing(repository).map(Arc::new))
            .clone()
    }

    fn listing(&self, repository: &Repository) -> Result<RefListing, GitError> {
        let key = Key::Refs(repository);
        if self.mode == Mode::Offline {
            let not_cached = || GitError::NotCached {
                repository: repository.clone(),
                what: "the listing of its branches and tags",
            };
            let kept = self.cached(key).ok_or_else(not_cached)?;
            let listing = RefListing::from_text(repository, &kept).ok_or_else(|| {
                self.drop_damaged(key);
                not_cached()
            })?;
            let mut all = (self.by_cache.lock()).unwrap_or_else(PoisonError::into_inner);
            all.insert(repository.slug(), listing.listed_at);
            return Ok(listing);
        }
        let listed = match self.capabilities(repository) {
            Ok(can) => self.listed(repository, &can)?,
            Err(error) => {
                let git = self.instead(repository, error)?;
                self.by_system(repository, &self.limits.commit, |errand| {
                    git.list(errand, self.limits.refs)
                })?
            }
        };
        let listing = RefListing {
            repository: repository.clone(),
            default_branch: listed.default_branch,
            branches: listed.branches,
            tags: listed.tags,
            listed_at: now(),
        };
        self.keep(key, listing.to_text().as_bytes());
        Ok(listing)
    }

    fn listed(
        &self,
        repository: &Repository,
        can: &Capabilities,
    ) -> Result<wire::Listed, GitError> {
        if !can.ls_refs {
            let what = ProtocolError::Lacks { what: "ls-refs" };
            return Err(protocol(repository, what));
        }
        let ask = wire::ask_refs(&self.agent, can);
        self.post(repository, &ask, &self.counters.listings, |body| {
            wire::refs(body, self.limits.refs).map_err(|what| protocol(repository, what))
        })
    }

    /// The installed git, where the server is a mirror that cannot be talked to;
    /// else what was wrong.
    fn instead(&self, repository: &Repository, error: GitError) -> Result<&SystemGit, GitError> {
        let old = match &error {
            GitError::Protocol { what, .. } => match what {
                ProtocolError::Version => true,
                // Files alone, by a server that knows nothing of git.
                ProtocolError::ContentType { found } => {
                    let bare = found.split(';').next().unwrap_or_default().trim();
                    ["nothing", "text/plain", "application/octet-stream"].contains(&bare)
                }
                _ => false,
            },
            _ => false,
        };
        match &self.system {
            Some(git) if old && !self.known(repository)?.is_public() => Ok(git),
            _ => Err(error),
        }
    }

    /// Has an installed git do something, and counts its requests.
    fn by_system<T>(
        &self,
        repository: &Repository,
        limits: &PackLimits,
        work: impl FnOnce(Errand<'_>) -> Took<T>,
    ) -> Result<T, GitError> {
        let (_, _, root) = self.host(repository)?;
        let _place = self.gate.enter();
        let (result, requests) = work(Errand {
            url: &root,
            proxy: self.proxy.as_deref(),
            total: self.limits.total,
            idle: self.limits.idle,
            limits,
        });
        self.counters.system.fetch_add(requests, Ordering::Relaxed);
        result.map_err(|what| GitError::System {
            repository: repository.clone(),
            what,
        })
    }

    fn packed_by_system(
        &self,
        git: &SystemGit,
        repository: &Repository,
        wanted: &Wanted<'_>,
        limits: &PackLimits,
    ) -> Result<wire::Packed, GitError> {
        if let (true, [commit]) = (wanted.shallow, wanted.wants) {
            return self.by_system(repository, limits, |errand| git.commit(errand, *commit));
        }
        let mirror = once(&self.mirrors, repository)
            .get_or_init(|| {
                self.by_system(repository, limits, |errand| git.mirror(errand))
                    .map(Arc::new)
            })
            .clone()?;
        self.by_system(repository, limits, |errand| {
            (git.history(&mirror, errand, wanted), 0)
        })
    }

    /// A commit as a runner unpacks it. That there is one does not mean that it
    /// belongs to the repository: see [`GitClient::membership`].
    ///
    /// # Errors
    /// [`GitError`].
    pub fn fetch_commit(
        &self,
        repository: &Repository,
        commit: ObjectId,
    ) -> Result<ActionTree, GitError> {
        self.fetch(repository, commit, Form::Archive)
    }

    /// A commit in the form that is asked for; see [`GitClient::fetch_commit`].
    ///
    /// # Errors
    /// [`GitError`].
    pub fn fetch(
        &self,
        repository: &Repository,
        commit: ObjectId,
        form: Form,
    ) -> Result<ActionTree, GitError> {
        let key = Key::Commit(commit);
        if let Some(kept) = self.cached(key) {
            let tree = pack::unpack(&kept, &self.limits.commit)
                .ok()
                .map(|objects| self.tree(repository, commit, form, &objects));
            match tree {
                Some(Ok(tree)) => return Ok(tree),
                Some(Err(GitError::Tree { source, .. })) if !source.is_incomplete() => {
                    return Err(GitError::Tree {
                        repository: repository.clone(),
                        commit,
                        source,
                    });
                }
                _ => self.drop_damaged(key),
            }
        }
        if self.mode == Mode::Offline {
            return Err(GitError::NotCached {
                repository: repository.clone(),
                what: "the commit",
            });
        }
        let wanted = Wanted {
            wants: &[commit],
            shallow: true,
            ..Wanted::default()
        };
        let limits = &self.limits.commit;
        let (packed, objects) =
            self.objects(repository, &wanted, limits, &self.counters.commits)?;
        let tree = self.tree(repository, commit, form, &objects)?;
        self.keep(key, &packed.pack);
        Ok(tree)
    }

    fn tree(
        &self,
        repository: &Repository,
        commit: ObjectId,
        form: Form,
        objects: &Objects,
    ) -> Result<ActionTree, GitError> {
        ActionTree::new(objects, commit, form, &self.limits.tree).map_err(|source| GitError::Tree {
            repository: repository.clone(),
            commit,
            source,
        })
    }

    /// Fetches a pack and unpacks it.
    pub(super) fn objects(
        &self,
        repository: &Repository,
        wanted: &Wanted<'_>,
        limits: &PackLimits,
        counter: &AtomicU64,
    ) -> Result<(wire::Packed, Objects), GitError> {
        let fail = |what| protocol(repository, what);
        let can = match self.capabilities(repository) {
            Ok(can) => can,
            Err(error) => {
                let git = self.instead(repository, error)?;
                let packed = self.packed_by_system(git, repository, wanted, limits)?;
                let objects =
                    pack::unpack(&packed.pack, limits).map_err(|error| fail(error.into()))?;
                return Ok((packed, objects));
            }
        };
        let ask = wire::ask_objects(&self.agent, &can, wanted).map_err(fail)?;
        let packed = self.post(repository, &ask, counter, |body| {
            wire::pack(body, limits.pack_bytes).map_err(|error| match error {
                NoPack::Vanished(id) => GitError::Vanished {
                    repository: repository.clone(),
                    id,
                },
                NoPack::Protocol(what) => fail(what),
            })
        })?;
        let objects = pack::unpack(&packed.pack, limits).map_err(|error| fail(error.into()))?;
        Ok((packed, objects))
    }

    pub(super) fn histories(&self) -> &AtomicU64 {
        &self.counters.histories
    }

    fn capabilities(&self, repository: &Repository) -> Result<Capabilities, GitError> {
        once(&self.capabilities, repository)
            .get_or_init(|| {
                let (_, client, root) = self.host(repository)?;
                let url = format!("{root}/info/refs?service=git-upload-pack");
                let headers = [("git-protocol", "version=2"), ("accept", "*/*")];
                let _place = self.gate.enter();
                let answer = self.answered(repository, &self.counters.greetings, || {
                    client.open(&url, &headers)
                })?;
                content_type(
                    repository,
                    &answer,
                    "application/x-git-upload-pack-advertisement",
                )?;
                wire::capabilities(answer.body).map_err(|what| protocol(repository, what))
            })
            .clone()
    }

    fn post<T>(
        &self,
        repository: &Repository,
        body: &[u8],
        counter: &AtomicU64,
        read: impl FnOnce(&mut dyn Read) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        let (_, client, root) = self.host(repository)?;
        let url = format!("{root}/git-upload-pack");
        let headers = [
            ("git-protocol", "version=2"),
            ("content-type", "application/x-git-upload-pack-request"),
            ("accept", "application/x-git-upload-pack-result"),
        ];
        let _place = self.gate.enter();
        let mut answer = self.answered(repository, counter, || {
            client.post(&url, &headers, body.to_vec())
        })?;
        content_type(repository, &answer, "application/x-git-upload-pack-result")?;
        read(&mut answer.body)
    }

    /// Asks the REST API of the repository's host.
    pub(super) fn rest(&self, repository: &Repository, path: &str) -> Result<Response, GitError> {
        let host = self.known(repository)?;
        let unknown = || GitError::Ids {
            repository: repository.clone(),
            reason: "no REST API is known for its host".to_owned(),
        };
        let api = host.api.as_ref().ok_or_else(unknown)?;
        let (_, client) = (self.clients).get(repository.host()).ok_or_else(unknown)?;
        let url = format!("{api}{path}");
        let headers = [("accept", "application/vnd.github+json")];
        let _place = self.gate.enter();
        self.counters.rest.fetch_add(1, Ordering::Relaxed);
        let answer = client
            .get(&url, &headers)
            .map_err(|error| no_answer(repository, error))?;
        refuse(repository, answer.status, |name| {
            answer.header(name).map(str::to_owned)
        })?;
        Ok(answer)
    }

    fn known(&self, repository: &Repository) -> Result<&Host, GitError> {
        self.hosts
            .get(repository.host())
            .ok_or_else(|| GitError::UnknownHost {
                repository: repository.clone(),
            })
    }

    fn host(&self, repository: &Repository) -> Result<(&Host, &HttpClient, String), GitError> {
        let host = self.known(repository)?;
        let (client, _) =
            (self.clients)
                .get(repository.host())
                .ok_or_else(|| GitError::UnknownHost {
                    repository: repository.clone(),
                })?;
        let root = format!("{}/{}.git", host.git, repository.slug());
        Ok((host, client, root))
    }

    /// Sends a request, and once more where the server asks to wait for a time
    /// that is short enough.
    fn answered(
        &self,
        repository: &Repository,
        counter: &AtomicU64,
        send: impl Fn() -> Result<Stream, HttpError>,
    ) -> Result<Stream, GitError> {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut waited = Duration::ZERO;
        loop {
            let answer = send().map_err(|error| no_answer(repository, error))?;
            let header = |name: &str| answer.header(name).map(str::to_owned);
            match refuse(repository, answer.status, header) {
                Ok(()) => return Ok(answer),
                // A server may ask for more seconds than there are.
                Err(GitError::RateLimited { seconds, .. })
                    if waited.saturating_add(Duration::from_secs(seconds.unwrap_or(1)))
                        <= self.limits.waiting =>
                {
                    let time = Duration::from_secs(seconds.unwrap_or(1).max(1));
                    waited = waited.saturating_add(time);
                    self.counters.again.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(time);
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn cached(&self, key: Key<'_>) -> Option<Vec<u8>> {
        self.cached_with_time(key).map(|kept| kept.bytes)
    }

    pub(super) fn cached_with_time(&self, key: Key<'_>) -> Option<Kept> {
        let most = self
            .limits
            .commit
            .pack_bytes
            .max(self.limits.history.pack_bytes);
        self.cache.as_ref()?.read(key, most)
    }

    pub(super) fn keep(&self, key: Key<'_>, payload: &[u8]) {
        if let Some(cache) = &self.cache {
            cache.write(key, payload);
        }
    }

    pub(super) fn drop_damaged(&self, key: Key<'_>) {
        if let Some(cache) = &self.cache {
            cache.drop_damaged(key);
        }
    }
}

/// The most letters of an address in a message.
const MOST_ADDRESS: usize = 250;

/// What a status other than 200 means.
fn refuse(
    repository: &Repository,
    status: u16,
    header: impl Fn(&str) -> Option<String>,
) -> Result<(), GitError> {
    let repository = repository.clone();
    let seconds = || header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    Err(match status {
        200 => return Ok(()),
        301 | 302 | 303 | 307 | 308 => GitError::Moved {
            repository,
            to: header("location").map_or_else(
                || "nowhere".to_owned(),
                |to| to.chars().take(MOST_ADDRESS).collect(),
            ),
        },
        // A host does not tell a stranger whether there is a private one.
        401 | 404 => GitError::NotFound { repository },
        429 | 503 => GitError::RateLimited {
            repository,
            seconds: seconds(),
        },
        403 if seconds().is_some()
            || header("x-ratelimit-remaining").is_some_and(|left| left == "0") =>
        {
            GitError::RateLimited {
                repository,
                // Without a time this is an hour, for which nobody waits.
                seconds: seconds().or(Some(3_600)),
            }
        }
        status => GitError::Status { repository, status },
    })
}

fn content_type(repository: &Repository, answer: &Stream, due: &str) -> Result<(), GitError> {
    let found = answer.header("content-type").unwrap_or("nothing");
    let bare = found.split(';').next().unwrap_or_default().trim();
    if bare.eq_ignore_ascii_case(due) {
        return Ok(());
    }
    let found = found.chars().take(100).collect();
    Err(protocol(repository, ProtocolError::ContentType { found }))
}

fn protocol(repository: &Repository, what: ProtocolError) -> GitError {
    GitError::Protocol {
        repository: repository.clone(),
        what,
    }
}

fn no_answer(repository: &Repository, error: HttpError) -> GitError {
    GitError::Http {
        repository: repository.clone(),
        source: Arc::new(error),
    }
}

fn once<T>(answers: &Answers<T>, repository: &Repository) -> Once<T> {
    Arc::clone(held(answers).entry(repository.clone()).or_default())
}

/// What a lock guards is whole after a panic too: nothing is left half done.
pub(super) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Lets so many through at one time.
#[derive(Debug)]
struct Gate {
    free: Mutex<usize>,
    changed: Condvar,
}

/// A place inside, which is free again when this is dropped.
struct Place<'g>(&'g Gate);

impl Gate {
    fn new(places: usize) -> Self {
        Self {
            free: Mutex::new(places.max(1)),
            changed: Condvar::new(),
        }
    }

    fn enter(&self) -> Place<'_> {
        let mut free = (self.changed)
            .wait_while(held(&self.free), |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Place(self)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *held(&self.0.free) += 1;
        self.0.changed.notify_one();
    }
}
