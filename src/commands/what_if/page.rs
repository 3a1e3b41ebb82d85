//! A page of text for a terminal.

use cofferdam_exposure::{Asset, Level, Verdict};
use cofferdam_findings::sanitise;
use cofferdam_pipelines::Studied;

use crate::output::Screen;

/// How many files that were not read are named on one screen.
const UNREAD: usize = 6;

#[derive(Clone)]
pub(super) struct Page {
    text: String,
    colour: bool,
    pub(super) columns: usize,
    pub(super) lines: usize,
    /// Whether everything is shown.
    pub(super) full: bool,
}

impl Page {
    pub(super) fn new(colour: bool, full: bool) -> Self {
        let screen = Screen::of_stdout();
        Self {
            text: String::new(),
            colour,
            columns: screen.columns,
            lines: screen.lines,
            full,
        }
    }

    /// So many of a list are shown.
    pub(super) fn most(&self, on_one_screen: usize) -> usize {
        if self.full { usize::MAX } else { on_one_screen }
    }

    pub(super) fn styled(&self, text: &str, code: &str) -> String {
        if self.colour && !text.trim().is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// A line of our own; what it holds of others has been made safe.
    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// A line with text from elsewhere in it, as long as the screen is wide.
    pub(super) fn plain(&mut self, text: &str) {
        let limit = if self.full { 4_000 } else { self.columns };
        self.line(&sanitise::clipped(text, limit));
    }

    /// Text of several lines, broken between words; further lines begin deeper.
    pub(super) fn wrapped(&mut self, indent: usize, text: &str) {
        let text = sanitise::line(text).into_owned();
        let mut line = " ".repeat(indent);
        let mut empty = true;
        for word in text.split_whitespace() {
            // An address or a path may be longer than a line.
            let word = sanitise::clipped(word, self.columns.saturating_sub(indent + 2).max(20));
            if !empty && line.chars().count() + word.chars().count() + 1 > self.columns {
                self.line(&line);
                line = " ".repeat(indent + 2);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(&word);
            empty = false;
        }
        self.line(&line);
    }

    /// The head of a part.
    pub(super) fn head(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.line("");
        }
        let text = sanitise::clipped(text, self.columns.max(80));
        let head = self.styled(&text, "1");
        self.line(&head);
    }

    /// Words behind a name, broken between them where the line ends; at most so
    /// many lines.
    pub(super) fn list(&mut self, indent: usize, name: &str, words: &[String], lines: usize) {
        let name = sanitise::line(name).into_owned();
        let hang = indent + name.chars().count().max(10) + 2;
        let mut line = format!("{:indent$}{name:<10}  ", "");
        let mut used = 0;
        let mut empty = true;
        for (at, word) in words.iter().enumerate() {
            let word = sanitise::clipped(word, self.columns.saturating_sub(hang + 1).max(20));
            let last = at + 1 == words.len();
            let comma = if last { "" } else { "," };
            // The last line keeps room for how many are left out.
            let rest = if used + 1 >= lines && !last && !self.full {
                10
            } else {
                0
            };
            let room = line.chars().count() + word.chars().count() + 2 + rest;
            if !empty && room > self.columns {
                used += 1;
                if used >= lines && !self.full {
                    line.push_str(&format!(" … {} more", words.len() - at));
                    break;
                }
                self.line(&line);
                line = format!("{:hang$}", "");
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(&word);
            line.push_str(comma);
            empty = false;
        }
        self.line(&line);
    }

    /// The page with what was not read.
    pub(super) fn ended<R>(mut self, found: &Studied<R>) -> String {
        for one in found.not_checked.iter().filter(|one| !one.required) {
            self.line("");
            self.wrapped(0, &format!("note: {}; {}", one.message, one.settle));
        }
        let unread = super::not_read(found);
        if !unread.is_empty() {
            self.head("Not read as a whole, and may be hit too:");
            let most = self.most(UNREAD);
            for line in unread.iter().take(most) {
                self.plain(&format!("  {line}"));
            }
            if unread.len() > most {
                self.line(&format!(
                    "  … and {} more; `--full` shows them",
                    unread.len() - most
                ));
            }
        }
        self.text
    }

    /// The page as it stands.
    pub(super) fn text(self) -> String {
        self.text
    }
}

/// What stands in a way, as the start of a line.
pub(super) fn when(verdict: &Verdict) -> String {
    let plain = verdict.plain().to_string();
    match verdict.level() {
        Level::Reachable => "now".to_owned(),
        Level::ReachableIf => plain.replacen("reachable-if", "if", 1),
        Level::After => plain,
        Level::Blocked => plain.replacen("blocked", "stopped by", 1),
    }
}

pub(super) fn colour(level: Level) -> &'static str {
    match level {
        Level::Reachable => "31",
        Level::ReachableIf => "33",
        Level::After => "34",
        Level::Blocked => "32",
    }
}

/// An asset without its class where the line says it.
pub(super) fn bare(asset: &Asset) -> String {
    let word = asset.to_string();
    match asset {
        Asset::DefaultBranch => "the default branch".to_owned(),
        Asset::Branch => "other branches".to_owned(),
        Asset::Tag => "tags".to_owned(),
        Asset::Cache => "the default branch's cache".to_owned(),
        Asset::Secret { name: None, .. } => "every secret that no file names".to_owned(),
        _ => word
            .split_once(':')
            .map_or(word.clone(), |(_, name)| name.to_owned()),
    }
}

/// A name whose middle is left out where it is long: its beginning says whose it
/// is, its end what.
pub(super) fn shortened(name: &str, limit: usize) -> String {
    let safe = sanitise::line(name);
    let count = safe.chars().count();
    if count <= limit {
        return safe.into_owned();
    }
    let tail = limit / 2;
    let head = limit.saturating_sub(tail + 1);
    let start: String = safe.chars().take(head).collect();
    let end: String = safe.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// A word that stands before others.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
