//! Words of a script in no particular language.

use std::ops::Range;

/// A word on a line, by white space and quotes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineWord {
    /// Its text without one pair of quotes around it.
    pub text: String,
    /// Its bytes in the script, with quotes.
    pub range: Range<usize>,
}

/// The words of each line that is not empty, for scripts without a grammar
/// here. They know no syntax: a word may stand in a comment or a string. They
/// are fit to point at something that is there; that something is absent must
/// never be concluded from them.
#[must_use]
pub fn words_by_line(script: &str) -> Vec<Vec<LineWord>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in script.split_inclusive('\n') {
        let words = words(line, start);
        if !words.is_empty() {
            lines.push(words);
        }
        start += line.len();
    }
    lines
}

fn words(line: &str, offset: usize) -> Vec<LineWord> {
    let mut words = Vec::new();
    let mut begun: Option<usize> = None;
    let mut quote: Option<char> = None;
    for (at, character) in line.char_indices() {
        if quote.is_none() && character.is_whitespace() {
            words.extend(begun.take().and_then(|start| word(line, start..at, offset)));
            continue;
        }
        match quote {
            Some(open) if open == character => quote = None,
            // A quote inside of a word, as in `don't`, opens nothing.
            None if matches!(character, '"' | '\'') && begun.is_none() => quote = Some(character),
            _ => {}
        }
        begun.get_or_insert(at);
    }
    words.extend(begun.and_then(|start| word(line, start..line.len(), offset)));
    words
}

fn word(line: &str, range: Range<usize>, offset: usize) -> Option<LineWord> {
    let raw = line.get(range.clone())?.trim_end();
    let range = offset + range.start..offset + range.start + raw.len();
    let quoted = |quote| {
        raw.strip_prefix(quote)
            .and_then(|rest: &str| rest.strip_suffix(quote))
    };
    let text = quoted('"')
        .or_else(|| quoted('\''))
        .unwrap_or(raw)
        .to_owned();
    Some(LineWord { text, range })
}
