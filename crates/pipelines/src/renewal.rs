//! The description of a project's security, from a checkout to its renewal.

use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_facts::Timestamp;
use cofferdam_facts::{Location, SourceFile};
use cofferdam_rules::context::Facts;
use cofferdam_rules::{Context, dependencies, steps};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::Insights;
use cofferdam_workflows::insights::claims;
use cofferdam_workflows::insights::license;
use cofferdam_workflows::insights::questions::Question;
use cofferdam_workflows::insights::renewal::{self, Known, Renewal, RenewalError};
use cofferdam_workflows::insights::skeleton::{self, SkeletonError};
use cofferdam_workflows::repository::Tree;
use cofferdam_workflows::semantics::publishing::Artifact;

use crate::collect::{self, CollectError};
use crate::gap::Gap;
use crate::limits::Limits;
use crate::slug::Slug;

/// What is known besides the files.
#[derive(Clone, Debug)]
pub struct RenewalOptions {
    /// The repository, as a person named it.
    pub repository: Option<Slug>,
    /// The repository, where neither a person nor the remote says it.
    pub fallback_repository: Option<Slug>,
    /// A host that is GitHub's besides `github.com`.
    pub server: Option<String>,
    /// The day of the renewal.
    pub now: Timestamp,
    /// How much is read.
    pub limits: Limits,
}

/// A renewal that has not been written.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The file on disk, to be written.
    pub path: PathBuf,
    /// Its name in the repository.
    pub name: String,
    /// Its text, if there is a file.
    pub before: Option<String>,
    /// What it becomes.
    pub renewal: Renewal,
    /// What was not read, so that the renewal may lack something.
    pub gaps: Vec<Gap>,
}

impl Renewed {
    /// The place of a question in the file as it was.
    #[must_use]
    pub fn location(&self, question: &Question) -> Option<Location> {
        let text = self.before.as_deref()?;
        let file = SourceFile::new(self.name.as_str(), text);
        question.span.map(|span| file.locate(span))
    }
}

/// Why there is no renewal.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// Nothing could be read.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The path is not a folder, or only a part of a repository.
    #[error("{} is not the root of a repository", path.display())]
    NotARoot {
        /// The path as it was given.
        path: PathBuf,
    },
    /// There is something in the place of the file that could not be read.
    #[error("{name} is there and could not be read")]
    Unread {
        /// The file.
        name: String,
    },
    /// The file cannot be renewed.
    #[error("{name}: {source}")]
    Renewal {
        /// The file.
        name: String,
        /// Why.
        source: RenewalError,
    },
    /// No draft can be made.
    #[error(transparent)]
    Skeleton(#[from] SkeletonError),
}

/// Works out the renewal of the checkout at `root`. Nothing is written.
///
/// # Errors
/// [`RenewError`] if the checkout or the file was not understood.
pub fn renew(root: &Path, options: &RenewalOptions) -> Result<Renewed, RenewError> {
    if root.is_file() {
        return Err(RenewError::NotARoot {
            path: root.to_owned(),
        });
    }
    let today = options.now.midnight();
    let mut collected = collect::checkout(root, &options.limits)?;
    let root = &fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let server = options.server.as_deref();
    let remote = (collected.remote.as_ref()).and_then(|remote| Slug::from_remote(remote, server));
    let slug = (options.repository.clone())
        .or(remote)
        .or_else(|| options.fallback_repository.clone());
    let license = license(root, &collected.tree, &options.limits);
    let repository = collected.repository(slug.as_ref(), &options.limits);
    let context = Context::new(&repository, no_facts(options));
    let known = Known {
        license: license
            .as_ref()
            .map(|(path, text)| (path.as_str(), license::expression(text))),
        ..known(&context, today, options.repository.is_some())
    };
    let (name, path, before, renewal) = match in_force(&repository) {
        Some(file) => {
            let name = file.file().path().to_owned();
            let renewal = renewal::renew(file, &known).map_err(|source| RenewError::Renewal {
                name: name.clone(),
                source,
            })?;
            // A link inside of the checkout stays one.
            let (path, text) = collect::text_at(root, &name, &options.limits)
                .filter(|(_, text)| text == file.file().text())
                .ok_or_else(|| RenewError::Unread { name: name.clone() })?;
            (name, path, Some(text), renewal)
        }
        None => {
            let path = root.join(skeleton::PLACE);
            let name = skeleton::PLACE.to_owned();
            if fs::symlink_metadata(&path).is_ok() {
                return Err(RenewError::Unread { name });
            }
            (name, path, None, skeleton::draft(&known)?)
        }
    };
    Ok(Renewed {
        path,
        name,
        before,
        renewal,
        gaps: collected.gaps,
    })
}

fn no_facts(options: &RenewalOptions) -> Facts<'static> {
    Facts {
        now: Some(options.now),
        ..Facts::default()
    }
}

/// The file nearest to the root, where there are several.
fn in_force(repository: &Repository) -> Option<&Insights> {
    let depth = |file: &&Insights| {
        let path = file.file().path();
        (path.matches('/').count(), path.to_owned())
    };
    repository.insights.iter().min_by_key(depth)
}

fn known<'k>(context: &Context<'k>, today: Timestamp, named: bool) -> Known<'k> {
    let repository = context.repository;
    let publishes = |artifact: Option<Artifact>| {
        context
            .all_jobs()
            .flat_map(|job| &job.publications)
            .any(|p| match artifact {
                Some(wanted) => p.artifact == wanted,
                None => p.artifact != Artifact::Site,
            })
    };
    let attests = |name: &str| {
        matches!(
            name,
            "actions/attest-build-provenance" | "actions/attest-build-provenance/predicate"
        )
    };
    Known {
        facts: claims::Facts {
            repository,
            default_branch: None,
            publishes: publishes(None),
            lockfile: dependencies::lockfile(&context.dependencies),
        },
        today,
        named,
        releases: publishes(Some(Artifact::Release)),
        provenance: steps::of(context)
            .iter()
            .any(|site| site.step.action().is_some_and(&attests)),
        license: None,
    }
}

/// The licence and its text; a link that leads out of the checkout is not one.
fn license(root: &Path, tree: &Tree, limits: &Limits) -> Option<(String, String)> {
    let path = tree.iter().find(|path| license::is_license(path))?;
    let (_, text) = collect::text_at(root, path, limits)?;
    Some((path.to_owned(), text))
}
