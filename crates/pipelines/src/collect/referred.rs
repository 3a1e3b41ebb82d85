//! What the documents of a repository refer to in folders that are not looked
//! through: a workflow that says `uses: ./vendor/x` runs what stands there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cofferdam_facts::{SourceFile, UsesRef};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::kind::{FileKind, kind_of};
use cofferdam_workflows::documents::{Action, Dockerfile, Program, Step};
use cofferdam_workflows::repository::{
    ACTION_DOCKERFILES, ACTION_NAMES, Part, Tree, inside, plain,
};
use cofferdam_workflows::semantics::{built, programs};
use rayon::prelude::*;

use crate::collect::Collected;
use crate::collect::place::{Place, find, is_sound, stands};
use crate::collect::read::{Text, read, too_large};
use crate::gap::Gap;
use crate::git::CommitFiles;
use crate::limits::Limits;
use crate::slug::Slug;

/// So many bytes of programs are read.
const MAX_PROGRAM_BYTES: usize = 8 * 1024 * 1024;

/// Where one more file of the repository comes from.
#[derive(Debug, Default)]
pub(crate) enum Source {
    /// Nothing but what was named is read.
    #[default]
    Nothing,
    /// The work tree whose canonical root this is.
    Folder {
        /// The root.
        root: PathBuf,
        /// Whether git says which files belong to it.
        tracked: bool,
    },
    /// The files of a commit.
    Commit(Box<CommitFiles>),
}

impl Source {
    /// The file at a path; `None` if the repository has none there.
    pub(crate) fn text(&self, path: &str, tree: &Tree, limits: &Limits) -> Option<Text> {
        if !is_sound(path) {
            return None;
        }
        match self {
            Self::Nothing => None,
            Self::Folder { root, tracked } => {
                // What a build has left behind is not there when CI begins, and
                // no folder on the way may be a link: a commit knows none.
                if !tree.has(path) && (*tracked || !stands(root, path)) {
                    return None;
                }
                let gap = |gap| Text {
                    file: None,
                    gap: Some(gap),
                };
                Some(match find(root, path) {
                    Place::File { bytes, .. } if bytes > limits.document_bytes => {
                        too_large(path, bytes, limits.document_bytes)
                    }
                    Place::File { real, .. } => read(&real, path, limits.document_bytes),
                    Place::Missing => gap(Gap::Sparse {
                        path: path.to_owned(),
                    }),
                    Place::Gap(found) => gap(found),
                })
            }
            Self::Commit(files) => files.text(path, limits),
        }
    }
}

impl Collected {
    /// Reads the documents, and then what they refer to and nobody has looked
    /// for, until nothing new is found. What of it cannot be read is a gap.
    pub(crate) fn repository(&mut self, slug: Option<&Slug>, limits: &Limits) -> Repository {
        self.parsed(slug, limits, &Part::read)
    }

    /// The same with a parser that answers as [`Part::read`] does.
    pub(crate) fn parsed(
        &mut self,
        slug: Option<&Slug>,
        limits: &Limits,
        parse: &(dyn Fn(SourceFile) -> Option<Part> + Sync),
    ) -> Repository {
        let files = std::mem::take(&mut self.files);
        let mut read: BTreeSet<String> = files.iter().map(|f| f.path().to_owned()).collect();
        let mut budget = Budget {
            documents: limits.documents.saturating_sub(files.len()),
            bytes: files.iter().fold(limits.total_bytes, |left, file| {
                left.saturating_sub(file.text().len() as u64)
            }),
        };
        let parts: Vec<Part> = files.into_par_iter().filter_map(parse).collect();
        let mut repository = Repository::assemble(parts, std::mem::take(&mut self.tree));
        repository.slug = slug.map(ToString::to_string);
        repository.part = self.part;
        let mut asked = BTreeSet::new();
        loop {
            let mut actions = Vec::new();
            for folder in wanted_folders(&repository) {
                if !asked.insert(folder.clone()) {
                    continue;
                }
                let found = ACTION_NAMES.iter().find_map(|name| {
                    let path = inside(&folder, name);
                    self.one_more(path, &repository.tree, limits, &mut budget, &mut read)
                });
                if let Some(Found::Text(file)) = found {
                    actions.push(Action::parse(file));
                }
            }
            repository.extend(actions, Vec::new());
            let mut dockerfiles = Vec::new();
            for path in wanted_dockerfiles(&repository) {
                if !asked.insert(path.clone()) {
                    continue;
                }
                let found = self.one_more(path, &repository.tree, limits, &mut budget, &mut read);
                if let Some(Found::Text(file)) = found {
                    dockerfiles.push(Dockerfile::parse(file));
                }
            }
            let done = wanted_folders(&repository).is_subset(&asked);
            repository.extend(Vec::new(), dockerfiles);
            if done {
                break;
            }
        }
        self.read = read;
        self.programs(&mut repository, limits);
        repository
    }

    /// Reads the programs that steps name. What is too large, or no text, is no
    /// gap: what is not read of a program counts as not known.
    fn programs(&self, repository: &mut Repository, limits: &Limits) {
        let mut asked = BTreeSet::new();
        let mut left = MAX_PROGRAM_BYTES;
        for _ in 0..programs::ROUNDS {
            let named = programs::named(repository);
            let new: Vec<String> = named
                .into_iter()
                .filter(|path| asked.insert(path.clone()))
                .collect();
            let mut found = Vec::new();
            for path in new {
                let file = match self.laid_over.get(&path) {
                    Some(file) => Some(file.clone()),
                    None => {
                        let text = self.source.text(&path, &repository.tree, limits);
                        text.and_then(|text| text.file)
                    }
                };
                let Some(file) = file else { continue };
                let Some(rest) = left.checked_sub(file.text().len()) else {
                    continue;
                };
                left = rest;
                found.push(Program::read(file));
            }
            if found.is_empty() {
                break;
            }
            repository.add_programs(found);
        }
    }

    /// Reads one more file, if it is there and was not read yet.
    fn one_more(
        &mut self,
        path: String,
        tree: &Tree,
        limits: &Limits,
        budget: &mut Budget,
        read: &mut BTreeSet<String>,
    ) -> Option<Found> {
        if read.contains(&path) {
            return Some(Found::Nothing);
        }
        let Text { file, gap } = match self.laid_over.get(&path) {
            Some(file) => Text {
                file: Some(file.clone()),
                gap: None,
            },
            None => self.source.text(&path, tree, limits)?,
        };
        if let Some(gap) = gap.filter(|gap| !self.gaps.contains(gap)) {
            self.gaps.push(gap);
        }
        let Some(file) = file else {
            return Some(Found::Nothing);
        };
        if let Err(gap) = budget.take(file.text().len() as u64, limits) {
            if !self.gaps.contains(&gap) {
                self.gaps.push(gap);
            }
            return Some(Found::Nothing);
        }
        read.insert(path);
        Some(Found::Text(file))
    }
}

/// A file that is there.
enum Found {
    /// With its text.
    Text(SourceFile),
    /// Without: read before, or a gap says why not.
    Nothing,
}

/// What may still be read.
struct Budget {
    documents: usize,
    bytes: u64,
}

impl Budget {
    fn take(&mut self, bytes: u64, limits: &Limits) -> Result<(), Gap> {
        let over = |what, limit| Gap::TooMuch { what, limit };
        let documents = (self.documents.checked_sub(1))
            .ok_or_else(|| over("documents", limits.documents as u64))?;
        let bytes = (self.bytes.checked_sub(bytes))
            .ok_or_else(|| over("bytes of documents", limits.total_bytes))?;
        *self = Self { documents, bytes };
        Ok(())
    }
}

/// The folders of actions that documents use and that were not read.
fn wanted_folders(repository: &Repository) -> BTreeSet<String> {
    let jobs = repository.workflows.iter().flat_map(|w| &w.jobs);
    let steps = jobs
        .flat_map(|job| job.steps())
        .chain(repository.actions.iter().flat_map(Action::steps));
    let uses: BTreeSet<String> = steps
        .filter_map(Step::uses)
        .filter(|uses| !matches!(&uses.value, UsesRef::Docker(_) | UsesRef::Unknown(_)))
        .filter_map(|uses| repository.own_path(&uses.value))
        .map(std::borrow::Cow::into_owned)
        .collect();
    uses.into_iter()
        .filter(|folder| repository.action_in(folder).is_none())
        .collect()
}

/// The Dockerfiles that actions name, or that are actions by themselves, and
/// that are not among the documents by their path; and those that steps build.
fn wanted_dockerfiles(repository: &Repository) -> BTreeSet<String> {
    let named = repository.actions.iter().filter_map(|action| {
        let path = action.dockerfile()?.literal()?;
        Some(plain(&inside(action.folder(), path)))
    });
    let bare = wanted_folders(repository)
        .into_iter()
        .flat_map(|folder| ACTION_DOCKERFILES.map(|name| inside(&folder, name)));
    // Those that a step builds may also stand where nobody looks.
    let workflows = repository.workflows.par_iter();
    let actions = repository.actions.par_iter();
    let built: BTreeSet<String> = (workflows.flat_map_iter(built::files_of_workflow))
        .chain(actions.flat_map_iter(built::files_of_action))
        .collect();
    named
        .chain(bare)
        .filter(|path| kind_of(path) != Some(FileKind::Dockerfile))
        .chain(built)
        .collect()
}
