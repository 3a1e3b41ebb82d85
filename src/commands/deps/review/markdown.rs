//! The result as a comment.

use cofferdam_dependencies::Kind;
use cofferdam_findings::sanitise::{clipped, markdown, markdown_code};
use cofferdam_findings::{Exit, Finding};
use cofferdam_lockfiles::Package;
use cofferdam_pipelines::dependencies::{Review, Touched};

use super::human::conclusion;

/// By this the comment is found again when it is renewed.
const MARKER: &str = "<!-- cofferdam deps review -->";
/// GitHub takes 65,536 characters in a comment; the rest is room for the end.
const LIMIT: usize = 60_000;
/// Characters of one text from outside.
const TEXT: usize = 300;
/// Rows of one table.
const ROWS: usize = 100;

pub(super) fn render(review: &Review) -> String {
    let mut text = format!("{MARKER}\n## Dependencies\n\n");
    let sign = match review.exit {
        Exit::Findings => "❌",
        Exit::NotChecked | Exit::Usage => "❔",
        Exit::Clean => "✅",
    };
    let commit: String = review.merge_base.chars().take(12).collect();
    text.push_str(&format!(
        "{sign} **{}** Since {} at {}.\n\n",
        markdown(&conclusion(review)),
        code(&review.base.name),
        code(&commit)
    ));
    let (fails, warns): (Vec<&Finding>, Vec<&Finding>) = (review.report.findings.iter())
        .partition(|finding| review.failing.contains(&finding.fingerprint));
    findings(&mut text, "Fails", &fails);
    findings(&mut text, "Warns", &warns);
    changes(&mut text, review);
    gaps(&mut text, review);
    text
}

fn code(text: &str) -> String {
    markdown_code(&clipped(text, TEXT))
}

fn findings(text: &mut String, title: &str, some: &[&Finding]) {
    if some.is_empty() {
        return;
    }
    let mut part = format!("### {title}\n\n| Check | Where | What |\n| --- | --- | --- |\n");
    for finding in some.iter().take(ROWS) {
        let place = &finding.location;
        part.push_str(&format!(
            "| {} | {} | {} |\n",
            markdown(finding.rule),
            code(&format!("{}{}", place.path, place.suffix())),
            markdown(&clipped(&finding.message, TEXT))
        ));
    }
    if some.len() > ROWS {
        part.push_str(&format!("\n… and {} more.\n", some.len() - ROWS));
    }
    push(text, &part);
}

fn changes(text: &mut String, review: &Review) {
    let shown: Vec<&Touched> = review
        .changes
        .iter()
        .filter(|change| !change.beside)
        .collect();
    if shown.is_empty() {
        return;
    }
    let mut part =
        "<details><summary>Changes</summary>\n\n| | Package | Before | After | Licence | \
                    File |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for change in shown.iter().take(ROWS) {
        let package = change.after.as_ref().or(change.before.as_ref());
        let version = |one: Option<&Package>| {
            let version = one.and_then(|one| one.version.as_deref());
            version.map_or(String::new(), code)
        };
        let licence = match change.kind {
            Kind::Removed => String::new(),
            _ => markdown(&clipped(change.licence.text(), 80)),
        };
        part.push_str(&format!(
            "| {} | {} | {} | {} | {licence} | {} |\n",
            change.kind.word(),
            code(package.map_or("", |package| &package.name)),
            version(change.before.as_ref()),
            version(change.after.as_ref()),
            code(&change.path)
        ));
    }
    if shown.len() > ROWS {
        part.push_str(&format!("\n… and {} more.\n", shown.len() - ROWS));
    }
    part.push_str("\n</details>\n");
    push(text, &part);
}

fn gaps(text: &mut String, review: &Review) {
    let gaps = review.report.not_checked.iter().filter(|one| one.required);
    let mut part = String::new();
    for one in gaps.take(ROWS) {
        part.push_str(&format!("- {}\n", markdown(&clipped(&one.message, TEXT))));
    }
    if !part.is_empty() {
        push(text, &format!("### Not checked\n\n{part}"));
    }
}

/// A part that finds no room is named, never cut in the middle.
fn push(text: &mut String, part: &str) {
    if text.len() + part.len() > LIMIT {
        text.push_str("\nMore found no room here; the job's log has all of it.\n\n");
        return;
    }
    text.push_str(part);
    text.push('\n');
}
