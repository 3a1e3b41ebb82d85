//! What somebody may lay into a runner's folder of actions, into a checkout or
//! into an action, so that a lock seems to hold.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::git_backend::Made;
use crate::lock::{CI, NODE, OURS, THEIRS, World};

fn told(found: &[(String, String)]) -> Vec<(&str, &str)> {
    let parts = found.iter().map(|(a, b)| (a.as_str(), b.as_str()));
    parts.collect()
}

/// A world that is locked, and the runner's folder with one of its actions.
fn locked() -> (World, std::path::PathBuf) {
    let (world, _) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    let folder = world.unpack(&[("acme/leaf", "v1")]);
    assert_eq!(world.verify(&folder).0, 0);
    (world, folder)
}

#[test]
fn a_link_in_the_place_of_a_repository_or_an_account_is_found() {
    let (world, folder) = locked();
    let elsewhere = world.sandbox.outside().join("elsewhere");
    fs::create_dir_all(elsewhere.join("leaf/v9")).unwrap();
    fs::write(elsewhere.join("leaf/v9/action.yml"), "evil").unwrap();
    symlink(elsewhere.join("leaf"), folder.join("acme/other")).unwrap();
    let (code, found) = world.verify(&folder);
    assert_eq!(
        (code, told(&found)),
        (1, vec![("acme/leaf/v1", "same"), ("acme/other", "stray")])
    );
    fs::remove_file(folder.join("acme/other")).unwrap();
    symlink(&elsewhere, folder.join("evil")).unwrap();
    let (code, found) = world.verify(&folder);
    assert_eq!((code, told(&found)[1]), (1, ("evil", "stray")));
    // The locked action itself, behind a link that its owner can turn.
    fs::remove_file(folder.join("evil")).unwrap();
    fs::rename(folder.join("acme"), elsewhere.join("acme")).unwrap();
    symlink(elsewhere.join("acme"), folder.join("acme")).unwrap();
    let (code, found) = world.verify(&folder);
    assert_eq!((code, told(&found)), (1, vec![("acme", "stray")]));
}

#[test]
fn whatever_else_lies_there_is_named() {
    let (world, folder) = locked();
    for (path, is_folder) in [
        ("run.sh", false),
        ("acme/run.sh", false),
        ("acme/leaf/run.sh", false),
        ("acme/leaf/v3.completed", false),
        ("_temp_evil", false),
        ("nobody", true),
        ("nobody/nothing", true),
    ] {
        let path = folder.join(path);
        match is_folder {
            true => fs::create_dir_all(&path).unwrap(),
            false => fs::write(&path, "evil").unwrap(),
        }
        let (code, found) = world.verify(&folder);
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        assert_eq!(
            (code, told(&found).contains(&(name, "stray"))),
            (1, true),
            "{found:?}"
        );
        let top = folder.join(name.split('/').next().unwrap());
        match (is_folder, name.starts_with("acme/")) {
            (true, _) => fs::remove_dir_all(top).unwrap(),
            (false, _) => fs::remove_file(path).unwrap(),
        }
    }
    // A mark inside of an action does not make a part of a ref of it.
    fs::remove_file(folder.join("acme/leaf/v1.completed")).unwrap();
    fs::create_dir_all(folder.join("acme/leaf/v1/x")).unwrap();
    fs::write(folder.join("acme/leaf/v1/x.completed"), "").unwrap();
    let (code, found) = world.verify(&folder);
    assert_eq!(code, 1, "{found:?}");
    assert!(told(&found).contains(&("acme/leaf/v1/action.yml", "stray")));
    fs::remove_dir_all(folder.join("acme/leaf/v1")).unwrap();
    world.unpack(&[("acme/leaf", "v1")]);
    // What a runner leaves behind is not looked at, and that is said.
    fs::create_dir_all(folder.join("_temp_0/x")).unwrap();
    let (code, found) = world.verify(&folder);
    assert_eq!((code, told(&found)[0]), (3, ("_temp_0", "not-checked")));
}

#[test]
fn a_folder_without_any_action_is_clean_only_where_that_is_expected() {
    let (world, _) = locked();
    let empty = world.sandbox.outside().join("empty");
    let missing = world.sandbox.outside().join("missing");
    fs::create_dir_all(&empty).unwrap();
    for folder in [&empty, &missing] {
        let name = folder.to_str().unwrap();
        let ran = world.lock(&["verify", "--actions", name]);
        assert_eq!(ran.code, 3, "{}", ran.out);
        let ran = world.lock(&["verify", "--allow-empty", "--actions", name]);
        assert_eq!(ran.code, 0, "{}", ran.out);
    }
    // Leftovers are no actions, and the flag excuses nothing that lies there.
    fs::create_dir_all(empty.join("_temp_1")).unwrap();
    assert_eq!(world.verify(&empty).0, 3);
    fs::write(empty.join("evil.sh"), "").unwrap();
    let name = empty.to_str().unwrap();
    let ran = world.lock(&["verify", "--allow-empty", "--actions", name]);
    assert_eq!(ran.code, 1, "{}", ran.out);
}

#[test]
fn a_lock_that_is_a_pipe_does_not_stop_the_job() {
    let (world, folder) = locked();
    fs::remove_file(world.sandbox.path(OURS)).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(world.sandbox.path(OURS))
        .status()
        .unwrap();
    assert!(made.success());
    let ran = world.lock(&["verify", "--actions", folder.to_str().unwrap()]);
    assert_eq!(ran.code, 3, "{}", ran.err);
}

#[test]
fn links_that_repeat_a_file_on_a_runner_are_read_once_and_mazes_end() {
    let (world, folder) = locked();
    let action = folder.join("acme/leaf/v1");
    fs::write(action.join("large"), vec![b'x'; 32 << 20]).unwrap();
    for n in 0..2_000 {
        symlink("large", action.join(format!("l{n}"))).unwrap();
    }
    // Read anew for each link, it would be 64 GB.
    assert_eq!(world.verify(&folder).0, 1);
    for from in 0..9 {
        fs::create_dir(action.join(format!("d{from}"))).unwrap();
        for to in 0..9 {
            let link = action.join(format!("d{from}/{to}"));
            symlink(format!("../d{to}"), link).unwrap();
        }
    }
    let (code, found) = world.verify(&folder);
    assert_eq!(
        (code, told(&found)),
        (3, vec![("acme/leaf/v1", "not-checked")])
    );
}

#[test]
fn an_action_that_is_a_maze_or_a_bomb_of_links_is_refused_by_name() {
    let uses = |name: &str| {
        format!(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/{name}@v1\n"
        )
    };
    let world = World::new("x");
    let maze = world.make("acme/maze");
    maze.write("action.yml", NODE).write("dist/index.js", "x");
    for from in 0..30 {
        let next = from + 1;
        maze.write(&format!("d{from}/file"), "x");
        for name in ["a", "b"] {
            let link = maze.folder.join(format!("d{from}/{name}"));
            symlink(format!("../d{next}"), link).unwrap();
        }
    }
    maze.write("d30/file", "x").commit("one");
    maze.git(&["tag", "v1"]);
    let bomb = world.make("acme/bomb");
    bomb.write("action.yml", NODE).write("dist/index.js", "x");
    fs::write(bomb.folder.join("large"), vec![b'x'; 8 << 20]).unwrap();
    for n in 0..200 {
        symlink("large", bomb.folder.join(format!("l{n}"))).unwrap();
    }
    bomb.commit("one");
    bomb.git(&["tag", "v1"]);
    for (name, says) in [
        ("maze", "it is not unpacked: with what its links lead to"),
        ("bomb", "it is not unpacked: its links lead to more than"),
    ] {
        world.sandbox.write(CI, uses(name));
        let ran = world.lock(&["write", "--no-actions-lock"]);
        assert_eq!(ran.code, 3, "{}", ran.out);
        assert!(
            ran.out
                .contains(&format!("not checked: acme/{name}@v1: {says}")),
            "{}",
            ran.out
        );
        assert!(!world.sandbox.path(OURS).exists());
    }
}

fn local(uses: &str) -> World {
    let workflow = format!(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: {uses}\n"
    );
    let world = World::new("x");
    world.sandbox.write(CI, workflow);
    world
}

const RUNS: &str =
    "name: x\nruns:\n  using: composite\n  steps:\n    - {run: ./run.sh, shell: bash}\n";

fn linked(world: &World, target: &str, path: &str) {
    let path = world.sandbox.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink(Path::new(target), path).unwrap();
}

#[test]
fn a_local_action_behind_a_linked_folder_is_named_by_write_and_check() {
    for (link, target) in [("x", "real/x"), (".github/actions", "../real")] {
        let folder = match link {
            "x" => "x",
            _ => ".github/actions/x",
        };
        let world = local(&format!("./{folder}"));
        world.sandbox.write("real/x/action.yml", RUNS);
        linked(&world, target, link);
        let ran = world.lock(&["write", "--no-actions-lock"]);
        assert_eq!(ran.code, 3, "{}", ran.out);
        assert!(
            ran.out.contains("is reached through the link"),
            "{}",
            ran.out
        );
        let ran = world.lock(&["check"]);
        assert_eq!(ran.code, 3, "{}", ran.out);
        assert!(
            ran.out.contains("linked-local-action") && ran.out.contains("`real"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn what_a_local_action_reaches_by_links_is_part_of_its_hash() {
    let world = local("./own");
    world.sandbox.write("own/action.yml", RUNS);
    world.sandbox.write("shared/run.sh", "echo\n");
    world.sandbox.write("shared/lib/a.sh", "echo\n");
    world.sandbox.write("own/near.sh", "echo\n");
    linked(&world, "../shared/run.sh", "own/run.sh");
    linked(&world, "../shared/lib", "own/lib");
    linked(&world, "near.sh", "own/alias.sh");
    // A folder of links alone is part of a commit as well.
    linked(&world, "../../shared/run.sh", "own/only/links");
    world.sandbox.commit();
    let ran = world.lock(&["write", "--no-actions-lock"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(world.lock(&["check"]).code, 0);
    for path in ["shared/run.sh", "shared/lib/a.sh", "own/near.sh"] {
        let before = world.read(path);
        world.sandbox.write(path, "evil\n");
        let ran = world.lock(&["check"]);
        assert!(
            ran.code == 1 && ran.out.contains("local-action-changed"),
            "{path}: {}",
            ran.out
        );
        world.sandbox.write(path, before);
    }
    assert_eq!(world.lock(&["check"]).code, 0);
    fs::remove_file(world.sandbox.path("own/run.sh")).unwrap();
    for target in ["/etc/passwd", "../../elsewhere", "nothing"] {
        linked(&world, target, "own/run.sh");
        let inside = target == "nothing";
        let ran = world.lock(&["check"]);
        let expected = if inside { 1 } else { 3 };
        assert_eq!(ran.code, expected, "{target}: {}", ran.out);
        fs::remove_file(world.sandbox.path("own/run.sh")).unwrap();
    }
}

#[test]
fn uses_by_a_merge_key_are_not_checked() {
    let (world, _) = locked();
    let workflow = world.read(CI);
    world.sandbox.write(
        CI,
        format!("{workflow}  c:\n    runs-on: ubuntu-latest\n    steps:\n      - <<: {{uses: evil/action@v1}}\n"),
    );
    let ran = world.lock(&["check"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("not checked[not-read]"), "{}", ran.out);
    assert_eq!(world.lock(&["write"]).code, 3);
    world.sandbox.write(CI, &workflow);
    assert_eq!(world.lock(&["check"]).code, 0);
}

#[test]
fn an_exclusion_is_accepted_knowingly_and_for_one_commit() {
    let world = World::new(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/odd@v1\n",
    );
    let odd = world.make("acme/odd");
    odd.write("action.yml", NODE).write("dist/index.js", "x");
    symlink("/etc/hostname", odd.folder.join("outside")).unwrap();
    odd.commit("one");
    odd.git(&["tag", "v1"]);
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let hint = "`cofferdam lock write --accept-excluded acme/odd@v1`";
    assert!(
        ran.out.contains("outside") && ran.out.contains(hint),
        "{}",
        ran.out
    );
    let folder = world.unpack(&[("acme/odd", "v1")]);
    assert_eq!(world.verify(&folder).0, 3);
    let none = world.lock(&["write", "--accept-excluded", "acme/none@v1"]);
    assert_eq!(none.code, 3, "{}", none.out);
    assert!(
        none.err.contains("has no path that is left out"),
        "{}",
        none.err
    );
    assert_eq!(world.lock(&["write", "--accept-excluded", "odd"]).code, 2);
    let ran = world.lock(&["write", "--accept-excluded", "acme/odd@v1"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(
        world
            .read(OURS)
            .contains("accepted:\n            - 'outside'")
    );
    // It is said at each run, it stays when the lock is written again, and it
    // excuses nothing else.
    assert_eq!(world.lock(&["write", "--fresh"]).code, 0);
    assert_eq!(world.lock(&["check"]).code, 0);
    let (code, found) = world.verify(&folder);
    assert_eq!((code, told(&found)), (0, vec![("acme/odd/v1", "accepted")]));
    let ran = world.lock(&["verify", "--actions", folder.to_str().unwrap()]);
    assert!(
        ran.out.contains("note[accepted]") && ran.out.contains("outside"),
        "{}",
        ran.out
    );
    fs::write(folder.join("acme/odd/v1/dist/index.js"), "evil").unwrap();
    assert_eq!(world.verify(&folder).0, 1);
    // Another commit has to be agreed to anew.
    world.sandbox.commit();
    odd.write("dist/index.js", "y").commit("two");
    odd.git(&["tag", "-f", "v1"]);
    assert_eq!(world.lock(&["update", "acme/odd@v1"]).code, 0);
    assert!(!world.read(OURS).contains("accepted:"));
    let diff = world.lock(&["diff", "--base", "HEAD"]);
    assert!(
        diff.out.contains("gone paths that are accepted unseen"),
        "{}",
        diff.out
    );
}

#[test]
fn a_path_that_is_newly_left_out_of_the_hash_of_a_commit_is_a_forgery() {
    let (world, _) = locked();
    world.sandbox.commit();
    let ours = world.read(OURS);
    let (head, rest) = ours.split_once("'acme/leaf@v1':").unwrap();
    let (entry, tail) = rest.split_once("        paths:").unwrap();
    let forged = format!(
        "{head}'acme/leaf@v1':{entry}        excluded:\n            - 'dist/index.js'\n        accepted:\n            - 'dist/index.js'\n        paths:{tail}"
    );
    world.sandbox.write(OURS, forged);
    let diff = world.lock(&["diff", "--base", "HEAD"]);
    assert_eq!(diff.code, 1, "{}", diff.out);
    assert!(
        diff.out.contains("forged") && diff.out.contains("accepted unseen"),
        "{}",
        diff.out
    );
}

#[test]
fn a_lock_that_is_taken_away_in_part_is_no_quiet_change() {
    let (world, _) = locked();
    world.sandbox.commit();
    let ours = world.read(OURS);
    let theirs = world.read(THEIRS);
    // Without its hash nothing is compared with an action.
    let at = ours.find("        tree: 'h1:").unwrap();
    let end = at + ours[at..].find('\n').unwrap();
    let less = format!(
        "{}        tree: 'no hash known'{}",
        &ours[..at],
        &ours[end..]
    );
    world.sandbox.write(OURS, less);
    let ran = world.lock(&["check"]);
    assert!(
        ran.code == 1 && ran.out.contains("has no content hash"),
        "{}",
        ran.out
    );
    let diff = world.lock(&["diff", "--base", "HEAD"]);
    assert!(
        diff.code == 1 && diff.out.contains("hash was taken away"),
        "{}",
        diff.out
    );
    world.sandbox.write(OURS, &ours);
    // Without its list GitHub holds a workflow to nothing.
    fs::remove_file(world.sandbox.path(THEIRS)).unwrap();
    let diff = world.lock(&["diff", "--base", "HEAD"]);
    assert!(
        diff.code == 1 && diff.out.contains("no longer holds"),
        "{}",
        diff.out
    );
    let (head, tail) = theirs.split_once("workflows:\n").unwrap();
    let (_, dependencies) = tail.split_once("dependencies:\n").unwrap();
    world.sandbox.write(
        THEIRS,
        format!("{head}workflows: {{}}\ndependencies:\n{dependencies}"),
    );
    let diff = world.lock(&["diff", "--base", "HEAD"]);
    assert!(
        diff.code == 1 && diff.out.contains("ci.yml"),
        "{}",
        diff.out
    );
    world.sandbox.write(THEIRS, theirs);
    assert_eq!(world.lock(&["diff", "--base", "HEAD"]).code, 0);
}

#[test]
fn a_local_action_out_of_the_checkout_is_named_and_not_read() {
    let world = local("./../beside");
    fs::create_dir_all(world.sandbox.root().join("../beside")).unwrap();
    for verb in ["write", "check"] {
        let ran = world.lock(&[verb]);
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
        assert!(
            ran.out.contains("`./../beside` leads out of the checkout"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn a_local_action_that_the_job_makes_itself_is_named_when_the_lock_is_written() {
    let world = local("./fetched");
    let ran = world.lock(&["write", "--no-actions-lock"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let gap = "local action fetched: gap: nobody can tell: the checkout has no such folder";
    assert!(ran.out.contains(gap), "{}", ran.out);
    // Nothing makes it, so that nobody knows what runs.
    let ran = world.lock(&["check"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("[absent-local-action]"), "{}", ran.out);
    let use_it = "      - uses: ./fetched\n";
    let text = world.read(CI);
    for (before, due) in [
        ("      - run: git clone https://example.com/x fetched\n", 0),
        ("      - if: false\n        run: mkdir fetched\n", 3),
        ("      - run: echo fetched\n", 3),
    ] {
        let with = text.replace(use_it, &format!("{before}{use_it}"));
        world.sandbox.write(CI, with);
        let ran = world.lock(&["check"]);
        assert_eq!(ran.code, due, "{before}{}{}", ran.out, ran.err);
        let said = ran.out.contains("note: `fetched` is made by the job");
        assert_eq!(said, due == 0, "{}", ran.out);
    }
}

#[test]
fn a_lost_ref_a_damaged_cache_and_a_tree_that_leads_out_are_told() {
    let (world, _) = locked();
    let ours = world.read(OURS);
    // The tags are gone, and the commit is still that of a branch.
    let leaf = Made {
        folder: world.server.folder.join("acme/leaf.git"),
    };
    leaf.git(&["tag", "-d", "v1", "v1.0.0"]);
    assert_eq!(world.lock(&["write", "--fresh"]).code, 0);
    assert_eq!(world.read(OURS), ours);
    let ran = world.lock(&["update", "acme/leaf@v1"]);
    assert!(ran.out.contains("not checked"), "{}", ran.out);
    // Every object in the cache is damaged: what is taken from it is asked for
    // again, and offline it is named.
    let mut open = vec![world.sandbox.outside().join("home/.cache")];
    let mut damaged = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
                continue;
            }
            let mut bytes = fs::read(entry.path()).unwrap();
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
                damaged += 1;
                fs::write(entry.path(), bytes).unwrap();
            }
        }
    }
    assert!(damaged > 0);
    let ran = world.lock(&["write", "--fresh", "--offline"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert_eq!(world.lock(&["write", "--fresh"]).code, 0);
    assert_eq!(world.read(OURS), ours);
    // A tree whose entry would leave the folder into which it is unpacked.
    let evil = world.make("acme/evil");
    evil.write("action.yml", NODE).write("dist/index.js", "x");
    evil.commit("one");
    for name in ["..", ".git", "a\\b"] {
        let blob = evil.git(&["rev-parse", "HEAD:action.yml"]);
        let id: Vec<u8> = (0..20)
            .map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap())
            .collect();
        let raw = world.sandbox.outside().join("tree");
        let lines = [format!("100644 {name}\0").into_bytes(), id].concat();
        fs::write(&raw, lines).unwrap();
        let raw = raw.to_str().unwrap();
        let tree = evil.git(&["hash-object", "--literally", "-t", "tree", "-w", raw]);
        let commit = evil.git(&["commit-tree", "-m", "x", tree.trim()]);
        evil.git(&["tag", "-f", "v1", commit.trim()]);
        world.sandbox.write(
            CI,
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/evil@v1\n",
        );
        let ran = world.lock(&["write"]);
        assert_eq!(ran.code, 3, "{name}: {}", ran.out);
        assert!(ran.out.contains("is refused"), "{name}: {}", ran.out);
        assert_eq!(world.read(OURS), ours);
    }
}
