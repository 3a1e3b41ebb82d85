//! Time and memory of whole processes.
//!
//! On Linux the highest resident set of a process is never less than what the
//! process that started it held then. So each measured process is started by one
//! of its own, this program once more, which holds nothing.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wait4::Wait4;

use crate::error::Error;
use crate::process;

/// The command under which this program starts what is measured.
pub(crate) const COMMAND: &str = "measured";

/// One whole process, from its start until it was reaped.
pub(crate) struct Run {
    /// From before the start until after the end.
    pub(crate) wall: Duration,
    /// User and system time together.
    pub(crate) cpu: Duration,
    /// The highest resident set size, in bytes; on Linux at least the few MB
    /// of the process that started it.
    pub(crate) peak: u64,
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Everything it wrote to standard output, through a pipe.
    pub(crate) stdout: Vec<u8>,
    /// Everything it wrote to standard error, through a pipe.
    pub(crate) stderr: Vec<u8>,
}

/// Runs a process to its end, its output going to pipes that are drained at
/// once, as a program that consumes it would.
pub(crate) fn once(command: &Command) -> Result<Run, Error> {
    let failed = |source| process::start(command, source);
    let mut starter = Command::new(std::env::current_exe().map_err(failed)?);
    starter
        .arg(COMMAND)
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => starter.env(name, value),
            None => starter.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        starter.current_dir(folder);
    }
    let mut child = starter.spawn().map_err(failed)?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let errors = std::thread::spawn(move || drain(stderr));
    let stdout = drain(stdout).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    let mut stderr = errors
        .join()
        .map_err(|_| Error::output("the thread that reads standard error did not end well"))?
        .map_err(failed)?;
    let figures = status
        .success()
        .then(|| Figures::cut(&mut stderr))
        .flatten();
    let Some(figures) = figures else {
        let told = String::from_utf8_lossy(&stderr);
        let what = format!("`{}` was not measured: {told}", process::words(command));
        return Err(Error::output(what));
    };
    Ok(Run {
        wall: figures.wall,
        cpu: figures.cpu,
        peak: figures.peak,
        code: figures.code,
        stdout,
        stderr,
    })
}

/// `measured PROGRAM ARGUMENTS…`: runs a program with this terminal and writes
/// its figures to standard error, behind everything that it wrote.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let Some((program, arguments)) = arguments.split_first() else {
        return Err(Error::Usage(format!("`{COMMAND}` takes a program")));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let began = Instant::now();
    let started = command.spawn();
    let failed = |source| process::start(&command, source);
    let used = started.and_then(|child| child.wait4()).map_err(failed)?;
    let figures = Figures {
        wall: began.elapsed(),
        cpu: used.rusage.utime + used.rusage.stime,
        peak: used.rusage.maxrss,
        code: used.status.code(),
    };
    std::io::stderr()
        .write_all(figures.line().as_bytes())
        .map_err(failed)
}

/// What one process hands to the other, in a line of its own.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    wall: Duration,
    cpu: Duration,
    peak: u64,
    code: Option<i32>,
}

impl Figures {
    fn line(&self) -> String {
        let figures = json!([
            self.wall.as_secs_f64(),
            self.cpu.as_secs_f64(),
            self.peak,
            self.code
        ]);
        format!("\n{figures}\n")
    }

    /// Takes the figures from the end of what was written.
    fn cut(stderr: &mut Vec<u8>) -> Option<Self> {
        let end = stderr.strip_suffix(b"\n")?;
        let start = end.iter().rposition(|byte| *byte == b'\n')?;
        let line: Value = serde_json::from_slice(end.get(start..)?).ok()?;
        let seconds = |at: usize| Duration::try_from_secs_f64(line.get(at)?.as_f64()?).ok();
        let figures = Self {
            wall: seconds(0)?,
            cpu: seconds(1)?,
            peak: line.get(2)?.as_u64()?,
            code: (line.get(3)?.as_i64()).and_then(|code| i32::try_from(code).ok()),
        };
        stderr.truncate(start);
        Some(figures)
    }
}

/// The mean of several whole processes.
pub(crate) struct Mean {
    /// Seconds of wall clock.
    pub(crate) wall: f64,
    /// Smallest and largest wall clock, in seconds.
    pub(crate) range: (f64, f64),
    /// Seconds of user and system time.
    pub(crate) cpu: f64,
    /// Mean of the highest resident set sizes, in bytes.
    pub(crate) peak: f64,
}

/// The mean over `runs`; `None` if there are none.
pub(crate) fn mean(runs: &[Run]) -> Option<Mean> {
    if runs.is_empty() {
        return None;
    }
    let walls: Vec<f64> = runs.iter().map(|run| run.wall.as_secs_f64()).collect();
    #[expect(
        clippy::cast_precision_loss,
        reason = "ten runs, and sizes far below 2^52"
    )]
    let (count, peak) = (
        runs.len() as f64,
        runs.iter().map(|run| run.peak as f64).sum::<f64>(),
    );
    Some(Mean {
        wall: walls.iter().sum::<f64>() / count,
        range: (
            walls.iter().copied().fold(f64::INFINITY, f64::min),
            walls.iter().copied().fold(0.0, f64::max),
        ),
        cpu: runs.iter().map(|run| run.cpu.as_secs_f64()).sum::<f64>() / count,
        peak: peak / count,
    })
}

fn drain(stream: Option<impl Read>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_behind_what_was_written() {
        for (written, code) in [("", Some(0)), ("warning: x", None), ("[1]\n", Some(3))] {
            let figures = Figures {
                wall: Duration::from_millis(1500),
                cpu: Duration::from_millis(250),
                peak: 12_345_678,
                code,
            };
            let mut stderr = format!("{written}{}", figures.line()).into_bytes();
            assert_eq!(Figures::cut(&mut stderr), Some(figures));
            assert_eq!(stderr, written.as_bytes());
        }
        assert_eq!(Figures::cut(&mut b"error: x\n".to_vec()), None);
    }
}
