//! Lists that come in pages, and the tags of a repository.
//!
//! Source: OCI distribution specification 1.1, "Listing Tags"; RFC 8288 for the
//! header that names the next page.

use cofferdam_facts::ImageRef;
use reqwest::Url;
use serde::Deserialize;

use super::exchange::Ask;
use super::{OciClient, OciError, Place, is_tag};
use crate::http::Stream;

/// The most pages of one list.
const MOST_PAGES: usize = 256;
/// The most tags of a repository.
const MOST_TAGS: usize = 50_000;

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

impl OciClient {
    /// The tags of a repository, in the order of their names.
    ///
    /// # Errors
    /// [`OciError`].
    pub fn tags(&self, image: &ImageRef) -> Result<Vec<String>, OciError> {
        let place = self.place(image)?;
        let mut tags = Vec::new();
        let url = place.url("tags/list?n=1000");
        self.pages(&place, &url, &[], |answer| {
            match answer.status {
                200 => {}
                404 => {
                    return Err(OciError::NotFound {
                        image: place.image.clone(),
                    });
                }
                status => return Err(place.status(status)),
            }
            let bytes = self.whole(&place, answer)?;
            let page: Tags = serde_json::from_slice(&bytes)
                .map_err(|_| place.malformed("what the registry gives is no list of tags"))?;
            // A repository without tags says `null`.
            let page = page.tags.unwrap_or_default();
            if page.iter().any(|tag| !is_tag(tag)) {
                return Err(place.malformed("the registry lists a tag that is none"));
            }
            tags.extend(page);
            if tags.len() > MOST_TAGS {
                return Err(OciError::TooMany {
                    image: place.image.clone(),
                    what: "tags",
                    most: MOST_TAGS,
                });
            }
            Ok(())
        })?;
        tags.sort();
        tags.dedup();
        Ok(tags)
    }

    /// Asks for page after page.
    pub(super) fn pages(
        &self,
        place: &Place,
        first: &str,
        headers: &[(&str, &str)],
        mut take: impl FnMut(Stream) -> Result<(), OciError>,
    ) -> Result<(), OciError> {
        let mut url = first.to_owned();
        for _ in 0..MOST_PAGES {
            let answer = self.exchange(place, &Ask::get(&url, headers))?;
            let next = answer.header("link").and_then(next).map(str::to_owned);
            take(answer)?;
            let Some(next) = next else { return Ok(()) };
            let wrong = || place.malformed("it leads to a next page that is none of its own");
            url = beside(&url, &next).ok_or_else(wrong)?;
        }
        Err(OciError::TooMany {
            image: place.image.clone(),
            what: "pages",
            most: MOST_PAGES,
        })
    }
}

/// The target of a header `Link` that is the next page.
fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or(after);
        let is_next = parameters.split([';', ',']).any(|one| {
            let one = one.trim();
            let value = one
                .strip_prefix("rel=")
                .map(|value| value.trim_matches('"'));
            value.is_some_and(|value| value.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        rest = after;
    }
    None
}

/// Security invariant: a next page lies at the same host, since a credential
/// goes with the question.
fn beside(from: &str, target: &str) -> Option<String> {
    let from = Url::parse(from).ok()?;
    let to = from.join(target).ok()?;
    let stays = to.origin() == from.origin() && to.path().starts_with("/v2/");
    (stays && to.username().is_empty()).then(|| to.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_and_stays_where_it_was() {
        for (header, due) in [
            (
                "</v2/a/tags/list?last=b&n=2>; rel=\"next\"",
                Some("/v2/a/tags/list?last=b&n=2"),
            ),
            ("<x>; rel=prev, </v2/y>; rel=next", Some("/v2/y")),
            ("<x>; rel=prev", None),
            ("<x", None),
            ("", None),
        ] {
            assert_eq!(next(header), due, "{header}");
        }
        let from = "https://r.example/v2/a/tags/list?n=1";
        let due = "https://r.example/v2/a/tags/list?last=b";
        assert_eq!(beside(from, "?last=b").as_deref(), Some(due));
        for target in [
            "https://evil.example/v2/a/tags/list",
            "//evil.example/v2/",
            "http://r.example/v2/a",
            "/admin",
            "https://me@r.example/v2/a",
        ] {
            assert_eq!(beside(from, target), None, "{target}");
        }
    }
}
