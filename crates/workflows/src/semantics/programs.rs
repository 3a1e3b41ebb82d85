//! The programs of the checkout that workflows run, by the names in their steps.
//!
//! Source: GitHub, "Workflow syntax", `jobs.<id>.steps[*].run`; "Metadata syntax",
//! `runs.main`, `runs.pre`, `runs.post`.

use std::collections::BTreeSet;

use crate::documents::action::Runs;
use crate::documents::job::Job;
use crate::documents::program::is_makefile;
use crate::documents::step::{Step, StepKind};
use crate::documents::workflow::Workflow;
use crate::repository::{Repository, inside, plain};
use crate::semantics::events;

/// So many words of one script are looked at, and so many programs are named at
/// most.
const MAX_WORDS: usize = 20_000;
const MAX_PROGRAMS: usize = 512;

/// How often programs that name programs are followed.
pub const ROUNDS: usize = 3;

/// The programs that steps name and that are files of the checkout: those of
/// workflows that somebody without a role may start, or that look for their
/// changes, and those of actions.
#[must_use]
pub fn named(repository: &Repository) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for workflow in &repository.workflows {
        if !matters(workflow) {
            continue;
        }
        for job in &workflow.jobs {
            let around = folder_of_job(workflow, job);
            for step in job.steps() {
                of_step(repository, step, around, "", &mut found);
            }
        }
    }
    for action in &repository.actions {
        for step in action.steps() {
            of_step(repository, step, "", action.folder(), &mut found);
        }
        if let Runs::JavaScript { entry_points, .. } = &action.runs {
            let files = entry_points
                .iter()
                .map(|file| plain(&inside(action.folder(), &file.value)));
            found.extend(files.filter(|path| repository.tree.has(path)));
        }
    }
    for program in &repository.programs {
        let text = program.file().text();
        let folder = program
            .file()
            .path()
            .rsplit_once('/')
            .map_or("", |(f, _)| f);
        of_text(repository, text, &["", folder], &mut found);
        let modules = program.modules();
        let paths = modules.iter().map(|name| plain(&inside(folder, name)));
        found.extend(paths.filter_map(|path| module(repository, &path)));
    }
    while found.len() > MAX_PROGRAMS {
        found.pop_last();
    }
    found
}

/// The file of a module that a program loads by a path without its ending.
#[must_use]
pub fn module(repository: &Repository, path: &str) -> Option<String> {
    const ENDINGS: &[&str] = &[
        "",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".py",
        "/index.js",
        "/index.ts",
        "/__init__.py",
    ];
    let mut files = ENDINGS.iter().map(|ending| format!("{path}{ending}"));
    files.find(|file| repository.tree.has(file))
}

// Whose scripts a stranger may have a part in.
fn matters(workflow: &Workflow) -> bool {
    workflow.triggers.iter().any(|trigger| {
        events::is_privileged_from_outside(trigger.name())
            || matches!(
                trigger.name(),
                "schedule" | "workflow_call" | "workflow_dispatch" | "repository_dispatch"
            )
    })
}

fn folder_of_job<'j>(workflow: &'j Workflow, job: &'j Job) -> &'j str {
    let own = job.defaults.working_directory.as_ref();
    let folder = own.or(workflow.defaults.working_directory.as_ref());
    folder.and_then(|text| text.literal()).unwrap_or("")
}

fn of_step(
    repository: &Repository,
    step: &Step,
    around: &str,
    action: &str,
    found: &mut BTreeSet<String>,
) {
    match &step.kind {
        StepKind::Run {
            script,
            working_directory,
            ..
        } => {
            let own = working_directory.as_ref().and_then(|text| text.literal());
            let folders = ["", own.unwrap_or(around), action];
            of_text(repository, &script.value, &folders, found);
        }
        _ => {
            if let Some(script) = step.input("script") {
                of_text(repository, &script.value, &["", action], found);
            }
        }
    }
}

/// The files of the checkout that words of a script name, from any of the
/// folders, or from one into which the script goes.
fn of_text(repository: &Repository, text: &str, folders: &[&str], found: &mut BTreeSet<String>) {
    let ends = |c: char| c.is_whitespace() || "'\"`;|&()<>=,{}".contains(c);
    let mut before = "";
    let mut folders: Vec<String> = folders.iter().map(|folder| plain(folder)).collect();
    for word in text
        .split(ends)
        .filter(|word| !word.is_empty())
        .take(MAX_WORDS)
    {
        let path = below_workspace(word);
        if matches!(before, "cd" | "pushd" | "-C") {
            let deeper: Vec<String> = folders.iter().map(|f| plain(&inside(f, path))).collect();
            folders.extend(deeper);
            folders.truncate(16);
        }
        if word == "make" || word == "gmake" {
            let paths = folders.iter().flat_map(|folder| {
                ["GNUmakefile", "Makefile", "makefile"].map(|name| inside(folder, name))
            });
            found.extend(paths.filter(|path| repository.tree.has(path)));
        }
        before = word;
        if !looks_like_a_file(path) {
            continue;
        }
        let paths = folders.iter().map(|folder| plain(&inside(folder, path)));
        found.extend(paths.filter(|path| repository.tree.has(path)));
    }
}

fn below_workspace(word: &str) -> &str {
    const SPELLINGS: &[&str] = &[
        "$GITHUB_WORKSPACE/",
        "$GITHUB_ACTION_PATH/",
        "$PWD/",
        "./",
        "/",
    ];
    let stripped = SPELLINGS.iter().find_map(|start| word.strip_prefix(start));
    stripped.unwrap_or(word)
}

// A program has a folder before it, or an ending behind.
fn looks_like_a_file(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    let code = [
        ".sh", ".bash", ".js", ".mjs", ".cjs", ".ts", ".py", ".ps1", ".rb", ".pl", ".mk",
    ];
    let other = name.contains('.') && !code.iter().any(|ending| name.ends_with(ending));
    !word.contains('$') && !other && (word.contains('/') || name.contains('.') || is_makefile(name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::repository::Tree;

    fn of(run: &str, on: &str) -> Vec<String> {
        let text = format!(
            "on: {on}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          {run}\n"
        );
        let paths = [
            "ci/x.sh",
            "ci/y",
            "Makefile",
            "web/z.js",
            "README.md",
            "a.yml",
        ];
        let tree = Tree::new(paths.iter().map(|p| Arc::from(*p)).collect());
        let file = SourceFile::new(".github/workflows/w.yml", text);
        let repository = Repository::read(vec![file], tree);
        named(&repository).into_iter().collect()
    }

    #[test]
    fn files_that_a_script_names_are_found() {
        for (run, expected) in [
            ("./ci/x.sh \"$N\"", vec!["ci/x.sh"]),
            ("bash ci/y && make", vec!["Makefile", "ci/y"]),
            ("cd web && node z.js", vec!["web/z.js"]),
            ("\"$GITHUB_WORKSPACE/ci/x.sh\"", vec!["ci/x.sh"]),
            ("cat README.md a.yml", vec![]),
            ("echo ci x", vec![]),
        ] {
            assert_eq!(of(run, "issue_comment"), expected, "{run}");
        }
        assert!(of("./ci/x.sh", "push").is_empty());
    }
}
