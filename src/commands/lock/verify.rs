//! `cofferdam lock verify`: what the runner has downloaded, against the lock.

use std::io;
use std::path::{Path, PathBuf};

use cofferdam_facts::SourceFile;
use cofferdam_findings::Exit;
use cofferdam_pipelines::Limits;
use cofferdam_pipelines::collect::bounded;
use cofferdam_pipelines::locking::regular_file;
use cofferdam_pipelines::locking::verify::{
    Reason, Verdict, Verified, VerifyError, VerifyLimits, verify,
};
use cofferdam_workflows::documents::CofferdamLock;
use cofferdam_workflows::documents::cofferdam_lock::PLACE;
use serde_json::json;

use super::{Form, LockError, say, say_json};
use crate::environment;

/// Compare the actions that the runner has downloaded with the lock, offline.
///
/// What has no hash in the lock is named as not checked, and the exit code is 3;
/// so it is where there is no action at all. Whatever else lies in the folder is
/// a finding.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  every downloaded action is the locked one\n  1  one is not, or \
    is not in the lock, or something is there that is no action\n  2  wrong usage\n  3  one could \
    not be checked, or there is none"
)]
pub(crate) struct VerifyArgs {
    /// The lock; by default that of the checkout in this folder.
    #[arg(long, value_name = "FILE", default_value = PLACE)]
    lock: PathBuf,
    /// The runner's folder of actions; in a job it is found by itself.
    #[arg(long, value_name = "DIR")]
    actions: Option<PathBuf>,
    /// A folder without any action is right: the job may use none.
    #[arg(long)]
    allow_empty: bool,
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
    let found = match verify(&folder, lock.contents(), &VerifyLimits::default()) {
        Err(VerifyError::Folder { source, .. })
            if args.allow_empty && source.kind() == io::ErrorKind::NotFound =>
        {
            Vec::new()
        }
        found => found?,
    };
    let told = Told {
        folder: &folder,
        found: &found,
        allow_empty: args.allow_empty,
    };
    match args.format {
        Form::Human => say(&told.lines())?,
        Form::Json => say_json(&told.value())?,
    }
    Ok(told.exit())
}

fn lock(path: &Path) -> Result<CofferdamLock, LockError> {
    let unusable = |reason: String| LockError::NoLock {
        path: path.to_owned(),
        reason,
    };
    let mut file = regular_file(path).map_err(|error| unusable(error.to_string()))?;
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

/// What is told of a folder.
struct Told<'t> {
    folder: &'t Path,
    found: &'t [Verified],
    allow_empty: bool,
}

impl Told<'_> {
    fn exit(&self) -> Exit {
        let is_wrong = |one: &Verified| sort(&one.verdict) == Sort::Wrong;
        let is_open = |one: &Verified| sort(&one.verdict) == Sort::Open;
        if self.found.iter().any(is_wrong) {
            Exit::Findings
        } else if self.found.iter().any(is_open) || self.is_empty() {
            Exit::NotChecked
        } else {
            Exit::Clean
        }
    }

    fn actions(&self) -> impl Iterator<Item = &Verified> {
        (self.found.iter()).filter(|one| {
            !matches!(
                one.verdict,
                Verdict::Stray(_) | Verdict::NotChecked(Reason::Leftover)
            )
        })
    }

    /// Whether nothing was compared although something should have been.
    fn is_empty(&self) -> bool {
        !self.allow_empty && self.actions().next().is_none()
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = (self.found.iter())
            .filter(|one| one.verdict != Verdict::Same)
            .map(|one| {
                let (code, text) = words(one);
                let word = match sort(&one.verdict) {
                    Sort::Right => format!("note[{code}]"),
                    Sort::Open => "not checked".to_owned(),
                    Sort::Wrong => format!("error[{code}]"),
                };
                format!("{}: {word}: {text}", one.folder)
            })
            .collect();
        if self.is_empty() {
            lines.push(format!(
                "{}: not checked: there is no action in it; a job that uses none says so with \
                 `--allow-empty`",
                self.folder.display()
            ));
        }
        let right = self
            .actions()
            .filter(|one| sort(&one.verdict) == Sort::Right);
        lines.push(format!(
            "{} of {} downloaded actions are as they were locked",
            right.count(),
            self.actions().count()
        ));
        lines
    }

    fn value(&self) -> serde_json::Value {
        let actions: Vec<serde_json::Value> = (self.found.iter())
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
        json!({
            "version": 1,
            "actions": actions,
            "empty": self.actions().next().is_none(),
            "exit": self.exit().code(),
        })
    }
}

/// What a verdict comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Right,
    Wrong,
    Open,
}

fn sort(verdict: &Verdict) -> Sort {
    match verdict {
        Verdict::Same | Verdict::Accepted(_) => Sort::Right,
        Verdict::Differs { .. } | Verdict::NotLocked | Verdict::Stray(_) => Sort::Wrong,
        Verdict::NotChecked(_) => Sort::Open,
    }
}

/// The stable code of a verdict and what it says.
fn words(one: &Verified) -> (&'static str, String) {
    match &one.verdict {
        Verdict::Same => ("same", "its content is the locked one".to_owned()),
        Verdict::Accepted(paths) => {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            (
                "accepted",
                format!(
                    "its content is the locked one, less these paths, which nothing is compared \
                     with and the lock accepts: {}",
                    paths.join(", ")
                ),
            )
        }
        Verdict::Differs { locked, found } => (
            "content-differs",
            format!("its content is {found}, and {locked} is locked"),
        ),
        Verdict::NotLocked => ("not-pinned", "it is not in the lock".to_owned()),
        Verdict::Stray(stray) => ("stray", stray.to_string()),
        Verdict::NotChecked(reason) => ("not-checked", reason.to_string()),
    }
}
