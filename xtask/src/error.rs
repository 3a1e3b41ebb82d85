//! What can go wrong, with what to do about it beside the error.

use std::path::PathBuf;

use crate::pack::PackTaskError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("`{program}` does not start: {source}")]
    Start {
        /// The program, as it was called.
        program: String,
        /// What the system said.
        source: std::io::Error,
        /// How to get it.
        advice: String,
    },
    /// A program ended with a failure.
    #[error("`{program}` ended with {status}")]
    Failed {
        /// The program and its arguments.
        program: String,
        /// How it ended.
        status: String,
        /// What to do about it.
        advice: String,
    },
    /// A program's output is not what it should be.
    #[error("{what}")]
    Output {
        /// What was expected and what came.
        what: String,
    },
    /// The data pack could not be made.
    #[error(transparent)]
    Pack(#[from] PackTaskError),
    /// A check found something.
    #[error("{what}:\n{}", list(places))]
    Found {
        /// What is wrong.
        what: String,
        /// Where, one line each.
        places: Vec<String>,
        /// What to do about it.
        advice: String,
    },
}

impl Error {
    /// What to do about it, where that is not plain from the error itself.
    pub(crate) fn advice(&self) -> Option<&str> {
        match self {
            Self::Start { advice, .. }
            | Self::Failed { advice, .. }
            | Self::Found { advice, .. }
                if !advice.is_empty() =>
            {
                Some(advice)
            }
            _ => None,
        }
    }

    /// 2 for wrong usage, 1 for everything else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Pack(PackTaskError::Usage) => 2,
            _ => 1,
        }
    }

    /// An error about a file, for `map_err`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// An error about unexpected output.
    pub(crate) fn output(what: impl Into<String>) -> Self {
        Self::Output { what: what.into() }
    }
}

fn list(places: &[String]) -> String {
    places
        .iter()
        .map(|place| format!("  {place}"))
        .collect::<Vec<_>>()
        .join("\n")
}
