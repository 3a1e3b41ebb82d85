//! The proof of a vendor directory beside two processes of `sha256sum` over
//! the same files: `cargo bench --bench vendor`, with `-- --check` failing
//! below twice their speed. The files are read once before, so that both find
//! them in memory.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints, stops at what it did not expect, and starts programs"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cofferdam_trees::archives::Unpacked;
use cofferdam_trees::bundle::{Kept, Subject};
use cofferdam_trees::{Bundle, Digest, Manifest};

/// Files of the measured directory, and of the one that only shows that the
/// measurement works.
const FILES: usize = 10_000;
const FEW: usize = 200;
/// Modules among which they are spread.
const MODULES: usize = 100;
/// The bytes of a file: the mean of large vendor directories.
const BYTES: usize = 10_000;
const RUNS: usize = 5;
/// How many times faster the proof has to be.
const BAR: f64 = 2.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let measured = arguments.iter().any(|argument| argument == "--bench");
    let (files, runs) = if measured { (FILES, RUNS) } else { (FEW, 1) };
    let folder = tempfile::tempdir().unwrap();
    let paths = write(folder.path(), files);
    let megabytes = (files * BYTES) as f64 / 1e6;
    let sums = fastest(runs, || {
        let started: Vec<Child> = paths.iter().map(|list| sha256sum(list)).collect();
        for mut one in started {
            assert!(one.wait().unwrap().success());
        }
    });
    let proof = fastest(runs, || {
        let done = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
            .args(["deps", "vendor", "check", "--offline"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .status();
        assert!(done.unwrap().success());
    });
    let speed = |time: Duration| megabytes / time.as_secs_f64();
    println!("| what | files | fastest | MB/s |");
    println!("|---|---|---|---|");
    for (what, time) in [("two sha256sum", sums), ("vendor proof", proof)] {
        println!("| {what} | {files} | {time:.1?} | {:.0} |", speed(time));
    }
    let times = speed(proof) / speed(sums);
    println!("\n{times:.1} times as fast");
    if arguments.iter().any(|argument| argument == "--check") && times < BAR {
        println!("that is below {BAR}");
        std::process::exit(1);
    }
}

fn fastest(runs: usize, mut work: impl FnMut()) -> Duration {
    // Once before, so that everything is in memory.
    work();
    let one = |_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    };
    (0..runs).map(one).min().unwrap()
}

fn sha256sum(list: &Path) -> Child {
    Command::new("xargs")
        .args(["-0", "-n", "100000", "sha256sum"])
        .stdin(File::open(list).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Writes a checkout; gives two lists, each with half of the files.
fn write(root: &Path, files: usize) -> Vec<std::path::PathBuf> {
    let mut bundle = Bundle::default();
    let (mut list, mut sums) = (String::new(), String::new());
    let mut module_file = "module example.org/main\n\ngo 1.24\n".to_owned();
    let mut halves = vec![Vec::new(), Vec::new()];
    for number in 0..MODULES {
        let module = format!("example.org/m{number}");
        let folder = root.join("vendor").join(&module);
        fs::create_dir_all(&folder).unwrap();
        let mut lines = Vec::new();
        for at in 0..files / MODULES {
            let mut text = format!("package m{number}\n// {at}\n").into_bytes();
            text.resize(BYTES, b'/');
            let name = format!("f{at}.txt");
            let path = folder.join(&name);
            fs::write(&path, &text).unwrap();
            lines.push((name.into(), Digest::of(&text)));
            let half: &mut Vec<u8> = halves.get_mut(at % 2).unwrap();
            half.extend_from_slice(path.as_os_str().as_encoded_bytes());
            half.push(0);
        }
        let subject = Subject::Go {
            module: module.clone(),
            version: "v1.0.0".to_owned(),
        };
        let manifest = Manifest::new(lines).unwrap();
        let sum = manifest.h1(&subject.prefix());
        writeln!(sums, "{module} v1.0.0 {sum}").unwrap();
        writeln!(list, "# {module} v1.0.0\n## explicit\n{module}").unwrap();
        writeln!(module_file, "require {module} v1.0.0").unwrap();
        let unpacked = Unpacked {
            manifest,
            ..Unpacked::default()
        };
        let kept = Kept {
            unpacked,
            record: None,
        };
        bundle.kept.insert(subject, kept);
    }
    fs::write(root.join("vendor/modules.txt"), list).unwrap();
    fs::write(root.join("go.mod"), module_file).unwrap();
    fs::write(root.join("go.sum"), sums).unwrap();
    fs::create_dir(root.join(".github")).unwrap();
    let kept = root.join(".github/cofferdam.vendor.gz");
    fs::write(kept, bundle.to_gzip().unwrap()).unwrap();
    let lists = halves.into_iter().enumerate().map(|(at, half)| {
        let path = root.join(format!("list{at}"));
        fs::write(&path, half).unwrap();
        path
    });
    lists.collect()
}
