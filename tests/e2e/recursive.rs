//! A folder full of repositories.

use crate::sandbox::{BAD, CLEAN, Sandbox};

#[test]
fn one_line_for_each_repository_and_the_worst_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.write("a/bad/.github/workflows/ci.yml", BAD);
    sandbox.write("a/clean/.github/workflows/ci.yml", CLEAN);
    sandbox.write("b/broken/.github/workflows/ci.yml", "on: [\n");
    sandbox.write("b/empty/readme", "");
    let ran = sandbox.audit(&["--recursive", "."]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for name in ["a/bad", "a/clean", "b/broken"] {
        let lines = ran.out.lines().filter(|line| line.contains(name)).count();
        assert_eq!(lines, 1, "{name}: {}", ran.out);
    }
    assert!(!ran.out.contains("b/empty"), "{}", ran.out);
    std::fs::remove_dir_all(sandbox.path("a/bad")).unwrap();
    assert_eq!(sandbox.audit(&["--recursive", "."]).code, 3);
}

#[test]
fn a_folder_without_repositories_is_wrong_usage() {
    let sandbox = Sandbox::new();
    let ran = sandbox.audit(&["--recursive", "."]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("hint: "), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_while_searching() {
    let sandbox = Sandbox::new();
    sandbox.write("one/.github/workflows/ci.yml", CLEAN);
    sandbox.link("loop", ".");
    let outside = sandbox.outside().join("other/.github/workflows");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("ci.yml"), BAD).unwrap();
    sandbox.link("other", sandbox.outside().join("other"));
    let report = sandbox.audit(&["--recursive", ".", "--format=json"]);
    assert_eq!(
        report.out.matches("\"name\":\"./").count(),
        1,
        "{}",
        report.out
    );
}

#[test]
fn what_lies_in_a_repository_belongs_to_it() {
    let sandbox = Sandbox::new();
    sandbox.write("one/.github/workflows/ci.yml", CLEAN);
    sandbox.write("one/examples/two/.github/workflows/ci.yml", BAD);
    let ran = sandbox.audit(&["--recursive", ".", "--format=json"]);
    assert_eq!(ran.out.matches("\"name\":\"./").count(), 1, "{}", ran.out);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

#[test]
fn a_clone_of_the_repository_named_github_hides_no_other() {
    let sandbox = Sandbox::new();
    sandbox.write("org/one/.github/workflows/ci.yml", CLEAN);
    sandbox.write("org/.github/.git/HEAD", "ref: refs/heads/main\n");
    sandbox.write("org/.github/workflow-templates/x.yml", "");
    let ran = sandbox.audit(&["--recursive", ".", "--format=json"]);
    assert!(ran.out.contains("org/one\""), "{}", ran.out);
    assert!(ran.out.contains("org/.github\""), "{}", ran.out);
}

#[test]
fn one_repository_that_cannot_be_read_does_not_end_the_others() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("{name}/.github/workflows/ci.yml"), CLEAN);
    }
    let ran = sandbox.audit(&["--rev=HEAD", "a", "b", "c", "--format=json"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert_eq!(
        ran.out
            .matches("is not the root of a git repository")
            .count(),
        3
    );
}
