//! The walk through the commands of one script.

mod commits;
mod judging;

use std::cell::Cell;
use std::collections::HashMap;

use cofferdam_facts::Span;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::semantics::execution;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::semantics::lookups;
use cofferdam_workflows::shell::{Command, Script, Word};

use super::{At, Means, Walk};

pub(super) use commits::Fetched;
pub(super) use judging::{is_loaded, loaded_paths};

pub(super) fn walk(walk: &mut Walk<'_>, at: &At<'_>, text: &Text) {
    let path = at.document.file().path();
    let Some(script) = walk.cx.script(path, at.step) else {
        return;
    };
    let start = walk.working_directory(at);
    let mut known = walk.constants(at);
    for assignment in script.assignments.iter().rev() {
        if assignment.value.is_static && assignment.value.text.len() <= LONGEST_VALUE {
            known.insert(assignment.name.clone(), assignment.value.text.clone());
        }
    }
    let mut shell = Shell {
        known,
        lookups: Cell::new(MAX_LOOKUPS),
        tired: Cell::new(false),
        at,
        text,
        script,
        cwd: start.clone(),
        outside: None,
        left: Vec::new(),
        fetched_here: false,
    };
    for command in &script.commands {
        shell.command(walk, command);
    }
    shell.exported(walk);
    if shell.tired.get() {
        let place = at.document.file().locate(at.step.head());
        walk.out.cut.get_or_insert(place);
    }
    if !script.understood {
        not_read(walk, at, text, &start);
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
    "7z", "bsdtar", "cd", "curl", "gh", "git", "popd", "pushd", "unzip", "wget",
];

/// Longer words and values name no folder.
const LONGEST_WORD: usize = 4_096;
pub(super) const LONGEST_VALUE: usize = 256;

/// So many variables of one script are followed back, and so far is the end of
/// a subshell looked for.
const MAX_LOOKUPS: usize = 256;
const MAX_SUBSHELL: usize = 20_000;

struct Shell<'s> {
    /// Variables that are the same on every run.
    known: HashMap<String, String>,
    lookups: Cell<usize>,
    /// Whether one more was asked for.
    tired: Cell<bool>,
    at: &'s At<'s>,
    text: &'s Text,
    script: &'s Script,
    cwd: Folder,
    /// What was written for the folder, where it is none of the workspace.
    outside: Option<String>,
    /// Ends of subshells, with the folder that comes back there.
    left: Vec<(usize, Folder)>,
    /// Whether this very script has fetched a stranger's commits.
    fetched_here: bool,
}

impl Shell<'_> {
    fn command(&mut self, walk: &mut Walk<'_>, command: &Command) {
        while let Some((end, folder)) = self.left.last().cloned() {
            if command.range.start < end {
                break;
            }
            self.cwd = folder;
            self.outside = None;
            self.left.pop();
        }
        let (name, args) = command.effective();
        let name = name.file_name().unwrap_or("");
        self.peek(walk, command);
        if walk.is_clean() && !BRINGING.contains(&name) {
            return;
        }
        let words: Vec<String> = args.iter().map(|w| self.expand(w)).collect();
        self.around(walk, command, &words);
        self.unpack(walk, command, &words);
        self.saves(walk, command, &words);
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        match name {
            "cd" | "pushd" => return self.change(command, word(0)),
            "popd" => return,
            "gh" if word(0) == "pr" && word(1) == "checkout" => {
                return self.arrives(walk, command, Head::PULL, self.cwd.clone(), true);
            }
            "gh" if word(0) == "run" && word(1) == "download" => {
                return self.artifact(walk, command, &words);
            }
            "gh" if word(0) == "repo" && word(1) == "clone" => {
                return self.clone_of(walk, command, args.get(2..).unwrap_or_default());
            }
            "git" => {
                self.hooks(walk, command, &words);
                self.doubtful(walk, command, &words);
                return self.git(walk, command, args, &words);
            }
            "gh" | "curl" | "wget" if words.iter().any(|w| is_archive(w)) => walk.packed = true,
            "unzip" | "7z" | "bsdtar" if walk.packed => {
                return self.unpacks(walk, command, &words);
            }
            "cp" | "mv" | "rsync" | "install" | "ln" => return self.copy(walk, &words),
            _ => {}
        }
        let expand = |w: &Word| self.expand(w);
        let executions = execution::of_command(command, &self.cwd, &expand);
        if !self.fed(walk, command, &words) && executions.is_empty() {
            self.doubtful(walk, command, &words);
        }
        for execution in executions {
            self.lost(walk, command, &words, &execution);
            if let Some(fetch) = walk.tree.owner(&execution.folder) {
                let span = self.span(command);
                walk.run(self.at, fetch, span, execution.means, execution.contained);
            }
        }
    }

    fn span(&self, command: &Command) -> Span {
        self.text.raw_span(self.at.document, command.range.clone())
    }

    fn change(&mut self, command: &Command, to: &str) {
        let before = self.cwd.clone();
        self.cwd = match to {
            "" | "-" => Folder::Elsewhere,
            path => self.cwd.join(path),
        };
        self.outside = (self.cwd == Folder::Elsewhere).then(|| to.to_owned());
        // `(cd x && make)`: what comes after is back where it was.
        let text = &self.text.value;
        let head = text.get(..command.range.start).unwrap_or("").trim_end();
        if head.ends_with('(') && !head.ends_with("$(") {
            let mut depth = 1_usize;
            let rest = text.get(command.range.end..).unwrap_or("");
            let end = rest.bytes().take(MAX_SUBSHELL).position(|byte| {
                match byte {
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            let end = end.map_or(text.len(), |at| command.range.end + at);
            self.left.push((end, before));
        }
    }

    fn arrives(
        &mut self,
        walk: &mut Walk<'_>,
        command: &Command,
        head: Head,
        folder: Folder,
        mutable: bool,
    ) {
        let span = self.span(command);
        walk.fetch(self.at, span, head, Means::Git, folder, mutable);
    }

    fn git(&mut self, walk: &mut Walk<'_>, command: &Command, args: &[Word], words: &[String]) {
        let mut cwd = self.cwd.clone();
        let mut at = 0;
        while let Some(option) = words.get(at).filter(|w| w.starts_with('-')) {
            match option.as_str() {
                "-C" => {
                    cwd = cwd.join(words.get(at + 1).map_or("", String::as_str));
                    at += 2;
                }
                "-c" | "--git-dir" | "--work-tree" => at += 2,
                _ => at += 1,
            }
        }
        let verb = words.get(at).map_or("", String::as_str);
        let rest = args.get(at + 1..).unwrap_or_default();
        let (head, looked_up) = rest.iter().fold((Head::default(), false), |(head, up), w| {
            let (more, late) = self.head(w);
            (head.or(more), up || late)
        });
        let mutable = head.pull || head.branch || looked_up || self.is_late(walk);
        match verb {
            "fetch" if head.is_code() || head.branch && head.fork => {
                walk.fetched = Some(Fetched::by(head, mutable, words));
                self.fetched_here = true;
            }
            "remote" if head.fork => {
                walk.fetched = Some(Fetched::by(head, mutable, words));
                self.fetched_here = true;
            }
            "branch" | "tag" | "update-ref" => {
                if let Some(fetched) = &mut walk.fetched {
                    fetched.also(words.get(at + 1..).unwrap_or_default());
                }
            }
            "pull" if head.is_code() => self.arrives(walk, command, head, cwd, mutable),
            "clone" if head.is_code() => self.clone_of(walk, command, rest),
            "checkout" | "switch" | "merge" | "reset" | "rebase" | "cherry-pick" | "restore"
            | "read-tree" => {
                let back = rest
                    .iter()
                    .any(|w| matches!(w.text.as_str(), "--abort" | "-"));
                // What an earlier step has fetched has to be named.
                let fetched = walk.fetched.clone();
                let fetched = fetched.filter(|f| self.fetched_here || f.is_named(words));
                let base = verb == "checkout"
                    && fetched.is_some()
                    && rest.iter().all(|w| w.is_static && is_own_branch(&w.text));
                if let Some(fetched) = fetched.filter(|_| !back && !base) {
                    let late = fetched.late || mutable;
                    self.arrives(walk, command, fetched.head.or(head), cwd, late);
                } else if head.commit || head.pull {
                    self.arrives(walk, command, head, cwd, mutable);
                }
            }
            "worktree" if rest.first().is_some_and(|w| w.text == "add") => {
                let folder = words
                    .iter()
                    .skip(at + 2)
                    .find(|w| !w.starts_with('-'))
                    .map_or(Folder::Elsewhere, |path| cwd.join(path));
                let fetched = walk.fetched.as_ref();
                let fetched = fetched.filter(|f| self.fetched_here || f.is_named(words));
                let head = fetched.map_or(head, |fetched| head.or(fetched.head));
                if head.is_code() {
                    self.arrives(walk, command, head, folder, mutable);
                }
            }
            // `gh pr diff … | git apply`
            "apply" | "am" if self.is_patched(walk, command, words) => {
                self.arrives(walk, command, Head::PULL, cwd, true);
            }
            _ => {}
        }
    }

    // Comments carry no commit, so that every lookup happens when the job runs.
    fn is_late(&self, walk: &Walk<'_>) -> bool {
        matches!(walk.start.event(), "issue_comment" | "workflow_dispatch")
    }

    // By a pipe, or a file that is a stranger's.
    fn is_patched(&self, walk: &Walk<'_>, command: &Command, words: &[String]) -> bool {
        let of_stranger = |path: &str| {
            let inside = walk.tree.owner_of_named(&self.cwd.join(path));
            inside.or_else(|| walk.tree.owner_outside(path)).is_some()
        };
        let files = words.iter().filter(|w| !w.starts_with('-'));
        let from = command.redirects.iter().filter(|r| r.operator == "<");
        self.is_fed_by_pull_request(command)
            || self.shown_to(walk, command).is_some()
            || files.skip(1).any(|path| of_stranger(path))
            || from
                .map(|r| self.expand(&r.target))
                .any(|path| of_stranger(&path))
    }

    fn is_fed_by_pull_request(&self, command: &Command) -> bool {
        command.pipeline.is_some_and(|(id, _)| {
            self.script.pipeline(id).iter().any(|c| {
                let (_, args) = c.effective();
                c.is("gh")
                    && args
                        .iter()
                        .take(2)
                        .map(|w| w.text.as_str())
                        .eq(["pr", "diff"])
                    || c.is("curl") && args.iter().any(|w| self.head(w).0.any())
            })
        })
    }

    fn clone_of(&mut self, walk: &mut Walk<'_>, command: &Command, args: &[Word]) {
        let head = args
            .iter()
            .fold(Head::default(), |head, w| head.or(self.head(w).0));
        if !head.is_code() {
            return;
        }
        let plain: Vec<String> = args
            .iter()
            .filter(|w| !w.text.starts_with('-'))
            .map(|w| self.expand(w))
            .collect();
        // Without a folder it takes the repository's name, which a fork keeps.
        let folder = match (plain.as_slice(), &walk.repository().slug) {
            ([_, .., folder], _) => self.cwd.join(folder),
            (_, Some(slug)) => self.cwd.join(slug.rsplit('/').next().unwrap_or("")),
            _ => Folder::Elsewhere,
        };
        self.arrives(walk, command, head, folder, true);
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
        self.brought(walk, command, folder);
    }

    fn brought(&mut self, walk: &mut Walk<'_>, command: &Command, folder: Folder) {
        if walk.start.event() == "workflow_run" {
            let span = self.span(command);
            let (head, means) = (Head::default(), Means::Artifact);
            walk.fetch(self.at, span, head, means, folder, false);
        }
    }

    fn artifact(&mut self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        let folder = words
            .iter()
            .position(|w| w == "-D" || w == "--dir")
            .and_then(|at| words.get(at + 1))
            .map_or_else(|| self.cwd.clone(), |path| self.cwd.join(path));
        self.brought(walk, command, folder);
    }

    // A stranger's files that are copied stay the stranger's.
    fn copy(&self, walk: &mut Walk<'_>, words: &[String]) {
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
            let target = self.cwd.join(to);
            let name = path.rsplit('/').next().unwrap_or("");
            if target == Folder::Elsewhere {
                walk.tree.outside(to, name, fetch);
                continue;
            }
            let into = to.as_str() == "." || to.ends_with('/') || from.len() > 1;
            let target = if into && !whole {
                target.join(name)
            } else {
                target
            };
            walk.tree.foreign(&target, fetch);
            if commits::is_build_file(to) || commits::is_build_file(name) && into {
                let above = match into {
                    true => to.as_str(),
                    false => to.rsplit_once('/').map_or(".", |(above, _)| above),
                };
                walk.tree.foreign(&self.cwd.join(above), fetch);
            }
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
            let known = frame.of_variable(name, step);
            if known.any() {
                head = head.or(known);
                continue;
            }
            let found = frame.of_script_name(&self.text.value, name, self.at.step);
            late |= found.any();
            head = head.or(found);
        }
        (head, late)
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

fn is_own_branch(text: &str) -> bool {
    text.starts_with('-')
        || matches!(
            text,
            "main" | "master" | "HEAD" | "origin/main" | "origin/master"
        )
}
