//! Our own time and memory as the input grows, and whether the number of
//! threads changes a byte of what is written.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Options, audit, ours};
use crate::error::Error;
use crate::measure::{self, Mean};
use crate::workspace;

/// How much larger each step is than the first.
const STEPS: &[usize] = &[1, 4, 16];

/// Repositories in the last step.
const REPOSITORIES: usize = 1_000;

/// By how much memory may differ between the first step and the last, which is
/// what the allocator rounds up.
const MOST_GROWTH: f64 = 1.25;

/// One measured input.
struct Row {
    what: String,
    files: usize,
    written: usize,
    mean: Mean,
    /// The highest resident set of one process with 16 threads, in bytes.
    of_16_threads: u64,
}

/// Measures one repository that grows, then a folder of repositories that grows.
pub(super) fn run(options: &Options) -> Result<String, Error> {
    let program = ours()?;
    let (label, source) = match options.corpora.first() {
        Some((label, folder)) => (label.clone(), folder.clone()),
        None => ("this repository".to_owned(), audit::own()?),
    };
    let files = audit::yaml_paths(&source);
    let home = workspace::root().join("target/peers/growth");
    let mut one = Vec::new();
    for step in STEPS {
        clear(&home)?;
        for copy in 0..*step {
            lay_out(&source, &files, &home, copy)?;
        }
        let what = format!("one repository, {step}×");
        one.push(measured(
            &program,
            &home,
            &[],
            what,
            files.len() * step,
            options.runs,
        )?);
    }
    let mut many = Vec::new();
    for step in STEPS {
        clear(&home)?;
        let count = REPOSITORIES * step / 16;
        for copy in 0..count {
            let folder = home.join(format!("r{copy:04}"));
            lay_out(&source, &files, &folder, copy)?;
            std::fs::create_dir_all(folder.join(".git")).map_err(Error::file(&folder))?;
        }
        let what = format!("{count} repositories");
        let arguments = ["--recursive"];
        many.push(measured(
            &program,
            &home,
            &arguments,
            what,
            files.len() * count,
            options.runs,
        )?);
    }
    clear(&home)?;
    flat(&many)?;
    Ok(table(&label, options.runs, &one) + &table(&label, options.runs, &many))
}

/// Refuses memory that grows with the number of repositories.
fn flat(rows: &[Row]) -> Result<(), Error> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Err(Error::output("nothing was measured"));
    };
    if last.mean.peak > first.mean.peak * MOST_GROWTH {
        return Err(Error::output(format!(
            "memory grows with the number of repositories: {:.1} MB for {}, {:.1} MB for {}",
            first.mean.peak / 1e6,
            first.what,
            last.mean.peak / 1e6,
            last.what
        )));
    }
    Ok(())
}

/// Copies the YAML files of `source` into a checkout. Each copy differs by a
/// comment and by its name, so that nothing can be kept from the one before.
fn lay_out(source: &Path, files: &[PathBuf], to: &Path, copy: usize) -> Result<(), Error> {
    for file in files {
        let from = source.join(file);
        let mut bytes = std::fs::read(&from).map_err(Error::file(&from))?;
        bytes.extend(format!("\n# copy {copy}\n").into_bytes());
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let path = to.join(file).with_file_name(format!("{copy:04}-{name}"));
        // An action must keep its name; its folder is numbered instead.
        let path = if name.starts_with("action.") {
            to.join(format!("actions-{copy:04}")).join(file)
        } else {
            path
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
        }
        std::fs::write(&path, bytes).map_err(Error::file(&path))?;
    }
    Ok(())
}

fn measured(
    program: &Path,
    folder: &Path,
    arguments: &[&str],
    what: String,
    files: usize,
    runs: u32,
) -> Result<Row, Error> {
    println!("{what}: {files} files");
    let run = |threads: Option<&str>| {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .args(["audit", "--format", "json"])
            .args(arguments);
        if let Some(threads) = threads {
            command.args(["--threads", threads]);
        }
        command.arg(".");
        measure::once(&command)
    };
    let single = run(Some("1"))?;
    let many = run(Some("16"))?;
    if single.stdout.is_empty() || single.stdout != many.stdout {
        return Err(Error::output(format!(
            "{what}: 1 thread and 16 do not write the same"
        )));
    }
    let again = || {
        let mut run = run(None)?;
        if run.stdout != single.stdout {
            return Err(Error::output(format!("{what}: not the same twice")));
        }
        run.stdout.clear();
        run.stdout.shrink_to_fit();
        Ok(run)
    };
    let runs = (0..runs).map(|_| again()).collect::<Result<Vec<_>, _>>()?;
    let mean = measure::mean(&runs).ok_or_else(|| Error::output("no run to take a mean of"))?;
    Ok(Row {
        what,
        files,
        written: single.stdout.len(),
        mean,
        of_16_threads: many.peak,
    })
}

fn table(label: &str, runs: u32, rows: &[Row]) -> String {
    let mut text = format!(
        "\n{label}; mean of {runs} whole processes, JSON to a pipe. 1 thread and 16 wrote the \
         same bytes in every row.\n\n| input | YAML files | written, kB | wall, ms (least to most) \
         | µs a file | peak memory, MB | with 16 threads, MB |\n|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let (files, written, of_16) = (
            row.files as f64,
            row.written as f64,
            row.of_16_threads as f64,
        );
        text += &format!(
            "| {} | {} | {:.0} | {:.1} ({:.1} to {:.1}) | {:.0} | {:.1} | {:.1} |\n",
            row.what,
            row.files,
            written / 1e3,
            row.mean.wall * 1e3,
            row.mean.range.0 * 1e3,
            row.mean.range.1 * 1e3,
            row.mean.wall * 1e6 / files,
            row.mean.peak / 1e6,
            of_16 / 1e6,
        );
    }
    text
}

fn clear(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::create_dir_all(folder).map_err(Error::file(folder))
}
