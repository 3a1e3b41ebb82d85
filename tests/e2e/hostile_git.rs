//! A `.git` folder that was made by an attacker.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::sandbox::{BAD, CLEAN, Sandbox};

#[test]
fn nothing_that_git_would_execute_is_executed() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write(".gitattributes", "* filter=evil diff=evil\n");
    sandbox.commit();
    let marker = sandbox.outside().join("executed");
    let script = sandbox.write(
        "evil.sh",
        format!("#!/bin/sh\ntouch {}\n", marker.display()),
    );
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    for hook in [
        "post-index-change",
        "fsmonitor-watchman",
        "post-checkout",
        "reference-transaction",
    ] {
        fs::create_dir_all(sandbox.path(".git/hooks")).unwrap();
        fs::copy(&script, sandbox.path(&format!(".git/hooks/{hook}"))).unwrap();
    }
    let script = script.display();
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tfsmonitor = {script}\n\
         \tsshCommand = {script}\n\tpager = {script}\n\teditor = {script}\n\
         \thooksPath = .git/hooks\n\taskPass = {script}\n\tgitProxy = {script}\n\
         [filter \"evil\"]\n\tclean = {script}\n\tsmudge = {script}\n\tprocess = {script}\n\trequired = true\n\
         [diff \"evil\"]\n\ttextconv = {script}\n\tcommand = {script}\n\
         [credential]\n\thelper = !{script}\n[gpg]\n\tprogram = {script}\n\
         [include]\n\tpath = {include}\n[alias]\n\tstatus = !{script}\n\
         [remote \"origin\"]\n\turl = ext::{script}\n\tpromisor = true\n\tpartialclonefilter = blob:none\n",
        include = sandbox.outside().join("include").display(),
    );
    fs::write(sandbox.path(".git/config"), config).unwrap();
    let tree = sandbox.report(&["."]);
    assert!(tree.paths().contains(".github/workflows/ci.yml"));
    let rev = sandbox.report(&["--rev=HEAD", "."]);
    assert!(rev.paths().contains(".github/workflows/ci.yml"));
    sandbox.audit(&["--recursive", ".."]);
    assert!(!marker.exists());
}

#[test]
fn an_included_configuration_is_not_read() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let include = sandbox.outside().join("include");
    fs::write(
        &include,
        "[remote \"origin\"]\n\turl = https://github.com/actions/checkout\n",
    )
    .unwrap();
    let config = fs::read_to_string(sandbox.path(".git/config")).unwrap();
    let config = format!("{config}[include]\n\tpath = {}\n", include.display());
    fs::write(sandbox.path(".git/config"), config).unwrap();
    assert!(sandbox.report(&["."]).value["repository"].is_null());
}

#[test]
fn a_git_file_that_leads_to_another_repository_is_refused() {
    let victim = Sandbox::with(CLEAN);
    victim.write(
        "PRIVATE-FILE-NAME/action.yml",
        "name: PRIVATE-CONTENT\nruns: [\n",
    );
    victim.commit();
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write(
        ".git",
        format!("gitdir: {}/.git\n", victim.root().display()),
    );
    let report = sandbox.report(&["."]);
    assert_eq!(
        (report.files(), report.codes()),
        (1, vec!["no-index".to_owned()])
    );
    let ran = sandbox.audit(&["--rev=HEAD", ".", "--all"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(!format!("{}{}", ran.out, ran.err).contains("PRIVATE"));
}

#[test]
fn objects_are_not_borrowed_from_another_repository() {
    let victim = Sandbox::with(CLEAN);
    victim.write("action.yml", "name: PRIVATE-CONTENT\nruns: [\n");
    let commit = victim.commit();
    let assert_refused = |sandbox: &Sandbox, name: &str| {
        let ran = sandbox.audit(&["--rev", &commit, ".", "--all"]);
        assert_eq!(ran.code, 3, "{name}: {}{}", ran.out, ran.err);
        assert!(
            ran.err.contains("leads out of the repository"),
            "{name}: {}",
            ran.err
        );
        assert!(!ran.out.contains("PRIVATE"), "{name}");
        // The work tree can still be read.
        assert_eq!(sandbox.report(&["."]).files(), 1, "{name}");
    };
    let theirs = victim.path(".git/objects");

    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let alternates = sandbox.path(".git/objects/info/alternates");
    fs::create_dir_all(alternates.parent().unwrap()).unwrap();
    fs::write(&alternates, format!("{}\n", theirs.display())).unwrap();
    assert_refused(&sandbox, "alternates");

    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    fs::rename(sandbox.path(".git/objects"), sandbox.path(".git/own")).unwrap();
    sandbox.link(".git/objects", &theirs);
    assert_refused(&sandbox, "linked objects");

    let (folder, name) = commit.split_at(2);
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let own = sandbox.path(&format!(".git/objects/{folder}"));
    if !own.exists() {
        sandbox.link(&format!(".git/objects/{folder}"), theirs.join(folder));
        assert_refused(&sandbox, "a linked folder of loose objects");
        fs::remove_file(&own).unwrap();
        sandbox.link(
            &format!(".git/objects/{folder}/{name}"),
            theirs.join(folder).join(name),
        );
        assert_refused(&sandbox, "a linked loose object");
    }

    victim.git(&["gc", "--quiet"]);
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    for entry in fs::read_dir(theirs.join("pack")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        sandbox.link(&format!(".git/objects/pack/{name}"), entry.path());
    }
    assert_refused(&sandbox, "linked packs");
}

/// The bytes of an index of version 2 with these paths, all of them files.
fn index_with(paths: &[&str]) -> Vec<u8> {
    let mut bytes = b"DIRC\0\0\0\x02".to_vec();
    bytes.extend(u32::try_from(paths.len()).unwrap().to_be_bytes());
    for path in paths {
        let begin = bytes.len();
        bytes.extend([0; 24]);
        bytes.extend(0o100_644_u32.to_be_bytes());
        bytes.extend([0; 12]);
        bytes.extend([0x11; 20]);
        bytes.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
        bytes.extend(path.as_bytes());
        let length = bytes.len() - begin;
        bytes.extend(std::iter::repeat_n(0, 8 - length % 8));
    }
    // Git takes zeros for a checksum that was not computed.
    bytes.extend([0; 20]);
    bytes
}

#[test]
fn paths_in_the_index_do_not_lead_out() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let outside = sandbox.outside().join("action.yml");
    fs::write(&outside, "name: TOP_SECRET_TOKEN\nruns: [\n").unwrap();
    let absolute = outside.to_str().unwrap();
    let paths = [
        "../action.yml",
        absolute,
        ".git/config",
        "a/../../action.yml",
        "./Dockerfile",
    ];
    let mut sorted = paths.to_vec();
    sorted.sort_unstable();
    fs::write(sandbox.path(".git/index"), index_with(&sorted)).unwrap();
    let report = sandbox.report(&["."]);
    assert_eq!(report.codes(), ["bad-path"; 5]);
    assert_eq!(report.code, 3);
    assert!(!report.value.to_string().contains("TOP_SECRET"));
    // What stands there without being tracked is read as well.
    assert_eq!(report.files(), 1);
}

#[test]
fn a_damaged_index_hides_nothing_and_breaks_nothing() {
    let sandbox = Sandbox::with(BAD);
    sandbox.commit();
    let path = sandbox.path(".git/index");
    let honest = fs::read(&path).unwrap();
    let mut damaged: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"DIRC".to_vec(),
        vec![0xff; 4096],
        index_with(&["a"]).into_iter().take(40).collect(),
        [b"DIRC\0\0\0\x02\xff\xff\xff\xff".to_vec(), vec![0; 64]].concat(),
        [b"DIRC\0\0\0\x04\0\0\0\x01".to_vec(), vec![0xff; 128]].concat(),
    ];
    for at in (0..honest.len()).step_by(7) {
        let mut flipped = honest.clone();
        flipped[at] ^= 0x55;
        damaged.push(flipped);
    }
    for bytes in damaged {
        fs::write(&path, &bytes).unwrap();
        let report = sandbox.report(&["."]);
        assert!(
            report.paths().contains(".github/workflows/ci.yml"),
            "{bytes:x?}"
        );
    }
}

#[test]
fn damaged_objects_are_not_clean() {
    let sandbox = Sandbox::with(CLEAN);
    let commit = sandbox.commit();
    let tree = sandbox.git(&["rev-parse", "HEAD^{tree}"]);
    for id in [&commit, &tree] {
        let (folder, name) = id.split_at(2);
        let path = sandbox.path(&format!(".git/objects/{folder}/{name}"));
        let honest = fs::read(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        for bytes in [
            Vec::new(),
            honest[..honest.len() / 2].to_vec(),
            vec![0x78; 100],
        ] {
            fs::write(&path, bytes).unwrap();
            let ran = sandbox.audit(&["--rev=HEAD", "."]);
            assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(sandbox.audit(&["--rev=HEAD", "."]).code, 3);
        fs::write(&path, honest).unwrap();
    }
    assert_eq!(sandbox.audit(&["--rev=HEAD", "."]).code, 0);
}

/// Writes an object and returns its id.
fn object(sandbox: &Sandbox, kind: &str, bytes: &[u8]) -> String {
    let path = sandbox.write("object", bytes);
    let path = path.to_str().unwrap();
    sandbox.git(&["hash-object", "--literally", "-t", kind, "-w", path])
}

fn binary(id: &str) -> Vec<u8> {
    (0..id.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap())
        .collect()
}

/// A commit whose trees hold each other ten times over on thirteen levels.
fn bomb(sandbox: &Sandbox, leaf: &str, mode: &str) -> String {
    let (mut id, mut mode) = (leaf.to_owned(), mode);
    for _ in 0..13 {
        let mut tree = Vec::new();
        for number in 0..10 {
            tree.extend(format!("{mode} {number}\0").into_bytes());
            tree.extend(binary(&id));
        }
        id = object(sandbox, "tree", &tree);
        mode = "40000";
    }
    sandbox.git(&["commit-tree", &id, "-m", "bomb"])
}

#[test]
fn trees_that_hold_each_other_many_times_over_are_bounded() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let commit = bomb(&sandbox, &object(&sandbox, "tree", b""), "40000");
    let report = sandbox.report(&["--rev", &commit, "."]);
    assert_eq!(report.codes(), ["too-much"]);
    assert_eq!(report.code, 3);
}

#[test]
fn paths_documents_and_bytes_are_bounded() {
    use cofferdam_pipelines::{Limits, git};

    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let commit = bomb(&sandbox, &object(&sandbox, "blob", b""), "100644");
    let limits = Limits {
        paths: 1000,
        ..Limits::default()
    };
    let files = git::revision(&sandbox.root(), &commit, &limits).unwrap();
    assert_eq!(files.gaps.len(), 1, "{:?}", files.gaps);
    assert!((900..1100).contains(&files.tree.len()));

    for number in 0..20 {
        sandbox.write(&format!(".github/workflows/{number}.yml"), CLEAN);
    }
    let commit = sandbox.commit();
    let (few, small, shallow) = (
        Limits {
            documents: 5,
            ..Limits::default()
        },
        Limits {
            total_bytes: 5 * CLEAN.len() as u64,
            ..Limits::default()
        },
        Limits {
            depth: 1,
            ..Limits::default()
        },
    );
    for (limits, documents) in [(few, 5), (small, 5), (shallow, 0)] {
        let rev = git::revision(&sandbox.root(), &commit, &limits).unwrap();
        assert_eq!(
            (rev.files.len(), rev.gaps.len()),
            (documents, 1),
            "{:?}",
            rev.gaps
        );
    }
    for (limits, documents) in [(few, 5), (small, 5)] {
        let tree = cofferdam_pipelines::collect::checkout(&sandbox.root(), &limits).unwrap();
        assert_eq!(
            (tree.files.len(), tree.gaps.len()),
            (documents, 1),
            "{:?}",
            tree.gaps
        );
    }
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
    for (limits, documents) in [(few, 5), (small, 5), (shallow, 0)] {
        let walk = cofferdam_pipelines::collect::checkout(&sandbox.root(), &limits).unwrap();
        assert_eq!(
            (walk.files.len(), walk.gaps.len()),
            (documents, 1),
            "{:?}",
            walk.gaps
        );
    }
}

#[test]
fn paths_in_a_tree_do_not_lead_out() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    let blob = object(&sandbox, "blob", b"name: x\nruns: [\n");
    let mut tree = Vec::new();
    for name in ["..", ".", ".git", ".GIT", "a/action.yml", "action.yml"] {
        tree.extend(format!("100644 {name}\0").into_bytes());
        tree.extend(binary(&blob));
    }
    let id = object(&sandbox, "tree", &tree);
    let commit = sandbox.git(&["commit-tree", &id, "-m", "x"]);
    let report = sandbox.report(&["--rev", &commit, "."]);
    let bad = report
        .codes()
        .iter()
        .filter(|code| *code == "bad-path")
        .count();
    assert_eq!((bad, report.files()), (5, 1), "{:?}", report.codes());
}

#[test]
fn references_in_circles_and_out_of_the_folder_are_refused() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.commit();
    fs::write(sandbox.outside().join("secret"), "TOP_SECRET_TOKEN\n").unwrap();
    sandbox.write(".git/refs/heads/a", "ref: refs/heads/b\n");
    sandbox.write(".git/refs/heads/b", "ref: refs/heads/a\n");
    sandbox.write(".git/refs/heads/c", "ref: ../../secret\n");
    sandbox.write(".git/refs/heads/d", "TOP_SECRET_TOKEN\n");
    sandbox.link(".git/refs/heads/e", sandbox.outside().join("secret"));
    for name in ["a", "c", "d", "e", "../../secret"] {
        let ran = sandbox.audit(&[&format!("--rev={name}"), "."]);
        assert!([2, 3].contains(&ran.code), "{name}: {}{}", ran.out, ran.err);
        assert!(!ran.err.contains("TOP_SECRET"), "{name}: {}", ran.err);
    }
}

#[test]
fn an_unknown_form_of_repository_is_said_to_be() {
    let sandbox = Sandbox::with(BAD);
    sandbox.commit();
    let config = fs::read_to_string(sandbox.path(".git/config")).unwrap();
    for extension in ["refStorage = reftable", "objectFormat = sha3"] {
        let config = format!("{config}[extensions]\n\t{extension}\n");
        fs::write(sandbox.path(".git/config"), config).unwrap();
        let ran = sandbox.audit(&["--rev=HEAD", "."]);
        assert_eq!(ran.code, 3, "{extension}: {}{}", ran.out, ran.err);
        let report = sandbox.report(&["."]);
        assert!(
            report.paths().contains(".github/workflows/ci.yml"),
            "{extension}"
        );
    }
}

#[test]
fn a_marker_inside_the_github_folder_hides_no_workflow() {
    for marker in [".github/.git", ".github/workflows/.git"] {
        let sandbox = Sandbox::with(BAD);
        sandbox.write(marker, "");
        let report = sandbox.report(&["."]);
        assert!(!report.findings().is_empty(), "{marker}: {}", report.value);
    }
}

#[test]
fn a_pipe_in_the_place_of_a_reference_is_refused_at_once() {
    let sandbox = Sandbox::with(BAD);
    sandbox.commit();
    let pipe = sandbox.path(".git/packed-refs");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let ran = sandbox.audit(&["--rev=no-such-name", "."]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
}
