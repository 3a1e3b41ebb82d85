//! Links and other things that are not files.
#![cfg(unix)]

use std::fs;

use crate::sandbox::{BAD, CLEAN, Sandbox};

const SECRET: &str = "on: push\njobs:\n  TOP_SECRET_TOKEN:\n    uses: ./x@\n";

/// Nothing of a file outside of the checkout is shown, in any format.
fn assert_secret_stays(sandbox: &Sandbox, args: &[&str]) {
    for format in ["human", "json", "sarif", "github", "markdown"] {
        let mut all = vec!["--all", "--format", format];
        all.extend(args);
        let ran = sandbox.audit(&all);
        assert!(!ran.out.contains("TOP_SECRET_TOKEN"), "{}", ran.out);
        assert!(!ran.err.contains("TOP_SECRET_TOKEN"), "{}", ran.err);
        assert_eq!(ran.code, 3, "{format}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn a_link_out_of_the_root_is_not_followed() {
    let sandbox = Sandbox::with(CLEAN);
    let outside = sandbox.outside().join("secret.yml");
    fs::write(&outside, SECRET).unwrap();
    sandbox.link(".github/workflows/absolute.yml", &outside);
    sandbox.link(".github/workflows/relative.yml", "../../../secret.yml");
    sandbox.link("step/action.yml", "../.github/workflows/absolute.yml");
    assert_secret_stays(&sandbox, &["."]);
    let codes = sandbox.report(&["."]).codes();
    assert_eq!(codes, ["link-outside"; 3]);

    sandbox.commit();
    assert_secret_stays(&sandbox, &["."]);
    assert_secret_stays(&sandbox, &["--rev", "HEAD", "."]);
    let codes = sandbox.report(&["--rev", "HEAD", "."]).codes();
    assert_eq!(codes, ["link-outside"; 3]);
}

#[test]
fn a_linked_folder_out_of_the_root_is_not_followed() {
    let sandbox = Sandbox::new();
    let outside = sandbox.outside().join("elsewhere");
    fs::create_dir_all(outside.join("workflows")).unwrap();
    fs::write(outside.join("workflows/ci.yml"), SECRET).unwrap();
    sandbox.link(".github", &outside);
    assert_secret_stays(&sandbox, &["."]);
    assert!(sandbox.report(&["."]).has("linked-folder"));
    sandbox.commit();
    assert_secret_stays(&sandbox, &["."]);
    assert!(sandbox.report(&["."]).has("linked-folder"));
    assert!(sandbox.report(&["--rev=HEAD", "."]).has("linked-folder"));
}

#[test]
fn a_folder_swapped_for_a_link_after_the_commit_is_not_followed() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let outside = sandbox.outside().join("elsewhere");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("ci.yml"), SECRET).unwrap();
    fs::remove_dir_all(sandbox.path(".github/workflows")).unwrap();
    sandbox.link(".github/workflows", &outside);
    assert_secret_stays(&sandbox, &["."]);
}

#[test]
fn the_credentials_in_the_git_folder_are_not_read_through_a_link() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.link(".github/workflows/config.yml", "../../.git/config");
    sandbox.commit();
    sandbox.git(&["config", "http.extraheader", "TOP_SECRET_TOKEN"]);
    assert_secret_stays(&sandbox, &["."]);
    assert_secret_stays(&sandbox, &["--rev", "HEAD", "."]);
}

#[test]
fn links_in_circles_and_to_nothing_are_told() {
    let sandbox = Sandbox::with(BAD);
    sandbox.link(".github/workflows/a.yml", "b.yml");
    sandbox.link(".github/workflows/b.yml", "a.yml");
    sandbox.link(".github/workflows/none.yml", "missing.yml");
    sandbox.link(".github/loop", ".");
    sandbox.commit();
    for args in [vec!["."], vec!["--rev=HEAD", "."]] {
        let report = sandbox.report(&args);
        assert_eq!(report.codes(), ["link-broken"; 3], "{args:?}");
        assert!(report.paths().contains(".github/workflows/ci.yml"));
    }
}

#[test]
fn a_link_inside_the_root_is_read() {
    let sandbox = Sandbox::new();
    sandbox.write("ci/real.yml", BAD);
    sandbox.link(".github/workflows/ci.yml", "../../ci/real.yml");
    for committed in [false, true] {
        if committed {
            sandbox.commit();
            let report = sandbox.report(&["--rev=HEAD", "."]);
            assert!(report.paths().contains(".github/workflows/ci.yml"));
        }
        let report = sandbox.report(&["."]);
        assert!(report.paths().contains(".github/workflows/ci.yml"));
        assert!(report.codes().is_empty(), "{:?}", report.codes());
    }
}

#[test]
fn a_folder_with_the_name_of_a_workflow_is_told() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write(".github/workflows/folder.yml/x", "");
    assert_eq!(sandbox.report(&["."]).codes(), ["not-a-file"]);
    sandbox.commit();
    let report = sandbox.report(&["."]);
    assert_eq!(report.codes(), ["not-a-file"]);
    assert_eq!(report.code, 0, "GitHub passes over it as well");
}

#[test]
fn a_tracked_workflow_replaced_by_a_folder_is_told() {
    let sandbox = Sandbox::with(CLEAN);
    let path = sandbox.write(".github/workflows/gone.yml", BAD);
    sandbox.commit();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(sandbox.report(&["."]).codes(), ["not-a-file"]);
}

#[test]
fn a_named_pipe_does_not_block() {
    let sandbox = Sandbox::with(CLEAN);
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.path(".github/workflows/pipe.yml"))
        .status()
        .unwrap();
    assert!(made.success());
    let report = sandbox.report(&["."]);
    assert_eq!(
        (report.code, report.codes()),
        (3, vec!["not-a-file".to_owned()])
    );
    let ran = sandbox.audit(&[".github/workflows/pipe.yml"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[test]
fn a_file_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with(CLEAN);
    let path = sandbox.write(".github/workflows/closed.yml", BAD);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        return; // The superuser reads everything.
    }
    let report = sandbox.report(&["."]);
    assert_eq!(
        (report.code, report.codes()),
        (3, vec!["unreadable".to_owned()])
    );
}
