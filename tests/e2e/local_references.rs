//! What a workflow uses of its own checkout is read, whatever folder it stands
//! in; what cannot be read is shown.

use crate::sandbox::{Report, Sandbox};

/// A job with a secret that runs the action at a path, after other steps.
fn using(path: &str, before: &str) -> String {
    format!(
        "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps:\n{before}      - uses: {path}\n        with:\n          token: ${{{{ secrets.DEPLOY }}}}\n"
    )
}

/// An action in which a mutable tag gets what the caller hands over.
const INNER: &str = "\
name: inner
inputs:
  token: {description: x}
runs:
  using: composite
  steps:
    - uses: somebody/unknown-action@main
      with:
        token: ${{ inputs.token }}
";

const LEADING: &str =
    "name: x\nruns:\n  using: composite\n  steps:\n    - uses: ./node_modules/y\n";

/// The same by the work tree, by git's index and by the commit.
fn every_way(sandbox: &Sandbox) -> [Report; 3] {
    let walked = sandbox.report(&[".", "--fail-on", "none"]);
    sandbox.commit();
    let tracked = sandbox.report(&[".", "--fail-on", "none"]);
    let commit = sandbox.report(&[".", "--rev", "HEAD", "--fail-on", "none"]);
    for other in [&tracked, &commit] {
        assert_eq!(walked.findings(), other.findings());
        assert_eq!(walked.code, other.code);
        assert_eq!(walked.files(), other.files());
        assert_eq!(walked.has("local-reference"), other.has("local-reference"));
    }
    [walked, tracked, commit]
}

fn status(report: &Report, control: &str) -> String {
    let all = report.value["controls"].as_array().unwrap();
    let found = all.iter().find(|one| one["id"] == control);
    found.unwrap()["status"].as_str().unwrap().to_owned()
}

#[test]
fn an_action_in_a_folder_of_other_projects_is_read_when_it_is_used() {
    for folder in ["vendor", "third_party", "node_modules", "bower_components"] {
        let sandbox = Sandbox::with(using(&format!("./x/../{folder}/x"), ""));
        sandbox.write(&format!("{folder}/x/action.yml"), INNER);
        sandbox.write(&format!("{folder}/unused/action.yml"), INNER);
        for report in every_way(&sandbox) {
            let found = report.findings();
            let inner = format!("{folder}/x/action.yml");
            assert!(
                found
                    .iter()
                    .any(|(rule, path)| rule == "unpinned-action" && *path == inner),
                "{found:?}"
            );
            assert!(
                !report
                    .paths()
                    .contains(&format!("{folder}/unused/action.yml"))
            );
            assert_eq!(report.code, 0, "{:?}", report.codes());
        }
    }
}

#[test]
fn one_such_action_leads_to_the_next() {
    let sandbox = Sandbox::with(using("./vendor/x", ""));
    sandbox.write("vendor/x/action.yaml", LEADING);
    sandbox.write(
        "node_modules/y/action.yml",
        "name: y\nruns: {using: docker, image: own.Image}\n",
    );
    sandbox.write("node_modules/y/own.Image", "FROM debian:latest\n");
    for report in every_way(&sandbox) {
        assert_eq!(report.files(), 4);
        assert!(
            report.paths().contains("node_modules/y/own.Image"),
            "{:?}",
            report.paths()
        );
        assert_eq!(report.code, 0, "{:?}", report.codes());
    }
}

#[test]
fn a_folder_with_a_dockerfile_alone_is_an_action() {
    let sandbox = Sandbox::with(using("./vendor/x", ""));
    sandbox.write("vendor/x/Dockerfile", "FROM debian:latest\n");
    for report in every_way(&sandbox) {
        assert!(report.paths().contains("vendor/x/Dockerfile"));
        assert_eq!(report.code, 0, "{:?}", report.codes());
    }
}

#[test]
fn what_a_local_reference_does_not_lead_to_is_not_checked() {
    for path in [
        "./missing",
        "./empty",
        "./../outside",
        "./a/../../b",
        "$/missing",
    ] {
        let sandbox = Sandbox::with(using(path, ""));
        sandbox.write("empty/readme", "");
        for report in every_way(&sandbox) {
            assert_eq!(report.code, 3, "{path}: {:?}", report.codes());
            assert!(report.has("local-reference"), "{path}");
            for control in ["X1", "C3", "S6", "S1"] {
                assert!(
                    ["not checked", "absent", "partial"].contains(&&*status(&report, control)),
                    "{control}"
                );
            }
        }
    }
    let call =
        "on: push\npermissions: {}\njobs:\n  a:\n    uses: ./.github/workflows/missing.yml\n";
    let report = Sandbox::with(call).report(&["."]);
    assert_eq!(report.code, 3);
    assert!(report.has("local-reference"), "{:?}", report.codes());
}

#[test]
fn what_is_too_large_or_no_yaml_is_not_checked() {
    let sandbox = Sandbox::with(using("./vendor/x", ""));
    sandbox.write("vendor/x/action.yml", vec![b'#'; 5 * 1024 * 1024]);
    for report in every_way(&sandbox) {
        assert_eq!(report.code, 3);
        assert!(report.has("too-large") && report.has("local-reference"));
    }
    sandbox.write("vendor/x/action.yml", "name: [\n");
    for report in every_way(&sandbox) {
        assert_eq!(report.code, 3);
        assert!(report.has("syntax"), "{:?}", report.codes());
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_an_action() {
    let sandbox = Sandbox::with(using("./vendor/x", ""));
    sandbox.write("elsewhere/x/action.yml", INNER);
    sandbox.link("vendor", "elsewhere");
    for report in every_way(&sandbox) {
        assert_eq!(report.code, 3);
        assert!(report.has("local-reference"), "{:?}", report.codes());
    }
    let sandbox = Sandbox::with(using("./vendor/x", ""));
    std::fs::write(sandbox.outside().join("secret"), INNER).unwrap();
    sandbox.link("vendor/x/action.yml", "../../../secret");
    for report in every_way(&sandbox) {
        assert_eq!(report.code, 3);
        assert!(!report.value.to_string().contains("unknown-action"));
    }
}

#[test]
fn what_a_checkout_puts_there_at_run_time_is_a_note() {
    let commit = "11bd71901bbe5b1630ceea73d27597364c9af683";
    let checkout = |with: &str| {
        format!(
            "      - uses: actions/checkout@{commit} # v7.0.1\n        with: {{persist-credentials: false, {with}}}\n"
        )
    };
    for (path, with, code) in [
        ("./other/x", "repository: a/b, path: other", 0),
        ("./other", "repository: a/b, path: ./other/", 0),
        ("./x", "repository: a/b", 0),
        ("./x", "ref: tools", 0),
        ("./other/x", "path: oth", 3),
        ("./x", "fetch-depth: 0", 3),
        ("$/other/x", "repository: a/b, path: other", 3),
    ] {
        let sandbox = Sandbox::with(using(path, &checkout(with)));
        let report = sandbox.report(&[".", "--fail-on", "none"]);
        assert!(report.has("local-reference"), "{path} {with}");
        assert_eq!(report.code, code, "{path} {with}: {:?}", report.codes());
    }
    let later = using("./other", "") + &checkout("repository: a/b, path: other");
    assert_eq!(
        Sandbox::with(later)
            .report(&[".", "--fail-on", "none"])
            .code,
        3
    );
}

#[test]
fn a_file_alone_asks_for_nothing_else() {
    let sandbox = Sandbox::with(using("./vendor/x", ""));
    let report = sandbox.report(&[".github/workflows/ci.yml", "--fail-on", "none"]);
    assert_eq!(report.code, 0, "{:?}", report.codes());
    assert!(report.has("local-reference"));
}
