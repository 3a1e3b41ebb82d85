//! One file a verb; the only code that prints or exits.

mod audit;
mod completions;
mod rules;

use cofferdam_findings::Exit;

use crate::failure::Failure;
use crate::output::ColourChoice;

/// Every command. One more is one variant here and one arm below.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Audit(Box<audit::AuditArgs>),
    Rules(rules::RulesArgs),
    Completions(completions::CompletionsArgs),
}

impl Command {
    /// Carries it out and says how the program ends.
    pub(crate) fn run(&self, colour: ColourChoice) -> Result<Exit, Failure> {
        match self {
            Self::Audit(args) => Ok(audit::run(args, colour)?),
            Self::Rules(args) => Ok(rules::run(args, colour)?),
            Self::Completions(args) => Ok(completions::run(args)?),
        }
    }
}
