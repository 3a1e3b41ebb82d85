//! Container images that are not pinned to a digest.

use std::collections::BTreeSet;

use cofferdam_facts::{Control, ImageRef, Location, SourceFile, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Dockerfile;
use cofferdam_workflows::documents::dockerfile::ImageName;
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::semantics::built::BuiltBases;
use cofferdam_workflows::semantics::images::{Candidate, Role};

use crate::context::{Context, JobView};
use crate::image_sites::{self, ImageSite};
use crate::own_references::OwnName;
use crate::rule::{Rule, Sink};
use crate::stakes::Stakes;

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
    /// A reference must end in a well-formed `sha256` or `sha512` digest, or be
    /// the id of a local image. `scratch` and the stages of the same Dockerfile
    /// are not images. An image that an earlier step or line of the same job
    /// builds is not pulled, nor one that a job which this one `needs` builds and
    /// pushes, unless a condition may skip the build.
    ///
    /// A name that a static matrix, a constant of `env:`, an assignment of the
    /// script or the default of an input decides is judged where it is set; one
    /// that is known at run time only makes the control unknown there. The
    /// severity follows what the image's code can take.
    ///
    /// Where steps run inside it, it is one level below a mutable action: medium
    /// in a job that holds secrets, publishes, signs in or may write to the
    /// repository, low in others. Medium for the image of an action, which a
    /// pinned commit of the action does not fix; low elsewhere; informational in
    /// folders of tests and examples, where it does not count against the
    /// project.
    ///
    /// An image of this repository's owner is one level lower, but not one on
    /// another registry than GitHub's that such a job runs inside of: the
    /// account there is another.
    ///
    /// `docker compose` and its files are not judged. zizmor's `unpinned-images`
    /// knows `latest` and the workflow places, Scorecard the Dockerfile ones;
    /// neither follows names into the matrix's rows or tells built images from
    /// pulled ones.
    ///
    /// # References
    /// - <https://docs.docker.com/build/building/best-practices/#pin-base-image-versions>
    /// - <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>
    pub struct UnpinnedImage {
        id: "unpinned-image",
        title: "A container image is not pinned to a digest",
        severity: Medium,
        controls: [D1],
        peers: [
            "zizmor/unpinned-images",
            "scorecard/Pinned-Dependencies",
            "sisakulint/unpinned-images",
        ],
        standards: [Cwe::Cwe494, Scorecard::PinnedDependencies, StepSecurity::PinnedActions],
    }
}

impl Rule for UnpinnedImage {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let own = OwnName::of(cx);
        let mut last: Option<Judge<'_>> = None;
        for site in image_sites::of(cx) {
            let same = last
                .as_ref()
                .is_some_and(|j| j.file.path() == site.file.path());
            let mut judge = match last.take() {
                Some(judge) if same => judge,
                _ => Judge::new(&own, site.file),
            };
            judge.judge(&site, out);
            last = Some(judge);
        }
        let built = image_sites::bases(cx);
        for dockerfile in &cx.repository.dockerfiles {
            let mut judge = Judge::new(&own, dockerfile.file());
            bases(dockerfile, &built, &mut judge, out);
        }
    }
}

fn bases(dockerfile: &Dockerfile, built: &BuiltBases, judge: &mut Judge<'_>, out: &mut Sink) {
    for (at, place) in dockerfile.images().iter().enumerate() {
        if place.is_some_stage() || matches!(place.name, ImageName::Scratch) {
            continue;
        }
        let location = dockerfile.file().locate(place.span);
        let Some(image) = place.image() else {
            judge.unknown(&place.written, location, out);
            continue;
        };
        if image.is_pinned() {
            judge.pinned(location, out);
        } else if !built.has(dockerfile.file().path(), at) {
            let why = "Who can push the tag changes every image that is built from this file";
            let severity = judge.graded(Severity::Low, image, true);
            let written = &place.written;
            judge.report(
                finding(severity, location, "Dockerfile", image, why, written),
                out,
            );
        }
    }
}

/// Judges the images of one file.
struct Judge<'r> {
    own: &'r OwnName,
    file: &'r SourceFile,
    /// Places of constants that were judged, since several steps use one.
    seen: BTreeSet<Span>,
    pinned: bool,
}

impl<'r> Judge<'r> {
    fn new(own: &'r OwnName, file: &'r SourceFile) -> Self {
        Self {
            own,
            file,
            seen: BTreeSet::new(),
            pinned: false,
        }
    }

    fn judge(&mut self, site: &ImageSite<'_>, out: &mut Sink) {
        let named = &site.named;
        let place = self.file.locate(named.span);
        let mut open = false;
        let mut here = false;
        for Candidate { image, set_at } in &named.images {
            if image.is_pinned() {
                continue;
            }
            open = true;
            match set_at {
                Some(span) if self.seen.insert(*span) => {
                    self.unpinned(site, image, self.file.locate(*span), out);
                }
                Some(_) => {}
                // A name in parts is reported once, as it is written.
                None if here => {}
                None => {
                    here = true;
                    let written = ImageRef::parse(&named.written);
                    self.unpinned(site, &written, place.clone(), out);
                }
            }
        }
        if !named.complete && !open {
            self.unknown(&named.written, place, out);
        } else if !open {
            self.pinned(place, out);
        }
    }

    fn unpinned(&self, site: &ImageSite<'_>, image: &ImageRef, location: Location, out: &mut Sink) {
        let stakes = site.job.map(JobView::stakes);
        let holds = stakes.as_ref().is_none_or(Stakes::is_grave);
        let (severity, place, why) = match site.named.role {
            Role::Container => (
                Severity::Medium,
                "job container",
                "its steps run inside this image",
            ),
            Role::Service => (
                Severity::Low,
                "service",
                "the job talks to whatever this image runs",
            ),
            Role::Step => (
                Severity::Medium,
                "step",
                "the step runs this image with what it is given",
            ),
            Role::Action => (
                Severity::Medium,
                "action",
                "who pins this action to a commit still runs whatever the tag holds",
            ),
            Role::Script => (
                Severity::Low,
                "script",
                "the script runs this image with what it is given",
            ),
        };
        let severity = if holds { severity } else { Severity::Low };
        // An account of another registry is another credential, which may be
        // lost while this repository is safe.
        let inside = matches!(site.named.role, Role::Container | Role::Step) && holds;
        let elsewhere = image.registry.as_deref() != Some("ghcr.io");
        let own_counts = site.named.role != Role::Action && !(inside && elsewhere);
        let severity = self.graded(severity, image, own_counts);
        let held = stakes.map_or_else(String::new, |s| format!("; the job holds {}", s.describe()));
        let why = format!("Who can push the tag changes what runs: {why}{held}");
        self.report(
            finding(severity, location, place, image, why, &site.subject),
            out,
        );
    }

    /// Lowers a severity for the owner's own images and for files that are not
    /// shipped.
    fn graded(&self, severity: Severity, image: &ImageRef, own_counts: bool) -> Severity {
        if is_aside(self.file.path()) {
            return Severity::Info;
        }
        let account = image.repository.split('/').next().unwrap_or_default();
        let own = image.repository.contains('/')
            && self
                .own
                .owner()
                .is_some_and(|o| o.eq_ignore_ascii_case(account));
        if own && own_counts {
            severity.lowered()
        } else {
            severity
        }
    }

    // What is not shipped does not speak against the project.
    fn report(&self, finding: Finding, out: &mut Sink) {
        if is_aside(self.file.path()) {
            out.report_against(&[], finding);
        } else {
            out.report(finding);
        }
    }

    // One place of a file stands for all.
    fn pinned(&mut self, location: Location, out: &mut Sink) {
        if !std::mem::replace(&mut self.pinned, true) {
            let note = "images are pinned to digests";
            out.satisfied(Control::D1, location, note);
        }
    }

    fn unknown(&self, written: &str, location: Location, out: &mut Sink) {
        if !is_aside(self.file.path()) {
            out.unknown(
                Control::D1,
                Some(location),
                format!("the image that `{written}` names at run time"),
                "write the digest where the value is set",
            );
        }
    }
}

fn finding(
    severity: Severity,
    location: Location,
    place: &str,
    image: &ImageRef,
    why: impl Into<String>,
    subject: &str,
) -> Finding {
    let message = format!("{place} names the image `{image}` without a digest");
    Finding::new(UnpinnedImage::INFO.id, severity, location, message)
        .why(why)
        .fix(format!("Append the digest: `{image}@sha256:…`"))
        .group(format!("images without a digest ({place})"))
        .subject(format!("{subject} {image}"))
}
