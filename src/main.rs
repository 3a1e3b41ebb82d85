//! `cofferdam`: supply-chain defence for CI/CD. Arguments to a command.

mod clock;
mod commands;
mod environment;
mod failure;
mod output;
mod progress;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use crate::commands::Command;
use crate::output::ColourChoice;

/// Supply-chain defence for CI/CD.
///
/// `cofferdam audit` in a checkout says which protections its CI has, has in
/// part or lacks, each with evidence, and what to mend first. It needs no
/// network, no token and no configuration, and executes nothing of the
/// checkout.
#[derive(Debug, Parser)]
#[command(
    name = "cofferdam",
    version,
    arg_required_else_help = true,
    infer_subcommands = true
)]
#[command(
    after_help = "Start with:\n  cofferdam audit .          the checkout in this folder\n  \
                        cofferdam rules ID         what a finding means and how it is mended"
)]
struct Arguments {
    /// When to colour what is printed.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = false
    )]
    color: ColourChoice,

    #[command(subcommand)]
    command: Command,
}

/// What to say to somebody who names a checkout where a command belongs.
fn path_for_a_command(error: &clap::Error) -> Option<String> {
    let named = match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(named) => named,
        _ => return None,
    };
    let is_path = named.contains(['/', '\\', '.']) || Path::new(named).exists();
    is_path.then(|| format!("\n  tip: a checkout is audited with `cofferdam audit {named}`\n"))
}

fn main() -> ExitCode {
    // Wrong usage ends here, with exit code 2 and the nearest known word.
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let tip = path_for_a_command(&error).unwrap_or_default();
            return failure::usage(&format!("{error}{tip}"));
        }
        // Help and the version, in colours where the terminal has them.
        Err(help) => help.exit(),
    };
    arguments
        .command
        .run(arguments.color)
        .unwrap_or_else(|failure| failure.report())
}
