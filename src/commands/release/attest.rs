//! `cofferdam release attest`: what is said about files and images, signed.

use std::path::PathBuf;

use cofferdam_attest::artifact::hex;
use cofferdam_attest::json::{self, Limits};
use cofferdam_attest::sign::Signer;
use cofferdam_findings::Exit;

use super::images::{Said, Targets};
use super::signing::{Artifact, Given};
use super::{EXIT_CODES, ReleaseError};
use crate::commands::verify::bounded_text;

/// The most bytes of a predicate, as GitHub's own action has it.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Types that have a short name: the name, the type, and the word in the name
/// of the bundle.
const KNOWN: &[(&str, &str, &str)] = &[
    ("slsa", "https://slsa.dev/provenance/v1", "provenance"),
    ("slsa-0.2", "https://slsa.dev/provenance/v0.2", "provenance"),
    ("spdx", "https://spdx.dev/Document/v2.3", "spdx"),
    ("cyclonedx", "https://cyclonedx.org/bom", "cdx"),
    ("openvex", "https://openvex.dev/ns", "openvex"),
    (
        "vuln",
        "https://cosign.sigstore.dev/attestation/vuln/v1",
        "vuln",
    ),
    ("vsa", "https://slsa.dev/verification_summary/v1", "vsa"),
];

/// Sign a statement about files, each into `FILE.WORD.sigstore.json`, and about
/// images, beside which it is pushed.
///
/// The statement says what it is about by its digest, of an index with every
/// image that it names, what kind of thing
/// is said by the type, and what is said by the predicate.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct AttestArgs {
    /// The type: an address, or slsa, slsa-0.2, spdx, cyclonedx, openvex, vuln,
    /// vsa.
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    /// A file in JSON with what is said.
    #[arg(long, value_name = "FILE")]
    predicate: PathBuf,
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    given: Given,
}

pub(super) fn run(args: &AttestArgs) -> Result<Exit, ReleaseError> {
    let (kind, word) = kind(&args.kind).ok_or_else(|| ReleaseError::Predicate {
        path: args.predicate.clone(),
        problem: format!("the type `{}` is neither an address nor known", args.kind),
    })?;
    let predicate = predicate(args)?;
    let end = format!(".{word}.sigstore.json");
    let (files, images) = args.targets.read()?;
    let artifacts = args.given.artifacts(&files, &end)?;
    let ready = args.given.ready()?;
    for artifact in &artifacts {
        let statement = statement(artifact, kind, &predicate);
        ready.keep(artifact, ready.signer.attest(statement.as_bytes()))?;
    }
    let said = Said {
        kind,
        predicate: &predicate,
    };
    for image in &images {
        image.say(&said, &ready)?;
    }
    Ok(Exit::Clean)
}

fn kind(named: &str) -> Option<(&str, &'static str)> {
    let known = KNOWN
        .iter()
        .find(|(name, kind, _)| named == *name || named == *kind);
    match known {
        Some((_, kind, word)) => Some((*kind, *word)),
        None => named.contains("://").then_some((named, "attestation")),
    }
}

/// The predicate as it stands in its file: what is signed is what was written,
/// numbers included.
fn predicate(args: &AttestArgs) -> Result<String, ReleaseError> {
    let path = &args.predicate;
    let text = bounded_text(path, MOST_BYTES).map_err(|source| ReleaseError::File {
        path: path.clone(),
        source,
    })?;
    let wrong = |problem: String| ReleaseError::Predicate {
        path: path.clone(),
        problem,
    };
    // One object goes around it.
    let limits = Limits {
        depth: Limits::STATEMENT.depth - 1,
        ..Limits::STATEMENT
    };
    json::check(text.as_bytes(), limits).map_err(|error| wrong(error.to_string()))?;
    if !text.trim_start().starts_with('{') {
        return Err(wrong("a predicate is an object".to_owned()));
    }
    Ok(text.trim().to_owned())
}

pub(super) fn statement(artifact: &Artifact, kind: &str, predicate: &str) -> String {
    let name = artifact.path.file_name().unwrap_or_default();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":{},"digest":{{"sha256":"{}"}}}}],"predicateType":{},"predicate":{predicate}}}"#,
        quoted(&name.to_string_lossy()),
        hex(&artifact.sha256()),
        quoted(kind),
    )
}
