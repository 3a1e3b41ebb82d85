//! The edits as a unified diff, and what is to be said about them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cofferdam_findings::{Finding, sanitise};
use cofferdam_fixes::{Safety, fixer};
use cofferdam_pipelines::{Mended, Rewrite};
use similar::TextDiff;

/// Lines around each edit.
const CONTEXT: usize = 3;
/// The most lines of a list, unless everything is asked for.
const MOST: usize = 12;

pub(super) fn text(mended: &Mended, written: bool, all: bool) -> String {
    let mut out = String::new();
    for rewrite in &mended.rewrites {
        difference(rewrite, &mut out);
    }
    made(mended, written, &mut out);
    offered(mended, all, &mut out);
    refused(mended, all, &mut out);
    for one in mended.report.not_checked.iter().filter(|one| one.required) {
        let _ = writeln!(out, "\nNot checked: {}", sanitise::line(&one.message));
    }
    if mended.rewrites.is_empty() && mended.left.is_empty() && out.is_empty() {
        let _ = writeln!(out, "Nothing to mend.");
    } else if !mended.rewrites.is_empty() && !written {
        let _ = writeln!(out, "\nNothing was written; `--write` writes it.");
    }
    out
}

fn difference(rewrite: &Rewrite, out: &mut String) {
    let diff = TextDiff::from_lines(&rewrite.before, &rewrite.after);
    let (old, new) = (format!("a/{}", rewrite.name), format!("b/{}", rewrite.name));
    let unified = diff
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&old, &new)
        .to_string();
    for line in unified.lines() {
        let _ = writeln!(out, "{}", sanitise::line(line.trim_end_matches('\r')));
    }
}

fn place(finding: &Finding) -> String {
    let place = &finding.location;
    format!("{}:{}", sanitise::line(&place.path), place.line)
}

fn made(mended: &Mended, written: bool, out: &mut String) {
    if mended.applied.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{}:",
        count(
            mended.applied.len(),
            "finding",
            if written { "mended" } else { "would be mended" }
        )
    );
    let mut applied: Vec<_> = mended.applied.iter().collect();
    applied.sort_by(|a, b| a.finding.location.cmp(&b.finding.location));
    for one in applied {
        let _ = writeln!(
            out,
            "  {}  {}: {}",
            place(&one.finding),
            one.finding.rule,
            sanitise::line(&one.fix.explanation)
        );
        if let Safety::Unsafe { check } = &one.fix.safety {
            let _ = writeln!(out, "    Check that {}.", sanitise::line(check));
        }
    }
}

fn offered(mended: &Mended, all: bool, out: &mut String) {
    let offered: Vec<_> = (mended.left.iter())
        .filter_map(|left| Some((&left.finding, left.reason.as_ref().ok()?)))
        .collect();
    if offered.is_empty() {
        return;
    }
    let what = count(
        offered.len(),
        "more finding",
        "can be mended with `--unsafe`",
    );
    let _ = writeln!(out, "\n{what}, if what is said holds:");
    if !all {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for (finding, _) in &offered {
            *rules.entry(finding.rule).or_default() += 1;
        }
        for (rule, number) in rules {
            let summary = fixer(rule).map_or("", |fixer| fixer.summary);
            let _ = writeln!(out, "  {number} × {rule}: {summary}");
        }
        return;
    }
    for (finding, fix) in offered {
        if let Safety::Unsafe { check } = &fix.safety {
            let _ = writeln!(
                out,
                "  {}  {}: check that {}",
                place(finding),
                finding.rule,
                sanitise::line(check)
            );
        }
    }
}

fn refused(mended: &Mended, all: bool, out: &mut String) {
    let refused: Vec<_> = (mended.left.iter())
        .filter_map(|left| Some((&left.finding, left.reason.as_ref().err()?)))
        .collect();
    if refused.is_empty() {
        return;
    }
    let what = count(refused.len(), "finding", "cannot be mended by an edit");
    let _ = writeln!(out, "\n{what}:");
    let shown = if all { refused.len() } else { MOST };
    for (finding, reason) in refused.iter().take(shown) {
        let _ = writeln!(
            out,
            "  {}  {}: {}",
            place(finding),
            finding.rule,
            sanitise::line(&reason.to_string())
        );
    }
    if refused.len() > shown {
        let more = refused.len() - shown;
        let _ = writeln!(out, "  and {more} more; `--all` lists them");
    }
}

fn count(number: usize, noun: &str, verb: &str) -> String {
    match number {
        1 => format!("1 {noun} {verb}"),
        n => format!("{n} {noun}s {verb}"),
    }
}
