//! Controls as a compact table, or one by one with their evidence.

use std::collections::BTreeMap;

use cofferdam_facts::Control;

use super::text::{BOLD, DIM, Paint, labelled, width, wrap};
use crate::controls::{FAMILIES, label};
use crate::evidence::{ControlState, Evidence, Status, Verdict};
use crate::report::Report;
use crate::sanitise::clipped;

fn mark(status: Status) -> &'static str {
    match status {
        Status::Present => "+",
        Status::Partial => "~",
        Status::Absent => "-",
        Status::NotChecked => "?",
        Status::NotApplicable => ".",
    }
}

/// One line a family, and a legend with the counts.
pub(super) fn table(report: &Report, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (letter, family) in FAMILIES {
        let states = report
            .controls
            .iter()
            .filter(|c| !c.elsewhere && c.control.id().starts_with(letter));
        let cells: Vec<_> = states
            .map(|s| {
                (
                    s.status,
                    format!("{} {} {}", mark(s.status), s.control, label(s.control)),
                )
            })
            .collect();
        lines.extend(row(family, &cells, paint, columns));
    }
    let legend: Vec<_> = Status::ALL
        .iter()
        .map(|&status| {
            (
                status,
                report
                    .controls
                    .iter()
                    .filter(|c| !c.elsewhere && c.status == status)
                    .count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| {
            (
                status,
                format!("{} {} {count}", mark(status), status.word()),
            )
        })
        .collect();
    lines.extend(row("", &legend, paint, columns));
    let elsewhere: Vec<_> = (report.controls.iter())
        .filter(|c| c.elsewhere)
        .map(|c| c.control.id())
        .collect();
    if !elsewhere.is_empty() {
        let text = format!(
            "Not part of this audit in this version: {}",
            elsewhere.join(" ")
        );
        lines.extend(
            wrap(&text, columns, 3)
                .iter()
                .map(|line| paint.paint(DIM, line)),
        );
    }
    lines
}

/// A name and its cells, on as many lines as they need.
fn row(name: &str, cells: &[(Status, String)], paint: Paint, columns: usize) -> Vec<String> {
    const NAME: usize = 11;
    if cells.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut line = paint.paint(BOLD, &format!("{name:NAME$}"));
    let mut used = NAME;
    for (status, cell) in cells {
        let gap = if used > NAME { 2 } else { 0 };
        if used > NAME && used + gap + width(cell) > columns {
            lines.push(std::mem::replace(&mut line, format!("{:NAME$}", "")));
            used = NAME;
        } else {
            line.push_str(&" ".repeat(gap));
            used += gap;
        }
        line.push_str(&paint.status(*status, cell));
        used += width(cell);
    }
    lines.push(line);
    lines
}

/// What is wrong with controls of which no finding speaks: a line each, so that
/// nothing on the board is red without a word about it.
pub(super) fn unexplained(report: &Report, columns: usize) -> Vec<String> {
    // Only a report that shows all of its findings can tell.
    if report.comparison.is_some() || !report.view.hidden.is_empty() {
        return Vec::new();
    }
    let found = (report.findings.iter()).chain(report.suppressed.iter().map(|one| &one.finding));
    let mut spoken: Vec<Control> = found
        .filter_map(|finding| report.rule(finding.rule))
        .flat_map(|rule| rule.controls.iter().copied())
        .collect();
    spoken.sort_unstable();
    spoken.dedup();
    let silent = |state: &&ControlState| {
        matches!(state.status, Status::Partial | Status::Absent) && !spoken.contains(&state.control)
    };
    let note = |state: &ControlState| {
        let violated = |piece: &&Evidence| piece.verdict == Verdict::Violated;
        let note = &state.evidence.iter().find(violated)?.note;
        Some(labelled(
            "-",
            &format!("{}: {note}", state.control),
            0,
            columns,
            2,
        ))
    };
    (report.controls.iter())
        .filter(silent)
        .filter_map(note)
        .flatten()
        .collect()
}

/// What settles the controls that could not be decided: one line a command,
/// the one that settles most first.
pub(super) fn settles(report: &Report, columns: usize, most: usize) -> Vec<String> {
    let mut by_text: BTreeMap<&str, Vec<Control>> = BTreeMap::new();
    for state in report
        .controls
        .iter()
        .filter(|c| !c.elsewhere && c.status == Status::NotChecked)
    {
        let mut texts: Vec<_> = state.missing().map(|(_, settle)| settle).collect();
        texts.sort_unstable();
        texts.dedup();
        if texts.is_empty() {
            texts.push(&state.summary);
        }
        for text in texts {
            by_text.entry(text).or_default().push(state.control);
        }
    }
    let mut settles: Vec<_> = by_text
        .into_iter()
        .filter(|(text, _)| !text.is_empty())
        .collect();
    // The sort is stable: equal counts stay in the order of their text.
    settles.sort_by_key(|(_, controls)| std::cmp::Reverse(controls.len()));
    let mut lines = Vec::new();
    for (text, controls) in settles.iter().take(most) {
        let ids: Vec<_> = controls.iter().map(|c| c.id()).collect();
        lines.extend(labelled(
            "?",
            &format!("{}: {text}", ids.join(" ")),
            0,
            columns,
            2,
        ));
    }
    if settles.len() > most {
        lines.push(format!(
            "? and {} more; `--all` shows them",
            settles.len() - most
        ));
    }
    lines
}

/// Every control with its title, summary and at most `most` pieces of evidence.
pub(super) fn detail(report: &Report, paint: Paint, columns: usize, most: usize) -> Vec<String> {
    report
        .controls
        .iter()
        .flat_map(|state| one(state, paint, columns, most))
        .collect()
}

fn one(state: &ControlState, paint: Paint, columns: usize, most: usize) -> Vec<String> {
    let head = format!(
        "{} {} {}",
        mark(state.status),
        state.control,
        state.status.word()
    );
    let mut lines = vec![format!(
        "{}  {}",
        paint.status(state.status, &head),
        paint.paint(BOLD, state.control.title())
    )];
    if !state.summary.is_empty() {
        lines.extend(labelled(" ", &state.summary, 2, columns, 4));
    }
    // A single piece is the summary already.
    if state.evidence.len() > 1 || state.missing().next().is_some() {
        let mut evidence: Vec<_> = state.evidence.iter().collect();
        if evidence.len() > most {
            // The sort is stable: what is wrong first, then in order of place.
            evidence
                .sort_by_key(|e| !matches!(e.verdict, Verdict::Violated | Verdict::Unknown { .. }));
        }
        for piece in evidence.iter().take(most) {
            lines.extend(
                seen(piece, columns)
                    .iter()
                    .map(|line| paint.paint(DIM, line)),
            );
        }
        if evidence.len() > most {
            let more = format!("    and {} more; `--all` shows them", evidence.len() - most);
            lines.push(paint.paint(DIM, &more));
        }
    }
    lines
}

fn seen(piece: &Evidence, columns: usize) -> Vec<String> {
    let mut text = match &piece.location {
        Some(location) => {
            format!(
                "{}{} {}",
                clipped(&location.path, 200),
                location.suffix(),
                piece.note
            )
        }
        None => piece.note.clone(),
    };
    if let Verdict::Unknown { missing, settle } = &piece.verdict {
        text = format!("{text}; needs {missing}: {settle}");
    }
    let mark = match piece.verdict {
        Verdict::Satisfied => "+",
        Verdict::Violated => "-",
        Verdict::Unknown { .. } => "?",
        Verdict::NotApplicable => ".",
    };
    labelled(mark, &text, 4, columns, 3)
}
