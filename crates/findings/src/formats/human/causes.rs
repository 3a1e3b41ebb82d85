//! Findings of one cause as one block, or each with its line of source.

use std::fmt::Write as _;

use cofferdam_facts::{Extent, Location};

use super::text::{BOLD, DIM, Paint, labelled, width, wrap};
use crate::finding::{Confidence, Finding};
use crate::report::Group;
use crate::sanitise::{clipped, line};

/// Columns of the longest severity and a space behind it.
const LABEL: usize = 10;

/// Places named in one line.
const PLACES: usize = 3;

/// Source shown before the marked part, in characters.
const BEFORE: usize = 60;

/// One cause: what, where, why and the way out.
pub(super) fn block(group: &Group<'_>, paint: Paint, columns: usize, rows: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let count = if group.count() > 1 {
        format!("{}x ", group.count())
    } else {
        String::new()
    };
    // The id of the rule stays in sight however long the text is.
    let room = 2 * columns.saturating_sub(LABEL).max(40) - 10;
    let room = room.saturating_sub(count.len() + group.rule.len()).max(20);
    let text = format!("{count}{} [{}]", clipped(group.text, room), group.rule);
    for (i, line) in wrap(&text, columns.saturating_sub(LABEL), 2)
        .into_iter()
        .enumerate()
    {
        let label = if i == 0 { group.severity.word() } else { "" };
        let label = paint.severity(group.severity, &format!("{label:LABEL$}"));
        lines.push(format!("{label}{}", paint.paint(BOLD, &line)));
    }
    lines.extend(
        wrap(&places(group), columns.saturating_sub(LABEL), 2)
            .iter()
            .map(|line| format!("{:LABEL$}{}", "", paint.paint(DIM, line))),
    );
    if let Some(first) = group.first() {
        for (label, text) in [("Why:", &first.why), ("Fix:", &first.fix)] {
            lines.extend(labelled(label, text, LABEL, columns, rows));
        }
        lines.extend(exposes(first, LABEL, columns, 2));
    }
    lines
}

/// The first places, lines of one file together: `a.yml:3, :9 and 11 more`.
fn places(group: &Group<'_>) -> String {
    let mut text = String::new();
    let mut previous = "";
    for finding in group.findings.iter().take(PLACES) {
        let location = &finding.location;
        if !text.is_empty() {
            text.push_str(", ");
        }
        if *location.path != *previous {
            text.push_str(&clipped(&location.path, 120));
        }
        text.push_str(&location.suffix());
        previous = &location.path;
    }
    if group.count() > PLACES {
        let _ = write!(text, " and {} more", group.count() - PLACES);
    }
    text
}

/// One finding at length.
pub(super) fn full(finding: &Finding, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let head = format!("{}[{}]", finding.severity, finding.rule);
    let hang = width(&head) + 1;
    for (i, line) in wrap(&finding.message, columns.saturating_sub(hang), 4)
        .into_iter()
        .enumerate()
    {
        let line = paint.paint(BOLD, &line);
        lines.push(if i == 0 {
            format!("{} {line}", paint.severity(finding.severity, &head))
        } else {
            format!("{:hang$}{line}", "")
        });
    }
    lines.extend(source(finding, paint, columns));
    for (label, text) in [("why:", &finding.why), ("fix:", &finding.fix)] {
        lines.extend(labelled(label, text, 2, columns, 6));
    }
    lines.extend(exposes(finding, 2, columns, 4));
    for related in &finding.related {
        let text = format!("{} {}", place(&related.location), related.note);
        lines.extend(labelled("via:", &text, 2, columns, 3));
    }
    if finding.confidence < Confidence::High {
        lines.push(format!("  confidence: {}", finding.confidence));
    }
    let ids = format!(
        "  id: {}  content: {}",
        finding.fingerprint, finding.content_fingerprint
    );
    lines.push(paint.paint(DIM, &ids));
    lines
}

/// What the place exposes, in one line; none where it was not worked out.
fn exposes(finding: &Finding, indent: usize, columns: usize, rows: usize) -> Vec<String> {
    let Some(exposure) = &finding.exposure else {
        return Vec::new();
    };
    let line = clipped(&exposure.phrase, 600);
    let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
    labelled(word, rest, indent, columns, rows)
}

fn place(location: &Location) -> String {
    let path = clipped(&location.path, 200);
    match location.extent {
        Extent::Text => format!("{path}:{}:{}", location.line, location.column),
        Extent::Whole | Extent::Missing => format!("{path}{}", location.suffix()),
    }
}

/// The place, the line as it stands, and a mark under what is meant.
fn source(finding: &Finding, paint: Paint, columns: usize) -> Vec<String> {
    let location = &finding.location;
    let number = location.line.to_string();
    let gutter = number.len();
    let dim = |text: &str| paint.paint(DIM, text);
    let mut lines = vec![format!("{:gutter$}{} {}", "", dim("-->"), place(location))];
    if location.snippet.is_empty() {
        return lines;
    }
    let room = columns.saturating_sub(gutter + 3).max(20);
    let Excerpt {
        text,
        indent,
        marked,
    } = Excerpt::of(location, room);
    let marks = "^".repeat(marked);
    lines.push(format!("{} {}", dim(&format!("{number} |")), text));
    lines.push(format!(
        "{} {:indent$}{}",
        dim(&format!("{:gutter$} |", "")),
        "",
        paint.severity(finding.severity, &marks)
    ));
    lines
}

/// A part of a line that fits, and the columns of the marked part in it.
struct Excerpt {
    text: String,
    indent: usize,
    marked: usize,
}

impl Excerpt {
    fn of(location: &Location, room: usize) -> Self {
        let column = location.column.saturating_sub(1);
        let length = if location.line == location.end_line {
            location.end_column.saturating_sub(location.column)
        } else {
            usize::MAX
        };
        let skipped = if column > BEFORE {
            column - BEFORE / 2
        } else {
            0
        };
        let shown: String = location
            .snippet
            .chars()
            .skip(skipped)
            .take(room + BEFORE)
            .collect();
        let split = |at: usize| shown.char_indices().nth(at).map_or(shown.len(), |(i, _)| i);
        let start = split(column - skipped);
        let end = split((column - skipped).saturating_add(length));
        let safe =
            |from: usize, to: usize| line(shown.get(from..to).unwrap_or_default()).into_owned();
        let lead = if skipped > 0 { "…" } else { "" };
        let before = format!("{lead}{}", safe(0, start));
        let marked = safe(start, end);
        let whole = format!("{before}{marked}{}", safe(end, shown.len()));
        let text = fitting(&whole, room);
        let indent = width(&before).min(width(&text));
        let marked = width(&marked)
            .min(width(&text).saturating_sub(indent))
            .max(1);
        Self {
            text,
            indent,
            marked,
        }
    }
}

/// The beginning of safe text that takes at most `room` columns.
fn fitting(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.trim_end().to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        short.push(character);
        if width(&short) >= room {
            short.pop();
            break;
        }
    }
    short.push('…');
    short
}
