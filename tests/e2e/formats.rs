//! Every format on a real checkout; what they hold is tested beside them.

use serde_json::Value;

use crate::sandbox::{BAD, Sandbox};

#[test]
fn sarif_and_json_are_json() {
    let sandbox = Sandbox::with(BAD);
    for format in ["sarif", "json"] {
        let ran = sandbox.audit(&[".", "--format", format]);
        assert_eq!(ran.code, 1);
        let value: Value = serde_json::from_str(&ran.out).unwrap();
        match format {
            "sarif" => assert_eq!(value["version"], "2.1.0"),
            _ => assert_eq!(value["schema_version"], 1),
        }
    }
}

#[test]
fn annotations_name_file_and_line() {
    let ran = Sandbox::with(BAD).audit(&[".", "--format", "github"]);
    assert!(
        ran.out.contains("file=.github/workflows/ci.yml,line="),
        "{}",
        ran.out
    );
}

#[test]
fn a_format_never_colours_what_is_not_a_terminal() {
    let sandbox = Sandbox::with(BAD);
    assert!(!sandbox.audit(&["."]).out.contains('\u{1b}'));
    let ran = sandbox.audit(&[".", "--color", "always"]);
    assert!(ran.out.contains('\u{1b}'));
    let day = crate::sandbox::day();
    let args = ["audit", "--date", &day, "."];
    let ran = sandbox.run_with(&args, &[("CLICOLOR_FORCE", "1"), ("COLUMNS", "60")], b"");
    assert!(!ran.out.contains('\u{1b}'));
    assert!(
        ran.out.lines().all(|line| line.chars().count() <= 60),
        "{}",
        ran.out
    );
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write("out.sarif", "old");
    let ran = sandbox.audit(&[".", "--format=sarif", "--output=out.sarif"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let text = std::fs::read_to_string(sandbox.path("out.sarif")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["version"], "2.1.0");

    // The audit fails, so the old file stays, and nothing is left beside it.
    let ran = sandbox.audit(&["--rev=missing", ".", "--output=out.sarif"]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        std::fs::read_to_string(sandbox.path("out.sarif")).unwrap(),
        text
    );
    let left: Vec<_> = std::fs::read_dir(sandbox.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().contains("part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_result_that_cannot_be_delivered_is_not_clean() {
    let sandbox = Sandbox::with(crate::sandbox::CLEAN);
    let ran = sandbox.audit(&[".", "--output=missing/out.json"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(
        ran.err
            .contains("missing/out.json: there is no folder missing\n"),
        "{}",
        ran.err
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    use std::io::Read;
    use std::process::{Command, Stdio};

    let sandbox = Sandbox::new();
    for number in 0..200 {
        sandbox.write(&format!(".github/workflows/{number}.yml"), BAD);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .args([
            "audit",
            ".",
            "--format=json",
            "--date",
            &crate::sandbox::day(),
        ])
        .current_dir(sandbox.root())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    let status = child.wait().unwrap();
    assert_eq!(err, "");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn one_rule_one_control_one_severity() {
    let sandbox = Sandbox::with(BAD);
    let rules = |report: &crate::sandbox::Report| {
        let all: std::collections::BTreeSet<_> = report
            .findings()
            .into_iter()
            .map(|(rule, _)| rule)
            .collect();
        all
    };
    let one = sandbox.report(&[".", "--rule", "unpinned-action"]);
    assert_eq!(rules(&one), ["unpinned-action".to_owned()].into());
    let d1 = sandbox.report(&[".", "--control", "d1"]);
    assert!(rules(&d1).contains("unpinned-action"));
    assert_eq!(d1.value["controls"].as_array().unwrap().len(), 1);
    let high = sandbox.report(&[".", "--min-severity", "high"]);
    let all = sandbox.report(&["."]);
    assert!(high.findings().len() < all.findings().len());
    assert!(!high.findings().is_empty());
}
