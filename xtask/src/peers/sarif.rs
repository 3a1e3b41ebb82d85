//! Our SARIF, judged by the validator of the format's own authors: its JSON
//! schema, and its rules on top of the schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::checkouts;
use super::{Options, manifests, ours};
use crate::error::Error;
use crate::measure;
use crate::process;
use crate::tools;
use crate::workspace;

/// Everything that decides what the SARIF looks like.
pub(super) const COVERS: &[&str] = &["crates/facts", "crates/findings", "crates/rules", "src"];

/// Writes a SARIF file for each fixture and for this repository, and has each
/// validated. An error of the validator fails the command.
pub(super) fn run(_options: &Options) -> Result<String, Error> {
    let program = ours()?;
    let validator = validator()?;
    let home = workspace::root().join("target/peers/sarif");
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(Error::file(&home))?;
    }
    std::fs::create_dir_all(&home).map_err(Error::file(&home))?;
    let mut results = 0;
    let mut folders: Vec<(String, PathBuf)> = checkouts::lay_out()?
        .into_iter()
        .map(|checkout| {
            let stem = checkout
                .folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (format!("{}-{stem}", checkout.rule), checkout.folder)
        })
        .collect();
    folders.push(("this-repository".to_owned(), workspace::root()));
    let files = folders.len();
    for (name, folder) in folders {
        results += write(&program, &folder, &home.join(format!("{name}.sarif")))?;
    }
    if results == 0 {
        return Err(Error::output(
            "the fixtures gave no result at all; nothing was validated",
        ));
    }
    let counts = validate(&validator, &home)?;
    let version = process::capture(
        Command::new(&validator)
            .arg("--version")
            .env(INVARIANT.0, INVARIANT.1),
        "",
    )?;
    let mut text = format!(
        "SARIF Multitool {} validated {files} files with {results} results: every fixture of \
         every rule, and this repository.\n\n| the validator's rule | level | times |\n|---|---|---|\n",
        version
            .split_whitespace()
            .last()
            .unwrap_or("of unknown version"),
    );
    for ((rule, level), count) in &counts {
        text += &format!("| {rule} | {level} | {count} |\n");
    }
    let errors: usize = counts
        .iter()
        .filter(|((_, level), _)| level == "error")
        .map(|(_, count)| count)
        .sum();
    if errors > 0 {
        return Err(Error::Found {
            what: format!("the validator reports {errors} errors in our SARIF"),
            places: counts
                .keys()
                .map(|(rule, level)| format!("{level} {rule}"))
                .collect(),
            advice: "see target/peers/sarif/validated.json for the places".to_owned(),
        });
    }
    text += "\nNo error. Notes are advice of the validator, not breaks of the format.\n";
    Ok(text)
}

// The validator is a .NET program; without this it wants ICU installed.
const INVARIANT: (&str, &str) = ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");

fn validator() -> Result<PathBuf, Error> {
    let folder = manifests("sarif");
    tools::packages(&folder)?;
    let program = folder
        .join("node_modules/@microsoft/sarif-multitool-linux")
        .join("Sarif.Multitool");
    // The package sets this bit by an install script, and those do not run here.
    process::run(
        Command::new("chmod").arg("u+x").arg(&program),
        "the validator is packaged for Linux only",
    )?;
    Ok(program)
}

/// Writes what we say of a folder, and gives the number of results.
fn write(program: &Path, folder: &Path, to: &Path) -> Result<usize, Error> {
    let run = measure::once(
        Command::new(program)
            .current_dir(folder)
            .args(["audit", "--format", "sarif", "."]),
    )?;
    let value: Value = serde_json::from_slice(&run.stdout)
        .map_err(|error| Error::output(format!("{} gave no JSON: {error}", folder.display())))?;
    std::fs::write(to, &run.stdout).map_err(Error::file(to))?;
    Ok(value
        .pointer("/runs/0/results")
        .and_then(Value::as_array)
        .map_or(0, Vec::len))
}

/// How often each rule of the validator spoke, and how loudly.
fn validate(validator: &Path, home: &Path) -> Result<BTreeMap<(String, String), usize>, Error> {
    let report = home.join("validated.json");
    let mut command = Command::new(validator);
    command
        .env(INVARIANT.0, INVARIANT.1)
        .arg("validate")
        .arg(home.join("*.sarif"))
        .args([
            "--level",
            "Error;Warning;Note",
            "--quiet",
            "--log",
            "ForceOverwrite",
            "--output",
        ])
        .arg(&report);
    let run = measure::once(&mut command)?;
    let bytes = std::fs::read(&report).map_err(|source| {
        // The validator says on its output why it wrote no report.
        println!("{}", String::from_utf8_lossy(&run.stdout));
        Error::File {
            path: report.clone(),
            source,
        }
    })?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Error::output(format!("the validator's report is not JSON: {error}")))?;
    let mut counts = BTreeMap::new();
    for run in value
        .get("runs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for result in run
            .get("results")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let word = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or("");
            // SARIF's default level is `warning`.
            let level = if word("level").is_empty() {
                "warning"
            } else {
                word("level")
            };
            *counts
                .entry((word("ruleId").to_owned(), level.to_owned()))
                .or_default() += 1;
        }
    }
    Ok(counts)
}
