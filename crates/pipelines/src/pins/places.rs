//! Every place of a checkout that names an action, a reusable workflow or an
//! image.

use std::ops::Range;

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{ImageRef, Location, SourceFile, Span, Spanned, UsesRef};
use cofferdam_rules::context::{Context, Facts};
use cofferdam_rules::image_sites::{self, ImageSite};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::Dockerfile;
use cofferdam_workflows::documents::dockerfile::{ImageName, ImagePlace};
use cofferdam_workflows::semantics::built::BuiltBases;
use cofferdam_workflows::yaml::Document;

use super::{Change, Pin};

/// What a place names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An action or a reusable workflow.
    Uses(RepositoryUses),
    /// An image.
    Image(ImageRef),
    /// An image whose name is known at run time only.
    UnknownImage,
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it names.
    pub subject: Subject,
    /// Where.
    pub location: Location,
    /// The name as written.
    pub written: String,
    /// The bytes that a pin replaces: of an action its ref, of an image its
    /// whole name. None where the text is put together from parts.
    pub(super) edit: Option<Range<usize>>,
    /// The words of the comment behind it, and its bytes.
    pub(super) comment: Option<(String, Range<usize>)>,
    /// Whether a comment may be put behind it, and where.
    pub(super) comment_at: Option<usize>,
    /// What stands elsewhere and is no part of the bytes that a pin replaces.
    pub(super) elsewhere: String,
}

impl Place {
    /// What writing makes of it.
    pub(super) fn change(&self, pin: &Pin) -> Change {
        let new = match &self.subject {
            Subject::Uses(uses) => format!("{}@{}", uses.as_written(), pin.text),
            Subject::Image(_) | Subject::UnknownImage => pin.text.clone(),
        };
        Change {
            location: self.location.clone(),
            old: self.written.clone(),
            new,
            version: pin.comment.clone(),
        }
    }

    /// What is asked for: a repository, or an image.
    pub(super) fn name(&self) -> String {
        match &self.subject {
            Subject::Uses(uses) => format!("{}/{}", uses.owner, uses.repo),
            Subject::Image(_) | Subject::UnknownImage => self.written.clone(),
        }
    }
}

/// Every place, in order of path and position, each once.
pub(super) fn all(repository: &Repository) -> Vec<Place> {
    let mut places = Vec::new();
    for workflow in &repository.workflows {
        let document = &workflow.document;
        for job in &workflow.jobs {
            let called = job.call().map(|call| &call.uses);
            let steps = job.steps().iter().filter_map(|step| step.uses());
            places.extend(
                called
                    .into_iter()
                    .chain(steps)
                    .filter_map(|u| uses(document, u)),
            );
        }
    }
    for action in &repository.actions {
        let steps = action.steps().iter().filter_map(|step| step.uses());
        places.extend(steps.filter_map(|u| uses(&action.document, u)));
    }
    let cx = Context::new(repository, Facts::default());
    for site in image_sites::of(&cx) {
        places.extend(images(&site));
    }
    let built = image_sites::bases(&cx);
    for dockerfile in &repository.dockerfiles {
        places.extend(of_dockerfile(dockerfile, Some(&built)));
    }
    sorted(places)
}

/// A name that several jobs of a matrix share stands there once.
pub(super) fn sorted(mut places: Vec<Place>) -> Vec<Place> {
    let key = |place: &Place| {
        (
            place.location.path.to_string(),
            place.location.span.start,
            place.written.clone(),
        )
    };
    places.sort_by_key(key);
    places.dedup_by(|one, other| key(one) == key(other));
    places
}

fn uses(document: &Document, found: &Spanned<UsesRef>) -> Option<Place> {
    let UsesRef::Repository(uses) = &found.value else {
        return None;
    };
    let file = document.file();
    let git_ref = uses.git_ref.as_deref()?;
    let raw = file.slice(found.span);
    // The ref as written, after the last `@`: an escape in a quoted text has no
    // bytes of its own.
    let edit = raw.rfind('@').map(|at| at + 1).and_then(|at| {
        let end = at + git_ref.len();
        (raw.get(at..end) == Some(git_ref)).then(|| found.span.start + at..found.span.start + end)
    });
    let comment = document
        .comment_on_line(found.span.start)
        .filter(|comment| comment.span.start >= found.span.end)
        .map(|comment| {
            (
                comment.text.to_string(),
                comment.span.start..comment.span.end,
            )
        });
    let rest = file.text().get(found.span.end..).unwrap_or_default();
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let free = line.trim().is_empty() && !raw.contains('\n');
    Some(Place {
        subject: Subject::Uses(uses.clone()),
        location: file.locate(found.span),
        written: format!("{}@{git_ref}", uses.as_written()),
        edit,
        comment,
        comment_at: free.then_some(found.span.end),
        elsewhere: String::new(),
    })
}

fn images(site: &ImageSite<'_>) -> Vec<Place> {
    let named = &site.named;
    let mut places = Vec::new();
    for candidate in &named.images {
        let span = candidate.set_at.unwrap_or(named.span);
        places.push(image(site.file, candidate.image.clone(), span));
    }
    // What a step gives out is its own word, unless the checkout builds it.
    let given_out = named.images.is_empty() && named.written.contains("${{");
    if !named.complete || given_out {
        places.push(unknown(site.file, &named.written, named.span));
    }
    places
}

/// The images of a Dockerfile, without those that whoever builds it has built.
pub(super) fn of_dockerfile(dockerfile: &Dockerfile, built: Option<&BuiltBases>) -> Vec<Place> {
    let file = dockerfile.file();
    let place = |(at, found): (usize, &ImagePlace)| {
        let span = found.default_span.unwrap_or(found.span);
        match &found.name {
            ImageName::Image(_) if built.is_some_and(|built| built.has(file.path(), at)) => None,
            ImageName::Image(name) => Some(image(file, name.clone(), span)),
            ImageName::Scratch | ImageName::Stage(_) => None,
            ImageName::Unknown { .. } if found.is_some_stage() => None,
            ImageName::Unknown { .. } => Some(unknown(file, &found.written, found.span)),
        }
    };
    (dockerfile.images().iter().enumerate())
        .filter_map(place)
        .collect()
}

/// An image whose name is known at run time only.
pub(super) fn unknown(file: &SourceFile, written: &str, span: Span) -> Place {
    Place {
        subject: Subject::UnknownImage,
        location: file.locate(span),
        written: written.to_owned(),
        edit: None,
        comment: None,
        comment_at: None,
        elsewhere: String::new(),
    }
}

pub(super) fn image(file: &SourceFile, image: ImageRef, span: Span) -> Place {
    let raw = file.slice(span);
    let written = image.to_string();
    // Once and as a whole: anything else is put together from parts.
    let mut found = raw.match_indices(written.as_str()).map(|(at, _)| at);
    let edit = match (found.next(), found.next()) {
        (Some(at), None) => {
            let ends = |c: Option<char>| {
                c.is_none_or(|c| !c.is_ascii_alphanumeric() && !"._-/:@${".contains(c))
            };
            let end = at + written.len();
            let before = raw.get(..at).unwrap_or_default();
            let free = before.ends_with("docker://") || ends(before.chars().next_back());
            let after = raw.get(end..).unwrap_or_default().chars().next();
            (free && ends(after)).then(|| span.start + at..span.start + end)
        }
        _ => None,
    };
    Place {
        subject: Subject::Image(image),
        location: file.locate(span),
        written,
        edit,
        comment: None,
        comment_at: None,
        elsewhere: String::new(),
    }
}
