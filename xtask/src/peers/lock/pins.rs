//! What is not pinned, by us, pinact and ratchet: which places each names on the
//! same workflows, with nobody asked over the network.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Ground, code, cost};
use crate::error::Error;
use crate::measure::{self, Run};

/// A file and a line.
type Places = BTreeSet<(String, u64)>;

const HEAD: &str = "\n## What is not pinned\n\n\
    References by tag or branch that each tool names in `.github/workflows`, offline: ours by \
    `pin check --offline`, pinact by `run --fix=false --no-api`, ratchet by `lint`. Images count where \
    a tool reads them: ratchet reads `container:`, `services:` and `docker://`, pinact none, we also \
    Dockerfiles and scripts, which stand in the last column alone.\n\n\
    | workflows of | tool | exit | places named | by us too | by us not | time, memory |\n\
    |---|---|---|---|---|---|---|\n";

pub(super) fn run(ground: &Ground<'_>) -> Result<String, Error> {
    let mut text = HEAD.to_owned();
    let mut read = 0;
    for (label, folder) in ground.holding(".github/workflows") {
        read += 1;
        let (run, all) = our_places(ground, folder)?;
        let workflows = |places: &Places| -> Places {
            (places.iter())
                .filter(|(path, _)| path.starts_with(".github/workflows/"))
                .cloned()
                .collect()
        };
        let named = workflows(&all);
        text += &format!(
            "| {label} | cofferdam | {} | {} and {} elsewhere | | | {} |\n",
            code(&run),
            named.len(),
            all.len() - named.len(),
            cost(&run),
        );
        for (name, places) in [
            (
                "pinact",
                pinact as fn(&Path, &Path) -> Result<(Run, Places), Error>,
            ),
            ("ratchet", ratchet),
        ] {
            let Some(program) = ground.tool(name) else {
                continue;
            };
            let (run, places) = places(program, folder)?;
            let only: Vec<String> = places
                .difference(&named)
                .map(|(path, line)| format!("`{path}:{line}`"))
                .collect();
            text += &format!(
                "| | {name} | {} | {} | {} | {} | {} |\n",
                code(&run),
                places.len(),
                places.intersection(&named).count(),
                if only.is_empty() {
                    "none".to_owned()
                } else {
                    only.join(", ")
                },
                cost(&run),
            );
        }
    }
    if read == 0 {
        text += "| no corpus with workflows was given | | | | | | |\n";
    }
    Ok(text)
}

fn our_places(ground: &Ground<'_>, folder: &Path) -> Result<(Run, Places), Error> {
    let run = measure::once(ground.cofferdam(folder).args([
        "pin",
        "check",
        "--offline",
        "--format",
        "json",
    ]))?;
    let value: Value = serde_json::from_slice(&run.stdout)
        .map_err(|error| Error::output(format!("`pin check` gave no JSON: {error}")))?;
    let places = (value
        .pointer("/problems")
        .and_then(Value::as_array)
        .into_iter()
        .flatten())
    .filter(|problem| {
        problem
            .get("code")
            .and_then(Value::as_str)
            .is_some_and(|code| code == "not-pinned" || code == "image-not-pinned")
    })
    .filter_map(|problem| {
        let path = problem.get("path")?.as_str()?.to_owned();
        Some((path, problem.get("line")?.as_u64()?))
    })
    .collect();
    Ok((run, places))
}

fn pinact(program: &Path, folder: &Path) -> Result<(Run, Places), Error> {
    let run = measure::once(Command::new(program).current_dir(folder).args([
        "run",
        "--fix=false",
        "--no-api",
        "--format",
        "sarif",
    ]))?;
    let value: Value = serde_json::from_slice(&run.stdout)
        .map_err(|error| Error::output(format!("pinact gave no JSON: {error}")))?;
    let results = value.pointer("/runs/0/results").and_then(Value::as_array);
    let places = (results.into_iter().flatten())
        .filter_map(|result| {
            let place = result.pointer("/locations/0/physicalLocation")?;
            let path = place.pointer("/artifactLocation/uri")?.as_str()?.to_owned();
            Some((path, place.pointer("/region/startLine")?.as_u64()?))
        })
        .collect();
    Ok((run, places))
}

fn ratchet(program: &Path, folder: &Path) -> Result<(Run, Places), Error> {
    let workflows = folder.join(".github/workflows");
    let mut files: Vec<String> = std::fs::read_dir(&workflows)
        .map_err(Error::file(&workflows))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let kind = Path::new(name).extension().unwrap_or_default();
            kind == "yml" || kind == "yaml"
        })
        .map(|name| format!(".github/workflows/{name}"))
        .collect();
    files.sort();
    let run = measure::once(
        Command::new(program)
            .current_dir(folder)
            .arg("lint")
            .args(files),
    )?;
    let said = [run.stdout.as_slice(), run.stderr.as_slice()].concat();
    let places = String::from_utf8_lossy(&said)
        .lines()
        .filter(|line| line.contains("Unpinned reference"))
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?))
        })
        .collect();
    Ok((run, places))
}
