//! Quoting of PowerShell.
//!
//! Source: Microsoft, "about_Quoting_Rules", "about_Comments". There is no
//! grammar behind it: whatever is decided here is to be looked at.

use std::ops::Range;

use super::{Around, Text, is_whole};

/// What stands around the expression at `target`.
pub(crate) fn around(text: &Text<'_>, target: &Range<usize>) -> Around {
    let unsure = Around::No("the script is quoted in a way that is not followed");
    let mut at = 0;
    while at < target.start {
        if let Some(end) = text.expression(at) {
            at = end;
            continue;
        }
        let Some(byte) = text.byte(at) else {
            return unsure;
        };
        let (open, close, around) = match byte {
            b'`' => {
                at += 2;
                continue;
            }
            b'@' if text.starts(at, "@\"") => (2, "\n\"@", Around::Open),
            b'@' if text.starts(at, "@'") => {
                (2, "\n'@", Around::No("the here-string puts no variable in"))
            }
            b'<' if text.starts(at, "<#") => (2, "#>", Around::Comment),
            b'#' => (1, "\n", Around::Comment),
            b'"' => (1, "\"", Around::Open),
            b'\'' => (1, "'", Around::Bare),
            _ => {
                at += 1;
                continue;
            }
        };
        let end = match close {
            "\"" => double_end(text, at + 1),
            _ => text.find(at + open, close),
        };
        let end = end.or((close == "\n").then_some(text.text.len()));
        let Some(end) = end else {
            return unsure;
        };
        if (at..end).contains(&target.start) {
            let before = text.text.get(at..target.start).unwrap_or_default();
            if before.ends_with('`') || (close == "\"" && before.contains("$(")) {
                return unsure;
            }
            if byte == b'\'' {
                let whole = is_whole(text.text, target, at, end);
                return Around::Closed { quote: '\'', whole };
            }
            return around;
        }
        at = end + close.len();
    }
    if at == target.start {
        Around::Bare
    } else {
        unsure
    }
}

fn double_end(text: &Text<'_>, mut at: usize) -> Option<usize> {
    loop {
        if let Some(end) = text.expression(at) {
            at = end;
            continue;
        }
        match text.byte(at)? {
            b'`' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
}
