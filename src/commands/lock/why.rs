//! `cofferdam lock why NAME`: who brings something in.

use std::path::PathBuf;

use cofferdam_findings::Exit;
use cofferdam_pipelines::{Limits, locking};
use serde_json::json;

use super::{Form, LockError, say, say_json};

/// Say which workflow brings something in, and over which actions.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// An action as OWNER/REPO or OWNER/REPO@REF, an image, a tool, an address
    /// or a folder; else a part of such a name.
    #[arg(value_name = "NAME")]
    name: String,
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

pub(crate) fn run(args: &WhyArgs) -> Result<Exit, LockError> {
    let opened = locking::open(&args.path, &Limits::default())?;
    let chains = opened.graph().why(&args.name);
    if chains.is_empty() {
        let name = args.name.clone();
        return Err(LockError::NoName { name });
    }
    match args.format {
        Form::Human => {
            let lines: Vec<String> = (chains.iter())
                .map(|chain| {
                    let keys: Vec<String> = chain.keys.iter().map(|key| key.parts().1).collect();
                    format!("{}:{}: {}", chain.path, chain.line, keys.join(" -> "))
                })
                .collect();
            say(&lines)?;
        }
        Form::Json => {
            let chains: Vec<serde_json::Value> = (chains.iter())
                .map(|chain| {
                    let keys: Vec<serde_json::Value> = (chain.keys.iter())
                        .map(|key| {
                            let (section, name) = key.parts();
                            json!({"section": section, "name": name})
                        })
                        .collect();
                    json!({"path": chain.path, "line": chain.line, "chain": keys})
                })
                .collect();
            say_json(&json!({"version": 1, "chains": chains}))?;
        }
    }
    Ok(Exit::Clean)
}
