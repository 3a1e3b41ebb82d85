//! Local actions that are not in the checkout, because the job puts them there.
//!
//! Source: GitHub, "Workflow syntax", `uses: ./path`, which is looked for when
//! the step runs; actions/checkout and actions/download-artifact for `path`.

use cofferdam_facts::UsesRef;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::repository::plain;
use cofferdam_workflows::semantics::conditions::is_off;
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::{self, Command, Shell};

/// How each step that uses a folder has got it: what the job does before that
/// puts something there. `None` if one uses it without.
pub(super) fn by(repository: &Repository, folder: &str) -> Option<String> {
    let mut first = None;
    let mut all = true;
    for workflow in &repository.workflows {
        for job in &workflow.jobs {
            let mut made = None;
            for step in job.steps() {
                if uses(step, folder) {
                    all &= made.is_some();
                    first = first.or_else(|| made.clone());
                }
                let shell = || shells::of_step(workflow, job, step);
                if made.is_none() && makes(step, folder, &shell) {
                    made = Some(named(workflow, step));
                }
            }
        }
    }
    for action in &repository.actions {
        let mut made = None;
        for step in action.steps() {
            if uses(step, folder) {
                all &= made.is_some();
                first = first.or_else(|| made.clone());
            }
            let shell = || shells::of_composite_step(step);
            if made.is_none() && makes(step, folder, &shell) {
                made = Some(format!("{}: {}", action.path(), step.label()));
            }
        }
    }
    first.filter(|_| all)
}

fn named(workflow: &Workflow, step: &Step) -> String {
    format!("{}: {}", workflow.path(), step.label())
}

fn uses(step: &Step, folder: &str) -> bool {
    let Some(uses) = step.uses() else {
        return false;
    };
    match &uses.value {
        UsesRef::Local(path) | UsesRef::SelfRepository(path) => {
            plain(&path.replace('\\', "/")) == folder
        }
        _ => false,
    }
}

/// Whether a step that is not switched off puts something into a folder.
fn makes(step: &Step, folder: &str, shell: &dyn Fn() -> Shell) -> bool {
    if is_off(step.condition.as_ref()) {
        return false;
    }
    if matches!(
        step.action(),
        Some("actions/checkout" | "actions/download-artifact")
    ) {
        let path = step.input("path").map(|text| plain(text.value.trim()));
        return path.is_some_and(|path| !path.is_empty() && is_below(folder, &path));
    }
    step.script().is_some_and(|text| {
        let script = shell::parse(&text.value, &shell());
        let mut commands = script
            .commands
            .iter()
            .filter(|one| !one.dead && one.certain);
        commands.any(|command| fills(command, folder))
    })
}

/// Whether a command is one that makes or fills a folder which it names.
fn fills(command: &Command, folder: &str) -> bool {
    let (name, args) = command.effective();
    let words = || args.iter().map(|word| word.text.as_str());
    let is_one = match name.file_name() {
        Some("mkdir" | "cp" | "mv" | "ln" | "rsync" | "tar" | "unzip" | "7z") => true,
        Some("git") => words().any(|word| matches!(word, "clone" | "submodule" | "worktree")),
        Some("gh") => words().any(|word| word == "clone"),
        _ => false,
    };
    is_one && words().any(|word| is_below(folder, &plain(word)))
}

fn is_below(folder: &str, path: &str) -> bool {
    let rest = folder.strip_prefix(path);
    !path.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
