//! Other programs: started, watched, and asked.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::error::Error;

/// Runs a program with this terminal; fails unless it succeeds.
pub(crate) fn run(command: &mut Command, advice: &str) -> Result<(), Error> {
    let status = command.status().map_err(|source| start(command, source))?;
    succeeded(command, status, advice)
}

/// Runs a program and hands each line of its standard output to `line` as it
/// comes, after printing it. Bytes that are not UTF-8 are shown replaced.
pub(crate) fn watch(
    command: &mut Command,
    advice: &str,
    mut line: impl FnMut(&str),
) -> Result<(), Error> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| start(command, source))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .map_err(|source| start(command, source))?
            > 0
        {
            let text = String::from_utf8_lossy(&bytes);
            print!("{text}");
            line(text.trim_end());
            bytes.clear();
        }
    }
    let status = child.wait().map_err(|source| start(command, source))?;
    succeeded(command, status, advice)
}

/// The standard output of a program that must succeed. Its standard error goes
/// to this terminal.
pub(crate) fn capture(command: &mut Command, advice: &str) -> Result<String, Error> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| start(command, source))?;
    succeeded(command, output.status, advice)?;
    String::from_utf8(output.stdout)
        .map_err(|_| Error::output(format!("`{}` did not write UTF-8", words(command))))
}

/// Whether a program starts and succeeds; it is not heard.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The program and its arguments, as a person would type them.
pub(crate) fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    std::iter::once(program.file_name().unwrap_or(program.as_os_str()))
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The error for a program that cannot be started.
pub(crate) fn start(command: &Command, source: std::io::Error) -> Error {
    let program = command.get_program().to_string_lossy().into_owned();
    let advice = format!("install `{program}` and put it on the PATH");
    Error::Start {
        program,
        source,
        advice,
    }
}

fn succeeded(command: &Command, status: ExitStatus, advice: &str) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        program: words(command),
        status: status.to_string(),
        advice: advice.to_owned(),
    })
}
