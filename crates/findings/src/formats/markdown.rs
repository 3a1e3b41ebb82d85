//! Markdown for the summary of a job or a comment on a pull request.
//!
//! Everything from outside is either escaped text or a code span, so a pull
//! request cannot make the comment about it say, link or mention anything.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Options, Render, counted, notes, severities, verdict};
use crate::controls::{FAMILIES, label};
use crate::evidence::{ControlState, Status};
use crate::finding::Severity;
use crate::report::{Group, Report};
use crate::sanitise::{
    clipped, html, inert_for_log, line, markdown, markdown_code, markdown_prose,
};

mod against;
mod silenced;

/// GitHub takes 65,536 characters in a comment; the rest is room for the end.
const LIMIT: usize = 60_000;

/// Causes shown at length.
const CAUSES: usize = 20;

/// Places shown of one cause.
const PLACES: usize = 5;

/// Characters of one text from outside.
const TEXT: usize = 600;

/// By this the comment is found again when it is renewed.
const MARKER: &str = "<!-- cofferdam report -->";

/// Begins a Markdown output.
pub(super) fn open(options: &Options) -> Box<dyn Render> {
    Box::new(Markdown {
        options: options.clone(),
        written: 0,
        left_out: 0,
    })
}

struct Markdown {
    options: Options,
    /// Bytes so far.
    written: usize,
    /// Reports that found no room.
    left_out: usize,
}

impl Render for Markdown {
    fn start(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let head = if self.options.several && self.options.against.is_none() {
            format!(
                "{MARKER}\n## Cofferdam\n\n| Repository | Result | Findings | Not checked |\n| --- | --- | --- | --- |\n"
            )
        } else {
            format!("{MARKER}\n")
        };
        self.write(&head, out)
    }

    fn report(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        if let Some(standard) = self.options.against {
            return self.against(report, standard, out);
        }
        if self.options.several {
            let row = self.row(report);
            if self.written + row.len() > LIMIT {
                self.left_out += 1;
                return Ok(());
            }
            return self.write(&row, out);
        }
        let mut page = Page {
            text: String::new(),
            left_out: 0,
        };
        page.push(&self.head(report));
        page.push(&causes(report));
        page.push(&silenced::gone(report));
        page.push(&silenced::suppressed(report));
        page.push(&controls(report));
        page.push(&not_checked(report));
        if page.left_out > 0 {
            page.text
                .push_str("\nThis page is cut; `cofferdam audit --all` shows everything.\n");
        }
        self.write(&page.text, out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.left_out > 0 {
            let text = format!("\n{} more found no room here.\n", self.left_out);
            self.write(&text, out)?;
        }
        Ok(())
    }
}

/// A page that never grows beyond the limit: blocks that find no room are
/// left out and counted.
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    fn push(&mut self, blocks: &[String]) {
        for block in blocks {
            if self.text.len() + block.len() > LIMIT {
                self.left_out += 1;
            } else {
                self.text.push_str(block);
            }
        }
    }
}

impl Markdown {
    fn write(&mut self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        self.written += text.len();
        out.write_all(inert_for_log(text).as_bytes())
    }

    fn row(&self, report: &Report) -> String {
        let mut counts = severities(report);
        if counts.is_empty() {
            counts.push_str("none");
        }
        if !report.suppressed.is_empty() {
            let _ = write!(counts, " ({} silenced)", report.suppressed.len());
        }
        format!(
            "| {} | {} | {counts} | {} |\n",
            short(&report.name, 100),
            report.result(self.options.fail_on),
            report.not_checked.len(),
        )
    }

    fn head(&self, report: &Report) -> [String; 1] {
        let counts = severities(report);
        let counts = match (counts.is_empty(), report.comparison.is_some()) {
            (true, true) => "No new findings".to_owned(),
            (true, false) => "No findings".to_owned(),
            (false, true) => format!("{counts} new"),
            (false, false) => counts,
        };
        let mut text = format!(
            "## Cofferdam: {}\n\n**{}** {counts} in {}.",
            short(&report.name, 100),
            verdict(report, self.options.fail_on),
            counted(report.files, "file"),
        );
        if !report.not_checked.is_empty() {
            let things = counted(report.not_checked.len(), "thing");
            let _ = write!(text, " **{things} could not be checked.**");
        }
        let hidden = report.view.hidden();
        if hidden > 0 {
            let _ = write!(
                text,
                " {} below the chosen severity.",
                counted(hidden, "finding")
            );
        }
        text.push_str("\n\n");
        for note in notes(report) {
            let _ = write!(text, "{}\n\n", markdown_prose(&note));
        }
        [text]
    }
}

fn short(text: &str, limit: usize) -> String {
    markdown_prose(&clipped(text, limit))
}

fn place(location: &cofferdam_facts::Location) -> String {
    markdown_code(&format!(
        "{}{}",
        clipped(&location.path, 200),
        location.suffix()
    ))
}

fn causes(report: &Report) -> Vec<String> {
    let groups = report.groups();
    let mut blocks: Vec<_> = groups.iter().take(CAUSES).map(cause).collect();
    let rest = groups.get(CAUSES..).unwrap_or_default();
    if !rest.is_empty() {
        let places: usize = rest.iter().map(Group::count).sum();
        let mut block = format!(
            "<details>\n<summary>{} with {}</summary>\n\n",
            counted(rest.len(), "more cause"),
            counted(places, "place")
        );
        for group in rest.iter().take(100) {
            let _ = writeln!(
                block,
                "- {}: {} ({})",
                group.severity,
                group.rule,
                group.count()
            );
        }
        block.push_str("\n</details>\n\n");
        blocks.push(block);
    }
    blocks
}

fn cause(group: &Group<'_>) -> String {
    let open = if group.severity >= Severity::High {
        " open"
    } else {
        ""
    };
    // The summary holds our own words alone: GitHub reads Markdown in it
    // differently from place to place.
    let mut block = format!(
        "<details{open}>\n<summary><b>{}</b> {}: {}</summary>\n\n{}\n",
        group.severity,
        html(group.rule),
        counted(group.count(), "place"),
        short(group.text, TEXT),
    );
    if let Some(first) = group.first() {
        for (label, text) in [("Why", &first.why), ("Fix", &first.fix)] {
            if !text.is_empty() {
                let _ = write!(block, "\n**{label}:** {}\n", short(text, TEXT));
            }
        }
        let phrase = first.exposure.as_ref().map(|all| all.phrase.as_str());
        let phrase = phrase.and_then(|phrase| phrase.strip_prefix("exposes "));
        if let Some(phrase) = phrase {
            let _ = write!(block, "\n**Exposes:** {}\n", short(phrase, TEXT));
        }
        block.push('\n');
    }
    for finding in group.findings.iter().take(PLACES) {
        let _ = write!(block, "- {}", place(&finding.location));
        if group.count() > 1 && finding.message != group.text {
            let _ = write!(block, " {}", short(&finding.message, TEXT / 4));
        }
        block.push('\n');
        if group.count() == 1 {
            for related in finding.related.iter().take(PLACES) {
                let note = short(&related.note, TEXT / 4);
                let _ = writeln!(block, "  - {} {note}", place(&related.location));
            }
        }
    }
    if group.count() > PLACES {
        let _ = writeln!(block, "- and {} more", group.count() - PLACES);
    }
    block.push_str("\n</details>\n\n");
    block
}

fn controls(report: &Report) -> Vec<String> {
    if report.controls.is_empty() {
        return Vec::new();
    }
    let counts: Vec<_> = Status::ALL
        .iter()
        .map(|&s| (s, report.controls.iter().filter(|c| c.status == s).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{count} {}", status.word()))
        .collect();
    let mut block = format!(
        "<details>\n<summary>Controls: {}</summary>\n\n| Control | | Status | Evidence |\n| --- | --- | --- | --- |\n",
        counts.join(", ")
    );
    for (letter, _) in FAMILIES {
        for state in report
            .controls
            .iter()
            .filter(|c| c.control.id().starts_with(*letter))
        {
            block.push_str(&control_row(state));
        }
    }
    block.push_str("\n</details>\n\n");
    vec![block]
}

fn control_row(state: &ControlState) -> String {
    format!(
        "| {} | {} | {} | {} |\n",
        state.control.id(),
        markdown(label(state.control)),
        state.status.word(),
        short(&state.summary, TEXT / 2),
    )
}

fn not_checked(report: &Report) -> Vec<String> {
    if report.not_checked.is_empty() {
        return Vec::new();
    }
    let mut block = String::from("### Not checked\n\n");
    for item in report.not_checked.iter().take(CAUSES) {
        let needed = if item.required { " (needed)" } else { "" };
        let _ = write!(block, "- **{}**{needed}", html(&line(item.code)));
        if let Some(location) = &item.location {
            let _ = write!(block, " {}", place(location));
        }
        let _ = write!(block, " {}", short(&item.message, TEXT / 2));
        if !item.settle.is_empty() {
            let _ = write!(block, " — {}", short(&item.settle, TEXT / 2));
        }
        block.push('\n');
    }
    if report.not_checked.len() > CAUSES {
        let _ = writeln!(block, "- and {} more", report.not_checked.len() - CAUSES);
    }
    block.push('\n');
    vec![block]
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
