//! Annotations of a GitHub job, written as workflow commands.
//!
//! Source: GitHub, "Workflow commands for GitHub Actions". GitHub keeps ten
//! annotations of each kind a step and drops the rest without a word, so the
//! most important causes get one place each before any gets a second.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

use cofferdam_facts::{Extent, Location};

use super::{Options, Render, counted, notes, severities, verdict};
use crate::finding::{Finding, Severity};
use crate::report::{NotChecked, Report};
use crate::sanitise::{command_message, command_property, inert_for_log, line};

/// Annotations that GitHub keeps of each kind and step.
const LIMIT: usize = 10;

/// Annotations that the things not checked of one report may take.
const NOT_CHECKED: usize = 3;

/// Begins the output for a job's log.
pub(super) fn open(options: &Options) -> Box<dyn Render> {
    Box::new(Github {
        fail_on: options.fail_on,
        several: options.several,
        kept: Vec::new(),
        findings: 0,
    })
}

struct Github {
    fail_on: Option<Severity>,
    several: bool,
    /// The most important so far, at most [`LIMIT`] of each kind.
    kept: Vec<Annotation>,
    /// Findings of all reports.
    findings: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low | Severity::Info => Self::Notice,
        }
    }
}

struct Annotation {
    kind: Kind,
    order: Order,
    is_finding: bool,
    command: String,
}

/// What decides who is kept; smaller is more important.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    /// 0 for what was not checked, 1 for the first place of a cause, 2 for
    /// its further places.
    round: u8,
    severity: Reverse<Severity>,
    cause: usize,
    place: usize,
}

impl Render for Github {
    fn report(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let prefix = if self.several {
            format!("{}/", report.name)
        } else {
            String::new()
        };
        self.add_not_checked(report, &prefix);
        self.add_findings(report, &prefix);
        self.trim();
        self.findings += report.findings.len();
        let counts = severities(report);
        let mut summary = format!(
            "cofferdam: {}: {}",
            line(&report.name),
            verdict(report, self.fail_on)
        );
        if !counts.is_empty() {
            let _ = write!(summary, " {counts}.");
        }
        if !report.not_checked.is_empty() {
            let _ = write!(
                summary,
                " Not checked: {}.",
                counted(report.not_checked.len(), "thing")
            );
        }
        for note in notes(report) {
            let _ = write!(summary, " {note}");
        }
        writeln!(out, "{}", inert_for_log(&line(&summary)))
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for annotation in &self.kept {
            writeln!(out, "{}", annotation.command)?;
        }
        let annotated = self.kept.iter().filter(|a| a.is_finding).count();
        if annotated < self.findings {
            writeln!(
                out,
                "cofferdam: {annotated} of {} findings are annotated; GitHub keeps {LIMIT} of a \
                 kind. `--format sarif` and `--format markdown` hold more.",
                self.findings
            )?;
        }
        Ok(())
    }
}

impl Github {
    fn add_not_checked(&mut self, report: &Report, prefix: &str) {
        let left = report.not_checked.len().saturating_sub(NOT_CHECKED);
        for (place, item) in report.not_checked.iter().take(NOT_CHECKED).enumerate() {
            let kind = if item.required {
                Kind::Error
            } else {
                Kind::Warning
            };
            let more = if place + 1 == NOT_CHECKED { left } else { 0 };
            self.kept.push(Annotation {
                kind,
                order: Order {
                    round: 0,
                    severity: Reverse(Severity::Critical),
                    cause: 0,
                    place,
                },
                is_finding: false,
                command: not_checked_command(kind, item, prefix, more),
            });
        }
    }

    fn add_findings(&mut self, report: &Report, prefix: &str) {
        for (cause, group) in report.groups().iter().enumerate() {
            let kind = Kind::of(group.severity);
            for (place, finding) in group.findings.iter().take(LIMIT).enumerate() {
                let more = if place == 0 { group.count() - 1 } else { 0 };
                let round = if place == 0 { 1 } else { 2 };
                self.kept.push(Annotation {
                    kind,
                    order: Order {
                        round,
                        severity: Reverse(group.severity),
                        cause,
                        place,
                    },
                    is_finding: true,
                    command: finding_command(kind, finding, prefix, more),
                });
            }
        }
    }

    /// Drops what GitHub would drop anyway. The sort is stable, so reports
    /// that come first win among equals.
    fn trim(&mut self) {
        let mut kept = Vec::new();
        self.kept.sort_by(|a, b| a.order.cmp(&b.order));
        let (errors, others): (Vec<_>, Vec<_>) =
            self.kept.drain(..).partition(|a| a.kind == Kind::Error);
        let (warnings, notices): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|a| a.kind == Kind::Warning);
        for annotations in [errors, warnings, notices] {
            kept.extend(annotations.into_iter().take(LIMIT));
        }
        self.kept = kept;
    }
}

fn finding_command(kind: Kind, finding: &Finding, prefix: &str, more: usize) -> String {
    let title = format!("{}: {}", finding.severity, finding.rule);
    let message = with_more(&finding.message, more, "more place");
    let fix = if finding.fix.is_empty() {
        String::new()
    } else {
        format!("Fix: {}", finding.fix)
    };
    let sentences = [message.as_str(), &finding.why, &fix];
    command(kind, Some(&finding.location), &title, &sentences, prefix)
}

fn not_checked_command(kind: Kind, item: &NotChecked, prefix: &str, more: usize) -> String {
    let title = format!("not checked: {}", item.code);
    let message = with_more(&item.message, more, "more thing");
    command(
        kind,
        item.location.as_ref(),
        &title,
        &[&message, &item.settle],
        prefix,
    )
}

fn with_more(message: &str, more: usize, noun: &str) -> String {
    if more == 0 {
        message.to_owned()
    } else {
        format!("{message} (and {})", counted(more, noun))
    }
}

fn command(
    kind: Kind,
    location: Option<&Location>,
    title: &str,
    sentences: &[&str],
    prefix: &str,
) -> String {
    let mut command = format!("::{} ", kind.word());
    if let Some(location) = location {
        let path = command_property(&format!("{prefix}{}", location.path));
        let _ = write!(command, "file={path},");
        if location.extent == Extent::Text {
            let (first, last) = (location.line, location.end_line);
            let _ = write!(command, "line={first},endLine={last},");
        }
        // GitHub ignores columns of a place that spans lines.
        if location.line == location.end_line && !location.span.is_empty() {
            let _ = write!(
                command,
                "col={},endColumn={},",
                location.column, location.end_column
            );
        }
    }
    let _ = write!(command, "title={}::", command_property(title));
    // One line a sentence; line breaks from outside become spaces.
    let lines: Vec<_> = sentences
        .iter()
        .filter(|s| !s.is_empty())
        .map(|s| command_message(&line(s)))
        .collect();
    command.push_str(&lines.join("%0A"));
    command
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests {
    use super::super::Format;
    use super::*;
    use crate::sample;

    fn render(reports: &[Report]) -> String {
        Format::from_name("github")
            .unwrap()
            .render(reports, &Options::default())
    }

    #[test]
    fn a_rich_report_as_annotations() {
        insta::assert_snapshot!(render(&[sample::rich()]));
    }

    #[test]
    fn the_worst_are_kept_and_every_cause_comes_before_a_second_place() {
        let commands = render(&[sample::rich()]);
        let errors: Vec<_> = commands
            .lines()
            .filter(|l| l.starts_with("::error "))
            .collect();
        assert_eq!(errors.len(), LIMIT);
        assert!(
            errors
                .first()
                .unwrap()
                .contains("title=not checked%3A syntax")
        );
        assert!(
            errors
                .get(1)
                .unwrap()
                .contains("title=critical%3A dangerous-trigger")
        );
        assert!(errors.get(2).unwrap().contains("(and 12 more places)"));
        assert!(errors.get(3).unwrap().contains("script-injection"));
        assert!(errors.get(4).unwrap().contains("script-injection"));
        assert!(errors.iter().skip(5).all(|l| l.contains("unpinned-action")));
        assert!(commands.contains("12 of 19 findings are annotated"));
    }

    #[test]
    fn each_command_is_one_line_of_known_form() {
        for line in render(&[sample::rich(), sample::unread()]).lines() {
            let known = ["::error ", "::warning ", "::notice ", "cofferdam: "];
            assert!(known.iter().any(|k| line.starts_with(k)), "{line}");
            assert!(!line.contains("##["));
        }
    }

    #[test]
    fn the_limit_holds_over_many_reports() {
        let many: Vec<_> = (0..30).map(|_| sample::rich()).collect();
        let commands = render(&many);
        for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
            let start = format!("::{} ", kind.word());
            assert!(commands.lines().filter(|l| l.starts_with(&start)).count() <= LIMIT);
        }
    }
}
