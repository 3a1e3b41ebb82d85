//! `--rev` reads commits from git's objects and leaves the work tree alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::sandbox::{BAD, CLEAN, Sandbox};

/// Three commits on a branch, with tags, a remote branch and a merge.
fn history() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::with(CLEAN);
    let mut commits = vec![sandbox.commit()];
    sandbox.write(".github/workflows/second.yml", CLEAN);
    commits.push(sandbox.commit());
    sandbox.git(&["tag", "light"]);
    sandbox.git(&["tag", "--annotate", "v1.0", "--message=x"]);
    sandbox.git(&["tag", "--annotate", "nested", "v1.0", "--message=x"]);
    sandbox.git(&["update-ref", "refs/remotes/origin/topic", "HEAD"]);
    sandbox.git(&["checkout", "--quiet", "-b", "feature/x"]);
    sandbox.write(".github/workflows/third.yml", BAD);
    commits.push(sandbox.commit());
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "--message=m", "feature/x"]);
    commits.push(sandbox.git(&["rev-parse", "HEAD"]));
    (sandbox, commits)
}

fn assert_names(sandbox: &Sandbox, commits: &[String]) {
    let short = commits[1].get(..8).unwrap();
    let names: [(&str, usize); 16] = [
        ("HEAD", 3),
        ("@", 3),
        ("main", 3),
        ("refs/heads/main", 3),
        ("heads/main", 3),
        ("feature/x", 2),
        ("light", 1),
        ("v1.0", 1),
        ("nested", 1),
        ("tags/v1.0", 1),
        ("v1.0^{commit}", 1),
        ("origin/topic", 1),
        ("HEAD~2", 0),
        ("HEAD^2", 2),
        ("HEAD^^", 0),
        (short, 1),
    ];
    for (name, number) in names {
        let report = sandbox.report(&["--rev", name, "."]);
        assert_eq!(report.value["revision"], commits[number].as_str(), "{name}");
        let files = [1, 2, 3, 3][number];
        assert_eq!(report.files(), files, "{name}");
    }
    let full = sandbox.report(&["--rev", &commits[0], "."]);
    assert_eq!(full.files(), 1);
}

#[test]
fn every_name_of_a_commit_is_understood_loose_and_packed() {
    let (sandbox, commits) = history();
    assert_names(&sandbox, &commits);
    sandbox.git(&["gc", "--quiet", "--aggressive", "--prune=now"]);
    assert!(sandbox.path(".git/packed-refs").exists());
    assert_names(&sandbox, &commits);
}

#[test]
fn sha256_repositories_are_read() {
    let sandbox = Sandbox::with(BAD);
    sandbox.git(&[
        "init",
        "--quiet",
        "--object-format=sha256",
        "--initial-branch=main",
    ]);
    let commit = sandbox.commit();
    assert_eq!(commit.len(), 64);
    let tree = sandbox.report(&["."]);
    assert!(tree.codes().is_empty(), "{:?}", tree.codes());
    for name in ["HEAD", "main", &commit, commit.get(..10).unwrap()] {
        let report = sandbox.report(&["--rev", name, "."]);
        assert_eq!(report.value["revision"], commit.as_str());
        assert_eq!(report.findings(), tree.findings());
    }
}

#[test]
fn names_that_mean_nothing_or_two_things_are_wrong_usage() {
    let (sandbox, commits) = history();
    sandbox.git(&["tag", "feature/x", "light"]);
    for name in [
        "missing",
        "HEAD~99",
        "v9",
        "HEAD:x",
        "HEAD^{tree}",
        "main..light",
        "--all",
        "HEAD@{1}",
        "0000000000",
        "../../HEAD",
        "feature/x",
    ] {
        let ran = sandbox.audit(&[&format!("--rev={name}"), "."]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {}", ran.err);
        assert!(ran.err.contains("hint: "), "{name}: {}", ran.err);
    }
    let full = sandbox.report(&["--rev=refs/heads/feature/x", "."]);
    assert_eq!(full.value["revision"], commits[2].as_str());
    let tree = sandbox.git(&["rev-parse", "HEAD^{tree}"]);
    assert_eq!(sandbox.audit(&["--rev", &tree, "."]).code, 2);
}

/// Every file with its content and the time of its last change.
fn files(folder: &Path, found: &mut BTreeMap<String, (Vec<u8>, SystemTime)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let changed = fs::metadata(&path).unwrap().modified().unwrap();
            let name = path.display().to_string();
            found.insert(name, (fs::read(&path).unwrap(), changed));
        }
    }
}

#[test]
fn reading_a_commit_touches_nothing() {
    let (sandbox, commits) = history();
    sandbox.write(".github/workflows/unfinished.yml", "on: [");
    let state = || {
        let mut found = BTreeMap::new();
        files(&sandbox.root(), &mut found);
        found
    };
    let before = state();
    let report = sandbox.report(&["--rev", &commits[0], "."]);
    assert_eq!((report.files(), report.code), (1, 0));
    sandbox.report(&["."]);
    assert_eq!(before, state());
}

#[test]
fn a_shallow_clone_says_what_is_missing() {
    let (sandbox, commits) = history();
    let clone = sandbox.path("clone");
    let url = format!("file://{}", sandbox.root().display());
    sandbox.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        &url,
        clone.to_str().unwrap(),
    ]);
    assert_eq!(sandbox.report(&["--rev=HEAD", "clone"]).files(), 3);
    let ran = sandbox.audit(&["--rev=HEAD~1", "clone"]);
    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("hint: "), "{}", ran.err);
    let ran = sandbox.audit(&["--rev", &commits[0], "clone"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("is not in this clone"), "{}", ran.err);
}

#[test]
fn a_partial_clone_says_what_is_missing() {
    let (sandbox, _) = history();
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = sandbox.path("clone");
    let url = format!("file://{}", sandbox.root().display());
    let target = clone.to_str().unwrap();
    sandbox.git(&[
        "clone",
        "--quiet",
        "--filter=blob:none",
        "--no-checkout",
        &url,
        target,
    ]);
    let ran = sandbox.audit(&["--rev=HEAD", "clone"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("is not in this clone"), "{}", ran.err);
}

#[test]
fn worktrees_submodules_and_bare_repositories_are_read() {
    let (sandbox, commits) = history();
    let worktree = sandbox.outside().join("worktree");
    sandbox.git(&[
        "worktree",
        "add",
        "--quiet",
        worktree.to_str().unwrap(),
        "light",
    ]);
    let report = sandbox.report(&[worktree.to_str().unwrap()]);
    assert_eq!(
        (report.files(), report.codes().len()),
        (2, 0),
        "{:?}",
        report.codes()
    );
    let report = sandbox.report(&["--rev=HEAD", worktree.to_str().unwrap()]);
    assert_eq!(report.value["revision"], commits[1].as_str());

    let bare = sandbox.outside().join("bare.git");
    let root = sandbox.root();
    let paths = [root.to_str().unwrap(), bare.to_str().unwrap()];
    sandbox.git(&["clone", "--quiet", "--bare", paths[0], paths[1]]);
    assert_eq!(sandbox.report(&["--rev=main", paths[1]]).files(), 3);
    let ran = sandbox.audit(&[paths[1]]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(ran.err.contains("--rev HEAD"), "{}", ran.err);

    let allow = ["-c", "protocol.file.allow=always"];
    sandbox.git(
        &[
            &allow[..],
            &["submodule", "--quiet", "add", paths[1], "sub"],
        ]
        .concat(),
    );
    let outer = sandbox.report(&["."]);
    assert_eq!(outer.codes(), ["submodules"]);
    let inner = sandbox.report(&["sub"]);
    assert_eq!(
        (inner.files(), inner.codes().len()),
        (3, 0),
        "{:?}",
        inner.codes()
    );
}

#[test]
fn a_repository_without_commits_can_be_audited() {
    let sandbox = Sandbox::with(BAD);
    sandbox.git(&["init", "--quiet"]);
    assert!(
        sandbox
            .report(&["."])
            .paths()
            .contains(".github/workflows/ci.yml")
    );
    assert_eq!(sandbox.audit(&["--rev=HEAD", "."]).code, 2);
}
