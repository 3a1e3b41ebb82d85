//! The outputs of `dependency-review-action`, for the steps that follow.
//!
//! Source: docs.github.com, "Workflow commands for GitHub Actions", "Setting an
//! output parameter" and "Multiline strings".

use std::fs::OpenOptions;
use std::io::Write;

use cofferdam_findings::formats::inert_json;
use cofferdam_pipelines::dependencies::Review;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::DepsError;
use crate::environment;

/// GitHub takes a megabyte of outputs of a job.
const MOST_BYTES: usize = 256 * 1024;

pub(super) fn write(review: &Review, comment: &str) -> Result<(), DepsError> {
    let path = environment::github_output().ok_or(DepsError::NoOutputs)?;
    let outputs = &review.outputs;
    let values = [
        ("dependency-changes", json!(outputs.changes)),
        ("vulnerable-changes", json!(outputs.vulnerable)),
        ("invalid-license-changes", outputs.invalid_licences.clone()),
        ("denied-changes", json!(outputs.denied)),
    ];
    let mut text = block("comment-content", comment);
    for (name, value) in values {
        text.push_str(&block(name, &line(&value)?));
    }
    let failed = |source| DepsError::File {
        path: path.clone(),
        source,
    };
    let mut file = (OpenOptions::new().append(true).create(true))
        .open(&path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// A value on one line; one that GitHub would refuse is cut to what says so.
fn line(value: &Value) -> Result<String, DepsError> {
    let mut bytes = Vec::new();
    inert_json::write(value, &mut bytes)?;
    if bytes.len() > MOST_BYTES {
        let note = json!({ "omitted": "too large for an output; `--format json` has it" });
        bytes.clear();
        inert_json::write(&note, &mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A value whose end no text of its own can forge: the mark is its hash.
fn block(name: &str, value: &str) -> String {
    let hash = Sha256::digest(value.as_bytes());
    let mark: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}<<{mark}\n{value}\n{mark}\n")
}
