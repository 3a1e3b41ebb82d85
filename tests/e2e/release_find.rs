//! Which releases were built with something.

use serde_json::{Value, json};

use crate::release_provenance::{BAD, Project};
use crate::sandbox::{Ran, day};

/// A project with a release that was built with a bad action, and with
/// provenance beside it that lists no actions.
fn project() -> Project {
    let project = Project::new(BAD);
    let ran = project.sign("dist/app");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    project
}

fn find(project: &Project, more: &[&str]) -> Ran {
    let day = day();
    let args = [
        "release",
        "find",
        "dist",
        "--date",
        &day,
        "--trusted-root",
        "out/root.json",
    ];
    project.sandbox.run(&[&args, more].concat())
}

#[test]
fn releases_are_found_by_action_ref_commit_and_incident() {
    let project = project();
    for (used, code) in [
        ("tj-actions/changed-files", 1),
        ("TJ-Actions/Changed-Files@v44", 1),
        ("tj-actions/changed-files@0e58ed8", 1),
        ("tj-actions/changed-files@v45", 0),
        ("tj-actions/changed-files@1e58ed8", 0),
        ("outer/action/sub", 1),
        ("somebody/of-another-job", 0),
    ] {
        let ran = find(&project, &["--used", used]);
        assert_eq!(ran.code, code, "{used}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("signatures not verified"), "{}", ran.out);
    }
    let ran = find(&project, &["--compromised", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let found = &value["found"][0];
    assert_eq!(found["artifacts"][0]["name"], "app");
    assert_eq!(found["signature"], "not-verified");
    let used = &found["uses"][0];
    assert_eq!(used["commit"], BAD);
    assert_eq!(used["direct"], false);
    assert_eq!(
        used["by"],
        json!(["outer/action@1111111111111111111111111111111111111111"])
    );
    assert!(
        used["incidents"][0]
            .as_str()
            .unwrap()
            .contains("CVE-2025-30066")
    );
    assert_eq!(find(&project, &["--used", "nothing"]).code, 2);
}

#[test]
fn a_signature_counts_where_somebody_is_expected() {
    let project = project();
    let identity = project.identity();
    let identity: Vec<&str> = identity.iter().skip(2).map(String::as_str).collect();
    let used = ["--used", "actions/checkout"];
    let ran = find(&project, &[&used[..], &identity].concat());
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("signed as expected"), "{}", ran.out);
    assert!(!ran.out.contains("NOT signed"), "{}", ran.out);
    // Whoever else is expected has not signed, and that nothing was found is worth nothing.
    let other: Vec<&str> = identity
        .iter()
        .map(|word| match *word {
            "owner/project" => "owner/other",
            word => word,
        })
        .collect();
    let ran = find(&project, &[&["--used", "not/used"], &other[..]].concat());
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("NOT signed as expected"), "{}", ran.out);
}

#[test]
fn provenance_without_a_list_cannot_tell() {
    let project = project();
    let predicate = json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {},
            "resolvedDependencies": [],
        },
        "runDetails": { "builder": { "id": "https://github.com/x" } },
    });
    project.sandbox.write("out/p.json", predicate.to_string());
    project.sandbox.write("dist/other", "another program");
    let attest = [
        "release",
        "attest",
        "--type",
        "slsa",
        "--predicate",
        "out/p.json",
        "dist/other",
        "--identity-token-file",
        "out/token",
        "--signing-config",
        "out/services.json",
        "--trusted-root",
        "out/root.json",
    ];
    let ran = project.sandbox.run(&attest);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = find(&project, &["--used", "not/used"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("cannot tell: it is provenance that lists no actions"),
        "{}",
        ran.out
    );
    // An empty folder tells nothing either.
    let ran = project
        .sandbox
        .run(&["release", "find", "--used", "a/b", "tools"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
}
