//! `cofferdam pin check` on a workflow with 500 actions of 500 repositories,
//! which git's own server gives on this machine.
//!
//! Run with `cargo bench --bench pins`. Prints the time and the requests: two a
//! repository, of which one is the listing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement may stop at what it did not expect, and prints its result"
)]

#[path = "../crates/registries/tests/servers/git_backend.rs"]
#[expect(dead_code, reason = "only honest answers are needed here")]
mod git_backend;

use std::fs;
use std::process::Command;
use std::time::Instant;

use git_backend::{GitServer, Made};

const ACTIONS: usize = 500;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let served = folder.path().join("served");
    fs::create_dir_all(&served).unwrap();
    let server = GitServer::start(&served);
    // One store under many names: what is measured is the asking.
    let made = Made::new(&served, "octo/action");
    let first = made.write("action.yml", "name: x\n").commit("first");
    made.git(&["tag", "v1.0.0"]);
    made.write("action.yml", "name: y\n").commit("second");
    let mut text = "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n".to_owned();
    for number in 0..ACTIONS {
        let name = served.join(format!("octo/action-{number}.git"));
        std::os::unix::fs::symlink(&made.folder, name).unwrap();
        text.push_str(&format!(
            "      - uses: octo/action-{number}@{first} # v1.0.0\n"
        ));
    }
    let root = folder.path().join("checkout");
    fs::create_dir_all(root.join(".github/workflows")).unwrap();
    fs::write(root.join(".github/workflows/ci.yml"), text).unwrap();
    for run in ["cold", "again", "offline"] {
        server.take_asked();
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
        command
            .args([
                "pin",
                "check",
                "--format",
                "json",
                "--git-url",
                &server.root,
            ])
            .args(["--cache", folder.path().join("cache").to_str().unwrap()])
            .arg(&root)
            .env_clear();
        if run == "offline" {
            command.arg("--offline");
        }
        let output = command.output().unwrap();
        let time = begun.elapsed();
        let asked = server.take_asked().len();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), &value["pinned"]),
            (Some(0), &ACTIONS.into())
        );
        let listings = &value["requests"]["listings"];
        // What it says that it asked is what the server was asked: two questions
        // a repository, one of which is the listing.
        let due = if run == "offline" { 0 } else { ACTIONS };
        assert_eq!((asked, listings), (2 * due, &due.into()), "{run}");
        println!(
            "{run}: {ACTIONS} actions, {} ms, {asked} requests, {listings} listings",
            time.as_millis()
        );
    }
}
