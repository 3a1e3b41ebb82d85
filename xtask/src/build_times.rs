//! Clean release builds, timed and recorded.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::process;
use crate::transcript::today;
use crate::workspace::{self, cargo};

/// One build: what is built, how, and how long it may take on 2 cores.
struct Build {
    name: &'static str,
    features: &'static [&'static str],
    limit: Duration,
}

const BUILDS: &[Build] = &[
    Build {
        name: "audit alone",
        features: &["--no-default-features", "--features", "audit"],
        limit: Duration::from_secs(90),
    },
    Build {
        name: "everything",
        features: &[],
        limit: Duration::from_secs(8 * 60),
    },
];

const RECORD: &str = "docs/build-times.md";
const HEAD: &str = "# Build times\n\n\
    Clean release builds, dependencies already downloaded, written by `cargo xtask build-times`.\n\
    On 2 cores the audit alone must build within 90 s and everything within 8 minutes.\n\n\
    | date | rustc | what | crates | cores | wall |\n|---|---|---|---|---|---|\n";

/// Builds each feature set in a new target folder, adds the times to the
/// record, and fails when one is over its limit.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    if let Some(argument) = arguments.first() {
        return Err(Error::Usage(format!(
            "`build-times` takes nothing, not `{argument}`"
        )));
    }
    let rustc = process::capture(
        Command::new("rustc").arg("--version"),
        "install Rust by rustup",
    )?;
    let rustc = rustc.split(' ').nth(1).unwrap_or("unknown").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    process::run(
        cargo().args(["fetch", "--locked"]),
        "commit a Cargo.lock that fits",
    )?;
    let mut rows = String::new();
    let mut late = Vec::new();
    for build in BUILDS {
        let (wall, crates) = timed(build)?;
        let shown = format!("{}:{:02}", wall.as_secs() / 60, wall.as_secs() % 60);
        println!(
            "{}: {crates} crates in {shown} on {cores} cores",
            build.name
        );
        rows += &format!(
            "| {} | {rustc} | {} | {crates} | {cores} | {shown} |\n",
            today()?,
            build.name
        );
        if wall > build.limit {
            late.push(format!(
                "{} took {shown}, more than {} s",
                build.name,
                build.limit.as_secs()
            ));
        }
    }
    let path = workspace::root().join(RECORD);
    let before = std::fs::read_to_string(&path).unwrap_or_else(|_| HEAD.to_owned());
    std::fs::write(&path, before + &rows).map_err(Error::file(&path))?;
    if late.is_empty() {
        return Ok(());
    }
    Err(Error::Found {
        what: "clean builds take too long".to_owned(),
        places: late,
        advice: "see `cargo build --release --timings`, and drop or tame the slowest crates"
            .to_owned(),
    })
}

/// Wall clock and number of compiled crates of one clean build.
fn timed(build: &Build) -> Result<(Duration, usize), Error> {
    let target = workspace::root().join("target/build-times");
    clear(&target)?;
    let began = Instant::now();
    process::run(
        cargo()
            .args([
                "build",
                "--release",
                "--locked",
                "--offline",
                "--quiet",
                "--package",
                "cofferdam",
            ])
            .args(build.features)
            .arg("--target-dir")
            .arg(&target),
        "the release build must work before it can be timed",
    )?;
    let wall = began.elapsed();
    let crates = count(&target.join("release/.fingerprint"))?;
    clear(&target)?;
    Ok((wall, crates))
}

/// Distinct packages that have a fingerprint, named `<package>-<hash>`.
fn count(folder: &Path) -> Result<usize, Error> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::file(folder))? {
        let name = entry
            .map_err(Error::file(folder))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        names.push(
            name.rsplit_once('-')
                .map_or(name.clone(), |(package, _)| package.to_owned()),
        );
    }
    names.sort();
    names.dedup();
    Ok(names.len())
}

fn clear(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(Error::file(folder))?;
    }
    Ok(())
}
