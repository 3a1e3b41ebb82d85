//! Who can reach what in one repository.

pub(crate) mod judged;
pub mod lines;

use std::collections::BTreeSet;

use cofferdam_config::Config;
use cofferdam_exposure::Exposure;
use cofferdam_facts::SourceFile;
use cofferdam_facts::registry::RegistryDeclaration;
use cofferdam_facts::settings::{Snapshot, Visibility};
use cofferdam_findings::NotChecked;
use cofferdam_rules::context::{Context, Facts};

use crate::audit::{AuditError, Options, Target, assumed, collect, identity};
use crate::collect::Collected;
use crate::judging::visibility;
use crate::slug::Slug;

pub use judged::{Before, Judged, judged};

/// The exposures of one repository, and what was not read of it.
#[derive(Debug)]
pub struct Exposed {
    /// `owner/name`, where it is known.
    pub repository: Option<String>,
    /// The commit that was read, where a revision was named.
    pub revision: Option<String>,
    /// Whether the settings were known.
    pub settings: bool,
    /// Who sees the repository, where that is known or told.
    pub visibility: Option<Visibility>,
    /// Who reaches what.
    pub exposure: Exposure,
    /// Files that were not read.
    pub not_checked: Vec<NotChecked>,
    /// The texts in which ways have places.
    pub files: Vec<SourceFile>,
}

impl Exposed {
    /// Whether everything was read that the answer rests on.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.exposure.unread.is_empty() && !self.not_checked.iter().any(|one| one.required)
    }
}

/// Reads a repository and works out who can reach what. What secrets of
/// registries can do is declared by the configuration: on a change that of its
/// base.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all.
pub fn exposure(target: &Target, options: &Options) -> Result<Exposed, AuditError> {
    let collected = collect(&target.input, &options.limits)?;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let config = judged::config(&target.input, &collected, options)?;
    let known = Known {
        slug: slug.as_ref(),
        settings,
        visibility: visibility(&options.judging, config.as_ref(), settings)?,
        registries: declared(config.as_ref()),
    };
    Ok(of_collected(collected, &known, options))
}

pub(crate) fn declared(config: Option<&Config>) -> &[RegistryDeclaration] {
    config.map_or(&[], |config| &config.registries)
}

/// What is known of a repository besides its files.
struct Known<'k> {
    slug: Option<&'k Slug>,
    settings: Option<&'k Snapshot>,
    visibility: Option<&'k Visibility>,
    registries: &'k [RegistryDeclaration],
}

fn of_collected(mut collected: Collected, known: &Known<'_>, options: &Options) -> Exposed {
    let mut files = texts(&collected);
    let assumed = assumed(&collected, options, known.settings);
    let repository = collected.repository(known.slug, &options.limits);
    let facts = Facts {
        policies: &[],
        registries: known.registries,
        settings: known.settings,
        visibility: known.visibility,
        pack: None,
        now: Some(options.now),
    };
    let cx = Context::new(&repository, facts);
    let exposure = cofferdam_exposure::of(&cx);
    cx.discard();
    // Those that were found by what the others refer to.
    files.extend(repository.actions.iter().map(|one| one.file().clone()));
    files.extend(repository.workflows.iter().map(|one| one.file().clone()));
    files.extend(repository.dockerfiles.iter().map(|one| one.file().clone()));
    let places = exposure.graph.edges().iter().flat_map(|edge| &edge.places);
    let named: BTreeSet<&str> = places
        .filter_map(|place| place.location.as_ref().map(|at| at.path.as_ref()))
        .collect();
    files.retain(|file| named.contains(file.path()));
    Exposed {
        repository: known.slug.map(ToString::to_string),
        revision: collected.revision,
        settings: known.settings.is_some(),
        visibility: sees(known),
        exposure,
        not_checked: (collected.gaps.into_iter().map(NotChecked::from))
            .chain(assumed)
            .collect(),
        files,
    }
}

fn sees(known: &Known<'_>) -> Option<Visibility> {
    let settings = known.settings.and_then(|s| s.repository.known());
    let by_settings = settings.map(|repository| &repository.visibility);
    by_settings.or(known.visibility).cloned()
}

/// The texts that were read, by path.
fn texts(collected: &Collected) -> Vec<SourceFile> {
    collected.files.clone()
}
