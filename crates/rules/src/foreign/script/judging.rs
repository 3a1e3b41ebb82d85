//! What a command does with a stranger's files besides what its name says: what
//! it is fed, what it hands on, and whether it is known to be inert.

use cofferdam_workflows::semantics::execution::Execution;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::inert;
use cofferdam_workflows::shell::{Command, Word};

use super::Shell;
use super::commits::is_build_file;
use crate::foreign::Walk;

/// Programs that run what they read.
const READERS_OF_CODE: &[&str] = &[
    "bash", "dash", "deno", "node", "perl", "php", "python", "python3", "ruby", "sh", "zsh",
    "source", ".", "eval", "pwsh", "ksh",
];

/// Programs that give out what is in a file.
const PRINTERS: &[&str] = &[
    "awk", "cat", "cut", "envsubst", "grep", "head", "jq", "sed", "sort", "tail", "tr", "uniq",
    "yq", "cp", "tee", "dd",
];

/// Programs that turn letters into a script.
const DECODERS: &[&str] = &[
    "base32", "base64", "openssl", "xxd", "gunzip", "zcat", "gzip",
];

/// Variables that name a file which the next program runs or loads.
const LOADED: &[&str] = &[
    "BASH_ENV",
    "ENV",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
];

/// Variables that name a program, or a configuration that names one: a path among
/// a stranger's files is the stranger's program.
const PROGRAMS: &[&str] = &[
    "AR",
    "BROWSER",
    "CC",
    "CXX",
    "EDITOR",
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "KUBECONFIG",
    "LD",
    "NPM_CONFIG_USERCONFIG",
    "PAGER",
    "PIP_CONFIG_FILE",
    "RUSTC",
    "RUSTC_WRAPPER",
    "SHELL",
    "SSH_ASKPASS",
    "VISUAL",
];

/// Whether a variable names a file which the next program runs or loads.
pub(in crate::foreign) fn is_loaded(name: &str) -> bool {
    LOADED.contains(&name) || PROGRAMS.contains(&name)
}

/// The paths in the value of such a variable. Where it holds options, a path
/// has a slash: `--require ./hook.js`, `-r./hook`.
pub(in crate::foreign) fn loaded_paths<'v>(
    name: &str,
    value: &'v str,
) -> impl Iterator<Item = &'v str> {
    let options = name.ends_with("_OPTIONS") || name.ends_with("OPT") || PROGRAMS.contains(&name);
    let parts = value.split([':', '=', ' ']).map(move |part| {
        let mut attached = ["-r", "-I", "-M"].iter();
        match options {
            true => attached
                .find_map(|option| part.strip_prefix(option))
                .unwrap_or(part),
            false => part,
        }
    });
    parts.filter(move |part| {
        !part.is_empty() && !part.starts_with('-') && (!options || part.contains('/'))
    })
}

impl Shell<'_> {
    /// `export BASH_ENV=x.sh`, once the whole script was walked.
    pub(super) fn exported(&self, walk: &mut Walk<'_>) {
        if walk.is_clean() {
            return;
        }
        let assignments = self.script.assignments.iter();
        for assignment in assignments.filter(|a| is_loaded(&a.name)) {
            let value = self.expand(&assignment.value);
            let owner = loaded_paths(&assignment.name, &value).find_map(|p| self.owner(walk, p));
            if let Some(fetch) = owner {
                let range = assignment.range.clone();
                let span = match &self.site {
                    Some((span, _)) => *span,
                    None => self.text.raw_span(self.at.document, range),
                };
                let means = format!("{}={value}", assignment.name);
                walk.run(self.at, fetch, span, means, false);
            }
        }
    }

    /// Variables before the command and redirections around it.
    pub(super) fn around(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        if walk.is_clean() {
            return;
        }
        for (name, value) in &command.env {
            if !is_loaded(name) {
                continue;
            }
            let value = self.expand(value);
            let owner = loaded_paths(name, &value).find_map(|p| self.owner(walk, p));
            if let Some(fetch) = owner {
                self.runs(walk, command, fetch, format!("{name}={value}"));
            }
        }
        self.hands_on(walk, command, words);
    }

    // A file of the stranger that goes into GITHUB_ENV or GITHUB_PATH decides
    // what later steps run; one that goes elsewhere is the stranger's there too.
    fn hands_on(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        let name = command.effective().0.file_name().unwrap_or("");
        let prints = PRINTERS.contains(&name) || self.shows(walk, command);
        let mut targets: Vec<String> = command
            .redirects
            .iter()
            .filter(|redirect| redirect.writes())
            .map(|redirect| redirect.target.text.clone())
            .collect();
        if name == "tee" {
            targets.extend(words.iter().filter(|w| !w.starts_with('-')).cloned());
        }
        let pipe = self.before(command);
        let read = (prints)
            .then(|| self.read_by(walk, command))
            .flatten()
            .or_else(|| pipe.iter().find_map(|c| self.read_by(walk, c)));
        let to_env = |target: &String| target.contains("GITHUB_ENV");
        let read = match targets.iter().any(to_env) {
            true => read.or_else(|| self.put_into_text(walk, command)),
            false => read,
        };
        for target in targets {
            let to_path = target.contains("GITHUB_PATH");
            let to_env = target.contains("GITHUB_ENV");
            let owner = match read {
                Some(fetch) => Some(fetch),
                None if to_path => words.iter().find_map(|w| self.owner(walk, w)),
                None => None,
            };
            let Some(fetch) = owner else { continue };
            if to_path || to_env {
                let what = if to_path { "GITHUB_PATH" } else { "GITHUB_ENV" };
                self.runs(walk, command, fetch, format!("{name} … >> {what}"));
            } else if self.cwd.join(&target) == Folder::Elsewhere {
                walk.tree.outside(&target, "", fetch);
            } else if walk.tree.owner(&self.cwd.join(&target)).is_none() {
                self.put(walk, &self.cwd.join(&target), &target, fetch);
            }
        }
    }

    // A file of the stranger in a folder; one that a tool looks for there makes
    // the folder the stranger's.
    pub(super) fn put(&self, walk: &mut Walk<'_>, to: &Folder, name: &str, fetch: usize) {
        walk.tree.foreign(to, fetch);
        if is_build_file(name) {
            let above = name.rsplit_once('/').map_or(".", |(above, _)| above);
            walk.tree.foreign(&self.cwd.join(above), fetch);
        }
    }

    // `echo "X=$(cat file)"`: a file with several lines sets more than one
    // variable. What gives out one line or one word sets no other.
    fn put_into_text(&self, walk: &Walk<'_>, command: &Command) -> Option<usize> {
        const ONE_LINE: &[&str] = &["head", "wc", "tr", "cksum", "md5sum", "sha256sum", "xargs"];
        let assigned = |name: &String| {
            let assignments = self.script.assignments.iter();
            let mut own = assignments.filter(move |a| a.name == *name);
            own.find(|a| a.value.holds_substitution).map(|a| &a.value)
        };
        let (_, args) = command.effective();
        let by_variable = args.iter().flat_map(|w| &w.variables).filter_map(assigned);
        args.iter().chain(by_variable).find_map(|word| {
            let inner = self.inside(word);
            let one = inner
                .iter()
                .any(|c| ONE_LINE.contains(&c.effective().0.file_name().unwrap_or("")));
            let mut readers = inner.iter().filter(|_| !one);
            readers.find_map(|c| self.read_by(walk, c))
        })
    }

    /// `core.hooksPath` that leads into a stranger's folder.
    pub(super) fn hooks(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        for (at, word) in words.iter().enumerate() {
            let lower = word.to_ascii_lowercase();
            if !lower.starts_with("core.hookspath") && !lower.starts_with("core.fsmonitor") {
                continue;
            }
            let path = match word.split_once('=') {
                Some((_, path)) => Some(path),
                None => words.get(at + 1).map(String::as_str),
            };
            if let Some(fetch) = path.and_then(|path| self.owner(walk, path)) {
                self.runs(walk, command, fetch, format!("git {word}"));
            }
        }
    }

    /// What an interpreter is fed by a pipe, a file or a substitution, `find`
    /// by its files, and a loop by its list. Says whether it is settled.
    pub(super) fn fed(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) -> bool {
        let (program, args) = command.effective();
        let name = program.file_name().unwrap_or("");
        if name == "find" || name == "fd" {
            return self.by_find(walk, command, words);
        }
        let shown = self.shown_to(walk, command);
        let Some(here) = self.here(walk, args).or(shown) else {
            return false;
        };
        if !READERS_OF_CODE.contains(&name) {
            return false;
        }
        let means = self.means(command);
        if let Some(fetch) = shown {
            self.runs(walk, command, fetch, means);
            return true;
        }
        // `xargs sh` takes the names of files from its input.
        let by_xargs = command.name.file_name() == Some("xargs");
        let code = args.iter().any(|w| {
            matches!(
                w.text.as_str(),
                "-c" | "-e" | "-p" | "-r" | "--eval" | "-pe"
            )
        });
        let script = words.iter().find(|w| !w.starts_with('-'));
        let stdin = words
            .iter()
            .any(|w| w == "-s" || w == "-" || w == "/dev/stdin");
        let substituted = args.iter().find(|w| w.holds_substitution);
        if let Some(word) = substituted {
            let inner = self.inside(word);
            let read = inner.iter().find_map(|c| self.read_by(walk, c));
            match read {
                Some(fetch) => self.runs(walk, command, fetch, means),
                None => self.doubts(walk, command, here, means),
            }
            return true;
        }
        if code {
            return self.by_code(walk, command, words, here);
        }
        if script.is_none() || stdin || name == "eval" || by_xargs {
            let from_file = command.redirects.iter().find(|r| r.operator == "<");
            if let Some(file) = from_file {
                if let Some(fetch) = self.owner(walk, &self.expand(&file.target)) {
                    self.runs(walk, command, fetch, means);
                }
                return true;
            }
            let before = self.before(command);
            if before.is_empty() {
                return false;
            }
            let read = before.iter().find_map(|c| self.read_by(walk, c));
            let decoded = before
                .iter()
                .any(|c| DECODERS.contains(&c.effective().0.file_name().unwrap_or("")));
            match read {
                Some(fetch) => self.runs(walk, command, fetch, means),
                None if decoded || by_xargs => self.runs(walk, command, here, means),
                None => self.doubts(walk, command, here, means),
            }
            return true;
        }
        // A script whose name only the run knows.
        let unknown = args
            .iter()
            .find(|w| !w.text.starts_with('-'))
            .filter(|w| !w.variables.is_empty() && self.expand(w).contains('$'));
        if let Some(word) = unknown {
            let listed = word.variables.iter().find_map(|v| self.in_loop(walk, v));
            match listed {
                Some(fetch) => self.runs(walk, command, fetch, means),
                None => self.doubts(walk, command, here, means),
            }
            return true;
        }
        false
    }

    // `node -e "require('./x')"`: code in the script that loads the folder's.
    fn by_code(
        &self,
        walk: &mut Walk<'_>,
        command: &Command,
        words: &[String],
        here: usize,
    ) -> bool {
        let name = command.effective().0.file_name().unwrap_or("");
        if matches!(name, "bash" | "sh" | "dash" | "zsh" | "ksh") {
            // What stands there is read as a script of its own, unless it
            // is in a variable or too deep.
            let held = command
                .effective()
                .1
                .iter()
                .any(|w| !w.variables.is_empty());
            if held && words.iter().any(|w| w.starts_with('$')) {
                self.doubts(walk, command, here, self.means(command));
            }
            return true;
        }
        let loads = words.iter().any(|w| {
            [
                "require(", "import(", "import ", "load ", "require ", "include ",
            ]
            .iter()
            .flat_map(|opener| w.split(opener).skip(1))
            .any(|rest| {
                let rest = rest.trim_start_matches(['(', '\'', '"', '`', '\\', ' ']);
                let path = rest.split(['\'', '"', '`', '\\', ')']).next().unwrap_or("");
                path.starts_with('.') && !path.ends_with(".json")
            })
        });
        let starts = ["child_process", "exec(", "system(", "spawn", "popen", "qx"];
        if loads {
            self.runs(walk, command, here, self.means(command));
        } else if !name.starts_with("python")
            && words.iter().any(|w| starts.iter().any(|s| w.contains(s)))
        {
            self.doubts(walk, command, here, self.means(command));
        } else {
            return false;
        }
        true
    }

    // `find … -exec bash {} +`
    fn by_find(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) -> bool {
        let at = words
            .iter()
            .position(|w| matches!(w.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir" | "-x"));
        let Some(at) = at else { return true };
        let folders: Vec<&String> = words.iter().take_while(|w| !w.starts_with('-')).collect();
        let owner = match folders.as_slice() {
            [] => walk.tree.owner(&self.cwd),
            _ => folders.iter().find_map(|f| self.owner(walk, f)),
        };
        let Some(fetch) = owner else { return true };
        let inner = words.get(at + 1..).unwrap_or_default();
        let Some((program, args)) = inner.split_first() else {
            return true;
        };
        let file = program.rsplit('/').next().unwrap_or("");
        let means = format!("find {}", words.get(at..).unwrap_or_default().join(" "));
        let means: String = means.chars().take(48).collect();
        if READERS_OF_CODE.contains(&file) || program == "{}" {
            self.runs(walk, command, fetch, means);
        } else if !inert::is_inert(file, args) {
            self.doubts(walk, command, fetch, means);
        }
        true
    }

    /// A command that is not known, where a stranger's files lie.
    pub(super) fn doubtful(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        if walk.is_clean() {
            return;
        }
        let (program, args) = command.effective();
        let name = program.file_name().unwrap_or("");
        let means = self.means(command);
        // What was put outside of the workspace and is run there.
        let text = self.expand(program);
        if let Some(fetch) = walk.tree.owner_outside(&text) {
            return self.runs(walk, command, fetch, means);
        }
        if READERS_OF_CODE.contains(&name) {
            let script = words.iter().find(|w| !w.starts_with('-'));
            if let Some(fetch) = script.and_then(|w| walk.tree.owner_outside(w)) {
                self.runs(walk, command, fetch, means);
            }
            return;
        }
        let own = self.script.functions.iter().any(|f| f == name);
        if own || !name.is_empty() && inert::is_inert(name, words) || text.is_empty() {
            return;
        }
        if let Some(fetch) = self.here(walk, args) {
            self.doubts(walk, command, fetch, means);
        }
    }

    /// What runs in a folder that is not known may run a stranger's.
    pub(super) fn lost(
        &self,
        walk: &mut Walk<'_>,
        command: &Command,
        words: &[String],
        execution: &Execution,
    ) {
        if execution.folder != Folder::Elsewhere {
            return;
        }
        let outside = self.outside.as_deref();
        let named = words
            .iter()
            .map(String::as_str)
            .chain(outside)
            .find_map(|w| walk.tree.owner_outside(w));
        let hidden = |w: &str| w.contains('$') && !w.starts_with("$RUNNER_T");
        let unknown = outside.is_some_and(hidden) || words.iter().any(|w| hidden(w));
        if let Some(fetch) = named {
            self.runs(walk, command, fetch, execution.means.clone());
        } else if let Some(fetch) = walk.tree.any().filter(|_| unknown) {
            self.doubts(walk, command, fetch, execution.means.clone());
        }
    }

    // Whose files lie where the command works, or are named to it.
    fn here(&self, walk: &Walk<'_>, args: &[Word]) -> Option<usize> {
        let mut folders = std::iter::once(&self.cwd).chain(&self.also);
        folders
            .find_map(|cwd| walk.tree.owner(cwd))
            .or_else(|| args.iter().find_map(|w| self.owner(walk, &self.expand(w))))
    }

    pub(super) fn owner(&self, walk: &Walk<'_>, path: &str) -> Option<usize> {
        let path = path
            .strip_prefix("$PWD")
            .or_else(|| path.strip_prefix("${PWD}"))
            .or_else(|| path.strip_prefix("$(pwd)"))
            .map_or(path, |rest| match rest.trim_start_matches('/') {
                "" => ".",
                below => below,
            });
        let mut folders = std::iter::once(&self.cwd).chain(&self.also);
        let inside = folders.find_map(|cwd| walk.tree.owner(&cwd.join(path)));
        inside.or_else(|| walk.tree.owner_outside(path))
    }

    // Whose file a command reads and prints.
    fn read_by(&self, walk: &Walk<'_>, command: &Command) -> Option<usize> {
        let (program, args) = command.effective();
        let name = program.file_name()?;
        if self.shows(walk, command) {
            return walk.peeked;
        }
        if !PRINTERS.contains(&name) && !matches!(name, "find" | "ls" | "git") {
            return None;
        }
        let folder = || walk.tree.owner(&self.cwd);
        match name {
            "find" | "ls" => folder(),
            "git" => args
                .first()
                .filter(|w| w.text == "show")
                .and_then(|_| folder().or_else(|| walk.tree.any())),
            _ => {
                let plain = |w: &&Word| !w.text.starts_with('-');
                // Of these the first word is what they do.
                let skip = usize::from(matches!(name, "awk" | "grep" | "jq" | "sed" | "yq" | "tr"));
                let mut files = args.iter().filter(plain).skip(skip);
                let read = files.find_map(|w| self.owner(walk, &self.expand(w)));
                read.or_else(|| {
                    let mut from = command.redirects.iter().filter(|r| r.operator == "<");
                    from.find_map(|r| self.owner(walk, &self.expand(&r.target)))
                })
            }
        }
    }

    // The commands before this one in its pipeline.
    pub(super) fn before(&self, command: &Command) -> Vec<&Command> {
        let Some((id, position)) = command.pipeline.filter(|(_, at)| *at > 0) else {
            return Vec::new();
        };
        let members = self.script.pipeline(id).into_iter();
        members
            .filter(|c| c.pipeline.is_some_and(|(_, at)| at < position))
            .collect()
    }

    // The commands in the substitutions of a word.
    pub(super) fn inside(&self, word: &Word) -> Vec<&Command> {
        let within = |c: &&Command| {
            c.range.start >= word.range.start && c.range.end <= word.range.end && c.in_substitution
        };
        self.script.commands.iter().filter(within).collect()
    }

    // `for NAME in WORDS`: whose files the words are.
    fn in_loop(&self, walk: &Walk<'_>, variable: &str) -> Option<usize> {
        let opener = format!("for {variable} in ");
        self.source.split(&opener).skip(1).find_map(|rest| {
            let list = rest.split([';', '\n']).next().unwrap_or("");
            let words = list.split_whitespace().take(64);
            words
                .map(|w| w.trim_matches(['"', '\'']))
                .find_map(|w| self.owner(walk, w))
        })
    }

    pub(super) fn means(&self, command: &Command) -> String {
        let written = self.source.get(command.range.clone()).unwrap_or("");
        let line = written.lines().next().unwrap_or("").trim();
        let short: String = line.chars().take(48).collect();
        if short.len() < line.len() {
            format!("{short}…")
        } else {
            short
        }
    }

    pub(super) fn runs(&self, walk: &mut Walk<'_>, command: &Command, fetch: usize, means: String) {
        let means = self.means_of(means);
        walk.run(self.at, fetch, self.span(command), means, false);
    }

    fn doubts(&self, walk: &mut Walk<'_>, command: &Command, fetch: usize, means: String) {
        let doubt = walk.made(self.at, fetch, self.span(command), means, false);
        walk.doubted(doubt);
    }
}
