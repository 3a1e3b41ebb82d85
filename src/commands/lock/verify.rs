//! `cofferdam lock verify`: what the runner has downloaded, against the lock.

use std::path::{Path, PathBuf};

use cofferdam_facts::SourceFile;
use cofferdam_findings::Exit;
use cofferdam_pipelines::Limits;
use cofferdam_pipelines::collect::bounded;
use cofferdam_pipelines::locking::verify::{Verdict, Verified, VerifyLimits, verify};
use cofferdam_workflows::documents::CofferdamLock;
use cofferdam_workflows::documents::cofferdam_lock::PLACE;
use serde_json::json;

use super::{Form, LockError, say, say_json};
use crate::environment;

/// Compare the actions that the runner has downloaded with the lock, offline.
///
/// What has no hash in the lock is named as not checked, and the exit code is 3.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  every downloaded action is the locked one\n  1  one is not, or \
    is not in the lock\n  2  wrong usage\n  3  one could not be checked"
)]
pub(crate) struct VerifyArgs {
    /// The lock; by default that of the checkout in this folder.
    #[arg(long, value_name = "FILE", default_value = PLACE)]
    lock: PathBuf,
    /// The runner's folder of actions; in a job it is found by itself.
    #[arg(long, value_name = "DIR")]
    actions: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<Exit, LockError> {
    let folder = args
        .actions
        .clone()
        .or_else(environment::actions_folder)
        .ok_or(LockError::NoFolder)?;
    let lock = lock(&args.lock)?;
    let found = verify(&folder, lock.contents(), &VerifyLimits::default())?;
    match args.format {
        Form::Human => say(&lines(&found))?,
        Form::Json => say_json(&value(&found))?,
    }
    Ok(exit(&found))
}

fn lock(path: &Path) -> Result<CofferdamLock, LockError> {
    let unusable = |reason: String| LockError::NoLock {
        path: path.to_owned(),
        reason,
    };
    let mut file = std::fs::File::open(path).map_err(|error| unusable(error.to_string()))?;
    let bytes = bounded(&mut file, Limits::default().document_bytes)
        .map_err(|error| unusable(error.to_string()))?
        .map_err(|_| unusable("it is too large".to_owned()))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8".to_owned()))?;
    let lock = CofferdamLock::parse(SourceFile::new(path.display().to_string(), text));
    match lock.problems().first() {
        None => Ok(lock),
        Some(problem) => {
            let at = lock.file().locate(problem.span);
            Err(unusable(format!(
                "line {}, column {}: {}",
                at.line, at.column, problem.message
            )))
        }
    }
}

fn exit(found: &[Verified]) -> Exit {
    let wrong =
        |one: &Verified| matches!(one.verdict, Verdict::Differs { .. } | Verdict::NotLocked);
    let open = |one: &Verified| matches!(one.verdict, Verdict::NotChecked(_));
    if found.iter().any(wrong) {
        Exit::Findings
    } else if found.iter().any(open) {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

/// The stable code of a verdict and what it says.
fn words(one: &Verified) -> (&'static str, String) {
    match &one.verdict {
        Verdict::Same => ("same", "its content is the locked one".to_owned()),
        Verdict::Differs { locked, found } => (
            "content-differs",
            format!("its content is {found}, and {locked} is locked"),
        ),
        Verdict::NotLocked => ("not-pinned", "it is not in the lock".to_owned()),
        Verdict::NotChecked(reason) => ("not-checked", reason.to_string()),
    }
}

fn lines(found: &[Verified]) -> Vec<String> {
    let mut lines: Vec<String> = (found.iter())
        .filter(|one| one.verdict != Verdict::Same)
        .map(|one| {
            let (code, text) = words(one);
            let word = match one.verdict {
                Verdict::NotChecked(_) => "not checked".to_owned(),
                _ => format!("error[{code}]"),
            };
            format!("{}: {word}: {text}", one.folder)
        })
        .collect();
    let same = found.iter().filter(|one| one.verdict == Verdict::Same);
    lines.push(format!(
        "{} of {} downloaded actions are as they were locked",
        same.count(),
        found.len()
    ));
    lines
}

fn value(found: &[Verified]) -> serde_json::Value {
    let actions: Vec<serde_json::Value> = (found.iter())
        .map(|one| {
            let (code, text) = words(one);
            json!({
                "folder": one.folder,
                "pin": one.pin.as_ref().map(ToString::to_string),
                "code": code,
                "message": text,
            })
        })
        .collect();
    json!({"version": 1, "actions": actions, "exit": exit(found).code()})
}
