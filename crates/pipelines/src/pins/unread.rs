//! What may name an action or an image and could not be looked at. None of it
//! counts as pinned.

use std::path::{Component, Path};

use cofferdam_facts::{SourceFile, Span, Spanned, UsesRef};
use cofferdam_findings::NotChecked;
use cofferdam_rules::context::{Context, Facts};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::repository::{ACTION_DOCKERFILES, inside};
use cofferdam_workflows::yaml::Document;

/// One of them, with the text that nobody looked at.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) text: String,
    pub(super) said: NotChecked,
}

impl Unread {
    fn new(file: &SourceFile, span: Span, text: &str, code: &'static str, message: &str) -> Self {
        Self {
            text: text.to_owned(),
            said: NotChecked {
                code,
                message: message.to_owned(),
                location: Some(file.locate(span)),
                settle: "look at it yourself, or write it in a way that can be looked at"
                    .to_owned(),
                required: true,
            },
        }
    }

    /// What it is, wherever in its file it stands.
    pub(super) fn key(&self) -> (String, &'static str, String) {
        let path = (self.said.location.as_ref()).map_or_else(String::new, |at| at.path.to_string());
        (path, self.said.code, self.text.clone())
    }
}

/// Everything of a checkout that could not be looked at. `whole` says that its
/// local actions were read too.
pub(super) fn of(repository: &Repository, whole: bool) -> Vec<Unread> {
    let mut found = Vec::new();
    let cx = Context::new(repository, Facts::default());
    let steps = (repository.workflows.iter())
        .flat_map(|workflow| (workflow.jobs.iter()).map(move |job| (&workflow.document, job)))
        .flat_map(|(document, job)| job.steps().iter().map(move |step| (document, step)))
        .chain((repository.actions.iter()).flat_map(|action| {
            let steps = action.steps().iter();
            steps.map(move |step| (&action.document, step))
        }));
    for (document, step) in steps {
        found.extend(
            step.uses()
                .and_then(|uses| reference(repository, document, uses, whole)),
        );
        found.extend(script(&cx, document, step));
    }
    for workflow in &repository.workflows {
        let calls = workflow.jobs.iter().filter_map(|job| job.call());
        found.extend(
            calls.filter_map(|call| reference(repository, &workflow.document, &call.uses, whole)),
        );
    }
    for dockerfile in &repository.dockerfiles {
        found.extend(dockerfile.problems().first().map(|problem| {
            let file = dockerfile.file();
            let message = format!("{} is not understood as a whole", file.path());
            Unread::new(file, problem.span, file.text(), "not-understood", &message)
        }));
    }
    found
}

/// A reference to what is neither a repository at a ref, nor an image, nor
/// stands in this checkout: a job may bring it from anywhere before it is used.
fn reference(
    repository: &Repository,
    document: &Document,
    uses: &Spanned<UsesRef>,
    whole: bool,
) -> Option<Unread> {
    let why = match &uses.value {
        UsesRef::Docker(_) => return None,
        UsesRef::Repository(named) if named.git_ref.is_some() => return None,
        UsesRef::Repository(_) => "it names no tag, branch or commit",
        UsesRef::Unknown(_) => "it is in no form that is known",
        UsesRef::Local(_) | UsesRef::SelfRepository(_) if !whole => return None,
        UsesRef::Local(path) | UsesRef::SelfRepository(path) => {
            let own = repository.own_path(&uses.value)?;
            let is_file = |path: &str| {
                repository.document(path).is_some()
                    || repository
                        .dockerfiles
                        .iter()
                        .any(|one| one.file().path() == path)
            };
            let here = repository.action_in(&own).is_some()
                || is_file(&own)
                || (ACTION_DOCKERFILES.iter()).any(|name| is_file(&inside(&own, name)));
            if here && !leaves(path) {
                return None;
            }
            "no such action or workflow stands in the checkout; what does when it runs is not known"
        }
    };
    let written = uses.value.to_string();
    let message = format!("`{written}`: {why}");
    let file = document.file();
    Some(Unread::new(
        file,
        uses.span,
        &written,
        "uses-unknown",
        &message,
    ))
}

/// Whether a path leads out of the folder that it begins in.
fn leaves(path: &str) -> bool {
    let path = path.replace('\\', "/");
    let mut depth = 0_i32;
    Path::new(&path).components().any(|part| {
        depth += match part {
            Component::ParentDir => -1,
            Component::Normal(_) => 1,
            _ => 0,
        };
        depth < 0
    })
}

/// A part of a script that is not understood and may name an image: that of
/// another shell than those of Unix, for instance.
fn script(cx: &Context<'_>, document: &Document, step: &Step) -> Option<Unread> {
    let text = step.script()?;
    let file = document.file();
    let whole = 0..text.value.len();
    let parts = match cx.script(file.path(), step) {
        Some(script) => script.not_understood.clone(),
        None => vec![whole],
    };
    parts.into_iter().find_map(|range| {
        let part = text.value.get(range.clone())?;
        may_name_image(part).then(|| {
            let span = text.raw_span(document, range);
            let message = "this part of a script is not understood, and may run or pull an image";
            Unread::new(file, span, part, "script-unread", message)
        })
    })
}

fn may_name_image(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    ["docker", "podman", "nerdctl"]
        .iter()
        .any(|tool| text.contains(tool))
        && words.any(|word| matches!(word, "run" | "create" | "pull"))
}
