//! Fuzz targets, run on the stable toolchain over a kept corpus.
//!
//! The kept corpus stays as it is in the repository: what a run finds goes to
//! `target/fuzz/`, and an input that crashes to `fuzz/artifacts/`.
//!
//! The short run, which the test command makes, begins with the kept corpus and
//! one fixed seed, so that it tries the same inputs every time and cannot fail a
//! change that has nothing to do with the find. The search for new finds is the
//! long run, `fuzz --seconds N`: it goes on from what earlier runs found, with
//! another seed each time, which it prints; `--seed S` takes that one again.

use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::error::Error;
use crate::process;
use crate::tools;
use crate::workspace::{self, cargo};

/// The seconds that the test command gives each target.
pub(crate) const SHORT: u32 = 10;
/// The seed of the short run. Any number does, as long as it stays.
const FIXED_SEED: u32 = 1;

/// How long each target runs, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    seconds: u32,
    /// libFuzzer takes zero for "choose one".
    seed: u32,
    /// Whether what earlier runs found is gone on from.
    goes_on: bool,
}

impl Plan {
    /// Without a number of seconds it is the short run.
    fn new(seconds: Option<u32>, seed: Option<u32>, now: u32) -> Self {
        Self {
            seconds: seconds.unwrap_or(SHORT),
            seed: seed
                .unwrap_or(if seconds.is_some() { now } else { FIXED_SEED })
                .max(1),
            goes_on: seconds.is_some(),
        }
    }
}

/// `fuzz [TARGET] [--seconds N] [--seed S]`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let mut wanted = None;
    let mut seconds = None;
    let mut seed = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || {
            rest.next()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Error::Usage(format!("`{argument}` takes a number")))
        };
        match argument.as_str() {
            "--seconds" => seconds = Some(number()?),
            "--seed" => seed = Some(number()?),
            name if !name.starts_with('-') && wanted.is_none() => wanted = Some(name.to_owned()),
            other => return Err(Error::Usage(format!("`fuzz` does not know `{other}`"))),
        }
    }
    let all = targets()?;
    let chosen: Vec<String> = match wanted {
        None => all,
        Some(name) if all.contains(&name) => vec![name],
        Some(name) => {
            return Err(Error::Usage(format!(
                "there is no fuzz target `{name}`; there are: {}",
                all.join(", ")
            )));
        }
    };
    let plan = Plan::new(seconds, seed, varying());
    let program = tools::FUZZ.ready()?;
    for target in &chosen {
        one(&program, target, plan)?;
    }
    println!(
        "{} fuzz targets, {} s each, no crash",
        chosen.len(),
        plan.seconds
    );
    Ok(())
}

/// Every fuzz target that the manifest names. A file that the manifest does not
/// name, and a target without a kept corpus, is an error.
pub(crate) fn targets() -> Result<Vec<String>, Error> {
    let folder = workspace::root().join("fuzz");
    let manifest = folder.join("Cargo.toml");
    let text = process::capture(
        cargo()
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--manifest-path",
            ])
            .arg(&manifest),
        "the fuzz targets are a package of their own under fuzz/",
    )?;
    let metadata: Value = serde_json::from_str(&text)
        .map_err(|error| Error::output(format!("cargo metadata is not JSON: {error}")))?;
    let mut targets: Vec<String> = metadata
        .pointer("/packages/0/targets")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|target| target.get("name").and_then(Value::as_str))
        .map(str::to_owned)
        .collect();
    targets.sort();
    let mut wrong = Vec::new();
    for file in workspace::files(&["fuzz/fuzz_targets/*.rs"])? {
        let stem = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !targets.contains(&stem) {
            wrong.push(format!(
                "{} is not named in fuzz/Cargo.toml",
                file.display()
            ));
        }
    }
    for target in &targets {
        if corpus(target).read_dir().map_or(0, Iterator::count) == 0 {
            wrong.push(format!(
                "{target} has no kept corpus in fuzz/corpus/{target}"
            ));
        }
    }
    if targets.is_empty() {
        wrong.push("fuzz/Cargo.toml names no target".to_owned());
    }
    if wrong.is_empty() {
        return Ok(targets);
    }
    Err(Error::Found {
        what: "fuzz targets are not wired in".to_owned(),
        places: wrong,
        advice: "name each target in fuzz/Cargo.toml and keep a few inputs for it".to_owned(),
    })
}

fn corpus(target: &str) -> PathBuf {
    workspace::root().join("fuzz/corpus").join(target)
}

/// A number that is another one each time.
fn varying() -> u32 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(FIXED_SEED, |since| since.subsec_nanos())
}

fn one(program: &PathBuf, target: &str, plan: Plan) -> Result<(), Error> {
    let Plan { seconds, seed, .. } = plan;
    println!("fuzzing {target} for {seconds} s with seed {seed}");
    let found = if plan.goes_on {
        workspace::root().join("target/fuzz").join(target)
    } else {
        let found = workspace::root().join("target/fuzz/short").join(target);
        if found.exists() {
            std::fs::remove_dir_all(&found).map_err(Error::file(&found))?;
        }
        found
    };
    std::fs::create_dir_all(&found).map_err(Error::file(&found))?;
    process::run(
        Command::new(program)
            .current_dir(workspace::root())
            // The stable toolchain has no sanitizers; unsafe code is forbidden here anyway.
            .args(["run", target, "--sanitizer", "none"])
            .arg(&found)
            .arg(corpus(target))
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-seed={seed}"))
            // One input may take no longer and no more: slowness and greed are finds too.
            .args([
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-verbosity=0",
                "-print_final_stats=1",
            ]),
        "the input that crashed it lies in fuzz/artifacts; make it a test and mend the code",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_long_run_varies() {
        let short = Plan::new(None, None, 77);
        assert_eq!((short.seconds, short.seed), (SHORT, FIXED_SEED));
        assert!(!short.goes_on);
        let long = Plan::new(Some(240), None, 77);
        assert_eq!((long.seconds, long.seed, long.goes_on), (240, 77, true));
        // Zero would let libFuzzer choose one that is not printed.
        assert_eq!(Plan::new(Some(240), None, 0).seed, 1);
        assert_eq!(Plan::new(Some(240), Some(5), 77).seed, 5);
        assert_eq!(Plan::new(None, Some(5), 77).seed, 5);
    }
}
