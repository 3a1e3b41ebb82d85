//! A rule's page, rendered for a terminal.

use std::fmt::Write as _;

use cofferdam_findings::RuleInfo;

/// Whether and how text is made to stand out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) fn new(on: bool) -> Self {
        Self { on }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn code(self, text: &str) -> String {
        self.with("36", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The text of the page. A documentation comment has a space before each line.
pub(crate) fn body(info: &RuleInfo) -> String {
    let mut text = String::with_capacity(info.docs.len());
    for line in info.docs.lines() {
        text.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
        text.push('\n');
    }
    text.trim_matches('\n').to_owned() + "\n"
}

fn headline(info: &RuleInfo) -> String {
    let ids: Vec<&str> = info.controls.iter().map(|control| control.id()).collect();
    let mut text = format!("severity: up to {}", info.severity.word());
    if !ids.is_empty() {
        let _ = write!(text, "; controls: {}", ids.join(", "));
    }
    if let Some((offer, _)) = fix(info) {
        let _ = write!(text, "; fix: {offer}");
    }
    text
}

/// How `cofferdam fix` mends it, and what it does, where it can.
#[cfg(feature = "fix")]
pub(super) fn fix(info: &RuleInfo) -> Option<(&'static str, &'static str)> {
    cofferdam_fixes::fixer(info.id).map(|fixer| (fixer.offer.word(), fixer.summary))
}

/// This build does not mend.
#[cfg(not(feature = "fix"))]
pub(super) fn fix(_info: &RuleInfo) -> Option<(&'static str, &'static str)> {
    None
}

/// The page as it stands in the documentation, one level deeper below a title.
pub(crate) fn markdown(info: &RuleInfo) -> String {
    let mut text = format!("# {}: {}\n\n{}\n\n", info.id, info.title, headline(info));
    let mut fenced = false;
    for line in body(info).lines() {
        fenced ^= line.starts_with("```");
        if line.starts_with('#') && !fenced {
            text.push('#');
        }
        text.push_str(line);
        text.push('\n');
    }
    if let Some((_, summary)) = fix(info) {
        let _ = writeln!(text, "\n## Fix\n{summary}");
    }
    text.push('\n');
    text
}

/// The page for a terminal of so many columns.
pub(crate) fn human(info: &RuleInfo, columns: usize, paint: Paint) -> String {
    let mut text = format!(
        "{}: {}\n{}\n",
        paint.bold(info.id),
        info.title,
        headline(info)
    );
    let mut paragraph = Paragraph {
        columns: columns.saturating_sub(2),
        ..Paragraph::default()
    };
    let mut fenced = false;
    for line in body(info).lines() {
        if line.starts_with("```") {
            paragraph.end(&mut text);
            fenced = !fenced;
        } else if fenced {
            let _ = writeln!(text, "    {}", paint.code(line));
        } else if let Some(heading) = line.strip_prefix('#') {
            paragraph.end(&mut text);
            let heading = heading.trim_start_matches('#').trim();
            let _ = writeln!(text, "\n{}", paint.bold(heading));
        } else if line.is_empty() {
            paragraph.end(&mut text);
        } else if let Some(item) = line.strip_prefix("- ") {
            paragraph.end(&mut text);
            paragraph.item = true;
            paragraph.add(item);
        } else {
            paragraph.add(line);
        }
    }
    paragraph.end(&mut text);
    if let Some((_, summary)) = fix(info) {
        let _ = writeln!(text, "\n{}", paint.bold("Fix"));
        paragraph.add(summary);
        paragraph.add(&format!("`cofferdam fix --rule {}` shows it.", info.id));
        paragraph.end(&mut text);
    }
    text
}

/// Words that are gathered until the paragraph ends.
#[derive(Debug, Default)]
struct Paragraph {
    words: Vec<String>,
    item: bool,
    columns: usize,
}

impl Paragraph {
    fn add(&mut self, line: &str) {
        let plain = line.replace(['<', '>'], "");
        // Links are shown as they are; only their angle brackets go.
        let line = if line.contains("<http") { &plain } else { line };
        self.words
            .extend(line.split_whitespace().map(ToOwned::to_owned));
    }

    fn end(&mut self, text: &mut String) {
        let mut lead = if self.item { "  - " } else { "  " };
        let mut line = String::new();
        for word in std::mem::take(&mut self.words) {
            let long = line.chars().count() + 1 + word.chars().count() > self.columns;
            if long && !line.is_empty() {
                let _ = writeln!(text, "{lead}{line}");
                lead = if self.item { "    " } else { "  " };
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        if !line.is_empty() {
            let _ = writeln!(text, "{lead}{line}");
        }
        self.item = false;
    }
}
