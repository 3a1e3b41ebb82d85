//! Writing: blobs, manifests, and what refers to an image.
//!
//! Source: OCI distribution specification 1.1, "Push" and "Pushing Manifests
//! with Subject".

use cofferdam_facts::ImageRef;
use cofferdam_facts::image::is_digest;
use reqwest::Url;
use serde_json::Value;

use super::exchange::{Action, Ask, Method};
use super::{OciClient, OciError, Place, computed, is_tag};
use crate::http::{Stream, allowed};

/// How often an upload that dies is begun anew.
const MOST_UPLOADS: u32 = 3;
/// How often one session is continued.
const MOST_CONTINUED: u32 = 5;
/// Bytes of one part of an upload that is continued.
const PART: usize = 8 * 1024 * 1024;
/// What a blob is sent as.
const BYTES: (&str, &str) = ("content-type", "application/octet-stream");

/// A manifest that refers to an image, ready to be pushed.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// The digest of what it is about.
    pub subject: String,
    /// The media type of the manifest.
    pub media_type: String,
    /// The manifest.
    pub bytes: Vec<u8>,
    /// What kind of thing it holds, as lists say it.
    pub artifact_type: String,
    /// Its remarks, as lists repeat them.
    pub annotations: Vec<(String, String)>,
}

impl Referrer {
    /// The digest of the manifest.
    #[must_use]
    pub fn digest(&self) -> String {
        computed("sha256:", &self.bytes)
    }

    /// How a list names it.
    pub(super) fn entry(&self) -> Value {
        let annotations = self.annotations.iter().cloned();
        let annotations: serde_json::Map<String, Value> = annotations
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        serde_json::json!({
            "mediaType": self.media_type,
            "digest": self.digest(),
            "size": self.bytes.len(),
            "artifactType": self.artifact_type,
            "annotations": annotations,
        })
    }
}

/// How an upload came out.
enum Upload {
    Done,
    /// The session is gone, or does not move.
    Lost(OciError),
}

impl OciClient {
    /// Pushes a blob, if it is not there, and gives its digest.
    ///
    /// # Errors
    /// [`OciError`].
    pub fn push_blob(&self, image: &ImageRef, bytes: &[u8]) -> Result<String, OciError> {
        let place = self.place(image)?;
        let digest = computed("sha256:", bytes);
        let url = place.url(&format!("blobs/{digest}"));
        let ask = Ask {
            method: Method::Head,
            action: Action::Push,
            ..Ask::get(&url, &[])
        };
        if self.exchange(&place, &ask)?.status == 200 {
            return Ok(digest);
        }
        let mut begun = 0;
        loop {
            match self.upload(&place, &digest, bytes)? {
                Upload::Done => return Ok(digest),
                Upload::Lost(error) if begun >= MOST_UPLOADS => return Err(error),
                Upload::Lost(_) => begun += 1,
            }
        }
    }

    /// One session: all at once, and where that dies, the rest in parts.
    fn upload(&self, place: &Place, digest: &str, bytes: &[u8]) -> Result<Upload, OciError> {
        let url = place.url("blobs/uploads/");
        let answer = self.exchange(place, &write(Method::Post, &url, &[], b""))?;
        if answer.status != 202 {
            return Err(place.status(answer.status));
        }
        let mut session = session(place, &url, &answer)?;
        match self.close(place, &session, digest, bytes) {
            Ok(answer) if answer.status == 201 => return Ok(Upload::Done),
            Ok(answer) if answer.status < 500 && answer.status != 416 => {
                return Err(place.status(answer.status));
            }
            Ok(_) | Err(OciError::Http { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut last = place.malformed("an upload broke off again and again");
        for _ in 0..MOST_CONTINUED {
            match self.continued(place, &mut session, digest, bytes) {
                Ok(Upload::Done) => return Ok(Upload::Done),
                Ok(Upload::Lost(error)) => return Ok(Upload::Lost(error)),
                Err(error @ OciError::Http { .. }) => last = error,
                Err(error) => return Err(error),
            }
        }
        Ok(Upload::Lost(last))
    }

    /// Sends what the session does not have yet.
    fn continued(
        &self,
        place: &Place,
        at: &mut Url,
        digest: &str,
        bytes: &[u8],
    ) -> Result<Upload, OciError> {
        let ask = write(Method::Get, at.as_str(), &[], b"");
        let answer = self.exchange(place, &ask)?;
        if answer.status != 204 {
            return Ok(Upload::Lost(place.status(answer.status)));
        }
        let mut have = held(answer.header("range"));
        if answer.header("location").is_some() {
            *at = session(place, at.as_str(), &answer)?;
        }
        while have < bytes.len() {
            let end = bytes.len().min(have + PART);
            let part = bytes.get(have..end).unwrap_or_default();
            let range = format!("{have}-{}", end.saturating_sub(1));
            let headers = [BYTES, ("content-range", range.as_str())];
            let ask = write(Method::Patch, at.as_str(), &headers, part);
            let answer = self.exchange(place, &ask)?;
            if answer.status != 202 {
                return Ok(Upload::Lost(place.status(answer.status)));
            }
            let now = held(answer.header("range"));
            if now <= have {
                let reason = "an upload does not come forward";
                return Ok(Upload::Lost(place.malformed(reason)));
            }
            have = now;
            *at = session(place, at.as_str(), &answer)?;
        }
        let answer = self.close(place, at, digest, b"")?;
        match answer.status {
            201 => Ok(Upload::Done),
            status => Ok(Upload::Lost(place.status(status))),
        }
    }

    /// Ends a session with its last bytes.
    fn close(
        &self,
        place: &Place,
        session: &Url,
        digest: &str,
        bytes: &[u8],
    ) -> Result<Stream, OciError> {
        let mut url = session.clone();
        url.query_pairs_mut().append_pair("digest", digest);
        self.exchange(place, &write(Method::Put, url.as_str(), &[BYTES], bytes))
    }

    /// Pushes a manifest under a digest or a tag.
    ///
    /// # Errors
    /// [`OciError`]; also if the registry says that it has another digest.
    pub(super) fn put_manifest(
        &self,
        place: &Place,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), OciError> {
        if !is_tag(reference) && !is_digest(reference) {
            return Err(OciError::Name {
                image: format!("{}:{reference}", place.image),
            });
        }
        let url = place.url(&format!("manifests/{reference}"));
        let headers = [("content-type", media_type)];
        let answer = self.exchange(place, &write(Method::Put, &url, &headers, bytes))?;
        if !matches!(answer.status, 200..=202) {
            return Err(place.status(answer.status));
        }
        let own = computed("sha256:", bytes);
        match answer.header("docker-content-digest") {
            Some(claimed) if claimed.starts_with("sha256:") && claimed != own => {
                Err(OciError::Lies {
                    image: place.image.clone(),
                    claimed: claimed.to_owned(),
                    computed: own,
                })
            }
            _ => Ok(()),
        }
    }

    /// Pushes manifests that refer to images of a repository, and sees to it
    /// that they are listed: by the registry, or by the tag in its place.
    ///
    /// # Errors
    /// [`OciError`]; [`OciError::Lost`] if one is not listed in the end.
    pub fn push_referrers(&self, image: &ImageRef, all: &[Referrer]) -> Result<(), OciError> {
        let place = self.place(image)?;
        for one in all {
            self.put_manifest(&place, &one.digest(), &one.media_type, &one.bytes)?;
        }
        let mut by_tag = Vec::new();
        for one in all {
            // The list itself is asked for: some registries say in a header that they keep one
            // and do not.
            match self.listed(&place, &one.subject)? {
                Some(listed) if listed.iter().any(|other| other.digest == one.digest()) => {}
                Some(_) => self.appears(&place, one)?,
                None => by_tag.push(one),
            }
        }
        self.list_by_tag(&place, &by_tag)
    }

    /// Waits until the registry lists what was pushed.
    fn appears(&self, place: &Place, one: &Referrer) -> Result<(), OciError> {
        for _ in 0..self.patience.again.max(1) {
            std::thread::sleep(self.patience.first);
            let listed = self.listed(place, &one.subject)?.unwrap_or_default();
            if listed.iter().any(|other| other.digest == one.digest()) {
                return Ok(());
            }
        }
        Err(OciError::Lost {
            image: format!("{}@{}", place.image, one.subject),
        })
    }
}

fn write<'a>(
    method: Method,
    url: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
) -> Ask<'a> {
    Ask {
        method,
        url,
        headers,
        body,
        action: Action::Push,
    }
}

/// Where the rest of an upload goes.
///
/// Security invariant: to the same host, since a credential goes with it.
fn session(place: &Place, asked: &str, answer: &Stream) -> Result<Url, OciError> {
    let asked = allowed(asked).map_err(|error| super::no_answer(place, error))?;
    let target = answer.header("location").unwrap_or_default();
    let to = asked.join(target).ok();
    to.filter(|to| !target.is_empty() && to.origin() == asked.origin() && to.username().is_empty())
        .ok_or_else(|| place.malformed("it sends an upload to an address that is none of its own"))
}

/// How many bytes a session has, by its range `0-LAST`. A session that has none
/// says `0-0` or nothing; one byte too many is then sent, which is refused.
fn held(range: Option<&str>) -> usize {
    let last = range.and_then(|range| range.trim_start_matches("bytes=").split_once('-'));
    match last.and_then(|(_, last)| last.trim().parse::<usize>().ok()) {
        Some(0) | None => 0,
        Some(last) => last.saturating_add(1),
    }
}
