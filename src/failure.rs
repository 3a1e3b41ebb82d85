//! How a command that could not do its work says so.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use cofferdam_findings::{Exit, sanitise};

/// A command that ends without its result: one line of what went wrong, what
/// to do about it, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// The command was used wrongly.
    pub(crate) fn usage(error: &dyn fmt::Display) -> Self {
        Self {
            message: error.to_string(),
            hint: None,
            exit: Exit::Usage,
        }
    }

    /// Something that is needed could not be checked.
    pub(crate) fn not_checked(error: &dyn fmt::Display) -> Self {
        Self {
            exit: Exit::NotChecked,
            ..Self::usage(error)
        }
    }

    /// Says what to do about it.
    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    /// Prints it on standard error and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let mut text = format!("error: {}\n", sanitise::line(&self.message));
        if let Some(hint) = &self.hint {
            text.push_str(&format!("hint: {}\n", sanitise::line(hint)));
        }
        // Where standard error is closed, the exit code still tells.
        let _ = io::stderr().write_all(sanitise::inert_for_log(&text).as_bytes());
        self.exit.code().into()
    }
}

/// Prints what is wrong with the arguments and ends with the code of wrong
/// usage. Arguments may come from a workflow's inputs, so that what is repeated
/// of them is made inert first.
pub(crate) fn usage(text: &str) -> ExitCode {
    let mut stderr = io::stderr().lock();
    for line in text.lines() {
        let line = sanitise::line(line);
        // Where nothing can be written, the exit code still tells.
        let _ = writeln!(stderr, "{}", sanitise::inert_for_log(&line));
    }
    ExitCode::from(Exit::Usage.code())
}
