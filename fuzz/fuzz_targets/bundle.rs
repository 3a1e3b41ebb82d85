//! Any bytes are refused as a bundle, or say of the artifact what the right
//! bundle says; and nothing that is read on the way panics.

#![no_main]

use std::sync::LazyLock;

use cofferdam_attest::{
    ArtifactDigests, Certificate, ExpectedIdentity, Outcome, Provenance, Statement, TrustRoot,
    UnverifiedBundle, Verdict, Verifier, WorkflowIdentity, workflow,
};
use libfuzzer_sys::fuzz_target;

const RIGHT: &[u8] =
    include_bytes!("../../crates/attest/tests/data/bundles/npm-provenance.sigstore.json");
const DIGEST: &str = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";

struct Known {
    verifier: Verifier,
    artifact: ArtifactDigests,
    expected: ExpectedIdentity,
}

impl Known {
    fn verdict(&self, bytes: &[u8]) -> Option<Verdict> {
        let bundle = UnverifiedBundle::from_json(bytes).ok()?;
        let _ = bundle.unverified_artifact();
        Some(self.verifier.verify(&self.artifact, &bundle, &self.expected))
    }
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let main = workflow::git_ref("refs/heads/main").unwrap();
    let identity = WorkflowIdentity {
        workflow: Some(".github/workflows/release.yml".to_owned()),
        source_ref: cofferdam_attest::SourceRef::Matches(main),
        ..WorkflowIdentity::new("sigstore/sigstore-js")
    };
    Known {
        verifier: Verifier::new(&TrustRoot::public_good().unwrap()).unwrap(),
        artifact: ArtifactDigests::parse(DIGEST).unwrap(),
        expected: ExpectedIdentity::Workflow(Box::new(identity)),
    }
});
static EXPECTED: LazyLock<Verdict> = LazyLock::new(|| KNOWN.verdict(RIGHT).unwrap());

fuzz_target!(|bytes: &[u8]| {
    let _ = TrustRoot::from_json(bytes).map(|root| Verifier::new(&root));
    let _ = Certificate::from_der(bytes);
    if let Ok(statement) = Statement::from_json(bytes) {
        let _ = Provenance::of(&statement);
        let _ = cofferdam_attest::consistency::provenance(&statement, Some(&Default::default()));
    }
    let Some(verdict) = KNOWN.verdict(bytes) else {
        return;
    };
    if verdict.outcome() == Outcome::Passed {
        assert_eq!(verdict.signer, EXPECTED.signer);
        assert_eq!(verdict.signed_at, EXPECTED.signed_at);
        assert_eq!(verdict.statement, EXPECTED.statement);
    } else {
        assert!(verdict.against().next().is_some());
    }
});
