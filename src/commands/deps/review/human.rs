//! The result for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cofferdam_dependencies::Kind;
use cofferdam_findings::{Exit, Finding, sanitise};
use cofferdam_lockfiles::Package;
use cofferdam_pipelines::dependencies::{Review, Touched};

use super::super::listing::{counted, not_checked, title};

/// The most lines of changes that are shown of one file.
const MOST_CHANGES: usize = 100;
/// The most findings that are shown.
const MOST_FINDINGS: usize = 100;
/// The most warnings of one kind that are shown in full: hundreds that say the same
/// hide the one that does not.
const MOST_ALIKE: usize = 3;

pub(super) fn render(review: &Review) -> String {
    let mut out = String::new();
    let short = |id: &str| id.get(..12).unwrap_or(id).to_owned();
    let _ = writeln!(
        out,
        "{} since it left {} at {}",
        sanitise::line(&review.head.name),
        sanitise::line(&review.base.name),
        short(&review.merge_base)
    );
    if review.merge_bases > 1 {
        let _ = writeln!(
            out,
            "({} commits could have been taken for that; this is the newest)",
            review.merge_bases
        );
    }
    match review.settings.as_slice() {
        [] => out.push_str("No settings in the base; the defaults hold\n\n"),
        files => {
            let _ = writeln!(out, "By the base's {}\n", sanitise::line(&files.join(", ")));
        }
    }
    changes(&mut out, review);
    findings(&mut out, review);
    silenced(&mut out, review);
    for note in &review.notes {
        let _ = writeln!(out, "note: {}", sanitise::clipped(note, 300));
    }
    if !review.notes.is_empty() {
        out.push('\n');
    }
    not_checked(&mut out, &review.report.not_checked);
    let _ = writeln!(out, "{}", conclusion(review));
    out
}

fn changes(out: &mut String, review: &Review) {
    let mut path = "";
    let mut shown = 0;
    for change in review.changes.iter().filter(|change| is_shown(change)) {
        if change.path != path {
            path = &change.path;
            shown = 0;
            let _ = writeln!(out, "{}", sanitise::line(path));
        }
        shown += 1;
        if shown == MOST_CHANGES + 1 {
            let of_file = |other: &&Touched| other.path == path && is_shown(other);
            let more = review.changes.iter().filter(of_file).count() - MOST_CHANGES;
            let _ = writeln!(out, "  and {more} more, which `--format json` lists");
        }
        if shown <= MOST_CHANGES {
            let _ = writeln!(out, "  {}", line(change));
        }
    }
    if shown > 0 {
        out.push('\n');
    }
}

/// What stands beside another file counts for its hashes alone.
fn is_shown(change: &Touched) -> bool {
    !change.beside || !change.checks.is_empty()
}

/// One change on one line.
pub(super) fn line(change: &Touched) -> String {
    let sign = match change.kind {
        Kind::Added => "+",
        Kind::Removed => "-",
        Kind::Updated | Kind::Altered => "~",
        Kind::Moved => "=",
    };
    let package = change.after.as_ref().or(change.before.as_ref());
    let mut text = match (&change.before, &change.after) {
        (Some(before), Some(after)) if change.kind == Kind::Updated => format!(
            "{sign} {} {} → {}",
            sanitise::clipped(&after.name, 120),
            version(before),
            version(after)
        ),
        _ => format!("{sign} {}", package.map(title).unwrap_or_default()),
    };
    match change.kind {
        Kind::Moved => text.push_str("  (from another file)"),
        Kind::Altered => text.push_str("  (the same version, and not the same entry)"),
        _ => {}
    }
    if !change.way.is_empty() {
        let way: Vec<String> = change
            .way
            .iter()
            .map(|name| sanitise::clipped(name, 80))
            .collect();
        let _ = write!(text, "  (by {})", way.join(" → "));
    }
    text
}

fn version(package: &Package) -> String {
    let version = package
        .version
        .as_deref()
        .or(package.requirement.as_deref());
    sanitise::clipped(version.unwrap_or("?"), 60)
}

fn findings(out: &mut String, review: &Review) {
    let (fails, warns): (Vec<&Finding>, Vec<&Finding>) = (review.report.findings.iter())
        .partition(|finding| review.failing.contains(&finding.fingerprint));
    for (title, some, alike) in [
        ("Fails", fails, MOST_FINDINGS),
        ("Warns", warns, MOST_ALIKE),
    ] {
        if some.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{title} ({})", some.len());
        let mut of_rule: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &some {
            let before = of_rule.entry(finding.rule).or_default();
            *before += 1;
            if *before > alike {
                continue;
            }
            let place = &finding.location;
            let _ = writeln!(
                out,
                "  {}{}  {}  {}",
                sanitise::line(&place.path),
                place.suffix(),
                finding.rule,
                finding.severity
            );
            let _ = writeln!(out, "      {}", sanitise::clipped(&finding.message, 300));
            for text in [&finding.why, &finding.fix] {
                if !text.is_empty() {
                    let _ = writeln!(out, "      {}", sanitise::clipped(text, 300));
                }
            }
        }
        for (rule, all) in of_rule {
            let more = all.saturating_sub(alike);
            if more > 0 {
                let _ = writeln!(
                    out,
                    "  and {more} more of {rule}, which `--format json` lists"
                );
            }
        }
        out.push('\n');
    }
}

fn silenced(out: &mut String, review: &Review) {
    for one in review.report.suppressed.iter().take(MOST_FINDINGS) {
        let by = &one.by;
        let until = by
            .expires
            .as_deref()
            .map_or(String::new(), |day| format!(", until {day}"));
        let _ = writeln!(
            out,
            "exempted: {}: {} ({}{until})",
            sanitise::clipped(&one.finding.message, 200),
            sanitise::clipped(&by.reason, 200),
            sanitise::clipped(by.owner.as_deref().unwrap_or("nobody is named"), 80),
        );
    }
    let ignored: usize = review
        .changes
        .iter()
        .map(|change| change.ignored.len())
        .sum();
    if ignored > 0 {
        let what = if ignored == 1 {
            "advisory is"
        } else {
            "advisories are"
        };
        let _ = writeln!(out, "{ignored} {what} left out by the base's settings");
    }
    if ignored > 0 || !review.report.suppressed.is_empty() {
        out.push('\n');
    }
}

/// The result in one sentence.
pub(super) fn conclusion(review: &Review) -> String {
    let count = |kind: Kind| {
        let of = |change: &&Touched| change.kind == kind && !change.beside;
        review.changes.iter().filter(of).count()
    };
    let touched = format!(
        "{} added, {} updated, {} removed",
        count(Kind::Added),
        count(Kind::Updated),
        count(Kind::Removed)
    );
    match review.exit {
        Exit::Findings => format!(
            "Fails: {} ({touched})",
            counted(review.failing.len(), "finding")
        ),
        Exit::NotChecked => format!("Not checked, see above ({touched})"),
        Exit::Clean | Exit::Usage => format!("Passes ({touched})"),
    }
}
