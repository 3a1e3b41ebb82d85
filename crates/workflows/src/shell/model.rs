//! What a script is made of.

use std::ops::Range;

/// A parsed script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// All simple commands in the order of the script: also those in functions,
    /// branches, loops, subshells, substitutions, and scripts inside of the
    /// script. A command that holds others in a substitution comes first.
    pub commands: Vec<Command>,
    /// Assignments that stand alone, and those of `export`, `local`, `declare`
    /// and `readonly`.
    pub assignments: Vec<Assignment>,
    /// What stands in `((…))`, where names have no `$`.
    pub calculations: Vec<Range<usize>>,
    /// What the variables of `for` loops run through, a word each.
    pub loops: Vec<Assignment>,
    /// Names of the functions that the script defines.
    pub functions: Vec<String>,
    /// Where their bodies are, in the same order.
    pub(super) bodies: Vec<Range<usize>>,
    /// The expressions `${{ … }}` in it.
    pub expressions: Vec<Range<usize>>,
    /// What the grammar did not understand, in order and not overlapping.
    pub not_understood: Vec<Range<usize>>,
    /// Whether everything was understood.
    pub understood: bool,
    /// How many pipelines were numbered.
    pub(super) pipelines: usize,
}

impl Script {
    /// The function in whose body something stands, the innermost.
    #[must_use]
    pub fn function_at(&self, at: usize) -> Option<&str> {
        let names = self.functions.iter().zip(&self.bodies);
        let around = names.filter(|(_, body)| body.contains(&at));
        around
            .min_by_key(|(_, body)| body.len())
            .map(|(name, _)| name.as_str())
    }

    /// The commands of a pipeline, first to last. Several can have the same
    /// position, when one end of the pipe is a group.
    #[must_use]
    pub fn pipeline(&self, id: usize) -> Vec<&Command> {
        let mut members: Vec<&Command> = self
            .commands
            .iter()
            .filter(|command| command.pipeline.is_some_and(|(of, _)| of == id))
            .collect();
        members.sort_by_key(|command| command.pipeline.map(|(_, position)| position));
        members
    }
}

/// What becomes of a command's failure. Whether a shell stops on failure at
/// all is for the caller to know; GitHub runs `bash -e`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// It is the failure of the script, where the shell stops on failures.
    #[default]
    Stops,
    /// Something looks at it: a condition, `!`, the left side of `&&`, a `||`
    /// with a command of its own, an argument made by substitution.
    Handled,
    /// It is thrown away: `|| true`, `|| :`, `|| exit 0`, a trailing `&`.
    Ignored,
}

/// A simple command.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The command's name.
    pub name: Word,
    /// Its arguments.
    pub args: Vec<Word>,
    /// Assignments before it: `A=b command`.
    pub env: Vec<(String, Word)>,
    /// Its redirections, its own before those of the groups around it.
    pub redirects: Vec<Redirect>,
    /// The text fed to it by `<<`. Tabs that `<<-` strips are still in it.
    pub heredoc: Option<Word>,
    /// The pipeline's number and the position in it, counted from 0.
    pub pipeline: Option<(usize, usize)>,
    /// Its bytes in the script.
    pub range: Range<usize>,
    /// What becomes of its failure.
    pub failure: Failure,
    /// Whether it stands in a function's body.
    pub in_function: bool,
    /// Whether it runs only in some cases: branches, loops, after `&&` or `||`.
    pub conditional: bool,
    /// Whether a condition decides on it, as in a branch; what a loop repeats
    /// or what follows another command that worked is not in one.
    pub in_branch: bool,
    /// Whether the script says that it never runs: `false && …`, `if false`.
    pub dead: bool,
    /// Whether it stands in a substitution, so that its output is text.
    pub in_substitution: bool,
    /// 0 in the script itself, 1 inside of `bash -c '…'` or `eval`, and so on.
    pub depth: usize,
    /// Whether the grammar understood the place where it stands. If not, it is
    /// a guess.
    pub certain: bool,
    /// How many of its arguments belong to wrappers around another command, with
    /// that command's name: 0 where there is no wrapper. Every rule asks, so it
    /// is worked out once.
    pub(super) peeled: usize,
}

impl Command {
    /// The command that is really run, and its arguments: `sudo`, `env A=b`,
    /// `time`, `exec`, `xargs`, `nohup` and their like are peeled off. A wrapper
    /// without a command stays as it is.
    #[must_use]
    pub fn effective(&self) -> (&Word, &[Word]) {
        let inner = self.peeled.checked_sub(1);
        inner
            .and_then(|at| self.args.get(at..)?.split_first())
            .unwrap_or((&self.name, &self.args))
    }

    /// Whether the command really run has this file name.
    #[must_use]
    pub fn is(&self, program: &str) -> bool {
        self.effective().0.file_name() == Some(program)
    }

    /// Whether this wrapper, such as `xargs`, runs the command.
    #[must_use]
    pub fn is_wrapped_by(&self, wrapper: &str) -> bool {
        let around = self.args.iter().take(self.peeled.saturating_sub(1));
        let mut names = std::iter::once(&self.name).chain(around);
        self.peeled > 0 && names.any(|word| word.file_name() == Some(wrapper))
    }

    /// Whether the failure is thrown away.
    #[must_use]
    pub fn ignores_failure(&self) -> bool {
        self.failure == Failure::Ignored
    }
}

/// A redirection to or from a file, or from a word (`<<<`).
#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    /// The operator, such as `>>`.
    pub operator: String,
    /// The number before it, if any.
    pub descriptor: Option<u32>,
    /// Where it leads.
    pub target: Word,
    /// Whether it belongs to a group or loop around the command.
    pub inherited: bool,
}

impl Redirect {
    /// Whether it writes to a file.
    #[must_use]
    pub fn writes(&self) -> bool {
        matches!(self.operator.as_str(), ">" | ">>" | "&>" | "&>>" | ">|")
    }
}

/// An assignment that stands alone or behind `export` and its like.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What it is set to.
    pub value: Word,
    /// Its bytes in the script.
    pub range: Range<usize>,
    /// Whether it is exported by the same command.
    pub exported: bool,
    /// Whether it stands in a function's body.
    pub in_function: bool,
    /// Whether it happens only in some cases.
    pub conditional: bool,
}

/// One word after quote removal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    /// The text without quotes. Variables stay as `$NAME`, or `${NAME}` where a
    /// letter follows; other expansions, substitutions and expressions stay as
    /// they are written.
    pub text: String,
    /// Its bytes in the script, with quotes.
    pub range: Range<usize>,
    /// Whether the text is just what the command gets: no variable,
    /// substitution or expression. File name patterns may still apply.
    pub is_static: bool,
    /// The variables in it, each once, without `$`.
    pub variables: Vec<String>,
    /// Whether there is a `${{ … }}` in it.
    pub holds_expression: bool,
    /// Whether there is a command or process substitution in it.
    pub holds_substitution: bool,
    /// Whether there is an unquoted pattern (`*`, `?`, `[…]`, `{1..3}`) in it.
    pub has_pattern: bool,
    /// Where the pieces of `text` come from, in order.
    pub(super) pieces: Vec<Piece>,
    /// The parts of `text` that are substitutions.
    pub(super) substitutions: Vec<Range<usize>>,
}

impl Word {
    /// The name after the last slash, if the word is known before the script
    /// runs: `curl` of `/usr/bin/curl`.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        if !self.is_static {
            return None;
        }
        // Names are short: a plain loop is done before a search has begun.
        let slash = self.text.bytes().rposition(|byte| byte == b'/');
        self.text.get(slash.map_or(0, |at| at + 1)..)
    }

    /// Adds a word that follows without anything between.
    pub(super) fn append(&mut self, next: Self) {
        let offset = self.text.len();
        let moved = |piece: Piece| Piece {
            at: piece.at + offset,
            ..piece
        };
        self.pieces.extend(next.pieces.into_iter().map(moved));
        let moved = |part: Range<usize>| part.start + offset..part.end + offset;
        self.substitutions
            .extend(next.substitutions.into_iter().map(moved));
        self.text.push_str(&next.text);
        self.range.end = next.range.end.max(self.range.end);
        self.is_static &= next.is_static;
        self.holds_expression |= next.holds_expression;
        self.holds_substitution |= next.holds_substitution;
        self.has_pattern |= next.has_pattern;
        for name in next.variables {
            if !self.variables.contains(&name) {
                self.variables.push(name);
            }
        }
    }

    /// The place in the script of a part of [`Self::text`].
    #[must_use]
    pub fn place(&self, part: Range<usize>) -> Range<usize> {
        place(&self.pieces, part).unwrap_or_else(|| self.range.clone())
    }
}

/// A run of text and where in the script it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Offset in the text.
    pub(super) at: usize,
    /// Bytes of text.
    pub(super) length: usize,
    /// Bytes in the script: as many where the run was copied, else different.
    pub(super) origin: Range<usize>,
}

impl Piece {
    /// The script's bytes for a part of this piece, both ends inside of it.
    pub(super) fn part(&self, part: Range<usize>) -> Range<usize> {
        if self.origin.len() != self.length {
            return self.origin.clone();
        }
        let offset = |at: usize| self.origin.start + at.saturating_sub(self.at).min(self.length);
        offset(part.start)..offset(part.end)
    }
}

/// The script's bytes for a part of a text made of pieces.
pub(super) fn place(pieces: &[Piece], part: Range<usize>) -> Option<Range<usize>> {
    let first = pieces.partition_point(|piece| piece.at + piece.length <= part.start);
    let first = pieces.get(first).or(pieces.last())?;
    let last = pieces.partition_point(|piece| piece.at < part.end.max(part.start + 1));
    let last = pieces.get(last.saturating_sub(1)).unwrap_or(first);
    let start = first
        .part(part.start..part.end.min(first.at + first.length))
        .start;
    let end = last.part(part.start.max(last.at)..part.end).end;
    Some(start..end.max(start))
}
