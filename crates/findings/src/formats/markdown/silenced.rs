//! What a change removes, and what is silenced.

use std::fmt::Write as _;

use super::{TEXT, place, short};
use crate::finding::Finding;
use crate::formats::counted;
use crate::report::Report;
use crate::sanitise::html;

/// Lines shown of each list.
const MOST: usize = 50;

/// The findings that a change removes.
pub(super) fn gone(report: &Report) -> Vec<String> {
    let Some(comparison) = &report.comparison else {
        return Vec::new();
    };
    if comparison.gone.is_empty() {
        return Vec::new();
    }
    let mut block = format!(
        "<details>\n<summary>Gone: {}</summary>\n\n",
        counted(comparison.gone.len(), "finding")
    );
    for finding in comparison.gone.iter().take(MOST) {
        let _ = writeln!(block, "- {}", one(finding));
    }
    end(&mut block, comparison.gone.len());
    vec![block]
}

/// Every silenced finding with who silences it.
pub(super) fn suppressed(report: &Report) -> Vec<String> {
    if report.suppressed.is_empty() {
        return Vec::new();
    }
    let mut block = format!(
        "<details>\n<summary>Silenced: {}</summary>\n\n",
        counted(report.suppressed.len(), "finding")
    );
    for entry in report.suppressed.iter().take(MOST) {
        let by = &entry.by;
        let _ = write!(block, "- {} — {}", one(&entry.finding), by.kind.word());
        if let Some(owner) = &by.owner {
            let _ = write!(block, " of {}", short(owner, 80));
        }
        if let Some(expires) = &by.expires {
            let _ = write!(block, " until {}", short(expires, 20));
        }
        if !by.reason.is_empty() {
            let _ = write!(block, ": {}", short(&by.reason, TEXT / 2));
        }
        block.push('\n');
    }
    end(&mut block, report.suppressed.len());
    vec![block]
}

fn one(finding: &Finding) -> String {
    format!(
        "{} {} {} {}",
        finding.severity,
        html(finding.rule),
        place(&finding.location),
        short(&finding.message, TEXT / 4)
    )
}

fn end(block: &mut String, count: usize) {
    if count > MOST {
        let _ = writeln!(block, "- and {} more", count - MOST);
    }
    block.push_str("\n</details>\n\n");
}
