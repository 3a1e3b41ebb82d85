//! Every place of a workflow or action that names an image which may be pulled.

use std::borrow::Cow;
use std::collections::HashMap;

use cofferdam_facts::{SourceFile, Span};
use cofferdam_workflows::documents::{Action, Job, Step, Workflow};
use cofferdam_workflows::semantics::built::{Built, BuiltBases, Pushed};
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::images::{self, Named};
use cofferdam_workflows::shell::Script;
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};

/// One place that names an image.
#[derive(Clone, Debug)]
pub struct ImageSite<'c> {
    /// The image, as far as it is known.
    pub named: Named,
    /// The file.
    pub file: &'c SourceFile,
    /// The job, unless it stands in an action.
    pub job: Option<&'c JobView<'c>>,
    /// What it is about, for fingerprints.
    pub subject: String,
}

/// What the places of a checkout leave to be pulled.
#[derive(Debug, Default)]
pub struct Pulled(HashMap<(String, Span), Vec<Named>>);

impl Pulled {
    /// Those of a checkout.
    #[must_use]
    pub fn of(cx: &Context<'_>) -> Self {
        let mut pulled = Self::default();
        for site in of(cx) {
            let key = (site.file.path().to_owned(), site.named.span);
            pulled.0.entry(key).or_default().push(site.named);
        }
        pulled
    }

    /// What is left of a place of the file at `path`; nothing where the job has
    /// built what it names.
    #[must_use]
    pub fn left(&self, path: &str, named: &Named) -> Option<&Named> {
        let key = (path.to_owned(), named.span);
        let places = self.0.get(&key)?;
        places.iter().find(|place| place.written == named.written)
    }
}

/// Every place that names an image which may have to be pulled, file by file in
/// order of path: what the same job has built before is left out.
#[must_use]
pub fn of<'c>(cx: &'c Context<'c>) -> Vec<ImageSite<'c>> {
    let mut sites = Vec::new();
    for workflow in &cx.repository.workflows {
        of_workflow(cx, workflow, &mut sites);
    }
    for action in &cx.repository.actions {
        of_action(cx, action, &mut sites);
    }
    sites
}

fn of_workflow<'c>(cx: &'c Context<'c>, workflow: &'c Workflow, sites: &mut Vec<ImageSite<'c>>) {
    let pushed = Pushed::of(workflow, &scripts(cx));
    for job in cx.jobs(workflow) {
        let around = Surroundings::of_job(workflow, job.job);
        let site = |named, subject| ImageSite {
            named,
            file: workflow.file(),
            job: Some(job),
            subject,
        };
        let mut built = Built::of_job(Some(cx.repository), workflow, job.job, &pushed);
        let own = images::of_job(job.job, around).into_iter();
        let own = own.filter_map(|named| built.left(named));
        sites.extend(own.map(|named| site(named, job.subject())));
        for step in job.job.steps() {
            let script = cx.script(workflow.path(), step);
            let found = of_one(&mut built, step, script, &workflow.document);
            sites.extend((found.into_iter()).map(|named| site(named, job.step_subject(step))));
        }
    }
}

fn of_action<'c>(cx: &'c Context<'c>, action: &'c Action, sites: &mut Vec<ImageSite<'c>>) {
    let around = Surroundings::of_action(action);
    let site = |named, subject: &str| ImageSite {
        named,
        file: action.file(),
        job: None,
        subject: subject.to_owned(),
    };
    sites.extend(images::of_action(action).map(|named| site(named, "runs")));
    let mut built = Built::alone(Some(cx.repository), around);
    for step in action.steps() {
        let subject = format!("runs/{}", step.label());
        let script = cx.script(action.path(), step);
        let found = of_one(&mut built, step, script, &action.document);
        sites.extend((found.into_iter()).map(|named| site(named, &subject)));
    }
}

fn of_one<'c>(
    built: &mut Built<'c>,
    step: &'c Step,
    script: Option<&Script>,
    document: &Document,
) -> Vec<Named> {
    let at = |range| match step.script() {
        Some(text) => text.raw_span(document, range),
        None => step.span,
    };
    built.step(step, script, &at)
}

/// The bases of Dockerfiles that whoever builds them has built before.
#[must_use]
pub fn bases(cx: &Context<'_>) -> BuiltBases {
    BuiltBases::of(cx.repository, &scripts(cx))
}

fn scripts<'c>(cx: &'c Context<'c>) -> impl Fn(&Workflow, &Job, &Step) -> Option<Cow<'c, Script>> {
    |workflow, _, step| cx.script(workflow.path(), step).map(Cow::Borrowed)
}
