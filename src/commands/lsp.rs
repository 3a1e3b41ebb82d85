//! `cofferdam lsp`: the audit in an editor.

use std::io::{self, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use cofferdam_editor::{Ended, ServeError, Settings, serve};
use cofferdam_facts::Timestamp;
use cofferdam_pipelines::{Judging, Limits, Options};

use super::audit::{self, AuditCommandError, STACK};
use crate::clock;
use crate::environment;
use crate::failure::Failure;

/// Serve an editor, by the Language Server Protocol over standard input and
/// output.
///
/// What the audit finds stands beside the lines while they are written, with
/// the page of each rule and the fixes of `cofferdam fix`. An editor starts
/// this; `docs/editors.md` says how to tell it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes:\n  0  the editor has ended the session\n  \
    1  it has left without ending it\n  2  what it says cannot be followed")]
pub(crate) struct LspArgs {
    /// Accepted because many editors add it; there is no other way to speak.
    #[arg(long, hide = true)]
    stdio: bool,
    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Vec<PathBuf>,
    /// The organisation's file.
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
    /// The day, for what expires; today by default.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Timestamp>,
}

fn date(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("write it as YYYY-MM-DD")
}

/// Why the session ended before its time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LspError {
    /// An argument is wrong.
    #[error(transparent)]
    Audit(#[from] AuditCommandError),
    /// A stream broke.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl From<LspError> for Failure {
    fn from(error: LspError) -> Self {
        match error {
            LspError::Audit(inner) => inner.into(),
            LspError::Serve(_) => {
                let hint = "an editor starts this command, see docs/editors.md; \
                    for people there is `cofferdam audit`";
                Self::usage(&error).hint(Some(hint))
            }
        }
    }
}

pub(crate) fn run(args: &LspArgs) -> Result<ExitCode, LspError> {
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global()
        .map_err(AuditCommandError::from)?;
    let fixed = args.date;
    let now = fixed.unwrap_or_else(clock::now);
    let options = Options {
        settings: (args.settings.iter())
            .map(|path| audit::snapshot(path))
            .collect::<Result<_, _>>()?,
        data: audit::data_in_force(now),
        now,
        repository: None,
        fallback_repository: None,
        server: environment::server_host(),
        required: Vec::new(),
        limits: Limits::default(),
        only: false,
        judging: Judging {
            organisation: (args.organisation.as_deref())
                .map(audit::organisation)
                .transpose()?,
            settings: args.settings.clone(),
            ..Judging::default()
        },
    };
    let mut day = now.midnight();
    let refresh = move |options: &mut Options| {
        options.now = fixed.unwrap_or_else(clock::now);
        // A session may outlive the data that it began with.
        if options.now.midnight() != day {
            day = options.now.midnight();
            options.data = audit::data_in_force(options.now);
        }
    };
    let settings = Settings {
        options,
        refresh: Box::new(refresh),
        version: env!("CARGO_PKG_VERSION"),
    };
    let ended = serve(BufReader::new(io::stdin()), io::stdout(), settings)?;
    Ok(ExitCode::from(match ended {
        Ended::Orderly => 0,
        Ended::Abruptly => 1,
    }))
}
