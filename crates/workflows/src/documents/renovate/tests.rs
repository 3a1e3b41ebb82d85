#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Renovate {
    Renovate::parse(SourceFile::new(".github/renovate.json5", text))
}

fn days(text: &str, manager: &str) -> (u64, Vec<u64>) {
    let cooldown = parse(text).cooldown(manager);
    (
        cooldown.days,
        cooldown.exceptions.iter().map(|e| e.days).collect(),
    )
}

const REAL: &str = r#"{
  $schema: 'https://docs.renovatebot.com/renovate-schema.json',
  extends: [
    'config:best-practices',
    ":semanticCommits",
    "schedule:weekly",
    "github>cilium/renovate-config#1.2.3", // our own
  ],
  minimumReleaseAge: "5 days",
  enabledManagers: ["github-actions", "gomod", "npm", "dockerfile"],
  packageRules: [
    { matchManagers: ["gomod"], minimumReleaseAge: "14 days" },
    { matchPackageNames: ["/^github.com\/cilium\//"], minimumReleaseAge: null },
    { matchManagers: ["dockerfile"], enabled: false },
    { matchManagers: ["npm"], matchUpdateTypes: ["major"], enabled: false },
  ],
  vulnerabilityAlerts: { enabled: true, labels: ["security"] },
  osvVulnerabilityAlerts: true,
}
"#;

#[test]
fn a_real_file_is_understood() {
    let parsed = parse(REAL);
    assert_eq!(parsed.problems(), []);
    let unknown: Vec<_> = parsed
        .unknown_presets()
        .into_iter()
        .map(|name| name.value)
        .collect();
    assert_eq!(unknown, ["github>cilium/renovate-config#1.2.3"]);
    let go = parsed.cooldown("gomod");
    assert_eq!((go.days, go.shortest()), (14, 0));
    assert_eq!(parsed.file().slice(go.span.unwrap()), "\"14 days\"");
    assert_eq!(go.unknown.len(), 1);
    // The preset's rule is narrower than the setting of the file, and wins.
    assert_eq!(days(REAL, "npm"), (3, vec![0]));
    assert_eq!(days(REAL, "github-actions"), (5, vec![0]));
    assert!(parsed.pins_digests("github-actions").on);
    assert!(parsed.pins_digests("dockerfile").on);
    assert!(!parsed.pins_digests("gomod").on);
    assert!(!parsed.updates("dockerfile").on);
    assert!(!parsed.updates("cargo").on);
    let npm = parsed.updates("npm");
    assert!(npm.on && npm.exceptions.len() == 1);
    assert!(parsed.vulnerability_alerts().on && parsed.osv_vulnerability_alerts().on);
    assert_eq!(parsed.enabled_managers().unwrap().len(), 4);
}

#[test]
fn what_wins_is_what_renovate_applies_last() {
    assert_eq!(days("{}", "npm"), (0, vec![]));
    assert_eq!(
        days(r#"{"extends": ["config:recommended"]}"#, "npm"),
        (0, vec![])
    );
    assert_eq!(
        days(r#"{"extends": ["config:best-practices"]}"#, "npm"),
        (3, vec![])
    );
    assert_eq!(
        days(r#"{"extends": ["config:best-practices"]}"#, "gomod"),
        (0, vec![])
    );
    assert_eq!(
        days(
            r#"{"minimumReleaseAge": "1 week", "npm": {"minimumReleaseAge": "1 day"}}"#,
            "npm"
        )
        .0,
        1
    );
    let rules = r#"{"packageRules": [
        {"matchPackageNames": ["lodash"], "minimumReleaseAge": "9 days"},
        {"matchPackageNames": ["*"], "minimumReleaseAge": "2 days"},
        {"matchDatasources": ["docker"], "minimumReleaseAge": "4 days"}
    ]}"#;
    assert_eq!(days(rules, "npm"), (2, vec![]));
    assert_eq!(days(rules, "github-actions"), (2, vec![4]));
    assert_eq!(days(rules, "dockerfile"), (4, vec![]));
    assert_eq!(days(r#"{"stabilityDays": 3}"#, "cargo").0, 3);
    assert_eq!(
        days(
            r#"{"minimumReleaseAge": "3 days", "digest": {"minimumReleaseAge": null}}"#,
            "cargo"
        ),
        (3, vec![0])
    );
    assert!(
        parse(r#"{"internalChecksFilter": "none"}"#)
            .cooldown("npm")
            .proposes_at_once
    );
}

/// How Cilium's projects write it.
#[test]
fn versions_wait_and_images_without_a_time_stamp_do_not() {
    let text = r#"{
  extends: ["config:best-practices"],
  ignorePresets: ["security:minimumReleaseAgeNpm"],
  packageRules: [
    { matchUpdateTypes: ["major", "minor", "patch"], minimumReleaseAge: "5 days" },
    { matchDatasources: ["docker"], minimumReleaseAgeBehaviour: "timestamp-optional" },
    { matchUpdateTypes: ["major", "minor", "patch"], enabled: false },
    { matchUpdateTypes: ["major"], minimumReleaseAge: "9 days" },
  ],
}"#;
    assert_eq!(days(text, "npm"), (5, vec![9]));
    let parsed = parse(text);
    assert!(parsed.cooldown("dockerfile").timestamp_optional.is_some());
    assert_eq!(parsed.cooldown("gomod").timestamp_optional, None);
    // Digests are still updated.
    assert!(parsed.updates("gomod").on && parsed.updates("gomod").exceptions.len() == 1);
    assert!(parsed.pins_digests("github-actions").on);
}

#[test]
fn switches_know_their_defaults_and_presets() {
    assert!(parse("{}").updates("npm").on);
    assert!(!parse("{}").updates("git-submodules").on);
    assert!(
        parse(r#"{"git-submodules": {"enabled": true}}"#)
            .updates("git-submodules")
            .on
    );
    assert!(!parse(r#"{"enabled": false}"#).updates("npm").on);
    assert!(
        !parse(r#"{"extends": ["docker:disable"]}"#)
            .updates("dockerfile")
            .on
    );
    assert!(
        !parse(r#"{"extends": [":disableVulnerabilityAlerts"]}"#)
            .vulnerability_alerts()
            .on
    );
    let security = parse(r#"{"extends": ["security:only-security-updates"]}"#);
    assert!(!security.updates("npm").on && security.osv_vulnerability_alerts().on);
    let actions = parse(r#"{"extends": ["helpers:pinGitHubActionDigestsToSemver"]}"#);
    assert!(actions.pins_digests("github-actions").on && !actions.pins_digests("npm").on);
    let off = r#"{"extends": ["helpers:pinGitHubActionDigests"], "packageRules": [{"matchManagers": ["github-actions"], "matchPackageNames": ["actions/*"], "pinDigests": false}]}"#;
    let switch = parse(off).pins_digests("github-actions");
    assert!(switch.on && switch.exceptions.len() == 1);
}

#[test]
fn durations_are_whole_days() {
    for (text, wanted) in [
        ("3 days", Some(3)),
        ("1 day", Some(1)),
        ("36 hours", Some(1)),
        ("1 day 12 hours", Some(1)),
        ("2 weeks", Some(14)),
        ("1 month", Some(30)),
        ("14d", Some(14)),
        ("0 days", Some(0)),
        ("3", None),
        ("soon", None),
        ("", None),
        ("1 é", None),
    ] {
        assert_eq!(duration_days(text), wanted, "{text}");
    }
}

#[test]
fn places_are_found_in_their_order() {
    let paths = [
        "package.json",
        ".renovaterc",
        ".github/renovate.json5",
        "sub/renovate.json",
    ];
    assert_eq!(effective(paths), Some(".github/renovate.json5"));
    assert_eq!(effective(["package.json"]), Some("package.json"));
    assert_eq!(effective(["web/package.json"]), None);
}

#[test]
fn a_package_json_counts_if_it_says_so() {
    let package = |text: &str| Renovate::in_package_json(SourceFile::new("package.json", text));
    assert!(package(r#"{"name": "x"}"#).is_none());
    assert!(package("{").is_none());
    let config = package(r#"{"renovate": {"minimumReleaseAge": "2 days"}}"#).unwrap();
    assert_eq!(config.cooldown("npm").days, 2);
}

#[test]
fn broken_files_are_problems() {
    assert_eq!(parse("{").problems().len(), 1);
    assert_eq!(parse("[]").problems().len(), 1);
    assert_eq!(parse("{").root(), None);
}

proptest! {
    #[test]
    fn any_text_is_read(end in 0..REAL.len(), text in "\\PC{0,80}") {
        for text in [REAL.get(..end).unwrap_or_default(), &text] {
            let parsed = parse(text);
            let _ = (parsed.cooldown("npm"), parsed.updates("x"), parsed.pins_digests(""));
        }
        let _ = duration_days(&text);
    }
}
