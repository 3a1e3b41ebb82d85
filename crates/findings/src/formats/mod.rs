//! Every format a report is shown in. One file a format, one line in
//! [`FORMATS`].

use std::io::{self, Write};

use crate::comparison::tally;
use crate::finding::Severity;
use crate::report::Report;
use crate::standards::Standard;

pub mod github;
pub mod human;
pub mod inert_json;
pub mod json;
pub mod markdown;
pub mod sarif;

/// The version of the tool that formats state.
pub const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the tool is at home.
pub const TOOL_HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// What the caller decides for every format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether terminal colours are written. Never decided here.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Lines that one screen may take; a guide for the short form.
    pub lines: usize,
    /// Everything at length instead of one screen.
    pub all: bool,
    /// The lowest severity that fails the run; `None` never fails for a finding.
    pub fail_on: Option<Severity>,
    /// Whether more than one repository was asked for.
    pub several: bool,
    /// How many paths the user named one by one; `None` where repositories
    /// were looked for below a folder.
    pub paths: Option<usize>,
    /// Whether a list is cut to what a screen holds.
    pub cut: bool,
    /// The standard that the report is held against, instead of showing it by
    /// itself. Only formats that say so know it.
    pub against: Option<Standard>,
}

/// So many paths, named one by one, are each shown with their findings.
const HANDFUL: usize = 5;

impl Options {
    /// Whether each of several is shown with its findings, not as a row.
    fn each(&self) -> bool {
        self.several && self.paths.is_some_and(|count| count <= HANDFUL)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            colour: false,
            width: 100,
            lines: 40,
            all: false,
            fail_on: Some(Severity::High),
            several: false,
            paths: None,
            cut: false,
            against: None,
        }
    }
}

/// Writes reports as they come, so that the memory of a run over many
/// repositories does not grow with their number.
pub trait Render: Send {
    /// What stands before the first report.
    ///
    /// # Errors
    /// When `out` cannot be written, as for the other two.
    fn start(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// One report that is finished (see [`Report::finish`]).
    ///
    /// # Errors
    /// When `out` cannot be written.
    fn report(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()>;

    /// What stands behind the last report.
    ///
    /// # Errors
    /// When `out` cannot be written.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// One format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The word for `--format`.
    pub name: &'static str,
    /// One line for the help.
    pub about: &'static str,
    /// Whether it can show a report against a standard.
    pub shows_standards: bool,
    open: fn(&Options) -> Box<dyn Render>,
}

/// Every format, the default first.
pub const FORMATS: &[Format] = &[
    Format {
        name: "human",
        about: "for reading in a terminal",
        shows_standards: true,
        open: human::open,
    },
    Format {
        name: "json",
        about: "everything, with a published schema",
        shows_standards: true,
        open: json::open,
    },
    Format {
        name: "sarif",
        about: "SARIF 2.1.0 for code scanning",
        shows_standards: false,
        open: sarif::open,
    },
    Format {
        name: "github",
        about: "annotations of a GitHub job",
        shows_standards: false,
        open: github::open,
    },
    Format {
        name: "markdown",
        about: "for a job summary or a comment",
        shows_standards: true,
        open: markdown::open,
    },
];

impl Format {
    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        FORMATS.iter().copied().find(|f| f.name == name)
    }

    /// Begins an output; the caller hands it the reports.
    #[must_use]
    pub fn open(&self, options: &Options) -> Box<dyn Render> {
        (self.open)(options)
    }

    /// Writes a whole output.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(
        &self,
        reports: &[Report],
        options: &Options,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let several = options.several || reports.len() > 1;
        let mut render = self.open(&Options {
            several,
            ..options.clone()
        });
        render.start(out)?;
        for report in reports {
            render.report(report, out)?;
        }
        render.end(out)
    }

    /// A whole output as text.
    #[must_use]
    pub fn render(&self, reports: &[Report], options: &Options) -> String {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail, and every format writes UTF-8.
        let _ = self.write(reports, options, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A count with its noun, as in `1 place` and `2 places`.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// The findings by severity, worst first, as in `1 critical, 15 high`; hidden
/// ones count too.
fn severities(report: &Report) -> String {
    let mut parts = Vec::new();
    for &severity in Severity::ALL.iter().rev() {
        let count = report.total(severity);
        if count > 0 {
            parts.push(format!("{count} {severity}"));
        }
    }
    parts.join(", ")
}

/// The sentence that says how the run ends and why.
fn verdict(report: &Report, fail_on: Option<Severity>) -> String {
    use crate::report::Exit;
    let required = report.not_checked.iter().filter(|n| n.required).count();
    let threshold = report
        .fail_on(fail_on)
        .map_or("any threshold", Severity::word);
    match report.exit_code(fail_on) {
        Exit::Findings => {
            let noun = match report.comparison {
                Some(_) => "new finding",
                None => "finding",
            };
            format!(
                "Fails: {} at or above {threshold}.",
                counted(report.failing(fail_on), noun)
            )
        }
        Exit::NotChecked => {
            format!(
                "Not settled: {} could not be checked.",
                counted(required, "needed thing")
            )
        }
        Exit::Clean | Exit::Usage => {
            let new = if report.comparison.is_some() {
                " new"
            } else {
                ""
            };
            let checked = if report.not_checked.is_empty() {
                ""
            } else {
                " in what was checked"
            };
            format!("Passes: nothing{new} at or above {threshold}{checked}.")
        }
    }
}

/// Sentences about how the findings became what they are: by whose word they
/// are judged, what a base has of them, and what is silenced.
fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(comparison) = &report.comparison {
        let new = report.findings.len() + report.view.hidden();
        let worse = match comparison.worse.len() {
            0 => String::new(),
            count => format!(" ({count} of them known and made worse)"),
        };
        let part = |count: usize, findings: &[crate::Finding], word: &str| {
            let tally = tally(findings);
            if count == 0 {
                format!("0 {word}")
            } else {
                format!("{count} {word} ({tally})")
            }
        };
        notes.push(format!(
            "Against {}: {new} new{worse}, {}, {}.",
            base(&comparison.base, &comparison.commit),
            part(comparison.gone.len(), &comparison.gone, "gone"),
            part(
                comparison.unchanged.len(),
                &comparison.unchanged,
                "unchanged"
            ),
        ));
    }
    if let Some(judged) = &report.judged_by {
        let edits = match judged.edits {
            0 => String::new(),
            1 => "; 1 edit of them in this change counts only after merge".to_owned(),
            n => format!("; {n} edits of them in this change count only after merge"),
        };
        notes.push(format!(
            "Judged by the configuration and the silencers of {}{edits}.",
            base(&judged.name, &judged.commit),
        ));
    }
    notes.extend(report.suppressed_sentence());
    notes
}

/// A base by its name, with its commit where the name is another one.
fn base(name: &str, commit: &str) -> String {
    let name = crate::sanitise::clipped(name, 80);
    match commit.get(..12) {
        Some(short) if !name.starts_with(short) => format!("{name} ({short})"),
        _ => name,
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
