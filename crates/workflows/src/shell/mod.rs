//! Shell scripts of `run:` steps, parsed with a grammar under a budget.
//!
//! Expressions `${{ … }}` are masked before parsing, since GitHub puts their
//! values into the script before any shell sees it, and they come back in the
//! words that hold them. What the grammar does not understand is reported as
//! not understood; a rule must not take the absence of a command there for
//! proof that it is absent.
//!
//! All ranges are byte ranges in the script text that was handed in, also for
//! commands inside of `bash -c '…'`, so that the caller can map them to bytes of
//! the file with the YAML node's own map.

mod grammar;
mod lines;
mod model;
mod nested;
mod redirections;
mod source;
mod walk;
mod words;
mod wrappers;

pub use grammar::{MAX_SCRIPT_BYTES, MAX_TURNS};
pub use lines::{LineWord, words_by_line};
pub use model::{Assignment, Command, Failure, Redirect, Script, Word};

use std::ops::Range;

use source::Source;

/// How deep scripts inside of scripts (`bash -c`, `eval`) are followed.
const MAX_NESTING: usize = 2;

/// Who runs a script.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shell {
    /// `bash`, the default on Linux and macOS.
    Bash,
    /// A POSIX shell: `sh`, `dash`.
    Sh,
    /// `pwsh` or `powershell`, the default on Windows.
    PowerShell,
    /// `cmd`
    Cmd,
    /// `python`
    Python,
    /// Anything else, by the name of its program.
    Other(String),
}

impl Shell {
    /// The shell that a `shell:` value names, such as `bash -e {0}` or
    /// `/bin/sh`. A value with an expression is some other shell.
    #[must_use]
    pub fn named(value: &str) -> Self {
        let program = value.split_whitespace().next().unwrap_or_default();
        let name = program
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        match name.strip_suffix(".exe").unwrap_or(&name) {
            "bash" => Self::Bash,
            "sh" | "dash" => Self::Sh,
            "pwsh" | "powershell" => Self::PowerShell,
            "cmd" => Self::Cmd,
            "python" | "python3" => Self::Python,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether this crate has a grammar for it.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        matches!(self, Self::Bash | Self::Sh)
    }
}

/// Parses a script. Never fails: what went wrong is in
/// [`Script::not_understood`]. The work is bounded by the size of the script
/// and by counted steps, never by a clock, so the result is always the same.
#[must_use]
pub fn parse(script: &str, shell: &Shell) -> Script {
    let source = Source::whole(script);
    let mut parsed = Script {
        expressions: source.expressions().to_vec(),
        ..Script::default()
    };
    if !shell.is_understood() {
        parsed.not_understood.push(0..script.len());
        return parsed;
    }
    let mut waiting = vec![nested::Nested::outermost(source)];
    while let Some(next) = waiting.pop() {
        let found = walk::script(next, &mut parsed);
        waiting.extend(found.into_iter().filter(|inner| inner.depth <= MAX_NESTING));
    }
    finish(&mut parsed);
    to_whole_characters(&mut parsed, script);
    parsed
}

// The grammar sees a character of several bytes as several letters, and a
// script inside of the script may end a word between them.
fn to_whole_characters(parsed: &mut Script, script: &str) {
    let whole = |range: &mut Range<usize>| {
        *range = script.floor_char_boundary(range.start)..script.ceil_char_boundary(range.end);
    };
    parsed.not_understood.iter_mut().for_each(whole);
    for command in &mut parsed.commands {
        whole(&mut command.range);
        whole(&mut command.name.range);
        for word in command.args.iter_mut().chain(&mut command.heredoc) {
            whole(&mut word.range);
        }
    }
}

/// Puts everything in the order of the script and settles what is certain.
fn finish(script: &mut Script) {
    script
        .not_understood
        .sort_by_key(|range| (range.start, range.end));
    script.not_understood.dedup_by(|next, previous| {
        let overlaps = next.start <= previous.end;
        if overlaps {
            previous.end = previous.end.max(next.end);
        }
        overlaps
    });
    script.understood = script.not_understood.is_empty();
    for command in &mut script.commands {
        // The ranges are sorted and apart: only the last that starts early enough can overlap.
        let after = script
            .not_understood
            .partition_point(|range| range.start < command.range.end);
        let nearest = after
            .checked_sub(1)
            .and_then(|at| script.not_understood.get(at));
        command.certain = nearest.is_none_or(|range| range.end <= command.range.start);
    }
    script
        .commands
        .sort_by_key(|command| (command.range.start, usize::MAX - command.range.end));
    script
        .assignments
        .sort_by_key(|assignment| assignment.range.start);
}
