//! What a change opens and closes, as a comment.

use cofferdam_findings::sanitise::{clipped, markdown, markdown_code};

use super::change::{Alike, Change, Moved};
use super::ways;

/// By this the comment is found again when it is renewed.
const MARKER: &str = "<!-- cofferdam exposure -->";
/// GitHub takes 65,536 characters in a comment; the rest is room for the end.
const LIMIT: usize = 60_000;
/// Rows of the table, and ways that are shown.
const ROWS: usize = 50;
const WAYS: usize = 20;
/// Characters of one text from outside.
const TEXT: usize = 300;

pub(super) fn render(change: &Change<'_>) -> String {
    let mut text = format!("{MARKER}\n## Exposure\n\n");
    let before = change.before;
    let commit: String = before.commit.chars().take(12).collect();
    text.push_str(&format!(
        "**{}** Compared with {} ({}).\n\n",
        markdown(&sentence(&change.verdict())),
        code(&before.name),
        code(&commit)
    ));
    let (wide, rest): (Vec<_>, Vec<_>) = change
        .moved
        .iter()
        .partition(|moved| moved.difference.widens());
    if !wide.is_empty() {
        text.push_str("| | From | To | Before | Now |\n| --- | --- | --- | --- | --- |\n");
        for moved in wide.iter().take(ROWS) {
            text.push_str(&row(moved));
        }
        if wide.len() > ROWS {
            text.push_str(&format!("\n… and {} more.\n", wide.len() - ROWS));
        }
        text.push('\n');
    }
    let (alike, left) = change.widening(WAYS);
    for one in &alike {
        let way = way(one);
        if text.len() + way.len() > LIMIT {
            text.push_str("\nMore ways found no room here.\n\n");
            break;
        }
        text.push_str(&way);
    }
    if left > 0 {
        text.push_str(&format!("The ways of {left} more pairs are not shown.\n\n"));
    }
    let rest: String = rest.iter().take(ROWS).map(|moved| row(moved)).collect();
    if !rest.is_empty() && text.len() + rest.len() < LIMIT {
        text.push_str(
            "<details><summary>Better, closed, or stopped by a control</summary>\n\n\
             | | From | To | Before | Now |\n| --- | --- | --- | --- | --- |\n",
        );
        text.push_str(&rest);
        text.push_str("\n</details>\n\n");
    }
    let mut notes: Vec<String> = (before.edits.iter())
        .map(|edit| {
            format!(
                "Edited, and not in force yet: {}: {}",
                edit.location, edit.message
            )
        })
        .collect();
    notes.extend(change.expired.iter().cloned());
    let unread = ways::not_read(&change.judged.head);
    notes.extend(
        unread
            .iter()
            .map(|one| format!("Not read, so nothing is proven: {one}")),
    );
    for note in notes.iter().take(ROWS) {
        let line = format!("- {}\n", markdown(&clipped(note, TEXT)));
        if text.len() + line.len() < LIMIT {
            text.push_str(&line);
        }
    }
    text
}

fn sentence(text: &str) -> String {
    format!("{text}.")
}

fn code(text: &str) -> String {
    markdown_code(&clipped(text, TEXT))
}

// A `|` ends a cell, even in a code span.
fn cell(text: &str) -> String {
    markdown(&clipped(text, TEXT))
}

fn row(moved: &Moved<'_>) -> String {
    let difference = &moved.difference;
    let Some(pair) = difference.after.or(difference.before) else {
        return String::new();
    };
    let turn = match moved.allowed {
        Some(allowed) => format!("{}, allowed by {}", difference.turn.word(), allowed.owner),
        None => difference.turn.word().to_owned(),
    };
    let verdict = |row: Option<&cofferdam_exposure::Row>| {
        row.map_or_else(|| "no way".to_owned(), |row| row.verdict.to_string())
    };
    format!(
        "| {} | {} | {} | {} | {} |\n",
        cell(&turn),
        cell(&pair.position.to_string()),
        cell(&pair.asset.to_string()),
        cell(&verdict(difference.before)),
        cell(&verdict(difference.after)),
    )
}

fn way(alike: &Alike<'_>) -> String {
    let summary = alike.pairs(false).join("; ");
    let mut text = format!(
        "<details><summary>{}</summary>\n\n",
        cofferdam_findings::sanitise::html(&clipped(&summary, TEXT))
    );
    for line in &alike.places {
        text.push_str(&format!("1. {}\n", code(line)));
    }
    text.push('\n');
    for line in alike.moved.first().map_or(&[][..], |moved| &moved.lines) {
        text.push_str(&format!("- rests on {}\n", code(line)));
    }
    for cut in &alike.cuts {
        text.push_str(&format!("- closes it: {}\n", markdown(&clipped(cut, TEXT))));
    }
    text.push_str("\n</details>\n\n");
    text
}
