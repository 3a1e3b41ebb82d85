//! Every verification case of Sigstore's own conformance suite, once with the
//! file and once with its digest.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it has counted"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use cofferdam_attest::{
    ArtifactDigests, ExpectedIdentity, Issuer, Outcome, Pattern, PublicKey, SubjectIdentity,
    TrustRoot, UnverifiedBundle, Verifier,
};

const ASSETS: &[u8] = include_bytes!("data/sigstore-conformance.tar.gz");
/// Who has signed where a case does not say it, after the suite's own README.
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

type Files = BTreeMap<String, Vec<u8>>;

/// Cases by name, each with its files, and the artifact of those that bring
/// none.
fn cases() -> (BTreeMap<String, Files>, Vec<u8>) {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(ASSETS));
    let mut cases: BTreeMap<String, Files> = BTreeMap::new();
    let mut shared = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let below = path.strip_prefix("bundle-verify").unwrap();
        let parts: Vec<&str> = below.iter().map(|part| part.to_str().unwrap()).collect();
        match parts.as_slice() {
            ["a.txt"] => shared = bytes,
            [case, file] => {
                let files = cases.entry((*case).to_owned()).or_default();
                files.insert((*file).to_owned(), bytes);
            }
            _ => {}
        }
    }
    (cases, shared)
}

/// Whether a case is accepted, and what stands against it.
fn accepted(files: &Files, artifact: &[u8], by_digest: bool) -> (bool, String) {
    let text = |name: &str| files.get(name).map(|bytes| String::from_utf8_lossy(bytes));
    let root = match files.get("trusted_root.json") {
        Some(bytes) => TrustRoot::from_json(bytes),
        None => TrustRoot::public_good(),
    };
    let verifier = match root.and_then(|root| Verifier::new(&root)) {
        Ok(verifier) => verifier,
        Err(error) => return (false, error.to_string()),
    };
    let expected = match text("key.pub") {
        Some(pem) => match PublicKey::from_pem(&pem) {
            Ok(key) => ExpectedIdentity::Key(key),
            Err(error) => return (false, error.to_string()),
        },
        None => ExpectedIdentity::Subject(SubjectIdentity {
            subject: Pattern::exact(text("identity").unwrap_or(IDENTITY.into()).trim()),
            issuer: Issuer::Named(text("issuer").unwrap_or(ISSUER.into()).trim().to_owned()),
        }),
    };
    let bundle = match UnverifiedBundle::from_json(files.get("bundle.sigstore.json").unwrap()) {
        Ok(bundle) => bundle,
        Err(error) => return (false, error.to_string()),
    };
    let mut digests = ArtifactDigests::from_reader(artifact, bundle.needs()).unwrap();
    if by_digest {
        digests = ArtifactDigests::parse(&digests.shown()).unwrap();
    }
    // The suite asks for signature and identity; some of its cases carry provenance of other
    // builds than the one that signed.
    let verdict = verifier.verify_signature_alone(&digests, &bundle, &expected);
    let against: Vec<String> = verdict
        .against()
        .map(|line| format!("{}: {}", line.check, line.text))
        .collect();
    (verdict.outcome() == Outcome::Passed, against.join("; "))
}

#[test]
fn every_case_of_the_suite_is_decided_as_it_demands() {
    let (cases, shared) = cases();
    assert_eq!(cases.len(), 70, "the suite is whole");
    let mut right = 0;
    let mut wrong = Vec::new();
    for (name, files) in &cases {
        let artifact = files.get("artifact").unwrap_or(&shared);
        let must_pass = !name.ends_with("_fail");
        for by_digest in [false, true] {
            let (passes, against) = accepted(files, artifact, by_digest);
            if passes == must_pass {
                right += 1;
            } else {
                wrong.push(format!("{name}, by digest {by_digest}: {against}"));
            }
        }
    }
    println!(
        "conformance: {right}/{} decided as the suite demands",
        2 * cases.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_licence_of_the_data_is_told() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    for named in ["sigstore-conformance.tar.gz", "Apache-2.0", "bundles/"] {
        assert!(text.contains(named), "{named}");
    }
    if ASSETS.len() > 400_000 {
        panic!("the data grows: {} bytes", ASSETS.len());
    }
}
