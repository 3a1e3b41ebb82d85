//! Scanners of workflows: how each is got, called, and understood.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Options, from_go, from_pypi, ours};
use crate::error::Error;
use crate::measure::{self, Run};

/// A scanner that is ready to run.
pub(super) struct Scanner {
    /// Its name.
    pub(super) name: &'static str,
    /// What it says its version is.
    pub(super) version: String,
    /// Where it comes from, and how it is called.
    pub(super) how: &'static str,
    program: PathBuf,
    call: fn(&mut Command, &Path),
    read: fn(&Value) -> Option<Vec<Found>>,
}

/// One finding of any scanner.
pub(super) struct Found {
    /// The scanner's own id of the rule.
    pub(super) rule: String,
    /// The scanner's own word for how bad it is.
    pub(super) severity: String,
}

impl Scanner {
    /// The program.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// One whole process over a folder, its output to a pipe.
    pub(super) fn run(&self, folder: &Path) -> Result<Run, Error> {
        let mut command = Command::new(&self.program);
        command.current_dir(folder);
        (self.call)(&mut command, folder);
        measure::once(&command)
    }

    /// What one process found. A process that wrote no result is an error,
    /// whatever its exit code says; an empty folder is a result.
    pub(super) fn findings(&self, run: &Run) -> Result<Vec<Found>, Error> {
        let value: Option<Value> = serde_json::from_slice(&run.stdout).ok();
        value.as_ref().and_then(self.read).ok_or_else(|| {
            let errors = String::from_utf8_lossy(&run.stderr);
            let last = errors
                .lines()
                .last()
                .unwrap_or("nothing on standard error")
                .to_owned();
            Error::output(format!(
                "{} wrote no result and ended with {:?}: {last}",
                self.name, run.code
            ))
        })
    }
}

/// Us and zizmor.
pub(super) fn both() -> Result<[Scanner; 2], Error> {
    let mut scanners = [
        Scanner {
            name: "cofferdam",
            version: String::new(),
            how: "this checkout, release build; `audit --no-exposure --format sarif .`: as the others, \
                  without asking who reaches what",
            program: ours()?,
            call: |command, _| {
                command.args(["audit", "--no-exposure", "--format", "sarif", "."]);
            },
            read: sarif,
        },
        Scanner {
            name: "zizmor",
            version: String::new(),
            how: "PyPI wheel; `--offline --no-config --quiet --no-progress --format sarif .`",
            program: from_pypi("zizmor")?,
            call: |command, _| {
                command.args(["--offline", "--no-config", "--quiet", "--no-progress"]);
                command.args(["--format", "sarif", "."]);
            },
            read: sarif,
        },
    ];
    for scanner in &mut scanners {
        scanner.version = version(scanner)?;
    }
    Ok(scanners)
}

/// Us as we come: findings with what their places expose, which no other
/// scanner says.
pub(super) fn with_exposure() -> Result<Scanner, Error> {
    let mut scanner = Scanner {
        name: "cofferdam with exposure",
        version: String::new(),
        how: "the same; `audit --format sarif .`",
        program: ours()?,
        call: |command, _| {
            command.args(["audit", "--format", "sarif", "."]);
        },
        read: sarif,
    };
    scanner.version = version(&scanner)?;
    Ok(scanner)
}

/// Us, every scanner that a package registry carries, and those that the
/// command line names.
pub(super) fn ready(options: &Options) -> Result<Vec<Scanner>, Error> {
    let [ours, zizmor] = both()?;
    let mut scanners = vec![
        ours,
        zizmor,
        Scanner {
            name: "actionlint",
            version: String::new(),
            how: "Go module; `-format '{{json .}}'` on every workflow, without shellcheck and pyflakes",
            program: from_go("actionlint")?,
            call: |command, folder| {
                command.args([
                    "-no-color",
                    "-shellcheck=",
                    "-pyflakes=",
                    "-format",
                    "{{json .}}",
                ]);
                command.args(workflows(folder));
            },
            read: actionlint,
        },
    ];
    for (name, program) in &options.programs {
        if name != "poutine" {
            return Err(Error::Usage(format!(
                "`--tool` knows poutine, not `{name}`"
            )));
        }
        scanners.push(Scanner {
            name: "poutine",
            version: String::new(),
            how: "a program given by hand; `analyze_local . --format sarif --quiet`",
            program: program.clone(),
            call: |command, _| {
                command.args(["analyze_local", ".", "--format", "sarif", "--quiet"]);
            },
            read: sarif,
        });
    }
    for scanner in scanners.iter_mut().skip(2) {
        scanner.version = version(scanner)?;
    }
    Ok(scanners)
}

fn version(scanner: &Scanner) -> Result<String, Error> {
    let flag = match scanner.name {
        "actionlint" => "-version",
        "poutine" => "version",
        _ => "--version",
    };
    let run = measure::once(Command::new(&scanner.program).arg(flag))?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let words = text.lines().next().unwrap_or_default();
    Ok(words
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .trim_start_matches('v')
        .to_owned())
}

/// Every workflow of a checkout, relative to it; actionlint takes files.
fn workflows(folder: &Path) -> Vec<PathBuf> {
    let within = Path::new(".github/workflows");
    let mut files: Vec<PathBuf> = folder
        .join(within)
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| within.join(entry.file_name()))
        .filter(|path| {
            path.extension()
                .is_some_and(|kind| kind == "yml" || kind == "yaml")
        })
        .collect();
    files.sort();
    files
}

fn sarif(value: &Value) -> Option<Vec<Found>> {
    let mut found = Vec::new();
    for run in value.get("runs")?.as_array()? {
        let rules: BTreeMap<&str, &Value> = run
            .pointer("/tool/driver/rules")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|rule| Some((rule.get("id")?.as_str()?, rule)))
            .collect();
        for result in run.get("results")?.as_array()? {
            let rule = result.get("ruleId")?.as_str()?;
            let text = |pointer: &str| result.pointer(pointer).and_then(Value::as_str);
            let severity = text("/properties/severity")
                .or_else(|| text("/properties/zizmor~1severity"))
                .or_else(|| text("/level"))
                .or_else(|| {
                    rules
                        .get(rule)?
                        .pointer("/defaultConfiguration/level")?
                        .as_str()
                })
                .unwrap_or("warning");
            found.push(Found {
                rule: plain(rule).to_owned(),
                severity: severity.to_lowercase(),
            });
        }
    }
    Some(found)
}

/// A rule's own id: zizmor puts its name before it, and we put the severity
/// after it where that is not the rule's highest.
fn plain(rule: &str) -> &str {
    let rule = rule.trim_start_matches("zizmor/");
    rule.split_once('.').map_or(rule, |(rule, _)| rule)
}

fn actionlint(value: &Value) -> Option<Vec<Found>> {
    value
        .as_array()?
        .iter()
        .map(|error| {
            let rule = error.get("kind")?.as_str()?.to_owned();
            Some(Found {
                rule,
                severity: "error".to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn sarif_is_read_with_the_scanners_own_words() {
        let value = serde_json::json!({"runs": [{"tool": {"driver": {"rules": [
            {"id": "c", "defaultConfiguration": {"level": "error"}}]}}, "results": [
            {"ruleId": "zizmor/a", "properties": {"zizmor/severity": "High"}},
            {"ruleId": "b.low", "level": "note"}, {"ruleId": "c"}]}]});
        let found = sarif(&value).unwrap();
        let shown: Vec<(&str, &str)> = found
            .iter()
            .map(|f| (f.rule.as_str(), f.severity.as_str()))
            .collect();
        assert_eq!(shown, [("a", "high"), ("b", "note"), ("c", "error")]);
        assert!(sarif(&serde_json::json!({"error": "no"})).is_none());
    }

    #[test]
    fn actionlint_is_read_and_an_empty_list_is_a_result() {
        let value = serde_json::json!([{"kind": "expression", "message": "m"}]);
        assert_eq!(
            actionlint(&value).unwrap().first().unwrap().rule,
            "expression"
        );
        assert_eq!(actionlint(&serde_json::json!([])).unwrap().len(), 0);
        assert!(actionlint(&serde_json::json!({})).is_none());
    }
}
