//! Commands that compare a file with a checksum or a signature.

use crate::shell::Command;

/// Programs that compute a checksum, and compare it with `-c`.
const SUMS: &[&str] = &[
    "b2sum",
    "b3sum",
    "sha1sum",
    "sha224sum",
    "sha256",
    "sha256sum",
    "sha384sum",
    "sha512",
    "sha512sum",
    "shasum",
];

/// Programs with the word by which they verify.
const VERIFIERS: &[(&str, &[&str])] = &[
    ("codesign", &["-v", "--verify"]),
    (
        "cosign",
        &[
            "verify",
            "verify-blob",
            "verify-attestation",
            "verify-blob-attestation",
        ],
    ),
    ("gh", &["verify", "verify-asset"]),
    ("gpg", &["--verify", "--decrypt", "-d"]),
    ("gpg2", &["--verify"]),
    ("minisign", &["-V", "-Vm"]),
    ("notation", &["verify"]),
    ("openssl", &["-verify"]),
    ("rekor-cli", &["verify"]),
    ("rpm", &["-K", "--checksig"]),
    ("signify", &["-V", "-C"]),
    ("slsa-verifier", &["verify-artifact", "verify-image"]),
    ("sq", &["verify"]),
];

/// Whether a command compares what was fetched with something. A checksum that
/// is only printed compares nothing; one that is taken as text, or that another
/// command reads, is believed to be compared there.
#[must_use]
pub fn is_check(command: &Command) -> bool {
    let (program, args) = command.effective();
    let Some(name) = program.file_name() else {
        return false;
    };
    let has = |wanted: &str| args.iter().any(|word| word.text == wanted);
    if name == "gpgv" {
        return true;
    }
    let dgst = name == "openssl" && args.iter().any(|w| w.text == "dgst" || w.text == "sha256");
    if SUMS.contains(&name) || dgst {
        let compares = args.iter().any(|word| {
            let text = word.text.as_str();
            text.starts_with("--check")
                || text.starts_with('-') && !text.starts_with("--") && text.contains('c')
        });
        return compares || command.in_substitution || command.pipeline.is_some() || has("-verify");
    }
    VERIFIERS
        .iter()
        .any(|(program, words)| *program == name && words.iter().any(|word| has(word)))
}
