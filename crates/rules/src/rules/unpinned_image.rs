//! Container images that are not pinned to a digest.

use cofferdam_facts::{Control, ImageRef, Location};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Action, Dockerfile, Workflow};
use cofferdam_workflows::semantics::images::{self, Named, Role};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A container image is named by a tag, or by nothing, instead of a digest:
    /// in `container:`, `services:`, `uses: docker://…`, an action's `image:`, a
    /// script's `docker run`, or a Dockerfile.
    ///
    /// # Why
    /// A tag of a registry can be pushed again. Steps of a job with a
    /// `container:` run inside that image, and an image that a step or an
    /// action runs sees what the step sees. A base image that changes silently
    /// changes every image that is built on it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// container: golang:1.25
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// container: golang:1.25@sha256:8305f5fa8ea63c7b5bc85bd223ccc62941f852318ebfbd22f53bbd0b358c07e1
    /// ```
    ///
    /// # How it is decided
    /// A reference must end in a well-formed `sha256` or `sha512` digest.
    /// `scratch` and the stages of the same Dockerfile are not images. A name
    /// that an expression or a build argument decides is not judged and makes
    /// the control unknown there. The severity follows what the image's code
    /// can take: medium where steps run inside it in a job that holds secrets or
    /// may write, low elsewhere, and informational in folders of tests and
    /// examples. zizmor's `unpinned-images` knows `latest` and the workflow
    /// places; Scorecard the Dockerfile ones.
    ///
    /// # References
    /// - <https://docs.docker.com/build/building/best-practices/#pin-base-image-versions>
    /// - <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>
    pub struct UnpinnedImage {
        id: "unpinned-image",
        title: "A container image is not pinned to a digest",
        severity: Medium,
        controls: [D1],
    }
}

impl Rule for UnpinnedImage {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for job in cx.jobs(workflow) {
            for named in images::of_job(job.job) {
                judge(&named, job.at(named.span), Some(job), &job.subject(), out);
            }
            for step in job.job.steps() {
                let subject = job.step_subject(step);
                if let Some(named) = images::of_step(step) {
                    judge(&named, job.at(named.span), Some(job), &subject, out);
                }
                let (Some(text), Some(script)) = (step.script(), cx.script(workflow.path(), step))
                else {
                    continue;
                };
                for named in images::of_script(script, |r| text.raw_span(&workflow.document, r)) {
                    judge(&named, job.at(named.span), Some(job), &subject, out);
                }
            }
        }
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Sink) {
        if let Some(named) = images::of_action(action) {
            judge(&named, action.file().locate(named.span), None, "runs", out);
        }
        for step in action.steps() {
            let subject = format!("runs/{}", step.label());
            if let Some(named) = images::of_step(step) {
                judge(
                    &named,
                    action.file().locate(named.span),
                    None,
                    &subject,
                    out,
                );
            }
            if let (Some(text), Some(script)) = (step.script(), cx.script(action.path(), step)) {
                for named in images::of_script(script, |r| text.raw_span(&action.document, r)) {
                    judge(
                        &named,
                        action.file().locate(named.span),
                        None,
                        &subject,
                        out,
                    );
                }
            }
        }
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for dockerfile in &cx.repository.dockerfiles {
            bases(dockerfile, out);
        }
    }
}

fn judge(
    named: &Named,
    location: Location,
    job: Option<&JobView<'_>>,
    subject: &str,
    out: &mut Sink,
) {
    let Some(image) = &named.image else {
        return unknown(&named.written, location, out);
    };
    if image.is_pinned() {
        return out.satisfied(Control::D1, location, "the image is pinned to a digest");
    }
    let stakes = job.map(JobView::stakes);
    let holds = stakes.as_ref().is_none_or(crate::stakes::Stakes::any);
    let severity = match named.role {
        Role::Container | Role::Step | Role::Action if holds => Severity::Medium,
        _ => Severity::Low,
    };
    let (place, why) = match named.role {
        Role::Container => ("job container", "its steps run inside this image"),
        Role::Service => ("service", "the job talks to whatever this image runs"),
        Role::Step => ("step", "the step runs this image with what it is given"),
        Role::Action => ("action", "every job that uses the action runs this image"),
        Role::Script => ("script", "the script runs this image with what it is given"),
    };
    let held = stakes.map_or_else(String::new, |s| format!("; the job holds {}", s.describe()));
    report(
        image,
        severity,
        location,
        place,
        &format!("Who can push the tag changes what runs: {why}{held}"),
        subject,
        out,
    );
}

fn bases(dockerfile: &Dockerfile, out: &mut Sink) {
    let path = dockerfile.file().path();
    for place in dockerfile.images() {
        let location = dockerfile.file().locate(place.span);
        if place.is_some_stage() {
            continue;
        }
        match place.image() {
            Some(image) if image.is_pinned() => {
                out.satisfied(
                    Control::D1,
                    location,
                    "the base image is pinned to a digest",
                );
            }
            Some(image) => {
                let severity = if is_aside(path) {
                    Severity::Info
                } else {
                    Severity::Low
                };
                let why = "Who can push the tag changes every image that is built from this file";
                report(
                    image,
                    severity,
                    location,
                    "Dockerfile",
                    why,
                    &place.written,
                    out,
                );
            }
            None if matches!(
                place.name,
                cofferdam_workflows::documents::dockerfile::ImageName::Scratch
            ) => {}
            None => unknown(&place.written, location, out),
        }
    }
}

fn report(
    image: &ImageRef,
    severity: Severity,
    location: Location,
    place: &str,
    why: &str,
    subject: &str,
    out: &mut Sink,
) {
    let message = format!("{place} names the image `{image}` without a digest");
    let fix = format!("Append the digest: `{image}@sha256:…`");
    out.report(
        Finding::new(UnpinnedImage::INFO.id, severity, location, message)
            .why(why)
            .fix(fix)
            .group(format!("images without a digest ({place})"))
            .subject(format!("{subject} {image}")),
    );
}

fn unknown(written: &str, location: Location, out: &mut Sink) {
    out.unknown(
        Control::D1,
        Some(location),
        format!("the image that `{written}` names at run time"),
        "write the digest where the value is set",
    );
}

/// Whether a file lies among tests, examples or documentation, whose images
/// are not what the project publishes.
fn is_aside(path: &str) -> bool {
    path.split('/').any(|part| {
        let part = part.to_ascii_lowercase();
        [
            "test", "tests", "testdata", "e2e", "example", "examples", "docs", "demo", "fixtures",
            "samples",
        ]
        .contains(&part.as_str())
    })
}
