//! What became of claims, for a terminal.

use std::collections::BTreeSet;

use cofferdam_exposure::claims::{EXPLAINED, Missing, Refutation, Ruling, Standing};

use crate::commands::exposure::sheet::Sheet;

use super::{Checked, examined, ways, word_of};

/// So many ways of a claim are shown without `--all`, so many more are named,
/// and so much of what is missing.
const WAYS: usize = 2;
const NAMED: usize = 5;
const MISSING: usize = 8;

pub(super) fn render(checked: &Checked<'_>, colour: bool, all: bool) -> String {
    let mut page = Page {
        sheet: Sheet::new(colour),
        all,
    };
    for ruling in &checked.rulings {
        page.ruling(checked, ruling);
        page.sheet.line("");
    }
    if let Some(before) = &checked.judged.before {
        for edit in &before.edits {
            let text = format!(
                "edited, and not in force yet: {}: {}",
                edit.location, edit.message
            );
            page.sheet.line(&text);
        }
    }
    for (name, word) in &checked.next {
        page.sheet.line(&format!("after the merge: {name}: {word}"));
    }
    for note in &checked.notes {
        page.sheet.line(note);
    }
    page.sheet.styled(&checked.verdict(), "1");
    page.sheet.finish()
}

struct Page {
    sheet: Sheet,
    all: bool,
}

impl Page {
    fn ruling(&mut self, checked: &Checked<'_>, ruling: &Ruling<'_>) {
        let code = match ruling.standing {
            Standing::Holds => "32",
            Standing::Refuted(_) => "31",
            Standing::NotProvable(_) => "33",
        };
        let head = format!("{}: {}", word_of(&ruling.standing), ruling.claim.name.value);
        self.sheet.styled(&head, code);
        self.sheet.line(&format!("  {}", examined(ruling)));
        match &ruling.standing {
            Standing::Holds => {}
            Standing::Refuted(all) => self.refuted(checked, all),
            Standing::NotProvable(missing) => self.missing(missing),
        }
    }

    fn refuted(&mut self, checked: &Checked<'_>, all: &[Refutation]) {
        let exposure = &checked.judged.head.exposure;
        let ways = if self.all { all.len() } else { WAYS };
        for (number, one) in all.iter().take(ways).enumerate() {
            let row = &one.row;
            self.sheet.line(&format!(
                "  {} -> {}  {}",
                row.position, row.asset, row.verdict
            ));
            for line in ways::lines(exposure, row) {
                self.sheet.line(&format!("    {line}"));
            }
            for cut in ways::sentences(&one.cuts) {
                self.sheet.line(&format!("    cut: {cut}"));
            }
            if one.cuts.is_empty() && number < EXPLAINED {
                self.sheet
                    .line("    cut: no one or two changes that are known close it");
            }
        }
        let rest = all.get(ways..).unwrap_or_default();
        if !rest.is_empty() {
            let named: Vec<String> = rest
                .iter()
                .take(NAMED)
                .map(|one| format!("{} -> {}", one.row.position, one.row.asset))
                .collect();
            let more = rest.len();
            let text = format!("  … and {more} more pairs: {}", named.join(", "));
            self.sheet.line(&text);
        }
    }

    fn missing(&mut self, missing: &[Missing]) {
        let shown = if self.all { missing.len() } else { MISSING };
        let mut settle: BTreeSet<&str> = BTreeSet::new();
        for one in missing.iter().take(shown) {
            settle.insert(&one.settle);
            self.sheet.line(&match &one.example {
                Some(example) => format!(
                    "  missing: {}, for {} pairs such as {} -> {}",
                    one.what, one.pairs, example.from, example.to
                ),
                None => format!("  missing: {}", one.what),
            });
        }
        if missing.len() > shown {
            self.sheet
                .line(&format!("  … and {} more", missing.len() - shown));
        }
        for command in settle {
            self.sheet.line(&format!("  settle: {command}"));
        }
    }
}
