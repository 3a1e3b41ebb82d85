//! A checkout as a whole: every document that was read, and how they refer to
//! each other.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{SourceFile, UsesRef};

use crate::documents::kind::{FileKind, kind_of};
use crate::documents::{
    Action, ActionsLock, Ariane, CodeOwners, CofferdamLock, Contributing, Dco, Dependabot,
    Dockerfile, GoReleaser, Insights, Job, LittleHelper, Manifest, PreCommit, Program, Renovate,
    Requirements, SecurityPolicy, Workflow,
};
use crate::semantics::programs;
use crate::yaml::Document;

/// Every path of a checkout, sorted, whether it was read or not.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    paths: Vec<Arc<str>>,
}

impl Tree {
    /// Takes the paths, relative to the root, `/` between the parts.
    #[must_use]
    pub fn new(mut paths: Vec<Arc<str>>) -> Self {
        paths.sort_unstable();
        paths.dedup();
        Self { paths }
    }

    /// Whether a file of this very path exists.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.paths.binary_search_by(|p| (**p).cmp(path)).is_ok()
    }

    /// Every path.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|p| &**p)
    }

    /// Every path below a folder, given without trailing slash.
    pub fn below<'t>(&'t self, folder: &str) -> impl Iterator<Item = &'t str> {
        let prefix = format!("{folder}/");
        let start = self.paths.partition_point(|p| **p < *prefix);
        self.paths
            .iter()
            .skip(start)
            .map(|p| &**p)
            .take_while(move |p| p.starts_with(&prefix))
    }

    /// The number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

/// The names of an action's metadata, in the order in which the runner looks.
pub const ACTION_NAMES: [&str; 2] = ["action.yml", "action.yaml"];

/// The names by which the runner takes a folder without metadata for a Docker
/// action, in its order.
pub const ACTION_DOCKERFILES: [&str; 2] = ["Dockerfile", "dockerfile"];

/// A checkout as documents.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// `owner/name`, where it is known from the command line, the settings or
    /// the remote. It is to be set before references are followed.
    pub slug: Option<String>,
    /// Whether only a part of it was named, so that what is missing here may
    /// well stand elsewhere.
    pub part: bool,
    /// Every path.
    pub tree: Tree,
    /// `.github/workflows/*.yml` and `*.yaml`, in order of path.
    pub workflows: Vec<Workflow>,
    /// Every `action.yml` and `action.yaml`, in order of path.
    pub actions: Vec<Action>,
    /// Dockerfiles and Containerfiles, in order of path.
    pub dockerfiles: Vec<Dockerfile>,
    /// Every `CODEOWNERS` in its three places.
    pub codeowners: Vec<CodeOwners>,
    /// `.github/workflows/actions.lock`; none or one.
    pub actions_locks: Vec<ActionsLock>,
    /// `.github/cofferdam.lock`; none or one.
    pub cofferdam_locks: Vec<CofferdamLock>,
    /// Ariane's configuration; none or one.
    pub ariane: Vec<Ariane>,
    /// Guides for contributors, in any of their places.
    pub contributing: Vec<Contributing>,
    /// Configuration of a sign-off app; none or one.
    pub dco: Vec<Dco>,
    /// Dependabot's configuration; none or one.
    pub dependabot: Vec<Dependabot>,
    /// Configurations of GoReleaser, in order of path.
    pub goreleasers: Vec<GoReleaser>,
    /// Descriptions of the project's security, in any of their places.
    pub insights: Vec<Insights>,
    /// Configuration of the maintainers' little helper; none or one.
    pub little_helpers: Vec<LittleHelper>,
    /// Configurations of pre-commit, in order of path.
    pub pre_commits: Vec<PreCommit>,
    /// Programs that workflows run, in order of path; see
    /// [`crate::semantics::programs`].
    pub programs: Vec<Program>,
    /// What names the project's packages.
    pub manifests: Vec<Manifest>,
    /// Lists of packages for pip.
    pub requirements: Vec<Requirements>,
    /// Renovate's configuration, under any of its names.
    pub renovate: Vec<Renovate>,
    /// Security policies, in any of their places.
    pub security_policies: Vec<SecurityPolicy>,
    // Workflow and job of the callers of a workflow, by its path. References are
    // followed for every step and by many rules; which of them name this
    // repository is known when its name is.
    callers: OnceLock<HashMap<String, Vec<(usize, usize)>>>,
    // The action in each folder.
    folders: OnceLock<HashMap<String, usize>>,
}

/// The events that can start a workflow, callers included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryEvents {
    /// Names of events, `workflow_call` left out.
    pub events: BTreeSet<String>,
    /// Whether other repositories can call it too, so that more events than
    /// these may be in play.
    pub callable: bool,
}

/// A job that calls a reusable workflow of the same checkout.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'r> {
    /// The calling workflow.
    pub workflow: &'r Workflow,
    /// The calling job.
    pub job: &'r Job,
}

impl Repository {
    /// The workflow at a path.
    #[must_use]
    pub fn workflow(&self, path: &str) -> Option<&Workflow> {
        let at = self
            .workflows
            .binary_search_by(|w| w.path().cmp(path))
            .ok()?;
        self.workflows.get(at)
    }

    /// Whether a reference names this very repository.
    #[must_use]
    pub fn is_self(&self, uses: &RepositoryUses) -> bool {
        let slug = self.slug.as_deref().and_then(|slug| slug.split_once('/'));
        slug.is_some_and(|(owner, name)| {
            owner.eq_ignore_ascii_case(&uses.owner) && name.eq_ignore_ascii_case(&uses.repo)
        })
    }

    /// The path inside the checkout that a reference means: `./x`, `$/x`, and
    /// `owner/name/x@ref` of this very repository (whatever the ref holds).
    #[must_use]
    pub fn own_path<'u>(&self, uses: &'u UsesRef) -> Option<Cow<'u, str>> {
        let path = match uses {
            UsesRef::Local(path) if path.contains('\\') => {
                return Some(Cow::Owned(plain(&path.replace('\\', "/"))));
            }
            UsesRef::Local(path) | UsesRef::SelfRepository(path) => path,
            UsesRef::Repository(repository) if self.is_self(repository) => &repository.path,
            _ => return None,
        };
        let path = path.strip_prefix("./").unwrap_or(path);
        Some(match is_plain(path) {
            true => Cow::Borrowed(path),
            false => Cow::Owned(plain(path)),
        })
    }

    /// The action of this checkout that a reference means.
    #[must_use]
    pub fn own_action(&self, uses: &UsesRef) -> Option<&Action> {
        self.action_in(&self.own_path(uses)?)
    }

    /// The action in a folder, as the runner looks for it: `action.yml` first.
    #[must_use]
    pub fn action_in(&self, folder: &str) -> Option<&Action> {
        let folders = self.folders.get_or_init(|| self.action_folders());
        self.actions.get(*folders.get(folder)?)
    }

    fn action_folders(&self) -> HashMap<String, usize> {
        let mut folders = HashMap::new();
        for name in ACTION_NAMES {
            for (at, action) in self.actions.iter().enumerate() {
                let folder = action.folder();
                if inside(folder, name) == action.path() && !folders.contains_key(folder) {
                    folders.insert(folder.to_owned(), at);
                }
            }
        }
        folders
    }

    /// The reusable workflow of this checkout that a reference means.
    #[must_use]
    pub fn own_workflow(&self, uses: &UsesRef) -> Option<&Workflow> {
        let path = self.own_path(uses)?;
        self.workflow(&path)
    }

    /// The jobs of this checkout that call a workflow.
    #[must_use]
    pub fn callers(&self, path: &str) -> Vec<Caller<'_>> {
        let index = self.callers.get_or_init(|| self.calls());
        let found = index.get(path).map_or(&[] as &[_], Vec::as_slice);
        let caller = |(workflow, job): &(usize, usize)| {
            let workflow = self.workflows.get(*workflow)?;
            let job = workflow.jobs.get(*job)?;
            Some(Caller { workflow, job })
        };
        found.iter().filter_map(caller).collect()
    }

    fn calls(&self) -> HashMap<String, Vec<(usize, usize)>> {
        let mut calls: HashMap<String, Vec<_>> = HashMap::new();
        for (at, workflow) in self.workflows.iter().enumerate() {
            for (number, job) in workflow.jobs.iter().enumerate() {
                let target = job.call().and_then(|call| self.own_path(&call.uses.value));
                if let Some(target) = target {
                    calls
                        .entry(target.into_owned())
                        .or_default()
                        .push((at, number));
                }
            }
        }
        calls
    }

    /// The events that can start a workflow, directly or through the callers
    /// in this checkout.
    #[must_use]
    pub fn entry_events(&self, workflow: &Workflow) -> EntryEvents {
        let mut entry = EntryEvents::default();
        let mut seen = BTreeSet::new();
        let mut queue = vec![workflow];
        while let Some(workflow) = queue.pop() {
            if !seen.insert(workflow.path()) {
                continue;
            }
            for trigger in &workflow.triggers {
                if trigger.name() == "workflow_call" {
                    entry.callable = true;
                } else {
                    entry.events.insert(trigger.name().to_owned());
                }
            }
            if workflow.is_reusable() {
                queue.extend(
                    self.callers(workflow.path())
                        .into_iter()
                        .map(|c| c.workflow),
                );
            }
        }
        entry
    }
}

/// A file in a folder, which is empty for the root.
#[must_use]
pub fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// A path without `.`, `..` and empty parts. One that leads out of the root
/// keeps its `..` in front and so names nothing.
#[must_use]
pub fn plain(path: &str) -> String {
    if is_plain(path) {
        return path.to_owned();
    }
    if !path.contains("..") {
        let mut plain = String::with_capacity(path.len());
        for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
            if !plain.is_empty() {
                plain.push('/');
            }
            plain.push_str(part);
        }
        return plain;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// One file that was read as what its path says.
#[derive(Clone, Debug)]
pub enum Part {
    /// A workflow.
    Workflow(Workflow),
    /// An action.
    Action(Action),
    /// A Dockerfile or Containerfile.
    Dockerfile(Dockerfile),
    /// A list of owners.
    CodeOwners(CodeOwners),
    /// `.github/workflows/actions.lock`; none or one.
    ActionsLock(ActionsLock),
    /// `.github/cofferdam.lock`; none or one.
    CofferdamLock(CofferdamLock),
    /// Ariane's configuration; none or one.
    Ariane(Ariane),
    /// A guide for contributors.
    Contributing(Contributing),
    /// Configuration of a sign-off app; none or one.
    Dco(Dco),
    /// Dependabot's configuration; none or one.
    Dependabot(Dependabot),
    /// A configuration of GoReleaser.
    GoReleaser(GoReleaser),
    /// A description of the project's security.
    Insights(Insights),
    /// Configuration of the maintainers' little helper; none or one.
    LittleHelper(LittleHelper),
    /// A configuration of pre-commit.
    PreCommit(PreCommit),
    /// What names a package, and Renovate's configuration if it holds one.
    Manifest(Box<Manifest>, Option<Box<Renovate>>),
    /// A list of packages for pip.
    Requirements(Requirements),
    /// Renovate's configuration, under any of its names.
    Renovate(Renovate),
    /// Security policies, in any of their places.
    SecurityPolicy(SecurityPolicy),
}

impl Part {
    /// Reads a file as what its path says; `None` for a file that is not one
    /// of the documents.
    #[must_use]
    pub fn read(file: SourceFile) -> Option<Self> {
        Some(match kind_of(file.path())? {
            FileKind::Workflow => Self::Workflow(Workflow::parse(file)),
            FileKind::Action => Self::Action(Action::parse(file)),
            FileKind::Dockerfile => Self::Dockerfile(Dockerfile::parse(file)),
            FileKind::CodeOwners => Self::CodeOwners(CodeOwners::parse(file)),
            FileKind::ActionsLock => Self::ActionsLock(ActionsLock::parse(file)),
            FileKind::CofferdamLock => Self::CofferdamLock(CofferdamLock::parse(file)),
            FileKind::Ariane => Self::Ariane(Ariane::parse(file)),
            FileKind::Contributing => Self::Contributing(Contributing::parse(file)),
            FileKind::Dco => Self::Dco(Dco::parse(file)),
            FileKind::Dependabot => Self::Dependabot(Dependabot::parse(file)),
            FileKind::GoReleaser => Self::GoReleaser(GoReleaser::parse(file)),
            FileKind::LittleHelper => Self::LittleHelper(LittleHelper::parse(file)),
            FileKind::PreCommit => Self::PreCommit(PreCommit::parse(file)),
            FileKind::Requirements => Self::Requirements(Requirements::parse(file)),
            FileKind::Manifest => Self::Manifest(Box::new(Manifest::read(&file)?), None),
            FileKind::Renovate => match Manifest::read(&file) {
                Some(manifest) => {
                    let renovate = Renovate::read(file).map(Box::new);
                    Self::Manifest(Box::new(manifest), renovate)
                }
                None => Self::Renovate(Renovate::read(file)?),
            },
            FileKind::SecurityPolicy => Self::SecurityPolicy(SecurityPolicy::parse(file)),
            FileKind::SecurityInsights => Self::Insights(Insights::parse(file)),
        })
    }
}

impl Repository {
    /// Reads files one after the other and puts them together; of those that are
    /// no documents, the programs that steps name.
    #[must_use]
    pub fn read(files: Vec<SourceFile>, tree: Tree) -> Self {
        let others: Vec<SourceFile> = files
            .iter()
            .filter(|file| kind_of(file.path()).is_none())
            .cloned()
            .collect();
        let mut repository = Self::assemble(files.into_iter().filter_map(Part::read), tree);
        for _ in 0..programs::ROUNDS {
            let named = programs::named(&repository);
            let new = |file: &&SourceFile| {
                named.contains(file.path()) && repository.program(file.path()).is_none()
            };
            let found: Vec<Program> = others
                .iter()
                .filter(new)
                .map(|file| Program::read(file.clone()))
                .collect();
            if found.is_empty() {
                break;
            }
            repository.add_programs(found);
        }
        repository
    }

    /// The program at a path, if a step names it and it was read.
    #[must_use]
    pub fn program(&self, path: &str) -> Option<&Program> {
        let found = self
            .programs
            .binary_search_by(|program| program.file().path().cmp(path));
        self.programs.get(found.ok()?)
    }

    /// Takes in programs that steps name.
    pub fn add_programs(&mut self, programs: Vec<Program>) {
        self.programs.extend(programs);
        let path = |program: &Program| program.file().shared_path();
        self.programs.sort_by_key(path);
        self.programs.dedup_by_key(|program| path(program));
    }

    /// Puts together what was read, in any order.
    #[must_use]
    pub fn assemble(parts: impl IntoIterator<Item = Part>, tree: Tree) -> Self {
        let mut repository = Self {
            tree,
            ..Self::default()
        };
        for part in parts {
            match part {
                Part::Workflow(workflow) => repository.workflows.push(workflow),
                Part::Action(action) => repository.actions.push(action),
                Part::Dockerfile(dockerfile) => repository.dockerfiles.push(dockerfile),
                Part::CodeOwners(codeowners) => repository.codeowners.push(codeowners),
                Part::ActionsLock(part) => repository.actions_locks.push(part),
                Part::CofferdamLock(part) => repository.cofferdam_locks.push(part),
                Part::Ariane(part) => repository.ariane.push(part),
                Part::Contributing(part) => repository.contributing.push(part),
                Part::Dco(part) => repository.dco.push(part),
                Part::Dependabot(part) => repository.dependabot.push(part),
                Part::GoReleaser(part) => repository.goreleasers.push(part),
                Part::Insights(part) => repository.insights.push(part),
                Part::LittleHelper(part) => repository.little_helpers.push(part),
                Part::PreCommit(part) => repository.pre_commits.push(part),
                Part::Manifest(manifest, renovate) => {
                    repository.manifests.push(*manifest);
                    repository.renovate.extend(renovate.map(|r| *r));
                }
                Part::Requirements(part) => repository.requirements.push(part),
                Part::Renovate(part) => repository.renovate.push(part),
                Part::SecurityPolicy(part) => repository.security_policies.push(part),
            }
        }
        repository.sort();
        repository
    }

    /// Takes in documents that other documents refer to.
    pub fn extend(&mut self, actions: Vec<Action>, dockerfiles: Vec<Dockerfile>) {
        self.actions.extend(actions);
        self.dockerfiles.extend(dockerfiles);
        self.sort();
    }

    /// A workflow, an action or the configuration of Dependabot at a path.
    #[must_use]
    pub fn document(&self, path: &str) -> Option<&Document> {
        let workflow = self.workflow(path).map(|workflow| &workflow.document);
        let actions = || self.actions.iter().find(|a| a.path() == path);
        let dependabot = || self.dependabot.iter().find(|d| d.file().path() == path);
        workflow
            .or_else(|| actions().map(|action| &action.document))
            .or_else(|| dependabot().map(Dependabot::document))
    }

    /// The same checkout with other texts in the place of some of the files
    /// that [`document`](Self::document) gives; others are passed over.
    #[must_use]
    pub fn with_texts(&self, files: impl IntoIterator<Item = SourceFile>) -> Self {
        let mut repository = self.clone();
        for file in files {
            let path = file.shared_path();
            let workflows = repository.workflows.iter_mut();
            let actions = repository.actions.iter_mut();
            let dependabot = repository.dependabot.iter_mut();
            if let Some(old) = workflows.into_iter().find(|w| w.path() == &*path) {
                *old = Workflow::parse(file);
            } else if let Some(old) = actions.into_iter().find(|a| a.path() == &*path) {
                *old = Action::parse(file);
            } else if let Some(old) = dependabot.into_iter().find(|d| d.file().path() == &*path) {
                *old = Dependabot::parse(file);
            }
        }
        repository.sort();
        repository
    }

    fn sort(&mut self) {
        let repository = self;
        repository.callers = OnceLock::new();
        repository.folders = OnceLock::new();
        repository.workflows.sort_by(|a, b| a.path().cmp(b.path()));
        repository.actions.sort_by(|a, b| a.path().cmp(b.path()));
        repository
            .dockerfiles
            .sort_by(|a, b| a.file().path().cmp(b.file().path()));
        (repository.requirements).sort_by(|a, b| a.file.path().cmp(b.file.path()));
        (repository.manifests).sort_by(|a, b| a.file.path().cmp(b.file.path()));
        repository
            .goreleasers
            .sort_by(|a, b| a.file().path().cmp(b.file().path()));
        repository
            .pre_commits
            .sort_by(|a, b| a.file().path().cmp(b.file().path()));
        repository
            .codeowners
            .sort_by(|a, b| a.file().path().cmp(b.file().path()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_as_the_runner_resolves_it() {
        for (path, expected) in [
            ("./x", "x"),
            ("././x/", "x"),
            ("a//b/./c", "a/b/c"),
            ("a/../vendor/x", "vendor/x"),
            ("../x", "../x"),
            ("a/../../x", "../x"),
            (".", ""),
        ] {
            assert_eq!(plain(path), expected, "{path}");
        }
    }

    #[test]
    fn the_runner_takes_action_yml_first() {
        let file = |path| SourceFile::new(path, "name: x\nruns: {using: node24, main: x.js}\n");
        let files = vec![
            file("a/action.yaml"),
            file("a/action.yml"),
            file("action.yaml"),
        ];
        let repository = Repository::read(files, Tree::default());
        let path = |uses| {
            repository
                .own_action(&UsesRef::parse(uses))
                .map(Action::path)
        };
        assert_eq!(path("./b/../a"), Some("a/action.yml"));
        assert_eq!(path("./"), Some("action.yaml"));
        assert_eq!(path("./../a"), None);
    }
}
