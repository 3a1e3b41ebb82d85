//! A report held against a standard: a table with every requirement.

use std::io::{self, Write};

use super::{LIMIT, Markdown, Page, TEXT, place, short};
use crate::report::Report;
use crate::sanitise::{markdown, markdown_code};
use crate::standards::{Assessment, Met, Standard, assess, tally};

/// Places shown of one rule.
const PLACES: usize = 3;

impl Markdown {
    pub(super) fn against(
        &mut self,
        report: &Report,
        standard: Standard,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let assessments = assess(report, standard);
        let mut page = Page {
            text: String::new(),
            left_out: 0,
        };
        page.push(&[format!(
            "## Cofferdam: {} against {}\n\n**{}.** {} <{}>\n\n\
             | Requirement | | Level | Status | What was seen |\n| --- | --- | --- | --- | --- |\n",
            short(&report.name, 100),
            markdown(standard.edition()),
            tally(&assessments),
            markdown(standard.remark()),
            standard.home(),
        )]);
        let rows: Vec<_> = assessments.iter().map(row).collect();
        page.push(&rows);
        page.push(&["\n".to_owned()]);
        let details: Vec<_> = assessments.iter().filter_map(places).collect();
        page.push(&details);
        if page.left_out > 0 {
            page.text
                .push_str("\nThis page is cut; `--format json` holds everything.\n");
        }
        if self.written + page.text.len() > LIMIT {
            self.left_out += 1;
            return Ok(());
        }
        self.write(&page.text, out)
    }
}

fn row(assessment: &Assessment<'_>) -> String {
    let entry = assessment.requirement.entry();
    let note = if entry.note.is_empty() {
        String::new()
    } else {
        format!("<br>{}", markdown(entry.note))
    };
    format!(
        "| {} | {} | {} | {} | {}{note} |\n",
        markdown_code(entry.id),
        markdown(entry.title),
        markdown(entry.level),
        assessment.status.word(),
        short(&assessment.summary, TEXT),
    )
}

/// Where the rules behind a requirement find something.
fn places(assessment: &Assessment<'_>) -> Option<String> {
    if !matches!(assessment.status, Met::Partly | Met::NotMet) {
        return None;
    }
    let found = (assessment.rules.iter()).filter(|(_, findings)| !findings.is_empty());
    let mut text = String::new();
    for (rule, findings) in found {
        let shown: Vec<_> = (findings.iter().take(PLACES))
            .map(|finding| place(&finding.location))
            .collect();
        let more = match findings.len().saturating_sub(PLACES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        text.push_str(&format!("- `{}`: {}{more}\n", rule.id, shown.join(", ")));
    }
    let id = markdown_code(assessment.requirement.id());
    (!text.is_empty()).then(|| format!("{id}:\n\n{text}\n"))
}
