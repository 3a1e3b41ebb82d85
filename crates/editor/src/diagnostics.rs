//! What is found, and what was not checked, as diagnostics.

use std::collections::HashMap;
use std::str::FromStr;

use cofferdam_config::pages;
use cofferdam_facts::{Location, SourceFile};
use cofferdam_findings::formats::TOOL_HOME;
use cofferdam_findings::{Finding, NotChecked, Report, Severity, sanitise};
use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    NumberOrString, Range, Uri,
};

use crate::homes::Home;
use crate::positions::{Encoding, Lines};
use crate::uris;

/// The name under which diagnostics stand in an editor.
const SOURCE: &str = "cofferdam";
/// The most diagnostics of one document; how many more there are is said.
const MOST: usize = 1000;

/// A diagnostic and what it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) diagnostic: Diagnostic,
    /// The finding; none where something was not checked.
    pub(crate) finding: Option<Finding>,
}

/// What a client understands besides the message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Abilities {
    pub(crate) related: bool,
    pub(crate) pages: bool,
    pub(crate) tags: bool,
}

/// Everything that is needed to show a report in its documents.
pub(crate) struct View<'v> {
    pub(crate) report: &'v Report,
    pub(crate) texts: &'v HashMap<String, SourceFile>,
    pub(crate) home: &'v Home,
    pub(crate) encoding: Encoding,
    pub(crate) abilities: Abilities,
}

impl View<'_> {
    /// What is to be shown in a document.
    pub(crate) fn of(&self, text: &SourceFile) -> Vec<Shown> {
        let lines = Lines::new(text.text(), self.encoding);
        let here = |location: &Location| *location.path == *text.path();
        let findings = (self.report.findings.iter())
            .filter(|finding| here(&finding.location))
            .map(|finding| self.finding(finding, &lines));
        // What does not parse is a finding too, at the same place.
        let found = |gap: &NotChecked| {
            let same = |finding: &Finding| {
                finding.rule == gap.code && gap.location.as_ref() == Some(&finding.location)
            };
            self.report.findings.iter().any(same)
        };
        let gaps = (self.report.not_checked.iter())
            .filter(|gap| concerns(gap, text.path()) && !found(gap))
            .map(|gap| self.gap(gap, &lines, text.path()));
        let mut shown: Vec<Shown> = gaps.chain(findings).collect();
        if shown.len() > MOST {
            let more = shown.len() - MOST;
            shown.truncate(MOST);
            let text = format!("{more} more are not shown; `cofferdam audit` lists them");
            shown.push(plain(
                first_line(),
                DiagnosticSeverity::WARNING,
                "too-many",
                text,
            ));
        }
        shown
    }

    fn finding(&self, finding: &Finding, lines: &Lines<'_>) -> Shown {
        let mut parts = vec![sanitise::line(&finding.message)];
        let more = [("Why", &finding.why), ("Fix", &finding.fix)];
        let more: Vec<String> = (more.iter())
            .filter(|(_, text)| !text.is_empty())
            .map(|(label, text)| format!("{label}: {}", sanitise::line(text)))
            .collect();
        parts.extend(more.into_iter().map(Into::into));
        let page = page(finding.rule).filter(|_| self.abilities.pages);
        let related: Vec<_> = (finding.related.iter())
            .filter_map(|related| {
                Some(DiagnosticRelatedInformation {
                    location: self.place(&related.location)?,
                    message: sanitise::line(&related.note).into_owned(),
                })
            })
            .collect();
        let diagnostic = Diagnostic {
            range: one_line(lines, &finding.location),
            severity: Some(severity(finding.severity)),
            code: Some(NumberOrString::String(finding.rule.to_owned())),
            code_description: page.map(|href| CodeDescription { href }),
            source: Some(SOURCE.to_owned()),
            message: parts.join("\n"),
            related_information: (self.abilities.related && !related.is_empty()).then_some(related),
            tags: tag(finding.rule)
                .filter(|_| self.abilities.tags)
                .map(|tag| vec![tag]),
            data: None,
        };
        Shown {
            diagnostic,
            finding: Some(finding.clone()),
        }
    }

    fn gap(&self, gap: &NotChecked, lines: &Lines<'_>, path: &str) -> Shown {
        let range = match &gap.location {
            Some(location) if *location.path == *path => one_line(lines, location),
            _ => first_line(),
        };
        let severity = match gap.required {
            true => DiagnosticSeverity::WARNING,
            false => DiagnosticSeverity::INFORMATION,
        };
        let text = format!(
            "not checked: {}\nTo settle it: {}",
            sanitise::line(&gap.message),
            sanitise::line(&gap.settle)
        );
        plain(range, severity, gap.code, text)
    }

    fn place(&self, location: &Location) -> Option<lsp_types::Location> {
        let path = match self.home {
            Home::Checkout(root) => root.join(&*location.path),
            Home::Alone(path) => path.clone(),
        };
        let range = match self.texts.get(&*location.path) {
            Some(text) => one_line(&Lines::new(text.text(), self.encoding), location),
            None => first_line(),
        };
        Some(lsp_types::Location::new(uris::of(&path)?, range))
    }
}

/// Whether something that was not checked is to be seen in a document: what
/// stands in it, what hides it, and what holds for all of them.
fn concerns(gap: &NotChecked, path: &str) -> bool {
    match &gap.location {
        Some(location) if *location.path == *path => true,
        Some(location) => path
            .strip_prefix(&*location.path)
            .is_some_and(|rest| rest.starts_with('/')),
        None => gap.required || gap.code == "part-only",
    }
}

fn plain(range: Range, severity: DiagnosticSeverity, code: &str, message: String) -> Shown {
    let diagnostic = Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(code.to_owned())),
        source: Some(SOURCE.to_owned()),
        message,
        ..Diagnostic::default()
    };
    Shown {
        diagnostic,
        finding: None,
    }
}

fn first_line() -> Range {
    Range::default()
}

/// The place on its first line: a finding about a job would underline half of
/// the file.
fn one_line(lines: &Lines<'_>, location: &Location) -> Range {
    let (start, end) = (location.span.start, location.span.end);
    let (line_start, line) = lines.line(lines.line_of(start));
    lines.range(start, end.min(line_start + line.trim_end().len()))
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Critical | Severity::High => DiagnosticSeverity::ERROR,
        Severity::Medium => DiagnosticSeverity::WARNING,
        Severity::Low => DiagnosticSeverity::INFORMATION,
        Severity::Info => DiagnosticSeverity::HINT,
    }
}

fn page(rule: &str) -> Option<Uri> {
    Uri::from_str(&format!("{TOOL_HOME}/blob/main/docs/rules/{rule}.md")).ok()
}

fn tag(rule: &str) -> Option<DiagnosticTag> {
    match rule {
        "archived-action" | "retired-runner" => Some(DiagnosticTag::DEPRECATED),
        rule if rule == pages::UNUSED.id => Some(DiagnosticTag::UNNECESSARY),
        _ => None,
    }
}
