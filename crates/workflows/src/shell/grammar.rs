//! The grammar's parser under a budget.
//!
//! The parser takes time in the square of some inputs. Nothing here looks at a
//! clock, since the same script must always give the same result; the work is
//! counted instead. Where the time goes was measured on random sequences of
//! shell tokens: into reading ahead (bounded by the bytes read), into steps
//! (bounded by their count), and into long chains of pipes, redirections and
//! unclosed backquotes, which one step resolves at once (bounded beforehand).

use std::cell::Cell;
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

/// Bytes that may be read per byte of the script, and for any script.
const READS_PER_BYTE: usize = 64;
const READS_AT_LEAST: usize = 64 * 1024;

/// Hundreds of parser steps per byte of the script, and for any script.
const STEPS_AT_LEAST: usize = 1_000;

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
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_bash::LANGUAGE.into())
        .ok()?;
    let mut steps = STEPS_AT_LEAST + bytes.len();
    let reads = Cell::new(READS_AT_LEAST + READS_PER_BYTE * bytes.len());
    // The parser is never told that the text ends before it does: its lexer
    // takes an empty answer in the middle of a character for a valid pointer.
    let mut read = |at: usize, _| {
        let chunk = bytes
            .get(at..text.floor_char_boundary(at + CHUNK))
            .unwrap_or_default();
        reads.set(reads.get().saturating_sub(chunk.len()));
        chunk
    };
    let mut progress = |_: &ParseState| {
        steps = steps.saturating_sub(1);
        if steps == 0 || reads.get() == 0 {
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
