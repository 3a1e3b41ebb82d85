//! Text from outside made safe to print.
//!
//! A checkout is hostile: a path, a step's name or a line of a script may hold
//! terminal escapes, workflow commands, Markdown or HTML. Every format passes
//! whatever came from outside through the function of its target. All of them
//! keep what they can show and replace the rest by something visible, so that
//! a reader sees that something was there.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character acts on a terminal or a reader's eye instead of being
/// seen: control characters, changes of writing direction, and everything
/// that takes no room.
///
/// Source: Unicode 16, general categories Cc, Zl and Zp, the properties
/// `Bidi_Control` and `Default_Ignorable_Code_Point`, and the interlinear
/// annotation characters.
#[must_use]
pub fn is_unsafe(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// One line for a terminal: line breaks and tabs become one space each, every
/// other unsafe character its visible escape, as in `\u{1b}`.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_visible(&mut safe, character);
    }
    Cow::Owned(safe)
}

fn push_visible(safe: &mut String, character: char) {
    match character {
        '\t' | '\n' | '\r' => safe.push(' '),
        c if is_unsafe(c) => {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        }
        c => safe.push(c),
    }
}

/// At most `limit` characters of [`line()`], the last one `…` where some are
/// missing. No visible escape is cut in two.
#[must_use]
pub fn clipped(text: &str, limit: usize) -> String {
    let mut safe = String::new();
    let mut count = 0;
    // The end of what still leaves room for the sign that something is missing.
    let mut fits = 0;
    // Only as much of the text is looked at as can be shown: a line may be
    // as long as the largest file that is read.
    for character in text.chars() {
        let before = safe.len();
        push_visible(&mut safe, character);
        count += safe.get(before..).map_or(0, |piece| piece.chars().count());
        if count > limit {
            safe.truncate(fits);
            safe.push('…');
            return safe;
        }
        if count < limit {
            fits = safe.len();
        }
    }
    safe
}

/// Makes whole printed text inert for the log of a GitHub job, which obeys a
/// line that begins with `::` and a `##[` anywhere.
///
/// Source: GitHub Actions runner, `ActionCommand`: the first form is looked
/// for after leading white space, the second at any place of the line. This
/// is the last step before text is printed, because wrapping may bring a
/// word from outside to the start of a line.
#[must_use]
pub fn inert_for_log(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let rest = after_space_and_colour(line);
        safe.push_str(line.get(..line.len() - rest.len()).unwrap_or_default());
        if rest.starts_with("::") {
            safe.push('\\');
        }
        safe.push_str(&rest.replace("##[", "## ["));
    }
    Cow::Owned(safe)
}

/// What follows the leading white space of a line, and the colours of our own
/// in it, which a reader of the log may have removed.
fn after_space_and_colour(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some((parameters, after)) = rest
        .strip_prefix("\u{1b}[")
        .and_then(|colour| colour.split_once('m'))
    {
        if !parameters.bytes().all(|b| b.is_ascii_digit() || b == b';') {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// The message of a workflow command (`::error …::MESSAGE`).
///
/// Source: GitHub, `@actions/core`, `escapeData`. Line breaks stay line breaks.
#[must_use]
pub fn command_message(text: &str) -> String {
    escape_command(text, false)
}

/// The value of a property of a workflow command (`::error file=VALUE::…`).
///
/// Source: GitHub, `@actions/core`, `escapeProperty`.
#[must_use]
pub fn command_property(text: &str) -> String {
    escape_command(text, true)
}

fn escape_command(text: &str, property: bool) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    // `##[` would be obeyed even inside the message of another command.
    for character in text.replace("##[", "## [").chars() {
        match character {
            '%' => safe.push_str("%25"),
            '\n' if !property => safe.push_str("%0A"),
            ':' if property => safe.push_str("%3A"),
            ',' if property => safe.push_str("%2C"),
            c => push_visible(&mut safe, c),
        }
    }
    safe
}

/// Text inside an HTML element or a quoted attribute, on one line.
#[must_use]
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for character in line(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// One line of Markdown, also in a table cell, that shows as the text it was:
/// no emphasis, link, image, code, HTML, heading, list, mention, reference to
/// an issue, or automatic link comes of it.
///
/// GitHub looks for mentions and references after Markdown is done, so no
/// escape hides an `@`; a zero-width space behind it does, written as an
/// entity so that the output itself stays free of invisible characters.
#[must_use]
pub fn markdown(text: &str) -> String {
    // A space at either end would be dropped, four at the start would make code.
    escape_markdown(&line(text)).trim_matches(' ').to_owned()
}

/// Like [`markdown`], but what stands between two backticks becomes a code
/// span. Safe for table cells too. Whoever forges backticks gains the choice
/// between two safe forms.
#[must_use]
pub fn markdown_prose(text: &str) -> String {
    let line = line(text);
    let mut safe = String::with_capacity(line.len() + 32);
    let mut rest = &*line;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else {
            break;
        };
        safe.push_str(&escape_markdown(before));
        if code.trim().is_empty() || code.contains('|') {
            safe.push_str(&escape_markdown(&format!("`{code}`")));
        } else {
            // Two spans that touch would be read as one.
            if safe.ends_with('`') {
                safe.push_str(ZERO_WIDTH_SPACE);
            }
            safe.push_str(&markdown_code(code));
        }
        rest = after;
    }
    safe.push_str(&escape_markdown(rest));
    safe.trim_matches(' ').to_owned()
}

fn escape_markdown(line: &str) -> String {
    let mut safe = String::with_capacity(line.len() + 32);
    let mut previous = ' ';
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            c if c.is_ascii_punctuation() => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
        if breaks_reference(previous, character, next) {
            safe.push_str(ZERO_WIDTH_SPACE);
        }
        previous = character;
    }
    safe
}

const ZERO_WIDTH_SPACE: &str = "&#8203;";

/// Whether text must be cut behind `character` lest GitHub links it: `@name`,
/// `#1`, `GH-1`, `scheme://`, `www.`.
fn breaks_reference(previous: char, character: char, next: char) -> bool {
    match character {
        '@' | '#' => true,
        ':' => next == '/',
        '-' => matches!(previous, 'h' | 'H') && next.is_ascii_digit(),
        '.' => matches!(previous, 'w' | 'W'),
        _ => false,
    }
}

/// A code span of Markdown that shows `text` as it is, on one line. Not for
/// table cells, where a `|` would end the cell; use [`markdown`] there.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let line = line(text);
    if line.trim().is_empty() {
        return String::new();
    }
    let mut longest = 0;
    let mut run = 0;
    for character in line.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    // One space at each end is dropped by the reader when both are there.
    let pad = if line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{line}{pad}{fence}")
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
