//! Files that a publisher signs, and whoever verifies them.

use std::fs;

use cofferdam_test_sigstore::{Sigstore, github_job};
use serde_json::{Value, json};

use crate::sandbox::{Ran, Sandbox};

const REPOSITORY: &str = "owner/project";
const WORKFLOW: &str = ".github/workflows/release.yml";

struct Release {
    sigstore: Sigstore,
    sandbox: Sandbox,
}

impl Release {
    fn new(second: bool) -> Self {
        let release = Self {
            sigstore: Sigstore::start(),
            sandbox: Sandbox::new(),
        };
        let root = release.sigstore.trusted_root().to_string();
        release.sandbox.write("root.json", root);
        let config = release.sigstore.signing_config(second).to_string();
        release.sandbox.write("services.json", config);
        release.as_job("refs/tags/v1.0.0");
        release.sandbox.write("dist/app", "the program");
        release
    }

    /// From now on, a job of this ref signs.
    fn as_job(&self, git_ref: &str) {
        let job = github_job(REPOSITORY, WORKFLOW, git_ref, &"a".repeat(40));
        self.sandbox.write("token", self.sigstore.token(&job));
    }

    fn release(&self, what: &[&str]) -> Ran {
        let services = [
            "--identity-token-file",
            "token",
            "--signing-config",
            "services.json",
            "--trusted-root",
            "root.json",
        ];
        self.sandbox.run(&[&["release"], what, &services].concat())
    }

    fn verify(&self, more: &[&str]) -> Ran {
        let url = self.sigstore.url();
        let identity = [
            "verify",
            "dist/app",
            "--trusted-root",
            "root.json",
            "--repo",
            REPOSITORY,
            "--workflow",
            WORKFLOW,
            "--issuer",
            &url,
        ];
        self.sandbox.run(&[&identity, more].concat())
    }

    fn bundles(&self) -> Vec<String> {
        let entries = fs::read_dir(self.sandbox.path("dist")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != "app").collect();
        names.sort();
        names
    }
}

#[test]
fn what_is_signed_and_attested_verifies_by_either_log() {
    for second in [false, true] {
        let release = Release::new(second);
        let ran = release.release(&["sign", "dist/app"]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(
            ran.out
                .contains("signed as https://github.com/owner/project/"),
            "{}",
            ran.out
        );
        release
            .sandbox
            .write("sbom.json", r#"{"bomFormat": "CycloneDX", "n": 1.10}"#);
        let attest = [
            "attest",
            "--type",
            "cyclonedx",
            "--predicate",
            "sbom.json",
            "dist/app",
        ];
        let ran = release.release(&attest);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert_eq!(
            release.bundles(),
            ["app.cdx.sigstore.json", "app.sigstore.json"]
        );
        let ran = release.verify(&["--type", "https://cyclonedx.org/bom"]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        // One byte more is another program.
        release.sandbox.write("dist/app", "the program.");
        assert_eq!(release.verify(&[]).code, 1);
    }
}

#[test]
fn provenance_of_another_commit_is_signed_by_whoever_lies_and_refused() {
    let release = Release::new(false);
    let provenance = |commit: &str| {
        json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": { "workflow": {
                    "path": WORKFLOW,
                    "ref": "refs/tags/v1.0.0",
                    "repository": "https://github.com/owner/project",
                }},
                "resolvedDependencies": [{
                    "uri": "git+https://github.com/owner/project@refs/tags/v1.0.0",
                    "digest": { "gitCommit": commit },
                }],
            },
            "runDetails": { "builder": {
                "id": format!("https://github.com/{REPOSITORY}/{WORKFLOW}@refs/tags/v1.0.0"),
            }},
        })
    };
    let attest = [
        "attest",
        "--type",
        "slsa",
        "--predicate",
        "p.json",
        "dist/app",
        "--overwrite",
    ];
    for (commit, code) in [("a", 0), ("b", 1)] {
        let text = provenance(&commit.repeat(40)).to_string();
        release.sandbox.write("p.json", text);
        let ran = release.release(&attest);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let ran = release.verify(&["--type", "https://slsa.dev/provenance/v1"]);
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    }
}

#[test]
fn a_branch_job_signs_the_release_and_the_consumer_refuses() {
    let release = Release::new(false);
    release.as_job("refs/heads/main");
    assert_eq!(release.release(&["sign", "dist/app"]).code, 0);
    let ran = release.verify(&["--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let bundle = &value["artifacts"][0]["bundles"][0];
    assert_eq!(
        bundle["signer"]["claims"]["source-repository-ref"],
        "refs/heads/main"
    );
}

#[test]
fn a_job_is_asked_for_its_token() {
    let release = Release::new(false);
    let url = format!("{}/token?api-version=2.0", release.sigstore.url());
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret-of-the-job"),
    ];
    let args = [
        "release",
        "sign",
        "dist/app",
        "--signing-config",
        "services.json",
        "--trusted-root",
        "root.json",
    ];
    let ran = release.sandbox.run_with(&args, &env, b"");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(release.verify(&[]).code, 0);
    // Outside of a job nobody says who signs.
    let ran = release.sandbox.run(&[&args[..], &["--overwrite"]].concat());
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("id-token: write"), "{}", ran.err);
}

#[test]
fn a_private_repository_is_not_told_to_everybody() {
    let release = Release::new(false);
    let mut job = github_job("owner/secret", WORKFLOW, "refs/tags/v1", &"a".repeat(40));
    job["repository_visibility"] = "private".into();
    release.sandbox.write("token", release.sigstore.token(&job));
    // By the public instance, of which nothing is asked before the name is agreed to.
    let args = [
        "release",
        "sign",
        "dist/app",
        "--identity-token-file",
        "token",
    ];
    let ran = release.sandbox.run(&args);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("owner/secret") && ran.err.contains("is not public"),
        "{}",
        ran.err
    );
    assert_eq!(release.bundles(), Vec::<String>::new());
    // By services of one's own, nothing is told to anybody.
    assert_eq!(release.release(&["sign", "dist/app"]).code, 0);
}

#[test]
fn nothing_is_replaced_or_half_written() {
    let release = Release::new(false);
    release.sandbox.write("dist/app.sigstore.json", "mine");
    let ran = release.release(&["sign", "dist/app"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    let path = release.sandbox.path("dist/app.sigstore.json");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    // Trusted by another root, what is signed does not verify, and is not written.
    let other = Sigstore::start().trusted_root().to_string();
    release.sandbox.write("root.json", other);
    let ran = release.release(&["sign", "dist/app", "--overwrite"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("does not verify"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    // A log that is not there is named.
    let mut config = release.sigstore.signing_config(false);
    config["rekorTlogUrls"][0]["url"] = "http://127.0.0.1:9".into();
    release.sandbox.write("services.json", config.to_string());
    let ran = release.release(&["sign", "dist/app", "--overwrite"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("transparency log"), "{}", ran.err);
}

#[test]
fn a_predicate_is_signed_as_it_was_written_or_not_at_all() {
    let release = Release::new(false);
    for text in ["[]", "{\"a\": 1, \"a\": 2}", "{", ""] {
        release.sandbox.write("p.json", text);
        let ran = release.release(&[
            "attest",
            "--type",
            "spdx",
            "--predicate",
            "p.json",
            "dist/app",
        ]);
        assert_eq!(ran.code, 2, "{text}: {}{}", ran.out, ran.err);
    }
    release.sandbox.write("p.json", "{}");
    let ran = release.release(&[
        "attest",
        "--type",
        "spdz",
        "--predicate",
        "p.json",
        "dist/app",
    ]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    let attest = [
        "attest",
        "--type",
        "https://example.org/x",
        "--predicate",
        "p.json",
        "dist/app",
    ];
    assert_eq!(release.release(&attest).code, 0);
    assert_eq!(release.bundles(), ["app.attestation.sigstore.json"]);
}

#[test]
fn the_conformance_protocol_signs_files_and_statements() {
    let release = Release::new(true);
    let token = fs::read_to_string(release.sandbox.path("token")).unwrap();
    let sign = |more: &[&str]| {
        let args = [
            "sigstore",
            "sign-bundle",
            "--identity-token",
            &token,
            "--bundle",
            "b.json",
            "--trusted-root",
            "root.json",
            "--signing-config",
            "services.json",
        ];
        release.sandbox.run(&[&args, more].concat()).code
    };
    let identity = format!("https://github.com/{REPOSITORY}/{WORKFLOW}@refs/tags/v1.0.0");
    let url = release.sigstore.url();
    let verify = || {
        let args = [
            "sigstore",
            "verify-bundle",
            "--bundle",
            "b.json",
            "--certificate-identity",
            &identity,
            "--certificate-oidc-issuer",
            &url,
            "--trusted-root",
            "root.json",
            "dist/app",
        ];
        release.sandbox.run(&args).code
    };
    assert_eq!(sign(&["dist/app"]), 0);
    assert_eq!(verify(), 0);
    let digest = "f4b12ba1d4b0a0bd0f05ab8d5c7a3b0c0a";
    release.sandbox.write("statement.json", digest);
    assert_ne!(sign(&["--in-toto", "statement.json"]), 0);
}
