//! What we sign by a Sigstore of our own is what we verify.
#![cfg(feature = "sign")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cofferdam_attest::sign::{Keyless, Service, Services, SignError, Signer, Token};
use cofferdam_attest::{
    Algorithm, ArtifactDigests, Check, ExpectedIdentity, Outcome, TrustRoot, UnverifiedBundle,
    Verdict, Verifier, WorkflowIdentity,
};
use cofferdam_facts::Timestamp;
use cofferdam_test_sigstore::{Sigstore, github_job};
use serde_json::{Value, json};
use x509_cert::der::{Decode as _, Encode as _};

const REPOSITORY: &str = "owner/project";
const WORKFLOW: &str = ".github/workflows/release.yml";

fn now() -> Timestamp {
    Timestamp::from_unix(cofferdam_test_sigstore::now())
}

/// A job of the release workflow, on a tag.
fn job() -> Value {
    github_job(REPOSITORY, WORKFLOW, "refs/tags/v1.0.0", &"a".repeat(40))
}

fn signer(sigstore: &Sigstore, claims: &Value, second: bool) -> Keyless {
    let services = Services::from_json(sigstore.signing_config(second).to_string().as_bytes());
    let token = Token::new(&sigstore.token(claims)).unwrap();
    Keyless::new(&services.unwrap(), &token, now).unwrap()
}

fn expected(sigstore: &Sigstore) -> WorkflowIdentity {
    WorkflowIdentity {
        issuer: sigstore.url(),
        workflow: Some(WORKFLOW.to_owned()),
        ..WorkflowIdentity::new(REPOSITORY)
    }
}

fn verdict(sigstore: &Sigstore, bundle: &str, artifact: &ArtifactDigests) -> Verdict {
    let root = TrustRoot::from_json(sigstore.trusted_root().to_string().as_bytes()).unwrap();
    let bundle = UnverifiedBundle::from_json(bundle.as_bytes()).unwrap();
    let identity = ExpectedIdentity::Workflow(Box::new(expected(sigstore)));
    Verifier::new(&root)
        .unwrap()
        .verify(artifact, &bundle, &identity)
}

fn artifact() -> (ArtifactDigests, [u8; 32]) {
    let artifact = ArtifactDigests::from_reader(&b"artifact"[..], Default::default()).unwrap();
    let digest = artifact.get(Algorithm::Sha256).unwrap().try_into().unwrap();
    (artifact, digest)
}

fn against(verdict: &Verdict) -> Vec<(Check, String)> {
    let lines = verdict.against();
    lines.map(|line| (line.check, line.text.clone())).collect()
}

#[test]
fn what_is_signed_by_either_version_of_the_log_is_verified() {
    let sigstore = Sigstore::start();
    let (artifact, digest) = artifact();
    for second in [false, true] {
        let signer = signer(&sigstore, &job(), second);
        let bundle = signer.sign(digest).unwrap();
        let verdict = verdict(&sigstore, &bundle, &artifact);
        assert_eq!(against(&verdict), [], "second version: {second}");
        let log = verdict
            .lines
            .iter()
            .find(|line| line.check == Check::Log)
            .unwrap();
        assert_eq!(log.outcome, Outcome::Passed);
    }
}

#[test]
fn a_statement_is_signed_byte_for_byte_and_compared_with_the_certificate() {
    let sigstore = Sigstore::start();
    let (artifact, digest) = artifact();
    let provenance = |commit: &str| {
        let workflow = json!({
            "path": WORKFLOW,
            "ref": "refs/tags/v1.0.0",
            "repository": "https://github.com/owner/project",
        });
        let source = json!({
            "uri": "git+https://github.com/owner/project@refs/tags/v1.0.0",
            "digest": { "gitCommit": commit },
        });
        let builder = format!("https://github.com/{REPOSITORY}/{WORKFLOW}@refs/tags/v1.0.0");
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "a", "digest": { "sha256": cofferdam_attest::artifact::hex(&digest) } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                    "externalParameters": { "workflow": workflow },
                    "resolvedDependencies": [source],
                },
                "runDetails": { "builder": { "id": builder } },
            },
        })
    };
    for second in [false, true] {
        let signer = signer(&sigstore, &job(), second);
        let right = provenance(&"a".repeat(40)).to_string();
        let bundle = signer.attest(right.as_bytes()).unwrap();
        let found = verdict(&sigstore, &bundle, &artifact);
        assert_eq!(against(&found), []);
        // A job that writes another commit into its provenance than it was started for.
        let wrong = provenance(&"b".repeat(40)).to_string();
        let bundle = signer.attest(wrong.as_bytes()).unwrap();
        let found = verdict(&sigstore, &bundle, &artifact);
        let checks: Vec<Check> = found.against().map(|line| line.check).collect();
        assert_eq!(checks, [Check::Provenance]);
    }
}

#[test]
fn a_job_on_a_branch_a_pull_request_and_a_machine_of_ones_own_are_refused() {
    let sigstore = Sigstore::start();
    let (artifact, digest) = artifact();
    let with = |name: &str, value: &str| {
        let mut claims = job();
        claims
            .as_object_mut()
            .unwrap()
            .insert(name.to_owned(), value.into());
        let bundle = signer(&sigstore, &claims, false).sign(digest).unwrap();
        let verdict = verdict(&sigstore, &bundle, &artifact);
        verdict.against().map(|line| line.check).collect::<Vec<_>>()
    };
    assert_eq!(with("runner_environment", "self-hosted"), [Check::Runner]);
    assert_eq!(with("repository", "owner/fork"), [Check::Repository]);
    // Another workflow calls the same builder, and signs by it.
    let other = format!("{REPOSITORY}/.github/workflows/pull.yml@refs/tags/v1.0.0");
    assert_eq!(
        with("workflow_ref", &other),
        [Check::Workflow, Check::Builder]
    );
    for git_ref in [
        "refs/heads/v1.0.0",
        "refs/pull/7/merge",
        "refs/heads/refs/tags/v1",
    ] {
        let claims = github_job(REPOSITORY, WORKFLOW, git_ref, &"a".repeat(40));
        let bundle = signer(&sigstore, &claims, true).sign(digest).unwrap();
        let verdict = verdict(&sigstore, &bundle, &artifact);
        let checks: Vec<Check> = verdict.against().map(|line| line.check).collect();
        assert_eq!(checks, [Check::SourceRef], "{git_ref}");
    }
}

#[test]
fn another_root_knows_nothing_of_it() {
    let (ours, theirs) = (Sigstore::start(), Sigstore::start());
    let (artifact, digest) = artifact();
    let bundle = signer(&ours, &job(), false).sign(digest).unwrap();
    let verdict = verdict(&theirs, &bundle, &artifact);
    assert_eq!(verdict.outcome(), Outcome::Failed);
    assert!(verdict.signer.is_none());
}

#[test]
fn an_expired_and_a_foreign_token_sign_nothing() {
    let (ours, theirs) = (Sigstore::start(), Sigstore::start());
    let (_, digest) = artifact();
    let mut late = job();
    let until = cofferdam_test_sigstore::now() + 5;
    late.as_object_mut()
        .unwrap()
        .insert("exp".to_owned(), until.into());
    match signer(&ours, &late, false).sign(digest) {
        Err(SignError::TokenExpires { until: told }) => assert_eq!(told.unix(), until),
        other => panic!("{other:?}"),
    }
    let services = Services::from_json(ours.signing_config(false).to_string().as_bytes());
    let token = Token::new(&theirs.token(&job())).unwrap();
    let foreign = Keyless::new(&services.unwrap(), &token, now).unwrap();
    let refused = foreign.sign(digest).unwrap_err();
    assert!(
        matches!(
            &refused,
            SignError::Service {
                service: Service::Certificates,
                ..
            }
        ),
        "{refused:?}"
    );
    // What is said of a failure never holds the token.
    let shown = format!("{refused} {refused:?} {token:?}");
    let token = theirs.token(&job());
    let payload = token.split('.').nth(1).unwrap();
    assert!(
        !shown.contains(payload) && !shown.contains("eyJ"),
        "{shown}"
    );
}

/// A bundle in which another certificate of the same key stands, which is
/// what somebody has who keeps a key longer than its certificate.
fn with_another_certificate(sigstore: &Sigstore, bundle: &str, from: i64) -> String {
    let mut value: Value = serde_json::from_str(bundle).unwrap();
    let raw = value
        .pointer_mut("/verificationMaterial/certificate/rawBytes")
        .unwrap();
    let der = BASE64.decode(raw.as_str().unwrap()).unwrap();
    let parsed = x509_cert::Certificate::from_der(&der).unwrap();
    let public = parsed
        .tbs_certificate
        .subject_public_key_info
        .to_der()
        .unwrap();
    let other = sigstore.authority.certificate(&public, &job(), from);
    *raw = BASE64.encode(other).into();
    value.to_string()
}

#[test]
fn an_expired_a_future_and_a_swapped_certificate_are_refused() {
    let sigstore = Sigstore::start();
    let (artifact, digest) = artifact();
    let now = cofferdam_test_sigstore::now();
    for second in [false, true] {
        let bundle = signer(&sigstore, &job(), second).sign(digest).unwrap();
        let check = |from: i64| {
            let changed = with_another_certificate(&sigstore, &bundle, from);
            let verdict = verdict(&sigstore, &changed, &artifact);
            assert_eq!(verdict.outcome(), Outcome::Failed);
            let failed = |line: &&cofferdam_attest::Line| line.outcome == Outcome::Failed;
            verdict.lines.iter().find(failed).unwrap().check
        };
        assert_eq!(check(now - 3000), Check::Certificate, "expired");
        assert_eq!(check(now + 3000), Check::Certificate, "future");
        // Valid at the right time, and not the one that was logged.
        assert_eq!(check(now - 60), Check::Log, "swapped");
    }
}

#[test]
fn evidence_of_one_signature_is_none_for_another() {
    let sigstore = Sigstore::start();
    let (artifact, digest) = artifact();
    let signer = signer(&sigstore, &job(), true);
    let one: Value = serde_json::from_str(&signer.sign(digest).unwrap()).unwrap();
    let two: Value = serde_json::from_str(&signer.sign(digest).unwrap()).unwrap();
    for (path, check) in [
        ("/verificationMaterial/tlogEntries", Check::Log),
        (
            "/verificationMaterial/timestampVerificationData",
            Check::Time,
        ),
        ("/verificationMaterial/certificate", Check::Signature),
        ("/messageSignature/signature", Check::Time),
    ] {
        let mut mixed = one.clone();
        *mixed.pointer_mut(path).unwrap() = two.pointer(path).unwrap().clone();
        let verdict = verdict(&sigstore, &mixed.to_string(), &artifact);
        let failed: Vec<Check> = (verdict.lines.iter())
            .filter(|line| line.outcome == Outcome::Failed)
            .map(|line| line.check)
            .collect();
        assert_eq!(failed, [check], "{path}");
    }
}

#[test]
fn missing_evidence_is_refused() {
    let sigstore = Sigstore::start();
    let (artifact, digest) = artifact();
    for second in [false, true] {
        let bundle = signer(&sigstore, &job(), second).sign(digest).unwrap();
        for path in ["tlogEntries", "timestampVerificationData", "certificate"] {
            let mut value: Value = serde_json::from_str(&bundle).unwrap();
            let material = value.pointer_mut("/verificationMaterial").unwrap();
            material.as_object_mut().unwrap().remove(path);
            let Ok(read) = UnverifiedBundle::from_json(value.to_string().as_bytes()) else {
                continue;
            };
            let root = sigstore.trusted_root().to_string();
            let root = TrustRoot::from_json(root.as_bytes()).unwrap();
            let identity = ExpectedIdentity::Workflow(Box::new(expected(&sigstore)));
            let verdict = Verifier::new(&root)
                .unwrap()
                .verify(&artifact, &read, &identity);
            // The first version of the log tells the time by itself.
            let spare = !second && path == "timestampVerificationData";
            let passed = verdict.outcome() == Outcome::Passed;
            assert_eq!(passed, spare, "{path}, second version {second}");
        }
    }
}

#[test]
fn two_publishers_at_once_both_sign() {
    let sigstore = Sigstore::start();
    let (artifact, digest) = artifact();
    let sign = || signer(&sigstore, &job(), true).sign(digest).unwrap();
    let bundles: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..4).map(|_| scope.spawn(sign)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for bundle in bundles {
        assert_eq!(against(&verdict(&sigstore, &bundle, &artifact)), []);
    }
}

#[test]
fn what_is_no_statement_is_not_signed() {
    let sigstore = Sigstore::start();
    let signer = signer(&sigstore, &job(), false);
    for text in ["{}", "[]", r#"{"_type":"a","_type":"b"}"#] {
        assert!(
            matches!(signer.attest(text.as_bytes()), Err(SignError::Statement(_))),
            "{text}"
        );
    }
}

#[test]
fn a_dead_service_is_named() {
    let sigstore = Sigstore::start();
    let (_, digest) = artifact();
    let mut config = sigstore.signing_config(false);
    let log = config.pointer_mut("/rekorTlogUrls/0/url").unwrap();
    *log = "http://127.0.0.1:9".into();
    let services = Services::from_json(config.to_string().as_bytes()).unwrap();
    let token = Token::new(&sigstore.token(&job())).unwrap();
    let signer = Keyless::new(&services, &token, now).unwrap();
    let error = signer.sign(digest).unwrap_err();
    assert!(
        matches!(
            error,
            SignError::Service {
                service: Service::Log,
                ..
            }
        ),
        "{error:?}"
    );
}
