//! What a script puts into the runner's files.
//!
//! Source: GitHub, "Workflow commands", setting an output, an environment
//! variable and the path: `NAME=VALUE` lines, `NAME<<DELIMITER` blocks, and the
//! older `::set-output name=NAME::VALUE`.

use std::collections::BTreeMap;
use std::ops::Range;

use cofferdam_workflows::shell::{Command, Script, Word};

use crate::words::{self, Passing};

/// One of the runner's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EnvFile {
    Output,
    Environment,
    Path,
}

impl EnvFile {
    pub(crate) const ALL: [Self; 3] = [Self::Output, Self::Environment, Self::Path];

    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Output => "GITHUB_OUTPUT",
            Self::Environment => "GITHUB_ENV",
            Self::Path => "GITHUB_PATH",
        }
    }
}

/// A piece of text that goes into one of the files.
#[derive(Clone, Debug)]
pub(crate) struct Write<'s> {
    pub(crate) file: EnvFile,
    /// The name that it is the value of; unknown where a program writes lines.
    pub(crate) name: Option<String>,
    /// Whether it stands between a name and its delimiter.
    pub(crate) block: Option<Block>,
    pub(crate) content: Content<'s>,
    /// Whether the command that writes makes several lines out of one, as
    /// `echo -e` does of `\\n`.
    pub(crate) splits: bool,
}

/// What delimits a value of several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// A word that stands in the script, and so can be written by whoever
    /// writes the value.
    Known,
    /// A word made up at run time.
    Random,
}

/// What is written.
#[derive(Clone, Debug)]
pub(crate) enum Content<'s> {
    /// A part of a word.
    Word(&'s Word, Range<usize>),
    /// What a command prints.
    Printed(&'s Command),
}

/// Everything that a script writes into the files, in order.
pub(crate) fn of_script<'s>(text: &str, script: &'s Script) -> Vec<Write<'s>> {
    let mentions = EnvFile::ALL.iter().any(|f| text.contains(f.variable()))
        || text.contains("::set-output")
        || text.contains("::set-env");
    if !mentions {
        return Vec::new();
    }
    let mut collector = Collector {
        writes: Vec::new(),
        open: BTreeMap::new(),
        splits: false,
    };
    for command in &script.commands {
        if is_tee(command) {
            // What comes through the pipe is seen where it is printed.
            if let Some(file) = target(script, command)
                && let Some(word) = &command.heredoc
            {
                collector.lines(file, word);
            }
            continue;
        }
        collector.old_commands(command);
        if let Some(file) = target(script, command) {
            collector.command(file, command);
        }
    }
    collector.writes
}

fn is_tee(command: &Command) -> bool {
    command.is("tee")
}

/// The file into which a command's output goes.
fn target(script: &Script, command: &Command) -> Option<EnvFile> {
    let named = |word: &Word| {
        EnvFile::ALL.into_iter().find(|file| {
            word.variables
                .iter()
                .any(|v| v == file.variable() || is_other_name(script, v, *file))
                || word.text.contains(&format!("env:{}", file.variable()))
        })
    };
    let redirected = command
        .redirects
        .iter()
        .filter(|r| r.writes() && r.descriptor != Some(2))
        .find_map(|r| named(&r.target));
    if let Some(file) = redirected {
        return Some(file);
    }
    if is_tee(command) {
        let (_, args) = command.effective();
        return args.iter().find_map(named);
    }
    // Only the end of a pipe is written, and `tee` writes what it gets.
    let (id, position) = command.pipeline?;
    let last = script.pipeline(id).into_iter().last()?;
    let (_, last_position) = last.pipeline?;
    if position + 1 != last_position || !is_tee(last) {
        return None;
    }
    let (_, args) = last.effective();
    args.iter().find_map(named)
}

// `F=$GITHUB_ENV`
fn is_other_name(script: &Script, name: &str, file: EnvFile) -> bool {
    let mut own = script.assignments.iter().filter(|a| a.name == name);
    own.any(|a| a.value.variables.iter().any(|v| v == file.variable()))
}

struct Collector<'s> {
    writes: Vec<Write<'s>>,
    // The block that is open in each file: its name, its delimiter.
    open: BTreeMap<EnvFile, (String, String)>,
    // Whether the command at hand makes several lines out of one.
    splits: bool,
}

impl<'s> Collector<'s> {
    fn command(&mut self, file: EnvFile, command: &'s Command) {
        self.splits = words::passing(command) == Passing::Lines;
        if let Some(word) = &command.heredoc {
            self.lines(file, word);
            return;
        }
        let (program, args) = command.effective();
        match program.file_name() {
            Some("echo") => {
                for word in args.iter().filter(|w| !is_flag(w)) {
                    self.lines(file, word);
                }
            }
            Some("printf") => self.printf(file, args),
            _ => {
                let (open, block) = self.open_block(file);
                let name = open.or_else(|| printed_name(command));
                self.writes.push(Write {
                    file,
                    name,
                    block,
                    content: Content::Printed(command),
                    splits: self.splits,
                });
            }
        }
    }

    fn open_block(&self, file: EnvFile) -> (Option<String>, Option<Block>) {
        match self.open.get(&file) {
            Some((name, delimiter)) => (Some(name.clone()), Some(block_of(delimiter))),
            None => (None, None),
        }
    }

    // printf 'name=%s\n' "$VALUE"
    fn printf(&mut self, file: EnvFile, args: &'s [Word]) {
        let Some((format, values)) = args.split_first() else {
            return;
        };
        let name = format
            .text
            .split_once('=')
            .map(|(name, _)| name.trim().to_owned());
        self.lines(file, format);
        let (open, block) = self.open_block(file);
        for word in values {
            let whole = 0..word.text.len();
            let own = word.text.split_once('=').map(|(name, _)| name.to_owned());
            let known = |name: &String| is_name(name);
            self.writes.push(Write {
                file,
                name: open
                    .clone()
                    .or_else(|| name.clone().filter(known))
                    .or_else(|| own.filter(known)),
                block,
                content: Content::Word(word, whole),
                splits: self.splits,
            });
        }
    }

    fn lines(&mut self, file: EnvFile, word: &'s Word) {
        let mut start = 0;
        for line in word.text.split_inclusive('\n') {
            // `echo -e` writes line breaks of its own.
            let range = start..start + line.trim_end_matches('\n').len();
            self.line(file, word, line.trim_end_matches('\n'), range);
            start += line.len();
        }
    }

    fn line(&mut self, file: EnvFile, word: &'s Word, line: &str, range: Range<usize>) {
        if let Some((name, delimiter)) = self.open.get(&file).cloned() {
            if line.trim() == delimiter {
                self.open.remove(&file);
                return;
            }
            self.push(file, word, range, Some(name), Some(block_of(&delimiter)));
            return;
        }
        if file == EnvFile::Path {
            self.push(file, word, range, None, None);
            return;
        }
        let trimmed = line.trim_start();
        let skipped = line.len() - trimmed.len();
        if let Some((name, delimiter)) = trimmed.split_once("<<")
            && is_name(name)
        {
            let delimiter = delimiter.lines().next().unwrap_or("").trim();
            let block = (name.to_owned(), delimiter.to_owned());
            self.open.insert(file, block);
            return;
        }
        match trimmed.split_once('=') {
            Some((name, _)) if is_name(name) => {
                let from = range.start + skipped + name.len() + 1;
                self.push(file, word, from..range.end, Some(name.to_owned()), None);
            }
            _ => self.push(file, word, range, None, None),
        }
    }

    fn push(
        &mut self,
        file: EnvFile,
        word: &'s Word,
        part: Range<usize>,
        name: Option<String>,
        block: Option<Block>,
    ) {
        self.writes.push(Write {
            file,
            name,
            block,
            content: Content::Word(word, part),
            splits: self.splits,
        });
    }

    // echo "::set-output name=title::$TITLE"
    fn old_commands(&mut self, command: &'s Command) {
        if !command.is("echo") && !command.is("printf") {
            return;
        }
        let (_, args) = command.effective();
        for word in args {
            for (opener, file) in [
                ("::set-output name=", EnvFile::Output),
                ("::set-env name=", EnvFile::Environment),
            ] {
                let Some(at) = word.text.find(opener) else {
                    continue;
                };
                let rest = word.text.get(at + opener.len()..).unwrap_or("");
                let Some((name, _)) = rest.split_once("::") else {
                    continue;
                };
                let from = at + opener.len() + name.len() + 2;
                let part = from..word.text.len();
                self.push(file, word, part, Some(name.to_owned()), None);
            }
        }
    }
}

// jq -r '"name=\(.value)"'
fn printed_name(command: &Command) -> Option<String> {
    if !command.is("jq") {
        return None;
    }
    let (_, args) = command.effective();
    let filter = args.iter().find(|word| word.text.contains("=\\("))?;
    let (before, _) = filter.text.split_once("=\\(")?;
    let name = before.rsplit('"').next()?;
    // A filter that prints more lines names more.
    let only = filter.text.matches('"').count() == 2;
    (only && is_name(name)).then(|| name.to_owned())
}

fn is_flag(word: &Word) -> bool {
    matches!(word.text.as_str(), "-e" | "-n" | "-ne" | "-en" | "-E")
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn block_of(delimiter: &str) -> Block {
    if delimiter.contains(['$', '`']) {
        Block::Random
    } else {
        Block::Known
    }
}
