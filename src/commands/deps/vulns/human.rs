//! The result for people: what is worth a look first, comes first.

use std::fmt::Write as _;

use cofferdam_findings::{NotChecked, sanitise};
use cofferdam_pipelines::vulns::{Place, Reach, VulnReport, Vulnerability};

use super::Gate;

/// The most weaknesses that are shown at length, and of everything not checked.
const MOST_SHOWN: usize = 50;
/// The most places that are shown of one weakness.
const MOST_PLACES: usize = 3;

pub(super) fn render(report: &VulnReport, gate: Gate) -> String {
    let mut out = String::new();
    for one in report.found.iter().take(MOST_SHOWN) {
        weakness(&mut out, one);
    }
    if report.found.len() > MOST_SHOWN {
        let more = report.found.len() - MOST_SHOWN;
        let _ = writeln!(out, "and {more} more, which `--format json` lists\n");
    }
    ignored(&mut out, report);
    not_checked(&mut out, &report.not_checked);
    databases(&mut out, report);
    out.push_str(&conclusion(report, gate));
    out
}

fn weakness(out: &mut String, one: &Vulnerability) {
    let score = one
        .score
        .map_or(String::new(), |score| format!(" {score:.1}"));
    let kind = match (&one.informational, one.is_malicious) {
        (_, true) => "malicious".to_owned(),
        (Some(word), _) => sanitise::clipped(word, 20),
        (None, _) => format!("{}{score}", one.rating.word()),
    };
    let package = &one.package;
    let _ = writeln!(
        out,
        "{kind}  {} {}  {}",
        sanitise::clipped(&package.name, 200),
        sanitise::clipped(&package.version, 80),
        one.id
    );
    if let Some(summary) = &one.summary {
        let _ = writeln!(out, "    {}", sanitise::clipped(summary, 160));
    }
    let mend = match &one.fixed {
        Some(fixed) => format!("fixed in {}", sanitise::clipped(fixed, 80)),
        None if one.is_malicious => "remove it, and treat what ran it as taken over".to_owned(),
        None => "no fixed version is named".to_owned(),
    };
    let aliases = if one.aliases.is_empty() {
        String::new()
    } else {
        format!("; also {}", sanitise::clipped(&one.aliases.join(", "), 120))
    };
    let _ = writeln!(out, "    {mend}{aliases}");
    if package.is_assumed {
        let _ = writeln!(
            out,
            "    judged at the lowest version that the file allows; `--go-version` says which one \
             builds"
        );
    }
    if let Some(reach) = one.reach() {
        let _ = writeln!(out, "    {}", sanitise::clipped(&reached(reach), 400));
    }
    for place in one.places.iter().take(MOST_PLACES) {
        named(out, place);
    }
    if one.places.len() > MOST_PLACES {
        let _ = writeln!(
            out,
            "    and {} more places",
            one.places.len() - MOST_PLACES
        );
    }
    out.push('\n');
}

/// What of it the code uses, in words.
pub(super) fn reached(reach: &Reach) -> String {
    match reach {
        Reach::Reachable { trace } => format!("called: {}", trace.join(" > ")),
        Reach::Imported { trace, tests_only } => {
            let who = if *tests_only {
                "imported by tests alone"
            } else {
                "imported"
            };
            format!("{who}: {}", trace.join(" > "))
        }
        Reach::NotImported { packages } => {
            format!("not imported by any of {packages} packages, on any platform")
        }
        Reach::Unreachable { functions } => format!("not called by any of {functions} functions"),
        Reach::Unknown { why } => format!("whether it is imported is not known: {why}"),
        _ => "whether it is used is not known".to_owned(),
    }
}

fn named(out: &mut String, place: &Place) {
    let location = &place.location;
    let way = match place.way.as_slice() {
        [] | [_] => String::new(),
        way => format!(", by {}", sanitise::clipped(&way.join(" > "), 200)),
    };
    let _ = writeln!(
        out,
        "    {}{}  {}{way}",
        sanitise::line(&location.path),
        location.suffix(),
        place.relation.word(),
    );
}

fn ignored(out: &mut String, report: &VulnReport) {
    if report.ignored.is_empty() {
        return;
    }
    let _ = writeln!(out, "Ignored by the checkout ({})", report.ignored.len());
    for one in report.ignored.iter().take(MOST_SHOWN) {
        let reason = one.by.reason.as_deref().unwrap_or("no reason is given");
        let until = one
            .by
            .until
            .map_or(String::new(), |until| format!(", until {}", until.date()));
        let _ = writeln!(
            out,
            "    {} of {} {}: {}{until} ({}:{})",
            one.id,
            sanitise::clipped(&one.package.name, 200),
            sanitise::clipped(&one.package.version, 80),
            sanitise::clipped(reason, 160),
            sanitise::line(&one.by.path),
            one.by.line
        );
    }
    out.push('\n');
}

fn not_checked(out: &mut String, all: &[NotChecked]) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "Not checked ({})", all.len());
    let mut settled: Vec<&str> = Vec::new();
    for one in all.iter().take(MOST_SHOWN) {
        let _ = writeln!(out, "    {}", sanitise::clipped(&one.message, 400));
        if !settled.contains(&one.settle.as_str()) {
            let _ = writeln!(out, "      hint: {}", sanitise::clipped(&one.settle, 300));
            settled.push(&one.settle);
        }
    }
    if all.len() > MOST_SHOWN {
        let _ = writeln!(out, "    and {} more", all.len() - MOST_SHOWN);
    }
    out.push('\n');
}

fn databases(out: &mut String, report: &VulnReport) {
    let ages = report
        .databases
        .iter()
        .filter_map(|(_, state)| state.as_ref().ok());
    let ages: Vec<String> = ages
        .map(|age| {
            let date = age
                .as_of
                .map_or("unknown age".to_owned(), |as_of| as_of.date());
            format!("{} of {date}", sanitise::line(&age.ecosystem))
        })
        .collect();
    if !ages.is_empty() {
        let _ = writeln!(out, "Advisories: {}", ages.join(", "));
    }
}

fn conclusion(report: &VulnReport, gate: Gate) -> String {
    let failing = report.found.iter();
    let failing = failing
        .filter(|one| one.counts(gate.fail_on, gate.only_used))
        .count();
    let required = report.not_checked.iter().filter(|one| one.required).count();
    let mut text = format!(
        "{} in {}: {} found, {failing} at or above the threshold",
        counted(report.packages, "package"),
        counted(report.files.len(), "file"),
        report.found.len(),
    );
    if !report.ignored.is_empty() {
        let _ = write!(text, ", {} ignored", report.ignored.len());
    }
    if required > 0 {
        let _ = write!(text, ", {required} not checked");
    }
    text.push_str(".\n");
    text
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}
