//! What scripts fetch of which nothing can be locked, as far as their text shows
//! it, and which files of an action its scripts run.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_workflows::documents::cofferdam_lock::Hash;
use cofferdam_workflows::repository::{inside, plain};
use cofferdam_workflows::semantics::downloads;
use cofferdam_workflows::shell::{self, Shell};

use crate::calls::{self, Calls};
use crate::foreign::Files;
use crate::references::{compared, one_line};

/// The most files that scripts of one action run.
const MOST_FILES: usize = 200;
/// Larger scripts are not looked into.
const MOST_BYTES: usize = 1 << 20;

/// What scripts fetch.
#[derive(Debug, Default)]
pub(crate) struct Fetches {
    /// What they surely run afterwards, by address.
    pub(crate) downloads: BTreeMap<String, Hash>,
    /// What nobody can tell.
    pub(crate) undecided: BTreeSet<String>,
}

/// The scripts of one action, and the files that they name.
pub(crate) struct Scripts<'f> {
    files: &'f dyn Files,
    folder: &'f str,
    paths: BTreeSet<String>,
    seen: BTreeSet<String>,
    waiting: Vec<String>,
    pub(crate) fetches: Fetches,
}

impl<'f> Scripts<'f> {
    /// Of the action in a folder.
    pub(crate) fn new(files: &'f dyn Files, folder: &'f str) -> Self {
        Self {
            files,
            folder,
            paths: files.below("").into_iter().collect(),
            seen: BTreeSet::new(),
            waiting: Vec::new(),
            fetches: Fetches::default(),
        }
    }

    /// A script that stands in a document. What it surely downloads was found with
    /// the references of the document, whose constants are known there.
    pub(crate) fn written(&mut self, path: &str, text: &str, shell: &Shell) {
        self.look(path, text, shell, false);
        let names_files = self.names(path, text);
        if !names_files && text.to_ascii_lowercase().contains("action_path") {
            let line = format!("{path}: which file of the action a script runs");
            self.fetches.undecided.insert(line);
        }
    }

    /// A script of a document in a place where the files of the commit are not.
    pub(crate) fn written_elsewhere(&mut self, path: &str, text: &str, shell: &Shell) {
        self.look(path, text, shell, false);
    }

    /// A text that names files without being a script, as a Dockerfile does.
    pub(crate) fn names(&mut self, path: &str, text: &str) -> bool {
        let mut found = false;
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        let in_name = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+');
        for word in text.split(|c| !in_name(c)) {
            let Some(file) = self.file(word, above) else {
                continue;
            };
            found = true;
            if self.seen.len() >= MOST_FILES {
                let line = format!("more than {MOST_FILES} files that its scripts run");
                self.fetches.undecided.insert(line);
            } else if self.seen.insert(file.clone()) {
                self.waiting.push(file);
            }
        }
        found
    }

    /// The file of the commit that a word ends in: what stands before it may be a
    /// variable.
    fn file(&self, word: &str, above: &str) -> Option<String> {
        let is_name = word.contains('/') || calls::is_code(word);
        if !is_name || word.ends_with('/') {
            return None;
        }
        let mut rest = word.trim_start_matches('/');
        loop {
            let bases = [self.folder, above, ""];
            let found = bases
                .into_iter()
                .map(|base| plain(&inside(base, rest)))
                .find(|path| self.paths.contains(path));
            if found.is_some() {
                return found;
            }
            rest = rest.split_once('/')?.1;
        }
    }

    /// Looks into every file that was named, and those that they name.
    pub(crate) fn finish(mut self) -> Fetches {
        while let Some(path) = self.waiting.pop() {
            let Some(bytes) = self.files.file(&path) else {
                continue;
            };
            let Some(shell) = runs_in(&path, &bytes) else {
                continue;
            };
            if bytes.len() > MOST_BYTES {
                let line = format!("{path}: it is too large to be looked into");
                self.fetches.undecided.insert(line);
                continue;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.look(&path, &text, &shell, true);
            self.names(&path, &text);
        }
        self.fetches
    }

    fn look(&mut self, path: &str, text: &str, shell: &Shell, with_downloads: bool) {
        let undecided = &mut self.fetches.undecided;
        if !shell.is_understood() {
            let mut found = Calls::new();
            calls::of_script(text, shell, &mut found);
            if !found.is_empty() || text.contains("://") {
                let name = match shell {
                    Shell::PowerShell => "PowerShell",
                    Shell::Cmd => "cmd",
                    Shell::Python => "Python",
                    Shell::Other(name) => name,
                    Shell::Bash | Shell::Sh => "sh",
                };
                let line = format!("{path}: what a script in {name} fetches");
                undecided.insert(one_line(&line));
            }
            return;
        }
        let script = shell::parse(text, shell);
        if !script.understood {
            undecided.insert(format!("{path}: a part of a script is not understood"));
        }
        let downloads = downloads::of_script(&script);
        for download in downloads.iter().filter(|_| with_downloads) {
            let hash = compared(text, download);
            let address = one_line(&download.address.text);
            let kept = self.fetches.downloads.entry(address);
            kept.or_insert(hash);
        }
        for command in script.commands.iter().filter(|command| !command.dead) {
            let (program, _) = command.effective();
            let Some(name) = program.file_name().filter(|name| calls::fetches(name)) else {
                continue;
            };
            if !downloads.iter().any(|found| found.range == command.range) {
                undecided.insert(format!("{path}: what `{name}` fetches"));
            }
        }
    }
}

/// Who runs a file; `None` if it is no script. The first line counts where the
/// name says nothing.
fn runs_in(path: &str, bytes: &[u8]) -> Option<Shell> {
    let extension = path.rsplit_once('/').map_or(path, |(_, name)| name);
    match extension.rsplit_once('.').map(|(_, extension)| extension) {
        Some("sh" | "bash") => return Some(Shell::Bash),
        Some("ps1" | "psm1") => return Some(Shell::PowerShell),
        Some("py") => return Some(Shell::Python),
        Some("bat" | "cmd") => return Some(Shell::Cmd),
        Some("rb") => return Some(Shell::Other("Ruby".to_owned())),
        Some("js" | "cjs" | "mjs" | "ts" | "mts" | "cts") => {
            return Some(Shell::Other("JavaScript".to_owned()));
        }
        _ => {}
    }
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line.get(..line.len().min(200))?).ok()?;
    let command = line.strip_prefix("#!")?.trim();
    let mut words = command.split_whitespace();
    let program = words.next()?;
    let program = match program.ends_with("/env") {
        true => words.find(|word| !word.starts_with('-') && !word.contains('='))?,
        false => program,
    };
    Some(Shell::named(program))
}
