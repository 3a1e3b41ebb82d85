//! What does not count: silenced findings, and what a change leaves or removes.

use super::text::{labelled, wrap};
use crate::finding::Finding;
use crate::report::Report;
use crate::sanitise::clipped;
use crate::suppression::Suppressed;

/// The findings that a change removes, at most so many, one each.
pub(super) fn change(report: &Report, columns: usize, most: usize) -> Vec<String> {
    let Some(comparison) = &report.comparison else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for finding in comparison.gone.iter().take(most) {
        lines.extend(labelled("-", &gone(finding), 0, columns, 2));
    }
    let more = comparison.gone.len().saturating_sub(most);
    if more > 0 {
        lines.push(format!("- and {more} more gone; `--all` shows them"));
    }
    lines
}

fn gone(finding: &Finding) -> String {
    format!("gone: {}", short(finding))
}

fn short(finding: &Finding) -> String {
    format!(
        "{} {} {}{}: {}",
        finding.severity,
        finding.rule,
        clipped(&finding.location.path, 120),
        finding.location.suffix(),
        clipped(&finding.message, 300)
    )
}

/// Every silenced finding with who silences it.
pub(super) fn list(report: &Report, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &report.suppressed {
        lines.extend(wrap(
            &format!("silenced: {}", short(&one.finding)),
            columns,
            3,
        ));
        lines.extend(labelled("  by", &by(one), 2, columns, 4));
    }
    lines
}

fn by(one: &Suppressed) -> String {
    let by = &one.by;
    let mut text = by.kind.word().to_owned();
    if let Some(location) = &by.location {
        text.push_str(&format!(
            " at {}{}",
            clipped(&location.path, 120),
            location.suffix()
        ));
    }
    if let Some(owner) = &by.owner {
        text.push_str(&format!(" of {}", clipped(owner, 80)));
    }
    if let Some(expires) = &by.expires {
        text.push_str(&format!(" until {}", clipped(expires, 20)));
    }
    if !by.reason.is_empty() {
        text.push_str(&format!(": {}", clipped(&by.reason, 300)));
    }
    text
}
