//! The proof of vendor directories on checkouts of public projects: everything
//! is proven, or each difference is explained here. What they hold stays where
//! it is; names and figures alone are written down.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Options, ours};
use crate::error::Error;
use crate::measure::{self, Run};

pub(super) const COVERS: &[&str] = &[
    "crates/lockfiles/src/cargo",
    "crates/lockfiles/src/go",
    "crates/pipelines/src/vendoring",
    "crates/trees",
    "src/commands/deps",
];

/// What a difference comes from, as somebody has found out: the project, the
/// beginning of what it is about, and the words.
const EXPLAINED: &[(&str, &str, &str)] = &[(
    "rh-ecosystem-edge/recert",
    "",
    "the project vendors with `cargo vendor-filterer` for one platform (`vendor.sh`, \
     `[package.metadata.vendor-filter]` in its `Cargo.toml`), which puts an empty crate, two files, \
     in the place of every crate that this platform does not need; not one crate with code differs",
)];

/// What `write-manifests` says of modules whose record nobody has given.
const NO_RECORD: &str = "Without a record of the checksum database";

/// The states of modules, as the report names them.
const STATES: [&str; 6] = [
    "proven",
    "lock-only",
    "local-folder",
    "nothing-vendored",
    "not-checked",
    "differs",
];

struct Row {
    name: String,
    commit: String,
    trees: usize,
    files: u64,
    bytes: u64,
    states: BTreeMap<String, usize>,
    /// What differs: by module, how many places.
    problems: BTreeMap<String, usize>,
    gaps: Vec<String>,
    /// Modules without a record of the checksum database, and why.
    without_record: Vec<String>,
    check: Run,
    written: Run,
    manifests: u64,
    base: Run,
    base_words: String,
}

/// Checks every checkout that the command line names, as `NAME@COMMIT`. Each
/// must be a repository whose `HEAD` is what lies there.
pub(super) fn run(options: &Options) -> Result<String, Error> {
    if options.corpora.is_empty() {
        return Err(Error::Usage(
            "`peers vendor` takes `--corpus OWNER+NAME@COMMIT=CHECKOUT`, once for each".to_owned(),
        ));
    }
    let program = ours()?;
    let mut rows = Vec::new();
    for (label, folder) in &options.corpora {
        let (name, commit) = label.split_once('@').unwrap_or((label, ""));
        let name = name.replacen('+', "/", 1);
        println!("reading {name}");
        rows.push(row(&program, name, commit, folder)?);
    }
    Ok(text(&rows))
}

fn row(program: &Path, name: String, commit: &str, folder: &Path) -> Result<Row, Error> {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program);
        let command = command.args(["deps", "vendor"]).args(arguments).arg(folder);
        measure::once(command)
    };
    let kept = folder.join(".github/cofferdam.vendor.gz");
    let written = run(&["write-manifests"])?;
    let manifests = std::fs::metadata(&kept).map_or(0, |found| found.len());
    let arguments = ["check", "--offline", "--format", "json"];
    // Crates are vouched for by their archives, which the cache of Cargo has
    // or the registry gives.
    let crates = !folder.join("vendor/modules.txt").exists();
    let check = run(if crates {
        &["check", "--format", "json"]
    } else {
        &arguments
    })?;
    if kept.exists() {
        std::fs::remove_file(&kept).map_err(Error::file(&kept))?;
    }
    // Once before, so that everything is in memory.
    let with_base = ["check", "--offline", "--base", "HEAD", "--format", "json"];
    run(&with_base)?;
    let base = run(&with_base)?;
    let report = parsed(&name, &check)?;
    let of_base = parsed(&name, &base)?;
    Ok(Row {
        commit: commit.to_owned(),
        trees: list(&report, "/trees").count(),
        files: list(&report, "/trees")
            .map(|tree| count(tree, "files"))
            .sum(),
        bytes: list(&report, "/trees")
            .map(|tree| count(tree, "bytes"))
            .sum(),
        states: states(&report),
        problems: problems(&report),
        gaps: everywhere(&report, "not_checked")
            .map(|gap| format!("{}: {}", word(gap, "what"), hostless(word(gap, "why"))))
            .collect(),
        without_record: without_record(&String::from_utf8_lossy(&written.stdout)),
        check,
        written,
        manifests,
        base_words: words(&states(&of_base)),
        base,
        name,
    })
}

fn without_record(said: &str) -> Vec<String> {
    let lines = said.lines().map(str::trim_start);
    let lines = lines
        .skip_while(|line| !line.starts_with(NO_RECORD))
        .skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.map(hostless).collect()
}

/// The host that did not answer is that of whoever runs this.
fn hostless(why: &str) -> String {
    let words = why.split(' ').map(|word| {
        if word.starts_with("https://") || word.starts_with("http://") {
            "the proxy"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn parsed(name: &str, run: &Run) -> Result<Value, Error> {
    serde_json::from_slice(&run.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&run.stderr);
        Error::output(format!("no report on {name}: {}", said.trim()))
    })
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.into_iter().flatten()
}

/// What the report says under a word, for itself and of each directory.
fn everywhere<'v>(report: &'v Value, what: &'v str) -> impl Iterator<Item = &'v Value> {
    let pointer = format!("/{what}");
    let own: Vec<&Value> = list(report, &pointer).collect();
    let trees = list(report, "/trees").flat_map(move |tree| {
        let found = tree.get(what).and_then(Value::as_array);
        found.into_iter().flatten()
    });
    own.into_iter().chain(trees)
}

fn count(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_default()
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn states(report: &Value) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for module in list(report, "/trees").flat_map(|tree| list(tree, "/modules")) {
        *states.entry(word(module, "state").to_owned()).or_default() += 1;
    }
    states
}

fn problems(report: &Value) -> BTreeMap<String, usize> {
    let mut problems = BTreeMap::new();
    for one in everywhere(report, "problems") {
        let about = match word(one, "module") {
            "" => word(one, "path"),
            module => module,
        };
        *problems.entry(about.to_owned()).or_default() += 1;
    }
    problems
}

fn words(states: &BTreeMap<String, usize>) -> String {
    let each = states
        .iter()
        .map(|(state, count)| format!("{count} {state}"));
    each.collect::<Vec<_>>().join(", ")
}

fn code(run: &Run) -> String {
    run.code.map_or("-".to_owned(), |code| code.to_string())
}

fn text(rows: &[Row]) -> String {
    let mut text = format!(
        "{} checkouts that were given by hand; nothing of them is kept here. For each, in this \
         order: `deps vendor write-manifests`, which asks a module proxy and the checksum database; \
         `deps vendor check --offline` with what was written (for crates without `--offline`: the \
         archive alone vouches for a manifest that the base does not have); and `deps vendor check \
         --offline --base HEAD`, warm and without that file, so that nothing differs from `HEAD`.\n\n\
         *Proven* is said where each file equals its line, the lines hash to the sum of the lock, \
         and the checksum database's signed root stands for the sum, checked offline. For crates \
         there is no such database: without a base their archives' hash stands in the lock alone.\n\n\
         | project | commit | directories | modules | files | MB |",
        rows.len()
    );
    for state in STATES {
        let _ = write!(text, " {state} |");
    }
    text += " exit | check | with base |\n|---|---|--:|--:|--:|--:|";
    text += &"--:|".repeat(STATES.len() + 3);
    text.push('\n');
    for row in rows {
        let of = |state: &str| row.states.get(state).copied().unwrap_or_default();
        let _ = write!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            row.name,
            row.commit.get(..12).unwrap_or(&row.commit),
            row.trees,
            row.states.values().sum::<usize>(),
            row.files,
            row.bytes / 1_000_000,
        );
        for state in STATES {
            let _ = write!(text, " {} |", of(state));
        }
        let _ = writeln!(
            text,
            " {} | {:.2} s | {:.2} s, exit {} |",
            code(&row.check),
            row.check.wall.as_secs_f64(),
            row.base.wall.as_secs_f64(),
            code(&row.base),
        );
    }
    text += "\nEvery difference, everything that could not be checked, and every module whose record \
             of the checksum database was not within reach, so that the lock alone stands for it:\n\n";
    for row in rows {
        explained(&mut text, row);
    }
    text += "\nThe files of manifests, with the records of the checksum database, and what `--base` \
             says of the modules:\n\n| project | file of manifests | written in | with base |\n\
             |---|--:|--:|---|\n";
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} kB | {:.0} s | {} |",
            row.name,
            row.manifests / 1000,
            row.written.wall.as_secs_f64(),
            row.base_words,
        );
    }
    text
}

fn explained(text: &mut String, row: &Row) {
    let mut unexplained = Vec::new();
    let mut by_words: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (about, places) in &row.problems {
        let found = EXPLAINED
            .iter()
            .find(|(project, begin, _)| *project == row.name && about.starts_with(begin));
        match found {
            Some((_, _, words)) => {
                let sum = by_words.entry(words).or_default();
                *sum = (sum.0 + 1, sum.1 + places);
            }
            None => unexplained.push(format!("{about} ({places} places)")),
        }
    }
    for (words, (modules, places)) in by_words {
        let _ = writeln!(
            text,
            "- {}: {modules} modules, {places} places: {words}.",
            row.name
        );
    }
    for one in unexplained {
        let _ = writeln!(text, "- {}: {one}: **not explained**.", row.name);
    }
    for gap in &row.gaps {
        let _ = writeln!(text, "- {}, not checked: {gap}.", row.name);
    }
    for one in &row.without_record {
        let _ = writeln!(text, "- {}, without a record: {one}.", row.name);
    }
}
