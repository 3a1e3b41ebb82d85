//! The shell scripts that CI and the action run, run.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.ci")
        .join(name)
}

fn target() -> String {
    let host = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    match host.as_str() {
        "x86_64-linux" => "x86_64-unknown-linux-gnu",
        "aarch64-linux" => "aarch64-unknown-linux-gnu",
        "aarch64-macos" => "aarch64-apple-darwin",
        other => panic!("nothing is released for {other}"),
    }
    .to_owned()
}

/// A folder with one released program, version 9.9.9, and its digest.
fn release() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = b"#!/bin/sh\necho released\n";
    let home = folder.path().join("v9.9.9");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join(format!("cofferdam-{}", target())), program).unwrap();
    let digest = Sha256::digest(program)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    (folder, digest)
}

fn fetch(folder: &Path, table: &str, version: &str) -> (Output, bool) {
    let digests = folder.join("digests");
    std::fs::write(&digests, table).unwrap();
    let output = Command::new(script("fetch-release"))
        .env("RELEASES", format!("file://{}", folder.display()))
        .env("RUNNER_TEMP", folder)
        .env("DIGESTS", &digests)
        .env("INPUT_VERSION", version)
        .output()
        .unwrap();
    (output, folder.join("cofferdam/cofferdam").exists())
}

#[test]
fn a_release_whose_digest_is_known_is_kept() {
    let (folder, digest) = release();
    let table = format!("# comment\n{digest} 9.9.9 {}\n", target());
    for version in ["", "9.9.9"] {
        let (output, kept) = fetch(folder.path(), &table, version);
        assert!(output.status.success() && kept, "{output:?}");
    }
}

#[test]
fn nothing_is_kept_without_the_right_digest() {
    let (folder, digest) = release();
    let wrong = "0".repeat(64);
    let target = target();
    for (table, version) in [
        (String::new(), ""),
        (format!("{wrong} 9.9.9 {target}\n"), ""),
        (format!("{digest} 9.9.9 other-target\n"), ""),
        (format!("{digest} 9.9.9 {target}\n"), "1.0.0"),
        (format!("#{digest} 9.9.9 {target}\n"), "9.9.9"),
        (format!("{digest} 9.9.9\n"), "9.9.9"),
    ] {
        let (output, kept) = fetch(folder.path(), &table, version);
        assert_eq!(output.status.code(), Some(3), "{table:?} {output:?}");
        assert!(!kept, "{table:?}");
    }
}

#[test]
fn every_line_of_the_table_of_digests_is_a_comment_or_well_formed() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../release-digests.txt");
    for line in std::fs::read_to_string(table).unwrap().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let digest = words.first().is_some_and(|word| {
            word.len() == 64
                && word
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        });
        assert!(
            line.starts_with('#') || (words.len() == 3 && digest),
            "{line}"
        );
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn every_commit_needs_the_sign_off_of_its_own_author() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let commit = |message: &str| {
        git(path, &["commit", "--quiet", "--allow-empty", "-m", message]);
        git(path, &["rev-parse", "HEAD"])
    };
    git(path, &["init", "--quiet"]);
    let base = commit("base, without");
    let signed = commit("x\n\nSigned-off-by: A <a@example.org>");
    let other = commit("y\n\nSigned-off-by: B <b@example.org>");
    let unsigned = commit("Signed-off-by: A <a@example.org> is not a trailer here\n\nz");
    let passes = |from: &str, to: &str| {
        Command::new(script("dco"))
            .current_dir(path)
            .args([from, to])
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(passes(&base, &signed));
    assert!(!passes(&signed, &other));
    assert!(!passes(&other, &unsigned));
    assert!(!passes(&base, &unsigned));
}
