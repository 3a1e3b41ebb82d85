//! `cofferdam lock` and `cofferdam pin` as somebody meets them who sets them up
//! by the pages: nothing is hidden, nothing goes back, and every end says why.

use crate::lock::{CI, NODE, OURS, THEIRS, World};
use crate::sandbox::Sandbox;

fn workflow(steps: &str) -> String {
    format!("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}")
}

/// A server with an action of three releases and a commit after the last one.
fn releases() -> (World, Vec<String>) {
    let world = World::new("placeholder");
    let leaf = world.make("acme/leaf");
    leaf.write("action.yml", NODE);
    let mut commits = Vec::new();
    for (tag, text) in [("v1.0.0", "1"), ("v1.1.0", "2"), ("v2.0.0", "3")] {
        leaf.write("dist/index.js", text);
        if tag == "v2.0.0" {
            leaf.write("dist/run.sh", "curl https://example.com\n");
        }
        commits.push(leaf.commit(tag));
        leaf.git(&["tag", tag]);
    }
    leaf.write("dist/index.js", "4");
    commits.push(leaf.commit("after"));
    (world, commits)
}

#[test]
fn an_update_never_goes_back_to_what_came_before() {
    let (world, commits) = releases();
    let text = workflow(&format!("      - uses: acme/leaf@{} # main\n", commits[3]));
    world.sandbox.write(CI, &text);
    assert_eq!(world.lock(&["write"]).code, 0);
    let ran = world.lock(&["update", "--min-age", "0d"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("already newer than v2.0.0"), "{}", ran.out);
    assert_eq!(world.read(CI), text);
    // Somebody calls an older commit a newer release.
    let leaf = crate::git_backend::Made {
        folder: world.server.folder.join("acme/leaf.git"),
    };
    leaf.git(&["tag", "v9.0.0", &commits[0]]);
    let text = workflow(&format!(
        "      - uses: acme/leaf@{} # v2.0.0\n",
        commits[2]
    ));
    world.sandbox.write(CI, &text);
    assert_eq!(world.lock(&["write"]).code, 0);
    let ran = world.lock(&["update", "--min-age", "0d"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("already newer than v9.0.0"), "{}", ran.out);
    assert_eq!(world.read(CI), text);
}

#[test]
fn an_update_names_the_version_marks_a_major_one_and_shows_each_move() {
    let (world, commits) = releases();
    let text = workflow(&format!(
        "      - uses: acme/leaf@{}\n      - uses: acme/leaf@{} # kept as it was\n      - uses: acme/leaf@{} # v2.0.0\n",
        commits[0], commits[1], commits[2]
    ));
    world.sandbox.write(CI, &text);
    assert_eq!(world.lock(&["write"]).code, 0);
    let same = world.lock(&["update", "--same-major", "--dry-run"]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert!(
        same.out.contains("becomes v1.1.0 (from v1.0.0)") && !same.out.contains("becomes v2"),
        "{}",
        same.out
    );
    let ran = world.lock(&["update"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let major = "becomes v2.0.0, ANOTHER MAJOR VERSION than v1.";
    assert_eq!(ran.out.matches(major).count(), 2, "{}", ran.out);
    // The new commit was used before, in another place.
    for old in &commits[..2] {
        let title = format!("### `acme/leaf`: `{old}` -> `{}`", commits[2]);
        assert!(ran.out.contains(&title), "{}", ran.out);
    }
    let call = "**new call** `network curl` in `dist/run.sh`";
    assert_eq!(ran.out.matches(call).count(), 2, "{}", ran.out);
    assert!(!ran.out.contains("No longer used"), "{}", ran.out);
    let now = &commits[2];
    assert_eq!(
        world.read(CI),
        workflow(&format!(
            "      - uses: acme/leaf@{now} # v2.0.0\n      - uses: acme/leaf@{now} # v2.0.0 # kept as it was\n      - uses: acme/leaf@{now} # v2.0.0\n"
        ))
    );
    assert_eq!(world.lock(&["check"]).code, 0);
}

#[test]
fn a_diff_knows_a_commit_by_another_name_and_what_stood_in_a_place() {
    let (world, commits) = releases();
    world.sandbox.write(
        CI,
        workflow("      - uses: acme/leaf@v1.1.0\n      - uses: acme/leaf@v1.0.0\n"),
    );
    assert_eq!(world.lock(&["write"]).code, 0);
    world.sandbox.commit();
    world.sandbox.write(
        CI,
        workflow(&format!(
            "      - uses: acme/leaf@{} # v1.1.0\n      - uses: acme/leaf@v2.0.0\n",
            commits[1]
        )),
    );
    assert_eq!(world.lock(&["write"]).code, 0);
    let ran = world.lock(&["diff", "--base", "HEAD"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let named = format!("same commit {}, now named by it", commits[1]);
    assert!(ran.out.contains(&named), "{}", ran.out);
    assert!(ran.out.contains("`v1.0.0` -> `v2.0.0`"), "{}", ran.out);
    for (at, line) in ran.out.lines().enumerate() {
        if line.starts_with("### ") {
            let said = ran.out.lines().nth(at + 2);
            assert!(said.is_some_and(|said| said.starts_with("- ")), "{line}");
        }
    }
}

#[test]
fn everything_without_a_hash_is_named_with_its_place_and_counted() {
    let (world, _) = releases();
    let node = world.make("actions/setup-node");
    node.write("action.yml", NODE).write("dist/index.js", "1");
    node.commit("one");
    node.git(&["tag", "v4"]);
    world.sandbox.write(
        CI,
        workflow(
            "      - uses: actions/setup-node@v4\n      - run: curl -sSf https://example.com/x.sh | sh\n",
        ),
    );
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for part in [
        "ci.yml:6:15: gap: tool actions/setup-node@v4 node as the action chooses: no hash known",
        "gap: download https://example.com/x.sh: no hash known",
    ] {
        assert!(ran.out.contains(part), "{part} in {}", ran.out);
    }
    let checked = world.lock(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    let count = "3 entries, 2 of them without a known hash";
    assert!(checked.out.contains(count), "{}", checked.out);
}

#[test]
fn a_lock_of_github_that_is_gone_is_missed_unless_the_lock_says_so() {
    let (world, _) = releases();
    world
        .sandbox
        .write(CI, workflow("      - uses: acme/leaf@v1.0.0\n"));
    assert_eq!(world.lock(&["write"]).code, 0);
    std::fs::remove_file(world.sandbox.path(THEIRS)).unwrap();
    let ran = world.lock(&["check"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("error[no-actions-lock]"), "{}", ran.out);
    assert_eq!(world.lock(&["write", "--no-actions-lock"]).code, 0);
    assert!(world.read(OURS).contains("actions-lock: 'none'\n"));
    let ran = world.lock(&["check"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let lock = world.read(OURS).replace("'none'", "'maybe'");
    world.sandbox.write(OURS, lock);
    let ran = world.lock(&["check"]);
    assert!(ran.out.contains("error[malformed-lock]"), "{}", ran.out);
    // An update keeps to what was said, and a new lock without the option does not.
    assert_eq!(world.lock(&["write", "--no-actions-lock"]).code, 0);
    assert_eq!(world.lock(&["update", "--same-major"]).code, 0);
    assert!(!world.sandbox.path(THEIRS).exists());
    assert_eq!(world.lock(&["write"]).code, 0);
    assert!(world.sandbox.path(THEIRS).exists());
    assert!(!world.read(OURS).contains("actions-lock:"));
}

#[test]
fn nothing_to_read_is_no_success() {
    let sandbox = Sandbox::new();
    sandbox.write("README.md", "x\n");
    sandbox.git(&["init", "-q"]);
    for args in [&["lock", "write"][..], &["pin", "write"], &["pin", "check"]] {
        let ran = sandbox.run(args);
        assert_eq!(ran.code, 3, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("nothing-to-read"), "{args:?}: {}", ran.err);
    }
    assert!(!sandbox.path(OURS).exists());
}

#[test]
fn what_cannot_be_locked_is_named_by_place_and_a_silent_host_once() {
    let (world, _) = releases();
    world.sandbox.write(
        CI,
        workflow("      - uses: acme/leaf@gone\n      - uses: acme/nothing@v1\n"),
    );
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for part in [
        "ci.yml:6:15: error: acme/leaf@gone: the repository has no branch and no tag",
        "ci.yml:7:15: not checked: acme/nothing@v1: ",
    ] {
        assert!(ran.out.contains(part), "{part} in {}", ran.out);
    }
    // A port of this machine on which nobody listens.
    let ran = world
        .sandbox
        .run(&["lock", "write", "--git-url", "http://127.0.0.1:9"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let cause = "no answer came from 127.0.0.1:9: ";
    assert_eq!(ran.out.matches(cause).count(), 1, "{}", ran.out);
    assert!(ran.out.contains("as above"), "{}", ran.out);
    assert!(
        ran.out.contains("hint: ") && ran.out.contains("--api-url"),
        "{}",
        ran.out
    );
    let ran = world
        .sandbox
        .run(&["pin", "check", "--git-url", "http://127.0.0.1:9"]);
    assert_eq!(ran.out.matches(cause).count(), 1, "{}", ran.out);
    assert_eq!(ran.out.matches("as above").count(), 1, "{}", ran.out);
}

#[test]
fn pins_show_what_changes_count_what_is_so_and_lead_to_the_lock() {
    let (world, commits) = releases();
    world
        .sandbox
        .write(CI, workflow("      - uses: acme/leaf@v1.0.0\n"));
    assert_eq!(world.lock(&["write"]).code, 0);
    let root = world.server.root.clone();
    let api = format!("{root}/api");
    let pin = |args: &[&str]| {
        let mut all = vec!["pin", "write", "--git-url", &root, "--api-url", &api];
        all.extend(args);
        world.sandbox.run(&all)
    };
    let change = format!("acme/leaf@v1.0.0 -> acme/leaf@{} # v1.0.0\n", commits[0]);
    let dry = pin(&["--dry-run"]);
    assert_eq!(dry.code, 1, "{}{}", dry.out, dry.err);
    assert!(dry.out.contains(&change), "{}", dry.out);
    assert!(dry.out.contains("1 named, 0 pinned"), "{}", dry.out);
    let ran = pin(&[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(&change), "{}", ran.out);
    assert!(ran.out.contains("1 named, 1 pinned"), "{}", ran.out);
    assert!(
        ran.out.ends_with("now run `cofferdam lock write`\n"),
        "{}",
        ran.out
    );
    let ran = world
        .sandbox
        .run(&["pin", "check", "--git-url", "http://127.0.0.1:9"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("no answer came from 127.0.0.1:9: "),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("--api-url"), "{}", ran.out);
    // What does not exist is not settled by asking again, nor by the same command.
    world
        .sandbox
        .write(CI, workflow("      - uses: acme/nothing@v1\n"));
    let ran = pin(&[]);
    assert!(!ran.out.contains("run again"), "{}", ran.out);
    assert!(
        !ran.out.contains("run `cofferdam pin write`"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("name one that exists"), "{}", ran.out);
}

#[test]
fn what_rests_on_the_cache_alone_is_said() {
    let (world, _) = releases();
    world
        .sandbox
        .write(CI, workflow("      - uses: acme/leaf@v1.0.0\n"));
    let online = world.lock(&["write"]);
    assert_eq!(online.code, 0, "{}{}", online.out, online.err);
    assert!(!online.out.contains("by the cache alone"), "{}", online.out);
    // What is locked already stays, so that nothing rests on anybody's word.
    let again = world.lock(&["write", "--offline"]);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert!(!again.out.contains("by the cache alone"), "{}", again.out);
    for lock in [OURS, THEIRS] {
        std::fs::remove_file(world.sandbox.path(lock)).unwrap();
    }
    let offline = world.lock(&["write", "--offline"]);
    let said = offline
        .out
        .contains("note: by the cache alone, nobody was asked what is so now: acme/leaf (fetched ");
    assert!(said, "{}{}", offline.out, offline.err);
    let update = world.lock(&["update", "--dry-run", "--offline"]);
    assert!(update.out.contains("by the cache alone"), "{}", update.out);
}
