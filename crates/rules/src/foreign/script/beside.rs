//! Commands that may come upon a stranger's files, or that a stranger steers.

use cofferdam_workflows::semantics::execution;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::harmless::is_harmless;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::shell::{Command, Word};

use super::{HOMES, Shell, recipes};
use crate::foreign::beside::may_come_upon;
use crate::foreign::{Means, Walk, Whose, names_secret};

/// Programs that put files where they are told.
const MOVES: &[&str] = &[
    "7z", "bsdtar", "cp", "dd", "install", "ln", "mv", "rsync", "tar", "tee", "unzip",
];

/// What git runs hooks for.
const HOOKED: &[&str] = &[
    "am",
    "checkout",
    "cherry-pick",
    "commit",
    "merge",
    "pull",
    "push",
    "rebase",
    "switch",
];

impl Shell<'_> {
    /// A command of which nothing was said: it may come upon what lies elsewhere,
    /// or do what the starter writes.
    pub(super) fn beside(&self, walk: &mut Walk<'_>, command: &Command, own: bool) {
        if walk.whose != Whose::Stranger {
            return;
        }
        let anywhere = walk.anywhere().is_some();
        if !anywhere && !walk.has_starter() {
            return;
        }
        let (program, args) = command.effective();
        let text = self.expand(program);
        let name = text.rsplit('/').next().unwrap_or("").to_owned();
        if text.is_empty() || self.script.functions.contains(&name) {
            return;
        }
        let words: Vec<String> = args.iter().map(|w| self.expand(w)).collect();
        let plain = !text.contains('/') || text.starts_with('/');
        let harmless = plain && is_harmless(&name, &words) && !self.meets(walk, command, &words);
        walk.hooked |= brings_hooks(&name, &words);
        if !harmless && self.is_read(walk, command, own) {
            return;
        }
        if anywhere && !harmless {
            // A build sees its context, and nothing else of the runner.
            let builds = ["docker", "podman", "buildah", "nerdctl"].contains(&name.as_str())
                && words.iter().take(3).any(|w| w == "build");
            let tool = plain && execution::is_listed(&name) && !execution::is_interpreter(&name);
            if walk.inside().is_some() || !(builds || tool && self.stays(&words)) {
                walk.beside(self.at, self.span(command), self.means(command), builds);
            }
            return;
        }
        let handed = self.steers(walk, command, &name, harmless);
        if handed.is_code() || handed.text {
            let means = self.means(command);
            walk.unread(self.at, self.span(command), means, handed, None);
        }
    }

    // Whether a command that runs nothing by itself meets a stranger's files in a
    // way that something runs: by what it is told of them, by a variable that
    // names one, by hooks, or by putting one where programs look.
    fn meets(&self, walk: &Walk<'_>, command: &Command, words: &[String]) -> bool {
        if walk.anywhere().is_none() {
            return false;
        }
        let (program, args) = command.effective();
        let name = program.file_name().unwrap_or("");
        let of_stranger = |text: &str| {
            let parts = text
                .split([':', '=', ' '])
                .filter(|part| part.contains('/'));
            parts
                .map(str::to_owned)
                .any(|part| self.owner(walk, &part).is_some())
        };
        let variables = command.env.iter().map(|(_, word)| self.expand(word));
        let around = self.at.step.env.iter().map(|pair| pair.value.value.clone());
        let assigned = self.script.assignments.iter().filter(|a| a.exported);
        let assigned = assigned.map(|a| self.expand(&a.value));
        let mut values = variables.chain(around).chain(assigned);
        if values.any(|value| of_stranger(&value)) {
            return true;
        }
        // What it is given are names, or words, of files.
        let listed = command.is_wrapped_by("xargs") || args.iter().any(|w| reads_a_file(&w.text));
        if listed && has_harmful_options(name) {
            return true;
        }
        if name == "git" {
            let fetch = walk.tree.owner(&self.cwd);
            let fetch = fetch.and_then(|at| walk.out.fetches.get(at));
            let unpacked = fetch.is_some_and(|fetch| fetch.means == Means::Artifact);
            let hooks = words.iter().any(|w| HOOKED.contains(&w.as_str()));
            return unpacked || walk.hooked && hooks && fetch.is_some();
        }
        let looked_for = |text: &str| {
            let path = text.rsplit('=').next().unwrap_or(text);
            let runner = path.contains("GITHUB_ENV") || path.contains("GITHUB_PATH");
            runner || HOMES.iter().any(|home| path.starts_with(home))
        };
        let own = words.iter().any(|w| self.owner(walk, w).is_some());
        let fed = own || !self.before(command).is_empty();
        let mut to = command.redirects.iter().filter(|r| r.writes());
        let redirected = fed && to.any(|r| HOMES.iter().any(|h| r.target.text.starts_with(h)));
        redirected || MOVES.contains(&name) && words.iter().any(|w| looked_for(w))
    }

    // Whether a tool of the project is told of nothing outside of the workspace.
    fn stays(&self, words: &[String]) -> bool {
        let leaves = |word: &String| {
            let word = word.rsplit('=').next().unwrap_or(word);
            word.contains('$') || word.starts_with(['/', '~']) || word.contains("..")
        };
        self.cwd != Folder::Elsewhere && !words.iter().any(leaves)
    }

    // Whether it is a program of the checkout that was walked through, or that
    // starts nothing.
    fn is_read(&self, walk: &Walk<'_>, command: &Command, own: bool) -> bool {
        let (program, args) = command.effective();
        if command.is("make") {
            let plain = |w: &Word| w.is_static && !w.text.starts_with('-') && !w.text.contains('=');
            let names = ["GNUmakefile", "makefile", "Makefile"];
            let found = names.iter().find_map(|name| self.own_program(walk, name));
            let text = found.map(|program| program.file().text());
            return args.iter().all(plain) && text.is_some_and(recipes::are_harmless);
        }
        let word = match execution::is_interpreter(program.file_name().unwrap_or("")) {
            true => args.iter().find(|w| !w.text.starts_with(['-', '+'])),
            false => Some(program),
        };
        // `curl … | sh`: an installer from elsewhere, which is told nothing.
        let before = self.before(command);
        if word.is_none() && !before.is_empty() {
            return before.iter().all(|c| is_download(c));
        }
        // `curl -o install.sh …; sh install.sh`
        let saved = |c: &&Command| {
            let named = |w: &Word| word.is_some_and(|word| w.text.ends_with(&word.text));
            is_download(c) && c.effective().1.iter().any(named)
        };
        if self.script.commands.iter().any(|c| saved(&c)) {
            return true;
        }
        let Some(program) = word.and_then(|w| self.own_program(walk, &self.expand(w))) else {
            return false;
        };
        if !own {
            return false;
        }
        match program.script() {
            Some(script) => script.understood,
            None => !may_come_upon(walk.language_of(program), program.file().text()),
        }
    }

    // What a command is told of the starter's, where it may do as it is told.
    fn steers(&self, walk: &Walk<'_>, command: &Command, name: &str, harmless: bool) -> Head {
        let (program, args) = command.effective();
        let heads = |word: &Word| {
            let head = self.head(word).0;
            Head {
                unknown: false,
                ..head
            }
        };
        if harmless {
            if is_dispatch(name, args) {
                let before = self.before(command).into_iter();
                let words = before.flat_map(|c| c.effective().1).chain(args);
                let head = words.fold(Head::default(), |head, word| head.or(heads(word)));
                return Head {
                    text: head.any(),
                    ..head
                };
            }
            let told = args.iter().enumerate();
            let told = told.filter(|(at, word)| self.is_order(walk, name, args, *at, word));
            let head = told.fold(Head::default(), |head, (_, word)| head.or(heads(word)));
            return Head {
                text: head.text || head.login && matches!(name, "curl" | "git" | "wget"),
                ..Head::default()
            };
        }
        let own = std::iter::once(program).chain(args);
        let own = own
            .chain(command.env.iter().map(|(_, word)| word))
            .chain(&command.heredoc);
        let head = own.fold(Head::default(), |head, word| head.or(heads(word)));
        let before = self.before(command).into_iter();
        let piped = before.flat_map(|c| c.effective().1.iter());
        let piped = piped.fold(Head::default(), |head, word| head.or(heads(word)));
        Head {
            text: head.text || piped.text,
            ..head
        }
    }

    // Whether a word of a command that runs nothing decides where it sends what it
    // is handed, or which file it reads.
    fn is_order(&self, walk: &Walk<'_>, name: &str, args: &[Word], at: usize, word: &Word) -> bool {
        let verb = |at: usize| args.get(at).map_or("", |w| w.text.as_str());
        let before = at.checked_sub(1).map_or("", verb);
        match name {
            "curl" | "wget" => names_secret(self.at.step) && is_host(&word.text),
            "git" => {
                let talks = matches!(verb(0), "push" | "clone" | "fetch" | "ls-remote" | "remote");
                talks && names_secret(self.at.step) && is_host(&word.text)
            }
            // `-F key=@file` reads a file, such as the environment of a process.
            "gh" if verb(0) == "api" => {
                let field = before == "-F" || before == "--field" || word.text.starts_with("-F");
                let value = word.text.split_once('=').map(|(_, value)| value);
                field && value.is_some_and(|v| v.starts_with(['$', '"'])) && !walk.is_dispatch()
            }
            _ => false,
        }
    }
}

// Whether git is told where hooks lie, or a program that puts them there.
fn brings_hooks(name: &str, words: &[String]) -> bool {
    let mut lower = words.iter().map(|w| w.to_ascii_lowercase());
    match name {
        "git" => lower.any(|w| w.contains("core.hookspath") || w.contains("core.fsmonitor")),
        "husky" | "lefthook" | "simple-git-hooks" => true,
        "pre-commit" => words.iter().any(|w| w == "install"),
        "npx" | "pnpm" | "yarn" => lower.any(|w| w == "husky" || w == "lefthook"),
        _ => false,
    }
}

// `$(cat options)`: its words are those of a file.
fn reads_a_file(word: &str) -> bool {
    ["$(cat ", "$(<", "$(head ", "$(jq ", "$(yq ", "`cat "]
        .iter()
        .any(|start| word.contains(start))
}

// Whether a command has options that run something, or that say where it sends
// what it is handed.
fn has_harmful_options(name: &str) -> bool {
    const ALWAYS: &[&str] = &[
        "[",
        "[[",
        "basename",
        "cat",
        "chmod",
        "cmp",
        "cp",
        "cut",
        "diff",
        "dirname",
        "echo",
        "export",
        "gh",
        "grep",
        "head",
        "jq",
        "ls",
        "md5sum",
        "mkdir",
        "mv",
        "printf",
        "read",
        "rm",
        "sha256sum",
        "shellcheck",
        "stat",
        "tail",
        "test",
        "touch",
        "tr",
        "wc",
    ];
    !ALWAYS.contains(&name)
}

// What is written out says whose it is.
fn is_download(command: &Command) -> bool {
    let (_, args) = command.effective();
    (command.is("curl") || command.is("wget")) && args.iter().all(|w| w.is_static)
}

// Whether it starts a workflow of the repository, with inputs.
fn is_dispatch(name: &str, args: &[Word]) -> bool {
    let verb = |at: usize| args.get(at).map_or("", |w| w.text.as_str());
    let starts = name == "gh" && verb(0) == "workflow" && verb(1) == "run";
    starts || matches!(name, "curl" | "gh") && args.iter().any(|w| w.text.contains("/dispatches"))
}

// Whether what a word leaves open decides to whom a request goes: nothing fixed
// ends the host before it.
pub(super) fn is_host(word: &str) -> bool {
    let word = word.trim_start_matches("--url=");
    let address = word.split_once("://").map_or(word, |(_, rest)| rest);
    let host = address.split('/').next().unwrap_or("");
    let open = host.rsplit('@').next().unwrap_or("");
    open.contains('$') && !word.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn what_comes_before_the_first_slash_decides_to_whom_a_request_goes() {
        for word in [
            "$URL",
            "https://$HOST/x",
            "https://x:$T@$B",
            "https://$A.x.io/y",
        ] {
            assert!(is_host(word), "{word}");
        }
        for word in [
            "https://api.github.com/repos/$R",
            "https://x:$T@github.com/$R",
            "-d$X",
            "x",
        ] {
            assert!(!is_host(word), "{word}");
        }
    }
}
