//! Making a pack from its source files, and signing it.
//!
//! The same files always give the same bytes, so that anyone can compare what
//! was signed with what was reviewed.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cofferdam_facts::Timestamp;
use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    envelope::{Envelope, EnvelopeSignature, PAYLOAD_TYPE, pre_authentication_encoding},
    error::PackError,
    incident::Incident,
    keys::key_id,
    pack::{DataPack, FORMAT, MAX_VALID_DAYS, Source},
    validate,
};

/// The source files, each with one list; `pack.json` has what is said of the
/// pack as a whole.
pub const FILES: &[&str] = &[
    "pack.json",
    "compromised.json",
    "vulnerable.json",
    "archived.json",
    "renamed.json",
    "popular.json",
    "runner-images.json",
    "action-runtimes.json",
];

/// The folder of the incidents, one file each, beside the lists.
pub const INCIDENTS: &str = "incidents/";

/// Why no pack can be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A source file is missing.
    #[error("{file} is missing")]
    Missing {
        /// Its name.
        file: &'static str,
    },
    /// A file that is no source of a pack; it would be left out without a word.
    #[error("{file} is not a source file of a pack")]
    Unknown {
        /// Its name.
        file: String,
    },
    /// A source file cannot be read.
    #[error("{file} cannot be read: {source}")]
    Syntax {
        /// Its name.
        file: &'static str,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// An incident cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Incident {
        /// Its name.
        file: String,
        /// What is wrong, with the line.
        reason: String,
    },
    /// The pack would be valid for no time or for longer than is honoured.
    #[error("valid_days must be 1 to {MAX_VALID_DAYS}")]
    ValidDays,
    /// A list breaks a rule.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The pack cannot be written as JSON.
    #[error("the pack cannot be written: {0}")]
    Write(serde_json::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u64,
    created_at: Timestamp,
    valid_days: u32,
    sources: Vec<Source>,
}

/// Makes a pack from its source files, given by name.
///
/// # Errors
/// If a file is missing, unknown or unreadable, or if a list breaks a rule.
pub fn assemble(files: &BTreeMap<String, Vec<u8>>) -> Result<DataPack, BuildError> {
    if let Some(file) =
        (files.keys()).find(|name| !FILES.contains(&name.as_str()) && !name.starts_with(INCIDENTS))
    {
        return Err(BuildError::Unknown { file: file.clone() });
    }
    let header: Header = file(files, "pack.json")?;
    if header.valid_days == 0 || header.valid_days > MAX_VALID_DAYS {
        return Err(BuildError::ValidDays);
    }
    let mut pack = DataPack {
        format: FORMAT,
        version: header.version,
        created_at: header.created_at,
        valid_days: header.valid_days,
        sources: header.sources,
        compromised: file(files, "compromised.json")?,
        vulnerable: file(files, "vulnerable.json")?,
        archived: file(files, "archived.json")?,
        renamed: file(files, "renamed.json")?,
        popular: file(files, "popular.json")?,
        runner_images: file(files, "runner-images.json")?,
        action_runtimes: file(files, "action-runtimes.json")?,
        incidents: incidents(files)?,
    };
    // Every list but the ranked one is in the order of its names, so that the
    // order of a source file changes nothing that is signed.
    pack.sources.sort_by(|a, b| a.name.cmp(&b.name));
    pack.compromised
        .sort_by_key(|entry| (entry.action.to_ascii_lowercase(), entry.from));
    pack.vulnerable
        .sort_by_key(|entry| (entry.action.to_ascii_lowercase(), entry.id.clone()));
    pack.archived
        .sort_by(|a, b| a.repository.cmp(&b.repository));
    pack.renamed.sort_by(|a, b| a.from.cmp(&b.from));
    pack.runner_images.sort_by(|a, b| a.label.cmp(&b.label));
    pack.action_runtimes.sort_by(|a, b| a.using.cmp(&b.using));
    validate::pack(&pack)?;
    Ok(pack)
}

/// Reads every incident. A file is named after its incident, so that two can
/// not be the same and each is found.
fn incidents(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Incident>, BuildError> {
    let named = files
        .iter()
        .filter_map(|(name, bytes)| Some((name, name.strip_prefix(INCIDENTS)?, bytes)));
    let mut found = Vec::new();
    for (file, short, bytes) in named {
        let wrong = |reason: String| BuildError::Incident {
            file: file.clone(),
            reason,
        };
        let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        let incident: Incident = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if short.strip_suffix(".toml") != Some(incident.id.as_str()) {
            return Err(wrong(format!("it must be `{}.toml`", incident.id)));
        }
        found.push(incident);
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

fn file<T: DeserializeOwned>(
    files: &BTreeMap<String, Vec<u8>>,
    file: &'static str,
) -> Result<T, BuildError> {
    let bytes = files.get(file).ok_or(BuildError::Missing { file })?;
    serde_json::from_slice(bytes).map_err(|source| BuildError::Syntax { file, source })
}

/// The bytes of a pack that are signed.
///
/// # Errors
/// If the pack cannot be written as JSON.
pub fn payload(pack: &DataPack) -> Result<Vec<u8>, BuildError> {
    serde_json::to_vec(pack).map_err(BuildError::Write)
}

/// Signs a payload with every key and puts it into an envelope.
///
/// # Errors
/// If the envelope cannot be written as JSON.
pub fn sign(payload: &[u8], keys: &[SigningKey]) -> Result<Vec<u8>, BuildError> {
    let message = pre_authentication_encoding(payload);
    let signatures = keys
        .iter()
        .map(|key| EnvelopeSignature {
            keyid: key_id(&key.verifying_key()),
            sig: STANDARD.encode(key.sign(&message).to_bytes()),
        })
        .collect();
    let envelope = Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: STANDARD.encode(payload),
        signatures,
    };
    let mut bytes = serde_json::to_vec_pretty(&envelope).map_err(BuildError::Write)?;
    bytes.push(b'\n');
    Ok(bytes)
}
