//! Programs of the checkout that a script starts: those of a shell are walked
//! like the script itself, with their arguments; of others it is noted that nobody
//! has read them.

use cofferdam_workflows::documents::{Language, Program};
use cofferdam_workflows::repository::{inside, plain};
use cofferdam_workflows::semantics::execution;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::{Head, Place};
use cofferdam_workflows::shell::{self, Command, Word};

use super::Shell;
use crate::foreign::{Means, Walk};

/// How deep programs that start programs are followed, and how many in one job.
const MAX_DEPTH: usize = 4;
const MAX_PROGRAMS: usize = 128;

/// Shells, whose scripts are read.
const SHELLS: &[&str] = &["bash", "dash", "ksh", "sh", "source", "zsh", "."];

/// Tools that run what a file of the project calls by the name that they are
/// given, so that its arguments and variables are that program's.
const RUNNERS: &[(&str, &[&str])] = &[
    ("bun", &["run", "x"]),
    ("bundle", &["exec"]),
    ("cargo", &["run", "xtask"]),
    ("deno", &["run", "task"]),
    ("go", &["run"]),
    ("gradle", &[]),
    ("gradlew", &[]),
    ("invoke", &[]),
    ("just", &[]),
    ("make", &[]),
    ("mage", &[]),
    ("mvn", &[]),
    ("npm", &["run", "run-script", "exec"]),
    ("nox", &[]),
    ("pdm", &["run"]),
    ("pnpm", &["run", "exec"]),
    ("poetry", &["run"]),
    ("rake", &[]),
    ("task", &[]),
    ("tox", &[]),
    ("uv", &["run"]),
    ("yarn", &["run"]),
];

impl Shell<'_> {
    /// A program of the checkout that a command starts. Says whether it is one of
    /// the repository's own, which was there before it ran.
    pub(super) fn program(&mut self, walk: &mut Walk<'_>, command: &Command) -> bool {
        let (name, args) = command.effective();
        let text = self.expand(name);
        let file = text.rsplit('/').next().unwrap_or("");
        if self.depth > 0 && self.evaluates(walk, command, file, args) {
            return false;
        }
        let listed = RUNNERS.iter().find(|(name, _)| *name == file);
        let shell = SHELLS.contains(&file);
        let interprets = shell || execution::is_interpreter(file);
        let (word, rest) = if interprets {
            let at = args.iter().position(|w| !w.text.starts_with(['-', '+']));
            let options = args.iter().take(at.unwrap_or(args.len()));
            let mut options = options.map(|w| w.text.as_str());
            let code = options.any(|w| matches!(w, "-c" | "-e" | "-ec" | "-m" | "-p" | "--eval"));
            if !shell && (code || at.is_none()) {
                self.code(walk, command, file, at.and_then(|at| args.get(at)));
            }
            let Some(at) = at.filter(|_| !code) else {
                return false;
            };
            (args.get(at), args.get(at + 1..).unwrap_or_default())
        } else if text.contains('/') {
            (Some(name), args)
        } else if listed.is_some() {
            (None, args)
        } else {
            return false;
        };
        let span = self.span(command);
        let means = self.means(command);
        let words = rest.iter().chain(command.env.iter().map(|(_, w)| w));
        let heads = words.map(|w| self.head(w).0);
        let handed = heads
            .chain(self.given.iter().map(|(_, head)| *head))
            .fold(Head::default(), Head::or);
        let handed = Head {
            unknown: false,
            ..handed
        };
        let Some(word) = word else {
            let verbs = listed.map_or(&[][..], |(_, verbs)| *verbs);
            self.runner(walk, command, file, verbs, handed);
            return false;
        };
        let path = self.expand(word);
        let Some(program) = self.own_program(walk, &path) else {
            // What is not there was built, or brought, by something.
            let folder = self.cwd.join(&path);
            let known = folder != Folder::Elsewhere && walk.tree.owner(&folder).is_none();
            if known && !word.variables.iter().any(|v| self.given_path(v)) {
                let env = walk.handed(self.at, "");
                walk.unread(self.at, span, means, handed.or(env), None);
            }
            return false;
        };
        let mut folders = std::iter::once(&self.cwd).chain(&self.also);
        let own = folders.all(|cwd| walk.tree.owner(&cwd.join(&path)).is_none());
        if program.script().is_some() && walk.programs < MAX_PROGRAMS && self.depth < MAX_DEPTH {
            walk.programs += 1;
            self.inside_of(walk, command, program, rest);
        }
        let env = walk.handed(self.at, program.file().text());
        walk.unread_program(self.at, span, means, handed.or(env), program);
        own
    }

    // `node -e '…'`, `python3 - <<EOF`: code in a language that is not read.
    fn code(&self, walk: &mut Walk<'_>, command: &Command, file: &str, word: Option<&Word>) {
        let Some(word) = word.or(command.heredoc.as_ref()) else {
            return;
        };
        let language = match file {
            "node" | "nodejs" | "deno" | "bun" | "tsx" | "ts-node" => Language::JavaScript,
            "pwsh" => Language::PowerShell,
            _ if file.starts_with("python") => Language::Python,
            _ => Language::Other,
        };
        let handed = Head {
            unknown: false,
            ..self.head(word).0
        };
        let handed = handed.or(walk.handed(self.at, &word.text));
        let means = self.means(command);
        let text = Some((language, word.text.as_str()));
        walk.unread(self.at, self.span(command), means, handed, text);
    }

    // A path that hangs on a value of the run is no program that is there.
    fn given_path(&self, variable: &str) -> bool {
        !self.known.contains_key(variable)
    }

    pub(super) fn own_program<'w>(&self, walk: &Walk<'w>, path: &str) -> Option<&'w Program> {
        let repository = walk.cx.repository;
        for spelling in ["$GITHUB_ACTION_PATH/", "${{ github.action_path }}/"] {
            if let Some(below) = path.strip_prefix(spelling) {
                let Place::Action(action, _) = self.at.frame.place else {
                    return None;
                };
                return repository.program(&plain(&inside(action.folder(), below)));
            }
        }
        let mut folders = std::iter::once(&self.cwd).chain(&self.also);
        folders.find_map(|cwd| {
            let whole = cwd.join(path);
            if walk.tree.owner(&whole).is_some() {
                return None;
            }
            repository.program(walk.tree.own_path(&whole)?)
        })
    }

    // Walks through a program as if it stood here.
    fn inside_of(
        &mut self,
        walk: &mut Walk<'_>,
        command: &Command,
        program: &Program,
        args: &[Word],
    ) {
        let Some(script) = program.script() else {
            return;
        };
        let file = program.file();
        let name = match &self.site {
            Some((_, around)) => format!("{around}, {}", file.path()),
            None => file.path().to_owned(),
        };
        let mut known = walk.constants(self.at);
        for (at, word) in args.iter().enumerate().filter(|(_, w)| w.is_static) {
            known.insert((at + 1).to_string(), word.text.clone());
        }
        let mut inner = Shell::new(self.at, self.text, script, self.cwd.clone(), known);
        inner.source = file.text();
        inner.arguments = args.iter().map(|w| self.head(w).0).collect();
        inner.given = self.given.clone();
        let exported = self.script.assignments.iter().filter(|a| a.exported);
        inner
            .given
            .extend(exported.map(|a| (a.name.clone(), self.head(&a.value).0)));
        let prefix = command.env.iter();
        inner
            .given
            .extend(prefix.map(|(name, w)| (name.clone(), self.head(w).0)));
        inner.site = Some((self.span(command), name));
        inner.depth = self.depth + 1;
        inner.also.clone_from(&self.also);
        inner.fetched_here = self.fetched_here;
        inner.all(walk);
        self.fetched_here |= inner.fetched_here;
        if command.is("source") || command.is(".") {
            self.cwd = inner.cwd;
            self.outside = inner.outside;
        }
    }

    // `eval "$1"` in a program of the checkout: what the starter wrote is code.
    // In the step itself a flow says so.
    fn evaluates(
        &mut self,
        walk: &mut Walk<'_>,
        command: &Command,
        file: &str,
        args: &[Word],
    ) -> bool {
        let code = match file {
            "eval" => args.first(),
            "bash" | "sh" | "dash" | "zsh" | "ksh" => {
                let at = args
                    .iter()
                    .position(|w| matches!(w.text.as_str(), "-c" | "-ec"));
                at.and_then(|at| args.get(at + 1))
            }
            _ => None,
        };
        let Some(word) = code.filter(|word| self.head(word).0.text) else {
            return false;
        };
        let known = walk.out.fetches.len();
        let span = self.span(command);
        let head = self.head(word).0.or(Head::FORK);
        walk.fetch(self.at, span, head, Means::Git, Folder::Elsewhere, true);
        if walk.out.fetches.len() > known {
            let means = self.means(command);
            self.runs(walk, command, known, means);
        }
        true
    }

    // `make pr N=$N`, `npm run x -- $N`.
    fn runner(
        &self,
        walk: &mut Walk<'_>,
        command: &Command,
        file: &str,
        verbs: &[&str],
        handed: Head,
    ) {
        let (_, args) = command.effective();
        let mut plain = args.iter().filter(|w| !w.text.starts_with('-'));
        let verb = plain.next().map_or("", |w| w.text.as_str());
        if !verbs.is_empty() && !verbs.contains(&verb) || walk.tree.owner(&self.cwd).is_some() {
            return;
        }
        let span = self.span(command);
        let means = self.means(command);
        if file == "make" && !handed.any() {
            let names = ["GNUmakefile", "makefile", "Makefile"];
            let found = names.iter().find_map(|name| self.own_program(walk, name));
            if let Some(program) = found {
                let env = walk.handed(self.at, program.file().text());
                walk.unread_program(self.at, span, means, env, program);
            }
            return;
        }
        let env = match verbs.is_empty() {
            true => Head::default(),
            false => walk.handed(self.at, ""),
        };
        walk.unread(self.at, span, means, handed.or(env), None);
    }

    /// `CMD="git fetch …"; $CMD`: a command that a variable holds.
    pub(super) fn by_variable(&mut self, walk: &mut Walk<'_>, command: &Command) -> bool {
        let name = command.effective().0;
        let [variable] = name.variables.as_slice() else {
            return false;
        };
        let whole = name.text == format!("${variable}") || name.text == format!("${{{variable}}}");
        if !whole || self.depth >= MAX_DEPTH || walk.programs >= MAX_PROGRAMS {
            return false;
        }
        let held = self.script.assignments.iter().find(|a| a.name == *variable);
        let Some(held) = held.filter(|held| held.value.text.contains(' ')) else {
            return false;
        };
        walk.programs += 1;
        let text = held.value.text.clone();
        let script = shell::parse(&text, &shell::Shell::Bash);
        let mut inner = Shell::new(
            self.at,
            self.text,
            &script,
            self.cwd.clone(),
            self.known.clone(),
        );
        inner.source = &text;
        inner.arguments.clone_from(&self.arguments);
        inner.given.clone_from(&self.given);
        let name = self.site.as_ref().map_or("", |(_, name)| name).to_owned();
        inner.site = Some((self.span(command), name));
        inner.depth = self.depth + 1;
        inner.all(walk);
        let fetched = inner.fetched_here;
        self.fetched_here |= fetched;
        true
    }

    /// What runs, with the program in which it stands.
    pub(super) fn means_of(&self, means: String) -> String {
        match &self.site {
            Some((_, name)) if !name.is_empty() => format!("{name}: {means}"),
            _ => means,
        }
    }
}
