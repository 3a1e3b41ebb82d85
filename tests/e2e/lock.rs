//! `cofferdam lock` against git's own server: from nothing to a verified lock,
//! and what somebody may put in its way.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::git_backend::{Answer, GitServer, Made, response};
use crate::sandbox::{Ran, Sandbox};

pub(crate) const OURS: &str = ".github/cofferdam.lock";
pub(crate) const THEIRS: &str = ".github/workflows/actions.lock";
pub(crate) const CI: &str = ".github/workflows/ci.yml";

const MANIFEST: &str = "{\"schemaVersion\":2,\"manifests\":[]}";
/// The SHA-256 of it.
const DIGEST: &str = "sha256:bc5857ac9458293d5111ab85c952172cd7f56bceb4e3014ddc4cafac8927b313";

pub(crate) const NODE: &str = "name: x\nruns: {using: node24, main: dist/index.js}\n";

/// A server with actions, and a checkout that uses them.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) server: GitServer,
    _served: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(workflow: &str) -> Self {
        let served = tempfile::tempdir().unwrap();
        let server = GitServer::start(served.path());
        server.decide(|asked| match asked.path.strip_prefix("/api/repos/") {
            Some(slug) => {
                let number = slug.bytes().map(u64::from).sum::<u64>();
                let body =
                    format!("{{\"id\":{number},\"full_name\":\"{slug}\",\"owner\":{{\"id\":7}}}}");
                let kind = [("content-type", "application/json")];
                Answer::Raw(response("200 OK", &kind, body.as_bytes()))
            }
            None if asked.path == "/v2/library/alpine/manifests/3.20" => {
                Answer::Raw(response("200 OK", &[], MANIFEST.as_bytes()))
            }
            None => Answer::Git,
        });
        Self {
            sandbox: Sandbox::with(workflow),
            server,
            _served: served,
        }
    }

    pub(crate) fn make(&self, slug: &str) -> Made {
        Made::new(&self.server.folder, slug)
    }

    /// The usual actions: one that uses another, and one that is called.
    pub(crate) fn usual() -> (Self, String) {
        let world = Self::new("placeholder");
        let leaf = world.make("acme/leaf");
        leaf.write("action.yml", NODE)
            .write("dist/index.js", "require('fs')\n");
        leaf.commit("one");
        leaf.git(&["tag", "v1.0.0"]);
        leaf.git(&["tag", "v1"]);
        let outer = world.make("acme/outer");
        outer
            .write(
                "sub/action.yml",
                "name: x\nruns:\n  using: composite\n  steps:\n    - uses: acme/leaf@v1\n    - uses: $/other\n",
            )
            .write(
                "other/action.yml",
                "name: y\nruns: {using: docker, image: 'docker://alpine:3.20'}\n",
            );
        let commit = outer.commit("one");
        outer.git(&["tag", "-a", "-m", "x", "v2.1.0"]);
        let flows = world.make("acme/flows");
        flows.write(
            ".github/workflows/release.yml",
            "on: workflow_call\njobs:\n  x:\n    runs-on: ubuntu-latest\n    permissions: {contents: write}\n    steps:\n      - uses: acme/leaf@v1.0.0\n",
        );
        flows.commit("one");
        flows.git(&["branch", "stable"]);
        world.sandbox.write(
            CI,
            format!(
                "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/leaf@v1\n      - uses: acme/outer/sub@{commit} # v2.1.0\n      - uses: ./.github/actions/own\n  b:\n    uses: acme/flows/.github/workflows/release.yml@stable\n"
            ),
        );
        world.sandbox.write(
            ".github/actions/own/action.yml",
            "name: own\nruns:\n  using: composite\n  steps:\n    - run: ./run.sh\n      shell: bash\n",
        );
        world.sandbox.write(".github/actions/own/run.sh", "echo\n");
        (world, commit)
    }

    pub(crate) fn lock(&self, args: &[&str]) -> Ran {
        let root = self.server.root.clone();
        let api = format!("{root}/api");
        let asks = matches!(args.first(), Some(&("write" | "update" | "diff")));
        let registry = format!("docker.io={root}");
        let mut all = vec!["lock"];
        all.extend(args);
        if asks {
            all.extend(["--registry-url", &registry]);
            all.extend(["--git-url", &root, "--api-url", &api]);
        }
        self.sandbox.run(&all)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.sandbox.path(path)).unwrap()
    }

    /// Lays out what a runner has downloaded for a list of `OWNER/REPO@REF`.
    pub(crate) fn unpack(&self, actions: &[(&str, &str)]) -> PathBuf {
        let folder = self.sandbox.outside().join("_actions");
        for (slug, git_ref) in actions {
            let target = folder.join(slug).join(git_ref);
            fs::create_dir_all(&target).unwrap();
            let made = self.server.folder.join(format!("{slug}.git"));
            let archive = self.sandbox.outside().join("x.tar");
            let run =
                |program: &mut std::process::Command| assert!(program.status().unwrap().success());
            run(crate::git_backend::plain_git()
                .current_dir(made)
                .args(["archive", "--format=tar", "-o"])
                .arg(&archive)
                .arg(git_ref));
            run(std::process::Command::new("tar")
                .arg("-xf")
                .arg(&archive)
                .arg("-C")
                .arg(&target));
            fs::write(
                folder.join(slug).join(format!("{git_ref}.completed")),
                "now",
            )
            .unwrap();
        }
        folder
    }

    pub(crate) fn verify(&self, folder: &Path) -> (i32, Vec<(String, String)>) {
        let ran = self.lock(&[
            "verify",
            "--format",
            "json",
            "--actions",
            folder.to_str().unwrap(),
        ]);
        let value: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e} {}", ran.err));
        let told = value["actions"].as_array().unwrap().iter();
        let told = told.map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("folder"), text("code"))
        });
        (ran.code, told.collect())
    }
}

#[test]
fn from_nothing_to_locked_checked_and_verified() {
    let (world, commit) = World::usual();
    assert_eq!(world.lock(&["check"]).code, 1);
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let checked = world.lock(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    let ours = world.read(OURS);
    for part in [
        "'acme/leaf@v1':",
        "'acme/leaf@v1.0.0':",
        &format!("'acme/outer@{commit}':"),
        "- 'contents: write'",
        &format!("'alpine:3.20': '{DIGEST}'"),
        "'.github/actions/own': 'h1:",
        "- 'sub'",
    ] {
        assert!(ours.contains(part), "{part} in {ours}");
    }
    let theirs = world.read(THEIRS);
    assert!(theirs.contains("ref: 'v2.1.0'"), "{theirs}");
    assert!(
        !theirs.contains("acme/flows"),
        "a called workflow brings its own lock: {theirs}"
    );
    // Nothing is asked, and nothing changes, when everything is locked.
    world.server.take_asked();
    let again = world.lock(&["write"]);
    assert_eq!(
        (again.code, world.server.take_asked().len()),
        (0, 0),
        "{}",
        again.out
    );
    assert_eq!((world.read(OURS), world.read(THEIRS)), (ours, theirs));
    // The runner has the same, and then something else.
    let folder = world.unpack(&[
        ("acme/leaf", "v1"),
        ("acme/outer", &commit),
        ("acme/flows", "stable"),
    ]);
    let (code, told) = world.verify(&folder);
    assert_eq!(code, 0, "{told:?}");
    assert!(
        told.iter().all(|(_, code)| code == "same") && told.len() == 3,
        "{told:?}"
    );
    fs::write(folder.join("acme/leaf/v1/dist/index.js"), "evil").unwrap();
    assert_eq!(world.verify(&folder).0, 1);
    let why = world.lock(&["why", "acme/leaf"]);
    assert_eq!(why.out.lines().count(), 3, "{}", why.out);
    assert!(
        why.out
            .contains(&format!("acme/outer@{commit} -> acme/leaf@v1")),
        "{}",
        why.out
    );
    let tree = world.lock(&["tree"]);
    assert!(tree.out.contains("image alpine:3.20"), "{}", tree.out);
}

#[test]
fn what_is_asked_is_one_listing_a_repository() {
    let (world, _) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    let asked = world.server.take_asked();
    let listings = |slug: &str| {
        let path = format!("/{slug}.git/git-upload-pack");
        let listed = asked.iter().filter(|a| a.path == path);
        listed
            .filter(|a| a.body.windows(7).any(|part| part == b"ls-refs"))
            .count()
    };
    for slug in ["acme/leaf", "acme/outer", "acme/flows"] {
        assert_eq!(listings(slug), 1, "{slug}");
        let api = format!("/api/repos/{slug}");
        let numbers = asked.iter().filter(|a| a.path == api).count();
        assert_eq!(numbers, usize::from(slug != "acme/flows"), "{slug}");
    }
}

#[test]
fn without_numbers_our_lock_alone_is_written() {
    let (world, _) = World::usual();
    world
        .server
        .decide(|asked| match asked.path.starts_with("/api") {
            true => Answer::Raw(response("403 Forbidden", &[], b"")),
            false => Answer::Git,
        });
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(world.sandbox.path(OURS).exists() && !world.sandbox.path(THEIRS).exists());
    assert!(
        ran.out.contains("actions.lock is not written"),
        "{}",
        ran.out
    );
    assert_eq!(world.lock(&["check"]).code, 0);
}

#[test]
fn impostors_lost_refs_and_lies_leave_the_old_lock_as_it_was() {
    let (world, _) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    let before = (world.read(OURS), world.read(THEIRS));
    let leaf = Made {
        folder: world.server.folder.join("acme/leaf.git"),
    };
    // A commit that git serves and no branch or tag leads to.
    leaf.git(&["checkout", "-q", "--detach"]);
    let impostor = leaf.write("dist/index.js", "evil\n").commit("evil");
    leaf.git(&["checkout", "-q", "main"]);
    leaf.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let workflow = world.read(CI);
    for (uses, code, says) in [
        (format!("acme/leaf@{impostor}"), 1, "impostor"),
        ("acme/leaf@gone".to_owned(), 1, "no branch and no tag"),
        (
            "acme/leaf/none@v1".to_owned(),
            1,
            "no action or workflow at `none`",
        ),
        ("acme/nothing@v1".to_owned(), 3, "does not exist"),
        ("acme/leaf".to_owned(), 1, "ref-missing"),
    ] {
        world
            .sandbox
            .write(CI, workflow.replace("acme/leaf@v1\n", &format!("{uses}\n")));
        let ran = world.lock(&["write"]);
        assert_eq!(ran.code, code, "{uses}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(says), "{uses}: {}", ran.out);
        assert_eq!((world.read(OURS), world.read(THEIRS)), before, "{uses}");
    }
    leaf.git(&["branch", "v1"]);
    leaf.git(&["tag", "-f", "v1", "HEAD"]);
    leaf.write("x", "y").commit("two");
    leaf.git(&["branch", "-f", "v1"]);
    world.sandbox.write(
        CI,
        workflow.replace(
            "acme/leaf@v1\n",
            "acme/leaf@v1\n      - uses: acme/leaf/other@v1\n",
        ),
    );
    // What is locked stays locked, whatever becomes of the ref.
    let ran = world.lock(&["write"]);
    assert!(ran.out.contains("no action or workflow"), "{}", ran.out);
    world
        .server
        .decide(|_| Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()));
    world
        .sandbox
        .write(CI, workflow.replace("acme/leaf@v1\n", "acme/new@v1\n"));
    assert_eq!(world.lock(&["write"]).code, 3);
    assert_eq!((world.read(OURS), world.read(THEIRS)), before);
}

#[test]
fn an_update_waits_names_the_new_version_and_shows_what_changed() {
    let (world, old) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    world.sandbox.commit();
    let outer = Made {
        folder: world.server.folder.join("acme/outer.git"),
    };
    outer
        .write(
            "sub/action.yml",
            "name: x\nruns:\n  using: composite\n  steps:\n    - uses: acme/leaf@v1\n    - uses: acme/extra@v1\n",
        )
        .write("sub/run.sh", "curl https://example.com\n");
    let new = outer.commit("two");
    outer.git(&["tag", "v2.2.0"]);
    let extra = world.make("acme/extra");
    extra
        .write("action.yml", NODE)
        .write("dist/index.js", "fetch(x)\n")
        .commit("one");
    extra.git(&["tag", "v1"]);
    let young = world.lock(&["update", "acme/outer", "--min-age", "99999d"]);
    assert_eq!(young.code, 0, "{}{}", young.out, young.err);
    assert!(
        young.out.contains("has not waited long enough"),
        "{}",
        young.out
    );
    let dry = world.lock(&["update", "--dry-run"]);
    assert!(
        dry.out.contains("becomes v2.2.0") && world.read(CI).contains(&old),
        "{}",
        dry.out
    );
    let ran = world.lock(&["update", "acme/outer"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let workflow = world.read(CI);
    assert!(
        workflow.contains(&format!("acme/outer/sub@{new} # v2.2.0")),
        "{workflow}"
    );
    for part in [
        "new actions that it uses: `acme/extra@v1`",
        "gone images that it uses: `alpine:3.20`",
        "**new call** `network curl` in `sub/run.sh` (0 -> 1)",
        "New: `acme/extra@v1`",
    ] {
        assert!(ran.out.contains(part), "{part} in {}", ran.out);
    }
    let checked = world.lock(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    // The pull request's view says the same, from the cache alone.
    let diff = world.lock(&["diff", "--base", "HEAD"]);
    assert_eq!(diff.code, 0, "{}", diff.err);
    assert!(
        diff.out.contains("**new call** `network curl`"),
        "{}",
        diff.out
    );
    let json = world.lock(&["diff", "--base", "HEAD", "--format", "json"]);
    let value: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["actions"][0]["uses"]["new"][0], "acme/extra@v1");
    // A tag that was moved is followed only when somebody asks.
    let leaf = Made {
        folder: world.server.folder.join("acme/leaf.git"),
    };
    leaf.write("dist/index.js", "require('child_process')\n")
        .commit("two");
    leaf.git(&["tag", "-f", "v1"]);
    let kept = world.read(OURS);
    assert_eq!(world.lock(&["write"]).code, 0);
    assert_eq!(world.read(OURS), kept);
    let moved = world.lock(&["update", "acme/leaf@v1"]);
    assert_eq!(moved.code, 0, "{}{}", moved.out, moved.err);
    assert!(
        moved.out.contains("the ref is the same and was moved"),
        "{}",
        moved.out
    );
    assert!(moved.out.contains("program child_process"), "{}", moved.out);
    let forged = kept
        .replace("tree: 'h1:", "tree: 'h1:AAAA")
        .replace("AAAA", "");
    assert_eq!(forged, kept);
    let to = world.lock(&["update", "acme/leaf", "--to", "v1.0.0"]);
    assert_eq!(to.code, 0, "{}{}", to.out, to.err);
    assert!(
        world.read(CI).contains("acme/leaf@v1.0.0"),
        "{}",
        world.read(CI)
    );
}

#[test]
fn links_submodules_attributes_and_line_breaks_hash_as_they_lie_on_a_runner() {
    let world = World::new(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/odd@v1\n",
    );
    let odd = world.make("acme/odd");
    odd.write("action.yml", NODE)
        .write("dist/index.js", "x\r\ny\n")
        .write("win.txt", "a\nb\n")
        .write("left/out.txt", "x")
        .write("version.txt", "$Format:%H$\n")
        .write("lib/one.js", "1")
        .write(
            ".gitattributes",
            "left export-ignore\nversion.txt export-subst\nwin.txt text eol=crlf\n",
        );
    std::os::unix::fs::symlink("dist/index.js", odd.folder.join("main.js")).unwrap();
    std::os::unix::fs::symlink("lib", odd.folder.join("linked")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", odd.folder.join("outside")).unwrap();
    odd.git(&["add", "-A"]);
    let own = odd.commit("one");
    odd.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{own},module"),
    ]);
    odd.git(&["commit", "-q", "-m", "two"]);
    odd.git(&["tag", "v1"]);
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let lock = world.read(OURS);
    assert!(
        lock.contains("excluded:\n            - 'outside'\n"),
        "{lock}"
    );
    // As it lies there with links, and as the runner copies it, without.
    let folder = world.unpack(&[("acme/odd", "v1")]);
    let (code, told) = world.verify(&folder);
    assert_eq!((code, told[0].1.as_str()), (3, "not-checked"), "{told:?}");
    let ran = world.lock(&["verify", "--actions", folder.to_str().unwrap()]);
    assert!(
        ran.out.contains("the rest is as it was locked: outside"),
        "{}",
        ran.out
    );
    let tree = folder.join("acme/odd/v1");
    assert!(
        !tree.join("left").exists() && fs::read(tree.join("win.txt")).unwrap() == b"a\r\nb\r\n"
    );
    fs::remove_file(tree.join("main.js")).unwrap();
    fs::copy(tree.join("dist/index.js"), tree.join("main.js")).unwrap();
    fs::remove_file(tree.join("linked")).unwrap();
    fs::create_dir(tree.join("linked")).unwrap();
    fs::copy(tree.join("lib/one.js"), tree.join("linked/one.js")).unwrap();
    assert_eq!(world.verify(&folder).0, 3);
    fs::write(tree.join("linked/two.js"), "evil").unwrap();
    assert_eq!(world.verify(&folder).0, 1);
}

#[test]
fn names_that_differ_in_case_alone_are_refused() {
    let world = World::new(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/odd@v1\n",
    );
    let odd = world.make("acme/odd");
    odd.write("action.yml", NODE)
        .write("dist/index.js", "x")
        .write("dist/INDEX.js", "y");
    odd.commit("one");
    odd.git(&["tag", "v1"]);
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(!world.sandbox.path(OURS).exists());
}

#[test]
fn what_the_runner_has_is_told_apart() {
    let (world, commit) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    let folder = world.unpack(&[("acme/leaf", "v1"), ("acme/outer", &commit)]);
    // A ref with slashes that nothing locks; one that is still unpacked; a link
    // into a folder of unpacked actions; the runner's own temporary folder.
    let leaf = Made {
        folder: world.server.folder.join("acme/leaf.git"),
    };
    leaf.git(&["branch", "feature/x"]);
    world.unpack(&[("acme/leaf", "feature/x")]);
    fs::remove_file(
        folder
            .join("acme/outer")
            .join(format!("{commit}.completed")),
    )
    .unwrap();
    let cached = world.sandbox.outside().join("cached");
    fs::create_dir_all(folder.join("acme/flows")).unwrap();
    fs::create_dir_all(&cached).unwrap();
    fs::write(cached.join("x"), "y").unwrap();
    std::os::unix::fs::symlink(&cached, folder.join("acme/flows/stable")).unwrap();
    fs::create_dir_all(folder.join("_temp_1/x/y")).unwrap();
    let (code, told) = world.verify(&folder);
    let told: Vec<(&str, &str)> = told.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let outer = format!("acme/outer/{commit}");
    assert_eq!(code, 1);
    assert_eq!(
        told,
        [
            ("_temp_1", "not-checked"),
            ("acme/flows/stable", "content-differs"),
            ("acme/leaf/feature/x", "not-pinned"),
            ("acme/leaf/v1", "same"),
            (outer.as_str(), "not-checked"),
        ]
    );
    // In a job the folder is found by itself.
    let workspace = world.sandbox.outside().join("checkout");
    let env = [("RUNNER_WORKSPACE", workspace.to_str().unwrap())];
    assert_eq!(
        world.sandbox.run_with(&["lock", "verify"], &env, b"").code,
        1
    );
    assert_eq!(world.lock(&["verify"]).code, 2);
    let none = world.lock(&["verify", "--actions", "/nonexistent"]);
    assert_eq!(none.code, 3);
    world.sandbox.write(OURS, "<<<<<<< HEAD\nversion: 1\n");
    let broken = world.lock(&["verify", "--actions", folder.to_str().unwrap()]);
    assert_eq!(broken.code, 3);
    assert!(
        broken.err.contains("line 1, column 1: a merge conflict"),
        "{}",
        broken.err
    );
}

#[test]
fn malformed_and_newer_locks_are_named_by_place_and_not_overwritten_blindly() {
    let (world, _) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    let good = world.read(OURS);
    world
        .sandbox
        .write(OURS, good.replace("version: 1", "version: 2"));
    let ran = world.lock(&["check"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(
        ran.out
            .contains("cofferdam.lock:3:10: not checked[unknown-lock-version]"),
        "{}",
        ran.out
    );
    assert_eq!(world.lock(&["write"]).code, 3);
    assert!(world.read(OURS).contains("version: 2"));
    world.sandbox.write(
        OURS,
        good.replace(
            "version: 1",
            "version: 1\n<<<<<<< ours\n=======\n>>>>>>> theirs",
        ),
    );
    let ran = world.lock(&["check"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .contains("cofferdam.lock:4:1: error[malformed-lock]: a merge conflict"),
        "{}",
        ran.out
    );
    // A new write settles it.
    assert_eq!(world.lock(&["write"]).code, 0);
    assert_eq!(world.read(OURS), good);
    let theirs = world.read(THEIRS);
    world
        .sandbox
        .write(THEIRS, theirs.replace("'v0.0.2'", "'v0.9.0'"));
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(world.read(THEIRS).contains("v0.9.0"));
    world
        .sandbox
        .write(THEIRS, theirs.replace("'v0.0.2'", "'v0.0.3'"));
    assert_eq!(world.lock(&["write"]).code, 0);
    assert!(world.read(THEIRS).contains("'v0.0.3'"));
}

#[test]
fn two_writers_do_not_undo_each_other_and_a_killed_one_leaves_whole_files() {
    let (world, _) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    let good = world.read(OURS);
    let held = fs::File::open(world.sandbox.path(".github")).unwrap();
    held.try_lock().unwrap();
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(
        ran.err.contains("another process is writing"),
        "{}",
        ran.err
    );
    drop(held);
    // Whatever moment a writer is killed at, the file is the old or the new one.
    for (round, delay) in [1_u64, 5, 20, 60, 120, 240].into_iter().enumerate() {
        fs::write(world.sandbox.path(OURS), &good).unwrap();
        let workflow = world.read(CI);
        let other = workflow.replace("acme/leaf@v1\n", "acme/leaf@v1.0.0\n");
        fs::write(
            world.sandbox.path(CI),
            if round % 2 == 0 { &other } else { &workflow },
        )
        .unwrap();
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cofferdam"))
            .args([
                "lock",
                "write",
                "--fresh",
                "--no-images",
                "--git-url",
                &world.server.root,
            ])
            .args(["--api-url", &format!("{}/api", world.server.root)])
            .current_dir(world.sandbox.root())
            .env_clear()
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        let text = world.read(OURS);
        assert!(
            text.starts_with("# Written by") && text.ends_with("'\n"),
            "{text}"
        );
        fs::write(world.sandbox.path(CI), workflow).unwrap();
    }
    assert_eq!(world.lock(&["write"]).code, 0);
    assert_eq!(world.lock(&["check"]).code, 0);
}

#[test]
fn names_from_outside_cannot_command_the_log_or_the_terminal() {
    let sandbox = Sandbox::with(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: \"a\\u001b[2J\\n::error::x\"\n    steps: []\n",
    );
    for args in [
        &["lock", "check"][..],
        &["lock", "tree"],
        &["lock", "why", "a"],
    ] {
        let ran = sandbox.run(args);
        assert!(!ran.out.contains('\u{1b}'), "{args:?}: {}", ran.out);
        assert!(
            !ran.out.lines().any(|line| line.starts_with("::")),
            "{args:?}: {}",
            ran.out
        );
    }
}
