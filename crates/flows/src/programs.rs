//! Programs of the checkout that a script starts and that are read like it: a
//! shell's scripts, and the recipes of a Makefile.
//!
//! What happens in them is said of the command that starts them. Those that lie
//! in a folder with a stranger's files are the stranger's code, which another
//! part judges.

use std::collections::BTreeSet;
use std::ops::Range;

use cofferdam_facts::Span;
use cofferdam_workflows::documents::Program;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::shell::{Command, Word};

use crate::scripts::{Body, Call, Running};
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::trail::{Trail, Trails};

/// So many programs of one script are followed, and targets of one `make`.
const MAX_PROGRAMS: usize = 16;
const MAX_TARGETS: usize = 32;

const SHELLS: &[&str] = &["bash", "dash", "ksh", "sh", "source", "zsh", "."];

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// The programs that a script of a step starts.
    pub(crate) fn programs(&self, running: Running<'s, 'r>) -> Vec<Running<'s, 'r>> {
        let Body::Step(text) = running.body else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for command in running.script.commands.iter().filter(|c| !c.dead) {
            if found.len() >= MAX_PROGRAMS {
                self.unfinished.set(true);
                break;
            }
            let site = running.span(command.range.clone());
            let call = Call {
                text,
                script: running.script,
                command,
            };
            let inside = |body, script, given: Range<usize>| Running {
                scope: running.scope,
                body,
                script,
                call: Some((call, given.start)),
            };
            if command.is("make") || command.is("gmake") {
                let recipes = self.recipes(running, command, site);
                let made = recipes
                    .into_iter()
                    .map(|(body, script)| inside(body, script, 0..0));
                found.extend(made);
                continue;
            }
            let Some((path, given)) = started(command) else {
                continue;
            };
            let program = self.own_program(running, command, &path.text);
            if let Some(program) = program
                && let Some(script) = program.script()
            {
                let body = Body::Program {
                    text: program.file().text(),
                    name: program.file().path(),
                    site,
                };
                found.push(inside(body, script, given..given));
            }
        }
        found
    }

    fn own_program(
        &self,
        running: Running<'s, 'r>,
        command: &Command,
        path: &str,
    ) -> Option<&'r Program> {
        let at = command.range.start;
        let Folder::Inside(whole) = self.folder_at(running.scope, at).join(path) else {
            return None;
        };
        let program = self.repository.program(&whole)?;
        // Of a stranger it is foreign code as a whole.
        let foreign = self.head_file(running.scope, path, at).is_some();
        (!foreign).then_some(program)
    }

    // The recipes of the targets that are named, or of the first, and of those
    // that come before.
    fn recipes(
        &self,
        running: Running<'s, 'r>,
        command: &Command,
        site: Span,
    ) -> Vec<(Body<'r>, &'r cofferdam_workflows::shell::Script)> {
        let (_, args) = command.effective();
        let value = |option: &str| {
            let at = args.iter().position(|word| word.text == option)?;
            args.get(at + 1).map(|word| word.text.as_str())
        };
        let folder = value("-C").or_else(|| value("--directory")).unwrap_or(".");
        let names = match value("-f").or_else(|| value("--file")) {
            Some(name) => vec![name],
            None => vec!["GNUmakefile", "makefile", "Makefile"],
        };
        let mut paths = names.iter().map(|name| format!("{folder}/{name}"));
        let Some(program) = paths.find_map(|path| self.own_program(running, command, &path)) else {
            return Vec::new();
        };
        let valued = |at: usize| {
            let before = at.checked_sub(1).and_then(|at| args.get(at));
            before.is_some_and(|w| matches!(&*w.text, "-C" | "-f" | "--directory" | "--file"))
        };
        let plain = args.iter().enumerate().filter(|(at, word)| {
            !valued(*at) && !word.text.starts_with('-') && !word.text.contains('=')
        });
        let mut waiting: Vec<&str> = plain.map(|(_, word)| word.text.as_str()).collect();
        if waiting.is_empty() {
            waiting.extend(
                program
                    .recipes()
                    .first()
                    .map(|recipe| recipe.target.as_str()),
            );
        }
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut found = Vec::new();
        while let Some(target) = waiting.pop() {
            if seen.len() >= MAX_TARGETS {
                self.unfinished.set(true);
                break;
            }
            if !seen.insert(target) {
                continue;
            }
            for recipe in program.recipes().iter().filter(|r| r.target == target) {
                waiting.extend(recipe.needs.iter().map(String::as_str));
                let body = Body::Recipe {
                    recipe,
                    name: program.file().path(),
                    site,
                };
                found.push((body, &recipe.script));
            }
        }
        found
    }

    /// What programs that a script starts run as code.
    pub(crate) fn sinks_of_programs(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for inner in self.programs(running) {
            self.evaluated(at, inner, found);
            self.calculated(at, inner, found);
            self.arguments(at, inner, found);
            self.requests(at, inner, found);
            self.prompts_of_script(at, inner, found);
            self.files(at, inner, found);
            // `make` puts the variables of its environment into the lines.
            if let Body::Recipe { recipe, .. } = inner.body {
                let mut trails = Trails::default();
                for name in &recipe.put_in {
                    trails.extend(self.given_variable(inner, name, &mut Vec::new()));
                }
                let shown = format!("$({})", recipe.put_in.join(") $("));
                self.code(at, inner, (0..0, &shown), self.take(trails), found);
            }
        }
    }

    /// A variable as a program gets it: from the command that starts it, from
    /// what that script exports, or from the step.
    pub(crate) fn given_variable(
        &self,
        running: Running<'s, 'r>,
        name: &str,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let Some((call, _)) = running.call else {
            return self.variable(running.scope, name);
        };
        let outer = call.running(running.scope);
        if let Some((_, word)) = call.command.env.iter().find(|(own, _)| own == name) {
            return self.word(outer, word, 0..word.text.len(), seen);
        }
        let mut found = Trails::default();
        let sourced = matches!(call.command.name.file_name(), Some("source" | "."));
        let set = call.script.assignments.iter();
        let set = set.filter(|own| own.name == name && (own.exported || sourced));
        for assignment in set {
            let word = &assignment.value;
            found.extend(self.word(outer, word, 0..word.text.len(), seen));
        }
        found.extend(self.variable(running.scope, name));
        self.take(found)
    }

    /// `$1` of a program: what the command that starts it hands over.
    pub(crate) fn argument(
        &self,
        running: Running<'s, 'r>,
        number: usize,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let Some((call, given)) = running.call else {
            return Vec::new();
        };
        let (_, args) = call.command.effective();
        let before = number.checked_sub(1);
        let Some(word) = before.and_then(|before| args.get(given + before)) else {
            return Vec::new();
        };
        let outer = call.running(running.scope);
        self.word(outer, word, 0..word.text.len(), seen)
    }
}

// The program's path, and where its arguments begin.
fn started(command: &Command) -> Option<(&Word, usize)> {
    let (name, args) = command.effective();
    if name.text.contains('/') && !name.file_name().is_some_and(|n| SHELLS.contains(&n)) {
        return Some((name, 0));
    }
    if !SHELLS.contains(&name.file_name()?) {
        return None;
    }
    let at = args
        .iter()
        .position(|word| !word.text.starts_with(['-', '+']))?;
    let code = |word: &Word| !word.text.starts_with("--") && word.text.contains('c');
    let options = args.get(..at).unwrap_or_default();
    (!options.iter().any(code)).then(|| args.get(at).map(|word| (word, at + 1)))?
}
