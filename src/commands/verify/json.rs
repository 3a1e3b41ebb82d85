//! The result for programs.

use std::io::{self, Write};

use cofferdam_attest::{Certificate, Level, Line};
use cofferdam_findings::formats;
use cofferdam_pipelines::verification::{self, VerifiedArtifact, VerifiedBundle};
use serde_json::{Map, Value, json};

/// The version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

/// Writes the result, one artifact a line: there may be many, and none is kept
/// as text.
pub(super) fn write(
    artifacts: &[VerifiedArtifact],
    root: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let outcome = verification::outcome(artifacts).word();
    // Numbers and words of our own.
    write!(
        out,
        "{{\n\"schema_version\": {SCHEMA_VERSION},\n\"outcome\": \"{outcome}\",\n\
         \"trusted_root\": \"{root}\",\n\"artifacts\": ["
    )?;
    for (index, one) in artifacts.iter().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        formats::inert_json::write(&artifact(one), out)?;
    }
    out.write_all(b"\n]\n}\n")
}

fn artifact(artifact: &VerifiedArtifact) -> Value {
    json!({
        "name": artifact.name,
        "digest": (!artifact.digest.is_empty()).then_some(&artifact.digest),
        "outcome": artifact.outcome().word(),
        "bundles": artifact.bundles.iter().map(bundle).collect::<Vec<_>>(),
        "problems": artifact.problems.iter().map(|problem| json!({
            "outcome": problem.outcome.word(),
            "required": problem.required,
            "text": problem.text,
        })).collect::<Vec<_>>(),
        "covered_by": artifact.covered.as_ref().map(|covered| json!({
            "digest": covered.by,
            "outcome": covered.outcome.word(),
        })),
    })
}

fn bundle(bundle: &VerifiedBundle) -> Value {
    json!({
        "source": bundle.source,
        "outcome": bundle.outcome.word(),
        "signed_at": bundle.signed_at.map(|time| time.to_string()),
        "predicate_type": bundle.predicate_type,
        "level": bundle.level.map(Level::word),
        "signer": bundle.signer.as_ref().map(signer),
        "lines": bundle.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn line(line: &Line) -> Value {
    json!({
        "check": line.check.word(),
        "outcome": line.outcome.word(),
        "required": line.required,
        "text": line.text,
    })
}

fn signer(signer: &Certificate) -> Value {
    let claims = signer.claims.present();
    let claims: Map<String, Value> = claims
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    json!({
        "subject": signer.subject.text(),
        "issuer": signer.issuer,
        "not_before": signer.not_before.to_string(),
        "not_after": signer.not_after.to_string(),
        "claims": claims,
    })
}
