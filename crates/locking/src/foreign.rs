//! What the used parts of another repository's commit refer to themselves.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::pin::Pin;
use cofferdam_facts::{SourceFile, UsesRef};
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::documents::cofferdam_lock::{Hash, Tool};
use cofferdam_workflows::documents::dockerfile::Script as RunScript;
use cofferdam_workflows::documents::job::PermissionsKind;
use cofferdam_workflows::documents::{Action, Dockerfile, Step, Workflow};
use cofferdam_workflows::repository::{ACTION_DOCKERFILES, ACTION_NAMES, inside, plain};
use cofferdam_workflows::semantics::built::BuiltBases;
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::Shell;

use crate::calls::{self, Calls};
use crate::fetches::Scripts;
use crate::references::{Reference, What, of_action, of_dockerfile, of_workflow, one_line};

/// The files of one commit.
pub trait Files {
    /// The bytes of the file at a path, links followed.
    fn file(&self, path: &str) -> Option<Vec<u8>>;
    /// The paths below a folder, without slash at its end; all for an empty one.
    fn below(&self, folder: &str) -> Vec<String>;
}

/// What one part of a repository refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Actions and called workflows of other repositories, by pin and path, and
    /// whether they are called.
    pub uses: BTreeSet<(Pin, String, bool)>,
    /// Images.
    pub images: BTreeMap<String, Hash>,
    /// Tools that actions which it uses install, and where those take them from.
    pub tools: BTreeMap<Tool, String>,
    /// Addresses from which its scripts fetch what they run.
    pub downloads: BTreeMap<String, Hash>,
    /// Scripts of which nobody can tell what they fetch.
    pub undecided: BTreeSet<String>,
    /// What a called workflow asks of the token.
    pub permissions: BTreeSet<String>,
    /// What its code calls.
    pub calls: Calls,
    /// Other parts of the same commit that it uses.
    pub own: BTreeSet<String>,
    /// A `uses:` that names no ref.
    pub loose: BTreeSet<String>,
}

/// Why a part cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The commit has no such action or workflow.
    #[error("it has no action or workflow at `{path}`")]
    Missing {
        /// The path.
        path: String,
    },
    /// It is there and is not understood.
    #[error("`{path}` is not understood: {message}")]
    NotUnderstood {
        /// The path of the file.
        path: String,
        /// The first problem.
        message: String,
    },
}

/// Reads the part of a commit at a path, `.` for its root. `call` says whether a
/// job calls it as a workflow.
///
/// # Errors
/// [`PartError`].
pub fn read(files: &dyn Files, path: &str, call: bool) -> Result<Part, PartError> {
    if call {
        return workflow(files, path);
    }
    let folder = if path == "." { "" } else { path };
    for name in ACTION_NAMES {
        let at = inside(folder, name);
        if let Some(bytes) = files.file(&at) {
            return action(files, folder, &at, &bytes);
        }
    }
    // The runner takes a folder with a Dockerfile alone for an action as well.
    for name in ACTION_DOCKERFILES {
        let at = inside(folder, name);
        if let Some(bytes) = files.file(&at) {
            let mut part = Part::default();
            let mut scripts = Scripts::new(files, folder);
            dockerfile(&at, &bytes, &mut part, &mut scripts);
            part.fetches(scripts);
            code(files, folder, &[], &mut part);
            return Ok(part);
        }
    }
    Err(PartError::Missing {
        path: path.to_owned(),
    })
}

fn workflow(files: &dyn Files, path: &str) -> Result<Part, PartError> {
    let missing = || PartError::Missing {
        path: path.to_owned(),
    };
    let bytes = files.file(path).ok_or_else(missing)?;
    let workflow = Workflow::parse(source(path, &bytes));
    understood(path, workflow.document.problems())?;
    let mut part = Part::default();
    take(of_workflow(&workflow, None), &mut part);
    let mut scripts = Scripts::new(files, "");
    for job in &workflow.jobs {
        match job.call().map(|call| &call.uses.value) {
            Some(UsesRef::Local(path) | UsesRef::SelfRepository(path)) => {
                part.own.insert(plain(&path.replace('\\', "/")));
            }
            _ => own(job.steps(), &mut part),
        }
        for permissions in job.permissions.iter().chain(&workflow.permissions).take(1) {
            asked(&permissions.kind, &mut part);
        }
        for step in job.steps() {
            if let Some(text) = step.script() {
                let shell = shells::of_step(&workflow, job, step);
                calls::of_script(&text.value, &shell, &mut part.calls);
                // The files that it names are those of whoever calls it.
                scripts.written_elsewhere(path, &text.value, &shell);
            }
        }
    }
    part.fetches(scripts);
    Ok(part)
}

fn action(files: &dyn Files, folder: &str, path: &str, bytes: &[u8]) -> Result<Part, PartError> {
    let action = Action::parse(source(path, bytes));
    understood(path, action.document.problems())?;
    let mut part = Part::default();
    take(of_action(&action, None), &mut part);
    let mut entries = Vec::new();
    let mut scripts = Scripts::new(files, folder);
    match &action.runs {
        Runs::Composite { steps } => {
            own(steps, &mut part);
            for step in steps {
                if let Some(text) = step.script() {
                    let shell = shells::of_composite_step(step);
                    calls::of_script(&text.value, &shell, &mut part.calls);
                    scripts.written(path, &text.value, &shell);
                }
            }
        }
        Runs::JavaScript { entry_points, .. } => {
            entries.extend(
                entry_points
                    .iter()
                    .map(|file| plain(&inside(folder, &file.value))),
            );
        }
        Runs::Docker { .. } => {
            if let Some(image) = action.dockerfile() {
                let at = plain(&inside(folder, &image.value));
                let Some(bytes) = files.file(&at) else {
                    return Err(PartError::Missing { path: at });
                };
                // `entrypoint:` names a script as well.
                scripts.names(path, action.document.text());
                dockerfile(&at, &bytes, &mut part, &mut scripts);
            }
        }
        Runs::Unknown(_) => {
            return Err(PartError::NotUnderstood {
                path: path.to_owned(),
                message: "`runs.using` names no known way to run".to_owned(),
            });
        }
    }
    part.fetches(scripts);
    code(files, folder, &entries, &mut part);
    Ok(part)
}

impl Part {
    fn fetches(&mut self, scripts: Scripts<'_>) {
        let found = scripts.finish();
        for (address, hash) in found.downloads {
            self.downloads.entry(address).or_insert(hash);
        }
        self.undecided.extend(found.undecided);
    }
}

fn understood(
    path: &str,
    problems: &[cofferdam_workflows::yaml::Problem],
) -> Result<(), PartError> {
    // What GitHub makes of a file that is not plain YAML is for GitHub to say.
    match problems.first() {
        Some(problem) => Err(PartError::NotUnderstood {
            path: path.to_owned(),
            message: problem.message.clone(),
        }),
        None => Ok(()),
    }
}

fn source(path: &str, bytes: &[u8]) -> SourceFile {
    SourceFile::new(path, String::from_utf8_lossy(bytes))
}

fn take(references: Vec<Reference>, part: &mut Part) {
    for reference in references {
        match reference.what {
            What::Action { pin, path, call } => {
                part.uses.insert((pin, path, call));
            }
            What::Image(name, hash) | What::Base(name, hash) => {
                part.images.insert(name, hash);
            }
            // `./…` in an action of another repository is a folder of the work
            // tree of whoever uses it, which no hash of the action covers.
            What::Loose(written) if written.starts_with('.') => {
                part.undecided.insert(outside(&written));
            }
            What::Local(folder) => {
                part.undecided.insert(outside(&format!("./{folder}")));
            }
            What::Loose(written) => {
                part.loose.insert(written);
            }
            What::Tool(tool, from) => {
                part.tools.insert(tool, from.to_owned());
            }
            What::Download(address, hash) => {
                part.downloads.insert(address, hash);
            }
        }
    }
}

fn outside(written: &str) -> String {
    let line = format!("what `{written}` is in the work tree of whoever uses it");
    one_line(&line)
}

/// `$/…`: the same repository at the same commit.
fn own(steps: &[Step], part: &mut Part) {
    for uses in steps.iter().filter_map(Step::uses) {
        if let UsesRef::SelfRepository(path) = &uses.value {
            let path = plain(path);
            part.own.insert(if path.is_empty() {
                ".".to_owned()
            } else {
                path
            });
        }
    }
}

fn asked(permissions: &PermissionsKind, part: &mut Part) {
    match permissions {
        PermissionsKind::ReadAll => {
            part.permissions.insert("all: read".to_owned());
        }
        PermissionsKind::WriteAll => {
            part.permissions.insert("all: write".to_owned());
        }
        PermissionsKind::Scopes(scopes) => {
            let asked = scopes
                .iter()
                .map(|one| format!("{}: {}", one.word.trim(), one.access));
            part.permissions.extend(asked);
        }
        _ => {}
    }
}

fn dockerfile(path: &str, bytes: &[u8], part: &mut Part, scripts: &mut Scripts<'_>) {
    let file = Dockerfile::parse(source(path, bytes));
    take(of_dockerfile(&file, &BuiltBases::default()), part);
    scripts.names(path, file.file().text());
    for run in file.runs() {
        let shell = match run.shell.as_deref() {
            None => Shell::Sh,
            Some(words) => Shell::named(words.first().map_or("", String::as_str)),
        };
        match &run.script {
            RunScript::Shell(text) => scripts.written_elsewhere(path, text.as_str(), &shell),
            RunScript::Heredoc(heredoc) => {
                let text = file.file().slice(heredoc.body);
                scripts.written_elsewhere(path, text, &shell);
            }
            RunScript::Exec(_) => {}
        }
    }
}

/// The calls of the entry points, and of every script in the folder.
fn code(files: &dyn Files, folder: &str, entries: &[String], part: &mut Part) {
    let scripts = files.below(folder).into_iter().filter(|path| {
        calls::is_code(path)
            && !path
                .rsplit('.')
                .next()
                .is_some_and(|extension| extension.ends_with("js") || extension.ends_with("ts"))
    });
    for path in entries
        .iter()
        .cloned()
        .chain(scripts)
        .collect::<BTreeSet<String>>()
    {
        if let Some(bytes) = files.file(&path) {
            for (name, count) in calls::of_file(&path, &bytes) {
                *part.calls.entry(name).or_default() += count;
            }
        }
    }
}
