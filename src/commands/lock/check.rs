//! `cofferdam lock check [PATH]`: the offline gate.

use std::path::PathBuf;

use cofferdam_findings::{Exit, NotChecked};
use cofferdam_locking::{Checked, Problem};
use cofferdam_pipelines::{Limits, locking};
use serde_json::json;

use super::{Form, LockError, gap_json, gap_line, say, say_json};

/// Say whether the locks cover everything, hold nothing else and agree.
///
/// Looks at every workflow, every action of the checkout and every Dockerfile,
/// with no network.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  everything is locked\n  1  something is not, or the locks \
    disagree\n  2  wrong usage\n  3  something could not be read, or a \
    local action is not there"
)]
pub(crate) struct CheckArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

pub(crate) fn run(args: &CheckArgs) -> Result<Exit, LockError> {
    let limits = Limits::default();
    let opened = locking::open(&args.path, &limits)?;
    let checked = opened.check(&limits);
    match args.format {
        Form::Human => say(&lines(&checked, &opened.not_checked))?,
        Form::Json => say_json(&value(&checked, &opened.not_checked))?,
    }
    Ok(exit(&checked, &opened.not_checked))
}

fn exit(checked: &Checked, gaps: &[NotChecked]) -> Exit {
    let (open, wrong): (Vec<&Problem>, Vec<&Problem>) =
        (checked.problems.iter()).partition(|problem| problem.code.is_not_checked());
    if !wrong.is_empty() {
        Exit::Findings
    } else if !open.is_empty() || gaps.iter().any(|gap| gap.required) {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

/// One problem.
pub(super) fn line(problem: &Problem) -> String {
    let at = &problem.location;
    let word = if problem.code.is_not_checked() {
        "not checked"
    } else {
        "error"
    };
    format!(
        "{}:{}:{}: {word}[{}]: {}",
        at.path,
        at.line,
        at.column,
        problem.code.id(),
        problem.message
    )
}

fn lines(checked: &Checked, gaps: &[NotChecked]) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(checked.problems.iter().map(line));
    let mut fixes: Vec<&str> = Vec::new();
    for problem in &checked.problems {
        if !fixes.contains(&problem.fix.as_str()) {
            fixes.push(&problem.fix);
        }
    }
    lines.extend(fixes.iter().map(|fix| format!("to do: {fix}")));
    lines.extend(gaps.iter().map(gap_line));
    lines.extend(checked.made.iter().map(|made| format!("note: {made}")));
    let locks = match checked.actions_lock {
        true => "both locks",
        false => "cofferdam.lock alone (there is no actions.lock)",
    };
    lines.push(format!(
        "{}, {}, {} of them without a known hash, {}; looked at {locks}",
        many(checked.references, "reference", "references"),
        many(checked.entries, "entry", "entries"),
        checked.open,
        many(checked.problems.len(), "problem", "problems")
    ));
    lines
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn value(checked: &Checked, gaps: &[NotChecked]) -> serde_json::Value {
    let problems: Vec<serde_json::Value> = (checked.problems.iter())
        .map(|problem| {
            json!({
                "code": problem.code.id(),
                "path": problem.location.path.to_string(),
                "line": problem.location.line,
                "column": problem.location.column,
                "message": problem.message,
                "fix": problem.fix,
                "not_checked": problem.code.is_not_checked(),
            })
        })
        .collect();
    json!({
        "version": 1,
        "problems": problems,
        "made_by_jobs": checked.made,
        "not_checked": gaps.iter().map(gap_json).collect::<Vec<_>>(),
        "references": checked.references,
        "entries": checked.entries,
        "without_hash": checked.open,
        "actions_lock": checked.actions_lock,
        "exit": exit(checked, gaps).code(),
    })
}
