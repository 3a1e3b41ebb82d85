//! `cofferdam audit --against`: a project held against a standard.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::{BAD, CLEAN, Sandbox};

const STANDARDS: &[(&str, usize)] = &[
    ("slsa", 22),
    ("scorecard", 20),
    ("osps", 64),
    ("stepsecurity", 12),
];

/// Statuses by the id of the requirement.
fn statuses(sandbox: &Sandbox, standard: &str, more: &[&str]) -> BTreeMap<String, String> {
    let mut args = vec![".", "--format", "json", "--against", standard];
    args.extend(more);
    let ran = sandbox.audit(&args);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    let against = &value["reports"][0]["against"];
    assert_eq!(against["standard"], standard);
    let requirements = against["requirements"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    requirements
        .map(|one| (text(&one["id"]), text(&one["status"])))
        .collect()
}

#[test]
fn every_requirement_of_every_standard_has_a_status() {
    let sandbox = Sandbox::with(BAD);
    for &(standard, count) in STANDARDS {
        let statuses = statuses(&sandbox, standard, &[]);
        assert_eq!(statuses.len(), count, "{standard}");
        for format in ["human", "markdown"] {
            let ran = sandbox.audit(&[".", "--format", format, "--against", standard]);
            assert_eq!(
                ran.code, 1,
                "the exit code is that of the audit: {}",
                ran.err
            );
            for id in statuses.keys() {
                assert!(
                    ran.out.contains(id),
                    "{standard} {format} {id}: {}",
                    ran.out
                );
            }
        }
    }
}

#[test]
fn what_is_wrong_is_not_met_and_what_is_right_is() {
    let bad = Sandbox::with(
        "on: issues\npermissions: write-all\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/cache@v4\n      - run: echo ${{ github.event.issue.title }}\n",
    );
    let of = statuses(&bad, "osps", &[]);
    assert_eq!(of["OSPS-BR-01.01"], "not met");
    assert_eq!(of["OSPS-AC-04.02"], "not met");
    let of = statuses(&bad, "stepsecurity", &[]);
    assert_eq!(of["script-injection"], "not met");
    assert_eq!(of["pinned-actions"], "not met");
    assert_eq!(of["action-score"], "outside");
    let of = statuses(&bad, "scorecard", &[]);
    assert_eq!(of["Token-Permissions"], "not met");
    assert!(["not met", "partly met"].contains(&of["Dangerous-Workflow"].as_str()));
    // Nothing is published, so that nothing can lack provenance.
    let of = statuses(&bad, "slsa", &[]);
    assert_eq!(of["build/provenance-exists"], "not applicable");

    let clean = Sandbox::with(CLEAN);
    let of = statuses(&clean, "osps", &[]);
    assert_eq!(of["OSPS-BR-01.01"], "met");
    assert_eq!(of["OSPS-AC-01.01"], "outside");
    // No commit was looked at, and no settings.
    assert!(of["OSPS-AC-03.01"] == "not checked" && of["OSPS-BR-06.01"] != "met");
}

#[test]
fn silence_meets_no_requirement() {
    let sandbox = Sandbox::with(
        "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      # cofferdam: ignore[template-injection] we know\n      - run: echo ${{ github.event.issue.title }}\n",
    );
    assert_eq!(statuses(&sandbox, "osps", &[])["OSPS-BR-01.01"], "not met");
}

#[test]
fn what_was_not_read_meets_no_requirement() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write(".github/workflows/broken.yml", "on: [push\njobs: {");
    for &(standard, _) in STANDARDS {
        let statuses = statuses(&sandbox, standard, &[]);
        let met: Vec<_> = statuses.iter().filter(|(_, s)| *s == "met").collect();
        assert!(met.is_empty(), "{met:?}");
    }
}

#[test]
fn questions_that_would_be_answered_falsely_are_refused() {
    let sandbox = Sandbox::with(BAD);
    for format in ["sarif", "github"] {
        let ran = sandbox.audit(&[".", "--against", "slsa", "--format", format]);
        assert_eq!(ran.code, 2, "{}", ran.out);
        assert!(ran.err.contains("human, json or markdown"), "{}", ran.err);
    }
    let ran = sandbox.audit(&[".github/workflows/ci.yml", "--against", "slsa"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("a whole project"), "{}", ran.err);
    // A part of the findings cannot be held against the whole of a standard.
    for part in [
        ["--rule", "syntax"],
        ["--control", "C1"],
        ["--min-severity", "high"],
    ] {
        let ran = sandbox.audit(&[".", "--against", "slsa", part[0], part[1]]);
        assert_eq!(ran.code, 2, "{part:?}");
    }
    let ran = sandbox.audit(&[".", "--against", "cwe"]);
    assert_eq!(ran.code, 2);
}

#[test]
fn no_score_is_claimed() {
    let sandbox = Sandbox::with(CLEAN);
    let ran = sandbox.audit(&[".", "--against", "scorecard"]);
    assert!(ran.out.contains("This is no score"), "{}", ran.out);
    assert!(!ran.out.contains("/10"), "{}", ran.out);
}
