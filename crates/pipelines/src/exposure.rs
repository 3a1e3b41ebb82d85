//! Who can reach what in one repository.

use std::collections::BTreeSet;

use cofferdam_exposure::Exposure;
use cofferdam_facts::SourceFile;
use cofferdam_findings::NotChecked;
use cofferdam_rules::context::{Context, Facts};

use crate::audit::{AuditError, Options, Target, collect, identity};

/// The exposures of one repository, and what was not read of it.
#[derive(Debug)]
pub struct Exposed {
    /// `owner/name`, where it is known.
    pub repository: Option<String>,
    /// The commit that was read, where a revision was named.
    pub revision: Option<String>,
    /// Whether the settings were known.
    pub settings: bool,
    /// Who reaches what.
    pub exposure: Exposure,
    /// Files that were not read.
    pub not_checked: Vec<NotChecked>,
    /// The texts in which ways have places.
    pub files: Vec<SourceFile>,
}

/// Reads a repository and works out who can reach what.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all.
pub fn exposure(target: &Target, options: &Options) -> Result<Exposed, AuditError> {
    let mut collected = collect(&target.input, &options.limits)?;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let mut files = collected.files.clone();
    let repository = collected.repository(slug.as_ref(), &options.limits);
    let facts = Facts {
        policies: &[],
        settings,
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
    Ok(Exposed {
        repository: slug.map(|slug| slug.to_string()),
        revision: collected.revision,
        settings: settings.is_some(),
        exposure,
        not_checked: collected.gaps.into_iter().map(NotChecked::from).collect(),
        files,
    })
}
