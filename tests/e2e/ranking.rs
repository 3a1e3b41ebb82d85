//! What findings expose, and the order that follows.

use std::collections::BTreeSet;

use cofferdam_facts::settings::{
    DeploymentRefs, Environment, Fact, Protection, RequiredReviewers, Reviewer, Snapshot, Timestamp,
};
use serde_json::Value;

use crate::sandbox::Sandbox;

/// Strangers start it and their words become a script, but there is nothing to
/// be had: no secret, no scope, no cache that anything restores.
const NOTHING: &str = "\
name: Greet
on: pull_request_target
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: somebody/greet@v1
      - run: echo \"${{ github.event.pull_request.title }}\"
";

/// Only tags start it, and an action whose owner may move its tag runs beside
/// the token of the release.
const RELEASE: &str = "\
name: Release
on: {push: {tags: ['v*']}}
permissions: {}
jobs:
  publish:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: acme/build@v1
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
";

fn both() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(".github/workflows/greet.yml", NOTHING);
    sandbox.write(".github/workflows/release.yml", RELEASE);
    sandbox
}

fn findings(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let mut all = vec!["--format", "json", "."];
    all.extend(args);
    let page: Value = serde_json::from_str(&sandbox.audit(&all).out).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/report-v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&page)
        .map(|e| e.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    page["reports"][0]["findings"].as_array().unwrap().clone()
}

fn is(finding: &Value, rule: &str, file: &str) -> bool {
    finding["rule"] == rule && finding["location"]["path"] == format!(".github/workflows/{file}")
}

#[test]
fn a_mutable_action_beside_a_release_token_rises_and_nothing_to_gain_falls() {
    let all = findings(&both(), &[]);
    assert!(
        is(&all[0], "unpinned-action", "release.yml"),
        "{:#}",
        all[0]
    );
    let pairs = all[0]["exposure"].as_array().unwrap();
    let pair = |asset: &str| {
        pairs.iter().any(|pair| {
            (&pair["position"], &pair["asset"], &pair["verdict"])
                == (
                    &"action:acme/build".into(),
                    &asset.into(),
                    &"reachable".into(),
                )
        })
    };
    assert!(pair("secret:NPM_TOKEN"), "{pairs:#?}");
    assert!(
        pairs
            .iter()
            .any(|p| p["asset"].as_str().unwrap().starts_with("publish:npm"))
    );
    assert_eq!(all[0]["exposure_count"], pairs.len());
    // All that is below concerns the file with nothing to gain.
    let greets: Vec<usize> = (0..all.len())
        .filter(|at| {
            is(&all[*at], "unpinned-action", "greet.yml")
                || is(&all[*at], "template-injection", "greet.yml")
        })
        .collect();
    assert_eq!(greets.len(), 2, "{all:#?}");
    assert_eq!(greets, [all.len() - 2, all.len() - 1], "{all:#?}");
    let ranks: Vec<u64> = all.iter().map(|f| f["rank"].as_u64().unwrap()).collect();
    assert!(ranks.is_sorted_by(|a, b| a >= b), "{ranks:?}");
}

#[test]
fn the_phrase_stands_under_the_finding() {
    let sandbox = both();
    for args in [&["."][..], &["--all", "."]] {
        let out = sandbox.audit(args).out;
        let line = out
            .lines()
            .find(|line| line.contains("exposes publish:npm"))
            .unwrap_or(&out);
        assert!(
            line.contains("secret:NPM_TOKEN") && line.contains("to action:acme/build"),
            "{out}"
        );
        // It is the first of all.
        let first = out.find("  exposes ").unwrap();
        assert!(first + 3 > out.find(line.trim_start()).unwrap(), "{out}");
    }
    let out = sandbox.audit(&["--all", "."]).out;
    let (first, last) = (
        out.find("job `publish` uses action").unwrap(),
        out.rfind("greet.yml").unwrap(),
    );
    assert!(
        first < last && !out.get(last..).unwrap().contains("release.yml"),
        "{out}"
    );
    assert!(out.get(last..).unwrap().contains("exposes "), "{out}");
    let out = sandbox.audit(&["--format", "markdown", "."]).out;
    assert!(out.contains("**Exposes:** publish"), "{out}");
}

#[test]
fn sarif_holds_the_pairs_as_properties_and_the_rank() {
    let out = both().audit(&["--format", "sarif", "."]).out;
    let page: Value = serde_json::from_str(&out).unwrap();
    let results = page["runs"][0]["results"].as_array().unwrap();
    let first = &results[0];
    assert_eq!(
        first["properties"]["exposure"][0]["position"],
        "action:acme/build"
    );
    assert!(first["properties"]["exposureCount"].as_u64().unwrap() > 1);
    let phrase = first["properties"]["exposes"].as_str().unwrap();
    assert!(phrase.starts_with("exposes publish:npm"), "{phrase}");
    // SARIF 2.1.0, 3.27.25: from 0 to 100.
    let ranks: Vec<u64> = results
        .iter()
        .map(|r| r["rank"].as_u64().unwrap())
        .collect();
    assert!(ranks.iter().all(|rank| *rank <= 100), "{ranks:?}");
    assert_eq!(ranks.last(), Some(&0), "{ranks:?}");
}

#[test]
fn severities_fingerprints_and_the_end_are_the_same_without() {
    let sandbox = both();
    let with = findings(&sandbox, &[]);
    let without = findings(&sandbox, &["--no-exposure"]);
    assert!(
        without
            .iter()
            .all(|f| f["exposure"].is_null() && f["exposure_count"].is_null())
    );
    let same = |all: &[Value]| -> BTreeSet<String> {
        let keys = ["fingerprint", "content_fingerprint", "severity", "message"];
        let line = |f: &Value| keys.map(|key| f[key].to_string()).join(" ");
        all.iter().map(line).collect()
    };
    assert_eq!(same(&with), same(&without));
    let order: Vec<&str> = without
        .iter()
        .map(|f| f["severity"].as_str().unwrap())
        .collect();
    let place = |word: &&str| {
        ["critical", "high", "medium", "low", "info"]
            .iter()
            .position(|w| w == word)
    };
    assert!(order.is_sorted_by_key(place), "{order:?}");
    for fail_on in ["none", "low", "medium", "high", "critical"] {
        let code = |more: &[&str]| {
            let mut args = vec!["--fail-on", fail_on, "."];
            args.extend(more);
            sandbox.audit(&args).code
        };
        assert_eq!(code(&[]), code(&["--no-exposure"]), "{fail_on}");
    }
}

#[test]
fn a_baseline_and_a_base_do_not_depend_on_it() {
    let sandbox = both();
    sandbox.git(&["init", "-q"]);
    sandbox.commit();
    let base = sandbox.audit(&["--base", "HEAD", "."]);
    assert_eq!(base.code, 0, "{}", base.out);
    let update = [
        "--baseline",
        "known.json",
        "--update-baseline",
        "--allow-growth",
        "--no-exposure",
        ".",
    ];
    sandbox.audit(&update);
    let all = findings(&sandbox, &["--baseline", "known.json"]);
    assert!(all.is_empty(), "{all:#?}");
    // What is new is ranked as well.
    sandbox.write(
        ".github/workflows/second.yml",
        RELEASE.replace("acme/build", "acme/other"),
    );
    let new = findings(&sandbox, &["--base", "HEAD"]);
    assert!(is(&new[0], "unpinned-action", "second.yml"), "{:#}", new[0]);
    assert_eq!(new[0]["exposure"][0]["position"], "action:acme/other");
}

/// Settings in which the environment of the release waits for a reviewer.
fn settings() -> String {
    let day = Timestamp::from_unix(0);
    let mut snapshot = Snapshot::unasked("acme", "project");
    snapshot.environments = Fact::Known(vec![Environment {
        id: 1,
        name: "release".to_owned(),
        created_at: day,
        updated_at: day,
        protection: Fact::Known(Protection {
            wait_minutes: None,
            required_reviewers: Some(RequiredReviewers {
                reviewers: vec![Reviewer::Team {
                    slug: "maintainers".to_owned(),
                    id: 1,
                }],
                prevent_self_review: Fact::Known(true),
            }),
        }),
        can_admins_bypass: Fact::Known(false),
        deployment_refs: Fact::Known(DeploymentRefs::Any),
        custom_rules: Fact::Known(Vec::new()),
        secrets: Fact::Known(Vec::new()),
        variables: Fact::Known(Vec::new()),
    }]);
    snapshot.to_json().unwrap()
}

#[test]
fn settings_count_for_what_is_exposed() {
    let sandbox = Sandbox::new();
    let guarded = RELEASE.replace("    runs-on", "    environment: release\n    runs-on");
    sandbox.write(".github/workflows/release.yml", guarded);
    let path = sandbox.outside().join("settings.json");
    std::fs::write(&path, settings()).unwrap();
    let worst = |args: &[&str]| {
        let all = findings(&sandbox, args);
        let action = all.iter().find(|f| f["rule"] == "unpinned-action");
        action.unwrap()["exposure"][0]["verdict"].clone()
    };
    assert_eq!(worst(&[]), "reachable-if");
    assert_eq!(worst(&["--settings", path.to_str().unwrap()]), "after");
}
