//! The lines of a file as pip joins them, with what stands in their comments.

use cofferdam_facts::{SourceFile, Span};

use crate::mistake::{Mistake, placed};

/// One line, or several that a backslash joins.
#[derive(Debug)]
pub(super) struct Line {
    /// Without comments.
    pub(super) text: String,
    pub(super) span: Span,
    pub(super) via: Via,
}

/// Who needs a package, as pip-compile and uv write it behind `# via`.
#[derive(Debug, Default)]
pub(super) struct Via {
    /// Other packages.
    pub(super) names: Vec<String>,
    /// A file of requirements, or the project.
    pub(super) is_direct: bool,
    /// The comments that follow go on.
    is_open: bool,
}

impl Via {
    fn comment(&mut self, comment: &str) {
        let text = comment.trim_start_matches('#').trim();
        let items = match text.strip_prefix("via") {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => {
                self.is_open = true;
                rest
            }
            _ if self.is_open && comment.starts_with("#   ") => text,
            _ => {
                self.is_open = false;
                return;
            }
        };
        for item in items
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            let is_file = item.starts_with('-') || item.ends_with(')');
            if is_file {
                // A constraint asks for nothing.
                self.is_direct |= !item.starts_with("-c");
            } else if !item.contains(' ') {
                self.names.push(item.to_owned());
            }
        }
    }
}

/// The lines of a file.
///
/// # Errors
/// Too many lines, and the marks of a merge.
pub(super) fn logical(file: &SourceFile) -> Result<Vec<Line>, Mistake> {
    let whole = file.text();
    let mut all: Vec<Line> = Vec::new();
    let mut joined: Option<Line> = None;
    for numbered in placed(whole) {
        let (_, start, raw) = numbered?;
        let trimmed = raw.trim();
        if trimmed.starts_with('#') {
            // A comment ends what a backslash has joined.
            all.extend(joined.take().map(finished));
            if let Some(last) = all.last_mut() {
                last.via.comment(trimmed);
            }
            continue;
        }
        let (text, comment) = uncommented(raw);
        let goes_on = comment.is_none() && text.ends_with('\\');
        let text = text.strip_suffix('\\').unwrap_or(text);
        let indent = raw.len() - raw.trim_start().len();
        let span = Span::new(start + indent, start + indent + text.trim().len());
        let line = joined.get_or_insert_with(|| Line {
            text: String::new(),
            span,
            via: Via::default(),
        });
        line.text.push_str(text);
        if let Some(comment) = comment {
            line.via.comment(comment);
        }
        if !goes_on {
            all.extend(joined.take().map(finished));
        }
    }
    all.extend(joined.take().map(finished));
    all.retain(|line| !line.text.is_empty());
    Ok(all)
}

fn finished(mut line: Line) -> Line {
    line.text = line.text.trim().to_owned();
    line
}

/// A line without its comment: `#` begins one at the front or behind a space.
fn uncommented(line: &str) -> (&str, Option<&str>) {
    let is_start = |at: usize| {
        let before = line.as_bytes().get(at.wrapping_sub(1));
        at == 0 || before.is_some_and(u8::is_ascii_whitespace)
    };
    match line.match_indices('#').find(|(at, _)| is_start(*at)) {
        Some((at, _)) => (line.get(..at).unwrap_or(line).trim_end(), line.get(at..)),
        None => (line.trim_end(), None),
    }
}
