//! Every verification case of Sigstore's own conformance suite, once with the
//! file and once with its digest.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it has counted"
)]

use std::collections::BTreeMap;
use std::path::Path;

use cofferdam_attest::{
    ArtifactDigests, ExpectedIdentity, Issuer, Outcome, Pattern, PublicKey, SubjectIdentity,
    TrustRoot, UnverifiedBundle, Verifier,
};

/// Who has signed where a case does not say it, after the suite's own README.
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

type Files = BTreeMap<String, Vec<u8>>;

/// Cases by name, each with its files, and the artifact of those that bring
/// none; nothing where the suite does not lie beside the repository.
fn cases() -> Option<(BTreeMap<String, Files>, Vec<u8>)> {
    let suite =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigstore-conformance");
    if !suite.is_dir() {
        println!("not checked: {} is not there", suite.display());
        return None;
    }
    let mut cases: BTreeMap<String, Files> = BTreeMap::new();
    for case in std::fs::read_dir(suite.join("bundle-verify")).unwrap() {
        let case = case.unwrap();
        if !case.file_type().unwrap().is_dir() {
            continue;
        }
        let name = case.file_name().into_string().unwrap();
        for file in std::fs::read_dir(case.path()).unwrap() {
            let file = file.unwrap();
            let bytes = std::fs::read(file.path()).unwrap();
            let files = cases.entry(name.clone()).or_default();
            files.insert(file.file_name().into_string().unwrap(), bytes);
        }
    }
    Some((cases, std::fs::read(suite.join("a.txt")).unwrap()))
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
    let Some((cases, shared)) = cases() else {
        return;
    };
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
