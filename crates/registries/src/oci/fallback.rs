//! The list of referrers that a tag holds where a registry keeps none.
//!
//! Source: OCI distribution specification 1.1, "Referrers Tag Schema". A
//! registry has no way to write only if nobody else has, so that two who write
//! at once may lose what the other wrote. Whoever writes here reads before, right
//! after, and once more when others who had read before are done, and adds again
//! what is gone.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use serde_json::{Value, json};

use super::push::Referrer;
use super::referrers::{fallback_tag, listed_by};
use super::{OciClient, OciError, Place};

/// What a list is.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// How often what is gone is added again.
const MOST_ROUNDS: u32 = 12;

impl OciClient {
    /// Adds manifests to the lists of what they are about.
    pub(super) fn list_by_tag(&self, place: &Place, all: &[&Referrer]) -> Result<(), OciError> {
        if all.is_empty() {
            return Ok(());
        }
        let mut quiet = 0;
        for round in 0..MOST_ROUNDS {
            let mut missing = false;
            for one in all {
                missing |= self.add(place, one)?;
            }
            if missing {
                quiet = 0;
            } else {
                quiet += 1;
            }
            // Twice, a while apart, everything was there.
            if quiet >= 2 {
                return Ok(());
            }
            std::thread::sleep(self.pause(round));
        }
        let image = place.image.clone();
        Err(OciError::Lost { image })
    }

    /// Adds one to its list unless it is there. Whether it was missing.
    fn add(&self, place: &Place, one: &Referrer) -> Result<bool, OciError> {
        let mut list = match self.fallback(place, &one.subject)? {
            Some(bytes) => {
                // What is no list is not written over.
                listed_by(place, &bytes)?;
                serde_json::from_slice(&bytes)
                    .map_err(|_| place.malformed("what should be a list of referrers is none"))?
            }
            None => json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }),
        };
        let manifests = list.get_mut("manifests").and_then(Value::as_array_mut);
        let Some(manifests) = manifests else {
            return Err(place.malformed("what should be a list of referrers is none"));
        };
        let digest = one.digest();
        let same =
            |entry: &Value| entry.get("digest").and_then(Value::as_str) == Some(digest.as_str());
        if manifests.iter().any(same) {
            return Ok(false);
        }
        manifests.push(one.entry());
        let bytes = list.to_string().into_bytes();
        self.put_manifest(place, &fallback_tag(&one.subject), INDEX, &bytes)?;
        Ok(true)
    }

    /// How long to wait before the lists are read again: as long as others may
    /// take between reading and writing, and not as long as they wait, so that
    /// two do not meet again and again.
    fn pause(&self, round: u32) -> Duration {
        let whole = self.patience.settle;
        let chance = RandomState::new().build_hasher().finish() % 1000;
        let chance = u32::try_from(chance).unwrap_or_default();
        // From one to one and a half, and longer with each round that lost.
        let more = whole.saturating_mul(chance) / 2000;
        (whole + more).saturating_mul(1 + round / 3)
    }
}
