//! Actions, reusable workflows and images: what CI and builds take from others.

use std::collections::BTreeMap;
use std::sync::Arc;

use cofferdam_facts::{Location, UsesRef};
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::{Document, Ecosystem, Format, Package, Relation};
use cofferdam_rules::context::{Context, Facts};
use cofferdam_rules::image_sites;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::dockerfile::ImageName;
use cofferdam_workflows::documents::kind::{FileKind, kind_of};

use super::{Inventory, Options};
use crate::collect::Collected;

/// Whether a file is read here.
pub(super) fn is_read(path: &str) -> bool {
    matches!(
        kind_of(path),
        Some(FileKind::Workflow | FileKind::Action | FileKind::ActionsLock | FileKind::Dockerfile)
    )
}

/// Adds a document for each workflow, action and Dockerfile.
pub(super) fn read(
    collected: &mut Collected,
    options: &Options,
    wanted: &dyn Fn(&str) -> bool,
    inventory: &mut Inventory,
) {
    let repository = collected.repository(None, &options.limits);
    let mut found = Found::default();
    for workflow in &repository.workflows {
        found.file(workflow.path(), Format::Workflow);
    }
    for action in &repository.actions {
        found.file(action.path(), Format::Workflow);
    }
    for dockerfile in &repository.dockerfiles {
        found.file(dockerfile.file().path(), Format::Dockerfile);
    }
    found.uses(&repository);
    found.images(&repository);
    found.bases(&repository);
    let is_excluded = |path: &str| options.exclude.iter().any(|glob| glob.matches(path));
    let keeps = |path: &str| wanted(path) && !is_excluded(path);
    for problem in broken(&repository) {
        if problem
            .location
            .as_ref()
            .is_none_or(|place| keeps(&place.path))
        {
            inventory.not_checked.push(problem);
        }
    }
    let documents = found.documents.into_values();
    inventory
        .documents
        .extend(documents.filter(|document| keeps(&document.path)));
}

#[derive(Default)]
struct Found {
    documents: BTreeMap<String, Document>,
}

impl Found {
    fn file(&mut self, path: &str, format: Format) {
        let document = Document::new(Arc::<str>::from(path), format);
        self.documents.insert(path.to_owned(), document);
    }

    fn push(&mut self, package: Package) {
        let path = package.location.path.to_string();
        let document = (self.documents.entry(path))
            .or_insert_with_key(|path| Document::new(Arc::<str>::from(&**path), Format::Workflow));
        document.packages.push(package);
    }

    fn uses(&mut self, repository: &Repository) {
        let of_jobs = repository.workflows.iter().flat_map(|workflow| {
            let jobs = workflow.jobs.iter();
            jobs.flat_map(|job| {
                let called = job.call().map(|call| &call.uses);
                let steps = job.steps().iter().filter_map(|step| step.uses());
                called.into_iter().chain(steps)
            })
            .map(|uses| (&workflow.document, uses))
        });
        let of_actions = repository.actions.iter().flat_map(|action| {
            let steps = action.steps().iter().filter_map(|step| step.uses());
            steps.map(|uses| (&action.document, uses))
        });
        let mut packages = Vec::new();
        for (document, uses) in of_jobs.chain(of_actions) {
            let location = document.file().locate(uses.span);
            if let UsesRef::Repository(uses) = &uses.value {
                packages.push(Package::action(uses, None, location));
            }
        }
        packages.into_iter().for_each(|package| self.push(package));
    }

    fn images(&mut self, repository: &Repository) {
        let cx = Context::new(repository, Facts::default());
        for site in image_sites::of(&cx) {
            let named = &site.named;
            for candidate in &named.images {
                let span = candidate.set_at.unwrap_or(named.span);
                self.push(Package::image(&candidate.image, site.file.locate(span)));
            }
            let given_out = named.images.is_empty() && named.written.contains("${{");
            if !named.complete || given_out {
                self.push(unknown(&named.written, site.file.locate(named.span)));
            }
        }
    }

    fn bases(&mut self, repository: &Repository) {
        for dockerfile in &repository.dockerfiles {
            let file = dockerfile.file();
            for place in dockerfile.images() {
                let location = file.locate(place.default_span.unwrap_or(place.span));
                match &place.name {
                    ImageName::Image(reference) => self.push(Package::image(reference, location)),
                    ImageName::Scratch | ImageName::Stage(_) => {}
                    ImageName::Unknown { .. } if place.is_some_stage() => {}
                    ImageName::Unknown { .. } => self.push(unknown(&place.written, location)),
                }
            }
        }
    }
}

/// An image whose name is known at run time only is a package of its text, so that
/// another text is another package.
fn unknown(written: &str, location: Location) -> Package {
    let mut package = Package::new(Ecosystem::Docker, written, None, location);
    package.relation = Relation::Direct;
    package
}

/// What of these files was not understood.
fn broken(repository: &Repository) -> Vec<NotChecked> {
    let not_read = |location: Location, message: &str| NotChecked {
        code: "syntax",
        message: format!("{}: {message}", location.path),
        location: Some(location),
        settle: "mend the file, then run again".to_owned(),
        required: true,
    };
    let documents = (repository.workflows.iter().map(|one| &one.document))
        .chain(repository.actions.iter().map(|one| &one.document));
    let mut all = Vec::new();
    for document in documents {
        let hides = document.problems().iter();
        for problem in hides.filter(|problem| problem.kind.hides_something()) {
            all.push(not_read(
                document.file().locate(problem.span),
                &problem.message,
            ));
        }
    }
    all
}
