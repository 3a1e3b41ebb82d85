//! How long `cofferdam lock check` takes on a large `.github`.
//!
//! Makes a checkout with 150 workflows and actions that use 60 other actions,
//! with images, tools, downloads and local actions, locks all of it, runs the
//! program as a whole process and prints the fastest and the median of several
//! runs. With `--check` it fails where the median is above the bar.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement prints its table and stops at what it did not expect"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cofferdam_facts::pin::Commit;
use cofferdam_locking::LocalFolder;
use cofferdam_locking::check::needed;
use cofferdam_locking::references::What;
use cofferdam_pipelines::{Limits, locking};
use cofferdam_workflows::documents::actions_lock::{self, Draft, DraftEntry};
use cofferdam_workflows::documents::cofferdam_lock::{self, Entry, Hash};

const WORKFLOWS: usize = 120;
const ACTIONS: usize = 30;
const RUNS: usize = 21;
const BAR: Duration = Duration::from_millis(50);

fn main() {
    // `cargo test` runs benches too, to see that they work.
    let arguments: Vec<String> = std::env::args().collect();
    let check = arguments.iter().any(|argument| argument == "--check");
    let measured = arguments.iter().any(|argument| argument == "--bench");
    let folder = tempfile::tempdir().unwrap();
    let references = write(folder.path());
    // The first run brings the files into the system's cache.
    run(folder.path());
    let runs = if measured { RUNS } else { 1 };
    let mut times: Vec<Duration> = (0..runs).map(|_| run(folder.path())).collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let fastest = times.first().copied().unwrap_or_default();
    println!("| files | references | fastest | median | bar |");
    println!("|---|---|---|---|---|");
    println!(
        "| {} | {references} | {:.1} ms | {:.1} ms | {:.0} ms |",
        WORKFLOWS + ACTIONS,
        fastest.as_secs_f64() * 1e3,
        median.as_secs_f64() * 1e3,
        BAR.as_secs_f64() * 1e3
    );
    if check && median > BAR {
        println!("above the bar");
        std::process::exit(1);
    }
}

fn run(folder: &Path) -> Duration {
    let begin = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .args(["lock", "check"])
        .arg(folder)
        .env_clear()
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let took = begin.elapsed();
    assert!(status.success(), "everything is locked");
    took
}

/// A locked checkout; gives the number of its references.
fn write(root: &Path) -> usize {
    let file = |path: &str, text: String| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for number in 0..WORKFLOWS {
        file(
            &format!(".github/workflows/w{number}.yml"),
            workflow(number),
        );
    }
    for number in 0..ACTIONS {
        let folder = format!(".github/actions/a{number}");
        let uses = number % 60;
        file(
            &format!("{folder}/action.yml"),
            format!(
                "name: a\nruns:\n  using: composite\n  steps:\n    - uses: owner/action{uses}@v{uses}\n    - run: make\n      shell: bash\n"
            ),
        );
        file(&format!("{folder}/run.sh"), "echo\n".repeat(50));
    }
    let opened = locking::open(root, &Limits::default()).unwrap();
    let (ours, theirs) = locks(root, &opened);
    file(cofferdam_lock::PLACE, ours);
    file(actions_lock::PLACE, theirs);
    opened.references.len()
}

fn workflow(number: usize) -> String {
    let mut text = "on: push\npermissions: {}\njobs:\n".to_owned();
    for job in 0..3 {
        let (one, other) = ((number + job) % 60, (number * 7 + job) % 60);
        let local = number % ACTIONS;
        text.push_str(&format!(
            "  j{job}:\n    runs-on: ubuntu-24.04\n    container: ghcr.io/owner/image{one}:1.{job}\n    \
             steps:\n      - uses: actions/checkout@v4.2.2\n        with: {{persist-credentials: false}}\n      \
             - uses: owner/action{one}@v{one}\n      - uses: owner/action{other}@v{other}\n      \
             - uses: actions/setup-go@v5\n        with: {{go-version: 1.2{job}.x}}\n      \
             - uses: ./.github/actions/a{local}\n      - run: |\n          set -euo pipefail\n          \
             curl -sSfLo tool https://example.com/v{one}/tool\n          chmod +x tool\n          ./tool --check\n      \
             - run: |\n          make build test\n          docker run --rm ghcr.io/owner/test:{one} true\n"
        ));
    }
    text
}

fn locks(root: &Path, opened: &locking::Opened) -> (String, String) {
    let commit = || Commit::parse(&format!("sha1-{}", "1".repeat(40))).unwrap();
    let mut contents = cofferdam_locking::references::contents(&opened.references);
    for reference in &opened.references {
        if let What::Action { pin, path, .. } = &reference.what {
            let entry = contents.actions.entry(pin.clone()).or_insert_with(|| {
                Entry::new(commit(), Hash::Known(format!("h1:{}=", "A".repeat(43))))
            });
            entry.paths.insert(path.clone());
        }
    }
    let limits = Limits::default();
    let local: BTreeMap<String, LocalFolder> =
        locking::folders::local(root, &opened.repository, &opened.references, &limits);
    for (folder, found) in local {
        if let LocalFolder::Hashed { exact, .. } = found {
            contents.local.insert(folder, Hash::Known(exact));
        }
    }
    let mut draft = Draft::default();
    for workflow in &opened.repository.workflows {
        let pins: BTreeSet<_> = needed(&opened.repository, workflow).into_keys().collect();
        for pin in &pins {
            let entry = DraftEntry {
                git_ref: pin.git_ref.clone(),
                hostname: None,
                commit: commit(),
                owner_id: 1,
                repo_id: 2,
                uses: BTreeSet::new(),
            };
            draft.dependencies.insert(pin.clone(), entry);
        }
        draft.workflows.insert(workflow.path().to_owned(), pins);
    }
    (contents.text().unwrap(), draft.text().unwrap())
}
