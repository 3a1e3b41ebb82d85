//! The walk through the commands of one script.

mod beside;
mod commits;
mod folders;
mod git;
mod images;
mod installers;
mod judging;
mod programs;
mod pushes;
mod recipes;

use std::cell::Cell;
use std::collections::HashMap;

use cofferdam_facts::Span;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::semantics::execution;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::semantics::lookups;
use cofferdam_workflows::shell::{Command, Script, Word};

use super::{At, Means, Walk, Whose, actions};

pub(super) use commits::Fetched;
pub(super) use judging::{is_loaded, loaded_paths};

pub(super) fn walk(walk: &mut Walk<'_>, at: &At<'_>, text: &Text) {
    let path = at.document.file().path();
    let Some(script) = walk.cx.script(path, at.step) else {
        return;
    };
    let start = walk.working_directory(at);
    let known = walk.constants(at);
    let mut shell = Shell::new(at, text, script, start.clone(), known);
    shell.all(walk);
    if !script.understood {
        not_read(walk, at, text, &start);
        walk.unread_shell(at, text);
    }
}

// PowerShell, Python and the like are not parsed, and some scripts not as a
// whole: they are in doubt where a stranger's files lie.
fn not_read(walk: &mut Walk<'_>, at: &At<'_>, text: &Text, cwd: &Folder) {
    if text.value.trim().is_empty() {
        return;
    }
    if let Some(fetch) = walk.tree.owner(cwd) {
        let means = "a script that is not understood".to_owned();
        let doubt = walk.made(at, fetch, at.step.head(), means, false);
        walk.doubted(doubt);
    }
}

/// Programs that change the folder or may bring a stranger's files. What others
/// do matters only where such files lie.
const BRINGING: &[&str] = &[
    "7z", "bsdtar", "cd", "curl", "gh", "git", "popd", "pushd", "svn", "unzip", "wget",
];

/// How paths begin that hold configurations and programs of every user.
const HOMES: &[&str] = &[
    "~", "$HOME", "${HOME}", "/etc", "/home", "/opt", "/root", "/usr",
];

/// Longer words and values name no folder.
const LONGEST_WORD: usize = 4_096;
pub(super) const LONGEST_VALUE: usize = 256;

/// So many variables of one script are followed back.
const MAX_LOOKUPS: usize = 512;

/// So many assignments lead from one name to another.
const MAX_ASSIGNED: usize = 4;

struct Shell<'s> {
    /// Variables that are the same on every run.
    known: HashMap<String, String>,
    /// What the arguments of a program of the checkout lead to, by number.
    arguments: Vec<Head>,
    /// The variables that it is started with.
    given: Vec<(String, Head)>,
    /// Where a program of the checkout is started, with its name.
    site: Option<(Span, String)>,
    /// How deep such programs are in each other.
    depth: usize,
    lookups: Cell<usize>,
    /// Whether one more was asked for.
    tired: Cell<bool>,
    at: &'s At<'s>,
    text: &'s Text,
    /// What is walked: the text, or a program of the checkout.
    source: &'s str,
    script: &'s Script,
    cwd: Folder,
    /// What was written for the folder, where it is none of the workspace.
    outside: Option<String>,
    /// Folders in which it may be instead.
    also: Vec<Folder>,
    /// How it gets from folder to folder.
    ways: folders::Ways,
    /// Whether this very script has fetched a stranger's commits.
    fetched_here: bool,
}

impl<'s> Shell<'s> {
    fn new(
        at: &'s At<'s>,
        text: &'s Text,
        script: &'s Script,
        cwd: Folder,
        mut known: HashMap<String, String>,
    ) -> Self {
        for assignment in script.assignments.iter().rev() {
            if assignment.value.is_static && assignment.value.text.len() <= LONGEST_VALUE {
                known.insert(assignment.name.clone(), assignment.value.text.clone());
            }
        }
        Self {
            known,
            arguments: Vec::new(),
            given: Vec::new(),
            site: None,
            depth: 0,
            lookups: Cell::new(MAX_LOOKUPS),
            tired: Cell::new(false),
            at,
            text,
            source: &text.value,
            script,
            cwd,
            outside: None,
            also: Vec::new(),
            ways: folders::Ways::default(),
            fetched_here: false,
        }
    }

    fn all(&mut self, walk: &mut Walk<'_>) {
        for command in &self.script.commands {
            if !command.dead {
                self.command(walk, command);
            }
        }
        self.exported(walk);
        if self.tired.get() {
            let place = self.at.document.file().locate(self.at.step.head());
            walk.out.cut.get_or_insert(place);
        }
    }
}

impl Shell<'_> {
    fn command(&mut self, walk: &mut Walk<'_>, command: &Command) {
        self.arrive_at(command);
        let said = walk.said();
        let own = self.settled(walk, command);
        self.pushes(walk, command);
        self.image(walk, command);
        if walk.said() == said {
            self.beside(walk, command, own);
        }
    }

    // What a command brings and runs of a stranger's. Says whether it is a program
    // that was walked through.
    fn settled(&mut self, walk: &mut Walk<'_>, command: &Command) -> bool {
        let (name, args) = command.effective();
        let name = name.file_name().unwrap_or("");
        if name.is_empty() && self.by_variable(walk, command) {
            return true;
        }
        let own = self.program(walk, command);
        self.installs(walk, command);
        self.peek(walk, command);
        if walk.is_clean() && !BRINGING.contains(&name) {
            return own;
        }
        let words: Vec<String> = args.iter().map(|w| self.expand(w)).collect();
        self.around(walk, command, &words);
        self.unpack(walk, command, &words);
        self.saves(walk, command, &words);
        if self.brings(walk, command, name, &words) {
            return own;
        }
        // What it has brought does not run by its having run.
        if own {
            return true;
        }
        let expand = |w: &Word| self.expand(w);
        let mut executions = execution::of_command(command, &self.cwd, &expand);
        for folder in &self.also {
            executions.extend(execution::of_command(command, folder, &expand));
        }
        if !self.fed(walk, command, &words) && executions.is_empty() {
            self.doubtful(walk, command, &words);
        }
        for execution in executions {
            self.lost(walk, command, &words, &execution);
            if let Some(fetch) = walk.tree.owner(&execution.folder) {
                let span = self.span(command);
                let means = self.means_of(execution.means);
                walk.run(self.at, fetch, span, means, execution.contained);
            }
        }
        self.contained(walk, command, &words);
        false
    }

    // Commands that change the folder or bring files, and run nothing.
    fn brings(
        &mut self,
        walk: &mut Walk<'_>,
        command: &Command,
        name: &str,
        words: &[String],
    ) -> bool {
        let (_, args) = command.effective();
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        match name {
            "cd" | "pushd" => self.change(command, name, word(0)),
            "popd" => self.back(),
            "gh" if word(0) == "pr" && word(1) == "checkout" => {
                self.pull_request(walk, command, args.get(2..).unwrap_or_default());
            }
            "gh" if word(0) == "run" && word(1) == "download" => {
                self.artifact(walk, command, words);
            }
            "gh" if word(0) == "repo" && word(1) == "clone" => {
                self.clone_of(walk, command, args.get(2..).unwrap_or_default());
            }
            "patch" if self.is_patched(walk, command, words) => {
                let folder = words
                    .iter()
                    .position(|w| w == "-d" || w == "--directory")
                    .and_then(|at| words.get(at + 1))
                    .map_or_else(|| self.cwd.clone(), |path| self.cwd.join(path));
                self.arrives(walk, command, Head::PULL, folder, true);
            }
            "svn" if matches!(word(0), "checkout" | "co" | "export") => {
                self.clone_of(walk, command, args.get(1..).unwrap_or_default());
            }
            "git" => {
                self.hooks(walk, command, words);
                self.doubtful(walk, command, words);
                self.git(walk, command, args, words);
            }
            "gh" | "curl" | "wget" if words.iter().any(|w| is_archive(w)) => {
                walk.packed = true;
                return false;
            }
            "unzip" | "7z" | "bsdtar" if walk.packed => {
                self.unpacks(walk, command, words);
            }
            "cp" | "mv" | "rsync" | "install" | "ln" => self.copy(walk, command, words),
            _ => return false,
        }
        true
    }

    fn span(&self, command: &Command) -> Span {
        if let Some((span, _)) = &self.site {
            return *span;
        }
        self.text.raw_span(self.at.document, command.range.clone())
    }

    fn arrives(
        &mut self,
        walk: &mut Walk<'_>,
        command: &Command,
        head: Head,
        folder: Folder,
        mutable: bool,
    ) {
        // Where nobody starts the run, no number is handed over.
        let starts = walk.has_starter() || walk.is_about_pull_request();
        if walk.whose == Whose::Stranger && !starts && !head.is_lost() && !self.lists_all() {
            return;
        }
        let span = self.span(command);
        let known = walk.out.fetches.len();
        let here = folder == self.cwd;
        walk.fetch(self.at, span, head, Means::Git, folder, mutable);
        if here && walk.out.fetches.len() > known {
            for folder in &self.also {
                walk.tree.foreign(folder, known);
            }
        }
    }

    // `gh pr checkout 7`, of whoever's the number is.
    fn pull_request(&mut self, walk: &mut Walk<'_>, command: &Command, args: &[Word]) {
        let mut plain = args.iter().filter(|w| !w.text.starts_with('-'));
        let named = plain.next();
        let head = match named {
            _ if walk.is_about_pull_request() || walk.is_dispatch() => Head::PULL,
            // A repository's own, such as the one that a bot keeps open.
            Some(word) if word.is_static => return,
            Some(word) if walk.has_starter() && self.head(word).0.any() => Head::PULL,
            _ if self.lists_all() => Head::PULL,
            Some(_) => Head::UNKNOWN,
            None => return,
        };
        self.arrives(walk, command, head, self.cwd.clone(), true);
    }

    // `gh pr list` without a choice gives everybody's, and so does a pattern.
    fn lists_all(&self) -> bool {
        const CHOICES: &[&str] = &[
            "--app",
            "--assignee",
            "--author",
            "--head",
            "--label",
            "--search",
            "-A",
            "-H",
            "-S",
            "-a",
            "-l",
        ];
        self.script.commands.iter().any(|command| {
            let (_, args) = command.effective();
            let text = |at: usize| args.get(at).map_or("", |w| w.text.as_str());
            let chosen = |w: &Word| CHOICES.contains(&w.text.split('=').next().unwrap_or(""));
            let fetches = command.is("git") && args.iter().any(|w| w.text.contains("refs/pull/*"));
            fetches
                || command.is("gh")
                    && text(0) == "pr"
                    && matches!(text(1), "list" | "ls")
                    && !args.iter().any(chosen)
        })
    }

    // unzip artifact.zip -d folder
    fn unpacks(&mut self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        let lists = ["-l", "-p", "-t", "-v", "-Z"];
        if words.iter().any(|w| lists.contains(&w.as_str())) {
            return;
        }
        let attached = words
            .iter()
            .find_map(|w| w.strip_prefix("-o").filter(|p| p.len() > 1));
        let folder = words
            .iter()
            .position(|w| w == "-d" || w == "-C")
            .and_then(|at| words.get(at + 1).map(String::as_str))
            .or(attached)
            .map_or_else(|| self.cwd.clone(), |path| self.cwd.join(path));
        self.brought(walk, command, folder, Head::UNKNOWN);
    }

    // Outside of `workflow_run` it depends on the run that is named.
    fn brought(&mut self, walk: &mut Walk<'_>, command: &Command, folder: Folder, head: Head) {
        if walk.whose != Whose::Stranger {
            return;
        }
        let head = match walk.start.event() {
            "workflow_run" => Head::default(),
            _ => head,
        };
        let span = self.span(command);
        walk.fetch(self.at, span, head, Means::Artifact, folder, false);
    }

    fn artifact(&mut self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        let folder = words
            .iter()
            .position(|w| w == "-D" || w == "--dir")
            .and_then(|at| words.get(at + 1))
            .map_or_else(|| self.cwd.clone(), |path| self.cwd.join(path));
        let (_, args) = command.effective();
        // `-n NAME $RUN`: the value of an option is no run.
        let rest = args.get(2..).unwrap_or_default();
        let given = |at: usize| at.checked_sub(1).and_then(|before| rest.get(before));
        let named = rest.iter().enumerate().find(|(at, word)| {
            const VALUED: &[&str] = &[
                "-D",
                "-R",
                "-n",
                "-p",
                "--dir",
                "--name",
                "--pattern",
                "--repo",
            ];
            let value = given(*at).is_some_and(|w| VALUED.contains(&w.text.as_str()));
            !value && !word.text.starts_with('-')
        });
        let named = named.map(|(_, word)| word);
        let head = match named {
            // Its own run's, or one that the file fixes.
            Some(word) if word.is_static || word.text.contains("GITHUB_RUN_ID") => return,
            Some(word) => {
                // `$(gh run list --commit "$SHA" …)`
                let inner = self.inside(word).into_iter();
                let words = inner.flat_map(|c| c.effective().1.iter());
                let asked = words.map(|w| self.head(w).0);
                actions::of_run(asked.fold(self.head(word).0, Head::or))
            }
            None => Head::UNKNOWN,
        };
        self.brought(walk, command, folder, head);
    }

    // A stranger's files that are copied stay the stranger's.
    fn copy(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        let plain: Vec<&String> = words.iter().filter(|w| !w.starts_with('-')).collect();
        let Some((to, from)) = plain.split_last() else {
            return;
        };
        for source in from {
            let whole = source.ends_with('*') || source.ends_with("/.") || source.ends_with('/');
            let path = source.trim_end_matches(['*', '.']).trim_end_matches('/');
            let folder = self.cwd.join(if path.is_empty() { "." } else { path });
            let Some(fetch) = walk.tree.owner(&folder) else {
                continue;
            };
            walk.landed = true;
            let target = self.cwd.join(to);
            let name = path.rsplit('/').next().unwrap_or("");
            if target == Folder::Elsewhere {
                walk.tree.outside(to, name, fetch);
                // A home and the system hold what programs load by themselves.
                if HOMES.iter().any(|home| to.starts_with(home)) {
                    walk.beside(self.at, self.span(command), self.means(command), false);
                }
                continue;
            }
            let into = to.as_str() == "." || to.ends_with('/') || from.len() > 1;
            let target = if into && !whole {
                target.join(name)
            } else {
                target
            };
            walk.tree.foreign(&target, fetch);
            self.laid_over(walk, &target, fetch);
            if commits::is_build_file(to) || commits::is_build_file(name) && into {
                let above = match into {
                    true => to.as_str(),
                    false => to.rsplit_once('/').map_or(".", |(above, _)| above),
                };
                walk.tree.foreign(&self.cwd.join(above), fetch);
            }
        }
    }

    // What lies over the repository's own files takes part in what they build.
    pub(super) fn laid_over(&self, walk: &mut Walk<'_>, target: &Folder, fetch: usize) {
        let Some(path) = walk.tree.own_path_before(target) else {
            return;
        };
        let tree = &walk.repository().tree;
        // By its name it is a part of a build, wherever that comes from.
        let first = path.split('/').next().unwrap_or("");
        let source = matches!(
            first,
            "cmd" | "include" | "internal" | "lib" | "pkg" | "src" | "test" | "tests"
        );
        let there = || tree.has(&path) || tree.below(&path).next().is_some();
        if !path.is_empty() && (source || there()) {
            let root = walk.tree.root_of(target);
            walk.tree.foreign(&root, fetch);
        }
    }

    /// The head that a word leads to, and whether the script looks it up.
    fn head(&self, word: &Word) -> (Head, bool) {
        let frame = self.at.frame;
        let step = Some(self.at.step);
        let mut head = frame.of_script_text(&word.text, step);
        let mut late = false;
        if word.holds_substitution {
            let more = lookups::of_words(&word.text);
            late |= more.any();
            head = head.or(more);
        }
        for name in &word.variables {
            let Some(left) = self.lookups.get().checked_sub(1) else {
                self.tired.set(true);
                break;
            };
            self.lookups.set(left);
            let known = self.argument(name).or(frame.of_variable(name, step));
            head = head.or(known);
            if known.any() {
                continue;
            }
            let found = frame.of_script_name(self.source, name, self.at.step);
            late |= found.any();
            head = head.or(found).or(self.assigned(name, MAX_ASSIGNED));
        }
        (head, late)
    }

    // What a program of the checkout was handed under a name or number.
    fn argument(&self, name: &str) -> Head {
        let given = self.given.iter().filter(|(known, _)| known == name);
        let given = given.fold(Head::default(), |head, (_, more)| head.or(*more));
        let all = || self.arguments.iter().fold(Head::default(), |a, b| a.or(*b));
        match name {
            "@" | "*" => given.or(all()),
            _ => match name.parse::<usize>() {
                Ok(number) if number > 0 => {
                    given.or(self.arguments.get(number - 1).copied().unwrap_or_default())
                }
                _ => given,
            },
        }
    }

    // `R=refs/pull; R=$R/$N/head`: a name that is put together in parts.
    fn assigned(&self, name: &str, left: usize) -> Head {
        let Some(left) = left.checked_sub(1) else {
            return Head::default();
        };
        let frame = self.at.frame;
        let step = Some(self.at.step);
        let own = self.script.assignments.iter().filter(|a| a.name == name);
        let mut head = Head::default();
        let mut text = String::new();
        for assignment in own.take(MAX_ASSIGNED) {
            text.push_str(&assignment.value.text);
            head = head.or(frame.of_script_text(&assignment.value.text, step));
            for inner in &assignment.value.variables {
                head = head
                    .or(self.argument(inner))
                    .or(frame.of_variable(inner, step));
                if inner != name {
                    head = head.or(self.assigned(inner, left));
                }
            }
        }
        // The parts are in different lines.
        head.pull |= text.contains("refs/pull") || text.contains("pull/") && text.contains("/head");
        head
    }

    /// The text of a word with the variables put in that are known.
    fn expand(&self, word: &Word) -> String {
        let mut text = word.text.clone();
        for name in &word.variables {
            // A value in many places of a long word would grow without bound.
            if name == "GITHUB_WORKSPACE" || text.len() > LONGEST_WORD {
                continue;
            }
            if let Some(value) = self.known.get(name) {
                text = text
                    .replace(&format!("${{{name}}}"), value)
                    .replace(&format!("${name}"), value);
            }
        }
        text
    }
}

// repos/OWNER/NAME/actions/artifacts/ID/zip
fn is_archive(word: &str) -> bool {
    word.contains("/artifacts/") && word.ends_with("/zip") || word.contains("archive_download_url")
}
