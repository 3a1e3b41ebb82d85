//! A commit as a runner unpacks it, beside what `git archive` makes.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use cofferdam_registries::git::{ActionTree, Content};

use crate::git_backend::{Made, plain_git};
use crate::setting::{Setting, id, repository};

/// What lies at a path, as far as an archive tells.
#[derive(Debug, PartialEq, Eq)]
enum Unpacked {
    File { bytes: Vec<u8>, executable: bool },
    Symlink(String),
    EmptyFolder,
}

/// Unpacks `git archive` and reads everything back.
fn archived(git: &Path, commit: &str) -> BTreeMap<String, Unpacked> {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = plain_git()
        .current_dir(git)
        .args(["archive", "--format=tar", commit])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let unpacked = Command::new("tar")
        .arg("-x")
        .arg("-C")
        .arg(folder.path())
        .stdin(archive.stdout.take().unwrap())
        .status()
        .unwrap();
    assert!(archive.wait().unwrap().success() && unpacked.success());
    let mut all = BTreeMap::new();
    read(folder.path(), "", &mut all);
    all
}

fn read(folder: &Path, prefix: &str, all: &mut BTreeMap<String, Unpacked>) {
    let entries: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    if entries.is_empty() && !prefix.is_empty() {
        let name = prefix.trim_end_matches('/').to_owned();
        all.insert(name, Unpacked::EmptyFolder);
    }
    for entry in entries {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            let target = std::fs::read_link(entry.path()).unwrap();
            let target = target.to_str().unwrap().to_owned();
            all.insert(name, Unpacked::Symlink(target));
        } else if kind.is_dir() {
            read(&entry.path(), &format!("{name}/"), all);
        } else {
            let mode = entry.metadata().unwrap().permissions().mode();
            let file = Unpacked::File {
                bytes: std::fs::read(entry.path()).unwrap(),
                executable: mode & 0o100 != 0,
            };
            all.insert(name, file);
        }
    }
}

fn ours(tree: &ActionTree) -> BTreeMap<String, Unpacked> {
    let one = |content: &Content| match content {
        Content::File {
            bytes, executable, ..
        } => Unpacked::File {
            bytes: bytes.to_vec(),
            executable: *executable,
        },
        Content::Symlink { target } => Unpacked::Symlink(target.clone()),
        Content::Submodule { .. } => Unpacked::EmptyFolder,
    };
    (tree.entries.iter())
        .map(|entry| (entry.path.clone(), one(&entry.content)))
        .collect()
}

/// Compares all that does not depend on more than the commit; gives the paths
/// that do.
pub(crate) fn compare(git: &Path, tree: &ActionTree) -> Vec<String> {
    let dependent: Vec<String> = (tree.dependent())
        .map(|(path, _)| path.to_owned())
        .collect();
    let mut theirs = archived(git, &tree.commit.id.to_string());
    let mut own = ours(tree);
    for path in &dependent {
        assert!(theirs.remove(path).is_some() && own.remove(path).is_some());
    }
    // Folders in which everything is left out are no content.
    theirs.retain(|path, unpacked| *unpacked != Unpacked::EmptyFolder || own.contains_key(path));
    let names = |all: &BTreeMap<String, Unpacked>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&own), names(&theirs));
    for (path, unpacked) in &own {
        assert_eq!(unpacked, &theirs[path], "{path}");
    }
    dependent
}

fn fetched(setting: &Setting, made: &Made, commit: &str) -> (ActionTree, Vec<String>) {
    let client = setting.client();
    let tree = client
        .fetch_commit(&repository("octo/hello"), id(commit))
        .unwrap();
    let dependent = compare(&made.folder, &tree);
    (tree, dependent)
}

#[test]
fn a_tree_is_what_an_archive_holds() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    made.write("action.yml", "name: x\n")
        .write("dist/index.js", "run()\n")
        .write("empty", "")
        .write("run.sh", "#!/bin/sh\n");
    made.git(&["update-index", "--add", "--chmod=+x", "run.sh"]);
    let script = made.folder.join("run.sh");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("dist/index.js", made.folder.join("link")).unwrap();
    std::os::unix::fs::symlink("../../outside", made.folder.join("dist/out")).unwrap();
    let first = made.commit("first");
    made.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{first},sub"),
    ]);
    made.git(&["commit", "-q", "-m", "with a submodule"]);
    let commit = made.git(&["rev-parse", "HEAD"]);
    let (tree, dependent) = fetched(&setting, &made, &commit);
    assert!(dependent.is_empty());
    assert_eq!(tree.file("action.yml"), Some(b"name: x\n".as_slice()));
    assert_eq!(tree.file("link"), None);
    let sub = Content::Submodule { commit: id(&first) };
    assert_eq!(tree.get("sub"), Some(&sub));
    assert_eq!(tree.commit.parents, [id(&first)]);
    assert_eq!(tree.commit.committer.time, 1_700_000_060);
}

#[test]
fn attributes_have_their_say() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    made.write(
        ".gitattributes",
        "# comment\n[attr]hidden export-ignore\n\
         /tests export-ignore\ndocs/ export-ignore\n*.secret hidden\n\
         keep.secret -hidden -export-ignore\n!not.txt export-ignore\n\
         \"with space\" export-ignore\nall/** export-ignore\n**/deep/* export-ignore\n\
         *.bat text eol=crlf\n*.auto text=auto eol=crlf\n*.bin binary eol=crlf\n\
         *.old crlf=input eol=crlf\n*.eol eol=crlf\nversion.* export-subst\n*.id ident\n\
         gone export-ignore\nback.txt export-ignore\n",
    );
    for path in [
        "tests/a",
        "sub/tests/a",
        "docs/a",
        "sub/docs/a",
        "docs.txt",
        "x.secret",
        "keep.secret",
        "not.txt",
        "with space",
        "all/a/b",
        "deep/a",
        "a/deep/b",
        "sub/back.txt",
        "back.txt",
        "gone/inner/file",
        "sub/own.txt",
        "sub/x.bat",
    ] {
        made.write(path, format!("{path}\n"));
    }
    // A file deeper down overrules the one above.
    made.write(
        "sub/.gitattributes",
        "back.txt -export-ignore\nown.txt export-ignore\n*.bat -text\n[attr]no export-ignore\n",
    );
    made.write("x.bat", "a\nb\r\nc\n");
    made.write("x.auto", "a\nb\n")
        .write("mixed.auto", "a\nb\r\n")
        .write("nul.auto", "a\n\0\n");
    made.write("x.bin", "a\nb\n")
        .write("x.old", "a\n")
        .write("x.eol", "a\n");
    made.write("x.id", "one $Id$ two $Id$\n")
        .write("none.id", "no\n");
    made.write(
        "version.txt",
        "H $Format:%H$ T $Format:%T %P$ $Format:%an <%ae> %at$ $Format:%cn %ce %ct$\n\
         $Format:%ai|%ci|%aI|%cI|%as|%cs$ $Format:%s|%n%%%x41$\n$Format:[%B][%b]$ $Format:no end\n",
    );
    made.write("version.names", "$Format:%d$ $Format:%h$\n");
    made.commit("first");
    let commit = made
        .write("last", "1")
        .commit("The subject\ngoes on\n\nBody of it\nmore\n");
    let (tree, dependent) = fetched(&setting, &made, &commit);
    assert_eq!(dependent, ["version.names"]);
    assert_eq!(tree.file("x.auto"), Some(b"a\r\nb\r\n".as_slice()));
    assert!(
        tree.left_out.contains(&"docs".to_owned()),
        "{:?}",
        tree.left_out
    );
    let text = String::from_utf8_lossy(tree.file("version.txt").unwrap());
    assert!(text.starts_with(&format!("H {commit} T ")), "{text}");
}

#[test]
fn packs_with_differences_are_unpacked() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let mut text: String = (0..4_000).map(|line| format!("line {line}\n")).collect();
    for file in 0..40 {
        text.insert_str(file * 50, &format!("insert {file}\n"));
        made.write(&format!("files/{file}.txt"), &text);
    }
    let commit = made.commit("first");
    made.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
    let listed = made.git(&["count-objects", "-v"]);
    let (tree, _) = fetched(&setting, &made, &commit);
    assert_eq!(tree.entries.len(), 40, "{listed}");
}
