//! Beside sigstore-python, which nobody of us has written: what we sign it
//! verifies, what it signs we verify, and both refuse the same.
#![cfg(feature = "sign")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and starts programs"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cofferdam_attest::sign::{Keyless, Services, Signer, Token};
use cofferdam_attest::{
    Algorithm, ArtifactDigests, ExpectedIdentity, Outcome, TrustRoot, UnverifiedBundle, Verifier,
    WorkflowIdentity,
};
use cofferdam_facts::Timestamp;
use cofferdam_test_sigstore::{Sigstore, github_job};
use serde_json::{Value, json};

const REPOSITORY: &str = "owner/project";
const WORKFLOW: &str = ".github/workflows/release.yml";
const GIT_REF: &str = "refs/tags/v1.0.0";

/// What `cargo xtask test` has installed.
fn program() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut above = folder.ancestors();
    let installed = above.find_map(|folder| {
        let program = folder.join("target/peers/sigstore/venv/bin/sigstore");
        program.is_file().then_some(program)
    });
    let advice = "run `cargo xtask test`, which installs what tests/peers/sigstore pins";
    installed.ok_or(advice).unwrap()
}

struct World {
    sigstore: Sigstore,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self {
            sigstore: Sigstore::start(),
            folder: tempfile::tempdir().unwrap(),
        };
        world.write("trust.json", &world.sigstore.trust_config().to_string());
        world.write("artifact", "artifact");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs sigstore-python, which may reach nothing but our services.
    fn python(&self, args: &[&str]) -> Output {
        Command::new(program())
            .args(["--trust-config", "trust.json"])
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap())
            .output()
            .unwrap()
    }

    fn python_verifies(&self, bundle: &str, artifact: &str) -> (bool, String) {
        let subject = format!("https://github.com/{REPOSITORY}/{WORKFLOW}@{GIT_REF}");
        let output = self.python(&[
            "verify",
            "identity",
            "--offline",
            "--bundle",
            bundle,
            "--cert-identity",
            &subject,
            "--cert-oidc-issuer",
            &self.sigstore.url(),
            artifact,
        ]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    }

    fn token(&self) -> String {
        let job = github_job(REPOSITORY, WORKFLOW, GIT_REF, &"a".repeat(40));
        self.sigstore.token(&job)
    }

    fn signer(&self, second: bool) -> Keyless {
        let config = self.sigstore.signing_config(second).to_string();
        let services = Services::from_json(config.as_bytes()).unwrap();
        let now = || Timestamp::from_unix(cofferdam_test_sigstore::now());
        Keyless::new(&services, &Token::new(&self.token()).unwrap(), now).unwrap()
    }

    fn outcome(&self, bundle: &[u8]) -> Outcome {
        let root = self.sigstore.trusted_root().to_string();
        let root = TrustRoot::from_json(root.as_bytes()).unwrap();
        let identity = ExpectedIdentity::Workflow(Box::new(WorkflowIdentity {
            issuer: self.sigstore.url(),
            workflow: Some(WORKFLOW.to_owned()),
            ..WorkflowIdentity::new(REPOSITORY)
        }));
        let bundle = UnverifiedBundle::from_json(bundle).unwrap();
        let verifier = Verifier::new(&root).unwrap();
        verifier.verify(&digests(), &bundle, &identity).outcome()
    }
}

fn digests() -> ArtifactDigests {
    ArtifactDigests::from_reader(&b"artifact"[..], Default::default()).unwrap()
}

#[test]
fn sigstore_python_verifies_what_we_sign() {
    let world = World::new();
    let digest: [u8; 32] = digests()
        .get(Algorithm::Sha256)
        .unwrap()
        .try_into()
        .unwrap();
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": "artifact",
            "digest": { "sha256": cofferdam_attest::artifact::hex(&digest) },
        }],
        "predicateType": "https://example.org/kind/v1",
        "predicate": { "said": "so" },
    });
    world.write("other", "another artifact");
    for second in [false, true] {
        let signer = world.signer(second);
        world.write("file.json", &signer.sign(digest).unwrap());
        let attested = signer.attest(statement.to_string().as_bytes()).unwrap();
        world.write("statement.json", &attested);
        for bundle in ["file.json", "statement.json"] {
            let (verifies, text) = world.python_verifies(bundle, "artifact");
            assert!(verifies, "{bundle}, second version {second}: {text}");
            // It does verify, and does not wave things through.
            let (verifies, _) = world.python_verifies(bundle, "other");
            assert!(!verifies, "{bundle}, second version {second}");
        }
    }
}

#[test]
fn we_verify_what_sigstore_python_signs() {
    let world = World::new();
    for second in [false, true] {
        let mut trust: Value = world.sigstore.trust_config();
        let config = world.sigstore.signing_config(second);
        trust
            .as_object_mut()
            .unwrap()
            .insert("signingConfig".to_owned(), config);
        world.write("trust.json", &trust.to_string());
        let output = world.python(&[
            "sign",
            "--overwrite",
            "--identity-token",
            &world.token(),
            "--bundle",
            "python.json",
            "artifact",
        ]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "second version {second}: {text}");
        let bundle = fs::read(world.path("python.json")).unwrap();
        assert_eq!(
            world.outcome(&bundle),
            Outcome::Passed,
            "second version {second}"
        );
    }
}
