//! The terminal, and files that are whole or not there.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::environment;

/// When to colour what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColourChoice {
    /// Whether standard output is coloured.
    pub(crate) fn on_stdout(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => io::stdout().is_terminal() && !environment::asks_for_plain_text(),
        }
    }
}

/// Columns and lines of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) columns: usize,
    pub(crate) lines: usize,
}

impl Screen {
    /// What is written for where there is no terminal, such as a job's log.
    const PAGE: Self = Self {
        columns: 100,
        lines: 40,
    };
    /// Less than this cannot be read.
    const LEAST: Self = Self {
        columns: 40,
        lines: 20,
    };
    /// Longer lines are hard to read.
    const MOST_COLUMNS: usize = 160;

    /// Whether somebody looks at standard output on a screen.
    pub(crate) fn is_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// The screen on which standard output is shown.
    pub(crate) fn of_stdout() -> Self {
        let found = if io::stdout().is_terminal() {
            terminal_size::terminal_size_of(io::stdout())
        } else {
            None
        };
        let columns = found
            .map(|(width, _)| usize::from(width.0))
            .or_else(environment::columns)
            .unwrap_or(Self::PAGE.columns);
        let lines = found.map_or(Self::PAGE.lines, |(_, height)| usize::from(height.0));
        Self {
            columns: columns.clamp(Self::LEAST.columns, Self::MOST_COLUMNS),
            // The prompt needs room below.
            lines: lines.saturating_sub(2).max(Self::LEAST.lines),
        }
    }
}

/// Where a result goes.
#[derive(Debug)]
pub(crate) enum Sink {
    Stdout(BufWriter<io::Stdout>),
    /// A new file beside the one that is meant; it takes its place at the end.
    File {
        part: BufWriter<NamedTempFile>,
        path: PathBuf,
    },
}

impl Sink {
    /// Standard output, or the file at `path`.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Stdout(BufWriter::new(io::stdout())));
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let text = format!("there is no folder {}", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".cofferdam-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The user's mask takes away what others shall not have, as for
            // every file that a program writes.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        Ok(Self::File {
            part: BufWriter::new(builder.tempfile_in(folder).map_err(|error| plain(&error))?),
            path: path.to_owned(),
        })
    }

    /// Puts everything in its place.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::File { part, path } => {
                let file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

/// The error of the system alone: the name of the file beside the one that is
/// meant says nothing to anybody.
fn plain(error: &io::Error) -> io::Error {
    io::Error::from(error.kind())
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File { part, .. } => part.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File { part, .. } => part.flush(),
        }
    }
}

/// Writes a file so that at its path there is always the old or the new one,
/// whole.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut sink = Sink::open(Some(path))?;
    sink.write_all(bytes)?;
    sink.finish()
}

/// Prints a text on standard output. A reader that has seen enough, such as
/// `head`, is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_whole(&folder.path().join("none/settings.json"), b"x").is_err());
        assert!(write_whole(Path::new(".."), b"x").is_err());
        // A folder at the path is an error and leaves nothing behind.
        fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(write_whole(&folder.path().join("taken"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
