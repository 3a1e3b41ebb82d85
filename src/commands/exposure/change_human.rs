//! What a change opens and closes, for a terminal.

use cofferdam_exposure::Row;
use cofferdam_exposure::compare::Turn;

use super::alike;
use super::change::{Alike, Change, Moved};
use super::sheet::Sheet;
use super::ways;

/// So many widenings are explained without `--all`, and so many others named.
const WAYS: usize = 10;
const OTHERS: usize = 12;

pub(super) fn render(change: &Change<'_>, colour: bool, all: bool) -> String {
    let mut page = Page {
        sheet: Sheet::new(colour),
    };
    let before = change.before;
    let commit: String = before.commit.chars().take(12).collect();
    let head = format!(
        "What the change opens and closes since {} ({commit})",
        before.name
    );
    page.sheet.styled(&head, "1");
    page.sheet.line("");
    let (wide, left) = change.widening(if all { usize::MAX } else { WAYS });
    for alike in &wide {
        page.widening(alike, all);
    }
    if left > 0 {
        page.sheet
            .line(&format!("… and {left} more that widen; `--all` shows them"));
        page.sheet.line("");
    }
    let rest = change.moved.iter().filter(|m| !m.difference.widens());
    let rest = others(rest, all);
    let shown = if all { rest.len() } else { OTHERS };
    for line in rest.iter().take(shown) {
        page.sheet.line(line);
    }
    if rest.len() > shown {
        page.sheet
            .line(&format!("… and {} more", rest.len() - shown));
    }
    if !rest.is_empty() {
        page.sheet.line("");
    }
    for edit in &before.edits {
        page.sheet.line(&format!(
            "edited, and not in force yet: {}: {}",
            edit.location, edit.message
        ));
    }
    for one in &change.expired {
        page.sheet.line(one);
    }
    for one in ways::not_read(&change.judged.head) {
        page.sheet.line(&format!("not read: {one}"));
    }
    for one in ways::not_read(&before.exposed) {
        page.sheet.line(&format!("not read in the base: {one}"));
    }
    let code = if change.failing() > 0 { "1;31" } else { "1" };
    page.sheet.styled(&change.verdict(), code);
    page.sheet.finish()
}

struct Page {
    sheet: Sheet,
}

impl Page {
    fn widening(&mut self, alike: &Alike<'_>, all: bool) {
        let Some(moved) = alike.moved.first() else {
            return;
        };
        let Some(row) = moved.difference.after else {
            return;
        };
        let was = match moved.difference.before {
            Some(before) if before.verdict != row.verdict => format!("{} -> ", before.verdict),
            _ => String::new(),
        };
        let turn = moved.difference.turn.word();
        let code = if moved.fails() { "31" } else { "33" };
        let mut verdict = format!("  {was}{}", row.verdict);
        for pairs in alike.pairs(all) {
            self.sheet
                .styled(&format!("{turn:<7} {pairs}{verdict}"), code);
            verdict.clear();
        }
        if let Some(allowed) = moved.allowed {
            self.sheet.line(&format!(
                "    allowed until {} by {} ({}): {}",
                allowed.expires.date(),
                allowed.owner,
                allowed.location,
                allowed.reason
            ));
        }
        for line in &alike.places {
            self.sheet.line(&format!("    {line}"));
        }
        for line in &moved.lines {
            self.sheet.line(&format!("    rests on {line}"));
        }
        for cut in &alike.cuts {
            self.sheet.line(&format!("    cut: {cut}"));
        }
        self.sheet.line("");
    }
}

/// What is no widening, pairs with the same verdicts together.
fn others<'m>(moved: impl Iterator<Item = &'m Moved<'m>>, all: bool) -> Vec<String> {
    let mut found: Vec<(&str, String, Vec<&Row>)> = Vec::new();
    for moved in moved {
        let difference = &moved.difference;
        let Some(row) = difference.after.or(difference.before) else {
            continue;
        };
        let verdict = match (difference.turn, difference.before, difference.after) {
            (Turn::Better | Turn::Worse, Some(before), Some(after)) => {
                format!("{} -> {}", before.verdict, after.verdict)
            }
            (Turn::Closed, Some(before), _) => format!("was {}", before.verdict),
            _ => row.verdict.to_string(),
        };
        let turn = difference.turn.word();
        let same = |(a, b, _): &&mut (&str, String, Vec<&Row>)| *a == turn && *b == verdict;
        match found.iter_mut().find(same) {
            Some((.., rows)) => rows.push(row),
            None => found.push((turn, verdict, vec![row])),
        }
    }
    let lines = found.into_iter().flat_map(|(turn, verdict, rows)| {
        let pairs = alike::pairs(rows, all);
        let lines = pairs.into_iter();
        lines.map(move |pairs| format!("{turn:<7} {pairs}  {verdict}"))
    });
    lines.collect()
}
