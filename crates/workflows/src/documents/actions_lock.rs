//! `.github/workflows/actions.lock`: GitHub's own lockfile of actions.
//!
//! Source: github/actions-lockfile, README and schemas v0.0.1 to v0.0.3. The
//! README calls the lists under `workflows` transitive, while lockfiles in the
//! wild list direct pins and put the rest under `uses`; both are read. A file
//! with a problem is refused as a whole by GitHub's reader.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{SourceFile, Span, Spanned};

pub use cofferdam_facts::pin::{Commit, Pin};

use super::conflict;
use super::problem::{Problem, ProblemKind};
use super::reading::Reading;
use crate::yaml::{Document, Node};

/// Where GitHub looks.
pub const PLACE: &str = ".github/workflows/actions.lock";

const FIRST_VERSION: &str = "v0.0.1";
const KNOWN_VERSIONS: [&str; 3] = [FIRST_VERSION, "v0.0.2", HOSTS_VERSION];
/// The first version whose entries may name the host of an action.
const HOSTS_VERSION: &str = "v0.0.3";
/// Larger files are refused by GitHub's reader.
const MAX_BYTES: usize = 1 << 20;

/// The lockfile as far as it was understood.
#[derive(Clone, Debug)]
pub struct ActionsLock {
    document: Document,
    /// `version`.
    pub version: Option<Spanned<String>>,
    /// The workflows that are locked, in order.
    pub workflows: Vec<LockedWorkflow>,
    /// The locked actions, in order.
    pub dependencies: Vec<Dependency>,
    by_pin: BTreeMap<Pin, usize>,
    problems: Vec<Problem>,
}

/// One key of `workflows`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedWorkflow {
    /// The path from the root of the repository.
    pub path: Spanned<String>,
    /// What it uses.
    pub pins: Vec<Spanned<Pin>>,
}

/// One key of `dependencies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The key.
    pub pin: Spanned<Pin>,
    /// The ref from which the commit was resolved.
    pub git_ref: Option<Spanned<String>>,
    /// The host of the repository, where the entry names one.
    pub hostname: Option<Spanned<String>>,
    /// The commit that GitHub runs.
    pub commit: Option<Spanned<Commit>>,
    /// The number of the account.
    pub owner_id: Option<Spanned<u64>>,
    /// The number of the repository.
    pub repo_id: Option<Spanned<u64>>,
    /// What the action itself uses.
    pub uses: Vec<Spanned<Pin>>,
    /// The bytes of the entry, without its key.
    pub span: Span,
}

/// Whether the lock covers one `uses:` of one workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage<'l> {
    /// The workflow lists the action, and this entry names its commit.
    Locked(&'l Dependency),
    /// The workflow lists the action, and no entry names its commit.
    NoCommit,
    /// The workflow is in the lock, and this action is not among its own.
    NotListed,
    /// The workflow is not in the lock.
    WorkflowNotListed,
    /// The lock was not understood, so nothing can be said.
    NotRead,
}

/// A pin that is named and has no usable entry under `dependencies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The pin without an entry.
    pub pin: Pin,
    /// Where it is named.
    pub span: Span,
}

impl ActionsLock {
    /// Reads a lockfile. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut reader = Reader::new(&document);
        let mut lock = Self {
            version: None,
            workflows: Vec::new(),
            dependencies: Vec::new(),
            by_pin: BTreeMap::new(),
            problems: Vec::new(),
            document: document.clone(),
        };
        if let Some(root) = reader.reading.any_root(&document) {
            lock.version = reader.version(root);
            reader.root_keys(root);
            if let Some(node) = root.get("workflows").filter(|node| !node.is_null()) {
                lock.workflows = reader.workflows(node);
            }
            if let Some(node) = root.get("dependencies").filter(|node| !node.is_null()) {
                lock.dependencies = reader.dependencies(node);
            }
        }
        for (index, dependency) in lock.dependencies.iter().enumerate() {
            lock.by_pin
                .entry(dependency.pin.value.clone())
                .or_insert(index);
        }
        if let Some(pin) = lock.circle() {
            let message = format!("{} uses itself, in a circle", pin.value);
            reader
                .reading
                .problem(ProblemKind::BadValue, pin.span, message);
        }
        lock.problems = reader.reading.problems;
        lock
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// What is wrong with it, in the order of reading.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether every part of the file was understood, so that absence from it
    /// means something. A version that is not known here is read as the newest
    /// known one and not trusted for that; nor may it be written back.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        !self.problems.iter().any(Problem::hides)
    }

    /// The entry of a pin.
    #[must_use]
    pub fn dependency(&self, pin: &Pin) -> Option<&Dependency> {
        self.by_pin
            .get(pin)
            .and_then(|index| self.dependencies.get(*index))
    }

    /// The host that the lock names for the repository of a pin: that of its own
    /// entry, or else the one of every other entry of the same repository. `None`
    /// if it names none, which means the host that runs the workflows.
    #[must_use]
    pub fn hostname(&self, pin: &Pin) -> Option<&str> {
        let name = |entry: &'_ Dependency| entry.hostname.as_ref().map(|n| n.value.clone());
        if let Some(entry) = self.dependency(pin) {
            return entry.hostname.as_ref().map(|name| name.value.as_str());
        }
        let mut same =
            (self.dependencies.iter()).filter(|entry| entry.pin.value.slug() == pin.slug());
        let first = same.next()?;
        let all = same.all(|entry| name(entry) == name(first));
        let hostname = first.hostname.as_ref().filter(|_| all)?;
        Some(hostname.value.as_str())
    }

    /// The entry of a workflow, by its path from the root.
    #[must_use]
    pub fn workflow(&self, path: &str) -> Option<&LockedWorkflow> {
        self.workflows
            .iter()
            .find(|workflow| workflow.path.value == path)
    }

    /// Whether the lock covers a `uses:` that stands in the workflow at `path`.
    ///
    /// A reusable workflow is covered by the lock of its own repository, so
    /// ask this for actions only.
    #[must_use]
    pub fn covers(&self, path: &str, uses: &RepositoryUses) -> Coverage<'_> {
        let Some(workflow) = self.workflow(path) else {
            let not_read = !self.is_understood();
            return if not_read {
                Coverage::NotRead
            } else {
                Coverage::WorkflowNotListed
            };
        };
        let listed =
            Pin::of(uses).filter(|pin| workflow.pins.iter().any(|listed| listed.value == *pin));
        match listed {
            None if !self.is_understood() => Coverage::NotRead,
            None => Coverage::NotListed,
            Some(pin) => match self.dependency(&pin) {
                Some(entry) if entry.commit.is_some() => Coverage::Locked(entry),
                _ => Coverage::NoCommit,
            },
        }
    }

    /// Every pin that a workflow reaches, itself or through what its actions
    /// use, in order.
    #[must_use]
    pub fn closure(&self, workflow: &LockedWorkflow) -> BTreeSet<Pin> {
        self.reach(workflow.pins.iter().map(|pin| &pin.value).collect())
    }

    fn reach<'l>(&'l self, mut waiting: Vec<&'l Pin>) -> BTreeSet<Pin> {
        let mut reached = BTreeSet::new();
        while let Some(pin) = waiting.pop() {
            if reached.insert(pin.clone())
                && let Some(entry) = self.dependency(pin)
            {
                waiting.extend(entry.uses.iter().map(|used| &used.value));
            }
        }
        reached
    }

    /// A pin that is reached from itself, if there is one: GitHub's reader
    /// refuses such a file.
    fn circle(&self) -> Option<&Spanned<Pin>> {
        // Pins that nothing is left to use are taken away until no more can be.
        let mut users: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut open = vec![0usize; self.dependencies.len()];
        for (at, entry) in self.dependencies.iter().enumerate() {
            let used: BTreeSet<usize> = (entry.uses.iter())
                .filter_map(|pin| self.by_pin.get(&pin.value).copied())
                .collect();
            if let Some(open) = open.get_mut(at) {
                *open = used.len();
            }
            for index in used {
                users.entry(index).or_default().push(at);
            }
        }
        let mut free: Vec<usize> = (open.iter().enumerate())
            .filter(|(_, open)| **open == 0)
            .map(|(at, _)| at)
            .collect();
        while let Some(index) = free.pop() {
            for user in users.get(&index).into_iter().flatten() {
                if let Some(open) = open.get_mut(*user) {
                    *open = open.saturating_sub(1);
                    if *open == 0 {
                        free.push(*user);
                    }
                }
            }
        }
        let at = open.iter().position(|open| *open > 0)?;
        self.dependencies.get(at).map(|entry| &entry.pin)
    }

    /// Every place that names a pin for which no entry has a commit.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let listed = self.workflows.iter().flat_map(|workflow| &workflow.pins);
        let used = self
            .dependencies
            .iter()
            .flat_map(|dependency| &dependency.uses);
        listed
            .chain(used)
            .filter(|pin| {
                self.dependency(&pin.value)
                    .is_none_or(|d| d.commit.is_none())
            })
            .map(|pin| Gap {
                pin: pin.value.clone(),
                span: pin.span,
            })
            .collect()
    }

    /// The entries that no workflow reaches.
    #[must_use]
    pub fn unused(&self) -> Vec<&Dependency> {
        let listed = self.workflows.iter().flat_map(|workflow| &workflow.pins);
        let reached = self.reach(listed.map(|pin| &pin.value).collect());
        self.dependencies
            .iter()
            .filter(|entry| !reached.contains(&entry.pin.value))
            .collect()
    }
}

struct Reader {
    reading: Reading,
    first_version: bool,
    names_hosts: bool,
}

impl Reader {
    fn new(document: &Document) -> Self {
        let mut reading = Reading::of(document);
        if let Some(problem) = conflict::first(document.text()) {
            reading.problems.insert(0, problem);
        }
        if document.text().len() > MAX_BYTES {
            let message = "the lockfile is larger than 1 MiB, and GitHub reads no more";
            reading.problem(ProblemKind::TooLarge, Span::default(), message);
        }
        // The reader of GitHub refuses a key that stands twice.
        for problem in &mut reading.problems {
            problem.kind = match problem.kind {
                ProblemKind::TooLarge => ProblemKind::TooLarge,
                _ => ProblemKind::Syntax,
            };
        }
        Self {
            reading,
            first_version: false,
            names_hosts: false,
        }
    }

    fn version(&mut self, root: Node<'_>) -> Option<Spanned<String>> {
        let version = self.reading.text_at(root, "version");
        match &version {
            None => {
                self.reading
                    .problem(ProblemKind::Missing, root.span(), "`version` is missing");
            }
            Some(version) if !KNOWN_VERSIONS.contains(&version.value.as_str()) => {
                let message = format!("version {} of the lockfile is not known", version.value);
                self.reading
                    .problem(ProblemKind::UnknownVersion, version.span, message);
            }
            Some(version) => {
                self.first_version = version.value == FIRST_VERSION;
                self.names_hosts = version.value == HOSTS_VERSION;
            }
        }
        version
    }

    fn root_keys(&mut self, root: Node<'_>) {
        self.reading.mapping(
            root,
            "the lockfile",
            &["version", "workflows", "dependencies"],
        );
    }

    fn pin(&mut self, node: Node<'_>) -> Option<(Spanned<Pin>, Option<Commit>)> {
        let text = self.reading.text(node, "a pin")?;
        let parsed = if self.first_version {
            Pin::parse_first(&text.value)
        } else {
            Pin::parse(&text.value).map(|pin| (pin, None))
        };
        let Some((pin, commit)) = parsed else {
            self.reading.problem(
                ProblemKind::BadValue,
                text.span,
                "a pin must be OWNER/REPO@REF",
            );
            return None;
        };
        Some((Spanned::new(pin, text.span), commit))
    }

    fn pins(&mut self, node: Node<'_>, what: &str) -> Vec<Spanned<Pin>> {
        let items = self.reading.list(node, what);
        items
            .into_iter()
            .filter_map(|item| self.pin(item))
            .map(|(pin, _)| pin)
            .collect()
    }

    fn workflows(&mut self, node: Node<'_>) -> Vec<LockedWorkflow> {
        let Some(node) = self.reading.any_mapping(node, "`workflows`") else {
            return Vec::new();
        };
        let mut workflows = Vec::new();
        for (key, value) in node.entries() {
            let Some(path) = self.reading.text(key, "the path of a workflow") else {
                continue;
            };
            if !is_inside(&path.value) {
                let message = "the path of a workflow must stay in the repository, with `/` \
                               between its parts and without `:`";
                self.reading
                    .problem(ProblemKind::BadValue, path.span, message);
            }
            let pins = self.pins(value, "the pins of a workflow");
            workflows.push(LockedWorkflow { path, pins });
        }
        workflows
    }

    fn dependencies(&mut self, node: Node<'_>) -> Vec<Dependency> {
        let Some(node) = self.reading.any_mapping(node, "`dependencies`") else {
            return Vec::new();
        };
        let mut entries: Vec<Dependency> = Vec::new();
        let mut seen: BTreeMap<Pin, usize> = BTreeMap::new();
        for (key, value) in node.entries() {
            let Some((pin, commit)) = self.pin(key) else {
                continue;
            };
            let Some(entry) = self.dependency(pin, commit.as_ref(), value) else {
                continue;
            };
            let earlier = seen
                .get(&entry.pin.value)
                .and_then(|index| entries.get(*index));
            if let Some(earlier) = earlier
                && !same(earlier, &entry)
            {
                let message = format!("{} stands twice with different contents", entry.pin.value);
                self.reading
                    .problem(ProblemKind::BadValue, entry.pin.span, message);
            }
            seen.entry(entry.pin.value.clone()).or_insert(entries.len());
            entries.push(entry);
        }
        entries
    }

    fn dependency(
        &mut self,
        pin: Spanned<Pin>,
        digest: Option<&Commit>,
        node: Node<'_>,
    ) -> Option<Dependency> {
        let known: &[&str] = if self.first_version {
            &["tag", "branch", "commit", "owner_id", "repo_id", "uses"]
        } else if self.names_hosts {
            &["hostname", "ref", "commit", "owner_id", "repo_id", "uses"]
        } else {
            &["ref", "commit", "owner_id", "repo_id", "uses"]
        };
        let node = self
            .reading
            .mapping(node, "an entry of `dependencies`", known)?;
        let hostname = if self.names_hosts {
            self.hostname(node)
        } else {
            None
        };
        let git_ref = if self.first_version {
            let tag = self.reading.text_at(node, "tag");
            tag.or_else(|| self.reading.text_at(node, "branch"))
        } else {
            self.reading.text_at(node, "ref")
        };
        let commit = self.reading.text_at(node, "commit").and_then(|text| {
            let commit = Commit::parse(&text.value);
            if commit.is_none() {
                let message = "a commit must be sha1- or sha256- and all its digits";
                self.reading
                    .problem(ProblemKind::BadValue, text.span, message);
            }
            commit.map(|commit| Spanned::new(commit, text.span))
        });
        let uses = node.get("uses").filter(|uses| !uses.is_null());
        let entry = Dependency {
            owner_id: self.number(node, "owner_id"),
            repo_id: self.number(node, "repo_id"),
            uses: uses.map_or_else(Vec::new, |uses| self.pins(uses, "`uses`")),
            span: node.span(),
            pin,
            git_ref,
            hostname,
            commit,
        };
        self.check(&entry, digest, node);
        Some(entry)
    }

    /// `hostname` is `github.com` or a tenant of `ghe.com`, and may be missing.
    fn hostname(&mut self, node: Node<'_>) -> Option<Spanned<String>> {
        let name = self.reading.text_at(node, "hostname")?;
        let is_label = |label: &str| {
            let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(allowed)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let tenant = name.value.strip_suffix(".ghe.com");
        if name.value != "github.com" && !tenant.is_some_and(is_label) {
            let message = "`hostname` must be github.com or a tenant of ghe.com";
            self.reading
                .problem(ProblemKind::BadValue, name.span, message);
        }
        Some(name)
    }

    fn number(&mut self, node: Node<'_>, key: &str) -> Option<Spanned<u64>> {
        let number = self.reading.count_at(node, key)?;
        if number.value == 0 {
            let message = format!("`{key}` must be more than zero");
            self.reading
                .problem(ProblemKind::BadValue, number.span, message);
            return None;
        }
        Some(number)
    }

    fn check(&mut self, entry: &Dependency, digest: Option<&Commit>, node: Node<'_>) {
        for (missing, name) in [
            (entry.git_ref.is_none() && !self.first_version, "ref"),
            (
                entry.commit.is_none() && node.get("commit").is_none(),
                "commit",
            ),
            (
                entry.owner_id.is_none() && node.get("owner_id").is_none(),
                "owner_id",
            ),
            (
                entry.repo_id.is_none() && node.get("repo_id").is_none(),
                "repo_id",
            ),
        ] {
            if missing {
                let message = format!("the entry of {} lacks `{name}`", entry.pin.value);
                self.reading
                    .problem(ProblemKind::Missing, entry.pin.span, message);
            }
        }
        let named = &entry.pin.value.git_ref;
        let named_commit = entry.pin.value.commit().is_some();
        if let Some(commit) = &entry.commit {
            let differs = named_commit && !named.eq_ignore_ascii_case(&commit.value.id)
                || digest.is_some_and(|digest| *digest != commit.value);
            if differs {
                let message = format!("the commit is not the one that {} names", entry.pin.value);
                self.reading
                    .problem(ProblemKind::BadValue, commit.span, message);
            }
        }
        if let Some(git_ref) = &entry.git_ref
            && !self.first_version
            && !named_commit
            && git_ref.value != *named
        {
            let message = format!("`ref` is not the ref that {} names", entry.pin.value);
            self.reading
                .problem(ProblemKind::BadValue, git_ref.span, message);
        }
    }
}

/// What GitHub's reader takes as the path of a workflow.
fn is_inside(path: &str) -> bool {
    let foreign = |c: char| matches!(c, '\\' | ':') || c.is_ascii_control();
    !path.is_empty()
        && !path.starts_with('/')
        && !path.contains(foreign)
        && path.split('/').all(|part| part != "..")
}

fn same(one: &Dependency, other: &Dependency) -> bool {
    fn value<T>(spanned: &Option<Spanned<T>>) -> Option<&T> {
        spanned.as_ref().map(|spanned| &spanned.value)
    }
    value(&one.git_ref) == value(&other.git_ref)
        && value(&one.hostname) == value(&other.hostname)
        && value(&one.commit) == value(&other.commit)
        && value(&one.owner_id) == value(&other.owner_id)
        && value(&one.repo_id) == value(&other.repo_id)
        && one
            .uses
            .iter()
            .map(|pin| &pin.value)
            .eq(other.uses.iter().map(|pin| &pin.value))
}

mod write;
pub use write::{Draft, DraftEntry, NotWritable};

#[cfg(test)]
mod tests;
