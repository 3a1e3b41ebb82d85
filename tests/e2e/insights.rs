//! `cofferdam insights renew`, from a checkout to the file that it leaves.

use std::fs;
use std::path::PathBuf;

use crate::sandbox::Sandbox;

const OLD: &str = "\
# Kept by hand; do not reorder.
header:
  schema-version: 2.0.0
  last-updated: '2023-01-01'
  last-reviewed: '2023-01-01'  # every spring
  url: https://raw.githubusercontent.com/o/r/main/security-insights.yml
project:
  name: r
  administrators:
    - {name: Ada, primary: true}
  repositories:
    - {name: r, comment: it, url: https://github.com/o/r}
  vulnerability-reporting:
    reports-accepted: true
    bug-bounty-available: false
    contact: {name: Ada, primary: true, email: security@r.dev}
repository:
  url: https://github.com/o/r
  status: active
  accepts-change-request: true
  accepts-automated-change-request: true
  core-team:
    - {name: Ada, primary: true}
  license: {url: https://github.com/o/r/blob/main/LICENSE, expression: MIT}
  security:
    assessments:
      self: {comment: none}
  documentation:
    security-policy: https://github.com/o/r/blob/main/docs/SECURITY.md
";

const DAY: &[&str] = &[
    "insights",
    "renew",
    "--date",
    "2026-11-22",
    "--repository",
    "o/r",
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(crate::sandbox::CLEAN);
    sandbox.write("LICENSE", "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy");
    sandbox.write("SECURITY.md", "Write to security@r.dev.\n");
    sandbox
}

/// A checkout with an old description, and where that is.
fn described() -> (Sandbox, PathBuf) {
    let sandbox = sandbox();
    let path = sandbox.write("security-insights.yml", OLD);
    (sandbox, path)
}

fn with(extra: &[&'static str]) -> Vec<&'static str> {
    DAY.iter().chain(extra).copied().collect()
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let (sandbox, path) = described();
    let ran = sandbox.run(DAY);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), OLD);
    for part in [
        "-  last-reviewed: '2023-01-01'  # every spring\n",
        "+  last-reviewed: '2026-11-22'  # every spring\n",
        "+    security-policy: https://github.com/o/r/blob/main/SECURITY.md\n",
        "security-insights.yml:16  Does security@r.dev still reach",
        "`project.vulnerability-reporting.contact`: whoever finds a vulnerability",
        "for example `status: active`",
        "Nothing was written",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
}

#[test]
fn what_is_written_is_clean_and_stays_so() {
    let (sandbox, path) = described();
    let before = sandbox.report(&["--rule", "security-insights", "--repository", "o/r"]);
    assert_eq!(before.findings().len(), 2, "{:?}", before.findings());
    let ran = sandbox.run(&with(&["--write"]));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("# Kept by hand; do not reorder.\n"),
        "{text}"
    );
    let after = sandbox.report(&["--rule", "security-insights", "--repository", "o/r"]);
    assert_eq!(after.findings().len(), 0, "{:?}", after.findings());
    let again = sandbox.run(&with(&["--write"]));
    assert_eq!(again.code, 0, "{}", again.out);
    assert!(
        again.out.contains("nothing is to be changed"),
        "{}",
        again.out
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    // Nothing is left beside the file.
    assert_eq!(fs::read_dir(sandbox.root()).unwrap().count(), 4);
}

#[test]
fn a_claim_that_is_not_true_keeps_the_old_review() {
    let (sandbox, path) = described();
    fs::remove_file(sandbox.path("SECURITY.md")).unwrap();
    let ran = sandbox.run(&with(&["--write"]));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("security-insights.yml:29  there is no `docs/SECURITY.md`"),
        "{}",
        ran.out
    );
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("last-reviewed: '2023-01-01'")
    );
}

#[test]
fn a_draft_is_marked_and_does_not_pass_for_an_answer() {
    let sandbox = sandbox();
    let nameless = sandbox.run(&["insights", "renew"]);
    assert_eq!(nameless.code, 2, "{}", nameless.out);
    assert!(
        nameless.err.contains("--repository OWNER/NAME"),
        "{}",
        nameless.err
    );
    let ran = sandbox.run(DAY);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(!sandbox.path("security-insights.yml").exists());
    let ran = sandbox.run(&with(&["--write"]));
    assert_eq!(ran.code, 1, "{}", ran.out);
    let text = fs::read_to_string(sandbox.path("security-insights.yml")).unwrap();
    assert!(
        text.contains("expression: MIT") && text.contains("TO ANSWER"),
        "{text}"
    );
    let report = sandbox.report(&["--rule", "security-insights", "--repository", "o/r"]);
    let findings = report.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        report.value.to_string().contains("it is a draft"),
        "{findings:?}"
    );
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let sandbox = sandbox();
    for text in ["header: [", "header: {schema-version: 7.0.0}\n"] {
        let path = sandbox.write("security-insights.yml", text);
        let ran = sandbox.run(&with(&["--write"]));
        assert_eq!(ran.code, 3, "{text}: {}{}", ran.out, ran.err);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(
        sandbox.run(&["insights", "renew", "--date", "soon"]).code,
        2
    );
    assert_eq!(sandbox.run(&with(&["SECURITY.md"])).code, 2);
    assert_eq!(sandbox.run(&with(&["nowhere"])).code, 2);
}

#[test]
fn hostile_text_is_printed_inert() {
    let sandbox = sandbox();
    let hostile = OLD.replace("security@r.dev", "\"\\e[2J::set-env x@r.dev\"");
    sandbox.write("security-insights.yml", hostile);
    let ran = sandbox.run(DAY);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
    assert!(
        !ran.out
            .lines()
            .any(|line| line.trim_start().starts_with("::")),
        "{}",
        ran.out
    );
}

#[cfg(unix)]
#[test]
fn no_link_leads_the_writing_out_of_the_checkout() {
    let sandbox = sandbox();
    let outside = sandbox.outside().join("precious.yml");
    fs::write(&outside, OLD).unwrap();
    sandbox.link("security-insights.yml", &outside);
    let ran = sandbox.run(&with(&["--write"]));
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert_eq!(fs::read_to_string(&outside).unwrap(), OLD);
    // A link inside of the checkout stays one, and its target is renewed.
    fs::remove_file(sandbox.path("security-insights.yml")).unwrap();
    sandbox.write("meta/insights.txt", OLD);
    sandbox.link("security-insights.yml", "meta/insights.txt");
    let ran = sandbox.run(&with(&["--write"]));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(
        fs::symlink_metadata(sandbox.path("security-insights.yml"))
            .unwrap()
            .is_symlink()
    );
    assert_ne!(
        fs::read_to_string(sandbox.path("meta/insights.txt")).unwrap(),
        OLD
    );
}
