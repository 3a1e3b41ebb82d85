//! Our audit beside zizmor, actionlint and, where it is given, poutine: which
//! of our rules' fixtures each of them speaks about, what each finds on whole
//! checkouts, and the time and memory of whole processes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::checkouts::{self, Checkout, Kind};
use super::scanners::{self, Found, Scanner};
use super::{Options, measure_text};
use crate::error::Error;
use crate::measure::{self, Mean};
use crate::workspace;

/// Everything that decides what the audit finds and how fast.
pub(super) const COVERS: &[&str] = &[
    "crates/datapack",
    "crates/facts",
    "crates/findings",
    "crates/lockfiles",
    "crates/pipelines",
    "crates/rules",
    "crates/workflows",
    "src",
];

const PAGE: &str = "docs/comparison.md";

/// What one scanner did on one corpus.
struct Row {
    scanner: &'static str,
    code: Option<i32>,
    findings: Vec<Found>,
    mean: Mean,
}

/// Runs everything, writes `docs/comparison.md`, and gives the transcript.
pub(super) fn run(options: &Options) -> Result<String, Error> {
    let scanners = scanners::ready(options)?;
    let with_exposure = scanners::with_exposure()?;
    let mut text = measure_text::INTRODUCTION.to_owned();
    text += &versions(scanners.iter().chain([&with_exposure]));
    text += &floor(options.runs)?;
    for (label, folder) in corpora(options)? {
        println!("measuring on {label}");
        let mut rows = Vec::new();
        for scanner in scanners.iter().chain([&with_exposure]) {
            rows.push(measured(scanner, &folder, options.runs)?);
        }
        text += &corpus(&label, yaml_paths(&folder).len(), options.runs, &rows);
    }
    println!("running every fixture of every rule");
    text += &coverage(&scanners, &checkouts::lay_out()?)?;
    if !scanners.iter().any(|scanner| scanner.name == "poutine") {
        text += measure_text::WITHOUT_POUTINE;
    }
    let page = workspace::root().join(PAGE);
    std::fs::write(&page, format!("# Beside other scanners\n\n{text}"))
        .map_err(Error::file(&page))?;
    Ok(text)
}

/// This repository, all fixtures of all rules, and what the command line names.
fn corpora(options: &Options) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut corpora = vec![("this repository".to_owned(), own()?)];
    corpora.extend(options.corpora.iter().cloned());
    Ok(corpora)
}

/// A copy of this repository as it is committed, so that build output beside it
/// does not slow a scanner that walks the whole folder. It is whole: what a
/// repository lacks is a finding.
pub(super) fn own() -> Result<PathBuf, Error> {
    let home = workspace::root().join("target/peers/own");
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(Error::file(&home))?;
    }
    std::fs::create_dir_all(home.join(".git")).map_err(Error::file(&home))?;
    for path in workspace::files(&["."])? {
        let to = home.join(&path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
        }
        std::fs::copy(workspace::root().join(&path), &to).map_err(Error::file(&to))?;
    }
    Ok(home)
}

fn measured(scanner: &Scanner, folder: &Path, runs: u32) -> Result<Row, Error> {
    // The first process warms the file cache; what it found is what is shown.
    let first = scanner.run(folder)?;
    let findings = scanner.findings(&first)?;
    let runs = (0..runs)
        .map(|_| scanner.run(folder))
        .collect::<Result<Vec<_>, _>>()?;
    for run in &runs {
        if scanner.findings(run)?.len() != findings.len() {
            return Err(Error::output(format!(
                "{} does not find the same twice",
                scanner.name
            )));
        }
    }
    let mean = measure::mean(&runs).ok_or_else(|| Error::output("no run to take a mean of"))?;
    Ok(Row {
        scanner: scanner.name,
        code: first.code,
        findings,
        mean,
    })
}

/// What measuring itself adds to each figure.
fn floor(runs: u32) -> Result<String, Error> {
    let runs = (0..runs)
        .map(|_| measure::once(&std::process::Command::new("true")))
        .collect::<Result<Vec<_>, _>>()?;
    let mean = measure::mean(&runs).ok_or_else(|| Error::output("no run to take a mean of"))?;
    Ok(format!(
        "\nA process that does nothing measures {:.1} ms and {:.1} MB here.\n",
        mean.wall * 1e3,
        mean.peak / 1e6,
    ))
}

fn versions<'s>(scanners: impl Iterator<Item = &'s Scanner>) -> String {
    let mut text = "| scanner | version | from, and called as |\n|---|---|---|\n".to_owned();
    for scanner in scanners {
        // A bar inside the cell would end it.
        let how = scanner.how.replace('|', "\\|");
        text += &format!("| {} | {} | {how} |\n", scanner.name, scanner.version);
    }
    text
}

fn corpus(label: &str, files: usize, runs: u32, rows: &[Row]) -> String {
    let mut text = format!(
        "\n## {label}\n\n{files} YAML files; mean of {runs} whole processes after one to warm up.\n\n\
         | scanner | exit | findings | wall, ms (least to most) | CPU, ms | peak memory, MB |\n\
         |---|---|---|---|---|---|\n"
    );
    for row in rows {
        let code = row
            .code
            .map_or_else(|| "signal".to_owned(), |code| code.to_string());
        text += &format!(
            "| {} | {code} | {}{} | {:.1} ({:.1} to {:.1}) | {:.1} | {:.1} |\n",
            row.scanner,
            row.findings.len(),
            by_severity(&row.findings),
            row.mean.wall * 1e3,
            row.mean.range.0 * 1e3,
            row.mean.range.1 * 1e3,
            row.mean.cpu * 1e3,
            row.mean.peak / 1e6,
        );
    }
    if let Some((us, peers)) = rows.split_first() {
        text.push('\n');
        for peer in peers {
            text += &format!(
                "{} takes {:.1} times our time and {:.1} times our memory here.\n",
                peer.scanner,
                peer.mean.wall / us.mean.wall,
                peer.mean.peak / us.mean.peak,
            );
        }
    }
    text
}

fn by_severity(findings: &[Found]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for found in findings {
        *counts.entry(&found.severity).or_default() += 1;
    }
    if counts.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    format!(" ({})", parts.join(", "))
}

/// Every YAML file below a folder, relative to it, in order.
pub(super) fn yaml_paths(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            // Not through links: a checkout may hold a loop.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => {
                    let yaml = |kind| kind == "yml" || kind == "yaml";
                    if path.extension().is_some_and(yaml) {
                        files.extend(path.strip_prefix(root).map(Path::to_path_buf));
                    }
                }
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// What the rules of one scanner did on the fixtures of one of our rules.
#[derive(Default)]
struct Spoken {
    positive: BTreeSet<String>,
    negative: BTreeSet<String>,
    near_miss: BTreeSet<String>,
}

impl Spoken {
    /// Rules that report the positive fixtures and leave the negative ones
    /// alone; a star where one reports the near miss too.
    fn telling(&self) -> Vec<String> {
        self.positive
            .difference(&self.negative)
            .map(|rule| {
                let star = if self.near_miss.contains(rule) {
                    "\\*"
                } else {
                    ""
                };
                format!("{rule}{star}")
            })
            .collect()
    }
}

/// For each of our rules, the rules of each scanner that tell its positive
/// fixtures from its negative ones.
fn coverage(scanners: &[Scanner], checkouts: &[Checkout]) -> Result<String, Error> {
    let mut spoken: BTreeMap<&str, Vec<Spoken>> = BTreeMap::new();
    for checkout in checkouts {
        let entry = spoken
            .entry(&checkout.rule)
            .or_insert_with(|| scanners.iter().map(|_| Spoken::default()).collect());
        for (scanner, spoken) in scanners.iter().zip(entry) {
            let run = scanner.run(&checkout.folder)?;
            // A fixture may be broken on purpose, and a scanner may refuse it.
            let Ok(found) = scanner.findings(&run) else {
                continue;
            };
            let side = match checkout.kind {
                Kind::Positive => &mut spoken.positive,
                Kind::Negative => &mut spoken.negative,
                Kind::NearMiss => &mut spoken.near_miss,
            };
            // Of ours only the rule itself counts: the others have fixtures of their own.
            side.extend(
                found
                    .into_iter()
                    .map(|found| found.rule)
                    .filter(|rule| scanner.name != "cofferdam" || *rule == checkout.rule),
            );
        }
    }
    let mut covered = vec![0_usize; scanners.len()];
    let mut lines = String::new();
    for (rule, entry) in &spoken {
        lines += &format!("| {rule} |");
        for (spoken, covered) in entry.iter().zip(&mut covered) {
            let telling = spoken.telling();
            *covered += usize::from(!telling.is_empty());
            lines += &format!(" {} |", telling.join(", "));
        }
        lines.push('\n');
    }
    let names: Vec<&str> = scanners.iter().map(|scanner| scanner.name).collect();
    let totals: Vec<String> = covered.iter().map(usize::to_string).collect();
    Ok(format!(
        "{}| rule | {} |\n|{}\n{lines}| **of {} rules** | {} |\n",
        measure_text::COVERAGE,
        names.join(" | "),
        "---|".repeat(names.len() + 1),
        spoken.len(),
        totals.join(" | "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(severity: &str) -> Found {
        Found {
            rule: "r".to_owned(),
            severity: severity.to_owned(),
        }
    }

    #[test]
    fn severities_are_counted_in_the_scanners_words() {
        assert_eq!(by_severity(&[]), "");
        assert_eq!(
            by_severity(&[found("low"), found("high"), found("low")]),
            " (1 high, 2 low)"
        );
    }

    #[test]
    fn a_rule_that_speaks_everywhere_tells_nothing() {
        let set = |rules: &[&str]| rules.iter().map(|&rule| rule.to_owned()).collect();
        let spoken = Spoken {
            positive: set(&["a", "b", "c"]),
            negative: set(&["c"]),
            near_miss: set(&["b"]),
        };
        assert_eq!(spoken.telling(), ["a", "b\\*"]);
    }

    #[test]
    fn a_corpus_is_compared_with_the_first_row() {
        let row = |scanner, wall, peak| Row {
            scanner,
            code: Some(0),
            findings: Vec::new(),
            mean: Mean {
                wall,
                range: (wall, wall),
                cpu: wall,
                peak,
            },
        };
        let text = corpus("x", 3, 10, &[row("us", 0.1, 1e7), row("peer", 0.5, 3e7)]);
        assert!(
            text.contains("peer takes 5.0 times our time and 3.0 times our memory"),
            "{text}"
        );
        assert!(
            text.contains("3 YAML files; mean of 10 whole processes"),
            "{text}"
        );
    }
}
