//! Which pack is in force, and the memory that keeps an older one out.
//!
//! An attacker who can replace the refreshed pack cannot forge one, but could
//! put back an old, honestly signed one from before an incident. So the highest
//! version that was ever in use is kept beside the pack, with the digest of its
//! bytes; a lower version, or the same version with other bytes, is refused,
//! also where the refreshed pack itself is gone.

use serde::{Deserialize, Serialize};

use crate::{
    envelope::{Verified, verify},
    error::PackError,
    keys::TrustedKeys,
};

const RECORD_FORMAT: u32 = 1;
const MAX_RECORD: usize = 4 * 1024;

/// The highest pack that was ever in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    format: u32,
    /// Its version.
    pub version: u64,
    /// The SHA-256 of its signed bytes, in hexadecimal digits.
    pub digest: String,
}

impl Record {
    /// The record of a pack.
    #[must_use]
    pub fn of(pack: &Verified) -> Self {
        let (version, digest) = (pack.pack.version, pack.digest.clone());
        Self {
            format: RECORD_FORMAT,
            version,
            digest,
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// If the bytes are not a record. A caller must not take that for "none":
    /// whoever can damage the record could then put back any old pack.
    pub fn parse(bytes: &[u8]) -> Result<Self, PackError> {
        if bytes.len() > MAX_RECORD {
            return Err(PackError::TooLarge {
                what: "record",
                limit: MAX_RECORD,
            });
        }
        let record: Self = serde_json::from_slice(bytes).map_err(PackError::Record)?;
        let hexadecimal = record
            .digest
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if record.format != RECORD_FORMAT || record.digest.len() != 64 || !hexadecimal {
            return Err(PackError::RecordShape);
        }
        Ok(record)
    }

    /// The record as it is stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (format, version) = (self.format, self.version);
        let digest = &self.digest;
        format!("{{\"format\":{format},\"version\":{version},\"digest\":\"{digest}\"}}\n").into()
    }

    /// Whether `pack` may follow this one.
    ///
    /// # Errors
    /// [`PackError::Rollback`] if it is older, [`PackError::Equivocation`] if it
    /// has this version and other bytes.
    pub fn admits(&self, pack: &Verified) -> Result<(), PackError> {
        let (offered, seen) = (pack.pack.version, self.version);
        if offered < seen {
            return Err(PackError::Rollback { offered, seen });
        }
        if offered == seen && pack.digest != self.digest {
            return Err(PackError::Equivocation { version: seen });
        }
        Ok(())
    }
}

/// Where the pack in force comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is compiled into the program.
    Embedded,
    /// It was refreshed after the program was built.
    Refreshed,
}

/// The pack in force.
#[derive(Debug)]
pub struct InForce {
    /// The pack.
    pub pack: Verified,
    /// Where it comes from.
    pub origin: Origin,
    /// Why a refreshed pack is there and not in force; for the user to see.
    pub set_aside: Option<PackError>,
}

/// Chooses the pack in force: the newer of the embedded and the refreshed one,
/// but none that is older than what was already in use.
///
/// `refreshed` and `record` are the stored bytes, `None` where there are none.
/// A refreshed pack that does not verify is set aside, not fatal: after a change
/// of keys the embedded one of a new program takes its place.
///
/// # Errors
/// If the record cannot be read, and if every pack at hand is older than what
/// was already in use or contradicts it: then nothing may be consulted.
pub fn in_force(
    embedded: &Verified,
    refreshed: Option<&[u8]>,
    record: Option<&[u8]>,
    keys: &TrustedKeys,
) -> Result<InForce, PackError> {
    let record = record.map(Record::parse).transpose()?;
    let admitted = |pack: &Verified| record.as_ref().map_or(Ok(()), |seen| seen.admits(pack));
    let mut set_aside = None;
    if let Some(bytes) = refreshed {
        let usable = verify(bytes, keys).and_then(|pack| admitted(&pack).map(|()| pack));
        match usable {
            Ok(pack) if pack.pack.version > embedded.pack.version => {
                return Ok(InForce {
                    pack,
                    origin: Origin::Refreshed,
                    set_aside: None,
                });
            }
            Ok(pack) => set_aside = Record::of(embedded).admits(&pack).err(),
            Err(error) => set_aside = Some(error),
        }
    }
    admitted(embedded)?;
    Ok(InForce {
        pack: embedded.clone(),
        origin: Origin::Embedded,
        set_aside,
    })
}

/// Whether `offered` may take the place of what is in use, and the record that
/// is then to be kept.
///
/// # Errors
/// If it is older than the embedded pack or the recorded one, or has the version
/// of one of them and other bytes; and if the record cannot be read.
pub fn accept(
    offered: &Verified,
    embedded: &Verified,
    record: Option<&[u8]>,
) -> Result<Record, PackError> {
    Record::of(embedded).admits(offered)?;
    if let Some(seen) = record.map(Record::parse).transpose()? {
        seen.admits(offered)?;
    }
    Ok(Record::of(offered))
}
