//! What refers to an image: its signatures, statements and the like.
//!
//! Source: OCI distribution specification 1.1, "Listing Referrers" and
//! "Referrers Tag Schema". A registry that cannot answer is an error, and never
//! an image to which nothing refers.

use cofferdam_facts::ImageRef;
use cofferdam_facts::image::is_digest;

use super::document::{Descriptor, Document};
use super::{OciClient, OciError, Place};

/// The most referrers of one image: each is read.
const MOST_REFERRERS: usize = 2_000;
/// What a list of referrers is.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// How referrers were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The registry keeps the list.
    Api,
    /// It does not, and a tag holds the list.
    Tag,
}

/// What refers to an image.
#[derive(Clone, Debug)]
pub struct Referrers {
    /// Manifests, as the list names them. Anybody who may write to the
    /// repository may have written the list.
    pub manifests: Vec<Descriptor>,
    /// Who keeps the list.
    pub way: Way,
}

impl OciClient {
    /// What refers to a manifest of a repository.
    ///
    /// # Errors
    /// [`OciError`]; a registry that does not answer as it should is one.
    pub fn referrers(&self, image: &ImageRef, digest: &str) -> Result<Referrers, OciError> {
        let place = self.place(image)?;
        if !is_digest(digest) {
            return Err(OciError::Name { image: place.image });
        }
        let listed = self.listed(&place, digest)?;
        let way = if listed.is_some() { Way::Api } else { Way::Tag };
        if let Some(manifests) = listed.filter(|all| !all.is_empty()) {
            return Ok(Referrers { manifests, way });
        }
        // Also where the registry keeps a list that is empty: images are copied from registries
        // that keep none, together with their tags.
        let manifests = match self.fallback(&place, digest)? {
            Some(bytes) => listed_by(&place, &bytes)?,
            None => Vec::new(),
        };
        Ok(Referrers { manifests, way })
    }

    /// What the registry itself lists; `None` if it keeps no lists. Whatever a
    /// header says about that, the answer counts.
    pub(super) fn listed(
        &self,
        place: &Place,
        digest: &str,
    ) -> Result<Option<Vec<Descriptor>>, OciError> {
        let mut all = Vec::new();
        let mut first = true;
        let mut keeps = true;
        let url = place.url(&format!("referrers/{digest}"));
        self.pages(place, &url, &[("accept", INDEX)], |answer| {
            match answer.status {
                200 => {}
                404 if first => {
                    keeps = false;
                    return Ok(());
                }
                status => return Err(place.status(status)),
            }
            first = false;
            let bytes = self.whole(place, answer)?;
            all.extend(listed_by(place, &bytes)?);
            bounded(place, all.len())
        })?;
        Ok(keeps.then_some(all))
    }

    /// The bytes of the list that a tag holds, if there is one.
    pub(super) fn fallback(
        &self,
        place: &Place,
        digest: &str,
    ) -> Result<Option<Vec<u8>>, OciError> {
        match self.body(place, &fallback_tag(digest)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(OciError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The manifest that a tag stands for, if there is such a tag: its digest
    /// and its bytes. For tags that hold signatures by the older convention.
    ///
    /// # Errors
    /// [`OciError`], but for a tag that is not there.
    pub fn tagged(
        &self,
        image: &ImageRef,
        tag: &str,
    ) -> Result<Option<(String, Vec<u8>)>, OciError> {
        let place = self.place(image)?;
        match self.body(&place, tag) {
            Ok(bytes) => Ok(Some((super::computed("sha256:", &bytes), bytes))),
            Err(OciError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What a list names.
pub(super) fn listed_by(place: &Place, bytes: &[u8]) -> Result<Vec<Descriptor>, OciError> {
    match Document::parse(bytes) {
        Ok(Document::Index(index)) => {
            bounded(place, index.manifests.len())?;
            if index.manifests.iter().any(|one| !is_digest(&one.digest)) {
                return Err(
                    place.malformed("its list of referrers names something without a digest")
                );
            }
            Ok(index.manifests)
        }
        _ => Err(place.malformed("what should be a list of referrers is none")),
    }
}

fn bounded(place: &Place, count: usize) -> Result<(), OciError> {
    if count <= MOST_REFERRERS {
        return Ok(());
    }
    Err(OciError::TooMany {
        image: place.image.clone(),
        what: "referrers",
        most: MOST_REFERRERS,
    })
}

/// The tag that holds the list of referrers where a registry keeps none.
pub(super) fn fallback_tag(digest: &str) -> String {
    let (algorithm, digits) = digest.split_once(':').unwrap_or_default();
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    format!("{}-{}", cut(algorithm, 32), cut(digits, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_a_list_is_cut_to_what_a_tag_may_be() {
        let short = format!("sha256:{}", "a".repeat(64));
        assert_eq!(fallback_tag(&short), format!("sha256-{}", "a".repeat(64)));
        let long = format!("sha512:{}", "b".repeat(128));
        assert_eq!(fallback_tag(&long), format!("sha512-{}", "b".repeat(64)));
    }
}
