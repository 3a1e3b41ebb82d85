//! What became of claims, as a summary or a comment.

use cofferdam_exposure::claims::{Ruling, Standing};
use cofferdam_findings::sanitise::{clipped, markdown, markdown_code};

use super::{Checked, examined, ways, word_of};

/// By this the comment is found again when it is renewed.
const MARKER: &str = "<!-- cofferdam claims -->";
/// GitHub takes 65,536 characters in a comment; the rest is room for the end.
const LIMIT: usize = 60_000;
/// Characters of one text from outside.
const TEXT: usize = 300;
/// Ways of one claim, and lines of other lists.
const WAYS: usize = 3;
const LINES: usize = 30;

pub(super) fn render(checked: &Checked<'_>) -> String {
    let mut text = format!(
        "{MARKER}\n## Claims\n\n**{}.**\n\n",
        markdown(&checked.verdict())
    );
    if !checked.rulings.is_empty() {
        text.push_str("| Claim | Result | Examined |\n| --- | --- | --- |\n");
    }
    for ruling in &checked.rulings {
        let row = format!(
            "| {} | {} | {} |\n",
            cell(&ruling.claim.name.value),
            word_of(&ruling.standing),
            cell(&examined(ruling))
        );
        push(&mut text, &row);
    }
    text.push('\n');
    for ruling in &checked.rulings {
        push(&mut text, &details(checked, ruling));
    }
    let mut notes = Vec::new();
    if let Some(before) = &checked.judged.before {
        let edits = before.edits.iter();
        notes.extend(edits.map(|edit| {
            format!(
                "Edited, and not in force yet: {}: {}",
                edit.location, edit.message
            )
        }));
    }
    let next = checked.next.iter();
    notes.extend(next.map(|(name, word)| format!("After the merge: {name}: {word}")));
    notes.extend(checked.notes.iter().cloned());
    for note in notes.iter().take(LINES) {
        push(&mut text, &format!("- {}\n", cell(note)));
    }
    text
}

fn push(text: &mut String, more: &str) {
    if text.len() + more.len() < LIMIT {
        text.push_str(more);
    }
}

fn cell(text: &str) -> String {
    markdown(&clipped(text, TEXT))
}

fn code(text: &str) -> String {
    markdown_code(&clipped(text, TEXT))
}

fn details(checked: &Checked<'_>, ruling: &Ruling<'_>) -> String {
    let exposure = &checked.judged.head.exposure;
    let mut text = String::new();
    match &ruling.standing {
        Standing::Holds => return text,
        Standing::Refuted(all) => {
            for one in all.iter().take(WAYS) {
                let row = &one.row;
                let pair = format!("{} -> {}", row.position, row.asset);
                text.push_str(&format!(
                    "{}: {}\n\n",
                    code(&pair),
                    cell(&row.verdict.to_string())
                ));
                for line in ways::lines(exposure, row) {
                    text.push_str(&format!("1. {}\n", code(&line)));
                }
                text.push('\n');
                for cut in ways::sentences(&one.cuts) {
                    text.push_str(&format!("- closes it: {}\n", cell(&cut)));
                }
                text.push('\n');
            }
            if all.len() > WAYS {
                text.push_str(&format!("… and {} more pairs.\n\n", all.len() - WAYS));
            }
        }
        Standing::NotProvable(missing) => {
            for one in missing.iter().take(LINES) {
                text.push_str(&format!(
                    "- missing: {}; {}\n",
                    cell(&one.what),
                    cell(&one.settle)
                ));
            }
            text.push('\n');
        }
    }
    format!("### {}\n\n{text}", cell(&ruling.claim.name.value))
}
