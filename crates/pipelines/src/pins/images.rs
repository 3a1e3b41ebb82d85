//! Images: what is wrong with how they are named, and how they are pinned.

use std::collections::BTreeMap;

use cofferdam_facts::ImageRef;
use cofferdam_registries::oci::OciError;

use super::places::{Place, Subject};
use super::{Code, Judged, Options, Pin};

/// What registries say about all images that are named.
pub(super) struct Answers(BTreeMap<String, Result<String, OciError>>);

impl Answers {
    /// Asks for the digest of every image once; of a pinned one, whether the
    /// registry has it.
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
        let found = options.git.each(&images, |image| match &image.digest {
            Some(digest) if image.is_pinned() => {
                oci.manifest(image, digest).map(|_| digest.clone())
            }
            _ => oci.resolve(image),
        });
        let names = images.iter().map(|image| image.to_string());
        Self(names.zip(found).collect())
    }

    /// What is to be said of one place.
    pub(super) fn judge(&self, place: &Place, image: &ImageRef) -> Judged {
        let found = self.0.get(&image.to_string());
        if image.is_pinned() {
            return match found {
                Some(Ok(_)) => Judged {
                    is_pinned: true,
                    ..Judged::default()
                },
                Some(Err(OciError::NotFound { .. })) => Judged::problem(
                    Code::VanishedImage,
                    format!("the registry does not have `{}`", place.written),
                ),
                Some(Err(OciError::Lies { .. })) | None | Some(Err(_)) => {
                    Judged::unknown(&reason(found))
                }
            };
        }
        let digest = match found {
            Some(Ok(digest)) => digest,
            Some(Err(OciError::NotFound { .. })) => {
                return Judged::problem(
                    Code::VanishedImage,
                    format!("the registry does not have `{}`", place.written),
                );
            }
            _ => {
                let mut judged = Judged::problem(
                    Code::ImageNotPinned,
                    format!("`{}` is not pinned to a digest", place.written),
                );
                judged
                    .verdicts
                    .extend(Judged::unknown(&reason(found)).verdicts);
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
}

fn reason(found: Option<&Result<String, OciError>>) -> String {
    match found {
        Some(Err(error)) => error.to_string(),
        _ => "no answer was asked for".to_owned(),
    }
}
