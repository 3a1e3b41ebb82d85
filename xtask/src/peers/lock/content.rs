//! Content hashes beside ghasum's, and our `actions.lock` before GitHub's own
//! tool: repositories made here, each with one thing that makes hashes differ,
//! and the bare repositories that are given.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use cofferdam_facts::SourceFile;
use cofferdam_workflows::documents::cofferdam_lock::{self, CofferdamLock};
use serde_json::Value;

use super::git_backend::{Answer, GitServer, Made, plain_git, response};
use super::{Ground, code, git};
use crate::error::Error;
use crate::measure::{self, Run};
use crate::process;

const NODE: &str = "name: x\nruns: {using: node24, main: index.js}\n";

/// A repository made here.
struct Case {
    name: &'static str,
    what: &'static str,
    make: fn(&Made),
}

const CASES: &[Case] = &[
    Case {
        name: "plain",
        what: "files in folders",
        make: |made| {
            made.write("index.js", "1\n").write("lib/a.js", "2\n");
        },
    },
    Case {
        name: "nested",
        what: "a composite action that uses another",
        make: |made| {
            made.write(
                "action.yml",
                "name: x\nruns:\n  using: composite\n  steps:\n    - uses: octo/plain@v1.0.0\n",
            );
        },
    },
    Case {
        name: "executable",
        what: "a file with the executable bit",
        make: |made| {
            made.write("run.sh", "#!/bin/sh\n");
            let path = made.folder.join("run.sh");
            let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
        },
    },
    Case {
        name: "link",
        what: "a symbolic link to a file beside it",
        make: |made| {
            made.write("index.js", "1\n");
            let _ = symlink("index.js", made.folder.join("other.js"));
        },
    },
    Case {
        name: "ignored",
        what: "`export-ignore` on a folder",
        make: |made| {
            made.write("index.js", "1\n").write("tests/a.js", "2\n");
            made.write(".gitattributes", "/tests export-ignore\n");
        },
    },
    Case {
        name: "substituted",
        what: "`export-subst` in a file",
        make: |made| {
            made.write("version.txt", "$Format:%H$\n");
            made.write(".gitattributes", "version.txt export-subst\n");
        },
    },
    Case {
        name: "endings",
        what: "`eol=crlf` on text",
        make: |made| {
            made.write("index.js", "1\n2\n");
            made.write(".gitattributes", "*.js text eol=crlf\n");
        },
    },
];

/// An action of the comparison.
struct Action {
    slug: String,
    git_ref: String,
    what: String,
    bare: PathBuf,
}

pub(super) fn run(ground: &Ground<'_>) -> Result<String, Error> {
    let served = ground.fresh("served")?;
    let actions = actions(ground, &served)?;
    let server = serve(&served);
    let project = ground.fresh("project")?;
    let mut workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n".to_owned();
    for action in &actions {
        workflow += &format!("      - uses: {}@{}\n", action.slug, action.git_ref);
    }
    let folder = project.join(".github/workflows");
    std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let file = folder.join("ci.yml");
    std::fs::write(&file, workflow).map_err(Error::file(&file))?;
    git(&project, &["init", "-q"])?;
    git(
        &project,
        &[
            "remote",
            "add",
            "origin",
            "https://github.com/octo/project.git",
        ],
    )?;
    let wrote = measure::once(ground.cofferdam(&project).args([
        "lock",
        "write",
        "--no-images",
        "--git-url",
        &server.root,
        "--api-url",
        &format!("{}/api", server.root),
    ]))?;
    if wrote.code != Some(0) {
        let said = [wrote.stdout, wrote.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        return Err(Error::output(format!(
            "`lock write` ended with {:?}: {said}",
            wrote.code
        )));
    }
    let mut text = hashes(ground, &project, &actions)?;
    text += &github(ground, &project)?;
    Ok(text)
}

/// What is made here and what was given.
fn actions(ground: &Ground<'_>, served: &Path) -> Result<Vec<Action>, Error> {
    let mut actions = Vec::new();
    for case in CASES {
        let slug = format!("octo/{}", case.name);
        let made = Made::new(served, &slug);
        made.write("action.yml", NODE);
        (case.make)(&made);
        made.commit("one");
        made.git(&["tag", "v1.0.0"]);
        actions.push(Action {
            slug,
            git_ref: "v1.0.0".to_owned(),
            what: case.what.to_owned(),
            bare: made.folder,
        });
    }
    for (label, folder) in ground.holding("objects") {
        let link = served.join(format!("{label}.git"));
        if let Some(parent) = link.parent() {
            std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
        }
        symlink(folder, &link).map_err(Error::file(&link))?;
        let commit = git(&link, &["rev-parse", "HEAD"])?;
        actions.push(Action {
            slug: label.to_owned(),
            git_ref: commit.trim().to_owned(),
            what: "a published action".to_owned(),
            bare: link,
        });
    }
    Ok(actions)
}

/// Git's own server, and the one answer of the REST API that a lock needs.
fn serve(served: &Path) -> GitServer {
    let server = GitServer::start(served);
    server.decide(|asked| match asked.path.strip_prefix("/api/repos/") {
        Some(slug) => {
            let number = slug.bytes().map(u64::from).sum::<u64>();
            let body =
                format!("{{\"id\":{number},\"full_name\":\"{slug}\",\"owner\":{{\"id\":7}}}}");
            let kind = [("content-type", "application/json")];
            Answer::Raw(response("200 OK", &kind, body.as_bytes()))
        }
        None => Answer::Git,
    });
    server
}

fn hashes(ground: &Ground<'_>, project: &Path, actions: &[Action]) -> Result<String, Error> {
    let mut text = "\n## Content of actions\n\n\
        Each action is locked by `lock write` over git's own server. ghasum hashes a clone; a runner \
        unpacks an archive, as `git archive` makes it. So ghasum's sums are made from clones, as its \
        `init` does, and both tools then verify what a runner would have.\n\n\
        | action | what is in it | ghasum's sum of a clone is ours | ghasum on the runner's folder | ours |\n\
        |---|---|---|---|---|\n"
        .to_owned();
    let Some(ghasum) = ground.tool("ghasum") else {
        text += "| ghasum was not given | | | | |\n";
        return Ok(text);
    };
    let clones = ground.fresh("clones")?;
    let runner = ground.fresh("_actions")?;
    for action in actions {
        lay_out(action, &clones, &runner)?;
    }
    let cache = |folder: &Path| folder.to_string_lossy().into_owned();
    let ghasum_in = |arguments: &[&str]| {
        let mut command = Command::new(ghasum);
        measure::once(command.current_dir(project).args(arguments))
    };
    let sums = project.join(".github/workflows/gha.sum");
    let made = ghasum_in(&["init", "-no-evict", "-cache", &cache(&clones), "."])?;
    if made.code != Some(0) {
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        return Err(Error::output(format!("ghasum init: {said}")));
    }
    let theirs = std::fs::read_to_string(&sums).map_err(Error::file(&sums))?;
    let ours = trees(project)?;
    let verified = ghasum_in(&[
        "verify",
        "-offline",
        "-no-evict",
        "-cache",
        &cache(&runner),
        ".",
    ])?;
    let said = [verified.stdout.as_slice(), verified.stderr.as_slice()].concat();
    let said = String::from_utf8_lossy(&said);
    let own = verify(ground, project, &runner)?;
    let own_said = String::from_utf8_lossy(&own.stdout).into_owned();
    for action in actions {
        let name = format!("{}@{}", action.slug, action.git_ref);
        let sum = (theirs.lines())
            .find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '))
            .unwrap_or("none");
        let hash = ours.get(&name).map_or("none", String::as_str);
        let same = sum != "none" && hash == format!("h1:{}", sum.trim_start_matches("h1:"));
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            action.slug,
            action.what,
            yes(same),
            if said.contains(&name) {
                "refused"
            } else {
                "accepted"
            },
            if own_said.contains(&action.slug) {
                "named"
            } else {
                "accepted"
            },
        );
    }
    text += &format!(
        "\nExit codes: `ghasum verify` {}, `cofferdam lock verify` {}.\n",
        code(&verified),
        code(&own),
    );
    let changed = runner.join("octo/plain/v1.0.0/index.js");
    std::fs::write(&changed, "3\n").map_err(Error::file(&changed))?;
    let again = ghasum_in(&[
        "verify",
        "-offline",
        "-no-evict",
        "-cache",
        &cache(&runner),
        ".",
    ])?;
    text += &format!(
        "After one byte of `octo/plain` was changed: {} and {}.\n",
        code(&again),
        code(&verify(ground, project, &runner)?),
    );
    std::fs::remove_file(&sums).map_err(Error::file(&sums))?;
    Ok(text)
}

fn verify(ground: &Ground<'_>, project: &Path, runner: &Path) -> Result<Run, Error> {
    measure::once(
        ground
            .cofferdam(project)
            .args(["lock", "verify", "--actions"])
            .arg(runner),
    )
}

/// What ghasum clones, and what a runner unpacks.
fn lay_out(action: &Action, clones: &Path, runner: &Path) -> Result<(), Error> {
    let clone = clones.join(&action.slug).join(&action.git_ref);
    std::fs::create_dir_all(&clone).map_err(Error::file(&clone))?;
    let bare = action.bare.to_string_lossy().into_owned();
    git(&clone, &["init", "-q"])?;
    git(
        &clone,
        &["fetch", "-q", "--depth", "1", &bare, &action.git_ref],
    )?;
    git(&clone, &["checkout", "-q", "FETCH_HEAD"])?;
    let inner = clone.join(".git");
    std::fs::remove_dir_all(&inner).map_err(Error::file(&inner))?;
    let unpacked = runner.join(&action.slug).join(&action.git_ref);
    std::fs::create_dir_all(&unpacked).map_err(Error::file(&unpacked))?;
    let archive = runner.join("archive.tar");
    process::run(
        plain_git()
            .current_dir(&action.bare)
            .args(["archive", "--format=tar", "-o"])
            .arg(&archive)
            .arg(&action.git_ref),
        "see what git says above",
    )?;
    process::run(
        Command::new("tar")
            .arg("-xf")
            .arg(&archive)
            .arg("-C")
            .arg(&unpacked),
        "see what tar says above",
    )?;
    std::fs::remove_file(&archive).map_err(Error::file(&archive))?;
    // The runner leaves this beside each action that it unpacked whole.
    let done = unpacked.with_file_name(format!("{}.completed", action.git_ref));
    std::fs::write(&done, "").map_err(Error::file(&done))
}

/// The content hash of each action in our lock.
fn trees(project: &Path) -> Result<BTreeMap<String, String>, Error> {
    let path = project.join(cofferdam_lock::PLACE);
    let text = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
    let lock = CofferdamLock::parse(SourceFile::new(cofferdam_lock::PLACE, text));
    if let Some(problem) = lock.problems().first() {
        return Err(Error::output(format!("our own lock: {}", problem.message)));
    }
    Ok((lock.contents().actions.iter())
        .filter_map(|(pin, entry)| Some((pin.to_string(), entry.tree.known()?.to_owned())))
        .collect())
}

/// GitHub's own tool before our `actions.lock`, and we before its own.
fn github(ground: &Ground<'_>, project: &Path) -> Result<String, Error> {
    let mut text = "\n## GitHub's lock\n\n\
        `gh-actions-lock --verify-local` reads the lock with GitHub's own parser and says whether every \
        reference has an entry; its other checks ask the API of GitHub alone and are not run. Ours is \
        `lock check`, of which only what it says about `actions.lock` counts here (`no-lock`: there is no \
        `cofferdam.lock` beside it).\n\n\
        | lock | gh-actions-lock | cofferdam |\n|---|---|---|\n"
        .to_owned();
    let Some(tool) = ground.tool("gh-actions-lock") else {
        text += "| gh-actions-lock was not given | | |\n";
        return Ok(text);
    };
    let lock = project.join(".github/workflows/actions.lock");
    let whole = std::fs::read_to_string(&lock).map_err(Error::file(&lock))?;
    let mut row = |what: &str, folder: &Path| -> Result<(), Error> {
        let theirs = measure::once(
            Command::new(tool)
                .current_dir(folder)
                .args(["--verify-local", "--no-interactive"]),
        )?;
        let ours = measure::once(
            ground
                .cofferdam(folder)
                .args(["lock", "check", "--format", "json"]),
        )?;
        text += &format!(
            "| {what} | exit {} | {} |\n",
            code(&theirs),
            about_theirs(&ours)?,
        );
        Ok(())
    };
    row("written by `cofferdam lock write`", project)?;
    let entry = "octo/plain@v1.0.0";
    std::fs::write(&lock, without(&whole, &format!("- '{entry}'"))).map_err(Error::file(&lock))?;
    row(
        "the same without the workflow's line for one action",
        project,
    )?;
    std::fs::write(&lock, "version: v9.9.9\nworkflows: {}\n").map_err(Error::file(&lock))?;
    row("a version that does not exist", project)?;
    std::fs::write(&lock, whole).map_err(Error::file(&lock))?;
    for (label, folder) in ground.holding(".github/workflows/actions.lock") {
        row(&format!("of {label}, written by gh-actions-lock"), folder)?;
    }
    Ok(text)
}

/// What our check says about `actions.lock`.
fn about_theirs(run: &Run) -> Result<String, Error> {
    let value: Value = serde_json::from_slice(&run.stdout)
        .map_err(|error| Error::output(format!("`lock check` gave no JSON: {error}")))?;
    let problems = value.get("problems").and_then(Value::as_array);
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in problems.into_iter().flatten() {
        let text = |name: &str| {
            problem
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        if text("path").ends_with("actions.lock") || text("message").contains("actions.lock") {
            *codes.entry(text("code")).or_default() += 1;
        }
    }
    if codes.is_empty() {
        return Ok("nothing to say".to_owned());
    }
    let parts: Vec<String> = (codes.iter())
        .map(|(code, count)| format!("{count} `{code}`"))
        .collect();
    Ok(parts.join(", "))
}

/// The text without the lines that are this one, whatever their indentation.
fn without(text: &str, line: &str) -> String {
    (text.split_inclusive('\n'))
        .filter(|one| one.trim() != line)
        .collect()
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
