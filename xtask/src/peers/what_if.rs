//! Organisation-wide what-if over distinct repositories: time, and memory that
//! does not grow with their number.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Options, audit, ours};
use crate::error::Error;
use crate::measure;
use crate::workspace;

pub(super) const COVERS: &[&str] = &[
    "crates/exposure",
    "crates/flows",
    "crates/pipelines",
    "crates/rules",
    "crates/workflows",
    "src",
];

/// How many repositories each step has.
const STEPS: &[usize] = &[125, 500];
/// What is promised for the last step, on two cores.
const MOST_SECONDS: f64 = 60.0;
const THREADS: &str = "2";
/// By how much memory may differ between the first step and the last. What is in
/// memory at a time is chance: a few repositories beside each other.
const MOST_GROWTH: f64 = 1.5;
/// Documents besides YAML that the graph reads.
const DOCUMENTS: &[&str] = &[
    "Dockerfile",
    "package.json",
    "requirements.txt",
    "actions.lock",
];

/// What is asked.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("every dependency, ranked", &["--all"]),
    ("one action", &["actions/checkout"]),
    ("one secret", &["secret:NPM_TOKEN"]),
];

struct Row {
    question: &'static str,
    repositories: usize,
    files: usize,
    written: usize,
    seconds: f64,
    cpu: f64,
    peak: f64,
}

/// Measures each question over each number of repositories.
pub(super) fn run(options: &Options) -> Result<String, Error> {
    let program = ours()?;
    let sources = sources(options)?;
    let home = workspace::root().join("target/peers/what-if");
    let mut rows = Vec::new();
    for step in STEPS {
        if home.exists() {
            std::fs::remove_dir_all(&home).map_err(Error::file(&home))?;
        }
        let mut files = 0;
        for (copy, source) in sources.iter().cycle().take(*step).enumerate() {
            files += lay_out(source, &home.join(format!("r{copy:04}")), copy)?;
        }
        for (question, arguments) in QUESTIONS {
            println!("{question}: {step} repositories, {files} files");
            rows.push(measured(
                &program, &home, question, arguments, *step, files,
            )?);
        }
    }
    std::fs::remove_dir_all(&home).map_err(Error::file(&home))?;
    judge(&rows)?;
    Ok(table(sources.len(), &rows))
}

/// The checkouts that the folders of the command line hold; our own where none
/// is given.
fn sources(options: &Options) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for (_, folder) in &options.corpora {
        if folder.join(".github").is_dir() {
            found.push(folder.clone());
            continue;
        }
        let entries = folder.read_dir().map_err(Error::file(folder))?;
        let inner = entries.flatten().map(|entry| entry.path());
        found.extend(inner.filter(|path| path.join(".github").is_dir()));
    }
    if found.is_empty() {
        found.push(audit::own()?);
    }
    found.sort();
    Ok(found)
}

/// Copies what the graph reads of a checkout. Each copy differs in every YAML
/// file, so that nothing can be kept from the one before.
fn lay_out(source: &Path, to: &Path, copy: usize) -> Result<usize, Error> {
    let mut files = audit::yaml_paths(source);
    files.extend(DOCUMENTS.iter().map(PathBuf::from));
    files.push(PathBuf::from(".github/workflows/actions.lock"));
    let mut count = 0;
    for file in files {
        let from = source.join(&file);
        if !from.is_file() {
            continue;
        }
        let mut bytes = std::fs::read(&from).map_err(Error::file(&from))?;
        if file
            .extension()
            .is_some_and(|kind| kind == "yml" || kind == "yaml")
        {
            bytes.extend(format!("\n# copy {copy}\n").into_bytes());
        }
        let path = to.join(&file);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
        }
        std::fs::write(&path, bytes).map_err(Error::file(&path))?;
        count += 1;
    }
    let git = to.join(".git");
    std::fs::create_dir_all(&git).map_err(Error::file(&git))?;
    Ok(count)
}

fn measured(
    program: &Path,
    home: &Path,
    question: &'static str,
    arguments: &[&str],
    repositories: usize,
    files: usize,
) -> Result<Row, Error> {
    let run = |threads: &str| {
        let mut command = Command::new(program);
        command
            .current_dir(home)
            .arg("what-if")
            .args(arguments)
            .args(["--recursive", ".", "--format", "json", "--threads", threads]);
        measure::once(&command)
    };
    let found = run(THREADS)?;
    if !matches!(found.code, Some(0 | 3)) || found.stdout.is_empty() {
        let text = String::from_utf8_lossy(&found.stderr);
        return Err(Error::output(format!(
            "{question}: {:?} {text}",
            found.code
        )));
    }
    if run("1")?.stdout != found.stdout {
        return Err(Error::output(format!(
            "{question}: 1 thread and {THREADS} do not write the same"
        )));
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let peak = found.peak as f64;
    Ok(Row {
        question,
        repositories,
        files,
        written: found.stdout.len(),
        seconds: found.wall.as_secs_f64(),
        cpu: found.cpu.as_secs_f64(),
        peak,
    })
}

/// Refuses what is slower than promised, and memory that grows.
fn judge(rows: &[Row]) -> Result<(), Error> {
    for row in rows {
        if row.seconds > MOST_SECONDS {
            return Err(Error::output(format!(
                "{}: {:.1} s for {} repositories, more than {MOST_SECONDS}",
                row.question, row.seconds, row.repositories
            )));
        }
        let first = rows.iter().find(|other| other.question == row.question);
        if first.is_some_and(|first| row.peak > first.peak * MOST_GROWTH) {
            return Err(Error::output(format!(
                "{}: memory grows to {:.1} MB for {} repositories",
                row.question,
                row.peak / 1e6,
                row.repositories
            )));
        }
    }
    Ok(())
}

fn table(sources: usize, rows: &[Row]) -> String {
    let mut text = format!(
        "Distinct repositories made from {sources} checkouts, each copy different in every YAML \
         file; one whole process on {THREADS} threads, JSON to a pipe. 1 thread wrote the same \
         bytes in every row.\n\n| question | repositories | files | written, kB | wall, s | CPU, s \
         | peak memory, MB |\n|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        text += &format!(
            "| {} | {} | {} | {} | {:.2} | {:.2} | {:.1} |\n",
            row.question,
            row.repositories,
            row.files,
            row.written / 1_000,
            row.seconds,
            row.cpu,
            row.peak / 1e6,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(repositories: usize, seconds: f64, peak: f64) -> Row {
        Row {
            question: "x",
            repositories,
            files: 1,
            written: 1,
            seconds,
            cpu: seconds,
            peak,
        }
    }

    #[test]
    fn what_is_slow_or_grows_is_refused() {
        assert!(judge(&[row(125, 5.0, 1e8), row(500, 20.0, 1.2e8)]).is_ok());
        assert!(judge(&[row(125, 5.0, 1e8), row(500, 61.0, 1e8)]).is_err());
        assert!(judge(&[row(125, 5.0, 1e8), row(500, 20.0, 1.6e8)]).is_err());
    }
}
