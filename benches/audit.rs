//! How time and memory grow with the size of what is audited.
//!
//! Makes folders of 1, 4 and 16 times the same amount, runs the program on
//! each as a whole process, and prints the fastest of several runs, which other
//! work on the machine disturbs least. Both ways of growing are measured: more
//! files in one repository, and more repositories in one call. `cargo bench --bench audit` prints the table; with `--check`
//! it fails where 16 times the amount takes more than 24 times as long.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement prints its table and stops at what it did not expect"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SIZES: [usize; 3] = [1, 4, 16];
const RUNS: u32 = 5;
/// Files of one repository, and repositories of one call, at the size 1.
const FILES: usize = 30;
const REPOSITORIES: usize = 64;
/// Linear growth is 16; caches and threads leave some room.
const MOST_GROWTH: f64 = 24.0;

fn main() {
    // `cargo test` runs benches too, to see that they work.
    let arguments: Vec<String> = std::env::args().collect();
    let check = arguments.iter().any(|argument| argument == "--check");
    let measured = arguments.iter().any(|argument| argument == "--bench");
    let runs = if measured { RUNS } else { 1 };
    println!("| what | size | files | fastest | per file | growth |");
    println!("|---|---|---|---|---|---|");
    let files = grow("files in one repository", runs, &|folder, size| {
        write_repository(folder, FILES * size, 0);
        FILES * size
    });
    let repositories = grow("repositories in one call", runs, &|folder, size| {
        for number in 0..REPOSITORIES * size {
            write_repository(&folder.join(format!("r{number}")), 1, number);
        }
        REPOSITORIES * size
    });
    if check && files.max(repositories) > MOST_GROWTH {
        println!("growth is above {MOST_GROWTH}: not linear");
        std::process::exit(1);
    }
}

/// Measures every size and returns how many times longer the last one takes.
fn grow(name: &str, runs: u32, make: &dyn Fn(&Path, usize) -> usize) -> f64 {
    let mut first = None;
    let mut growth = 1.0;
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let files = make(folder.path(), size);
        // The first run brings the files into the system's cache.
        run(folder.path());
        let fastest = (0..runs).map(|_| run(folder.path())).min().unwrap();
        let fastest = fastest.as_secs_f64();
        let base = *first.get_or_insert(fastest);
        growth = fastest / base;
        println!(
            "| {name} | {size}x | {files} | {:.1} ms | {:.0} us | {growth:.1}x |",
            fastest * 1e3,
            fastest * 1e6 / files as f64,
        );
    }
    growth
}

fn run(folder: &Path) -> Duration {
    let begin = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .args(["audit", "--recursive", "--no-progress", "--format", "sarif"])
        .arg(folder)
        .env_clear()
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(matches!(status.code(), Some(0 | 1 | 3)), "{status}");
    begin.elapsed()
}

/// Workflows as they are usual, each a little different.
fn write_repository(root: &Path, files: usize, salt: usize) {
    let folder = root.join(".github/workflows");
    fs::create_dir_all(&folder).unwrap();
    for number in 0..files {
        let mut text = format!(
            "name: w{number}-{salt}\non:\n  push:\n    branches: [main]\n  pull_request:\n\
             permissions:\n  contents: read\njobs:\n"
        );
        for job in 0..4 {
            text.push_str(&format!(
                "  job{job}:\n    runs-on: ubuntu-24.04\n    strategy:\n      matrix:\n        os: [a, b]\n    steps:\n"
            ));
            for step in 0..6 {
                text.push_str(&format!(
                    "      - uses: owner{number}/action{step}@v{job}\n        with:\n          \
                     token: ${{{{ secrets.TOKEN_{step} }}}}\n      - name: run {step}\n        run: |\n          \
                     set -euo pipefail\n          make build-{step} NAME=\"${{{{ matrix.os }}}}\" | tee log\n          \
                     if [ -f out ]; then docker build -t x:{step} . && docker push x:{step}; fi\n"
                ));
            }
        }
        fs::write(folder.join(format!("w{number}.yml")), text).unwrap();
    }
}
