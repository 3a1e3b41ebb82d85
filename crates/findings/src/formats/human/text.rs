//! Colour, width and wrapping for a terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::evidence::Status;
use crate::finding::Severity;
use crate::sanitise;

/// Colours text, or leaves it alone.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    on: bool,
}

/// A look, as the parameters of ECMA-48 "select graphic rendition".
#[derive(Clone, Copy)]
pub(super) struct Look(&'static str);

pub(super) const BOLD: Look = Look("1");
pub(super) const DIM: Look = Look("2");
const RED: Look = Look("31");
const BOLD_RED: Look = Look("1;31");
const YELLOW: Look = Look("33");
const GREEN: Look = Look("32");
const CYAN: Look = Look("36");

impl Paint {
    pub(super) fn new(on: bool) -> Self {
        Self { on }
    }

    pub(super) fn paint(self, look: Look, text: &str) -> String {
        if self.on && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", look.0)
        } else {
            text.to_owned()
        }
    }

    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        let look = match severity {
            Severity::Critical => BOLD_RED,
            Severity::High => RED,
            Severity::Medium => YELLOW,
            Severity::Low => CYAN,
            Severity::Info => DIM,
        };
        self.paint(look, text)
    }

    pub(super) fn status(self, status: Status, text: &str) -> String {
        let look = match status {
            Status::Present => GREEN,
            Status::Partial => YELLOW,
            Status::Absent => RED,
            Status::NotChecked => CYAN,
            Status::NotApplicable => DIM,
        };
        self.paint(look, text)
    }
}

/// The columns that safe text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Text made safe, broken into at most `most` lines of `columns` columns, the
/// last one ending in `…` where some is missing.
pub(super) fn wrap(text: &str, columns: usize, most: usize) -> Vec<String> {
    let columns = columns.max(20);
    // Nothing beyond what fits is looked at, and one more to know that it is there.
    let safe = sanitise::clipped(text, columns * most + most);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in safe.split(' ').filter(|w| !w.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            if width(&line) + character.width().unwrap_or(0) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while width(last) + 1 > columns {
                last.pop();
            }
            last.push('…');
        }
    }
    lines
}

/// A label, then text wrapped behind it.
pub(super) fn labelled(
    label: &str,
    text: &str,
    indent: usize,
    columns: usize,
    most: usize,
) -> Vec<String> {
    let hang = indent + width(label) + 1;
    wrap(text, columns.saturating_sub(hang), most)
        .into_iter()
        .enumerate()
        .map(|(i, line)| {
            if i == 0 {
                format!("{:indent$}{label} {line}", "")
            } else {
                format!("{:hang$}{line}", "")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in ".{0,200}", columns in 20_usize..60) {
            let lines = wrap(&text, columns, 1_000);
            prop_assert!(lines.iter().all(|l| width(l) <= columns), "{lines:?}");
            let squeeze = |t: &str| t.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&sanitise::line(&text)));
        }

        #[test]
        fn a_cut_is_shown(text in "[a-z ]{120,300}") {
            let lines = wrap(&text, 30, 2);
            prop_assert!(lines.len() <= 2);
            let words: Vec<_> = text.split_whitespace().collect();
            if lines.concat().replace(' ', "") != words.concat() {
                prop_assert!(lines.last().is_some_and(|l| l.ends_with('…')), "{lines:?}");
            }
        }
    }
}
