//! cosign's commands.
//!
//! Source: sigstore/cosign, `doc/cosign_*.md`.

use super::naming::{self, Naming};
use super::{Key, KeyForm, Origin, Proof, Proves, SbomForm, Subject};
use crate::documents::step::Step;
use crate::semantics::publishing::programs::Program;
use crate::semantics::surroundings::Surroundings;
use crate::shell::{Command, Script};
use cofferdam_facts::Span;

// Options that take their value as the next word.
const WITH_VALUE: &[&str] = &[
    "-a",
    "--annotations",
    "--annotation",
    "--attachment",
    "--bundle",
    "--certificate",
    "--cert",
    "--certificate-chain",
    "--cert-chain",
    "--certificate-identity",
    "--certificate-identity-regexp",
    "--certificate-oidc-issuer",
    "--certificate-oidc-issuer-regexp",
    "--certificate-github-workflow-name",
    "--certificate-github-workflow-ref",
    "--certificate-github-workflow-repository",
    "--certificate-github-workflow-sha",
    "--certificate-github-workflow-trigger",
    "--fulcio-url",
    "--rekor-url",
    "--oidc-issuer",
    "--oidc-client-id",
    "--oidc-provider",
    "--identity-token",
    "--key",
    "-key",
    "-k",
    "--output",
    "--output-certificate",
    "--output-signature",
    "--output-attestation",
    "--output-file",
    "-o",
    "--payload",
    "--policy",
    "--predicate",
    "--registry-password",
    "--registry-username",
    "--registry-token",
    "--registry-referrers-mode",
    "--sbom",
    "--sign-container-identity",
    "--signature",
    "--slot",
    "--timestamp-server-url",
    "--trusted-root",
    "--signing-config",
    "--type",
    "--input-format",
    "--statement",
    "--hash",
    "--max-workers",
    "-t",
    "--timeout",
];

/// Whether a program is cosign: `cosign`, `./dist/cosign-linux-amd64`.
pub(super) fn is_cosign(name: &str) -> bool {
    name == "cosign" || name.starts_with("cosign-")
}

/// What one call of cosign proves.
pub(super) fn proof(
    around: &Surroundings<'_>,
    step: &Step,
    script: &Script,
    (program, command): (&Program<'_>, &Command),
    span: Span,
) -> Option<Proof> {
    let operands = program.operands(WITH_VALUE);
    let verb = operands.first()?.text.as_str();
    let kind = program.values(&["--type"]).next().map_or("", |v| v.text);
    let (proves, subject) = match verb {
        "sign" => (Proves::Signature, Subject::Image),
        "sign-blob" => (Proves::Signature, Subject::Files),
        "attest" => (predicate(kind)?, Subject::Image),
        "attest-blob" => (predicate(kind)?, Subject::Files),
        "attach" if operands.get(1).is_some_and(|w| w.text == "sbom") => {
            (Proves::Sbom(SbomForm::Attached), Subject::Image)
        }
        "verify" | "verify-attestation" => (Proves::Check, Subject::Image),
        _ => return None,
    };
    let skip = if verb == "attach" { 2 } else { 1 };
    let targets = operands.get(skip..).unwrap_or_default();
    let naming = if subject == Subject::Files {
        Naming::File
    } else {
        targets
            .iter()
            .map(|word| naming::of_word(around, step, script, word))
            // One that is named by a tag is enough.
            .max_by_key(|naming| match naming {
                Naming::Tag => 2,
                Naming::Unknown => 1,
                _ => 0,
            })
            .unwrap_or(Naming::Unknown)
    };
    let key = match proves {
        Proves::Check | Proves::Sbom(SbomForm::Attached) => Key::None,
        _ => key(program, command, around, step),
    };
    Some(Proof {
        proves,
        subject,
        naming,
        key,
        step: step.index,
        span,
        means: format!("cosign {verb}"),
        target: targets
            .first()
            .map(|word| naming::value(around, step, script, word)),
        own: false,
        sure: true,
    })
}

// The statements that say something of build or contents; others (`vuln`,
// `openvex`, own ones) are about something else.
fn predicate(kind: &str) -> Option<Proves> {
    let kind = kind.to_ascii_lowercase();
    if kind.contains("slsa") {
        Some(Proves::Provenance(Origin::Written))
    } else if kind.contains("spdx") || kind.contains("cyclonedx") {
        Some(Proves::Sbom(SbomForm::Attested))
    } else {
        None
    }
}

fn key(program: &Program<'_>, command: &Command, around: &Surroundings<'_>, step: &Step) -> Key {
    let option = program
        .values(&["--key", "-key"])
        .next()
        .map(|v| v.text.to_owned());
    if option.is_none() && (program.has("--sk") || program.has("--issue-certificate")) {
        return Key::Managed;
    }
    let variable = || {
        let own = command.env.iter().find(|(name, _)| name == "COSIGN_KEY");
        own.map(|(_, word)| word.text.clone())
            .or_else(|| Some(around.variable(step, "COSIGN_KEY")?.value.clone()))
    };
    match option.or_else(variable) {
        None => Key::Keyless,
        Some(value) => of_reference(&value, around, step),
    }
}

/// The kind of key that a `--key` value means.
pub(super) fn of_reference(value: &str, around: &Surroundings<'_>, step: &Step) -> Key {
    let named = value.trim_matches(['$', '{', '}', '"']);
    let resolved = if value.starts_with('$') && !value.contains("${{") {
        around
            .variable(step, named)
            .map(|text| around.resolve(step, text))
    } else {
        None
    };
    let value = resolved.as_deref().unwrap_or(value);
    let managed = [
        "awskms://",
        "gcpkms://",
        "azurekms://",
        "hashivault://",
        "pkcs11:",
        "openbao://",
    ];
    if managed.iter().any(|scheme| value.starts_with(scheme)) {
        Key::Managed
    } else {
        Key::Stored(KeyForm::Cosign)
    }
}
