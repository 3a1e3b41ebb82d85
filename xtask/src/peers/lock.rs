//! Our pins, locks and proofs of vendored code beside what Go itself, GitHub's
//! lock tool, ghasum, pinact and ratchet do on the same input.
//!
//! A corpus given by hand is used for what it holds: `vendor/modules.txt` for
//! the proof of vendored code, `.github/workflows` for pins, `actions.lock` for
//! locks that another tool wrote; a bare repository, named `OWNER/REPO`, is an
//! action. gh-actions-lock, ghasum, pinact and ratchet are given as
//! programs; what is not given is said in the transcript.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Options, ours};
use crate::error::Error;
use crate::measure::{self, Run};
use crate::process;
use crate::workspace;

mod content;
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "the tests' own server; here only honest answers are needed"
)]
#[path = "../../../crates/registries/tests/servers/git_backend.rs"]
mod git_backend;
mod pins;
mod vendored;

/// Everything that decides what is locked, pinned and proven.
pub(super) const COVERS: &[&str] = &[
    "crates/facts",
    "crates/lockfiles",
    "crates/locking",
    "crates/pipelines",
    "crates/registries",
    "crates/trees",
    "crates/workflows",
    "src",
];

/// Tools that are given by `--tool NAME=PROGRAM`, and how each says its version.
const TOOLS: &[(&str, &[&str])] = &[
    ("gh-actions-lock", &[]),
    ("ghasum", &["version"]),
    ("pinact", &["version"]),
    ("ratchet", &["-version"]),
];

/// What the parts share.
struct Ground<'a> {
    options: &'a Options,
    /// Our own program.
    ours: PathBuf,
    /// A fresh folder below `target/`.
    home: PathBuf,
}

impl Ground<'_> {
    /// A program that was given, by its name.
    fn tool(&self, name: &str) -> Option<&Path> {
        (self.options.programs.iter())
            .find(|(given, _)| given == name)
            .map(|(_, program)| program.as_path())
    }

    /// The corpora that hold a path.
    fn holding(&self, path: &str) -> impl Iterator<Item = (&str, &Path)> {
        (self.options.corpora.iter())
            .filter(move |(_, folder)| folder.join(path).exists())
            .map(|(label, folder)| (label.as_str(), folder.as_path()))
    }

    /// A folder below the home, made anew.
    fn fresh(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.home.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Error::file(&folder))?;
        }
        std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        Ok(folder)
    }

    /// Our program in a folder, with a cache of this recipe alone.
    fn cofferdam(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.ours);
        command
            .current_dir(folder)
            .env("XDG_CACHE_HOME", self.home.join("cache"))
            .env_remove("GITHUB_TOKEN")
            .env_remove("GH_TOKEN");
        command
    }
}

/// Runs everything and gives the transcript.
pub(super) fn run(options: &Options) -> Result<String, Error> {
    let home = workspace::root().join("target/peers/lock");
    std::fs::create_dir_all(&home).map_err(Error::file(&home))?;
    let ground = Ground {
        options,
        ours: ours()?,
        home,
    };
    let mut text = versions(&ground)?;
    println!("content of actions");
    text += &content::run(&ground)?;
    println!("pins");
    text += &pins::run(&ground)?;
    println!("vendored code");
    text += &vendored::run(&ground)?;
    Ok(text)
}

fn versions(ground: &Ground<'_>) -> Result<String, Error> {
    let go = process::capture(Command::new("go").arg("version"), "Go must be installed")?;
    let mut text = format!(
        "| tool | what it says of itself |\n|---|---|\n| go | {} |\n",
        go.trim()
    );
    for (name, arguments) in TOOLS {
        let said = match ground.tool(name) {
            None => "not given, so it was not run".to_owned(),
            Some(_) if arguments.is_empty() => "a build from its source".to_owned(),
            Some(program) => {
                let run = measure::once(Command::new(program).args(*arguments))?;
                let said = [run.stdout, run.stderr].concat();
                let said = String::from_utf8_lossy(&said);
                said.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        };
        text += &format!("| {name} | {said} |\n");
    }
    text += "\nThe last four are built from their sources and given by `--tool NAME=PROGRAM`.\n";
    Ok(text)
}

/// An exit code, as a table shows it.
fn code(run: &Run) -> String {
    run.code
        .map_or_else(|| "signal".to_owned(), |code| code.to_string())
}

/// Wall clock and highest resident set, as a table shows them.
fn cost(run: &Run) -> String {
    #[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
    let peak = run.peak as f64 / 1e6;
    format!("{:.2} s, {peak:.0} MB", run.wall.as_secs_f64())
}

/// Git without anybody's configuration, which must succeed.
fn git(folder: &Path, arguments: &[&str]) -> Result<String, Error> {
    process::capture(
        git_backend::plain_git().current_dir(folder).args(arguments),
        "see what git says above",
    )
}

/// Copies a folder, links as links.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    process::run(
        Command::new("cp").arg("-a").arg(from).arg(to),
        "the folder must be readable, and the disk must hold it twice",
    )
}
