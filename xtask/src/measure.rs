//! Time and memory of whole processes.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::error::Error;
use crate::process;

/// One whole process, from its start until it was reaped.
pub(crate) struct Run {
    /// From before the start until after the end.
    pub(crate) wall: Duration,
    /// User and system time together.
    pub(crate) cpu: Duration,
    /// The highest resident set size, in bytes. On Linux this is never less
    /// than what this tool itself held when it started the process, a few MB.
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
pub(crate) fn once(command: &mut Command) -> Result<Run, Error> {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| process::start(command, source))?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let errors = std::thread::spawn(move || drain(stderr));
    let stdout = drain(stdout).map_err(|source| process::start(command, source))?;
    let used = child
        .wait4()
        .map_err(|source| process::start(command, source))?;
    let wall = began.elapsed();
    let stderr = errors
        .join()
        .map_err(|_| Error::output("the thread that reads standard error did not end well"))?
        .map_err(|source| process::start(command, source))?;
    Ok(Run {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        peak: used.rusage.maxrss,
        code: used.status.code(),
        stdout,
        stderr,
    })
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
