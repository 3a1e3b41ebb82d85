//! Images: what is wrong with how they are named, and how they are pinned.

use std::collections::BTreeMap;

use cofferdam_facts::ImageRef;
use cofferdam_registries::oci::OciError;

use super::places::{Place, Subject};
use super::{Code, Judged, Options, Pin, Verdict};

/// What registries say about all images that are named.
pub(super) struct Answers(BTreeMap<String, Answer>);

struct Answer {
    /// The digest, of a tag or as it stands there.
    digest: Result<String, OciError>,
    /// What the tag before a digest stands for.
    tag: Option<Result<String, OciError>>,
    /// When it was fetched, where the cache alone was asked.
    kept: Option<u64>,
}

impl Answers {
    /// Asks for the digest of every image once; of a pinned one, whether the
    /// registry has it, and what the tag before the digest stands for.
    pub(super) fn ask(places: &[Place], options: &Options<'_>) -> Self {
        let mut images: Vec<&ImageRef> = (places.iter())
            .filter_map(|place| match &place.subject {
                Subject::Image(image) => Some(image),
                _ => None,
            })
            .collect();
        images.sort_by_key(|image| image.to_string());
        images.dedup();
        let oci = options.oci;
        let found = options.git.each(&images, |image| {
            let kept = oci.kept_since(image);
            let Some(digest) = image.digest.as_ref().filter(|_| image.is_pinned()) else {
                return Answer {
                    digest: oci.resolve(image),
                    tag: None,
                    kept,
                };
            };
            let tag = image.tag.as_ref().map(|_| oci.resolve(image));
            // A tag that stands for the digest shows that the registry has it.
            let digest = match &tag {
                Some(Ok(now)) if now == digest => Ok(digest.clone()),
                _ => oci.manifest(image, digest).map(|_| digest.clone()),
            };
            Answer { digest, tag, kept }
        });
        let names = images.iter().map(|image| image.to_string());
        Self(names.zip(found).collect())
    }

    /// What is to be said of one place.
    pub(super) fn judge(&self, place: &Place, image: &ImageRef, is_change: bool) -> Judged {
        let Some(answer) = self.0.get(&image.to_string()) else {
            return Judged::unknown("no answer was asked for");
        };
        let mut judged = answer.judge(place, image, is_change);
        judged.kept = answer.kept;
        judged
    }
}

impl Answer {
    fn judge(&self, place: &Place, image: &ImageRef, is_change: bool) -> Judged {
        let found = &self.digest;
        if image.is_pinned() {
            return match found {
                Ok(digest) => self.compared(place, image, digest, is_change),
                Err(OciError::NotFound { .. }) => Judged::problem(
                    Code::VanishedImage,
                    format!("the registry does not have `{}`", place.written),
                ),
                Err(error) => Judged::unknown(&error.to_string()),
            };
        }
        let digest = match found {
            Ok(digest) => digest,
            Err(OciError::NotFound { .. }) => {
                return Judged::problem(
                    Code::VanishedImage,
                    format!("the registry does not have `{}`", place.written),
                );
            }
            Err(error) => {
                let mut judged = Judged::problem(
                    Code::ImageNotPinned,
                    format!("`{}` is not pinned to a digest", place.written),
                );
                judged
                    .verdicts
                    .extend(Judged::unknown(&error.to_string()).verdicts);
                return judged;
            }
        };
        let tag = image.tag.as_deref().unwrap_or("latest");
        let mut judged = Judged::problem(
            Code::ImageNotPinned,
            format!(
                "`{}` is not pinned to a digest; `{tag}` is {digest} now",
                place.written
            ),
        );
        // The tag stays before the digest: it says which version is meant, and
        // is not looked at any more.
        judged.pin = Some(Pin {
            text: format!("{}:{tag}@{digest}", image.name()),
            comment: None,
            says: None,
        });
        judged
    }

    /// Compares the tag before a digest with it. Tags of images are made to move
    /// on, so that a pin of last week is none that lies; one that a change
    /// writes has to agree with its tag, and a tag has to exist.
    fn compared(&self, place: &Place, image: &ImageRef, digest: &str, is_change: bool) -> Judged {
        let right = Judged {
            is_pinned: true,
            ..Judged::default()
        };
        let (Some(tag), Some(now)) = (&image.tag, &self.tag) else {
            return right;
        };
        match now {
            Ok(now) if now == digest => right,
            Ok(now) => {
                let message = format!("`{tag}` of {} is {now} now, and not {digest}", image.name());
                if is_change {
                    return Judged::problem(Code::LyingTag, message);
                }
                Judged {
                    verdicts: vec![Verdict::Note(Code::TagMovedOn, message)],
                    ..right
                }
            }
            Err(OciError::NotFound { .. }) => Judged::problem(
                Code::LyingTag,
                format!(
                    "there is no `{tag}` of {}, and {} says so",
                    image.name(),
                    place.written
                ),
            ),
            Err(error) => Judged::unknown(&format!(
                "what the tag before the digest stands for is not known: {error}"
            )),
        }
    }
}
