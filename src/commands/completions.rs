//! `cofferdam completions SHELL`.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use cofferdam_findings::Exit;

use crate::failure::Failure;
use crate::output;

/// Print a script that completes the arguments in a shell.
///
/// For bash: `cofferdam completions bash >
/// ~/.local/share/bash-completion/completions/cofferdam`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Why there is no script.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompletionsError {
    /// It cannot be written.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<CompletionsError> for Failure {
    fn from(error: CompletionsError) -> Self {
        Self::usage(&error)
    }
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, CompletionsError> {
    let mut script = Vec::new();
    let mut command = crate::Arguments::command();
    clap_complete::generate(args.shell, &mut command, "cofferdam", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}
