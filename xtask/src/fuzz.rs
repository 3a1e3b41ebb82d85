//! Fuzz targets, run on the stable toolchain over a kept corpus.
//!
//! The kept corpus stays as it is in the repository: what a run finds goes to
//! `target/fuzz/`, and an input that crashes to `fuzz/artifacts/`.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::error::Error;
use crate::process;
use crate::tools;
use crate::workspace::{self, cargo};

/// What the test command gives each target.
pub(crate) const SHORT: u32 = 10;

/// `fuzz [TARGET] [--seconds N]`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let mut wanted = None;
    let mut seconds = SHORT;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => {
                seconds = rest
                    .next()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| Error::Usage("`--seconds` takes a number".to_owned()))?;
            }
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
    let program = tools::FUZZ.ready()?;
    for target in &chosen {
        one(&program, target, seconds)?;
    }
    println!("{} fuzz targets, {seconds} s each, no crash", chosen.len());
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

fn one(program: &PathBuf, target: &str, seconds: u32) -> Result<(), Error> {
    println!("fuzzing {target} for {seconds} s");
    let found = workspace::root().join("target/fuzz").join(target);
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
