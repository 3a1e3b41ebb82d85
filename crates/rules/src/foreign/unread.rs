//! Programs that nobody reads, and that the starter of a run has a part in.
//!
//! A script of the checkout that a shell runs is walked like the step's own. What
//! is written in another language, or is not there, may fetch whatever the starter
//! names and run it. Whether it does is not known where it is handed a value of
//! the starter's, or asks for one, and starts other programs.

use cofferdam_facts::{Span, UsesRef};
use cofferdam_flows::code_inputs;
use cofferdam_workflows::documents::action::Runs as ActionKind;
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::documents::{Action, Language, Program};
use cofferdam_workflows::repository::{inside, plain};
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::{Head, Place};
use cofferdam_workflows::semantics::{agents, events, programs, shells};

use super::beside::may_come_upon;
use super::{At, Unread, Walk, Whose};

/// So many such programs of one job are kept.
const MAX_UNREAD: usize = 64;

/// So deep are modules followed that load modules.
const MAX_MODULES: usize = 4;

/// Actions that do nothing with a text but to show, store or compare it, besides
/// those that are known to run nothing of the workspace. Sorted.
const SHOWS: &[&str] = &[
    "actions-cool/issues-helper",
    "actions/github-script",
    "mshick/add-pr-comment",
    "rtcamp/action-slack-notify",
    "slackapi/slack-github-action",
    "stefanzweifel/git-auto-commit-action",
];

impl Walk<'_> {
    /// Whether somebody without a role has a part in the run.
    pub(super) fn has_starter(&self) -> bool {
        let event = self.start.event();
        events::is_privileged_from_outside(event)
            || self.start.command.is_some()
            || self.is_dispatch()
            || matches!(
                event,
                "pull_request_review" | "pull_request_review_comment" | "repository_dispatch"
            )
    }

    /// Notes a program. `handed` is what its step hands it of the starter's; `text` is the program itself, where it was read.
    pub(super) fn unread(
        &mut self,
        at: &At<'_>,
        span: Span,
        means: String,
        handed: Head,
        text: Option<(Language, &str)>,
    ) {
        if self.whose != Whose::Stranger {
            return;
        }
        if self.out.unread.len() >= MAX_UNREAD {
            let place = at.document.file().locate(span);
            self.out.cut.get_or_insert(place);
            return;
        }
        // Where nobody starts the run the event holds nothing, and a program has to
        // look for pull requests itself.
        let starter = self.has_starter() && !self.is_dispatch();
        let handed = match starter {
            true => handed,
            false => Head::default(),
        };
        let asks = text.is_some_and(|(_, text)| match starter {
            true => Language::asks_for_event(text),
            false => self.start.event() == "schedule" && Language::asks_for_heads(text),
        });
        let starts = text.is_none_or(|(language, text)| language.starts_programs(text));
        if starts && (handed.any() || asks) {
            self.out.unread.push(Unread {
                place: at.document.file().locate(span),
                label: at.label.clone(),
                means,
                words: !asks && handed == Head::TEXT,
                way: at.way.clone(),
            });
        }
    }

    /// What the step's own variables, or those around it that a text names, hold
    /// of the starter's.
    pub(super) fn handed(&self, at: &At<'_>, text: &str) -> Head {
        let named = |pair: &&Pair| text.contains(pair.key.value.as_str());
        let around = self.view.job.env.iter().chain(&self.view.workflow.env);
        let pairs = at.step.env.iter().chain(around.filter(named));
        all_of(at, pairs)
    }

    /// A step whose shell is not parsed, Python, PowerShell and the like, or whose
    /// script the parser refuses.
    pub(super) fn unread_shell(&mut self, at: &At<'_>, text: &Text) {
        let shell = match at.frame.place {
            Place::Job(workflow, job) => shells::of_step(workflow, job, at.step),
            Place::Action(..) => shells::of_composite_step(at.step),
        };
        let own = at.frame.of_text(text, Some(at.step));
        let handed = own.or(self.handed(at, &text.value));
        let means: String = match text.value.lines().find(|line| !line.trim().is_empty()) {
            Some(line) => line.trim().chars().take(48).collect(),
            None => return,
        };
        let language = match shell.is_understood() {
            true => Language::Other,
            false => Language::of_shell(&shell),
        };
        let told = Some((language, text.value.as_str()));
        let said = self.said();
        self.unread(at, at.step.head(), String::clone(&means), handed, told);
        if self.said() == said && may_come_upon(language, &text.value) {
            self.beside(at, at.step.head(), means, false);
        }
    }

    /// The script of `actions/github-script`: it has the event in `context`.
    pub(super) fn unread_script(&mut self, at: &At<'_>, script: &str) {
        let handed = self.handed(at, script);
        let means = "actions/github-script".to_owned();
        let text = Some((Language::JavaScript, script));
        self.unread(at, at.step.head(), means, handed, text);
    }

    /// A module of the checkout that such a script loads.
    pub(super) fn required(&mut self, at: &At<'_>, path: &str) {
        let folder = Folder::workspace().join(path);
        let Some(name) = self.tree.own_path(&folder) else {
            return;
        };
        let repository = self.cx.repository;
        let names = [
            name.to_owned(),
            format!("{name}.js"),
            format!("{name}/index.js"),
        ];
        let program = names.iter().find_map(|name| repository.program(name));
        let Some(program) = program else { return };
        let means = format!("require('{path}')");
        self.unread_program(at, at.step.head(), means, self.handed(at, ""), program);
    }

    /// A program that was read and is no shell's.
    pub(super) fn unread_program(
        &mut self,
        at: &At<'_>,
        span: Span,
        means: String,
        handed: Head,
        program: &Program,
    ) {
        let text = program.file().text();
        // What a shell's script does is walked, as far as it was understood.
        if program.script().is_some_and(|script| script.understood) {
            return;
        }
        let language = self.language_of(program);
        let said = self.said();
        self.unread(at, span, means.clone(), handed, Some((language, text)));
        // Of a makefile the command that reads it tells.
        let told = language == Language::Make;
        if !told && self.said() == said && may_come_upon(language, text) {
            self.beside(at, span, means, false);
        }
    }

    // What a program loads from beside it is a part of it; where that starts
    // programs, or was not read, nothing is known of the language's words.
    pub(super) fn language_of(&self, program: &Program) -> Language {
        match self.loads(program, MAX_MODULES) {
            true => Language::Other,
            false => program.language(),
        }
    }

    fn loads(&self, program: &Program, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else {
            return true;
        };
        let repository = self.cx.repository;
        let folder = program
            .file()
            .path()
            .rsplit_once('/')
            .map_or("", |(f, _)| f);
        let modules = program.modules();
        modules.iter().any(|module| {
            let path = plain(&inside(folder, module));
            let Some(file) = programs::module(repository, &path) else {
                // What is not there was brought by something.
                return self.tree.owner(&Folder::workspace().join(&path)).is_some();
            };
            repository.program(&file).is_none_or(|inner| {
                inner.language().starts_programs(inner.file().text()) || self.loads(inner, left)
            })
        })
    }

    /// An action of the checkout that is no list of steps, or that is not there.
    /// `elsewhere` says that it is used at a ref of its own.
    pub(super) fn unread_action(&mut self, at: &At<'_>, action: Option<&Action>, elsewhere: bool) {
        let handed = all_of(at, at.step.with().iter()).or(self.handed(at, ""));
        let means = match at.step.uses() {
            Some(uses) => format!("uses: {}", uses.value),
            None => return,
        };
        let span = at.step.head();
        let Some(action) = action else {
            return self.unread(at, span, means, handed, None);
        };
        if elsewhere {
            let other = at.step.uses().is_some_and(|uses| match &uses.value {
                UsesRef::Repository(uses) => {
                    let reference = uses.git_ref.as_deref().unwrap_or("");
                    !matches!(reference, "main" | "master" | "trunk")
                }
                _ => false,
            });
            if other {
                self.unread(at, span, means, handed, None);
            }
            return;
        }
        let said = self.said();
        match &action.runs {
            ActionKind::Composite { .. } => return,
            ActionKind::JavaScript { entry_points, .. } => {
                let files = entry_points
                    .iter()
                    .map(|file| plain(&inside(action.folder(), &file.value)));
                let files: Vec<String> = files.collect();
                let owner = |path: &String| self.tree.owner(&Folder::workspace().join(path));
                // `main: ../../../pr/index.js`
                if let Some(fetch) = files.iter().find_map(owner) {
                    return self.run(at, fetch, span, means, false);
                }
                let repository = self.cx.repository;
                let programs: Vec<Option<&Program>> =
                    files.iter().map(|path| repository.program(path)).collect();
                let read = |p: &Program| !may_come_upon(self.language_of(p), p.file().text());
                let harmless = programs.iter().all(|program| program.is_some_and(read));
                for program in programs {
                    let text = program.map(|p| (self.language_of(p), p.file().text()));
                    self.unread(at, span, means.clone(), handed, text);
                }
                if harmless {
                    return;
                }
            }
            ActionKind::Docker { .. } | ActionKind::Unknown(_) => {
                self.unread(at, span, means.clone(), handed, None);
            }
        }
        if self.said() == said {
            self.beside(at, span, means, false);
        }
    }

    /// An action of the checkout below the folder of its own: what it does with
    /// heads is walked, what it does with texts is not followed.
    pub(super) fn moved_action(&mut self, at: &At<'_>) {
        let handed = all_of(at, at.step.with().iter());
        let text = Head {
            text: handed.text,
            ..Head::default()
        };
        if let Some(uses) = at.step.uses() {
            let means = format!("uses: {}", uses.value);
            self.unread(at, at.step.head(), means, text, None);
        }
    }

    /// An action that is not read, and that is handed a text of the starter's, may
    /// run it. Numbers and commits are handed everywhere, and say nothing.
    pub(super) fn handed_text(&mut self, at: &At<'_>) {
        let name = at.step.action().unwrap_or_default();
        let owner = name.split('/').next().unwrap_or("");
        if matches!(owner, "actions" | "github") || SHOWS.binary_search(&name).is_ok() {
            return;
        }
        // What an agent does with its prompt is another rule's.
        if agents::of_step(at.step).is_some() || code_inputs::has_any(name) {
            return;
        }
        let handed = all_of(at, at.step.with().iter().chain(&at.step.env));
        let handed = Head {
            text: handed.text,
            ..Head::default()
        };
        let means = match at.step.uses() {
            Some(uses) => uses.value.to_string(),
            None => return,
        };
        self.unread(at, at.step.head(), means, handed, None);
    }

    /// `shell: ./run.sh {0}`, `shell: bash --rcfile ./x {0}`: files of the
    /// workspace that run around the script.
    pub(super) fn shell(&mut self, at: &At<'_>) {
        let StepKind::Run { shell, .. } = &at.step.kind else {
            return;
        };
        let written = shell.clone().or_else(|| match at.frame.place {
            Place::Job(workflow, job) => {
                let own = job.defaults.shell.clone();
                own.or_else(|| workflow.defaults.shell.clone())
            }
            Place::Action(..) => None,
        });
        let Some(written) = written else { return };
        let cwd = self.working_directory(at);
        let mut words = written.value.split_whitespace().filter(|w| w.contains('/'));
        if let Some(fetch) = words.find_map(|word| self.tree.owner(&cwd.join(word))) {
            let means = format!("shell: {}", written.value);
            self.run(at, fetch, at.step.head(), means, false);
        }
    }
}

fn all_of<'p>(at: &At<'_>, pairs: impl Iterator<Item = &'p Pair>) -> Head {
    pairs.fold(Head::default(), |head, pair| {
        let more = at.frame.of_text(&pair.value, Some(at.step));
        head.or(Head {
            unknown: false,
            ..more
        })
    })
}

#[cfg(test)]
mod tests {
    use super::SHOWS;

    #[test]
    fn the_list_is_sorted_so_that_searches_find_everything() {
        assert!(SHOWS.is_sorted());
    }
}
