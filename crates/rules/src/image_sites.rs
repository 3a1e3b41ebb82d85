//! Every place of a workflow or action that names an image, and the images that
//! the checkout builds itself.

use std::collections::HashMap;

use cofferdam_facts::SourceFile;
use cofferdam_workflows::documents::{Action, Step, Workflow};
use cofferdam_workflows::semantics::built::Built;
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::images::{self, Named};

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

/// The images that a checkout builds.
#[derive(Debug, Default)]
pub struct BuiltImages<'c> {
    // By the path of the workflow: its own, and those of every action.
    by_workflow: HashMap<&'c str, Built>,
    everywhere: Built,
}

impl BuiltImages<'_> {
    /// Those that are there without pulling when the file at `path` is used: a
    /// workflow has what it and the actions build; an action or Dockerfile is
    /// used after whatever comes first.
    #[must_use]
    pub fn of(&self, path: &str) -> &Built {
        self.by_workflow.get(path).unwrap_or(&self.everywhere)
    }
}

/// Every place that names an image, file by file in order of path.
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
    for job in cx.jobs(workflow) {
        let around = Surroundings::of_job(workflow, job.job);
        let site = |named, subject| ImageSite {
            named,
            file: workflow.file(),
            job: Some(job),
            subject,
        };
        let own = images::of_job(job.job, around).into_iter();
        sites.extend(own.map(|named| site(named, job.subject())));
        for step in job.job.steps() {
            let subject = || job.step_subject(step);
            sites.extend(images::of_step(step).map(|named| site(named, subject())));
            let (Some(text), Some(script)) = (step.script(), cx.script(workflow.path(), step))
            else {
                continue;
            };
            let at = |range| text.raw_span(&workflow.document, range);
            let scripted = images::of_script(script, around.in_step(step), at).into_iter();
            sites.extend(scripted.map(|named| site(named, subject())));
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
    for step in action.steps() {
        let subject = format!("runs/{}", step.label());
        sites.extend(images::of_step(step).map(|named| site(named, &subject)));
        if let (Some(text), Some(script)) = (step.script(), cx.script(action.path(), step)) {
            let at = |range| text.raw_span(&action.document, range);
            let scripted = images::of_script(script, around.in_step(step), at).into_iter();
            sites.extend(scripted.map(|named| site(named, &subject)));
        }
    }
}

/// What the workflows and actions build.
#[must_use]
pub fn built<'c>(cx: &'c Context<'c>) -> BuiltImages<'c> {
    let mut images = BuiltImages::default();
    let mut by_actions = Built::default();
    for action in &cx.repository.actions {
        let around = Surroundings::of_action(action);
        add(cx, action.path(), action.steps(), around, &mut by_actions);
    }
    images.everywhere.extend(by_actions.clone());
    for workflow in &cx.repository.workflows {
        let mut here = by_actions.clone();
        for job in cx.jobs(workflow) {
            let around = Surroundings::of_job(workflow, job.job);
            add(cx, workflow.path(), job.job.steps(), around, &mut here);
        }
        images.everywhere.extend(here.clone());
        images.by_workflow.insert(workflow.path(), here);
    }
    images
}

fn add(cx: &Context<'_>, path: &str, steps: &[Step], around: Surroundings<'_>, built: &mut Built) {
    for step in steps {
        let around = around.in_step(step);
        built.add_action(step, around);
        if let Some(script) = cx.script(path, step) {
            built.add_script(script, around);
        }
    }
}
