//! References of a repository to its own actions and reusable workflows by
//! name, and what may stand in their place.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::Location;
use cofferdam_facts::uses::RepositoryUses;
use cofferdam_workflows::Repository;

use crate::context::Context;
use crate::sites::{self, UseSite};

/// The fewest files that must agree before a name is taken for the
/// repository's own without being told so.
const AGREEING_FILES: usize = 3;

/// The repository's own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnName {
    /// It was told: by the command line, the settings or the remote.
    Known(String),
    /// Several files use actions and workflows under this name at paths which
    /// all exist here: very likely, and no proof.
    Likely(String),
    /// Neither.
    Unknown,
}

/// One line of the list by which a repository gets rid of such references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The value of `uses:`.
    pub location: Location,
    /// What stands there.
    pub current: String,
    /// What may stand there without a ref: `$/PATH`, the code of the running
    /// commit. `None` where the path is not in this checkout, or is its root:
    /// there only a commit helps.
    pub proposed: Option<String>,
}

impl OwnName {
    /// The name of the checkout, told or found.
    #[must_use]
    pub fn of(cx: &Context<'_>) -> Self {
        match &cx.repository.slug {
            Some(slug) => Self::Known(slug.to_ascii_lowercase()),
            None => likely(cx).map_or(Self::Unknown, Self::Likely),
        }
    }

    /// The name, told or found, in lower case.
    #[must_use]
    pub fn slug(&self) -> Option<&str> {
        match self {
            Self::Known(slug) | Self::Likely(slug) => Some(slug),
            Self::Unknown => None,
        }
    }

    /// The account in the name, in lower case.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        Some(self.slug()?.split_once('/')?.0)
    }

    /// Whether an action comes from GitHub itself or from this repository's
    /// owner, whose compromise is another matter altogether.
    #[must_use]
    pub fn is_familiar(&self, uses: &RepositoryUses) -> bool {
        let owner = uses.owner.to_ascii_lowercase();
        matches!(owner.as_str(), "actions" | "dependabot" | "github")
            || self.owner() == Some(owner.as_str())
    }

    /// Whether a reference names this repository.
    #[must_use]
    pub fn is(&self, uses: &RepositoryUses) -> bool {
        self.slug().is_some_and(|slug| slug == uses.slug())
    }
}

/// Whether an action comes from GitHub itself or from the owner of a repository
/// whose name was told. Cheap enough to be asked for every step.
pub(crate) fn is_familiar(repository: &Repository, uses: &RepositoryUses) -> bool {
    let told = repository.slug.as_deref().map_or(OwnName::Unknown, |slug| {
        OwnName::Known(slug.to_ascii_lowercase())
    });
    told.is_familiar(uses)
}

/// The one name under which several files use what exists in this checkout,
/// and nothing that does not.
fn likely(cx: &Context<'_>) -> Option<String> {
    #[derive(Default)]
    struct Candidate<'c> {
        files: BTreeSet<&'c str>,
        paths: BTreeSet<&'c str>,
        missing: bool,
    }
    let mut candidates: BTreeMap<String, Candidate<'_>> = BTreeMap::new();
    for site in sites::of(cx) {
        let Some(uses) = site.uses.repository() else {
            continue;
        };
        let candidate = candidates.entry(uses.slug()).or_default();
        if uses.path.is_empty() || !exists(cx.repository, uses) {
            candidate.missing = true;
        } else {
            candidate.files.insert(site.file().path());
            candidate.paths.insert(&uses.path);
        }
    }
    // Two repositories of one owner may hold a workflow of the same name; two
    // paths in three files are no coincidence any more.
    let mut likely = candidates.into_iter().filter(|(_, candidate)| {
        !candidate.missing && candidate.paths.len() > 1 && candidate.files.len() >= AGREEING_FILES
    });
    match (likely.next(), likely.next()) {
        (Some((slug, _)), None) => Some(slug),
        _ => None,
    }
}

/// Whether the checkout holds what a reference to it names.
fn exists(repository: &Repository, uses: &RepositoryUses) -> bool {
    if uses.is_reusable_workflow() {
        return repository.workflow(&uses.path).is_some();
    }
    repository.actions.iter().any(|a| a.folder() == uses.path)
}

/// What a reference may be replaced by, see [`Migration::proposed`].
#[must_use]
pub fn replacement(repository: &Repository, uses: &RepositoryUses) -> Option<String> {
    (!uses.path.is_empty() && exists(repository, uses)).then(|| format!("$/{}", uses.path))
}

/// Every reference to this repository by a branch or tag, in order of path and
/// place.
#[must_use]
pub fn mutable<'c>(cx: &'c Context<'c>, own: &OwnName) -> Vec<(UseSite<'c>, &'c RepositoryUses)> {
    sites::of(cx)
        .into_iter()
        .filter_map(|site| Some((site, site.uses.repository()?)))
        .filter(|(_, uses)| own.is(uses) && uses.commit().is_none())
        .collect()
}

/// The list by which a repository gets rid of its mutable references to
/// itself, in order of path and place.
#[must_use]
pub fn migrations(cx: &Context<'_>) -> Vec<Migration> {
    let own = OwnName::of(cx);
    mutable(cx, &own)
        .into_iter()
        .map(|(site, uses)| Migration {
            location: site.location(),
            current: site.uses.to_string(),
            proposed: replacement(cx.repository, uses),
        })
        .collect()
}
