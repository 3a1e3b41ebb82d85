//! The nine probes, one configuration for all.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::Sandbox;

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

fn rank(severity: &str) -> usize {
    SEVERITIES.iter().position(|s| *s == severity).unwrap()
}

fn copy(from: &Path, to: &Sandbox, below: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = match below {
            "" => name,
            below => format!("{below}/{name}"),
        };
        if entry.path().is_dir() {
            copy(&entry.path(), to, &path);
        } else if path != "expected.txt" {
            to.write(&path, fs::read(entry.path()).unwrap());
        }
    }
}

struct Found {
    severity: String,
    rule: String,
    place: String,
}

fn audit(folder: &Path) -> Vec<Found> {
    let sandbox = Sandbox::new();
    copy(folder, &sandbox, "");
    let report = sandbox.report(&[".", "--all", "--fail-on", "none"]);
    let findings: Vec<Value> = report.value["findings"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = findings.iter().map(|one| Found {
        severity: text(&one["severity"]),
        rule: text(&one["rule"]),
        place: format!(
            "{}:{}",
            one["location"]["path"].as_str().unwrap(),
            one["location"]["line"]
        ),
    });
    found.collect()
}

fn judge(name: &str, expected: &str, found: &[Found]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut known: Vec<(String, String)> = Vec::new();
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["+", severity, rule, place] => {
                known.push(((*rule).to_owned(), (*place).to_owned()));
                let there = found.iter().any(|one| {
                    one.rule == *rule
                        && one.place == *place
                        && rank(&one.severity) >= rank(severity)
                });
                if !there {
                    wrong.push(format!("{name}: not found: {line}"));
                }
            }
            ["-", rule] => {
                if found.iter().any(|one| one.rule == *rule) {
                    wrong.push(format!("{name}: found: {rule}"));
                }
            }
            ["?", place] => {
                if let Some(one) = found.iter().find(|one| one.place == *place) {
                    wrong.push(format!("{name}: {} knows {place} now", one.rule));
                }
            }
            _ => wrong.push(format!("{name}: not understood: {line}")),
        }
    }
    for one in found
        .iter()
        .filter(|one| rank(&one.severity) >= rank("high"))
    {
        if !known.contains(&(one.rule.clone(), one.place.clone())) {
            wrong.push(format!("{name}: {} at {} is too much", one.rule, one.place));
        }
    }
    wrong
}

#[test]
fn all_nine_probes_are_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probes");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(expected) = fs::read_to_string(path.join("expected.txt")) else {
            continue;
        };
        seen += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        wrong.extend(judge(&name, &expected, &audit(&path)));
    }
    assert_eq!(seen, 9);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
