//! Files, streams, folders: everything that can be named.

use crate::sandbox::{BAD, CLEAN, Sandbox, day};

#[test]
fn one_file_from_standard_input() {
    let sandbox = Sandbox::new();
    let day = day();
    let args = ["audit", "-", "--date", &day, "--format", "json"];
    let ran = sandbox.run_with(&args, &[], BAD.as_bytes());
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("\"path\":\".github/workflows/stdin.yml\""),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("part-only"), "{}", ran.out);

    let action = "name: x\nruns:\n  using: composite\n  steps:\n    - uses: a/b@main\n";
    let args = [&args[..], &["--stdin-path", "tool/action.yml"]].concat();
    let ran = sandbox.run_with(&args, &[], action.as_bytes());
    assert!(
        ran.out.contains("\"path\":\"tool/action.yml\""),
        "{}",
        ran.out
    );
}

#[test]
fn standard_input_goes_with_nothing_else() {
    let sandbox = Sandbox::with(CLEAN);
    for args in [&["-", "."][..], &["-", "--recursive"], &["-", "--rev=HEAD"]] {
        assert_eq!(sandbox.audit(args).code, 2, "{args:?}");
    }
}

#[test]
fn one_workflow_file_says_nothing_about_files_that_were_not_read() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write("elsewhere/my.yaml", BAD);
    for (named, path) in [
        (".github/workflows/ci.yml", ".github/workflows/ci.yml"),
        ("elsewhere/my.yaml", ".github/workflows/my.yaml"),
    ] {
        let report = sandbox.report(&[named]);
        assert_eq!(report.files(), 1);
        assert_eq!(report.paths(), [path.to_owned()].into());
        assert_eq!(report.codes(), ["part-only"]);
    }
}

#[test]
fn the_github_folder_means_its_repository() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write(
        "action.yml",
        "name: x\nruns:\n  using: composite\n  steps: []\n",
    );
    for folder in [".github", ".github/workflows"] {
        let report = sandbox.report(&[folder]);
        assert!(report.has("part-only"), "{:?}", report.codes());
        assert_eq!(report.files(), 1);
    }
    sandbox.commit();
    for folder in [".github", ".github/workflows"] {
        let report = sandbox.report(&[folder]);
        assert!(report.codes().is_empty(), "{:?}", report.codes());
        assert_eq!(report.files(), 2);
    }
}

#[test]
fn a_new_file_is_seen_before_it_is_added() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    sandbox.write(".github/workflows/new.yml", BAD);
    sandbox.write("action.yml", "name: x\nruns: [\n");
    sandbox.write("node_modules/x/action.yml", "runs: [\n");
    let report = sandbox.report(&["."]);
    assert!(report.paths().contains(".github/workflows/new.yml"));
    assert!(report.paths().contains("action.yml"));
    assert_eq!(report.files(), 3);
}

#[test]
fn a_deleted_file_is_gone_before_it_is_committed() {
    let sandbox = Sandbox::with(CLEAN);
    let path = sandbox.write(".github/workflows/old.yml", BAD);
    sandbox.commit();
    std::fs::remove_file(path).unwrap();
    let report = sandbox.report(&["."]);
    assert!(!report.paths().contains(".github/workflows/old.yml"));
    assert_eq!((report.files(), report.code), (1, 0));
}

#[test]
fn a_sparse_checkout_is_not_clean_but_its_commit_can_be_read() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write(
        "tool/action.yml",
        "name: x\nruns:\n  using: composite\n  steps: []\n",
    );
    sandbox.write("src/x", "");
    sandbox.commit();
    sandbox.git(&["sparse-checkout", "set", "src"]);
    let report = sandbox.report(&["."]);
    assert_eq!(report.code, 3);
    assert!(report.has("sparse-checkout"), "{:?}", report.codes());
    assert_eq!(sandbox.report(&["--rev=HEAD", "."]).files(), 2);
}

#[test]
fn the_remote_names_the_repository() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    assert!(sandbox.report(&["."]).value["repository"].is_null());
    sandbox.git(&["remote", "add", "origin", "git@github.com:some/project.git"]);
    assert_eq!(sandbox.report(&["."]).value["repository"], "some/project");
    assert_eq!(
        sandbox.report(&["--rev=HEAD", "."]).value["repository"],
        "some/project"
    );
    let report = sandbox.report(&[".", "--repository", "other/fork"]);
    assert_eq!(report.value["repository"], "other/fork");
    sandbox.git(&[
        "remote",
        "set-url",
        "origin",
        "https://gitlab.com/actions/checkout",
    ]);
    assert!(sandbox.report(&["."]).value["repository"].is_null());
}

#[test]
fn the_environment_names_the_repository_of_its_own_workspace_only() {
    let sandbox = Sandbox::with(CLEAN);
    let root = sandbox.root();
    let run = |workspace: &str| {
        let env = [
            ("GITHUB_REPOSITORY", "job/own"),
            ("GITHUB_WORKSPACE", workspace),
        ];
        let day = day();
        let args = ["audit", ".", "--format", "json", "--date", &day];
        sandbox.run_with(&args, &env, b"").out
    };
    assert!(run(root.to_str().unwrap()).contains("\"repository\":\"job/own\""));
    assert!(run(sandbox.outside().to_str().unwrap()).contains("\"repository\":null"));
}

#[test]
fn settings_of_another_repository_are_refused() {
    use cofferdam_facts::settings::Snapshot;
    let sandbox = Sandbox::with(CLEAN);
    let snapshot = Snapshot::unasked("some", "project").to_json().unwrap();
    sandbox.write("settings.json", snapshot);
    let args = [".", "--settings", "settings.json"];
    // Nothing says which repository it is, so the settings do.
    let report = sandbox.report(&args);
    assert_eq!(report.value["repository"], "some/project");
    let ran = sandbox.audit(&[&args[..], &["--repository=other/fork"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("hint: "), "{}", ran.err);
    sandbox.write("settings.json", "{\"schema_version\": 1, \"extra\": 0}");
    assert_eq!(sandbox.audit(&args).code, 2);
}
