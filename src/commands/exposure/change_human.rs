//! What a change opens and closes, for a terminal.

use cofferdam_exposure::compare::Turn;

use super::change::{Change, Moved};
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
    let (wide, rest): (Vec<_>, Vec<_>) = (change.moved.iter()).partition(|m| m.difference.widens());
    let shown = if all { wide.len() } else { WAYS };
    for moved in wide.iter().take(shown) {
        page.widening(change, moved);
    }
    if wide.len() > shown {
        let more = wide.len() - shown;
        page.sheet
            .line(&format!("… and {more} more that widen; `--all` shows them"));
        page.sheet.line("");
    }
    let shown = if all { rest.len() } else { OTHERS };
    for moved in rest.iter().take(shown) {
        page.other(moved);
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
    fn widening(&mut self, change: &Change<'_>, moved: &Moved<'_>) {
        let exposure = &change.judged.head.exposure;
        let Some(row) = moved.difference.after else {
            return;
        };
        let was = match moved.difference.before {
            Some(before) if before.verdict != row.verdict => format!("{} -> ", before.verdict),
            _ => String::new(),
        };
        let turn = moved.difference.turn.word();
        let head = format!(
            "{turn:<7} {} -> {}  {was}{}",
            row.position, row.asset, row.verdict
        );
        self.sheet
            .styled(&head, if moved.fails() { "31" } else { "33" });
        if let Some(allowed) = moved.allowed {
            self.sheet.line(&format!(
                "    allowed until {} by {} ({}): {}",
                allowed.expires.date(),
                allowed.owner,
                allowed.location,
                allowed.reason
            ));
        }
        for line in ways::lines(exposure, row) {
            self.sheet.line(&format!("    {}", line));
        }
        for line in &moved.lines {
            self.sheet.line(&format!("    rests on {line}"));
        }
        if moved.fails() {
            for cut in ways::sentences(&row.cuts(&exposure.graph)) {
                self.sheet.line(&format!("    cut: {cut}"));
            }
        }
        self.sheet.line("");
    }

    fn other(&mut self, moved: &Moved<'_>) {
        let difference = &moved.difference;
        let Some(row) = difference.after.or(difference.before) else {
            return;
        };
        let verdict = match (difference.turn, difference.before, difference.after) {
            (Turn::Better | Turn::Worse, Some(before), Some(after)) => {
                format!("{} -> {}", before.verdict, after.verdict)
            }
            (Turn::Closed, Some(before), _) => format!("was {}", before.verdict),
            _ => row.verdict.to_string(),
        };
        self.sheet.line(&format!(
            "{:<7} {} -> {}  {verdict}",
            difference.turn.word(),
            row.position,
            row.asset
        ));
    }
}
