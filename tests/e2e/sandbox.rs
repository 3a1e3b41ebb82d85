//! A folder of its own, and the program run in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than any input may take, on a slow machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(120);

/// A workflow in which nothing is wrong.
pub(crate) const CLEAN: &str = "\
on: push
permissions: {}
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: make test
";

/// A workflow in which much is wrong.
pub(crate) const BAD: &str = "\
on: [push, pull_request_target]
permissions: write-all
jobs:
  publish:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: somebody/unknown-action@main
        with:
          token: ${{ secrets.DEPLOY_TOKEN }}
      - run: docker push ghcr.io/owner/name:latest
";

/// A temporary folder with one checkout in it.
pub(crate) struct Sandbox {
    temp: TempDir,
}

/// What a run has left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    /// An empty checkout without git.
    pub(crate) fn new() -> Self {
        let sandbox = Self {
            temp: TempDir::new().unwrap(),
        };
        fs::create_dir(sandbox.root()).unwrap();
        sandbox
    }

    /// A checkout without git that holds one workflow.
    pub(crate) fn with(workflow: impl AsRef<[u8]>) -> Self {
        let sandbox = Self::new();
        sandbox.write(".github/workflows/ci.yml", workflow);
        sandbox
    }

    /// The checkout.
    pub(crate) fn root(&self) -> PathBuf {
        self.outside().join("checkout")
    }

    /// The folder around the checkout, which is not the repository's.
    pub(crate) fn outside(&self) -> PathBuf {
        // What a run prints must not depend on how the folder was reached.
        fs::canonicalize(self.temp.path()).unwrap()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let full = self.path(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(&full, content).unwrap();
        full
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        let full = self.path(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, full).unwrap();
    }

    /// Runs git in the checkout, for making test repositories only.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let home = self.outside();
        let output = Command::new("git")
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "A")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "A")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Makes the checkout a repository with everything committed.
    pub(crate) fn commit(&self) -> String {
        if !self.path(".git").exists() {
            self.git(&["init", "--quiet", "--initial-branch=main"]);
        }
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs `cofferdam` in the checkout with nothing from the environment.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[], b"")
    }

    /// Runs `cofferdam audit` on a day on which the data pack is fresh.
    pub(crate) fn audit(&self, args: &[&str]) -> Ran {
        let day = day();
        let mut all = vec!["audit", "--date", &day];
        all.extend(args);
        self.run(&all)
    }

    /// Runs `cofferdam audit` and reads its JSON: the only report.
    pub(crate) fn report(&self, args: &[&str]) -> Report {
        let mut all = vec!["--format", "json"];
        all.extend(args);
        let ran = self.audit(&all);
        let value: Value = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
        let reports = value["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 1, "{}", ran.out);
        Report {
            code: ran.code,
            value: reports[0].clone(),
        }
    }

    pub(crate) fn run_with(&self, args: &[&str], env: &[(&str, &str)], input: &[u8]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("HOME", self.outside().join("home"))
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that does not read its input closes the pipe.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let readers = (
            reader(child.stdout.take().unwrap()),
            reader(child.stderr.take().unwrap()),
        );
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begin.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("{args:?} takes longer than {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        feeder.join().unwrap();
        let ran = Ran {
            // A process that a signal ended, as after an overflow, has none.
            code: status.code().unwrap_or(-1),
            out: readers.0.join().unwrap(),
            err: readers.1.join().unwrap(),
        };
        assert!(!ran.err.contains("panicked at"), "{args:?}: {}", ran.err);
        assert!(ran.code >= 0, "{args:?}: {status}");
        ran
    }
}

fn reader(mut source: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

/// A day on which the embedded data pack is fresh.
pub(crate) fn day() -> String {
    cofferdam_datapack::embedded::pack()
        .unwrap()
        .pack
        .created_at
        .date()
}

/// One report of the JSON format.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) value: Value,
}

impl Report {
    /// The codes of everything that was not checked, in order.
    pub(crate) fn codes(&self) -> Vec<String> {
        let all = self.value["not_checked"].as_array().unwrap();
        all.iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.codes().iter().any(|one| one == code)
    }

    pub(crate) fn files(&self) -> u64 {
        self.value["files"].as_u64().unwrap()
    }

    /// The rules that found something, each with its path.
    pub(crate) fn findings(&self) -> Vec<(String, String)> {
        let all = self.value["findings"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.iter()
            .map(|one| (text(&one["rule"]), text(&one["location"]["path"])))
            .collect()
    }

    pub(crate) fn paths(&self) -> std::collections::BTreeSet<String> {
        self.findings().into_iter().map(|(_, path)| path).collect()
    }
}
