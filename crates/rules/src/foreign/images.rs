//! Images, and options of containers, that the starter of a run names.
//!
//! Source: docs.github.com, "Workflow syntax", `jobs.<job_id>.container` and
//! `jobs.<job_id>.services`; docs.docker.com, `docker container create`.

use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::gates::Way;
use cofferdam_workflows::semantics::heads::{Frame, Head};

use super::{Fetch, Means, Run, Unread, Walk, Whose};

impl Walk<'_> {
    /// `container: ${{ github.event.comment.body }}`: the steps run in an image of
    /// the starter's. Options mount what they say.
    pub(super) fn contained(&mut self, frame: &Frame<'_>) {
        if self.whose != Whose::Stranger {
            return;
        }
        let job = self.view.job;
        if let Some(container) = &job.container {
            let image = container.image.iter().filter(|i| names(frame, i));
            let options = container.options.iter();
            let options = options.filter(|o| frame.of_text(o, None).text);
            if let Some(text) = image.chain(options).next() {
                self.container(text, format!("container: {}", text.value));
            } else if let Some(image) = &container.image {
                self.image_of_job(image);
            }
        }
        for (name, service) in &job.services {
            let options = service.options.iter();
            let mut options = options.filter(|o| frame.of_text(o, None).text);
            if let Some(text) = options.next() {
                self.container(text, format!("services: {}", name.value));
                continue;
            }
            let Some(image) = service.image.as_ref().filter(|i| names(frame, i)) else {
                continue;
            };
            // What it mounts is the runner's.
            if service.volumes.is_empty() {
                let place = self.view.at(image.span);
                self.out.services.push((place, Way::Open));
            } else {
                self.container(image, format!("services: {}", name.value));
            }
        }
    }

    // An image that an earlier job names is whoever's that job lets name it.
    fn image_of_job(&mut self, image: &Text) {
        let named = image.parsed().any(|(part, expr)| {
            let contexts = expr.value_contexts();
            is_name(image, part.range.start) && contexts.iter().any(|path| path.head() == "needs")
        });
        if named && self.has_starter() {
            self.out.unread.push(Unread {
                place: self.view.at(image.span),
                label: self.view.job.name().to_owned(),
                means: format!("container: {}", image.value),
                words: true,
                way: Way::Open,
            });
        }
    }

    fn container(&mut self, text: &Text, means: String) {
        let place = self.view.at(text.span);
        let label = self.view.job.name().to_owned();
        self.out.runs.push(Run {
            fetch: self.out.fetches.len(),
            place: place.clone(),
            label: label.clone(),
            means,
            contained: false,
            handed: false,
            way: Way::Open,
        });
        self.out.fetches.push(Fetch {
            place,
            label,
            head: Head::TEXT.or(Head::FORK),
            means: Means::Git,
            folder: Folder::Elsewhere,
            mutable: true,
            way: Way::Open,
        });
    }
}

// Whether the starter decides whose image it is: by a text, a fork or a login in
// front of the tag.
fn names(frame: &Frame<'_>, image: &Text) -> bool {
    let head = frame.of_text(image, None);
    let mut parts = image.parsed();
    let open = parts.any(|(part, _)| is_name(image, part.range.start));
    open && (head.text || head.fork || head.login)
}

// Whether a place in an image is before its tag: what stands behind the colon is a
// version of the image that is named.
fn is_name(image: &Text, at: usize) -> bool {
    let name = image.value.rsplit('/').next().unwrap_or("");
    let tag = name.rfind(':');
    tag.is_none_or(|tag| at < image.value.len() - name.len() + tag)
}
