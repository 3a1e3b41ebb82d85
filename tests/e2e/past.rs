//! Vulnerabilities that projects had and mended, each rebuilt before and after.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::Sandbox;

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

fn rank(severity: &str) -> usize {
    SEVERITIES.iter().position(|s| *s == severity).unwrap()
}

/// A checkout from one file: `-- path --` opens a member, as in Go's txtar, so
/// that no scanner takes it for a part of this repository.
pub(crate) fn checkout(file: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    let text = fs::read_to_string(file).unwrap();
    let mut members: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let opened = line.trim_end().strip_prefix("-- ");
        match opened.and_then(|name| name.strip_suffix(" --")) {
            Some(path) => members.push((path, String::new())),
            None => members.last_mut().unwrap().1.push_str(line),
        }
    }
    for (path, body) in members {
        sandbox.write(path, body);
    }
    sandbox
}

/// What an audit found: the severity, the rule and the file of each finding.
struct Found(Vec<(usize, String, String)>);

impl Found {
    fn in_checkout(file: &Path) -> Self {
        let report = checkout(file).report(&[".", "--all", "--fail-on", "none"]);
        let unread = report.value["not_checked"].as_array().unwrap().iter();
        let broken: Vec<&Value> = unread.filter(|one| one["code"] == "syntax").collect();
        assert!(broken.is_empty(), "{}: {broken:?}", file.display());
        let findings = report.value["findings"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let found = findings.map(|one| {
            let severity = rank(&text(&one["severity"]));
            (severity, text(&one["rule"]), text(&one["location"]["path"]))
        });
        Self(found.collect())
    }

    /// The worst of one rule in one file.
    fn worst(&self, rule: &str, path: &str) -> Option<usize> {
        let of_it = self.0.iter().filter(|one| one.1 == rule && one.2 == path);
        of_it.map(|one| one.0).max()
    }
}

fn judge(name: &str, expected: &str, before: &Found, after: &Found) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut lines = 0;
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        lines += 1;
        let words: Vec<&str> = line.split_whitespace().collect();
        let right = match words.as_slice() {
            ["?", rule, path] => before.worst(rule, path).is_none(),
            [severity, rule, path] => {
                before.worst(rule, path) == Some(rank(severity))
                    && after.worst(rule, path).is_none()
            }
            [severity, rule, path, "->", left] => {
                before.worst(rule, path) == Some(rank(severity))
                    && after.worst(rule, path) == Some(rank(left))
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{name}: not so: {line}"));
        }
    }
    if lines == 0 {
        wrong.push(format!("{name}: nothing is expected"));
    }
    wrong
}

pub(crate) fn folders() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/past");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut named: Vec<(String, PathBuf)> = folders
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    named.sort();
    named
}

#[test]
fn past_vulnerabilities_are_found_and_gone() {
    let mut wrong = Vec::new();
    for (name, folder) in folders() {
        let expected = fs::read_to_string(folder.join("expected.txt")).unwrap();
        let before = Found::in_checkout(&folder.join("before.txtar"));
        let after = Found::in_checkout(&folder.join("after.txtar"));
        wrong.extend(judge(&name, &expected, &before, &after));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_of_past_vulnerabilities_names_every_pair() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/past-vulnerabilities.md")).unwrap();
    let named = |name: &str| page.contains(&format!("(../tests/past/{name}/)"));
    let names = folders().into_iter().map(|(name, _)| name);
    let missing: Vec<String> = names.filter(|name| !named(name)).collect();
    assert!(missing.is_empty(), "not in the list: {missing:?}");
    let links = page.matches("(../tests/past/").count();
    assert_eq!(
        links,
        folders().len(),
        "a pair is named twice, or not there"
    );
}
