//! The grammar's parser under a budget.
//!
//! The parser takes time in the square of some inputs. Nothing here looks at a
//! clock, since the same script must always give the same result; the work is
//! counted instead. Where the time goes was measured on random sequences of
//! shell tokens: into reading ahead (bounded by the bytes read), into steps
//! (bounded by their count), and into long chains of pipes, redirections and
//! unclosed backquotes, which one step resolves at once (bounded beforehand).

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

/// Longest script that is parsed, in bytes. The longest of 5,000 scripts of
/// public workflows has 10,488.
pub const MAX_SCRIPT_BYTES: usize = 32 * 1024;

/// Most pipes, redirections, backquotes and exclamation marks in one script,
/// together. The most of 5,000 scripts of public workflows is 153.
pub const MAX_TURNS: usize = 600;

/// The parser asks for text in pieces of this size, so that reading the same
/// text again is seen.
const CHUNK: usize = 256;

/// Bytes that may be read: for any script, and for each byte of it. Scripts of
/// public workflows need at most 3 for each.
const READS_AT_LEAST: usize = 8 * 1024;
const READS_PER_BYTE: usize = 16;

/// Reports of progress, one for each hundred of the parser's steps: for any
/// script, and how many bytes earn one more. Scripts of public workflows need
/// one for 60 bytes at most, long ones one for 150.
const STEPS_AT_LEAST: usize = 50;
const BYTES_PER_STEP: usize = 64;

/// Reports of progress while the parser tries to recover from an error. Scripts
/// of public workflows, those for PowerShell among them, need at most 4.
const ERROR_STEPS: usize = 50;

/// What the parser reads once its budget is used up, until it next asks whether
/// to go on. Words are what it gets past the fastest. It must not be told that
/// the text ends early: its lexer takes an empty answer in the middle of a
/// character for a valid pointer.
static FILLER: [u8; CHUNK] = [b'a'; CHUNK];

/// Parses a script, or gives nothing if that would take too much.
pub(super) fn parse(text: &str) -> Option<Tree> {
    let bytes = text.as_bytes();
    let turns = bytes
        .iter()
        .filter(|byte| matches!(byte, b'|' | b'<' | b'>' | b'`' | b'!'));
    // A NUL ends the text for the grammar's scanner, but not for its parser.
    if bytes.len() > MAX_SCRIPT_BYTES || turns.count() > MAX_TURNS || bytes.contains(&0) {
        return None;
    }
    PARSER.with_borrow_mut(|parser| {
        // What an abandoned parse left would be gone on with.
        let parser = parser.as_mut()?;
        parser.reset();
        parse_within(parser, text)
    })
}

thread_local! {
    /// To make a parser takes longer than to parse a short script.
    static PARSER: RefCell<Option<Parser>> = RefCell::new(new_parser());
}

fn new_parser() -> Option<Parser> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_bash::LANGUAGE.into())
        .ok()?;
    Some(parser)
}

fn parse_within(parser: &mut Parser, text: &str) -> Option<Tree> {
    let bytes = text.as_bytes();
    let reads = Cell::new(READS_AT_LEAST + READS_PER_BYTE * bytes.len());
    let mut read = |at: usize, _| {
        let real = bytes
            .get(at..text.floor_char_boundary(at + CHUNK))
            .unwrap_or_default();
        reads.set(reads.get().saturating_sub(real.len()));
        if reads.get() > 0 {
            real
        } else {
            FILLER.get(..real.len()).unwrap_or_default()
        }
    };
    let mut steps = STEPS_AT_LEAST + bytes.len() / BYTES_PER_STEP;
    let mut error_steps = ERROR_STEPS;
    let mut progress = |state: &ParseState| {
        steps = steps.saturating_sub(1);
        error_steps = error_steps.saturating_sub(usize::from(state.has_error()));
        let exhausted = steps == 0 || error_steps == 0 || reads.get() == 0;
        if exhausted {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    parser
        .parse_with_options(&mut read, None, Some(options))
        .filter(|_| reads.get() > 0)
}
