//! One file a verb; the only code that prints or exits.

mod audit;
#[cfg(feature = "exposure")]
mod claims;
#[cfg(feature = "completions")]
mod completions;
mod config;
mod data;
#[cfg(feature = "vendoring")]
mod deps;
#[cfg(feature = "exposure")]
mod exposure;
#[cfg(feature = "fix")]
mod fix;
#[cfg(feature = "insights")]
mod insights;
#[cfg(feature = "lock")]
mod lock;
#[cfg(feature = "lsp")]
mod lsp;
#[cfg(feature = "lock")]
mod network;
#[cfg(feature = "lock")]
mod pin;
#[cfg(any(feature = "lock", feature = "images"))]
mod registries;
#[cfg(feature = "release")]
mod release;
#[cfg(all(feature = "exposure", feature = "revisions"))]
mod replay;
mod rules;
#[cfg(feature = "online")]
mod settings;
#[cfg(feature = "verify")]
mod sigstore;
#[cfg(feature = "exposure")]
mod threat_model;
mod triggers;
#[cfg(feature = "verify")]
mod verify;
#[cfg(feature = "exposure")]
mod what_if;

use std::process::ExitCode;

use crate::failure::Failure;
use crate::output::ColourChoice;

/// Every command. One more is one variant here and one arm below.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Audit(Box<audit::AuditArgs>),
    #[cfg(feature = "exposure")]
    Exposure(exposure::ExposureArgs),
    /// Not part of this build.
    #[cfg(not(feature = "exposure"))]
    #[command(hide = true, disable_help_flag = true)]
    Exposure(NotBuilt),
    #[cfg(feature = "exposure")]
    Claims(claims::ClaimsArgs),
    /// Not part of this build.
    #[cfg(not(feature = "exposure"))]
    #[command(hide = true, disable_help_flag = true)]
    Claims(NotBuilt),
    #[cfg(feature = "exposure")]
    WhatIf(Box<what_if::WhatIfArgs>),
    /// Not part of this build.
    #[cfg(not(feature = "exposure"))]
    #[command(hide = true, disable_help_flag = true)]
    WhatIf(NotBuilt),
    #[cfg(feature = "fix")]
    Fix(Box<fix::FixArgs>),
    /// Not part of this build.
    #[cfg(not(feature = "fix"))]
    #[command(hide = true, disable_help_flag = true)]
    Fix(NotBuilt),
    #[cfg(feature = "lock")]
    Lock(Box<lock::LockArgs>),
    /// Not part of this build.
    #[cfg(not(feature = "lock"))]
    #[command(hide = true, disable_help_flag = true)]
    Lock(NotBuilt),
    #[cfg(feature = "lsp")]
    Lsp(lsp::LspArgs),
    /// Not part of this build.
    #[cfg(not(feature = "lsp"))]
    #[command(hide = true, disable_help_flag = true)]
    Lsp(NotBuilt),
    Config(config::ConfigArgs),
    #[cfg(feature = "lock")]
    Pin(Box<pin::PinArgs>),
    /// Not part of this build.
    #[cfg(not(feature = "lock"))]
    #[command(hide = true, disable_help_flag = true)]
    Pin(NotBuilt),
    #[cfg(all(feature = "exposure", feature = "revisions"))]
    Replay(replay::ReplayArgs),
    /// Not part of this build.
    #[cfg(not(all(feature = "exposure", feature = "revisions")))]
    #[command(hide = true, disable_help_flag = true)]
    Replay(NotBuilt),
    #[cfg(feature = "exposure")]
    ThreatModel(threat_model::ThreatModelArgs),
    /// Not part of this build.
    #[cfg(not(feature = "exposure"))]
    #[command(hide = true, disable_help_flag = true)]
    ThreatModel(NotBuilt),
    Triggers(triggers::TriggersArgs),
    Rules(rules::RulesArgs),
    Data(data::DataArgs),
    #[cfg(feature = "vendoring")]
    Deps(deps::DepsArgs),
    /// Not part of this build.
    #[cfg(not(feature = "vendoring"))]
    #[command(hide = true, disable_help_flag = true)]
    Deps(NotBuilt),
    #[cfg(feature = "insights")]
    Insights(insights::InsightsArgs),
    /// Not part of this build.
    #[cfg(not(feature = "insights"))]
    #[command(hide = true, disable_help_flag = true)]
    Insights(NotBuilt),
    #[cfg(feature = "online")]
    Settings(settings::SettingsArgs),
    /// Not part of this build.
    #[cfg(not(feature = "online"))]
    #[command(hide = true, disable_help_flag = true)]
    Settings(NotBuilt),
    #[cfg(feature = "release")]
    Release(Box<release::ReleaseArgs>),
    /// Not part of this build.
    #[cfg(not(feature = "release"))]
    #[command(hide = true, disable_help_flag = true)]
    Release(NotBuilt),
    #[cfg(feature = "verify")]
    Verify(Box<verify::VerifyArgs>),
    /// Not part of this build.
    #[cfg(not(feature = "verify"))]
    #[command(hide = true, disable_help_flag = true)]
    Verify(NotBuilt),
    #[cfg(feature = "verify")]
    #[command(hide = true)]
    Sigstore(Box<sigstore::SigstoreArgs>),
    #[cfg(feature = "completions")]
    Completions(completions::CompletionsArgs),
    /// Not part of this build.
    #[cfg(not(feature = "completions"))]
    #[command(hide = true, disable_help_flag = true)]
    Completions(NotBuilt),
}

/// Whatever stands behind a command that this build does not have.
#[cfg(not(all(
    feature = "completions",
    feature = "exposure",
    feature = "fix",
    feature = "insights",
    feature = "lock",
    feature = "lsp",
    feature = "online",
    feature = "release",
    feature = "revisions",
    feature = "vendoring",
    feature = "verify"
)))]
#[derive(Debug, clap::Args)]
pub(crate) struct NotBuilt {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<String>,
}

impl Command {
    /// Carries it out and says how the program ends.
    pub(crate) fn run(&self, colour: ColourChoice) -> Result<ExitCode, Failure> {
        Ok(match self {
            Self::Audit(args) => audit::run(args, colour)?.code().into(),
            #[cfg(feature = "exposure")]
            Self::Exposure(args) => exposure::run(args, colour)?.code().into(),
            #[cfg(not(feature = "exposure"))]
            Self::Exposure(_) => return Err(not_built("exposure")),
            #[cfg(feature = "exposure")]
            Self::Claims(args) => claims::run(args, colour)?.code().into(),
            #[cfg(not(feature = "exposure"))]
            Self::Claims(_) => return Err(not_built("claims")),
            #[cfg(feature = "exposure")]
            Self::WhatIf(args) => what_if::run(args, colour)?.code().into(),
            #[cfg(not(feature = "exposure"))]
            Self::WhatIf(_) => return Err(not_built("what-if")),
            #[cfg(feature = "fix")]
            Self::Fix(args) => fix::run(args)?.code().into(),
            #[cfg(not(feature = "fix"))]
            Self::Fix(_) => return Err(not_built("fix")),
            #[cfg(feature = "lock")]
            Self::Lock(args) => lock::run(args)?.code().into(),
            #[cfg(not(feature = "lock"))]
            Self::Lock(_) => return Err(not_built("lock")),
            #[cfg(feature = "lsp")]
            Self::Lsp(args) => lsp::run(args)?,
            #[cfg(not(feature = "lsp"))]
            Self::Lsp(_) => return Err(not_built("lsp")),
            Self::Config(args) => config::run(args)?.code().into(),
            #[cfg(feature = "lock")]
            Self::Pin(args) => pin::run(args)?.code().into(),
            #[cfg(not(feature = "lock"))]
            Self::Pin(_) => return Err(not_built("pin")),
            #[cfg(all(feature = "exposure", feature = "revisions"))]
            Self::Replay(args) => replay::run(args, colour)?.code().into(),
            #[cfg(not(all(feature = "exposure", feature = "revisions")))]
            Self::Replay(_) => return Err(not_built("replay")),
            #[cfg(feature = "exposure")]
            Self::ThreatModel(args) => threat_model::run(args)?.code().into(),
            #[cfg(not(feature = "exposure"))]
            Self::ThreatModel(_) => return Err(not_built("threat-model")),
            Self::Triggers(args) => triggers::run(args, colour)?.code().into(),
            Self::Rules(args) => rules::run(args, colour)?.code().into(),
            Self::Data(args) => data::run(args)?.code().into(),
            #[cfg(feature = "vendoring")]
            Self::Deps(args) => deps::run(args)?.code().into(),
            #[cfg(not(feature = "vendoring"))]
            Self::Deps(_) => return Err(not_built("deps")),
            #[cfg(feature = "insights")]
            Self::Insights(args) => insights::run(args)?.code().into(),
            #[cfg(not(feature = "insights"))]
            Self::Insights(_) => return Err(not_built("insights")),
            #[cfg(feature = "online")]
            Self::Settings(args) => settings::run(args)?.code().into(),
            #[cfg(not(feature = "online"))]
            Self::Settings(_) => return Err(not_built("settings")),
            #[cfg(feature = "release")]
            Self::Release(args) => release::run(args)?.code().into(),
            #[cfg(not(feature = "release"))]
            Self::Release(_) => return Err(not_built("release")),
            #[cfg(feature = "verify")]
            Self::Verify(args) => verify::run(args, colour)?.code().into(),
            #[cfg(not(feature = "verify"))]
            Self::Verify(_) => return Err(not_built("verify")),
            #[cfg(feature = "verify")]
            Self::Sigstore(args) => sigstore::run(args)?.code().into(),
            #[cfg(feature = "completions")]
            Self::Completions(args) => completions::run(args)?.code().into(),
            #[cfg(not(feature = "completions"))]
            Self::Completions(_) => return Err(not_built("completions")),
        })
    }
}

#[cfg(not(all(
    feature = "completions",
    feature = "exposure",
    feature = "fix",
    feature = "insights",
    feature = "lock",
    feature = "lsp",
    feature = "online",
    feature = "release",
    feature = "revisions",
    feature = "vendoring",
    feature = "verify"
)))]
fn not_built(command: &str) -> Failure {
    let text = format!("this build has the offline audit alone, without `cofferdam {command}`");
    let hint = "build everything with `cargo build --release`, or install it with \
        `cargo install --path .`";
    Failure::usage(&text).hint(Some(hint))
}
