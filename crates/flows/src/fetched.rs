//! Files of a pull request's head that lie in the workspace, and which commands
//! read them.
//!
//! What a checkout or a command puts into a folder stays there until another one
//! fills the same folder or one around it. Whatever a script reads there is what
//! the author of the pull request wrote.
//!
//! Sources: <https://github.com/actions/checkout>, `ref`, `repository`, `path`;
//! <https://cli.github.com/manual/gh_pr_checkout>; <https://git-scm.com/docs>.

use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::documents::{Condition, Step};
use cofferdam_workflows::expressions::Expr;
use cofferdam_workflows::semantics::checkouts::{self, Guard};
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::{Frame, Head, Place};
use cofferdam_workflows::shell::{Command, Script};

use crate::flow::Source;
use crate::leavings::file_name;
use crate::outputs::Holds;
use crate::readers;
use crate::scope::{Scope, Unit};
use crate::trace::Tracer;
use crate::trail::{End, Trail};

/// How deep callers and actions are followed for a checkout.
const MAX_DEPTH: usize = 4;
/// So many layers of one list of steps are kept apart.
const MAX_LAYERS: usize = 128;

/// Something that fills a folder of the workspace.
#[derive(Clone)]
pub(crate) struct Layer<'r> {
    /// The step of the list that does it.
    step: &'r Step,
    /// Behind which byte of that step's script.
    after: usize,
    folder: String,
    /// What lies there then, if it is a stranger's.
    head: Option<Holds>,
    guards: Vec<&'r Expr>,
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// What the steps of a job put into the workspace, in their order.
    pub(crate) fn layers(&self, scope: Scope<'r>) -> Vec<Layer<'r>> {
        let (Unit::Workflow(workflow), Some(job)) = (scope.unit, scope.job) else {
            return Vec::new();
        };
        let inner = Frame {
            repository: self.repository,
            place: Place::Job(workflow, job),
            caller: None,
            with: &[],
            dispatched: false,
        };
        let mut found = Vec::new();
        let callers = self.index.callers(workflow);
        if callers.is_empty() {
            self.layers_of(scope, &inner, &mut found);
        }
        for caller in callers.iter().take(MAX_DEPTH) {
            let outer = Frame {
                place: Place::Job(caller.workflow, caller.job),
                ..inner
            };
            let with = caller.job.call().map(|call| call.with.as_slice());
            let frame = Frame {
                caller: Some(&outer),
                with: with.unwrap_or_default(),
                ..inner
            };
            self.layers_of(scope, &frame, &mut found);
        }
        // One of nobody's own files is as if it were not there.
        if found.iter().all(|layer| layer.head.is_none()) {
            found.clear();
        }
        found.truncate(MAX_LAYERS);
        found
    }

    fn layers_of(&self, scope: Scope<'r>, frame: &Frame<'_>, found: &mut Vec<Layer<'r>>) {
        for step in scope.steps() {
            let guard = step.condition.as_ref().and_then(Condition::expr);
            let guards: Vec<&'r Expr> = guard.into_iter().collect();
            let mut filler = Filler {
                tracer: self,
                outer: step,
                guards,
                found,
            };
            filler.step(scope, frame, step, MAX_DEPTH);
        }
    }

    /// A file of a stranger's head, where a script of the scope reads it behind a
    /// byte of its own.
    pub(crate) fn head_file(&self, scope: Scope<'r>, path: &str, at: usize) -> Option<Trail<'r>> {
        let leavings = self.leavings(scope);
        if leavings.heads.is_empty() {
            return None;
        }
        let cwd = self.folder_at(scope, at);
        let folder = match path.trim_matches(['"', '\'']) {
            // A name that the run decides lies where the script stands.
            path if path.contains(['$', '`']) && !path.starts_with(['/', '~']) => {
                let known = path.split(['$', '`']).next().unwrap_or("");
                let (above, _) = known.rsplit_once('/').unwrap_or(("", known));
                if known.is_empty() && !path.contains("GITHUB_WORKSPACE") {
                    cwd
                } else if path.contains("GITHUB_WORKSPACE") {
                    cwd.join(path)
                } else {
                    cwd.join(if above.is_empty() { "." } else { above })
                }
            }
            path => cwd.join(path),
        };
        let layer = self.layer_at(scope, &leavings.heads, &folder, at)?;
        if self.is_written_since(scope, layer.step, path, at) {
            return None;
        }
        let source = Source::Read(layer.head?, shown(path));
        let mut trail = Trail::from(End::Source(source.clone()), source.describe());
        trail.place = Some((scope.file(), layer.step.head()));
        for guard in &layer.guards {
            trail.guard(guard);
        }
        Some(trail.put("the workspace"))
    }

    /// A file that a line of JavaScript, Python or PowerShell reads: of a
    /// stranger's head, or of another run's artifact.
    pub(crate) fn files_of_code(&self, scope: Scope<'r>, line: &str) -> Vec<Trail<'r>> {
        let lower = line.to_ascii_lowercase();
        let shell = ["get-content", "gc ", "readalltext"];
        let reads = readers::reads(line) || shell.iter().any(|word| lower.contains(word));
        if !reads || line.contains("GITHUB_") {
            return Vec::new();
        }
        let path = literal(line).unwrap_or(".");
        let artifact = self.artifact(scope, path);
        artifact
            .into_iter()
            .chain(self.head_file(scope, path, 0))
            .collect()
    }

    // The innermost folder that holds it decides; of two for the same, the later,
    // and a checkout takes away what lies below.
    fn layer_at<'l>(
        &self,
        scope: Scope<'r>,
        layers: &'l [Layer<'r>],
        folder: &Folder,
        at: usize,
    ) -> Option<&'l Layer<'r>> {
        let end = scope.step.map_or(usize::MAX, |step| step.index);
        let before = layers
            .iter()
            .filter(|layer| layer.step.index < end || layer.step.index == end && layer.after <= at);
        let mut lying: Vec<&Layer<'r>> = Vec::new();
        for layer in before {
            lying.retain(|old| !Folder::Inside(old.folder.clone()).is_in(&layer.folder));
            lying.push(layer);
        }
        let holding = lying
            .into_iter()
            .filter(|layer| folder.is_in(&layer.folder));
        holding
            .max_by_key(|layer| layer.folder.len())
            .filter(|layer| layer.head.is_some())
    }

    // Where a script stands at a byte of it.
    pub(crate) fn folder_at(&self, scope: Scope<'r>, at: usize) -> Folder {
        let mut cwd = start_of(scope);
        let script = scope.step.and_then(|step| self.running(scope, step));
        let commands = script.iter().flat_map(|running| &running.script.commands);
        for command in commands.filter(|command| command.range.end <= at) {
            if matches!(command.name.file_name(), Some("cd" | "pushd")) {
                cwd = cwd.join(command.args.first().map_or("", |word| word.text.as_str()));
            }
        }
        cwd
    }

    // Whether a script has made the file anew.
    fn is_written_since(&self, scope: Scope<'r>, since: &Step, path: &str, at: usize) -> bool {
        let leavings = self.leavings(scope);
        let Some(writers) = leavings.files.get(&file_name(path)) else {
            return false;
        };
        let anew = |step: &'r Step, end: usize| {
            let running = self.running(scope, step);
            let mut commands = running.iter().flat_map(|r| &r.script.commands);
            commands.any(|command| {
                let whole = command.redirects.iter().any(|redirect| {
                    matches!(redirect.operator.as_str(), ">" | ">|" | "&>")
                        && redirect.descriptor != Some(2)
                        && file_name(&redirect.target.text) == file_name(path)
                });
                whole && !command.conditional && !command.in_function && command.range.end <= end
            })
        };
        let mut earlier = scope.earlier_of(writers);
        earlier.any(|step| {
            step.index > since.index && step.condition.is_none() && anew(step, usize::MAX)
        }) || scope.step.is_some_and(|own| anew(own, at))
    }
}

// The first text in quotes that is a path, and no module's name.
fn literal(line: &str) -> Option<&str> {
    let mut quoted = line.split(['"', '\'', '`']).skip(1).step_by(2);
    quoted.find(|text| {
        let named = ["fs", "node:fs", "fs/promises", "utf8", "utf-8", "r"].contains(text);
        !text.is_empty() && !named && !text.contains([' ', '{'])
    })
}

fn shown(path: &str) -> String {
    let words: Vec<&str> = path.split_whitespace().collect();
    words.join(" ").chars().take(60).collect()
}

// Where the script of a scope's step begins.
fn start_of(scope: Scope<'_>) -> Folder {
    let own = scope.step.and_then(|step| match &step.kind {
        StepKind::Run {
            working_directory, ..
        } => working_directory.as_ref(),
        _ => None,
    });
    let around = match scope.unit {
        Unit::Workflow(workflow) => {
            let job = scope
                .job
                .and_then(|j| j.defaults.working_directory.as_ref());
            job.or(workflow.defaults.working_directory.as_ref())
        }
        Unit::Action(_) => None,
    };
    let written = own.or(around);
    written.map_or_else(Folder::workspace, |text| {
        Folder::workspace().join(&text.value)
    })
}

struct Filler<'t, 's, 'r, 'f> {
    tracer: &'t Tracer<'s, 'r>,
    outer: &'r Step,
    guards: Vec<&'r Expr>,
    found: &'f mut Vec<Layer<'r>>,
}

impl<'s, 'r: 's> Filler<'_, 's, 'r, '_> {
    fn step(&mut self, scope: Scope<'r>, frame: &Frame<'_>, step: &'r Step, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if checkouts::is_checkout(step) {
            return self.checkout(scope, frame, step);
        }
        if let Some(running) = self.tracer.running(scope, step) {
            let start = start_of(scope.in_step(step));
            return self.script(frame, step, running.script, running.source(), start);
        }
        let Some(action) = self.tracer.index.action(step) else {
            return;
        };
        let inside = Frame {
            repository: self.tracer.repository,
            place: Place::Action(action, step),
            caller: Some(frame),
            with: step.with(),
            dispatched: false,
        };
        for inner in action.steps() {
            let kept = self.guards.len();
            let guard = inner.condition.as_ref().and_then(Condition::expr);
            self.guards.extend(guard);
            self.step(Scope::of_action(action), &inside, inner, depth);
            self.guards.truncate(kept);
        }
    }

    fn put(&mut self, after: usize, folder: Folder, head: Option<Holds>) {
        if let Folder::Inside(folder) = folder {
            self.found.push(Layer {
                step: self.outer,
                after,
                folder,
                head,
                guards: self.guards.clone(),
            });
        }
    }

    fn checkout(&mut self, scope: Scope<'r>, frame: &Frame<'_>, step: &'r Step) {
        let of = |text: Option<&Text>| {
            text.map_or_else(Head::default, |text| frame.of_text(text, Some(step)))
        };
        let (reference, repository) = (step.input("ref"), step.input("repository"));
        let head = of(reference);
        let from = of(repository);
        let text = reference.into_iter().chain(repository);
        let code = head.is_code() || from.fork || from.login || head.text || from.text;
        let folder = match step.input("path") {
            None => Folder::workspace(),
            Some(path) => Folder::workspace().join(&path.value),
        };
        if !code {
            // Under a condition, or where it leaves what is there, the stranger's
            // files may stay.
            if step.condition.is_none() && step.input("clean").is_none() {
                self.put(0, folder, None);
            }
            return;
        }
        let document = scope.document();
        let guarded = matches!(checkouts::guard(document, step), Guard::Holds { .. })
            && (head.is_code() || from.fork);
        let holds = Holds::Head {
            guarded,
            event: event_of(text),
        };
        self.put(0, folder, Some(holds));
    }

    fn script(
        &mut self,
        frame: &Frame<'_>,
        step: &'r Step,
        script: &Script,
        text: &str,
        start: Folder,
    ) {
        let fetches = ["git ", "gh "].iter().any(|word| text.contains(word));
        if !fetches {
            return;
        }
        let mut cwd = start;
        let mut fetched = false;
        for command in script.commands.iter().filter(|command| !command.dead) {
            let (name, args) = command.effective();
            let word = |at: usize| args.get(at).map_or("", |word| word.text.as_str());
            match name.file_name() {
                Some("cd" | "pushd") => cwd = cwd.join(word(0)),
                Some("gh") if word(0) == "pr" && word(1) == "checkout" => {
                    self.put(command.range.end, cwd.clone(), Some(looked_up()));
                }
                Some("git") => {
                    let head = of_words(frame, step, text, command);
                    if let Some(folder) = brought(command, head, &mut fetched, &cwd) {
                        self.put(command.range.end, folder, Some(looked_up()));
                    }
                }
                _ => {}
            }
        }
    }
}

fn looked_up() -> Holds {
    Holds::Head {
        guarded: false,
        event: None,
    }
}

// The one event whose payload the inputs of a checkout name; on others they are
// empty.
fn event_of<'t>(texts: impl Iterator<Item = &'t Text>) -> Option<&'static str> {
    let mut event = None;
    for text in texts {
        for (_, expr) in text.parsed() {
            for path in expr.value_contexts() {
                let own = if path.starts_with("github.event.pull_request")
                    || path.starts_with("github.head_ref")
                {
                    "pull_request_target"
                } else if path.starts_with("github.event.workflow_run") {
                    "workflow_run"
                } else if matches!(path.head(), "github" | "vars" | "secrets") {
                    continue;
                } else {
                    return None;
                };
                if event.is_some_and(|known| known != own) {
                    return None;
                }
                event = Some(own);
            }
        }
    }
    event
}

fn of_words(frame: &Frame<'_>, step: &Step, text: &str, command: &Command) -> Head {
    let (_, args) = command.effective();
    let mut head = Head::default();
    for word in args {
        head = head.or(frame.of_script_text(&word.text, Some(step)));
        for name in &word.variables {
            let known = frame.of_variable(name, Some(step));
            head = head.or(match known.any() || known.login {
                true => known,
                false => frame.of_script_name(text, name, step),
            });
        }
    }
    head
}

// The folder into which `git` puts a stranger's files.
fn brought(command: &Command, head: Head, fetched: &mut bool, cwd: &Folder) -> Option<Folder> {
    let (_, args) = command.effective();
    let words: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    let mut cwd = cwd.clone();
    let mut at = 0;
    while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
        if *option == "-C" {
            cwd = cwd.join(words.get(at + 1).copied().unwrap_or(""));
        }
        at += if matches!(*option, "-C" | "-c" | "--git-dir" | "--work-tree") {
            2
        } else {
            1
        };
    }
    let rest = words.get(at + 1..).unwrap_or_default();
    let plain: Vec<&str> = rest
        .iter()
        .copied()
        .filter(|w| !w.starts_with('-'))
        .collect();
    let own = |word: &&str| matches!(*word, "main" | "master" | "origin/main" | "origin/master");
    let code = head.is_code() || head.text;
    match *words.get(at)? {
        "fetch" | "remote" => {
            *fetched |= code || head.branch && head.fork || head.login;
            None
        }
        "pull" => code.then_some(cwd),
        "clone" if code || head.login => match plain.as_slice() {
            [_, .., folder] => Some(cwd.join(folder)),
            _ => None,
        },
        "worktree" if code || *fetched => plain.get(1).map(|folder| cwd.join(folder)),
        "checkout" | "switch" | "merge" | "reset" | "rebase" | "cherry-pick" | "restore"
        | "read-tree" => {
            let back = plain.iter().any(own) || rest.contains(&"--abort");
            let named = rest.iter().any(|word| word.contains("FETCH_HEAD"));
            (head.commit || head.pull || named || *fetched && !back).then_some(cwd)
        }
        _ => None,
    }
}
