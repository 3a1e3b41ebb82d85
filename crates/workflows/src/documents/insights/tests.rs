#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Insights {
    Insights::parse(SourceFile::new("security-insights.yml", text))
}

fn messages(text: &str) -> Vec<String> {
    parse(text)
        .problems()
        .iter()
        .map(|problem| problem.message.clone())
        .collect()
}

const SECOND: &str = "\
header:
  schema-version: 2.0.0
  last-updated: '2025-03-01'
  last-reviewed: '2025-04-01'
  url: https://example.org/security-insights.yml
project:
  name: Project
  administrators:
    - { name: Joe, primary: true, email: joe@example.org }
  repositories:
    - { name: Repo, url: https://github.com/org/repo, comment: The one. }
  vulnerability-reporting:
    reports-accepted: true
    bug-bounty-available: false
    security-policy: https://github.com/org/repo/blob/main/SECURITY.md
    contact: { name: Team, primary: true, email: security@example.org }
repository:
  url: https://github.com/org/repo
  status: active
  accepts-change-request: true
  accepts-automated-change-request: false
  core-team:
    - { name: Alice, primary: true }
  license: { url: 'https://example.org/LICENSE', expression: Apache-2.0 }
  documentation:
    security-policy: https://github.com/org/repo/security/policy
  security:
    assessments: { self: { comment: Not yet. } }
    tools:
      - name: CodeQL
        type: SAST
        rulesets: [default]
        integration: { adhoc: false, ci: true, release: false }
        results: {}
  release:
    automated-pipeline: true
    distribution-points:
      - { uri: 'https://github.com/org/repo/releases', comment: Releases }
    attestations:
      - name: Provenance
        location: https://github.com/org/repo/attestations
        predicate-uri: https://slsa.dev/provenance/v1
";

const FIRST: &str = "\
header:
  schema-version: 1.0.0
  expiration-date: '2024-08-31T10:10:09.000Z'
  last-updated: '2023-08-01'
  last-reviewed: '2023-09-01'
  commit-hash: 4dbf78ebc006ee5f668c0a74876ef8d6db9485be
  project-url: https://github.com/foo/bar
  project-release: '1.2.0'
project-lifecycle:
  status: active
  bug-fixes-only: false
  core-maintainers:
    - https://github.com/scovetta
contribution-policy:
  accepts-pull-requests: true
  accepts-automated-pull-requests: true
documentation:
  - https://foo.example/wiki
distribution-points:
  - pkg:npm/foobar
security-testing:
  - tool-type: sca
    tool-name: Dependabot
    tool-version: '2'
    integration: { ad-hoc: false, ci: true, before-release: true }
security-contacts:
  - { type: email, value: joe@example.org }
vulnerability-reporting:
  accepts-vulnerability-reports: true
  email-contact: security@example.org
  security-policy: https://foo.example/policy
dependencies:
  third-party-packages: true
  sbom:
    - sbom-file: https://foo.example/sbom
      sbom-format: CycloneDX
";

#[test]
fn version_two_is_understood() {
    let parsed = parse(SECOND);
    assert_eq!(parsed.problems(), []);
    assert_eq!(
        parsed.version.as_ref().unwrap().value,
        Version { major: 2, minor: 0 }
    );
    let today = Timestamp::parse_date("2026-04-02").unwrap();
    assert_eq!(parsed.days_since_review(today), Some(366));
    assert_eq!(parsed.days_left(today), None);
    assert!(parsed.reports_accepted.as_ref().unwrap().value);
    assert_eq!(parsed.contacts[0].value, "security@example.org");
    assert_eq!(parsed.security_policies.len(), 2);
    assert_eq!(parsed.tools[0].name.as_ref().unwrap().value, "CodeQL");
    assert!(parsed.tools[0].in_ci.as_ref().unwrap().value);
    let attestation = &parsed.attestations[0];
    let place = attestation.predicate.as_ref().unwrap().span;
    assert_eq!(parsed.file().slice(place), "https://slsa.dev/provenance/v1");
    assert_eq!(parsed.distribution_points.len(), 1);
    assert_eq!(parsed.core_team[0].value, "Alice");
}

#[test]
fn version_one_is_understood_and_expires() {
    let parsed = parse(FIRST);
    assert_eq!(parsed.problems(), []);
    let today = Timestamp::parse_date("2024-09-10").unwrap();
    assert_eq!(parsed.days_left(today), Some(-10));
    assert_eq!(parsed.tools[0].kind.as_ref().unwrap().value, "sca");
    assert!(!parsed.no_third_party_packages.as_ref().unwrap().value);
    assert_eq!(
        parsed.attestations[0].name.as_ref().unwrap().value,
        "CycloneDX"
    );
    assert_eq!(parsed.contacts.len(), 2);
    assert_eq!(parsed.release.as_ref().unwrap().value, "1.2.0");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let cases = [
        ("  status: active\n", "", "`repository.status` is missing"),
        (
            "status: active",
            "status: retired",
            "`repository.status` must be one of: active",
        ),
        (
            "'2025-04-01'",
            "'2025-04-31'",
            "`header.last-reviewed` must be a date",
        ),
        (
            "'2025-03-01'",
            "20250301",
            "`header.last-updated` must be a text",
        ),
        (
            "reports-accepted: true",
            "reports-accepted: 'yes'",
            "must be true or false",
        ),
        (
            "email: security@example.org",
            "email: security",
            "contact.email` must be an e-mail",
        ),
        (
            "ci: true, ",
            "",
            "`repository.security.tools[0].integration.ci` is missing",
        ),
        (
            "url: https://example.org/sec",
            "url: example.org/sec",
            "`header.url` must be a link",
        ),
        (
            "  status: active\n",
            "  status: active\n  stars: 3\n",
            "`repository.stars` is not in",
        ),
        ("[default]", "default", "rulesets` must be a list"),
    ];
    for (from, to, wanted) in cases {
        let text = SECOND.replacen(from, to, 1);
        assert_ne!(text, SECOND, "{from}");
        let found = messages(&text);
        assert_eq!(found.len(), 1, "{wanted}: {found:?}");
        assert!(found[0].contains(wanted), "{wanted}: {found:?}");
    }
}

#[test]
fn each_minor_version_has_its_own_keys() {
    let newer = SECOND.replace("2.0.0", "2.2.0");
    assert_eq!(
        messages(&newer),
        [
            "`project.vulnerability-reporting.security-policy` is not in this version of the specification"
        ]
    );
    let renamed = newer.replacen("    security-policy", "    policy", 1);
    assert_eq!(messages(&renamed), [""; 0]);
    assert_eq!(
        messages(&SECOND.replacen("    security-policy", "    policy", 1)).len(),
        1
    );
    let empty = SECOND.replace(
        "administrators:\n    - { name: Joe, primary: true, email: joe@example.org }",
        "administrators: []",
    );
    assert_ne!(empty, SECOND);
    assert_eq!(messages(&empty), [""; 0]);
    assert_eq!(messages(&empty.replace("2.0.0", "2.1.0")).len(), 1);
    let own_key = SECOND.replacen("  name: Project\n", "  name: Project\n  mascot: Bee\n", 1);
    assert_eq!(messages(&own_key).len(), 1);
    assert!(parse(&own_key).is_valid());
    assert!(!parse(&own_key.replace("2.0.0", "2.1.0")).is_valid());
    let future = parse(&renamed.replace("2.2.0", "2.9.0"));
    assert_eq!(future.problems()[0].kind, ProblemKind::UnknownVersion);
    assert_eq!(future.tools.len(), 1);
    assert_eq!(
        parse("header:\n  schema-version: 3.0.0\n").problems().len(),
        1
    );
}

#[test]
fn version_one_has_conditions() {
    for (from, to, wanted) in [
        (
            "  core-maintainers:\n    - https://github.com/scovetta\n",
            "",
            "`core-maintainers`",
        ),
        (
            "  email-contact: security@example.org\n",
            "",
            "`email-contact`",
        ),
        ("2024-08-31T10", "2024-09-02T10", "more than a year"),
        (
            "'2024-08-31T10:10:09.000Z'",
            "'2024-08-31'",
            "must be a time",
        ),
        ("  bug-fixes-only: false\n", "", "`bug-fixes-only`"),
    ] {
        let found = messages(&FIRST.replacen(from, to, 1));
        assert_eq!(found.len(), 1, "{wanted}: {found:?}");
        assert!(found[0].contains(wanted), "{wanted}: {found:?}");
    }
    // Though it is not as the specification wants it, the day is understood.
    assert!(
        parse(&FIRST.replace("T10:10:09.000Z", ""))
            .expires
            .is_some()
    );
}

#[test]
fn a_file_needs_its_own_part_at_least() {
    let child = SECOND.split("project:\n").next().unwrap().replace(
        "url: https",
        "project-si-source: https://example.org/x\n  url: https",
    );
    assert_eq!(messages(&child), ["`repository` is missing"]);
    let alone = SECOND.split("project:\n").next().unwrap();
    assert_eq!(messages(alone), ["`project` is missing"]);
    assert_eq!(messages(""), ["the document is empty"]);
    assert_eq!(messages("a: 1").len(), 1);
    let cut = parse("header:\n  schema-version: 2.0.0\n  url: [");
    assert!(cut.problems().iter().any(Problem::hides));
}

#[test]
fn places_where_tools_look() {
    for path in [
        "SECURITY-INSIGHTS.yml",
        ".github/security-insights.yaml",
        ".gitlab/security-insights.yml",
    ] {
        assert!(is_insights(path), "{path}");
    }
    for path in [
        "docs/security-insights.yml",
        "security-insights.json",
        "security_insights.yml",
    ] {
        assert!(!is_insights(path), "{path}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(end in 0..SECOND.len(), text in "\\PC{0,120}") {
        let _ = parse(&text);
        let _ = parse(SECOND.get(..end).unwrap_or_default());
        let _ = parse(FIRST.get(..end).unwrap_or_default());
    }
}
