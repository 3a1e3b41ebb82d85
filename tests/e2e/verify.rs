//! Artifacts and bundles, as a consumer verifies them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

const NPM: &[u8] =
    include_bytes!("../../crates/attest/tests/data/bundles/npm-provenance.sigstore.json");
const NPM_DIGEST: &str = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
const REPOSITORY: &str = "sigstore-conformance/extremely-dangerous-public-oidc-beacon";
const WORKFLOW: &str = ".github/workflows/extremely-dangerous-oidc-beacon.yml";
/// What it takes to accept the bundles of the suite, whose job ran on a branch.
const RIGHT: [&str; 6] = [
    "--repo",
    REPOSITORY,
    "--workflow",
    WORKFLOW,
    "--ref",
    "refs/heads/main",
];

/// Where the cases of the suite lie, beside the repository; none where they do
/// not, and then nothing of them is checked.
#[expect(clippy::print_stdout, reason = "a test says what it has not checked")]
fn suite() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sigstore-conformance");
    if beside.is_dir() {
        return Some(beside);
    }
    println!("not checked: {} is not there", beside.display());
    None
}

/// A file of the suite.
fn asset(path: &str) -> Vec<u8> {
    let suite = suite().unwrap();
    let below = match path {
        "a.txt" => suite.join(path),
        _ => suite.join("bundle-verify").join(path),
    };
    std::fs::read(below).unwrap()
}

/// A file that a job of a branch has signed, with its bundle.
fn signed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("dist/app", asset("a.txt"));
    let bundle = asset("happy-path-v0.3/bundle.sigstore.json");
    sandbox.write("dist/app.sigstore.json", bundle);
    sandbox
}

fn verify(sandbox: &Sandbox, target: &[&str], identity: &[&str]) -> Ran {
    sandbox.run(&[&["verify"], target, identity].concat())
}

#[test]
fn a_job_on_a_branch_of_the_same_repository_is_refused_by_every_default() {
    if suite().is_none() {
        return;
    }
    let sandbox = signed();
    for (identity, check) in [
        (&["--repo", REPOSITORY][..], "workflow"),
        (
            &["--repo", REPOSITORY, "--workflow", WORKFLOW][..],
            "source-ref",
        ),
    ] {
        let ran = verify(&sandbox, &["dist/app"], identity);
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
        let failed = |line: &str| line.trim().starts_with("failed") && line.contains(check);
        assert!(ran.out.lines().any(failed), "{}", ran.out);
        // Who it was is told, so that it can be judged.
        assert!(
            ran.out.contains("source-repository-ref: refs/heads/main"),
            "{}",
            ran.out
        );
    }
    let ran = verify(&sandbox, &["dist/app"], &RIGHT);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn nobody_in_particular_is_wrong_usage() {
    if suite().is_none() {
        return;
    }
    let sandbox = signed();
    for identity in [
        &[][..],
        &["--identity", "a@example.org"],
        &["--workflow", WORKFLOW],
        &["--repo", "name"],
        &[
            "--repo",
            REPOSITORY,
            "--identity",
            "a@example.org",
            "--issuer",
            "i",
        ],
        &["--identity-regex", "(", "--issuer", "i"],
        &["--repo", REPOSITORY, "--builder", "o/r/w.yml"],
        &["--repo", REPOSITORY, "--commit", "main"],
    ] {
        let ran = verify(&sandbox, &["dist/app"], identity);
        assert_eq!(ran.code, 2, "{identity:?}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn another_artifact_another_bundle_and_none_are_refused() {
    if suite().is_none() {
        return;
    }
    let sandbox = signed();
    sandbox.write("dist/app", "another");
    assert_eq!(verify(&sandbox, &["dist/app"], &RIGHT).code, 1);
    sandbox.write("bare", asset("a.txt"));
    let ran = verify(&sandbox, &["bare"], &RIGHT);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("there is no bundle for it"), "{}", ran.out);
    for (case, code) in [
        ("signature-mismatch_fail", 1),
        ("bundle-malformed-json_fail", 1),
        ("bundle-unknown-version_fail", 3),
    ] {
        let bundle = sandbox.write("case.json", asset(&format!("{case}/bundle.sigstore.json")));
        let bundle = bundle.to_str().unwrap();
        let ran = verify(&sandbox, &["bare", "--bundle", bundle], &RIGHT);
        assert_eq!(ran.code, code, "{case}: {}", ran.out);
    }
}

#[test]
fn what_is_not_there_or_not_readable_ends_with_3() {
    if suite().is_none() {
        return;
    }
    let sandbox = signed();
    assert_eq!(verify(&sandbox, &["nothing"], &RIGHT).code, 3);
    let ran = verify(&sandbox, &["dist/app", "--bundle", "nothing"], &RIGHT);
    assert_eq!(ran.code, 3);
    sandbox.write("root.json", "{}");
    let ran = verify(
        &sandbox,
        &["dist/app", "--trusted-root", "root.json"],
        &RIGHT,
    );
    assert_eq!(ran.code, 3, "{}", ran.err);
    let ran = verify(&sandbox, &["dist/app", "--policy", "nothing.toml"], &[]);
    assert_eq!(ran.code, 3);
}

#[test]
fn a_folder_is_verified_file_by_file() {
    if suite().is_none() {
        return;
    }
    let sandbox = signed();
    let ran = verify(&sandbox, &["dist"], &RIGHT);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    // A bundle beside it under another name counts if it is about the file.
    let other = asset("happy-path-v0.1/bundle.sigstore.json");
    sandbox.write("dist/app.again.sigstore.json", other);
    sandbox.write("dist/strange", "unsigned");
    let ran = verify(&sandbox, &["dist", "--format", "json"], &RIGHT);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["outcome"], "failed");
    let outcome = |name: &str| {
        let all = value["artifacts"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == name).unwrap();
        (
            one["outcome"].clone(),
            one["bundles"].as_array().unwrap().len(),
        )
    };
    assert_eq!(outcome("dist/app"), ("passed".into(), 2));
    assert_eq!(outcome("dist/strange"), ("failed".into(), 0));
}

#[test]
fn a_folder_of_bundles_is_verified_without_the_files() {
    if suite().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    for case in ["happy-path-v0.3", "happy-path-v0.2"] {
        let bundle = asset(&format!("{case}/bundle.sigstore.json"));
        sandbox.write(&format!("bundles/{case}.sigstore.json"), bundle);
    }
    let ran = verify(&sandbox, &["bundles", "--format", "json"], &RIGHT);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let lines = value["artifacts"][0]["bundles"][0]["lines"]
        .as_array()
        .unwrap();
    let artifact = lines
        .iter()
        .find(|line| line["check"] == "artifact")
        .unwrap();
    assert_eq!(artifact["outcome"], "not-checked");
    assert_eq!(artifact["required"], false);
}

#[test]
fn a_digest_is_verified_by_named_bundles() {
    let sandbox = Sandbox::new();
    sandbox.write("npm.jsonl", {
        let value: Value = serde_json::from_slice(NPM).unwrap();
        format!("{value}\n\n{value}\n")
    });
    let identity = [
        "--repo",
        "sigstore/sigstore-js",
        "--workflow",
        ".github/workflows/release.yml",
        "--ref",
        "refs/heads/main",
    ];
    let target = [
        NPM_DIGEST,
        "--bundle",
        "npm.jsonl",
        "--type",
        "https://slsa.dev/provenance/v1",
    ];
    let ran = verify(&sandbox, &target, &identity);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("npm.jsonl:3"), "{}", ran.out);
    let target = [
        NPM_DIGEST,
        "--bundle",
        "npm.jsonl",
        "--type",
        "https://spdx.dev/Document",
    ];
    let ran = verify(&sandbox, &target, &identity);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_eq!(verify(&sandbox, &[NPM_DIGEST], &identity).code, 2);
}

#[test]
fn a_policy_says_who_is_expected() {
    if suite().is_none() {
        return;
    }
    let sandbox = signed();
    let write = |table: &str| sandbox.write("policy.toml", format!("version = 1\n{table}"));
    write(&format!(
        "[identity]\nrepository = \"{REPOSITORY}\"\nworkflow = \"{WORKFLOW}\"\nref = \"refs/heads/*\"\n"
    ));
    let policy = ["--policy", "policy.toml"];
    let ran = verify(&sandbox, &["dist/app"], &policy);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    write("[identity]\nrepositry = \"x\"\n");
    let ran = verify(&sandbox, &["dist/app"], &policy);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("policy.toml") && ran.err.contains("line 3"),
        "{}",
        ran.err
    );
}

#[test]
fn the_conformance_protocol_is_spoken() {
    if suite().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", asset("a.txt"));
    let identity = format!("https://github.com/{REPOSITORY}/{WORKFLOW}@refs/heads/main");
    let run = |case: &str, artifact: &str, who: &[&str]| {
        sandbox.write("b.json", asset(&format!("{case}/bundle.sigstore.json")));
        let head = ["sigstore", "verify-bundle", "--bundle", "b.json"];
        sandbox.run(&[&head, who, &[artifact]].concat()).code
    };
    let issuer = "https://token.actions.githubusercontent.com";
    let who = [
        "--certificate-identity",
        &identity,
        "--certificate-oidc-issuer",
        issuer,
    ];
    assert_eq!(run("happy-path-v0.3", "a.txt", &who), 0);
    let digest = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
    assert_eq!(run("happy-path-v0.3", digest, &who), 0);
    assert_eq!(run("signature-mismatch_fail", "a.txt", &who), 3);
    sandbox.write("key.pub", asset("managed-key-happy-path/key.pub"));
    assert_eq!(
        run("managed-key-happy-path", "a.txt", &["--key", "key.pub"]),
        0
    );
    assert_eq!(run("managed-key-happy-path", "a.txt", &[]), 2);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_not_followed() {
    if suite().is_none() {
        return;
    }
    let sandbox = signed();
    sandbox.link("dist/link", "/etc/passwd");
    let ran = verify(&sandbox, &["dist"], &RIGHT);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("links are not followed"), "{}", ran.out);
}
